//! Returns: online and in stores, gifts, refunds and what the books say.

use super::*;

fn shipped() -> Stage {
    let mut stage = Stage::released(plain());
    stage.ship("S1", &[("A", 1)]);
    stage.ship("S2", &[("A", 1), ("B", 1)]);
    stage
}

fn wish(reference: &str, lines: Vec<ReturnLine>) -> ReturnRequest {
    ReturnRequest {
        order_number: "W-1".into(),
        return_reference: reference.to_owned(),
        method: ReturnMethod::Mail,
        resolution: Resolution::Refund,
        gift_recipient_ref: None,
        lines,
        exchange: None,
        held_receipt_id: None,
        instant_refund: false,
    }
}

fn ask(stage: &mut Stage, request: ReturnRequest) -> Result<ReturnAuthorization, Problem> {
    let answer = stage.input(Input::RequestReturn(request), "ask")?;
    stage.run();
    Ok(serde_json::from_value(answer).unwrap())
}

fn refused(result: Result<impl Sized, Problem>) -> bool {
    result.is_err_and(|problem| problem.problem_kind() == Some(ProblemKind::NotReturnable))
}

#[test]
fn a_store_return_of_a_partly_shipped_order_refunds_exactly_the_unit_after_promotion() {
    let mut stage = Stage::released(plain());
    stage.ship("S1", &[("A", 1)]);
    let decision = stage
        .store_return(receipt("R1", vec![returned("A", 1)], vec![graded("A", 1, ConditionGrade::A)]))
        .unwrap();
    assert_eq!(decision.status, ReturnStatus::Closed);
    assert_eq!(decision.refunds.iter().map(|part| part.amount.amount).collect::<Vec<_>>(), [4499]);
    assert_eq!(decision.dispositions[0].code, DispositionCode::ToStock);
    assert_eq!(decision.dispositions[0].target_node, "store-12".into());
    let refund = stage.calls("refundPayment")[0];
    assert_eq!((&refund["capture_id"], &refund["cause"]), (&json!("cap-S1"), &json!("R1")));
    let movement = *stage.calls("postInventoryMovement").last().unwrap();
    assert_eq!(
        (&movement["node_id"], &movement["quantity"], &movement["condition"]),
        (&json!("store-12"), &json!(1), &json!("sellable"))
    );
    let tax = *stage.calls("commitTax").last().unwrap();
    assert_eq!(tax["original_document_code"], "tx-W-1-S1");
    assert_eq!(tax["total_tax"]["amount"], 718);
    assert_eq!(tax["tax_date"], "2026-11-27T08:00:00Z");
    let memo = stage.calls("postCreditMemo")[0];
    assert_eq!((&memo["amount"]["amount"], &memo["tax"]["amount"]), (&json!(4499), &json!(718)));
    assert_eq!(stage.calls("createReturnAuthorization").len(), 1);
    assert_eq!(stage.calls("postReturnReceipt")[0]["rma_id"], "rma-W-1-1");
    assert_eq!(stage.calls("notifyRefund").len(), 1);
    assert_eq!(stage.status(), OrderStatus::PartiallyReturned);
}

#[test]
fn the_same_receipt_again_is_answered_the_same_without_effect() {
    let mut stage = shipped();
    let goods = receipt("R1", vec![returned("B", 1)], vec![graded("B", 1, ConditionGrade::D)]);
    let first = stage.store_return(goods.clone()).unwrap();
    let calls = stage.done.len();
    assert_eq!(stage.store_return(goods.clone()).unwrap(), first);
    assert_eq!(stage.done.len(), calls);
    let other = ReturnReceipt { node_id: "store-27".into(), ..goods };
    assert_eq!(stage.store_return(other).unwrap_err().problem_kind(), Some(ProblemKind::IllegalState));
    let restocked =
        stage.calls("postInventoryMovement").iter().any(|body| body["reason"] == "customer_return");
    assert!(!restocked, "destroyed goods are no stock");
}

#[test]
fn nothing_comes_back_twice_nor_before_it_left() {
    let mut stage = Stage::released(plain());
    let goods = |id: &str, quantity| {
        receipt(id, vec![returned("A", quantity)], vec![graded("A", quantity, ConditionGrade::A)])
    };
    assert!(refused(stage.store_return(goods("R1", 1))));
    stage.ship("S1", &[("A", 1)]);
    assert!(refused(stage.store_return(goods("R1", 2))));
    stage.store_return(goods("R1", 1)).unwrap();
    assert!(refused(stage.store_return(goods("R2", 1))));
    assert!(refused(stage.store_return(receipt("R3", vec![returned("X", 1)], vec![]))));
}

