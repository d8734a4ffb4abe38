//! Refunds that are given before goods come.

use counterproof_contracts::model::{ReturnCancellation, RmaId};
use proptest::prelude::*;

use super::*;

const RMA: &str = "rma-W-1-1";

fn wish(units: u32) -> ReturnRequest {
    ReturnRequest {
        order_number: "W-1".into(),
        return_reference: "web-r-1".to_owned(),
        method: ReturnMethod::Mail,
        resolution: Resolution::Refund,
        gift_recipient_ref: None,
        lines: vec![returned("A", units)],
        exchange: None,
        held_receipt_id: None,
        instant_refund: true,
    }
}

/// Two units of A, for 44.99 and 45.00, were sent; some are paid back before they come.
fn asked(units: u32) -> Stage {
    let mut stage = Stage::released(plain());
    stage.ship("S1", &[("A", 2), ("B", 1)]);
    stage.input(Input::RequestReturn(wish(units)), "ask").unwrap();
    stage.run();
    stage
}

/// As above, and the customer has the money.
fn advanced(units: u32) -> Stage {
    let mut stage = asked(units);
    arrives(&mut stage);
    stage
}

fn last_refund(stage: &Stage) -> Refund {
    let mut body = stage.calls("refundPayment").last().copied().unwrap().clone();
    body["provider_reference"] = json!("re-1");
    body["status"] = json!("succeeded");
    serde_json::from_value(body).unwrap()
}

fn arrives(stage: &mut Stage) {
    let refund = last_refund(stage);
    stage.event(EventData::RefundSucceeded(refund));
    stage.run();
}

fn fails(stage: &mut Stage) {
    let refund = last_refund(stage);
    stage.event(EventData::RefundFailed(refund));
    stage.run();
}

/// When the goods of an advance must have come.
fn deadlines(stage: &Stage) -> Vec<&Deadline> {
    let own = stage.deadlines.iter().filter(|deadline| matches!(deadline.due, Due::Return(_)));
    own.collect()
}

fn time_is_over(stage: &mut Stage) {
    stage.now = deadlines(stage)[0].at;
    for _ in 0..2 {
        stage.input(Input::Due(Due::Return(RmaId::new(RMA))), "time").unwrap();
        stage.run();
    }
}

/// Goods come and are accepted, or go to the customer again.
fn comes(stage: &mut Stage, id: &str, accepted: u32, rejected: u32) {
    let mut goods = receipt(id, vec![returned("A", accepted + rejected)], vec![]);
    goods.rma_id = Some(RMA.into());
    goods.node_id = "dc-north".into();
    stage.event(EventData::ReturnReceived(goods));
    let refused =
        InspectedLine { acceptance: Acceptance::Rejected, ..graded("A", rejected, ConditionGrade::D) };
    let lines = vec![graded("A", accepted, ConditionGrade::A), refused];
    stage.event(EventData::ReturnInspected(Inspection {
        receipt_id: id.into(),
        order_number: "W-1".into(),
        node_id: "dc-north".into(),
        lines: lines.into_iter().filter(|line| line.quantity > 0).collect(),
    }));
    stage.run();
}

/// What was refunded, charged again, and written off with what was recovered of it.
fn moved(stage: &Stage) -> [Vec<i64>; 3] {
    ["refundPayment", "rechargePayment", "postWriteOff"].map(|operation| stage.amounts(operation))
}

#[test]
fn what_was_paid_before_is_not_paid_again_and_not_charged() {
    let mut stage = advanced(2);
    let deadline = deadlines(&stage)[0].clone();
    assert_eq!(deadline.due, Due::Return(RmaId::new(RMA)));
    assert_eq!(deadline.at, "2026-12-11T08:00:01Z".parse().unwrap());
    let authorization = stage.calls("createReturnAuthorization")[0];
    assert_eq!(authorization["advance_refund"]["amount"]["amount"], 8999);
    assert_eq!(stage.calls("createReturnNotice")[0]["advance_refund"], Value::Null, "no dock needs it");
    assert_eq!(stage.calls("refundPayment")[0]["cause"], RMA);
    assert_eq!(moved(&stage), [vec![8999], vec![], vec![]]);
    comes(&mut stage, "R1", 2, 0);
    time_is_over(&mut stage);
    assert_eq!(moved(&stage), [vec![8999], vec![], vec![]]);
    assert_eq!(stage.amounts("postCreditMemo"), [8999]);
}

