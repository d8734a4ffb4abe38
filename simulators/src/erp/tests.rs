//! The ERP: stock, reservations and documents always add up.

#![expect(clippy::unwrap_used, reason = "a test")]
use counterproof_contracts::{
    journal::Effect,
    model::{
        Acceptance, ConditionGrade, Currency, InspectedLine, InventoryMovement, ItemQuantity, LineQuantity,
        Money, MovementReason, Order, PostingKind, Reservation, ReservationRelease, ReservationRequest,
        Resolution, ReturnLine, ReturnMethod, ReturnReason, ReturnStatus, SalesOrderCancellation,
        SalesOrderList, StockLevelList, Timestamp,
    },
    protocol::EventType,
};

use super::*;
use crate::{
    test_stage::{Played, Stage},
    world::testing::{call, document, line, order, world},
};

pub(super) const SHIRT: &str = "linen-shirt-t";
pub(super) const SOCKS: &str = "cotton-socks-t";

pub(super) type Answered = Played<Result<Value, Problem>>;

pub(super) fn stage() -> Stage<Erp> {
    Stage::new(Erp::new(&world()))
}

pub(super) fn open(stage: &mut Stage<Erp>, node: &str, sku: &str, units: u32) {
    let played = stage.act(|erp, scene| erp.open_stock(scene, &node.into(), &sku.into(), units));
    let opened = Effect::StockOpened { node_id: node.into(), sku: sku.into(), quantity: units.into() };
    assert_eq!(played.booked(), [&opened]);
}

pub(super) fn reserve(stage: &mut Stage<Erp>, order: &str, wanted: &[(&str, u32)]) -> Answered {
    let lines = wanted.iter().enumerate().map(|(index, (sku, quantity))| ItemQuantity {
        line_id: line(index + 1),
        sku: (*sku).into(),
        quantity: *quantity,
    });
    let body = ReservationRequest {
        order_number: order.into(),
        lines: lines.collect(),
        node_id: None,
        exclude_nodes: Vec::new(),
        allow_backorder: false,
        cause: None,
    };
    call(stage, operations::CREATE_RESERVATION, &[], body)
}

pub(super) fn release(
    stage: &mut Stage<Erp>,
    reservation: &str,
    order: &str,
    lines: &[ReservedLine],
) -> Answered {
    let body = ReservationRelease {
        backordered: Vec::new(),
        order_number: order.into(),
        lines: lines.to_vec(),
        cause: "cancel-1".to_owned(),
    };
    call(stage, operations::RELEASE_RESERVATION, &[("reservation_id", reservation)], body)
}

pub(super) fn issue(order: &str, number: usize, sku: &str, node: &str, units: i64) -> InventoryMovement {
    InventoryMovement {
        movement_id: format!("mv-{order}-{number}").into(),
        order_number: Some(order.into()),
        line_id: Some(line(number)),
        node_id: node.into(),
        sku: sku.into(),
        condition: StockCondition::Sellable,
        quantity: -units,
        reason: MovementReason::GoodsIssue,
        cause: "sh-1".to_owned(),
    }
}

pub(super) fn post(stage: &mut Stage<Erp>, movement: &InventoryMovement) -> Answered {
    call(stage, operations::POST_INVENTORY_MOVEMENT, &[], movement)
}

fn places(played: &Answered) -> Vec<(String, u32)> {
    let reservation: Reservation = document(played);
    reservation.lines.iter().map(|line| (line.node_id.to_string(), line.quantity)).collect()
}

fn sales_order(order: &Order) -> SalesOrder {
    SalesOrder {
        erp_document: None,
        order_number: order.order_number.clone(),
        sales_channel: order.sales_channel,
        channel_order_id: order.channel_order_id.clone(),
        customer_ref: order.customer_ref.clone(),
        currency: order.currency,
        lines: order
            .lines
            .iter()
            .map(|line| ItemQuantity {
                line_id: line.line_id.clone(),
                sku: line.sku.clone(),
                quantity: line.quantity,
            })
            .collect(),
        total: order.total,
        total_tax: Money::new(order.value().tax, order.currency),
        settlement: None,
        tax_terms: None,
    }
}

