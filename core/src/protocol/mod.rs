//! The protocol, version 1: what travels between visitors, edges, the origin and consoles.
//!
//! `visitor` holds the frames of a visitor's link, `edge` what carries them between an edge and
//! the origin, `agent` the frames of a console's link; `event` is what a conversation's log
//! consists of. `codec` turns frames into bytes and back. `docs/protocol.md` describes the JSON
//! form for others.
//!
//! Compatibility: kinds and words that a reader does not know are kept and passed on, a struct may
//! get new members at its end (`extensible` says why that is safe). Nothing here decides anything:
//! that is `conversation` and `hop`.

pub mod agent;
mod author;
mod codec;
pub mod edge;
mod event;
mod extensible;
mod problem;
mod size;
pub mod visitor;
mod word;

pub use author::Author;
pub use codec::{Encoding, decode, encode};
pub use event::{
    AgentRef, Answer, Content, Event, Hop, Note, Reason, Receipts, Seq, Source, Status,
    StatusChange, Suggestion, Text, UnverifiedClaim,
};
pub use extensible::{Unread, appended};
pub use problem::{Code, Problem, Remedy};
pub use size::{SUBMIT_BYTES_MAX, event_bytes, events_that_fit, submission_bytes};

/// The version that this crate speaks.
pub const VERSION: u16 = 1;