#[test]
fn what_does_not_come_or_is_rejected_is_charged_again_once() {
    let mut stage = advanced(2);
    comes(&mut stage, "R1", 1, 0);
    assert_eq!(moved(&stage), [vec![8999], vec![], vec![]], "the other may come still");
    time_is_over(&mut stage);
    assert_eq!(moved(&stage), [vec![8999], vec![4500], vec![]]);
    comes(&mut stage, "R2", 1, 0);
    assert_eq!(moved(&stage), [vec![8999, 4500], vec![4500], vec![]], "what comes after that is paid");
    let mut stage = advanced(2);
    comes(&mut stage, "R1", 1, 1);
    assert_eq!(moved(&stage), [vec![8999], vec![4500], vec![]], "nothing more will come");
}

#[test]
fn goods_that_wait_to_be_graded_are_waited_for() {
    let mut stage = advanced(1);
    let mut goods = receipt("R1", vec![returned("A", 1)], vec![]);
    goods.rma_id = Some(RMA.into());
    stage.event(EventData::ReturnReceived(goods));
    time_is_over(&mut stage);
    assert_eq!(moved(&stage), [vec![4499], vec![], vec![]]);
    comes(&mut stage, "R1", 1, 0);
    assert_eq!(moved(&stage), [vec![4499], vec![], vec![]]);
}

#[test]
fn a_return_that_is_taken_back_is_charged_again_at_once() {
    let mut stage = advanced(1);
    let wish = ReturnCancellation {
        order_number: "W-1".into(),
        rma_id: RMA.into(),
        reason: "it fits after all".to_owned(),
    };
    stage.input(Input::CancelReturn(wish), "cancel").unwrap();
    stage.run();
    time_is_over(&mut stage);
    assert_eq!(moved(&stage), [vec![4499], vec![4499], vec![]]);
}

#[test]
fn what_cannot_be_charged_is_written_off_and_told_and_later_goods_pay_it() {
    let mut stage = advanced(1);
    stage.refusing.insert("rechargePayment", ProblemKind::PaymentDeclined);
    time_is_over(&mut stage);
    assert!(matches!(stage.letters.as_slice(), [Letter::Alert { .. }]));
    let write_off = stage.calls("postWriteOff")[0];
    assert_eq!((&write_off["kind"], &write_off["cause"]), (&json!("written_off"), &json!(RMA)));
    comes(&mut stage, "R1", 1, 0);
    assert_eq!(moved(&stage), [vec![4499], vec![], vec![4499, 4499]]);
    let recovered = stage.calls("postWriteOff")[1];
    assert_eq!((&recovered["kind"], &recovered["cause"]), (&json!("recovered"), &json!("R1")));
}

#[test]
fn goods_that_are_graded_while_the_charge_is_under_way_wait_for_its_outcome() {
    for (declined, moved_in_the_end) in
        [(false, [vec![4499, 4499], vec![4499], vec![]]), (true, [vec![4499], vec![], vec![4499, 4499]])]
    {
        let mut stage = advanced(1);
        stage.silent.push("rechargePayment");
        time_is_over(&mut stage);
        comes(&mut stage, "R1", 1, 0);
        assert_eq!(moved(&stage), [vec![4499], vec![], vec![]]);
        stage.silent.clear();
        if declined {
            stage.refusing.insert("rechargePayment", ProblemKind::PaymentDeclined);
        }
        stage.run();
        assert_eq!(moved(&stage), moved_in_the_end);
    }
}

