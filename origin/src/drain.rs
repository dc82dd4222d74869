//! Stopping without cutting anybody off: who is still connected, and whether we are about to go.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use firsthop_core::protocol::{Code, Problem};
use tokio::sync::Notify;

use crate::host;

/// Clients come back after a time drawn from this, so that they don't come all at once.
const SPREAD_MS: std::ops::Range<u32> = 250..3000;

/// See the module.
#[derive(Debug, Default)]
pub struct Drain {
    draining: AtomicBool,
    open: AtomicUsize,
    left: Notify,
}

impl Drain {
    /// From now on nobody new is let in.
    pub fn begin(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether the server is about to stop.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Lets somebody in, who is waited for until the guard is dropped.
    ///
    /// # Errors
    /// `draining`.
    pub fn enter(self: &Arc<Self>) -> Result<Guard, Problem> {
        if self.is_draining() {
            let wait = Duration::from_millis(self.spread_ms().into());
            return Err(
                Problem::new(Code::Draining, "the server is about to stop").retry_after(wait)
            );
        }
        self.open.fetch_add(1, Ordering::Relaxed);
        Ok(Guard(Arc::clone(self)))
    }

    /// How long a client is to wait before it connects again.
    #[must_use]
    pub fn spread_ms(&self) -> u32 {
        let width = SPREAD_MS.end - SPREAD_MS.start;
        SPREAD_MS.start + u32::from_ne_bytes(host::random()) % width
    }

    /// Waits until everybody has left.
    pub async fn everybody_left(&self) {
        loop {
            let left = self.left.notified();
            if self.open.load(Ordering::Relaxed) == 0 {
                return;
            }
            left.await;
        }
    }
}

/// Somebody who is connected.
#[derive(Debug)]
pub struct Guard(Arc<Drain>);

impl Drop for Guard {
    fn drop(&mut self) {
        if self.0.open.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.left.notify_waiters();
        }
    }
}
