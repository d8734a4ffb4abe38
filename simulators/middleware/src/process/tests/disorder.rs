//! Messages that come early, late or while something is under way.

use super::*;

#[test]
fn a_refund_waits_for_the_capture_that_it_gives_back() {
    let mut stage = Stage::released(plain());
    stage.silent.extend(["capturePayment", "commitTax", "postInvoice", "postInventoryMovement"]);
    stage.ship("S1", &[("A", 2), ("B", 1)]);
    let decision = stage
        .store_return(receipt("R1", vec![returned("B", 1)], vec![graded("B", 1, ConditionGrade::A)]))
        .unwrap();
    assert_eq!(decision.refunds[0].amount, eur(2000));
    for operation in ["refundPayment", "postCreditMemo", "notifyRefund"] {
        assert!(stage.calls(operation).is_empty(), "{operation}");
    }
    stage.silent.clear();
    stage.run();
    assert_eq!(stage.amounts("refundPayment"), [2000]);
    assert_eq!(stage.calls("postCreditMemo").len(), 1);
    assert_eq!(stage.calls("commitTax").len(), 2);
    let quantities: Vec<i64> =
        stage.calls("postInventoryMovement").iter().map(|body| body["quantity"].as_i64().unwrap()).collect();
    assert_eq!(quantities, [-2, -1, 1]);
}

#[test]
fn grades_before_their_receipt_wait_for_it() {
    let mut stage = Stage::released(plain());
    stage.ship("S1", &[("A", 2), ("B", 1)]);
    let inspection = Inspection {
        receipt_id: "R1".into(),
        order_number: "W-1".into(),
        node_id: "dc-north".into(),
        lines: vec![graded("B", 1, ConditionGrade::A)],
    };
    stage.event(EventData::ReturnInspected(inspection));
    assert!(stage.process().refunds.is_empty());
    stage.event(EventData::ReturnReceived(receipt("R1", vec![returned("B", 1)], vec![])));
    stage.event(EventData::ReturnReceived(receipt("R1", vec![returned("B", 1)], vec![])));
    stage.run();
    assert_eq!(stage.amounts("refundPayment"), [2000]);
    assert!(stage.letters.is_empty());
}

#[test]
fn scans_before_the_parcel_left_count_once_it_has() {
    let mut stage = Stage::released(plain());
    let packed =
        Shipment { tracking_number: None, ..stage.shipment("S1", "dc-north", &[("A", 2), ("B", 1)]) };
    stage.event(EventData::ShipmentPacked(packed.clone()));
    stage.run();
    stage.scan("S1", ScanCode::Delivered);
    assert_eq!(stage.status(), OrderStatus::Accepted);
    stage.ship("S1", &[("A", 2), ("B", 1)]);
    assert_eq!(stage.status(), OrderStatus::Delivered);
    stage.event(EventData::ShipmentPacked(packed));
    stage.run();
    assert_eq!(stage.status(), OrderStatus::Delivered);
    assert_eq!(stage.calls("createLabel").len(), 1);
}

#[test]
fn a_parcel_without_a_packed_event_leaves_all_the_same() {
    let mut stage = Stage::released(plain());
    stage.ship("S1", &[("A", 2), ("B", 1)]);
    let accepted = FulfillmentOrder {
        fulfillment_order_id: "fo-W-1-dc-north".into(),
        order_number: "W-1".into(),
        node_id: "dc-north".into(),
        ship_to: plain().ship_to,
        lines: vec![],
        status: FulfillmentStatus::Accepted,
        gift: false,
        pickup: false,
    };
    stage.event(EventData::FulfillmentOrderAccepted(accepted));
    stage.run();
    assert_eq!(stage.status(), OrderStatus::Shipped);
}

#[test]
fn updates_follow_one_another_even_when_the_channel_is_slow() {
    let mut stage = Stage::released(plain());
    stage.silent.push("updateOrderStatus");
    for (parcel, lines) in [("S1", [("A", 1)]), ("S2", [("A", 1)]), ("S3", [("B", 1)])] {
        stage.ship(parcel, &lines);
    }
    let waiting: Vec<&str> = stage
        .open
        .iter()
        .filter(|task| task.operation == "updateOrderStatus")
        .map(|task| task.key.as_str())
        .collect();
    assert_eq!(waiting, ["W-1.status.2"], "one at a time");
    stage.silent.clear();
    stage.run();
    let sequence = |operation: &str| -> Vec<u64> {
        stage.calls(operation).iter().map(|body| body["sequence"].as_u64().unwrap()).collect()
    };
    assert_eq!(sequence("updateOrderStatus"), (1..=4).collect::<Vec<_>>());
    assert_eq!(sequence("addTimelineEntry"), (1..=4).collect::<Vec<_>>());
}

#[test]
fn a_late_answer_to_a_task_that_is_over_changes_nothing() {
    let mut stage = Stage::released(plain());
    let task = stage.done[1].clone();
    let before = stage.process().clone();
    stage.finish(task);
    assert_eq!(*stage.process(), before);
}

#[test]
fn a_task_belongs_to_the_chain_of_what_it_is_about() {
    let mut stage = Stage::released(plain());
    let own = stage.process().chain.clone();
    stage.silent.push("capturePayment");
    stage.ship("S1", &[("A", 2), ("B", 1)]);
    let context = Context {
        now: stage.now,
        policy: &stage.policy,
        chain: Chain { correlation: "return-chain".into(), causation: "receipt-key".to_owned() },
        source: System::Pos,
        occurred_at: stage.now,
        defects: &Defects::default(),
    };
    let goods = receipt("R1", vec![returned("B", 1)], vec![graded("B", 1, ConditionGrade::A)]);
    decide(&mut stage.process, Input::ReceiveReturn(Box::new(goods)), &context).answer.unwrap();
    stage.silent.clear();
    stage.run();
    let refund = stage.done.iter().find(|task| task.operation == "refundPayment").unwrap();
    assert_eq!(refund.chain.correlation, "return-chain".into(), "though the capture's answer set it free");
    assert_eq!(refund.chain.causation, "receipt-key");
    let capture = stage.done.iter().find(|task| task.operation == "capturePayment").unwrap();
    assert_eq!(capture.chain.correlation, own.correlation);
}
