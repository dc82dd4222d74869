// What agents do at the console, each in a browser of their own, with a real origin.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { Console } from "./harness/console.mjs";
import { ADMIN, Origin } from "./harness/origin.mjs";
import { until } from "./harness/until.mjs";
import { World } from "./harness/world.mjs";

const BO = { email: "bo@shop.example", name: "Bo", password: "another horse battery" };

async function logIn(page, { email, password }) {
  await page.locator("#email").fill(email);
  await page.locator("#password").fill(password);
  await page.keyboard.press("Enter");
}

async function start(t) {
  const world = await World.start(t, { edge: false, knowledge: false });
  const browser = await world.browser();
  const console_ = `${world.origin.url}/console/`;
  return { world, browser, console_ };
}

const createBo = (world) =>
  world.origin.command(["agent", "create", "--email", BO.email, "--name", BO.name, "--password-stdin"], `${BO.password}\n`);

const standing = (page) => page.locator(".who p");
const progressOf = (page, text) => page.locator("article.entry", { hasText: text }).locator(".progress");

test("one agent and one visitor", async (t) => {
  const { world, browser } = await start(t);
  const page = await browser.page();
  const desk = await Console.logIn(page, world.origin.url);
  await page.getByText("Nobody is waiting").waitFor();
  const visitor = await world.visitor();

  await t.test("who waits is counted in the title, and taken", async () => {
    visitor.say("Where is my teapot?");
    await desk.open("Where is my teapot?");
    assert.match(await page.title(), /^\(1\) /);
    await page.locator("#act-take").click();
    await standing(page).filter({ hasText: "With you" }).waitFor();
    // What one takes leaves the list of those who wait; the list goes along.
    await until("the list of one's own", () => page.evaluate(() => location.hash.startsWith("#/mine/")));
    await page.locator("a.row[aria-current]").waitFor();
  });

  await t.test("a reply is sent, delivered, read", async () => {
    await desk.reply("On its way 🙂");
    const event = await visitor.event("the reply", ({ content }) => content.text === "On its way 🙂");
    await progressOf(page, "On its way").filter({ hasText: "Sent" }).waitFor();
    visitor.link.send({ type: "seen", delivered: event.seq, read: 0 });
    await progressOf(page, "On its way").filter({ hasText: "Delivered" }).waitFor();
    visitor.link.send({ type: "seen", delivered: event.seq, read: event.seq });
    await progressOf(page, "On its way").filter({ hasText: "Read" }).waitFor();
  });

  await t.test("the visitor types until the message is there", async () => {
    visitor.link.send({ type: "typing", on: true });
    await page.locator(".types").waitFor();
    visitor.say("Thank you");
    await desk.shows("Thank you");
    await page.locator(".types").waitFor({ state: "detached" });
  });

  await t.test("a note stays among colleagues", async () => {
    await desk.composer.press("Escape");
    await page.keyboard.press("n");
    await page.locator("#mode-note[aria-pressed=true]").waitFor();
    await desk.reply("Check the address");
    assert.equal((await desk.shows("Check the address")).kind, "noted");
    await page.locator("#mode-reply").click();
    await desk.reply("One moment");
    await visitor.event("what follows the note", ({ content }) => content.text === "One moment");
    assert.ok(!JSON.stringify(visitor.log).includes("Check the address"));
  });

  await t.test("a draft survives a reload", async () => {
    await desk.composer.fill("half a thought");
    await page.reload();
    await desk.composer.waitFor();
    assert.equal(await desk.composer.inputValue(), "half a thought");
  });

  await t.test("what is written offline is sent once", async () => {
    await world.origin.kill();
    await page.locator(".banner").waitFor();
    await desk.reply("written offline");
    await progressOf(page, "written offline").filter({ hasText: "Will be sent" }).waitFor();
    await world.origin.start();
    await visitor.reconnect();
    await visitor.event("the reply", ({ content }) => content.text === "written offline");
    await progressOf(page, "written offline").filter({ hasText: "Sent" }).waitFor();
    assert.equal((await desk.entries()).filter(({ text }) => text === "written offline").length, 1);
    assert.equal(visitor.texts().filter((text) => text.endsWith("written offline")).length, 1);
  });

  await t.test("what was not sent survives a reload", async () => {
    let blocked = true;
    await page.routeWebSocket(/agent\/socket/, (socket) => (blocked ? socket.close() : socket.connectToServer()));
    page.on("dialog", (dialog) => dialog.accept());
    await page.reload();
    await desk.composer.waitFor();
    await desk.reply("kept by the page");
    await progressOf(page, "kept by the page").filter({ hasText: "Will be sent" }).waitFor();
    await page.reload();
    await progressOf(page, "kept by the page").filter({ hasText: "Will be sent" }).waitFor();
    blocked = false;
    await visitor.event("the reply", ({ content }) => content.text === "kept by the page");
    await progressOf(page, "kept by the page").filter({ hasText: "Sent" }).waitFor();
    assert.equal((await desk.entries()).filter(({ text }) => text === "kept by the page").length, 1);
  });

  await t.test("keys of an input method send nothing; Shift+Enter breaks the line; Ctrl+Enter sends", async () => {
    await desk.composer.fill("你好");
    await desk.composer.evaluate((field) =>
      field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true, cancelable: true })),
    );
    assert.equal(await desk.composer.inputValue(), "你好");
    await desk.composer.press("Shift+Enter");
    await page.keyboard.type("再见");
    assert.equal(await desk.composer.inputValue(), "你好\n再见");
    await desk.composer.press("Control+Enter");
    await visitor.event("both lines", ({ content }) => content.text === "你好\n再见");
  });

  await t.test("what is too long is said, not sent", async () => {
    await desk.composer.fill("x".repeat(9000));
    await page.locator("#composer-hint", { hasText: "too long" }).waitFor();
    await desk.composer.press("Enter");
    assert.equal((await desk.composer.inputValue()).length, 9000);
    await desk.composer.fill("");
  });

  await t.test("logged out, nothing of the agent's is left in the browser", async () => {
    await desk.composer.fill("a secret draft");
    await page.locator(".me").click();
    await page.getByRole("button", { name: "Log out" }).click();
    await page.locator("#email").waitFor();
    const left = await page.evaluate(() => [...Object.values(localStorage), ...Object.values(sessionStorage)].join());
    assert.doesNotMatch(left, /secret/);
  });
});

