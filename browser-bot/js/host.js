// The one element that the widget adds to a page: a shadow root with the launcher's button.
//
// In: options (lang, theme, color, position). Out: the element, its root, the button, a place
// for a notice. Invariant: the page's styles and ours leave each other alone. Sites that build
// the widget into their own bundle get here by way of src/api.rs, all others by js/launcher.js.
// A site may set --firsthop-side, --firsthop-bottom and --firsthop-layer on its own root.

const CSS = `
:host{--accent:var(--firsthop-accent,#0f6f66);--on-accent:var(--firsthop-on-accent,#fff);--ring:#0f6f66;--surface:#fff;--text:#15201e;
--shadow:0 0 0 1px rgb(15 35 32/7%),0 2px 6px rgb(15 35 32/8%),0 18px 48px rgb(15 35 32/18%);
--side:var(--firsthop-side,20px);--bottom:calc(var(--firsthop-bottom,20px) + env(safe-area-inset-bottom,0px));--layer:var(--firsthop-layer,2147483000);
--font:system-ui,-apple-system,"Segoe UI",Roboto,"PingFang SC","Hiragino Sans GB","Microsoft YaHei","Noto Sans CJK SC","Noto Sans SC",sans-serif}
:host([data-theme=dark]){--accent:var(--firsthop-accent,#35c4b1);--on-accent:var(--firsthop-on-accent,#04211d);--ring:#5fd9c9;--surface:#171c1c;--text:#e9efee;
--shadow:0 0 0 1px rgb(255 255 255/10%),0 2px 6px rgb(0 0 0/30%),0 18px 48px rgb(0 0 0/50%)}
.launcher,.notice{position:fixed;z-index:var(--layer);bottom:var(--bottom);right:var(--side);font:400 14px/1.5 var(--font)}
:host([data-position=left]) :is(.launcher,.notice){right:auto;left:var(--side)}
.launcher{display:grid;place-items:center;width:56px;height:56px;margin:0;padding:0;border:1px solid transparent;border-radius:50%;
background:var(--accent);color:var(--on-accent);box-shadow:0 1px 3px rgb(15 35 32/20%),0 8px 24px rgb(15 35 32/22%);cursor:pointer;
-webkit-tap-highlight-color:transparent;transition:transform .16s ease-out,box-shadow .16s ease-out}
.launcher:hover{transform:translateY(-1px);box-shadow:0 2px 4px rgb(15 35 32/20%),0 12px 30px rgb(15 35 32/28%)}
.launcher:active{transform:scale(.96)}
.launcher:focus-visible{outline:3px solid var(--ring);outline-offset:3px}
.launcher svg{grid-area:1/1;width:26px;height:26px;fill:none;stroke:currentcolor;stroke-width:1.9;stroke-linecap:round;stroke-linejoin:round;transition:opacity .14s,transform .2s ease-out}
.launcher .close,.launcher[aria-expanded=true] .open{opacity:0;transform:scale(.6)}
.launcher[aria-expanded=true] .close{opacity:1;transform:none}
.launcher[aria-busy=true] .open{animation:breathe 1s ease-in-out infinite alternate}
@keyframes breathe{to{opacity:.35}}
.badge{position:absolute;top:-3px;right:-3px;min-width:20px;box-sizing:border-box;padding:4px 5px;border-radius:10px;background:#c8102e;color:#fff;
font:600 12px/1 var(--font);text-align:center;box-shadow:0 0 0 2px var(--surface)}
.badge[hidden],.notice:empty{display:none}
.notice{bottom:calc(var(--bottom) + 68px);max-width:260px;padding:12px 14px;border-radius:12px;background:var(--surface);color:var(--text);box-shadow:var(--shadow)}
@media (forced-colors:active){.launcher{border-color:ButtonText}}
@media (prefers-reduced-motion:reduce){.launcher,.launcher svg{transition:none;animation:none!important}}
`;

/** The language that the widget speaks: what the site says, else the page's, else the browser's. */
export const language = (options) =>
  /^zh/i.test(options.lang || document.documentElement.lang || navigator.language) ? "zh" : "en";

// Whichever of white and near-black reads better on a colour, by WCAG's luminance.
const textOn = (color) => {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? "#101314" : "#fff";
};

/** Adds the element to the page. `dress` follows changed options, `remove` takes it away again. */
export function createHost(given) {
  let options = given;
  const host = document.createElement("firsthop-widget");
  host.style.cssText = "all:initial!important";
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CSS);
  root.adoptedStyleSheets = [sheet];

  // Elements are made one by one: a page with Trusted Types takes no markup as a string.
  const add = (parent, element, attributes) => {
    for (const name in attributes) element.setAttribute(name, attributes[name]);
    return parent.appendChild(element);
  };
  const html = (name) => document.createElement(name);
  const svg = (name) => document.createElementNS("http://www.w3.org/2000/svg", name);
  const button = add(root, html("button"), { class: "launcher", type: "button", "aria-expanded": "false", "aria-haspopup": "dialog" });
  const icon = (name, path) =>
    add(add(button, svg("svg"), { class: name, viewBox: "0 0 24 24", "aria-hidden": "true" }), svg("path"), { d: path });
  icon("open", "M12 3.5c5 0 9 3.3 9 7.5s-4 7.5-9 7.5c-.9 0-1.8-.1-2.6-.3L5 20.5l.8-3.6C4.1 15.5 3 13.4 3 11c0-4.2 4-7.5 9-7.5z");
  icon("close", "M6 9.5l6 6 6-6");
  add(button, html("span"), { class: "badge", hidden: "" });
  const notice = add(root, html("div"), { class: "notice", role: "status" });

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const dress = (changed) => {
    options = changed || options;
    host.dataset.theme = /^(light|dark)$/.test(options.theme) ? options.theme : dark.matches ? "dark" : "light";
    host.dataset.position = options.position === "left" ? "left" : "right";
    host.lang = language(options) === "zh" ? "zh-CN" : "en";
    const own = /^#[0-9a-f]{6}$/i.test(options.color) && options.color;
    host.style.setProperty("--firsthop-accent", own || "");
    host.style.setProperty("--firsthop-on-accent", own ? textOn(own) : "");
    if (!button.dataset.loaded) button.setAttribute("aria-label", host.lang === "en" ? "Open chat" : "打开在线客服");
  };
  const follow = () => dress();
  dark.addEventListener("change", follow);
  dress();
  // On narrow screens the panel is as high as the keyboard leaves the screen.
  const seen = window.visualViewport;
  const fit = () => {
    host.style.setProperty("--visible", `${seen.height}px`);
    host.style.setProperty("--visible-top", `${seen.offsetTop}px`);
  };
  seen?.addEventListener("resize", fit);
  seen?.addEventListener("scroll", fit);
  document.body.append(host);
  const remove = () => {
    dark.removeEventListener("change", follow);
    seen?.removeEventListener("resize", fit);
    seen?.removeEventListener("scroll", fit);
    host.remove();
  };
  return { host, root, button, notice, dress, remove };
}

/** For src/npm.rs: the options with an element of their own, in the panel's styles. */
export function ownHost(options, style) {
  const made = createHost(options);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  made.root.adoptedStyleSheets.push(sheet);
  return { ...options, ...made, lang: made.host.lang };
}
