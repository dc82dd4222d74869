//! The binary as an operator meets it.

use std::path::Path;
use std::process::Output;

use firsthop_core::id::MessageId;
use firsthop_core::protocol::visitor::ToVisitor;
use serde_json::{Value, json};

use crate::harness::{
    ADMIN_EMAIL, ADMIN_PASSWORD, INBOX, KNOWLEDGE, Process, TestAgent, TestVisitor, command,
    eventually, text,
};

fn succeeded(output: &Output) -> Value {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
}

fn failed(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn add_inbox(data: &Path) {
    succeeded(&command(
        data,
        &[
            "inbox", "create", "--key", INBOX, "--name", "Demo", "--origin", "*",
        ],
        "",
    ));
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    add_inbox(&data);
    let server = Process::start(&data, "127.0.0.1:0");
    let address = server.address;
    let mut visitors = Vec::new();
    for _ in 0..4 {
        let mut visitor = TestVisitor::admitted(server.http.clone(), address, INBOX).await;
        visitor.connect().await;
        visitors.push(visitor);
    }
    let sending: Vec<_> = visitors
        .into_iter()
        .map(|mut visitor| {
            tokio::spawn(async move {
                // Until the server dies in the middle of it.
                let mut acknowledged: Vec<MessageId> = Vec::new();
                for n in 0..30 {
                    let message = text(&format!("message {n}"));
                    let id = message.id;
                    let frames = [firsthop_core::protocol::visitor::Submit { messages: vec![message] }.into()];
                    if !visitor.try_send(&frames).await {
                        break;
                    }
                    loop {
                        let Some(frames) = visitor.receive().await else { return (visitor, acknowledged) };
                        let stored = |frame: &ToVisitor| matches!(frame, ToVisitor::Stored(s) if s.ids.contains(&id));
                        if frames.iter().any(stored) {
                            acknowledged.push(id);
                            break;
                        }
                    }
                }
                (visitor, acknowledged)
            })
        })
        .collect();
    eventually("some were stored", async || {
        let metrics = server.http.get("/metrics", &[]).await;
        let text = String::from_utf8_lossy(&metrics.body).into_owned();
        let stored = text
            .lines()
            .find_map(|line| line.strip_prefix("firsthop_messages_stored_total "))?;
        (stored.parse::<u64>().unwrap() >= 20).then_some(())
    })
    .await;
    server.kill();
    let mut senders = Vec::new();
    for sender in sending {
        senders.push(sender.await.unwrap());
    }
    let server = Process::start(&data, &address.to_string());
    let mut total = 0;
    for (visitor, acknowledged) in senders {
        let log = visitor.whole_log().await;
        total += acknowledged.len();
        for id in acknowledged {
            assert_eq!(
                log.iter().filter(|event| event.id == id).count(),
                1,
                "{id} was acknowledged"
            );
        }
        let seqs: Vec<_> = log.iter().map(|event| event.seq.0).collect();
        assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    }
    assert!(total >= 10, "{total}");
    drop(server);
}

#[tokio::test]
async fn sigterm_lets_everybody_go() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    add_inbox(&data);
    let server = Process::start(&data, "127.0.0.1:0");
    let mut visitor = TestVisitor::admitted(server.http.clone(), server.address, INBOX).await;
    visitor.connect().await;
    visitor.says("please keep this").await;
    server.terminate();
    assert_eq!(visitor.closed().await, None);
    assert!(
        visitor
            .inbox
            .iter()
            .any(|frame| matches!(frame, ToVisitor::Reconnect(_)))
    );
    let log = server.ended().await;
    assert!(
        log.contains("the server has stopped; everything is committed"),
        "{log}"
    );
    assert!(
        !log.contains("please keep this"),
        "what visitors write is not in the log"
    );
    let wal = data.join("firsthop.db-wal");
    assert!(
        std::fs::metadata(wal).map_or(0, |file| file.len()) == 0,
        "the database is one file again"
    );
}

