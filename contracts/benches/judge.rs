//! How many records a judge takes in a second: recorded scenarios, under identities of their own again and again.
//!
//! The records are parsed before; reading is not measured.

use std::{collections::BTreeSet, hint::black_box};

use counterproof_contracts::{
    invariants::Judge,
    journal::{Reader, Record},
    policy::Policy,
};
use criterion::{
    BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};

/// Five scenarios of a run: a marketplace order, one of three units canceled, a return paid with two tenders, a lost
/// answer of the ERP, an outage of the payment provider while goods come back.
const JOURNAL: &str = include_str!("journal.ndjson");
/// How many records are judged in one go where they come from memory.
const STREAMED: usize = 100_000;

/// The journal's scenarios, each time under other identities.
struct Rounds {
    template: Vec<(String, String)>,
    next: usize,
}

impl Rounds {
    fn new() -> Self {
        let mut scenarios = BTreeSet::new();
        let mut lines = Vec::new();
        for record in Reader::new(JOURNAL.as_bytes()).flatten() {
            let Some(scenario) = record.scenario.clone() else { continue };
            lines.push((scenario.clone(), serde_json::to_string(&record).unwrap_or_default()));
            scenarios.insert(scenario);
        }
        assert_eq!((scenarios.len(), lines.len()), (5, 410), "the journal is read to its end");
        Self { template: lines, next: 0 }
    }

    /// One round, parsed.
    fn next(&mut self) -> Vec<Record> {
        let round = self.next;
        self.next += 1;
        let renamed =
            |(scenario, line): &(String, String)| line.replace(scenario, &format!("{scenario}{round}"));
        self.template.iter().filter_map(|line| serde_json::from_str(&renamed(line)).ok()).collect()
    }
}

fn observe(judge: &mut Judge, records: &[Record]) {
    for record in records {
        assert!(judge.observe(black_box(record)).is_empty(), "the journal breaks no law");
    }
}

/// One judge takes records that were parsed right before, as it does in a run and when a journal is read.
fn fresh(group: &mut BenchmarkGroup<'_, WallTime>) {
    let mut rounds = Rounds::new();
    let mut judge = Judge::new(Policy::default());
    group.throughput(Throughput::Elements(rounds.template.len() as u64));
    group.bench_function("fresh", |bencher| {
        bencher.iter_batched_ref(
            || rounds.next(),
            |records| observe(&mut judge, records),
            BatchSize::PerIteration,
        );
    });
    assert!(judge.broken_checks().is_empty() && judge.late() == 0, "every record is judged");
}

/// Each judge takes many records that were parsed long before: most of the time goes by waiting for memory.
fn streamed(group: &mut BenchmarkGroup<'_, WallTime>) {
    let mut rounds = Rounds::new();
    let mut records = Vec::with_capacity(STREAMED);
    while records.len() < STREAMED {
        records.extend(rounds.next());
    }
    group.throughput(Throughput::Elements(records.len() as u64)).sample_size(10);
    group.bench_function("streamed", |bencher| {
        bencher.iter_batched_ref(
            || Judge::new(Policy::default()),
            |judge| observe(judge, &records),
            BatchSize::PerIteration,
        );
    });
}

fn judge(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("judge");
    fresh(&mut group);
    streamed(&mut group);
    group.finish();
}

criterion_group!(benches, judge);
criterion_main!(benches);
