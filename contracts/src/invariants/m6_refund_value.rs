//! M6: returned units give back what was paid for them, to the cent.

use super::{
    advanced,
    books::{AdjustmentBook, OrderBook, ReceiptBook, Span, Terms, Via},
    granted,
    law::{Bench, Check, Finding, Moment, join, units},
    retained,
};
use crate::{
    invariants::Law,
    journal::Effect,
    model::{ReceiptId, RmaId, ShipmentId},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "M6",
        name: "refund value",
        text: "What a receipt gives back lies between the values of its units if they were the cheapest and if \
               they were the dearest of their line, promotions and taxes allocated; once all units of the \
               lines came back, it is what was paid for them. Where the retailer declared to claim promotions back \
               whose minimum a return breaks, their shares in what the customer keeps are kept of refunds. Nothing \
               is given back for goods that did not come, but for a parcel that was lost, what customer service grants and, \
               up to what the retailer declared, goods that the customer is to keep: no more than that, nothing again \
               for a parcel that turns up, and units that come back later are worth so much less. What was given back before goods \
               came, where the customer took that offer, is no more than they are worth, and is not given back again with them.",
        source: "bug reports medusajs/medusa#10760, solidusio/solidus#512, PrestaShop/PrestaShop#40271, \
                 spree/spree#14678, bagisto/bagisto#1509",
    },
    on_effect: Some(check_ceiling),
    on_exchange: None,
    at_rest: Some(check_exactly),
};

/// `receipt R-1` where the cause is one.
pub(super) fn cause_name(order: &OrderBook, cause: &str) -> String {
    if order.receipts.contains_key(&ReceiptId::new(cause)) {
        format!("receipt {cause}")
    } else {
        cause.to_owned()
    }
}

/// What the units of receipts are worth: accepted for certain, and at most.
pub(super) fn worth<'a>(terms: &Terms, receipts: &(impl Iterator<Item = &'a ReceiptBook> + Clone)) -> Span {
    terms
        .lines
        .iter()
        .map(|(line_id, line)| {
            let certain: u32 =
                receipts.clone().map(|receipt| receipt.graded().get(line_id).copied().unwrap_or(0)).sum();
            let at_most: u32 =
                receipts.clone().map(|receipt| receipt.lines.get(line_id).copied().unwrap_or(0)).sum();
            let low = if certain == 0 { 0 } else { line.gross(certain.min(line.quantity)).low };
            Span { low, high: line.gross(at_most.max(certain).min(line.quantity)).high }
        })
        .sum()
}

/// What was given back for a receipt, without what failed, and where.
fn given(order: &OrderBook, cause: &str) -> (i64, Vec<u64>) {
    let payouts = order.money.live_payouts_for(cause);
    payouts.fold((0, Vec::new()), |(sum, mut seqs), payout| {
        seqs.push(payout.seq);
        (sum + payout.amount, seqs)
    })
}

fn check_ceiling(moment: &Moment<'_>, bench: &mut Bench) {
    let Some(order) = moment.order else { return };
    let cause = match moment.effect() {
        Some(Effect::RefundAccepted { cause, .. }) => cause.as_str(),
        Some(Effect::AccountCredited { entry, .. }) => entry.cause.as_str(),
        Some(Effect::RefundShown { notice }) => notice.cause.as_str(),
        Some(Effect::GoodsReturned { receipt }) => receipt.receipt_id.as_str(),
        _ => return,
    };
    let cause = order.money.root_of(cause);
    let Some(terms) = &order.terms else { return };
    if let Some(adjustment) = order.adjustments.get(cause) {
        return check_adjustment(order, terms, (cause, adjustment), bench);
    }
    if order.is_lost(cause) {
        return check_lost(order, terms, cause, bench);
    }
    if order.advances.granted.contains_key(&RmaId::new(cause)) {
        return check_advance(order, terms, cause, bench);
    }
    let Some(receipt) = order.receipts.get(&ReceiptId::new(cause)) else { return };
    bench.looks();
    let (given, seqs) = given(order, cause);
    let mut worth = worth(terms, &std::iter::once(receipt));
    worth.high -= granted::off_receipt(order, terms, cause, receipt).low;
    if order.turned_up(receipt) {
        worth = Span::default();
    } else if receipt.shipment.is_some() {
        worth.high += terms.shipping.gross - granted::off_shipping(order, terms);
    }
    if order.receipts.len() > 1 {
        // What an earlier receipt kept of promotions is given back when all goods are back.
        worth.high += retained::at_most(terms, moment.policy);
    }
    if given > worth.high {
        bench.found(finding(order, terms, cause, receipt, given, worth.high).evidence(seqs));
    }
}

