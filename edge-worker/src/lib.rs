//! What every edge of Firsthop shares, free of any platform's types.
//!
//! An edge admits visitors, serves them the widget and knowledge packs, answers what the current
//! pack answers, passes the rest on to the origin in signed batches, and keeps what visitors write
//! while the origin is away. Start reading at [`route`] (what there is), then [`front`] (who does
//! it), then [`visitor`] (one visitor's machine, around `firsthop_core::hop::relay`).
//!
//! Not here: sockets, storage, timers and clocks. A shell provides them through [`host`]; the one
//! for Cloudflare and workerd is in `cloudflare/`.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing))]

pub mod admission;
pub mod asset;
pub mod cache;
pub mod config;
pub mod directory;
pub mod front;
pub mod host;
pub mod http;
pub mod link;
pub mod route;
pub mod visit;
pub mod visitor;
