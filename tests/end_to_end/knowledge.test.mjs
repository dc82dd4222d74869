// What editors do with the bot's knowledge, at the console, with a real origin; and what visitors
// notice of it.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Console } from "./harness/console.mjs";
import { chapters } from "./harness/chapters.mjs";
import { isAnswerTo } from "./harness/facts.mjs";
import { BO, Knowledge } from "./harness/knowledge.mjs";
import { ADMIN } from "./harness/origin.mjs";
import { KNOWN, KNOWN_ANSWER, UNKNOWN } from "./harness/questions.mjs";
import { until } from "./harness/until.mjs";
import { Widget } from "./harness/widget.mjs";
import { World } from "./harness/world.mjs";

const ANSWER = "Zeppelins are juggled on Sundays.";

async function start(t, options) {
  const world = await World.start(t, { edge: false, ...options });
  return { world, browser: await world.browser() };
}

/** A second person with a role of their own. */
const account = (world, role) =>
  world.origin.command([role, "create", "--email", BO.email, "--name", BO.name, "--password-stdin"], `${BO.password}\n`);

/** A visitor whose question nobody can answer; waits until it is handed off. */
async function askInVain(world, agent, text) {
  const visitor = await world.visitor();
  visitor.say(text);
  await agent.sees(`"${text}" waiting`, (each) => each.id === visitor.id && each.status === "queued");
  return visitor;
}

test("from a question that was handed off to an answer on the device", async (t) => {
  const { world, browser } = await start(t, { edge: true });
  const chapter = chapters(t);
  const agent = await world.agent();
  const shop = await browser.page();
  const widget = await Widget.at(shop, world.shop.page("shop", world.edge.url));
  await widget.learn();
  await widget.say(KNOWN.en);
  await widget.message("an answer", ({ by, device }) => by === "bot" && device);
  const asker = await askInVain(world, agent, UNKNOWN);
  const page = await browser.page();
  const knowledge = await Knowledge.logIn(page, world.origin.url);

  await chapter("the group becomes an entry", async () => {
    await knowledge.tab(/Questions/).click();
    await page.locator("a.group-row", { hasText: UNKNOWN }).click();
    await page.locator("#group-make").click();
    assert.equal(await knowledge.field("phrasings-0").inputValue(), UNKNOWN);
    await knowledge.field("title").fill("Juggling zeppelins");
    await knowledge.field("answer").fill(ANSWER);
    await knowledge.store();
    await page.locator(".form-more > summary").click();
    assert.equal(await knowledge.field("id").inputValue(), "juggling-zeppelins");
    await knowledge.tab(/Questions/).click();
    await page.getByText("Nothing is left to learn").waitFor();
  });

  await chapter("the preview shows the question with its new answer", async () => {
    await knowledge.preview();
    const change = await knowledge.change(UNKNOWN);
    assert.equal(change.what, "newly_answered");
    assert.match(change.after, /Juggling zeppelins/);
  });

  await chapter("published, the device answers it without a reload", async () => {
    const pack = shop.waitForResponse((response) => response.url().includes("/v1/packs/"), { timeout: 120_000 });
    await knowledge.publish("Zeppelins");
    await page.locator(".version.current", { hasText: "Zeppelins" }).waitFor();
    await (await pack).finished();
    await widget.say(UNKNOWN);
    const answer = await widget.message("the new answer", ({ by, text }) => by === "bot" && text === ANSWER);
    assert.ok(answer.device);
  });

  await chapter("the conversation tells why the bot did not answer, and why it does now", async () => {
    await page.goto(`${world.origin.url}/console/#/all/${asker.id}`);
    await page.getByRole("button", { name: "Why no answer?" }).click();
    // Asked again now, it would be answered.
    await page.locator(".why-body .decision[data-decision=answer]").waitFor();
    await page.locator(".why-body", { hasText: "word for word" }).waitFor();
    await page.locator(".why-body .match", { hasText: "juggling-zeppelins" }).click();
    await until("the entry is open", async () => (await knowledge.field("title").inputValue()) === "Juggling zeppelins");
  });
});

