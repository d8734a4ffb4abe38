//! Files as partners might really send them: torn, repeated, late, and with rows that make no sense.

#![expect(clippy::unwrap_used, reason = "a test")]

use proptest::{collection::vec, prelude::*};

use super::*;
use crate::model::{Acceptance, ConditionGrade, InspectedLine, Resolution, ReturnLine, ReturnReason};

fn count(id: u32, quantity: u32) -> StockCount {
    StockCount {
        count_id: format!("C-{id}"),
        node_id: "store-12".into(),
        sku: "linen-shirt".into(),
        quantity,
        counted_at: "2026-11-27T18:00:00Z".parse().unwrap(),
    }
}

fn receipt(id: u32, quantities: &[u32], graded: bool) -> ReturnReceipt {
    let lines: Vec<ReturnLine> = quantities
        .iter()
        .enumerate()
        .map(|(index, quantity)| ReturnLine {
            line_id: format!("L{index}").into(),
            sku: "shirt, \"linen\"".into(),
            quantity: *quantity,
            reason: ReturnReason::SizeSmall,
        })
        .collect();
    let grades = lines.iter().filter(|_| graded).map(|line| InspectedLine {
        line_id: line.line_id.clone(),
        sku: line.sku.clone(),
        quantity: line.quantity,
        grade: ConditionGrade::B,
        acceptance: Acceptance::Accepted,
    });
    ReturnReceipt {
        receipt_id: format!("R-{id}").as_str().into(),
        order_number: "W-17".into(),
        rma_id: None,
        node_id: "store-12".into(),
        received_at: "2026-11-27T18:00:00Z".parse().unwrap(),
        resolution: Some(Resolution::Refund),
        gift_recipient_ref: None,
        grades: grades.collect(),
        exchange: None,
        serials: Vec::new(),
        unexpected: Vec::new(),
        shipment_id: None,
        lines,
        till_reference: None,
    }
}

fn records() -> impl Strategy<Value = (BatchKind, Vec<Record>)> {
    let counts = vec(0..10_000_u32, 0..6).prop_map(|quantities| {
        let numbered = (1..).zip(quantities);
        let counts = numbered.map(|(id, quantity)| Record::Count(count(id, quantity))).collect();
        (BatchKind::Inventory, counts)
    });
    let returns = vec((vec(1..9_u32, 1..4), any::<bool>()), 0..5).prop_map(|receipts| {
        let numbered = (1..).zip(receipts);
        let receipts = numbered
            .map(|(id, (quantities, graded))| Record::Return(Box::new(receipt(id, &quantities, graded))))
            .collect();
        (BatchKind::Returns, receipts)
    });
    prop_oneof![counts, returns]
}

fn formats() -> impl Strategy<Value = BatchFormat> {
    prop_oneof![Just(BatchFormat::Csv), Just(BatchFormat::Jsonl)]
}

fn file(format: BatchFormat, kind: BatchKind, records: &[Record]) -> BatchFile {
    let filed: Vec<Filed> = (1..)
        .zip(records)
        .map(|(chain, record)| Filed {
            record: record.clone(),
            correlation: format!("chain-{chain}").as_str().into(),
        })
        .collect();
    write("f-1", &"store-12".into(), format, kind, &filed).unwrap()
}

fn three_counts(format: BatchFormat) -> BatchFile {
    let records = [5, 6, 7].map(|quantity| Record::Count(count(quantity, quantity)));
    file(format, BatchKind::Inventory, &records)
}

