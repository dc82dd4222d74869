//! Measures how well packs answer:
//! `cargo run --release -p firsthop-core --features compile --example eval -- KNOWLEDGE [CASES…]`
//! builds a pack from KNOWLEDGE and prints a JSON line about it, then one for each file of cases.
//! A case is `{"q": question, "expect": id or null, "also": [further ids that count as right]}`.

use std::error::Error;
use std::io::Write;
use std::time::Instant;

use firsthop_core::answer::measure::{Measured, parse_cases};
use firsthop_core::answer::{Answerer, Question};
use firsthop_core::knowledge;
use firsthop_core::pack::{BuildSettings, Pack, build};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("usage: eval KNOWLEDGE [CASES…]")?;
    let knowledge = knowledge::parse(&file, &std::fs::read(&file)?).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        lines.join("\n")
    })?;
    let started = Instant::now();
    let (bytes, report) = build(&knowledge, &BuildSettings::default(), &mut |_| {})?;
    let train_seconds = started.elapsed().as_secs_f64();
    let mut out = std::io::stdout().lock();
    let about = serde_json::json!({
        "entries": report.entries,
        "phrasings": report.phrasings,
        "bytes": report.bytes,
        "weights": report.weights,
        "train_seconds": rounded(train_seconds),
        "threshold": report.answer_from,
        "expected_top1": report.expected_top1,
        "expected_coverage": report.expected_coverage,
        "expected_precision": report.expected_precision,
    });
    writeln!(out, "{about}")?;
    let pack = Pack::load(bytes, report.hash)?;
    for cases in arguments {
        writeln!(out, "{}", measure(&pack, &cases)?)?;
    }
    Ok(())
}

fn measure(pack: &Pack, file: &str) -> Result<serde_json::Value, Box<dyn Error>> {
    let cases = parse_cases(file, &std::fs::read(file)?)?;
    let mut answerer = Answerer::new();
    let mut measured = Measured::default();
    let mut times = Vec::with_capacity(cases.len());
    for case in &cases {
        let started = Instant::now();
        let decision = answerer.decide(pack, &Question::new(&case.q));
        times.push(started.elapsed().as_nanos());
        measured.add(pack, &mut answerer, case, &decision);
    }
    times.sort_unstable();
    let time = |share: usize| {
        let nanos = times.get(times.len() * share / 100).copied();
        rounded(nanos.unwrap_or_default() as f64 / 1000.0)
    };
    let of_in_scope = |part: u32| rounded(f64::from(part) / f64::from(measured.in_scope.max(1)));
    Ok(serde_json::json!({
        "cases": measured.cases,
        "in_scope": measured.in_scope,
        "out_of_scope": measured.out_of_scope,
        "top1": of_in_scope(measured.top1),
        "top3": of_in_scope(measured.top3),
        "answered_right": measured.answered_right,
        "answered_wrong_in_scope": measured.answered_wrong_in_scope,
        "answered_out_of_scope": measured.answered_out_of_scope,
        "suggested": measured.suggested,
        "suggested_with_right": measured.suggested_with_right,
        "handed_off": measured.handed_off,
        "precision": rounded(measured.precision()),
        "in_scope_precision": rounded(measured.in_scope_precision()),
        "coverage": rounded(measured.coverage()),
        "us_p50": time(50),
        "us_p99": time(99),
        "digest": format!("{:016x}", measured.digest.value()),
        "sweep": {
            "0.90": rounded(measured.coverage_at(0.90)),
            "0.95": rounded(measured.coverage_at(0.95)),
            "0.97": rounded(measured.coverage_at(0.97)),
            "0.99": rounded(measured.coverage_at(0.99)),
        },
    }))
}

fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
