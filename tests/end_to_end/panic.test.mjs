// A panic at the edge: it takes the whole wasm instance, and yet nobody hangs and nothing is lost.
//
// The Worker has no panic that can be asked for. So the story lies to it: for a request with one
// certain header the platform says that a header's name is a number, which the library that reads
// headers holds for impossible.
import assert from "node:assert/strict";
import { test } from "node:test";

import { assertWhole, isAnswerTo, isText } from "./harness/facts.mjs";
import { KNOWN, UNKNOWN } from "./harness/questions.mjs";
import { until } from "./harness/until.mjs";
import { submit } from "./harness/visitor.mjs";
import { World } from "./harness/world.mjs";

const READS_HEADERS = /(__wbg_entries_\w+:function\((\w+)\)\{return )\2\.entries\(\)\}/;

function panicOnDemand(bindings) {
  assert.match(bindings, READS_HEADERS, "the bindings have another form: this story is to follow");
  return bindings.replace(READS_HEADERS, (_, before, headers) =>
    `${before}${headers}.has("x-story-panic")?[[1,2]].values():${headers}.entries()}`,
  );
}

async function panic(world) {
  const response = await fetch(`${world.hop}/healthz`, { headers: { "x-story-panic": "now" } });
  assert.equal(response.status, 503);
  const { error } = await response.json();
  assert.equal(error.code, "internal");
  assert.ok(error.retry_after_ms > 0);
}

test("a panic at the edge hangs nobody and loses nothing", async (t) => {
  const world = await World.start(t, { edgeLie: panicOnDemand });
  const talker = await world.visitor();
  const poller = await world.visitor({ connect: false });
  const first = talker.say(UNKNOWN);
  await talker.isStored(first);

  await t.test("who waits for an answer is told at once to try again", async () => {
    let refusal;
    const polls = async () => {
      for (;;) await poller.post([poller.hello()], { wait: true });
    };
    const polling = polls().catch((error) => (refusal = error));
    const agent = await world.agent();
    await poller.post([poller.hello(), submit(UNKNOWN)]);
    await agent.sees("the poller waiting", ({ id, online }) => id === poller.id && online);
    // A panic between two polls hits none: so more than one, until a poll was under way.
    await until("a poll is refused", async () => {
      await panic(world);
      return refusal;
    });
    await polling;
    assert.equal(refusal.status, 503);
    assert.equal(refusal.problem.code, "internal");
  });

  await t.test("a stream of events ends, so that its reader comes again", async () => {
    const stream = await poller.stream();
    await stream.frame("welcome");
    await panic(world);
    await stream.closing();
  });

  await t.test("who had a socket goes on, on a fresh instance", async () => {
    const second = talker.say(KNOWN.en);
    await talker.event("the answer", isAnswerTo(second));
    const agent = await world.agent();
    await agent.reply(talker.id, "still here");
    await talker.event("the agent's reply", isText("still here"));
    assertWhole(talker.log, [first, second]);
    assert.equal(talker.link.closed, undefined);
  });

  await t.test("what the edge had acknowledged while the origin was away is delivered", async () => {
    await world.origin.kill();
    const kept = talker.say("brimstone, once more");
    assert.equal(await talker.isStored(kept), "edge");
    await panic(world);
    await panic(world);
    await world.origin.start();
    await talker.event("what was kept", (event) => event.id === kept, { within: 60_000 });
  });
});
