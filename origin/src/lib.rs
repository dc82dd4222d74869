//! The origin: the server that keeps the conversations.
//!
//! A message's way: `http` (socket, frames, stream or edge_batch) → `deliver::connection` (core's
//! gateway) → `answerer` (what the bot makes of it) → `ingest` (group commit) → `store` →
//! `deliver::hub` → whoever follows the conversation: visitors' connections, agents'
//! connections, `deliver::push` to edges. `server` starts and stops it all; `cli` is the binary.

pub mod accounts;
pub mod answerer;
pub mod app;
pub mod cli;
pub mod config;
pub mod deliver;
pub mod drain;
pub mod edge_client;
pub mod host;
pub mod http;
pub mod ingest;
pub mod keys;
pub mod knowledge;
pub mod metrics;
pub mod server;
pub mod settings;
pub mod store;
