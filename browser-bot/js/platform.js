// What the browser does for the widget: storage, other tabs, requests, connections, a timer.
//
// In: calls of the methods below. Out: `report(what, …)`, with the numbers of `Report`; never
// during a call. Invariants: nothing is stored before something is to be kept; whatever the
// browser refuses (storage, locks, sockets), the rest works; a closed connection reports nothing.
// It decides nothing: when to connect, what to send and what to keep, src/shell says. It is not
// Rust because these few lines would be a quarter of the wasm.

const Report = { Recalled: 0, Pack: 1, Admitted: 2, Open: 3, Frames: 4, Polled: 5, Closed: 6, Denied: 7, News: 8, Network: 9, Looked: 10, TimeOut: 11 };
const Transport = { Socket: 0, Stream: 1 };
const CONTENT_TYPE = "application/vnd.firsthop.v1+postcard";

/** A request of IndexedDB, or a transaction, as a promise. */
const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = request.oncomplete = () => resolve(request.result);
  request.onerror = request.onabort = () => reject(request.error);
});

// On the line between tabs, beside reports: a borrower wants something of who has the socket.
const WANTED = -1;

// A stream says something every 15 s; one that is silent for longer than this is dead.
const STREAM_SILENT_AFTER = 35_000;
// So long may admission take before it counts as failed.
const ADMITTED_WITHIN = 9_000;

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

// So long may an edge go on with what it knows of an inbox, and somewhat more.
const POINTER_FRESH_FOR = 11_000;

// Pages without TLS have no WebCrypto: there nothing is safe from whoever sits on the line, and the
// pack's own checksum must do.
const subtle = crypto.subtle;
const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
const bytesOf = (text) => Uint8Array.from(text.match(/../g), (digits) => parseInt(digits, 16));

/**
 * Whether a pack is an inbox's, by the origin's signature (core/src/pack/signature.rs): with the
 * key that the site names, else with the first that signed here, and never an earlier pack.
 */
export class Trust {
  #key;
  #pinned;
  #at = 0;

  constructor(key) {
    this.#key = this.#pinned = key;
  }

