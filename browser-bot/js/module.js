// What the launcher loads: the wasm, and the door to it.
import init, { start as startWidget } from "firsthop-bindings";

/** Starts the widget in the launcher's element. Options and result are those of src/api.rs. */
export async function start(options) {
  await init({ module_or_path: new URL(__FIRSTHOP_WASM__, import.meta.url) });
  return startWidget(options);
}
