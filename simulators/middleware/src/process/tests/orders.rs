//! From submission to acceptance or rejection.

use super::*;

#[test]
fn an_order_is_quoted_paid_reserved_booked_and_released_in_this_order() {
    let stage = Stage::released(plain());
    let operations: Vec<&str> = stage.done.iter().map(|task| task.operation.as_str()).collect();
    assert_eq!(
        operations.iter().take(4).copied().collect::<Vec<_>>(),
        ["quoteTax", "authorizePayment", "createReservation", "createSalesOrder"]
    );
    assert!(operations.contains(&"createFulfillmentOrder"));
    assert_eq!(stage.amounts("authorizePayment"), [plain().total.amount]);
    let update = stage.calls("updateOrderStatus")[0];
    assert_eq!((update["sequence"].as_u64(), update["status"].as_str()), (Some(1), Some("accepted")));
    assert_eq!(stage.calls("addTimelineEntry")[0]["entry_id"], "W-1-1");
    assert!(stage.letters.is_empty());
}

#[test]
fn audit_steps_are_numbered_without_gap() {
    let mut stage = Stage::released(plain());
    stage.ship("S1", &[("A", 2), ("B", 1)]);
    let numbers: Vec<u64> = stage.steps.iter().map(|step| step.sequence).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
}

#[test]
fn the_same_order_again_is_answered_the_same_and_asks_nothing() {
    let mut stage = Stage::new();
    let first = stage.submit(plain()).unwrap();
    stage.run();
    let before = stage.process().clone();
    assert_eq!(stage.submit(plain()).unwrap(), first);
    assert!(stage.open.is_empty());
    assert_eq!(*stage.process(), before);
    let other = Order { customer_ref: "C-2".into(), ..plain() };
    let problem = stage.submit(other).unwrap_err();
    assert_eq!(problem.problem_kind(), Some(ProblemKind::IllegalState));
}

#[test]
fn a_tax_that_differs_rejects_before_any_payment() {
    let mut stage = Stage::new();
    stage.submit(plain()).unwrap();
    let task = stage.open.pop_front().unwrap();
    let mut quote = stage.answer(&task);
    quote["lines"][1]["taxes"][0]["unit_amounts"][0] = json!(318);
    let answer = PartnerAnswer::read(&task.intent, false, quote).unwrap();
    stage.input(Input::Answered { task: task.into(), answer: answer.into() }, "quote").unwrap();
    stage.run();
    assert_eq!(stage.status(), OrderStatus::Rejected);
    assert!(stage.calls("authorizePayment").is_empty());
    let reason = stage.calls("updateOrderStatus")[0]["reason"].as_str().unwrap().to_owned();
    assert_eq!(reason, "the tax of line B is 3.19 EUR, the tax engine says 3.18 EUR");
}

fn two_tenders() -> Order {
    order(
        vec![line("A", 1, 5000, &[])],
        vec![tender("T1", TenderKind::Card, 0), tender("T2", TenderKind::GiftCard, 2000)],
    )
}

#[test]
fn a_declined_card_gives_the_gift_card_back() {
    let mut stage = Stage::new();
    stage.refusing.insert("authorizePayment", ProblemKind::PaymentDeclined);
    stage.submit(two_tenders()).unwrap();
    stage.run();
    assert_eq!(stage.status(), OrderStatus::Rejected);
    assert!(stage.calls("createReservation").is_empty());
    let credit = stage.calls("creditAccount")[0];
    assert_eq!((credit["cause"].as_str(), &credit["amount"]["amount"]), (Some("undo-T2"), &json!(2000)));
    assert!(stage.calls("voidAuthorization").is_empty());
}

#[test]
fn an_answer_that_comes_after_the_rejection_is_undone_too() {
    let mut stage = Stage::new();
    stage.refusing.insert("debitAccount", ProblemKind::InsufficientFunds);
    stage.silent.push("authorizePayment");
    stage.submit(two_tenders()).unwrap();
    stage.run();
    assert_eq!(stage.status(), OrderStatus::Rejected);
    assert!(stage.calls("voidAuthorization").is_empty());
    stage.silent.clear();
    stage.run();
    assert_eq!(stage.calls("voidAuthorization").len(), 1);
}

#[test]
fn missing_stock_undoes_every_payment() {
    let mut stage = Stage::new();
    stage.refusing.insert("createReservation", ProblemKind::InsufficientStock);
    stage.submit(two_tenders()).unwrap();
    stage.run();
    assert_eq!(stage.status(), OrderStatus::Rejected);
    assert_eq!(stage.calls("voidAuthorization").len(), 1);
    assert_eq!(stage.amounts("creditAccount"), [2000]);
    assert!(stage.calls("createSalesOrder").is_empty());
}

#[test]
fn an_unexpected_refusal_waits_for_a_person_and_goes_on_after_replay() {
    let mut stage = Stage::new();
    stage.refusing.insert("createSalesOrder", ProblemKind::InvalidDocument);
    stage.submit(plain()).unwrap();
    stage.run();
    assert_eq!(stage.status(), OrderStatus::Placed);
    let Some(Letter::Task { task, .. }) = stage.letters.pop() else { panic!("no dead letter") };
    stage.refusing.clear();
    let key = task.key.clone();
    stage.input(Input::Replay(task.clone()), "replay").unwrap();
    assert_eq!(stage.open[0].key, key);
    stage.input(Input::Replay(task), "replay").unwrap();
    assert_eq!(stage.open.len(), 1, "a second replay starts nothing");
    stage.run();
    assert_eq!(stage.status(), OrderStatus::Accepted);
}

