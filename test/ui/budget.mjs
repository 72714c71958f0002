// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Measures what the first visit of a page transfers, and the second.

import { logIn, measured, open, problem, run, settled, site } from "./harness.mjs";
import { password } from "./inhabit.mjs";

/** load opens a page and returns everything that came for it, with what it took on the wire. */
async function load(page, address) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Network.enable");
  const responses = new Map();
  const inMemory = new Set();
  cdp.on("Network.requestServedFromCache", ({ requestId }) => inMemory.add(requestId));
  cdp.on("Network.responseReceived", ({ requestId, response, type }) =>
    responses.set(requestId, {
      path: response.url.slice(site.length),
      type,
      cached: response.fromDiskCache || inMemory.has(requestId),
      encoding: response.headers["Content-Encoding"] ?? "",
      bytes: 0,
    }),
  );
  cdp.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const r = responses.get(requestId);
    if (r) r.bytes = encodedDataLength;
  });
  await page.goto(address);
  await settled(page);
  await page.waitForTimeout(500); // for what would be loaded ahead
  await cdp.detach();
  if (process.env.CULVERT_LIST) for (const r of responses.values()) console.error(address, r.bytes, r.encoding, r.path);
  return [...responses.values()];
}

const sum = (list) => list.reduce((n, r) => n + r.bytes, 0) / 1024;
const scripts = (list) => list.filter((r) => /\.(js|css)$/.test(r.path));

function compressed(list, where) {
  for (const r of scripts(list)) {
    if (r.bytes > 2048 && r.encoding !== "br") problem(`${where}: ${r.path} came as "${r.encoding}"`);
  }
}

await run(async (browser) => {
  const stranger = await open(browser);
  const login = await load(await stranger.newPage(), "/login");
  compressed(login, "/login");
  measured("KiB for /login", sum(login));

  const member = await open(browser);
  await logIn(member, "alice", password);
  const page = await member.newPage();
  const first = await load(page, "/endpoints");
  compressed(first, "/endpoints");
  measured("KiB for /endpoints", sum(first));

  const loaded = new Set(scripts(first).map((r) => r.path));
  for (const address of ["/docs/protocol", "/admin/load", "/tunnels", "/account"]) {
    const more = scripts(await load(page, address)).filter((r) => !loaded.has(r.path));
    // What it needs and the first screen had not is what is loaded when it is visited.
    if (more.length === 0) problem(`the code of ${address} came with /endpoints`);
    measured(`KiB more for ${address}`, sum(more));
  }

  const again = await load(page, "/endpoints");
  const assets = again.filter((r) => r.path.startsWith("/assets/"));
  const fetched = assets.filter((r) => !r.cached).map((r) => r.path);
  if (assets.length === 0 || fetched.length > 0) problem(`fetched again, of ${assets.length}: ${fetched}`);
  if (again.find((r) => r.type === "Document")?.cached) problem("the page itself came from the cache");
});
