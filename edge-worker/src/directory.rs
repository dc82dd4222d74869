//! The edge's directory: what it knows of inboxes, and their current packs.
//!
//! In: questions of the machines that serve visitors. Out: answers from what is kept durably, so
//! that admission and answering work while the origin is away and after a restart. What is older
//! than `INBOX_FRESH_FOR` is asked for anew first; when the origin does not answer, the old holds.
//! It writes only what changed. It also remembers which pushes it has seen.
//!
//! There is one directory per edge. Invariants: an inbox is kept only together with its pack, so
//! whoever is told of a pack here also gets it here; a pack is taken only with the signature of a
//! key that was handed over when the edge was enrolled, and none that is older than the one kept.

use core::cell::RefCell;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use firsthop_core::Timestamp;
use firsthop_core::id::EdgeId;
use firsthop_core::limits::{DRAIN_AFTER, INBOX_FRESH_FOR, PACK_BYTES_MAX};
use firsthop_core::pack::signature::verify;
use firsthop_core::pack::{Pack, PackHash};
use firsthop_core::protocol::edge::Inbox;
use firsthop_core::protocol::{Code, Problem};
use firsthop_core::sign::{Nonce, Nonces, Signed};
use serde::{Deserialize, Serialize};

use crate::host::{Away, Host, OriginRequest, Shelf, ShelfError};
use crate::link::{refused, signed};
use crate::route::is_inbox_key;

/// How long fetching a pack may take.
const PACK_WITHIN: Duration = Duration::from_secs(30);
/// How long after a failure the origin is not asked for settings: visitors are answered from what
/// is kept at once instead of each waiting in vain.
const AWAY_FOR: Duration = DRAIN_AFTER;
/// Keys of inboxes that do not exist, remembered for as long as an inbox is fresh.
const MISSING_MAX: usize = 1024;

/// A question to the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// An inbox's settings. Answered by [`Told::Inbox`].
    Inbox(String),
    /// A pack's bytes. Answered by [`Told::Pack`].
    Pack(PackHash),
    /// These inboxes changed. Answered by [`Told::Done`] once they have been fetched.
    Refresh(Vec<String>),
    /// A push of this edge, sent at this time with this nonce, has come. Answered by
    /// [`Told::Done`] if it is the first time.
    Pushed(EdgeId, u64, [u8; 16]),
}

impl Ask {
    /// The question whether a push is new.
    pub const fn pushed(signed: &Signed) -> Self {
        Self::Pushed(signed.edge, signed.at.as_millis(), signed.nonce.0)
    }
}

/// The directory's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// The settings.
    Inbox(Inbox),
    /// The bytes.
    Pack(Vec<u8>),
    /// It is so.
    Done,
}

/// See the module. All of it may vanish: then everything is fetched anew.
#[derive(Debug, Default)]
pub struct Directory {
    memory: RefCell<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    asked: BTreeMap<String, Timestamp>,
    missing: BTreeMap<String, Timestamp>,
    asking: BTreeSet<String>,
    away_at: Option<Timestamp>,
    nonces: Nonces,
}

enum Failure {
    Unknown,
    Away(Away),
    /// As was just found, and told.
    StillAway,
    Shelf(ShelfError),
}

impl From<ShelfError> for Failure {
    fn from(error: ShelfError) -> Self {
        Self::Shelf(error)
    }
}

impl From<Away> for Failure {
    fn from(away: Away) -> Self {
        Self::Away(away)
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unknown => Self::new(Code::InboxUnknown, "no inbox has that key"),
            Failure::Away(_) | Failure::StillAway => Self::new(
                Code::OriginUnavailable,
                "the origin does not answer as it should, and this edge does not know what was asked for",
            )
            .retry_after(INBOX_FRESH_FOR),
            Failure::Shelf(_) => Self::new(
                Code::StorageUnavailable,
                "the edge's storage does not work now",
            )
            .retry_after(INBOX_FRESH_FOR),
        }
    }
}

