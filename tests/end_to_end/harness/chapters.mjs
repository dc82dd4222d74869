// A story in chapters: each needs what those before it did.

/** `chapter(name, tell)` for the story `t`; once one has failed, the rest is skipped. */
export function chapters(t) {
  let failed = false;
  return (name, tell) =>
    t.test(name, async (t) => {
      if (failed) return t.skip("an earlier chapter failed");
      failed = true;
      await tell(t);
      failed = false;
    });
}