/// A lost parcel is worth what was in it, and what was not granted of shipping.
fn check_lost(order: &OrderBook, terms: &Terms, parcel: &str, bench: &mut Bench) {
    let Some(shipment) = order.shipments.get(&ShipmentId::new(parcel)) else { return };
    bench.looks();
    let (given, seqs) = given(order, parcel);
    let goods =
        shipment.lines.iter().filter_map(|(line, units)| Some(terms.lines.get(line)?.gross(*units).high));
    let worth = goods.sum::<i64>() + terms.shipping.gross - granted::off_shipping(order, terms);
    if given <= worth {
        return;
    }
    let sentence = format!(
        "Order {}: {} was given back for lost parcel {parcel}, which is worth at most {}.",
        order.number,
        terms.money(given),
        terms.money(worth)
    );
    bench.found(
        Finding::new(format!("refund for {parcel}"), sentence).evidence([shipment.seq]).evidence(seqs),
    );
}

/// What is given back before goods come is no more than they are worth.
fn check_advance(order: &OrderBook, terms: &Terms, rma: &str, bench: &mut Bench) {
    let Some(announced) = order.authorizations.get(&RmaId::new(rma)) else { return };
    bench.looks();
    let (paid, seqs) = given(order, rma);
    let lines = announced.lines.iter();
    let worth: i64 = lines.filter_map(|(line, units)| Some(terms.lines.get(line)?.gross(*units).high)).sum();
    if paid <= worth {
        return;
    }
    let sentence = format!(
        "Order {}: {} was given back before the goods of return {rma} came, which are worth at most {}.",
        order.number,
        terms.money(paid),
        terms.money(worth)
    );
    let finding = Finding::new(format!("refund for {rma}"), sentence).evidence([announced.seq]);
    bench.found(finding.evidence(seqs));
}

/// A price adjustment gives back what was asked for, and all together no more than what the goods were bought for.
fn check_adjustment(
    order: &OrderBook,
    terms: &Terms,
    (id, adjustment): (&str, &AdjustmentBook),
    bench: &mut Bench,
) {
    bench.looks();
    let (paid, seqs) = given(order, id);
    let (goods, shipping) = granted::ceiling(order, terms, adjustment);
    if paid > goods + shipping {
        let sentence = format!(
            "Order {}: {} was given back for price adjustment {id}, which grants at most {}.",
            order.number,
            terms.money(paid),
            terms.money(goods + shipping)
        );
        let finding = Finding::new(format!("refund for {id}"), sentence).evidence([adjustment.seq]);
        bench.found(finding.evidence(seqs));
    }
    let all: i64 = order.adjustments.keys().map(|id| given(order, id).0).sum();
    let bought = adjusted_worth(order, terms);
    if all > bought {
        let sentence = format!(
            "Order {}: {} was given back in price adjustments, for what was bought for {}.",
            order.number,
            terms.money(all),
            terms.money(bought)
        );
        bench.found(Finding::new("all price adjustments", sentence).evidence(order.money.seqs()));
    }
}

