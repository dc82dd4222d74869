// A whole Firsthop for one story: origin, edge, demo inbox with knowledge, an administrator. It
// ends with the story, and leaves no process, no directory and no open port behind.
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

import { Agent } from "./agent.mjs";
import { Browser } from "./browser.mjs";
import { newDisk } from "./disk.mjs";
import { Edge } from "./edge.mjs";
import { isStatus } from "./facts.mjs";
import { Origin } from "./origin.mjs";
import { Shop } from "./shop.mjs";
import { freePort } from "./ports.mjs";
import { Proxy } from "./proxy.mjs";
import { UNKNOWN } from "./questions.mjs";
import { until } from "./until.mjs";
import { Visitor } from "./visitor.mjs";

const directories = new Set();
// A run that is cut short takes its directories along.
process.on("exit", () => directories.forEach((directory) => fs.rmSync(directory, { recursive: true, force: true })));

export class World {
  #closers = [];

  /**
   * Starts one for the story `t`.
   * `edge: false` leaves the edge out; `knowledge: false` leaves the pack out; `edgeLie` and
   * `edgeEnv` are for `Edge`. `between`, given this world, says by which address the edge reaches
   * the origin, if not by its own: then it may be that no pack gets through. `diskMegabytes` is
   * how large a disk of its own `origin` or `edge` is to have.
   */
  static async start(t, { edge = true, edgeLie, edgeEnv, between, knowledge = true, originEnv = {}, diskMegabytes = {} } = {}) {
    const world = new World();
    t.after(() => world.#end());
    world.directory = fs.mkdtempSync(path.join(os.tmpdir(), "firsthop-story-"));
    directories.add(world.directory);
    world.shop = await Shop.open();
    world.#closers.push(() => world.shop.close());
    const { origin: originDisk, edge: edgeDisk } = await world.#mount(diskMegabytes);
    world.origin = new Origin(originDisk?.path ?? world.directory, originEnv, originDisk?.through);
    world.#closers.push(() => world.origin.kill());
    await world.origin.start();
    await world.origin.createAdmin();
    const port = edge && (await freePort());
    // The demo's pages come from the edge itself.
    const pages = [world.shop.url, ...(edge ? [`http://127.0.0.1:${port}`] : [])];
    await world.origin.createInbox("demo", pages);
    if (knowledge) await world.origin.publish("demo");
    if (edge) await world.#startEdge(port, (await between?.(world)) ?? world.origin.url, { lie: edgeLie, env: edgeEnv, disk: edgeDisk });
    await until("visitors' hop knows the inbox", () => world.#knowsInbox(knowledge && !between));
    return world;
  }

  async #mount(megabytes) {
    this.disks = {};
    for (const [whose, size] of Object.entries(megabytes)) {
      const disk = await newDisk(fs.mkdtempSync(path.join(this.directory, "disk-")), size);
      this.#closers.push(() => disk.unmount());
      this.disks[whose] = disk;
    }
    return this.disks;
  }

  async #startEdge(port, origin, options) {
    const key = await this.origin.createEdge(`http://127.0.0.1:${port}`);
    this.edge = new Edge(this.directory, port, origin, key, options);
    this.#closers.push(() => this.edge.kill());
    await this.edge.start();
  }

  /** What commands change, a running server notices within a second. */
  async #knowsInbox(knowledge) {
    const response = await fetch(`${this.hop}/v1/inboxes/demo/pack`);
    const { pack } = await response.json();
    return response.ok && (pack || !knowledge);
  }

  /** The hop that visitors talk to: the edge if there is one. */
  get hop() {
    return (this.edge ?? this.origin).url;
  }

  /** Admits a JSON client as a visitor of the shop's page. */
  async visitor({ hop = this.hop, connect = true, ...options } = {}) {
    const visitor = await Visitor.admit(hop, { pageOrigin: this.shop.url, ...options });
    this.#closers.push(() => visitor.close());
    return connect ? visitor.connect() : visitor;
  }

  /** An agent as a program, logged in and connected. */
  async agent() {
    const agent = await Agent.logIn(this.origin.url);
    this.#closers.push(() => agent.close());
    return agent.connect();
  }

  /** A visitor who waits for a person, and the ids of what they have sent. */
  async inTheQueue(options) {
    const visitor = await this.visitor(options);
    const first = visitor.say(UNKNOWN);
    await visitor.event("the queue", isStatus("queued"));
    return { visitor, sent: [first] };
  }

  /** Another device of a visitor at the origin, which knows nothing yet. */
  async witness(visitor) {
    const witness = new Visitor(this.origin.url, this.shop.url, visitor.admission);
    this.#closers.push(() => witness.close());
    return witness.connect();
  }

  /** A visitor's question that nothing answers reaches an agent, who opens the conversation. */
  async handedOff(widget) {
    await widget.say(UNKNOWN);
    await widget.state(UNKNOWN, "stored", "delivered", "read");
    const agent = await this.agent();
    const { id } = await agent.sees("the conversation", (each) => each.status === "queued");
    agent.open(id);
    return { agent, id };
  }

  async proxyBefore(url) {
    const proxy = await Proxy.before(url);
    this.#closers.push(() => proxy.stop());
    return proxy;
  }

  /** A browser of its own: another process, nothing shared with others. */
  async browser(options) {
    const browser = await Browser.launch(this.directory, options);
    this.#closers.push(() => browser.close());
    return browser;
  }

  async #end() {
    const failures = [];
    for (const close of this.#closers.reverse()) {
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (this.directory) {
      fs.rmSync(this.directory, { recursive: true, force: true });
      directories.delete(this.directory);
    }
    assert.deepEqual(failures, []);
    assert.deepEqual(children(), [], "a story left processes behind");
  }
}

/** What runs below this process: names of child processes, from /proc. */
function children() {
  const own = String(process.pid);
  return fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
        const end = stat.lastIndexOf(")");
        const [state, parent] = stat.slice(end + 2).split(" ");
        return parent === own && state !== "Z" ? [stat.slice(stat.indexOf("(") + 1, end)] : [];
      } catch {
        return []; // It ended while we looked.
      }
    });
}