impl Directory {
    /// One that remembers nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers a question.
    ///
    /// # Errors
    /// `inbox_unknown`, `not_found`, `origin_unavailable`, `storage_unavailable`, or with
    /// [`Ask::Pushed`] `signature_replayed` or `overloaded`.
    pub async fn answer(&self, shelf: &impl Shelf, ask: Ask) -> Result<Told, Problem> {
        match ask {
            Ask::Inbox(key) => Ok(Told::Inbox(
                self.inbox(shelf, &key)
                    .await
                    .map_err(|failure| tell(shelf, failure))?,
            )),
            Ask::Pack(hash) => match shelf
                .pack(hash)
                .map_err(|error| tell(shelf, error.into()))?
            {
                Some(bytes) => Ok(Told::Pack(bytes)),
                None => Ok(Told::Pack(foreign_pack(shelf, hash).await?)),
            },
            Ask::Refresh(keys) => {
                for key in keys {
                    match self.refresh(shelf, &key).await {
                        Ok(_) | Err(Failure::Unknown) => {}
                        Err(failure) => return Err(tell(shelf, failure)),
                    }
                }
                Ok(Told::Done)
            }
            Ask::Pushed(edge, at, nonce) => {
                let signed = Signed {
                    edge,
                    at: Timestamp::from_millis(at),
                    nonce: Nonce(nonce),
                    signature: [0; 32],
                };
                self.memory.borrow_mut().nonces.note(&signed, shelf.now())?;
                Ok(Told::Done)
            }
        }
    }

    async fn inbox(&self, shelf: &impl Shelf, key: &str) -> Result<Inbox, Failure> {
        let now = shelf.now();
        let fresh = |at: &Timestamp| now.since(*at) < INBOX_FRESH_FOR;
        let kept = shelf.inbox(key)?;
        let (away, wait) = {
            let memory = self.memory.borrow();
            if !is_inbox_key(key) || memory.missing.get(key).is_some_and(fresh) {
                return Err(Failure::Unknown);
            }
            let away = memory.away_at.is_some_and(|at| now.since(at) < AWAY_FOR);
            let known = memory.asking.contains(key) || memory.asked.get(key).is_some_and(fresh);
            (away, !away && !known)
        };
        match kept {
            Some(inbox) if !wait => Ok(inbox),
            Some(inbox) => match self.refresh(shelf, key).await {
                Err(Failure::Away(away)) => {
                    shelf.warn(&away.to_string());
                    Ok(inbox)
                }
                other => other,
            },
            None if away => Err(Failure::StillAway),
            None => self.refresh(shelf, key).await,
        }
    }

    async fn refresh(&self, shelf: &impl Shelf, key: &str) -> Result<Inbox, Failure> {
        self.memory.borrow_mut().asking.insert(key.to_owned());
        let fetched = fetch(shelf, key).await;
        let now = shelf.now();
        let mut memory = self.memory.borrow_mut();
        memory.asking.remove(key);
        match &fetched {
            Ok(_) => {
                memory.away_at = None;
                memory.missing.remove(key);
                memory.asked.insert(key.to_owned(), now);
            }
            Err(Failure::Unknown) => {
                memory.asked.remove(key);
                memory
                    .missing
                    .retain(|_, at| now.since(*at) < INBOX_FRESH_FOR);
                if memory.missing.len() < MISSING_MAX {
                    memory.missing.insert(key.to_owned(), now);
                }
            }
            Err(Failure::Away(_)) => memory.away_at = Some(now),
            Err(Failure::Shelf(_) | Failure::StillAway) => {}
        }
        fetched
    }
}

fn tell(host: &impl Host, failure: Failure) -> Problem {
    match &failure {
        Failure::Unknown | Failure::StillAway => {}
        Failure::Away(away) => host.warn(&away.to_string()),
        Failure::Shelf(error) => host.warn(&error.to_string()),
    }
    failure.into()
}

