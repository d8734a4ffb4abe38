//! How many records a judge takes in a second: recorded scenarios, under identities of their own again and again.
//!
//! The records are parsed before; reading is not measured.

#![expect(clippy::unwrap_used, missing_docs, reason = "a benchmark")]

use std::hint::black_box;

use counterproof_contracts::{
    invariants::Judge,
    journal::{Reader, Record},
    policy::Policy,
};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

/// Five scenarios of a run: a marketplace order, one of three units canceled, a return paid with two tenders, a lost
/// answer of the ERP, an outage of the payment provider while goods come back.
const JOURNAL: &str = include_str!("journal.ndjson");
/// How many records are judged.
const RECORDS: usize = 100_000;

/// The journal's scenarios again and again, each time under other identities.
fn records() -> Vec<Record> {
    let template: Vec<Record> = Reader::new(JOURNAL.as_bytes()).map(Result::unwrap).collect();
    let mut scenarios: Vec<&str> = template.iter().filter_map(|record| record.scenario.as_deref()).collect();
    scenarios.sort_unstable();
    scenarios.dedup();
    let mut records = Vec::with_capacity(RECORDS);
    for round in 0.. {
        let text = scenarios.iter().enumerate().fold(JOURNAL.to_owned(), |text, (number, scenario)| {
            text.replace(scenario, &format!("{number}{round:05}"))
        });
        for line in text.lines() {
            let mut record: Record = serde_json::from_str(line).unwrap();
            if record.scenario.is_some() {
                record.seq = records.len() as u64 + 1;
                records.push(record);
            }
            if records.len() == RECORDS {
                return records;
            }
        }
    }
    records
}

fn judge(criterion: &mut Criterion) {
    let records = records();
    let mut group = criterion.benchmark_group("judge");
    group.throughput(Throughput::Elements(RECORDS as u64)).sample_size(10);
    group.bench_function("recorded", |bencher| {
        bencher.iter_batched(
            || Judge::new(Policy::default()),
            |mut judge| {
                for record in &records {
                    assert!(judge.observe(black_box(record)).is_empty());
                }
                assert!(judge.broken_checks().is_empty());
                judge
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, judge);
criterion_main!(benches);