test("two agents", async (t) => {
  const { world, browser, console_ } = await start(t);
  await createBo(world);
  const ada = await browser.page();
  const bo = await browser.page();
  const atAdas = await Console.logIn(ada, world.origin.url);
  await bo.goto(`${console_}#/all`);
  await logIn(bo, BO);
  const atBos = new Console(bo);
  const visitor = await world.visitor();
  visitor.say("My cup is broken");
  await atAdas.open("My cup is broken");
  await ada.locator("#act-take").click();
  await ada.locator("#act-release").waitFor();
  await atBos.rows.first().click();

  await t.test("a colleague can't reply past the assignee, and takes over knowingly", async () => {
    await bo.getByText("A colleague has this conversation").waitFor();
    await bo.locator("#act-take").click();
    await bo.locator("dialog[open]").getByText("Ada has it now").waitFor();
    await bo.locator("dialog[open]").getByRole("button", { name: "Take over" }).click();
    await bo.locator("#act-release").waitFor();
    await ada.getByText("A colleague has this conversation").waitFor();
  });

  await t.test("a reply that was overtaken fails, says why, and can really be retried", async () => {
    await bo.locator("#act-release").click();
    await ada.locator("#composer").waitFor();
    await ada.context().setOffline(true);
    await ada.locator(".banner").waitFor();
    await atAdas.reply("I am on it");
    await bo.locator("#act-take").click();
    await bo.locator("#act-release").waitFor();
    await ada.context().setOffline(false);
    const failed = progressOf(ada, "I am on it");
    await failed.getByText("A colleague has this conversation").waitFor({ timeout: 45_000 });
    await bo.locator("#act-release").click();
    await bo.locator("#act-take").waitFor();
    await failed.getByRole("button", { name: "Try again" }).click();
    await failed.filter({ hasText: "Sent" }).waitFor();
    await visitor.event("the reply", ({ content }) => content.text === "I am on it");
    await standing(ada).filter({ hasText: "With you" }).waitFor();
  });

  await t.test("resolved and reopened, both see it", async () => {
    await ada.locator("#conversation").focus();
    await ada.keyboard.press("e");
    await ada.locator("#act-reopen").waitFor();
    await bo.locator("#act-reopen").waitFor();
    await bo.keyboard.press("4");
    // What the next steps need is of the new view, not of the one that is going.
    await bo.waitForURL(/#\/resolved$/);
    await bo.locator("#act-reopen").waitFor({ state: "detached" });
    await atBos.rows.first().click();
    await bo.locator("#act-reopen").waitFor();
    await bo.keyboard.press("e");
    await bo.locator("#act-release").waitFor();
    await standing(ada).filter({ hasText: "With Bo" }).waitFor();
  });

  await t.test("keys and clicks that follow at once find what they are meant for", async () => {
    await bo.evaluate(async () => {
      const press = (key) => document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
      // Lets the page draw, and tell nothing of its new address yet.
      const draw = async () => {
        for (let turn = 0; turn < 100; turn += 1) await null;
      };
      press("2");
      await draw();
      document.querySelector("#list a.row").click();
      await draw();
      press("e");
    });
    await bo.locator("#act-reopen").waitFor();
    await bo.keyboard.press("e");
    await bo.locator("#act-release").waitFor();
  });

  await t.test("a login that ends elsewhere is asked for again, and the agent goes on where they were", async () => {
    const other = await bo.context().newPage();
    await other.goto(console_);
    await other.locator(".me").click();
    await other.getByRole("button", { name: "Log out" }).click();
    await bo.getByText("Your login has ended").waitFor({ timeout: 45_000 });
    await logIn(bo, BO);
    await standing(bo).filter({ hasText: "With you" }).waitFor();
  });
});

test("the first account is made by the link that the first start prints", async (t) => {
  const { world, browser } = await start(t);
  const origin = new Origin(fs.mkdtempSync(path.join(world.directory, "first-")));
  try {
    await origin.start();
    const [, secret] = /console\/#\/setup\/([\w-]+)/.exec(origin.log);
    const page = await browser.page();
    await page.goto(`${origin.url}/console/#/setup/${secret}`);
    await page.locator("#name").fill(ADMIN.name);
    await page.locator("#email").fill(ADMIN.email);
    await page.locator("#password").fill(ADMIN.password);
    await page.keyboard.press("Enter");
    await page.getByText("Nobody is waiting").waitFor();
    await page.locator(".me", { hasText: ADMIN.name }).waitFor();
  } finally {
    await origin.kill();
  }
});

test("a colleague's account wants only a password", async (t) => {
  const { world, browser, console_ } = await start(t);
  const page = await browser.page({ locale: "zh-CN" });
  const made = await world.origin.command(["agent", "create", "--email", BO.email, "--name", BO.name, "--link"]);
  const secret = /#\/\w+\/([\w-]+)/.exec(made)[1];
  await page.goto(`${console_}#/welcome/${secret}`);
  await page.locator("#password").fill("short");
  await page.keyboard.press("Enter");
  await page.getByText("密码至少需要 10 个字符").waitFor();
  await page.locator("#password").fill(BO.password);
  await page.keyboard.press("Enter");
  await page.locator(".me", { hasText: BO.name }).waitFor();
  await page.goto(`${console_}#/welcome/${secret}`);
  await page.locator("#password").fill(BO.password);
  await page.keyboard.press("Enter");
  await page.getByText("此链接已被使用或已失效").waitFor();
});

test("a wrong password is said, in the language that was chosen, which is remembered", async (t) => {
  const { browser, console_ } = await start(t);
  const page = await browser.page();
  await page.goto(console_);
  await page.getByRole("button", { name: "切换到中文" }).click();
  await logIn(page, { ...ADMIN, password: "something else" });
  await page.getByRole("alert").getByText("邮箱或密码不正确").waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "登录" }).waitFor();
  await logIn(page, ADMIN);
  await page.getByText("没有访客在等待").waitFor();
});

