//! The returns dock: every unit gets one grade.

#![expect(clippy::unwrap_used, reason = "a test")]
use counterproof_contracts::{
    journal::Effect,
    model::{
        Acceptance, ConditionGrade, FoundItem, HeldGoods, HoldReason, InspectedLine, Resolution, ReturnLine,
        ReturnMethod, ReturnReason, ReturnStatus, SerializedUnit, Timestamp,
    },
};
use proptest::prelude::*;

use super::{
    tests::{SHIRT, SOCKS, attach, busy, pack, sku},
    *,
};
use crate::{
    test_stage::{Played, Stage},
    world::testing::{assert_tellable, call, document, line},
};

fn return_line(number: usize, sku: &str, quantity: u32) -> ReturnLine {
    ReturnLine { line_id: line(number), sku: sku.into(), quantity, reason: ReturnReason::SizeSmall }
}

fn authorization(lines: &[ReturnLine]) -> ReturnAuthorization {
    ReturnAuthorization {
        rma_id: "rma-1".into(),
        order_number: "W-1".into(),
        method: ReturnMethod::Mail,
        resolution: Resolution::Refund,
        status: ReturnStatus::Approved,
        gift_recipient_ref: None,
        lines: lines.to_vec(),
        expires_at: Timestamp::UNIX_EPOCH,
        tracking_number: None,
        exchange_id: None,
        held_receipt_id: None,
        advance_refund: None,
    }
}

/// A warehouse that shipped two shirts and three pairs of socks, and was told of a return of two and one.
fn expecting() -> Stage<Wms> {
    let mut stage = busy();
    let id = pack(&mut stage, &[], true).answer.unwrap();
    attach(&mut stage, id.as_str());
    let authorization = authorization(&[return_line(1, SHIRT, 2), return_line(2, SOCKS, 1)]);
    let played = call(&mut stage, operations::CREATE_RETURN_NOTICE, &[], &authorization);
    assert_eq!(document::<ReturnAuthorization>(&played), authorization);
    assert_eq!(played.booked(), [&Effect::ReturnNoticed { authorization: authorization.clone() }]);
    assert_eq!(
        call(&mut stage, operations::CREATE_RETURN_NOTICE, &[], &authorization).refusal(),
        "illegal-state"
    );
    stage
}

fn announced() -> Arrival {
    Arrival::Authorized("rma-1".into())
}

fn receive(
    stage: &mut Stage<Wms>,
    arrival: &Arrival,
    node: Option<&str>,
    items: &[(ItemRef, u32)],
) -> Played<Result<ReceiptId, ActionError>> {
    let node = node.map(NodeId::new);
    let before = stage.core.clone();
    let played = stage.act(|wms, scene| wms.receive_return(scene, arrival, node.as_ref(), items));
    if played.answer.is_err() {
        assert_eq!(before, stage.core);
        assert!(played.effects.is_empty() && played.events.is_empty());
    }
    played.events.iter().for_each(assert_tellable);
    played
}

fn inspect(
    stage: &mut Stage<Wms>,
    receipt: &ReceiptId,
    grades: &[(ItemRef, u32, ConditionGrade)],
) -> Played<Result<(), ActionError>> {
    let before = stage.core.clone();
    let played = stage.act(|wms, scene| wms.inspect(scene, receipt, grades));
    if played.answer.is_err() {
        assert_eq!(before, stage.core);
        assert!(played.effects.is_empty() && played.events.is_empty());
    }
    played.events.iter().for_each(assert_tellable);
    played
}

#[test]
fn an_undelivered_parcel_comes_back_with_all_that_was_in_it_and_is_not_rejected() {
    let mut stage = expecting();
    let shipment_id = stage.core.shipments(&"W-1".into()).next().unwrap().shipment_id.clone();
    let arrival = Arrival::Undelivered(shipment_id.clone());
    let played = stage.act(|wms, scene| wms.receive_return(scene, &arrival, None, &[]));
    let receipt_id = played.answer.unwrap();
    let receipt = stage.core.receipts(&"W-1".into()).next().unwrap().clone();
    assert_eq!((receipt.shipment_id, receipt.rma_id), (Some(shipment_id), None));
    assert_eq!(receipt.lines.iter().map(|line| line.quantity).sum::<u32>(), 5);
    assert!(receipt.lines.iter().all(|line| line.reason == ReturnReason::RefusedDelivery));
    let item = ItemRef::Line(receipt.lines[0].line_id.clone());
    let verdict = [(item, 1, ConditionGrade::D, Acceptance::Rejected)];
    let played = stage.act(|wms, scene| wms.judge(scene, &receipt_id, &verdict));
    assert!(matches!(played.answer, Err(ActionError::Impossible(_))));
    let nowhere = Arrival::Undelivered("sh-none".into());
    let played = stage.act(|wms, scene| wms.receive_return(scene, &nowhere, None, &[]));
    assert!(matches!(played.answer, Err(ActionError::NotThereYet(_))));
}

