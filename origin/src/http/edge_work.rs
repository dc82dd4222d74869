//! How much of an edge's batches is held, and worked on, at once.
//!
//! A batch that is worked on takes several times its bytes, one that waits for that its own, one that
//! is not read yet none here. So an edge that floods waits for itself, no other edge waits for it,
//! and what it takes is bounded however many connections it opens.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use firsthop_core::id::EdgeId;
use firsthop_core::limits::{
    DRAIN_AFTER, EDGE_HELD_BYTES_MAX, EDGE_WORK_BYTES_MAX, ORIGIN_REPLY_WITHIN,
};
use firsthop_core::protocol::{Code, Problem};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// See the module. Holds two numbers for each edge that has ever called; only registered ones may.
#[derive(Debug, Default)]
pub struct EdgeWork(Mutex<HashMap<EdgeId, Bounds>>);

#[derive(Debug, Clone)]
struct Bounds {
    held: Arc<Semaphore>,
    work: Arc<Semaphore>,
}

impl EdgeWork {
    /// Waits for room to read a batch of so many bytes into; they count until the permit is dropped.
    ///
    /// # Errors
    /// `overloaded`, once the edge itself waits no more: that it went away is not seen before what it
    /// sent is read.
    pub(super) async fn room(
        &self,
        edge: EdgeId,
        bytes: usize,
    ) -> Result<OwnedSemaphorePermit, Problem> {
        let room = wait(self.of(edge).held, bytes, EDGE_HELD_BYTES_MAX);
        let too_much = |_| {
            let message = "this edge sends more than can be worked on";
            Problem::new(Code::Overloaded, message).retry_after(DRAIN_AFTER)
        };
        timeout(ORIGIN_REPLY_WITHIN, room).await.map_err(too_much)?
    }

    /// Waits for the turn of a batch with so many bytes; they count until the permit is dropped.
    pub(super) async fn turn(
        &self,
        edge: EdgeId,
        bytes: usize,
    ) -> Result<OwnedSemaphorePermit, Problem> {
        wait(self.of(edge).work, bytes, EDGE_WORK_BYTES_MAX).await
    }

    fn of(&self, edge: EdgeId) -> Bounds {
        let mut edges = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = || Bounds {
            held: Arc::new(Semaphore::new(EDGE_HELD_BYTES_MAX)),
            work: Arc::new(Semaphore::new(EDGE_WORK_BYTES_MAX)),
        };
        edges.entry(edge).or_insert_with(begun).clone()
    }
}

async fn wait(
    semaphore: Arc<Semaphore>,
    bytes: usize,
    max: usize,
) -> Result<OwnedSemaphorePermit, Problem> {
    let bytes = u32::try_from(bytes.min(max)).unwrap_or(u32::MAX);
    let permit = semaphore.acquire_many_owned(bytes).await;
    permit.map_err(|_| Problem::new(Code::Internal, "a fault of ours; the log says more"))
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn an_edge_waits_for_itself_and_for_no_other() {
        let work = EdgeWork::default();
        let [flooding, other] = [1, 2].map(|byte| EdgeId::from_bytes([byte; 16]));
        let most = work.turn(flooding, EDGE_WORK_BYTES_MAX - 10).await.unwrap();
        let rest = work.turn(flooding, 10).await.unwrap();
        assert!(work.turn(flooding, 1).now_or_never().is_none());
        assert!(
            work.turn(other, EDGE_WORK_BYTES_MAX)
                .now_or_never()
                .is_some()
        );
        drop(rest);
        assert!(work.turn(flooding, 10).now_or_never().is_some());
        drop(most);
        // However large a batch may become, it gets its turn.
        assert!(work.turn(flooding, usize::MAX).now_or_never().is_some());
    }

    #[tokio::test]
    async fn what_is_held_is_bounded_and_does_not_count_as_work() {
        let work = EdgeWork::default();
        let [flooding, other] = [1, 2].map(|byte| EdgeId::from_bytes([byte; 16]));
        let held = work.room(flooding, EDGE_HELD_BYTES_MAX).await.unwrap();
        assert!(work.room(flooding, 1).now_or_never().is_none());
        assert!(work.room(other, 1).now_or_never().is_some());
        assert!(
            work.turn(flooding, EDGE_WORK_BYTES_MAX)
                .now_or_never()
                .is_some()
        );
        drop(held);
        assert!(work.room(flooding, usize::MAX).now_or_never().is_some());
    }
}
