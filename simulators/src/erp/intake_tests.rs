//! The ERP's intake: what comes too fast, too late or at the wrong moment is turned away without effect.

#![expect(clippy::unwrap_used, reason = "a test")]
use counterproof_contracts::{
    model::{Currency, Date, Invoice, LineQuantity, Money, PostingStatus, SalesOrderCancellation},
    protocol::EventType,
};
use jiff::SignedDuration;
use proptest::prelude::*;

use super::{tests::*, *};
use crate::world::testing::{call, document, line};

fn shirts(units: u32) -> Vec<LineQuantity> {
    vec![LineQuantity { line_id: line(1), quantity: units }]
}

fn dated(day: Option<&str>) -> Invoice {
    let day: Option<Date> = day.map(|day| day.parse().unwrap());
    Invoice { business_date: day, posting_date: day, ..invoice(5_000, 798, &shirts(1)) }
}

fn credit_memo() -> CreditMemo {
    CreditMemo {
        erp_document: None,
        order_number: "W-1".into(),
        receipt_id: "dock-1".into(),
        lines: shirts(1),
        amount: Money::new(5_000, Currency::EUR),
        tax: Money::new(798, Currency::EUR),
        contributions: Vec::new(),
        retained: None,
        shipping: None,
        settlement: None,
        deferred: None,
        business_date: None,
        posting_date: None,
        posting: None,
    }
}

#[test]
fn a_locked_order_is_not_changed_and_takes_the_same_document_later() {
    let (mut stage, _) = booked();
    stage.core.lock(&"W-1".into(), true);
    let body = SalesOrderCancellation {
        order_number: "W-1".into(),
        cancellation_id: "x".to_owned(),
        lines: shirts(1),
        reason: "…".to_owned(),
    };
    let path = [("erp_document", "so-W-1-1")];
    assert_eq!(
        call(&mut stage, operations::CANCEL_SALES_ORDER_LINES, &path, &body).refusal(),
        "document-locked"
    );
    assert_eq!(post_invoice(&mut stage, &dated(None)).refusal(), "document-locked");
    stage.core.lock(&"W-1".into(), false);
    assert_eq!(call(&mut stage, operations::CANCEL_SALES_ORDER_LINES, &path, &body).refusal(), "");
    assert_eq!(post_invoice(&mut stage, &dated(None)).refusal(), "");
}

#[test]
fn a_closed_period_takes_nothing_and_says_when_the_next_one_begins() {
    let (mut stage, _) = booked();
    stage.core.close_books(&"W-1".into(), "1970-02-01".parse().unwrap());
    let refused = post_invoice(&mut stage, &dated(Some("1970-01-31")));
    let problem = refused.answer.unwrap_err();
    assert_eq!(problem.kind, ProblemKind::PeriodClosed.uri());
    assert_eq!(problem.open_from, Some("1970-02-01".parse().unwrap()));
    assert_eq!(problem.errors.first().unwrap().pointer, "/posting_date");
    assert_eq!(
        post_invoice(&mut stage, &dated(None)).refusal(),
        "period-closed",
        "today, where nothing is said"
    );
    assert_eq!(stage.core.invoices(&"W-1".into()), []);
    let next = Invoice { posting_date: problem.open_from, ..dated(Some("1970-01-31")) };
    let posted: Invoice = document(&post_invoice(&mut stage, &next));
    assert_eq!((posted.business_date, posted.posting_date), (next.business_date, next.posting_date));
}

#[test]
fn what_is_posted_later_has_its_number_and_no_effect_before() {
    let (mut stage, _) = booked();
    stage.core.post_later(&"W-1".into());
    let played = post_invoice(&mut stage, &dated(None));
    assert!(played.effects.is_empty());
    let taken: Invoice = document(&played);
    assert_eq!(taken.posting, Some(PostingStatus::Pending));
    let memo: CreditMemo = document(&call(&mut stage, operations::POST_CREDIT_MEMO, &[], credit_memo()));
    assert_eq!(memo.posting, Some(PostingStatus::Pending));
    let wrong = Invoice { tax: Money::new(6_000, Currency::EUR), ..dated(None) };
    assert_eq!(
        post_invoice(&mut stage, &wrong).refusal(),
        "business-rule",
        "what cannot be posted is not taken"
    );
    let posted = stage.act(|erp, scene| erp.post_parked(scene, &"W-1".into(), true));
    assert_eq!((posted.answer, posted.effects.len()), (2, 4));
    let told: Vec<_> = posted.events.iter().map(|event| event.data.event_type()).collect();
    assert_eq!(told, [EventType::DocumentPosted, EventType::DocumentPosted]);
    assert_eq!(posted.events[0].correlation.as_str(), "chain", "the chain of the call, not of who posts");
    assert_eq!(stage.core.invoices(&"W-1".into())[0].erp_document, taken.erp_document);
    assert_eq!(stage.act(|erp, scene| erp.post_parked(scene, &"W-1".into(), true)).answer, 0);
}

#[test]
fn what_cannot_be_posted_is_told_and_has_no_effect() {
    let (mut stage, _) = booked();
    stage.core.post_later(&"W-1".into());
    let taken: Invoice = document(&post_invoice(&mut stage, &dated(None)));
    let failed = stage.act(|erp, scene| erp.post_parked(scene, &"W-1".into(), false));
    assert!(failed.effects.is_empty());
    let EventData::DocumentNotPosted(told) = &failed.events[0].data else { panic!("{:?}", failed.events) };
    assert_eq!(
        (Some(&told.erp_document), told.posting),
        (taken.erp_document.as_ref(), PostingStatus::Failed)
    );
    assert_eq!(stage.core.invoices(&"W-1".into()), []);
}

proptest! {
    /// Whatever the distances of the calls: never more in a second than were agreed, and who waits as asked is taken.
    #[test]
    fn no_second_takes_more_than_was_agreed(per_second in 1_u32..5, pauses_ms in prop::collection::vec(0_i64..700, 1..40)) {
        let (mut stage, _) = booked();
        open(&mut stage, "dc-north", SHIRT, 99);
        stage.core.limit_documents(["W-1".into()], per_second);
        let mut taken: Vec<i64> = Vec::new();
        for pause_ms in pauses_ms {
            stage.now += SignedDuration::from_millis(pause_ms);
            let refused = reserve(&mut stage, "W-1", &[(SHIRT, 1)]).refusal() == "too-many-requests";
            if !refused {
                taken.push(stage.now.as_millisecond());
            }
        }
        for (index, first) in taken.iter().enumerate() {
            let within = taken[index..].iter().filter(|at| **at - first < 1_000).count();
            prop_assert!(within <= per_second as usize, "{taken:?}");
        }
        stage.now += SignedDuration::from_secs(1);
        prop_assert!(reserve(&mut stage, "W-1", &[(SHIRT, 1)]).refusal() != "too-many-requests");
    }
}