/// What everything was bought for that price adjustments name.
fn adjusted_worth(order: &OrderBook, terms: &Terms) -> i64 {
    let named = |line_id| order.adjustments.values().any(|known| known.lines.contains_key(line_id));
    let units = |line_id| u32::try_from(order.shipped(line_id).max(0)).unwrap_or(u32::MAX);
    let lines = terms.lines.iter().filter(|(line_id, _)| named(line_id));
    let goods: i64 = lines.map(|(line_id, line)| line.gross(units(line_id)).high).sum();
    let shipping = order.adjustments.values().any(|known| known.shipping.is_some());
    goods + if shipping { terms.shipping.gross } else { 0 }
}

/// What was agreed to be given back without goods is given back.
fn check_agreed(order: &OrderBook, terms: &Terms, excused: i64, bench: &mut Bench) {
    for (id, adjustment) in &order.adjustments {
        let Some((amount, agreed)) = adjustment.told else { continue };
        bench.looks();
        let (paid, seqs) = given(order, id);
        if paid + excused >= amount {
            continue;
        }
        let sentence = format!(
            "Order {}: {} was given back for price adjustment {id}, which grants {}.",
            order.number,
            terms.money(paid),
            terms.money(amount)
        );
        let finding = Finding::new(format!("refund for {id}"), sentence).evidence([adjustment.seq, agreed]);
        bench.found(finding.evidence(seqs));
    }
}

/// Goods that the customer keeps are paid back in full, where a channel asked for it, up to what the retailer declared.
fn check_kept(moment: &Moment<'_>, order: &OrderBook, terms: &Terms, excused: i64, bench: &mut Bench) {
    let mut all = 0;
    for (rma, known) in order.authorizations.iter().filter(|(_, known)| known.keeps) {
        bench.looks();
        let (paid, seqs) = given(order, rma.as_str());
        // A gift card is not kept: it is worth nothing any more (M12).
        if !known.lines.keys().all(|line_id| order.is_gift_card(line_id)) {
            all += paid;
        }
        let lines = known.lines.iter().filter_map(|(line_id, units)| {
            let line = terms.lines.get(line_id)?;
            let off = granted::off_units(order, line_id, line, *units);
            let gross = line.gross(*units);
            Some(Span { low: gross.low - off.high, high: gross.high - off.low })
        });
        let worth: Span = lines.sum();
        let most = moment.policy.keep_items_up_to(terms.currency);
        let asked = order.keeping.values().any(|(lines, _)| *lines == known.lines);
        let wrong = if !asked {
            "nobody asked for".to_owned()
        } else if all > most {
            format!("is more than the {} that the retailer declared", terms.money(most))
        } else if paid > worth.high {
            format!("is more than the goods are worth, {}", terms.money(worth.high))
        } else if paid + excused < worth.low {
            format!("is less than the goods are worth, {}", terms.money(worth.low))
        } else {
            continue;
        };
        let sentence = format!(
            "Order {}: {} was given back for goods of return {rma} that the customer keeps, which {wrong}.",
            order.number,
            terms.money(paid)
        );
        bench.found(
            Finding::new(format!("kept goods of {rma}"), sentence).evidence([known.seq]).evidence(seqs),
        );
    }
}

fn check_exactly(moment: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    let Some(terms) = &order.terms else { return };
    check_unfounded(moment, order, terms, bench);
    // As long as nobody knows whether a parcel was paid, what it paid for need not be given back yet.
    let failed = if order.money.is_undecided() {
        i64::MAX / 4
    } else {
        order.money.failed() + order.withheld() + order.money.uncollected()
    };
    check_agreed(order, terms, failed, bench);
    check_kept(moment, order, terms, failed, bench);
    let (mut total, mut off) = (0, Span::default());
    let owed = |receipt: &ReceiptBook| receipt.is_owed() && !order.turned_up(receipt);
    for (receipt_id, receipt) in order.receipts.iter().filter(|(_, receipt)| owed(receipt)) {
        bench.looks();
        let (given, seqs) = given(order, receipt_id.as_str());
        let mut worth = worth(terms, &std::iter::once(receipt));
        let granted = granted::off_receipt(order, terms, receipt_id.as_str(), receipt);
        worth.low -= retained::at_most(terms, moment.policy) + granted.high;
        off = off + granted;
        total += given;
        let before = advanced::paid_before(moment, order, terms, receipt_id);
        if given + before + failed < worth.low {
            let finding = finding(order, terms, receipt_id.as_str(), receipt, given, worth.low);
            bench.found(finding.evidence(seqs));
        }
    }
    let retained = retained::span(moment, order, terms);
    // Whether shipping is given back with an undelivered parcel, M4 judges.
    if order.receipts.values().all(|receipt| receipt.shipment.is_none()) {
        let kept = Span { low: retained.low, high: retained.high + failed };
        let before = advanced::all_paid_before(moment, order, terms);
        check_sum(order, terms, total, kept + off + before, bench);
    }
}

