//! IndexedDB with futures: what `store` needs of it and no more.
//!
//! A connection closes itself when another tab wants to delete the database. Not here: what is
//! stored.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Array, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{IdbDatabase, IdbFactory, IdbKeyRange, IdbObjectStore, IdbOpenDbRequest, IdbRequest};
use web_sys::{IdbObjectStoreParameters, IdbTransactionMode as Mode};

pub(super) const JOURNAL: &str = "journal";
pub(super) const META: &str = "meta";
const VERSION: u32 = 1;

/// A connection to the database; clones are the same connection.
#[derive(Clone)]
pub(super) struct Database {
    handle: IdbDatabase,
    open: Rc<Cell<bool>>,
}

impl Database {
    /// Opens the database; `None` if there is none and none is to be made.
    pub(super) async fn open(name: &str, make: bool) -> Result<Option<Self>, JsValue> {
        let request = factory()?.open_with_u32(name, VERSION)?;
        let upgrade = Closure::once_into_js({
            let request = request.clone();
            move || upgrade(&request, make)
        });
        request.set_onupgradeneeded(Some(upgrade.unchecked_ref()));
        let opened = result(&request).await;
        if !make && opened.is_err() {
            return Ok(None);
        }
        let handle: IdbDatabase = opened?.unchecked_into();
        let open = Rc::new(Cell::new(true));
        let close = Closure::once_into_js({
            let (handle, open) = (handle.clone(), Rc::clone(&open));
            move || {
                open.set(false);
                handle.close();
            }
        });
        handle.set_onversionchange(Some(close.unchecked_ref()));
        Ok(Some(Self { handle, open }))
    }

    /// Deletes a database, if there is one.
    pub(super) async fn delete(name: &str) {
        if let Ok(request) = factory().and_then(|factory| factory.delete_database(name)) {
            // Should another tab not let go, the browser deletes it when that tab closes.
            let blocked = Promise::new(&mut |resolve, _| request.set_onblocked(Some(&resolve)));
            let _ = JsFuture::from(Promise::race(&Array::of2(&done(&request), &blocked))).await;
        }
    }

    /// Whether it can still be used.
    pub(super) fn is_open(&self) -> bool {
        self.open.get()
    }

    /// Ends the connection, once what is under way is done.
    pub(super) fn close(&self) {
        self.open.set(false);
        self.handle.close();
    }

    /// The value of a key; `undefined` if there is none.
    pub(super) async fn get(&self, store: &str, key: &str) -> Result<JsValue, JsValue> {
        result(&self.store(store, Mode::Readonly)?.get(&key.into())?).await
    }

    /// Sets a key's value.
    pub(super) async fn put(&self, store: &str, key: &JsValue, value: &JsValue) -> Result<(), JsValue> {
        result(&self.store(store, Mode::Readwrite)?.put_with_key(value, key)?).await.map(drop)
    }

    /// Adds a value under the next number.
    pub(super) async fn append(&self, store: &str, value: &JsValue) -> Result<(), JsValue> {
        result(&self.store(store, Mode::Readwrite)?.add(value)?).await.map(drop)
    }

    /// All values in the order of their keys, and the last key.
    pub(super) async fn all(&self, store: &str) -> Result<(JsValue, Vec<JsValue>), JsValue> {
        let store = self.store(store, Mode::Readonly)?;
        let (keys, values) = (store.get_all_keys()?, store.get_all()?);
        let values: Array = result(&values).await?.unchecked_into();
        let keys: Array = keys.result()?.unchecked_into();
        Ok((keys.get(keys.length().wrapping_sub(1)), values.iter().collect()))
    }

    /// Replaces everything up to a key by one value, at once.
    pub(super) async fn replace_up_to(&self, store: &str, key: &JsValue, value: &JsValue) -> Result<(), JsValue> {
        let store = self.store(store, Mode::Readwrite)?;
        store.delete(&IdbKeyRange::upper_bound(key)?.into())?;
        result(&store.put_with_key(value, key)?).await.map(drop)
    }

    fn store(&self, name: &str, mode: Mode) -> Result<IdbObjectStore, JsValue> {
        self.handle.transaction_with_str_and_mode(name, mode)?.object_store(name)
    }
}

/// Makes the stores of a new database; or, if none is to be made, undoes its making.
fn upgrade(request: &IdbOpenDbRequest, make: bool) {
    let Some(transaction) = request.transaction() else { return };
    if !make {
        let _ = transaction.abort();
        return;
    }
    let Ok(handle) = request.result().map(JsCast::unchecked_into::<IdbDatabase>) else { return };
    let numbered = IdbObjectStoreParameters::new();
    numbered.set_auto_increment(true);
    // Should either fail, so does opening, and nothing is kept.
    let _ = handle.create_object_store_with_optional_parameters(JOURNAL, &numbered);
    let _ = handle.create_object_store(META);
}

/// The browser's databases. Where storage is forbidden, even looking is an error.
fn factory() -> Result<IdbFactory, JsValue> {
    Reflect::get(&js_sys::global(), &"indexedDB".into())?.dyn_into()
}

async fn result(request: &IdbRequest) -> Result<JsValue, JsValue> {
    JsFuture::from(done(request)).await?;
    request.result()
}

fn done(request: &IdbRequest) -> Promise {
    Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    })
}
