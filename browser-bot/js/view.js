// The panel: draws what src/scene.rs worded, and says what the visitor does.
//
// In: words, a scene, rows. Out: `act(what, of)`. Invariants: texts go in as text nodes and
// attributes as attributes, nothing is ever parsed as markup; drawing the same scene twice
// changes nothing, so that screen readers hear only what is new. It decides nothing. It is not
// Rust because the same in wasm, with its bindings, is three times the size.
// Not here: the styles (style/widget.css), the launcher's button (js/host.js).

const ICONS = {
  mark: "M4.5 16c.9-5.8 4-8.5 7.5-8.5s6.6 2.7 7.5 8.5M12 15.5h.01",
  person: "M12 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM5 19.5c.6-3.3 3.4-5 7-5s6.4 1.7 7 5",
  close: "M6.5 10l5.5 5.5 5.5-5.5",
  send: "M12 19V5.5M6 11l6-6 6 6",
  latest: "M12 5v13.5M6.5 13l5.5 5.5 5.5-5.5",
  info: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 11v5M12 8h.01",
  device: "M13 3L6 13.5h5L10.5 21 18 10.5h-5.5z",
  queued: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4.2l2.8 1.8",
  stored: "M5 12.8l4.3 4.2L19 7.5",
  delivered: "M2.5 12.8l4 4.2L16 7.5M11 16.5l.6.5L21 7.5",
  failed: "M12 4L3 19.5h18zM12 10.5v4M12 17h.01",
};
ICONS.read = ICONS.delivered;

// Scrolled so near to the end counts as at the end, in CSS pixels.
const END_WITHIN = 48;

