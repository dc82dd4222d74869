//! What a visitor's object keeps in SQLite: messages that it acknowledged while the origin was away.
//!
//! As long as nothing is kept, nothing is written, not even a table.

use std::cell::Cell;

use firsthop_core::id::{MessageId, VisitorId};
use firsthop_core::protocol::visitor::Submission;
use worker::{SqlStorage, SqlStorageValue, State};

/// Whose messages they are: an alarm comes without saying.
pub(crate) struct Owner {
    pub(crate) visitor: VisitorId,
    pub(crate) inbox: String,
}

/// See the module.
pub(crate) struct Outbox {
    exists: Cell<bool>,
}

impl Outbox {
    pub(crate) const fn new() -> Self {
        Self {
            exists: Cell::new(false),
        }
    }

    /// The messages, in the order in which they were kept, and whose they are.
    pub(crate) fn load(&self, state: &State) -> worker::Result<(Option<Owner>, Vec<Submission>)> {
        let sql = state.storage().sql();
        let tables = rows(
            &sql,
            "select 1 from sqlite_master where type = 'table' and name = 'outbox'",
            Vec::new(),
        )?;
        self.exists.set(!tables.is_empty());
        if !self.exists.get() {
            return Ok((None, Vec::new()));
        }
        let mut owner = None;
        let mut messages = Vec::new();
        for row in rows(
            &sql,
            "select visitor, inbox, message from outbox order by place",
            Vec::new(),
        )? {
            let [
                SqlStorageValue::String(visitor),
                SqlStorageValue::String(inbox),
                SqlStorageValue::Blob(message),
            ] = row.as_slice()
            else {
                return Err("a row of the outbox has another form".into());
            };
            let visitor = visitor
                .parse()
                .map_err(|_| "a row of the outbox names nobody")?;
            owner = Some(Owner {
                visitor,
                inbox: inbox.clone(),
            });
            messages.push(postcard::from_bytes(message).map_err(|error| error.to_string())?);
        }
        Ok((owner, messages))
    }

    /// Writes messages; they are durable after the storage's next `sync`.
    pub(crate) fn keep(
        &self,
        state: &State,
        owner: &Owner,
        messages: &[Submission],
    ) -> worker::Result<()> {
        let sql = state.storage().sql();
        if !self.exists.replace(true) {
            sql.exec(
                "create table if not exists outbox (place integer primary key autoincrement, \
                 id text not null unique, visitor text not null, inbox text not null, message blob not null)",
                None,
            )?;
        }
        for message in messages {
            let bytes = postcard::to_allocvec(message).map_err(|error| error.to_string())?;
            sql.exec(
                "insert or ignore into outbox (id, visitor, inbox, message) values (?, ?, ?, ?)",
                vec![
                    message.id.to_string().into(),
                    owner.visitor.to_string().into(),
                    owner.inbox.as_str().into(),
                    bytes.into(),
                ],
            )?;
        }
        Ok(())
    }

    /// Removes messages that the origin has.
    pub(crate) fn forget(&self, state: &State, ids: &[MessageId]) -> worker::Result<()> {
        let sql = state.storage().sql();
        for id in ids {
            sql.exec(
                "delete from outbox where id = ?",
                vec![id.to_string().into()],
            )?;
        }
        Ok(())
    }
}

fn rows(
    sql: &SqlStorage,
    statement: &str,
    values: Vec<SqlStorageValue>,
) -> worker::Result<Vec<Vec<SqlStorageValue>>> {
    sql.exec(statement, values)?.raw().collect()
}
