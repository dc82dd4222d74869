//! Firsthop's core: the same answerer and the same delivery protocol at every hop.
//!
//! Nothing here reads a clock, opens a socket, rolls dice or panics. A machine receives what
//! happened, with the time and randomness it needs, and says what to do:
//!
//! > After each `handle_…`, poll `poll_output` until it gives `None`; then wait for an input or
//! > for `next_timeout`, whichever comes first.
//!
//! Four shells drive the same machines: the browser widget, the Worker's Durable Object, the
//! Spin component, the native origin. Start reading at [`protocol`] (what travels), then
//! [`conversation`] (what a message causes), then [`hop`] (how it gets there), then [`answer`].

pub mod answer;
pub mod bot;
pub mod conversation;
pub mod hop;
pub mod id;
#[cfg(any(feature = "json", feature = "compile"))]
pub mod json;
#[cfg(feature = "compile")]
pub mod knowledge;
pub mod limit;
pub mod limits;
pub mod pack;
mod private;
pub mod protocol;
#[cfg(feature = "trust")]
pub mod sign;
mod time;
#[cfg(feature = "trust")]
pub mod token;

pub use private::Private;
pub use time::{Instant, Timestamp};
