// The knowledge pack can't be had: by the visitor's device, or by the edge. Whoever has it answers,
// nobody is told anything wrong, and it is taken when it is there again.
import assert from "node:assert/strict";
import { test } from "node:test";

import { isAnswerTo } from "./harness/facts.mjs";
import { Forger } from "./harness/forger.mjs";
import { KNOWN, KNOWN_ANSWER, UNKNOWN } from "./harness/questions.mjs";
import { until } from "./harness/until.mjs";
import { Widget } from "./harness/widget.mjs";
import { World } from "./harness/world.mjs";

const PACKS = /\/v1\/packs\//;
const FOR_EVER = { "cache-control": "public, max-age=31536000, immutable" };

const flipped = (body) => {
  const changed = Buffer.from(body);
  changed[changed.length >> 1] ^= 1;
  return changed;
};

const FORGERIES = [
  ["it is not there", () => ({ status: 404, body: "no such pack" })],
  ["its server fails, and says so for a year", () => ({ status: 503, headers: FOR_EVER, body: "" })],
  ["the line breaks off in the middle of it", (body) => ({ cut: true, body: body.subarray(0, body.length >> 1) })],
  ["it is cut short", (body) => ({ headers: FOR_EVER, body: body.subarray(0, body.length >> 1) })],
  ["a byte of it is another, and the browser may keep that for a year", (body) => ({ headers: FOR_EVER, body: flipped(body) })],
];

/** Says something that the shop's knowledge holds; gives the bot's answer to it. */
async function ask(widget, text = KNOWN.en) {
  const before = (await widget.messages()).length;
  await widget.say(text);
  return widget.message("the answer", (message, at) => at > before && message.by === "bot" && KNOWN_ANSWER.test(message.text));
}

test("the device can't fetch the pack: the hops answer, and it takes the pack when it is there again", async (t) => {
  const world = await World.start(t);
  const forger = await Forger.before(world.edge.url);
  t.after(() => forger.stop());
  const page = await (await world.browser()).page();
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  let tries = 0;
  let [, forgery] = FORGERIES[0];
  forger.forge((path, body) => {
    if (!PACKS.test(path)) return body;
    tries += 1;
    return forgery(body);
  });
  const widget = await Widget.at(page, world.shop.page("shop", forger.url));
  await widget.open();
  for (const [what, next] of FORGERIES) {
    await t.test(what, async () => {
      forgery = next;
      const before = tries;
      const answer = await ask(widget);
      assert.equal(answer.device, false, "another hop answered");
      await until("the device asks for the pack again", () => tries > before);
      assert.ok(await widget.banner.isHidden(), "nothing is wrong for the visitor");
    });
  }
  await widget.say(UNKNOWN);
  await widget.state(UNKNOWN, "stored", "delivered", "read");

  // The same page, no reload: the pack is there again.
  forgery = (body) => body;
  const other = await Widget.at(await page.context().newPage(), page.url());
  await other.open();
  for (const each of [widget, other]) {
    await until("the device answers", async () => {
      const before = (await each.messages()).length;
      await each.say("steps to check out");
      await each.message("what became of it", (_, at) => at > before);
      return (await each.messages()).slice(before).some(({ by, device }) => by === "bot" && device);
    }, { every: 500 });
  }
  assert.deepEqual(faults, []);
});

test("the edge can't fetch the pack: visitors come in, and the origin answers them", async (t) => {
  let forger;
  const world = await World.start(t, {
    between: async (world) => {
      forger = await Forger.before(world.origin.url);
      forger.forge((path, body) => (PACKS.test(path) ? { status: 404, body: "no such pack" } : body));
      return forger.url;
    },
  });
  t.after(() => forger.stop());
  const { pack } = await (await fetch(`${world.edge.url}/v1/inboxes/demo/pack`)).json();
  assert.equal(pack, null, "the edge tells of no pack that it does not have");
  const visitor = await world.visitor();
  const first = visitor.say(KNOWN.en);
  const { content } = await visitor.event("the origin's answer", isAnswerTo(first));
  assert.equal(content.source.hop, "origin");
  const page = await (await world.browser()).page();
  const widget = await Widget.at(page, world.shop.page("shop", world.edge.url));
  await widget.open();
  assert.equal((await ask(widget)).device, false);
  assert.ok(await widget.banner.isHidden());

  // Once it gets through, the edge has it within seconds, and answers by itself.
  forger.forge((_, body) => body);
  await until("the edge answers", async () => {
    const id = visitor.say("steps to check out");
    const answer = await visitor.event("the answer", isAnswerTo(id));
    return answer.content.source.hop === "edge";
  }, { every: 1_000, within: 60_000 });
  await until("the device answers", async () => {
    const before = (await widget.messages()).length;
    await widget.say(KNOWN.en);
    await widget.message("what became of it", (_, at) => at > before);
    return (await widget.messages()).slice(before).some(({ by, device }) => by === "bot" && device);
  }, { every: 1_000, within: 60_000 });
});
