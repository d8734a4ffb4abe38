//! T4: what never left is never reported as sold.

use super::law::{Bench, Check, Finding, Moment};
use crate::{
    invariants::Law,
    journal::Effect,
    model::{System, TaxDocumentKind},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "T4",
        name: "tax of parcels only",
        text: "A sales document is committed at the tax engine for a parcel that left, never for an order that \
               waits or was canceled. A return document follows a sales document.",
        source: "bug report SuperGoodSoft/solidus_taxjar#192",
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
    let wrong = match document.kind {
        TaxDocumentKind::SalesInvoice => match &document.shipment_id {
            Some(shipment) if order.shipments.contains_key(shipment) => return,
            Some(shipment) => format!("reports a sale of parcel {shipment}, which has not left"),
            None => "reports a sale of no parcel".to_owned(),
        },
        TaxDocumentKind::ReturnInvoice => {
            if order.taxes.live(TaxDocumentKind::SalesInvoice).next().is_some() {
                return;
            }
            "reports a return, but no sale was reported".to_owned()
        }
    };
    let sentence = format!("Order {}: tax document {} {wrong}.", order.number, document.document_code);
    bench.found(
        Finding::new(format!("document {}", document.document_code), sentence)
            .evidence([moment.record.seq])
            .says(System::Tax, wrong, true),
    );
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, Life, findings, lives},
        journal::Effect,
        model::TaxDocumentKind,
    };

    #[test]
    fn a_sale_of_what_never_left_is_found() {
        let mut history = History::shipped();
        history.remove(|effect| matches!(effect, Effect::ShipmentShipped { .. }));
        assert_eq!(
            findings("T4", &history.records()),
            ["Order W-17: tax document TX-S-1 reports a sale of parcel S-1, which has not left."]
        );
    }

    #[test]
    fn a_return_of_what_was_never_sold_is_found() {
        let mut history = Life::default().returned(1);
        history.remove(
            |effect| matches!(effect, Effect::TaxCommitted { document } if document.kind == TaxDocumentKind::SalesInvoice),
        );
        assert_eq!(
            findings("T4", &history.records()),
            ["Order W-17: tax document TX-R-1 reports a return, but no sale was reported."]
        );
    }

    proptest! {
        #[test]
        fn each_sale_without_parcel_is_found_in_every_life(life in lives()) {
            let mut history = life.history();
            let left = history.remove(|effect| matches!(effect, Effect::ShipmentShipped { .. }));
            prop_assert_eq!(findings("T4", &history.records()).len(), left);
        }
    }
}
