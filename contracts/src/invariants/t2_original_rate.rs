//! T2: what comes back is taxed as it was sold.

use super::{
    books::OrderBook,
    law::{Bench, Check, Finding, Moment},
};
use crate::{
    invariants::Law,
    journal::Effect,
    model::{System, TaxDocument, TaxDocumentKind},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "T2",
        name: "original rate",
        text: "Documents at the tax engine tax a line at the jurisdiction and rate at which the customer bought \
               it; a return document has the tax date of the sale.",
        source: "Tax engines' override of the tax date for returns; bug report SuperGoodSoft/solidus_taxjar#184",
    },
    on_effect: Some(check),
    on_exchange: None,
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(Effect::TaxCommitted { document }), Some(order)) = (moment.effect(), moment.order) else {
        return;
    };
    bench.looks();
    let Some(wrong) = wrong_rate(order, document).or_else(|| wrong_date(order, document)) else { return };
    let sentence = format!("Order {}: tax document {} {wrong}.", order.number, document.document_code);
    bench.found(
        Finding::new(format!("document {}", document.document_code), sentence)
            .evidence(order.terms.as_ref().map(|terms| terms.seq))
            .evidence([moment.record.seq])
            .says(System::Tax, wrong, true),
    );
}

fn wrong_rate(order: &OrderBook, document: &TaxDocument) -> Option<String> {
    let terms = order.terms.as_ref()?;
    document.lines.iter().find_map(|line| {
        let line_id = line.line_id.as_ref()?;
        let rates = &terms.lines.get(line_id)?.rates;
        let rate = (line.jurisdiction.clone(), line.rate_ppm);
        (!rates.contains(&rate)).then(|| {
            let (jurisdiction, percent) = (rate.0, f64::from(rate.1) / 10_000.0);
            format!("taxes line {line_id} at {percent} % for {jurisdiction}, at which it was not sold")
        })
    })
}

fn wrong_date(order: &OrderBook, document: &TaxDocument) -> Option<String> {
    if document.kind != TaxDocumentKind::ReturnInvoice {
        return None;
    }
    let mut sales = order.taxes.live(TaxDocumentKind::SalesInvoice).peekable();
    sales.peek()?;
    (!sales.any(|sale| sale.tax_date == document.tax_date)).then(|| {
        format!("is a return as of {}, which is the tax date of none of its sales", document.tax_date)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{Life, findings, lives},
        journal::Effect,
        model::{TaxDocument, TaxDocumentKind, Timestamp},
    };

    fn changed(life: &Life, change: impl Fn(&mut TaxDocument)) -> (Vec<String>, usize) {
        let (mut history, mut count) = (life.history(), 0);
        history.edit(|effect| {
            if let Effect::TaxCommitted { document } = effect
                && document.kind == TaxDocumentKind::ReturnInvoice
            {
                change(document);
                count += 1;
            }
        });
        (findings("T2", &history.records()), count)
    }

    fn new_rate(document: &mut TaxDocument) {
        document.lines.iter_mut().for_each(|line| line.rate_ppm = 160_000);
    }

    #[test]
    fn a_return_at_today_s_rate_or_date_is_found() {
        let life = Life { returns: vec![(1, crate::model::ConditionGrade::A)], ..Life::default() };
        assert_eq!(
            changed(&life, new_rate).0,
            ["Order W-17: tax document TX-R-1 taxes line L-1 at 16 % for DE, at which it was not sold."]
        );
        assert_eq!(
            changed(&life, |document| document.tax_date = Timestamp::MAX).0,
            [
                "Order W-17: tax document TX-R-1 is a return as of 9999-12-30T22:00:00.999999999Z, which is the tax date of none of its sales."
            ]
        );
    }

    proptest! {
        #[test]
        fn each_return_at_another_rate_is_found_in_every_life(life in lives()) {
            let (found, count) = changed(&life, new_rate);
            prop_assert_eq!(found.len(), count);
        }
    }
}
