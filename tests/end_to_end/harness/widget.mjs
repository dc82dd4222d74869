// The widget in a page, as its visitor sees it. Playwright looks through the open shadow root.
import { until, within } from "./until.mjs";

export class Widget {
  constructor(page) {
    this.page = page;
    this.host = page.locator("firsthop-widget");
    this.launcher = this.host.locator("button.launcher");
    this.panel = this.host.getByRole("dialog");
    this.composer = this.panel.getByRole("textbox");
    this.log = this.panel.getByRole("log");
    this.banner = this.panel.locator(".banner");
  }

  /** Goes to a page of the shop and waits for the button. */
  static async at(page, url) {
    const widget = new Widget(page);
    // It may come when the page is idle, or once somebody reaches for the button.
    widget.pack = page.waitForResponse((response) => response.url().includes("/v1/packs/"), { timeout: 0 });
    widget.pack.catch(() => {});
    await page.goto(url);
    await widget.launcher.waitFor();
    return widget;
  }

  async open() {
    await this.launcher.click();
    await this.composer.waitFor();
    return this;
  }

  async say(text) {
    await this.composer.fill(text);
    await this.composer.press("Enter");
  }

  /** Presses "Talk to a person", and waits until that is in the conversation. */
  async askPerson() {
    await this.panel.getByRole("button", { name: /talk to a person/i }).click();
    await this.log.getByText(/asked for a person/i).waitFor();
  }

  /** Opens the panel, and waits until the device has the shop's knowledge. */
  async learn() {
    await this.open();
    const pack = await within(20_000, "the device has a pack", this.pack);
    await pack.finished();
    return this;
  }

  /** Waits until a hop has greeted it. */
  isGreeted() {
    return until("a hop has greeted the widget", () => this.page.evaluate(() => globalThis.Firsthop("getVisitorId")));
  }

  /** Kills the tab's process, as the system does that is short of memory. */
  async crash() {
    const crashed = this.page.waitForEvent("crash");
    const session = await this.page.context().newCDPSession(this.page);
    session.send("Page.crash").catch(() => {});
    await crashed;
  }

  /** The messages shown: who said what, how far it has got, whether the device answered. */
  messages() {
    return this.log.locator(".row[data-id]").evaluateAll((rows) =>
      // The greeting is a row too, but no message.
      rows.filter((row) => row.dataset.id.length === 36).map((row) => {
        const state = row.querySelector(".meta")?.className.replace("meta", "").trim();
        return {
          id: row.dataset.id,
          by: ["own", "bot", "agent"].find((side) => row.classList.contains(side)),
          text: row.querySelector(".bubble")?.textContent,
          state: state === "device" ? undefined : state,
          device: state === "device",
        };
      }),
    );
  }

  async message(what, where, options) {
    return until(`the widget shows ${what}`, async () => (await this.messages()).find(where), options).catch(async (error) => {
      throw new Error(`${error.message}; it shows ${JSON.stringify(await this.messages().catch(String), null, 1)}`, { cause: error.cause });
    });
  }

  shows(text, options) {
    return this.message(`"${text}"`, (message) => (text instanceof RegExp ? text.test(message.text) : message.text === text), options);
  }

  /** Waits until the visitor's message `text` is in one of these states; none is "nothing shown". */
  state(text, ...states) {
    return this.message(`"${text}" as ${states}`, (message) => message.by === "own" && message.text === text && states.includes(message.state));
  }

  /** What the visitor's device remembers. */
  storage() {
    return this.page.evaluate(async () => ({
      local: Object.keys(localStorage),
      session: Object.keys(sessionStorage),
      databases: (await indexedDB.databases()).map(({ name }) => name),
      cookies: document.cookie,
      caches: await caches.keys().catch(() => []),
    }));
  }
}

export const NOTHING_STORED = { local: [], session: [], databases: [], cookies: "", caches: [] };
