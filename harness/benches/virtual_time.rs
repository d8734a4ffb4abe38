//! How many scenarios are played in virtual time: every message validated, journaled and judged.
//!
//! `cargo bench -p counterproof` measures; scenarios per second of one thread are the inverse of the time for one.
#![expect(clippy::unwrap_used, reason = "a bench")]

use std::{sync::Arc, time::Duration};

use counterproof::{
    features::Script,
    stage::{DEVELOPMENT_SECRET, Overlay, Stage, VirtualPlan},
    target::InProcessReference,
    virtual_time::{Rehearsal, pack},
};
use counterproof_contracts::policy::Policy;
use counterproof_simulators::world::World;
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
    let world = World::embedded().unwrap();
    criterion.bench_function("stage", |bencher| bencher.iter(|| empty_stage(&rehearsal, &world)));
}

/// What every scenario costs before its first step and after its last: a stage is built and closed.
fn empty_stage(rehearsal: &Rehearsal, world: &Arc<World>) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let plan = VirtualPlan {
            seed: rehearsal.seed,
            repetition: false,
            starts_at: rehearsal.starts_at,
            policy: Policy::default(),
            secret: DEVELOPMENT_SECRET,
            patience: Duration::from_secs(10),
            overlay: Overlay::default(),
            world,
            wire_defect: None,
        };
        let stage = Stage::in_virtual_time(plan, Box::new(InProcessReference::default())).unwrap();
        stage.close().await;
    });
}

criterion_group!(benches, scenarios);
criterion_main!(benches);
