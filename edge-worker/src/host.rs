//! What the edge's logic needs of the platform it runs on.
//!
//! Each trait is one machine's: [`Host`] everybody's, [`Front`] that of whoever answers requests,
//! [`Shelf`] that of the directory. The tests have a fake one.

use core::future::Future;
use core::time::Duration;

use firsthop_core::Timestamp;
use firsthop_core::pack::PackHash;
use firsthop_core::protocol::Problem;
use firsthop_core::protocol::edge::{Downlink, Inbox};

use crate::config::Config;
use crate::directory::{Ask, Told};

/// A request to the origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginRequest {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// From the slash on.
    pub path: String,
    /// With the signature, where it has one.
    pub headers: Vec<(&'static str, String)>,
    /// Empty with `GET`.
    pub body: Vec<u8>,
    /// When to give up, body included.
    pub within: Duration,
    /// So much of the answer's body is read, in bytes.
    pub answer_max: usize,
}

/// The origin's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// The origin did not answer: nobody is there, it took too long, or its answer broke off.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the origin does not answer as it should: {0}")]
pub struct Away(pub String);

/// What everybody needs.
pub trait Host {
    /// The settings.
    fn config(&self) -> &Config;
    /// The wall clock.
    fn now(&self) -> Timestamp;
    /// Randomness fit for ids and nonces.
    fn random(&self) -> [u8; 16];
    /// Asks the origin.
    fn origin(&self, request: OriginRequest) -> impl Future<Output = Result<OriginAnswer, Away>>;
    /// Tells the operator. Never a visitor's text or a key.
    fn warn(&self, message: &str);
}

/// What answering requests needs.
pub trait Front: Host {
    /// Asks the directory.
    fn directory(&self, ask: Ask) -> impl Future<Output = Result<Told, Problem>>;
    /// A pack, compressed with gzip; `None` if the host can't. Done once for many.
    ///
    /// # Errors
    /// Those of [`Ask::Pack`].
    fn gzipped(&self, pack: PackHash) -> impl Future<Output = Result<Option<Vec<u8>>, Problem>>;
    /// Counts a new visitor from this address.
    ///
    /// # Errors
    /// How long to wait for the next.
    fn count_new(&self, address: &str) -> Result<(), Duration>;
    /// Gives visitors' objects what the origin sent; says how many sockets each visitor has.
    fn push(&self, downlinks: Vec<Downlink>) -> impl Future<Output = Result<Vec<u32>, Problem>>;
}

/// The host's storage failed. The operator must act.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the edge's storage fails: {0}")]
pub struct ShelfError(pub String);

/// What the directory needs: to keep inboxes and packs, durably.
pub trait Shelf: Host {
    /// An inbox.
    ///
    /// # Errors
    /// [`ShelfError`], as with all of these.
    fn inbox(&self, key: &str) -> Result<Option<Inbox>, ShelfError>;
    /// Keeps an inbox in the place of what had its key.
    fn put_inbox(&self, inbox: &Inbox) -> Result<(), ShelfError>;
    /// Forgets an inbox.
    fn remove_inbox(&self, key: &str) -> Result<(), ShelfError>;
    /// A pack's bytes.
    fn pack(&self, hash: PackHash) -> Result<Option<Vec<u8>>, ShelfError>;
    /// Whether that pack is kept.
    fn has_pack(&self, hash: PackHash) -> Result<bool, ShelfError>;
    /// Keeps a pack.
    fn put_pack(&self, hash: PackHash, bytes: &[u8]) -> Result<(), ShelfError>;
    /// Forgets the packs that are no inbox's current one.
    fn sweep_packs(&self) -> Result<(), ShelfError>;
}