/// An ERP that booked an order of two shirts and a pair of socks.
pub(super) fn booked() -> (Stage<Erp>, SalesOrder) {
    let mut stage = stage();
    let order = order("W-1", &[("linen shirt", 2), ("cotton socks", 1)]);
    let played = call(&mut stage, operations::CREATE_SALES_ORDER, &[], sales_order(&order));
    (stage, document(&played))
}

fn found(stage: &mut Stage<Erp>, channel: &str, reference: &str) -> Vec<SalesOrder> {
    let parameters = [("sales_channel", channel), ("channel_order_id", reference)];
    let list: SalesOrderList =
        document(&call(stage, operations::FIND_SALES_ORDERS, &parameters, Value::Null));
    list.items
}

fn quantity(number: usize, quantity: u32) -> LineQuantity {
    LineQuantity { line_id: line(number), quantity }
}

fn cancel(stage: &mut Stage<Erp>, lines: &[LineQuantity]) -> Answered {
    let body = SalesOrderCancellation {
        order_number: "W-1".into(),
        cancellation_id: "cancel-1".to_owned(),
        lines: lines.to_vec(),
        reason: "customer changed their mind".to_owned(),
    };
    call(stage, operations::CANCEL_SALES_ORDER_LINES, &[("erp_document", "so-W-1-1")], body)
}

pub(super) fn invoice(amount: i64, tax: i64, lines: &[LineQuantity]) -> Invoice {
    Invoice {
        erp_document: None,
        order_number: "W-1".into(),
        shipment_id: "sh-1".into(),
        lines: lines.to_vec(),
        amount: Money::new(amount, Currency::EUR),
        tax: Money::new(tax, Currency::EUR),
        contributions: Vec::new(),
        settlement: None,
        deferred: None,
        business_date: None,
        posting_date: None,
        posting: None,
    }
}

pub(super) fn post_invoice(stage: &mut Stage<Erp>, invoice: &Invoice) -> Answered {
    call(stage, operations::POST_INVOICE, &[], invoice)
}

#[test]
fn books_and_acknowledges_a_sales_order() {
    let mut stage = stage();
    let order = order("W-1", &[("linen shirt", 2)]);
    let played = call(&mut stage, operations::CREATE_SALES_ORDER, &[], sales_order(&order));
    let booked: SalesOrder = document(&played);
    assert_eq!(booked.erp_document, Some("so-W-1-1".into()));
    assert_eq!(played.booked(), [&Effect::SalesOrderBooked { sales_order: booked.clone() }]);
    assert_eq!(played.events[0].data.event_type(), EventType::SalesOrderAcknowledged);
    assert_eq!(played.events[0].correlation.as_str(), "chain");
    assert_eq!(stage.core.sales_orders(&"W-1".into()), std::slice::from_ref(&booked));
    assert_eq!(found(&mut stage, "web", "web-W-1"), [booked]);
    assert_eq!(found(&mut stage, "mobile", "web-W-1"), []);
    assert_eq!(found(&mut stage, "web", "web-W-2"), []);
}

#[test]
fn books_the_same_external_reference_twice() {
    let (mut stage, first) = booked();
    let again = SalesOrder { erp_document: None, ..first.clone() };
    let second: SalesOrder = document(&call(&mut stage, operations::CREATE_SALES_ORDER, &[], again));
    assert_ne!(first.erp_document, second.erp_document);
    assert_eq!(found(&mut stage, "web", "web-W-1"), [first, second]);
}

#[test]
fn refuses_sales_orders_that_contradict_themselves() {
    let good = sales_order(&order("W-1", &[("linen shirt", 2), ("cotton socks", 1)]));
    let refusal = |change: fn(&mut SalesOrder)| {
        let mut changed = good.clone();
        change(&mut changed);
        call(&mut stage(), operations::CREATE_SALES_ORDER, &[], changed).refusal()
    };
    assert_eq!(refusal(|_| ()), "");
    assert_eq!(refusal(|order| order.lines[1].line_id = order.lines[0].line_id.clone()), "business-rule");
    assert_eq!(refusal(|order| order.total_tax.currency = Currency::USD), "business-rule");
    assert_eq!(refusal(|order| order.total.currency = Currency::USD), "business-rule");
}