/// Asks the origin for an inbox, and for its pack if that is new; keeps what changed.
async fn fetch(shelf: &impl Shelf, key: &str) -> Result<Inbox, Failure> {
    if !is_inbox_key(key) {
        return Err(Failure::Unknown);
    }
    let answer = shelf
        .origin(signed(
            shelf,
            "GET",
            format!("/v1/edge/inboxes/{key}"),
            Vec::new(),
        ))
        .await?;
    let kept = shelf.inbox(key)?;
    match answer.status {
        200 => {}
        404 => {
            if kept.is_some() {
                shelf.remove_inbox(key)?;
                shelf.sweep_packs()?;
            }
            return Err(Failure::Unknown);
        }
        _ => return Err(refused("an inbox", &answer).into()),
    }
    let inbox: Inbox = serde_json::from_slice(&answer.body)
        .ok()
        .filter(|inbox: &Inbox| inbox.key == key)
        .ok_or_else(|| Away("an inbox was answered with something else".to_owned()))?;
    let mut inbox = with_trusted_pack(shelf, inbox, kept.as_ref());
    if let Some(hash) = inbox.pack
        && !shelf.has_pack(hash)?
    {
        match fetch_pack(shelf, hash).await {
            Ok(Some(bytes)) => shelf.put_pack(hash, &bytes)?,
            missing => {
                // Its visitors come in all the same: the origin answers them. It is asked for again
                // when the inbox is.
                let why = missing
                    .err()
                    .map_or_else(|| format!("pack {hash} is not there"), |Away(why)| why);
                shelf.warn(&format!("inbox {key} goes on without its new pack: {why}"));
                inbox = with_kept_pack(shelf, inbox, kept.as_ref());
            }
        }
    }
    if kept.as_ref() != Some(&inbox) {
        shelf.put_inbox(&inbox)?;
        shelf.sweep_packs()?;
    }
    Ok(inbox)
}

/// The inbox with its pack, if that is signed as such and not older than the one that is kept;
/// else with the one that is kept. Everything else of the inbox does not depend on it.
fn with_trusted_pack(host: &impl Host, inbox: Inbox, kept: Option<&Inbox>) -> Inbox {
    let Some(pack) = inbox.pack else {
        return inbox;
    };
    let keys = &host.config().pack_keys;
    let since = |inbox: &Inbox| inbox.published.as_ref().map(|published| published.at);
    let refused = match verify(keys, &inbox.key, pack, inbox.published.as_ref()) {
        Err(error) => error.to_string(),
        // What is kept was signed with a key that counts no more: then its time does not either.
        Ok(()) => match kept.filter(|kept| is_trusted(host, kept)) {
            Some(kept) if since(&inbox) < since(kept) => {
                "an earlier pack is told than the one that is known".to_owned()
            }
            _ => return inbox,
        },
    };
    host.warn(&format!(
        "pack {pack} of inbox {} is not taken: {refused}",
        inbox.key
    ));
    with_kept_pack(host, inbox, kept)
}

/// The inbox with the pack that is kept of it, if that is signed as such; else with none.
fn with_kept_pack(host: &impl Host, inbox: Inbox, kept: Option<&Inbox>) -> Inbox {
    let kept = kept.filter(|kept| is_trusted(host, kept));
    Inbox {
        pack: kept.and_then(|kept| kept.pack),
        published: kept.and_then(|kept| kept.published.clone()),
        ..inbox
    }
}

fn is_trusted(host: &impl Host, inbox: &Inbox) -> bool {
    inbox.pack.is_some_and(|pack| {
        let published = inbox.published.as_ref();
        verify(&host.config().pack_keys, &inbox.key, pack, published).is_ok()
    })
}

/// A pack from the origin, checked; `None` if it has none of that name.
async fn fetch_pack(host: &impl Host, hash: PackHash) -> Result<Option<Vec<u8>>, Away> {
    let request = OriginRequest {
        method: "GET",
        path: format!("/v1/packs/{hash}"),
        headers: Vec::new(),
        body: Vec::new(),
        within: PACK_WITHIN,
        answer_max: PACK_BYTES_MAX,
    };
    let answer = host.origin(request).await?;
    match answer.status {
        200 if PackHash::of(&answer.body) != hash => Err(Away(format!(
            "pack {hash} came with other bytes than its name says"
        ))),
        200 => match Pack::load(answer.body.clone(), hash) {
            Ok(_) => Ok(Some(answer.body)),
            // A newer origin's pack: this edge serves it, but can't answer from it.
            Err(error) => {
                host.warn(&format!("pack {hash} can't be answered from here: {error}"));
                Ok(Some(answer.body))
            }
        },
        404 => Ok(None),
        _ => Err(refused("a pack", &answer)),
    }
}

/// A pack that is no inbox's current one: passed on, not kept.
async fn foreign_pack(host: &impl Host, hash: PackHash) -> Result<Vec<u8>, Problem> {
    match fetch_pack(host, hash).await {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(Problem::new(Code::NotFound, "no pack has that name")),
        Err(away) => Err(tell(host, away.into())),
    }
}
