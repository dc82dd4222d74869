//! A writer of a later version of protocol 1, made by hand: every struct that can grow has grown,
//! every word is a new one, and there are kinds that nobody knows today.

use serde_json::{Value, json};

/// Postcard, byte by byte.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

pub(crate) fn bytes() -> Bytes {
    Bytes::default()
}

impl Bytes {
    pub(crate) fn number(mut self, mut number: u64) -> Self {
        while number > 0x7f {
            self.0.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
        self
    }

    pub(crate) fn raw(mut self, raw: &[u8]) -> Self {
        self.0.extend_from_slice(raw);
        self
    }

    pub(crate) fn text(self, text: &str) -> Self {
        self.number(text.len() as u64).raw(text.as_bytes())
    }

    /// What can grow: with its length before it.
    pub(crate) fn grown(self, inner: Self) -> Self {
        let inner = inner.text("a member of tomorrow");
        self.number(inner.0.len() as u64).raw(&inner.0)
    }

    /// A kind: its tag, and its payload, which can grow too.
    pub(crate) fn kind(self, tag: u64, payload: Self) -> Self {
        self.number(tag).grown(payload)
    }

    pub(crate) fn some(self) -> Self {
        self.number(1)
    }

    pub(crate) fn none(self) -> Self {
        self.number(0)
    }
}

pub(crate) const ID: &str = "01a3185c-5000-7101-8101-010101010101";
pub(crate) const OTHER_ID: &str = "01a3185c-5000-7202-8202-020202020202";
const PACK: &str = "abababababababababababababababababababababababababababababababab";
const AT: u64 = 1_800_000_000_000;

fn uuid(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter_map(|char| char.to_digit(16).map(|digit| digit as u8))
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

/// One frame of tomorrow, in both encodings, and what version 1 takes it for, as JSON.
pub(crate) struct Frame {
    pub(crate) name: &'static str,
    pub(crate) postcard: Vec<u8>,
    pub(crate) json: Value,
    pub(crate) read_as: Value,
}

fn frame(name: &'static str, postcard: Bytes, json: Value, read_as: Value) -> Frame {
    Frame {
        name,
        postcard: postcard.0,
        json,
        read_as,
    }
}

fn later(mut value: Value) -> Value {
    value["later"] = json!({ "x": [1, null] });
    value
}

// ---- To visitors ----------------------------------------------------------------------------

fn agent() -> Bytes {
    bytes().raw(&[0x11; 16]).text("Ada")
}

fn agent_json() -> Value {
    json!({ "id": "11111111-1111-1111-1111-111111111111", "name": "Ada" })
}

fn source() -> Bytes {
    let source = bytes().number(9).raw(&[0xab; 32]).some().text("ship-when");
    source.number(934).number(1)
}

fn source_json(hop: &str) -> Value {
    json!({ "hop": hop, "pack": PACK, "entry": "ship-when", "confidence": 934, "verified": true })
}

fn event(seq: u64, author: Bytes, content: Bytes) -> Bytes {
    let event = bytes().number(seq).number(seq - 1).raw(&uuid(ID));
    event.number(AT).raw(&author.0).raw(&content.0)
}

fn event_json(seq: u64, author: &Value, content: &Value) -> Value {
    json!({ "seq": seq, "prev": seq - 1, "id": ID, "at": AT, "author": author, "content": content })
}

/// Agents with pictures, authors and contents of new kinds, words that nobody knows.
fn events() -> Frame {
    let by_agent = bytes().kind(3, bytes().grown(agent()));
    let by_visitor = bytes().kind(1, bytes());
    let by_plugin = bytes().kind(12, bytes().text("translator"));
    let claim = bytes().raw(&[0xab; 32]).text("everything is free");
    let text = bytes().text("is it free?").some().grown(claim);
    let suggestion = bytes().text("pay").text("Payment");
    let answer = bytes().raw(&uuid(OTHER_ID)).text("Three days.");
    let answer = answer.grown(source()).number(1).grown(suggestion);
    let parked = bytes().number(17).number(23).some().grown(agent());
    let all = [
        event(1, by_visitor, bytes().kind(1, text)),
        event(2, by_plugin, bytes().kind(2, answer)),
        event(3, by_agent.clone(), bytes().kind(3, parked)),
        event(4, by_agent, bytes().kind(40, bytes().text("kettle.jpg"))),
    ];
    let mut list = bytes().number(all.len() as u64);
    for event in all {
        list = list.grown(event);
    }
    let unverified = json!({ "pack": PACK, "text": "everything is free" });
    let suggestion = json!({ "entry": "pay", "title": "Payment" });
    let visitor = json!("visitor");
    let wrote = json!({ "type": "text", "text": "is it free?", "unverified": unverified });
    let answered = |hop| json!({ "type": "answer", "of": OTHER_ID, "text": "Three days.", "source": source_json(hop), "suggestions": [suggestion] });
    let changed = |status, reason| json!({ "type": "status", "status": status, "reason": reason, "assignee": agent_json() });
    let by_agent = json!({ "agent": later(agent_json()) });
    frame(
        "events",
        bytes().kind(4, list.number(0)),
        json!({ "type": "events", "more": false, "count": 4, "events": [
            later(event_json(1, &visitor, &later(wrote.clone()))),
            later(event_json(2, &json!({ "plugin": { "name": "translator" } }), &later(answered("satellite")))),
            later(event_json(3, &by_agent, &later(changed("snoozed", "parked")))),
            later(event_json(4, &by_agent, &json!({ "type": "attachment", "name": "kettle.jpg" }))),
        ] }),
        json!({ "type": "events", "more": false, "events": [
            event_json(1, &visitor, &wrote),
            event_json(2, &json!("unknown"), &answered("unknown")),
            event_json(3, &json!({ "agent": agent_json() }), &changed("unknown", "unknown")),
            event_json(4, &json!({ "agent": agent_json() }), &json!({ "type": "unknown" })),
        ] }),
    )
}

fn welcome() -> Frame {
    let welcome = bytes().number(1).raw(&uuid(ID)).number(9);
    let welcome = welcome.some().number(8).some().number(17);
    let welcome = welcome.number(7).number(5).none().number(3);
    let as_json = |hop, status, origin| json!({ "type": "welcome", "version": 1, "visitor": ID, "hop": hop, "head": 8, "status": status, "receipts": { "delivered": 7, "read": 5 }, "pack": null, "origin": origin, "now": AT, "cursor": 0 });
    frame(
        "welcome",
        bytes().kind(1, welcome.number(AT).number(0)),
        later(as_json("satellite", "snoozed", "degraded")),
        as_json("unknown", "unknown", "unknown"),
    )
}

pub(crate) fn to_visitor() -> Vec<Frame> {
    let refused = bytes().raw(&uuid(ID)).number(999);
    let refused = refused.text("try the other door").some().number(500);
    let refused_json = |code| json!({ "type": "refused", "id": ID, "problem": { "code": code, "message": "try the other door", "retry_after_ms": 500 } });
    let stored = bytes().number(9).number(1).raw(&uuid(ID));
    let stored_json = |by| json!({ "type": "stored", "by": by, "ids": [ID] });
    vec![
        welcome(),
        events(),
        frame(
            "refused",
            bytes().kind(3, refused),
            later(refused_json("door_closed")),
            refused_json("other"),
        ),
        frame(
            "stored",
            bytes().kind(2, stored),
            later(stored_json("satellite")),
            stored_json("unknown"),
        ),
        frame(
            "a frame of tomorrow",
            bytes().kind(99, bytes().number(7)),
            json!({ "type": "hologram", "beams": [1, 2] }),
            json!({ "type": "unknown" }),
        ),
    ]
}

// ---- From visitors --------------------------------------------------------------------------

pub(crate) fn to_server() -> Vec<Frame> {
    let page = bytes().text("https://shop.example/").text("Shop");
    let hello = bytes().number(1).number(5).text("en").some().grown(page);
    let page = json!({ "url": "https://shop.example/", "title": "Shop" });
    let hello_json = |page: Value| json!({ "type": "hello", "version": 1, "cursor": 5, "lang": "en", "page": page, "client": "tomorrow" });
    let claim = bytes().number(0).raw(&[0xab; 32]).number(1).text("pay");
    let claim = claim.number(0).number(934).text("Cards.");
    let text = bytes().text("can I pay?").text("en").some().grown(claim);
    let text = text.text("https://shop.example/pay");
    let said = bytes().raw(&uuid(ID)).number(AT);
    let said = said.raw(&bytes().kind(1, text).0);
    let sung = bytes().raw(&uuid(OTHER_ID)).number(AT);
    let sung = sung.raw(&bytes().kind(9, bytes().text("la la la")).0);
    let claim = json!({ "hop": "browser", "pack": PACK, "entries": ["pay"], "suggested": false, "confidence": 934, "text": "Cards." });
    let said_json = |claim: Value| json!({ "id": ID, "at": AT, "said": { "type": "text", "text": "can I pay?", "lang": "en", "claim": claim, "page": "https://shop.example/pay" } });
    let sung_json = |said: Value| json!({ "id": OTHER_ID, "at": AT, "said": said });
    vec![
        frame(
            "hello",
            bytes().kind(1, hello.text("tomorrow")),
            later(hello_json(later(page.clone()))),
            hello_json(page),
        ),
        frame(
            "submit",
            bytes().kind(2, bytes().number(2).grown(said).grown(sung)),
            later(json!({ "type": "submit", "messages": [
                later(said_json(later(claim.clone()))),
                sung_json(json!({ "type": "sing", "text": "la la la" })),
            ] })),
            json!({ "type": "submit", "messages": [
                said_json(claim),
                sung_json(json!({ "type": "unknown" })),
            ] }),
        ),
        frame(
            "a frame of tomorrow",
            bytes().kind(77, bytes().text("wave")),
            json!({ "type": "wave", "hand": "left" }),
            json!({ "type": "unknown" }),
        ),
    ]
}

// ---- Consoles and edges ---------------------------------------------------------------------

pub(crate) fn to_agent() -> Vec<Frame> {
    let page = bytes().text("https://shop.example/").text("Shop");
    let summary = bytes().raw(&uuid(ID)).number(3).text("Shop").number(17);
    let summary = summary.some().grown(agent()).number(8).number(5);
    let summary = summary.text("hello").number(AT).none().some().grown(page);
    let summary = summary.text("en").number(1);
    let page = json!({ "url": "https://shop.example/", "title": "Shop" });
    let as_json = |status, page: Value, agent: Value| json!({ "id": ID, "revision": 3, "inbox": "Shop", "status": status, "assignee": agent, "head": 8, "read": 5, "preview": "hello", "last_at": AT, "waiting_since": null, "page": page, "lang": "en", "online": true });
    vec![frame(
        "conversations",
        bytes().kind(2, bytes().number(1).grown(summary).number(3)),
        later(
            json!({ "type": "conversations", "revision": 3, "conversations": [later(as_json("snoozed", later(page.clone()), later(agent_json())))] }),
        ),
        json!({ "type": "conversations", "revision": 3, "conversations": [as_json("unknown", page, agent_json())] }),
    )]
}

pub(crate) fn from_agent() -> Vec<Frame> {
    let command = bytes().raw(&uuid(ID)).raw(&uuid(OTHER_ID));
    let command = command.raw(&bytes().kind(50, bytes().number(60)).0);
    let as_json =
        |act: Value| json!({ "type": "command", "id": ID, "conversation": OTHER_ID, "act": act });
    vec![frame(
        "command",
        bytes().kind(4, command),
        later(as_json(json!({ "type": "snooze", "minutes": 60 }))),
        as_json(json!({ "type": "unknown" })),
    )]
}

/// A batch with one uplink, and a push with one downlink: both have grown everywhere.
pub(crate) fn batch_and_push() -> [Vec<u8>; 2] {
    let frames: Vec<u8> = to_server().into_iter().flat_map(|f| f.postcard).collect();
    let uplink = bytes().raw(&uuid(ID)).text("demo").number(1);
    let uplink = uplink.number(3).raw(&frames);
    let batch = bytes().number(1).number(1).grown(uplink).text("tomorrow");
    let frames: Vec<u8> = to_visitor().into_iter().flat_map(|f| f.postcard).collect();
    let downlink = bytes().raw(&uuid(ID)).number(5).raw(&frames);
    let push = bytes().number(1).number(1).grown(downlink);
    [batch.0, push.number(1).text("demo").text("tomorrow").0]
}
