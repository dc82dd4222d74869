// node --test browser-bot/js: what needs no page.
import assert from "node:assert/strict";
import { test } from "node:test";

import { eventReader } from "./platform.js";
import { pieces } from "./view.js";

test("addresses become links and nothing else does", () => {
  assert.deepEqual(pieces("see https://shop.example/a(1)?b=c. Or 打开http://x.cn/y，谢谢"), [
    "see ",
    { address: "https://shop.example/a(1)?b=c" },
    ". Or 打开",
    { address: "http://x.cn/y" },
    "，谢谢",
  ]);
  assert.deepEqual(pieces("(https://a.example/)"), ["(", { address: "https://a.example/" }, ")"]);
  for (const plain of ["javascript:alert(1)", "https://", "http://，", "<script>alert(1)</script>", "https://..."]) {
    assert.deepEqual(pieces(plain), [plain]);
  }
  assert.deepEqual(pieces(""), []);
});

test("pieces put together are the text", () => {
  for (const text of ["a https:// b https://c.example d", "http://http://x", 'https://a.example"onclick=x', "x https://a.example"]) {
    assert.equal(pieces(text).map((piece) => piece.address ?? piece).join(""), text);
  }
});

test("events come out whole wherever the bytes are cut", () => {
  const stream = new TextEncoder().encode(": keep-alive\n\ndata: Zm9v\n\nevent: x\r\ndata:Zg==\r\n\r\n\n\ndata: half");
  for (let cut = 0; cut < stream.length; cut += 1) {
    const given = [];
    const take = eventReader((bytes) => given.push(new TextDecoder().decode(bytes)));
    take(stream.subarray(0, cut));
    take(stream.subarray(cut));
    assert.deepEqual(given, ["foo", "f"], `cut at ${cut}`);
  }
});

test("an endless event is an error", () => {
  const take = eventReader(() => assert.fail("nothing is complete"));
  assert.throws(() => { for (;;) take(new Uint8Array(64 * 1024).fill(120)); }, /endless/);
});
