//! T1: the tax authority hears of what shipped and of what came back, once.

use super::{
    books::{OrderBook, Span, TaxRecord, Terms},
    granted,
    law::{Bench, Check, Finding, Moment},
};
use crate::{
    invariants::Law,
    model::{LineId, ShipmentId, System, TaxDocumentKind},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "T1",
        name: "tax of what shipped",
        text: "At rest, each taxed shipment has one committed sales document; their tax is that of the units that \
               shipped, and of shipping. The return documents' tax is that of the units that came back or were lost, of \
               what was granted on others, and of shipping as far as that is given back: exactly where shipping is given \
               back, its tax is.",
        source: "bug reports SuperGoodSoft/solidus_taxjar#184, OCA/account-fiscal-rule#170",
    },
    on_effect: None,
    on_exchange: None,
    at_rest: Some(check),
};

fn check(moment: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    let Some(terms) = &order.terms else { return };
    if !terms.pricing.is_reported() {
        return;
    }
    check_shipments(order, terms, bench);
    let shipped = |line_id: &LineId| Span::exactly(order.shipped(line_id));
    let shipping = if order.shipments.is_empty() { 0 } else { terms.shipping.tax };
    let sales = tax_of(terms, shipped) + Span::exactly(shipping);
    compare(order, terms, TaxDocumentKind::SalesInvoice, sales, bench);
    let returned = |line_id: &LineId| {
        let returned = order.given_up(line_id);
        let shipped = order.shipped(line_id);
        Span { low: returned.low.min(shipped), high: returned.high.min(shipped) }
    };
    let kept = granted::kept_shipping_tax(order, terms, shipping, moment.policy);
    let shipping = Span { low: shipping - kept.high, high: shipping - kept.low };
    let back = tax_of(terms, returned) + tax_granted(order, terms) + shipping;
    compare(order, terms, TaxDocumentKind::ReturnInvoice, back, bench);
}

/// The tax in what was granted on goods that the customer keeps.
fn tax_granted(order: &OrderBook, terms: &Terms) -> Span {
    let lines = terms.lines.iter();
    lines.map(|(line_id, line)| granted::taxes_in(order, line_id, line)).sum()
}

/// The tax of units of each line, whichever units they are.
fn tax_of(terms: &Terms, units_of: impl Fn(&LineId) -> Span) -> Span {
    terms
        .lines
        .iter()
        .map(|(line_id, line)| {
            let units = units_of(line_id);
            let tax = |units: i64| line.tax(u32::try_from(units.max(0)).unwrap_or(u32::MAX));
            Span { low: tax(units.low).low, high: tax(units.high).high }
        })
        .sum()
}

fn check_shipments(order: &OrderBook, terms: &Terms, bench: &mut Bench) {
    for (shipment_id, shipment) in &order.shipments {
        let documents: Vec<&TaxRecord> = documents_of(order, shipment_id).collect();
        let taxed = tax_of(terms, |line_id| {
            Span::exactly(i64::from(shipment.lines.get(line_id).copied().unwrap_or(0)))
        });
        bench.looks();
        if documents.len() == 1 || (documents.is_empty() && taxed.low == 0) {
            continue;
        }
        let sentence = format!(
            "Order {}: shipment {shipment_id} has {} committed sales tax documents instead of one.",
            order.number,
            documents.len()
        );
        let finding = Finding::new(format!("documents of {shipment_id}"), sentence).evidence([shipment.seq]);
        bench.found(finding.evidence(documents.iter().map(|document| document.seq)));
    }
}

fn documents_of<'a>(
    order: &'a OrderBook,
    shipment_id: &'a ShipmentId,
) -> impl Iterator<Item = &'a TaxRecord> {
    let sales = order.taxes.live(TaxDocumentKind::SalesInvoice);
    sales.filter(move |document| document.shipment.as_ref() == Some(shipment_id))
}

