//! An origin in memory: one inbox, one conversation a visitor, the core's own state machine.

use std::collections::BTreeMap;

use firsthop_core::Timestamp;
use firsthop_core::answer::Answerer;
use firsthop_core::bot::{ask, verify};
use firsthop_core::conversation::{Head, Verdict, same_submission};
use firsthop_core::id::VisitorId;
use firsthop_core::pack::{Pack, PackHash};
use firsthop_core::protocol::edge::{Batch, BatchReply, Downlink, Inbox};
use firsthop_core::protocol::visitor::{
    Events, Reach, Refused, Said, Stored, Submission, ToServer, ToVisitor, Welcome,
};
use firsthop_core::protocol::{Code, Event, Hop, Problem, Receipts, Seq, VERSION};
use firsthop_core::sign::{Nonces, Purpose, Signed};
use firsthop_edge::host::{Away, OriginAnswer, OriginRequest};

use super::{EDGE_KEY, inbox, pack, pack_bytes};

/// How the origin behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Up,
    /// Nobody is there.
    Away,
    /// It takes what it gets, and its answer gets lost.
    Mute,
    /// It answers everything with a fault.
    Failing,
    /// It can read, and can't write.
    Full,
}

pub(crate) struct FakeOrigin {
    pub(crate) mood: Mood,
    pub(crate) inbox: Option<Inbox>,
    pub(crate) packs: BTreeMap<PackHash, Vec<u8>>,
    pub(crate) requests: Vec<String>,
    pub(crate) attached: Option<bool>,
    pack: Pack,
    heads: BTreeMap<VisitorId, Head>,
    logs: BTreeMap<VisitorId, Vec<Event>>,
    nonces: Nonces,
}

impl FakeOrigin {
    pub(crate) fn new() -> Self {
        Self {
            mood: Mood::Up,
            inbox: Some(inbox()),
            packs: [pack_bytes()].into(),
            requests: Vec::new(),
            attached: None,
            pack: pack(),
            heads: BTreeMap::new(),
            logs: BTreeMap::new(),
            nonces: Nonces::new(),
        }
    }

    pub(crate) fn log(&self, visitor: VisitorId) -> Vec<Event> {
        self.logs.get(&visitor).cloned().unwrap_or_default()
    }

    pub(crate) fn head_mut(&mut self, visitor: VisitorId) -> &mut Head {
        self.heads.entry(visitor).or_default()
    }

    pub(crate) fn answer(
        &mut self,
        request: &OriginRequest,
        now: Timestamp,
    ) -> Result<OriginAnswer, Away> {
        self.requests
            .push(format!("{} {}", request.method, request.path));
        match self.mood {
            Mood::Up | Mood::Mute | Mood::Full => {}
            Mood::Away => return Err(Away("connection refused".into())),
            Mood::Failing => {
                return Ok(OriginAnswer {
                    status: 503,
                    body: Vec::new(),
                });
            }
        }
        let answer = self.serve(request, now);
        if self.mood == Mood::Mute {
            Err(Away("nothing came".into()))
        } else {
            Ok(answer)
        }
    }

