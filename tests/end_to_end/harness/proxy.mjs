// A TCP proxy that can be told to misbehave: what stands between a visitor and a server.
import net from "node:net";

export class Proxy {
  #server;
  #sockets = new Set();
  /** What passes through now: the head of its request, and its two ends. */
  #passing = new Set();
  #refused = (head) => false;
  #cut = false;

  /** Starts one before `target` (a URL). */
  static async before(target) {
    const proxy = new Proxy();
    const { hostname, port } = new URL(target);
    proxy.#server = net.createServer((client) => proxy.#serve(client, hostname, Number(port)));
    await new Promise((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  /** Answers 403 to requests whose head matches, such as `/upgrade: websocket/i`. */
  refuse(...patterns) {
    this.#refused = (head) => patterns.some((pattern) => pattern.test(head));
    this.#dropConnections();
  }

  /** Lets nothing through any more. */
  cut() {
    this.#cut = true;
    this.#dropConnections();
  }

  mend() {
    this.#cut = false;
    this.#refused = () => false;
  }

  /** How many connections are open whose request's head matches. */
  count(pattern) {
    return [...this.#passing].filter(({ head }) => pattern.test(head)).length;
  }

  /** From now on nothing gets through on these connections, and they stay open: half open. */
  stall(pattern) {
    for (const { head, client, server } of this.#passing) {
      if (pattern.test(head)) {
        client.unpipe(server);
        server.unpipe(client);
      }
    }
  }

  #serve(client, hostname, port) {
    this.#keep(client);
    if (this.#cut) return client.destroy();
    let head = "";
    const first = (chunk) => {
      head += chunk.toString("latin1");
      if (!head.includes("\r\n\r\n")) return client.once("data", first);
      if (this.#refused(head)) {
        return client.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
      }
      const server = net.connect(port, hostname);
      this.#keep(server);
      // One request a connection, so that each head is looked at.
      server.write(head.replace(/\r\nconnection: keep-alive/i, "\r\nconnection: close"), "latin1");
      client.pipe(server).pipe(client);
      const passing = { head, client, server };
      this.#passing.add(passing);
      client.on("close", () => {
        this.#passing.delete(passing);
        server.destroy();
      });
      server.on("close", () => client.destroy());
    };
    client.once("data", first);
  }

  #keep(socket) {
    this.#sockets.add(socket);
    socket.on("error", () => {}).on("close", () => this.#sockets.delete(socket));
  }

  #dropConnections() {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop() {
    this.#dropConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