#[test]
fn receives_and_inspects_what_was_announced() {
    let mut stage = expecting();
    let played = receive(&mut stage, &announced(), None, &[]);
    let receipt = stage.core.receipts(&"W-1".into()).next().unwrap().clone();
    assert_eq!(played.answer.as_ref(), Ok(&receipt.receipt_id));
    assert_eq!(receipt.receipt_id.as_str(), "dock-W-1-1");
    assert_eq!((receipt.node_id.as_str(), receipt.lines.len()), ("dc-north", 2));
    assert_eq!(played.booked(), [&Effect::GoodsReturned { receipt: receipt.clone() }]);
    assert_eq!(played.events[0].data, EventData::ReturnReceived(receipt.clone()));
    assert_eq!(played.events[0].correlation.as_str(), "chain");

    let grades = [
        (sku(SHIRT), 1, ConditionGrade::A),
        (sku(SHIRT), 1, ConditionGrade::D),
        (sku(SOCKS), 1, ConditionGrade::B),
    ];
    let played = inspect(&mut stage, &receipt.receipt_id, &grades);
    let inspection = stage.core.inspections(&"W-1".into()).next().unwrap().clone();
    let units: Vec<(u32, ConditionGrade)> =
        inspection.lines.iter().map(|line| (line.quantity, line.grade)).collect();
    assert_eq!(units, [(1, ConditionGrade::A), (1, ConditionGrade::D), (1, ConditionGrade::B)]);
    assert_eq!(played.booked(), [&Effect::GoodsInspected { inspection: inspection.clone() }]);
    assert_eq!(played.events[0].data, EventData::ReturnInspected(inspection));
    assert!(inspect(&mut stage, &receipt.receipt_id, &grades).answer.is_err());
}

#[test]
fn takes_parts_and_more_than_was_announced() {
    let mut stage = expecting();
    let some = receive(&mut stage, &announced(), Some("dc-south"), &[(sku(SOCKS), 1)]).answer.unwrap();
    let more = receive(&mut stage, &announced(), None, &[(sku(SHIRT), 3)]).answer.unwrap();
    let receipts: Vec<&ReturnReceipt> = stage.core.receipts(&"W-1".into()).collect();
    assert_eq!([&receipts[0].receipt_id, &receipts[1].receipt_id], [&some, &more]);
    assert_eq!(receipts[0].node_id.as_str(), "dc-south");
    assert_eq!(receipts[1].lines, [return_line(1, SHIRT, 3)]);
    let foreign = receive(&mut stage, &announced(), None, &[(sku("gift-box-t"), 1)]).answer.unwrap();
    let strange = stage.core.receipts(&"W-1".into()).find(|receipt| receipt.receipt_id == foreign).unwrap();
    assert_eq!(strange.unexpected.len(), 1, "what belongs to no line is kept as found");
    assert!(receive(&mut stage, &announced(), Some("outlet-3"), &[]).answer.is_err());
}

#[test]
fn takes_goods_that_nobody_announced() {
    let mut stage = expecting();
    let arrival = Arrival::Unannounced { order: "W-1".into(), reason: ReturnReason::RefusedDelivery };
    let played = receive(&mut stage, &arrival, None, &[]);
    assert_eq!(played.events[0].correlation.as_str(), "customer");
    let receipt = stage.core.receipts(&"W-1".into()).next().unwrap();
    assert_eq!(receipt.rma_id, None);
    let came: Vec<(u32, ReturnReason)> =
        receipt.lines.iter().map(|line| (line.quantity, line.reason)).collect();
    assert_eq!(came, [(2, ReturnReason::RefusedDelivery), (3, ReturnReason::RefusedDelivery)]);
}

#[test]
fn waits_for_notices_and_for_goods_to_leave_first() {
    let mut stage = busy();
    let unannounced = Arrival::Unannounced { order: "W-1".into(), reason: ReturnReason::RefusedDelivery };
    for (arrival, reason) in [
        (announced(), "the dock was not told of rma-1 yet"),
        (unannounced, "nothing of order W-1 has left yet"),
    ] {
        let error = receive(&mut stage, &arrival, None, &[]).answer.unwrap_err();
        assert!(error.may_come_later());
        assert_eq!(error.to_string(), reason);
    }
}

#[test]
fn grades_cover_what_came_exactly() {
    let mut stage = expecting();
    let receipt = receive(&mut stage, &announced(), None, &[(sku(SHIRT), 2)]).answer.unwrap();
    let mut reason = |grades: &[(ItemRef, u32, ConditionGrade)]| {
        inspect(&mut stage, &receipt, grades).answer.unwrap_err().to_string()
    };
    assert_eq!(reason(&[(sku(SHIRT), 1, ConditionGrade::A)]), "1 units of linen-shirt-t have no grade");
    assert_eq!(
        reason(&[(sku(SHIRT), 3, ConditionGrade::A)]),
        "1 more units of linen-shirt-t are graded than came"
    );
    let unknown = inspect(&mut stage, &"dock-9".into(), &[]).answer.unwrap_err();
    assert!(!unknown.may_come_later());
}

