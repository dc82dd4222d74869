// Connections on which nothing moves any more, and nobody says so: the edge gives them up within
// its bound, and whoever has them is served on another.
import assert from "node:assert/strict";
import { test } from "node:test";

import { assertWhole, isStatus, isText } from "./harness/facts.mjs";
import { Refusal } from "./harness/link.mjs";
import { UNKNOWN } from "./harness/questions.mjs";
import { until } from "./harness/until.mjs";
import { Visitor, submit } from "./harness/visitor.mjs";
import { World } from "./harness/world.mjs";

/** As many connections as one visitor may have: SOCKETS_PER_VISITOR_MAX. */
const SOCKETS_MAX = 16;
/** The least that an edge can be set to (EDGE_SOCKET_SILENT_LEAST), and time for a slow machine. */
const SILENT = { FIRSTHOP_SILENT_SECONDS: "40" };
const GIVEN_UP = { within: 120_000, every: 1_000 };
const STREAMS = /^POST \/v1\/visitor\/stream/;

test("what falls silent is given up by the edge, and its visitor is served on another connection", async (t) => {
  const world = await World.start(t, { edgeEnv: SILENT });
  const agent = await world.agent();

  // One visitor has as many WebSockets as may be. All but one neither read nor write any more, nor
  // does their system say that they are gone.
  const lives = await world.visitor();
  const first = lives.say(UNKNOWN);
  await lives.event("the queue", isStatus("queued"));
  const device = () => {
    const visitor = new Visitor(world.hop, world.shop.url, lives.admission);
    t.after(() => visitor.close());
    return visitor;
  };
  const silent = [];
  while (silent.length < SOCKETS_MAX - 1) silent.push(await device().connect());
  for (const { link } of silent) link.socket.pause();
  await assert.rejects(device().connect(), (error) => error instanceof Refusal && error.problem.code === "too_many_sockets");

  // Another has a stream of events that is half open.
  const proxy = await world.proxyBefore(world.edge.url);
  const streams = await world.visitor({ connect: false });
  const stream = await streams.stream({ hop: proxy.url });
  t.after(() => stream.close());
  await stream.frame("welcome");
  await streams.post([streams.hello(), submit(UNKNOWN)]);
  const online = (is) => agent.sees(`a visitor who is ${is ? "there" : "gone"}`, ({ id, online }) => id === streams.id && online === is, GIVEN_UP);
  await online(true);
  proxy.stall(STREAMS);

  let nonce = 0;
  const newcomer = device();
  await until("there is room for a WebSocket again", () => {
    lives.link.send({ type: "ping", nonce: (nonce += 1) });
    return newcomer.connect();
  }, GIVEN_UP);
  const second = newcomer.say("on another one");
  agent.open(lives.id);
  await agent.event(lives.id, "what came by the new one", isText("on another one"));
  await agent.reply(lives.id, "we hear you");
  for (const each of [lives, newcomer]) {
    await each.event("the reply", isText("we hear you"));
    assertWhole(each.log, [first, second]);
  }
  assert.equal(lives.link.closed, undefined, "who pings is not closed");
  // What the edge had said to the silent ones, they find when they wake.
  for (const { link } of silent) {
    link.socket.resume();
    assert.deepEqual(await link.closing(), { code: 1001, reason: "silent for too long" });
  }

  await online(false);
  assert.equal(stream.ended, false, "nobody told the stream's client");
  await agent.reply(streams.id, "while you were gone");
  const again = await streams.stream();
  t.after(() => again.close());
  await again.frame("events", ({ events }) => events.some(isText("while you were gone")));
  await online(true);
});
