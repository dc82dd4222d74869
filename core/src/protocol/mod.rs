//! The protocol, version 1: what travels between visitors, edges, the origin and consoles.
//!
//! `visitor` holds the frames of a visitor's link, `edge` what carries them between an edge and
//! the origin, `agent` the frames of a console's link; `event` is what a conversation's log
//! consists of. `codec` turns frames into bytes and back. `docs/protocol.md` describes the JSON
//! form for others.
//!
//! Compatibility: a variant that a reader does not know is skipped; a struct may get new members
//! only at its end (`extensible` says why that is safe). Nothing here decides anything: that is
//! `conversation` and `hop`.

pub mod agent;
mod codec;
pub mod edge;
mod event;
mod extensible;
mod problem;
mod size;
pub mod visitor;

pub use codec::{Encoding, decode, encode};
pub use event::{
    AgentRef, Answer, Author, Content, Event, Hop, Note, Reason, Receipts, Seq, Source, Status,
    StatusChange, Suggestion, Text, UnverifiedClaim,
};
pub use problem::{Code, Problem, Remedy};
pub use size::{event_bytes, events_that_fit, submission_bytes};

/// The version that this crate speaks.
pub const VERSION: u16 = 1;
