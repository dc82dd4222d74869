// The answerer by itself: one module, asked in Node and in Chromium, says what the server says, whatever it is asked.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { test } from "node:test";

import { bytes } from "../answerer/js/asking.mjs";
import { inPage } from "../answerer/js/chromium.mjs";
import { inNode } from "../answerer/js/node.mjs";
import { Browser } from "./harness/browser.mjs";
import { ANSWERER_DIST, DEMO_KNOWLEDGE, FIRSTHOP, SHOP_CASES } from "./harness/paths.mjs";
import { run } from "./harness/processes.mjs";
import { KNOWN, KNOWN_ANSWER, UNKNOWN } from "./harness/questions.mjs";

const ANSWER = 0;
const ESCALATE = 3;

/** What people paste, and worse. */
const HOSTILE = {
  nothing: "",
  "one character": "?",
  "only emoji": "😀👨‍👩‍👧‍👦🇨🇳❤️",
  zalgo: `${"Z̸̢̛a̵͝l̶̛g̷o̵".repeat(20)} order`,
  "right to left": "\u202eredro ym lecnac\u202c إلغاء הזמנה",
  "control characters": "\u0000\u0001order\u001b[31m\u007f\u0085",
  "mixed scripts": "订单ordеr注文주문заказ",
  "64 KB": "how do I place an order ".repeat(2731),
  "64 KB of marks": "a\u0301".repeat(32768),
  "64 KB of characters": "订".repeat(21845),
};

/** JavaScript's strings may hold halves of a character, which UTF-8 can't. */
const HALVES = ["\ud83d", "\ude00", "怎么\ud83d取消", "\ude00\ud83d", `${KNOWN.en}\ud800`, "\udfff".repeat(100)];

test("the answerer as wasm", async (t) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "firsthop-answerer-"));
  t.after(() => fs.rmSync(directory, { recursive: true, force: true }));
  const file = path.join(directory, "demo.fhpk");
  await run("firsthop pack build", FIRSTHOP, ["pack", "build", "--knowledge", DEMO_KNOWLEDGE, "--out", file]);
  const pack = fs.readFileSync(file);
  const hash = createHash("sha256").update(pack).digest("hex");
  const browser = await Browser.launch(directory);
  t.after(() => browser.close());

  const bindings = await import(pathToFileURL(path.join(ANSWERER_DIST, "answerer.js")));
  bindings.initSync({ module: fs.readFileSync(path.join(ANSWERER_DIST, "answerer.wasm")) });
  const load = (content) => new bindings.Bot(content, bytes(hash));

  const evaluated = async (cases) =>
    JSON.parse(await run("firsthop pack eval", FIRSTHOP, ["pack", "eval", "--pack", file, "--cases", cases]));
  const everywhere = async (questions) => {
    const node = await inNode(ANSWERER_DIST, { pack, hash, questions });
    const page = await inPage(await browser.page(), ANSWERER_DIST, { pack, hash, questions });
    assert.equal(page.digest, node.digest, "Chromium and Node decide differently");
    return node.digest;
  };

  await t.test("decides every question of the shop as the server does, in Node and in Chromium", async () => {
    const lines = fs.readFileSync(SHOP_CASES, "utf8").split("\n").filter(Boolean);
    const server = await evaluated(SHOP_CASES);
    assert.equal(server.cases, lines.length);
    assert.equal(await everywhere(lines.map((line) => JSON.parse(line).q)), server.digest);
  });

  await t.test("decides whatever is typed as the server does", async () => {
    const cases = path.join(directory, "hostile.jsonl");
    const questions = Object.values(HOSTILE);
    fs.writeFileSync(cases, questions.map((q) => `${JSON.stringify({ q, expect: null })}\n`).join(""));
    assert.equal(await everywhere(questions), (await evaluated(cases)).digest);
    const bot = load(pack);
    for (const what of ["nothing", "one character", "only emoji"]) assert.equal(bot.ask(HOSTILE[what]), ESCALATE, what);
    bot.free();
  });

  await t.test("takes half a character for one that is unknown", async () => {
    const whole = HALVES.map((text) => text.replace(/[\ud800-\udfff]/gu, "\ufffd"));
    assert.ok(whole.every((text) => text.isWellFormed()));
    assert.equal(await everywhere(HALVES), await everywhere(whole));
  });

  await t.test("gives the visitor's texts", () => {
    const bot = load(pack);
    bot.visit("en-GB", "https://shop.example/");
    assert.equal(bot.ask(KNOWN.en, Date.now()), ANSWER);
    assert.match(bot.texts()[0], KNOWN_ANSWER);
    assert.equal(bot.ask(UNKNOWN), ESCALATE);
    assert.deepEqual(bot.texts(), []);
    bot.free();
  });

  await t.test("refuses what is no pack, and says why", () => {
    const newer = Buffer.from(pack);
    newer[4] += 1;
    const flipped = Buffer.from(pack);
    flipped[pack.length >> 1] ^= 1;
    for (const [content, reason] of [
      [pack.subarray(0, pack.length - 1), /cut off/],
      [Buffer.alloc(0), /cut off/],
      [Buffer.from("<!doctype html>"), /not a knowledge pack/],
      [newer, /version/],
      [flipped, /damaged/],
    ]) {
      assert.throws(() => load(content), (error) => reason.test(String(error)), String(reason));
    }
  });
});