#[test]
fn final_sale_and_late_goods_stay_with_the_customer() {
    let mut sale = plain();
    sale.lines[1].final_sale = true;
    let mut stage = Stage::released(sale);
    stage.ship("S1", &[("A", 2), ("B", 1)]);
    assert!(refused(ask(&mut stage, wish("1", vec![returned("B", 1)]))));
    stage.now = "2026-12-27T08:00:01Z".parse().unwrap();
    ask(&mut stage, wish("2", vec![returned("A", 1)])).unwrap();
    stage.now = "2026-12-27T08:00:02Z".parse().unwrap();
    assert!(refused(ask(&mut stage, wish("3", vec![returned("A", 1)]))));
}

#[test]
fn an_online_return_is_authorized_labeled_announced_received_inspected_and_paid() {
    let mut stage = shipped();
    let authorization = ask(&mut stage, wish("web-r-1", vec![returned("A", 2)])).unwrap();
    assert_eq!(authorization.status, ReturnStatus::Approved);
    assert_eq!(authorization.tracking_number, None);
    assert_eq!(ask(&mut stage, wish("web-r-1", vec![returned("A", 2)])).unwrap(), authorization);
    assert!(refused(ask(&mut stage, wish("web-r-2", vec![returned("A", 1)]))));
    assert_eq!(stage.calls("createReturnNotice")[0]["tracking_number"], "TRK-rma-W-1-1");

    let mut goods = receipt("R1", vec![returned("A", 2)], vec![]);
    goods.rma_id = Some(authorization.rma_id.clone());
    goods.node_id = "dc-north".into();
    stage.event(EventData::ReturnReceived(goods));
    stage.run();
    assert!(stage.calls("refundPayment").is_empty(), "nothing is paid before inspection");
    let inspection = Inspection {
        receipt_id: "R1".into(),
        order_number: "W-1".into(),
        node_id: "dc-north".into(),
        lines: vec![graded("A", 1, ConditionGrade::A), graded("A", 1, ConditionGrade::B)],
    };
    stage.event(EventData::ReturnInspected(inspection.clone()));
    stage.event(EventData::ReturnInspected(inspection));
    stage.run();
    assert_eq!(stage.amounts("refundPayment").iter().sum::<i64>(), 4499 + 4500);
    assert_eq!(stage.calls("postCreditMemo").len(), 1);
    let documents = stage.calls("commitTax");
    let originals: Vec<&Value> = documents.iter().map(|body| &body["original_document_code"]).collect();
    assert_eq!(originals, [&Value::Null, &Value::Null, &json!("tx-W-1-S1"), &json!("tx-W-1-S2")]);
    let authorization = stage.process().returns[0].status(stage.now);
    assert_eq!(authorization, ReturnStatus::Closed);
}

#[test]
fn goods_of_a_mail_return_that_come_to_a_store_close_it() {
    let mut stage = shipped();
    ask(&mut stage, wish("1", vec![returned("A", 2)])).unwrap();
    let decision = stage
        .store_return(receipt("R1", vec![returned("A", 2)], vec![graded("A", 2, ConditionGrade::A)]))
        .unwrap();
    assert_eq!((decision.rma_id, decision.status), ("rma-W-1-1".into(), ReturnStatus::Closed));
    assert_eq!(stage.calls("createReturnAuthorization").len(), 1);
    assert!(refused(stage.store_return(receipt("R2", vec![returned("A", 1)], vec![]))));
}

#[test]
fn goods_beyond_what_was_announced_use_the_announcement_up() {
    let mut stage = shipped();
    ask(&mut stage, wish("1", vec![returned("A", 1)])).unwrap();
    let grades = vec![graded("A", 2, ConditionGrade::A), graded("B", 1, ConditionGrade::C)];
    let goods = receipt("R1", vec![returned("A", 2), returned("B", 1)], grades);
    let decision = stage.store_return(goods).unwrap();
    assert_eq!(decision.rma_id, "rma-W-1-2".into());
    assert_eq!(stage.process().returns[0].status(stage.now), ReturnStatus::Closed);
    assert_eq!(stage.status(), OrderStatus::Returned);
}

