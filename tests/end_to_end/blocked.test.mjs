// Something on the way lets no WebSocket through, then no stream either: it still works.
import assert from "node:assert/strict";
import { test } from "node:test";

import { UNKNOWN } from "./harness/questions.mjs";
import { until } from "./harness/until.mjs";
import { Widget } from "./harness/widget.mjs";
import { World } from "./harness/world.mjs";

const SOCKETS = /\r\nupgrade:\s*websocket/i;
const STREAMS = /^POST \/v1\/visitor\/stream/;

for (const [what, patterns, used] of [
  ["no WebSocket: server-sent events", [SOCKETS], "/v1/visitor/stream"],
  ["no WebSocket, no stream: long polling", [SOCKETS, STREAMS], "/v1/visitor/frames?wait=1"],
]) {
  for (const via of ["edge", "origin"]) {
    test(`${what}, by the ${via}`, async (t) => {
      const world = await World.start(t, { edge: via === "edge" });
      const proxy = await world.proxyBefore(world.hop);
      proxy.refuse(...patterns);
      const page = await (await world.browser()).page();
      let posts = 0;
      page.on("request", (request) => (posts += request.url().includes("/v1/visitor/frames")));
      const widget = await Widget.at(page, world.shop.page("shop", proxy.url));
      await widget.open();
      const fallback = page.waitForRequest((request) => request.url().includes(used), { timeout: 60_000 });
      await widget.say(UNKNOWN);
      await fallback;
      await widget.state(UNKNOWN, "stored", "delivered", "read");
      const agent = await world.agent();
      const { id } = await agent.sees("the conversation", (each) => each.status === "queued");
      for (const text of ["first", "second"]) {
        await agent.reply(id, text);
        await widget.shows(text, { within: 40_000 });
      }
      await widget.say("and back");
      agent.open(id);
      await agent.event(id, "the visitor's reply", (event) => event.content.text === "and back");
      // A reply to one request must not lead to the next.
      assert.ok(posts < 60, `${posts} requests for four messages`);
    });
  }
}

/** A widget that has come to use a stream, as no WebSocket gets through. */
async function byStream(t, prepare = () => {}) {
  const world = await World.start(t);
  const proxy = await world.proxyBefore(world.hop);
  proxy.refuse(SOCKETS);
  const page = await (await world.browser()).page();
  await prepare(page);
  const widget = await Widget.at(page, world.shop.page("shop", proxy.url));
  await widget.open();
  await widget.say(UNKNOWN);
  await widget.state(UNKNOWN, "stored", "delivered", "read");
  await until("a stream is open", () => proxy.count(STREAMS) === 1, { within: 40_000 });
  const agent = await world.agent();
  const { id } = await agent.sees("the conversation", (each) => each.status === "queued");
  return { proxy, page, widget, agent, id };
}

test("WebSockets get through again: the widget goes back to them", async (t) => {
  const { proxy, widget, agent, id } = await byStream(t);
  // Nothing is refused any more; what is open breaks off, as it does when somebody goes elsewhere.
  proxy.refuse();
  await until("a WebSocket is open", () => proxy.count(SOCKETS) === 1, { within: 40_000 });
  await agent.reply(id, "by socket");
  await widget.shows("by socket");
  assert.equal(proxy.count(STREAMS), 0);
});

test("a stream that is silently dead is noticed", async (t) => {
  const { proxy, page, widget, agent, id } = await byStream(t, (page) => page.clock.install());
  proxy.stall(STREAMS);
  await agent.reply(id, "into the void");
  const another = page.waitForRequest((request) => request.url().includes("/v1/visitor/stream"));
  await page.clock.fastForward(36_000);
  await another;
  await widget.shows("into the void", { within: 40_000 });
});
