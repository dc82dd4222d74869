//! The simulator in the ordinary test run. `SIM_SEED=… cargo test -p firsthop-simulation` replays
//! one run and tells what happened in it; `SIM_SEEDS=…` runs so many.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test says what it did"
)]

use std::thread;

use firsthop_simulation::{Choice, Library, Mutation, Settings, Tally, run, shrink};

const SEEDS: u64 = 2_000;
const STEPS: u64 = 300;

fn from_env(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn what_was_acknowledged_survives_every_fault_and_all_replicas_agree_in_the_end() {
    let library = Library::new();
    if let Some(seed) = from_env("SIM_SEED") {
        let steps = from_env("SIM_STEPS").unwrap_or(STEPS);
        let settings = Settings {
            trace: true,
            ..Settings::new(seed, steps)
        };
        match run(&library, settings) {
            Ok(tally) => println!("{}\n{}", tally.trace, tally.to_json("")),
            Err(violation) => panic!("{violation}"),
        }
        return;
    }
    let seeds = from_env("SIM_SEEDS").unwrap_or(SEEDS);
    let workers = thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
    let total = thread::scope(|scope| {
        let each = |worker| {
            let library = &library;
            scope.spawn(move || {
                let mut tally = Tally::default();
                for seed in (1..=seeds).filter(|seed| seed % workers == worker) {
                    tally.add(&checked(library, seed));
                }
                tally
            })
        };
        let workers: Vec<_> = (0..workers).map(each).collect();
        let mut total = Tally::default();
        for worker in workers {
            match worker.join() {
                Ok(tally) => total.add(&tally),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        total
    });
    println!("{}", total.to_json(&format!("\"seeds\":{seeds},")));
    assert_eq!(total.missing(), Vec::<&str>::new(), "these never happened");
}

/// Runs a seed; should it fail, tells what of it is needed to fail.
fn checked(library: &Library, seed: u64) -> Tally {
    let settings = Settings::new(seed, STEPS);
    run(library, settings).unwrap_or_else(|_| match shrink(library, settings) {
        Some(shrunk) => panic!("{shrunk}"),
        None => panic!("seed {seed} fails only now and then: the simulator is not deterministic"),
    })
}

#[test]
fn a_seed_replays_its_run() {
    let library = Library::new();
    let settings = Settings::new(77, STEPS);
    let [one, other] = [(); 2].map(|()| run(&library, settings).map(|tally| tally.to_json("")));
    assert_eq!(one.ok(), other.ok());
}

/// Each deliberate bug is found; the count of seeds that took is printed.
#[test]
fn deliberate_bugs_are_found() {
    let library = Library::new();
    for &mutation in Mutation::ALL {
        let found = (1..=1_000).find(|&seed| {
            let settings = Settings {
                mutation: Some(mutation),
                ..Settings::new(seed, STEPS)
            };
            run(&library, settings).is_err()
        });
        println!("{}: seed {found:?}", mutation.as_str());
        assert!(
            found.is_some(),
            "{} is not found within 1,000 seeds",
            mutation.as_str()
        );
    }
}

/// What a shrunk run needs is little, and it fails alike whenever it is run.
#[test]
fn a_failing_run_shrinks_to_a_short_script() {
    let library = Library::new();
    for mutation in [
        Mutation::OriginAcksBeforeCommit,
        Mutation::PrevForgotten,
        Mutation::DeviceAcksOnSend,
    ] {
        let settings = |seed| Settings {
            mutation: Some(mutation),
            ..Settings::new(seed, STEPS)
        };
        let seed = (1..=1_000).find(|&seed| run(&library, settings(seed)).is_err());
        let shrunk = shrink(&library, settings(seed.unwrap())).unwrap();
        println!("{}\n{shrunk}", mutation.as_str());
        assert!(shrunk.needed.len() < 16, "{shrunk}");
        assert!(
            shrunk
                .needed
                .iter()
                .any(|choice| matches!(choice, Choice::Act(_)))
        );
        let lines = shrunk.script().lines().count();
        assert!(lines < 120, "{lines} lines");
        let again = Settings {
            only: Some(&shrunk.needed),
            steps: shrunk.steps,
            ..settings(seed.unwrap())
        };
        let again = run(&library, again).unwrap_err();
        assert_eq!(again.what, shrunk.violation.what);
    }
}