/** A new element: its name and classes (`div.row.own`), attributes, children (texts or elements). */
const make = (selector, attributes, ...children) => {
  const [name, ...classes] = selector.split(".");
  const element = document.createElement(name);
  if (classes.length) element.className = classes.join(" ");
  for (const key in attributes) element.setAttribute(key, attributes[key]);
  element.append(...children);
  return element;
};
const icon = (name) => {
  const [svg, path] = ["svg", "path"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
};
/** A button; one listener serves all of them, by `data-act` and `data-of`. */
const button = (selector, act, of, ...children) => make("button." + selector, { type: "button", "data-act": act, "data-of": of }, ...children);
/** Sets a text, unless it is that already: screen readers need not hear it again. */
const say = (element, text) => { if (element.textContent !== text) element.textContent = text; };

/**
 * A text as texts and links. Addresses end before white space, quotes, angle brackets, anything
 * that is not ASCII (Chinese text often follows without a space) and what ends the sentence.
 */
export function pieces(text) {
  const found = [];
  let rest = 0;
  for (const match of text.matchAll(/https?:\/\/[!#-&(-;=?-_a-~]+/g)) {
    let address = match[0];
    while (/[.,;:!?\]}]$/.test(address) || (address.endsWith(")") && !address.includes("("))) address = address.slice(0, -1);
    if (/\/\/$/.test(address) || !/\/\//.test(address)) continue;
    if (match.index > rest) found.push(text.slice(rest, match.index));
    found.push({ address });
    rest = match.index + address.length;
  }
  if (rest < text.length) found.push(text.slice(rest));
  return found;
}

/** A text, isolated from what surrounds it. */
const bubble = (text, title) => make("div.bubble", { dir: "auto", ...(title && { title }) }, ...pieces(text).map((piece) =>
  piece.address ? make("a", { href: piece.address, target: "_blank", rel: "noopener noreferrer nofollow ugc" }, piece.address) : piece));

export class View {
  #root;
  #launcher;
  #badge;
  #parts = {};
  #words = {};
  #rows = new Map();
  #own = false;
  #open = false;

  constructor(root, launcher, act) {
    this.#root = root;
    this.#launcher = launcher;
    this.#badge = launcher.querySelector(".badge");
    const part = (name, element) => (this.#parts[name] = element);
    const panel = part("panel", make("section.panel", { id: "panel", role: "dialog", "aria-labelledby": "title", hidden: "" },
      make("header.header", {},
        make("span.mark", {}, icon("mark")),
        make("div.titles", {}, part("title", make("h2.title", { id: "title" })), part("subtitle", make("p.subtitle"))),
        part("close", button("plain.close", "close", "", icon("close")))),
      part("log", make("div.log", { role: "region", tabindex: "0" },
        part("rows", make("div.rows", { role: "log", "aria-live": "polite" })),
        part("typing", make("div.bubble.typing", { role: "status", hidden: "" }, make("i"), make("i"), make("i"))))),
      make("footer.foot", {},
        part("latest", button("latest", "latest", "", icon("latest"), part("latestText", make("span")))),
        part("banner", make("div.banner", { role: "status", hidden: "" }, icon("info"), part("bannerText", make("span")))),
        make("div.form", {},
          part("composer", make("textarea.composer", { rows: "1", dir: "auto", enterkeyhint: "send", "aria-describedby": "complaint" })),
          part("send", button("send", "send", "", icon("send")))),
        part("complaint", make("p.complaint", { id: "complaint", role: "alert" })),
        part("person", button("person", "person", "", icon("person"), part("personText", make("span")))))));
    const { composer, log, latest } = this.#parts;
    latest.hidden = true;
    panel.addEventListener("click", ({ target }) => {
      const pressed = target.closest("[data-act]");
      if (pressed) act(pressed.dataset.act, pressed.dataset.of);
    });
    panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.isComposing) return;
      event.stopPropagation();
      act("close", "");
    });
    // Enter sends; Shift and Enter begin a new line; while an input method composes (Chinese,
    // Japanese …), Enter belongs to it. Safari ends the composition first, then says key 229.
    composer.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      act("send", "");
    });
    composer.addEventListener("input", () => {
      this.#fit();
      act("typed", composer.value.trim());
    });
    log.addEventListener("scroll", () => {
      if (this.atEnd) latest.hidden = true;
      act("scrolled", "");
    });
    launcher.setAttribute("aria-controls", "panel");
    root.append(panel);
  }

  /** Takes the words of a language; everything is drawn anew. */
  label(tag, close, send, log, typing, placeholder, latest, you, bot, failed, retry, discard) {
    this.#words = { tag, close, you, bot, failed, retry, discard };
    const parts = this.#parts;
    for (const [part, label] of [["close", close], ["send", send], ["log", log], ["typing", typing], ["composer", placeholder]]) {
      parts[part].setAttribute("aria-label", label);
    }
    parts.composer.placeholder = placeholder;
    parts.latestText.textContent = latest;
    if (this.#open) this.#launcher.setAttribute("aria-label", close);
    for (const [, [element]] of this.#rows) element.remove();
    this.#rows.clear();
  }

  /** Draws a scene. Rows are arrays of texts, see `row` below. */
  draw(title, subtitle, presence, banner, person, asked, typing, rows) {
    const parts = this.#parts;
    const atEnd = this.atEnd;
    say(parts.title, title);
    say(parts.subtitle, subtitle);
    parts.panel.dataset.presence = presence;
    say(parts.bannerText, banner || "");
    parts.banner.hidden = !banner;
    say(parts.personText, person);
    parts.person.setAttribute("aria-pressed", asked);
    const news = rows.length > this.#rows.size || (typing && parts.typing.hidden);
    parts.typing.hidden = !typing;
    this.#drawRows(rows);
    // Who reads further up stays there, and is told that there is more.
    if (atEnd || (news && this.#own)) this.toEnd();
    else if (news) parts.latest.hidden = false;
  }

  #drawRows(rows) {
    const old = this.#rows;
    this.#rows = new Map();
    let place = this.#parts.rows.firstChild;
    for (const row of rows) {
      const key = row[0] + row[1];
      const looks = row.join("\0");
      const known = old.get(key);
      old.delete(key);
      let element = known?.[0];
      if (known?.[1] !== looks) {
        const fresh = this.#row(...row);
        if (element === place && place) place = fresh;
        element?.replaceWith(fresh);
        element = fresh;
      }
      if (element === place) place = place.nextSibling;
      else this.#parts.rows.insertBefore(element, place);
      this.#rows.set(key, [element, looks]);
    }
    for (const [, [element]] of old) element.remove();
    this.#own = rows.findLast((row) => row[0] !== "note")?.[0] === "own";
  }

  /**
   * One row: its kind (`day`, `note`, or the side of a message), id, text, time in ms, `first` of
   * its side, an agent's name, what stands below (`device`, a state, `failed`) and its words,
   * titles to choose from.
   */
  #row(kind, id, text, at, first, name, below, words, ...choices) {
    const { tag, you, bot, failed, retry, discard } = this.#words;
    const time = (options) => (Number(at) ? new Date(Number(at)).toLocaleString(tag, options) : "");
    if (kind === "day") return make("div.day", {}, time({ weekday: "long", month: "long", day: "numeric" }));
    if (kind === "note") return make("div.note", { dir: "auto" }, text);
    // Everybody hears who speaks; it is shown where it is not plain to see.
    const speaker = make(name && first ? "span.name" : "span.unseen", {}, name || (kind === "own" ? you : bot));
    const row = make("div.row." + kind + (first && ".first"), id && { "data-id": id }, speaker, bubble(text, time({ dateStyle: "medium", timeStyle: "short" })));
    if (choices.length) row.append(make("div.choices", {}, ...choices.map((title) => button("choice", "choose", title, title))));
    if (below) row.append(make("div.meta." + below, {}, icon(below), make("span", {}, ...(below === "failed" ? [failed, " "] : []), words)));
    if (below === "failed") row.lastChild.append(button("link", "retry", id, retry), button("link", "discard", id, discard));
    return row;
  }

  /** Opens the panel; the composer gets the focus. */
  show() {
    this.#open = true;
    this.#parts.panel.hidden = false;
    this.#launcher.setAttribute("aria-expanded", "true");
    this.#launcher.setAttribute("aria-label", this.#words.close);
    this.#badge.hidden = true;
    this.toEnd();
    this.#parts.composer.focus();
  }

  /** Closes it; the focus goes back to the button, if it was in the panel. */
  hide() {
    const within = this.#parts.panel.contains(this.#root.activeElement);
    this.#open = false;
    this.#parts.panel.hidden = true;
    this.#launcher.setAttribute("aria-expanded", "false");
    if (within) this.#launcher.focus();
  }

  /** Shows how many messages are unread, while the panel is closed. */
  count(number, label) {
    say(this.#badge, number);
    this.#badge.hidden = this.#open || number === "0";
    if (!this.#open) this.#launcher.setAttribute("aria-label", label);
  }

  /** What the composer holds. */
  get written() {
    return this.#parts.composer.value;
  }

  /** Puts a text into the composer. */
  write(text) {
    this.#parts.composer.value = text;
    this.#fit();
  }

  /** Says below the composer why its text was not taken; an empty text takes that back. */
  complain(why) {
    say(this.#parts.complaint, why);
  }

  /** Whether the newest message is in sight. */
  get atEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#parts.log;
    return this.#open && scrollHeight - scrollTop - clientHeight <= END_WITHIN;
  }

  /** Goes to the newest message. */
  toEnd() {
    const { log, latest } = this.#parts;
    log.scrollTop = log.scrollHeight;
    latest.hidden = true;
  }

  remove() {
    this.#parts.panel.remove();
  }

  // Makes the composer as high as its text; the styles set the limits.
  #fit() {
    const { composer } = this.#parts;
    composer.style.height = "auto";
    composer.style.height = composer.scrollHeight + "px";
  }
}