#[test]
fn a_return_that_lapses_is_told_when_it_does_and_not_when_somebody_asks() {
    for (came, told) in [(0, 1), (2, 0)] {
        let mut stage = shipped();
        let lines = vec![ReturnLine { quantity: 2, ..returned("A", 2) }];
        let authorization = ask(&mut stage, wish("web-r-1", lines)).unwrap();
        if came > 0 {
            let mut goods = receipt("R1", vec![returned("A", came)], vec![]);
            goods.rma_id = Some(authorization.rma_id.clone());
            stage.event(EventData::ReturnReceived(goods));
            stage.run();
        }
        let lapses = stage.deadlines[0].clone();
        assert_eq!(lapses.due, Due::Authorization(authorization.rma_id));
        assert!(lapses.at > authorization.expires_at);
        let before = stage.calls("updateOrderStatus").len();
        stage.now = lapses.at;
        stage.input(Input::Due(lapses.due), "time").unwrap();
        stage.run();
        assert_eq!(stage.calls("updateOrderStatus").len() - before, told, "{came} came");
    }
}

#[test]
fn fewer_goods_than_announced_refund_what_came() {
    let mut stage = shipped();
    let authorization = ask(&mut stage, wish("1", vec![returned("A", 2)])).unwrap();
    let mut goods = receipt("R1", vec![returned("A", 1)], vec![graded("A", 1, ConditionGrade::A)]);
    goods.rma_id = Some(authorization.rma_id);
    assert_eq!(stage.store_return(goods).unwrap().status, ReturnStatus::PartiallyReceived);
    assert_eq!(stage.amounts("refundPayment"), [4499]);
}

#[test]
fn the_recipient_of_a_gift_gets_store_credit_and_nobody_else_does() {
    let mut gift = plain();
    gift.gift = Some(Gift { recipient_ref: "C-9".into(), hide_prices: true });
    let mut stage = Stage::released(gift);
    stage.ship("S1", &[("A", 2), ("B", 1)]);
    let mut goods = receipt("R1", vec![returned("B", 1)], vec![graded("B", 1, ConditionGrade::A)]);
    goods.gift_recipient_ref = Some("C-8".into());
    goods.resolution = Some(Resolution::StoreCredit);
    assert!(refused(stage.store_return(goods.clone())));
    goods.gift_recipient_ref = Some("C-9".into());
    goods.resolution = Some(Resolution::Refund);
    assert!(refused(stage.store_return(goods.clone())));
    goods.resolution = Some(Resolution::StoreCredit);
    stage.store_return(goods).unwrap();
    assert!(stage.calls("refundPayment").is_empty());
    let credit = stage.calls("issueStoreCredit")[0];
    assert_eq!((&credit["customer_ref"], &credit["amount"]["amount"]), (&json!("C-9"), &json!(2000)));
    let order = stage.calls("createFulfillmentOrder")[0];
    assert_eq!(order["gift"], true);
}

#[test]
fn refunds_follow_the_declared_order_of_tenders() {
    let mixed = || {
        order(
            vec![line("A", 2, 5000, &[])],
            vec![tender("T1", TenderKind::Card, 0), tender("T2", TenderKind::GiftCard, 3000)],
        )
    };
    let goods = || receipt("R1", vec![returned("A", 2)], vec![graded("A", 2, ConditionGrade::A)]);
    let mut stage = Stage::released(mixed());
    stage.ship("S1", &[("A", 2)]);
    stage.store_return(goods()).unwrap();
    assert_eq!((stage.amounts("refundPayment"), stage.amounts("creditAccount")), (vec![7490], vec![2510]));

    let mut stage = Stage::new();
    stage.policy.refund_order = vec![TenderKind::GiftCard, TenderKind::Card];
    stage.submit(mixed()).unwrap();
    stage.run();
    stage.ship("S1", &[("A", 2)]);
    stage.store_return(goods()).unwrap();
    assert_eq!((stage.amounts("refundPayment"), stage.amounts("creditAccount")), (vec![7000], vec![3000]));
}

