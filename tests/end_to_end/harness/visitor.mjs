// A visitor's client, written from docs/protocol.md alone, in JSON: what a mini-program or a
// mobile app would be. It keeps the log as it came, so that stories can look for losses.
import { uuidv7 } from "./ids.mjs";
import { Link, Refusal } from "./link.mjs";
import { Stream } from "./stream.mjs";
import { until } from "./until.mjs";

export class Visitor {
  log = [];
  cursor = 0;
  stored = new Map();
  refused = new Map();
  answered = new Map();

  constructor(hop, pageOrigin, admission) {
    this.hop = hop;
    this.pageOrigin = pageOrigin;
    this.admission = admission;
  }

  static async admit(hop, { inbox = "demo", pageOrigin, token } = {}) {
    return new Visitor(hop, pageOrigin, await admission(hop, { inbox, pageOrigin, token }));
  }

  get id() {
    return this.admission.visitor;
  }

  get token() {
    return this.admission.token;
  }

  /** Opens a socket and says hello. */
  async connect({ hop = this.hop, protocols } = {}) {
    this.hop = hop;
    this.link?.close();
    this.link = new Link(
      `${hop}/v1/visitor/socket`,
      protocols ?? ["firsthop.v1.json", `token.${this.token}`],
      this.pageOrigin ? { origin: this.pageOrigin } : {},
    );
    this.link.onframe = (frame) => this.#take(frame);
    await this.link.open();
    this.link.send(this.hello());
    this.welcome = await this.link.frame("welcome");
    return this;
  }

  /** Connects as soon as the server lets it. */
  reconnect(options) {
    return until("the visitor is connected again", () => this.connect(options), { every: 100 });
  }

  hello() {
    return { type: "hello", version: 1, cursor: this.cursor, lang: "en", client: "stories/1" };
  }

  /** Sends a message; returns its id. */
  say(text, { id = uuidv7(), claim, lang = "en" } = {}) {
    this.link.send(submit(text, { id, claim, lang }));
    return id;
  }

  /** Sends what of `messages` (`{ id, text }`) is not stored yet until all of it is, as any client does. */
  insist(messages) {
    const open = () => messages.filter(({ id }) => !this.stored.has(id));
    return until(
      "every message is stored",
      async () => {
        if (open().length === 0) return true;
        if (!this.link || this.link.closed) await this.connect();
        for (const { id, text } of open()) this.say(text, { id });
        return until("an acknowledgement", () => open().length === 0, { within: 2_000 });
      },
      { within: 60_000, every: 100 },
    );
  }

  askPerson(id = uuidv7()) {
    this.link.send({ type: "submit", messages: [{ id, at: Date.now(), said: { type: "person" } }] });
    return id;
  }

  /** The whole-message POST: frames in, frames out. */
  async post(frames, { wait = false, hop = this.hop, token = this.token } = {}) {
    const response = await fetch(`${hop}/v1/visitor/frames${wait ? "?wait=1" : ""}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        ...(this.pageOrigin ? { origin: this.pageOrigin } : {}),
      },
      body: typeof frames === "string" ? frames : JSON.stringify(frames),
    });
    const body = await response.text();
    if (!response.ok) throw new Refusal(response.status, body);
    const answer = body === "" ? [] : JSON.parse(body);
    const received = Array.isArray(answer) ? answer : [answer];
    for (const frame of received) this.#take(frame);
    return received;
  }

  /** The stream of server-sent events; its frames are kept apart from this client's own. */
  async stream({ hop = this.hop, token = this.token } = {}) {
    const stop = new AbortController();
    const response = await fetch(`${hop}/v1/visitor/stream`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        ...(this.pageOrigin ? { origin: this.pageOrigin } : {}),
      },
      body: JSON.stringify(this.hello()),
      signal: stop.signal,
    });
    if (!response.ok) throw new Refusal(response.status, await response.text());
    return new Stream(response, stop);
  }

  #take(frame) {
    switch (frame.type) {
      case "events":
        for (const event of frame.events) this.#takeEvent(event);
        if (frame.more) this.link?.send({ type: "catch_up", after: this.cursor });
        break;
      case "stored":
        for (const id of frame.ids) this.stored.set(id, frame.by);
        break;
      case "refused":
        this.refused.set(frame.id, frame.problem);
        break;
      case "answered":
        this.answered.set(frame.id, frame.answer);
        break;
      default:
    }
  }

  #takeEvent(event) {
    if (event.seq <= this.cursor) return;
    if (event.prev !== this.cursor) {
      // Something before it is missing: the log is read again from where it is whole.
      this.link?.send({ type: "catch_up", after: this.cursor });
      return;
    }
    this.log.push(event);
    this.cursor = event.seq;
  }

  /** The first event of the log for which `where` holds, once it is there. */
  event(what, where, options) {
    return until(`the visitor's log holds ${what}`, () => this.log.find(where), options);
  }

  isStored(id, options) {
    return until(`message ${id} is stored`, () => this.stored.get(id), options);
  }

  isRefused(id, options) {
    return until(`message ${id} is refused`, () => this.refused.get(id), options);
  }

  /** The texts of the log, in order, as `author: text`. */
  texts() {
    return this.log
      .filter((event) => event.content.type === "text" || event.content.type === "answer")
      .map((event) => `${authorOf(event)}: ${event.content.text}`);
  }

  close() {
    this.link?.close();
  }
}

export const authorOf = (event) => (typeof event.author === "string" ? event.author : Object.keys(event.author)[0]);

export function submit(text, { id = uuidv7(), claim, lang = "en" } = {}) {
  return { type: "submit", messages: [{ id, at: Date.now(), said: { type: "text", text, lang, ...(claim ? { claim } : {}) } }] };
}

/** `POST /v1/visitor/admission`. */
export async function admission(hop, { inbox = "demo", pageOrigin, token } = {}) {
  const response = await fetch(`${hop}/v1/visitor/admission`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(pageOrigin ? { origin: pageOrigin } : {}) },
    body: JSON.stringify({ inbox, ...(token ? { token } : {}) }),
  });
  const body = await response.text();
  if (!response.ok) throw new Refusal(response.status, body);
  return JSON.parse(body);
}
