// One visitor, two tabs: the same conversation in both, live, by one socket, and whichever tab goes.
import assert from "node:assert/strict";
import { test } from "node:test";

import { isText } from "./harness/facts.mjs";
import { UNKNOWN } from "./harness/questions.mjs";
import { until } from "./harness/until.mjs";
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

const SOCKETS = /\r\nupgrade:\s*websocket/i;

/** Two tabs of one visitor behind a proxy, both greeted; the first has asked something. */
async function twoTabs(t, { locks = true } = {}) {
  const world = await World.start(t);
  const proxy = await world.proxyBefore(world.edge.url);
  const context = await (await world.browser()).context();
  if (!locks) await context.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, "locks"));
  const url = world.shop.page("shop", proxy.url);
  const one = await Widget.at(await context.newPage(), url);
  await one.learn();
  await one.say(UNKNOWN);
  await one.state(UNKNOWN, "stored", "delivered", "read");
  const two = await Widget.at(await context.newPage(), url);
  await two.open();
  await two.isGreeted();
  const agent = await world.agent();
  const { id } = await agent.sees("the conversation", (each) => each.status === "queued");
  agent.open(id);
  return { proxy, one, two, agent, id };
}

const once = (agent, id, text) => assert.equal(agent.log(id).filter(isText(text)).length, 1, `"${text}" is there once`);

test("two tabs share one socket, and what was read", async (t) => {
  const { proxy, one, two, agent, id } = await twoTabs(t);
  assert.equal(proxy.count(SOCKETS), 1);
  for (const tab of [two, one]) {
    const text = `from ${tab === one ? "the first" : "the second"}`;
    await tab.say(text);
    await agent.event(id, text, isText(text));
  }
  await agent.reply(id, "to both");
  for (const tab of [one, two]) await tab.shows("to both");
  assert.equal(proxy.count(SOCKETS), 1);

  for (const tab of [one, two]) await tab.launcher.click();
  const badges = [one, two].map((tab) => tab.host.locator(".badge"));
  await agent.reply(id, "unread");
  for (const badge of badges) await badge.getByText("1").waitFor();
  await two.launcher.click();
  for (const badge of badges) await badge.waitFor({ state: "hidden" });
  for (const text of ["from the first", "from the second"]) once(agent, id, text);
});

test("the tab with the socket is killed: the other takes over", async (t) => {
  const { proxy, one, two, agent, id } = await twoTabs(t);
  await one.crash();
  await agent.reply(id, "to whoever is left");
  await two.shows("to whoever is left");
  await two.say("that is me");
  await agent.event(id, "what the other tab says", isText("that is me"));
  assert.equal(proxy.count(SOCKETS), 1);

  // A third borrows from the second.
  const three = await Widget.at(await two.page.context().newPage(), two.page.url());
  await three.open();
  await three.isGreeted();
  assert.equal(proxy.count(SOCKETS), 1);
  once(agent, id, "that is me");
});

test("a tab is killed with messages that wait: the other delivers them", async (t) => {
  const { proxy, one, two, agent, id } = await twoTabs(t);
  proxy.cut();
  await one.say("said without a network");
  await two.state("said without a network", "queued");
  await one.crash();
  proxy.mend();
  await agent.event(id, "what waited", isText("said without a network"), { within: 60_000 });
  await two.state("said without a network", "stored", "delivered", "read");
  once(agent, id, "said without a network");
});

test("without locks each tab has a socket of its own", async (t) => {
  const { proxy, one, two, agent, id } = await twoTabs(t, { locks: false });
  await until("two sockets", () => proxy.count(SOCKETS) === 2);
  await two.say("by itself");
  await one.shows("by itself");
  await agent.event(id, "its message", isText("by itself"));
  once(agent, id, "by itself");
});
