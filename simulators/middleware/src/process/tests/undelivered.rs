//! Parcels that never reach the customer.

use super::*;

/// Both units of A in one parcel, which carries the shipping, and B in another.
fn shipped() -> Stage {
    let mut stage = Stage::released(plain());
    stage.ship("S1", &[("A", 2)]);
    stage.ship("S2", &[("B", 1)]);
    stage
}

fn undelivered(id: &str, shipment: &str, line: &str, quantity: u32) -> ReturnReceipt {
    let lines = vec![ReturnLine { reason: ReturnReason::RefusedDelivery, ..returned(line, quantity) }];
    ReturnReceipt {
        shipment_id: Some(shipment.into()),
        node_id: "dc-north".into(),
        ..receipt(id, lines, Vec::new())
    }
}

impl Stage {
    fn receive(&mut self, told: ReturnReceipt) {
        self.event(EventData::ReturnReceived(told));
        self.run();
    }

    fn inspect(&mut self, receipt: &str, lines: Vec<InspectedLine>) {
        let inspection = Inspection {
            receipt_id: receipt.into(),
            order_number: "W-1".into(),
            node_id: "dc-north".into(),
            lines,
        };
        self.event(EventData::ReturnInspected(inspection));
        self.run();
    }

    fn counted(&self, line: &str) -> state::Counts {
        self.process().counts(&line.into())
    }
}

#[test]
fn a_refused_parcel_is_paid_back_with_its_shipping_once_it_is_graded() {
    let mut stage = shipped();
    stage.receive(undelivered("R1", "S1", "A", 2));
    assert_eq!(stage.amounts("refundPayment"), [0_i64; 0]);
    stage.inspect("R1", vec![graded("A", 2, ConditionGrade::B)]);
    assert_eq!(stage.amounts("refundPayment"), [10_000 - 1001 + 490]);
    assert_eq!(stage.amounts("postCreditMemo"), [10_000 - 1001 + 490]);
    assert_eq!(stage.status(), OrderStatus::PartiallyReturned);
    let tax = stage.calls("commitTax").last().unwrap()["lines"].as_array().unwrap().clone();
    assert_eq!(tax.iter().filter(|line| line.get("line_id").is_none()).count(), 1, "the tax of shipping");
    stage.receive(undelivered("R2", "S2", "B", 1));
    stage.inspect("R2", vec![graded("B", 1, ConditionGrade::A)]);
    assert_eq!(stage.amounts("refundPayment"), [10_000 - 1001 + 490, 2000]);
    assert_eq!(stage.status(), OrderStatus::Returned);
}

#[test]
fn shipping_stays_paid_where_the_retailer_declares_it() {
    let mut stage = shipped();
    stage.policy.undelivered.refund_shipping = false;
    stage.scan("S1", ScanCode::Lost);
    assert_eq!(stage.amounts("refundPayment"), [10_000 - 1001]);
}

#[test]
fn a_parcel_that_comes_back_before_it_is_told_to_have_left_waits() {
    let mut stage = Stage::released(plain());
    stage.receive(undelivered("R1", "S1", "A", 2));
    stage.inspect("R1", vec![graded("A", 2, ConditionGrade::A)]);
    assert!(stage.process().receipts.is_empty());
    stage.ship("S1", &[("A", 2)]);
    assert_eq!(stage.amounts("refundPayment"), [10_000 - 1001 + 490]);
    assert!(stage.letters.is_empty());
}

#[test]
fn what_came_undelivered_cannot_be_rejected() {
    let mut stage = shipped();
    stage.receive(undelivered("R1", "S1", "A", 2));
    let rejected = InspectedLine { acceptance: Acceptance::Rejected, ..graded("A", 2, ConditionGrade::D) };
    stage.inspect("R1", vec![rejected]);
    assert!(
        matches!(stage.letters.first(), Some(Letter::Event { reason }) if reason.contains("cannot be rejected"))
    );
    assert_eq!(stage.amounts("refundPayment"), [0_i64; 0]);
}

