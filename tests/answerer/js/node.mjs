// `node node.mjs MODULE PACK HASH QUESTIONS ROUNDS`: asks the answerer as wasm in Node. MODULE is the directory that
// `cargo xtask build answerer` fills, QUESTIONS a JSON list. Prints `{"digest", "times"}`, times in µs.
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { ask } from "./asking.mjs";

export async function inNode(module, asked) {
  const bindings = await import(pathToFileURL(path.resolve(module, "answerer.js")));
  return ask(bindings, { ...asked, wasm: readFileSync(path.join(module, "answerer.wasm")), now: () => performance.now() });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [module, pack, hash, questions, rounds] = process.argv.slice(2);
  const asked = { pack: readFileSync(pack), hash, questions: JSON.parse(readFileSync(questions, "utf8")), rounds: Number(rounds) };
  process.stdout.write(JSON.stringify(await inNode(module, asked)));
}
