// The real workerd with our Worker, on a port of its own, which it keeps when started again.
import fs from "node:fs";
import path from "node:path";

import { DEMO, EDGE_DIST, WORKERD } from "./paths.mjs";
import { Process } from "./processes.mjs";
import { until, within } from "./until.mjs";

export class Edge {
  #process;
  #port;
  #command;
  #program = EDGE_DIST;

  /**
   * `key` is what `firsthop edge create` printed; `origin` where batches go. `lie`, given the
   * bindings between wasm and workerd, returns them changed: so a platform misbehaves that doesn't.
   * `env` are further settings; `disk` is where its state is to be, if not in `directory`.
   */
  constructor(directory, port, origin, key, { lie, env, disk } = {}) {
    this.#port = port;
    if (lie) this.#program = misled(path.join(directory, "edge", "program"), lie);
    this.origin = origin;
    this.key = key;
    this.env = env;
    this.state = path.join(disk?.path ?? directory, "edge-state");
    fs.mkdirSync(path.join(disk?.outside ?? directory, "edge-state"), { recursive: true });
    this.#command = [...(disk?.through ?? []), WORKERD];
  }

  async start() {
    const [program, ...before] = this.#command;
    const args = [
      ...before,
      "serve",
      "--control-fd=3",
      `-shttp=127.0.0.1:${this.#port}`,
      `-eorigin=${new URL(this.origin).host}`,
      `-dstate=${this.state}`,
      `-dpages=${DEMO}`,
      path.join(this.#program, "firsthop.capnp"),
    ];
    const env = {
      FIRSTHOP_EDGE_ID: this.key.edge_id,
      FIRSTHOP_EDGE_KEY: this.key.key,
      FIRSTHOP_TOKEN_KEY: this.key.token_key,
      FIRSTHOP_PACK_KEY: this.key.pack_key,
      FIRSTHOP_ORIGIN_URL: this.origin,
      ...this.env,
    };
    this.#process = new Process("workerd", program, args, { env, extraPipes: 1 });
    await within(20_000, "workerd listens", listens(this.#process));
    await until("the edge serves", async () => (await fetch(`${this.url}/healthz`)).ok);
    return this;
  }

  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  get pid() {
    return this.#process.pid;
  }

  get log() {
    return this.#process?.log ?? "";
  }

  async kill(signal = "SIGKILL") {
    const process = this.#process;
    this.#process = undefined;
    return process?.kill(signal);
  }

  async restart() {
    await this.kill();
    return this.start();
  }
}

/** A copy of the Worker whose bindings `lie` has changed. */
function misled(directory, lie) {
  fs.cpSync(EDGE_DIST, directory, { recursive: true });
  const bindings = path.join(directory, "index.js");
  fs.writeFileSync(bindings, lie(fs.readFileSync(bindings, "utf8")));
  return directory;
}

/** Settles once workerd has said on its control pipe that it listens. */
function listens(process) {
  return new Promise((resolve, reject) => {
    let said = "";
    process.child.stdio[3].setEncoding("utf8").on("data", (text) => {
      said += text;
      if (/"event":\s*"listen"/.test(said)) resolve();
    });
    process.exit(60_000).then(
      (result) => reject(new Error(`workerd ended: ${JSON.stringify(result)}\n${process.log}`)),
      () => {},
    );
  });
}
