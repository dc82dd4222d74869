// Chromium, headless, with a profile of its own.
import fs from "node:fs";
import path from "node:path";
import { chromium } from "playwright-core";

import { CHROMIUM } from "./paths.mjs";
import { children, descendants } from "./processes.mjs";

const TIMEOUT_MS = 20_000;
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

export class Browser {
  #contexts = [];
  /** What was started for it: stories start one browser after the other. */
  #roots = [];

  static async launch(directory, { locale = "en-GB", ...options } = {}) {
    const browser = new Browser();
    browser.directory = fs.mkdtempSync(path.join(directory, "chromium-"));
    browser.options = { locale, ...options };
    const before = children(process.pid);
    browser.chromium = await chromium.launch({
      executablePath: CHROMIUM,
      headless: true,
      args: FLAGS,
      env: { ...process.env, TMPDIR: browser.directory },
    });
    browser.#roots = children(process.pid).filter((pid) => !before.includes(pid));
    return browser;
  }

  /** A person's session: cookies and storage of its own, shared by its tabs. */
  async context(options) {
    const context = await this.chromium.newContext({ ...this.options, ...options });
    context.setDefaultTimeout(TIMEOUT_MS);
    this.#contexts.push(context);
    return context;
  }

  /** A tab in a session of its own. */
  async page(options) {
    return (await this.context(options)).newPage();
  }

  /** Stops every process of it, as a machine does that is put to sleep; `thaw` wakes them. */
  freeze() {
    this.#signal("SIGSTOP");
  }

  thaw() {
    this.#signal("SIGCONT");
  }

  #signal(signal) {
    const own = this.#roots.flatMap((pid) => [pid, ...descendants(pid)]);
    for (const pid of own) process.kill(pid, signal);
  }

  close() {
    return this.chromium.close();
  }
}
