//! M7: an order's money moves in the order's currency.

use super::law::{Bench, Check, Finding, Moment};
use crate::{
    invariants::Law,
    journal::{Effect, Outcome},
    model::{Money, System},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "M7",
        name: "one currency",
        text: "Whatever is held, taken, given back, invoiced, credited or taxed for an order has the currency in \
               which the customer ordered; so has what is asked for and refused.",
        source: "bug reports Adyen/adyen-magento2#689, Automattic/woocommerce-payments#5215",
    },
    on_effect: Some(check),
    on_exchange: Some(check_asked),
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(committed), Some(order)) = (moment.committed(), moment.order) else { return };
    let (Some((what, money)), Some(terms)) = (money(&committed.effect), &order.terms) else { return };
    bench.looks();
    if money.currency == terms.currency {
        return;
    }
    let sentence = format!(
        "Order {} is in {}, but the {} has {what} {money}.",
        order.number,
        terms.currency,
        committed.system.title()
    );
    bench.found(
        Finding::new(format!("{what} at {}", committed.system), sentence)
            .evidence([terms.seq, moment.record.seq])
            .says(committed.system, money.to_string(), true),
    );
}

/// Where money stands in a request that moves or posts it.
const PLACES: [&str; 3] = ["amount", "tax", "total_tax"];

fn check_asked(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(exchange), Some(order)) = (moment.exchange(), moment.order) else { return };
    let Some(terms) = &order.terms else { return };
    if exchange.from != System::Middleware || exchange.outcome != Outcome::Fail {
        return;
    }
    bench.looks();
    let own = terms.currency.to_string();
    let other = |place: &str| {
        let currency = exchange.request.get(place).and_then(|money| money.get("currency")?.as_str());
        currency.is_some_and(|currency| currency != own)
    };
    let Some(place) = PLACES.into_iter().find(|place| other(place)) else { return };
    let sentence = format!(
        "Order {} is in {}, but {}.{} was asked with another currency in {place}.",
        order.number, terms.currency, exchange.to, exchange.operation
    );
    let finding = Finding::new(format!("{} at {}", exchange.operation, exchange.to), sentence);
    bench.found(finding.evidence([terms.seq, moment.record.seq]).says(exchange.to, "refused it", false));
}

/// Money that moved or was posted, and what it is.
const fn money(effect: &Effect) -> Option<(&'static str, Money)> {
    Some(match effect {
        Effect::PaymentAuthorized { authorization } => ("an authorization of", authorization.amount),
        Effect::PaymentCaptured { capture } => ("a capture of", capture.amount),
        Effect::RefundAccepted { refund, .. } => ("a refund of", refund.amount),
        Effect::PaymentRecharged { recharge } => ("a charge again of", recharge.amount),
        Effect::WrittenOff { write_off } => ("a write-off of", write_off.amount),
        Effect::RefundShown { notice } => ("a refund of", notice.refund.amount),
        Effect::MarketplaceCollected { amount } => ("a collection of", *amount),
        Effect::AccountDebited { entry } => ("a debit of", entry.amount),
        Effect::AccountCredited { entry, .. } => ("a credit of", entry.amount),
        Effect::InvoicePosted { invoice } => ("an invoice over", invoice.amount),
        Effect::CreditMemoPosted { credit_memo } => ("a credit memo over", credit_memo.amount),
        Effect::TaxCommitted { document } => ("a tax document over", document.total_tax),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{Life, findings, lives},
        journal::Effect,
        model::Currency,
        protocol::ProblemKind,
    };

    #[test]
    fn a_refund_in_another_currency_is_found() {
        let mut history = Life::default().returned(1);
        history.edit(|effect| {
            if let Effect::RefundAccepted { refund, .. } = effect {
                refund.amount.currency = Currency::USD;
            }
        });
        assert_eq!(
            findings("M7", &history.records()),
            ["Order W-17 is in EUR, but the payment provider has a refund of 49.90 USD."]
        );
    }

    #[test]
    fn a_credit_memo_in_another_currency_is_found_though_it_is_refused() {
        let mut history = Life::default().returned(1);
        let memo =
            |currency: &str| serde_json::json!({ "amount": { "amount": 4_990, "currency": currency } });
        history.refused_by_erp("postCreditMemo", memo("EUR"), ProblemKind::BusinessRule);
        assert_eq!(findings("M7", &history.records()), [""; 0]);
        history.refused_by_erp("postCreditMemo", memo("USD"), ProblemKind::BusinessRule);
        assert_eq!(
            findings("M7", &history.records()),
            ["Order W-17 is in EUR, but erp.postCreditMemo was asked with another currency in amount."]
        );
    }

    proptest! {
        #[test]
        fn captures_in_another_currency_are_found_in_every_life(life in lives()) {
            let mut history = life.history();
            let mut captures = 0;
            history.edit(|effect| {
                if let Effect::PaymentCaptured { capture } = effect {
                    capture.amount.currency = Currency::USD;
                    captures += 1;
                }
            });
            prop_assert_eq!(findings("M7", &history.records()).len(), captures.min(1));
        }
    }
}
