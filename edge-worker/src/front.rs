//! The edge's front: every request comes in here.
//!
//! In: a request whose body was read up to its route's limit. Out: a response; or, for what only
//! the visitor's object can answer, who it is that asks. Nothing here remembers anything.

use firsthop_core::pack::PackHash;
use firsthop_core::protocol::edge::PushReply;
use firsthop_core::protocol::{Code, Encoding, Problem};

use crate::admission::admit;
use crate::asset::{self, Asset, IMMUTABLE};
use crate::directory::{Ask, Told};
use crate::host::Front;
use crate::http::{Body, Head, Response};
use crate::link::open_push;
use crate::route::{Route, preflight};
use crate::visit::{self, Visit};

/// How a visitor wants to be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By a WebSocket.
    Socket,
    /// By one answer.
    Frames,
    /// By server-sent events.
    Stream,
}

/// What becomes of a request.
#[derive(Debug)]
pub enum Outcome {
    /// It is answered.
    Done(Response),
    /// The visitor's object answers it.
    Visit(Way, Visit),
    /// The host's static pages answer it, if it has any; the path below the site.
    Page(String),
}

/// Answers a request. `body` holds at most `route.body_max()` bytes.
pub async fn answer(
    host: &impl Front,
    assets: &[Asset],
    route: &Route,
    head: &Head,
    body: &[u8],
) -> Outcome {
    let answered = match route {
        Route::Admission => admit(host, head, body).await,
        Route::Socket => match visit::at_socket(host, head).await {
            Ok(visit) => return Outcome::Visit(Way::Socket, visit),
            Err(problem) => Err(problem),
        },
        Route::Frames | Route::Stream => match visit::at_post(host, head).await {
            Ok(visit) => {
                let way = if *route == Route::Frames {
                    Way::Frames
                } else {
                    Way::Stream
                };
                return Outcome::Visit(way, visit);
            }
            Err(problem) => Err(problem),
        },
        Route::PackPointer(key) => pack_pointer(host, key, head).await,
        Route::Pack(hash) => pack(host, *hash, head).await,
        Route::Asset(name) => Ok(asset::serve(assets, name, head)),
        Route::Push => push(host, head, body).await,
        Route::Page(path) => return Outcome::Page(path.clone()),
        Route::Health => Ok(Response::text(200, "ok")),
        Route::Preflight => Ok(preflight()),
    };
    Outcome::Done(answered.unwrap_or_else(Response::from))
}

async fn pack_pointer(host: &impl Front, key: &str, head: &Head) -> Result<Response, Problem> {
    let inbox = visit::inbox(host, key).await?;
    visit::check_page(&inbox, head)?;
    let etag = format!("\"{}\"", inbox.pointer_tag());
    let mut response = if asset::matches_etag(head, &etag) {
        Response::empty(304)
    } else {
        Response::json(200, &inbox.pointer())
    };
    response
        .headers
        .retain(|(name, _)| *name != "cache-control");
    Ok(response
        .with("etag", format!("W/{etag}"))
        .with("cache-control", "public, max-age=10"))
}

/// A pack never changes: whoever holds one may keep it.
async fn pack(host: &impl Front, hash: PackHash, head: &Head) -> Result<Response, Problem> {
    let etag = format!("\"{hash}\"");
    let response = |status| {
        Response::empty(status)
            .with("etag", format!("W/{etag}"))
            .with("cache-control", IMMUTABLE)
            .with("vary", "Accept-Encoding")
            .with("content-type", "application/octet-stream")
    };
    if asset::matches_etag(head, &etag) {
        return Ok(response(304));
    }
    if head.accepts("gzip")
        && let Some(compressed) = host.gzipped(hash).await?
    {
        let mut response = response(200).with("content-encoding", "gzip");
        response.body = Body::Owned(compressed);
        return Ok(response);
    }
    let Told::Pack(bytes) = host.directory(Ask::Pack(hash)).await? else {
        return Err(Problem::new(
            Code::Internal,
            "the directory answered something else",
        ));
    };
    let mut response = response(200);
    response.body = Body::Owned(bytes);
    Ok(response)
}

/// Takes a push in: inboxes first, so that a visitor who is told of a pack gets it here.
async fn push(host: &impl Front, head: &Head, body: &[u8]) -> Result<Response, Problem> {
    let (signed, push) = open_push(host.config(), head, body, host.now())?;
    host.directory(Ask::pushed(&signed)).await?;
    if !push.changed_inboxes.is_empty() {
        host.directory(Ask::Refresh(push.changed_inboxes)).await?;
    }
    // One that fails fails the push: the origin sends it again, and what arrived twice is known by
    // its place in the log.
    let sockets = host.push(push.downlinks).await?;
    let reply = postcard::to_allocvec(&PushReply { sockets }).map_err(|error| {
        Problem::new(
            Code::Internal,
            format!("the reply could not be written: {error}"),
        )
    })?;
    let mut response = Response::empty(200)
        .with("content-type", Encoding::Postcard.content_type())
        .with("cache-control", "no-store");
    response.body = Body::Owned(reply);
    Ok(response)
}