#[test]
fn cancels_never_more_than_is_open() {
    let (mut stage, _) = booked();
    assert_eq!(cancel(&mut stage, &[quantity(1, 3)]).refusal(), "illegal-state");
    assert_eq!(cancel(&mut stage, &[quantity(3, 1)]).refusal(), "business-rule");
    assert_eq!(cancel(&mut stage, &[quantity(2, 1), quantity(1, 3)]).refusal(), "illegal-state");
    let left: SalesOrder = document(&cancel(&mut stage, &[quantity(1, 1), quantity(2, 1)]));
    assert_eq!(left.lines.len(), 1);
    assert_eq!((&left.lines[0].line_id, left.lines[0].quantity), (&line(1), 1));
    assert_eq!(stage.core.sales_orders(&"W-1".into()), [left]);
    assert_eq!(cancel(&mut stage, &[quantity(2, 1)]).refusal(), "illegal-state");
    assert_eq!(post_invoice(&mut stage, &invoice(4990, 797, &[quantity(1, 1)])).refusal(), "");
    assert_eq!(cancel(&mut stage, &[quantity(1, 1)]).refusal(), "illegal-state");
}

#[test]
fn a_sales_order_can_be_canceled_to_nothing() {
    let (mut stage, _) = booked();
    let left: SalesOrder = document(&cancel(&mut stage, &[quantity(1, 2), quantity(2, 1)]));
    assert_eq!(left.lines, []);
    assert_eq!(found(&mut stage, "web", "web-W-1"), [left]);
}

#[test]
fn cancels_only_what_belongs_together() {
    let (mut stage, _) = booked();
    let body = SalesOrderCancellation {
        order_number: "W-2".into(),
        cancellation_id: "cancel-1".to_owned(),
        lines: vec![quantity(1, 1)],
        reason: "mistake".to_owned(),
    };
    let mut refusal = |document: &str| {
        let parameters = [("erp_document", document)];
        call(&mut stage, operations::CANCEL_SALES_ORDER_LINES, &parameters, &body).refusal()
    };
    assert_eq!(refusal("so-W-1-1"), "business-rule");
    assert_eq!(refusal("so-W-1-2"), "not-found");
}

#[test]
fn reserves_at_one_node_if_one_has_everything() {
    let mut stage = stage();
    open(&mut stage, "dc-north", SHIRT, 5);
    open(&mut stage, "dc-south", SHIRT, 5);
    open(&mut stage, "dc-south", SOCKS, 5);
    let played = reserve(&mut stage, "W-1", &[(SHIRT, 2), (SOCKS, 1)]);
    assert_eq!(places(&played), [("dc-south".to_owned(), 2), ("dc-south".to_owned(), 1)]);
    let played = reserve(&mut stage, "W-2", &[(SHIRT, 2)]);
    assert_eq!(places(&played), [("dc-north".to_owned(), 2)]);
    let level = stage.core.stock(&SHIRT.into(), &"dc-south".into());
    assert_eq!((level.on_hand, level.reserved), (5, 2));
    assert_eq!(stage.core.available(&SHIRT.into(), &"dc-south".into()), 3);
}

#[test]
fn splits_lines_before_units_and_warehouses_before_stores() {
    let mut stage = stage();
    open(&mut stage, "store-12", SHIRT, 9);
    open(&mut stage, "dc-north", SHIRT, 2);
    open(&mut stage, "dc-south", SHIRT, 3);
    open(&mut stage, "dc-north", SOCKS, 1);
    let played = reserve(&mut stage, "W-1", &[(SHIRT, 3), (SOCKS, 1)]);
    assert_eq!(places(&played), [("dc-south".to_owned(), 3), ("dc-north".to_owned(), 1)]);
    let played = reserve(&mut stage, "W-2", &[(SHIRT, 10)]);
    assert_eq!(places(&played), [("dc-north".to_owned(), 2), ("store-12".to_owned(), 8)]);
}

