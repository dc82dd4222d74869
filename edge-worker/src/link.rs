//! The signed link to the origin: batches up, pushes down.

use firsthop_core::Timestamp;
use firsthop_core::id::VisitorId;
use firsthop_core::limits::{BATCH_BYTES_MAX, ORIGIN_REPLY_WITHIN};
use firsthop_core::protocol::edge::{Batch, BatchReply, Push, Uplink};
use firsthop_core::protocol::visitor::{ToServer, ToVisitor};
use firsthop_core::protocol::{Code, Encoding, Problem, VERSION};
use firsthop_core::sign::{Nonce, Purpose, Signed};

use crate::config::Config;
use crate::host::{Away, Host, OriginAnswer, OriginRequest};
use crate::http::Head;

/// Where batches go.
pub const BATCH_PATH: &str = "/v1/edge/batch";
/// Where pushes come.
pub const PUSH_PATH: &str = "/v1/edge/push";

/// Makes a signed request to the origin.
pub fn signed(
    host: &impl Host,
    method: &'static str,
    path: String,
    body: Vec<u8>,
) -> OriginRequest {
    let config = host.config();
    let mut headers = Vec::new();
    if let Some(key) = config.keys.first() {
        let line = format!("{method} {path}");
        let signed = Signed::sign(
            key,
            Purpose::Batch,
            config.edge,
            host.now(),
            Nonce(host.random()),
            &line,
            &body,
        );
        headers.extend(signed.headers());
    }
    if method == "POST" {
        headers.push(("content-type", Encoding::Postcard.content_type().to_owned()));
    }
    OriginRequest {
        method,
        path,
        headers,
        body,
        within: ORIGIN_REPLY_WITHIN,
        answer_max: BATCH_BYTES_MAX,
    }
}

/// Passes frames of one visitor to the origin; gives its frames for them.
///
/// # Errors
/// [`Away`] also where the origin answers anything but a reply: what the visitor wrote must then
/// be kept, whoever's fault it is. A fault that lasts is told to the operator.
pub async fn uplink(
    host: &impl Host,
    visitor: VisitorId,
    inbox: &str,
    attached: bool,
    frames: Vec<ToServer>,
) -> Result<Vec<ToVisitor>, Away> {
    let batch = Batch {
        version: VERSION,
        uplinks: vec![Uplink {
            visitor,
            inbox: inbox.to_owned(),
            attached,
            frames,
        }],
    };
    let body = postcard::to_allocvec(&batch)
        .map_err(|error| Away(format!("a batch could not be written: {error}")))?;
    let answer = host
        .origin(signed(host, "POST", BATCH_PATH.to_owned(), body))
        .await?;
    if answer.status != 200 {
        return Err(refused("a batch", &answer));
    }
    let reply: BatchReply = postcard::from_bytes(&answer.body)
        .map_err(|error| Away(format!("a reply could not be read: {error}")))?;
    match <[_; 1]>::try_from(reply.downlinks) {
        Ok([downlink]) if downlink.visitor == visitor => Ok(downlink.frames),
        _ => Err(Away(
            "a reply names another visitor than was asked for".to_owned(),
        )),
    }
}

/// An answer that is none of those expected, as the log tells it: with what the origin says went
/// wrong, which names who must act (a revoked key, clocks that differ).
pub fn refused(what: &str, answer: &OriginAnswer) -> Away {
    #[derive(serde::Deserialize)]
    struct Wrapped {
        error: Problem,
    }
    let said = serde_json::from_slice::<Wrapped>(&answer.body);
    let said = said.map_or_else(
        |_| "no reason given".to_owned(),
        |said| said.error.to_string(),
    );
    Away(format!(
        "{what} was answered with HTTP status {}: {said}",
        answer.status
    ))
}

/// Checks a push's signature and reads it. Whether it was seen before is for the directory to say,
/// which has to be asked before anything is done.
///
/// # Errors
/// `signature_invalid`, `signature_expired`, `edge_unknown`, `unsupported_version` or
/// `malformed_frame`.
pub fn open_push(
    config: &Config,
    head: &Head,
    body: &[u8],
    now: Timestamp,
) -> Result<(Signed, Push), Problem> {
    let signed = Signed::from_headers(|name| head.header(name))?;
    if signed.edge != config.edge {
        return Err(Problem::new(
            Code::EdgeUnknown,
            "the push is for another edge",
        ));
    }
    signed.verify(
        &config.keys,
        Purpose::Push,
        &format!("POST {PUSH_PATH}"),
        body,
        now,
    )?;
    let push: Push = postcard::from_bytes(body).map_err(|error| {
        Problem::new(
            Code::MalformedFrame,
            format!("the push is not valid postcard: {error}"),
        )
    })?;
    if push.version != VERSION {
        return Err(Problem::new(
            Code::UnsupportedVersion,
            format!(
                "push of protocol version {}; this edge speaks version {VERSION}",
                push.version
            ),
        ));
    }
    Ok((signed, push))
}
