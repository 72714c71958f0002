// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Visits every screen, each of its tabs too, in both languages and both themes
// with axe, and as narrow as a phone.

import { api, axeSource, config, log, logIn, open, problem, result, run, settled, site } from "./harness.mjs";
import { inhabit, password } from "./inhabit.mjs";

const languages = ["en", "zh-CN"];
/** What axe looks at in each theme: the dark one has other colours, and the same elements. */
const themes = {
  light: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] },
  dark: { type: "rule", values: ["color-contrast", "link-in-text-block"] },
};

/** Without config.whole each language has one theme, which takes half the time. */
const part = { en: "light", "zh-CN": "dark" };

// Violations that are neither serious nor critical and not ours to mend: the id
// of the rule, and where it is reported.
const known = {};

const setup = new URL(config.setup);

/** strangers are the screens for who is not logged in, by the router's patterns; members those for who is. */
const strangers = (data) => ({
  "/register": `/register#${data.invite}`,
  "/login": "/login",
  "/reset": `/reset#${data.reset}`,
});

const members = (data) => ({
  "/endpoints": "/endpoints",
  "/endpoints/:id/:tab?": `/endpoints/${data.endpoint}`,
  "/tunnels/add": "/tunnels/add",
  "/tunnels/clients/:name": "/tunnels/clients/office",
  "/tunnels/:tab?": "/tunnels",
  "/publishing/add": "/publishing/add",
  "/publishing/names/:name/:tab?": `/publishing/names/${data.name}`,
  "/publishing/:tab?": "/publishing",
  "/visit": `/visit#host=${data.name}.apps.example.com&state=0&to=/`,
  "/device": `/device?code=${data.device}`,
  "/account/:tab?": "/account",
  "/admin/endpoints/:id/:tab?": `/admin/endpoints/${data.endpoint}`,
  "/admin/clients/:owner/:name": "/admin/clients/alice/office",
  "/admin/publishing/:owner/:name/:tab?": `/admin/publishing/${data.alice}/${data.name}`,
  "/admin/:tab?": "/admin/load",
  "/docs/:page?": "/docs",
  "*": "/nothing/here",
});

/** visits tells how many addresses each pattern has had, in all of the ways. */
const visits = {};

/** visit looks at one address in both themes, and returns those of its tabs. */
async function visit(page, pattern, address, language) {
  await page.goto(address);
  await settled(page);
  await page.evaluate(axeSource);
  for (const [theme, rules] of Object.entries(themes)) {
    if (!config.whole && theme !== part[language]) continue;
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    await settled(page);
    await axe(page, rules, `${address} (${language}, ${theme})`);
  }
  await page.setViewportSize({ width: 390, height: 844 });
  await settled(page);
  const width = await page.evaluate(() => document.scrollingElement.scrollWidth);
  if (width > 390) problem(`${address} (${language}) is ${width} pixels wide on a phone of 390: ${await wide(page)}`);
  await page.setViewportSize({ width: 1280, height: 800 });
  await settled(page); // the menu is back
  visits[pattern] = (visits[pattern] ?? 0) + 1;
  return pattern.includes("?") ? tabs(page, address) : [];
}

async function axe(page, runOnly, where) {
  const violations = await page.evaluate(async (runOnly) => {
    const found = await window.axe.run(document, { runOnly, resultTypes: ["violations"] });
    return found.violations.map(({ id, impact, help, nodes }) => ({
      id,
      impact,
      text: `${help}: ${nodes.map((n) => `${n.html.slice(0, 300)} ${n.any[0]?.message ?? ""}`).join("\n    ")}`,
    }));
  }, runOnly);
  for (const { id, impact, text } of violations) {
    if (!known[id] || ["serious", "critical"].includes(impact)) problem(`axe: ${where}: ${impact} ${id}: ${text}`);
  }
}

/** wide names what is too wide. */
const wide = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll("body *")]
      .filter((e) => e.getBoundingClientRect().right > innerWidth && e.children.length === 0)
      .slice(0, 3)
      .map((e) => e.outerHTML.slice(0, 200))
      .join("\n    "),
  );

/** tabs finds the addresses that a screen's own tabs, or the menus of its parts, lead to. */
async function tabs(page, address) {
  const base = address.split("/").slice(0, address.startsWith("/admin/load") ? 2 : undefined).join("/");
  return page.evaluate((base) => {
    const keys = [...document.querySelectorAll(".ant-tabs-tab")].map((e) => `${base}/${e.dataset.nodeKey}`);
    const links = [...document.querySelectorAll("nav a, main nav a")].map((a) => a.getAttribute("href"));
    return [...new Set([...keys, ...links.filter((l) => l.startsWith(`${base}/`))])];
  }, base);
}

async function visitAll(page, screens, language) {
  for (const [pattern, address] of Object.entries(screens)) {
    const more = await visit(page, pattern, address, language);
    for (const tab of more.filter((t) => t !== address)) await visit(page, pattern, tab, language);
  }
}

await run(async (browser) => {
  const contexts = [];
  for (const language of languages) {
    contexts.push(await open(browser, { language }));
  }
  const each = (work) => Promise.all(contexts.map(async (c, i) => work(c, languages[i], await c.newPage())));
  await each((_, language, page) => visit(page, "/setup", setup.href.slice(site.length), language));
  await api(contexts[0], "POST", "/auth/setup", {
    code: setup.hash.slice(1),
    name: "alice",
    email: "alice@example.com",
    password,
  });
  await logIn(contexts[0], "alice", password);
  const data = await inhabit(contexts[0], config.tunnelclient);
  await contexts[0].clearCookies();
  await each((_, language, page) => visitAll(page, strangers(data), language));
  await each(async (context, language, page) => {
    await logIn(context, "alice", password);
    await visitAll(page, members(data), language);
  });
  log(`visits: ${JSON.stringify(visits)}`);
  result(visits);
});
