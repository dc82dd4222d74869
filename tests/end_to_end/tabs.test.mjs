// One visitor, two tabs: the same conversation in both, live.
import assert from "node:assert/strict";
import { test } from "node:test";

import { isText } from "./harness/facts.mjs";
import { UNKNOWN } from "./harness/questions.mjs";
import { Widget } from "./harness/widget.mjs";
import { World } from "./harness/world.mjs";

test("two tabs show the same conversation", async (t) => {
  const world = await World.start(t);
  const context = await (await world.browser()).context();
  const url = world.shop.page("shop", world.edge.url);
  const one = await Widget.at(await context.newPage(), url);
  await one.learn();
  await one.say(UNKNOWN);
  await one.state(UNKNOWN, "stored", "delivered", "read");

  const two = await Widget.at(await context.newPage(), url);
  await two.open();
  await two.shows(UNKNOWN);
  await two.say("From the second tab");
  await one.shows("From the second tab");

  const agent = await world.agent();
  const { id } = await agent.sees("the conversation", (each) => each.status === "queued");
  assert.equal(agent.list.size, 1, "one visitor, one conversation");
  await agent.reply(id, "To both");
  for (const tab of [one, two]) await tab.shows("To both");
  agent.open(id);
  await agent.event(id, "the second tab's message", isText("From the second tab"));
  assert.equal(agent.log(id).filter(isText("From the second tab")).length, 1);

  // The tab that wrote may go at once: the other has the message too.
  await one.page.close();
  await two.say("And alone");
  await agent.event(id, "what the remaining tab says", isText("And alone"));
  assert.deepEqual(
    (await two.messages()).map(({ text }) => text),
    [UNKNOWN, "From the second tab", "To both", "And alone"],
  );
});
