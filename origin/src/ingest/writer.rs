//! The one task that writes conversations: group commit.
//!
//! Takes whatever waits, applies it in memory, writes it in one transaction, and only after the
//! commit answers the senders and tells the hub. While one commit syncs, the next batch gathers.
//! When the store fails, every sender of the batch is told to try again, and the next batch
//! begins with a new connection: nothing that was tried is assumed.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use firsthop_core::limits::JOBS_PER_COMMIT_MAX;
use firsthop_core::protocol::agent::Revision;
use sqlx::SqliteConnection;
use tokio::sync::{Notify, mpsc};

use super::Job;
use super::batch::{Batch, concerns};
use super::cache::Cache;
use crate::deliver::hub::Hub;
use crate::host;
use crate::metrics::{Counter, Gauge, Metrics};
use crate::store::{Store, StoreError, batch as sql, questions};

/// See the module.
pub(super) struct Writer {
    store: Arc<Store>,
    hub: Arc<Hub>,
    metrics: Arc<Metrics>,
    /// None after a failure.
    connection: Option<SqliteConnection>,
    cache: Cache,
    last: Revision,
    failing: bool,
}

impl Writer {
    pub(super) async fn start(
        store: Arc<Store>,
        hub: Arc<Hub>,
        metrics: Arc<Metrics>,
    ) -> Result<Self, StoreError> {
        let mut connection = store.writer().await?;
        let last = sql::last_revision(&mut connection).await?;
        sql::begin(&mut connection).await?;
        sql::probe(&mut connection, host::now()).await?;
        sql::commit(&mut connection).await?;
        let cache = Cache::default();
        Ok(Self {
            store,
            hub,
            metrics,
            connection: Some(connection),
            cache,
            last,
            failing: false,
        })
    }

    /// Works until it is told to stop and the queue is empty.
    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Job>, stop: Arc<Notify>) {
        let mut jobs = Vec::with_capacity(JOBS_PER_COMMIT_MAX);
        loop {
            tokio::select! {
                biased;
                taken = queue.recv_many(&mut jobs, JOBS_PER_COMMIT_MAX) => if taken == 0 { return },
                () = stop.notified() => {
                    queue.close();
                    continue;
                }
            }
            self.metrics.add(
                Gauge::IngestQueue,
                -i64::try_from(jobs.len()).unwrap_or_default(),
            );
            let began = Instant::now();
            let mut batch = match self.gather(&mut jobs).await {
                Ok(batch) => batch,
                Err((batch, error)) => {
                    self.fail(batch, &error);
                    continue;
                }
            };
            if !batch.is_empty() {
                let last = batch.number(self.last);
                if let Err(error) = self.write(&batch).await {
                    self.fail(batch, &error);
                    continue;
                }
                self.last = last;
                self.metrics.observe_commit(began.elapsed());
                self.metrics.count(Counter::Commits, 1);
                self.recovered();
            }
            let (commits, answer) = batch.committed(&self.metrics);
            for commit in commits {
                self.metrics
                    .count(Counter::Events, commit.events.len() as u64);
                self.cache.put(commit.row.clone());
                self.hub.publish(&Arc::new(commit));
            }
            answer();
        }
    }

    /// Reads what the jobs need to know, and applies them. If that fails they are all in the
    /// batch that comes back, to be told so.
    async fn gather(&mut self, jobs: &mut Vec<Job>) -> Result<Batch, (Batch, StoreError)> {
        let now = host::now();
        let read = self.read(jobs).await;
        let (rows, known, failure) = match read {
            Ok((rows, known)) => (rows, known, None),
            Err(error) => (Vec::new(), std::collections::HashMap::new(), Some(error)),
        };
        let mut batch = Batch::new(now, rows, known);
        for job in jobs.drain(..) {
            batch.apply(job);
        }
        match failure {
            None => Ok(batch),
            Some(error) => Err((batch, error)),
        }
    }

    async fn read(&mut self, jobs: &[Job]) -> Result<super::batch::Read, StoreError> {
        let (conversations, ids) = concerns(jobs);
        let mut rows = Vec::with_capacity(conversations.len());
        let mut missing = Vec::new();
        let mut seen = HashSet::with_capacity(conversations.len());
        for id in conversations {
            if !seen.insert(id) {
                continue;
            }
            match self.cache.get(id) {
                Some(row) => rows.push(row.clone()),
                None => missing.push(id),
            }
        }
        let connection = self.connect().await?;
        rows.extend(sql::load(connection, &missing).await?);
        // Only a conversation that exists can have used an id.
        let existing: HashSet<_> = rows.iter().map(|row| row.id).collect();
        let ids: Vec<_> = ids
            .into_iter()
            .filter(|(conversation, _)| existing.contains(conversation))
            .collect();
        let known = sql::known(connection, &ids).await?;
        Ok((rows, known))
    }

    async fn write(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let probed = batch.probed;
        let connection = self.connect().await?;
        sql::begin(connection).await?;
        sql::put_conversations(connection, batch.rows()).await?;
        sql::append_events(connection, batch.events()).await?;
        questions::note(connection, &batch.unanswered()).await?;
        if probed {
            sql::probe(connection, host::now()).await?;
        }
        sql::commit(connection).await
    }

    async fn connect(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        if self.connection.is_none() {
            let mut connection = self.store.writer().await?;
            // Whether the commit that failed took place after all, nobody can tell.
            self.last = sql::last_revision(&mut connection).await?;
            self.connection = Some(connection);
        }
        self.connection
            .as_mut()
            .ok_or(StoreError::Malformed("no connection"))
    }

    /// Tells the senders, and forgets everything that may not be so: closing the connection rolls
    /// back what was not committed.
    fn fail(&mut self, batch: Batch, error: &StoreError) {
        let fault = self.store.fault(error);
        if !self.failing {
            tracing::error!(%error, fault = fault.word(), "the store can't be written to; senders keep their messages and try again");
        }
        self.failing = true;
        self.metrics.count(Counter::CommitFailures, 1);
        self.metrics.set(Gauge::StoreFailing, 1);
        self.connection = None;
        self.cache.clear();
        batch.failed(fault);
    }

    fn recovered(&mut self) {
        if self.failing {
            tracing::info!("the store can be written to again");
            self.failing = false;
            self.metrics.set(Gauge::StoreFailing, 0);
        }
    }
}
