//! A fake host with a fake origin, both in memory and with a clock that the test moves.

pub(crate) mod origin;
pub(crate) mod visitor;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::pin::pin;
use std::rc::Rc;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use firsthop_core::id::{EdgeId, VisitorId};
use firsthop_core::knowledge;
use firsthop_core::limit::Buckets;
use firsthop_core::limits::{
    ADMISSION_ADDRESSES_MAX, ADMISSION_REFILL, ADMISSIONS_BURST, EDGE_SOCKET_SILENT_MAX,
};
use firsthop_core::pack::signature::PackSigner;
use firsthop_core::pack::{BuildSettings, Pack, PackHash, build};
use firsthop_core::protocol::Problem;
use firsthop_core::protocol::edge::{Downlink, Inbox, Push};
use firsthop_core::sign::{Nonce, Purpose, Signed};
use firsthop_core::token::{Claims, Key, sign};
use firsthop_core::{Instant, Timestamp};
use firsthop_edge::config::Config;
use firsthop_edge::directory::{Ask, Directory, Told};
use firsthop_edge::front::{Outcome, answer};
use firsthop_edge::host::{Away, Front, Host, OriginAnswer, OriginRequest, Shelf, ShelfError};
use firsthop_edge::http::{Head, Response};
use firsthop_edge::link::PUSH_PATH;
use firsthop_edge::route::Route;

use origin::FakeOrigin;

pub(crate) const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);
pub(crate) const SHOP: &str = "https://shop.example";
pub(crate) const EDGE_KEY: Key = Key([1; 32]);
pub(crate) const TOKEN_KEY: Key = Key([2; 32]);
/// What the pack answers, word for word.
pub(crate) const KNOWN: &str = "how do I cancel my order";
/// What it does not.
pub(crate) const UNKNOWN: &str = "xyzzy plugh fnord";

const KNOWLEDGE: &str = r#"{"id":"order-cancel","title":"Cancel an order","phrasings":["how do I cancel my order","can I cancel an order I just placed","cancel before it ships"],"answer":{"en":"Cancel it in the order details."}}
{"id":"ship-when","title":"Delivery","phrasings":["when will my order arrive","when is it delivered","how long does delivery take"],"answer":{"en":"Three days."}}
{"id":"pay","title":"Payment","phrasings":["which cards do you accept","can I pay by card","is there a fee for paying by invoice"],"answer":{"en":"Any card."}}
{"id":"return","title":"Returns","phrasings":["how do I send something back","what is your policy on returns","I want my money back"],"answer":{"en":"Within seven days."}}
{"id":"size","title":"Sizes","phrasings":["do these shoes run small","which size fits me","is there a size chart"],"answer":{"en":"See the chart."}}"#;

/// A small shop's pack, as bytes. Building it takes a while, so it is done once.
pub(crate) fn pack_bytes() -> (PackHash, Vec<u8>) {
    static BUILT: OnceLock<(PackHash, Vec<u8>)> = OnceLock::new();
    let build = || {
        let knowledge = knowledge::parse("shop.jsonl", KNOWLEDGE.as_bytes()).unwrap();
        let (bytes, report) = build(&knowledge, &BuildSettings::default(), &mut |_| {}).unwrap();
        (report.hash, bytes)
    };
    BUILT.get_or_init(build).clone()
}

pub(crate) fn pack() -> Pack {
    let (hash, bytes) = pack_bytes();
    Pack::load(bytes, hash).unwrap()
}

pub(crate) fn inbox() -> Inbox {
    let pack = pack_bytes().0;
    Inbox {
        key: "demo".into(),
        name: "Demo shop".into(),
        allowed_origins: vec![SHOP.into()],
        pack: Some(pack),
        published: Some(pack_signer().sign("demo", pack, START)),
    }
}

/// What the origin signs packs with.
pub(crate) fn pack_signer() -> PackSigner {
    PackSigner::new([3; 32])
}

/// Runs what never waits for anything but the fakes.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("a fake made somebody wait"),
    }
}

pub(crate) struct FakeHost {
    config: Config,
    now: Cell<Timestamp>,
    dice: Cell<u64>,
    pub(crate) origin: RefCell<FakeOrigin>,
    pub(crate) inboxes: RefCell<BTreeMap<String, Inbox>>,
    pub(crate) packs: RefCell<BTreeMap<PackHash, Vec<u8>>>,
    pub(crate) writes: Cell<usize>,
    directory: RefCell<Rc<Directory>>,
    pub(crate) pushed: RefCell<Vec<Downlink>>,
    admissions: RefCell<Buckets>,
}

impl FakeHost {
    pub(crate) fn new() -> Self {
        let edge = EdgeId::new(START, [9; 10]);
        let config = Config {
            edge,
            keys: vec![EDGE_KEY],
            token_key: TOKEN_KEY,
            pack_keys: vec![pack_signer().key()],
            origin_url: "http://origin".into(),
            silent_max: EDGE_SOCKET_SILENT_MAX,
        };
        Self {
            config,
            now: Cell::new(START),
            dice: Cell::new(1),
            origin: RefCell::new(FakeOrigin::new()),
            inboxes: RefCell::default(),
            packs: RefCell::default(),
            writes: Cell::default(),
            directory: RefCell::default(),
            pushed: RefCell::default(),
            admissions: RefCell::new(Buckets::new(
                ADMISSIONS_BURST,
                ADMISSION_REFILL,
                ADMISSION_ADDRESSES_MAX,
            )),
        }
    }