#[test]
fn a_store_takes_no_undelivered_parcel() {
    let mut stage = shipped();
    let told = undelivered("R1", "S1", "A", 2);
    let problem = stage.store_return(told).unwrap_err();
    assert_eq!(problem.problem_kind(), Some(ProblemKind::NotReturnable));
    assert_eq!(problem.errors[0].pointer, "/shipment_id");
}

#[test]
fn a_lost_parcel_is_paid_back_once_and_its_goods_come_into_stock_if_they_turn_up() {
    let mut stage = shipped();
    stage.scan("S2", ScanCode::Lost);
    stage.scan("S2", ScanCode::Lost);
    assert_eq!(stage.amounts("refundPayment"), [2000]);
    assert_eq!((stage.counted("B").lost, stage.counted("B").returned), (1, 0));
    assert!(stage.calls("postReturnReceipt").is_empty());
    let told = undelivered("R1", "S2", "B", 1);
    stage.receive(told);
    stage.inspect("R1", vec![graded("B", 1, ConditionGrade::A)]);
    assert_eq!((stage.counted("B").lost, stage.counted("B").returned), (0, 1));
    assert_eq!(stage.amounts("refundPayment"), [2000]);
    assert_eq!(stage.amounts("postCreditMemo"), [2000]);
    assert_eq!(stage.calls("postReturnReceipt").len(), 1);
    let restocked: Vec<i64> = stage
        .calls("postInventoryMovement")
        .iter()
        .filter(|body| body["reason"] == "customer_return")
        .map(|body| body["quantity"].as_i64().unwrap())
        .collect();
    assert_eq!(restocked, [1]);
}

#[test]
fn what_is_with_the_customer_may_come_back_while_a_lost_parcel_waits_for_its_grades() {
    let mut stage = Stage::released(plain());
    stage.ship("S1", &[("A", 1)]);
    stage.ship("S2", &[("A", 1)]);
    stage.scan("S1", ScanCode::Lost);
    stage.receive(undelivered("R1", "S1", "A", 1));
    let told = receipt("R2", vec![returned("A", 1)], vec![graded("A", 1, ConditionGrade::A)]);
    stage.store_return(told).unwrap();
    assert_eq!(stage.amounts("refundPayment").iter().sum::<i64>(), 10_000 - 1001 + 490);
    let again = receipt("R3", vec![returned("A", 1)], vec![graded("A", 1, ConditionGrade::A)]);
    assert_eq!(stage.store_return(again).unwrap_err().problem_kind(), Some(ProblemKind::NotReturnable));
}

#[test]
fn a_parcel_that_came_back_is_not_lost_any_more() {
    let mut stage = shipped();
    stage.receive(undelivered("R1", "S2", "B", 1));
    stage.scan("S2", ScanCode::Lost);
    stage.inspect("R1", vec![graded("B", 1, ConditionGrade::A)]);
    assert_eq!(stage.amounts("refundPayment"), [2000]);
    assert_eq!(stage.counted("B").lost, 0);
    assert_eq!(stage.process().told.shipments[1].status, ShipmentStatus::ReturnToSender);
}

#[test]
fn a_loss_that_is_told_before_the_parcel_left_counts_when_it_has() {
    let mut stage = Stage::released(plain());
    stage.scan("S1", ScanCode::Lost);
    assert_eq!(stage.amounts("refundPayment"), [0_i64; 0]);
    stage.ship("S1", &[("A", 2)]);
    assert_eq!(stage.amounts("refundPayment"), [10_000 - 1001 + 490]);
}

#[test]
fn goods_of_a_delivered_parcel_are_not_lost_and_a_person_is_called_once() {
    let mut stage = shipped();
    stage.scan("S2", ScanCode::Delivered);
    stage.scan("S2", ScanCode::Lost);
    stage.scan("S2", ScanCode::Lost);
    assert_eq!(stage.amounts("refundPayment"), [0_i64; 0]);
    assert_eq!(stage.letters.len(), 1);
}
