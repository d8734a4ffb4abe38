//! Damaged journals: whatever happens to the bytes, what stands before the damage is read as it was.

#![expect(clippy::unwrap_used, reason = "a test")]

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    model::{CorrelationId, OrderNumber, System, Timestamp},
    policy::Policy,
};

fn start(format: &str) -> Entry {
    Entry::RunStarted(Box::new(RunStarted {
        format: format.to_owned(),
        version: "0.1.0".to_owned(),
        seed: 7,
        target: "reference".to_owned(),
        policy: Policy::default(),
        input: RunInput::default(),
    }))
}

fn exchange(number: u64) -> Entry {
    Entry::Exchange(Box::new(Exchange {
        from: System::Middleware,
        to: System::Erp,
        operation: "createSalesOrder".to_owned(),
        call: "POST /v1/sales-orders".to_owned(),
        order: Some(OrderNumber::new(format!("W-{number}"))),
        sku: None,
        key: Some(format!("so-{number}")),
        attempt: 1,
        correlation: Some(CorrelationId::new("c-1")),
        causation: None,
        started_at: Timestamp::UNIX_EPOCH,
        request: json!({ "total": number, "text": "ä \" \\ \u{1f600}" }),
        status: Some(201),
        response: json!(null),
        outcome: Outcome::Ok,
        replayed: false,
        note: None,
        retry_after_s: None,
        checked: Checked::default(),
    }))
}

/// A journal of some records, and the records.
fn journal(count: u64) -> (Vec<u8>, Vec<Record>) {
    let mut writer = Writer::new(Vec::new());
    let mut records = vec![writer.append(Timestamp::UNIX_EPOCH, None, start(FORMAT)).unwrap()];
    for number in 1..count {
        records.push(writer.append(Timestamp::UNIX_EPOCH, Some("S-1".to_owned()), exchange(number)).unwrap());
    }
    (writer.into_inner().unwrap(), records)
}

fn read(bytes: &[u8]) -> (Vec<Record>, Option<Break>) {
    let mut records = Vec::new();
    let found = read_until_break(bytes, |record| records.push(record));
    (records, found)
}

/// How many whole lines stand before a byte.
fn lines_before(bytes: &[u8], at: usize) -> usize {
    bytes.iter().take(at).filter(|byte| **byte == b'\n').count()
}

#[test]
fn an_undamaged_journal_is_read_as_it_was_written() {
    let (bytes, records) = journal(5);
    assert_eq!(read(&bytes), (records, None));
}

#[test]
fn a_cut_line_is_told_with_its_place() {
    let (bytes, records) = journal(4);
    let cut = bytes.len() - 10;
    let (read_records, found) = read(bytes.get(..cut).unwrap());
    assert_eq!(read_records, records.get(..3).unwrap());
    let found = found.unwrap();
    assert_eq!(found.line, 4);
    assert!(found.reason.contains("the last line is torn"), "{}", found.reason);
    let after_it = [bytes.get(..cut).unwrap(), b"\n"].concat();
    let reason = read(&after_it).1.unwrap().reason;
    assert!(reason.contains("expected a record of the journal"), "a line that ends is not torn: {reason}");
}

#[test]
fn a_missing_record_is_a_break() {
    let (bytes, _) = journal(4);
    let text = String::from_utf8(bytes).unwrap();
    let without_third: Vec<&str> =
        text.lines().enumerate().filter(|(index, _)| *index != 2).map(|(_, line)| line).collect();
    let (records, found) = read(without_third.join("\n").as_bytes());
    assert_eq!(records.len(), 2);
    let reason = found.unwrap().reason;
    assert!(reason.starts_with("line 3 (byte "), "{reason}");
    assert!(reason.ends_with("expected seq 3, found seq 4"), "{reason}");
}

#[test]
fn another_major_version_is_refused_and_a_later_minor_version_is_not() {
    let text = |format: &str| {
        let mut writer = Writer::new(Vec::new());
        writer.append(Timestamp::UNIX_EPOCH, None, start(format)).unwrap();
        writer.into_inner().unwrap()
    };
    assert_eq!(read(&text("counterproof.journal/1.9")).1, None);
    let reason = read(&text("counterproof.journal/2.0")).1.unwrap().reason;
    assert!(reason.contains("\"counterproof.journal/2.0\" is not readable"), "{reason}");
}

