// Waiting for conditions. No story sleeps: each says what it waits for and how long that may take.

/** Polls `condition` until it returns something truthy, and returns that. */
export async function until(what, condition, { within = 20_000, every = 25 } = {}) {
  const deadline = performance.now() + within;
  let last;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`waited ${within} ms in vain: ${what}`, { cause: last });
    }
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}

/** `promise`, or an error that names what did not happen in time. */
export function within(milliseconds, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${milliseconds} ms in vain: ${what}`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
