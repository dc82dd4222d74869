//! See `firsthop_hostile`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| firsthop_hostile::run("edge", bytes));
