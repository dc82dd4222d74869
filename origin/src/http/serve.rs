//! Accepting connections, and letting them go when the server stops.

use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use firsthop_core::limits::REQUEST_HEAD_WITHIN;
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

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, Peer, OwnedSemaphorePermit)> {
    let permit = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Frames are small, and somebody waits for each.
            if let Err(error) = stream.set_nodelay(true) {
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