    pub(crate) fn wait(&self, time: Duration) {
        self.now.set(self.now.get() + time);
    }

    pub(crate) fn instant(&self) -> Instant {
        Instant::from_millis(self.now.get().as_millis())
    }

    pub(crate) fn dice(&self) -> [u8; 10] {
        self.random()[6..].try_into().unwrap()
    }

    /// The edge starts anew: what is in memory is gone.
    pub(crate) fn restart(&self) {
        self.directory.replace(Rc::new(Directory::new()));
    }

    pub(crate) fn answer(&self, head: &Head, body: &[u8]) -> Outcome {
        match Route::of(head) {
            Ok(route) => run(answer(self, &[], &route, head, body)),
            Err(problem) => Outcome::Done(problem.into()),
        }
    }

    /// The status, and the body as JSON, of what is answered.
    pub(crate) fn json(&self, head: &Head, body: &[u8]) -> (u16, serde_json::Value) {
        match self.answer(head, body) {
            Outcome::Done(Response { status, body, .. }) => (
                status,
                serde_json::from_slice(body.as_bytes()).unwrap_or_default(),
            ),
            other => panic!("not answered at the front: {other:?}"),
        }
    }

    /// The code of the problem that is answered.
    pub(crate) fn problem(&self, head: &Head, body: &[u8]) -> String {
        self.json(head, body).1["error"]["code"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub(crate) fn token(&self, visitor: VisitorId) -> String {
        sign(&TOKEN_KEY, &Claims::new("demo", visitor, self.now()))
    }

    pub(crate) fn visitor_id(&self) -> VisitorId {
        VisitorId::new(self.now(), self.dice())
    }

    /// A push as the origin sends it.
    pub(crate) fn push_of(&self, push: &Push, key: &Key, at: Timestamp) -> (Head, Vec<u8>) {
        let body = postcard::to_allocvec(push).unwrap();
        let nonce = Nonce(self.random());
        let signed = Signed::sign(
            key,
            Purpose::Push,
            self.config.edge,
            at,
            nonce,
            "POST /v1/edge/push",
            &body,
        );
        let head = signed
            .headers()
            .into_iter()
            .fold(Head::new("POST", PUSH_PATH, ""), |head, (name, value)| {
                head.with(name, value)
            });
        (head, body)
    }
}

impl Host for FakeHost {
    fn config(&self) -> &Config {
        &self.config
    }
    fn now(&self) -> Timestamp {
        self.now.get()
    }
    fn random(&self) -> [u8; 16] {
        self.dice.set(self.dice.get() + 1);
        u128::from(self.dice.get())
            .wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
            .to_be_bytes()
    }
    async fn origin(&self, request: OriginRequest) -> Result<OriginAnswer, Away> {
        self.origin.borrow_mut().answer(&request, self.now.get())
    }
    fn warn(&self, _: &str) {}
}

impl Front for FakeHost {
    async fn directory(&self, ask: Ask) -> Result<Told, Problem> {
        let directory = Rc::clone(&self.directory.borrow());
        directory.answer(self, ask).await
    }
    async fn gzipped(&self, pack: PackHash) -> Result<Option<Vec<u8>>, Problem> {
        let compressed = format!("gzip of {pack}").into_bytes();
        Ok(matches!(self.directory(Ask::Pack(pack)).await?, Told::Pack(_)).then_some(compressed))
    }
    fn count_new(&self, address: &str) -> Result<(), Duration> {
        self.admissions.borrow_mut().take(address, self.instant())
    }
    async fn push(&self, downlinks: Vec<Downlink>) -> Result<Vec<u32>, Problem> {
        let sockets = downlinks
            .iter()
            .map(|downlink| u32::try_from(downlink.frames.len()).unwrap())
            .collect();
        self.pushed.borrow_mut().extend(downlinks);
        Ok(sockets)
    }
}

impl Shelf for FakeHost {
    fn inbox(&self, key: &str) -> Result<Option<Inbox>, ShelfError> {
        Ok(self.inboxes.borrow().get(key).cloned())
    }
    fn put_inbox(&self, inbox: &Inbox) -> Result<(), ShelfError> {
        self.writes.set(self.writes.get() + 1);
        self.inboxes
            .borrow_mut()
            .insert(inbox.key.clone(), inbox.clone());
        Ok(())
    }
    fn remove_inbox(&self, key: &str) -> Result<(), ShelfError> {
        self.inboxes.borrow_mut().remove(key);
        Ok(())
    }
    fn pack(&self, hash: PackHash) -> Result<Option<Vec<u8>>, ShelfError> {
        Ok(self.packs.borrow().get(&hash).cloned())
    }
    fn has_pack(&self, hash: PackHash) -> Result<bool, ShelfError> {
        Ok(self.packs.borrow().contains_key(&hash))
    }
    fn put_pack(&self, hash: PackHash, bytes: &[u8]) -> Result<(), ShelfError> {
        self.writes.set(self.writes.get() + 1);
        self.packs.borrow_mut().insert(hash, bytes.to_vec());
        Ok(())
    }
    fn sweep_packs(&self) -> Result<(), ShelfError> {
        let current: Vec<_> = self
            .inboxes
            .borrow()
            .values()
            .filter_map(|inbox| inbox.pack)
            .collect();
        self.packs
            .borrow_mut()
            .retain(|hash, _| current.contains(hash));
        Ok(())
    }
}
