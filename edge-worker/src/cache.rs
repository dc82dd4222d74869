//! What one process of the edge remembers of the directory, so that it need not be asked for every
//! message. It may be dropped at any time.

use std::rc::Rc;

use firsthop_core::Timestamp;
use firsthop_core::limits::{EDGE_PACKS_BYTES_MAX, INBOX_FRESH_FOR};
use firsthop_core::pack::{Pack, PackHash};
use firsthop_core::protocol::edge::Inbox;

/// Inboxes remembered at once; the least recently asked for leaves first.
const INBOXES_MAX: usize = 256;

/// See the module.
#[derive(Default)]
pub struct Cache {
    /// The most recently fetched last.
    inboxes: Vec<(Inbox, Timestamp)>,
    /// The most recently used last.
    packs: Vec<Loaded>,
    /// The most recently used last.
    gzipped: Vec<(PackHash, Vec<u8>)>,
}

struct Loaded {
    hash: PackHash,
    bytes: usize,
    /// None where this edge can't read it.
    pack: Option<Rc<Pack>>,
}

impl Cache {
    /// One that remembers nothing.
    pub const fn new() -> Self {
        Self {
            inboxes: Vec::new(),
            packs: Vec::new(),
            gzipped: Vec::new(),
        }
    }

    /// An inbox, while it is fresh.
    pub fn inbox(&self, key: &str, now: Timestamp) -> Option<Inbox> {
        let (inbox, at) = self.inboxes.iter().find(|(inbox, _)| inbox.key == key)?;
        (now.since(*at) < INBOX_FRESH_FOR).then(|| inbox.clone())
    }

    /// An inbox, however old: good enough for answering a question at once.
    pub fn old_inbox(&self, key: &str) -> Option<Inbox> {
        let (inbox, _) = self.inboxes.iter().find(|(inbox, _)| inbox.key == key)?;
        Some(inbox.clone())
    }

    /// Remembers an inbox.
    pub fn put_inbox(&mut self, inbox: Inbox, now: Timestamp) {
        self.forget_inbox(&inbox.key);
        if self.inboxes.len() >= INBOXES_MAX {
            self.inboxes.remove(0);
        }
        self.inboxes.push((inbox, now));
    }

    /// Forgets an inbox that changed.
    pub fn forget_inbox(&mut self, key: &str) {
        self.inboxes.retain(|(inbox, _)| inbox.key != key);
    }

    /// A pack: `None` if it is not known here, `Some(None)` if it can't be answered from.
    pub fn pack(&mut self, hash: PackHash) -> Option<Option<Rc<Pack>>> {
        let at = self.packs.iter().position(|loaded| loaded.hash == hash)?;
        let loaded = self.packs.remove(at);
        let pack = loaded.pack.clone();
        self.packs.push(loaded);
        Some(pack)
    }

    /// Loads a pack, whose bytes the directory has checked against its name, and remembers it.
    pub fn put_pack(&mut self, hash: PackHash, bytes: Vec<u8>) -> Option<Rc<Pack>> {
        let length = bytes.len();
        let pack = Pack::load(bytes, hash).ok().map(Rc::new);
        self.packs.retain(|loaded| loaded.hash != hash);
        let kept = if pack.is_some() { length } else { 0 };
        self.packs.push(Loaded {
            hash,
            bytes: kept,
            pack: pack.clone(),
        });
        // The one that is needed now stays, however large.
        while self.packs.len() > 1
            && self.packs.iter().map(|loaded| loaded.bytes).sum::<usize>() > EDGE_PACKS_BYTES_MAX
        {
            self.packs.remove(0);
        }
        pack
    }

    /// A pack compressed with gzip, if that is known.
    pub fn gzipped(&mut self, hash: PackHash) -> Option<Vec<u8>> {
        let at = self.gzipped.iter().position(|(known, _)| *known == hash)?;
        let found = self.gzipped.remove(at);
        let bytes = found.1.clone();
        self.gzipped.push(found);
        Some(bytes)
    }

    /// Remembers a pack compressed with gzip.
    pub fn put_gzipped(&mut self, hash: PackHash, bytes: Vec<u8>) {
        self.gzipped.retain(|(known, _)| *known != hash);
        self.gzipped.push((hash, bytes));
        while self.gzipped.len() > 1
            && self
                .gzipped
                .iter()
                .map(|(_, bytes)| bytes.len())
                .sum::<usize>()
                > EDGE_PACKS_BYTES_MAX
        {
            self.gzipped.remove(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn inbox(key: &str) -> Inbox {
        Inbox {
            key: key.to_owned(),
            name: key.to_owned(),
            allowed_origins: Vec::new(),
            pack: None,
            published: None,
        }
    }

    #[test]
    fn inboxes_are_remembered_while_they_are_fresh() {
        let mut cache = Cache::new();
        cache.put_inbox(inbox("demo"), NOW);
        assert_eq!(cache.inbox("demo", NOW), Some(inbox("demo")));
        assert_eq!(cache.inbox("demo", NOW + INBOX_FRESH_FOR), None);
        assert_eq!(cache.old_inbox("demo"), Some(inbox("demo")));
        assert_eq!(cache.inbox("other", NOW), None);
        cache.forget_inbox("demo");
        assert_eq!(cache.inbox("demo", NOW), None);
        for number in 0..=INBOXES_MAX {
            cache.put_inbox(inbox(&number.to_string()), NOW);
        }
        assert_eq!(cache.inbox("0", NOW), None, "the oldest has left");
        assert!(cache.inbox("1", NOW).is_some());
    }

    #[test]
    fn the_least_recently_used_of_too_many_packs_leaves() {
        let mut cache = Cache::new();
        for number in 0..3 {
            cache.put_gzipped(
                PackHash([number; 32]),
                vec![number; EDGE_PACKS_BYTES_MAX / 2],
            );
            assert!(cache.gzipped(PackHash([0; 32])).is_some());
        }
        assert!(cache.gzipped(PackHash([1; 32])).is_none());
        assert!(cache.gzipped(PackHash([2; 32])).is_some());
    }

    #[test]
    fn a_pack_that_can_not_be_read_is_not_fetched_again_and_again() {
        let mut cache = Cache::new();
        let hash = PackHash([1; 32]);
        assert!(cache.pack(hash).is_none());
        assert!(cache.put_pack(hash, b"not a pack".to_vec()).is_none());
        assert!(matches!(cache.pack(hash), Some(None)));
    }
}
