// What the stories ask: of deploy/demo/knowledge.jsonl, and of nothing in it.

/** A phrasing of the entry `order-how`, word for word. */
export const KNOWN = { en: "how do I place an order", zh: "怎么在店里买东西", entry: "order-how" };
/** The beginning of its answer in English. */
export const KNOWN_ANSWER = /Pick the product and options/;
/** Words that no shop's knowledge holds. */
export const UNKNOWN = "Quixotic zeppelins juggle brimstone vortexes?";
