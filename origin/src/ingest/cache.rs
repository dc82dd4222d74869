//! Conversations that were written lately, so that the next message need not read them.

use std::collections::HashMap;

use firsthop_core::id::ConversationId;
use firsthop_core::limits::HEADS_CACHED_MAX;

use crate::store::Row;

/// Two generations: when the younger is full, the older is forgotten. What is used moves to the
/// younger one, so what was used lately stays.
#[derive(Debug, Default)]
pub(super) struct Cache {
    young: HashMap<ConversationId, Row>,
    old: HashMap<ConversationId, Row>,
}

impl Cache {
    pub(super) fn get(&self, id: ConversationId) -> Option<&Row> {
        self.young.get(&id).or_else(|| self.old.get(&id))
    }

    pub(super) fn put(&mut self, row: Row) {
        if self.young.len() >= HEADS_CACHED_MAX / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(row.id, row);
    }

    pub(super) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }
}

#[cfg(test)]
mod tests {
    use firsthop_core::Timestamp;

    use super::*;

    #[test]
    fn the_newest_version_is_found_and_memory_is_bounded() {
        let mut cache = Cache::default();
        let id = |n: usize| ConversationId::new(Timestamp::from_millis(n as u64), [0; 10]);
        let row = |n: usize, lang: &str| Row {
            lang: lang.to_owned(),
            ..Row::new(id(n), "demo".to_owned())
        };
        for n in 0..2 * HEADS_CACHED_MAX {
            cache.put(row(n, "en"));
        }
        assert!(cache.young.len() + cache.old.len() <= HEADS_CACHED_MAX);
        let last = 2 * HEADS_CACHED_MAX - 1;
        cache.put(row(last, "zh"));
        assert_eq!(cache.get(id(last)).map(|row| row.lang.as_str()), Some("zh"));
        assert!(cache.get(id(0)).is_none());
    }
}
