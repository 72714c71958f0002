// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// From the link that a new gateway prints to a message between two clients: the
// first administrator invites somebody, who opens the invite in another browser.

import { client, config, measured, open, run, texts } from "./harness.mjs";

const { language, setup } = config;
const t = texts(language);
const password = "seven green bicycles";

/** fillIn types into the fields of a form as people do: the first has the focus, Tab leads on. */
async function fillIn(page, values) {
  for (const [autocomplete, value] of Object.entries(values)) {
    const field = page.locator(`input[autocomplete~="${autocomplete}"]`);
    for (let i = 0; !(await field.evaluate((e) => e === document.activeElement)); i++) {
      if (i === 5) throw new Error(`Tab does not lead to ${autocomplete}`);
      await page.keyboard.press("Tab");
    }
    await page.keyboard.type(value);
  }
}

async function settingUp(browser) {
  const context = await open(browser, { language });
  const page = await context.newPage();
  await page.goto(setup);
  await page.getByRole("heading", { name: t("auth:setup.title") }).waitFor();
  await fillIn(page, { username: "alice", email: "alice@example.com", "new-password": password });
  await page.getByRole("button", { name: t("auth:setup.action") }).click();
  await page.waitForURL("/endpoints");
  return page;
}

/** invite makes one, and reads its link from the page. */
async function invite(page) {
  await page.getByRole("link", { name: t("nav.admin_invites") }).click();
  await page.getByRole("button", { name: t("admin:invites.create") }).click();
  await page.getByRole("dialog").getByRole("button", { name: t("create"), exact: true }).click();
  const link = await page.getByRole("textbox", { name: t("admin:invites.link", { number: 1 }) }).inputValue();
  await page.getByRole("button", { name: t("secret.kept") }).click();
  return link;
}

/** toURL goes from the invite's link to a URL in the clipboard, and returns it. */
async function toURL(browser, link) {
  const context = await open(browser, { language });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  let clicks = 0;
  await context.exposeBinding("culvertClick", () => clicks++);
  await context.addInitScript(() =>
    document.addEventListener("click", (e) => e.isTrusted && window.culvertClick(), { capture: true }),
  );
  const page = await context.newPage();
  await page.goto(link);
  await page.getByRole("heading", { name: t("auth:register.title") }).waitFor();
  await fillIn(page, { username: "bob", email: "bob@example.com", "new-password": password });
  await page.getByRole("button", { name: t("auth:register.action") }).click();
  await page.waitForURL("/endpoints");
  await page.getByRole("button", { name: t("endpoints:create.action") }).first().click();
  await page.waitForURL(/\/endpoints\/[\w-]{22}/);
  await page.getByRole("button", { name: t("copy.label", { what: t("endpoints:url.label") }), exact: true }).click();
  await page.getByText(t("copy.done", { what: t("endpoints:url.label") })).waitFor();
  const url = await page.evaluate(() => navigator.clipboard.readText());
  measured(`clicks from the invite to the URL (${language})`, clicks);
  return { page, url };
}

/** exchange has a client of the console and one elsewhere send each other a message. */
async function exchange(page, url) {
  const other = await client(url);
  await page.getByRole("tab", { name: t("endpoints:tabs.console") }).click();
  const pane = page.getByRole("region", { name: t("console:client", { number: 1 }) });
  await pane.getByText(t("console:state.open")).waitFor();
  await pane.getByRole("textbox", { name: t("console:message"), exact: true }).fill("from the console");
  await page.keyboard.press("Control+Enter");
  await other.got("from the console");
  other.send("from elsewhere");
  await pane.getByText("from elsewhere").first().waitFor();
  other.socket.close();
}

await run(async (browser) => {
  const admin = await settingUp(browser);
  const link = await invite(admin);
  const began = performance.now();
  const { page, url } = await toURL(browser, link);
  await exchange(page, url);
  measured(`seconds from the invite to a message (${language})`, (performance.now() - began) / 1000);
});
