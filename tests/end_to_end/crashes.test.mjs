// kill -9 at any moment: nothing that was acknowledged is lost, nothing is there twice.
import assert from "node:assert/strict";
import { test } from "node:test";

import { uuidv7 } from "./harness/ids.mjs";
import { assertWhole, isAnswerTo, isStatus, isText } from "./harness/facts.mjs";
import { KNOWN, UNKNOWN } from "./harness/questions.mjs";
import { until } from "./harness/until.mjs";
import { Visitor } from "./harness/visitor.mjs";
import { World } from "./harness/world.mjs";

test("the origin is killed and restarted in mid-conversation", async (t) => {
  const world = await World.start(t, { edge: false });
  const visitor = await world.visitor();
  const agent = await world.agent();
  const first = visitor.say(UNKNOWN);
  await visitor.isStored(first);
  await visitor.event("the queue", isStatus("queued"));
  agent.open(visitor.id);
  await agent.reply(visitor.id, "before");

  // Some are acknowledged, some are under way when the power goes.
  const messages = Array.from({ length: 20 }, (_, number) => ({ id: uuidv7(Date.now() + number), text: `number ${number}` }));
  for (const { id, text } of messages) visitor.say(text, { id });
  await until("some are acknowledged", () => messages.some(({ id }) => visitor.stored.has(id)));
  await world.origin.kill();
  const acknowledged = messages.filter(({ id }) => visitor.stored.has(id));
  await world.origin.start();

  await agent.reconnect();
  const witness = new Visitor(world.hop, world.shop.url, visitor.admission);
  t.after(() => witness.close());
  await witness.connect();
  for (const { id } of acknowledged) {
    await witness.event("what was acknowledged before the crash", (event) => event.id === id);
  }
  // Its link ended with the origin, also if everything had been acknowledged by then.
  await visitor.reconnect();
  await visitor.insist(messages);
  await agent.reply(visitor.id, "after");
  for (const each of [visitor, witness]) {
    await each.event("the reply after the crash", isText("after"));
    assertWhole(each.log, [first, ...messages.map(({ id }) => id)]);
    assert.equal(each.log.filter(isText("before")).length, 1);
  }
  await agent.event(visitor.id, "the reply", isText("after"));
  assert.equal(agent.log(visitor.id).filter(isText("number 7")).length, 1);
});

test("the origin is killed beneath an edge: what agents say finds a visitor who says nothing", async (t) => {
  const world = await World.start(t);
  const visitor = await world.visitor();
  const first = visitor.say(UNKNOWN);
  await visitor.event("the queue", isStatus("queued"));
  await world.origin.restart();
  const agent = await world.agent();
  agent.open(visitor.id);
  await agent.reply(visitor.id, "from the new one");
  await visitor.event("the reply", isText("from the new one"));
  assertWhole(visitor.log, [first]);
});

test("the edge is killed and restarted in mid-conversation", async (t) => {
  const world = await World.start(t);
  const visitor = await world.visitor();
  const agent = await world.agent();
  const first = visitor.say(UNKNOWN);
  await visitor.event("the queue", isStatus("queued"));
  await world.edge.kill();
  await visitor.link.closing();
  await agent.reply(visitor.id, "while the edge is down");
  await world.edge.start();
  await visitor.reconnect();
  await visitor.event("what was said meanwhile", isText("while the edge is down"));
  await agent.reply(visitor.id, "and live again");
  await visitor.event("what is said now", isText("and live again"));
  assertWhole(visitor.log, [first]);
});

test("the origin is away: the edge answers, accepts, says so, and delivers once", async (t) => {
  const world = await World.start(t);
  const visitor = await world.visitor();
  const before = visitor.say(KNOWN.en);
  await visitor.event("the answer", isAnswerTo(before));
  await world.origin.kill();

  const known = visitor.say("steps to check out");
  await until("the edge answers by itself", () =>
    [...visitor.answered.values()].find((answer) => answer.of === known && answer.source.hop === "edge"),
  );
  const unknown = visitor.say(UNKNOWN);
  for (const id of [known, unknown]) assert.equal(await visitor.isStored(id), "edge");
  await visitor.link.frame("link", (frame) => frame.origin === "away");

  // Somebody who comes while the origin is away is let in all the same.
  const newcomer = await world.visitor();
  assert.equal(newcomer.welcome.origin, "away");
  const asked = newcomer.say(KNOWN.en);
  await until("the newcomer is answered", () => [...newcomer.answered.values()].find((answer) => answer.of === asked));
  assert.equal(await newcomer.isStored(asked), "edge");

  // The edge's own storage is what was acknowledged: a crash there loses nothing either.
  await world.edge.restart();
  await world.origin.start();
  await visitor.reconnect();
  await newcomer.reconnect();
  const slow = { within: 60_000 };
  await visitor.event("the question that waited", (event) => event.id === unknown, slow);
  await newcomer.event("the answer that waited", isAnswerTo(asked), slow);
  const agent = await world.agent();
  await agent.sees("the conversation in the queue", (each) => each.id === visitor.id && each.status === "queued", slow);
  agent.open(visitor.id);
  await agent.event(visitor.id, "the question", isText(UNKNOWN));
  await agent.reply(visitor.id, "the origin is back");
  await visitor.event("the reply", isText("the origin is back"), slow);
  assertWhole(visitor.log, [before, known, unknown]);
  assertWhole(newcomer.log, [asked]);
});

test("the origin drains on SIGTERM: clients are told, nothing is lost", async (t) => {
  const world = await World.start(t, { edge: false, originEnv: { FIRSTHOP_SERVER_DRAIN_SECONDS: "2" } });
  const visitor = await world.visitor();
  const first = visitor.say(KNOWN.en);
  await visitor.isStored(first);
  const ended = world.origin.kill("SIGTERM");
  await visitor.link.frame("reconnect");
  assert.deepEqual(await ended, { code: 0, signal: null });
  await world.origin.start();
  await visitor.reconnect();
  await visitor.event("the answer", isAnswerTo(first));
  assertWhole(visitor.log, [first]);
});
