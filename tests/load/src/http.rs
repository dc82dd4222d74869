//! One HTTP request on a connection of its own: enough for admission, login, readiness, and for
//! visitors who get no WebSocket.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{HeaderMap, Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The answer, unless it is no success.
    pub(crate) fn success(self) -> Result<Self> {
        if !(200..300).contains(&self.status) {
            bail!(
                "HTTP {}: {}",
                self.status,
                String::from_utf8_lossy(&self.body)
            );
        }
        Ok(self)
    }
}

pub(crate) async fn get(at: SocketAddr, path: &str) -> Result<Answer> {
    request(at, Method::GET, path, &[], Bytes::new()).await
}

pub(crate) async fn post_json(
    at: SocketAddr,
    path: &str,
    headers: &[(&str, &str)],
    body: &serde_json::Value,
) -> Result<Answer> {
    request(at, Method::POST, path, headers, body.to_string().into()).await
}

/// Posts; the answer's body is still to come.
pub(crate) async fn post(
    at: SocketAddr,
    path: &str,
    headers: &[(&str, &str)],
    body: Bytes,
) -> Result<Response<Incoming>> {
    begin(at, Method::POST, path, headers, body).await
}

async fn request(
    at: SocketAddr,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Bytes,
) -> Result<Answer> {
    let headers: Vec<_> = [(CONTENT_TYPE.as_str(), "application/json")]
        .into_iter()
        .chain(headers.iter().copied())
        .collect();
    let response = begin(at, method, path, &headers, body).await?;
    let (head, body) = response.into_parts();
    Ok(Answer {
        status: head.status.as_u16(),
        headers: head.headers,
        body: body.collect().await?.to_bytes(),
    })
}

async fn begin(
    at: SocketAddr,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Bytes,
) -> Result<Response<Incoming>> {
    let stream = TcpStream::connect(at)
        .await
        .with_context(|| format!("could not connect to {at}"))?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // It ends with the answer's body, or when that is dropped; what went wrong on it, `sender` and
    // the body tell.
    tokio::spawn(connection);
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, at.to_string());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Ok(sender.send_request(request.body(Full::new(body))?).await?)
}
