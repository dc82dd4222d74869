// Browsers that keep nothing, and clocks that are wrong by a year: everything else works.
import assert from "node:assert/strict";
import { test } from "node:test";

import { assertWhole, isText } from "./harness/facts.mjs";
import { KNOWN, KNOWN_ANSWER, UNKNOWN } from "./harness/questions.mjs";
import { Widget } from "./harness/widget.mjs";
import { World } from "./harness/world.mjs";

const YEAR_MS = 365 * 24 * 3600 * 1000;

/** A conversation with everything in it, in a page that was prepared; gives its widget and log. */
async function conversation(t, script, argument) {
  const world = await World.start(t);
  const page = await (await world.browser()).page();
  await page.addInitScript(script, argument);
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  const widget = await Widget.at(page, world.shop.page("shop", world.edge.url));
  await widget.learn();
  await widget.say(KNOWN.en);
  await widget.shows(KNOWN_ANSWER);
  await widget.state(KNOWN.en, undefined, "stored", "delivered", "read");
  const { agent, id } = await world.handedOff(widget);
  await agent.event(id, "the question", isText(UNKNOWN));
  await agent.reply(id, "we are here");
  await widget.shows("we are here");
  // The link breaks off, and is made anew.
  await world.edge.restart();
  await widget.say("still the same");
  await agent.event(id, "what came by the new link", isText("still the same"), { within: 60_000 });
  await agent.event(id, "the reply", isText("we are here"));
  const own = agent.log(id).filter((event) => event.author === "visitor" && event.content.type === "text");
  assert.deepEqual(own.map((event) => event.content.text), [KNOWN.en, UNKNOWN, "still the same"]);
  assertWhole(agent.log(id), own.map((event) => event.id));
  assert.deepEqual(faults, []);
  return { widget, log: agent.log(id) };
}

for (const [what, refuse] of [
  ["storage is forbidden, as in some private windows", () => {
    IDBFactory.prototype.open = () => { throw new DOMException("no", "SecurityError"); };
  }],
  ["there is no room for anything", () => {
    for (const write of ["add", "put"]) IDBObjectStore.prototype[write] = () => { throw new DOMException("full", "QuotaExceededError"); };
  }],
]) {
  test(`${what}: the visitor is told, and all goes on`, async (t) => {
    const { widget } = await conversation(t, refuse);
    await widget.banner.getByText(/does not let us keep/i).waitFor();
  });
}

for (const [what, shift] of [["behind", -YEAR_MS], ["ahead", YEAR_MS]]) {
  test(`the visitor's clock is a year ${what}: nobody notices`, async (t) => {
    const began = Date.now();
    const { log } = await conversation(
      t,
      (by) => {
        const Right = Date;
        globalThis.Date = class extends Right {
          constructor(...given) {
            super(...(given.length ? given : [Right.now() + by]));
          }
          static now() {
            return Right.now() + by;
          }
        };
      },
      shift,
    );
    // The log's times are the origin's.
    for (const event of log) assert.ok(Math.abs(event.at - began) < YEAR_MS / 2, `${event.at}`);
  });
}
