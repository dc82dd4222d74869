// What the browser does for the widget: storage, other tabs, requests, connections, a timer.
//
// In: calls of the methods below. Out: `report(what, …)`, with the numbers of `Report`; never
// during a call. Invariants: nothing is stored before something is to be kept; whatever the
// browser refuses (storage, locks, sockets), the rest works; a closed connection reports nothing.
// It decides nothing: when to connect, what to send and what to keep, src/shell says. It is not
// Rust because these few lines would be a quarter of the wasm.

const Report = { Recalled: 0, PackNamed: 1, PackFetched: 2, Admitted: 3, Open: 4, Frames: 5, Polled: 6, Closed: 7, Denied: 8, News: 9, Network: 10, Looked: 11, TimeOut: 12 };
const Transport = { Socket: 0, Stream: 1 };
const CONTENT_TYPE = "application/vnd.firsthop.v1+postcard";

/** A request of IndexedDB, or a transaction, as a promise. */
const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = request.oncomplete = () => resolve(request.result);
  request.onerror = request.onabort = () => reject(request.error);
});

// What may be held of an event that is not complete: a wire message of 64 KiB in base64, and more.
const EVENT_CHARACTERS_MAX = 128 * 1024;

/** Reads the `data` of server-sent events (HTML, section 9.2), cut anywhere; comments give nothing. */
export function eventReader(give) {
  const decoder = new TextDecoder();
  let rest = "";
  return (chunk) => {
    rest += decoder.decode(chunk, { stream: true });
    const events = rest.split(/\r?\n\r?\n/);
    rest = events.pop();
    if (rest.length > EVENT_CHARACTERS_MAX) throw new Error("an endless event");
    for (const event of events) {
      const data = event.split(/\r?\n/).filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trim());
      if (data.length) give(Uint8Array.from(atob(data.join("")), (c) => c.charCodeAt(0)));
    }
  };
}

export class Platform {
  #edge;
  #inbox;
  #name;
  #report;
  #listeners = new AbortController();
  #channel;
  #timer;
  #database;
  #writing = Promise.resolve();
  #refused = false;
  #ended = false;
  #link;

