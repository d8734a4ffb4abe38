//! Prices that are lowered after the sale.

use super::*;

fn adjustment(id: &str, lines: &Value) -> PriceAdjustment {
    serde_json::from_value(json!({
        "order_number": "W-1", "adjustment_id": id, "reason": "scratched", "lines": lines,
    }))
    .unwrap()
}

fn amount(line: &str, amount: i64) -> Value {
    json!([{ "line_id": line, "concession": { "amount": eur(amount) } }])
}

fn pointer(stage: &mut Stage, adjustment: PriceAdjustment) -> String {
    let problem = stage.input(Input::AdjustPrice(adjustment), "adjust").unwrap_err();
    problem.errors.first().map_or_else(|| problem.title.clone(), |error| error.pointer.clone())
}

/// Two units of A, for 44.99 and 45.00, and one of B left in one parcel.
fn shipped() -> Stage {
    let mut stage = Stage::new();
    stage.submit(plain()).unwrap();
    stage.run();
    stage.ship("S1", &[("A", 2), ("B", 1)]);
    stage
}

#[test]
fn the_same_adjustment_counts_once_and_another_content_is_refused() {
    let mut stage = shipped();
    let first = stage.input(Input::AdjustPrice(adjustment("PA-1", &amount("A", 1000))), "adjust").unwrap();
    let again = stage.input(Input::AdjustPrice(adjustment("PA-1", &amount("A", 1000))), "again").unwrap();
    assert_eq!(first, again);
    assert_eq!(first["amount"], json!(eur(1000)));
    assert_eq!(stage.process().refunds.len(), 1);
    let other = stage.input(Input::AdjustPrice(adjustment("PA-1", &amount("A", 999))), "other").unwrap_err();
    assert_eq!(other.problem_kind(), Some(ProblemKind::IllegalState));
}

#[test]
fn what_contradicts_itself_or_the_order_is_refused_with_its_place() {
    let mut stage = shipped();
    let line = |concession: Value| json!([{ "line_id": "A", "concession": concession }]);
    for (lines, expected) in [
        (json!([]), "/lines"),
        (amount("9", 100), "/lines/0/line_id"),
        (line(json!({})), "/lines/0/concession"),
        (line(json!({ "percent": 10, "amount": eur(100) })), "/lines/0/concession"),
        (line(json!({ "amount": { "amount": 100, "currency": "USD" } })), "/lines/0/concession/amount"),
        (amount("A", 1_000_000), "/lines/0/concession"),
    ] {
        assert_eq!(pointer(&mut stage, adjustment("PA-1", &lines)), expected);
    }
    let twice = json!([
        { "line_id": "A", "concession": { "percent": 1 } },
        { "line_id": "A", "concession": { "percent": 1 } },
    ]);
    assert_eq!(pointer(&mut stage, adjustment("PA-1", &twice)), "/lines/1/line_id");
    assert!(stage.process().grants.is_empty() && stage.process().refunds.is_empty());
}

#[test]
fn units_that_come_back_are_worth_what_is_left_of_them() {
    let mut stage = shipped();
    stage.input(Input::AdjustPrice(adjustment("PA-1", &amount("A", 1001))), "adjust").unwrap();
    stage.run();
    assert_eq!(stage.amounts("refundPayment"), [1001]);
    assert_eq!(stage.calls("postCreditMemo")[0]["lines"], json!([]));
    let grades = vec![graded("A", 1, ConditionGrade::A)];
    stage.store_return(receipt("R-1", vec![returned("A", 1)], grades)).unwrap();
    assert_eq!(stage.amounts("refundPayment"), [1001, 4499 - 500]);
    let grades = vec![graded("A", 1, ConditionGrade::A)];
    stage.store_return(receipt("R-2", vec![returned("A", 1)], grades)).unwrap();
    assert_eq!(stage.amounts("refundPayment"), [1001, 4499 - 500, 4500 - 501]);
    let taxes: i64 =
        stage.calls("commitTax")[1..].iter().map(|body| body["total_tax"]["amount"].as_i64().unwrap()).sum();
    assert_eq!(taxes, stage.process().order.lines[0].value(0..2).tax);
}

