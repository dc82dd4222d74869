// The origin's disk is full, to the last page, while everybody writes: nothing is acknowledged that is
// not stored, everybody sees what becomes of their words, and once there is room again everything
// arrives, once and in order, without a restart.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { Agent } from "./harness/agent.mjs";
import { Console } from "./harness/console.mjs";
import { FULL_BY, IS_REAL_DISK, UNFILLABLE } from "./harness/disk.mjs";
import { assertWhole, isAnswerTo, isText } from "./harness/facts.mjs";
import { uuidv7 } from "./harness/ids.mjs";
import { Origin } from "./harness/origin.mjs";
import { KNOWN, KNOWN_ANSWER, UNKNOWN } from "./harness/questions.mjs";
import { until } from "./harness/until.mjs";
import { Widget } from "./harness/widget.mjs";
import { World } from "./harness/world.mjs";

const MEGABYTES = 16;
const EDGE_MEGABYTES = 8;
const PATIENT = { within: 90_000 };

const isOwn = (event) => event.author === "visitor" && event.content.type === "text";

/** One in a widget, which `hop` serves. */
async function inAPage(world, browser, name, hop) {
  const widget = await Widget.at(await browser.page(), world.shop.page(name, hop));
  await widget.learn();
  await widget.say(`${name}: ${UNKNOWN}`);
  await widget.state(`${name}: ${UNKNOWN}`, "stored", "delivered", "read");
  return widget;
}

/** The visitor's words in a log that is whole. */
function own(log) {
  const events = log.filter(isOwn);
  assertWhole(log, events.map(({ id }) => id));
  return events.map(({ content }) => content.text);
}

/** Fills the origin's disk, until a message of `visitor` is refused; gives `{ id, text }` of all that were sent. */
async function fill(world, visitor) {
  const sent = [];
  const refused = () => visitor.refused.has(sent.at(-1).id);
  do {
    // The last page that SQLite has may still take some.
    await world.disks.origin.fill(world.origin);
    const text = `while it is full ${sent.length}`;
    sent.push({ id: visitor.say(text), text });
    await until("it is stored or refused", () => refused() || visitor.stored.has(sent.at(-1).id));
  } while (!refused());
  return sent;
}

