// Something on the way lets no WebSocket through, then no stream either: it still works.
import assert from "node:assert/strict";
import { test } from "node:test";

import { UNKNOWN } from "./harness/questions.mjs";
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
