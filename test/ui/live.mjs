// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// What is shown stays true: with several tabs, while the gateway is reloaded or
// away, after a log-out elsewhere, and when something is deleted or closed.

import { api, client, gateway, logIn, measured, open, problem, run, settled, texts } from "./harness.mjs";
import { password, until } from "./inhabit.mjs";

const t = texts("en");
const streams = "/api/v1/events";

/** shows waits until a page shows how many clients the endpoint has, and returns the seconds that it took. */
async function shows(page, count) {
  const began = performance.now();
  const label = page.getByText(t("endpoints:status.clients"), { exact: true }).first();
  await label.locator("xpath=ancestor::dt/..").getByText(String(count), { exact: true }).waitFor();
  return (performance.now() - began) / 1000;
}

/** oneStream has two tabs share a stream, and passes it on when its tab is closed. */
async function oneStream(context, endpoint) {
  let asked = 0;
  context.on("request", (r) => (asked += Number(new URL(r.url()).pathname === streams)));
  const first = await context.newPage();
  await first.goto(`/endpoints/${endpoint.id}`);
  await shows(first, 0);
  const second = await context.newPage();
  await second.goto(`/endpoints/${endpoint.id}`);
  const one = await client(endpoint.url);
  await shows(first, 1);
  await shows(second, 1);
  if (asked !== 1) problem(`two tabs asked for ${asked} streams of events`);
  await first.close();
  const two = await client(endpoint.url);
  measured("seconds until another tab has the stream", await shows(second, 2));
  if (asked !== 2) problem(`the tab that was left asked for the stream ${asked - 1} times`);
  return { page: second, clients: [one, two] };
}

async function reload({ page, clients }, endpoint) {
  await gateway("reload");
  clients.push(await client(endpoint.url));
  measured("seconds until numbers go on after a reload", await shows(page, clients.length));
}

async function restart({ page, clients }, context) {
  context.allowed = [/./]; // whatever a page asks for meanwhile fails
  await gateway("kill");
  await Promise.all(clients.map((c) => c.closed));
  await page.getByText(t("live.off"), { exact: true }).waitFor();
  await gateway("start");
  const began = performance.now();
  await page.getByText(t("live.on"), { exact: true }).waitFor();
  await shows(page, 0);
  measured("seconds until a page is right after a restart", (performance.now() - began) / 1000);
  context.allowed = [];
}

/** kick closes a client from the table, and reads in the log why. */
async function kick({ page }, endpoint) {
  const victim = await client(endpoint.url);
  await page.getByRole("tab", { name: t("endpoints:tabs.connections") }).click();
  await page.getByRole("button", { name: t("endpoints:connections.kick_label", { address: "" }) }).click();
  await page.getByRole("tooltip").getByRole("button", { name: t("endpoints:connections.kick") }).click();
  const { code } = await victim.closed;
  if (code !== 4411) problem(`who was disconnected from the table saw the code ${code}`);
  await page.getByRole("tab", { name: t("endpoints:tabs.log") }).click();
  await page.getByText(t("endpoints:why.kicked")).first().waitFor();
}

/** deletion takes one back, and then lets one happen. */
async function deletion({ page }, context) {
  await page.getByRole("link", { name: t("nav.endpoints"), exact: true }).click();
  const row = page.getByRole("row", { name: "passing" });
  const remove = page.getByRole("button", { name: t("endpoints:delete.label", { name: "passing" }) });
  const exists = async () => (await api(context, "GET", "/endpoints")).items.some((e) => e.name === "passing");
  await remove.click();
  await row.waitFor({ state: "detached" });
  await page.getByRole("button", { name: t("undo") }).click();
  await row.waitFor();
  if (!(await exists())) problem("what was taken back is gone");
  await remove.click();
  await row.waitFor({ state: "detached" });
  if (!(await exists())) problem("it was deleted before its time to undo was over");
  await until(async () => !(await exists()), "the endpoint is deleted");
}

async function logOut({ page }, context) {
  const other = await context.newPage();
  await other.goto("/account");
  await settled(other);
  await page.getByRole("button", { name: "alice" }).click();
  await page.getByRole("menuitem", { name: t("session.log_out") }).click();
  const began = performance.now();
  await other.waitForURL(/\/login/);
  measured("seconds until another tab asks to log in", (performance.now() - began) / 1000);
  await page.waitForURL(/\/login/);
}

await run(async (browser) => {
  const context = await open(browser);
  await logIn(context, "alice", password);
  const endpoint = await api(context, "POST", "/endpoints", { name: "lasting" });
  await api(context, "POST", "/endpoints", { name: "passing" });
  const tab = await oneStream(context, endpoint);
  await reload(tab, endpoint);
  await restart(tab, context);
  await kick(tab, endpoint);
  await deletion(tab, context);
  await logOut(tab, context);
});
