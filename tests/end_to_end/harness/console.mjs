// The agents' console in a page, as an agent sees it.
import { ADMIN } from "./origin.mjs";
import { until } from "./until.mjs";

export class Console {
  constructor(page) {
    this.page = page;
    this.list = page.locator("#list");
    this.rows = this.list.locator("a.row");
    this.conversation = page.locator("#conversation");
    this.composer = page.locator("textarea#composer");
  }

  /** Opens the console and logs in through its form. */
  static async logIn(page, origin, { button = "Log in" } = {}) {
    const { email, password } = ADMIN;
    await page.goto(`${origin}/console/`);
    await page.locator("#email").fill(email);
    await page.locator("#password").fill(password);
    await page.getByRole("button", { name: button, exact: true }).click();
    const console = new Console(page);
    await console.list.waitFor();
    return console;
  }

  /** Opens the first conversation whose row shows `text`, once there is one. */
  async open(text = "") {
    await this.rows.filter({ hasText: text }).first().click();
    await this.composer.waitFor();
  }

  async reply(text) {
    await this.composer.fill(text);
    await this.composer.press("Enter");
  }

  /** The entries of the open conversation: their kind and text. */
  entries() {
    return this.page.locator("article.entry").evaluateAll((entries) =>
      entries.map((entry) => ({
        kind: ["asked", "replied", "answered", "noted", "changed"].find((kind) => entry.classList.contains(kind)),
        text: entry.querySelector(".text")?.textContent ?? entry.textContent,
        all: entry.textContent,
      })),
    );
  }

  shows(text, options) {
    const matches = (entry) => (text instanceof RegExp ? text.test(entry.text) : entry.text === text);
    return until(`the console shows "${text}"`, async () => (await this.entries()).find(matches), options).catch(async (error) => {
      throw new Error(`${error.message}; it shows ${JSON.stringify(await this.entries().catch(String), null, 1)}`, { cause: error.cause });
    });
  }

  button(name) {
    return this.page.getByRole("button", { name });
  }
}
