//! What all objects of this process share: plain data of the directory's, never a promise or a
//! socket, which belong to the request or object that made them.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use firsthop_core::Instant;
use firsthop_core::answer::Answerer;
use firsthop_core::limit::Buckets;
use firsthop_core::limits::{ADMISSION_ADDRESSES_MAX, ADMISSION_REFILL, ADMISSIONS_BURST};
use firsthop_core::pack::{Pack, PackHash};
use firsthop_core::protocol::Problem;
use firsthop_edge::cache::Cache;
use firsthop_edge::directory::{Ask, Told};
use firsthop_edge::host::{Front, Host};
use firsthop_edge::visit;
use firsthop_edge::visitor::Bot;
use wasm_bindgen_futures::spawn_local;

use crate::host::Worker;

thread_local! {
    static CACHE: RefCell<Cache> = const { RefCell::new(Cache::new()) };
    static ANSWERER: RefCell<Answerer> = RefCell::default();
    static ADMISSIONS: RefCell<Buckets> = const {
        RefCell::new(Buckets::new(ADMISSIONS_BURST, ADMISSION_REFILL, ADMISSION_ADDRESSES_MAX))
    };
}

/// Lets the bot work from a pack.
pub(crate) fn with_bot<T>(pack: Option<&Pack>, work: impl FnOnce(&mut Bot<'_>) -> T) -> T {
    ANSWERER.with_borrow_mut(|answerer| work(&mut Bot { answerer, pack }))
}

/// Counts a new visitor from an address.
pub(crate) fn count_new(address: &str, now: Instant) -> Result<(), Duration> {
    ADMISSIONS.with_borrow_mut(|admissions| admissions.take(address, now))
}

/// Does something with the cache.
pub(crate) fn with<T>(work: impl FnOnce(&mut Cache) -> T) -> T {
    CACHE.with_borrow_mut(work)
}

/// The pack of an inbox, if it has one that this edge can answer from. Without one, questions go
/// to the origin unanswered.
///
/// What is known of the inbox is good enough, however old; then it is asked for anew for the next
/// question. So nobody waits for an origin that hangs.
pub(crate) async fn pack_of(host: &Worker, inbox: &str) -> Option<Rc<Pack>> {
    let old = with(|cache| cache.old_inbox(inbox));
    let found = match old {
        Some(old) => {
            if with(|cache| cache.inbox(inbox, host.now())).is_none() {
                let (host, inbox) = (host.clone(), inbox.to_owned());
                spawn_local(async move {
                    // Should it fail, the old one holds.
                    let _ = visit::inbox(&host, &inbox).await;
                });
            }
            Ok(old)
        }
        None => visit::inbox(host, inbox).await,
    };
    let pack = match found {
        Ok(inbox) => load(host, inbox.pack?).await,
        Err(problem) => Err(problem),
    };
    pack.unwrap_or_else(|problem| {
        host.warn(&format!(
            "no answers from the pack of inbox {inbox}: {problem}"
        ));
        None
    })
}

async fn load(host: &Worker, hash: PackHash) -> Result<Option<Rc<Pack>>, Problem> {
    if let Some(known) = with(|cache| cache.pack(hash)) {
        return Ok(known);
    }
    match host.directory(Ask::Pack(hash)).await? {
        Told::Pack(bytes) => Ok(with(|cache| cache.put_pack(hash, bytes))),
        _ => Ok(None),
    }
}
