//! Knowledge at the origin: from what an editor writes to what an inbox answers with.
//!
//! `lines` takes files apart into a draft's items and puts them together again; `check` says
//! what is wrong with them; `building` makes a pack, and can be stopped; `publishing` makes it
//! current, or an earlier one; `preview` shows before what would change; `groups` brings
//! together what visitors asked in vain. Used by the console's editor and by the command line; a
//! running server notices either.
//!
//! The invariant: what is current was built of one knowledge file as a whole, and is kept
//! together with it (`store::versions`).

pub mod building;
pub mod check;
pub mod groups;
pub mod lines;
pub mod preview;
pub mod publishing;

use firsthop_core::knowledge::KnowledgeError;
use firsthop_core::protocol::{Code, Problem};

pub use building::Workshop;
pub use publishing::{File, Published, publish};

use crate::store::StoreError;

/// Why knowledge was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The file's author must act.
    #[error("the knowledge has {} errors; the first: {}", .0.len(), .0.first().map(ToString::to_string).unwrap_or_default())]
    Knowledge(Vec<KnowledgeError>),
    /// Too much for a pack, or a fault of ours.
    #[error("the pack could not be built: {0}")]
    Build(String),
    /// It is no longer wanted.
    #[error("building was cancelled")]
    Cancelled,
    /// There is no such inbox.
    #[error("there is no inbox `{0}`")]
    Inbox(String),
    /// There is no such version.
    #[error("there is no version {0}")]
    Version(i64),
    /// Who asked has seen an earlier state.
    #[error("somebody else has changed the draft or published it in the meantime")]
    Overtaken,
    /// It could not be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<PublishError> for Problem {
    fn from(error: PublishError) -> Self {
        let code = match error {
            PublishError::Store(error) => return error.into(),
            PublishError::Knowledge(_) | PublishError::Build(_) => Code::InvalidInput,
            PublishError::Cancelled => Code::WrongStatus,
            PublishError::Inbox(_) => Code::InboxUnknown,
            PublishError::Version(_) => Code::NotFound,
            PublishError::Overtaken => Code::EditedMeanwhile,
        };
        Self::new(code, error.to_string())
    }
}
