//! `firsthop pack explain --pack PACK "question" [--json]`: for people, or for programs.

use std::fmt::Write;
use std::path::PathBuf;

use firsthop_core::Timestamp;
use firsthop_core::answer::{Answerer, Decision, Explanation, HeldBack, Named, Question};
use serde_json::{Value, json};

use super::load;
use crate::cli::{CliError, print_json};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The pack.
    #[arg(long, value_name = "PACK")]
    pack: PathBuf,
    /// The question.
    question: String,
    /// The language of the visitor's page, such as zh-CN.
    #[arg(long)]
    lang: Option<String>,
    /// The address of the visitor's page.
    #[arg(long, value_name = "URL")]
    page: Option<String>,
    /// When it is asked, in milliseconds since 1970 [default: now].
    #[arg(long, value_name = "MILLISECONDS")]
    at: Option<u64>,
    /// Prints a JSON line.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), CliError> {
    let pack = load(&args.pack)?;
    let question = Question {
        text: &args.question,
        lang: args.lang.as_deref(),
        page: args.page.as_deref().unwrap_or_default(),
        at: Some(
            args.at
                .map_or_else(crate::host::now, Timestamp::from_millis),
        ),
    };
    let explained = Answerer::new().explain(&pack, &question);
    if args.json {
        print_json(&to_json(&explained));
    } else {
        print!("{}", to_text(&explained));
    }
    Ok(())
}

const fn name(decision: &Decision) -> &'static str {
    match decision {
        Decision::Answer(_) => "answer",
        Decision::Suggest(_) => "suggest",
        Decision::HandOff => "hand_off",
        Decision::Flow => "flow",
        Decision::Escalate => "escalate",
    }
}

fn by(found: &Named<'_>) -> String {
    format!("{:?}", found.found.by).to_lowercase()
}

fn share(per_mille: u16) -> f64 {
    f64::from(per_mille) / 1000.0
}

/// Why an answer was only suggested: a word for programs, and words for people.
fn held_back(why: &HeldBack) -> (&'static str, String) {
    match why {
        HeldBack::Fragment => ("fragment", "too short to say what is wanted".into()),
        HeldBack::Denial => (
            "denial",
            "the question denies something or complains in a way that the entry's phrasings do not"
                .into(),
        ),
        HeldBack::Stranger(name) => (
            "stranger",
            format!("nobody wrote of “{name}”, which the question names"),
        ),
        HeldBack::Second => (
            "second",
            "a second entry is more likely than not, too: perhaps two things were asked".into(),
        ),
    }
}

fn to_json(explained: &Explanation<'_>) -> Value {
    let named = |found: &[Named<'_>]| -> Value {
        found
            .iter()
            .map(|it| {
                json!({
                    "entry": it.entry,
                    "title": it.title,
                    "confidence": share(it.found.confidence),
                    "by": by(it),
                })
            })
            .collect()
    };
    let weighed = explained.weighed.iter();
    let entities = explained.entities.iter();
    json!({
        "decision": name(&explained.decision),
        "found": named(&explained.found),
        "held_back": explained.held_back.as_ref().map(|why| {
            let (by, because) = held_back(why);
            json!({ "by": by, "because": because })
        }),
        "rule": explained.trace.rule,
        "team": explained.trace.team,
        "flow": explained.trace.flow,
        "labels": explained.trace.labels,
        "ranked": named(&explained.ranked),
        "confidence": explained.ranked.first().map_or(0.0, |best| share(best.found.confidence)),
        "threshold": share(explained.answer_from),
        "suggest_threshold": share(explained.suggest_from),
        "weighed": weighed.map(|it| json!({ "text": it.text, "weight": it.weight })).collect::<Vec<_>>(),
        "entities": entities
            .map(|it| json!({ "entity": it.name, "text": it.text, "value": it.value }))
            .collect::<Vec<_>>(),
    })
}

fn to_text(explained: &Explanation<'_>) -> String {
    let mut out = String::new();
    let trace = &explained.trace;
    // Writing to memory does not fail.
    let mut line = |text: String| {
        let _ = writeln!(out, "{text}");
    };
    line(format!("decision   {}", name(&explained.decision)));
    for it in &explained.found {
        let sure = share(it.found.confidence);
        line(format!(
            "           {} “{}” ({sure:.3}, by {})",
            it.entry,
            it.title,
            by(it)
        ));
    }
    if let Some(why) = &explained.held_back {
        line(format!("held back  {}", held_back(why).1));
    }
    for (what, text) in [
        ("rule", trace.rule),
        ("team", trace.team),
        ("flow", trace.flow),
    ] {
        if let Some(text) = text {
            line(format!("{what:<10} {text}"));
        }
    }
    if !trace.labels.is_empty() {
        line(format!("labels     {}", trace.labels.join(", ")));
    }
    line(format!(
        "threshold  answers from {:.3}, suggests from {:.3}",
        share(explained.answer_from),
        share(explained.suggest_from)
    ));
    for (place, it) in explained.ranked.iter().enumerate() {
        let what = if place == 0 { "ranked" } else { "" };
        let sure = share(it.found.confidence);
        line(format!("{what:<10} {sure:.3} {} “{}”", it.entry, it.title));
    }
    for (place, it) in explained.weighed.iter().enumerate() {
        let what = if place == 0 { "weighed" } else { "" };
        line(format!("{what:<10} {:+6} {}", it.weight, it.text));
    }
    for (place, it) in explained.entities.iter().enumerate() {
        let what = if place == 0 { "entities" } else { "" };
        let value = it
            .value
            .as_ref()
            .map_or_else(String::new, |value| format!(" = {value}"));
        line(format!("{what:<10} {}: {}{value}", it.name, it.text));
    }
    out
}
