// The origin's disk stops answering, or reports errors when it is to keep something: nothing is
// acknowledged that it does not hold, whoever does not need it goes on, and once it is well again
// everything is stored once. The system calls of the real server are held or fail (strace).
import assert from "node:assert/strict";
import { test } from "node:test";

import { assertWhole, isAnswerTo, isText } from "./harness/facts.mjs";
import { uuidv7 } from "./harness/ids.mjs";
import { KNOWN, KNOWN_ANSWER, UNKNOWN } from "./harness/questions.mjs";
import { FOREVER, SYNCS, UNTRACEABLE, interfere } from "./harness/syscalls.mjs";
import { until } from "./harness/until.mjs";
import { Widget } from "./harness/widget.mjs";
import { World } from "./harness/world.mjs";

const PATIENT = { within: 90_000 };

test("the origin's disk does not answer for a while", { skip: UNTRACEABLE }, async (t) => {
  const world = await World.start(t);
  const direct = await world.inTheQueue({ hop: world.origin.url });
  const atEdge = await world.inTheQueue();
  const agent = await world.agent();
  agent.open(direct.visitor.id);
  await agent.event(direct.visitor.id, "the question", isText(UNKNOWN));
  await agent.act(direct.visitor.id, { type: "take" });
  const widget = await Widget.at(await (await world.browser()).page(), world.shop.page("shop", world.origin.url));
  await widget.learn();
  await widget.say(UNKNOWN);
  await widget.state(UNKNOWN, "stored", "delivered", "read");
  const disk = await interfere(world.origin.pid, SYNCS, FOREVER);
  t.after(() => disk.end());

  const message = { id: uuidv7(), text: "is it there?" };
  direct.visitor.say(message.text, message);
  const command = uuidv7();
  agent.link.send({ type: "command", id: command, conversation: direct.visitor.id, act: { type: "reply", text: "a reply" } });
  const asked = () => agent.link.frames.filter(({ type }) => type === "ask").length;
  const askedBefore = asked();
  await widget.say("kept on the device");
  await widget.say(KNOWN.en);
  assert.ok((await widget.shows(KNOWN_ANSWER)).device, "the device answers");

  const kept = uuidv7();
  const question = atEdge.visitor.say(KNOWN.en);
  atEdge.visitor.say("kept by the edge", { id: kept });
  const answer = await until("the edge answers", () => [...atEdge.visitor.answered.values()].find(({ of }) => of === question));
  assert.equal(answer.source.hop, "edge");
  for (const id of [question, kept]) assert.equal(await atEdge.visitor.isStored(id), "edge");

  assert.deepEqual(await world.origin.readiness(), { status: 503, store: "unavailable", why: "slow" });
  assert.ok((await fetch(`${world.origin.url}/healthz`)).ok);
  assert.ok((await fetch(`${world.origin.url}/v1/inboxes/demo/pack`)).ok);
  const reader = await world.witness(direct.visitor);
  // After all that nobody was told that the disk has anything, and nobody hears it.
  assert.ok(!reader.log.some(({ id }) => id === message.id || id === command));
  assert.ok(!direct.visitor.stored.has(message.id));
  assert.ok(!agent.link.frames.some((frame) => frame.type === "done" && frame.id === command));
  await widget.state("kept on the device", "queued");
  await widget.state(KNOWN.en, "queued");

  // The agent is there all the time, and is heard, though the command waits.
  await until("the agent is asked whether they are there", () => asked() >= askedBefore + 4, PATIENT);

  await disk.end();
  await direct.visitor.insist([message]);
  await until("the command is done", () => agent.reply(direct.visitor.id, "a reply", command), PATIENT);
  for (const each of [direct.visitor, reader]) {
    assert.ok(!each.log.some(({ content }) => content.reason === "lapsed"), "the agent counts as silent");
    await each.event("the reply", isText("a reply"));
    await each.event("the message", isText(message.text));
    assertWhole(each.log, [...direct.sent, message.id]);
    assert.equal(each.log.filter(isText("a reply")).length, 1);
  }
  await atEdge.visitor.event("what the edge kept", (event) => event.id === kept, PATIENT);
  await atEdge.visitor.event("its answer", isAnswerTo(question), PATIENT);
  assertWhole(atEdge.visitor.log, [...atEdge.sent, question, kept]);
  await widget.message("nothing that waits", (_, __, all) => all.every(({ state }) => state !== "queued"), PATIENT);
  await until("the server is ready", async () => (await world.origin.readiness()).status === 200);
});

test("the origin's disk reports errors when it is to keep something", { skip: UNTRACEABLE }, async (t) => {
  const world = await World.start(t, { edge: false });
  const direct = await world.inTheQueue();
  const agent = await world.agent();
  agent.open(direct.visitor.id);
  await agent.event(direct.visitor.id, "the question", isText(UNKNOWN));
  let disk = await interfere(world.origin.pid, SYNCS, "error=EIO");
  t.after(() => disk.end());

  const messages = ["one", "two"].map((text) => ({ id: uuidv7(), text }));
  const refused = async ({ id, text }) => {
    direct.visitor.say(text, { id });
    assert.equal((await direct.visitor.isRefused(id)).code, "storage_unavailable");
    assert.ok(!direct.visitor.stored.has(id));
  };
  for (const message of messages) await refused(message);
  const command = uuidv7();
  await assert.rejects(agent.reply(direct.visitor.id, "a reply", command), /storage_unavailable/);
  assert.deepEqual(await world.origin.readiness(), { status: 503, store: "unavailable", why: "failing" });
  assert.ok((await fetch(`${world.origin.url}/healthz`)).ok);
  const reader = await world.witness(direct.visitor);
  assert.ok(!reader.log.some(({ id }) => messages.some((message) => message.id === id)), "what was refused is told");

  await disk.end();
  await direct.visitor.insist(messages);
  await until("the command is done", () => agent.reply(direct.visitor.id, "a reply", command), PATIENT);

  // Once more, and it dies of it: what the disk has in spite of its error may be there, but once.
  disk = await interfere(world.origin.pid, SYNCS, "error=EIO");
  const last = { id: uuidv7(), text: "three" };
  await refused(last);
  await world.origin.kill();
  await disk.end();
  await world.origin.start();
  await direct.visitor.reconnect();
  await direct.visitor.insist([last]);
  await direct.visitor.event("the last", isText(last.text));
  assertWhole(direct.visitor.log, [...direct.sent, ...[...messages, last].map(({ id }) => id)]);
  assert.equal(direct.visitor.log.filter(isText("a reply")).length, 1);
});
