//! T8: a gift card is a means of payment, and no discount.

use super::{
    books::{LineTerms, OrderBook, Span, Terms},
    law::{Bench, Check, Finding, Moment},
};
use crate::{
    invariants::Law,
    model::{LineId, System, TaxDocumentKind, TenderKind},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "T8",
        name: "gift cards and tax",
        text: "At rest, the goods of an order that is paid with stored value are reported with the base of what \
               shipped, as if it were paid otherwise. Units that were sold without tax, as vouchers are, are \
               reported without. The sale of a gift card bears no tax and is not reported.",
        source: "Directive (EU) 2016/1065 (vouchers)",
    },
    on_effect: None,
    on_exchange: None,
    at_rest: Some(check),
};

fn check(_: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    let Some(terms) = &order.terms else { return };
    let stored_value = terms.has_tender(TenderKind::GiftCard) || terms.has_tender(TenderKind::StoreCredit);
    for (line_id, line) in &terms.lines {
        let shipped = u32::try_from(order.shipped(line_id)).unwrap_or(0);
        let (mut bases, mut taxed) = (Span::default(), false);
        for levy in &line.pricing.levies {
            bases = bases + levy.base(shipped);
            taxed |= levy.tax(line.quantity).high > 0;
        }
        if line.gift_card {
            check_sale(order, terms, line_id, line, bench);
        }
        if stored_value {
            let reported = sum(order, line_id, |(base, _)| *base);
            bench.looks();
            if !bases.holds(reported) {
                let bound = if reported > bases.high { bases.high } else { bases.low };
                bench.found(finding(order, terms, line_id, (reported, bound), "on"));
            }
        }
        if !taxed {
            let reported = sum(order, line_id, |(_, tax)| *tax);
            bench.looks();
            if reported != 0 {
                bench.found(finding(order, terms, line_id, (reported, 0), "with"));
            }
        }
    }
}

/// What a gift card buys is taxed when it is bought.
fn check_sale(order: &OrderBook, terms: &Terms, line_id: &LineId, line: &LineTerms, bench: &mut Bench) {
    bench.looks();
    let taxed = line.tax(line.quantity).high;
    if taxed != 0 {
        bench.found(finding(order, terms, line_id, (taxed, 0), "with"));
    }
    let reported = sum(order, line_id, |(base, _)| *base);
    if reported != 0 {
        bench.found(finding(order, terms, line_id, (reported, 0), "on"));
    }
}

/// What sales documents say of a line.
fn sum(order: &OrderBook, line_id: &LineId, of: impl Fn(&(i64, i64)) -> i64) -> i64 {
    let sales = order.taxes.live(TaxDocumentKind::SalesInvoice);
    sales.filter_map(|document| document.of_lines.get(line_id)).map(of).sum()
}

fn finding(
    order: &OrderBook,
    terms: &Terms,
    line_id: &LineId,
    (reported, due): (i64, i64),
    word: &str,
) -> Finding {
    let sentence = format!(
        "Order {}: line {line_id} is taxed {word} {}, but {} is right, whatever it is and whoever pays.",
        order.number,
        terms.money(reported),
        terms.money(due)
    );
    let sales = order.taxes.live(TaxDocumentKind::SalesInvoice);
    Finding::new(format!("{word} line {line_id}"), sentence)
        .evidence([terms.seq])
        .evidence(sales.map(|document| document.seq))
        .says(System::Tax, terms.money(reported).to_string(), true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{Life, findings, lives},
        journal::Effect,
    };

    #[test]
    fn a_gift_card_that_lowers_the_base_is_found() {
        let mut history = Life { gift_card: 2_000, ..Life::default() }.shipped();
        history.edit(|effect| {
            if let Effect::TaxCommitted { document } = effect {
                document.lines[0].taxable_base.amount -= 2_000;
            }
        });
        history.settle();
        assert_eq!(
            findings("T8", &history.records()),
            [
                "Order W-17: line L-1 is taxed on 63.86 EUR, but 83.86 EUR is right, whatever it is and whoever pays."
            ]
        );
    }

    #[test]
    fn a_tax_on_what_was_sold_without_is_found() {
        let mut history = Life::default().shipped();
        history.edit(|effect| {
            if let Effect::OrderPlaced { order } = effect {
                order.lines[0].taxes[0].unit_amounts = vec![0, 0];
            }
        });
        history.settle();
        assert_eq!(
            findings("T8", &history.records()),
            [
                "Order W-17: line L-1 is taxed with 15.94 EUR, but 0.00 EUR is right, whatever it is and whoever pays."
            ]
        );
    }

    proptest! {
        #[test]
        fn every_life_is_taxed_whoever_pays(life in lives()) {
            let mut history = life.history();
            history.settle();
            prop_assert_eq!(findings("T8", &history.records()), [""; 0]);
        }
    }
}