test(`the origin's disk is full while everybody writes (${FULL_BY})`, { skip: UNFILLABLE }, async (t) => {
  const world = await World.start(t, { diskMegabytes: { origin: MEGABYTES } });
  const direct = await world.inTheQueue({ hop: world.origin.url });
  const atEdge = await world.inTheQueue();
  const returning = await world.inTheQueue();
  const browser = await world.browser();
  const device = await inAPage(world, browser, "direct", world.origin.url);
  const page = await inAPage(world, browser, "edge", world.edge.url);
  const agent = await world.agent();
  for (const { visitor } of [direct, atEdge, returning]) agent.open(visitor.id);
  returning.visitor.close();
  await agent.sees("that a visitor has left", ({ id, online }) => id === returning.visitor.id && !online);
  const desk = await Console.logIn(await browser.page(), world.origin.url);
  await desk.open("direct: ");
  const { pid } = world.origin;

  const waiting = await fill(world, direct.visitor);
  const refusal = direct.visitor.refused.get(waiting.at(-1).id);
  assert.equal(refusal.code, "storage_unavailable");
  assert.ok(refusal.retry_after_ms > 0);

  await t.test("who writes to the origin keeps it, and is told in plain words", async () => {
    await device.say("kept on the device");
    await device.state("kept on the device", "queued");
    await device.panel.getByText("Waiting to be sent").first().waitFor();
    await device.say(KNOWN.en);
    assert.ok((await device.shows(KNOWN_ANSWER)).device, "the device answers");
    await device.state(KNOWN.en, "queued");
  });

  const kept = ["kept by the edge", "and after that"].map((text) => ({ id: uuidv7(), text }));
  const asked = { id: uuidv7(), text: KNOWN.en };
  await t.test("the edge answers, takes everything else into its own storage, and says so", async () => {
    for (const { id, text } of [...kept, asked]) atEdge.visitor.say(text, { id });
    for (const { id } of [...kept, asked]) assert.equal(await atEdge.visitor.isStored(id), "edge");
    const answer = await until("the edge answers", () => [...atEdge.visitor.answered.values()].find(({ of }) => of === asked.id));
    assert.equal(answer.source.hop, "edge");
    await atEdge.visitor.link.frame("link", (frame) => frame.origin === "away");
    await page.say("kept by the edge");
    await page.state("kept by the edge", "stored");
    await page.panel.getByText("Kept safe, will be passed on").first().waitFor();
    await page.banner.getByText(/Our people can’t be reached/).waitFor();
  });

  const missed = { id: uuidv7(), text: "back again" };
  await t.test("who comes back by the edge is welcome, though the origin can't note it", async () => {
    await returning.visitor.connect();
    assert.equal(returning.visitor.welcome.origin, "away");
    returning.visitor.say(missed.text, missed);
    assert.equal(await returning.visitor.isStored(missed.id), "edge");
  });

  const command = uuidv7();
  await t.test("an agent's command is refused for now, and the console keeps it", async () => {
    await assert.rejects(agent.reply(direct.visitor.id, "a reply", command), /storage_unavailable/);
    await desk.reply("a reply from the desk");
    await desk.shows("a reply from the desk");
    await desk.page.locator("article.entry", { hasText: "a reply from the desk" }).getByText("Sending…").waitFor();
    await assert.rejects(Agent.logIn(world.origin.url), /storage_unavailable/);
  });

  await t.test("the server lives, says what is wrong, and goes on reading", async () => {
    assert.ok((await fetch(`${world.origin.url}/healthz`)).ok);
    assert.deepEqual(await world.origin.readiness(), { status: 503, store: "unavailable", why: "full" });
    const metrics = await (await fetch(`${world.origin.url}/metrics`)).text();
    assert.match(metrics, /^firsthop_store_failing 1$/m);
    assert.match(world.origin.log, /can't be written to.*fault="?full/);
    const reader = await world.witness(direct.visitor);
    await reader.event("what was stored before", (event) => event.id === direct.sent[0]);
    const newcomer = await world.visitor({ hop: world.origin.url });
    assert.equal(newcomer.welcome.head, 0);
    for (const { id } of waiting.filter(({ id }) => !direct.visitor.stored.has(id))) {
      assert.ok(!reader.log.some((event) => event.id === id), "what was refused is there");
    }
  });

  await world.disks.origin.clear();
  await t.test("there is room again: everything arrives once and in order", async () => {
    await direct.visitor.insist(waiting);
    await until("the agent's command is done", () => agent.reply(direct.visitor.id, "a reply", command), PATIENT);
    await direct.visitor.event("the reply", isText("a reply"));
    assertWhole(direct.visitor.log, [...direct.sent, ...waiting.map(({ id }) => id)]);
    await atEdge.visitor.event("what the edge kept", isAnswerTo(asked.id), PATIENT);
    assertWhole(atEdge.visitor.log, [...atEdge.sent, ...kept.map(({ id }) => id), asked.id]);
    await returning.visitor.event("what the edge kept", isText(missed.text), PATIENT);
    assertWhole(returning.visitor.log, [...returning.sent, missed.id]);
    for (const { visitor } of [direct, atEdge, returning]) {
      await until("the agent has it all", () => agent.log(visitor.id).length === visitor.log.length);
      assert.deepEqual(own(agent.log(visitor.id)), own(visitor.log));
    }
    await device.message("nothing that waits", (_, __, all) => all.every(({ state }) => state !== "queued"), PATIENT);
    await page.state("kept by the edge", "stored", "delivered", "read");
    await device.shows("a reply from the desk", PATIENT);
    for (const [name, texts] of [
      ["direct", ["kept on the device", KNOWN.en]],
      ["edge", ["kept by the edge"]],
    ]) {
      const { id } = await agent.sees(`the page "${name}"`, (each) => each.page?.title === name || each.page?.url?.endsWith(`/${name}`));
      agent.open(id);
      await agent.event(id, "its last words", isText(texts.at(-1)), PATIENT);
      assert.deepEqual(own(agent.log(id)), [`${name}: ${UNKNOWN}`, ...texts]);
    }
    await until("the server is ready", async () => (await world.origin.readiness()).status === 200);
    assert.equal(world.origin.pid, pid, "it is still the same process");
  });

  await t.test("the log is whole, and folded into the database when the server stops", async () => {
    const before = direct.visitor.log.map(({ id }) => id);
    assert.deepEqual(await world.origin.kill("SIGTERM"), { code: 0, signal: null });
    if (IS_REAL_DISK) {
      const log = fs.statSync(path.join(world.disks.origin.outside, "origin", "firsthop.db-wal"), { throwIfNoEntry: false });
      assert.equal(log?.size ?? 0, 0, "something is left in the write-ahead log");
    }
    await world.origin.start();
    const reader = await world.witness(direct.visitor);
    await until("the log is read again", () => reader.log.length >= before.length);
    assert.deepEqual(reader.log.map(({ id }) => id), before);
  });
});

const onADisk = { skip: !IS_REAL_DISK && "nothing may be mounted here" };

test(`the origin is killed and stopped while its disk is full, and can't start until there is room (${FULL_BY})`, onADisk, async (t) => {
  const world = await World.start(t, { diskMegabytes: { origin: MEGABYTES }, edge: false });
  const { visitor, sent } = await world.inTheQueue();
  const waiting = await fill(world, visitor);
  const stored = () => waiting.filter(({ id }) => visitor.stored.has(id));
  await world.origin.kill();
  const starts = async (origin) => {
    const error = await origin.start().then(
      () => assert.fail("it started"),
      (error) => error,
    );
    assert.match(error.message, /"code":1/);
    assert.match(error.message, /firsthop\.db.*no room left on its disk; make some, then start again/);
  };
  await starts(world.origin);
  await starts(new Origin(path.join(world.disks.origin.path, "another"), {}, world.disks.origin.through));

  world.disks.origin.clear();
  await world.origin.start();
  await visitor.reconnect();
  await visitor.insist(waiting);
  await visitor.event("the last", isText(waiting.at(-1).text));
  assertWhole(visitor.log, [...sent, ...waiting.map(({ id }) => id)]);

  // Asked to stop, it can't fold its log into the database; the next start does it.
  const more = await fill(world, visitor);
  assert.deepEqual(await world.origin.kill("SIGTERM"), { code: 0, signal: null });
  await starts(world.origin);
  world.disks.origin.clear();
  await world.origin.start();
  await visitor.reconnect();
  await visitor.insist(more);
  await visitor.event("the last", isText(more.at(-1).text));
  assertWhole(visitor.log, [...sent, ...[...waiting, ...more].map(({ id }) => id)]);
  assert.ok(stored().length === waiting.length);
});

test(`the edge's disk is full (${FULL_BY})`, { skip: UNFILLABLE }, async (t) => {
  const world = await World.start(t, { diskMegabytes: { edge: EDGE_MEGABYTES } });
  const { visitor, sent } = await world.inTheQueue();
  const widget = await Widget.at(
    await (await world.browser()).page(),
    world.shop.page("shop", world.edge.url, { attributes: `data-origin="${world.origin.url}"` }),
  );
  await widget.learn();
  const { disks, edge, origin } = world;
  await disks.edge.fill(edge);
  const { pid } = edge;

  // The normal path writes nothing at the edge.
  const passed = visitor.say("passed on");
  assert.equal(await visitor.isStored(passed), "origin");
  // workerd makes a file for each visitor that it has not served yet. A site that names its origin needs none.
  await assert.rejects(world.visitor(), ({ problem }) => problem.code === "internal" && problem.retry_after_ms > 0);
  await widget.say("by the origin, then");
  await widget.state("by the origin, then", "stored", "delivered", "read");

  await origin.kill();
  const kept = ["not kept yet", "nor this"].map((text) => ({ id: uuidv7(), text }));
  for (const { id, text } of kept) visitor.say(text, { id });
  await visitor.link.closing(PATIENT);
  assert.ok(!kept.some(({ id }) => visitor.stored.has(id)), "something is acknowledged that nobody has");
  await disks.edge.clear();
  await visitor.insist(kept);
  for (const { id } of kept) assert.equal(visitor.stored.get(id), "edge");
  assert.equal(edge.pid, pid, "it is still the same process");
  await edge.restart();
  await origin.start();
  await visitor.reconnect();
  await visitor.event("the last", isText(kept.at(-1).text), PATIENT);
  assertWhole(visitor.log, [...sent, passed, ...kept.map(({ id }) => id)]);
});
