// Answered on the visitor's own device, with the network off; what it can't answer waits there
// and arrives once.
import assert from "node:assert/strict";
import { test } from "node:test";

import { isText } from "./harness/facts.mjs";
import { KNOWN, KNOWN_ANSWER, UNKNOWN } from "./harness/questions.mjs";
import { Widget } from "./harness/widget.mjs";
import { World } from "./harness/world.mjs";

test("the device answers with the network off", async (t) => {
  const world = await World.start(t);
  const proxy = await world.proxyBefore(world.edge.url);
  const browser = await world.browser();
  const context = await browser.context();
  const page = await context.newPage();
  const widget = await Widget.at(page, world.shop.page("shop", proxy.url));
  await widget.learn();

  proxy.cut();
  await context.setOffline(true);
  await widget.say(KNOWN.en);
  const answer = await widget.shows(KNOWN_ANSWER);
  assert.equal(answer.by, "bot");
  assert.ok(answer.device, "it is marked as answered on the device");
  await widget.state(KNOWN.en, "queued");
  await widget.banner.getByText(/offline/i).waitFor();
  await widget.say(UNKNOWN);
  await widget.state(UNKNOWN, "queued");

  await context.setOffline(false);
  proxy.mend();
  const agent = await world.agent();
  const waiting = await agent.sees("the question", (each) => each.status === "queued", { within: 45_000 });
  agent.open(waiting.id);
  await agent.event(waiting.id, "what could not be answered", isText(UNKNOWN));
  const log = agent.log(waiting.id);
  assert.equal(log.filter(isText(KNOWN.en)).length, 1);
  assert.equal(log.filter(isText(UNKNOWN)).length, 1);
  const [answered, ...more] = log.filter((event) => event.content.type === "answer");
  assert.deepEqual(more, []);
  // The origin computed the same from the same pack.
  assert.equal(answered.content.source.hop, "browser");
  assert.equal(answered.content.source.verified, true);
  await widget.message("no message that waits", (message) => message.text === UNKNOWN && message.state !== "queued");
  assert.equal((await widget.messages()).filter(({ text }) => KNOWN_ANSWER.test(text)).length, 1);
});

test("the device answers in Chinese", async (t) => {
  const world = await World.start(t);
  const browser = await world.browser({ locale: "zh-CN" });
  const page = await browser.page();
  const widget = await Widget.at(page, world.shop.page("shop", world.edge.url, { lang: "zh-CN" }));
  await widget.learn();
  await widget.say(KNOWN.zh);
  const answer = await widget.shows(/加入购物车/);
  assert.ok(answer.device);
});
