// What the widget does to the page it is in: as little as possible, and for everybody.
import assert from "node:assert/strict";
import { test } from "node:test";

import { KNOWN, KNOWN_ANSWER, UNKNOWN } from "./harness/questions.mjs";
import { until } from "./harness/until.mjs";
import { NOTHING_STORED, Widget } from "./harness/widget.mjs";
import { Console } from "./harness/console.mjs";
import { World } from "./harness/world.mjs";

test("a page with the widget in it", async (t) => {
  const world = await World.start(t);
  const browser = await world.browser();
  const url = world.shop.page("shop", world.edge.url);

  await t.test("nothing is stored, and nobody is admitted, before the first interaction", async () => {
    const context = await browser.context();
    const page = await context.newPage();
    const asked = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    const widget = await Widget.at(page, url);
    // Loaded when idle, without anybody's having touched it.
    await until("the widget has loaded", () => asked.some((path) => path.endsWith(".wasm")));
    await page.waitForLoadState("networkidle");
    assert.deepEqual(await widget.storage(), NOTHING_STORED);
    assert.deepEqual(await context.cookies(), []);
    assert.ok(!asked.some((path) => path.startsWith("/v1/visitor/")), `it asked for ${asked}`);

    await widget.open();
    await widget.say(KNOWN.en);
    await widget.shows(KNOWN_ANSWER);
    await until("the conversation is kept", async () => (await widget.storage()).databases.length > 0);
    assert.deepEqual(await context.cookies(), []);

    await page.evaluate(() => window.Firsthop("shutdown"));
    assert.equal(await widget.host.count(), 0);
    await until("everything is forgotten", async () => (await widget.storage()).databases.length === 0);
    assert.deepEqual(await widget.storage(), NOTHING_STORED);
    await context.close();
  });

  await t.test("by keyboard and for screen readers", async () => {
    const page = await browser.page();
    const widget = await Widget.at(page, url);
    assert.equal(await widget.launcher.getAttribute("aria-expanded"), "false");
    assert.ok(await widget.launcher.getAttribute("aria-label"));
    await page.locator("#own").focus();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await widget.composer.waitFor();
    assert.equal(await widget.launcher.getAttribute("aria-expanded"), "true");
    await until("the composer has the focus", () => widget.composer.evaluate((element) => element === element.getRootNode().activeElement));
    assert.equal(await widget.panel.getAttribute("aria-modal"), null);
    assert.equal(await widget.log.getAttribute("aria-live"), "polite");
    assert.ok(parseFloat(await widget.composer.evaluate((element) => getComputedStyle(element).fontSize)) >= 16);
    assert.ok(await widget.panel.getByRole("button", { name: /talk to a person/i }).isVisible());
    for (const button of await widget.panel.getByRole("button").all()) {
      const name = (await button.getAttribute("aria-label")) ?? (await button.textContent());
      assert.ok(name.trim(), "a button has no name");
    }
    await page.keyboard.press("Escape");
    await widget.panel.waitFor({ state: "hidden" });
    assert.ok(await widget.launcher.evaluate((element) => element === element.getRootNode().activeElement), "the focus is back");
    // The page stays usable all the while.
    await page.locator("#own").click();
    await page.context().close();
  });

  await t.test("a narrow screen is filled, a wide one is not", async () => {
    const page = await browser.page({ viewport: { width: 360, height: 640 } });
    const widget = await Widget.at(page, url);
    await widget.open();
    const narrow = await widget.panel.boundingBox();
    assert.ok(narrow.width >= 340 && narrow.x >= 0 && narrow.x + narrow.width <= 360, JSON.stringify(narrow));
    await page.setViewportSize({ width: 1280, height: 800 });
    await until("the panel is a panel", async () => (await widget.panel.boundingBox()).width < 500);
    await page.context().close();
  });

  await t.test("the site's styles and the widget's leave each other alone", async () => {
    const head = "<style>*{color:red!important;font-size:3px!important}button,textarea{display:none!important}</style>";
    const page = await browser.page();
    const widget = await Widget.at(page, world.shop.page("loud", world.edge.url, { head }));
    await widget.open();
    assert.ok(await widget.composer.isVisible());
    assert.notEqual(await widget.composer.evaluate((element) => getComputedStyle(element).fontSize), "3px");
    await page.context().close();
  });

  await t.test("markup and control characters are text, for the visitor and for the agent", async () => {
    const page = await browser.page();
    const attack = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>';
    const bidi = "price \u202Ereversed\u202C and \u2066isolated";
    const widget = await Widget.at(page, url);
    await widget.open();
    await widget.say(attack);
    await widget.shows(attack);
    await widget.say(bidi);
    await widget.shows("price reversed and isolated");

    const desk = await Console.logIn(await (await world.browser()).page(), world.origin.url);
    // The only one that waits.
    await desk.open();
    await desk.shows(attack);
    // Both sides read the same.
    const shown = await desk.shows("price reversed and isolated");
    assert.doesNotMatch(shown.all, /[\u202A-\u202E\u2066-\u2069\uFFFD]/);
    await desk.reply(attack);
    await until("the reply is shown", async () => (await widget.messages()).some(({ by, text }) => by === "agent" && text === attack));
    for (const each of [page, desk.page]) {
      assert.equal(await each.evaluate(() => window.hit), undefined, "markup was run");
      assert.equal(await each.locator("img[src=x]").count(), 0);
    }
    await page.context().close();
  });

  await t.test("a page that is not on the list", async () => {
    await world.origin.createInbox("elsewhere", ["https://shop.example"], "Elsewhere");
    const page = await browser.page();
    const widget = await Widget.at(page, world.shop.page("foreign", world.edge.url, { inbox: "elsewhere" }));
    await widget.open();
    await widget.say(UNKNOWN);
    await widget.banner.getByText(/not available on this page/i).waitFor();
    await page.context().close();
  });

  await t.test("the widget's host is down: the page does not mind", async () => {
    const page = await browser.page();
    await page.goto(world.shop.page("orphan", "http://127.0.0.1:9"));
    await page.locator("#own").click();
    await page.context().close();
  });
});

test("a forged answer is shown as a warning in the console", async (t) => {
  const world = await World.start(t);
  const visitor = await world.visitor();
  const claim = { hop: "browser", pack: visitor.welcome.pack, entries: [KNOWN.entry], confidence: 1000, text: "Everything is free." };
  visitor.say(UNKNOWN, { claim });
  const desk = await Console.logIn(await (await world.browser()).page(), world.origin.url);
  await desk.open(UNKNOWN);
  const warning = desk.page.locator("aside.claim");
  await warning.getByText(/unverified/i).first().waitFor();
  assert.ok(!(await desk.entries()).some(({ kind }) => kind === "answered"));
});
