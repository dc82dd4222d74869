//! `firsthop pack …` as programs call it: what it prints is a contract.

use std::path::Path;
use std::process::Output;

use firsthop_core::protocol::{Content, Status};
use serde_json::Value;

use crate::harness::{KNOWLEDGE, TestOrigin, command, text};

/// A directory with files, and the command line in it.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    /// Runs `firsthop pack …`; names that start with `@` are files here.
    fn pack(&self, arguments: &[&str]) -> Output {
        let named = arguments
            .iter()
            .map(|argument| match argument.strip_prefix('@') {
                Some(name) => self.path(name),
                None => (*argument).to_owned(),
            });
        let named: Vec<String> = ["pack".to_owned()].into_iter().chain(named).collect();
        let arguments: Vec<&str> = named.iter().map(String::as_str).collect();
        command(Path::new(&self.path("data")), &arguments, "")
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.pack(arguments);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {told}");
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(printed.lines().count(), 1, "one JSON line: {printed}");
        serde_json::from_str(&printed).unwrap()
    }

    fn fails(&self, arguments: &[&str]) -> String {
        let output = self.pack(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(output.stdout.is_empty(), "what programs read stays empty");
        String::from_utf8(output.stderr).unwrap()
    }

    fn with_pack() -> Self {
        let desk = Self::new();
        desk.write("faq.jsonl", KNOWLEDGE);
        desk.json(&["build", "--knowledge", "@faq.jsonl", "--out", "@faq.pack"]);
        desk
    }
}

