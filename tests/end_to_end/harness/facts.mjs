// What must hold of a log, whatever happened to the machines on the way.
import assert from "node:assert/strict";

/** No id twice, no gap, no answer twice; the messages in the order in which they were sent. */
export function assertWhole(log, sent = []) {
  const ids = log.map((event) => event.id);
  assert.equal(new Set(ids).size, ids.length, "an id stands twice in the log");
  let last = 0;
  for (const event of log) {
    assert.equal(event.prev, last, "the log has a gap");
    assert.ok(event.seq > last, "the log is out of order");
    last = event.seq;
  }
  const answers = log.filter((event) => event.content.type === "answer").map((event) => event.content.of);
  assert.equal(new Set(answers).size, answers.length, "a question was answered twice");
  assert.deepEqual(
    ids.filter((id) => sent.includes(id)),
    sent,
    "what was sent is not there, once, in order",
  );
}

export const isText = (text) => (event) => event.content.type === "text" && event.content.text === text;
export const isAnswerTo = (id) => (event) => event.content.type === "answer" && event.content.of === id;
export const isStatus = (status) => (event) => event.content.type === "status" && event.content.status === status;
