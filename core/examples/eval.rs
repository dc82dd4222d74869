//! Measures a pack on questions with known answers:
//! `cargo run --release -p firsthop-core --features compile --example eval -- KNOWLEDGE [CASES…]`
//! builds a pack from KNOWLEDGE and prints one JSON line for each file of cases. A case is
//! `{"q": question, "expect": id or null, "also": [further ids that count as right]}`.

use std::error::Error;
use std::io::Write;
use std::time::Instant;

use firsthop_core::answer::{Answerer, Decision, Question};
use firsthop_core::knowledge;
use firsthop_core::pack::{BuildSettings, Pack, build};

#[derive(serde::Deserialize)]
struct Case {
    q: String,
    expect: Option<String>,
    #[serde(default)]
    also: Vec<String>,
}

impl Case {
    fn accepts(&self, id: &str) -> bool {
        self.expect.as_deref() == Some(id) || self.also.iter().any(|other| other == id)
    }
}

#[derive(Default)]
struct Counts {
    in_scope: u32,
    top1: u32,
    top3: u32,
    right: u32,
    wrong: u32,
    answered_out_of_scope: u32,
    suggested: u32,
    suggested_with_right: u32,
    handed_off: u32,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("usage: eval KNOWLEDGE [CASES…]")?;
    let knowledge = knowledge::parse(&file, &std::fs::read(&file)?).map_err(|errors| {
        errors
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    })?;
    let started = Instant::now();
    let (bytes, report) = build(&knowledge, &BuildSettings::default(), &mut |_| {})?;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        r#"{{"entries":{},"phrasings":{},"bytes":{},"weights":{},"train_seconds":{:.2},"threshold":{},"expected_coverage":{},"expected_precision":{},"expected_top1":{}}}"#,
        report.entries,
        report.phrasings,
        report.bytes,
        report.weights,
        started.elapsed().as_secs_f64(),
        report.answer_from,
        report.expected_coverage,
        report.expected_precision,
        report.expected_top1
    )?;
    if let Ok(path) = std::env::var("PACK_OUT") {
        std::fs::write(path, &bytes)?;
    }
    let pack = Pack::load(bytes, report.hash)?;
    for cases in arguments {
        writeln!(out, "{}", measure(&pack, &cases)?)?;
    }
    Ok(())
}

fn measure(pack: &Pack, file: &str) -> Result<String, Box<dyn Error>> {
    let mut answerer = Answerer::new();
    let mut counts = Counts::default();
    let mut times = Vec::new();
    let mut cases = 0u32;
    let mut sweep: Vec<(u16, bool)> = Vec::new();
    for line in std::fs::read_to_string(file)?.lines() {
        let case: Case = serde_json::from_str(line)?;
        let question = Question::new(&case.q);
        let started = Instant::now();
        let decision = answerer.decide(pack, &question);
        times.push(started.elapsed().as_nanos());
        cases += 1;
        let accepts = |found: &firsthop_core::answer::Match| {
            pack.entry(found.entry)
                .is_some_and(|entry| case.accepts(entry.id()))
        };
        let ranked = answerer.rank(pack, &question);
        counts.in_scope += u32::from(case.expect.is_some());
        counts.top1 += u32::from(ranked.first().is_some_and(accepts));
        counts.top3 += u32::from(ranked.iter().any(accepts));
        if std::env::var_os("VERBOSE").is_some()
            && case.expect.is_some()
            && !ranked.first().is_some_and(accepts)
        {
            let names: Vec<_> = ranked
                .iter()
                .filter_map(|m| Some((pack.entry(m.entry)?.id().to_owned(), m.confidence)))
                .collect();
            eprintln!("{} | {:?} | {:?}", case.q, case.expect, names);
        }
        match decision {
            Decision::Answer(found) => {
                let right = accepts(&found);
                sweep.push((found.confidence, right));
                match (&case.expect, right) {
                    (_, true) => counts.right += 1,
                    (Some(_), false) => counts.wrong += 1,
                    (None, false) => counts.answered_out_of_scope += 1,
                }
            }
            Decision::Suggest(found) => {
                sweep.push((
                    found.first().map_or(0, |m| m.confidence),
                    found.first().is_some_and(accepts),
                ));
                counts.suggested += 1;
                counts.suggested_with_right += u32::from(found.iter().any(accepts));
            }
            Decision::HandOff => counts.handed_off += 1,
            Decision::Escalate => sweep.push((
                ranked.first().map_or(0, |m| m.confidence),
                ranked.first().is_some_and(accepts),
            )),
        }
    }
    times.sort_unstable();
    let at = |share: usize| {
        times
            .get(times.len() * share / 100)
            .map_or(0.0, |ns| *ns as f64 / 1000.0)
    };
    let share = |part: u32, whole: u32| f64::from(part) / f64::from(whole.max(1));
    let answered = counts.right + counts.wrong + counts.answered_out_of_scope;
    sweep.sort_by_key(|(confidence, _)| core::cmp::Reverse(*confidence));
    let best = |target: f64| {
        let (mut all, mut right, mut best) = (0.0, 0.0, 0.0);
        for same in sweep.chunk_by(|a, b| a.0 == b.0) {
            all += same.len() as f64;
            right += same.iter().filter(|(_, right)| *right).count() as f64;
            if right >= target * all {
                best = right / f64::from(counts.in_scope.max(1));
            }
        }
        best
    };
    Ok(format!(
        r#"{{"cases":{cases},"in_scope":{},"top1":{:.3},"top3":{:.3},"right":{},"wrong":{},"answered_oos":{},"suggested":{},"suggested_right":{},"handed_off":{},"precision":{:.3},"in_scope_precision":{:.3},"coverage":{:.3},"us_p50":{:.1},"us_p99":{:.1},"sweep":{{"0.90":{:.3},"0.95":{:.3},"0.97":{:.3},"0.99":{:.3}}}}}"#,
        counts.in_scope,
        share(counts.top1, counts.in_scope),
        share(counts.top3, counts.in_scope),
        counts.right,
        counts.wrong,
        counts.answered_out_of_scope,
        counts.suggested,
        counts.suggested_with_right,
        counts.handed_off,
        share(counts.right, answered),
        share(counts.right, counts.right + counts.wrong),
        share(counts.right, counts.in_scope),
        at(50),
        at(99),
        best(0.90),
        best(0.95),
        best(0.97),
        best(0.99),
    ))
}
