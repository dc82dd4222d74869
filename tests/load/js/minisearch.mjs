// `node minisearch.mjs MODULES INPUT`: how a search library for browsers does on the same questions. MODULES is a
// node_modules directory with MiniSearch; INPUT holds `{"documents": [{"entry", "text"}], "questions": [text]}`. Prints
// the entry that ranks first for each question, and the time that each took in µs.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

const [modules, input] = process.argv.slice(2);
const require = createRequire(resolve(modules, "index.js"));
const MiniSearch = require("minisearch");
const { documents, questions } = JSON.parse(readFileSync(input, "utf8"));

// As its documentation recommends for what people type: parts of words, and words with a mistake.
const index = new MiniSearch({ fields: ["text"], storeFields: ["entry"], searchOptions: { prefix: true, fuzzy: 0.2 } });
index.addAll(documents.map((document, id) => ({ id, ...document })));

const first = (question) => index.search(question)[0]?.entry ?? null;
for (const question of questions.slice(0, 20)) first(question);
const entries = [];
const times = [];
for (const question of questions) {
  const began = process.hrtime.bigint();
  entries.push(first(question));
  times.push(Number(process.hrtime.bigint() - began) / 1000);
}
process.stdout.write(JSON.stringify({ entries, times }));
