// What Node and a browser both do with the answerer's module: read a pack, ask every question once, then time them.

/**
 * `bindings` is what wasm-bindgen made, `wasm` and `pack` are bytes, `hash` is the pack's, 64 digits. Every question is
 * asked `rounds` times more, which `now` times in milliseconds. Out come the digest of the decisions, and times in µs.
 */
export function ask(bindings, { wasm, pack, hash, questions, rounds = 0, now = () => 0 }) {
  bindings.initSync({ module: wasm });
  const bot = new bindings.Bot(pack, bytes(hash));
  for (const question of questions) bot.ask(question);
  const digest = bot.digest().toString(16).padStart(16, "0");
  const times = [];
  for (let round = 0; round < rounds; round++) {
    for (const question of questions) {
      const began = now();
      bot.ask(question);
      times.push((now() - began) * 1000);
    }
  }
  bot.free();
  return { digest, times };
}

/** The bytes that hexadecimal digits stand for. */
export const bytes = (digits) => Uint8Array.from(digits.match(/../g), (pair) => parseInt(pair, 16));
