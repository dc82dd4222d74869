// Visitors' tokens, signed as the origin and its edges sign them, for those that they never would.
import { createHmac } from "node:crypto";

/** A token of a visitor (a UUID). `key` is 64 hexadecimal digits, times are in ms. */
export function signToken(key, { inbox, visitor, issuedAt, expiresAt }) {
  // postcard: a string and its length, 16 bytes, two variable-length integers.
  const body = Buffer.concat([
    varint(Buffer.byteLength(inbox)),
    Buffer.from(inbox),
    Buffer.from(visitor.replaceAll("-", ""), "hex"),
    varint(issuedAt),
    varint(expiresAt),
  ]);
  const mac = createHmac("sha256", Buffer.from(key, "hex"));
  for (const part of [Buffer.from("firsthop visitor token v1"), body]) {
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(part.length));
    mac.update(length).update(part);
  }
  return `${body.toString("base64url")}.${mac.digest("base64url")}`;
}

function varint(value) {
  const bytes = [];
  let rest = BigInt(value);
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Buffer.from(bytes);
}