#[test]
fn a_marketplace_pays_when_it_is_notified() {
    let mut marketplace =
        order(vec![line("A", 1, 5000, &[])], vec![tender("T1", TenderKind::MarketplaceCollected, 0)]);
    marketplace.sales_channel = SalesChannel::Marketplace;
    let mut stage = Stage::released(marketplace);
    stage.ship("S1", &[("A", 1)]);
    stage
        .store_return(receipt("R1", vec![returned("A", 1)], vec![graded("A", 1, ConditionGrade::A)]))
        .unwrap();
    let notice = stage.calls("notifyRefund")[0];
    assert_eq!(notice["refund"]["amount"]["amount"], 5000);
    assert_eq!(stage.process().refunds[0].status, RefundStatus::Succeeded);
    assert_eq!(stage.calls("notifyRefund").len(), 1);
}

/// What the payment provider tells of the last refund that it was asked for.
fn told(stage: &Stage) -> Refund {
    let mut body = stage.calls("refundPayment").last().copied().unwrap().clone();
    body["provider_reference"] = json!("re-1");
    body["status"] = json!("succeeded");
    serde_json::from_value(body).unwrap()
}

fn refunding() -> Stage {
    let mut stage = shipped();
    stage
        .store_return(receipt("R1", vec![returned("B", 1)], vec![graded("B", 1, ConditionGrade::A)]))
        .unwrap();
    stage
}

#[test]
fn a_refund_that_fails_is_tried_again_and_then_becomes_store_credit_once() {
    let mut stage = refunding();
    let first = told(&stage);
    stage.event(EventData::RefundSucceeded(first.clone()));
    stage.event(EventData::RefundFailed(first.clone()));
    stage.run();
    let second = told(&stage);
    assert_eq!((first.attempt, second.attempt), (1, 2));
    stage.event(EventData::RefundFailed(first.clone()));
    assert_eq!(stage.process().refunds[0].status, RefundStatus::Pending, "late word of the first attempt");
    stage.event(EventData::RefundFailed(second.clone()));
    stage.event(EventData::RefundFailed(second.clone()));
    stage.event(EventData::RefundSucceeded(second));
    stage.event(EventData::RefundFailed(first));
    stage.run();
    let credits = stage.calls("issueStoreCredit");
    assert_eq!((credits.len(), &credits[0]["amount"]["amount"]), (1, &json!(2000)));
    let notices = stage.calls("notifyRefund");
    assert_eq!((notices.len(), &notices[1]["replaces"]), (2, &notices[0]["refund"]["refund_id"]));
    let statuses: Vec<RefundStatus> = stage.process().refunds.iter().map(|refund| refund.status).collect();
    assert_eq!(statuses, [RefundStatus::Failed, RefundStatus::Succeeded]);
    assert!(stage.letters.is_empty());
}

#[test]
fn a_late_failure_does_not_override_the_success_of_a_newer_attempt() {
    let mut stage = refunding();
    let first = told(&stage);
    stage.event(EventData::RefundFailed(first.clone()));
    stage.run();
    let second = told(&stage);
    stage.event(EventData::RefundSucceeded(second));
    stage.event(EventData::RefundFailed(first));
    stage.run();
    assert_eq!(stage.process().refunds[0].status, RefundStatus::Succeeded);
    assert_eq!((stage.process().refunds.len(), stage.calls("refundPayment").len()), (1, 2));
}

#[test]
fn a_person_decides_on_a_failed_refund_where_that_is_declared() {
    let mut stage = refunding();
    stage.policy.payments.failed_refunds = counterproof_contracts::policy::FailedRefund::Person;
    stage.policy.payments.refund_attempts = 1;
    let first = told(&stage);
    stage.event(EventData::RefundFailed(first));
    stage.run();
    assert!(matches!(stage.letters.as_slice(), [Letter::Alert { .. }]));
    assert_eq!(stage.process().refunds.len(), 1);
}

#[test]
fn grades_must_cover_the_goods() {
    let mut stage = shipped();
    let goods = receipt("R1", vec![returned("A", 2)], vec![graded("A", 1, ConditionGrade::A)]);
    assert_eq!(stage.store_return(goods).unwrap_err().problem_kind(), Some(ProblemKind::BusinessRule));
    let later = stage.store_return(receipt("R1", vec![returned("A", 2)], vec![])).unwrap();
    assert_eq!((later.status, later.refunds.len()), (ReturnStatus::Received, 0));
}
