//! The edge's directory as a Durable Object: one per edge, with its shelf in SQLite.

use std::cell::{Cell, RefCell};

use firsthop_core::Timestamp;
use firsthop_core::pack::PackHash;
use firsthop_core::protocol::Problem;
use firsthop_core::protocol::edge::Inbox;
use firsthop_edge::config::{Config, ConfigError};
use firsthop_edge::directory::{Ask, Told};
use firsthop_edge::host::{Away, Host, OriginAnswer, OriginRequest, Shelf, ShelfError};
use worker::{
    DurableObject, Env, Request, Response, SqlCursor, SqlStorageValue, State, WebSocket,
    WebSocketIncomingMessage, durable_object,
};

use crate::host::{Worker, internal};

/// A pack is kept in pieces: a row may have 2 MB at most.
const PIECE_BYTES: usize = 1024 * 1024;

/// See the module.
#[durable_object]
pub struct Directory {
    shelf: Result<SqlShelf, ConfigError>,
    directory: firsthop_edge::directory::Directory,
}

impl DurableObject for Directory {
    fn new(state: State, env: Env) -> Self {
        let shelf = Worker::new(env).map(|host| SqlShelf {
            host,
            state,
            ready: Cell::new(false),
            last: RefCell::default(),
        });
        Self {
            shelf,
            directory: firsthop_edge::directory::Directory::new(),
        }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let told: Result<Told, Problem> = match (
            &self.shelf,
            postcard::from_bytes::<Ask>(&request.bytes().await?),
        ) {
            (Ok(shelf), Ok(ask)) => self.directory.answer(shelf, ask).await,
            (Err(error), _) => Err(internal(error)),
            (_, Err(error)) => Err(internal(error)),
        };
        Response::from_bytes(postcard::to_allocvec(&told).map_err(|error| error.to_string())?)
    }

    async fn alarm(&self) -> worker::Result<Response> {
        Response::empty()
    }

    async fn websocket_message(
        &self,
        _: WebSocket,
        _: WebSocketIncomingMessage,
    ) -> worker::Result<()> {
        Ok(())
    }

    async fn websocket_close(
        &self,
        _: WebSocket,
        _: usize,
        _: String,
        _: bool,
    ) -> worker::Result<()> {
        Ok(())
    }

    async fn websocket_error(&self, _: WebSocket, _: worker::Error) -> worker::Result<()> {
        Ok(())
    }
}

/// Inboxes and packs in the object's SQLite.
struct SqlShelf {
    host: Worker,
    state: State,
    ready: Cell<bool>,
    /// The inbox that was read last: most edges serve one.
    last: RefCell<Option<Inbox>>,
}

impl SqlShelf {
    fn exec(&self, statement: &str, values: Vec<SqlStorageValue>) -> Result<SqlCursor, ShelfError> {
        let sql = self.state.storage().sql();
        if !self.ready.replace(true) {
            for table in [
                "create table if not exists inbox (key text primary key, pack text, settings blob not null) without rowid",
                "create table if not exists piece (pack text, place integer, bytes blob not null, primary key (pack, place))",
            ] {
                sql.exec(table, None).map_err(failure)?;
            }
        }
        sql.exec(statement, values).map_err(failure)
    }

    fn rows(
        &self,
        statement: &str,
        values: Vec<SqlStorageValue>,
    ) -> Result<Vec<Vec<SqlStorageValue>>, ShelfError> {
        self.exec(statement, values)?
            .raw()
            .collect::<Result<_, _>>()
            .map_err(failure)
    }
}

fn failure(error: impl std::fmt::Display) -> ShelfError {
    ShelfError(error.to_string())
}

impl Host for SqlShelf {
    fn config(&self) -> &Config {
        self.host.config()
    }
    fn now(&self) -> Timestamp {
        self.host.now()
    }
    fn random(&self) -> [u8; 16] {
        self.host.random()
    }
    async fn origin(&self, request: OriginRequest) -> Result<OriginAnswer, Away> {
        self.host.origin(request).await
    }
    fn warn(&self, message: &str) {
        self.host.warn(message);
    }
}

impl Shelf for SqlShelf {
    fn inbox(&self, key: &str) -> Result<Option<Inbox>, ShelfError> {
        if let Some(inbox) = self.last.borrow().as_ref().filter(|inbox| inbox.key == key) {
            return Ok(Some(inbox.clone()));
        }
        let rows = self.rows("select settings from inbox where key = ?", vec![key.into()])?;
        match rows.into_iter().flatten().next() {
            None => Ok(None),
            Some(SqlStorageValue::Blob(bytes)) => {
                // One that another version wrote is asked for again.
                let Ok(inbox) = postcard::from_bytes::<Inbox>(&bytes) else {
                    return Ok(None);
                };
                *self.last.borrow_mut() = Some(inbox.clone());
                Ok(Some(inbox))
            }
            Some(_) => Err(failure("an inbox is no blob")),
        }
    }

    fn put_inbox(&self, inbox: &Inbox) -> Result<(), ShelfError> {
        let pack = inbox
            .pack
            .map_or(SqlStorageValue::Null, |hash| hash.to_string().into());
        let settings = postcard::to_allocvec(inbox).map_err(failure)?;
        self.exec(
            "insert or replace into inbox (key, pack, settings) values (?, ?, ?)",
            vec![inbox.key.as_str().into(), pack, settings.into()],
        )?;
        *self.last.borrow_mut() = Some(inbox.clone());
        Ok(())
    }

    fn remove_inbox(&self, key: &str) -> Result<(), ShelfError> {
        *self.last.borrow_mut() = None;
        self.exec("delete from inbox where key = ?", vec![key.into()])
            .map(drop)
    }

    fn pack(&self, hash: PackHash) -> Result<Option<Vec<u8>>, ShelfError> {
        let rows = self.rows(
            "select bytes from piece where pack = ? order by place",
            vec![hash.to_string().into()],
        )?;
        let mut bytes = Vec::new();
        for piece in rows.into_iter().flatten() {
            let SqlStorageValue::Blob(piece) = piece else {
                return Err(failure("a piece of a pack is no blob"));
            };
            bytes.extend(piece);
        }
        Ok((!bytes.is_empty()).then_some(bytes))
    }

    fn has_pack(&self, hash: PackHash) -> Result<bool, ShelfError> {
        let rows = self.rows(
            "select 1 from piece where pack = ? limit 1",
            vec![hash.to_string().into()],
        )?;
        Ok(!rows.is_empty())
    }

    fn put_pack(&self, hash: PackHash, bytes: &[u8]) -> Result<(), ShelfError> {
        // No await in between: the pieces are committed together or not at all.
        for (place, piece) in (0i32..).zip(bytes.chunks(PIECE_BYTES)) {
            self.exec(
                "insert or replace into piece (pack, place, bytes) values (?, ?, ?)",
                vec![hash.to_string().into(), place.into(), piece.to_vec().into()],
            )?;
        }
        Ok(())
    }

    fn sweep_packs(&self) -> Result<(), ShelfError> {
        self.exec(
            "delete from piece where pack not in (select pack from inbox where pack is not null)",
            Vec::new(),
        )
        .map(drop)
    }
}
