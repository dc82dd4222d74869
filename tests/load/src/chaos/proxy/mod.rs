//! A link that can be broken: TCP through this process, to a server whose address may change.
//!
//! In: connections, and the [`Weather`] in force. Out: the same bytes in the same order, later,
//! or no more of them. Invariant: like TCP, it never changes, repeats or reorders bytes; a
//! connection of which bytes were swallowed passes nothing more that way. `pipe` is one way of one
//! connection, `weather` what can be done to it.

mod pipe;
#[cfg(test)]
mod tests;
mod weather;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::dice::Dice;
pub(super) use weather::{Fault, Struck, Way, Ways, Weather};

/// What connections of a proxy look at while they live.
struct Shared {
    weather: watch::Sender<Weather>,
    /// Counts orders to reset all connections.
    cuts: watch::Sender<u64>,
    /// What becomes half open now, and a count of such orders.
    silenced: watch::Sender<(u64, Ways)>,
    target: Mutex<SocketAddr>,
    struck: Arc<Struck>,
}

/// See the module. Dropping it closes all its connections.
pub(super) struct Proxy {
    pub(super) at: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// Listens on a free port.
    pub(super) async fn start(target: SocketAddr, dice: Dice, struck: Arc<Struck>) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let at = listener.local_addr()?;
        let shared = Arc::new(Shared {
            weather: watch::Sender::new(Weather::default()),
            cuts: watch::Sender::new(0),
            silenced: watch::Sender::new((0, Ways::default())),
            target: Mutex::new(target),
            struck,
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared), dice));
        Ok(Self {
            at,
            shared,
            accepting,
        })
    }

    /// Where new connections go from now on.
    pub(super) fn set_target(&self, target: SocketAddr) {
        *lock(&self.shared.target) = target;
    }

    /// The weather from now on.
    pub(super) fn set_weather(&self, weather: Weather) {
        self.shared.weather.send_replace(weather);
    }

    /// Resets all connections.
    pub(super) fn cut(&self) {
        self.shared.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Makes all connections half open: from now on they swallow what goes these ways.
    pub(super) fn silence(&self, ways: Ways) {
        self.shared
            .silenced
            .send_modify(|(orders, which)| (*orders, *which) = (*orders + 1, ways));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, mut dice: Dice) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // What fails here (too many open files) is tried again with the next connection.
                if let Ok((client, _)) = accepted {
                    connections.spawn(connection(client, Arc::clone(&shared), dice.fork()));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Passes bytes both ways until both have ended, or something broke.
async fn connection(client: TcpStream, shared: Arc<Shared>, mut dice: Dice) {
    let mut cuts = shared.cuts.subscribe();
    let partitioned = shared.weather.borrow().partitioned;
    if partitioned.any() {
        shared.struck.count(kind_of(partitioned));
        let mut weather = shared.weather.subscribe();
        tokio::select! {
            // The handshake takes both ways.
            _ = weather.wait_for(|weather| !weather.partitioned.any()) => {}
            _ = cuts.changed() => return reset(&[&client]),
        }
    }
    let now = *shared.weather.borrow();
    if dice.chance(now.refusals_per_mille) {
        shared.struck.count(Fault::Refusal);
        return reset(&[&client]);
    }
    let mut swallowed = Ways::default();
    if dice.chance(now.half_open_per_mille) {
        shared.struck.count(Fault::HalfOpen);
        let ways = [Ways::BOTH, Ways::only(Way::Up), Ways::only(Way::Down)];
        swallowed = dice.pick(&ways).copied().unwrap_or_default();
    }
    let target = *lock(&shared.target);
    let Ok(server) = TcpStream::connect(target).await else {
        return reset(&[&client]);
    };
    // Where it fails, the connection is gone already.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let up = pipe::Pipe::new(&shared, Way::Up, swallowed, dice.fork());
    let down = pipe::Pipe::new(&shared, Way::Down, swallowed, dice.fork());
    let passing = async {
        tokio::try_join!(
            up.run(&mut from_client, &mut to_server),
            down.run(&mut from_server, &mut to_client),
        )
    };
    let broken = tokio::select! {
        passed = passing => passed.is_err(),
        _ = cuts.changed() => {
            shared.struck.count(Fault::Reset);
            true
        }
    };
    if broken {
        reset(&[to_client.as_ref(), to_server.as_ref()]);
        // Dropping these would end the connection in order first.
        to_client.forget();
        to_server.forget();
    }
}

/// What is dropped after this is reset (RST), as after a crash, instead of being closed in order.
fn reset(streams: &[&TcpStream]) {
    for stream in streams {
        // Fails only where the connection is gone already.
        let _ = stream.set_zero_linger();
    }
}

const fn kind_of(partitioned: Ways) -> Fault {
    if partitioned.up && partitioned.down {
        Fault::Partition
    } else {
        Fault::OneWay
    }
}