#[test]
fn reserves_all_lines_or_none() {
    let mut stage = stage();
    open(&mut stage, "dc-north", SHIRT, 1);
    open(&mut stage, "dc-south", SHIRT, 1);
    open(&mut stage, "outlet-3", SHIRT, 7);
    open(&mut stage, "dc-north", SOCKS, 9);
    let refused = reserve(&mut stage, "W-1", &[(SOCKS, 1), (SHIRT, 3)]);
    assert_eq!(refused.refusal(), "insufficient-stock");
    assert!(refused.answer.unwrap_err().detail.contains("2 of 3 units of linen-shirt-t"));
    assert_eq!(stage.core.reserved_for(&"W-1".into()), []);
    let twice = reserve(&mut stage, "W-1", &[(SHIRT, 1), (SHIRT, 2)]);
    assert_eq!(twice.refusal(), "insufficient-stock");
    assert_eq!(places(&reserve(&mut stage, "W-1", &[(SHIRT, 1), (SHIRT, 1)])).len(), 2);
}

#[test]
fn releases_never_more_than_is_claimed() {
    let mut stage = stage();
    open(&mut stage, "dc-north", SHIRT, 3);
    let claimed: Reservation = document(&reserve(&mut stage, "W-1", &[(SHIRT, 3)]));
    let id = claimed.reservation_id.as_str();
    let one = vec![ReservedLine { quantity: 1, ..claimed.lines[0].clone() }];
    assert_eq!(release(&mut stage, "rsv-9", "W-1", &one).refusal(), "not-found");
    assert_eq!(release(&mut stage, id, "W-2", &one).refusal(), "business-rule");
    let left: Reservation = document(&release(&mut stage, id, "W-1", &one));
    assert_eq!(left.lines[0].quantity, 2);
    assert_eq!(release(&mut stage, id, "W-1", &claimed.lines).refusal(), "illegal-state");
    let twice = [left.lines.clone(), one].concat();
    assert_eq!(release(&mut stage, id, "W-1", &twice).refusal(), "illegal-state");
    assert_eq!(release(&mut stage, id, "W-1", &left.lines).refusal(), "");
    assert_eq!(stage.core.available(&SHIRT.into(), &"dc-north".into()), 3);
}

#[test]
fn a_goods_issue_uses_up_the_claim_of_its_line() {
    let mut stage = stage();
    open(&mut stage, "dc-north", SHIRT, 5);
    reserve(&mut stage, "W-1", &[(SHIRT, 2), (SHIRT, 1)]);
    let movement = issue("W-1", 1, SHIRT, "dc-north", 2);
    let played = post(&mut stage, &movement);
    let consumed = match played.booked()[..] {
        [Effect::StockMoved { movement: booked }, Effect::ReservationConsumed { release }] => {
            assert_eq!(*booked, movement);
            release.clone()
        }
        ref other => panic!("{other:?}"),
    };
    assert_eq!((consumed.lines.len(), consumed.lines[0].quantity), (1, 2));
    assert_eq!(consumed.cause, movement.cause);
    let left = stage.core.reserved_for(&"W-1".into());
    assert_eq!((left.len(), &left[0].line_id), (1, &line(2)));
    let level = stage.core.stock(&SHIRT.into(), &"dc-north".into());
    assert_eq!((level.on_hand, level.reserved), (3, 1));
}

#[test]
fn books_issues_twice_and_without_claim_but_never_below_zero() {
    let mut stage = stage();
    open(&mut stage, "dc-north", SHIRT, 3);
    reserve(&mut stage, "W-1", &[(SHIRT, 1)]);
    let movement = issue("W-1", 1, SHIRT, "dc-north", 2);
    assert_eq!(post(&mut stage, &movement).effects.len(), 2);
    assert_eq!(post(&mut stage, &movement).refusal(), "insufficient-stock");
    let smaller = InventoryMovement { quantity: -1, ..movement };
    assert_eq!(post(&mut stage, &smaller).booked(), [&Effect::StockMoved { movement: smaller.clone() }]);
    assert_eq!(stage.core.on_hand(&SHIRT.into(), &"dc-north".into()), 0);
}

