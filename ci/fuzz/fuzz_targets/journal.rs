//! Any bytes are read as a journal, and judged as far as they can be read: no panic, whatever they are.
#![no_main]

use counterproof_contracts::{invariants::Judge, journal::read_until_break, policy::Policy};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut judge = Judge::new(Policy::default());
    let _ = read_until_break(bytes, |record| {
        let _ = judge.observe(&record);
    });
});