/// A clerk finds out that goods which are held under a receipt belong to the order.
fn assign(stage: &mut Stage<Wms>, held: &ReceiptId, lines: &[ReturnLine]) -> ReceiptId {
    let found = ReturnAuthorization {
        rma_id: "rma-2".into(),
        held_receipt_id: Some(held.clone()),
        ..authorization(lines)
    };
    assert_eq!(stage.core.assigned_from(held, &"W-1".into()), None);
    assert_eq!(call(stage, operations::CREATE_RETURN_NOTICE, &[], &found).refusal(), "");
    stage.core.assigned_from(held, &"W-1".into()).unwrap().clone()
}

fn hold(stage: &mut Stage<Wms>, receipt: &ReceiptId, line_id: Option<LineId>) {
    let goods = HeldGoods {
        receipt_id: receipt.clone(),
        order_number: "W-1".into(),
        node_id: "dc-north".into(),
        reason: HoldReason::OverReceipt,
        lines: vec![FoundItem { line_id, sku: SHIRT.into(), quantity: 1 }],
    };
    let path = [("receipt_id", receipt.as_str())];
    assert_eq!(call(stage, operations::HOLD_RETURNED_GOODS, &path, &goods).refusal(), "");
}

#[test]
fn what_a_clerk_found_an_order_for_is_graded_once() {
    let mut stage = expecting();
    let came = receive(&mut stage, &announced(), None, &[(sku(SHIRT), 3)]).answer.unwrap();
    hold(&mut stage, &came, Some(line(1)));
    let assigned = assign(&mut stage, &came, &[return_line(1, SHIRT, 1)]);
    assert_eq!(stage.core.to_grade(&came), [return_line(1, SHIRT, 2)]);
    assert_eq!(stage.core.to_grade(&assigned), [return_line(1, SHIRT, 1)]);
}

/// The warehouse of [`expecting`] with two shirts in a parcel, which have serial numbers.
fn serialized() -> (Stage<Wms>, Vec<SerializedUnit>) {
    let mut stage = expecting();
    let unit = |serial: &str| SerializedUnit { line_id: line(1), serial: serial.into() };
    let scanned = vec![unit("SN-1"), unit("SN-2")];
    let parcel = stage.core.shipments(&"W-1".into()).next().unwrap().shipment_id.clone();
    stage.core.parcels.get_mut(&parcel).unwrap().shipment.serials = scanned.clone();
    (stage, scanned)
}

#[test]
fn serial_numbers_go_with_the_units_that_a_clerk_assigns() {
    let (mut stage, scanned) = serialized();
    let came = receive(&mut stage, &announced(), None, &[(sku(SHIRT), 2)]).answer.unwrap();
    hold(&mut stage, &came, Some(line(1)));
    let assigned = assign(&mut stage, &came, &[return_line(1, SHIRT, 1)]);
    let serials = |id: &ReceiptId| stage.core.arrivals.get(id).unwrap().receipt.serials.clone();
    assert_eq!(serials(&came), scanned[..1]);
    assert_eq!(serials(&assigned), scanned[1..]);
}

#[test]
fn there_is_nothing_to_grade_where_all_waits_for_a_clerk() {
    let mut stage = expecting();
    let only_socks =
        ReturnAuthorization { rma_id: "rma-3".into(), ..authorization(&[return_line(2, SOCKS, 1)]) };
    call(&mut stage, operations::CREATE_RETURN_NOTICE, &[], &only_socks);
    let arrival = Arrival::Authorized("rma-3".into());
    let came = receive(&mut stage, &arrival, None, &[(sku(SHIRT), 1)]).answer.unwrap();
    let refused = inspect(&mut stage, &came, &[]).answer.unwrap_err();
    assert_eq!(refused.to_string(), "all goods of dock-W-1-1 wait for a clerk");
}

proptest! {
    #[test]
    fn every_unit_that_came_gets_one_grade(shirts in 1..6_u32, first in 0..6_u32, socks in 1..4_u32) {
        let mut stage = expecting();
        let receipt = receive(&mut stage, &announced(), None, &[(sku(SHIRT), shirts), (sku(SOCKS), socks)]);
        let first = first.min(shirts);
        let grades = [
            (sku(SHIRT), first, ConditionGrade::A),
            (ItemRef::Line(line(1)), shirts - first, ConditionGrade::C),
            (sku(SOCKS), socks, ConditionGrade::B),
        ];
        prop_assert_eq!(inspect(&mut stage, &receipt.answer.unwrap(), &grades).answer, Ok(()));
        let inspection = stage.core.inspections(&"W-1".into()).next().unwrap();
        let units = |fits: fn(&InspectedLine) -> bool| {
            inspection.lines.iter().filter(|line| fits(line)).map(|line| line.quantity).sum::<u32>()
        };
        prop_assert_eq!(units(|line| line.sku.as_str() == SHIRT), shirts);
        prop_assert_eq!(units(|line| line.grade == ConditionGrade::A), first);
        prop_assert_eq!(units(|line| line.sku.as_str() == SOCKS), socks);
        prop_assert!(inspection.lines.iter().all(|line| line.quantity > 0));
    }
}