#[test]
fn a_refund_that_is_not_with_the_customer_is_not_charged_again() {
    // On its way still: the charge waits.
    let mut stage = asked(1);
    time_is_over(&mut stage);
    assert_eq!(moved(&stage), [vec![4499], vec![], vec![]]);
    arrives(&mut stage);
    assert_eq!(moved(&stage), [vec![4499], vec![4499], vec![]]);
    // It fails for good and becomes store credit: that is written off.
    let mut stage = asked(1);
    time_is_over(&mut stage);
    fails(&mut stage);
    fails(&mut stage);
    assert_eq!(stage.amounts("issueStoreCredit"), [4499]);
    assert_eq!(moved(&stage), [vec![4499, 4499], vec![], vec![4499]]);
    // The bank sends it back after it had arrived, and before the charge: the next attempt is charged again.
    let mut stage = advanced(1);
    stage.refusing.insert("rechargePayment", ProblemKind::IllegalState);
    time_is_over(&mut stage);
    fails(&mut stage);
    stage.refusing.clear();
    arrives(&mut stage);
    assert_eq!(moved(&stage), [vec![4499, 4499], vec![4499], vec![]]);
    assert!(stage.letters.is_empty());
}

#[test]
fn a_refund_that_nobody_was_asked_for_is_not_paid_for_goods_that_do_not_come() {
    let mut stage = Stage::released(plain());
    stage.captures = "pending";
    stage.ship("S1", &[("A", 2), ("B", 1)]);
    stage.input(Input::RequestReturn(wish(1)), "ask").unwrap();
    stage.run();
    time_is_over(&mut stage);
    assert_eq!(moved(&stage), [const { Vec::<i64>::new() }; 3]);
    assert_eq!(stage.process().refunds[0].status, RefundStatus::Canceled);
    assert!(stage.process().shares().all(|(.., share)| share.refunded == 0));
}

#[test]
fn nothing_is_advanced_beyond_the_policy() {
    let mut stage = Stage::released(plain());
    stage.policy.advance_refund.up_to[0].amount = 8998;
    stage.ship("S1", &[("A", 2), ("B", 1)]);
    stage.input(Input::RequestReturn(wish(2)), "ask").unwrap();
    stage.run();
    assert_eq!((deadlines(&stage).len(), stage.calls("refundPayment").len()), (0, 0));
    comes(&mut stage, "R1", 2, 0);
    assert_eq!(moved(&stage), [vec![8999], vec![], vec![]]);
    for change in [
        (|wish: &mut ReturnRequest| wish.instant_refund = false) as fn(&mut ReturnRequest),
        |wish| wish.method = ReturnMethod::Store,
        |wish| wish.resolution = Resolution::StoreCredit,
    ] {
        let mut stage = Stage::released(plain());
        stage.ship("S1", &[("A", 2), ("B", 1)]);
        let mut wish = wish(1);
        change(&mut wish);
        stage.input(Input::RequestReturn(wish), "ask").unwrap();
        stage.run();
        assert_eq!((deadlines(&stage).len(), stage.calls("refundPayment").len()), (0, 0));
    }
}

proptest! {
    #[test]
    fn whatever_comes_the_customer_pays_for_what_is_kept(
        in_time in 0_u32..=2,
        rejected in 0_u32..=1,
        late in 0_u32..=1,
        declined in any::<bool>(),
    ) {
        prop_assume!(in_time + rejected + late <= 2);
        let mut stage = advanced(2);
        if declined {
            stage.refusing.insert("rechargePayment", ProblemKind::PaymentDeclined);
        }
        if in_time + rejected > 0 {
            comes(&mut stage, "R1", in_time, rejected);
        }
        time_is_over(&mut stage);
        if late > 0 {
            comes(&mut stage, "R2", late, 0);
        }
        let sum = |operation| stage.amounts(operation).iter().sum::<i64>();
        let written_off: i64 = stage
            .calls("postWriteOff")
            .iter()
            .map(|body| {
                let amount = body["amount"]["amount"].as_i64().unwrap();
                if body["kind"] == "written_off" { amount } else { -amount }
            })
            .sum();
        let given = sum("refundPayment") - sum("rechargePayment") - written_off;
        prop_assert_eq!(given, sum("postCreditMemo"));
        prop_assert!(written_off >= 0 && (declined || written_off == 0));
    }
}
