//! Delivering: from a commit to everybody whom it concerns.
//!
//! `hub` knows who is connected here, `push` what waits for edges; `connection` is one visitor's
//! link, whichever way it comes; `frames` cuts frames into wire messages; `queue` and `presence`
//! tell what is no part of a log; `attendance` sees which agents still answer.

pub mod attendance;
pub mod connection;
pub mod frames;
pub mod hub;
pub mod presence;
pub mod push;
pub mod queue;
