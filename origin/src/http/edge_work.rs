//! How much of an edge's batches is worked on at once.
//!
//! A batch that is worked on takes several times its bytes, one that waits only these. So an edge
//! that floods waits for itself, and no other edge waits for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use firsthop_core::id::EdgeId;
use firsthop_core::limits::EDGE_WORK_BYTES_MAX;
use firsthop_core::protocol::{Code, Problem};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// See the module. Holds one number for each edge that was ever verified.
#[derive(Debug, Default)]
pub struct EdgeWork(Mutex<HashMap<EdgeId, Arc<Semaphore>>>);

impl EdgeWork {
    /// Waits for the turn of a batch with so many bytes; they count until the permit is dropped.
    pub(super) async fn turn(
        &self,
        edge: EdgeId,
        bytes: usize,
    ) -> Result<OwnedSemaphorePermit, Problem> {
        let semaphore = {
            let mut edges = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let begun = || Arc::new(Semaphore::new(EDGE_WORK_BYTES_MAX));
            Arc::clone(edges.entry(edge).or_insert_with(begun))
        };
        let bytes = u32::try_from(bytes.min(EDGE_WORK_BYTES_MAX)).unwrap_or(u32::MAX);
        let turn = semaphore.acquire_many_owned(bytes).await;
        turn.map_err(|_| Problem::new(Code::Internal, "a fault of ours; the log says more"))
    }
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
}