    fn serve(&mut self, request: &OriginRequest, now: Timestamp) -> OriginAnswer {
        let found = |body| OriginAnswer { status: 200, body };
        let nothing = OriginAnswer {
            status: 404,
            body: Vec::new(),
        };
        if let Some(hash) = request.path.strip_prefix("/v1/packs/") {
            return self
                .packs
                .get(&hash.parse().unwrap())
                .cloned()
                .map_or(nothing, found);
        }
        let header = |name: &str| {
            request
                .headers
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| value.as_str())
        };
        let line = format!("{} {}", request.method, request.path);
        let signed = Signed::from_headers(header).unwrap();
        signed
            .verify(&[EDGE_KEY], Purpose::Batch, &line, &request.body, now)
            .unwrap();
        self.nonces.note(&signed, now).unwrap();
        if let Some(key) = request.path.strip_prefix("/v1/edge/inboxes/") {
            let inbox = self.inbox.clone().filter(|inbox| inbox.key == key);
            return inbox.map_or(nothing, |inbox| found(serde_json::to_vec(&inbox).unwrap()));
        }
        assert_eq!(request.path, "/v1/edge/batch");
        let batch: Batch = postcard::from_bytes(&request.body).unwrap();
        let downlinks = batch
            .uplinks
            .into_iter()
            .map(|uplink| {
                self.attached = Some(uplink.attached);
                let frames = uplink
                    .frames
                    .into_iter()
                    .flat_map(|frame| self.take(uplink.visitor, frame, now))
                    .collect();
                Downlink {
                    visitor: uplink.visitor,
                    frames,
                }
            })
            .collect();
        found(postcard::to_allocvec(&BatchReply { downlinks }).unwrap())
    }

    fn take(&mut self, visitor: VisitorId, frame: ToServer, now: Timestamp) -> Vec<ToVisitor> {
        let full = || Problem::new(Code::StorageUnavailable, "the disk is full");
        match frame {
            // That an edge has the visitor now is to be noted.
            ToServer::Hello(_) if self.mood == Mood::Full => vec![full().into()],
            ToServer::Submit(submit) if self.mood == Mood::Full => {
                let ids = submit.messages.into_iter().map(|message| message.id);
                let problem = full();
                ids.map(|id| {
                    Refused {
                        id,
                        problem: problem.clone(),
                    }
                    .into()
                })
                .collect()
            }
            ToServer::Hello(hello) => {
                let head = self.head_mut(visitor).clone();
                let welcome = Welcome {
                    version: VERSION,
                    visitor,
                    hop: Hop::Origin,
                    head: Some(head.visible),
                    status: Some(head.status),
                    receipts: Receipts::default(),
                    pack: Some(pack_bytes().0),
                    origin: Reach::Up,
                    now,
                    cursor: hello.cursor,
                };
                vec![welcome.into(), self.after(visitor, hello.cursor)]
            }
            ToServer::CatchUp(catch_up) => vec![self.after(visitor, catch_up.after)],
            ToServer::Submit(submit) => submit
                .messages
                .into_iter()
                .flat_map(|message| self.ingest(visitor, &message, now))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn after(&self, visitor: VisitorId, after: Seq) -> ToVisitor {
        let events = self
            .log(visitor)
            .into_iter()
            .filter(|event| event.seq > after)
            .collect();
        Events {
            events,
            more: false,
        }
        .into()
    }

    fn ingest(
        &mut self,
        visitor: VisitorId,
        message: &Submission,
        now: Timestamp,
    ) -> Vec<ToVisitor> {
        let id = message.id;
        let stored = Stored {
            by: Hop::Origin,
            ids: vec![id],
        };
        if let Some(known) = self.log(visitor).iter().find(|event| event.id == id) {
            if same_submission(known, message) {
                return vec![stored.into()];
            }
            let problem = Problem::new(Code::IdReused, "the id was used for something else");
            return vec![Refused { id, problem }.into()];
        }
        let mut answerer = Answerer::new();
        let (verdict, unverified) = match &message.said {
            Said::Text(said) => match said
                .claim
                .as_ref()
                .map(|claim| verify(&mut answerer, Some(&self.pack), claim, id, said))
            {
                Some(Ok(answer)) => (Verdict::Answer(answer), None),
                Some(Err(unverified)) => (
                    ask(&mut answerer, &self.pack, Hop::Origin, id, said),
                    Some(unverified),
                ),
                None => (ask(&mut answerer, &self.pack, Hop::Origin, id, said), None),
            },
            _ => (Verdict::Quiet, None),
        };
        let events = self
            .head_mut(visitor)
            .visitor_says(message, verdict, unverified, now)
            .unwrap();
        self.logs.entry(visitor).or_default().extend(events.clone());
        vec![
            stored.into(),
            Events {
                events,
                more: false,
            }
            .into(),
        ]
    }
}
