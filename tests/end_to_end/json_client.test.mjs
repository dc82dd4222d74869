// A client that nobody of ours wrote: plain WebSocket and HTTP with JSON, as docs/protocol.md
// says. What it can do at the edge it can do at the origin.
import assert from "node:assert/strict";
import { test } from "node:test";

import { answerId, uuidv7 } from "./harness/ids.mjs";
import { assertWhole, isAnswerTo, isStatus, isText } from "./harness/facts.mjs";
import { KNOWN, KNOWN_ANSWER, UNKNOWN } from "./harness/questions.mjs";
import { submit } from "./harness/visitor.mjs";
import { until } from "./harness/until.mjs";
import { World } from "./harness/world.mjs";

for (const via of ["edge", "origin"]) {
  test(`a JSON client by the ${via}`, async (t) => {
    const world = await World.start(t, { edge: via === "edge" });
    await t.test("is answered by that hop, once, and finds it in the log", async () => {
      const visitor = await world.visitor();
      assert.equal(visitor.welcome.hop, via);
      assert.equal(visitor.welcome.visitor, visitor.id);
      assert.equal(visitor.welcome.origin, "up");
      assert.equal(visitor.link.socket.protocol, "firsthop.v1.json");
      const question = visitor.say(KNOWN.en);
      const answer = await visitor.event("the answer", isAnswerTo(question));
      assert.equal(answer.id, answerId(question));
      assert.match(answer.content.text, KNOWN_ANSWER);
      assert.equal(answer.content.source.entry, KNOWN.entry);
      assert.equal(answer.content.source.hop, via);
      assert.equal(answer.content.source.verified, true);
      assert.equal(await visitor.isStored(question), "origin");
      assertWhole(visitor.log, [question]);
      if (via === "edge") assert.ok(visitor.answered.has(answer.id), "the edge answers before the origin has it");
    });

    await t.test("lets the shop's page in a browser ask and read", async () => {
      for (const path of ["admission", "frames", "stream"]) {
        const response = await fetch(`${world.hop}/v1/visitor/${path}`, {
          method: "OPTIONS",
          headers: {
            origin: world.shop.url,
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type",
          },
        });
        assert.equal(response.status, 204, path);
        assert.equal(response.headers.get("access-control-allow-origin"), world.shop.url);
        assert.match(response.headers.get("access-control-allow-headers"), /authorization.*content-type/);
        assert.equal(response.headers.get("access-control-allow-credentials"), null);
      }
    });

    await t.test("may send the same message again without its being there twice", async () => {
      const visitor = await world.visitor();
      const id = uuidv7();
      for (let times = 0; times < 3; times += 1) visitor.say(KNOWN.en, { id });
      await visitor.event("the answer", isAnswerTo(id));
      await visitor.connect();
      visitor.say(KNOWN.en, { id });
      const after = visitor.say("thanks");
      await visitor.event("the last message", (event) => event.id === after);
      assertWhole(visitor.log, [id, after]);
    });

    await t.test("is handed to an agent, and gets the reply and the states of its message", async () => {
      const visitor = await world.visitor();
      const agent = await world.agent();
      const question = visitor.say(UNKNOWN);
      await visitor.event("the queue", isStatus("queued"));
      const waiting = await agent.sees("the conversation", (each) => each.id === visitor.id && each.status === "queued");
      assert.ok(waiting.waiting_since);
      await visitor.link.frame("queue", (frame) => frame.place >= 1);
      agent.open(visitor.id);
      const seen = await agent.event(visitor.id, "the question", isText(UNKNOWN));
      assert.equal(seen.id, question);
      agent.link.send({ type: "seen", conversation: visitor.id, receipts: { delivered: seen.seq, read: seen.seq } });
      await visitor.link.frame("receipts", (frame) => frame.read >= seen.seq);
      agent.link.send({ type: "typing", conversation: visitor.id, typing: { on: true } });
      await visitor.link.frame("typing", (frame) => frame.on);
      const reply = await agent.reply(visitor.id, "We do, on Tuesdays.");
      const heard = await visitor.event("the reply", isText("We do, on Tuesdays."));
      assert.equal(heard.id, reply);
      assert.equal(heard.author.agent.name, "Ada");
      visitor.link.send({ type: "seen", delivered: heard.seq, read: heard.seq });
      await until("the agent sees that it was read", () => agent.receipts.get(visitor.id)?.read >= heard.seq);
      await agent.act(visitor.id, { type: "note", text: "between us" });
      await agent.resolve(visitor.id);
      await visitor.event("the end", isStatus("resolved"));
      const again = visitor.say(KNOWN.en);
      await visitor.event("the bot again", isAnswerTo(again));
      await visitor.event("the return", isStatus("pending"));
      assert.ok(!visitor.log.some((event) => event.content.type === "note"), "private notes are private");
      assertWhole(visitor.log, [question, again]);
    });

    await t.test("is handed over on request", async () => {
      const visitor = await world.visitor();
      const asked = visitor.askPerson();
      const queued = await visitor.event("the queue", isStatus("queued"));
      assert.equal(queued.id, asked);
      assert.equal(queued.content.reason, "asked");
    });

    await t.test("catches up after an absence", async () => {
      const visitor = await world.visitor();
      const agent = await world.agent();
      const first = visitor.say(UNKNOWN);
      await visitor.event("the queue", isStatus("queued"));
      visitor.close();
      for (const text of ["one", "two", "three"]) await agent.reply(visitor.id, text);
      await visitor.connect();
      await visitor.event("the last reply", isText("three"));
      assert.deepEqual(visitor.texts(), [`visitor: ${UNKNOWN}`, "agent: one", "agent: two", "agent: three"]);
      assertWhole(visitor.log, [first]);
    });

    await t.test("is seen by agents to come and go", async () => {
      const agent = await world.agent();
      const visitor = await world.visitor();
      visitor.say(UNKNOWN);
      await agent.sees("the visitor there", ({ id, online }) => id === visitor.id && online);
      visitor.close();
      await agent.sees("the visitor gone", ({ id, online }) => id === visitor.id && !online);
      await visitor.connect();
      await agent.sees("the visitor back", ({ id, online }) => id === visitor.id && online);
    });

    await t.test("can do without WebSockets: POST and long poll", async () => {
      const visitor = await world.visitor({ connect: false });
      const question = uuidv7();
      const received = await visitor.post([visitor.hello(), submit(UNKNOWN, { id: question })]);
      assert.equal(received[0].type, "welcome");
      assert.ok(visitor.stored.has(question));
      await visitor.post([visitor.hello()]);
      assertWhole(visitor.log, [question]);
      const poll = visitor.post([visitor.hello()], { wait: true });
      const agent = await world.agent();
      await agent.reply(visitor.id, "by poll");
      await poll;
      await until("the poll brings the reply", async () => {
        if (visitor.log.some(isText("by poll"))) return true;
        await visitor.post([visitor.hello()], { wait: true });
        return false;
      });
      assertWhole(visitor.log, [question]);
    });

    await t.test("can do without WebSockets: a stream of events", async () => {
      const visitor = await world.visitor({ connect: false });
      const stream = await visitor.stream();
      assert.match(stream.type, /^text\/event-stream/);
      await stream.frame("welcome");
      const question = uuidv7();
      await visitor.post([visitor.hello(), submit(KNOWN.en, { id: question })]);
      await stream.frame("events", ({ events }) => events.some(isAnswerTo(question)));
      stream.close();
    });
  });
}
