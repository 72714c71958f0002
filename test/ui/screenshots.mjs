// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Makes pictures of the screens, with something going on in them, in the folder
// `into` of its configuration. ci/ui-screenshots.sh runs it.

import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { config, logIn, open, run, settled } from "./harness.mjs";
import { inhabit, password } from "./inhabit.mjs";

const wide = { width: 1280, height: 800 };
const narrow = { width: 390, height: 844 };

async function picture(page, address, name) {
  await page.goto(address);
  await settled(page);
  await save(page, name);
}

async function save(page, name) {
  await page.bringToFront();
  await page.waitForTimeout(1500); // for live numbers
  await page.screenshot({ path: join(config.into, `${name}.png`) });
}

await run(async (browser) => {
  mkdirSync(config.into, { recursive: true });
  const context = await open(browser, { viewport: wide });
  await logIn(context, "alice", password);
  const { endpoint, name: website } = await inhabit(context, config.tunnelclient);
  const night = await open(browser, { viewport: wide, language: "zh-CN", colorScheme: "dark" });
  await logIn(night, "alice", password);
  // Their charts begin with the page: it has to be open for some time.
  const overview = await context.newPage();
  await overview.goto(`/endpoints/${endpoint}/overview`);
  const load = await night.newPage();
  await load.goto("/admin/load");

  const page = await context.newPage();
  const tabs = ["overview", "console", "connections", "log", "charts", "code", "settings"];
  for (const tab of tabs) await picture(page, `/endpoints/${endpoint}/${tab}`, `endpoint-${tab}`);
  for (const tab of ["clients", "services", "sessions", "grants"]) await picture(page, `/tunnels/${tab}`, `tunnels-${tab}`);
  for (const tab of ["names", "domains", "operators"]) await picture(page, `/publishing/${tab}`, `publishing-${tab}`);
  for (const tab of ["profile", "password", "logins", "api-tokens", "client-tokens"]) {
    await picture(page, `/account/${tab}`, `account-${tab}`);
  }
  for (const tab of ["load", "invites", "users", "endpoints", "clients", "publishing", "settings", "blocks", "audit"]) {
    await picture(page, `/admin/${tab}`, `admin-${tab}`);
  }
  for (const [address, name] of [
    ["/endpoints", "endpoints"],
    ["/tunnels/add", "tunnels-add"],
    ["/tunnels/clients/office", "tunnels-client"],
    ["/publishing/add", "publishing-add"],
    [`/publishing/names/${website}/requests`, "publishing-requests"],
    [`/publishing/names/${website}/access`, "publishing-access"],
    [`/visit#host=${website}.apps.example.com&state=0&to=/`, "visit"],
    ["/device", "device"],
    ["/docs", "docs"],
  ]) {
    await picture(page, address, name);
  }
  const stranger = await (await open(browser, { viewport: wide })).newPage();
  for (const name of ["login", "register", "reset"]) await picture(stranger, `/${name}`, name);

  const dark = await night.newPage();
  await picture(dark, `/endpoints/${endpoint}/overview`, "endpoint-overview-dark.zh-CN");
  await picture(dark, "/tunnels", "tunnels-dark.zh-CN");
  await dark.setViewportSize(narrow);
  await picture(dark, `/endpoints/${endpoint}/console`, "console-phone.zh-CN");
  await page.setViewportSize(narrow);
  await picture(page, "/endpoints", "endpoints-phone");

  await page.setViewportSize(wide);
  await page.goto(`/endpoints/${endpoint}/console`);
  await settled(page);
  await page.getByRole("listbox").first().scrollIntoViewIfNeeded();
  await save(page, "endpoint-messages");
  await save(overview, "endpoint-live");
  await save(load, "admin-load-dark.zh-CN");
});
