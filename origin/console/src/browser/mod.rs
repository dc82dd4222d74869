//! What the console needs of the browser, in small pieces: clock, socket, requests, storage,
//! dates, sound, focus.
//!
//! In and out: plain Rust values. Invariant: nothing here decides anything; whatever the browser
//! lacks or forbids (storage, sound) is done without. Not here: the screen (`ui`).

pub(crate) mod calendar;
pub(crate) mod chime;
pub(crate) mod clock;
pub(crate) mod digest;
pub(crate) mod focus;
pub(crate) mod http;
pub(crate) mod resize;
pub(crate) mod socket;
pub(crate) mod storage;
