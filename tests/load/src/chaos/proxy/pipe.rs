//! One way of one connection.
//!
//! Reading and writing run side by side, so that latency delays data without thinning it out: what
//! was read is due some time later, and is written then, if nothing stands in the way.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::super::dice::Dice;
use super::weather::{Fault, Struck, Way, Ways, Weather};
use super::{Shared, kind_of};

/// The largest piece that is passed on at once.
const PIECE_BYTES: usize = 16 * 1024;
/// Pieces on their way: what is beyond waits with its sender.
const PIECES_MAX: usize = 32;

/// The connection is to be reset.
pub(super) struct Broken;

impl From<std::io::Error> for Broken {
    fn from(_: std::io::Error) -> Self {
        Self
    }
}

/// See the module.
pub(super) struct Pipe<'a> {
    way: Way,
    swallows: bool,
    weather: watch::Receiver<Weather>,
    silenced: watch::Receiver<(u64, Ways)>,
    struck: &'a Struck,
    dice: Dice,
}

impl<'a> Pipe<'a> {
    pub(super) fn new(shared: &'a Shared, way: Way, swallowed: Ways, dice: Dice) -> Self {
        Self {
            way,
            swallows: swallowed.has(way),
            weather: shared.weather.subscribe(),
            silenced: shared.silenced.subscribe(),
            struck: &shared.struck,
            dice,
        }
    }

    /// Passes bytes on until their sender has ended. `Err`: reset the connection.
    pub(super) async fn run(
        mut self,
        from: &mut OwnedReadHalf,
        to: &mut OwnedWriteHalf,
    ) -> Result<(), Broken> {
        if self.swallows {
            return swallow(from).await;
        }
        let (pieces, due) = mpsc::channel(PIECES_MAX);
        let (way, dice, orders) = (self.way, self.dice.fork(), self.silenced.borrow().0);
        let mut silenced = self.silenced.clone();
        let reading = read(from, pieces, self.weather.clone(), self.struck, dice);
        let passing = async { tokio::try_join!(reading, self.write(due, to)) };
        tokio::select! {
            passed = passing => return passed.map(|_| ()),
            silenced = silenced.wait_for(|(now, ways)| *now > orders && ways.has(way)) => {
                if silenced.is_err() {
                    return Err(Broken);
                }
            }
        }
        self.struck.count(Fault::HalfOpen);
        swallow(from).await
    }

    async fn write(
        &mut self,
        mut due: mpsc::Receiver<(Instant, Vec<u8>)>,
        to: &mut OwnedWriteHalf,
    ) -> Result<(), Broken> {
        while let Some((at, piece)) = due.recv().await {
            sleep_until(at).await;
            self.wait_while_partitioned().await?;
            let weather = *self.weather.borrow();
            if let Some(rate) = weather.bytes_per_second {
                self.struck.count(Fault::Bandwidth);
                sleep(Duration::from_secs_f64(
                    piece.len() as f64 / f64::from(rate.max(1)),
                ))
                .await;
            }
            if self.dice.chance(weather.stalls_per_mille) {
                self.struck.count(Fault::Stall);
                sleep(weather.stall).await;
            }
            to.write_all(&piece).await?;
            if self.dice.chance(weather.resets_per_mille) {
                self.struck.count(Fault::Reset);
                return Err(Broken);
            }
        }
        self.wait_while_partitioned().await?;
        Ok(to.shutdown().await?)
    }

    async fn wait_while_partitioned(&mut self) -> Result<(), Broken> {
        let way = self.way;
        let partitioned = self.weather.borrow().partitioned;
        if partitioned.has(way) {
            self.struck.count(kind_of(partitioned));
            self.weather
                .wait_for(|weather| !weather.partitioned.has(way))
                .await
                .map_err(|_| Broken)?;
        }
        Ok(())
    }
}

async fn read(
    from: &mut OwnedReadHalf,
    pieces: mpsc::Sender<(Instant, Vec<u8>)>,
    weather: watch::Receiver<Weather>,
    struck: &Struck,
    mut dice: Dice,
) -> Result<(), Broken> {
    let mut last = Instant::now();
    loop {
        let mut piece = Vec::with_capacity(PIECE_BYTES);
        if from.read_buf(&mut piece).await? == 0 {
            return Ok(());
        }
        let now = *weather.borrow();
        let mut at = Instant::now();
        if now.latency + now.jitter > Duration::ZERO {
            struck.count(Fault::Latency);
            at += now.latency + dice.between(Duration::ZERO, now.jitter);
        }
        // Bytes never overtake each other.
        last = last.max(at);
        if pieces.send((last, piece)).await.is_err() {
            // The writing end broke: it says so itself.
            return Ok(());
        }
    }
}

/// Takes everything, passes nothing on, and does not tell when it ends.
async fn swallow(from: &mut OwnedReadHalf) -> Result<(), Broken> {
    let mut piece = Vec::with_capacity(PIECE_BYTES);
    while from.read_buf(&mut piece).await.is_ok_and(|bytes| bytes > 0) {
        piece.clear();
    }
    std::future::pending().await
}
