//! Publishing knowledge: a file of FAQ entries becomes an inbox's current pack.
//!
//! In: JSON Lines. Out: a pack, stored under its hash and made current, or every error of the
//! file. Used by the console's upload and by the command line; a running server notices either.

use std::io::Write;

use firsthop_core::knowledge::{KnowledgeError, parse};
use firsthop_core::pack::{BuildReport, BuildSettings, PackHash, build};
use firsthop_core::protocol::{Code, Problem};
use serde_json::{Value, json};

use crate::host;
use crate::store::packs::NewPack;
use crate::store::{Store, StoreError};

/// Compression is done once, and read often; the last steps cost minutes for a percent.
const BROTLI_QUALITY: i32 = 9;

/// Why knowledge was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The file's author must act.
    #[error("the knowledge has {} errors; the first: {}", .0.len(), .0.first().map(ToString::to_string).unwrap_or_default())]
    Knowledge(Vec<KnowledgeError>),
    /// Too much for a pack, or a fault of ours.
    #[error("the pack could not be built: {0}")]
    Build(String),
    /// There is no such inbox.
    #[error("there is no inbox `{0}`")]
    Inbox(String),
    /// It could not be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<PublishError> for Problem {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Knowledge(_) | PublishError::Build(_) => {
                Self::new(Code::InvalidInput, error.to_string())
            }
            PublishError::Inbox(_) => Self::new(Code::InboxUnknown, error.to_string()),
            PublishError::Store(error) => error.into(),
        }
    }
}

/// A pack that is now current.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Its name.
    pub pack: PackHash,
    /// How many entries it has.
    pub entries: usize,
    /// Its size.
    pub bytes: usize,
    /// Its size as it is sent.
    pub brotli_bytes: usize,
}

impl Published {
    /// For the API and the command line.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({ "pack": self.pack, "entries": self.entries, "bytes": self.bytes, "brotli_bytes": self.brotli_bytes })
    }
}

/// For the API and the command line.
#[must_use]
pub fn errors_to_json(errors: &[KnowledgeError]) -> Value {
    errors
        .iter()
        .map(|error| {
            let KnowledgeError { file, line, field, code, message } = error;
            json!({ "file": file, "line": line, "field": field, "code": code.as_str(), "message": message })
        })
        .collect()
}

/// Builds a pack of `text` and makes it the inbox's current one. `file` names it in errors.
///
/// # Errors
/// [`PublishError`]; what was current stays so.
pub async fn publish(
    store: &Store,
    inbox: &str,
    file: &str,
    text: Vec<u8>,
) -> Result<Published, PublishError> {
    let file = file.to_owned();
    let built = tokio::task::spawn_blocking(move || make(&file, &text)).await;
    let (pack, published) =
        built.map_err(|_| PublishError::Build("the builder failed".to_owned()))??;
    if !store.publish(inbox, &pack, host::now()).await? {
        return Err(PublishError::Inbox(inbox.to_owned()));
    }
    Ok(published)
}

fn make(file: &str, text: &[u8]) -> Result<(NewPack, Published), PublishError> {
    let knowledge = parse(file, text).map_err(PublishError::Knowledge)?;
    let (bytes, report) = build(&knowledge, &BuildSettings::default(), &mut |_| {})
        .map_err(|error| PublishError::Build(error.to_string()))?;
    let brotli = compress(&bytes).map_err(|error| PublishError::Build(error.to_string()))?;
    let BuildReport { hash, entries, .. } = report;
    let published = Published {
        pack: hash,
        entries,
        bytes: bytes.len(),
        brotli_bytes: brotli.len(),
    };
    Ok((
        NewPack {
            hash,
            bytes,
            brotli,
            entries,
        },
        published,
    ))
}

fn compress(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        lgwin: 22,
        ..Default::default()
    };
    let mut writer = brotli::CompressorWriter::with_params(Vec::new(), 64 * 1024, &parameters);
    writer.write_all(bytes)?;
    Ok(writer.into_inner())
}
