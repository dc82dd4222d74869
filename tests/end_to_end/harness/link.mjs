// A connection of frames in JSON: what it got is kept, and can be waited for.
import { WebSocket } from "ws";

import { until, within } from "./until.mjs";

export class Link {
  frames = [];
  closed = undefined;

  constructor(url, protocols, headers) {
    this.socket = new WebSocket(url.replace(/^http/, "ws"), protocols, { headers, perMessageDeflate: false });
    this.opened = new Promise((resolve, reject) => {
      this.socket.once("open", resolve);
      this.socket.once("unexpected-response", async (_request, response) => {
        let body = "";
        for await (const chunk of response) body += chunk;
        reject(new Refusal(response.statusCode, body));
      });
      this.socket.once("error", reject);
    });
    this.opened.catch(() => {});
    this.socket.on("error", () => {});
    this.socket.on("message", (data) => {
      const frames = JSON.parse(data.toString("utf8"));
      for (const frame of Array.isArray(frames) ? frames : [frames]) {
        this.frames.push(frame);
        this.onframe?.(frame);
      }
    });
    this.socket.on("close", (code, reason) => {
      this.closed = { code, reason: reason.toString() };
    });
  }

  async open() {
    await within(10_000, "the socket opens", this.opened);
    return this;
  }

  send(...frames) {
    this.socket.send(JSON.stringify(frames.length === 1 ? frames[0] : frames));
  }

  /** Bytes as they are: for frames that are none. */
  sendRaw(data, options) {
    this.socket.send(data, options);
  }

  /** The first frame of a type (and for which `where` holds), once it is there. */
  frame(type, where = () => true, options) {
    return until(`a frame "${type}"`, () => this.frames.find((frame) => frame.type === type && where(frame)), options);
  }

  /** Settles once the other side has closed it. */
  closing(options) {
    return until("the socket is closed", () => this.closed, options);
  }

  close() {
    this.socket.terminate();
  }
}

/** An HTTP answer that is no success. */
export class Refusal extends Error {
  constructor(status, body) {
    super(`HTTP ${status}: ${body}`);
    this.status = status;
    try {
      this.problem = JSON.parse(body).error;
    } catch {
      this.problem = undefined;
    }
  }
}
