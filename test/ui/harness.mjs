// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// What the scripts of this folder have in common. Each is run as
//
//   node SCRIPT CHROMIUM SITE CONFIG
//
// and says what it finds in lines of JSON, which script_test.go reads.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

// npm's packages are those of test/node.
const require = createRequire(new URL("../node/", import.meta.url));
const { chromium } = require("playwright-core");
export const { WebSocket } = require("ws");
export const axeSource = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const site = process.argv[3];
export const config = JSON.parse(process.argv[4]);

const say = (line) => console.log(JSON.stringify(line));
export const log = (text) => say({ log: text });
export const problem = (text) => say({ problem: text });
export const measured = (name, value) => say({ name, value });
export const result = (value) => say({ result: value });

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** gateway does something to the gateway: "reload", "kill" or "start". */
export async function gateway(what) {
  say({ do: what });
  await answers.next();
}

const endings = [];

/** atEnd has something undone when the script ends, however it does. */
export const atEnd = (undo) => endings.push(undo);

/** run has main use a browser, which is closed whatever happens. */
export async function run(main) {
  const browser = await chromium.launch({
    executablePath: process.argv[2],
    // Chromium's sandbox refuses root, which CI is.
    args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
  });
  const stopped = new Promise((_, fail) => process.once("SIGTERM", () => fail(new Error("it took too long"))));
  try {
    await Promise.race([main(browser), stopped]);
  } catch (error) {
    problem(`${error.stack}\n${await describe(browser)}`);
  } finally {
    for (const undo of endings.reverse()) undo();
    await browser.close();
    process.exit(); // whatever is still connected
  }
}

/** describe is what the pages show at the moment, to find out why a script waits in vain. */
async function describe(browser) {
  const pages = browser.contexts().flatMap((context) => context.pages());
  const seen = pages.map(async (page, i) => {
    const shots = process.env.CULVERT_SHOTS;
    if (shots) await page.screenshot({ path: `${shots}/failed-${i}.png` }).catch(() => undefined);
    const text = await page.locator("body").innerText({ timeout: 1000 }).catch(String);
    return `== ${page.url()}\n${text.slice(0, 2000)}`;
  });
  return (await Promise.all(seen)).join("\n");
}

/**
 * open returns a browser's context, a person's so to say, and tells of all that
 * must not happen on its pages. Lines and requests that match `allowed` may.
 */
export async function open(browser, { language = "en", allowed = [], ...options } = {}) {
  const context = await browser.newContext({
    locale: language,
    viewport: { width: 1280, height: 800 },
    baseURL: site,
    ...options,
  });
  context.setDefaultTimeout(20_000);
  context.allowed = allowed;
  const tell = (text) => context.allowed.some((a) => a.test(text)) || problem(text);
  await context.exposeBinding("culvertViolation", (_, text) => tell(text));
  await context.addInitScript(() =>
    document.addEventListener("securitypolicyviolation", (e) =>
      window.culvertViolation(`CSP on ${location.pathname}: ${e.violatedDirective} ${e.blockedURI} ${e.sample}`),
    ),
  );
  context.on("console", (m) => {
    if (["error", "warning"].includes(m.type())) tell(`console: ${m.text()} (${m.location().url} on ${m.page()?.url()})`);
  });
  context.on("weberror", (e) => tell(`error: ${e.error().stack}`));
  context.on("requestfailed", (r) => {
    const why = r.failure()?.errorText;
    // What a page had not read when it was left.
    if (why !== "net::ERR_ABORTED") tell(`failed: ${r.method()} ${r.url()}: ${why}`);
  });
  context.on("response", (r) => {
    if (r.status() >= 400) tell(`answered ${r.status()}: ${r.request().method()} ${r.url()}`);
  });
  return context;
}

/** api asks the gateway as the person whose context it is. */
export async function api(context, method, path, data) {
  const response = await context.request.fetch(`/api/v1${path}`, { method, data });
  if (!response.ok()) throw new Error(`${method} ${path}: ${response.status()} ${await response.text()}`);
  return response.status() === 204 ? null : response.json();
}

/** logIn makes somebody's context that of a person who is logged in. */
export const logIn = (context, login, password) =>
  api(context, "POST", "/auth/login", { login, password, cookie: true });

const namespaces = {};

/** texts returns the interface's own words, so that scripts find things in any language: t("auth:login.action"). */
export function texts(language) {
  return (key, values = {}) => {
    const [ns, path] = key.includes(":") ? key.split(":") : ["common", key];
    namespaces[language + ns] ??= JSON.parse(
      readFileSync(new URL(`../../ui/src/locales/${language}/${ns}.json`, import.meta.url), "utf8"),
    );
    const text = path.split(".").reduce((o, k) => o?.[k], namespaces[language + ns]);
    if (typeof text !== "string") throw new Error(`there is no text ${language} ${key}`);
    return text.replace(/{{(\w+)}}/g, (_, name) => values[name]);
  };
}

/** settled waits until a page has fetched what it shows. */
export async function settled(page) {
  await page.locator("h1, .ant-result").first().waitFor();
  await page.waitForFunction(() => !document.querySelector(".ant-skeleton-active, .ant-spin-spinning"));
  // A frame for what the last answer has changed, and one to paint it.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

/** client connects to an endpoint and keeps what arrives. */
export async function client(url, options) {
  const socket = new WebSocket(url, options);
  const messages = [];
  const waiting = [];
  socket.on("message", (data) => {
    messages.push(String(data));
    for (const look of waiting) look();
  });
  const closed = new Promise((done) => socket.on("close", (code, reason) => done({ code, reason: String(reason) })));
  await new Promise((done, fail) => socket.once("open", done).once("error", fail));
  const got = (text) =>
    new Promise((done, fail) => {
      const look = () => messages.includes(text) && done();
      waiting.push(look);
      look();
      setTimeout(() => fail(new Error(`"${text}" does not arrive, but ${JSON.stringify(messages.slice(-3))}`)), 20_000).unref();
    });
  return { socket, messages, closed, got, send: (text) => socket.send(text) };
}
