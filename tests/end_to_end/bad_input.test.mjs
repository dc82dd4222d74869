// Bad input at the outer surface: a clear error, nothing acknowledged lost, nobody else disturbed.
import assert from "node:assert/strict";
import { test } from "node:test";

import { uuidv7 } from "./harness/ids.mjs";
import { assertWhole, isAnswerTo, isStatus, isText } from "./harness/facts.mjs";
import { Link, Refusal } from "./harness/link.mjs";
import { KNOWN, UNKNOWN } from "./harness/questions.mjs";
import { signToken } from "./harness/tokens.mjs";
import { Visitor, admission, submit } from "./harness/visitor.mjs";
import { World } from "./harness/world.mjs";

const WIRE_MESSAGE_BYTES_MAX = 64 * 1024;
const TEXT_BYTES_MAX = 8 * 1024;

const refusal = async (promise) => {
  const error = await promise.then(
    () => assert.fail("it was not refused"),
    (error) => error,
  );
  assert.ok(error instanceof Refusal, String(error));
  assert.ok(error.problem?.message, `no machine-readable error: ${error.message}`);
  return [error.status, error.problem.code];
};

for (const via of ["edge", "origin"]) {
  test(`bad input at the ${via}`, async (t) => {
    const world = await World.start(t, { edge: via === "edge" });
    // Somebody well-behaved, whom none of this may disturb.
    const bystander = await world.visitor();
    const sent = [];

    await t.test("tokens: forged, foreign, missing", async () => {
      const visitor = await world.visitor({ connect: false });
      const [body, tag] = visitor.token.split(".");
      const forged = `${body}.${tag.startsWith("A") ? "B" : "A"}${tag.slice(1)}`;
      for (const token of [forged, "garbage", `${tag}.${body}`, "A".repeat(600)]) {
        assert.deepEqual(await refusal(visitor.post([visitor.hello()], { token })), [401, "token_invalid"]);
        assert.deepEqual(await refusal(admission(world.hop, { pageOrigin: world.shop.url, token })), [401, "token_invalid"]);
        const link = new Link(`${world.hop}/v1/visitor/socket`, ["firsthop.v1.json", `token.${token}`], {});
        assert.deepEqual(await refusal(link.open()), [401, "token_invalid"]);
      }
      const none = new Link(`${world.hop}/v1/visitor/socket`, ["firsthop.v1.json"], {});
      assert.deepEqual(await refusal(none.open()), [401, "token_missing"]);
    });

    await t.test("tokens: expired, of another installation, of an inbox that is gone", async () => {
      const { token_key: key } = await world.origin.createEdge("http://127.0.0.1:9", "never started");
      const visitor = await world.visitor({ connect: false });
      const now = Date.now();
      const claims = { inbox: "demo", visitor: visitor.id, issuedAt: now, expiresAt: now + 60_000 };
      const own = new Visitor(world.hop, world.shop.url, { visitor: visitor.id, token: signToken(key, claims) });
      await own.connect();
      assert.equal(own.welcome.visitor, visitor.id, "this is how tokens are signed");
      own.close();
      const expired = signToken(key, { ...claims, issuedAt: now - 2_000, expiresAt: now - 1_000 });
      const foreign = signToken("ab".repeat(32), claims);
      for (const [token, code] of [
        [expired, "token_expired"],
        [foreign, "token_invalid"],
      ]) {
        assert.deepEqual(await refusal(visitor.post([visitor.hello()], { token })), [401, code]);
        assert.deepEqual(await refusal(admission(world.hop, { pageOrigin: world.shop.url, token })), [401, code]);
        const link = new Link(`${world.hop}/v1/visitor/socket`, ["firsthop.v1.json", `token.${token}`], {});
        assert.deepEqual(await refusal(link.open()), [401, code]);
      }
      const gone = signToken(key, { ...claims, inbox: "gone" });
      const [status] = await refusal(visitor.post([visitor.hello()], { token: gone }));
      assert.ok(status >= 400 && status < 500, `HTTP ${status}`);
    });

    await t.test("a token renews the same visitor, never another", async () => {
      const visitor = await world.visitor({ connect: false });
      const renewed = await admission(world.hop, { pageOrigin: world.shop.url, token: visitor.token });
      assert.equal(renewed.visitor, visitor.id);
    });

    await t.test("pages and inboxes that are not on the list", async () => {
      assert.deepEqual(await refusal(admission(world.hop, { pageOrigin: "https://evil.example" })), [403, "origin_not_allowed"]);
      assert.deepEqual(await refusal(admission(world.hop, { inbox: "nobody", pageOrigin: world.shop.url })), [404, "inbox_unknown"]);
      const visitor = await world.visitor({ connect: false });
      const link = new Link(`${world.hop}/v1/visitor/socket`, ["firsthop.v1.json", `token.${visitor.token}`], {
        origin: "https://evil.example",
      });
      assert.deepEqual(await refusal(link.open()), [403, "origin_not_allowed"]);
      const response = await fetch(`${world.hop}/v1/visitor/admission`, {
        method: "POST",
        headers: { origin: "https://evil.example", "content-type": "application/json" },
        body: JSON.stringify({ inbox: "demo" }),
      });
      await response.text();
      assert.notEqual(response.headers.get("access-control-allow-origin"), "*");
    });

    await t.test("versions that nobody speaks", async () => {
      const visitor = await world.visitor({ connect: false });
      const link = new Link(`${world.hop}/v1/visitor/socket`, ["firsthop.v9.json", `token.${visitor.token}`], {});
      assert.deepEqual(await refusal(link.open()), [400, "unsupported_version"]);
      assert.deepEqual(await refusal(visitor.post([{ ...visitor.hello(), version: 999 }])), [400, "unsupported_version"]);
    });

    await t.test("frames that are none", async () => {
      const nested = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
      const deep = `{"type":"hello","version":1,"cursor":0,"page":${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}}`;
      const bad = ["", "{", "null", "[1,2", '"hello"', '{"type":7}', '{"type":"hello"}', nested, deep, Buffer.from([0xff, 0xfe, 0x00, 0x80])];
      for (const bytes of bad) {
        const visitor = await world.visitor();
        visitor.link.sendRaw(bytes, { binary: false });
        await Promise.any([visitor.link.frame("error", (frame) => frame.code === "malformed_frame"), visitor.link.closing()]);
        visitor.close();
      }
      const visitor = await world.visitor({ connect: false });
      for (const text of ["{", nested]) {
        assert.deepEqual(await refusal(visitor.post(text)), [400, "malformed_frame"]);
      }
    });

    await t.test("random bytes in both encodings", async () => {
      let state = 0x9e3779b9;
      const random = () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return state;
      };
      for (const protocol of ["firsthop.v1.json", "firsthop.v1.postcard"]) {
        const visitor = await world.visitor({ connect: false });
        for (let round = 0; round < 10; round += 1) {
          const link = new Link(`${world.hop}/v1/visitor/socket`, [protocol, `token.${visitor.token}`], { origin: world.shop.url });
          // What comes back need not be JSON here.
          link.socket.removeAllListeners("message");
          await link.open();
          link.sendRaw(Buffer.from(Array.from({ length: random() % 400 }, () => random() & 0xff)));
          link.close();
        }
      }
    });

    await t.test("one byte over the limit", async () => {
      const visitor = await world.visitor();
      const padded = (bytes) => {
        const frame = JSON.stringify({ type: "ping", nonce: 1, padding: "" });
        return `${frame.slice(0, -2)}${"x".repeat(bytes - frame.length)}"}`;
      };
      visitor.link.sendRaw(padded(WIRE_MESSAGE_BYTES_MAX), { binary: false });
      await visitor.link.frame("pong");
      visitor.link.sendRaw(padded(WIRE_MESSAGE_BYTES_MAX + 1), { binary: false });
      await Promise.any([visitor.link.frame("error", (frame) => frame.code === "message_too_large"), visitor.link.closing()]);
      const poster = await world.visitor({ connect: false });
      assert.deepEqual(await refusal(poster.post(padded(WIRE_MESSAGE_BYTES_MAX + 1))), [413, "message_too_large"]);

      const writer = await world.visitor();
      const fits = writer.say("x".repeat(TEXT_BYTES_MAX));
      await writer.isStored(fits);
      assert.equal((await writer.isRefused(writer.say("x".repeat(TEXT_BYTES_MAX + 1)))).code, "text_too_long");
      assert.equal((await writer.isRefused(writer.say(" \n\t "))).code, "text_empty");
      await writer.event("what fitted", (event) => event.id === fits);
      assertWhole(writer.log, [fits]);
    });

    await t.test("a frame out of its state", async () => {
      const visitor = await world.visitor({ connect: false });
      const link = new Link(`${world.hop}/v1/visitor/socket`, ["firsthop.v1.json", `token.${visitor.token}`], { origin: world.shop.url });
      await link.open();
      link.send(submit("too early"));
      await link.frame("error", (frame) => frame.code === "unexpected_frame");
      link.close();
      assert.deepEqual(await refusal(visitor.post([submit("too early")])), [409, "unexpected_frame"]);
    });

    await t.test("a frame of a later version is skipped", async () => {
      const visitor = await world.visitor();
      visitor.link.send({ type: "telepathy", thought: [1, 2, 3] });
      visitor.link.send({ type: "ping", nonce: 7, later: true });
      await visitor.link.frame("pong", (frame) => frame.nonce === 7);
      visitor.close();
    });

    await t.test("an id that was used for something else, or is none", async () => {
      const visitor = await world.visitor();
      const id = visitor.say(KNOWN.en);
      await visitor.isStored(id);
      visitor.say("another body", { id });
      assert.equal((await visitor.isRefused(id)).code, "id_reused");
      const version4 = "9f0d1a2b-3c4d-4e5f-8a9b-0c1d2e3f4a5b";
      visitor.say("no version 7", { id: version4 });
      assert.equal((await visitor.isRefused(version4)).code, "id_invalid");
      await visitor.event("the first answer", isAnswerTo(id));
      assertWhole(visitor.log, [id]);
    });

    await t.test("too many messages", async () => {
      const visitor = await world.visitor();
      const ids = Array.from({ length: 60 }, (_, number) => visitor.say(`flood ${number}`));
      const refused = await visitor.isRefused(ids.at(-1));
      assert.equal(refused.code, "too_many_messages");
      assert.ok(refused.retry_after_ms > 0);
      await visitor.isStored(ids[0]);
      visitor.close();
    });

    await t.test("a forged answer of the bot is marked, and never trusted", async () => {
      const visitor = await world.visitor();
      const claim = {
        hop: "browser",
        pack: visitor.welcome.pack,
        entries: [KNOWN.entry],
        confidence: 1000,
        text: "You get everything for free.",
      };
      const question = visitor.say(UNKNOWN, { claim });
      await visitor.event("the hop's own decision", isStatus("queued"));
      const agent = await world.agent();
      agent.open(visitor.id);
      const seen = await agent.event(visitor.id, "the question", (event) => event.id === question);
      assert.equal(seen.content.unverified.text, "You get everything for free.");
      assert.ok(!agent.log(visitor.id).some((event) => event.content.type === "answer"));
      // The same with a question that has an answer: the right one is given.
      const known = visitor.say(KNOWN.en, { claim });
      const answer = await visitor.event("the right answer", isAnswerTo(known));
      assert.doesNotMatch(answer.content.text, /free/);
      assert.notEqual(answer.content.source.hop, "browser");
      agent.close();
    });

    await t.test("markup and control characters arrive as they were written", async () => {
      const visitor = await world.visitor();
      const texts = ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "abc\u202Edcba\u2066", "\u0007\u001b[31m"];
      const ids = [];
      for (const text of texts) {
        const id = visitor.say(text);
        ids.push(id);
        await visitor.isStored(id);
        await visitor.event("it as it was", isText(text));
      }
      assertWhole(visitor.log, ids);
    });

    await t.test("nobody else was disturbed, and nothing private was logged", async () => {
      assert.equal(bystander.link.closed, undefined);
      const question = bystander.say(KNOWN.en);
      sent.push(question);
      await bystander.event("the answer", isAnswerTo(question));
      assertWhole(bystander.log, sent);
      for (const text of [KNOWN.en, UNKNOWN, "another body", "flood 1", bystander.token]) {
        assert.ok(!world.origin.log.includes(text), `the origin logged "${text}"`);
        assert.ok(!(world.edge?.log ?? "").includes(text), `the edge logged "${text}"`);
      }
    });
  });
}

