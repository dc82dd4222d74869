// An agent as a program: logs in as the console does, then speaks frames in JSON.
import { uuidv7 } from "./ids.mjs";
import { Link, Refusal } from "./link.mjs";
import { ADMIN } from "./origin.mjs";
import { until } from "./until.mjs";

export class Agent {
  /** Conversations by id, as the list last showed them. */
  list = new Map();
  /** Logs of opened conversations, by id. */
  logs = new Map();
  receipts = new Map();
  revision = 0;

  static async logIn(origin, { email, password } = ADMIN) {
    const response = await fetch(`${origin}/v1/session`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-firsthop-csrf": "1", origin },
      body: JSON.stringify({ email, password }),
    });
    if (!response.ok) throw new Refusal(response.status, await response.text());
    const agent = new Agent();
    agent.origin = origin;
    agent.cookie = response.headers.getSetCookie()[0].split(";")[0];
    return agent;
  }

  async connect() {
    this.link?.close();
    this.link = new Link(`${this.origin}/v1/agent/socket`, ["firsthop.v1.json"], {
      cookie: this.cookie,
      origin: this.origin,
    });
    this.link.onframe = (frame) => this.#take(frame);
    await this.link.open();
    this.link.send({ type: "hello", version: 1, since: this.revision });
    await this.link.frame("welcome");
    for (const [conversation, log] of this.logs) {
      this.link.send({ type: "open", conversation, after: log.at(-1)?.seq ?? 0 });
    }
    return this;
  }

  reconnect() {
    return until("the agent is connected again", () => this.connect(), { every: 100 });
  }

  #take(frame) {
    if (frame.type === "conversations") {
      for (const summary of frame.conversations) this.list.set(summary.id, summary);
      this.revision = frame.revision;
    } else if (frame.type === "events") {
      const log = this.logs.get(frame.conversation);
      if (!log) return;
      for (const event of frame.events) {
        if (event.seq === (log.at(-1)?.seq ?? 0) + 1) log.push(event);
      }
      if (frame.more) this.link.send({ type: "open", conversation: frame.conversation, after: log.at(-1)?.seq ?? 0 });
    } else if (frame.type === "ask") {
      this.link.send({ type: "here", nonce: frame.nonce });
    } else if (frame.type === "receipts") {
      this.receipts.set(frame.conversation, frame.receipts);
    }
  }

  /** Waits until the list shows a conversation for which `where` holds. */
  sees(what, where, options) {
    return until(`the agent's list shows ${what}`, () => [...this.list.values()].find(where), options);
  }

  open(conversation) {
    if (this.logs.has(conversation)) return;
    this.logs.set(conversation, []);
    this.link.send({ type: "open", conversation, after: 0 });
  }

  log(conversation) {
    return this.logs.get(conversation) ?? [];
  }

  event(conversation, what, where, options) {
    return until(`the agent's log holds ${what}`, () => this.log(conversation).find(where), options);
  }

  /** Sends a command and waits until it is done; returns its id. */
  async act(conversation, act, id = uuidv7()) {
    const heard = this.link.frames.length;
    this.link.send({ type: "command", id, conversation, act });
    const frame = await until(`command ${act.type} is answered`, () =>
      this.link.frames.slice(heard).find(
        (each) => ((each.type === "done" || each.type === "refused") && each.id === id) || each.type === "error",
      ),
    );
    if (frame.type !== "done") throw new Error(`${act.type}: ${JSON.stringify(frame)}`);
    return id;
  }

  reply(conversation, text, id) {
    return this.act(conversation, { type: "reply", text }, id);
  }

  resolve(conversation) {
    return this.act(conversation, { type: "resolve" });
  }

  close() {
    this.link?.close();
  }
}
