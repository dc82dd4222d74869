//! For those who can't open a WebSocket: the same frames by long polling and as a stream.

use std::time::Duration;

use axum::body::Bytes;
use base64::Engine;
use firsthop_core::protocol::visitor::{Submit, ToServer, ToVisitor};
use firsthop_core::protocol::{Code, Content, Encoding, Event, decode, encode};
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use crate::harness::{PATIENCE, TestOrigin, TestVisitor, text};

fn events(frames: &[ToVisitor]) -> Vec<Event> {
    frames
        .iter()
        .filter_map(|frame| match frame {
            ToVisitor::Events(events) => Some(events.events.clone()),
            _ => None,
        })
        .flatten()
        .collect()
}

#[tokio::test]
async fn a_request_carries_frames_both_ways_in_both_encodings() {
    let origin = TestOrigin::with_knowledge().await;
    for encoding in Encoding::ALL {
        let mut visitor = origin.visitor().await;
        visitor.encoding = *encoding;
        let message = text("when are you open?");
        let frames: [ToServer; 2] = [
            visitor.hello().into(),
            Submit {
                messages: vec![message.clone()],
            }
            .into(),
        ];
        let answer = visitor.post(&frames, "").await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, encoding.content_type())
        );
        let frames: Vec<ToVisitor> = decode(*encoding, &answer.body).unwrap();
        assert!(matches!(frames[0], ToVisitor::Welcome(_)));
        assert!(
            frames.iter().any(
                |frame| matches!(frame, ToVisitor::Stored(stored) if stored.ids == [message.id])
            )
        );
        assert!(
            events(&frames)
                .iter()
                .any(|event| matches!(&event.content, Content::Answer(_)))
        );
        // Sent again: stored once.
        let again = visitor
            .post(
                &[
                    visitor.hello().into(),
                    Submit {
                        messages: vec![message],
                    }
                    .into(),
                ],
                "",
            )
            .await;
        let frames: Vec<ToVisitor> = decode(*encoding, &again.body).unwrap();
        assert_eq!(events(&frames).len(), 2);
    }
}

#[tokio::test]
async fn a_long_poll_ends_when_something_happens() {
    let origin = TestOrigin::start().await;
    let mut agent = origin.agent().await;
    let mut visitor = origin.visitor().await;
    visitor.connect().await;
    visitor.says("hello").await;
    visitor.settle().await;
    let (cursor, id) = (visitor.cursor, visitor.id);
    let poll =
        tokio::spawn(async move { visitor.post(&[visitor.hello().into()], "?wait=1").await });
    agent.replies(id, "good morning").await;
    let answer = tokio::time::timeout(PATIENCE, poll).await.unwrap().unwrap();
    let frames: Vec<ToVisitor> = decode(Encoding::Postcard, &answer.body).unwrap();
    let new = events(&frames);
    assert!(!new.is_empty() && new.iter().all(|event| event.seq > cursor));
}

#[tokio::test]
async fn a_poll_for_what_is_there_already_does_not_wait() {
    let origin = TestOrigin::start().await;
    let mut visitor = origin.visitor().await;
    visitor.connect().await;
    visitor.says("hello").await;
    let fresh = visitor.other_tab();
    let answer = tokio::time::timeout(
        Duration::from_secs(10),
        fresh.post(&[fresh.hello().into()], "?wait=1"),
    )
    .await;
    let frames: Vec<ToVisitor> = decode(Encoding::Postcard, &answer.unwrap().body).unwrap();
    assert!(!events(&frames).is_empty());
}

#[tokio::test]
async fn whole_requests_are_refused_with_their_reason() {
    let origin = TestOrigin::start().await;
    let visitor = origin.visitor().await;
    let early = visitor
        .post(
            &[Submit {
                messages: vec![text("hi")],
            }
            .into()],
            "",
        )
        .await;
    assert_eq!(
        (early.status, early.code().as_str()),
        (409, "unexpected_frame")
    );
    let bearer = visitor.bearer();
    let post = async |kind: &str, origin_header: &str, body: Vec<u8>| {
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", kind),
            ("origin", origin_header),
        ];
        let answer = origin.http.post("/v1/visitor/frames", &headers, body).await;
        (answer.status, answer.code())
    };
    let shop = "https://shop.example";
    assert_eq!(
        post("text/plain", shop, vec![]).await,
        (400, "unsupported_version".into())
    );
    assert_eq!(
        post("application/json", shop, b"{".to_vec()).await,
        (400, "malformed_frame".into())
    );
    assert_eq!(
        post("application/json", shop, vec![b' '; 64 * 1024 + 1]).await,
        (413, "message_too_large".into())
    );
    assert_eq!(
        post("application/json", "https://evil.example", vec![]).await,
        (403, "origin_not_allowed".into())
    );
}