#[test]
fn a_marketplace_order_asks_no_payment() {
    let mut marketplace =
        order(vec![line("A", 1, 5000, &[])], vec![tender("T1", TenderKind::MarketplaceCollected, 0)]);
    marketplace.sales_channel = SalesChannel::Marketplace;
    let mut stage = Stage::released(marketplace);
    stage.ship("S1", &[("A", 1)]);
    assert!(stage.calls("authorizePayment").is_empty() && stage.calls("capturePayment").is_empty());
    assert!(stage.done.iter().all(|task| task.partner != System::Storefront));
}

#[test]
fn contradictory_orders_are_refused_with_the_place() {
    let pointers = |order: Order| -> Vec<String> {
        order_errors(&order).into_iter().map(|error| error.pointer).collect()
    };
    assert_eq!(pointers(plain()), Vec::<String>::new());
    let change = |change: fn(&mut Order)| {
        let mut order = plain();
        change(&mut order);
        pointers(order)
    };
    assert_eq!(change(|order| order.total.amount += 1), ["/total", "/tenders"]);
    assert_eq!(change(|order| order.lines[1].line_id = "A".into()), ["/lines/1/line_id"]);
    assert_eq!(change(|order| order.lines[0].unit_price.currency = Currency::USD), ["/lines/0/unit_price"]);
    assert_eq!(change(|order| order.lines[0].quantity = 0), ["/lines/0/quantity"]);
    assert_eq!(change(|order| order.tenders[0].payment_token = None), ["/tenders/0/payment_token"]);
    assert_eq!(change(|order| order.lines[0].unit_price.amount = i64::MAX), ["/lines/0"]);
    assert!(
        change(|order| {
            order.lines[0].promotions[0].unit_amounts.pop();
        })
        .contains(&"/lines/0/promotions/0/unit_amounts".to_owned())
    );
    assert_eq!(change(|order| order.lines.clear()), ["/lines"]);
    assert_eq!(change(|order| order.promotions[0].amount.amount += 1), ["/promotions/0/amount"]);
    assert_eq!(change(|order| order.promotions[0].amount.currency = Currency::USD), ["/promotions/0/amount"]);
    assert_eq!(change(|order| order.promotions.clear()), ["/lines/0/promotions/0/promotion_id"]);
    assert_eq!(
        change(|order| order.promotions.push(order.promotions[0].clone())),
        ["/promotions/1/promotion_id"]
    );
    assert_eq!(change(|order| order.lines[1].taxes[0].unit_amounts = vec![2_001]), ["/lines/1/taxes"]);
    assert_eq!(change(|order| order.shipping.as_mut().unwrap().tax_amount = 491), ["/shipping/tax_amount"]);
    let terms = |scheme, collector, certificate: Option<&str>| {
        let terms = TaxTerms { scheme, collector, exemption_certificate: certificate.map(str::to_owned) };
        pointers(Order { tax_terms: Some(terms), ..plain() })
    };
    assert_eq!(terms(TaxScheme::Oss, None, None), Vec::<String>::new());
    let taxed = ["/lines/0/taxes", "/lines/1/taxes", "/shipping/tax_amount"];
    assert_eq!(terms(TaxScheme::Dap, None, None), taxed);
    assert_eq!(terms(TaxScheme::Domestic, None, Some("EX-1")), taxed);
    assert_eq!(terms(TaxScheme::Domestic, Some(TaxCollector::Marketplace), None), ["/tax_terms/collector"]);
    let settled = |currency, settlement_units| {
        let settlement = SettlementTerms { currency, presentment_units: 1_000, settlement_units };
        pointers(Order { settlement: Some(settlement), ..plain() })
    };
    assert_eq!(settled(Currency::USD, 1_087), Vec::<String>::new());
    assert_eq!(settled(Currency::EUR, 1_000), ["/settlement/currency"]);
    assert_eq!(settled(Currency::USD, 0), ["/settlement"]);
}

#[test]
fn a_gift_card_is_one_unit_at_its_face_value_for_money() {
    let card = || {
        let mut card = line("L-1", 1, 5_000, &[]);
        card.gift_card = true;
        card.taxes.clear();
        card
    };
    let pointers = |order: &Order| -> Vec<String> {
        crate::process::order_errors(order).into_iter().map(|error| error.pointer).collect()
    };
    let sold = |lines| order(lines, vec![tender("T-1", TenderKind::Card, 0)]);
    assert_eq!(pointers(&sold(vec![card(), line("L-2", 1, 1_000, &[])])), [""; 0]);
    assert_eq!(pointers(&sold(vec![card()])), ["/shipping"], "nothing is sent");
    let goods = || line("L-2", 1, 1_000, &[]);
    let two = OrderLine { quantity: 2, ..card() };
    assert_eq!(pointers(&sold(vec![two, goods()])), ["/lines/0/quantity"]);
    let taxed = OrderLine { gift_card: true, ..line("L-1", 1, 5_000, &[]) };
    assert_eq!(pointers(&sold(vec![taxed, goods()])), ["/lines/0/taxes"]);
}
