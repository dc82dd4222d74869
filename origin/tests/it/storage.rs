//! When the store can't: nothing is acknowledged, the server stays up, and it recovers by itself.

use std::time::Duration;

use firsthop::config::Config;
use firsthop::server::{Origin, StartError};
use firsthop::store::DATABASE;
use firsthop_core::limits::STORE_WAL_BYTES_KEPT_MAX;
use firsthop_core::protocol::Code;
use sqlx::{Connection, Executor, SqliteConnection};

use crate::harness::{Sent, TestOrigin, eventually, text};

async fn database(origin: &TestOrigin) -> SqliteConnection {
    let path = origin.directory.path().join("data").join(DATABASE);
    SqliteConnection::connect(&format!("sqlite://{}", path.display()))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_locked_database_refuses_and_recovers() {
    let origin =
        TestOrigin::start_with(|config| config.busy_timeout = Duration::from_millis(100)).await;
    let mut visitor = origin.visitor().await;
    visitor.connect().await;
    visitor.says("before").await;
    assert_eq!(origin.http.get("/readyz", &[]).await.status, 200);

    let mut other = database(&origin).await;
    other.execute("begin immediate").await.unwrap();
    let message = text("meanwhile");
    assert_eq!(
        visitor.submit(message.clone()).await,
        Sent::Refused(Code::StorageUnavailable)
    );
    let mut waiting = Vec::new();
    for _ in 0..5 {
        let mut other = origin.visitor().await;
        waiting.push(tokio::spawn(async move {
            other.connect().await;
            other.submit(text("me too")).await
        }));
    }
    for sender in waiting {
        assert_eq!(
            sender.await.unwrap(),
            Sent::Refused(Code::StorageUnavailable)
        );
    }
    let ready = origin.http.get("/readyz", &[]).await;
    assert_eq!(
        (ready.status, &ready.json()["store"], &ready.json()["why"]),
        (503, &"unavailable".into(), &"locked".into())
    );
    assert_eq!(origin.http.get("/healthz", &[]).await.status, 200);

    other.execute("rollback").await.unwrap();
    assert_eq!(visitor.submit(message).await, Sent::Stored);
    assert_eq!(origin.http.get("/readyz", &[]).await.status, 200);
    assert_eq!(visitor.transcript().await, ["before", "meanwhile"]);
}

/// Writes the file format's write version (byte 18 of the first page) past SQLite. From version 3
/// on a database is to be taken as read-only ("Database File Format", section 1.3.3).
fn set_write_version(origin: &TestOrigin, version: u8) {
    use std::io::{Seek, SeekFrom, Write};
    let path = origin.directory.path().join("data").join(DATABASE);
    let mut file = std::fs::File::options().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(18)).unwrap();
    file.write_all(&[version]).unwrap();
}

#[tokio::test]
async fn a_database_that_turns_read_only_refuses_and_recovers() {
    let origin = TestOrigin::start().await;
    let mut visitor = origin.visitor().await;
    visitor.connect().await;
    visitor.says("before").await;
    let mut other = database(&origin).await;
    other.execute("update probe set at = 1").await.unwrap();
    let (busy, ..): (i64, i64, i64) = sqlx::query_as("pragma wal_checkpoint(truncate)")
        .fetch_one(&mut other)
        .await
        .unwrap();
    assert_eq!(busy, 0, "the first page is in the log");
    set_write_version(&origin, 3);

    let message = text("meanwhile");
    assert_eq!(
        visitor.submit(message.clone()).await,
        Sent::Refused(Code::StorageUnavailable)
    );
    let ready = origin.http.get("/readyz", &[]).await;
    assert_eq!(
        (ready.status, &ready.json()["why"]),
        (503, &"read_only".into())
    );
    assert_eq!(origin.http.get("/healthz", &[]).await.status, 200);
    assert_eq!(visitor.transcript().await, ["before"], "reading goes on");

    set_write_version(&origin, 2);
    assert_eq!(visitor.submit(message).await, Sent::Stored);
    assert_eq!(origin.http.get("/readyz", &[]).await.status, 200);
    assert_eq!(visitor.transcript().await, ["before", "meanwhile"]);
}

#[tokio::test]
async fn a_full_store_refuses_what_does_not_fit_and_keeps_what_it_has() {
    let origin = TestOrigin::start_with(|config| config.megabytes_max = Some(1)).await;
    let mut stored = Vec::new();
    let refused = 'full: loop {
        let mut visitor = origin.visitor().await;
        visitor.connect().await;
        for n in 0..20 {
            let message = text(&format!("{n} {}", "x".repeat(8000)));
            match visitor.submit(message.clone()).await {
                Sent::Stored => stored.push((visitor.id, message.id)),
                Sent::Refused(code) => break 'full code,
            }
        }
    };
    assert_eq!(refused, Code::StorageUnavailable);
    assert!(stored.len() > 20, "only {} fitted", stored.len());
    assert_eq!(origin.http.get("/healthz", &[]).await.status, 200);
    for (visitor, id) in stored {
        let reader = firsthop::store::conversations::Reader::Visitor;
        let mut after = firsthop_core::protocol::Seq(0);
        let found = loop {
            let part = origin
                .app()
                .store
                .events_after(visitor, after, reader)
                .await
                .unwrap();
            if part.events.iter().any(|event| event.id == id) {
                break true;
            }
            if !part.more {
                break false;
            }
            after = part.events.last().unwrap().seq;
        };
        assert!(found, "an acknowledged message is gone");
    }
}

