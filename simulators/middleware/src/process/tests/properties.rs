//! Properties that hold over any sequence of parcels, cancellations and returns.

use std::collections::BTreeMap;

use counterproof_contracts::protocol::CancellationRequest;
use proptest::{collection::vec, prelude::*};

use super::*;

#[derive(Debug, Clone)]
struct Shape {
    lines: Vec<(u32, i64, Vec<i64>)>,
    gift_card: i64,
    second_card: i64,
    steps: Vec<(u8, usize, u32)>,
    refund_gift_card_first: bool,
    slow_books: bool,
}

fn shape() -> impl Strategy<Value = Shape> {
    let line = (1..5_u32, 100..20_000_i64)
        .prop_flat_map(|(quantity, price)| (Just(quantity), Just(price), vec(0..=price, quantity as usize)));
    (
        vec(line, 1..4),
        0..15_000_i64,
        0..15_000_i64,
        vec((0..4_u8, 0..4_usize, 1..4_u32), 0..14),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(lines, gift_card, second_card, steps, refund_gift_card_first, slow_books)| Shape {
            lines,
            gift_card,
            second_card,
            steps,
            refund_gift_card_first,
            slow_books,
        })
}

fn build(shape: &Shape) -> Order {
    let lines = shape
        .lines
        .iter()
        .enumerate()
        .map(|(index, (quantity, price, promotion))| line(&format!("L{index}"), *quantity, *price, promotion))
        .collect();
    let mut built = order(lines, vec![tender("T1", TenderKind::Card, 0)]);
    let total = built.total.amount;
    let gift_card = shape.gift_card.min(total);
    let second = shape.second_card.min(total - gift_card);
    let amounts = [
        ("T1", TenderKind::Card, total - gift_card - second),
        ("T2", TenderKind::GiftCard, gift_card),
        ("T3", TenderKind::Card, second),
    ];
    built.tenders = amounts
        .into_iter()
        .filter(|(_, _, amount)| *amount > 0)
        .map(|(id, kind, amount)| tender(id, kind, amount))
        .collect();
    built
}

/// Plays the steps and returns everything that can still be returned.
fn play(shape: &Shape) -> Stage {
    let mut stage = Stage::new();
    if shape.refund_gift_card_first {
        stage.policy.refund_order.reverse();
    }
    stage.submit(build(shape)).unwrap();
    stage.run();
    if shape.slow_books {
        stage.silent.extend(["capturePayment", "commitTax", "postInvoice"]);
    }
    for (number, (kind, index, quantity)) in shape.steps.iter().enumerate() {
        let id = format!("L{}", index % shape.lines.len());
        match kind {
            0 => ship_up_to(&mut stage, number, &id, *quantity),
            1 => return_up_to(&mut stage, number, &id, *quantity),
            2 => adjust(&mut stage, number, &id, *quantity),
            _ => cancel_up_to(&mut stage, number, &id, *quantity),
        }
    }
    for index in 0..shape.lines.len() {
        ship_up_to(&mut stage, 1000 + index, &format!("L{index}"), u32::MAX);
        return_up_to(&mut stage, 2000 + index, &format!("L{index}"), u32::MAX);
    }
    stage.silent.clear();
    stage.run();
    stage
}

fn ship_up_to(stage: &mut Stage, number: usize, id: &str, quantity: u32) {
    let quantity = quantity.min(stage.process().open_units(&id.into()));
    if quantity > 0 {
        stage.ship(&format!("S{number:04}"), &[(id, quantity)]);
    }
}

fn return_up_to(stage: &mut Stage, number: usize, id: &str, quantity: u32) {
    let counts = stage.process().counts(&id.into());
    let quantity = quantity.min(counts.shipped - counts.returned);
    if quantity > 0 {
        let grades = vec![graded(id, quantity, ConditionGrade::A)];
        stage.store_return(receipt(&format!("R{number}"), vec![returned(id, quantity)], grades)).unwrap();
    }
}

fn cancel_up_to(stage: &mut Stage, number: usize, id: &str, quantity: u32) {
    let open = stage.process().open_units(&id.into());
    if open > 0 {
        let lines = vec![LineQuantity { line_id: id.into(), quantity: quantity.min(open) }];
        let request = CancellationRequest {
            order_number: "W-1".into(),
            cancellation_id: format!("C{number}"),
            lines,
            reason: "r".to_owned(),
        };
        stage.input(Input::Cancel(request), "c").unwrap();
        stage.run();
    }
}