#[test]
fn keeps_conditions_apart_and_directions_straight() {
    let mut stage = stage();
    let mut back = InventoryMovement {
        reason: MovementReason::CustomerReturn,
        condition: StockCondition::Outlet,
        ..issue("W-1", 1, SHIRT, "store-12", -2)
    };
    assert_eq!(post(&mut stage, &back).refusal(), "");
    let level = stage.core.stock(&SHIRT.into(), &"store-12".into());
    assert_eq!((level.on_hand, level.not_sellable), (0, 2));
    assert_eq!(stage.core.units(&SHIRT.into(), &"store-12".into(), StockCondition::Outlet), 2);
    let levels: StockLevelList =
        document(&call(&mut stage, operations::READ_STOCK, &[("sku", SHIRT)], Value::Null));
    assert_eq!(levels.items, [level]);
    assert_eq!(reserve(&mut stage, "W-2", &[(SHIRT, 1)]).refusal(), "insufficient-stock");
    back.quantity = -2;
    assert_eq!(post(&mut stage, &back).refusal(), "business-rule");
    assert_eq!(post(&mut stage, &issue("W-1", 1, SHIRT, "store-12", -1)).refusal(), "business-rule");
}

#[test]
fn postings_balance_and_credit_memos_reverse_them() {
    let (mut stage, _) = booked();
    let played = post_invoice(&mut stage, &invoice(10_000, 1_597, &[quantity(1, 2)]));
    assert_eq!(played.effects.len(), 2);
    let memo = CreditMemo {
        erp_document: None,
        order_number: "W-1".into(),
        receipt_id: "dock-1".into(),
        lines: vec![quantity(1, 2)],
        amount: Money::new(10_000, Currency::EUR),
        tax: Money::new(1_597, Currency::EUR),
        contributions: Vec::new(),
        retained: None,
        shipping: None,
        settlement: None,
        deferred: None,
        business_date: None,
        posting_date: None,
        posting: None,
    };
    let posted: CreditMemo = document(&call(&mut stage, operations::POST_CREDIT_MEMO, &[], memo));
    assert_eq!(posted.erp_document, Some("cm-W-1-1".into()));
    let postings = stage.core.postings(&"W-1".into());
    let kinds: Vec<PostingKind> = postings.iter().map(|posting| posting.kind).collect();
    assert_eq!(kinds, [PostingKind::Invoice, PostingKind::CreditMemo]);
    let mut balances: BTreeMap<&str, i64> = BTreeMap::new();
    for posting in postings {
        let sides = posting.lines.iter().fold((0, 0), |sum, line| (sum.0 + line.debit, sum.1 + line.credit));
        assert_eq!(sides, (10_000, 10_000));
        for line in &posting.lines {
            *balances.entry(&line.account).or_default() += line.debit - line.credit;
        }
    }
    assert_eq!(balances, BTreeMap::from([("receivable", 0), ("revenue", 0), ("tax_payable", 0)]));
    assert_eq!(stage.core.credit_memos(&"W-1".into()), [posted]);
}

#[test]
fn writes_off_what_is_given_up_and_takes_back_no_more_than_that() {
    let (mut stage, _) = booked();
    let mut write_off = |id: &str, kind: &str, amount: i64| {
        let body = serde_json::json!({
            "write_off_id": id, "order_number": "W-1", "refund_id": "RF-1", "kind": kind,
            "amount": { "amount": amount, "currency": "EUR" }, "cause": "RMA-1",
        });
        let played = call(&mut stage, operations::POST_WRITE_OFF, &[], body);
        (played.refusal(), stage.core.written_off(&"W-1".into()))
    };
    assert_eq!(write_off("WO-1", "written_off", 5_000), (String::new(), 5_000));
    assert_eq!(write_off("WO-2", "recovered", 5_001), ("business-rule".to_owned(), 5_000));
    assert_eq!(write_off("WO-3", "recovered", 2_000), (String::new(), 3_000));
}

