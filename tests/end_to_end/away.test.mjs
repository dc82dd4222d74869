// Edge and origin are both away: the visitor's device answers what the pack knows and keeps the
// rest, also over a reload of the page, and everything arrives once and in order.
import assert from "node:assert/strict";
import { test } from "node:test";

import { assertWhole, isText } from "./harness/facts.mjs";
import { Forger } from "./harness/forger.mjs";
import { KNOWN, KNOWN_ANSWER, UNKNOWN } from "./harness/questions.mjs";
import { until } from "./harness/until.mjs";
import { Widget } from "./harness/widget.mjs";
import { World } from "./harness/world.mjs";

const CANCEL = "how do I cancel my order";
const CANCELLED = /Cancel order/;
const PATIENT = { within: 90_000 };

const isOwn = (event) => event.author === "visitor" && event.content.type === "text";

/** Waits until the message `text` waits on the device, and the device has not answered it. */
const waits = (widget, text) => widget.state(text, "queued");

/** The visitor's words in the agent's log, once all of `texts` are there; the log must be whole. */
async function arrived(agent, id, texts) {
  agent.open(id);
  await agent.event(id, "the last of what waited", isText(texts.at(-1)), PATIENT);
  const own = agent.log(id).filter(isOwn);
  assert.deepEqual(own.map(({ content }) => content.text), texts);
  assertWhole(agent.log(id), own.map((event) => event.id));
  return agent.log(id).filter(({ content }) => content.type === "answer");
}

/** Makes both hops unreachable, in the way that a power cut does. */
const blackout = (world) => Promise.all([world.edge.kill(), world.origin.kill()]);

for (const [what, direct] of [["a site with its edge alone", false], ["a site that also names its origin", true]]) {
  test(`${what}: both hops are away, the page is reloaded, and they come back one after the other`, async (t) => {
    const world = await World.start(t);
    const page = await (await world.browser()).page();
    const attributes = direct ? `data-origin="${world.origin.url}"` : "";
    const widget = await Widget.at(page, world.shop.page("shop", world.edge.url, { attributes }));
    await widget.learn();
    await widget.say(KNOWN.en);
    await widget.shows(KNOWN_ANSWER);
    await widget.state(KNOWN.en, undefined, "stored", "delivered", "read");
    await widget.isGreeted();

    await blackout(world);
    await widget.say(CANCEL);
    assert.ok((await widget.shows(CANCELLED)).device, "the device answers");
    await waits(widget, CANCEL);
    await widget.say(UNKNOWN);
    await waits(widget, UNKNOWN);
    await widget.banner.getByText(/can’t be reached.*I still answer what I know; everything else is kept on this device/).waitFor();
    await widget.panel.getByText("Waiting to be sent").first().waitFor();

    // The launcher comes from the browser's cache, what was said from its storage, the pack too.
    await page.reload();
    await widget.launcher.waitFor();
    await widget.open();
    await waits(widget, UNKNOWN);
    await waits(widget, CANCEL);
    await until("the reloaded page answers", async () => {
      await widget.say("steps to check out");
      return (await widget.messages()).at(-1).device;
    });
    await widget.say("Is anybody there?");
    await waits(widget, "Is anybody there?");
    await widget.banner.getByText(/can’t be reached/).waitFor();
    const said = (await widget.messages()).filter(({ by }) => by === "own").map(({ text }) => text);

    // The edge alone takes it into its care, and says so; or the origin alone takes it.
    await (direct ? world.origin : world.edge).start();
    await widget.message("that it was taken", ({ text, state }) => text === "Is anybody there?" && state && state !== "queued", PATIENT);
    if (!direct) {
      await widget.panel.getByText("Kept safe, will be passed on").first().waitFor();
      await widget.banner.getByText(/Our people can’t be reached.*I still answer what I know; everything else is kept safe and passed on/).waitFor();
    }
    await (direct ? world.edge : world.origin).start();
    const agent = await world.agent();
    const { id } = await agent.sees("the conversation", (each) => each.status === "queued", PATIENT);
    const answers = await arrived(agent, id, said);
    for (const { content } of answers.filter(({ content }) => content.source.hop === "browser")) assert.equal(content.source.verified, true);
    await widget.banner.getByText(/number|next|Waiting for a person/).waitFor();
    await agent.reply(id, "we are back");
    await widget.shows("we are back", PATIENT);
    await widget.message("nothing that waits", (_, __, all) => all.every(({ state }) => state !== "queued"));
    const shown = await widget.messages();
    assert.deepEqual(shown.filter(({ by }) => by === "own").map(({ text }) => text), said);
    assert.equal(shown.filter(({ text }) => CANCELLED.test(text)).length, 1);
  });
}

test("nobody answers, and the widget's program is past its time: the page has it all the same", async (t) => {
  const world = await World.start(t);
  // What stands between may have kept it for longer than the browser may.
  const cache = await Forger.before(world.edge.url);
  t.after(() => cache.stop());
  cache.forge((path, body, headers) => ({ body, headers: { ...headers, ...(path.startsWith("/widget.js") ? { age: "3600" } : {}) } }));
  const context = await (await world.browser()).context();
  const url = world.shop.page("shop", cache.url);
  const first = await Widget.at(await context.newPage(), url);
  await first.learn();
  await blackout(world);
  const second = await Widget.at(await context.newPage(), url);
  await second.open();
  await second.say(CANCEL);
  assert.ok((await second.shows(CANCELLED)).device, "the device answers");
  await second.say(UNKNOWN);
  await waits(second, UNKNOWN);
});

test("a tab is closed while both hops are away: the next one has what waited, and delivers it", async (t) => {
  const world = await World.start(t);
  const context = await (await world.browser()).context();
  const url = world.shop.page("shop", world.edge.url);
  const first = await Widget.at(await context.newPage(), url);
  await first.learn();
  await blackout(world);
  await first.say(UNKNOWN);
  await waits(first, UNKNOWN);
  await first.say("and this");
  await waits(first, "and this");
  await first.page.close();

  await world.origin.start();
  await world.edge.start();
  const second = await Widget.at(await context.newPage(), url);
  const agent = await world.agent();
  const { id } = await agent.sees("the conversation", (each) => each.status === "queued", PATIENT);
  await arrived(agent, id, [UNKNOWN, "and this"]);
  await second.open();
  await second.shows(UNKNOWN);
  assert.deepEqual((await second.messages()).map(({ text }) => text), [UNKNOWN, "and this"]);
});
