//! M22: what is settled in another currency is settled at the rate of the sale.

use super::{
    books::{Conversion, OrderBook, Terms},
    law::{Bench, Check, Finding, Moment},
};
use crate::{
    invariants::Law,
    model::{SettlementTerms, System},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "M22",
        name: "settled at the rate of the sale",
        text: "At rest, where the retailer is paid in another currency, captures and refunds of each authorization, \
               and invoices and credit memos, were settled for the conversion of their sum at the order's rate: \
               parts neither lose nor win anything. What follows on a refund that failed is left out.",
        source: "bug report Automattic/woocommerce-payments#5215",
    },
    on_effect: None,
    on_exchange: None,
    at_rest: Some(check),
};

fn check(_: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    let Some(terms) = &order.terms else { return };
    let Some(settlement) = terms.pricing.settlement else { return };
    let funds = &order.funds;
    let mut sums = vec![
        ("invoices".to_owned(), &funds.invoiced, System::Erp),
        ("credit memos".to_owned(), &funds.credited, System::Erp),
    ];
    for (authorization, conversion) in &funds.captured {
        sums.push((format!("captures of {authorization}"), conversion, System::Psp));
    }
    for (authorization, conversion) in funds.refunded.iter().filter(|_| !funds.has_failures) {
        sums.push((format!("refunds of {authorization}"), conversion, System::Psp));
    }
    for (what, conversion, system) in sums {
        compare(order, terms, &settlement, (&what, conversion, system), bench);
    }
}

fn compare(
    order: &OrderBook,
    terms: &Terms,
    settlement: &SettlementTerms,
    (what, conversion, system): (&str, &Conversion, System),
    bench: &mut Bench,
) {
    if conversion.amount.count() == 0 {
        return;
    }
    bench.looks();
    let due = settlement.convert(conversion.amount.total());
    let settled = conversion.settled.total();
    if settled == due {
        return;
    }
    let sentence = format!(
        "Order {}: {what} of {} were settled for {}, which is {} at the rate of the sale.",
        order.number,
        terms.money(conversion.amount.total()),
        settlement.money(settled),
        settlement.money(due)
    );
    let finding = Finding::new(format!("settlement of {what}"), sentence).evidence([terms.seq]);
    let finding = finding.evidence(conversion.amount.seqs().iter().copied());
    bench.found(finding.says(system, settlement.money(settled).to_string(), true));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{Life, findings, lives, settled},
        journal::Effect,
    };

    #[test]
    fn an_invoice_at_another_rate_is_found() {
        let mut history = settled(Life::default().shipped());
        history.edit(|effect| {
            if let Effect::InvoicePosted { invoice } = effect
                && let Some(settlement) = &mut invoice.settlement
            {
                settlement.amount.amount += 1;
            }
        });
        history.settle();
        assert_eq!(
            findings("M22", &history.records()),
            [
                "Order W-17: invoices of 99.80 EUR were settled for 108.49 USD, which is 108.48 USD at the rate of the sale."
            ]
        );
    }

    #[test]
    fn captures_that_are_not_settled_are_found() {
        let mut history = settled(Life::default().shipped());
        history.edit(|effect| {
            if let Effect::PaymentCaptured { capture } = effect {
                capture.settlement_amount = None;
            }
        });
        history.settle();
        assert_eq!(
            findings("M22", &history.records()),
            [
                "Order W-17: captures of A-1 of 99.80 EUR were settled for 0.00 USD, which is 108.48 USD at the rate of the sale."
            ]
        );
    }

    proptest! {
        #[test]
        fn every_life_can_be_settled_exactly(life in lives()) {
            let mut history = settled(life.history());
            history.settle();
            prop_assert_eq!(findings("M22", &history.records()), [""; 0]);
        }
    }
}
