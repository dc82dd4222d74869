// A proxy that reads what it passes on, and can change it: what a forger between browser and edge
// could do. WebSockets pass through it as they are.
import http from "node:http";
import net from "node:net";

export class Forger {
  #server;
  #sockets = new Set();
  #forge = (path, body) => body;

  /** Starts one before `target` (a URL). */
  static async before(target) {
    const forger = new Forger();
    const { hostname, port } = new URL(target);
    forger.#server = http.createServer((request, response) => {
      const headers = { ...request.headers, host: `${hostname}:${port}`, "accept-encoding": "identity" };
      const passed = http.request({ hostname, port, path: request.url, method: request.method, headers }, async (answer) => {
        const chunks = [];
        for await (const chunk of answer) chunks.push(chunk);
        const whole = Buffer.concat(chunks);
        const { "content-length": _, "transfer-encoding": __, connection: ___, ...kept } = answer.headers;
        const forged = forger.#forge(request.url, whole, kept);
        const { status = answer.statusCode, headers: changed, cut = false, body } = forged?.body === undefined ? { body: forged } : forged;
        response.writeHead(status, { ...kept, "cache-control": "no-store", ...changed, ...(cut ? { "content-length": whole.length } : {}) });
        // Less than was promised, and then the line is dead.
        if (cut) response.write(body, () => response.destroy());
        else response.end(body);
      });
      passed.on("error", () => response.destroy());
      request.pipe(passed);
    });
    forger.#server.on("upgrade", (request, client, head) => {
      const server = net.connect(port, hostname, () => {
        const lines = request.rawHeaders.reduce((text, word, at) => text + word + (at % 2 ? "\r\n" : ": "), "");
        server.write(`${request.method} ${request.url} HTTP/1.1\r\n${lines}\r\n`);
        server.write(head);
        client.pipe(server).pipe(client);
      });
      for (const socket of [client, server]) {
        forger.#sockets.add(socket);
        socket.on("error", () => {}).on("close", () => {
          forger.#sockets.delete(socket);
          client.destroy();
          server.destroy();
        });
      }
    });
    await new Promise((resolve) => forger.#server.listen(0, "127.0.0.1", resolve));
    return forger;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  /**
   * From now on answers are what `forge(path, body, headers)` makes of them: a body, or
   * `{ body, status, headers, cut }`; with `cut` the line breaks off after the body. Browsers may
   * cache only what the headers say.
   */
  forge(forge) {
    this.#forge = forge;
  }

  async stop() {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
