//! What price adjustments take off what goods and shipping are worth. No law by itself: M4, M6, M20, T1 and T6 read it.
//!
//! What is granted on a line is spread, by what was paid for them, over the units that had left and were with the
//! customer. Which these are nobody but the implementation knows exactly while goods are on their way: hence spans.

use super::books::{AdjustmentBook, LineTerms, Lowered, OrderBook, ReceiptBook, Span, Terms};
use crate::{
    model::{LineId, System},
    policy::Policy,
};

/// Price adjustments that were agreed to.
pub(super) fn agreed(order: &OrderBook) -> impl Iterator<Item = &AdjustmentBook> {
    order.adjustments.values().filter(|adjustment| adjustment.told.is_some())
}

/// The most that an adjustment may give back for goods, and for shipping.
pub(super) fn ceiling(order: &OrderBook, terms: &Terms, adjustment: &AdjustmentBook) -> (i64, i64) {
    let goods = adjustment.lines.iter().filter_map(|(line_id, lowered)| {
        let line = terms.lines.get(line_id)?;
        Some(on_line(line, lowered, covered(order, line_id, lowered)).high)
    });
    let shipping = adjustment.shipping.map_or(0, |concession| concession.of(terms.shipping.gross));
    (goods.sum(), shipping.min(terms.shipping.gross))
}

/// What agreed adjustments take off the units of a line that the customer keeps.
pub(super) fn off_kept(order: &OrderBook, line_id: &LineId, line: &LineTerms) -> Span {
    let now = order.given_up(line_id);
    each(order, line_id)
        .map(|(_, lowered)| {
            let covered = covered(order, line_id, lowered);
            let back = Span {
                low: (now.low - lowered.back.high).max(0),
                high: (now.high - lowered.back.low).max(0),
            };
            let kept = Span { low: (covered.low - back.high).max(0), high: (covered.high - back.low).max(0) };
            share(order, line_id, line, lowered, kept)
        })
        .sum()
}

/// What agreed adjustments take off the units of a receipt.
pub(super) fn off_receipt(order: &OrderBook, terms: &Terms, id: &str, receipt: &ReceiptBook) -> Span {
    terms
        .lines
        .iter()
        .flat_map(|(line_id, line)| each(order, line_id).map(move |known| (line_id, line, known)))
        .map(|(line_id, line, (adjustment, lowered))| {
            let came = units_of(receipt, line_id);
            let covered = covered(order, line_id, lowered);
            let most = came.high.min(covered.high);
            let others = order.receipts.iter().filter(|(other, _)| other.as_str() != id);
            let others: i64 = others.map(|(_, other)| units_of(other, line_id).high).sum();
            // Who asked to keep goods may have them before the ERP books it.
            let asked = order.keeping.values().filter_map(|(lines, _)| lines.get(line_id));
            let kept: i64 = asked.map(|units| i64::from(*units)).sum();
            let lost = order.in_lost_parcels(line_id);
            let least = (covered.low - others - kept - lost).clamp(0, came.low.max(0));
            let units = match standing(order, id, receipt, adjustment) {
                Standing::Before => Span::default(),
                Standing::Between => Span { low: 0, high: most },
                Standing::After => Span { low: least, high: most },
            };
            share(order, line_id, line, lowered, units)
        })
        .sum()
}

/// What agreed adjustments may take off so many units of a line.
pub(super) fn off_units(order: &OrderBook, line_id: &LineId, line: &LineTerms, units: u32) -> Span {
    let most = i64::from(units);
    each(order, line_id)
        .map(|(_, lowered)| share(order, line_id, line, lowered, Span { low: 0, high: most }))
        .sum()
}

/// What of the charge for shipping agreed adjustments give back.
pub(super) fn off_shipping(order: &OrderBook, terms: &Terms) -> i64 {
    let granted = agreed(order).filter_map(|adjustment| adjustment.shipping);
    granted.map(|concession| concession.of(terms.shipping.gross)).sum::<i64>().min(terms.shipping.gross)
}

/// The part of the taxes of a line that belongs to an amount that was taken off. Each unit and adjustment may round once
/// for each jurisdiction: that is how they are reported.
pub(super) fn taxes_in(order: &OrderBook, line_id: &LineId, line: &LineTerms) -> Span {
    let levies = i64::try_from(line.pricing.levies.len().max(1)).unwrap_or(1);
    part_in(order, line_id, line, levies, |units| line.tax(units))
}

/// As [`taxes_in`], of a single tax: `units` of the line carry `tax` of it.
pub(super) fn tax_in(
    order: &OrderBook,
    line_id: &LineId,
    line: &LineTerms,
    tax: impl Fn(u32) -> Span,
) -> Span {
    part_in(order, line_id, line, 1, tax)
}

