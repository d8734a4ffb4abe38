//! M23: a document names the day on which it happened, whatever period it is posted in.

use super::{
    books::OrderBook,
    law::{Bench, Check, Finding, Moment},
};
use crate::{
    invariants::Law,
    model::{PostingKind, System},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "M23",
        name: "business date",
        text: "At rest, each invoice names the day on which its parcel left, and each credit memo the day on which its \
               goods came back. A closed accounting period moves the day of posting alone.",
        source: "VAT Directive 2006/112/EC, article 226(7); period-end closing of ERP systems",
    },
    on_effect: None,
    on_exchange: None,
    at_rest: Some(check),
};

fn check(_: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    for (kind, cause, named, happened, seq) in order.receivable.dates() {
        bench.looks();
        if named == happened {
            continue;
        }
        let (what, fact) = match kind {
            PostingKind::Invoice => ("the invoice for parcel", "left"),
            _ => ("the credit memo for receipt", "came back"),
        };
        let sentence = format!(
            "Order {}: {what} {cause} names {named} as its day of business, but the goods {fact} on {happened}.",
            order.number
        );
        let finding = Finding::new(format!("{what} {cause}"), sentence).evidence([seq]);
        bench.found(finding.says(System::Erp, format!("dated {named}"), true));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{Life, findings, lives},
        journal::Effect,
        model::Date,
    };

    fn later(day: Option<Date>) -> Option<Date> {
        day.and_then(|day| day.tomorrow().ok())
    }

    #[test]
    fn a_document_that_names_the_day_of_posting_is_found() {
        let mut history = Life::default().returned(1);
        history.edit(|effect| match effect {
            Effect::InvoicePosted { invoice } => invoice.posting_date = later(invoice.business_date),
            Effect::CreditMemoPosted { credit_memo } => {
                credit_memo.posting_date = later(credit_memo.business_date.take());
            }
            _ => {}
        });
        history.settle();
        assert_eq!(
            findings("M23", &history.records()),
            [
                "Order W-17: the credit memo for receipt R-1 names 1970-01-02 as its day of business, but the goods came \
              back on 1970-01-01."
            ]
        );
    }

    proptest! {
        #[test]
        fn each_wrong_day_is_found_in_every_life(life in lives()) {
            let mut history = life.history();
            let mut count = 0;
            history.edit(|effect| {
                let day = match effect {
                    Effect::InvoicePosted { invoice } => &mut invoice.business_date,
                    Effect::CreditMemoPosted { credit_memo } => &mut credit_memo.business_date,
                    _ => return,
                };
                *day = later(*day);
                count += 1;
            });
            history.settle();
            prop_assert_eq!(findings("M23", &history.records()).len(), count);
        }
    }
}
