// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Peers in pages of a headless Chromium, with the methods of a Peer.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { chromium } from "playwright-core";

// browse starts Chromium and a server for its pages. The pages come over HTTP
// from the loopback address so that they have an Origin and crypto.subtle.
export async function browse(executablePath) {
  const script = await readFile(new URL("peer.js", import.meta.url));
  const server = createServer((req, res) => {
    const js = req.url === "/peer.js";
    res.writeHead(200, { "Content-Type": js ? "text/javascript" : "text/html; charset=utf-8" });
    res.end(js ? script : "<!doctype html><title>peer</title><script src=/peer.js></script>");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const browser = await chromium.launch({
    executablePath,
    headless: true,
    chromiumSandbox: false, // it does not start as root otherwise
    args: [
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  return {
    open: (url) => open(browser, `http://127.0.0.1:${server.address().port}/`, url),
    version: browser.version(),
    async close() {
      await browser.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

async function open(browser, home, url) {
  const page = await browser.newPage();
  await page.goto(home);
  const extensions = await page.evaluate((url) => {
    globalThis.peer = new Peer(WebSocket, url);
    return globalThis.peer.opened;
  }, url);
  const call = (method) => (arg) => page.evaluate(([m, a]) => globalThis.peer[m](a), [method, arg]);
  return {
    opened: Promise.resolve(extensions),
    send: call("send"),
    take: call("take"),
    count: call("count"),
    async close(code) {
      const closed = await call("close")(code);
      await page.close();
      return closed;
    },
  };
}
