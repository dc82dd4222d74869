//! An edge: signs batches, takes pushes, can be out of order.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use firsthop::host;
use firsthop_core::id::{EdgeId, VisitorId};
use firsthop_core::protocol::VERSION;
use firsthop_core::protocol::edge::{Batch, BatchReply, Push, PushReply, Uplink};
use firsthop_core::protocol::visitor::{ToServer, ToVisitor};
use firsthop_core::sign::{Nonce, Purpose, Signed};
use firsthop_core::token::Key;
use tokio::task::JoinHandle;

use super::{Answer, Http, INBOX, eventually};

/// See the module.
pub(crate) struct TestEdge {
    pub(crate) id: EdgeId,
    pub(crate) key: Key,
    http: Http,
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

struct Shared {
    id: EdgeId,
    key: Mutex<Key>,
    pushes: Mutex<Vec<Push>>,
    /// How many sockets it says that each visitor has; none means that it is out of order.
    sockets: Mutex<Option<u32>>,
}

async fn take(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, Vec<u8>) {
    let signed =
        Signed::from_headers(|name| headers.get(name)?.to_str().ok()).expect("pushes are signed");
    assert_eq!(signed.edge, shared.id);
    let keys = [shared.key.lock().unwrap().clone()];
    signed
        .verify(
            &keys,
            Purpose::Push,
            "POST /v1/edge/push",
            &body,
            host::now(),
        )
        .expect("pushes verify");
    let Some(sockets) = *shared.sockets.lock().unwrap() else {
        return (StatusCode::BAD_GATEWAY, Vec::new());
    };
    let push: Push = postcard::from_bytes(&body).unwrap();
    let reply = PushReply {
        sockets: vec![sockets; push.downlinks.len()],
    };
    shared.pushes.lock().unwrap().push(push);
    (StatusCode::OK, postcard::to_allocvec(&reply).unwrap())
}

impl TestEdge {
    pub(crate) async fn listen(http: Http, id: EdgeId, key: Key) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            id,
            key: Mutex::new(key.clone()),
            pushes: Mutex::default(),
            sockets: Mutex::new(Some(1)),
        });
        let router = Router::new()
            .route("/v1/edge/push", post(take))
            .with_state(Arc::clone(&shared));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            id,
            key,
            http,
            address,
            shared,
            serving,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on it signs with, and expects, another key.
    pub(crate) fn use_key(&mut self, key: Key) {
        *self.shared.key.lock().unwrap() = key.clone();
        self.key = key;
    }

    pub(crate) fn set_sockets(&self, sockets: Option<u32>) {
        *self.shared.sockets.lock().unwrap() = sockets;
    }

    /// A signed batch, as it is sent.
    pub(crate) fn signed(&self, uplinks: Vec<Uplink>) -> (Signed, Vec<u8>) {
        let body = postcard::to_allocvec(&Batch {
            version: VERSION,
            uplinks,
        })
        .unwrap();
        let nonce = Nonce(host::random());
        (
            Signed::sign(
                &self.key,
                Purpose::Batch,
                self.id,
                host::now(),
                nonce,
                "POST /v1/edge/batch",
                &body,
            ),
            body,
        )
    }

    pub(crate) async fn post(&self, signed: &Signed, body: Vec<u8>) -> Answer {
        let headers = signed.headers();
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        self.http.post("/v1/edge/batch", &headers, body).await
    }

    pub(crate) async fn batch(&self, uplinks: Vec<Uplink>) -> Answer {
        let (signed, body) = self.signed(uplinks);
        self.post(&signed, body).await
    }

    /// Passes frames of one visitor on; gives the frames that come back.
    pub(crate) async fn passes(
        &self,
        visitor: VisitorId,
        attached: bool,
        frames: Vec<ToServer>,
    ) -> Vec<ToVisitor> {
        let answer = self
            .batch(vec![Uplink {
                visitor,
                inbox: INBOX.to_owned(),
                attached,
                frames,
            }])
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let reply: BatchReply = postcard::from_bytes(&answer.body).unwrap();
        let [downlink] = reply
            .downlinks
            .try_into()
            .expect("one downlink for each uplink");
        assert_eq!(downlink.visitor, visitor);
        downlink.frames
    }

    /// `GET /v1/edge/inboxes/{key}`.
    pub(crate) async fn inbox(&self, key: &str) -> Answer {
        let path = format!("/v1/edge/inboxes/{key}");
        let nonce = Nonce(host::random());
        let request = format!("GET {path}");
        let signed = Signed::sign(
            &self.key,
            Purpose::Batch,
            self.id,
            host::now(),
            nonce,
            &request,
            b"",
        );
        let headers = signed.headers();
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        self.http.get(&path, &headers).await
    }

    /// Everything that was pushed for a visitor.
    pub(crate) fn pushed(&self, visitor: VisitorId) -> Vec<ToVisitor> {
        let pushes = self.shared.pushes.lock().unwrap();
        let downlinks = pushes.iter().flat_map(|push| &push.downlinks);
        downlinks
            .filter(|downlink| downlink.visitor == visitor)
            .flat_map(|downlink| downlink.frames.clone())
            .collect()
    }

    pub(crate) fn pushes(&self) -> Vec<Push> {
        self.shared.pushes.lock().unwrap().clone()
    }

    /// Waits for a pushed frame.
    pub(crate) async fn gets<T>(
        &self,
        visitor: VisitorId,
        pick: impl Fn(&ToVisitor) -> Option<T>,
    ) -> T {
        eventually("the push", async || {
            self.pushed(visitor).iter().find_map(&pick)
        })
        .await
    }
}

impl Drop for TestEdge {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
