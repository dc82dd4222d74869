// Who only says hello, or thanks, gets a reply and waits for nobody; an editor words it otherwise.
import assert from "node:assert/strict";
import { test } from "node:test";

import { chapters } from "./harness/chapters.mjs";
import { isAnswerTo, isStatus, isText } from "./harness/facts.mjs";
import { Knowledge } from "./harness/knowledge.mjs";
import { KNOWN, KNOWN_ANSWER, UNKNOWN } from "./harness/questions.mjs";
import { Widget } from "./harness/widget.mjs";
import { World } from "./harness/world.mjs";

const HELLO = "Hello! What would you like to know?";
const WELCOME = /You are welcome/;

test("a greeting is replied to on the device, with the network off too, and queues nobody", async (t) => {
  const world = await World.start(t);
  const proxy = await world.proxyBefore(world.edge.url);
  const browser = await world.browser();
  const context = await browser.context();
  const page = await context.newPage();
  const widget = await Widget.at(page, world.shop.page("shop", proxy.url));
  const agent = await world.agent();
  const chapter = chapters(t);
  await widget.learn();
  let conversation;

  await chapter("online", async () => {
    await widget.say("Hi there!");
    assert.ok((await widget.shows(HELLO)).device);
    const { id } = await agent.sees("the conversation", () => true);
    conversation = id;
    agent.open(id);
    const reply = await agent.event(id, "the reply", ({ content }) => content.type === "answer");
    assert.equal(reply.content.source.entry, "starter/hello");
    assert.equal(reply.content.source.hop, "browser");
    assert.ok(reply.content.source.verified);
    assert.equal(agent.list.get(id).status, "pending");
  });

  await chapter("offline", async () => {
    proxy.cut();
    await context.setOffline(true);
    await widget.say("亲，在吗？");
    assert.ok((await widget.shows("您好！请问您想了解什么？")).device, "in the language of the greeting");
    await widget.say(`hello, ${KNOWN.en}`);
    await widget.message("an answer", ({ by, text }) => by === "bot" && KNOWN_ANSWER.test(text));
    await context.setOffline(false);
    proxy.mend();
    await agent.event(conversation, "what was said offline", isText(`hello, ${KNOWN.en}`), { within: 45_000 });
  });
});

test("who waits for an agent, or talks to one, means the agent", async (t) => {
  const world = await World.start(t);
  const agent = await world.agent();
  const visitor = await world.visitor();
  const chapter = chapters(t);
  const status = (expected) =>
    agent.sees(`the conversation ${expected}`, (each) => each.id === visitor.id && each.status === expected);

  await chapter("in the queue the bot does not chat", async () => {
    visitor.say(UNKNOWN);
    await status("queued");
    agent.open(visitor.id);
    // The edge, which speaks first, has heard of it, too.
    await visitor.event("that it waits", isStatus("queued"));
    const greeting = visitor.say("在吗？");
    await agent.event(visitor.id, "the greeting", ({ id }) => id === greeting);
    // What it knows, it says: so it has had its say to the greeting, too.
    const question = visitor.say(KNOWN.en);
    await agent.event(visitor.id, "the answer", isAnswerTo(question));
    assert.ok(!agent.log(visitor.id).some(isAnswerTo(greeting)));
  });

  await chapter("nor while an agent has the conversation", async () => {
    await agent.reply(visitor.id, "Here I am.");
    await visitor.event("the reply", isText("Here I am."));
    const thanks = visitor.say("thanks");
    const more = visitor.say("one more thing");
    await agent.event(visitor.id, "both messages", ({ id }) => id === more);
    assert.ok(!agent.log(visitor.id).some(isAnswerTo(thanks)));
  });

  await chapter("thanks for what is resolved queue nobody", async () => {
    await agent.resolve(visitor.id);
    await visitor.event("that it is resolved", isStatus("resolved"));
    const thanks = visitor.say("Thank you so much!");
    const reply = await visitor.event("a reply", isAnswerTo(thanks));
    assert.match(reply.content.text, WELCOME);
    await status("pending");
  });
});

test("an editor words the replies, and takes one away", async (t) => {
  const world = await World.start(t, { edge: false });
  const browser = await world.browser();
  const page = await browser.page();
  const knowledge = await Knowledge.logIn(page, world.origin.url);
  const chapter = chapters(t);

  await chapter("trying it tells what it is, and leads to the setting", async () => {
    await page.locator("#try").fill("hello");
    await page.locator(".trial-result .why-reason", { hasText: "Small talk" }).waitFor();
    await page.locator(".trial-result .match", { hasText: "starter/hello" }).click();
    await knowledge.field("settings-small_talk-hello").waitFor();
  });

  await chapter("in the form", async () => {
    await knowledge.field("settings-small_talk-hello").fill("Ahoy!");
    await page.getByRole("group", { name: "Who only says OK" }).getByRole("switch").uncheck();
    await knowledge.store();
    const source = JSON.parse(await knowledge.sourceText());
    assert.deepEqual(source.settings.small_talk, { hello: "Ahoy!", ok: false });
  });

  await chapter("published, visitors get it", async () => {
    await knowledge.preview();
    const visitor = await world.visitor();
    await knowledge.publish("Ahoy");
    const hello = visitor.say("hello");
    const reply = await visitor.event("the reply", isAnswerTo(hello));
    assert.equal(reply.content.text, "Ahoy!");
    const agent = await world.agent();
    visitor.say("got it");
    await agent.sees("what nobody replies to", (each) => each.id === visitor.id && each.status === "queued");
  });
});
