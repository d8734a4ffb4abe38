//! M16: what the ERP says a customer owes is what the customer paid.

use super::{
    books::{OrderBook, Span, Terms},
    law::{Bench, Check, Finding, Moment},
    m4_customer_pays_for_what_is_kept::settled,
};
use crate::{invariants::Law, model::System};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "M16",
        name: "books equal money",
        text: "At rest, invoices less credit memos and write-offs of an order are the money taken less the money given back. \
               Stored value of units that may ship still is taken, but not invoiced; a refund that failed is \
               credited, but not paid, and a refund before goods come is paid, but not credited.",
        source: "bug reports medusajs/medusa#13433, solidusio/solidus_stripe#221, saleor/saleor#14648",
    },
    on_effect: None,
    on_exchange: None,
    at_rest: Some(check),
};

fn check(moment: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    let Some(terms) = &order.terms else { return };
    let booked = order.receivable.amount.total() - order.advances.lost();
    if order.receivable.amount.count() == 0 && order.shipments.is_empty() {
        return;
    }
    bench.looks();
    let mut paid = settled(moment, order, terms);
    if order.money.is_undecided() {
        // Nothing need be given back of what may not have been taken.
        paid.low = paid.low.min(booked);
    }
    if !paid.holds(booked) {
        bench.found(finding(order, terms, booked, paid));
    }
}

fn finding(order: &OrderBook, terms: &Terms, booked: i64, paid: Span) -> Finding {
    let money = terms.money(order.money.net());
    let span = if paid.low == paid.high {
        String::new()
    } else {
        format!(" ({} at least is for what was invoiced)", terms.money(paid.low))
    };
    let sentence = format!(
        "Order {}: the ERP's invoices less credit memos are {}, but {money} was taken and not given back{span}.",
        order.number,
        terms.money(booked)
    );
    Finding::new("receivable", sentence)
        .evidence(order.receivable.amount.seqs().iter().copied())
        .evidence(order.money.seqs())
        .says(System::Erp, format!("{} invoiced", terms.money(booked)), true)
        .says(System::Psp, format!("{money} taken"), false)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{Life, findings, lives},
        journal::Effect,
    };

    #[test]
    fn a_refund_without_credit_memo_is_found() {
        let mut history = Life::default().returned(1);
        history.remove(|effect| matches!(effect, Effect::CreditMemoPosted { .. }));
        history.settle();
        assert_eq!(
            findings("M16", &history.records()),
            [
                "Order W-17: the ERP's invoices less credit memos are 99.80 EUR, but 49.90 EUR was taken and not given back."
            ]
        );
    }

    #[test]
    fn a_refund_that_failed_is_credited_and_owed_still() {
        let mut history = Life::default().returned(1);
        history.fail_refund("F-R-1-1");
        history.settle();
        assert_eq!(findings("M16", &history.records()), [""; 0]);
    }

    #[test]
    fn a_gift_card_that_pays_for_what_waits_is_not_invoiced_yet() {
        let mut history = Life { gift_card: 9_980, ..Life::default() }.accepted();
        history.ship_parcel("S-1", 1);
        history.settle();
        assert_eq!(findings("M16", &history.records()), [""; 0]);
    }

    proptest! {
        #[test]
        fn an_invoice_over_another_amount_is_found_in_every_life(life in lives(), difference in 1_i64..100) {
            let mut history = life.history();
            let mut invoices = 0;
            history.edit(|effect| {
                if let (Effect::InvoicePosted { invoice }, 0) = (effect, invoices) {
                    invoice.amount.amount += difference + 100_000;
                    invoices += 1;
                }
            });
            history.settle();
            prop_assert_eq!(findings("M16", &history.records()).len(), invoices);
        }
    }
}
