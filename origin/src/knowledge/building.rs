//! Building packs: long work, off the tasks that serve, one build at a time.
//!
//! In: a knowledge file. Out: a pack with its report, or every error of the file. A build can be
//! stopped: the builder tells its progress often, and is unwound from there. That leaves nothing
//! behind, as it holds only memory of its own.

use std::io::{Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use firsthop_core::knowledge::parse;
use firsthop_core::limits::{KNOWLEDGE_BUILDS_AT_ONCE_MAX, KNOWLEDGE_FILE_BYTES_MAX};
use firsthop_core::pack::{BuildReport, BuildSettings, build};
use tokio::sync::Semaphore;

use super::PublishError;
use super::lines::hash;
use super::preview::Previews;
use crate::store::packs::NewPack;
use crate::store::versions::NewSource;

/// Compression is done once, and read often; the last steps cost minutes for a percent.
const BROTLI_QUALITY: i32 = 9;

/// What the server builds with, and what it shows of it.
#[derive(Debug)]
pub struct Workshop {
    builds: Semaphore,
    under_way: Mutex<Vec<Weak<Course>>>,
    /// The previews of all inboxes.
    pub previews: Previews,
}

impl Default for Workshop {
    fn default() -> Self {
        Self {
            builds: Semaphore::new(KNOWLEDGE_BUILDS_AT_ONCE_MAX),
            under_way: Mutex::default(),
            previews: Previews::default(),
        }
    }
}

impl Workshop {
    /// Builds when it is this one's turn.
    ///
    /// # Errors
    /// Those of [`run`].
    pub async fn build(
        &self,
        file: &str,
        text: Vec<u8>,
        course: Arc<Course>,
    ) -> Result<Built, PublishError> {
        let _turn = self
            .builds
            .acquire()
            .await
            .map_err(|_| PublishError::Cancelled)?;
        {
            let mut under_way = lock(&self.under_way);
            under_way.retain(|course| course.strong_count() > 0);
            under_way.push(Arc::downgrade(&course));
        }
        run(file, text, course).await
    }

    /// Stops everything: the server is about to end.
    pub fn close(&self) {
        self.previews.cancel_all();
        self.builds.close();
        for course in lock(&self.under_way).drain(..) {
            if let Some(course) = course.upgrade() {
                course.cancel();
            }
        }
    }
}

/// How far a build is, and whether it is still wanted.
#[derive(Debug, Default)]
pub struct Course {
    done: AtomicUsize,
    of: AtomicUsize,
    cancelled: AtomicBool,
}

impl Course {
    /// Steps done, and steps in all; the latter is 0 before the first.
    #[must_use]
    pub fn progress(&self) -> (usize, usize) {
        let load = |steps: &AtomicUsize| steps.load(Ordering::Relaxed);
        (load(&self.done), load(&self.of))
    }

    /// Begins another piece of work.
    pub fn set(&self, done: usize, of: usize) {
        self.done.store(done, Ordering::Relaxed);
        self.of.store(of, Ordering::Relaxed);
    }

    /// It is no longer wanted.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether it is no longer wanted.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

/// A pack that was built, and the file that it was built of.
#[derive(Debug)]
pub struct Built {
    /// The pack.
    pub pack: NewPack,
    /// What the builder says of it.
    pub report: BuildReport,
    /// How long it took.
    pub took: Duration,
    /// The file, to be kept.
    pub source: NewSource,
}

/// The builder's progress unwinds with this.
struct Cancelled;

/// Builds a pack of `text`, which errors call `file`.
///
/// # Errors
/// `Knowledge`, `Build` or `Cancelled`.
pub async fn run(file: &str, text: Vec<u8>, course: Arc<Course>) -> Result<Built, PublishError> {
    let file = file.to_owned();
    let built = tokio::task::spawn_blocking(move || {
        catch_unwind(AssertUnwindSafe(|| make(&file, &text, &course)))
    });
    match built.await {
        Ok(Ok(result)) => result,
        Ok(Err(payload)) if payload.is::<Cancelled>() => Err(PublishError::Cancelled),
        // The panic stands in the log already.
        Ok(Err(_)) | Err(_) => Err(PublishError::Build("the builder failed".to_owned())),
    }
}

fn make(file: &str, text: &[u8], course: &Course) -> Result<Built, PublishError> {
    let began = Instant::now();
    if course.is_cancelled() {
        return Err(PublishError::Cancelled);
    }
    let knowledge = parse(file, text).map_err(PublishError::Knowledge)?;
    let (bytes, report) = build(&knowledge, &BuildSettings::default(), &mut |progress| {
        course.set(progress.done, progress.of);
        if course.is_cancelled() {
            // Not a panic: nothing is told, and `run` expects it.
            resume_unwind(Box::new(Cancelled));
        }
    })
    .map_err(|error| PublishError::Build(error.to_string()))?;
    let failed = |error: std::io::Error| PublishError::Build(error.to_string());
    let brotli = compress(&bytes).map_err(failed)?;
    let source = NewSource {
        hash: hash(text),
        brotli: compress(text).map_err(failed)?,
    };
    let pack = NewPack {
        hash: report.hash,
        bytes,
        brotli,
        entries: report.entries,
    };
    Ok(Built {
        pack,
        report,
        took: began.elapsed(),
        source,
    })
}

/// The bytes as they are kept, and sent to browsers and edges.
///
/// # Errors
/// None that is expected: it writes to memory.
pub fn compress(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        lgwin: 22,
        ..Default::default()
    };
    let mut writer = brotli::CompressorWriter::with_params(Vec::new(), 64 * 1024, &parameters);
    writer.write_all(bytes)?;
    Ok(writer.into_inner())
}

/// A kept file's text.
///
/// # Errors
/// What is kept is no compressed file, or is longer than any.
pub fn decompress(brotli: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    brotli::Decompressor::new(brotli, 64 * 1024)
        .take(KNOWLEDGE_FILE_BYTES_MAX as u64 + 1)
        .read_to_end(&mut text)?;
    Ok(text)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = concat!(
        r#"{"id":"a","phrasings":["alpha beta"],"answer":"A"}"#,
        "\n",
        r#"{"id":"b","phrasings":["gamma delta"],"answer":"B"}"#,
        "\n"
    );

    #[tokio::test]
    async fn a_build_keeps_its_file_and_says_how_far_it_is() {
        let course = Arc::new(Course::default());
        let built = run("f", FILE.into(), Arc::clone(&course)).await.unwrap();
        assert_eq!(built.pack.entries, 2);
        assert_eq!(decompress(&built.source.brotli).unwrap(), FILE.as_bytes());
        let (done, of) = course.progress();
        assert!(done > 0 && done <= of, "{done} of {of}");
    }

    #[tokio::test]
    async fn a_build_that_is_no_longer_wanted_ends() {
        let course = Arc::new(Course::default());
        course.cancel();
        let built = run("f", FILE.into(), course).await;
        assert!(matches!(built, Err(PublishError::Cancelled)), "{built:?}");
        // Also from within: the first step of the builder sees it.
        let course = Course::default();
        let cancelled = catch_unwind(AssertUnwindSafe(|| {
            let knowledge = parse("f", FILE.as_bytes()).unwrap();
            build(&knowledge, &BuildSettings::default(), &mut |_| {
                course.cancel();
                resume_unwind(Box::new(Cancelled));
            })
        }));
        assert!(cancelled.is_err_and(|payload| payload.is::<Cancelled>()));
    }
}
