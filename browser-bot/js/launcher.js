// The launcher: the one script that a site includes.
//
//     <script src="https://EDGE/widget.js" data-inbox="KEY" async></script>
//
// In: the tag's data attributes and calls of the global `Firsthop(verb, …)`, also those that were
// queued before this script ran. Out: a button. Everything else (wasm, its glue, the panel's
// styles) is loaded when the visitor reaches for the button, or when the page is idle.
// Invariants: nothing is stored here; nothing of the page is touched but the one element that is
// added; a page on which this fails stays as it was.
// Not here: the button (js/host.js), the panel and everything behind it (src/).
import { createHost, language } from "./host.js";

const FAILED = {
  en: "Chat can’t be loaded right now. Please try again in a moment.",
  zh: "客服窗口暂时无法加载，请稍后再试。",
};

const script = document.currentScript || document.querySelector("script[data-inbox]");
const earlier = window.Firsthop;
// A second tag in the same page does nothing.
if (script && !earlier?.launched) {
  const listeners = {};
  let options, shown, widget, loading, attempts = 0;

  const emit = (name, detail) => {
    for (const listener of [...(listeners[name] || [])]) {
      // A site's faulty listener must not stop the widget; the console still shows the fault.
      try { listener(detail); } catch (error) { setTimeout(() => { throw error; }); }
    }
  };

  const load = () => {
    const mine = shown;
    // Some browsers remember that a module failed to load: another address is tried afresh.
    const retry = attempts ? "?" + attempts : "";
    return loading ||= import(new URL("w/" + __FIRSTHOP_MODULE__ + retry, script.src).href)
      .then((module) => module.start({ ...options, ...mine, lang: mine.host.lang, emit }))
      .then((started) => {
        widget = started;
        mine.button.dataset.loaded = "";
        emit("ready");
      })
      .catch((error) => {
        attempts += 1;
        loading = undefined;
        throw error;
      });
  };
  const preload = () => { if (shown) load().catch(() => {}); };

  // What the visitor or the site wants done; the widget is loaded for it if need be.
  const act = async (verb, ...args) => {
    if (!shown) return;
    const { button, notice } = shown;
    notice.textContent = "";
    if (!widget) {
      button.setAttribute("aria-busy", "true");
      try { await load(); } catch { notice.textContent = FAILED[language(options)]; }
      button.removeAttribute("aria-busy");
    }
    widget?.[verb](...args);
  };

  const paint = () => {
    if (shown || !options) return;
    shown = createHost(options);
    shown.button.onclick = () => act("toggle");
    shown.button.onpointerenter = shown.button.onfocus = preload;
    // Who saves data gets the rest only when they reach for the button.
    if (navigator.connection?.saveData) return;
    const idle = () => (window.requestIdleCallback || setTimeout)(preload);
    if (document.readyState === "complete") idle();
    else addEventListener("load", idle, { once: true });
  };

  const verbs = {
    boot(given) {
      if (options) return verbs.update(given);
      const wanted = { edge: new URL(".", script.src).href, ...script.dataset, ...given };
      if (!wanted.inbox) throw new TypeError('Firsthop: "boot" needs the key of an inbox: Firsthop("boot", { inbox: "…" })');
      options = { ...wanted, edge: wanted.edge.replace(/\/?$/, "/") };
      if (document.body) paint();
      else addEventListener("DOMContentLoaded", paint, { once: true });
    },
    update(given) {
      if (!options) return;
      options = { ...options, ...given };
      shown?.dress(options);
      if (shown) widget?.update({ ...options, lang: shown.host.lang });
    },
    async shutdown() {
      if (!options) return;
      const { edge, inbox } = options;
      const gone = shown;
      options = shown = undefined;
      gone?.remove();
      await loading?.catch(() => {});
      // Without the module nothing runs; what an earlier visit stored goes all the same. The
      // database's name is that of js/platform.js.
      if (widget) await widget.shutdown();
      else try { indexedDB.deleteDatabase(`firsthop ${edge} ${inbox}`); } catch { /* No storage, nothing stored. */ }
      widget = loading = undefined;
    },
    show: () => act("show"),
    hide: () => { widget?.hide(); },
    showMessages: () => act("show"),
    showNewMessage: (text) => act("compose", text),
    getVisitorId: () => widget?.visitorId() ?? null,
    on(name, listener) {
      const group = (listeners[name] ||= new Set());
      group.add(listener);
      return () => { group.delete(listener); };
    },
  };

  const Firsthop = (verb, ...args) => {
    if (!Object.hasOwn(verbs, verb)) throw new TypeError(`Firsthop: no verb "${verb}"; there are ${Object.keys(verbs).join(", ")}`);
    return verbs[verb](...args);
  };
  Firsthop.launched = true;
  window.Firsthop = Firsthop;
  if (script.dataset.inbox && script.dataset.boot !== "manual") verbs.boot();
  for (const call of earlier?.q || []) Firsthop(...call);
}