/// Lowers a price by a percentage, if it may.
fn adjust(stage: &mut Stage, number: usize, id: &str, quantity: u32) {
    let percent = Concession { amount: None, percent: Some(quantity * 17) };
    let wish = PriceAdjustment {
        order_number: "W-1".into(),
        adjustment_id: format!("PA{number}"),
        reason: "scratched".to_owned(),
        lines: vec![AdjustedLine { line_id: id.into(), concession: percent }],
        shipping: None,
    };
    // What is left may be less: then it is refused.
    drop(stage.input(Input::AdjustPrice(wish), "a"));
    stage.run();
}

fn sum(values: &[i64]) -> i64 {
    values.iter().sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Whatever the order of parcels, cancellations, returns and price adjustments: what came back is refunded exactly, to the
    /// cent, no tender gets more than it gave, and taxes given back are those that were reported.
    #[test]
    fn refunds_are_exactly_what_was_paid_for_what_came_back(shape in shape()) {
        let stage = play(&shape);
        prop_assert!(stage.letters.is_empty(), "{:?}", stage.letters);
        let process = stage.process();
        let order = &process.order;
        let kept = |units: u32, line: &OrderLine| line.value(0..units);
        let returned: counterproof_contracts::allocation::Value =
            order.lines.iter().map(|line| kept(process.counts(&line.line_id).returned, line)).sum();
        let shipped_goods: counterproof_contracts::allocation::Value =
            order.lines.iter().map(|line| kept(process.counts(&line.line_id).shipped, line)).sum();
        prop_assert_eq!(returned, shipped_goods, "everything that left came back");
        let any_left = process.shipments.values().any(|parcel| parcel.shipped.is_some());
        let shipping = if any_left { 490 } else { 0 };

        let refunded: i64 = process.refunds.iter().map(|refund| refund.part.amount.amount).sum();
        prop_assert_eq!(refunded, returned.gross);
        prop_assert_eq!(sum(&stage.amounts("postCreditMemo")), returned.gross);
        prop_assert_eq!(sum(&stage.amounts("postInvoice")), shipped_goods.gross + shipping);

        let mut reported: BTreeMap<String, i64> = BTreeMap::new();
        for document in stage.calls("commitTax") {
            let tax = document["total_tax"]["amount"].as_i64().unwrap();
            *reported.entry(document["kind"].as_str().unwrap().to_owned()).or_default() += tax;
        }
        let shipping_tax = if any_left { 78 } else { 0 };
        prop_assert_eq!(reported.get("sales_invoice").copied().unwrap_or(0), shipped_goods.tax + shipping_tax);
        prop_assert_eq!(reported.get("return_invoice").copied().unwrap_or(0), returned.tax);
        check_money(&stage, shipped_goods.gross + shipping, refunded)?;
    }
}

/// Money in equals money that left with parcels; per tender nothing is given back that was not taken.
fn check_money(stage: &Stage, sold: i64, refunded: i64) -> Result<(), TestCaseError> {
    let captured = sum(&stage.amounts("capturePayment"));
    let debited = sum(&stage.amounts("debitAccount"));
    let credited_back: i64 = stage
        .calls("creditAccount")
        .iter()
        .filter(|body| body["cause"].as_str().unwrap().starts_with('C'))
        .map(|body| body["amount"]["amount"].as_i64().unwrap())
        .sum();
    prop_assert_eq!(captured + debited - credited_back, sold);
    let card_refunds = sum(&stage.amounts("refundPayment"));
    prop_assert!(card_refunds <= captured);
    let account_refunds = sum(&stage.amounts("creditAccount")) - credited_back;
    prop_assert_eq!(card_refunds + account_refunds, refunded);
    prop_assert!(account_refunds + credited_back <= debited);
    let mut captures: BTreeMap<String, i64> = BTreeMap::new();
    for task in stage.done.iter().filter(|task| task.operation == "capturePayment") {
        let id = format!("{}/{}", task.body["shipment_id"].as_str().unwrap(), task.parameters[0]);
        *captures.entry(id).or_default() += task.body["amount"]["amount"].as_i64().unwrap();
    }
    for refund in stage.calls("refundPayment") {
        let shipment = refund["capture_id"].as_str().unwrap().trim_start_matches("cap-");
        let id = format!("{shipment}/auth-{}", refund["tender_id"].as_str().unwrap());
        let left = captures.get_mut(&id).unwrap();
        *left -= refund["amount"]["amount"].as_i64().unwrap();
        prop_assert!(*left >= 0, "capture {} was refunded too much", id);
    }
    Ok(())
}
