//! Accepting connections, and letting them go when the server stops.

use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use firsthop_core::limits::{REQUEST_HEAD_WITHIN, SOCKET_WRITE_WITHIN};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tower::ServiceExt;

use crate::metrics::{Gauge, Metrics};

/// When accepting fails (no file descriptors left), how long until it is tried again.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// A connection's place among those that may be open at once. It is in every request's
/// extensions: what outlives the request, as a socket does, keeps it.
#[derive(Clone)]
pub struct Place {
    _permit: Arc<OwnedSemaphorePermit>,
    _count: Arc<Counted>,
}

/// The other end of a connection, in every request's extensions.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

struct Counted(Arc<Metrics>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.add(Gauge::Connections, -1);
    }
}

/// Serves until told to stop; then lets running requests end, up to a time.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    connections_max: u32,
    metrics: Arc<Metrics>,
    mut stop: watch::Receiver<bool>,
    drain: Duration,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(REQUEST_HEAD_WITHIN);
    let places = Arc::new(Semaphore::new(connections_max as usize));
    loop {
        let stopping = stop.clone();
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = told(&mut stop) => break,
        };
        let Some((stream, peer, permit)) = accepted else {
            tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
            continue;
        };
        metrics.add(Gauge::Connections, 1);
        let place = Place {
            _permit: Arc::new(permit),
            _count: Arc::new(Counted(Arc::clone(&metrics))),
        };
        tokio::spawn(attend(
            http.clone(),
            stream,
            router.clone(),
            (peer, place),
            stopping,
        ));
    }
    drop(listener);
    if tokio::time::timeout(drain, places.acquire_many(connections_max))
        .await
        .is_err()
    {
        tracing::warn!("some connections did not end in time; they are cut off");
    }
}

/// Waits until the server is told to stop.
async fn told(stop: &mut watch::Receiver<bool>) {
    // An error means that the server is gone, which is as good.
    drop(stop.wait_for(|stop| *stop).await);
}

/// Serves one connection.
async fn attend(
    http: http1::Builder,
    stream: TcpStream,
    router: Router,
    (peer, place): (Peer, Place),
    mut stop: watch::Receiver<bool>,
) {
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(place.clone());
        request.extensions_mut().insert(peer);
        let router = router.clone();
        async move { respond(router, request).await }
    });
    let mut connection = pin!(
        http.serve_connection(TokioIo::new(stream), service)
            .with_upgrades()
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = told(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended badly");
    }
}

async fn respond(
    router: Router,
    request: Request<Incoming>,
) -> Result<Response<Body>, std::convert::Infallible> {
    router.oneshot(request.map(Body::new)).await
}

/// Has the kernel end a connection whose client takes nothing of what is written to it, whatever the
/// connection is for: a stream of events is only ever waited for, and nobody else would notice.
#[cfg(target_os = "linux")]
fn bound_writes(stream: &TcpStream) -> std::io::Result<()> {
    let within = u32::try_from(SOCKET_WRITE_WITHIN.as_millis()).unwrap_or(u32::MAX);
    Ok(rustix::net::sockopt::set_tcp_user_timeout(stream, within)?)
}

/// Elsewhere only what we write ourselves, to WebSockets, has a bound.
#[cfg(not(target_os = "linux"))]
fn bound_writes(_: &TcpStream) -> std::io::Result<()> {
    Ok(())
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, Peer, OwnedSemaphorePermit)> {
    let permit = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Frames are small, and somebody waits for each.
            if let Err(error) = stream
                .set_nodelay(true)
                .and_then(|()| bound_writes(&stream))
            {
                tracing::debug!(%error, "a connection was gone before it began");
            }
            Some((stream, Peer(peer.ip()), permit))
        }
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            None
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_kernel_ends_connections_that_take_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let places = Arc::new(Semaphore::new(1));
        let (stream, _peer, _permit) = accept(&listener, &places).await.unwrap();
        let within = rustix::net::sockopt::tcp_user_timeout(&stream).unwrap();
        assert_eq!(u128::from(within), SOCKET_WRITE_WITHIN.as_millis());
    }
}
