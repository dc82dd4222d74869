// An agent is there only while their console answers.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Agent } from "./harness/agent.mjs";
import { Console } from "./harness/console.mjs";
import { Widget } from "./harness/widget.mjs";
import { World } from "./harness/world.mjs";

const BO = { email: "bo@shop.example", name: "Bo", password: "another horse battery" };
/** The lease is half a minute. */
const LAPSED = { timeout: 90_000 };

test("a console that is frozen loses its conversations; thawed, it finds the truth and its draft", async (t) => {
  const world = await World.start(t, { edge: false, knowledge: false });
  await world.origin.command(["agent", "create", "--email", BO.email, "--name", BO.name, "--password-stdin"], `${BO.password}\n`);
  const browser = await world.browser();
  const page = await browser.page();
  const desk = await Console.logIn(page, world.origin.url);
  // The visitor's page is in a browser of its own.
  const shop = await (await world.browser()).page();
  const visitor = await Widget.at(shop, world.shop.page("shop", world.origin.url));
  await visitor.open();
  await visitor.say("Is anybody there?");
  await desk.open("Is anybody there?");
  await page.locator("#act-take").click();
  await page.locator("#act-release").waitFor();
  await desk.composer.fill("Just a moment, I");
  await visitor.panel.getByText("You are talking to Ada").waitFor();

  browser.freeze();
  try {
    await visitor.log.getByText("We are finding somebody else for you").waitFor(LAPSED);
    await visitor.banner.getByText("You are next. You can go on writing.").waitFor();
    const bo = await Agent.logIn(world.origin.url, BO);
    t.after(() => bo.close());
    await bo.connect();
    const { id } = await bo.sees("the conversation in the queue", ({ status }) => status === "queued");
    bo.open(id);
    const lapsed = await bo.event(id, "the lapse", ({ content }) => content.reason === "lapsed");
    assert.equal(lapsed.content.status, "queued");
    await bo.act(id, { type: "take" });
    await visitor.panel.getByText("You are talking to Bo").waitFor();
    browser.thaw();
    await page.locator(".who p").filter({ hasText: "With Bo" }).waitFor();
    await bo.act(id, { type: "release" });
  } finally {
    browser.thaw();
  }
  await desk.composer.waitFor();
  assert.equal(await desk.composer.inputValue(), "Just a moment, I");
});
