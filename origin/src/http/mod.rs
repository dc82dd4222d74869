//! HTTP: what the outside can ask. `router` shows every route on one screen.

mod admission;
mod agent_connection;
mod agent_socket;
mod assets;
mod cors;
mod edge_batch;
mod edge_work;
mod frames;
mod health;
mod knowledge;
mod packs;
mod problem;
mod request;
mod router;
pub mod serve;
mod session;
mod socket;
mod stream;

pub use edge_work::EdgeWork;
pub use router::router;
