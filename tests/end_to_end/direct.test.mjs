// The edge is away: where the site allows it, the widget goes to the origin directly.
import assert from "node:assert/strict";
import { test } from "node:test";

import { isText } from "./harness/facts.mjs";
import { UNKNOWN } from "./harness/questions.mjs";
import { until } from "./harness/until.mjs";
import { Widget } from "./harness/widget.mjs";
import { World } from "./harness/world.mjs";

test("the edge dies: messages reach the agent by the origin, and the answers come back", async (t) => {
  const world = await World.start(t);
  const page = await (await world.browser()).page();
  const url = world.shop.page("shop", world.edge.url, { attributes: `data-origin="${world.origin.url}"` });
  const widget = await Widget.at(page, url);
  await widget.learn();
  const { agent, id } = await world.handedOff(widget);

  await world.edge.kill();
  await widget.say("Is anybody still there?");
  const patient = { within: 60_000 };
  await agent.event(id, "what was said without an edge", isText("Is anybody still there?"), patient);
  await agent.reply(id, "The origin is");
  await widget.shows("The origin is", patient);
  assert.equal(agent.log(id).filter(isText("Is anybody still there?")).length, 1);

  // When that link ends, the edge comes first again.
  await world.edge.start();
  const back = page.waitForEvent("websocket", (socket) => socket.url().startsWith(world.edge.url.replace("http", "ws")));
  await world.origin.restart();
  await back;
  await widget.say("And the edge is back");
  await agent.reconnect();
  await agent.event(id, "what was said by the edge", isText("And the edge is back"), patient);
  assert.equal((await widget.messages()).length, 4);
});

test("a site that names no origin stays with its edge", async (t) => {
  const world = await World.start(t);
  const page = await (await world.browser()).page();
  const direct = [];
  page.on("request", (request) => request.url().startsWith(world.origin.url) && direct.push(request.url()));
  page.on("websocket", (socket) => socket.url().startsWith(world.origin.url.replace("http", "ws")) && direct.push(socket.url()));
  const widget = await Widget.at(page, world.shop.page("shop", world.edge.url));
  await widget.learn();
  await widget.say(UNKNOWN);
  await widget.state(UNKNOWN, "stored", "delivered", "read");
  await world.edge.kill();
  let tries = 0;
  page.on("request", (request) => (tries += request.url().includes("/v1/visitor/admission")));
  await widget.say("Is anybody still there?");
  await until("it has tried several times", () => tries >= 4, { within: 60_000 });
  await widget.state("Is anybody still there?", "queued");
  assert.deepEqual(direct, []);
});
