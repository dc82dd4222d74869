// What the visitor's device remembers does not grow with every change for ever: a page that begins
// with many records puts one in their place, and shows and sends the same.
import assert from "node:assert/strict";
import { test } from "node:test";

import { isText } from "./harness/facts.mjs";
import { until } from "./harness/until.mjs";
import { Widget } from "./harness/widget.mjs";
import { World } from "./harness/world.mjs";

/** DEVICE_RECORDS_MAX. */
const RECORDS_MAX = 512;

/** How many records of changes the device holds. */
const records = (page) => page.evaluate(async () => {
  const [{ name }] = await indexedDB.databases();
  const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const database = await done(indexedDB.open(name));
  const count = await done(database.transaction("journal").objectStore("journal").count());
  database.close();
  return count;
});

test("many records become one, and nothing of the conversation is lost", async (t) => {
  const world = await World.start(t);
  const page = await (await world.browser()).page();
  const widget = await Widget.at(page, world.shop.page("shop", world.edge.url));
  await widget.learn();
  const { agent, id } = await world.handedOff(widget);
  let said = 0;
  // Events that come together are one record: so each is waited for.
  await until("the device holds many records", async () => {
    for (let more = 0; more < 64; more += 1) {
      said += 1;
      await agent.reply(id, `line ${said}`);
    }
    await widget.shows(`line ${said}`);
    return (await records(page)) > RECORDS_MAX;
  }, { within: 120_000 });

  await world.edge.kill();
  await widget.say("kept for later");
  await widget.state("kept for later", "queued");
  const shown = await widget.messages();
  for (const what of ["the page that puts them together", "the one after it"]) {
    await t.test(what, async () => {
      await page.reload();
      await widget.open();
      await widget.state("kept for later", "queued");
      assert.deepEqual((await widget.messages()).map(({ text }) => text), shown.map(({ text }) => text));
      await until("few records are left", async () => (await records(page)) < 16);
    });
  }
  await world.edge.start();
  await agent.event(id, "what waited", isText("kept for later"), { within: 90_000 });
  await agent.reply(id, "and on it goes");
  await widget.shows("and on it goes");
  assert.deepEqual((await widget.messages()).map(({ text }) => text), [...shown.map(({ text }) => text), "and on it goes"]);
  assert.equal(agent.log(id).filter(isText("kept for later")).length, 1);
});