#[test]
fn a_lost_parcel_gives_back_what_was_not_granted_of_its_goods_and_of_shipping() {
    let mut stage = shipped();
    let on_shipping = |id: &str| PriceAdjustment {
        shipping: serde_json::from_value(json!({ "amount": eur(200) })).unwrap(),
        ..adjustment(id, &json!([]))
    };
    stage.input(Input::AdjustPrice(adjustment("PA-1", &amount("A", 1001))), "adjust").unwrap();
    stage.input(Input::AdjustPrice(on_shipping("PA-2")), "adjust").unwrap();
    stage.run();
    stage.scan("S1", ScanCode::Lost);
    assert_eq!(stage.amounts("refundPayment"), [1001, 200, 8999 + 2000 + 490 - 1201]);
    assert_eq!(stage.calls("postCreditMemo")[2]["shipping"], json!(eur(290)));
    let taxes: Vec<i64> =
        stage.calls("commitTax").iter().map(|body| body["total_tax"]["amount"].as_i64().unwrap()).collect();
    assert_eq!(taxes[0], taxes[1..].iter().sum::<i64>());
    assert_eq!(pointer(&mut stage, on_shipping("PA-3")), "/shipping");
    assert_eq!(pointer(&mut stage, adjustment("PA-4", &amount("A", 1))), "/lines/0/line_id");
    let parcel = stage.input(Input::AdjustPrice(on_shipping("S1")), "adjust").unwrap_err();
    assert_eq!(parcel.problem_kind(), Some(ProblemKind::IllegalState));
}

#[test]
fn a_credit_memo_of_an_adjustment_in_a_closed_period_is_posted_under_the_first_open_day() {
    let mut stage = shipped();
    stage.input(Input::AdjustPrice(adjustment("PA-1", &amount("A", 1000))), "adjust").unwrap();
    stage.silent.push("postCreditMemo");
    stage.run();
    let index = stage.open.iter().position(|task| task.operation == "postCreditMemo").unwrap();
    let task = stage.open.remove(index).unwrap();
    let problem = Problem {
        open_from: Some("2026-12-01".parse().unwrap()),
        ..Problem::new(ProblemKind::PeriodClosed, "…")
    };
    let input = Input::Refused { task: Box::new(task), refusal: Refusal::of(&problem) };
    stage.input(input, "refused").unwrap();
    let memo = &stage.open.iter().find(|task| task.operation == "postCreditMemo").unwrap().body;
    assert_eq!((&memo["business_date"], &memo["posting_date"]), (&json!("2026-11-27"), &json!("2026-12-01")));
}

#[test]
fn a_receipt_does_not_take_the_name_of_an_adjustment() {
    let mut stage = shipped();
    stage.input(Input::AdjustPrice(adjustment("R-1", &amount("A", 100))), "adjust").unwrap();
    let grades = vec![graded("A", 1, ConditionGrade::A)];
    let problem = stage.store_return(receipt("R-1", vec![returned("A", 1)], grades)).unwrap_err();
    assert_eq!(problem.problem_kind(), Some(ProblemKind::IllegalState));
    let grades = vec![graded("A", 1, ConditionGrade::A)];
    stage.store_return(receipt("R-2", vec![returned("A", 1)], grades)).unwrap();
    let taken = stage.input(Input::AdjustPrice(adjustment("R-2", &amount("A", 100))), "adjust").unwrap_err();
    assert_eq!(taken.problem_kind(), Some(ProblemKind::IllegalState));
}

#[test]
fn what_waits_at_a_dock_is_none_of_the_units_that_a_price_was_lowered_for() {
    let mut stage = shipped();
    stage.event(EventData::ReturnReceived(receipt("R1", vec![returned("A", 1)], vec![])));
    stage.run();
    stage.input(Input::AdjustPrice(adjustment("PA-1", &amount("A", 1000))), "adjust").unwrap();
    let brought = receipt("R2", vec![returned("A", 1)], vec![graded("A", 1, ConditionGrade::A)]);
    stage.store_return(brought).unwrap();
    stage.event(EventData::ReturnInspected(Inspection {
        receipt_id: "R1".into(),
        order_number: "W-1".into(),
        node_id: "dc-north".into(),
        lines: vec![graded("A", 1, ConditionGrade::A)],
    }));
    stage.run();
    assert_eq!(stage.amounts("refundPayment"), [1000, 3500, 4499]);
}