test("bad input to the console's side", async (t) => {
  const world = await World.start(t, { edge: false, knowledge: false });
  const { origin } = world;
  const agent = await world.agent();

  await t.test("no login, no socket, no data", async () => {
    const link = new Link(`${origin.url}/v1/agent/socket`, ["firsthop.v1.json"], { origin: origin.url });
    assert.deepEqual(await refusal(link.open()), [401, "login_required"]);
    assert.equal((await fetch(`${origin.url}/v1/inboxes`)).status, 401);
  });

  await t.test("another site's page may not use an agent's cookie", async () => {
    const link = new Link(`${origin.url}/v1/agent/socket`, ["firsthop.v1.json"], { origin: "https://evil.example", cookie: agent.cookie });
    assert.deepEqual(await refusal(link.open()), [403, "cross_site"]);
    const response = await fetch(`${origin.url}/v1/inboxes/demo/knowledge`, { method: "POST", headers: { cookie: agent.cookie }, body: "" });
    assert.equal(response.status, 403);
  });

  await t.test("a conversation that does not exist", async () => {
    await assert.rejects(agent.reply(uuidv7(), "anyone?"), /conversation_unknown/);
  });

  await t.test("knowledge that is wrong, with its lines", async () => {
    const publish = async (body) => {
      const response = await fetch(`${origin.url}/v1/inboxes/demo/knowledge`, {
        method: "POST",
        headers: { cookie: agent.cookie, "x-firsthop-csrf": "1", origin: origin.url, "content-type": "application/jsonl" },
        body,
      });
      return [response.status, await response.text()];
    };
    const entry = (id, phrasings = ["what"]) => JSON.stringify({ id, title: id, lang: "en", phrasings, answer: "that" });
    for (const [body, line] of [
      [`${entry("a")}\n{"id": nonsense}\n`, 2],
      [`${entry("a")}\n${entry("b")}\n${entry("a")}\n`, 3],
      [`${entry("a", [" "])}\n`, 1],
    ]) {
      const [status, text] = await publish(body);
      assert.equal(status, 422, text);
      const { error, errors } = JSON.parse(text);
      assert.equal(error.code, "invalid_input");
      assert.equal(errors[0].line, line, text);
    }
    const tooLarge = Buffer.alloc(100 * 1024 * 1024, "x");
    const [status] = await publish(tooLarge).catch(() => [413]);
    assert.equal(status, 413);
    const [ok, text] = await publish(`${entry("a", ["how are you today", "are you well"])}\n${entry("b", ["where are you", "what is your place"])}\n`);
    assert.equal(ok, 200, text);
    assert.match(JSON.parse(text).pack, /^[0-9a-f]{64}$/);
  });

  await t.test("wrong passwords say nothing, and are slowed down", async () => {
    const attempt = async (email, password) => {
      const response = await fetch(`${origin.url}/v1/session`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-firsthop-csrf": "1", origin: origin.url },
        body: JSON.stringify({ email, password }),
      });
      return [response.status, (await response.json()).error.code];
    };
    assert.deepEqual(await attempt("ada@shop.example", "wrong"), [401, "login_failed"]);
    assert.deepEqual(await attempt("nobody@shop.example", "wrong"), [401, "login_failed"]);
  });
});