fn compare(order: &OrderBook, terms: &Terms, kind: TaxDocumentKind, due: Span, bench: &mut Bench) {
    let reported: i64 = order.taxes.live(kind).map(|document| document.total_tax).sum();
    let seqs: Vec<u64> = order.taxes.live(kind).map(|document| document.seq).collect();
    if seqs.is_empty() && due.high == 0 {
        return;
    }
    bench.looks();
    if due.holds(reported) {
        return;
    }
    let bound = if reported > due.high { due.high } else { due.low };
    let (documents, goods, subject) = match kind {
        TaxDocumentKind::SalesInvoice => ("sales documents", "shipped", "sales"),
        TaxDocumentKind::ReturnInvoice => ("return documents", "came back", "returns"),
    };
    let sentence = format!(
        "Order {}: the {documents} at the tax engine report {}, but what {goods} carries {} of tax.",
        order.number,
        terms.money(reported),
        terms.money(bound)
    );
    let finding = Finding::new(format!("tax of {subject}"), sentence).evidence(goods_seqs(order, kind));
    bench.found(finding.evidence(seqs).says(System::Tax, format!("{}", terms.money(reported)), true));
}

fn goods_seqs(order: &OrderBook, kind: TaxDocumentKind) -> Vec<u64> {
    match kind {
        TaxDocumentKind::SalesInvoice => order.shipments.values().map(|shipment| shipment.seq).collect(),
        TaxDocumentKind::ReturnInvoice => {
            order.receipts.values().flat_map(|receipt| receipt.seqs.iter().copied()).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, Life, findings, lives},
        journal::Effect,
        model::TaxDocumentKind,
    };

    fn is_document(effect: &Effect, of: TaxDocumentKind) -> bool {
        matches!(effect, Effect::TaxCommitted { document } if document.kind == of)
    }

    #[test]
    fn tax_that_is_given_back_without_shipping_or_not_at_all_is_found() {
        let adjusted = || {
            let mut history = Life { shipping: 490, ..Life::default() }.shipped();
            history.adjust("PA-1", 1_000, 490);
            history.settle();
            history
        };
        assert_eq!(findings("T1", &adjusted().records()), [""; 0]);
        let mut history = adjusted();
        history.edit(|effect| {
            if let Effect::TaxCommitted { document } = effect
                && document.kind == TaxDocumentKind::ReturnInvoice
            {
                document.lines.retain(|line| line.line_id.is_some());
                document.total_tax.amount = document.lines.iter().map(|line| line.tax.amount).sum();
            }
        });
        assert_eq!(
            findings("T1", &history.records()),
            [
                "Order W-17: the return documents at the tax engine report 1.59 EUR, but what came back carries 2.34 EUR of tax."
            ]
        );
    }

    #[test]
    fn a_return_that_the_tax_engine_never_hears_of_is_found() {
        let mut history = Life::default().returned(1);
        history.remove(|effect| is_document(effect, TaxDocumentKind::ReturnInvoice));
        history.settle();
        assert_eq!(
            findings("T1", &history.records()),
            [
                "Order W-17: the return documents at the tax engine report 0.00 EUR, but what came back carries 7.97 EUR of tax."
            ]
        );
    }

    #[test]
    fn a_shipment_that_is_reported_twice_is_found() {
        let mut history = History::shipped();
        history.repeat(|effect| is_document(effect, TaxDocumentKind::SalesInvoice));
        history.settle();
        assert_eq!(
            findings("T1", &history.records()),
            [
                "Order W-17: shipment S-1 has 2 committed sales tax documents instead of one.",
                "Order W-17: the sales documents at the tax engine report 31.88 EUR, but what shipped carries 15.94 EUR of tax.",
            ]
        );
    }

    #[test]
    fn a_document_that_was_withdrawn_does_not_count() {
        let mut history = History::shipped();
        history.void_taxes();
        history.settle();
        assert_eq!(findings("T1", &history.records()).len(), 2);
    }

    proptest! {
        #[test]
        fn a_tax_of_another_day_is_found_in_every_life(life in lives(), difference in 1_i64..50) {
            let mut history = life.history();
            let mut documents = 0;
            history.edit(|effect| {
                if let Effect::TaxCommitted { document } = effect
                    && document.kind == TaxDocumentKind::SalesInvoice
                {
                    document.total_tax.amount += difference;
                    documents += 1;
                }
            });
            history.settle();
            // Units of a line differ by a cent of tax at most.
            prop_assume!(difference > i64::from(life.quantity));
            prop_assert_eq!(findings("T1", &history.records()).len(), usize::from(documents > 0));
        }
    }
}
