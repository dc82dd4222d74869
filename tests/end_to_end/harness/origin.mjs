// The real `firsthop serve`, on a port of its own, which it keeps when it is started again.
import path from "node:path";

import { DEMO_KNOWLEDGE, FIRSTHOP } from "./paths.mjs";
import { Process, run } from "./processes.mjs";
import { until } from "./until.mjs";

export const ADMIN = { email: "ada@shop.example", name: "Ada", password: "correct horse battery staple" };

export class Origin {
  #process;
  #program;
  #port = 0;
  #logs = [];

  /** `through` is what its programs are started by, if they are to see another disk. */
  constructor(directory, env = {}, through = []) {
    this.data = path.join(directory, "origin");
    this.env = env;
    this.#program = [...through, FIRSTHOP];
  }

  /** Starts it, or starts it again on the same data and the same port. */
  async start() {
    const [program, ...before] = this.#program;
    const args = [...before, "serve", "--data", this.data, "--listen", `127.0.0.1:${this.#port}`];
    this.#process = new Process("firsthop serve", program, args, { env: this.env });
    const [, port] = await this.#process.prints(/listens on http:\/\/127\.0\.0\.1:(\d+)/);
    this.#port = Number(port);
    await until("the origin is ready", async () => (await fetch(`${this.url}/readyz`)).ok);
    return this;
  }

  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  get port() {
    return this.#port;
  }

  get pid() {
    return this.#process.pid;
  }

  /** What a readiness probe is told: the status, and what is wrong with the store, if anything is. */
  async readiness() {
    const response = await fetch(`${this.url}/readyz`);
    const { store, why } = await response.json();
    return { status: response.status, store, why };
  }

  /** Everything it has logged so far, over all its starts. */
  get log() {
    return [...this.#logs, this.#process?.log ?? ""].join("");
  }

  /** Ends it as a power cut would, or as asked. */
  async kill(signal = "SIGKILL") {
    const process = this.#process;
    if (!process) return undefined;
    const result = await process.kill(signal);
    this.#logs.push(process.log);
    this.#process = undefined;
    return result;
  }

  async restart() {
    await this.kill();
    return this.start();
  }

  /** One of its other commands, on the same data. */
  command(args, input) {
    const [program, ...before] = this.#program;
    const all = [...before, ...args, "--data", this.data];
    return run(`firsthop ${args.slice(0, 2).join(" ")}`, program, all, { input, env: this.env });
  }

  createAdmin({ email, name, password } = ADMIN) {
    return this.command(["admin", "create", "--email", email, "--name", name, "--password-stdin"], `${password}\n`);
  }

  createInbox(key, origins, name = "Demo shop") {
    const allowed = origins.flatMap((origin) => ["--origin", origin]);
    return this.command(["inbox", "create", "--key", key, "--name", name, ...allowed]);
  }

  async createEdge(url, name = "edge-1") {
    const printed = await this.command(["edge", "create", "--name", name, "--url", url]);
    return JSON.parse(printed.slice(printed.indexOf("{")));
  }

  publish(inbox, file = DEMO_KNOWLEDGE) {
    return this.command(["knowledge", "publish", "--inbox", inbox, file]);
  }
}
