// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// A peer on an endpoint, the same in Node and in a page: it is given the
// WebSocket class to use, and notes a SHA-256 of all that it sends and gets.
// A classic script, so that a page can load it as it is.

globalThis.sha256 = async (bytes) => {
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(sum, (b) => b.toString(16).padStart(2, "0")).join("");
};

// payload makes a message of exactly size bytes: text of one to four bytes a
// character, or bytes from a small generator, by a seed.
globalThis.payload = ({ type, size, seed }) => {
  let state = seed >>> 0 || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  if (type === "binary") {
    const bytes = new Uint8Array(size);
    for (let i = 0; i < size; i++) bytes[i] = next();
    return bytes;
  }
  const alphabet = ["a", "ü", "€", "𝄞", " ", "z"];
  const widths = [1, 2, 3, 4, 1, 1];
  const parts = [];
  for (let left = size; left > 0; ) {
    const i = next() % alphabet.length;
    const fits = widths[i] <= left;
    parts.push(fits ? alphabet[i] : "x");
    left -= fits ? widths[i] : 1;
  }
  return parts.join("");
};

globalThis.Peer = class {
  constructor(Socket, url, options) {
    this.received = [];
    this.waiting = [];
    this.end = undefined; // how the connection was closed
    this.last = Promise.resolve();
    this.ws = options ? new Socket(url, options) : new Socket(url);
    this.ws.binaryType = "arraybuffer";
    this.opened = new Promise((resolve, reject) => {
      this.ws.addEventListener("open", () => resolve(this.ws.extensions));
      this.ws.addEventListener("error", () => reject(new Error(`cannot open ${url}`)));
    });
    this.closed = new Promise((resolve) => {
      this.ws.addEventListener("close", (e) => {
        this.end = { code: e.code, reason: e.reason, clean: e.wasClean };
        this.waiting.splice(0).forEach((wake) => wake());
        resolve(this.end);
      });
    });
    this.ws.addEventListener("message", (e) => {
      // Hashing is asynchronous; the chain keeps the order of arrival.
      this.last = this.last.then(() => this.note(e.data));
    });
  }

  async describe(data) {
    const type = typeof data === "string" ? "text" : "binary";
    const bytes = type === "text" ? new TextEncoder().encode(data) : new Uint8Array(data);
    return { type, size: bytes.length, sha256: await sha256(bytes) };
  }

  async note(data) {
    this.received.push(await this.describe(data));
    this.waiting.splice(0).forEach((wake) => wake());
  }

  // send sends a message and says what it was.
  async send(spec) {
    const data = payload(spec);
    const sent = await this.describe(data);
    this.ws.send(data);
    return sent;
  }

  // take waits until n messages have come in all, and returns the n-th.
  async take(n) {
    while (this.received.length < n) {
      if (this.end) throw new Error(`closed: ${JSON.stringify(this.end)}`);
      await new Promise((wake) => this.waiting.push(wake));
    }
    return this.received[n - 1];
  }

  // count is how many messages came; one that is being hashed counts.
  async count() {
    await this.last;
    return this.received.length;
  }

  close(code) {
    this.ws.close(code);
    return this.closed;
  }
};
