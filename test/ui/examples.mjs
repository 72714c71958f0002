// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Reads the examples of code as they stand on an endpoint's page, and runs the
// one that is a page itself.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { api, atEnd, client, config, logIn, open, problem, result, run } from "./harness.mjs";
import { password } from "./inhabit.mjs";

async function read(page, endpoint) {
  const examples = {};
  for (const key of config) {
    await page.goto(`/endpoints/${endpoint.id}/code?example=${key}`);
    const block = page.locator(`pre[data-example="${key}"]:visible`);
    await block.waitFor();
    examples[key] = { file: await block.getAttribute("data-file"), text: await block.textContent() };
  }
  const shown = await page.locator("[role=tabpanel] [role=tab]").count();
  if (shown !== config.length) problem(`${shown} examples are shown, and ${config.length} known`);
  return examples;
}

/** runPage opens the example that is a page, from a file as a reader would. */
async function runPage(browser, example, endpoint) {
  const dir = mkdtempSync(join(tmpdir(), "culvert-page-"));
  atEnd(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, example.file), example.text);
  const other = await client(endpoint.url);
  const page = await (await open(browser)).newPage();
  await page.goto(`file://${join(dir, example.file)}`);
  await other.got("hello");
  other.send("hello, page");
  await page.locator("#output").getByText("hello, page").waitFor();
  other.socket.close();
}

await run(async (browser) => {
  const context = await open(browser);
  await logIn(context, "alice", password);
  const endpoint = await api(context, "POST", "/endpoints", { name: "examples" });
  const examples = await read(await context.newPage(), endpoint);
  await runPage(browser, examples.browser, endpoint);
  result({ url: endpoint.url, examples });
});
