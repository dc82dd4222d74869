// A stream of server-sent events with frames in JSON: what it brought is kept, and can be waited for.
import { until } from "./until.mjs";

const DATA = "data: ";

export class Stream {
  frames = [];
  ended = false;
  #stop;

  constructor(response, stop) {
    this.type = response.headers.get("content-type");
    this.#stop = stop;
    this.#read(response.body).catch(() => {}).finally(() => (this.ended = true));
  }

  async #read(body) {
    let text = "";
    for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const events = text.split("\n\n");
      text = events.pop();
      for (const event of events) {
        if (event.startsWith(DATA)) this.frames.push(...[JSON.parse(event.slice(DATA.length))].flat());
      }
    }
  }

  /** The first frame of a type for which `where` holds, once it is there. */
  frame(type, where = () => true) {
    return until(`the stream brings "${type}"`, () => this.frames.find((frame) => frame.type === type && where(frame)));
  }

  /** Settles once the stream has ended, in whatever way. */
  closing() {
    return until("the stream has ended", () => this.ended);
  }

  close() {
    this.#stop.abort();
  }
}
