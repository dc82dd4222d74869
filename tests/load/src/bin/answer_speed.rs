//! `answer-speed PACK HASH QUESTIONS ROUNDS`: times the answerer, natively or under WASI.
//! QUESTIONS holds one a line. Prints mean, p50, p99 in µs and the digest of the decisions.

use std::error::Error;
use std::io::Write;

use firsthop_core::pack::Pack;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [pack, hash, questions, rounds] = arguments.as_slice() else {
        return Err("usage: answer-speed PACK HASH QUESTIONS ROUNDS".into());
    };
    let hash = hash.parse().map_err(|_| "HASH is no pack's hash")?;
    let pack = Pack::load(std::fs::read(pack)?, hash)?;
    let questions = std::fs::read_to_string(questions)?;
    let questions: Vec<&str> = questions.lines().collect();
    let speed = firsthop_load::measure(&pack, &questions, rounds.parse()?);
    let (mean, p50, p99) = (
        speed.mean_us(),
        speed.percentile_us(50),
        speed.percentile_us(99),
    );
    writeln!(
        std::io::stdout(),
        "{mean} {p50} {p99} {:016x}",
        speed.decisions
    )?;
    Ok(())
}
