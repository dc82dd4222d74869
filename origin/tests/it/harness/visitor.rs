//! A visitor's client, as simple as one can be.

use std::net::SocketAddr;

use firsthop::host;
use firsthop_core::id::{Derived, MessageId};
use firsthop_core::pack::PackHash;
use firsthop_core::protocol::visitor::{
    AskPerson, CatchUp, Claim, Hello, Said, SaidText, Submission, Submit, ToServer, ToVisitor,
};
use firsthop_core::protocol::{Code, Content, Encoding, Event, Hop, Seq, decode, encode};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::{Http, PATIENCE, SILENCE};

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// See the module.
pub(crate) struct TestVisitor {
    http: Http,
    address: SocketAddr,
    pub(crate) token: String,
    pub(crate) id: firsthop_core::id::VisitorId,
    pub(crate) encoding: Encoding,
    pub(crate) cursor: Seq,
    socket: Option<Socket>,
    /// Everything that came, events apart.
    pub(crate) inbox: Vec<ToVisitor>,
    pub(crate) log: Vec<Event>,
}

/// What became of a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    Stored,
    Refused(Code),
}

pub(crate) fn text(text: &str) -> Submission {
    let said = SaidText {
        text: text.into(),
        lang: "en".to_owned(),
        claim: None,
        page: Default::default(),
    };
    Submission {
        id: MessageId::new(host::now(), host::random()),
        at: host::now(),
        said: said.into(),
    }
}

pub(crate) fn person() -> Submission {
    Submission {
        id: MessageId::new(host::now(), host::random()),
        at: host::now(),
        said: AskPerson {}.into(),
    }
}

/// A claim to have answered from an entry with a text.
pub(crate) fn claim_of(pack: PackHash, entry: &str, confidence: u16, text: &str) -> Claim {
    Claim {
        hop: Hop::Browser,
        pack,
        entries: vec![entry.to_owned()],
        suggested: false,
        confidence,
        text: text.into(),
    }
}

impl TestVisitor {
    pub(crate) async fn admitted(http: Http, address: SocketAddr, inbox: &str) -> Self {
        let headers = [("origin", "https://shop.example")];
        let answer = http
            .post(
                "/v1/visitor/admission",
                &headers,
                json!({ "inbox": inbox }).to_string(),
            )
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let answer = answer.json();
        Self {
            http,
            address,
            token: answer["token"].as_str().unwrap().to_owned(),
            id: answer["visitor"].as_str().unwrap().parse().unwrap(),
            encoding: Encoding::Postcard,
            cursor: Seq(0),
            socket: None,
            inbox: Vec::new(),
            log: Vec::new(),
        }
    }

    /// Another tab of the same visitor.
    pub(crate) fn other_tab(&self) -> Self {
        Self {
            http: self.http.clone(),
            token: self.token.clone(),
            socket: None,
            inbox: Vec::new(),
            log: Vec::new(),
            cursor: Seq(0),
            ..*self
        }
    }

    pub(crate) fn hello(&self) -> Hello {
        serde_json::from_value(
            json!({ "version": 1, "cursor": self.cursor, "lang": "en", "client": "test" }),
        )
        .unwrap()
    }

    /// The bearer's header.
    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    /// Opens a socket without greeting.
    pub(crate) async fn try_open(&self, protocols: &str, origin: &str) -> Result<Socket, Error> {
        let mut request = format!("ws://{}/v1/visitor/socket", self.address)
            .into_client_request()
            .unwrap();
        if !protocols.is_empty() {
            request
                .headers_mut()
                .insert("sec-websocket-protocol", protocols.parse().unwrap());
        }
        request
            .headers_mut()
            .insert("origin", origin.parse().unwrap());
        connect_async(request).await.map(|(socket, _)| socket)
    }

    pub(crate) async fn open(&mut self) {
        let protocols = format!("{}, token.{}", self.encoding.subprotocol(), self.token);
        self.socket = Some(
            self.try_open(&protocols, "https://shop.example")
                .await
                .unwrap(),
        );
    }

    /// Opens a socket and greets.
    pub(crate) async fn connect(&mut self) {
        self.open().await;
        self.send(&[self.hello().into()]).await;
        self.wait_for(|frame| matches!(frame, ToVisitor::Welcome(_)).then_some(()))
            .await;
    }

    pub(crate) fn disconnect(&mut self) {
        self.socket = None;
    }

    pub(crate) async fn send(&mut self, frames: &[ToServer]) {
        let bytes = encode(self.encoding, frames).unwrap();
        let message = match self.encoding {
            Encoding::Postcard => Message::binary(bytes),
            Encoding::Json => Message::text(String::from_utf8(bytes).unwrap()),
        };
        self.send_raw(message).await;
    }

    /// Sends frames, if the server is still there.
    pub(crate) async fn try_send(&mut self, frames: &[ToServer]) -> bool {
        let bytes = encode(Encoding::Postcard, frames).unwrap();
        self.socket
            .as_mut()
            .expect("connected")
            .send(Message::binary(bytes))
            .await
            .is_ok()
    }

    pub(crate) async fn send_raw(&mut self, message: Message) {
        self.socket
            .as_mut()
            .expect("connected")
            .send(message)
            .await
            .unwrap();
    }

    /// The next wire message's frames; none once the socket has closed.
    pub(crate) async fn receive(&mut self) -> Option<Vec<ToVisitor>> {
        loop {
            let message = self.socket.as_mut().expect("connected").next().await?;
            let bytes = match message {
                Ok(Message::Binary(bytes)) => bytes,
                Ok(Message::Text(text)) => text.into(),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => continue,
            };
            return Some(decode(self.encoding, &bytes).unwrap());
        }
    }

