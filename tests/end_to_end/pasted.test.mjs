// What is pasted into the widget may hold halves of characters: JavaScript's strings do where a program cut an emoji in two.
// UTF-8 has no such thing, so each half becomes U+FFFD, everywhere the same, and the message is sent, answered and kept.
import assert from "node:assert/strict";
import { test } from "node:test";

import { assertWhole, isText } from "./harness/facts.mjs";
import { KNOWN, KNOWN_ANSWER, UNKNOWN } from "./harness/questions.mjs";
import { Widget } from "./harness/widget.mjs";
import { World } from "./harness/world.mjs";

const HALF = 0xd83d;
const OTHER_HALF = 0xde00;

/** Text with codes of UTF-16 in it. They go to the page as numbers: on the way there they would be replaced. */
async function paste(widget, ...parts) {
  await widget.composer.evaluate((composer, parts) => {
    const text = parts.map((part) => (typeof part === "number" ? String.fromCharCode(part) : part)).join("");
    composer.focus();
    composer.setRangeText(text, 0, composer.value.length, "end");
    composer.dispatchEvent(new InputEvent("input", { bubbles: true, composed: true, inputType: "insertFromPaste", data: text }));
    if (composer.value !== text) throw new Error("the browser does not keep halves of characters");
  }, parts);
  await widget.composer.press("Enter");
}

test("halves of characters are sent, answered and kept as U+FFFD", async (t) => {
  const world = await World.start(t);
  const page = await (await world.browser()).page();
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  const widget = await Widget.at(page, world.shop.page("shop", world.edge.url));
  await widget.learn();

  const known = `${KNOWN.en} \ufffd`;
  await paste(widget, `${KNOWN.en} `, HALF);
  await widget.shows(KNOWN_ANSWER);
  await widget.state(known, undefined, "stored", "delivered", "read");

  // The halves of one character the wrong way round, and nothing but a half.
  const unknown = `${UNKNOWN}\ufffd\ufffd?`;
  await paste(widget, UNKNOWN, OTHER_HALF, HALF, "?");
  await widget.state(unknown, "stored", "delivered", "read");
  await paste(widget, HALF);
  await widget.state("\ufffd", "stored", "delivered", "read");

  const agent = await world.agent();
  const { id } = await agent.sees("the conversation", (each) => each.status === "queued");
  agent.open(id);
  await agent.event(id, "the last of them", isText("\ufffd"));
  const own = agent.log(id).filter((event) => event.author === "visitor" && event.content.type === "text");
  assert.deepEqual(own.map((event) => event.content.text), [known, unknown, "\ufffd"]);
  assertWhole(agent.log(id), own.map((event) => event.id));

  // What the device kept is the same.
  await page.reload();
  await widget.open();
  for (const text of [known, KNOWN_ANSWER, unknown, "\ufffd"]) await widget.shows(text);
  await widget.say("still here");
  await agent.event(id, "what came after", isText("still here"));
  assert.deepEqual(faults, []);
});