/// Over all receipts nothing is lost or won by rounding, and no promotion is given twice.
fn check_sum(order: &OrderBook, terms: &Terms, given: i64, kept: Span, bench: &mut Bench) {
    let owed = order.receipts.values().filter(|receipt| receipt.is_owed());
    let worth = worth(terms, &owed);
    let sound = Span { low: worth.low - kept.high, high: worth.high - kept.low };
    let several = owed.clone().count() > 1 || kept.low > 0;
    if !several || sound.holds(given) {
        return;
    }
    let bound = if given > sound.high { sound.high } else { sound.low };
    let sentence = format!(
        "Order {}: {} was given back for {} together, whose goods were bought for {}{}.",
        order.number,
        terms.money(given),
        receipts(owed.count()),
        terms.money(bound),
        if kept.low > 0 { " without what was granted, paid before or is not earned any more" } else { "" }
    );
    bench.found(Finding::new("all receipts", sentence).evidence(order.money.seqs()));
}

/// `1 receipt`, `2 receipts`.
fn receipts(count: usize) -> String {
    if count == 1 { "1 receipt".to_owned() } else { format!("{count} receipts") }
}

/// Money that was given back for nothing.
fn check_unfounded(moment: &Moment<'_>, order: &OrderBook, terms: &Terms, bench: &mut Bench) {
    for payout in order.money.live_payouts() {
        let restores_a_tender = matches!(&payout.via, Via::Account { issued: false, .. });
        let cause = order.money.root_of(&payout.cause);
        let founded = order.receipts.contains_key(&ReceiptId::new(cause))
            || order.adjustments.contains_key(cause)
            || order.authorizations.get(&RmaId::new(cause)).is_some_and(|known| known.keeps)
            || advanced::is_granted(order, &RmaId::new(cause), moment.policy)
            || order.wishes.contains(cause)
            || order.is_lost(cause)
            || order.settlements.contains_key(cause);
        if restores_a_tender || founded {
            continue;
        }
        bench.looks();
        let sentence = format!(
            "Order {}: {} was given back for {}, but no goods came back under that reference.",
            order.number,
            terms.money(payout.amount),
            payout.cause
        );
        bench.found(Finding::new(format!("refund for {}", payout.cause), sentence).evidence([payout.seq]));
    }
}

