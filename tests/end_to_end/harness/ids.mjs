// Ids as docs/protocol.md wants them from whoever writes a message.
import { randomBytes } from "node:crypto";

/** A UUID of version 7 (RFC 9562): time-ordered, 74 random bits. */
export function uuidv7(at = Date.now()) {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(at, 0, 6);
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** The id of the bot's answer to a question: version 8, purpose 1. */
export function answerId(question) {
  return `${question.slice(0, 14)}81${question.slice(16)}`;
}
