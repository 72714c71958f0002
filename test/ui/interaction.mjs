// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Measures how long interactions take, from the event to the next paint as the
// browser itself tells (Event Timing), with a long list of endpoints and with a
// console that is full.

import { client, log, logIn, measured, open, run, settled, texts } from "./harness.mjs";
import { password } from "./inhabit.mjs";

const t = texts("en");
const endpoints = 1000;
const messages = 100_000;
const batch = 250; // each 50 ms

/** watch has a page keep the longest time of each interaction, and the frames between scrolls. */
const watch = () => {
  window.interactions = new Map();
  new PerformanceObserver((list) => {
    for (const { interactionId: id, duration } of list.getEntries()) {
      if (id) window.interactions.set(id, Math.max(duration, window.interactions.get(id) ?? 0));
    }
  }).observe({ type: "event", durationThreshold: 16, buffered: true });
};

/** during measures the interactions that happen while something is done. */
async function during(page, name, act) {
  await page.evaluate(() => window.interactions.clear());
  await act();
  await page.waitForTimeout(300); // entries come after the frame
  const times = await page.evaluate(() => [...window.interactions.values()].sort((a, b) => a - b));
  measured(`ms at most: ${name}`, times.at(-1) ?? 0);
  log(`${name}: ${times.length} interactions of 16 ms and more: ${times}`);
}

/** scrolling turns the wheel by so many pixels at a time and measures the frames meanwhile: 19 of 20 are faster. */
async function scrolling(page, name, step) {
  await page.evaluate(() => {
    window.frameTimes = [];
    let last = performance.now();
    const frame = (now) => {
      window.frameTimes?.push(now - last);
      last = now;
      if (window.frameTimes) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  for (let i = 0; i < 30; i++) await page.mouse.wheel(0, step);
  const frames = await page.evaluate(() => {
    const all = window.frameTimes.sort((a, b) => a - b);
    window.frameTimes = null;
    return all;
  });
  measured(`ms at most: ${name}`, frames[Math.floor(frames.length * 0.95)]);
  log(`${name}: ${frames.length} frames, the slowest ${frames.at(-1)} ms`);
}

async function list(page) {
  await page.goto("/endpoints");
  await settled(page);
  const more = page.getByRole("button", { name: t("more") });
  const loaded = page.locator(`table[aria-rowcount="${endpoints + 1}"]`);
  while ((await loaded.count()) === 0) {
    await more.click();
    await page.waitForTimeout(100);
  }
  await page.mouse.move(600, 500);
  await scrolling(page, "scrolling 1,000 endpoints", 900);
  await page.evaluate(() => scrollTo(0, 0));
  const search = page.getByRole("searchbox").or(page.getByRole("textbox", { name: t("endpoints:list.search") }));
  await during(page, "typing in the search of 1,000 endpoints", async () => {
    await search.first().click();
    await page.keyboard.type("endpoint 77", { delay: 60 });
    await page.getByRole("link", { name: "endpoint 777" }).waitFor();
  });
  await during(page, "opening one of 1,000 endpoints", async () => {
    await page.getByRole("link", { name: "endpoint 777" }).click();
    await page.waitForURL(/\/endpoints\/./);
    await settled(page);
  });
}

/** fill sends messages until the console has them all. */
async function fill(page, pane) {
  const url = `ws${page.url().slice(4).split("/endpoints/")[0]}/ws/${page.url().split("/endpoints/")[1].split("/")[0]}`;
  const sender = await client(url);
  for (let sent = 0; sent < messages; sent += batch) {
    for (let i = sent; i < sent + batch; i++) sender.send(`message ${i} of a long talk`);
    await new Promise((done) => setTimeout(done, 50));
  }
  await pane.getByText(/^100,?000 /).waitFor({ timeout: 60_000 });
  return sender;
}

async function consolePane(page) {
  await page.getByRole("tab", { name: t("endpoints:tabs.console") }).click();
  const pane = page.getByRole("region", { name: t("console:client", { number: 1 }) });
  await pane.getByText(t("console:state.open")).waitFor();
  const sender = await fill(page, pane);
  const timer = setInterval(() => sender.send("one more"), 50);
  const rows = pane.getByRole("listbox");
  // As whoever reads messages has it. A field that the window's edge cuts makes
  // Chromium scroll to the caret with each key, and what the key changed is
  // presented when the typing ends (2,000 messages or 100,000, list or none).
  await pane.evaluate((p) => p.scrollIntoView());
  await during(page, "the filter of 100,000 messages", async () => {
    await pane.getByLabel(t("console:filter.label"), { exact: true }).first().click();
    await page.keyboard.type("message 777", { delay: 60 });
    await rows.getByText("message 77799 of").waitFor();
    for (let i = 0; i < 11; i++) await page.keyboard.press("Backspace", { delay: 60 });
  });
  await during(page, "pausing the console", async () => {
    await pane.getByRole("button", { name: t("console:pause") }).click();
    await pane.getByRole("button", { name: t("console:resume") }).click();
  });
  await rows.hover();
  await scrolling(page, "scrolling 100,000 messages", -900);
  clearInterval(timer);
  sender.socket.close();
}

await run(async (browser) => {
  const context = await open(browser);
  await context.addInitScript(watch);
  await logIn(context, "alice", password);
  const page = await context.newPage();
  await list(page);
  await consolePane(page);
});