  constructor(edge, inbox, report) {
    this.#edge = edge;
    this.#inbox = inbox;
    // js/launcher.js deletes the database by this name when nothing else is loaded.
    this.#name = `firsthop ${edge} ${inbox}`;
    this.#report = (...args) => { if (!this.#ended) report(...args); };
    const on = (target, kind, ...args) => target.addEventListener(kind, () => this.#report(...args), { signal: this.#listeners.signal });
    on(window, "online", Report.Network, true);
    on(window, "offline", Report.Network, false);
    on(document, "visibilitychange", Report.Looked);
    if (window.BroadcastChannel) {
      this.#channel = new BroadcastChannel(this.#name);
      this.#channel.onmessage = ({ data }) => { if (data instanceof Uint8Array) this.#report(Report.News, data); };
    }
  }

  /** The page's address and title, as agents see them, each at most so many bytes. */
  page(bytes) {
    const cut = (text) => {
      while (new TextEncoder().encode(text).length > bytes) text = text.slice(0, -1);
      return text;
    };
    return [cut(location.href.split("#")[0].slice(0, bytes)), cut(document.title.slice(0, bytes))];
  }

  /** Whether the visitor can see the page. */
  get visible() {
    return document.visibilityState === "visible";
  }

  /** Whether the browser believes to have a network. */
  get online() {
    return navigator.onLine;
  }

  /** The number of the day in the visitor's time zone. */
  dayOf(millis) {
    return Math.floor((millis - new Date(millis).getTimezoneOffset() * 60_000) / 86_400_000);
  }

  /** Reports `TimeOut` after so many milliseconds, instead of what was set before; never, if negative. */
  setTimer(millis) {
    clearTimeout(this.#timer);
    if (millis >= 0) this.#timer = setTimeout(() => this.#report(Report.TimeOut), millis);
  }

  /** Tells all other tabs. */
  tell(bytes) {
    this.#channel?.postMessage(bytes);
  }

  /** Ends everything; nothing is reported from now on. */
  end() {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#listeners.abort();
    this.#channel?.close();
    this.unlink();
    this.#database?.close();
    this.#database = undefined;
  }

  // ---- Storage: `journal` holds bytes under growing numbers, `meta` holds `token` and `read` ----

  /** Whether the browser refused to keep something. */
  get refused() {
    return this.#refused;
  }

  /** Reports what an earlier visit left, if anything: the journal, the token, how far was read. */
  async recall() {
    let found = [];
    try {
      const database = await this.#open(false);
      if (database) {
        const [journal, meta] = ["journal", "meta"].map((name) => database.transaction(name).objectStore(name));
        found = await Promise.all([journal.getAll(), meta.get("token"), meta.get("read")].map(done));
      }
    } catch { /* Then nothing was kept. */ }
    this.#report(Report.Recalled, ...found);
  }

  /** Adds to the journal. */
  append(bytes) {
    this.#write("journal", (store) => store.add(bytes));
  }

  /** Keeps `token` or `read`. */
  keep(key, value) {
    return this.#write("meta", (store) => store.put(value, key));
  }

  /** Removes everything that is stored, in the end. */
  async forget() {
    this.end();
    await this.#writing;
    // Should another tab not let go, the browser deletes it when that tab closes.
    await new Promise((resolve) => {
      try {
        const request = indexedDB.deleteDatabase(this.#name);
        request.onsuccess = request.onerror = request.onblocked = resolve;
      } catch { resolve(); }
    });
  }

  #write(name, change) {
    this.#writing = this.#writing.then(async () => {
      if (this.#refused || this.#ended) return;
      try {
        const transaction = (await this.#open(true)).transaction(name, "readwrite");
        change(transaction.objectStore(name));
        await done(transaction);
      } catch { this.#refused = !this.#ended; }
    });
    return this.#writing;
  }

  /** The database; none, if there is none and none is to be made. */
  async #open(make) {
    if (this.#database) return this.#database;
    const request = indexedDB.open(this.#name, 1);
    request.onupgradeneeded = () => {
      if (!make) return request.transaction.abort();
      request.result.createObjectStore("journal", { autoIncrement: true });
      request.result.createObjectStore("meta");
    };
    let database;
    try { database = await done(request); } catch (error) {
      if (make) throw error;
      return undefined;
    }
    const close = () => {
      database.close();
      if (this.#database === database) this.#database = undefined;
    };
    // Another tab wants to delete it.
    database.onversionchange = close;
    if (this.#ended) {
      close();
      throw new Error("ended");
    }
    return this.#database = database;
  }

  // ---- Requests ----

  /** Reports the name of the inbox's current pack; without a network, that of the last time. */
  async namePack() {
    const url = `${this.#edge}v1/inboxes/${encodeURIComponent(this.#inbox)}/pack`;
    const ask = (options) => fetch(url, { credentials: "omit", ...options }).then((response) => response.json());
    const named = await ask().catch(() => ask({ cache: "force-cache" })).catch(() => ({}));
    this.#report(Report.PackNamed, named.pack);
  }

  /** Reports a pack's bytes, if they are what its name says. Packs stay in the browser's cache. */
  async fetchPack(name) {
    let bytes;
    try {
      const response = await fetch(`${this.#edge}v1/packs/${name}`, { credentials: "omit", cache: "force-cache" });
      if (response.ok) bytes = new Uint8Array(await response.arrayBuffer());
      // Pages without TLS have no WebCrypto: there nothing is safe from whoever sits on the line,
      // and the pack's own checksum must do.
      if (bytes && crypto.subtle) {
        const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
        if (name !== Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("")) bytes = undefined;
      }
    } catch { bytes = undefined; }
    this.#report(Report.PackFetched, name, bytes);
  }

  /**
   * Asks for a token, or a newer one. Reports it, or else why this page gets none, if that is it.
   * Two tabs that begin at the same time become one visitor: one waits for the other, and then
   * finds its token in the store.
   */
  async admit(number, token) {
    const ask = async (old) => {
      const response = await fetch(`${this.#edge}v1/visitor/admission`, {
        method: "POST",
        credentials: "omit",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ inbox: this.#inbox, token: old }),
      });
      const answer = await response.json();
      // An old token that does not do: the server makes nobody new of a visitor unasked.
      if (response.status === 401 && old) return ask();
      if (response.ok) await this.keep("token", answer.token);
      return [answer.token, [403, 404].includes(response.status) ? answer.error.message : undefined];
    };
    const work = async () => {
      const database = await this.#open(false).catch(() => undefined);
      return ask((database && (await done(database.transaction("meta").objectStore("meta").get("token")))) || token);
    };
    const result = await (navigator.locks ? navigator.locks.request(this.#name, work) : work()).catch(() => []);
    this.#report(Report.Admitted, number, ...result);
  }

  // ---- The connection to the hop above: a WebSocket, or plain requests where none gets through ----

  /** Opens a connection; its reports bear the number. */
  link(number, transport, token) {
    this.unlink();
    const give = (what, bytes) => { if (this.#link === link) this.#report(what, number, bytes); };
    const link = transport === Transport.Socket ? this.#socket(token, give) : this.#posts(transport, token, give);
    this.#link = link;
  }

  /** Sends a wire message. `introduced` is the same with a `hello`, for where each request stands for itself. */
  send(bytes, introduced) {
    this.#link?.send(bytes, introduced);
  }

  /** Asks for what is new, after `Polled`. */
  poll(hello) {
    this.#link?.poll?.(hello);
  }

  /** Closes the connection. */
  unlink() {
    const link = this.#link;
    this.#link = undefined;
    link?.close();
  }

  #socket(token, give) {
    // `https:` becomes `wss:`, `http:` becomes `ws:`.
    let socket;
    try { socket = new WebSocket(this.#edge.replace(/^http/, "ws") + "v1/visitor/socket", ["firsthop.v1.postcard", "token." + token]); } catch {
      // The page's policy forbids it.
      queueMicrotask(() => give(Report.Closed));
      return { send() {}, close() {} };
    }
    socket.binaryType = "arraybuffer";
    socket.onopen = () => give(Report.Open);
    socket.onmessage = ({ data }) => (data instanceof ArrayBuffer ? give(Report.Frames, new Uint8Array(data)) : give(Report.Closed));
    socket.onclose = () => give(Report.Closed);
    return { send: (bytes) => { if (socket.readyState === 1) socket.send(bytes); }, close: () => socket.close() };
  }

  #posts(transport, token, give) {
    const over = new AbortController();
    const post = async (path, body) => {
      const headers = { "content-type": CONTENT_TYPE, authorization: "Bearer " + token };
      const response = await fetch(this.#edge + "v1/visitor/" + path, { method: "POST", credentials: "omit", headers, body, signal: over.signal });
      if (response.ok) return response;
      throw response.status;
    };
    const fail = (why) => give(why === 401 ? Report.Denied : Report.Closed);
    const exchange = (path, body, polls) => post(path, body)
      .then((response) => response.arrayBuffer())
      .then((bytes) => {
        give(Report.Frames, new Uint8Array(bytes));
        if (polls) give(Report.Polled);
      }, fail);
    const stream = async (body) => {
      const reader = (await post("stream", body)).body.getReader();
      const take = eventReader((bytes) => give(Report.Frames, bytes));
      for (let read; !(read = await reader.read()).done;) take(read.value);
    };
    let begun = false;
    // There is nothing to be opened before the first frames.
    queueMicrotask(() => give(Report.Open));
    return {
      send(_, introduced) {
        const first = !begun;
        begun = true;
        if (first && transport === Transport.Stream) stream(introduced).then(() => give(Report.Closed), fail);
        else exchange("frames", introduced, first);
      },
      poll: (hello) => exchange("frames?wait=1", hello, true),
      close: () => over.abort(),
    };
  }
}