test("an editor's item", async (t) => {
  const { world, browser } = await start(t);
  await account(world, "editor");
  const page = await browser.page();
  const knowledge = await Knowledge.logIn(page, world.origin.url);

  await t.test("what is wrong is said at the field, which gets the focus; nothing is stored", async () => {
    await knowledge.open(KNOWN.entry);
    await knowledge.field("answer-zh").fill("");
    await knowledge.field("answer-en").fill("");
    await knowledge.save.click();
    await knowledge.fault("answer-0").getByText("Please fill this in").waitFor();
    await until("the field has the focus", () => page.evaluate(() => document.activeElement.id === "field-answer"));
    await knowledge.field("answer").fill("Nothing to it.");
    assert.equal(await knowledge.fault("answer-0").textContent(), "");
    await knowledge.store();
  });

  await t.test("a name that is taken", async () => {
    await page.locator("#search").fill("");
    await page.locator("#new-entry").click();
    await knowledge.field("title").fill("Another");
    await knowledge.field("phrasings-0").fill("another question altogether");
    await knowledge.field("answer").fill("Another answer.");
    await page.locator(".form-more > summary").click();
    await knowledge.field("id").fill(KNOWN.entry);
    await knowledge.save.click();
    await knowledge.fault("id").getByText("This name is taken").waitFor();
    await knowledge.field("id").fill("another");
    await knowledge.store();
  });

  await t.test("phrasings get languages of their own", async () => {
    await knowledge.field("phrasings-0").press("Enter");
    await knowledge.field("phrasings-1").fill("另一个问题");
    const form = page.locator("[aria-labelledby=label-phrasings]");
    await form.locator(".add-lang").selectOption("de");
    assert.equal(await knowledge.field("phrasings-en-0").inputValue(), "another question altogether");
    assert.equal(await knowledge.field("phrasings-zh-0").inputValue(), "另一个问题");
    await knowledge.field("phrasings-de-0").fill("noch eine Frage");
    await form.getByRole("button", { name: "Remove zh", exact: true }).click();
    await knowledge.store();
    await knowledge.source({
      id: "another",
      title: "Another",
      phrasings: { en: ["another question altogether"], de: ["noch eine Frage"] },
      answer: "Another answer.",
    });
  });

  await t.test("an entity: what is called what", async () => {
    await knowledge.begin("Entity", "entity");
    await knowledge.field("entity").fill("model");
    await knowledge.field("values-0").fill("X1 Pro");
    await page.getByPlaceholder("Other names, with commas").fill("x1p, 旗舰");
    // It is told either by values or by patterns.
    await knowledge.field("pattern-0").fill("x\\d pro");
    await knowledge.save.click();
    await knowledge.fault("pattern").filter({ hasText: /./ }).waitFor();
    await knowledge.field("pattern-0").fill("");
    await knowledge.store();
    await knowledge.source({ entity: "model", values: { "X1 Pro": ["x1p", "旗舰"] } });
  });

  await t.test("the settings: when the business is open", async () => {
    await knowledge.begin("Settings", "settings-zone");
    await knowledge.field("settings-zone").fill("Asia/Atlantis");
    await knowledge.field("settings-hours-0").fill("mon-fri");
    await page.getByPlaceholder("Hours, such as").fill("09:00-12:00, 13:00-18:00");
    await knowledge.save.click();
    await knowledge.fault("settings.zone").filter({ hasText: /./ }).waitFor();
    await knowledge.field("settings-zone").fill("Asia/Shanghai");
    await knowledge.store();
    await knowledge.source({
      settings: { zone: "Asia/Shanghai", hours: { "mon-fri": ["09:00-12:00", "13:00-18:00"] } },
    });
    // There is one item of them: who wants new ones gets these.
    await knowledge.begin("Synonyms", "synonyms-0");
    await knowledge.begin("Settings", "settings-zone");
    await until("they are the same", async () => (await knowledge.field("settings-zone").inputValue()) === "Asia/Shanghai");
  });

  await t.test("a rule: what it looks for, and what it does", async () => {
    await knowledge.begin("Rule", "rule");
    const any = page.locator("[aria-labelledby=label-any]").first();
    await any.getByLabel("Kind of condition").selectOption({ label: "Entity" });
    const known = page.locator("#entity-names option");
    await until("its entities are offered", async () =>
      (await known.evaluateAll((options) => options.map((option) => option.value))).includes("model"),
    );
    await knowledge.field("any-0").fill("nodel");
    await knowledge.save.click();
    // Told as of a rule, in words, each at its field; the first has the focus.
    await knowledge.fault("rule").getByText("Please fill this in").waitFor();
    await knowledge.fault("answer").getByText("Please fill this in").waitFor();
    await until("the first has the focus", () => page.evaluate(() => document.activeElement.id === "field-rule"));
    await knowledge.field("rule").fill("about-models");
    await page.locator("#action").selectOption({ label: "Suggest entries" });
    assert.equal(await knowledge.field("suggest-0").getAttribute("list"), "entry-ids");
    await knowledge.field("suggest-0").fill(KNOWN.entry);
    await knowledge.save.click();
    await knowledge.fault("any").getByText("no such entity").waitFor();
    await knowledge.field("any-0").fill("model");
    await knowledge.store();
    await knowledge.source({ rule: "about-models", any: [{ entity: "model" }], suggest: [KNOWN.entry] });
    await knowledge.open("another question altogether", "phrasings-en-0");
  });

  await t.test("what is not saved is not left behind without asking", async () => {
    await knowledge.field("title").fill("Another, changed");
    await knowledge.tab("History").click();
    const dialog = page.locator("dialog[open]");
    await dialog.getByRole("button", { name: "Keep editing" }).click();
    await dialog.waitFor({ state: "detached" });
    assert.equal(await knowledge.field("title").inputValue(), "Another, changed");
    await page.goBack();
    await dialog.getByRole("button", { name: "Keep editing" }).click();
    assert.equal(await knowledge.field("title").inputValue(), "Another, changed");
    await knowledge.tab("History").click();
    await dialog.getByRole("button", { name: "Discard changes" }).click();
    await page.locator(".versions").waitFor();
  });

  await t.test("two editors: who comes second sees both versions, and keeps both changes", async () => {
    await knowledge.tab("Entries and rules").click();
    await knowledge.open("another question altogether", "phrasings-en-0");
    const other = await browser.page();
    const atBos = await Knowledge.logIn(other, world.origin.url, BO);
    await atBos.open("another question altogether", "phrasings-en-0");
    await atBos.field("answer").fill("Bo’s answer.");
    await atBos.field("title").fill("Bo’s title");
    await atBos.store();
    await knowledge.field("phrasings-en-0").press("Enter");
    await knowledge.field("phrasings-en-1").fill("one more wording");
    await knowledge.field("title").fill("Ada’s title");
    await knowledge.save.click();
    const conflict = page.locator("#conflict");
    await conflict.getByText("Bo saved this while you were editing").waitFor();
    const row = (name) => conflict.locator("tr", { has: page.locator("code", { hasText: name }) });
    await row("answer").getByText("Bo’s answer.").waitFor();
    await row("title").getByText("Ada’s title").waitFor();
    await row("title").getByText("Bo’s title").click();
    await conflict.getByRole("button", { name: "Save", exact: true }).click();
    await conflict.waitFor({ state: "detached" });
    await knowledge.isStored();
    assert.equal(await knowledge.field("title").inputValue(), "Bo’s title");
    assert.equal(await knowledge.field("answer").inputValue(), "Bo’s answer.");
    assert.equal(await knowledge.field("phrasings-en-1").inputValue(), "one more wording");
  });

  await t.test("a login that ends while something is typed loses nothing", async () => {
    await knowledge.field("title").fill("typed before the login ended");
    await page.context().clearCookies();
    await knowledge.save.click();
    await page.getByText("Your login has ended").waitFor();
    await page.locator("#email").fill(ADMIN.email);
    await page.locator("#password").fill(ADMIN.password);
    await page.keyboard.press("Enter");
    await knowledge.field("title").waitFor();
    assert.equal(await knowledge.field("title").inputValue(), "typed before the login ended");
    await knowledge.store();
  });

  await t.test("as source, and deleted", async () => {
    await page.getByRole("button", { name: "Source" }).click();
    const source = JSON.parse(await page.locator("#source").inputValue());
    assert.equal(source.id, "another");
    await page.locator("#source").fill("{");
    await page.locator("#fault-source").getByText("not valid JSON").waitFor();
    await page.locator("#source").fill(JSON.stringify({ ...source, category: "by source" }));
    await knowledge.store();
    await page.getByRole("button", { name: "Form" }).click();
    await page.locator(".form-more > summary").click();
    assert.equal(await knowledge.field("category").inputValue(), "by source");
    await page.locator("#act-delete").click();
    await page.locator("dialog[open]").getByRole("button", { name: "Delete" }).click();
    await page.getByText("Nothing found").waitFor();
  });
});

