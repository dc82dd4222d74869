// An agent is there only while their console answers.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Agent } from "./harness/agent.mjs";
import { Console } from "./harness/console.mjs";
import { isStatus } from "./harness/facts.mjs";
import { World } from "./harness/world.mjs";

const BO = { email: "bo@shop.example", name: "Bo", password: "another horse battery" };
/** The lease is half a minute. */
const LAPSED = { within: 90_000 };

test("a console that is frozen loses its conversations; thawed, it finds the truth and its draft", async (t) => {
  const world = await World.start(t, { edge: false, knowledge: false });
  await world.origin.command(["agent", "create", "--email", BO.email, "--name", BO.name, "--password-stdin"], `${BO.password}\n`);
  const browser = await world.browser();
  const page = await browser.page();
  const desk = await Console.logIn(page, world.origin.url);
  const visitor = await world.visitor();
  visitor.say("Is anybody there?");
  await desk.open("Is anybody there?");
  await page.locator("#act-take").click();
  await page.locator("#act-release").waitFor();
  await desk.composer.fill("Just a moment, I");
  await visitor.event("the agent", isStatus("assigned"));

  browser.freeze();
  try {
    const lapsed = await visitor.event("the lapse", ({ content }) => content.reason === "lapsed", LAPSED);
    assert.equal(lapsed.content.status, "queued");
    const bo = await Agent.logIn(world.origin.url, BO);
    t.after(() => bo.close());
    await bo.connect();
    await bo.sees("the conversation in the queue", ({ id, status }) => id === visitor.id && status === "queued");
    await bo.act(visitor.id, { type: "take" });
    browser.thaw();
    await page.locator(".who p").filter({ hasText: "With Bo" }).waitFor();
    await bo.act(visitor.id, { type: "release" });
  } finally {
    browser.thaw();
  }
  await desk.composer.waitFor();
  assert.equal(await desk.composer.inputValue(), "Just a moment, I");
});
