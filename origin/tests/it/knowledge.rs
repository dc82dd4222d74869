//! Publishing knowledge: while the server runs, all or nothing, with every error named.

use std::time::Duration;

use firsthop_core::limits::KNOWLEDGE_FILE_BYTES_MAX;
use firsthop_core::pack::{PackHash, signature};
use firsthop_core::protocol::edge::Inbox;
use firsthop_core::protocol::visitor::ToVisitor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::harness::{KNOWLEDGE, PATIENCE, TestOrigin};

const PATH: &str = "/v1/inboxes/demo/knowledge";

#[tokio::test]
async fn an_upload_becomes_the_current_pack_at_once() {
    let origin = TestOrigin::start().await;
    let agent = origin.agent().await;
    let mut visitor = origin.visitor().await;
    visitor.connect().await;
    let headers = [("x-firsthop-csrf", "1"), ("cookie", agent.cookie.as_str())];
    assert_eq!(
        origin.http.get("/v1/inboxes/demo/pack", &[]).await.json()["pack"],
        serde_json::Value::Null
    );
    let published = origin.http.post(PATH, &headers, KNOWLEDGE).await;
    assert_eq!(published.status, 200, "{published:?}");
    assert_eq!(published.json()["entries"], 2);
    let hash = published.json()["pack"].as_str().unwrap().to_owned();

    let told = visitor
        .wait_for(|frame| match frame {
            ToVisitor::Pack(pack) => Some(pack.hash.to_string()),
            _ => None,
        })
        .await;
    assert_eq!(told, hash);
    let pointer = origin
        .http
        .get(
            "/v1/inboxes/demo/pack",
            &[("origin", "https://shop.example")],
        )
        .await;
    assert_eq!(pointer.json()["pack"], hash.as_str());
    assert_eq!(pointer.header("cache-control"), "public, max-age=10");
    assert_eq!(
        pointer.header("access-control-allow-origin"),
        "https://shop.example"
    );
    let known = [("if-none-match", pointer.header("etag"))];
    assert_eq!(
        origin
            .http
            .get("/v1/inboxes/demo/pack", &known)
            .await
            .status,
        304
    );
    let listed = origin.http.get("/v1/inboxes", &headers).await.json();
    assert_eq!(
        (
            &listed["inboxes"][0]["pack"],
            &listed["inboxes"][0]["entries"]
        ),
        (&hash.as_str().into(), &2.into())
    );

    // Whatever the encoding, the bytes are those of the hash.
    let path = format!("/v1/packs/{hash}");
    let plain = origin.http.get(&path, &[]).await;
    assert_eq!(PackHash::of(&plain.body).to_string(), hash);
    assert!(
        plain.header("cache-control").contains("immutable")
            && plain.header("content-encoding").is_empty()
    );
    let brotli = origin
        .http
        .get(&path, &[("accept-encoding", "gzip, br")])
        .await;
    assert_eq!(brotli.header("content-encoding"), "br");
    let mut unpacked = Vec::new();
    std::io::Read::read_to_end(
        &mut brotli::Decompressor::new(&brotli.body[..], 4096),
        &mut unpacked,
    )
    .unwrap();
    assert_eq!(unpacked, plain.body);
    let gzip = origin.http.get(&path, &[("accept-encoding", "gzip")]).await;
    let mut unpacked = Vec::new();
    std::io::Read::read_to_end(
        &mut flate2::read::GzDecoder::new(&gzip.body[..]),
        &mut unpacked,
    )
    .unwrap();
    assert_eq!(unpacked, plain.body);

    let id = visitor.says("when are you open?").await;
    assert_eq!(visitor.answer_to(id).await.source.pack.to_string(), hash);
}