fn part_in(
    order: &OrderBook,
    line_id: &LineId,
    line: &LineTerms,
    levies: i64,
    tax: impl Fn(u32) -> Span,
) -> Span {
    let off = off_kept(order, line_id, line);
    if off.high == 0 {
        return Span::default();
    }
    let units = u32::try_from(order.shipped(line_id).max(1)).unwrap_or(u32::MAX);
    let (tax, paid) = (tax(units), line.paid(units));
    let adjustments = i64::try_from(each(order, line_id).count()).unwrap_or(1);
    let roundings = i64::from(units).saturating_mul(adjustments).saturating_mul(levies);
    // Taxes of single units differ from one another by rounding alone where their prices are the same.
    let part = |amount: i64, tax: i64, paid: i64| if paid > 0 { scaled(amount, tax, paid) } else { 0 };
    Span {
        low: (part(off.low, tax.low, paid.high) - roundings).max(0),
        high: part(off.high, tax.high, paid.low) + roundings,
    }
}

/// What of a tax on shipping the customer pays in the end: less what was granted of it, and nothing where the rest was
/// given back with parcels that never arrived.
pub(super) fn kept_shipping_tax(order: &OrderBook, terms: &Terms, tax: i64, policy: &Policy) -> Span {
    let off = shipping_tax_in(order, terms, tax);
    let kept = |tax| order.kept_of_shipping(tax, policy);
    Span { low: kept(tax - off.high).low, high: kept(tax - off.low).high }
}

/// The part of a tax on shipping that belongs to what was given back of the charge.
fn shipping_tax_in(order: &OrderBook, terms: &Terms, tax: i64) -> Span {
    let off = off_shipping(order, terms);
    if off == 0 {
        return Span::default();
    }
    let paid = terms.shipping.gross + terms.pricing.shipping_funded.values().sum::<i64>();
    let part = if paid > 0 { scaled(off, tax, paid) } else { 0 };
    let roundings = i64::try_from(agreed(order).count()).unwrap_or(1)
        * i64::try_from(terms.pricing.shipping_levies.len().max(1)).unwrap_or(1);
    Span { low: (part - roundings).max(0), high: part + roundings }
}

/// When goods came, seen from an adjustment.
enum Standing {
    Before,
    Between,
    After,
}

fn standing(order: &OrderBook, id: &str, receipt: &ReceiptBook, adjustment: &AdjustmentBook) -> Standing {
    let came = receipt.seqs.first().copied().unwrap_or(0);
    let agreed = adjustment.told.map_or(u64::MAX, |(_, seq)| seq);
    let was_known = receipt.system == System::Pos
        || order.money.payouts.iter().any(|payout| payout.cause == id && payout.seq < adjustment.seq);
    if came > agreed {
        Standing::After
    } else if came < adjustment.seq && was_known {
        Standing::Before
    } else {
        Standing::Between
    }
}

fn each<'o>(
    order: &'o OrderBook,
    line_id: &'o LineId,
) -> impl Iterator<Item = (&'o AdjustmentBook, &'o Lowered)> {
    agreed(order).filter_map(move |adjustment| Some((adjustment, adjustment.lines.get(line_id)?)))
}

fn units_of(receipt: &ReceiptBook, line_id: &LineId) -> Span {
    Span {
        low: i64::from(receipt.graded().get(line_id).copied().unwrap_or(0)),
        high: i64::from(receipt.lines.get(line_id).copied().unwrap_or(0)),
    }
}

/// Units that an adjustment is spread over; one at least.
fn covered(order: &OrderBook, line_id: &LineId, lowered: &Lowered) -> Span {
    let (left, back) = lowered.agreed.unwrap_or_else(|| (order.shipped(line_id), order.back(line_id)));
    Span { low: (lowered.shown - back.high).max(1), high: (left - lowered.back.low).max(1) }
}

/// What is granted on a line in all.
fn on_line(line: &LineTerms, lowered: &Lowered, covered: Span) -> Span {
    let gross = |units: i64| line.gross(u32::try_from(units.max(0)).unwrap_or(u32::MAX));
    Span {
        low: lowered.concession.of(gross(covered.low).low),
        high: lowered.concession.of(gross(covered.high).high),
    }
}

/// What of an adjustment falls on so many of the units that it is spread over.
fn share(order: &OrderBook, line_id: &LineId, line: &LineTerms, lowered: &Lowered, units: Span) -> Span {
    let covered = covered(order, line_id, lowered);
    let all = on_line(line, lowered, covered);
    let gross = |units: i64| line.gross(u32::try_from(units.max(0)).unwrap_or(u32::MAX));
    // An earlier adjustment on other units may leave too little of one of them to spread by what was paid.
    let alone = each(order, line_id).count() == 1;
    let low = if units.low >= covered.high {
        all.low
    } else if units.low <= 0 || !alone {
        0
    } else {
        let exact = scaled(all.low, gross(units.low).low, gross(covered.high).high.max(1));
        (exact - (units.low - 1)).max(0)
    };
    let high = if units.high >= covered.low {
        all.high
    } else if units.high <= 0 {
        0
    } else if alone {
        let exact = scaled(all.high, gross(units.high).high, gross(covered.low).low.max(1));
        (exact + units.high).min(all.high)
    } else {
        all.high.min(gross(units.high).high)
    };
    Span { low, high }
}

/// An amount times a fraction, rounded down.
fn scaled(amount: i64, numerator: i64, denominator: i64) -> i64 {
    let product = i128::from(amount) * i128::from(numerator) / i128::from(denominator.max(1));
    i64::try_from(product).unwrap_or(i64::MAX)
}