#[tokio::test]
async fn pages_may_ask_across_sites() {
    let origin = TestOrigin::start().await;
    let headers = [
        ("origin", "https://shop.example"),
        ("access-control-request-method", "POST"),
        (
            "access-control-request-headers",
            "authorization,content-type",
        ),
    ];
    let preflight = origin
        .http
        .send(hyper::Method::OPTIONS, "/v1/visitor/frames", &headers, "")
        .await;
    assert_eq!(preflight.status, 204);
    assert_eq!(
        preflight.header("access-control-allow-origin"),
        "https://shop.example"
    );
    assert!(
        preflight
            .header("access-control-allow-headers")
            .contains("authorization")
    );
    assert!(
        preflight
            .header("access-control-allow-credentials")
            .is_empty()
    );
    let console = origin
        .http
        .send(hyper::Method::OPTIONS, "/v1/session", &headers, "")
        .await;
    assert!(
        console.header("access-control-allow-origin").is_empty(),
        "the console's interface is its own"
    );
}

struct Stream {
    body: Incoming,
    text: String,
    encoding: Encoding,
}

impl Stream {
    async fn open(origin: &TestOrigin, visitor: &TestVisitor) -> Self {
        let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
        let body = encode(visitor.encoding, &[ToServer::from(visitor.hello())]).unwrap();
        let request = Request::post(format!("http://{}/v1/visitor/stream", origin.address()))
            .header("authorization", visitor.bearer())
            .header("content-type", visitor.encoding.content_type())
            .body(Full::new(Bytes::from(body)))
            .unwrap();
        let response = client.request(request).await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            body: response.into_body(),
            text: String::new(),
            encoding: visitor.encoding,
        }
    }

    /// The next event's frames; none at the end.
    async fn next(&mut self) -> Option<Vec<ToVisitor>> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let data = event.strip_prefix("data: ").map(str::to_owned);
                self.text = rest.to_owned();
                let Some(data) = data else { continue };
                let bytes = match self.encoding {
                    Encoding::Json => data.into_bytes(),
                    Encoding::Postcard => base64::prelude::BASE64_STANDARD.decode(data).unwrap(),
                };
                return Some(decode(self.encoding, &bytes).unwrap());
            }
            let frame = tokio::time::timeout(PATIENCE, self.body.frame())
                .await
                .unwrap()?
                .unwrap();
            self.text
                .push_str(std::str::from_utf8(&frame.into_data().unwrap()).unwrap());
        }
    }
}

#[tokio::test]
async fn a_stream_carries_what_happens_and_requests_what_is_sent() {
    let mut origin = TestOrigin::start().await;
    let mut agent = origin.agent().await;
    for encoding in Encoding::ALL {
        let mut visitor = origin.visitor().await;
        visitor.encoding = *encoding;
        let mut stream = Stream::open(&origin, &visitor).await;
        assert!(matches!(
            stream.next().await.unwrap()[0],
            ToVisitor::Welcome(_)
        ));
        visitor
            .post(
                &[
                    visitor.hello().into(),
                    Submit {
                        messages: vec![text("by request")],
                    }
                    .into(),
                ],
                "",
            )
            .await;
        agent.replies(visitor.id, "by stream").await;
        let mut seen = Vec::new();
        while !seen.iter().any(|event: &Event| matches!(&event.content, Content::Text(text) if text.text.expose() == "by stream")) {
            seen.extend(events(&stream.next().await.unwrap()));
        }
        let seqs: Vec<_> = seen.iter().map(|event| event.seq.0).collect();
        assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    }
    let visitor = origin.visitor().await;
    let mut stream = Stream::open(&origin, &visitor).await;
    stream.next().await.unwrap();
    let (reconnect, ()) = tokio::join!(stream.next(), origin.stop());
    assert!(matches!(reconnect.unwrap()[..], [ToVisitor::Reconnect(_)]));
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn stopping_tells_everybody_to_connect_again() {
    let mut origin = TestOrigin::start().await;
    let mut agent = origin.agent().await;
    let mut visitor = origin.visitor().await;
    visitor.connect().await;
    visitor.says("hello").await;
    origin.restart().await;
    assert_eq!(visitor.closed().await, None::<Code>);
    let told = |frame: &ToVisitor| matches!(frame, ToVisitor::Reconnect(reconnect) if reconnect.after_ms > 0);
    assert!(visitor.inbox.iter().any(told));
    assert_eq!(agent.closed().await, None);
    visitor.connect().await;
    visitor.says("hello again").await;
    assert_eq!(visitor.transcript().await, ["hello", "hello again"]);
}
