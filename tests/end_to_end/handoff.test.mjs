// A question that the bot can't answer, from a visitor's browser to an agent's and back.
import assert from "node:assert/strict";
import { test } from "node:test";

import { chapters } from "./harness/chapters.mjs";
import { Console } from "./harness/console.mjs";
import { KNOWN, KNOWN_ANSWER, UNKNOWN } from "./harness/questions.mjs";
import { Widget } from "./harness/widget.mjs";
import { World } from "./harness/world.mjs";

test("visitor and agent, each in a browser of their own", async (t) => {
  const world = await World.start(t);
  const proxy = await world.proxyBefore(world.edge.url);
  const visitors = await world.browser();
  const agents = await world.browser();
  const page = await visitors.page();
  const widget = await Widget.at(page, world.shop.page("shop", proxy.url));
  const desk = await Console.logIn(await agents.page(), world.origin.url);
  const chapter = chapters(t);

  await chapter("the bot's part is there for the agent to read", async () => {
    await widget.learn();
    await widget.say(KNOWN.en);
    await widget.shows(KNOWN_ANSWER);
    await widget.say(UNKNOWN);
    await widget.state(UNKNOWN, "stored", "delivered", "read");
    await desk.open(UNKNOWN);
    await desk.shows(KNOWN.en);
    const answer = await desk.shows(KNOWN_ANSWER);
    assert.equal(answer.kind, "answered");
    assert.match(answer.all, new RegExp(KNOWN.entry));
    assert.match(answer.all, /verified/i);
    await desk.shows(UNKNOWN);
  });

  await chapter("the agent's reply arrives, and the message counts as read", async () => {
    await desk.reply("We do, on Tuesdays.");
    const reply = await widget.shows("We do, on Tuesdays.");
    assert.equal(reply.by, "agent");
    await widget.state(UNKNOWN, "read");
    await desk.conversation.getByText("Read", { exact: false }).first().waitFor();
    await widget.say("Thank you");
    await desk.shows("Thank you");
  });

  await chapter("what the agent writes while the visitor is offline waits for them", async () => {
    proxy.cut();
    await page.context().setOffline(true);
    await desk.reply("Anything else?");
    await desk.shows("Anything else?");
    await widget.say("Written offline");
    await widget.state("Written offline", "queued");
    proxy.mend();
    await page.context().setOffline(false);
    await widget.shows("Anything else?", { within: 45_000 });
    await desk.shows("Written offline", { within: 45_000 });
    const texts = (await widget.messages()).map(({ text }) => text);
    assert.equal(texts.filter((text) => text === "Anything else?").length, 1);
    assert.equal((await desk.entries()).filter(({ text }) => text === "Written offline").length, 1);
  });

  await chapter("a reload in mid-conversation shows all of it, and goes on", async () => {
    const before = (await widget.messages()).map(({ text }) => text);
    await page.reload();
    await widget.launcher.waitFor();
    await widget.open();
    await widget.shows("Written offline");
    assert.deepEqual((await widget.messages()).map(({ text }) => text), before);
    await desk.reply("Still there?");
    await widget.shows("Still there?");
  });

  await chapter("the console catches up without a reload when the origin restarts", async () => {
    await world.origin.kill();
    await desk.page.getByText(/can.t be reached|offline|connect/i).first().waitFor();
    await world.origin.start();
    await widget.say("After the restart");
    await desk.shows("After the restart", { within: 45_000 });
    await desk.reply("Welcome back");
    await widget.shows("Welcome back", { within: 45_000 });
  });

  await chapter("resolved, the bot is back; asked for, a person", async () => {
    await desk.button(/^Resolve/).first().click();
    await widget.log.getByText(/closed/i).waitFor();
    await widget.say("steps to check out");
    await widget.message("a second answer", ({ by, text }) => by === "bot" && KNOWN_ANSWER.test(text));
    await widget.askPerson();
    await desk.page.locator("article.changed").getByText(/asked/i).first().waitFor();
  });
});