#[test]
fn unknown_kinds_effects_and_fields_are_tolerated_and_counted() {
    let (mut bytes, _) = journal(2);
    let at = "1970-01-01T00:00:00Z";
    let later = [
        format!(r#"{{"seq":3,"at":"{at}","kind":"weather","rain":true}}"#),
        format!(
            r#"{{"seq":4,"at":"{at}","kind":"effect","system":"erp","spontaneous":true,"effect":"moon_rose"}}"#
        ),
        format!(
            r#"{{"seq":5,"at":"{at}","kind":"run_finished","verdict":"pass","interrupted":false,"mood":"good"}}"#
        ),
    ];
    bytes.extend_from_slice(later.join("\n").as_bytes());
    let mut reader = Reader::new(bytes.as_slice());
    let records: Vec<Record> = reader.by_ref().map(Result::unwrap).collect();
    assert_eq!(records.iter().map(|record| record.seq).collect::<Vec<_>>(), [1, 2, 5]);
    assert_eq!(reader.skipped(), 2);
}

#[test]
fn a_line_without_end_is_not_kept_in_memory() {
    struct Endless;
    impl std::io::Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            buffer.fill(b'a');
            Ok(buffer.len())
        }
    }
    let mut reader = Reader::new(std::io::BufReader::new(Endless));
    let error = reader.next().unwrap().unwrap_err();
    assert!(error.to_string().contains("a line of at most 4194304 bytes"), "{error}");
    assert!(reader.next().is_none());
}

#[test]
fn deep_nesting_is_an_error_and_no_stack_overflow() {
    let (mut bytes, records) = journal(2);
    bytes.extend(format!(r#"{{"seq":3,"kind":"exchange","request":{}"#, "[".repeat(1_000_000)).bytes());
    let (read_records, found) = read(&bytes);
    assert_eq!(read_records, records);
    assert_eq!(found.unwrap().line, 3);
}

#[test]
fn a_journal_must_begin_with_its_header() {
    let mut writer = Writer::new(Vec::new());
    writer.append(Timestamp::UNIX_EPOCH, None, exchange(1)).unwrap();
    let reason = read(&writer.into_inner().unwrap()).1.unwrap().reason;
    assert!(reason.contains("expected a run_started record"), "{reason}");
}

proptest! {
    #[test]
    fn a_flipped_bit_harms_nothing_before_it(count in 1_u64..8, place in any::<prop::sample::Index>(), bit in 0_u32..8) {
        let (mut bytes, records) = journal(count);
        let at = place.index(bytes.len());
        let before = lines_before(&bytes, at);
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1 << bit;
        }
        let (read_records, _) = read(&bytes);
        prop_assert!(read_records.len() >= before);
        prop_assert_eq!(read_records.get(..before), records.get(..before));
    }

    #[test]
    fn a_cut_keeps_every_whole_line(count in 1_u64..8, place in any::<prop::sample::Index>()) {
        let (bytes, records) = journal(count);
        let at = place.index(bytes.len());
        let (read_records, found) = read(bytes.get(..at).unwrap());
        let whole = lines_before(&bytes, at);
        let ends_in_a_line = at > 0 && bytes.get(at - 1) != Some(&b'\n');
        let lost_its_end_only = bytes.get(at) == Some(&b'\n');
        let expected = whole + usize::from(lost_its_end_only);
        prop_assert_eq!(read_records.as_slice(), records.get(..expected).unwrap());
        prop_assert_eq!(found.is_some(), ends_in_a_line && !lost_its_end_only);
        let torn = |found: &Break| found.reason.contains("the last line is torn");
        prop_assert!(found.iter().all(torn), "{:?}", found);
    }

    #[test]
    fn swapped_lines_break_at_the_first(count in 3_u64..8, first in any::<prop::sample::Index>(), second in any::<prop::sample::Index>()) {
        let (bytes, records) = journal(count);
        let mut lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        let (one, other) = (first.index(lines.len()), second.index(lines.len()));
        lines.swap(one, other);
        let (read_records, found) = read(&lines.concat());
        if one == other {
            prop_assert_eq!(read_records, records);
        } else {
            prop_assert_eq!(read_records.as_slice(), records.get(..one.min(other)).unwrap());
            prop_assert_eq!(found.unwrap().line, one.min(other) as u64 + 1);
        }
    }

    #[test]
    fn garbage_is_told_and_not_judged(count in 1_u64..6, garbage in prop::collection::vec(any::<u8>(), 1..200)) {
        let (bytes, records) = journal(count);
        let mut damaged = bytes.clone();
        damaged.extend_from_slice(&garbage);
        let (read_records, _) = read(&damaged);
        prop_assert_eq!(read_records.get(..records.len()), Some(records.as_slice()));
    }

    #[test]
    fn anything_at_all_is_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let (records, found) = read(&bytes);
        prop_assert!(records.is_empty());
        prop_assert_eq!(found.is_some(), !bytes.is_empty());
    }
}