fn members(value: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn build_takes_several_files_and_tells_what_it_built() {
    let desk = Desk::new();
    desk.write("faq.jsonl", KNOWLEDGE);
    desk.write(
        "more.csv",
        "id,phrasings,answer\nparking,where can I park,Behind the shop.\n",
    );
    desk.write(
        "rules.jsonl",
        r#"{"rule":"lawyer","any":["lawyer"],"hand_off":"legal","label":"urgent"}"#,
    );
    let built = desk.json(&[
        "build",
        "--knowledge",
        "@faq.jsonl",
        "@more.csv",
        "@rules.jsonl",
        "--out",
        "@all.pack",
    ]);
    for (name, expected) in [("entries", 3), ("rules", 2)] {
        assert_eq!(built[name], expected, "{name}");
    }
    assert_eq!(
        members(&built),
        [
            "brotli_bytes",
            "bytes",
            "entries",
            "expected_coverage",
            "expected_precision",
            "expected_top1",
            "pack",
            "phrasings",
            "rules",
            "threshold",
            "train_seconds"
        ]
    );
    let written = std::fs::metadata(desk.path("all.pack")).unwrap().len();
    assert_eq!(built["bytes"], written);
    let number = |name: &str| built[name].as_f64().unwrap();
    assert!(number("brotli_bytes") > 0.0 && number("brotli_bytes") < number("bytes"));
    for share in [
        "threshold",
        "expected_coverage",
        "expected_precision",
        "expected_top1",
    ] {
        assert!((0.0..=1.0).contains(&number(share)), "{share}: {built}");
    }
    let again = desk.json(&[
        "build",
        "--knowledge",
        "@rules.jsonl",
        "@more.csv",
        "@faq.jsonl",
        "--out",
        "@same.pack",
    ]);
    assert_eq!(again["pack"], built["pack"], "whatever the order of files");
}

#[test]
fn build_says_on_standard_error_how_far_it_is_and_what_was_passed_over() {
    let desk = Desk::new();
    desk.write(
        "faq.jsonl",
        r#"{"id":"a","phrasings":["alpha",""],"answer":"A"}"#,
    );
    let output = desk.pack(&["build", "--knowledge", "@faq.jsonl", "--out", "@a.pack"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("training: 100 %"), "{told}");
    assert!(
        told.contains("faq.jsonl:1: `phrasings[1]`: a blank phrasing"),
        "{told}"
    );
}

#[test]
fn build_names_every_mistake_of_every_file_and_writes_nothing() {
    let desk = Desk::new();
    desk.write(
        "one.jsonl",
        "{\"id\":\"a\",\"phrasings\":[\"alpha\"],\"answer\":\"A\"}\n{",
    );
    desk.write(
        "two.csv",
        b"id,phrasings,answer\na,\xd4\xcb\xb7\xd1\xb6\xe0\xc9\xd9,b\n",
    );
    let told = desk.fails(&[
        "build",
        "--knowledge",
        "@one.jsonl",
        "@two.csv",
        "--out",
        "@a.pack",
    ]);
    assert!(told.contains("one.jsonl:2:"), "{told}");
    assert!(
        told.contains("two.csv:2:") && told.contains("GBK"),
        "{told}"
    );
    assert!(told.contains("2 errors"), "{told}");
    assert!(!Path::new(&desk.path("a.pack")).exists());
    let told = desk.fails(&["build", "--knowledge", "@nowhere.jsonl", "--out", "@a.pack"]);
    assert!(told.contains("nowhere.jsonl"), "{told}");
}

#[test]
fn eval_prints_its_contract() {
    let desk = Desk::with_pack();
    desk.write(
        "cases.jsonl",
        "{\"q\":\"when are you open?\",\"expect\":\"hours\"}\n\
         {\"q\":\"when are you open\",\"expect\":[\"nothing\",\"hours\"],\"kind\":\"list\"}\n\
         \n\
         {\"q\":\"I want to talk to a person\",\"expect\":null}\n",
    );
    let measured = desk.json(&["eval", "--pack", "@faq.pack", "--cases", "@cases.jsonl"]);
    assert_eq!(
        members(&measured),
        [
            "answered_out_of_scope",
            "answered_right",
            "answered_wrong_in_scope",
            "cases",
            "coverage",
            "digest",
            "handed_off",
            "in_scope",
            "in_scope_precision",
            "out_of_scope",
            "precision",
            "small_talk",
            "suggested",
            "suggested_with_right",
            "top1",
            "top3",
            "us_p50",
            "us_p99"
        ]
    );
    for (name, expected) in [
        ("cases", 3),
        ("in_scope", 2),
        ("out_of_scope", 1),
        ("answered_right", 2),
        ("answered_wrong_in_scope", 0),
        ("answered_out_of_scope", 0),
        ("handed_off", 1),
    ] {
        assert_eq!(measured[name], expected, "{name}: {measured}");
    }
    for (name, expected) in [
        ("top1", 1.0),
        ("top3", 1.0),
        ("precision", 1.0),
        ("coverage", 1.0),
    ] {
        assert_eq!(measured[name], expected, "{name}: {measured}");
    }
    assert_eq!(measured["digest"].as_str().unwrap().len(), 16);
    let again = desk.json(&[
        "eval",
        "--pack",
        "@faq.pack",
        "--cases",
        "@cases.jsonl",
        "--sweep",
        "0.90,0.95,0.990",
    ]);
    assert_eq!(again["digest"], measured["digest"]);
    assert_eq!(
        members(&again["sweep"]),
        ["0.90", "0.95", "0.990"],
        "as they were asked for"
    );
    assert_eq!(again["sweep"]["0.90"], 1.0);
}

#[test]
fn eval_names_what_is_wrong() {
    let desk = Desk::with_pack();
    let fails = |cases: &[u8], expected: &str| {
        desk.write("cases.jsonl", cases);
        let told = desk.fails(&["eval", "--pack", "@faq.pack", "--cases", "@cases.jsonl"]);
        assert!(told.contains(expected), "{told}");
    };
    fails(
        b"{\"q\":\"a\",\"expect\":null}\n{\"q\":1}\n",
        "cases.jsonl:2:",
    );
    fails(b"{\"q\":\"a\"}\n", "expect");
    fails(
        b"{\"q\":\"a\",\"expect\":7}\n",
        "an entry's id, a list of ids, or null",
    );
    fails(b"\n", "no case");
    fails(b"{\"q\":\"\xff\",\"expect\":null}\n", "cases.jsonl:1:");
    desk.write("cases.jsonl", "{\"q\":\"a\",\"expect\":null}\n");
    let told = desk.fails(&[
        "eval",
        "--pack",
        "@faq.pack",
        "--cases",
        "@cases.jsonl",
        "--sweep",
        "0.9,high",
    ]);
    assert!(told.contains("--sweep") && told.contains("high"), "{told}");
    let told = desk.fails(&["eval", "--pack", "@faq.jsonl", "--cases", "@cases.jsonl"]);
    assert!(told.contains("not a knowledge pack"), "{told}");
}

fn explain<'a>(question: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["explain", "--pack", "@faq.pack", question];
    arguments.extend(more);
    arguments
}

#[test]
fn explain_says_why_to_people_and_to_programs() {
    let desk = Desk::new();
    let rules = r#"{"entity":"order_number","pattern":"fh\\d{6}"}
{"rule":"late","all":["late",{"entity":"order_number"}],"page":"/orders*","hand_off":"shipping","label":["late"]}"#;
    desk.write("faq.jsonl", format!("{KNOWLEDGE}\n{rules}"));
    desk.json(&["build", "--knowledge", "@faq.jsonl", "--out", "@faq.pack"]);
    let why = desk.json(&explain("so when are you open then", &["--json"]));
    assert_eq!(why["ranked"][0]["entry"], "hours");
    let words: Vec<_> = why["weighed"].as_array().unwrap().iter().collect();
    assert!(
        words
            .iter()
            .any(|it| it["text"].as_str().unwrap().contains("open")),
        "{why}"
    );
    assert!(why["threshold"].as_f64().unwrap() > 0.0);

    let late = "my order FH123456 is late";
    let why = desk.json(&explain(
        late,
        &["--json", "--page", "https://shop.example/orders/1"],
    ));
    assert_eq!(
        (
            &why["decision"],
            &why["rule"],
            &why["team"],
            &why["labels"][0]
        ),
        (
            &"hand_off".into(),
            &"late".into(),
            &"shipping".into(),
            &"late".into()
        )
    );
    assert_eq!(why["entities"][0]["text"], "FH123456");
    let elsewhere = desk.json(&explain(late, &["--json"]));
    assert_eq!(elsewhere["rule"], Value::Null, "the page is not known");

    assert_eq!(why["held_back"], Value::Null);
    let fragment = desk.json(&explain("are open", &["--json"]));
    assert_eq!(fragment["held_back"]["by"], "fragment", "{fragment}");
    let output = desk.pack(&explain("are open", &[]));
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("held back  too short"), "{told}");

    let output = desk.pack(&explain("when are you open?", &[]));
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(
        told.contains("decision   answer") && told.contains("hours"),
        "{told}"
    );
    assert!(told.contains("threshold  answers from"), "{told}");
}

