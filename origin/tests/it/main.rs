//! The origin from outside: real sockets, a real SQLite, a port of its own.
//!
//! `harness` starts servers and plays visitors, agents and edges; each other file tells what
//! happens to one of them.

mod accounts;
mod agents;
mod bad_input;
mod edges;
mod editing;
mod floods;
mod harness;
mod knowledge;
mod learning;
mod messages;
mod operators;
mod packs;
mod previews;
mod process;
mod silence;
mod storage;
mod transports;
