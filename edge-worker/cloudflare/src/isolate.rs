//! What all objects of this process share: plain data of the directory's, never a promise or a
//! socket, which belong to the request or object that made them.

use std::cell::RefCell;
use std::rc::Rc;

use firsthop_core::pack::{Pack, PackHash};
use firsthop_core::protocol::Problem;
use firsthop_edge::cache::Cache;
use firsthop_edge::directory::{Ask, Told};
use firsthop_edge::host::Front;
use firsthop_edge::visit;

thread_local! {
    static CACHE: RefCell<Cache> = const { RefCell::new(Cache::new()) };
}

/// Does something with the cache.
pub(crate) fn with<T>(work: impl FnOnce(&mut Cache) -> T) -> T {
    CACHE.with_borrow_mut(work)
}

/// The pack of an inbox, if it has one that this edge can answer from. Without one, questions go
/// to the origin unanswered.
pub(crate) async fn pack_of(host: &impl Front, inbox: &str) -> Option<Rc<Pack>> {
    match fetch_pack_of(host, inbox).await {
        Ok(pack) => pack,
        Err(problem) => {
            host.warn(&format!(
                "no answers from the pack of inbox {inbox}: {problem}"
            ));
            None
        }
    }
}

async fn fetch_pack_of(host: &impl Front, inbox: &str) -> Result<Option<Rc<Pack>>, Problem> {
    let Some(hash) = visit::inbox(host, inbox).await?.pack else {
        return Ok(None);
    };
    if let Some(known) = with(|cache| cache.pack(hash)) {
        return Ok(known);
    }
    load(host, hash).await
}

async fn load(host: &impl Front, hash: PackHash) -> Result<Option<Rc<Pack>>, Problem> {
    match host.directory(Ask::Pack(hash)).await? {
        Told::Pack(bytes) => Ok(with(|cache| cache.put_pack(hash, bytes))),
        _ => Ok(None),
    }
}
