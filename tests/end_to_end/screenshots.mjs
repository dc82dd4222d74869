// `node tests/end_to_end/screenshots.mjs`: takes docs/screenshots/*.png of the running system, so
// that the documentation shows what there is. Not a story: nothing is asserted here.
import fs from "node:fs";
import path from "node:path";

import { Console } from "./harness/console.mjs";
import { Knowledge } from "./harness/knowledge.mjs";
import { ROOT } from "./harness/paths.mjs";
import { Widget } from "./harness/widget.mjs";
import { World } from "./harness/world.mjs";

const DIRECTORY = path.join(ROOT, "docs/screenshots");
const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 390, height: 844 };

const SPOKEN = {
  en: {
    page: "en.html",
    locale: "en-GB",
    asked: "how do I place an order",
    followed: "Can I have the phone engraved with my dog's paw print?",
    replied: "Hello! Engraving is done in our Hangzhou shop: send us the picture and we will see what is possible.",
    thanked: "Wonderful, I will do that.",
    tried: "where is my parcel",
    entry: "track my order",
    title: "Engraving",
  },
  zh: {
    page: "index.html",
    locale: "zh-CN",
    asked: "怎么在店里买东西",
    followed: "能把我家狗狗的爪印刻在手机背面吗？",
    replied: "您好！刻字在杭州门店完成，您把照片发给我们，我们看看能不能做。",
    thanked: "太好了，我这就发。",
    tried: "快递到哪了",
    entry: "怎么申请退货",
    title: "手机刻字",
  },
};

const closers = [];
const world = await World.start({ after: (close) => closers.push(close) });
try {
  fs.mkdirSync(DIRECTORY, { recursive: true });
  const browser = await world.browser({ deviceScaleFactor: 1.5 });
  const agent = await world.agent();
  for (const [lang, size, theme] of [
    ["en", "wide", "light"],
    ["en", "narrow", "dark"],
    ["zh", "wide", "dark"],
    ["zh", "narrow", "light"],
  ]) {
    await widget(browser, agent, lang, size, theme);
  }
  await more(agent);
  await console_(browser, "en", "light");
  await console_(browser, "zh", "dark");
  await knowledge(browser, "en", "light");
  await knowledge(browser, "zh", "dark");
} finally {
  for (const close of closers) await close();
}

/** A conversation with an answer of the device and one of an agent. */
async function widget(browser, agent, lang, size, theme) {
  const spoken = SPOKEN[lang];
  const page = await browser.page({
    viewport: size === "wide" ? WIDE : NARROW,
    colorScheme: theme,
    locale: spoken.locale,
  });
  const shown = await Widget.at(page, `${world.edge.url}/demo/${spoken.page}`);
  if (size === "narrow") await shoot(page, `launcher-${size}-${theme}-${lang}`);
  await shown.learn();
  await shown.say(spoken.asked);
  await shown.message("an answer", ({ by }) => by === "bot");
  await shown.say(spoken.followed);
  const { id } = await agent.sees("the question", (each) => each.status === "queued");
  await agent.reply(id, spoken.replied);
  await shown.shows(spoken.replied);
  await shown.say(spoken.thanked);
  await shown.state(spoken.thanked, "stored", "delivered", "read");
  await shoot(page, `widget-${size}-${theme}-${lang}`);
  await page.context().close();
}

/** Others who wait, so that the console's list looks like a working day. */
async function more(agent) {
  for (const [text, lang] of [
    ["My parcel says delivered, but nothing is here. Could somebody look into it?", "en"],
    ["我想给公司采购 200 台手机，可以谈价格吗？", "zh-CN"],
    ["Is there a trade-in for phones of brands that no longer exist?", "en"],
  ]) {
    const visitor = await world.visitor();
    visitor.say(text, { lang });
    visitor.askPerson();
    await agent.sees("them waiting", (each) => each.id === visitor.id && each.status === "queued");
  }
}

async function console_(browser, lang, theme) {
  const spoken = SPOKEN[lang];
  const page = await browser.page({ viewport: { width: 1360, height: 850 }, colorScheme: theme, locale: spoken.locale });
  await page.goto(`${world.origin.url}/console/`);
  await page.locator("#email").waitFor();
  await shoot(page, `console-login-${theme}-${lang}`);
  const desk = await Console.logIn(page, world.origin.url, { button: lang === "zh" ? "登录" : "Log in" });
  await page.goto(`${world.origin.url}/console/#/all`);
  await desk.open(spoken.thanked);
  await desk.shows(spoken.thanked);
  await shoot(page, `console-${theme}-${lang}`);
  await page.context().close();
}

/** The knowledge editor: an entry and a question tried; questions handed off; a preview. */
async function knowledge(browser, lang, theme) {
  const spoken = SPOKEN[lang];
  const page = await browser.page({ viewport: { width: 1440, height: 900 }, colorScheme: theme, locale: spoken.locale });
  const editor = await Knowledge.logIn(page, world.origin.url);
  await page.locator("#try").fill(spoken.tried);
  await page.locator(".trial-result .explained").waitFor();
  await editor.open(spoken.entry);
  await shoot(page, `knowledge-${theme}-${lang}`);
  await page.locator(`.bench-tab[href$="/questions"]`).click();
  await page.locator("a.group-row").first().click();
  await page.locator("#group-make").waitFor();
  await shoot(page, `knowledge-questions-${theme}-${lang}`);
  await page.locator("#group-make").click();
  await editor.field("title").fill(spoken.title);
  await editor.field("answer").fill(spoken.replied);
  await editor.store();
  await page.locator(`.bench-tab[href$="/publish"]`).click();
  await page.locator(".tiles").waitFor({ timeout: 120_000 });
  await shoot(page, `knowledge-preview-${theme}-${lang}`);
  await page.setViewportSize(NARROW);
  await page.goto(`${world.origin.url}/console/#/knowledge`);
  await editor.open(spoken.entry);
  await shoot(page, `knowledge-narrow-${theme}-${lang}`);
  await page.context().close();
}

async function shoot(page, name) {
  // Styles move for a moment; what is photographed stands still.
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.screenshot({ path: path.join(DIRECTORY, `${name}.png`), animations: "disabled" });
  process.stderr.write(`${name}.png\n`);
}
