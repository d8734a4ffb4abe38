//! T3: the tax engine and the ERP report the same tax.

use super::{
    books::{OrderBook, TaxRecord},
    law::{Bench, Check, Finding, Moment},
};
use crate::{
    invariants::Law,
    model::{System, TaxDocumentKind},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "T3",
        name: "one tax in all books",
        text: "At rest, sales less returns at the tax engine are the tax of invoices less credit memos in the \
               ERP.",
        source: "bug reports OCA/account-fiscal-rule#170, SuperGoodSoft/solidus_taxjar#192, medusajs/medusa#10760",
    },
    on_effect: None,
    on_exchange: None,
    at_rest: Some(check),
};

fn check(_: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    let Some(terms) = &order.terms else { return };
    if !terms.pricing.is_reported() {
        return;
    }
    let sum = |kind| order.taxes.live(kind).map(|document| document.total_tax).sum::<i64>();
    let seqs = |kind| order.taxes.live(kind).map(|document: &TaxRecord| document.seq);
    let reported = sum(TaxDocumentKind::SalesInvoice) - sum(TaxDocumentKind::ReturnInvoice);
    let booked = order.receivable.tax.total();
    let documents = seqs(TaxDocumentKind::SalesInvoice).chain(seqs(TaxDocumentKind::ReturnInvoice));
    let documents: Vec<u64> = documents.collect();
    if documents.is_empty() && order.receivable.tax.count() == 0 {
        return;
    }
    bench.looks();
    if reported == booked {
        return;
    }
    let (reported, booked) = (terms.money(reported), terms.money(booked));
    let sentence =
        format!("Order {}: the tax engine has {reported} of tax, but the ERP {booked}.", order.number);
    bench.found(
        Finding::new("tax", sentence)
            .evidence(documents)
            .evidence(order.receivable.tax.seqs().iter().copied())
            .says(System::Tax, reported.to_string(), false)
            .says(System::Erp, booked.to_string(), false),
    );
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{Life, findings, lives},
        journal::Effect,
        model::TaxDocumentKind,
    };

    #[test]
    fn a_return_that_the_tax_engine_never_hears_of_is_found() {
        let mut history = Life::default().returned(1);
        history.remove(|effect| {
            matches!(effect, Effect::TaxCommitted { document } if document.kind == TaxDocumentKind::ReturnInvoice)
        });
        history.settle();
        assert_eq!(
            findings("T3", &history.records()),
            ["Order W-17: the tax engine has 15.94 EUR of tax, but the ERP 7.97 EUR."]
        );
    }

    proptest! {
        #[test]
        fn an_invoice_with_another_tax_is_found_in_every_life(life in lives(), difference in 1_i64..100) {
            let mut history = life.history();
            let mut invoices = 0;
            history.edit(|effect| {
                if let (Effect::InvoicePosted { invoice }, 0) = (effect, invoices) {
                    invoice.tax.amount += difference;
                    invoices += 1;
                }
            });
            history.settle();
            prop_assert_eq!(findings("T3", &history.records()).len(), invoices);
        }
    }
}
