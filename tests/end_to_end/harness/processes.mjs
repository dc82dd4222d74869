// Child processes of the stories: every one is known, so that every one is ended.
import { spawn } from "node:child_process";
import fs from "node:fs";

import { within } from "./until.mjs";

/** The processes that one has started and that still run, from /proc. */
export function children(parent) {
  return fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
        return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]) === parent;
      } catch {
        return false; // It ended while we looked.
      }
    });
}

/** Everything below a process. */
export const descendants = (pid) => children(pid).flatMap((child) => [child, ...descendants(child)]);

const LOG_CHARS_MAX = 2_000_000;

const live = new Set();
// A run that is cut short takes its processes along.
process.on("exit", () => live.forEach((child) => child.kill("SIGKILL")));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));

export class Process {
  #exited;

  constructor(name, command, args, { env = {}, extraPipes = 0, cwd } = {}) {
    this.name = name;
    this.log = "";
    const stdio = ["pipe", "pipe", "pipe", ...Array(extraPipes).fill("pipe")];
    this.child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio });
    live.add(this.child);
    this.#exited = new Promise((resolve) => {
      const end = (result) => {
        live.delete(this.child);
        resolve(result);
      };
      this.child.once("exit", (code, signal) => end({ code, signal }));
      this.child.once("error", (error) => end({ error }));
    });
    this.#exited.then((result) => {
      this.result = result;
    });
    this.child.stdin.on("error", () => {});
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        if (this.log.length < LOG_CHARS_MAX) this.log += text;
      });
    }
  }

  get pid() {
    return this.child.pid;
  }

  get running() {
    return this.result === undefined;
  }

  /** Settles with `{ code, signal }` once it has ended. */
  exit(milliseconds = 20_000) {
    return within(milliseconds, `${this.name} ends`, this.#exited);
  }

  async kill(signal = "SIGKILL") {
    if (this.running) this.child.kill(signal);
    return this.exit();
  }

  /** The first match of `pattern` in what it prints. */
  async prints(pattern, milliseconds = 30_000) {
    let onData;
    const found = new Promise((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(this.log);
        if (match) resolve(match);
      };
      // Registered after the constructor's listeners, so the log already holds the new text.
      onData = look;
      for (const stream of [this.child.stdout, this.child.stderr]) stream.on("data", onData);
      this.#exited.then((result) => {
        look();
        reject(new Error(`${this.name} ended (${JSON.stringify(result)}) before it printed ${pattern}:\n${this.log}`));
      });
      look();
    });
    try {
      return await within(milliseconds, `${this.name} prints ${pattern}; it printed:\n${this.log}`, found);
    } finally {
      for (const stream of [this.child.stdout, this.child.stderr]) stream.off("data", onData);
    }
  }
}

/** Runs a command to its end; returns stdout, or throws with everything it said. */
export async function run(name, command, args, { input = "", env } = {}) {
  const running = new Process(name, command, args, { env });
  let stdout = "";
  running.child.stdout.on("data", (text) => {
    stdout += text;
  });
  running.child.stdin.end(input);
  const { code, signal, error } = await running.exit(60_000).catch(async (late) => {
    await running.kill();
    throw late;
  });
  if (code !== 0) {
    const why = error ?? new Error(`${name} ended with ${code ?? signal}:\n${running.log}`);
    throw Object.assign(why, { code, log: running.log });
  }
  return stdout;
}
