//! Store-and-forward: how messages get to the origin once, and its log to everybody in order.
//!
//! | machine | drives | its shell |
//! |---|---|---|
//! | [`client::Client`] | a visitor's device: outbox, acknowledgement, reconnecting | the widget |
//! | [`relay::Relay`] | one visitor at an edge: passing on, storing while the origin is away | the Durable Object |
//! | [`gateway::Gateway`] | one visitor's connection at the origin, direct or by way of an edge | the server |
//! | [`lease::Leases`] | whether agents are there, by their consoles' answers | the server |
//! | [`transcript::Transcript`] | the conversation as a visitor is shown it | the widget |
//! | [`replica::Replica`] | a cursor over a conversation's log | all of them, and the console |
//!
//! The invariant they share: whoever sent a message keeps it until a hop above says that it is
//! durable there, and sending it again is safe at every hop.

mod backoff;
pub mod client;
pub mod gateway;
pub mod lease;
pub mod relay;
pub mod replica;
pub mod transcript;

pub use backoff::Backoff;