test("published, tried, and brought back", async (t) => {
  const { world, browser } = await start(t);
  const chapter = chapters(t);
  const visitor = await world.visitor();
  const answer = async (question) => {
    const id = visitor.say(question);
    return (await visitor.event("the answer", isAnswerTo(id))).content.text;
  };
  const page = await browser.page();
  const knowledge = await Knowledge.logIn(page, world.origin.url);
  const changed = "Ask at the counter.";

  await chapter("tried in the editor's browser, the published knowledge answers", async () => {
    assert.match(await answer(KNOWN.en), KNOWN_ANSWER);
    await page.locator("#try").fill(KNOWN.en);
    await page.locator(".trial-result .decision[data-decision=answer]").waitFor();
    assert.match(await page.locator(".trial-result .explained-answer").textContent(), KNOWN_ANSWER);
    await page.locator("#try").fill(UNKNOWN);
    await page.locator(".trial-result .decision[data-decision=escalate]").waitFor();
  });

  await chapter("a changed answer is previewed, tried as draft, and published", async () => {
    await knowledge.open(KNOWN.entry);
    await knowledge.field("answer-en").fill(changed);
    await knowledge.store();
    await knowledge.preview();
    const change = await knowledge.change(KNOWN.en);
    assert.equal(change.what, "answered_differently");
    assert.ok(change.after.includes(changed));
    await knowledge.tab("Entries and rules").click();
    await page.getByText("Draft", { exact: true }).click();
    await page.locator("#try").fill(KNOWN.en);
    await page.locator(".trial-result .explained-answer", { hasText: changed }).waitFor();
    await knowledge.preview();
    await knowledge.publish();
    await until("visitors get the new answer", async () => (await answer(KNOWN.en)) === changed);
  });

  await chapter("the older version is brought back", async () => {
    await page.getByRole("button", { name: "Bring back version 1" }).click();
    await page.locator("dialog[open]").getByRole("button", { name: "Bring back" }).click();
    await page.locator(".version.current", { hasText: "brought back from version 1" }).waitFor();
    await until("visitors get the old answer", async () => KNOWN_ANSWER.test(await answer(KNOWN.en)));
    await knowledge.tab("Entries and rules").click();
    await knowledge.open(KNOWN.entry);
    assert.match(await knowledge.field("answer-en").inputValue(), KNOWN_ANSWER);
  });
});

