// A message that a server will not take: the visitor sees why, and sends it again.
import assert from "node:assert/strict";
import { test } from "node:test";

import { isText } from "./harness/facts.mjs";
import { UNKNOWN } from "./harness/questions.mjs";
import { Widget } from "./harness/widget.mjs";
import { World } from "./harness/world.mjs";

const SUBMIT = 2;
const REASON = "not today";

/** The postcard of `refused { id, problem: { code: forbidden, message } }`. */
function refusal(id) {
  const payload = Buffer.concat([id, Buffer.from([9, REASON.length]), Buffer.from(REASON), Buffer.from([0])]);
  return Buffer.concat([Buffer.from([3, payload.length]), payload]);
}

/** The id of the first message of a `submit` frame: tag, length (a varint), count, the message's length, id. */
function firstId(frame) {
  const afterLength = (at) => at + 1 + frame.subarray(at).findIndex((byte) => byte < 0x80);
  const at = afterLength(afterLength(1) + 1);
  return frame.subarray(at, at + 16);
}

test("a refused message says why, and trying again sends it", async (t) => {
  const world = await World.start(t);
  const page = await (await world.browser()).page();
  let refusing = true;
  await page.routeWebSocket(/\/v1\/visitor\/socket/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((message) => {
      const submits = typeof message !== "string" && message[0] === SUBMIT;
      if (refusing && submits) socket.send(refusal(firstId(message)));
      else server.send(message);
    });
  });
  const widget = await Widget.at(page, world.shop.page("shop", world.edge.url));
  await widget.learn();
  await widget.say(UNKNOWN);
  await widget.state(UNKNOWN, "failed");
  await widget.log.getByText(/not sent/i).waitFor();

  const agent = await world.agent();
  refusing = false;
  await widget.log.getByRole("button", { name: /try again/i }).click();
  await widget.state(UNKNOWN, "stored", "delivered", "read");
  const waiting = await agent.sees("the question", (each) => each.status === "queued");
  agent.open(waiting.id);
  await agent.event(waiting.id, "the message", isText(UNKNOWN));
  assert.equal(agent.log(waiting.id).filter(isText(UNKNOWN)).length, 1);
});
