// An editor of knowledge as a program: docs/editing.md.
import assert from "node:assert/strict";

import { ADMIN } from "./origin.mjs";
import { until } from "./until.mjs";

export class Editor {
  #base;
  #cookie;

  static async logIn(origin, { email, password } = ADMIN, inbox = "demo") {
    const editor = new Editor();
    const response = await fetch(`${origin}/v1/session`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-firsthop-csrf": "1" },
      body: JSON.stringify({ email, password }),
    });
    assert.equal(response.status, 204);
    editor.#cookie = response.headers.get("set-cookie").split(";")[0];
    editor.#base = `${origin}/v1/inboxes/${inbox}/knowledge`;
    return editor;
  }

  async #ask(method, path, body, seen) {
    const headers = { cookie: this.#cookie, "x-firsthop-csrf": "1" };
    if (seen !== undefined) headers["if-match"] = `"${seen}"`;
    const response = await fetch(this.#base + path, { method, headers, body: body && JSON.stringify(body) });
    const answer = await response.json();
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  }

  get(path) {
    return this.#ask("GET", path);
  }

  post(path, body, seen) {
    return this.#ask("POST", path, body, seen);
  }

  /** Makes a preview, and waits for it. */
  async preview(wanted) {
    await this.post("/preview", wanted);
    return until("the preview is done", async () => {
      const preview = await this.get("/preview");
      assert.notEqual(preview.state, "failed", JSON.stringify(preview));
      return preview.state === "done" && preview;
    }, { within: 60_000, every: 100 });
  }

  /** Publishes the draft as it is. */
  async publish(note) {
    const { draft } = await this.get("");
    return this.post("/publish", { note }, draft.revision);
  }
}
