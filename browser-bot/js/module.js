// What the launcher loads: the wasm, the panel's styles, and the door to them.
import { initSync, start as startWidget } from "firsthop-bindings";
import css from "firsthop-style";

/** Starts the widget in the launcher's element. Options and result are those of src/api.rs. */
export async function start(options) {
  initSync({ module: await WebAssembly.compileStreaming(fetch(new URL(__FIRSTHOP_WASM__, import.meta.url))) });
  // A constructed style sheet, so that a page which forbids inline styles shows it too.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  options.root.adoptedStyleSheets = [...options.root.adoptedStyleSheets, sheet];
  return startWidget(options);
}
