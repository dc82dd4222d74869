// The Worker's entry module: what workerd and Cloudflare load.
//
// In:  wasm-bindgen's module `./index.js` (built from this crate), whose `fetch` answers
//      requests and whose classes are the Durable Objects.
// Out: the default entrypoint and one class per Durable Object.
// Invariant: a panic in the wasm never leaves a caller waiting. A panic aborts the whole
//      instance, and whatever promise it was working on would never settle. So every call from
//      outside is noted while it runs; when the instance dies all of them fail at once, and the
//      next call starts a fresh instance. Objects are made anew on it: their sockets and their
//      SQL live outside the wasm, their memory is a cache.
// Not here: any logic. `cargo xtask build edge` bundles this file with the bindings.

import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import * as bindings from "./index.js";

// One life of the wasm instance, with what ends every call and stream that runs in it.
let life = { dead: false, running: new Set() };

function bury(error) {
  if (life.dead) return;
  life.dead = true;
  console.error("the wasm instance has aborted; the next call starts a fresh one:", String(error));
  for (const end of life.running) end(new Error("the edge has restarted; please retry"));
  life.running.clear();
}

function notice(error) {
  const overflow = error instanceof RangeError && /call stack/.test(error.message);
  if (overflow || error instanceof WebAssembly.RuntimeError) bury(error);
}

// The panic hook of the crate `worker` sets this flag: the one sign that every panic gives.
// Burial waits until the panicking call has unwound.
Object.defineProperty(bindings.__worker_init_state(), "criticalError", {
  get: () => life.dead,
  set: (critical) => critical && queueMicrotask(() => bury("panic")),
});

// Other aborts inside a task surface here, because no caller is on the stack then.
addEventListener("error", (event) => notice(event.error));
addEventListener("unhandledrejection", (event) => notice(event.reason));

function currentLife() {
  if (life.dead) {
    bindings.__wbg_reset_state();
    life = { dead: false, running: new Set() };
  }
  return life;
}

function call(work) {
  const { running } = currentLife();
  return new Promise((resolve, reject) => {
    running.add(reject);
    const settle = (how, value) => {
      running.delete(reject);
      how(value);
    };
    const fail = (error) => {
      notice(error);
      settle(reject, error);
    };
    try {
      Promise.resolve(work()).then((value) => settle(resolve, value), fail);
    } catch (error) {
      fail(error);
    }
  });
}

// A stream is fed by the instance after its call has returned: it breaks off when that dies.
function mortal(response) {
  const streams = response.headers.get("content-type") === "text/event-stream";
  if (!streams) return response;
  const { running } = life;
  const { readable, writable } = new TransformStream();
  const [reader, writer] = [response.body.getReader(), writable.getWriter()];
  const end = (error) => writer.abort(error).catch(() => {});
  running.add(end);
  // Not `pipeTo`: it looks at nothing else while it waits for what never comes.
  const pump = async () => {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      await writer.write(part.value);
    }
    await writer.close();
  };
  pump().catch(end);
  // Also when the client has gone: then the object is to know at once.
  const over = () => running.delete(end) && reader.cancel().catch(() => {});
  writer.closed.then(over, over);
  return new Response(readable, response);
}

// A class that workerd can construct, which keeps its Rust object on the living instance.
function durable(name) {
  return class extends DurableObject {
    #object;
    #life;

    #run(method, ...args) {
      return call(() => {
        if (this.#life !== life) {
          this.#object = new bindings[name](this.ctx, this.env);
          this.#life = life;
        }
        return this.#object[method](...args);
      });
    }

    async fetch(request) {
      return mortal(await this.#run("fetch", request));
    }
    alarm() {
      return this.#run("alarm");
    }
    webSocketMessage(socket, message) {
      return this.#run("webSocketMessage", socket, message);
    }
    webSocketClose(socket, code, reason, wasClean) {
      return this.#run("webSocketClose", socket, code, reason, wasClean);
    }
    webSocketError(socket, error) {
      return this.#run("webSocketError", socket, error);
    }
  };
}

export const Visitor = durable("Visitor");
export const Directory = durable("Directory");

export default class extends WorkerEntrypoint {
  async fetch(request) {
    try {
      return await call(() => bindings.fetch(request, this.env, this.ctx));
    } catch {
      // The cause is in the log. What the visitor's page needs to know is that trying again is right.
      return Response.json(
        {
          error: {
            code: "internal",
            message: "the edge has restarted; please retry",
            retry_after_ms: 1000,
          },
        },
        {
          status: 503,
          headers: { "retry-after": "1", "access-control-allow-origin": "*", "cache-control": "no-store" },
        },
      );
    }
  }
}
