//! Publishing: a file, the draft, or an earlier version becomes what an inbox answers with.
//!
//! Each is one transaction: pack, version, pointer and draft change together or not at all.

use std::sync::Arc;

use firsthop_core::knowledge::parse;
use firsthop_core::pack::PackHash;
use serde_json::{Value, json};

use super::PublishError;
use super::building::{Built, decompress, run};
use super::check::DRAFT;
use super::lines::{changes, of_file, of_table};
use crate::store::Store;
use crate::store::drafts::{Change, Edit, Line};
use crate::store::versions::{DraftThen, How, NewSource, NewVersion, PackOf, Version};

/// A knowledge file to be published.
#[derive(Debug)]
pub struct File<'a> {
    /// The inbox's key.
    pub inbox: &'a str,
    /// What errors call it.
    pub name: &'a str,
    /// JSON Lines.
    pub text: Vec<u8>,
    /// `Upload` or `Command`.
    pub how: How,
    /// Who and when.
    pub change: Change,
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
    /// The version that it is the pack of.
    pub version: i64,
}

impl Published {
    /// For the API and the command line.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let Self {
            pack,
            entries,
            bytes,
            brotli_bytes,
            version,
        } = self;
        json!({ "pack": pack, "entries": entries, "bytes": bytes, "brotli_bytes": brotli_bytes, "version": version })
    }
}

/// Builds a pack of a file and makes it the inbox's current one; the file becomes the draft.
///
/// # Errors
/// [`PublishError`]; what was current stays so.
pub async fn publish(store: &Store, mut file: File<'_>) -> Result<Published, PublishError> {
    // The core tells a table by the same.
    if file.name.to_ascii_lowercase().ends_with(".csv") {
        let table = parse(file.name, &file.text).map_err(PublishError::Knowledge)?;
        (file.text, file.name) = (of_table(&table), DRAFT);
    }
    let built = run(file.name, file.text.clone(), Arc::default()).await?;
    publish_built(store, &file, &built).await
}

/// The same with a pack that was built of the file.
///
/// # Errors
/// Those of [`publish`].
pub async fn publish_built(
    store: &Store,
    file: &File<'_>,
    built: &Built,
) -> Result<Published, PublishError> {
    let lines = of_file(&file.text);
    loop {
        let last = store.last_version(file.inbox).await?;
        let changes = changes_since(store, last.as_ref(), &lines).await?;
        let new = NewVersion {
            inbox: file.inbox,
            pack: PackOf::New(&built.pack),
            change: file.change,
            how: file.how,
            restored: None,
            note: "",
            source: Some(&built.source),
            items: lines.len(),
            rules: built.report.rules,
            changes: &changes,
            after: last.map_or(0, |last| last.version),
            draft: DraftThen::Replaced(None, &lines),
        };
        match store.publish(&new).await? {
            Edit::Done(version) => {
                return Ok(Published {
                    pack: built.pack.hash,
                    entries: built.pack.entries,
                    bytes: built.pack.bytes.len(),
                    brotli_bytes: built.pack.brotli.len(),
                    version,
                });
            }
            Edit::Missing | Edit::NameTaken => {
                return Err(PublishError::Inbox(file.inbox.to_owned()));
            }
            // A file takes the place of whatever is there: of what just came, too.
            Edit::Overtaken => {}
        }
    }
}

/// What is published of a draft.
#[derive(Debug)]
pub struct OfDraft<'a> {
    /// The inbox's key.
    pub inbox: &'a str,
    /// The draft's revision that the publisher saw.
    pub seen: i64,
    /// Who and when.
    pub change: Change,
    /// What the publisher says about it.
    pub note: &'a str,
}

/// Makes the pack that was built of a draft's lines the current one; gives the version's number.
///
/// # Errors
/// `Overtaken`, `Inbox` or `Store`; what was current stays so.
pub async fn publish_draft(
    store: &Store,
    draft: &OfDraft<'_>,
    lines: &[(i64, String)],
    built: &Built,
) -> Result<i64, PublishError> {
    let lines: Vec<Line> = lines
        .iter()
        .map(|(_, value)| super::lines::line(value))
        .collect();
    let last = store.last_version(draft.inbox).await?;
    let changes = changes_since(store, last.as_ref(), &lines).await?;
    let new = NewVersion {
        inbox: draft.inbox,
        pack: PackOf::New(&built.pack),
        change: draft.change,
        how: How::Editor,
        restored: None,
        note: draft.note,
        source: Some(&built.source),
        items: lines.len(),
        rules: built.report.rules,
        changes: &changes,
        after: last.map_or(0, |last| last.version),
        draft: DraftThen::Published(draft.seen),
    };
    outcome(store.publish(&new).await?, draft.inbox)
}

/// Makes an earlier version's pack current again, and its file the draft; gives the number of
/// the new version that this is.
///
/// # Errors
/// `Version`, `Overtaken`, `Inbox` or `Store`; what was current stays so.
pub async fn roll_back(store: &Store, draft: &OfDraft<'_>, to: i64) -> Result<i64, PublishError> {
    let version = store.version(draft.inbox, to).await?;
    let version = version.ok_or(PublishError::Version(to))?;
    let lines = file_of(store, &version).await?.map(|text| of_file(&text));
    let last = store.last_version(draft.inbox).await?;
    let changes = match &lines {
        Some(lines) => changes_since(store, last.as_ref(), lines).await?,
        None => json!(super::lines::Changes::default()).to_string(),
    };
    // It is kept already: only its name is needed.
    let source = version.source.map(|hash| NewSource {
        hash,
        brotli: Vec::new(),
    });
    let new = NewVersion {
        inbox: draft.inbox,
        pack: PackOf::Old(version.pack),
        change: draft.change,
        how: How::Rollback,
        restored: Some(to),
        note: draft.note,
        source: source.as_ref(),
        items: usize::try_from(version.items).unwrap_or_default(),
        rules: usize::try_from(version.rules).unwrap_or_default(),
        changes: &changes,
        after: last.map_or(0, |last| last.version),
        draft: match &lines {
            Some(lines) => DraftThen::Replaced(Some(draft.seen), lines),
            None => DraftThen::Untouched(draft.seen),
        },
    };
    outcome(store.publish(&new).await?, draft.inbox)
}

fn outcome(edit: Edit<i64>, inbox: &str) -> Result<i64, PublishError> {
    match edit {
        Edit::Done(version) => Ok(version),
        Edit::Overtaken => Err(PublishError::Overtaken),
        Edit::Missing | Edit::NameTaken => Err(PublishError::Inbox(inbox.to_owned())),
    }
}

/// The knowledge file of a version, if it was kept.
///
/// # Errors
/// [`PublishError::Store`].
pub async fn file_of(store: &Store, version: &Version) -> Result<Option<Vec<u8>>, PublishError> {
    let Some(hash) = version.source else {
        return Ok(None);
    };
    let malformed = || crate::store::StoreError::Malformed("knowledge_source.brotli");
    let brotli = store.source(&hash).await?.ok_or_else(malformed)?;
    let text = tokio::task::spawn_blocking(move || decompress(&brotli)).await;
    match text {
        Ok(Ok(text)) => Ok(Some(text)),
        Ok(Err(_)) | Err(_) => Err(malformed().into()),
    }
}

async fn changes_since(
    store: &Store,
    last: Option<&Version>,
    lines: &[Line],
) -> Result<String, PublishError> {
    let before = match last {
        Some(last) => file_of(store, last).await?.map(|text| of_file(&text)),
        None => None,
    };
    Ok(json!(changes(&before.unwrap_or_default(), lines)).to_string())
}
