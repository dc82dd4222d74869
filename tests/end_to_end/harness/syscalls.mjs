// System calls of a running process that fail or take long, from now on until told otherwise: what a
// disk does that is broken or overloaded. It takes strace, which `cargo xtask tools` installs.
import { Process } from "./processes.mjs";

/** What SQLite ends a commit with. */
export const SYNCS = ["fsync", "fdatasync"];

/** Longer than any story: such a call goes on when the interference ends. */
export const FOREVER = "delay_enter=3600s";

/** Has every one of these calls, in all threads of `pid`, end as strace's `--inject` says. */
export async function interfere(pid, calls, how) {
  const names = calls.join(",");
  const inject = [`--trace=${names}`, `--inject=${names}:${how}`];
  const strace = new Process("strace", "strace", ["--follow-forks", `--attach=${pid}`, "--output=/dev/null", ...inject]);
  await strace.prints(/attached/);
  return { end: () => strace.kill("SIGTERM") };
}

/** Why that can't be done on this machine; false if it can. */
export const UNTRACEABLE = await (async () => {
  const somebody = new Process("cat", "cat", []);
  try {
    await (await interfere(somebody.pid, SYNCS, "error=EIO")).end();
    return false;
  } catch {
    return "strace is missing here, or may not attach";
  } finally {
    await somebody.kill();
  }
})();