  async of(inbox, pack, { at, key, signature }) {
    if (at < this.#at) return false;
    if (!subtle) return !this.#pinned;
    const name = "Ed25519";
    const trusted = await subtle.importKey("raw", bytesOf(this.#key || key), name, false, ["verify"]);
    const said = new TextEncoder().encode(`firsthop pack v1\n${inbox}\n${at}\n${pack}`);
    if (!(await subtle.verify(name, trusted, bytesOf(signature), said))) return false;
    this.#key ||= key;
    this.#at = at;
    return true;
  }
}

export class Platform {
  #edge;
  #direct;
  #tries = 0;
  #inbox;
  #trust;
  #known;
  #past;
  #learning = Promise.resolve();
  #name;
  #report;
  #listeners = new AbortController();
  #channel;
  #timer;
  #database;
  #writing = Promise.resolve();
  #recalled;
  #refused = false;
  #ended = false;
  #link;

  /**
   * `given` are the site's options: `key` is the origin's public key, `origin` its address, if the
   * site names them.
   */
  constructor(edge, inbox, given, report) {
    this.#edge = edge;
    this.#direct = given.origin?.replace(/\/?$/, "/");
    this.#trust = new Trust(given.key);
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
        found = await Promise.all([journal.getAll(), meta.get("token"), meta.get("read"), journal.getAllKeys()].map(done));
        this.#recalled = found.pop().at(-1);
      }
    } catch { /* Then nothing was kept. */ }
    this.#report(Report.Recalled, ...found);
  }

  /** Adds to the journal. */
  append(bytes) {
    this.#write("journal", (store) => store.add(bytes));
  }

  /** Puts one record in the place of all that was recalled; what other tabs added since stays after it. */
  compact(bytes) {
    this.#write("journal", (store) => {
      store.delete(IDBKeyRange.upperBound(this.#recalled));
      store.put(bytes, this.#recalled);
    });
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

  /** The hop to try now: after two tries in vain it is the origin's turn, if the site names it, and so on. */
  #hop() {
    return (this.#tries++ & 2 && this.#direct) || this.#edge;
  }

  /**
   * Reports the inbox's current pack, if there is one that was not reported yet, that is signed as
   * such and whole; without a network, that of the last time. Packs stay in the browser's cache.
   * One that can't be had is asked for again when a hop greets, and with the visitor's messages.
   * Until then the one before goes on. `name`: what a hop says is current, which another part of
   * the same edge may not know for some seconds.
   */
  learn(name, again) {
    // One after another, so that what was signed later also comes later.
    this.#learning = this.#learning.then(async () => {
      const ask = (path, cache) => fetch(`${this.#edge}v1/${path}`, { credentials: "omit", cache });
      const pointer = `inboxes/${encodeURIComponent(this.#inbox)}/pack`;
      const { pack, published } = await (await ask(pointer, "no-cache").catch(() => ask(pointer, "force-cache"))).json();
      if (name && name !== pack && !again) setTimeout(() => this.learn(name, true), POINTER_FRESH_FOR);
      if (pack === this.#known || !(await this.#trust.of(this.#inbox, pack, published))) return;
      // The browser's cache keeps it for good; should that be something else, the next try goes past it.
      const response = await ask("packs/" + pack, this.#past);
      this.#past = "reload";
      const bytes = await response.arrayBuffer();
      if (!response.ok || (subtle && pack !== hex(await subtle.digest("SHA-256", bytes)))) return;
      this.#past = undefined;
      this.#known = pack;
      this.#report(Report.Pack, pack, new Uint8Array(bytes));
    }).catch(() => { /* There is none, or not now. */ });
  }

  /**
   * Asks for a token, or a newer one. Reports it, or else why this page gets none, if that is it.
   * Two tabs that begin at the same time become one visitor: one waits for the other, and then
   * finds its token in the store.
   */
  async admit(number, token) {
    const hop = this.#hop();
    const ask = async (old) => {
      const response = await fetch(hop + "v1/visitor/admission", {
        method: "POST",
        credentials: "omit",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ inbox: this.#inbox, token: old }),
        signal: AbortSignal.timeout?.(ADMITTED_WITHIN),
      });
      const answer = await response.json();
      // An old token that does not do: the server makes nobody new of a visitor unasked.
      if (response.status === 401 && old) return ask();
      if (response.ok) {
        // The connection that it is for goes to the same hop; should that fail, it is the other's turn.
        this.#tries = hop === this.#edge ? 1 : 3;
        await this.keep("token", answer.token);
      }
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
    const hop = this.#hop();
    const give = (what, bytes) => {
      if (this.#link !== link) return;
      if (what === Report.Frames) this.#tries = 0;
      this.#report(what, number, bytes);
    };
    const link = transport === Transport.Socket ? this.#socket(hop, token, give) : this.#posts(hop, transport, token, give);
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

  /**
   * A WebSocket: the tab that holds the lock has it, all others borrow it. Whoever gets the lock
   * after a tab that ended, however it ended, opens the next. Without locks each tab has its own.
   */
  #socket(hop, token, report) {
    const over = new AbortController();
    const line = navigator.locks && window.BroadcastChannel && new BroadcastChannel(this.#name + " socket");
    let socket, borrows, release;
    const give = (what, bytes) => {
      line?.postMessage([what, bytes]);
      report(what, bytes);
    };
    const lead = () => {
      // Who lent the socket is gone; or this connection was given up.
      if (borrows || over.signal.aborted) return report(Report.Closed);
      // `https:` becomes `wss:`, `http:` becomes `ws:`.
      try { socket = new WebSocket(hop.replace(/^http/, "ws") + "v1/visitor/socket", ["firsthop.v1.postcard", "token." + token]); } catch {
        // The page's policy forbids it.
        return report(Report.Closed);
      }
      socket.binaryType = "arraybuffer";
      socket.onopen = () => give(Report.Open);
      socket.onmessage = ({ data }) => (data instanceof ArrayBuffer ? give(Report.Frames, new Uint8Array(data)) : report(Report.Closed));
      socket.onclose = () => report(Report.Closed);
      return new Promise((resolve) => { release = resolve; });
    };
    const send = (bytes) => { if (socket.readyState === 1) socket.send(bytes); };
    if (line) {
      line.onmessage = ({ data: [what, bytes] }) => {
        if (socket) {
          if (what === WANTED) bytes ? send(bytes) : socket.readyState === 1 && line.postMessage([Report.Open]);
        } else if ((borrows ||= what === Report.Open) && what !== WANTED) report(what, bytes);
      };
      navigator.locks.request(line.name, { signal: over.signal }, lead).catch(() => {});
      line.postMessage([WANTED]);
    } else queueMicrotask(lead);
    return {
      send: (bytes) => (socket ? send(bytes) : line?.postMessage([WANTED, bytes])),
      close() {
        over.abort();
        release?.();
        if (socket) {
          line?.postMessage([Report.Closed]);
          socket.close();
        }
        line?.close();
      },
    };
  }

  #posts(hop, transport, token, give) {
    const over = new AbortController();
    const post = async (path, body) => {
      const headers = { "content-type": CONTENT_TYPE, authorization: "Bearer " + token };
      const response = await fetch(hop + "v1/visitor/" + path, { method: "POST", credentials: "omit", headers, body, signal: over.signal });
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
      for (;;) {
        const silent = setTimeout(() => over.abort(), STREAM_SILENT_AFTER);
        const { done, value } = await reader.read();
        clearTimeout(silent);
        if (done) return;
        take(value);
      }
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
