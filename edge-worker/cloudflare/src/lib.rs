//! Firsthop's edge on Cloudflare Workers and on workerd: the shell around `firsthop-edge`.
//!
//! A request comes in at [`fetch`]; what only one visitor's object can answer goes on to a
//! [`visitor::Visitor`]; what the edge knows of inboxes is in the one [`directory::Directory`].
//! Both are Durable Objects. `js/entry.js` wraps all three, so that a panic hangs nobody.
//!
//! Not here: any decision. Those are in `firsthop-edge`, where tests run natively.
#![cfg(target_family = "wasm")]

mod directory;
mod host;
mod isolate;
mod pages;
mod transfer;
mod visitor;

use firsthop_core::protocol::{Code, Problem};
use firsthop_edge::asset::Asset;
use firsthop_edge::front::{self, Outcome};
use firsthop_edge::http::{self, Head};
use firsthop_edge::route::{Route, too_large};
use worker::{Context, Env, Request, Response, event};

use crate::host::{Worker, internal};

/// The widget's files.
const ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Answers every request.
#[event(fetch)]
async fn fetch(mut request: Request, env: Env, _context: Context) -> worker::Result<Response> {
    let head = transfer::head(&request);
    let route = match Route::of(&head) {
        Ok(route) => route,
        Err(problem) => return transfer::respond(problem.into()),
    };
    let shared = |response| transfer::respond_to(&head, route.share(&head, response));
    match answer(&mut request, env, &route, &head).await {
        Ok(Answer::Ours(response)) => shared(response),
        Ok(Answer::Made(response)) => Ok(response),
        Err(problem) => shared(problem.into()),
    }
}

/// A response, still to be shared with whom it is for, or complete.
enum Answer {
    Ours(http::Response),
    Made(Response),
}

async fn answer(
    request: &mut Request,
    env: Env,
    route: &Route,
    head: &Head,
) -> Result<Answer, Problem> {
    let host = match Worker::new(env) {
        Ok(host) => host,
        // Alive, though of no use: that is what a health check asks.
        Err(_) if *route == Route::Health => {
            return Ok(Answer::Ours(http::Response::text(200, "ok")));
        }
        Err(error) => {
            worker::console_error!("this edge is not set up: {error}");
            return Err(Problem::new(
                Code::Internal,
                "this edge is not set up; its log says what is missing",
            ));
        }
    };
    let body_max = route.body_max();
    let body = transfer::read_body(request, head.content_length(), body_max)
        .await
        .map_err(internal)?;
    let body = body.ok_or_else(|| too_large(body_max))?;
    match front::answer(&host, ASSETS, route, head, &body).await {
        Outcome::Done(response) => Ok(Answer::Ours(response)),
        Outcome::Visit(way, visit) => host
            .visit(way, &visit, head.page_origin(), &body)
            .await
            .map(Answer::Made),
        Outcome::Page(path) => pages::serve(&host, &path)
            .await
            .map(Answer::Made)
            .map_err(internal),
    }
}