#[tokio::test]
async fn a_running_server_notices_what_the_command_line_changes() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut server = Process::start(&data, "127.0.0.1:0");
    assert!(server.line().starts_with("Console: http://127.0.0.1:"));
    server.line();
    let link = server.line();
    assert!(link.contains("/console/#/setup/"), "{link}");

    add_inbox(&data);
    let admission = async || {
        let answer = server
            .http
            .post(
                "/v1/visitor/admission",
                &[],
                json!({ "inbox": INBOX }).to_string(),
            )
            .await;
        (answer.status == 200).then(|| answer.json())
    };
    eventually("the inbox is noticed", admission).await;

    let file = directory.path().join("faq.jsonl");
    std::fs::write(&file, KNOWLEDGE).unwrap();
    let arguments = [
        "knowledge",
        "publish",
        "--inbox",
        INBOX,
        file.to_str().unwrap(),
    ];
    let published = succeeded(&command(&data, &arguments, ""));
    eventually("the pack is noticed", async || {
        (admission().await?["inbox"]["pack"] == published["pack"]).then_some(())
    })
    .await;

    let create = [
        "admin",
        "create",
        "--email",
        ADMIN_EMAIL,
        "--name",
        "Ada",
        "--password-stdin",
    ];
    succeeded(&command(&data, &create, &format!("{ADMIN_PASSWORD}\n")));
    TestAgent::log_in(&server.http, server.address, ADMIN_EMAIL, ADMIN_PASSWORD).await;
    assert!(failed(&command(&data, &create, ADMIN_PASSWORD)).contains("there is an account"));
    // The link that the start printed made an administrator needless.
    let token = link.rsplit('/').next().unwrap();
    let body = json!({ "token": token, "email": "eve@example.com", "name": "Eve", "password": "long enough" });
    let used = server
        .http
        .post("/v1/setup", &[("x-firsthop-csrf", "1")], body.to_string())
        .await;
    assert_eq!(used.code(), "not_found");

    let linked = [
        "agent",
        "create",
        "--email",
        "bob@example.com",
        "--name",
        "Bob",
        "--link",
    ];
    let linked = succeeded(&command(&data, &linked, ""));
    let token = linked["link"]
        .as_str()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned();
    let body = json!({ "token": token, "password": "bob's own secret" }).to_string();
    assert_eq!(
        server
            .http
            .post("/v1/setup", &[("x-firsthop-csrf", "1")], body)
            .await
            .status,
        204
    );
    TestAgent::log_in(
        &server.http,
        server.address,
        "bob@example.com",
        "bob's own secret",
    )
    .await;
}

#[test]
fn the_command_line_manages_edges() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let made = succeeded(&command(
        &data,
        &[
            "edge",
            "create",
            "--name",
            "Frankfurt",
            "--url",
            "https://chat.example/",
        ],
        "",
    ));
    let id = made["edge_id"].as_str().unwrap();
    assert_eq!(
        (
            made["key"].as_str().unwrap().len(),
            made["token_key"].as_str().unwrap().len()
        ),
        (64, 64)
    );
    let rotated = succeeded(&command(&data, &["edge", "rotate", "--id", id], ""));
    assert_ne!(rotated["key"], made["key"]);
    assert_eq!(rotated["token_key"], made["token_key"]);
    assert_eq!(rotated["pack_key"], made["pack_key"]);
    assert_eq!(made["pack_key"].as_str().unwrap().len(), 64);
    let key = succeeded(&command(&data, &["knowledge", "key"], ""));
    assert_eq!(key["pack_key"], made["pack_key"]);
    let listed = succeeded(&command(&data, &["edge", "list"], ""));
    assert_eq!(
        listed,
        json!({ "edge_id": id, "name": "Frankfurt", "url": "https://chat.example", "keys": 2, "revoked": false })
    );
    succeeded(&command(&data, &["edge", "revoke", "--id", id], ""));
    assert_eq!(
        succeeded(&command(&data, &["edge", "list"], ""))["revoked"],
        true
    );
    assert!(
        failed(&command(
            &data,
            &["edge", "create", "--name", "x", "--url", "chat.example"],
            ""
        ))
        .contains("https://")
    );
    let unknown = "01234567-89ab-7fff-bfff-ffffffffffff";
    assert!(
        failed(&command(&data, &["edge", "revoke", "--id", unknown], ""))
            .contains("there is no edge")
    );
}

