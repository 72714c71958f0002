// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { spawn } from "node:child_process";
import { createServer, request } from "node:http";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { api, atEnd, client, site } from "./harness.mjs";

export const password = "rain on the old roof";

/**
 * inhabit fills a new gateway with something of everything: alice, who is its
 * administrator and whose context it is, bob, endpoints with clients that talk,
 * and tunnels that are used. It returns what addresses are made of.
 */
export async function inhabit(context, tunnelclient) {
  const call = (...args) => api(context, ...args);
  await call("PUT", "/admin/settings/terms", { value: "Be kind.\nNothing here is for ever." });
  await call("PUT", "/admin/settings/feedback_link", { value: "https://example.com/feedback" });
  const invites = await call("POST", "/admin/invites", { count: 3, note: "spring course" });
  const [first, second, third] = invites.items;
  await call("POST", "/auth/register", {
    code: first.code,
    name: "bob",
    email: "bob@example.com",
    password: "seven green bicycles",
    accept_terms: true,
  });
  await call("DELETE", `/admin/invites/${second.id}`);
  const bob = (await call("GET", "/admin/users?search=bob")).items[0];
  await call("POST", "/admin/blocks", { prefix: "203.0.113.0/24", note: "too many guesses" });
  await call("POST", "/tokens/api", { name: "backup script", scope: "read" });
  const endpoint = await endpoints(call);
  await tunnelsOf(call, tunnelclient);
  const name = await published(call);
  const device = await call("POST", "/device/code", { client_name: "raspberry" });
  const me = await call("GET", "/auth/me");
  const reset = await call("POST", `/admin/users/${bob.id}/reset`);
  return {
    endpoint,
    name,
    alice: me.user.id,
    invite: third.code,
    device: device.user_code,
    reset: reset.code,
  };
}

async function endpoints(call) {
  const { id, url } = await call("POST", "/endpoints", { name: "weather station" });
  const { id: hidden } = await call("POST", "/endpoints", { name: "door bell" });
  await call("POST", `/endpoints/${hidden}/key`);
  await call("POST", "/endpoints", { name: "game room" });
  const clients = await Promise.all([1, 2, 3].map(() => client(url)));
  const gone = await client(url);
  gone.socket.close(1001);
  await gone.closed;
  const timer = setInterval(() => {
    for (const c of clients) c.send(JSON.stringify({ temperature: 19 + Math.random(), humidity: 60 }));
  }, 100);
  atEnd(() => {
    clearInterval(timer);
    for (const c of clients) c.socket.close();
  });
  return id;
}

/** tunnelsOf has one client offer a web server, and another one use it. */
async function tunnelsOf(call, tunnelclient) {
  const server = createServer((_, response) => response.end("hello from behind the NAT")).listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  const dir = mkdtempSync(join(tmpdir(), "culvert-ui-"));
  const processes = [];
  let timer;
  atEnd(() => {
    clearInterval(timer);
    for (const p of processes) p.kill();
    server.close();
    server.closeAllConnections();
    rmSync(dir, { recursive: true, force: true });
  });
  const start = async (name, extra) => {
    const { token } = await call("POST", "/tokens/client", { name, client: name });
    const file = join(dir, `${name}.json`);
    writeFileSync(file, JSON.stringify({ serverUrl: site.replace("http", "ws"), clientId: name, ...extra }));
    const env = { ...process.env, CULVERT_TOKEN: token, CULVERT_HOME: join(dir, name), NO_PROXY: "*" };
    processes.push(spawn(tunnelclient, ["--config", file], { env, stdio: "ignore" }));
    await until(async () => {
      const found = (await call("GET", "/clients")).items?.find((c) => c.name === name);
      return found?.status === "online";
    }, `${name} is online`);
  };
  const local = 20_000 + (process.pid % 20_000);
  const { port } = server.address();
  await start("office", {
    services: [
      { id: "wiki", protocol: "http", localHost: "127.0.0.1", localPort: port, description: "the wiki", publish: { host: "wiki" } },
      { id: "ssh", protocol: "tcp", localHost: "127.0.0.1", localPort: 22, publish: { tcp: 0 } },
      { id: "mirror", protocol: "http", localHost: "127.0.0.1", localPort: port, publish: { host: "wiki" } },
    ],
  });
  await start("laptop", { connects: [{ target: "office", service: "wiki", local }] });
  await until(async () => (await fetch(`http://127.0.0.1:${local}/`)).ok, "the wiki answers");
  await call("POST", "/grants", { grantee: "bob", client: "office", service: "wiki" });
  timer = setInterval(() => fetch(`http://127.0.0.1:${local}/`).catch(() => undefined), 200);
}

/** published has visitors come to the wiki's public name, which it returns, and gives accounts domains. */
async function published(call) {
  const found = (await call("GET", "/published")).items.find((p) => p.url && p.service === "wiki");
  const host = new URL(found.url).host;
  const visit = (path) =>
    new Promise((done, fail) => {
      // Not by its name, which only browsers find on this machine.
      const asked = request(new URL(path, site), { headers: { host }, agent: false }, (response) => {
        response.resume().on("end", () => done(response.statusCode));
      });
      asked.on("error", fail).end();
    });
  await until(async () => (await visit("/")) === 200, "the wiki is public");
  await call("PUT", `/published/${found.name}/access`, { mode: "login", visitors: ["bob"], deny: ["203.0.113.0/24"] });
  await visit("/turned-away");
  await call("PUT", "/published/old-alice/access", { mode: "password", password });
  await call("POST", "/admin/domains", { name: "www.example.org", owner: "alice" });
  await call("POST", "/admin/domains", { name: "shop.example.net" });
  return found.name;
}

/** until asks again and again until something is so. */
export async function until(is, what) {
  for (const end = Date.now() + 20_000; ; await new Promise((done) => setTimeout(done, 50))) {
    if (await is().catch(() => false)) return;
    if (Date.now() > end) throw new Error(`in vain: ${what}`);
  }
}
