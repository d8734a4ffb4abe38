//! How many scenarios are played in virtual time: every message validated, journaled and judged.
//!
//! `cargo bench -p counterproof` measures; scenarios per second of one thread are the inverse of the time for one.
#![expect(clippy::unwrap_used, reason = "a bench")]

use counterproof::{
    features::Script,
    target::InProcessReference,
    virtual_time::{Rehearsal, pack},
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A split shipment, part of which comes back to a store: the central case, of about thirty exchanges.
const CENTRAL_CASE: &str = "One item after a partial shipment, with a promotion";

fn central_case() -> Script {
    pack("@returns").unwrap().into_iter().find(|script| script.planned.name == CENTRAL_CASE).unwrap()
}

fn scenarios(criterion: &mut Criterion) {
    let script = central_case();
    let mut group = criterion.benchmark_group("virtual time");
    let rehearsal = Rehearsal::new(7).unwrap();
    let play = || rehearsal.play(&script, 0, Box::new(InProcessReference::default())).unwrap();
    let exchanges = play().recording.volume().exchanges;
    group.throughput(Throughput::Elements(exchanges));
    group.bench_function("central case, an exchange an element", |bencher| bencher.iter(play));
    group.finish();
}

criterion_group!(benches, scenarios);
criterion_main!(benches);