proptest! {
    #[test]
    fn what_is_written_is_read((kind, records) in records(), format in formats()) {
        let read = read(&file(format, kind, &records)).unwrap();
        let chains: Vec<String> =
            read.iter().map(|entry| entry.correlation.as_ref().unwrap().to_string()).collect();
        let named: Vec<String> = (1..=records.len()).map(|chain| format!("chain-{chain}")).collect();
        let read: Vec<Record> = read.into_iter().map(|entry| entry.record.unwrap()).collect();
        prop_assert_eq!((read, chains), (records, named));
    }

    #[test]
    fn a_file_that_is_cut_off_anywhere_is_not_used(
        (kind, records) in records(), format in formats(), at in any::<prop::sample::Index>()
    ) {
        let mut file = file(format, kind, &records);
        file.content.truncate(at.index(file.content.trim_end().len()));
        prop_assert!(read(&file).is_err());
    }

    #[test]
    fn a_digit_that_changes_is_noticed((kind, records) in records(), format in formats(), place in any::<prop::sample::Index>()) {
        let file = file(format, kind, &records);
        let digits: Vec<usize> = file.content.match_indices(|c: char| c.is_ascii_digit()).map(|(at, _)| at).collect();
        let at = digits[place.index(digits.len())];
        let mut bytes = file.content.clone().into_bytes();
        bytes[at] = if bytes[at] == b'9' { b'8' } else { bytes[at] + 1 };
        let changed = BatchFile { content: String::from_utf8(bytes).unwrap(), ..file.clone() };
        // Identifiers and times have no sums; whatever has one must not pass.
        let units = |file: &BatchFile| read(file).map(|entries| {
            let records: Vec<Record> = entries.into_iter().filter_map(|entry| entry.record.ok()).collect();
            Totals::of(records.iter()).units
        });
        if let Ok(after) = units(&changed) {
            let whole = read(&changed).unwrap().iter().all(|entry| entry.record.is_ok());
            prop_assert!(!whole || Ok(after) == units(&file));
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(content in "\\PC{0,200}", format in formats(), csv in any::<bool>()) {
        let kind = if csv { BatchKind::Returns } else { BatchKind::Orders };
        let file = BatchFile { file_name: "f".into(), partner: "store-12".into(), kind, format, content };
        prop_assert!(read(&file).is_err());
    }
}

#[test]
fn a_record_that_cannot_be_read_is_refused_alone() {
    for (format, from, to) in
        [(BatchFormat::Csv, ",6,", ",six,"), (BatchFormat::Jsonl, "\"quantity\":6", "\"quantity\":\"six\"")]
    {
        let mut file = three_counts(format);
        file.content = file.content.replace(from, to);
        let read = read(&file).unwrap();
        let refused: Vec<u32> =
            read.iter().filter(|entry| entry.record.is_err()).map(|entry| entry.line).collect();
        assert_eq!(refused, [if format == BatchFormat::Csv { 4 } else { 3 }], "{read:?}");
        assert_eq!(read.len(), 3);
    }
}

#[test]
fn a_missing_or_repeated_record_is_noticed() {
    for format in [BatchFormat::Csv, BatchFormat::Jsonl] {
        let whole = three_counts(format);
        let lines: Vec<&str> = whole.content.lines().collect();
        let kept: Vec<&str> = lines.into_iter().filter(|line| !line.contains("C-6")).collect();
        let without = BatchFile { content: kept.join("\n"), ..whole.clone() };
        let refusal = read(&without).unwrap_err().to_string();
        assert_eq!(
            refusal,
            "the trailer says 3 records with 18 units, the records have 2 records with 12 units"
        );
    }
}

#[test]
fn a_file_of_somebody_else_is_not_used() {
    let file = three_counts(BatchFormat::Csv);
    let other = BatchFile { partner: "store-27".into(), ..file.clone() };
    let refusal = read(&other).unwrap_err().to_string();
    assert_eq!(refusal, "the header says partner \"store-12\", the message \"store-27\"");
    let behind = BatchFile { content: format!("{}data,C-9\n", file.content), ..file.clone() };
    assert_eq!(
        read(&behind).unwrap_err().to_string(),
        "the file is cut off: line 7 is its last and no trailer"
    );
    let orders = BatchFile { kind: BatchKind::Orders, ..file };
    assert_eq!(read(&orders).unwrap_err().to_string(), "orders cannot be written as comma-separated values");
}