fn finding(
    order: &OrderBook,
    terms: &Terms,
    cause: &str,
    receipt: &ReceiptBook,
    given: i64,
    bound: i64,
) -> Finding {
    let goods = join(receipt.lines.iter().map(|(line, quantity)| {
        let what = receipt.skus.get(line).map_or_else(|| line.to_string(), ToString::to_string);
        format!("{} of {what}", units(i64::from(*quantity)))
    }));
    let word = if given > bound { "at most" } else { "at least" };
    let sentence = format!(
        "Order {}: {} was given back for receipt {cause} ({goods}), which is worth {word} {}.",
        order.number,
        terms.money(given),
        terms.money(bound)
    );
    Finding::new(format!("refund for {cause}"), sentence).evidence(receipt.seqs.iter().copied())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{Life, findings, lives},
        journal::Effect,
        model::{ConditionGrade, ScanCode},
    };

    #[test]
    fn units_of_different_value_may_come_back_in_any_order() {
        let life = Life { promotion: 3_001, ..Life::default() };
        let mut history = life.shipped();
        history.return_units("R-1", 1, ConditionGrade::A);
        history.edit(|effect| shift(effect, "R-1", 1));
        history.return_units("R-2", 1, ConditionGrade::A);
        history.edit(|effect| shift(effect, "R-2", -1));
        history.settle();
        assert_eq!(findings("M6", &history.records()), [""; 0]);
    }

    /// Two units for 49.90 each less 10.00 each, earned by goods for 90.00; one comes back, and then the other.
    fn broken_minimum(refunds: &[i64]) -> Vec<String> {
        let life = Life { promotion: 2_000, minimum: Some(9_000), ..Life::default() };
        let mut history = life.shipped();
        for (number, refund) in refunds.iter().enumerate() {
            let receipt = format!("R-{}", number + 1);
            history.return_units(&receipt, 1, ConditionGrade::A);
            history.edit(|effect| shift(effect, &receipt, refund - 3_990));
        }
        history.settle();
        findings("M6", &history.records())
    }

    #[test]
    fn what_a_broken_promotion_is_worth_is_kept_and_given_back_with_the_last_goods() {
        assert_eq!(broken_minimum(&[2_990]), [""; 0]);
        assert_eq!(broken_minimum(&[2_990, 4_990]), [""; 0]);
        assert_eq!(
            broken_minimum(&[3_990]),
            [
                "Order W-17: 39.90 EUR was given back for 1 receipt together, whose goods were bought for 29.90 EUR without what was granted, paid before or is not earned any more."
            ]
        );
        assert_eq!(
            broken_minimum(&[2_990, 3_990]),
            [
                "Order W-17: 69.80 EUR was given back for 2 receipts together, whose goods were bought for 79.80 EUR."
            ]
        );
    }

    fn shift(effect: &mut Effect, receipt: &str, difference: i64) {
        if let Effect::RefundAccepted { refund, cause } = effect
            && cause == receipt
        {
            refund.amount.amount += difference;
        }
    }

    #[test]
    fn a_refund_that_ignores_the_promotion_is_found() {
        let mut history = Life { promotion: 2_000, ..Life::default() }.returned(1);
        history.edit(|effect| shift(effect, "R-1", 1_000));
        assert_eq!(
            findings("M6", &history.records()),
            [
                "Order W-17: 49.90 EUR was given back for receipt R-1 (1 unit of shirt), which is worth at most 39.90 EUR."
            ]
        );
    }

    #[test]
    fn a_cent_above_the_dearest_unit_is_found_at_once_and_one_below_the_cheapest_at_rest() {
        for (difference, at_once) in [(1, true), (-1, false)] {
            let mut history = Life::default().returned(1);
            history.edit(|effect| shift(effect, "R-1", difference));
            assert_eq!(findings("M6", &history.records()).len(), usize::from(at_once));
            history.settle();
            assert_eq!(findings("M6", &history.records()).len(), 1);
        }
    }

    #[test]
    fn a_refund_without_tax_is_found_at_rest() {
        let mut history = Life::default().returned(1);
        history.edit(|effect| shift(effect, "R-1", -797));
        history.settle();
        assert_eq!(
            findings("M6", &history.records()),
            [
                "Order W-17: 41.93 EUR was given back for receipt R-1 (1 unit of shirt), which is worth at least 49.90 EUR."
            ]
        );
    }

    #[test]
    fn rounding_that_drifts_over_several_receipts_is_found() {
        let life = Life { promotion: 3_001, ..Life::default() };
        let mut history = life.shipped();
        history.return_units("R-1", 1, ConditionGrade::A);
        history.edit(|effect| shift(effect, "R-1", 1));
        history.return_units("R-2", 1, ConditionGrade::A);
        history.settle();
        assert_eq!(
            findings("M6", &history.records()),
            [
                "Order W-17: 69.80 EUR was given back for 2 receipts together, whose goods were bought for 69.79 EUR."
            ]
        );
    }

    #[test]
    fn a_lost_parcel_is_worth_what_was_in_it_and_nothing_more_when_it_turns_up() {
        let mut history = Life::default().shipped();
        history.scan("S-1", ScanCode::Lost);
        history.refund("F-1", "S-1", "C-1", 9_980);
        history.dock_receives_parcel("R-1", "S-1", 2);
        assert_eq!(findings("M6", &history.records()), [""; 0]);
        history.refund("F-2", "R-1", "C-1", 9_980);
        history.refund("F-3", "S-1", "C-1", 100);
        assert_eq!(
            findings("M6", &history.records()),
            [
                "Order W-17: 99.80 EUR was given back for receipt R-1 (2 units of shirt), which is worth at most 0.00 EUR.",
                "Order W-17: 100.80 EUR was given back for lost parcel S-1, which is worth at most 99.80 EUR.",
            ]
        );
    }

    #[test]
    fn a_parcel_that_was_delivered_is_not_lost_any_more() {
        let mut history = Life::default().shipped();
        history.scan("S-1", ScanCode::Delivered);
        history.scan("S-1", ScanCode::Lost);
        history.refund("F-1", "S-1", "C-1", 9_980);
        history.settle();
        assert_eq!(
            findings("M6", &history.records()),
            ["Order W-17: 99.80 EUR was given back for S-1, but no goods came back under that reference."]
        );
    }

    #[test]
    fn a_refund_for_goods_that_never_came_is_found() {
        let mut history = Life::default().shipped();
        history.refund("F-1", "RMA-1", "C-1", 4_990);
        history.settle();
        assert_eq!(
            findings("M6", &history.records()),
            ["Order W-17: 49.90 EUR was given back for RMA-1, but no goods came back under that reference."]
        );
    }

    #[test]
    fn a_price_adjustment_beyond_what_was_granted_or_left_is_found() {
        let mut history = Life::default().shipped();
        history.adjust("PA-1", 6_000, 0);
        history.settle();
        assert_eq!(findings("M6", &history.records()), [""; 0]);
        history.ask_for_adjustment("PA-2", 4_000, 0);
        history.refund("F-2", "PA-2", "C-1", 4_000);
        assert_eq!(
            findings("M6", &history.records()),
            [
                "Order W-17: 100.00 EUR was given back in price adjustments, for what was bought for 99.80 EUR."
            ]
        );
        let mut history = Life::default().shipped();
        history.adjust("PA-1", 1_000, 0);
        history.refund("F-9", "PA-1", "C-1", 1_000);
        assert_eq!(
            findings("M6", &history.records()),
            [
                "Order W-17: 20.00 EUR was given back for price adjustment PA-1, which grants at most 10.00 EUR."
            ]
        );
    }

    #[test]
    fn a_lost_parcel_is_worth_less_what_was_granted_of_shipping() {
        let paid_back = |amount: i64| {
            let mut history = Life { shipping: 490, ..Life::default() }.shipped();
            history.adjust("PA-1", 0, 200);
            history.scan("S-1", ScanCode::Lost);
            history.refund("F-1", "S-1", "C-1", amount);
            history.settle();
            ["M4", "M6"].map(|law| findings(law, &history.records()))
        };
        assert_eq!(paid_back(9_980 + 290), [const { Vec::<String>::new() }; 2]);
        assert_eq!(
            paid_back(9_980 + 490),
            [
                [
                    "Order W-17: the customer paid -2.00 EUR in the end, but what the customer kept is worth 0.00 EUR: 2.00 EUR too little."
                ],
                [
                    "Order W-17: 104.70 EUR was given back for lost parcel S-1, which is worth at most 102.70 EUR."
                ],
            ]
        );
    }

    #[test]
    fn a_price_adjustment_that_is_not_paid_is_found_at_rest() {
        let mut history = Life::default().shipped();
        history.adjust("PA-1", 1_000, 0);
        history.edit(|effect| shift(effect, "PA-1", -400));
        history.settle();
        assert_eq!(
            findings("M6", &history.records()),
            ["Order W-17: 6.00 EUR was given back for price adjustment PA-1, which grants 10.00 EUR."]
        );
    }

    #[test]
    fn a_unit_that_comes_back_is_worth_less_what_was_granted_on_it() {
        let life = Life::default();
        let adjusted = || {
            let mut history = life.shipped();
            history.adjust("PA-1", 1_001, 0);
            history.return_units("R-1", 1, ConditionGrade::A);
            history
        };
        let mut history = adjusted();
        let share = history.first_share(1_001);
        history.take_off("R-1", share, 0);
        history.settle();
        assert_eq!(findings("M6", &history.records()), [""; 0]);
        assert_eq!(
            findings("M6", &adjusted().records()),
            [
                "Order W-17: 49.90 EUR was given back for receipt R-1 (1 unit of shirt), which is worth at most 44.90 EUR."
            ]
        );
    }

    /// The customer keeps one of two units, and so much is paid back for it.
    fn kept(amount: i64, asked: bool) -> Vec<String> {
        let mut history = Life { price: 2_000, ..Life::default() }.shipped();
        history.keep("RMA-1", 1, asked);
        history.refund("F-1", "RMA-1", "C-1", amount);
        history.settle();
        findings("M6", &history.records())
    }

    #[test]
    fn goods_that_are_kept_are_paid_in_full_where_somebody_asked_and_the_retailer_declared_it() {
        assert_eq!(kept(2_000, true), [""; 0]);
        let sentence = |amount: &str, wrong: &str| {
            format!(
                "Order W-17: {amount} EUR was given back for goods of return RMA-1 that the customer keeps, which {wrong}."
            )
        };
        assert_eq!(kept(2_000, false), [sentence("20.00", "nobody asked for")]);
        assert_eq!(kept(1_999, true), [sentence("19.99", "is less than the goods are worth, 20.00 EUR")]);
        assert_eq!(kept(2_001, true), [sentence("20.01", "is more than the goods are worth, 20.00 EUR")]);
        let mut dear = Life::default().shipped();
        dear.keep("RMA-1", 1, true);
        dear.refund("F-1", "RMA-1", "C-1", 4_990);
        dear.settle();
        assert_eq!(
            findings("M6", &dear.records()),
            [sentence("49.90", "is more than the 40.00 EUR that the retailer declared")]
        );
    }

    proptest! {
        #[test]
        fn adjusted_prices_break_no_law_about_money_and_taxes(life in lives(), percent in 1_i64..100, shipping in 0_i64..490) {
            let life = Life { returns: Vec::new(), parcels: vec![life.quantity], promotion: 0, ..life };
            prop_assume!(!life.marketplace);
            let mut history = life.shipped();
            let goods = life.price * i64::from(life.quantity) * percent / 100;
            history.adjust("PA-1", goods, if life.shipping > 0 { shipping } else { 0 });
            history.settle();
            for law in ["M3", "M4", "M5", "M6", "M11", "M16", "M20", "T1", "T3", "T5", "A4", "I14"] {
                prop_assert_eq!(findings(law, &history.records()), [""; 0]);
            }
        }

        #[test]
        fn a_refund_beyond_the_dearest_units_is_found_in_every_life(life in lives(), extra in 1_i64..100) {
            let mut history = life.history();
            let mut changed = false;
            history.edit(|effect| {
                if let (Effect::RefundAccepted { refund, .. }, false) = (effect, changed) {
                    refund.amount.amount += life.price + extra;
                    changed = true;
                }
            });
            prop_assert_eq!(!findings("M6", &history.records()).is_empty(), changed);
        }
    }
}
