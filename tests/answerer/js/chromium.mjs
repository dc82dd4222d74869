// `node chromium.mjs CHROMIUM MODULE PACK HASH QUESTIONS`: asks the answerer as wasm in a page of headless Chromium.
// Arguments and output are those of node.mjs, without times: a page's clock is too coarse.
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

const SITE = "http://answerer.example/";
const HERE = path.dirname(fileURLToPath(import.meta.url));

/** Asks in a page of a browser that is running; the page gets its files without a server. */
export async function inPage(page, module, { pack, hash, questions }) {
  const files = {
    "": ["text/html", Buffer.from("<!doctype html>")],
    "asking.mjs": ["text/javascript", readFileSync(path.join(HERE, "asking.mjs"))],
    "answerer.js": ["text/javascript", readFileSync(path.join(module, "answerer.js"))],
    "answerer.wasm": ["application/wasm", readFileSync(path.join(module, "answerer.wasm"))],
    pack: ["application/octet-stream", Buffer.from(pack)],
  };
  await page.route(`${SITE}**`, (route) => {
    const [contentType, body] = files[route.request().url().slice(SITE.length)];
    return route.fulfill({ contentType, body });
  });
  await page.goto(SITE);
  return page.evaluate(
    async ({ hash, questions }) => {
      const file = async (name) => new Uint8Array(await (await fetch(name)).arrayBuffer());
      const [{ ask }, bindings] = await Promise.all([import("/asking.mjs"), import("/answerer.js")]);
      return ask(bindings, { wasm: await file("answerer.wasm"), pack: await file("pack"), hash, questions });
    },
    { hash, questions },
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [executablePath, module, pack, hash, questions] = process.argv.slice(2);
  const browser = await chromium.launch({ executablePath, headless: true, args: ["--no-sandbox", "--disable-gpu"] });
  try {
    const asked = { pack: readFileSync(pack), hash, questions: JSON.parse(readFileSync(questions, "utf8")) };
    process.stdout.write(JSON.stringify(await inPage(await browser.newPage(), module, asked)));
  } finally {
    await browser.close();
  }
}