#[test]
fn mistakes_are_told_with_what_would_be_right() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let settings = directory.path().join("my.toml");
    std::fs::write(&settings, "[store]\nreadrs = 4\n").unwrap();
    let told = failed(&command(
        &data,
        &["serve", "--config", settings.to_str().unwrap()],
        "",
    ));
    let place = format!("{}:2:1: ", settings.display());
    assert!(
        told.contains(&place) && told.contains("did you mean `store.readers`?"),
        "{told}"
    );
    assert!(!data.exists(), "nothing was touched");
    assert!(
        failed(&command(
            &data,
            &["config", "check", "--set", "log.level=loud"],
            ""
        ))
        .contains("`log.level`")
    );
    let defaults = command(&data, &["config", "default"], "");
    std::fs::write(&settings, &defaults.stdout).unwrap();
    let checked = command(
        &data,
        &["config", "check", "--config", settings.to_str().unwrap()],
        "",
    );
    assert!(String::from_utf8_lossy(&checked.stdout).contains("the settings are valid"));

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let told = failed(&command(&data, &["serve", "--listen", &address], ""));
    assert!(
        told.contains(&format!("could not listen on {address}")) && told.contains("--listen"),
        "{told}"
    );

    add_inbox(&data);
    let file = directory.path().join("faq.jsonl");
    std::fs::write(&file, "{\"id\":\"a\",\"phrasings\":[],\"answer\":\"b\"}\n{").unwrap();
    let told = failed(&command(
        &data,
        &[
            "knowledge",
            "publish",
            "--inbox",
            INBOX,
            file.to_str().unwrap(),
        ],
        "",
    ));
    let name = file.display();
    assert!(
        told.contains(&format!("{name}:1: `phrasings`")) && told.contains(&format!("{name}:2:")),
        "{told}"
    );
    let large = std::fs::File::create(&file).unwrap();
    large.set_len(100 * 1024 * 1024).unwrap();
    let told = failed(&command(
        &data,
        &[
            "knowledge",
            "publish",
            "--inbox",
            INBOX,
            file.to_str().unwrap(),
        ],
        "",
    ));
    assert!(told.contains("104857600 bytes"), "{told}");
    let short = [
        "admin",
        "create",
        "--email",
        "a@b.c",
        "--name",
        "A",
        "--password-stdin",
    ];
    assert!(failed(&command(&data, &short, "short\n")).contains("at least 10 characters"));
    for wrong in [
        "shop.example",
        "https://shop.example/path",
        "https://*.example",
    ] {
        let arguments = [
            "inbox", "create", "--key", "k", "--name", "K", "--origin", wrong,
        ];
        assert!(
            failed(&command(&data, &arguments, "")).contains("page origin"),
            "{wrong}"
        );
    }
}

#[test]
fn what_a_new_pack_would_change_is_listed() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    let other = KNOWLEDGE.replace("From nine to five.", "From ten to six.");
    for (name, text) in [("old", KNOWLEDGE), ("new", other.as_str())] {
        let (file, pack) = (path(&format!("{name}.jsonl")), path(name));
        std::fs::write(&file, text).unwrap();
        let arguments = ["pack", "build", "--knowledge", &file, "--out", &pack];
        succeeded(&command(directory.path(), &arguments, ""));
    }
    let questions = "When are you open?\n{\"q\": \"How do I return a parcel?\"}\n\n👍\n";
    std::fs::write(path("questions"), questions).unwrap();
    let (old, new, questions) = (path("old"), path("new"), path("questions"));
    let mut arguments = vec!["pack", "diff", &old, &new, "--questions", &questions];
    let diff = command(directory.path(), &arguments, "");
    let lines: Vec<Value> = String::from_utf8_lossy(&diff.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(
        (
            &lines[0]["question"],
            &lines[0]["what"],
            &lines[0]["after"]["text"]
        ),
        (
            &json!("When are you open?"),
            &json!("answered_differently"),
            &json!("From ten to six.")
        )
    );
    assert_eq!(
        (
            &lines[1]["questions"],
            &lines[1]["changed"],
            &lines[1]["summary"]
        ),
        (&json!(3), &json!(1), &json!({ "answered_differently": 1 }))
    );
    arguments.push("--text");
    let told = command(directory.path(), &arguments, "");
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(
        told.contains("hours (From nine to five.) → hours (From ten to six.)")
            && told.contains("1 of 3 questions change"),
        "{told}"
    );
    let missing = [
        "pack",
        "diff",
        &old,
        &path("none"),
        "--questions",
        &questions,
    ];
    assert!(failed(&command(directory.path(), &missing, "")).contains("could not read"));
}

#[cfg(unix)]
#[test]
fn a_read_only_database_is_told_at_the_start() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
    use std::os::unix::process::CommandExt;

    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    add_inbox(&data);
    let set = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    set(directory.path(), 0o755);
    set(&data, 0o777);
    for file in std::fs::read_dir(&data).unwrap() {
        set(&file.unwrap().path(), 0o444);
    }
    let binary = directory.path().join("firsthop");
    std::fs::copy(env!("CARGO_BIN_EXE_firsthop"), &binary).unwrap();
    let mut server = std::process::Command::new(&binary);
    server
        .arg("--data")
        .arg(&data)
        .args(["serve", "--listen", "127.0.0.1:0"]);
    // The superuser may write everywhere: somebody else it is, then.
    if std::fs::metadata(&data).unwrap().uid() == 0 {
        const NOBODY: u32 = 65534;
        chown(&data, Some(NOBODY), None).unwrap();
        server.uid(NOBODY);
    }
    let told = failed(&server.output().unwrap());
    assert!(
        told.contains("firsthop.db") && told.contains("readonly"),
        "{told}"
    );
}