#[tokio::test]
async fn a_write_that_fails_in_the_middle_leaves_nothing() {
    let origin = TestOrigin::start().await;
    let mut visitor = origin.visitor().await;
    visitor.connect().await;
    visitor.says("before").await;
    let mut other = database(&origin).await;
    other
        .execute(
            "create trigger broken before insert on event begin select raise(abort, 'broken'); end",
        )
        .await
        .unwrap();
    let message = text("meanwhile");
    assert_eq!(
        visitor.submit(message.clone()).await,
        Sent::Refused(Code::StorageUnavailable)
    );
    assert_eq!(origin.http.get("/healthz", &[]).await.status, 200);
    other.execute("drop trigger broken").await.unwrap();
    assert_eq!(visitor.submit(message).await, Sent::Stored);
    let seqs: Vec<_> = visitor
        .whole_log()
        .await
        .iter()
        .map(|event| event.seq.0)
        .collect();
    assert_eq!(
        seqs,
        (1..=seqs.len() as u64).collect::<Vec<_>>(),
        "no place was lost"
    );
    assert_eq!(visitor.transcript().await, ["before", "meanwhile"]);
}

#[tokio::test]
async fn a_database_that_somebody_else_holds_is_told_at_the_start() {
    let mut origin = TestOrigin::start().await;
    origin.stop().await;
    let mut other = database(&origin).await;
    other
        .execute("pragma locking_mode = exclusive")
        .await
        .unwrap();
    other.execute("begin exclusive").await.unwrap();
    other.execute("update probe set at = 1").await.unwrap();
    let config = Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        directory: origin.directory.path().join("data"),
        busy_timeout: Duration::from_millis(50),
        ..Config::default()
    };
    let error = Origin::start(config)
        .await
        .err()
        .expect("the database is locked")
        .to_string();
    assert!(
        error.contains(DATABASE) && error.contains("locked"),
        "{error}"
    );
}

#[tokio::test]
async fn what_cannot_be_used_is_told_at_the_start() {
    let mut origin = TestOrigin::start().await;
    let data = origin.directory.path().join("data");
    let config = Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        directory: data.clone(),
        ..Config::default()
    };
    let error = Origin::start(config.clone())
        .await
        .err()
        .expect("a second server on the same data");
    assert!(matches!(error, StartError::Locked(_)), "{error}");
    let taken = Config {
        listen: origin.address(),
        directory: origin.directory.path().join("new"),
        ..config.clone()
    };
    let error = Origin::start(taken)
        .await
        .err()
        .expect("a port that is taken");
    assert!(
        error.to_string().contains(&origin.address().to_string()),
        "{error}"
    );
    assert!(
        !origin.directory.path().join("new").exists(),
        "nothing is left behind"
    );
    origin.stop().await;

    std::fs::write(
        data.join(DATABASE),
        b"this is not a database, whatever its name says; not at all",
    )
    .unwrap();
    let error = Origin::start(config.clone())
        .await
        .err()
        .expect("a foreign file");
    assert!(error.to_string().contains(DATABASE), "{error}");
    let file = origin.directory.path().join("file");
    std::fs::write(&file, b"").unwrap();
    let error = Origin::start(Config {
        directory: file.clone(),
        ..config
    })
    .await
    .err()
    .expect("a file, no directory");
    assert!(
        error.to_string().contains(&file.display().to_string()),
        "{error}"
    );
}

#[tokio::test]
async fn a_write_ahead_log_that_grew_becomes_small_again() {
    let origin = TestOrigin::start().await;
    let mut visitor = origin.visitor().await;
    visitor.connect().await;
    visitor.says("before").await;
    // As long as somebody reads the store as it was, nothing of its log can be given back.
    let (mut reader, mut writer) = (database(&origin).await, database(&origin).await);
    reader
        .execute("begin; select count(*) from event")
        .await
        .unwrap();
    let blob = 2 * STORE_WAL_BYTES_KEPT_MAX;
    writer.execute("create table much (bytes)").await.unwrap();
    sqlx::query("insert into much values (zeroblob(?1))")
        .bind(blob as i64)
        .execute(&mut writer)
        .await
        .unwrap();
    let path = origin
        .directory
        .path()
        .join("data")
        .join(format!("{DATABASE}-wal"));
    let size = || std::fs::metadata(&path).unwrap().len();
    assert!(size() > blob as u64);
    reader.execute("rollback").await.unwrap();
    let mut said = 0;
    eventually("the log is small again", async || {
        said += 1;
        visitor.says(&format!("line {said}")).await;
        (size() <= STORE_WAL_BYTES_KEPT_MAX as u64).then_some(())
    })
    .await;
}
