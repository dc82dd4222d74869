// Where the programs under test are. `cargo xtask test e2e` says; by hand, the usual places.
import path from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const at = (...parts) => path.join(ROOT, ...parts);

export const FIRSTHOP = process.env.FIRSTHOP_BIN ?? at("target/release/firsthop");
export const WORKERD =
  process.env.FIRSTHOP_WORKERD ?? at("tests/node_modules/@cloudflare/workerd-linux-64/bin/workerd");
export const EDGE_DIST = process.env.FIRSTHOP_EDGE_DIST ?? at("target/dist/edge");
export const ANSWERER_DIST = process.env.ANSWERER_DIST ?? at("target/dist/answerer");
export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
export const DEMO = at("deploy/demo");
export const DEMO_KNOWLEDGE = at("deploy/demo/knowledge.jsonl");
export const SHOP_CASES = at("tests/load/cases/shop.jsonl");