#[tokio::test]
async fn every_error_of_a_file_is_told_with_its_line_and_nothing_changes() {
    let origin = TestOrigin::with_knowledge().await;
    let agent = origin.agent().await;
    let before = origin.http.get("/v1/inboxes/demo/pack", &[]).await.json();
    let headers = [("x-firsthop-csrf", "1"), ("cookie", agent.cookie.as_str())];
    let upload = async |lines: &[&str]| {
        let answer = origin.http.post(PATH, &headers, lines.join("\n")).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (422, "invalid_input")
        );
        let word = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let errors = answer.json()["errors"].as_array().unwrap().clone();
        errors
            .iter()
            .map(|error| {
                (
                    error["line"].as_u64().unwrap(),
                    word(&error["field"]),
                    word(&error["code"]),
                )
            })
            .collect::<Vec<_>>()
    };
    let right = r#"{"id":"a","title":"A","phrasings":["alpha"],"answer":"A"}"#;
    let twice = r#"{"id":"a","title":"A","phrasings":["beta"],"answer":"B"}"#;
    let empty = r#"{"id":"b","title":"B","phrasings":["", " "],"answer":"B"}"#;
    let told = upload(&[right, empty, "", r#"{"id":"c", nonsense}"#]).await;
    assert_eq!(
        told,
        [
            (2, "phrasings".into(), "empty".into()),
            (4, String::new(), "not_json".into())
        ]
    );
    assert_eq!(
        upload(&[right, "", twice]).await,
        [(3, "id".into(), "duplicate_id".into())]
    );
    assert_eq!(
        origin.http.get("/v1/inboxes/demo/pack", &[]).await.json(),
        before
    );
}

#[tokio::test]
async fn a_file_of_a_hundred_megabytes_is_refused_before_it_is_read() {
    let origin = TestOrigin::start().await;
    let agent = origin.agent().await;
    let mut stream = tokio::net::TcpStream::connect(origin.address())
        .await
        .unwrap();
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nhost: {}\r\ncookie: {}\r\nx-firsthop-csrf: 1\r\ncontent-length: {}\r\n\r\n",
        origin.address(),
        agent.cookie,
        100 * 1024 * 1024,
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4096];
    let read = tokio::time::timeout(PATIENCE, stream.read(&mut answer))
        .await
        .unwrap()
        .unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
    assert!(
        answer.starts_with("HTTP/1.1 413 ") && answer.contains("message_too_large"),
        "{answer}"
    );
    // One that does not say how large it is, is cut off where it becomes too large.
    let mut stream = tokio::net::TcpStream::connect(origin.address())
        .await
        .unwrap();
    let head = head.replace(
        &format!("content-length: {}", 100 * 1024 * 1024),
        "transfer-encoding: chunked",
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let sending = tokio::spawn(async move {
        let chunk = format!("{:x}\r\n{}\r\n", 1024 * 1024, " ".repeat(1024 * 1024));
        for _ in 0..=KNOWLEDGE_FILE_BYTES_MAX / (1024 * 1024) {
            // The server may stop listening at any time.
            if writer.write_all(chunk.as_bytes()).await.is_err() {
                break;
            }
        }
        writer
    });
    let mut answer = vec![0; 4096];
    let read = tokio::time::timeout(PATIENCE + Duration::from_secs(20), reader.read(&mut answer))
        .await
        .unwrap()
        .unwrap();
    assert!(String::from_utf8_lossy(&answer[..read]).starts_with("HTTP/1.1 413 "));
    sending.abort();
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let origin = TestOrigin::start().await;
    for path in [
        "/v1/packs/nonsense",
        &format!("/v1/packs/{}", "0".repeat(64)),
        "/w/nothing.js",
        "/console/nothing",
    ] {
        let answer = origin.http.get(path, &[]).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (404, "not_found"),
            "{path}"
        );
    }
    assert_eq!(
        origin.http.get("/v1/inboxes/nope/pack", &[]).await.code(),
        "inbox_unknown"
    );
}

#[tokio::test]
async fn what_is_published_is_signed_and_never_with_an_earlier_time() {
    let mut origin = TestOrigin::with_knowledge().await;
    let key = origin.app().pack_signer.key();
    let pointer = async |origin: &TestOrigin| {
        let answer = origin.http.get("/v1/inboxes/demo/pack", &[]).await;
        let inbox: Inbox = serde_json::from_value(serde_json::json!({
            "key": "demo", "name": "", "allowed_origins": [],
            "pack": answer.json()["pack"], "published": answer.json()["published"],
        }))
        .unwrap();
        (inbox, answer.header("etag").to_owned())
    };
    let verified = |inbox: &Inbox| {
        let pack = inbox.pack.unwrap();
        signature::verify(&[key], "demo", pack, inbox.published.as_ref())
    };
    let (first, tag) = pointer(&origin).await;
    assert_eq!(verified(&first), Ok(()));
    // The same pack again is another publication, and later.
    origin.publish(KNOWLEDGE).await;
    let (second, other_tag) = pointer(&origin).await;
    assert_eq!((verified(&second), second.pack), (Ok(()), first.pack));
    assert!(second.published.as_ref().unwrap().at > first.published.as_ref().unwrap().at);
    assert_ne!(tag, other_tag);
    // Edges are told the same, and the key survives a restart.
    let edge = origin.edge().await;
    let told: Inbox = serde_json::from_slice(&edge.inbox("demo").await.body).unwrap();
    assert_eq!(told.published, second.published);
    origin.restart().await;
    assert_eq!(pointer(&origin).await.0, second);
}
