//! T6: what is collected for another country, or by a marketplace, is collected once, and given back.

use std::collections::BTreeMap;

use super::{
    books::{LevyName, OrderBook, Span, TaxRecord, Terms},
    granted,
    law::{Bench, Check, Finding, Moment},
};
use crate::{
    invariants::Law,
    model::{System, TaxDocumentKind, TaxScheme},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "T6",
        name: "taxes across borders",
        text: "Tax documents carry the scheme that the order was sold under. At rest, what is reported to each who \
               levies a tax or duty on an order across borders, sales less returns, is the tax of units that the \
               customer keeps, and of their shipping. Of taxes that a marketplace collects and remits, the \
               retailer reports none.",
        source: "Directive (EU) 2017/2455 (OSS, IOSS); Incoterms 2020 (DDP, DAP); the states' marketplace \
                 facilitator acts",
    },
    on_effect: None,
    on_exchange: None,
    at_rest: Some(check),
};

fn check(moment: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    let Some(terms) = &order.terms else { return };
    if terms.pricing.is_reported() {
        check_scheme(order, terms, bench);
        if terms.pricing.scheme != TaxScheme::Domestic {
            check_levies(moment, order, terms, bench);
        }
    } else {
        check_facilitated(order, bench);
    }
}

fn documents(order: &OrderBook) -> impl Iterator<Item = &TaxRecord> {
    order.taxes.live(TaxDocumentKind::SalesInvoice).chain(order.taxes.live(TaxDocumentKind::ReturnInvoice))
}

fn check_facilitated(order: &OrderBook, bench: &mut Bench) {
    bench.looks();
    for document in documents(order) {
        let sentence = format!(
            "Order {}: the retailer reports tax in document {}, which the marketplace collects and remits.",
            order.number, document.code
        );
        let finding = Finding::new(format!("document {}", document.code), sentence);
        bench.found(finding.evidence([document.seq]).says(System::Tax, "reports it, too", true));
    }
}

fn check_scheme(order: &OrderBook, terms: &Terms, bench: &mut Bench) {
    let name = |scheme: TaxScheme| format!("{scheme:?}").to_uppercase();
    for document in documents(order) {
        bench.looks();
        if document.scheme == terms.pricing.scheme {
            continue;
        }
        let sentence = format!(
            "Order {}: tax document {} is reported under {}, but the order was sold under {}.",
            order.number,
            document.code,
            name(document.scheme),
            name(terms.pricing.scheme)
        );
        let finding = Finding::new(format!("scheme of {}", document.code), sentence);
        bench.found(finding.evidence([terms.seq, document.seq]));
    }
}

fn check_levies(moment: &Moment<'_>, order: &OrderBook, terms: &Terms, bench: &mut Bench) {
    let mut due: BTreeMap<LevyName, Span> = BTreeMap::new();
    for (line_id, line) in &terms.lines {
        let (shipped, returned) = (order.shipped(line_id), order.given_up(line_id));
        for levy in &line.pricing.levies {
            let tax = |units: i64| levy.tax(u32::try_from(units.max(0)).unwrap_or(0));
            let kept = Span { low: tax(shipped - returned.high).low, high: tax(shipped - returned.low).high };
            let off = granted::tax_in(order, line_id, line, |units| levy.tax(units));
            let sum = due.entry(levy.name.clone()).or_default();
            *sum = *sum + Span { low: kept.low - off.high, high: kept.high - off.low };
        }
    }
    for levy in terms.pricing.shipping_levies.iter().filter(|_| !order.shipments.is_empty()) {
        let sum = due.entry(levy.name.clone()).or_default();
        *sum = *sum + granted::kept_shipping_tax(order, terms, levy.tax, moment.policy);
    }
    let mut reported: BTreeMap<LevyName, i64> = BTreeMap::new();
    for document in documents(order) {
        let sign = if document.kind == TaxDocumentKind::SalesInvoice { 1 } else { -1 };
        for (name, tax) in &document.levied {
            *reported.entry(name.clone()).or_default() += sign * tax;
            due.entry(name.clone()).or_default();
        }
    }
    for (name, span) in due {
        let reported = reported.get(&name).copied().unwrap_or(0);
        bench.looks();
        if !span.holds(reported) {
            bench.found(finding(order, terms, &name, reported, span));
        }
    }
}

fn finding(order: &OrderBook, terms: &Terms, name: &LevyName, reported: i64, due: Span) -> Finding {
    let bound = if reported > due.high { due.high } else { due.low };
    let sentence = format!(
        "Order {}: {} is reported to {} ({:?}), but what the customer keeps carries {} of it.",
        order.number,
        terms.money(reported),
        name.0,
        name.1,
        terms.money(bound)
    );
    Finding::new(format!("tax of {} {:?}", name.0, name.1), sentence)
        .evidence(documents(order).map(|document| document.seq))
        .says(System::Tax, terms.money(reported).to_string(), true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, Life, findings, lives},
        journal::Effect,
        model::{TaxCollector, TaxDocumentKind, TaxScheme, TaxTerms},
    };

    /// Sold under a scheme, with documents that say so.
    fn under(scheme: TaxScheme, mut history: History) -> History {
        history.edit(|effect| match effect {
            Effect::OrderPlaced { order } => {
                order.tax_terms = Some(TaxTerms { scheme, ..TaxTerms::default() });
            }
            Effect::TaxCommitted { document } => document.scheme = Some(scheme),
            _ => {}
        });
        history
    }

    #[test]
    fn a_duty_that_is_not_given_back_is_found() {
        let mut history = under(TaxScheme::Ddp, Life::default().returned(1));
        history.remove(|effect| {
            matches!(effect, Effect::TaxCommitted { document } if document.kind == TaxDocumentKind::ReturnInvoice)
        });
        history.settle();
        assert_eq!(
            findings("T6", &history.records()),
            [
                "Order W-17: 15.94 EUR is reported to DE (Vat), but what the customer keeps carries 7.97 EUR of it."
            ]
        );
    }

    #[test]
    fn a_document_under_another_scheme_is_found() {
        let mut history = under(TaxScheme::Oss, Life::default().shipped());
        history.edit(|effect| {
            if let Effect::TaxCommitted { document } = effect {
                document.scheme = None;
            }
        });
        history.settle();
        assert_eq!(
            findings("T6", &history.records()),
            ["Order W-17: tax document TX-S-1 is reported under DOMESTIC, but the order was sold under OSS."]
        );
    }

    #[test]
    fn a_tax_that_the_marketplace_collects_is_reported_by_nobody_else() {
        let mut history = Life { marketplace: true, ..Life::default() }.shipped();
        history.edit(|effect| {
            if let Effect::OrderPlaced { order } = effect {
                let collector = Some(TaxCollector::Marketplace);
                order.tax_terms = Some(TaxTerms { collector, ..TaxTerms::default() });
            }
        });
        history.settle();
        assert_eq!(
            findings("T6", &history.records()),
            [
                "Order W-17: the retailer reports tax in document TX-S-1, which the marketplace collects and remits."
            ]
        );
        history.remove(|effect| matches!(effect, Effect::TaxCommitted { .. }));
        assert_eq!(findings("T6", &history.records()), [""; 0]);
    }

    proptest! {
        #[test]
        fn every_life_across_borders_is_lawful(life in lives()) {
            // Shipping has no levies of its own in lives.
            prop_assume!(life.shipping == 0);
            let mut history = under(TaxScheme::Oss, life.history());
            history.settle();
            prop_assert_eq!(findings("T6", &history.records()), [""; 0]);
        }
    }
}
