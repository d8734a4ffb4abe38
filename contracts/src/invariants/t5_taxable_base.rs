//! T5: a discount is taxed, or not, as its funding demands.

use super::{
    books::{OrderBook, Span, Terms},
    law::{Bench, Check, Finding, Moment},
};
use crate::{
    invariants::Law,
    journal::Effect,
    model::{System, TaxDocument, TaxDocumentKind, TaxDocumentLine},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "T5",
        name: "taxable base",
        text: "What a tax document says that units were taxed on lies between the bases of the cheapest and of the \
               dearest units of their line: prices after promotions that the retailer funds, not after those \
               that a manufacturer or marketplace pays; without tax, at import with the duty. The base of \
               shipping likewise. What a price adjustment gives back in part is returned in part.",
        source: "Council Directive 2006/112/EC, articles 73, 79 and 86; bug report medusajs/medusa#15886",
    },
    on_effect: Some(check),
    on_exchange: None,
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(Effect::TaxCommitted { document }), Some(order)) = (moment.effect(), moment.order) else {
        return;
    };
    let Some(terms) = &order.terms else { return };
    for line in &document.lines {
        let Some(mut base) = base(terms, line) else { continue };
        if document.kind == TaxDocumentKind::ReturnInvoice && is_lowered(order, line) {
            base.low = 0;
        }
        bench.looks();
        if !base.holds(line.taxable_base.amount) {
            bench.found(finding(order, terms, document, line, base).evidence([terms.seq, moment.record.seq]));
        }
    }
}

/// Whether a price adjustment gave a part of it back: parts of units are returned.
fn is_lowered(order: &OrderBook, line: &TaxDocumentLine) -> bool {
    order.adjustments.values().any(|known| match &line.line_id {
        Some(line_id) => known.lines.contains_key(line_id),
        None => known.shipping.is_some(),
    })
}

/// What a line of a document may be taxed on; `None` where the order does not say it.
fn base(terms: &Terms, line: &TaxDocumentLine) -> Option<Span> {
    let named = |name: &(String, crate::model::TaxType)| {
        name.0 == line.jurisdiction && line.tax_type.is_none_or(|tax_type| tax_type == name.1)
    };
    let Some(line_id) = &line.line_id else {
        let levy = terms.pricing.shipping_levies.iter().find(|levy| named(&levy.name))?;
        return Some(Span::exactly(levy.base));
    };
    let levies = &terms.lines.get(line_id)?.pricing.levies;
    Some(levies.iter().find(|levy| named(&levy.name))?.base(line.quantity))
}

fn finding(
    order: &OrderBook,
    terms: &Terms,
    document: &TaxDocument,
    line: &TaxDocumentLine,
    base: Span,
) -> Finding {
    let what =
        line.line_id.as_ref().map_or_else(|| "shipping".to_owned(), |line_id| format!("line {line_id}"));
    let bound = if line.taxable_base.amount > base.high { base.high } else { base.low };
    let sentence = format!(
        "Order {}: tax document {} taxes {what} on {}, which is to be taxed on {}.",
        order.number,
        document.document_code,
        line.taxable_base,
        terms.money(bound)
    );
    let subject = format!("document {} {what} {}", document.document_code, line.jurisdiction);
    Finding::new(subject, sentence).says(System::Tax, line.taxable_base.to_string(), true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{Life, findings, lives},
        journal::Effect,
        model::PromotionFunding,
    };

    fn shift(effect: &mut Effect, difference: i64) {
        if let Effect::TaxCommitted { document } = effect
            && let Some(line) = document.lines.first_mut()
        {
            line.taxable_base.amount += difference;
        }
    }

    #[test]
    fn a_base_that_forgets_what_the_manufacturer_pays_is_found() {
        let life = Life { promotion: 1_000, funding: PromotionFunding::Manufacturer, ..Life::default() };
        let mut history = life.shipped();
        assert_eq!(findings("T5", &history.records()), [""; 0]);
        history.edit(|effect| shift(effect, -1_000));
        assert_eq!(
            findings("T5", &history.records()),
            [
                "Order W-17: tax document TX-S-1 taxes line L-1 on 73.86 EUR, which is to be taxed on 83.86 EUR."
            ]
        );
    }

    proptest! {
        #[test]
        fn a_base_beyond_the_dearest_units_is_found_in_every_life(life in lives(), extra in 1_i64..100) {
            let mut history = life.history();
            prop_assert_eq!(findings("T5", &history.records()), [""; 0]);
            let mut documents = 0;
            history.edit(|effect| {
                documents += usize::from(matches!(effect, Effect::TaxCommitted { .. }));
                shift(effect, i64::from(life.quantity) + extra);
            });
            prop_assert_eq!(findings("T5", &history.records()).len(), documents);
        }
    }
}
