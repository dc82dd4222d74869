// The knowledge editor in a page of the console, as an editor sees it.
import assert from "node:assert/strict";

import { ADMIN } from "./origin.mjs";

/** A first build of a pack on a busy machine. */
const BUILD_MS = 120_000;

export const BO = { email: "bo@shop.example", name: "Bo", password: "another horse battery" };

export class Knowledge {
  constructor(page, origin) {
    this.page = page;
    this.origin = origin;
    this.rows = page.locator("#list a.row");
    this.save = page.locator("#act-save");
  }

  /** Logs in, and waits for the list of what the bot knows. */
  static async logIn(page, origin, { email, password } = ADMIN) {
    const knowledge = new Knowledge(page, origin);
    await page.goto(`${origin}/console/#/knowledge`);
    await page.locator("#email").fill(email);
    await page.locator("#password").fill(password);
    await page.keyboard.press("Enter");
    await knowledge.rows.first().waitFor();
    return knowledge;
  }

  field(name) {
    return this.page.locator(`#field-${name}`);
  }

  fault(name) {
    return this.page.locator(`[id="fault-${name}"]`);
  }

  tab(name) {
    return this.page.locator(".bench-tabs").getByRole("link", { name });
  }

  /** Begins an item of another kind than an entry; `first` is a field that it has. */
  async begin(kind, first) {
    await this.page.locator("[popovertarget=new-kinds]").click();
    await this.page.locator("#new-kinds").getByRole("link", { name: kind, exact: true }).click();
    await this.field(first).waitFor();
  }

  /** Looks at the item's source, which must say that, and goes back to the form. */
  async source(expected) {
    assert.deepEqual(JSON.parse(await this.sourceText()), expected);
  }

  async sourceText() {
    await this.page.getByRole("button", { name: "Source" }).click();
    const text = await this.page.locator("#source").inputValue();
    await this.page.getByRole("button", { name: "Form" }).click();
    return text;
  }

  /** Searches the only entry with that text in it, and opens it; `first` is a field that it has. */
  async open(text, first = "phrasings-0") {
    const search = this.page.waitForResponse((response) => response.url().includes(`q=${encodeURIComponent(text)}`));
    await this.page.locator("#search").fill(text);
    const { items } = await (await search).json();
    await this.page.locator(`#list a.row[href$="/entry/${items[0].item}"]`).click();
    await this.field(first).waitFor();
  }

  /** Saves, and waits until the draft has it. */
  async store() {
    await this.save.click();
    await this.isStored();
  }

  async isStored() {
    await this.page.locator("#act-save[aria-disabled=true]").waitFor();
    await this.page.locator("#act-delete:enabled").waitFor();
    await this.page.locator(".edit-head .unsaved").waitFor({ state: "detached" });
  }

  /** Goes to the preview, and waits until it is there. */
  async preview() {
    await this.tab("Publish").click();
    await this.page.locator(".tiles").waitFor({ timeout: BUILD_MS });
  }

  /** The question's row of the preview: what kind of change, and what comes after it. */
  async change(question) {
    const row = this.page.locator(".change-row", { has: this.page.locator(".change-question", { hasText: question }) });
    await row.waitFor();
    return { what: await row.getAttribute("data-what"), after: await row.locator(".after").textContent() };
  }

  async publish(note = "") {
    await this.page.locator("#publish-note").fill(note);
    await this.page.locator("#act-publish:not([aria-disabled])").click({ timeout: BUILD_MS });
    await this.page.locator(".version.current").waitFor({ timeout: BUILD_MS });
  }
}
