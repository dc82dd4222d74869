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
use firsthop_edge::http;
use firsthop_edge::route::{Route, too_large};
use worker::{Context, Env, Request, Response, event};

use crate::host::Worker;

/// The widget's files.
const ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Answers every request.
#[event(fetch)]
async fn fetch(mut request: Request, env: Env, _context: Context) -> worker::Result<Response> {
    let head = transfer::head(&request)?;
    let route = match Route::of(&head) {
        Ok(route) => route,
        Err(problem) => return transfer::respond(problem.into()),
    };
    let shared =
        |response: http::Response| transfer::respond_to(&head, route.share(&head, response));
    let host = match Worker::new(env) {
        Ok(host) => host,
        // Alive, though of no use: that is what a health check asks.
        Err(_) if route == Route::Health => return shared(http::Response::text(200, "ok")),
        Err(error) => {
            worker::console_error!("this edge is not set up: {error}");
            let problem = Problem::new(
                Code::Internal,
                "this edge is not set up; its log says what is missing",
            );
            return shared(problem.into());
        }
    };
    let body_max = route.body_max();
    let body = match transfer::read_body(&mut request, head.content_length(), body_max).await? {
        Some(body) => body,
        None => return shared(too_large(body_max).into()),
    };
    match front::answer(&host, ASSETS, &route, &head, &body).await {
        Outcome::Done(response) => shared(response),
        Outcome::Visit(way, visit) => {
            match host.visit(way, &visit, head.page_origin(), &body).await {
                Ok(response) => Ok(response),
                Err(problem) => shared(problem.into()),
            }
        }
        Outcome::Page(path) => pages::serve(&host, &path).await,
    }
}