    /// Waits until the server has asked for a sign of life, and lets the library answer.
    pub(crate) async fn is_asked(&mut self) {
        let asked = async {
            let socket = self.socket.as_mut().expect("connected");
            while !matches!(socket.next().await, Some(Ok(Message::Ping(_)))) {}
            socket.flush().await.unwrap();
        };
        tokio::time::timeout(PATIENCE, asked)
            .await
            .expect("the server asks");
    }

    fn take(&mut self, frames: Vec<ToVisitor>) {
        for frame in frames {
            if let ToVisitor::Events(events) = &frame {
                for event in &events.events {
                    if event.seq <= self.cursor {
                        continue;
                    }
                    assert!(
                        event.prev <= self.cursor,
                        "a gap before {:?} after {:?}",
                        event.seq,
                        self.cursor
                    );
                    self.cursor = event.seq;
                    self.log.push(event.clone());
                }
            }
            self.inbox.push(frame);
        }
    }

    /// Waits for a frame, among those that came already too.
    pub(crate) async fn wait_for<T>(&mut self, pick: impl Fn(&ToVisitor) -> Option<T>) -> T {
        let waiting = async {
            loop {
                if let Some(found) = self.inbox.iter().find_map(&pick) {
                    return found;
                }
                let frames = self.receive().await.expect("the socket stays open");
                self.take(frames);
            }
        };
        tokio::time::timeout(PATIENCE, waiting)
            .await
            .expect("the frame comes")
    }

    /// Reads until nothing has come for a while.
    pub(crate) async fn settle(&mut self) {
        while let Ok(Some(frames)) = tokio::time::timeout(SILENCE, self.receive()).await {
            self.take(frames);
        }
    }

    /// Reads until the server closes; gives the last problem, if it told one.
    pub(crate) async fn closed(&mut self) -> Option<Code> {
        let reading = async {
            while let Some(frames) = self.receive().await {
                self.take(frames);
            }
        };
        tokio::time::timeout(PATIENCE, reading)
            .await
            .expect("the server closes");
        self.inbox.iter().rev().find_map(|frame| match frame {
            ToVisitor::Error(problem) => Some(problem.code),
            _ => None,
        })
    }

    /// Sends a message and waits for what becomes of it.
    pub(crate) async fn submit(&mut self, submission: Submission) -> Sent {
        let id = submission.id;
        self.inbox.clear();
        self.send(&[Submit {
            messages: vec![submission],
        }
        .into()])
            .await;
        self.outcome(id).await
    }

    pub(crate) async fn outcome(&mut self, id: MessageId) -> Sent {
        self.wait_for(|frame| match frame {
            ToVisitor::Stored(stored) if stored.ids.contains(&id) => Some(Sent::Stored),
            ToVisitor::Refused(refused) if refused.id == id => {
                Some(Sent::Refused(refused.problem.code))
            }
            _ => None,
        })
        .await
    }

    /// Says something that is stored.
    pub(crate) async fn says(&mut self, words: &str) -> MessageId {
        let submission = text(words);
        let id = submission.id;
        assert_eq!(self.submit(submission).await, Sent::Stored);
        id
    }

    /// Waits for an event of the log.
    pub(crate) async fn event<T>(&mut self, pick: impl Fn(&Event) -> Option<T>) -> T {
        let waiting = async {
            loop {
                if let Some(found) = self.log.iter().find_map(&pick) {
                    return found;
                }
                let frames = self.receive().await.expect("the socket stays open");
                self.take(frames);
            }
        };
        tokio::time::timeout(PATIENCE, waiting)
            .await
            .expect("the event comes")
    }

    /// Waits until the log shows a text.
    pub(crate) async fn reads(&mut self, words: &str) {
        self.event(|event| shown(event).is_some_and(|text| text == words).then_some(()))
            .await;
    }

    /// Waits for what answers a message.
    pub(crate) async fn answer_to(&mut self, id: MessageId) -> firsthop_core::protocol::Answer {
        self.event(|event| match &event.content {
            Content::Answer(answer) if event.id == id.derive(Derived::Answer) => {
                Some(answer.clone())
            }
            _ => None,
        })
        .await
    }

    /// The log as a fresh client reads it, from the beginning.
    pub(crate) async fn whole_log(&self) -> Vec<Event> {
        let mut fresh = self.other_tab();
        fresh.connect().await;
        let mut read = 0;
        loop {
            fresh.settle().await;
            if fresh.log.len() == read {
                return fresh.log;
            }
            read = fresh.log.len();
            let after = fresh.cursor;
            fresh.send(&[CatchUp { after }.into()]).await;
        }
    }

    /// What texts the whole log shows.
    pub(crate) async fn transcript(&self) -> Vec<String> {
        self.whole_log()
            .await
            .iter()
            .filter_map(shown)
            .map(str::to_owned)
            .collect()
    }

    /// `POST /v1/visitor/frames`.
    pub(crate) async fn post(&self, frames: &[ToServer], query: &str) -> super::Answer {
        let bearer = self.bearer();
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", self.encoding.content_type()),
            ("origin", "https://shop.example"),
        ];
        self.http
            .post(
                &format!("/v1/visitor/frames{query}"),
                &headers,
                encode(self.encoding, frames).unwrap(),
            )
            .await
    }

    /// A message with a claim.
    pub(crate) fn claiming(words: &str, claim: Claim) -> Submission {
        let mut submission = text(words);
        if let Said::Text(said) = &mut submission.said {
            said.claim = Some(claim);
        }
        submission
    }
}

fn shown(event: &Event) -> Option<&str> {
    match &event.content {
        Content::Text(text) => Some(text.text.expose()),
        Content::Answer(answer) => Some(&answer.text),
        _ => None,
    }
}
