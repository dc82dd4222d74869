// node --test browser-bot/js: what needs no page.
import assert from "node:assert/strict";
import { test } from "node:test";

import { readFileSync } from "node:fs";

import { Trust, eventReader } from "./platform.js";
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

test("a pack is taken with the origin's signature and no other", async () => {
  const file = new URL("../../tests/vectors/v1/pack_signature.json", import.meta.url);
  const { inbox, pack, published } = JSON.parse(readFileSync(file, "utf8"));
  const other = "00" + pack.slice(2);
  assert.equal(await new Trust().of(inbox, pack, published), true);
  assert.equal(await new Trust(published.key).of(inbox, pack, published), true);
  assert.equal(await new Trust().of(inbox, other, published), false);
  assert.equal(await new Trust().of("another", pack, published), false);
  assert.equal(await new Trust().of(inbox, pack, { ...published, at: published.at + 1 }), false);
  // Another key than the one that the site names, however well it signs.
  const mine = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  const toHex = (buffer) => Buffer.from(buffer).toString("hex");
  const key = toHex(await crypto.subtle.exportKey("raw", mine.publicKey));
  const sign = async (at, name) => {
    const said = Buffer.from(`firsthop pack v1\n${inbox}\n${at}\n${name}`);
    return { at, key, signature: toHex(await crypto.subtle.sign("Ed25519", mine.privateKey, said)) };
  };
  const forged = await sign(published.at + 1, other);
  assert.equal(await new Trust(published.key).of(inbox, other, forged), false);
  // The first that signed stays the one; and what it signed earlier is not taken after what it signed later.
  const trust = new Trust();
  assert.equal(await trust.of(inbox, other, await sign(7, other)), true);
  assert.equal(await trust.of(inbox, pack, published), false);
  assert.equal(await trust.of(inbox, other, await sign(6, other)), false);
  assert.equal(await trust.of(inbox, other, await sign(7, other)), true);
});