test("by keyboard alone", async (t) => {
  const { world, browser } = await start(t);
  const page = await browser.page();
  const desk = await Console.logIn(page, world.origin.url);
  for (const text of ["first in line", "second in line"]) {
    (await world.visitor()).say(text);
    await desk.rows.filter({ hasText: text }).waitFor();
  }
  const focused = () => page.evaluate(() => document.activeElement.textContent);
  await page.locator("#list").focus();
  await page.keyboard.press("j");
  assert.match(await focused(), /first in line/);
  await page.keyboard.press("j");
  assert.match(await focused(), /second in line/);
  await page.keyboard.press("ArrowUp");
  assert.match(await focused(), /first in line/);
  await page.keyboard.press("Enter");
  await desk.shows("first in line");
  await until("the conversation has the focus", () => page.evaluate(() => document.activeElement.id === "conversation"));
  await page.keyboard.press("r");
  await until("the composer has the focus", () => page.evaluate(() => document.activeElement.id === "composer"));
  await page.keyboard.type("e j ? are letters here");
  await page.keyboard.press("Enter");
  await desk.shows("e j ? are letters here");
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor({ state: "hidden" });
  await page.keyboard.press("1");
  await desk.rows.filter({ hasText: "second in line" }).waitFor();
});

test("who reads at the end stays there when a banner takes room", async (t) => {
  const { world, browser } = await start(t);
  const page = await browser.page({ viewport: { width: 900, height: 520 } });
  const desk = await Console.logIn(page, world.origin.url);
  const visitor = await world.visitor();
  for (let line = 1; line <= 6; line += 1) await visitor.isStored(visitor.say(`line ${line}\nand more\nof it`));
  await desk.open("line 6");
  const log = page.getByRole("log");
  const isAtEnd = () => log.evaluate((log) => log.scrollHeight > log.clientHeight && log.scrollHeight - log.clientHeight - log.scrollTop <= 1);
  await until("the log is at its end", isAtEnd);
  await world.origin.kill();
  await page.locator(".banner").waitFor();
  await until("the log is at its end again", isAtEnd);
});

test("on a phone one pane shows at a time", async (t) => {
  const { world, browser } = await start(t);
  const page = await browser.page({ viewport: { width: 390, height: 780 } });
  const desk = await Console.logIn(page, world.origin.url);
  (await world.visitor()).say("From my phone");
  await desk.open("From my phone");
  assert.equal(await desk.list.isVisible(), false);
  await page.getByRole("button", { name: "Show details" }).click();
  await page.locator("#details", { hasText: "Demo shop" }).waitFor();
  await page.keyboard.press("Escape");
  await page.locator("#details").waitFor({ state: "hidden" });
  await page.getByRole("link", { name: "Back to the list" }).click();
  await desk.rows.filter({ hasText: "From my phone" }).waitFor();
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
});
