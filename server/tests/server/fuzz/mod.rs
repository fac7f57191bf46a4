//! Fuzz targets of what is read from strangers: names, references, ranges, manifests, token scopes. Each has an oracle
//! beside "does not panic": the grammar of the specification, written down a second time in another way.
//!
//! By default a target runs a few thousand cases; with `ROADSTEAD_FUZZ_SECONDS` it goes on until so many seconds are over
//! (`make fuzz`: a minute each). The seed is printed; `ROADSTEAD_FUZZ_SEED` plays it again. To add a target, a test that
//! calls [`run`].

mod manifest;
mod name;
mod range;
mod scope;

use std::fmt::Debug;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

/// Cases between two looks at the time.
const BATCH: u32 = 1_000;
/// Two targets share the time of what they are about.
pub const HALF: f64 = 0.5;
/// A target has it alone.
pub const ALL: f64 = 1.0;

/// What a property says.
pub type Outcome = Result<(), TestCaseError>;

/// Tries a property with what a strategy makes, until the time is over; `part` is which part of it this target has.
pub fn run<S>(part: f64, strategy: S, property: impl Fn(S::Value) -> Outcome)
where
    S: Strategy,
    S::Value: Debug,
{
    let seconds: f64 =
        std::env::var("ROADSTEAD_FUZZ_SECONDS").map_or(0.0, |text| text.parse().unwrap());
    let time = Duration::from_secs_f64(seconds * part);
    let mut seed = [0; 32];
    match std::env::var("ROADSTEAD_FUZZ_SEED") {
        Ok(text) => hex::decode_to_slice(text, &mut seed).unwrap(),
        Err(_) => getrandom::fill(&mut seed).unwrap(),
    }
    println!("ROADSTEAD_FUZZ_SEED={}", hex::encode(seed));
    let config = Config { cases: BATCH, failure_persistence: None, ..Config::default() };
    let (begun, mut cases) = (Instant::now(), 0_u64);
    loop {
        // A runner that has had its successes runs nothing more: every batch has its own, and its own seed.
        let mut own = seed;
        for (byte, number) in own.iter_mut().zip(cases.to_le_bytes()) {
            *byte ^= number;
        }
        let random = TestRng::from_seed(RngAlgorithm::ChaCha, &own);
        let mut runner = TestRunner::new_with_rng(config.clone(), random);
        if let Err(error) = runner.run(&strategy, &property) {
            panic!("after {cases} cases, ROADSTEAD_FUZZ_SEED={}: {error}", hex::encode(seed));
        }
        cases += u64::from(BATCH);
        if begun.elapsed() >= time {
            println!("{cases} cases");
            return;
        }
    }
}

/// Texts of a few pieces that mean something to a parser, with a stranger among them now and then.
pub fn pieces(known: &'static [&'static str], most: usize) -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        12 => proptest::sample::select(known).prop_map(str::to_owned),
        2 => "[a-z0-9]{1,6}",
        1 => "\\PC{0,3}",
        1 => "[ -~]{0,4}",
        1 => (1_usize..200).prop_map(|count| "a".repeat(count)),
    ];
    proptest::collection::vec(piece, 0..most).prop_map(|pieces| pieces.concat())
}
