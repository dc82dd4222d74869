//! What the device remembers: the conversation's changes, the token, how far the visitor read.
//!
//! In: records to keep, in order. Out: what was kept, at the start. Invariants: no database is
//! made before something is to be kept; if the browser refuses, nothing is kept and everything
//! else works; writing never holds anything up.
//!
//! Layout (IndexedDB, version 1): `journal` holds postcard of `Vec<Change>` under growing
//! numbers; `meta` holds `token` (text) and `read` (a number). Not here: what a change means
//! (`firsthop_core::hop::client`), how the journal is shortened (`journal`).

mod database;
mod journal;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use firsthop_core::hop::client::Change;
use firsthop_core::protocol::Seq;
use js_sys::Uint8Array;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use database::{Database, JOURNAL, META};

/// Records beyond which the journal is shortened when it is read.
const JOURNAL_RECORDS_MAX: usize = 64;

/// What was remembered.
#[derive(Default)]
pub(crate) struct Remembered {
    /// The changes, in their order.
    pub(crate) changes: Vec<Change>,
    /// The visitor's token.
    pub(crate) token: Option<String>,
    /// Up to where the visitor has read.
    pub(crate) read: Seq,
}

/// Something to keep.
enum Record {
    Changes(Vec<Change>),
    Token(String),
    Read(Seq),
}

/// See the module.
#[derive(Clone)]
pub(crate) struct Store(Rc<Inner>);

struct Inner {
    name: String,
    database: RefCell<Option<Database>>,
    waiting: RefCell<VecDeque<Record>>,
    writing: Cell<bool>,
    refused: Cell<bool>,
    closed: Cell<bool>,
}

/// The database's name. `js/launcher.js` deletes it by this name when nothing else is loaded.
pub(crate) fn database_name(edge: &str, inbox: &str) -> String {
    ["firsthop ", edge, " ", inbox].concat()
}

impl Store {
    /// A store of that name; nothing is opened yet.
    pub(crate) fn new(name: String) -> Self {
        Self(Rc::new(Inner {
            name,
            database: RefCell::default(),
            waiting: RefCell::default(),
            writing: Cell::new(false),
            refused: Cell::new(false),
            closed: Cell::new(false),
        }))
    }

    /// Whether the browser refused to keep something.
    pub(crate) fn is_refused(&self) -> bool {
        self.0.refused.get()
    }

    /// What an earlier visit left; makes no database where there is none.
    pub(crate) async fn recall(&self) -> Remembered {
        let Ok(Some(database)) = Database::open(&self.0.name, false).await else { return Remembered::default() };
        let remembered = read(&database).await.unwrap_or_default();
        *self.0.database.borrow_mut() = Some(database);
        remembered
    }

    /// Keeps changes.
    pub(crate) fn keep(&self, changes: Vec<Change>) {
        self.enqueue(Record::Changes(changes));
    }

    /// Keeps the token; done when it is kept, or refused.
    pub(crate) async fn keep_token(&self, token: String) {
        if !self.0.refused.get() && !self.0.closed.get() {
            self.write(Record::Token(token)).await;
        }
    }

    /// Keeps how far the visitor has read.
    pub(crate) fn keep_read(&self, read: Seq) {
        self.enqueue(Record::Read(read));
    }

    /// The token, as another tab may have renewed it by now.
    pub(crate) async fn token(&self) -> Option<String> {
        let database = self.database(false).await?;
        database.get(META, "token").await.ok()?.as_string()
    }

    /// Removes everything, and keeps nothing from now on.
    pub(crate) async fn forget(&self) {
        self.close();
        Database::delete(&self.0.name).await;
    }

    /// Keeps nothing from now on.
    pub(crate) fn close(&self) {
        self.0.closed.set(true);
        self.0.waiting.borrow_mut().clear();
        if let Some(database) = self.0.database.borrow_mut().take() {
            database.close();
        }
    }

    fn enqueue(&self, record: Record) {
        if self.0.refused.get() || self.0.closed.get() {
            return;
        }
        self.0.waiting.borrow_mut().push_back(record);
        if !self.0.writing.replace(true) {
            let store = self.clone();
            spawn_local(async move {
                store.write_waiting().await;
                store.0.writing.set(false);
            });
        }
    }

    /// Writes what waits, in order, one by one.
    async fn write_waiting(&self) {
        loop {
            let Some(record) = self.0.waiting.borrow_mut().pop_front() else { return };
            self.write(record).await;
        }
    }

    async fn write(&self, record: Record) {
        let written = match self.database(true).await {
            Some(database) => write(&database, record).await.is_ok(),
            None => false,
        };
        if !written {
            self.0.refused.set(true);
            self.0.waiting.borrow_mut().clear();
        }
    }

    async fn database(&self, make: bool) -> Option<Database> {
        let open = self.0.database.borrow().clone();
        if let Some(database) = open.filter(Database::is_open) {
            return Some(database);
        }
        let database = Database::open(&self.0.name, make).await.ok().flatten()?;
        if self.0.closed.get() {
            database.close();
            return None;
        }
        *self.0.database.borrow_mut() = Some(database.clone());
        Some(database)
    }
}

async fn write(database: &Database, record: Record) -> Result<(), JsValue> {
    match record {
        Record::Changes(changes) => match postcard::to_allocvec(&changes) {
            Ok(bytes) => database.append(JOURNAL, &Uint8Array::from(bytes.as_slice())).await,
            Err(_) => Ok(()),
        },
        Record::Token(token) => database.put(META, &"token".into(), &token.into()).await,
        // A place in a log of a visitor's lifetime is far below 2⁵³.
        Record::Read(read) => database.put(META, &"read".into(), &(read.0 as f64).into()).await,
    }
}

async fn read(database: &Database) -> Result<Remembered, JsValue> {
    let token = database.get(META, "token").await?.as_string();
    let read = Seq(database.get(META, "read").await?.as_f64().unwrap_or_default() as u64);
    let (last, records) = database.all(JOURNAL).await?;
    let shorten = records.len() > JOURNAL_RECORDS_MAX;
    // What can't be read was written by another version: the log is fetched again.
    let mut changes: Vec<Change> = records
        .iter()
        .filter_map(|record| postcard::from_bytes::<Vec<Change>>(&Uint8Array::new(record).to_vec()).ok())
        .flatten()
        .collect();
    if shorten {
        changes = journal::shorten(changes);
        if let Ok(bytes) = postcard::to_allocvec(&changes) {
            database.replace_up_to(JOURNAL, &last, &Uint8Array::from(bytes.as_slice())).await?;
        }
    }
    Ok(Remembered { changes, token, read })
}
