//! Any text is read as a fault plan; what is read is checked, and says the same when it is written and read again.
#![no_main]

use counterproof_contracts::faults::Plan;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(plan) = Plan::parse(text) {
        let written = serde_json::to_string(&plan).expect("a plan has a JSON form");
        assert_eq!(Plan::parse(&written).as_ref(), Ok(&plan));
    }
});