test("by keyboard alone", async (t) => {
  const { world, browser } = await start(t);
  const page = await browser.page();
  await Console.logIn(page, world.origin.url);
  const knowledge = new Knowledge(page);
  const focused = (id) => until(`${id} has the focus`, () => page.evaluate((id) => document.activeElement.id === id, id));
  await page.locator("#list").focus();
  await page.keyboard.press("5");
  await knowledge.rows.first().waitFor();
  await page.locator("#new-entry").waitFor();
  await page.keyboard.press("n");
  await focused("field-title");
  await page.keyboard.type("Keyboards");
  // Past the choice of another language.
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await focused("field-phrasings-0");
  await page.keyboard.type("do you sell keyboards");
  await page.keyboard.press("Enter");
  await focused("field-phrasings-1");
  await page.keyboard.type("any keyboards in the shop");
  // Past what adds a line, and a language.
  for (let tabs = 0; tabs < 3; tabs += 1) await page.keyboard.press("Tab");
  await focused("field-answer");
  await page.keyboard.type("We do.");
  await page.keyboard.press("Control+s");
  await knowledge.isStored();
  await page.locator("#conversation").focus();
  await page.keyboard.press("/");
  await focused("search");
  await page.keyboard.type("keyboards");
  await until("it is found", async () => (await knowledge.rows.count()) === 1);
  await page.keyboard.press("ArrowDown");
  assert.match(await page.evaluate(() => document.activeElement.textContent), /Keyboards/);
});

test("agents look, and change nothing", async (t) => {
  const { world, browser } = await start(t);
  await account(world, "agent");
  const page = await browser.page();
  const knowledge = await Knowledge.logIn(page, world.origin.url, BO);
  await knowledge.open(KNOWN.entry);
  assert.equal(await knowledge.field("answer-en").getAttribute("readonly"), "");
  for (const id of ["new-entry", "act-save", "act-delete"]) assert.equal(await page.locator(`#${id}`).count(), 0, id);
  await page.locator("#try").fill(KNOWN.en);
  await page.locator(".trial-result .decision[data-decision=answer]").waitFor();
  await knowledge.tab("History").click();
  await page.locator(".version.current").waitFor();
  assert.equal(await page.locator(".roll-back").count(), 0);
  // Nor does the origin let them, whatever a page shows.
  const refused = await page.evaluate(async () => {
    const response = await fetch("/v1/inboxes/demo/knowledge/items", {
      method: "POST",
      headers: { "content-type": "application/json", "x-firsthop-csrf": "1" },
      body: JSON.stringify({ value: { id: "x", phrasings: ["x y"], answer: "x" } }),
    });
    return [response.status, (await response.json()).error.code];
  });
  assert.deepEqual(refused, [403, "forbidden"]);
});

test("on a phone one pane shows at a time", async (t) => {
  const { world, browser } = await start(t);
  const page = await browser.page({ viewport: { width: 390, height: 780 } });
  const knowledge = await Knowledge.logIn(page, world.origin.url);
  await knowledge.open(KNOWN.entry);
  await page.locator("#list").waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "Try a question" }).click();
  await page.locator("#try").fill(KNOWN.en);
  await page.locator(".trial-result .decision[data-decision=answer]").waitFor();
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await page.locator(".trial").getByRole("button", { name: "Close" }).click();
  await page.getByRole("link", { name: "Back to the entries" }).click();
  await knowledge.rows.first().waitFor();
});
