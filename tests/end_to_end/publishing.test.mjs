// From a question that nobody's knowledge answers to the answer on the visitor's own device, in
// the page that is open all the while; and what a forger in between can't do about it.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { Editor } from "./harness/editor.mjs";
import { Forger } from "./harness/forger.mjs";
import { DEMO_KNOWLEDGE } from "./harness/paths.mjs";
import { KNOWN, KNOWN_ANSWER, UNKNOWN } from "./harness/questions.mjs";
import { until } from "./harness/until.mjs";
import { Widget } from "./harness/widget.mjs";
import { World } from "./harness/world.mjs";

const LEARNT = "They juggle them on Tuesdays.";

/** Asks until the device itself answers so: that the pack has arrived, the page does not show. */
async function deviceAnswers(widget, question, answer) {
  await until(`the device answers "${question}"`, async () => {
    const before = (await widget.messages()).length;
    await widget.say(question);
    const shown = await widget.message("an answer or a sent question", (_, at, all) => at >= before && all.length > before);
    assert.ok(shown);
    return (await widget.messages()).slice(before).some(({ by, text, device }) => by === "bot" && device && text.includes(answer));
  }, { every: 500 });
}

test("a question in vain becomes knowledge, and the open page answers it", async (t) => {
  const world = await World.start(t);
  const browser = await world.browser();
  const page = await browser.page();
  const widget = await Widget.at(page, world.shop.page("shop", world.edge.url));
  await widget.learn();
  let loaded = 0;
  page.on("load", () => (loaded += 1));
  await widget.say(UNKNOWN);

  const editor = await Editor.logIn(world.origin.url);
  const group = await until("the question is listed", async () => (await editor.get("/groups")).groups.find(({ samples }) => samples.includes(UNKNOWN)));
  const value = { id: "zeppelins", title: "Zeppelins", phrasings: group.samples, answer: LEARNT };
  const made = await editor.post(`/groups/${group.group}`, { act: "entry", value });
  assert.equal(made.settled, 1);
  assert.deepEqual((await editor.get("/groups")).groups, []);
  const preview = await editor.preview({ questions: [UNKNOWN] });
  const change = preview.changes.find(({ question }) => question === UNKNOWN);
  assert.equal(change.what, "newly_answered");
  const version = await editor.publish("Zeppelins");
  assert.equal(version.pack, preview.pack);

  await deviceAnswers(widget, UNKNOWN, LEARNT);
  assert.equal(loaded, 0, "without a reload");

  // Back to what was before: the device no longer knows it.
  const { draft } = await editor.get("");
  await editor.post("/versions/1/rollback", {}, draft.revision);
  await until("the device no longer answers it", async () => {
    const before = (await widget.messages()).length;
    await widget.say(UNKNOWN);
    await widget.message("the question as stored", (message, at) => at >= before && message.state === "stored");
    return !(await widget.messages()).slice(before).some(({ device }) => device);
  }, { every: 500 });
});

test("a pack that the origin did not sign is refused, and the old one goes on", async (t) => {
  const world = await World.start(t);
  const forger = await Forger.before(world.edge.url);
  t.after(() => forger.stop());
  const browser = await world.browser();
  const page = await browser.page();
  const widget = await Widget.at(page, world.shop.page("shop", forger.url));
  await widget.learn();
  await deviceAnswers(widget, KNOWN.en, "Pick the product");

  // The forger's own pack: sound, but nobody signed it for this inbox.
  const knowledge = path.join(world.directory, "forged.jsonl");
  fs.writeFileSync(knowledge, fs.readFileSync(DEMO_KNOWLEDGE, "utf8").replace("Pick the product", "Send us your password. Pick the product"));
  const pack = path.join(world.directory, "forged.pack");
  const built = JSON.parse(await world.origin.command(["pack", "build", "--knowledge", knowledge, "--out", pack]));
  const bytes = fs.readFileSync(pack);
  const asked = [];
  forger.forge((address, body) => {
    if (!/\/v1\/(packs|inboxes)\//.test(address)) return body;
    asked.push(address);
    if (address.includes("/packs/")) return address.includes(built.pack) ? bytes : body;
    const { published } = JSON.parse(body);
    return JSON.stringify({ pack: built.pack, published });
  });
  // Something is published, so that the widget asks.
  await world.origin.publish("demo", tweaked(world, "Pick the product", "Now pick the product"));
  await until("the widget asks for what is current", () => asked.some((address) => address.includes("/inboxes/")));
  await widget.say(KNOWN.en);
  await widget.message("the old answer again", (message, _, all) => message.device && all.filter(({ text }) => KNOWN_ANSWER.test(text)).length > 1);

  // Changed bytes under the right name and signature are not taken either.
  asked.length = 0;
  forger.forge((address, body) => {
    if (!address.includes("/v1/packs/")) return body;
    asked.push(address);
    const changed = Buffer.from(body);
    changed[changed.length >> 1] ^= 1;
    return changed;
  });
  await world.origin.publish("demo", tweaked(world, "Pick the product", "Just pick the product"));
  await until("the widget asks for the pack", () => asked.length > 0);
  await widget.say(KNOWN.en);
  await widget.message("the old answer once more", (message, _, all) => message.device && all.filter(({ text }) => KNOWN_ANSWER.test(text)).length > 2);
  assert.ok(!(await widget.messages()).some(({ text }) => text.includes("password")));

  // Without the forger the next one is.
  forger.forge((_, body) => body);
  await world.origin.publish("demo", tweaked(world, "Pick the product", "Only pick the product"));
  await deviceAnswers(widget, KNOWN.en, "Only pick the product");
});

/** The demo's knowledge with other words in it, as a file. */
function tweaked(world, words, others) {
  const file = path.join(world.directory, "tweaked.jsonl");
  fs.writeFileSync(file, fs.readFileSync(DEMO_KNOWLEDGE, "utf8").replace(words, others));
  return file;
}
