//! The origin as a client of its edges: signed pushes.

use bytes::Bytes;
use firsthop_core::limits::{BATCH_BYTES_MAX, PUSH_REPLY_WITHIN};
use firsthop_core::protocol::edge::{Push, PushReply};
use firsthop_core::sign::{Nonce, Purpose, Signed};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Method, Request, StatusCode};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::host;
use crate::store::edges::Edge;

const PATH: &str = "/v1/edge/push";

/// Why an edge did not take a push. It is tried again.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The address in the edge's registration is no URL: register it anew.
    #[error("the edge's address is not valid: {0}")]
    Address(#[from] hyper::http::Error),
    /// Nobody there, or TLS failed.
    #[error("could not reach the edge: {0}")]
    Unreachable(#[from] hyper_util::client::legacy::Error),
    /// No answer in time.
    #[error("the edge did not answer within {} s", PUSH_REPLY_WITHIN.as_secs())]
    Late,
    /// It answered something else: look at its log and its key.
    #[error("the edge answered with HTTP status {0}")]
    Refused(StatusCode),
    /// An answer that is none.
    #[error("the edge's answer could not be read")]
    Malformed,
}

/// A pool of connections to edges.
#[derive(Debug)]
pub struct EdgeClient(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl Default for EdgeClient {
    fn default() -> Self {
        Self::new()
    }
}

impl EdgeClient {
    /// No connection yet.
    #[must_use]
    pub fn new() -> Self {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(PUSH_REPLY_WITHIN));
        let https = hyper_rustls::HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        Self(Client::builder(TokioExecutor::new()).build(https))
    }

    /// Sends a push to an edge, signed with its current key.
    ///
    /// # Errors
    /// [`PushError`].
    pub async fn push(&self, edge: &Edge, push: &Push) -> Result<PushReply, PushError> {
        let body = postcard::to_allocvec(push).map_err(|_| PushError::Malformed)?;
        let key = edge.keys.first().ok_or(PushError::Malformed)?;
        let request = format!("{} {PATH}", Method::POST);
        let nonce = Nonce(host::random());
        let signed = Signed::sign(
            key,
            Purpose::Push,
            edge.id,
            host::now(),
            nonce,
            &request,
            &body,
        );
        let mut request = Request::post(format!("{}{PATH}", edge.url));
        for (name, value) in signed.headers() {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(Bytes::from(body)))?;
        tokio::time::timeout(PUSH_REPLY_WITHIN, self.send(request))
            .await
            .map_err(|_| PushError::Late)?
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<PushReply, PushError> {
        let response = self.0.request(request).await?;
        if response.status() != StatusCode::OK {
            return Err(PushError::Refused(response.status()));
        }
        let body = Limited::new(response.into_body(), BATCH_BYTES_MAX)
            .collect()
            .await
            .map_err(|_| PushError::Malformed)?;
        postcard::from_bytes(&body.to_bytes()).map_err(|_| PushError::Malformed)
    }
}