#[tokio::test]
async fn agents_see_what_rules_say_besides_and_visitors_do_not() {
    let origin = TestOrigin::start().await;
    let rules = r#"{"rule":"late","any":["late"],"hand_off":"shipping","label":["late","urgent"]}"#;
    origin.publish(&format!("{KNOWLEDGE}\n{rules}")).await;
    let mut agent = origin.agent().await;
    let mut visitor = origin.visitor().await;
    visitor.connect().await;
    visitor.submit(text("my parcel is late")).await;
    agent
        .sees(visitor.id, |one| one.status == Status::Queued)
        .await;
    agent.open(visitor.id).await;
    let note = agent
        .event(visitor.id, |event| match &event.content {
            Content::Note(note) => Some(note.text.expose().clone()),
            _ => None,
        })
        .await;
    assert_eq!(note, "→ shipping  #late  #urgent");
    let told = visitor.whole_log().await;
    assert!(told.iter().all(|event| !event.content.is_private()));
}

#[tokio::test]
async fn a_table_can_be_uploaded() {
    let origin = TestOrigin::start().await;
    let agent = origin.agent().await;
    let headers = [
        ("x-firsthop-csrf", "1"),
        ("cookie", agent.cookie.as_str()),
        ("content-type", "text/csv; charset=utf-8"),
    ];
    let path = "/v1/inboxes/demo/knowledge";
    let table = "id,phrasings,answer\nhours,when are you open,From nine.\n";
    let published = origin.http.post(path, &headers, table).await;
    assert_eq!(published.status, 200, "{published:?}");
    assert_eq!(published.json()["entries"], 1);
    let wrong = origin
        .http
        .post(path, &headers, "id,phrasings\na,b\n")
        .await;
    assert_eq!(wrong.status, 422, "{wrong:?}");
    assert_eq!(wrong.json()["errors"][0]["file"], "knowledge.csv");
}

/// The help of a command shows what the command looks at, and no setting besides; nor does it mind
/// what is wrong with the server's.
#[test]
fn help_shows_only_what_a_command_looks_at() {
    let desk = Desk::with_pack();
    let directory = desk.path("data");
    let help = |arguments: &[&str]| {
        let output = command(Path::new(&directory), arguments, "");
        assert!(output.status.success(), "{arguments:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let settings = ["--config", "--data", "--listen", "--public-url", "--set"];
    let shown = |text: &str| settings.map(|setting| text.contains(setting));
    for name in ["build", "eval", "diff", "explain"] {
        let text = help(&["pack", name, "--help"]);
        assert_eq!(shown(&text), [false; 5], "{name}: {text}");
    }
    let text = help(&["pack", "--help"]);
    assert_eq!(shown(&text), [false; 5], "{text}");
    let text = help(&["knowledge", "key", "--help"]);
    assert_eq!(shown(&text), [true, true, false, false, true], "{text}");
    let text = help(&["serve", "--help"]);
    assert_eq!(shown(&text), [true; 5], "{text}");

    let pack = desk.path("faq.pack");
    let text = help(&[
        "--set",
        "no.such=setting",
        "pack",
        "explain",
        "--pack",
        &pack,
        "hello",
    ]);
    assert!(text.contains("starter/hello"), "{text}");
}