#[test]
fn refuses_money_that_does_not_belong_to_an_order() {
    let (mut stage, _) = booked();
    let good = invoice(10_000, 1_597, &[quantity(1, 2)]);
    let mut refusal = |change: fn(&mut Invoice)| {
        let mut changed = good.clone();
        change(&mut changed);
        post_invoice(&mut stage, &changed).refusal()
    };
    assert_eq!(refusal(|invoice| invoice.order_number = "W-2".into()), "business-rule");
    assert_eq!(refusal(|invoice| invoice.lines[0].line_id = line(9)), "business-rule");
    assert_eq!(refusal(|invoice| invoice.tax.amount = 10_001), "business-rule");
    assert_eq!(refusal(|invoice| invoice.amount.currency = Currency::USD), "business-rule");
    let more_than_untaxed = |invoice: &mut Invoice| invoice.deferred = Some(Money::new(8_404, Currency::EUR));
    assert_eq!(refusal(more_than_untaxed), "business-rule");
    let in_dollars = |invoice: &mut Invoice| invoice.deferred = Some(Money::new(1, Currency::USD));
    assert_eq!(refusal(in_dollars), "business-rule");
    assert_eq!(refusal(|_| ()), "");
}

#[test]
fn what_gift_cards_are_sold_for_is_owed_and_no_revenue() {
    let (mut stage, _) = booked();
    let mut sale = invoice(10_000, 0, &[quantity(1, 2)]);
    sale.deferred = Some(sale.amount);
    assert_eq!(post_invoice(&mut stage, &sale).refusal(), "");
    let postings = stage.core.postings(&"W-1".into());
    let lines = postings.iter().flat_map(|posting| &posting.lines);
    let booked: BTreeMap<&str, i64> =
        lines.map(|line| (line.account.as_str(), line.debit - line.credit)).collect();
    assert_eq!(
        booked,
        BTreeMap::from([("gift_card_liability", -10_000), ("receivable", 10_000), ("revenue", 0)])
    );
}

#[test]
fn books_returns_of_orders_that_it_knows() {
    let (mut stage, _) = booked();
    let lines = vec![ReturnLine {
        line_id: line(1),
        sku: SHIRT.into(),
        quantity: 1,
        reason: ReturnReason::SizeSmall,
    }];
    let authorization = ReturnAuthorization {
        rma_id: "rma-1".into(),
        order_number: "W-1".into(),
        method: ReturnMethod::Mail,
        resolution: Resolution::Refund,
        status: ReturnStatus::Approved,
        gift_recipient_ref: None,
        lines: lines.clone(),
        expires_at: Timestamp::UNIX_EPOCH,
        tracking_number: None,
        exchange_id: None,
        held_receipt_id: None,
        advance_refund: None,
    };
    let receipt = ReturnReceipt {
        receipt_id: "dock-1".into(),
        order_number: "W-1".into(),
        rma_id: Some("rma-1".into()),
        node_id: "dc-north".into(),
        received_at: Timestamp::UNIX_EPOCH,
        resolution: None,
        gift_recipient_ref: None,
        lines,
        grades: vec![InspectedLine {
            line_id: line(1),
            sku: SHIRT.into(),
            quantity: 1,
            grade: ConditionGrade::A,
            acceptance: Acceptance::Accepted,
        }],
        exchange: None,
        serials: Vec::new(),
        unexpected: Vec::new(),
        shipment_id: None,
        till_reference: None,
    };
    let authorize = |stage: &mut Stage<Erp>, body: &ReturnAuthorization| {
        call(stage, operations::CREATE_RETURN_AUTHORIZATION, &[], body)
    };
    let authorized = authorize(&mut stage, &authorization);
    assert_eq!(authorized.booked(), [&Effect::ReturnAuthorized { authorization: authorization.clone() }]);
    let unknown = ReturnAuthorization { order_number: "W-2".into(), ..authorization.clone() };
    assert_eq!(authorize(&mut stage, &unknown).refusal(), "business-rule");
    let received = call(&mut stage, operations::POST_RETURN_RECEIPT, &[], &receipt);
    assert_eq!(received.booked(), [&Effect::ReturnReceiptBooked { receipt: receipt.clone() }]);
    let unknown = ReturnReceipt { order_number: "W-2".into(), ..receipt.clone() };
    assert_eq!(call(&mut stage, operations::POST_RETURN_RECEIPT, &[], unknown).refusal(), "business-rule");
    assert_eq!(stage.core.return_authorizations(&"W-1".into()), [authorization]);
    assert_eq!(stage.core.return_receipts(&"W-1".into()), [receipt]);
}
