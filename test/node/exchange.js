// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Puts three clients on an endpoint, Node's ws and two pages of Chromium, and
// lets each send to the others, for each endpoint given:
//
//   node exchange.js CHROMIUM plain=ws://... deflate=ws://...
//
// Every message that somebody got is a line of JSON on stdout. The exit status
// is not 0 if anything is missing, changed, doubled or came back to its sender.

import { WebSocket } from "ws";
import "./peer.js";
import { browse } from "./pages.js";

const MIB = 1 << 20;
const messages = [
  { type: "text", size: 0 },
  { type: "text", size: 19 },
  { type: "binary", size: 0 },
  { type: "binary", size: 70_000 },
  { type: "text", size: MIB },
  { type: "binary", size: MIB },
];

async function exchange(mode, url, browser) {
  const deflate = mode === "deflate";
  const peers = {
    ws: new Peer(WebSocket, url, { perMessageDeflate: deflate, maxPayload: 2 * MIB }),
    "page 1": await browser.open(url),
    "page 2": await browser.open(url),
  };
  for (const [name, peer] of Object.entries(peers)) {
    const extensions = await peer.opened;
    if (extensions.startsWith("permessage-deflate") !== deflate) {
      throw new Error(`${mode}: ${name} negotiated "${extensions}"`);
    }
  }
  const got = Object.fromEntries(Object.keys(peers).map((name) => [name, 0]));
  // A sender that is closed for what it sent ends the wait of the others.
  let finished = false;
  const parted = new Promise((_, reject) => {
    peers.ws.closed.then((end) => finished || reject(new Error(`${mode}: ws was closed: ${JSON.stringify(end)}`)));
  });
  let seed = 1;
  for (const from of Object.keys(peers)) {
    for (const message of messages) {
      const sent = await peers[from].send({ ...message, seed: seed++ });
      const others = Object.keys(peers).filter((name) => name !== from);
      await Promise.all(
        others.map(async (to) => {
          const m = await Promise.race([peers[to].take(++got[to]), parted]);
          if (m.type !== sent.type || m.size !== sent.size || m.sha256 !== sent.sha256) {
            throw new Error(`${mode}: ${from} sent ${JSON.stringify(sent)}, ${to} got ${JSON.stringify(m)}`);
          }
          console.log(JSON.stringify({ mode, from, to, ...m }));
        }),
      );
    }
  }
  finished = true;
  for (const [name, peer] of Object.entries(peers)) {
    const count = await peer.count();
    if (count !== got[name]) throw new Error(`${mode}: ${name} got ${count} messages, want ${got[name]}`);
    const closed = await peer.close(1000);
    if (closed.code !== 1000 || !closed.clean) {
      throw new Error(`${mode}: ${name} was closed with ${JSON.stringify(closed)}`);
    }
  }
}

const [executable, ...endpoints] = process.argv.slice(2);
const browser = await browse(executable);
console.error(`node ${process.version}, chromium ${browser.version}`);
try {
  for (const endpoint of endpoints) {
    const at = endpoint.indexOf("=");
    await exchange(endpoint.slice(0, at), endpoint.slice(at + 1), browser);
  }
} finally {
  await browser.close();
}
