//! The examples are documents that a reader can trust: valid, readable, and right in their sums.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;

use counterproof_contracts::{
    model::{Invoice, Order, TaxDocument},
    protocol::{CloudEvent, EventData, EventType, Problem},
    shape,
};
use serde::de::DeserializeOwned;

use crate::{files, types};

fn read<T: DeserializeOwned>(name: &str) -> T {
    serde_json::from_value(files::example(name)).unwrap()
}

#[test]
fn every_schema_has_an_example() {
    let shown: BTreeSet<String> = files::examples().into_iter().map(|(stem, ..)| stem).collect();
    let published: BTreeSet<String> = shape::schema_stems().map(str::to_owned).collect();
    assert_eq!(shown, published);
}

#[test]
fn every_event_type_has_an_example() {
    let shown: BTreeSet<EventType> = files::examples()
        .into_iter()
        .filter(|(stem, ..)| stem == "cloud-event")
        .map(|(.., event)| EventType::from_name(event["type"].as_str().unwrap()).unwrap())
        .collect();
    assert_eq!(shown, BTreeSet::from(EventType::ALL));
}

#[test]
fn every_example_matches_its_schema() {
    for (stem, name, document) in files::examples() {
        assert_eq!(shape::document_errors(&stem, &document), [], "{name}");
    }
}

#[test]
fn every_example_is_read_and_written_again_unchanged() {
    for (stem, name, document) in files::examples() {
        assert_eq!((types::find(&stem).rewrite)(&document), Ok(document), "{name}");
    }
}

#[test]
fn every_event_says_who_tells_it_and_what_it_is_about() {
    for (stem, name, document) in files::examples() {
        if stem != "cloud-event" {
            continue;
        }
        assert_eq!(shape::event_errors(&document), [], "{name}");
        let event: CloudEvent = serde_json::from_value(document).unwrap();
        let data = EventData::from_value(event.known_type().unwrap(), &event.data).unwrap();
        assert_eq!(event.source_system(), Some(data.event_type().source()), "{name}");
        assert_eq!(event.subject, data.subject(), "{name}");
        assert_eq!(event.partitionkey, data.partition(), "{name}");
    }
}

#[test]
fn orders_add_up() {
    for (stem, name, document) in files::examples() {
        if stem != "order" {
            continue;
        }
        let order: Order = serde_json::from_value(document).unwrap();
        assert_eq!(order.value().gross, order.total.amount, "{name}: lines and shipping");
        let tendered: i64 = order.tenders.iter().map(|tender| tender.amount.amount).sum();
        assert_eq!(tendered, order.total.amount, "{name}: tenders");
        for promotion in &order.promotions {
            let allocated = order.lines.iter().flat_map(|line| &line.promotions);
            let shared: i64 = allocated
                .filter(|share| share.promotion_id == promotion.promotion_id)
                .flat_map(|share| &share.unit_amounts)
                .sum();
            assert_eq!(shared, promotion.amount.amount, "{name}: {}", promotion.promotion_id);
        }
        for line in &order.lines {
            let units = line.quantity as usize;
            assert!(line.promotions.iter().all(|share| share.unit_amounts.len() == units), "{name}");
            assert!(line.taxes.iter().all(|tax| tax.unit_amounts.len() == units), "{name}");
        }
    }
}

#[test]
fn the_invoice_and_its_tax_document_follow_from_the_order() {
    let order: Order = read("order");
    let invoice: Invoice = read("invoice");
    let shipped = order.lines.iter().zip(&invoice.lines);
    let value = shipped
        .map(|(line, part)| {
            assert_eq!(line.line_id, part.line_id);
            line.value(0..part.quantity)
        })
        .fold(order.shipping_value(), std::ops::Add::add);
    assert_eq!((value.gross, value.tax), (invoice.amount.amount, invoice.tax.amount));
    let document: TaxDocument = read("tax-document");
    assert_eq!(document.total_tax, invoice.tax);
    let parts: i64 = document.lines.iter().map(|line| line.taxable_base.amount + line.tax.amount).sum();
    assert_eq!(parts, invoice.amount.amount);
}

#[test]
fn problems_say_of_their_type_what_the_table_says() {
    for (stem, name, document) in files::examples() {
        if stem != "problem" {
            continue;
        }
        let problem: Problem = serde_json::from_value(document).unwrap();
        let kind = problem.problem_kind().unwrap();
        let (errors, open_from) = (problem.errors.clone(), problem.open_from);
        let expected = Problem { errors, open_from, ..Problem::new(kind, &problem.detail) };
        assert_eq!(problem, expected, "{name}");
    }
}
