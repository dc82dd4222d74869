//! The bot at the origin: verifies what hops below claim to have answered, answers what they
//! could not.
//!
//! In: a submission and the inbox's packs. Out: [`Judged`], which the writer turns into events.
//! The invariant: a claim is believed only if a pack that this inbox once published gives the
//! same answer again. Nothing is decided here about a conversation's status.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use firsthop_core::answer::Answerer;
use firsthop_core::bot;
use firsthop_core::conversation::Verdict;
use firsthop_core::limits::OLD_PACKS_LOADED_MAX;
use firsthop_core::pack::{Pack, PackHash};
use firsthop_core::protocol::visitor::{Said, Submission};
use firsthop_core::protocol::{Answer, Hop, Note, UnverifiedClaim};

use crate::settings::Settings;
use crate::store::{Store, StoreError};

/// A submission, and what the bot makes of it.
#[derive(Debug)]
pub struct Judged {
    /// As it came.
    pub submission: Submission,
    /// What a hop below answered, if that was verified; or the claim that did not hold.
    pub claimed: Option<Result<Box<Answer>, UnverifiedClaim>>,
    /// What the bot says itself, where no verified claim stands.
    pub own: Verdict,
    /// What rules tell agents about it.
    pub note: Option<Note>,
}

/// Loaded packs that are not current, and answerers that nobody uses at the moment.
#[derive(Default)]
pub struct Bot {
    old: Mutex<HashMap<PackHash, Arc<Pack>>>,
    spare: Mutex<Vec<Answerer>>,
}

impl Bot {
    /// Verifies the claim of a submission, or asks the bot.
    pub async fn judge(
        &self,
        store: &Store,
        settings: &Settings,
        inbox: &str,
        submission: Submission,
    ) -> Judged {
        let Said::Text(said) = &submission.said else {
            return Judged {
                submission,
                claimed: None,
                own: Verdict::Quiet,
                note: None,
            };
        };
        let current = settings.pack(inbox);
        let claimed_from = match &said.claim {
            Some(claim) => self.published(store, settings, inbox, claim.pack).await,
            None => None,
        };
        let (claimed, own, note) = self.with_answerer(|answerer| {
            let claimed = said.claim.as_ref().map(|claim| {
                bot::verify(
                    answerer,
                    claimed_from.as_deref(),
                    claim,
                    submission.id,
                    said,
                )
            });
            let own = match (&claimed, &current) {
                (Some(Ok(_)), _) => Verdict::Quiet,
                (_, Some(pack)) => bot::ask(answerer, pack, Hop::Origin, submission.id, said),
                (_, None) => Verdict::Escalate,
            };
            let note = current
                .as_ref()
                .and_then(|pack| bot::note(answerer, pack, submission.id, said));
            (claimed, own, note)
        });
        Judged {
            submission,
            claimed,
            own,
            note,
        }
    }

    fn with_answerer<T>(&self, work: impl FnOnce(&mut Answerer) -> T) -> T {
        let mut answerer = lock(&self.spare).pop().unwrap_or_default();
        let done = work(&mut answerer);
        lock(&self.spare).push(answerer);
        done
    }

    /// A pack that this inbox has or had.
    async fn published(
        &self,
        store: &Store,
        settings: &Settings,
        inbox: &str,
        hash: PackHash,
    ) -> Option<Arc<Pack>> {
        if let Some(current) = settings.pack(inbox).filter(|pack| pack.hash() == hash) {
            return Some(current);
        }
        if !settings.was_published(inbox, hash) {
            return None;
        }
        if let Some(pack) = lock(&self.old).get(&hash) {
            return Some(Arc::clone(pack));
        }
        let pack = match load(store, hash).await {
            Ok(pack) => pack?,
            Err(error) => {
                tracing::warn!(pack = %hash, %error, "a pack that a claim names could not be loaded");
                return None;
            }
        };
        let mut old = lock(&self.old);
        if old.len() >= OLD_PACKS_LOADED_MAX {
            old.clear();
        }
        old.insert(hash, Arc::clone(&pack));
        Some(pack)
    }
}

/// Loads a pack out of the store; `None` if there is none of that name, or it is damaged.
pub async fn load(store: &Store, hash: PackHash) -> Result<Option<Arc<Pack>>, StoreError> {
    let Some(bytes) = store.pack(hash).await? else {
        return Ok(None);
    };
    let loaded = tokio::task::spawn_blocking(move || {
        if PackHash::of(&bytes) == hash {
            Pack::load(bytes, hash).map_err(|error| error.to_string())
        } else {
            Err("its hash differs".to_owned())
        }
    })
    .await;
    match loaded {
        Ok(Ok(pack)) => Ok(Some(Arc::new(pack))),
        Ok(Err(error)) => {
            tracing::error!(pack = %hash, %error, "a knowledge pack in the store can't be used: publish the knowledge again");
            Ok(None)
        }
        Err(_) => Ok(None),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
