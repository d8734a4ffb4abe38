//! A5: references between systems lead back and forth.

use std::collections::BTreeMap;

use super::{
    books::OrderBook,
    law::{Bench, Check, Finding, Moment},
};
use crate::{
    invariants::Law,
    model::{ShipmentId, System, TrackingNumber},
    protocol::{EventType, carrier::CREATE_LABEL, wms::ATTACH_LABEL},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "A5",
        name: "a parcel has its own label",
        text: "At rest, a parcel that left under a tracking number of the carrier bears the label that the \
               carrier issued for this parcel, and no two parcels bear the same. A parcel that a node packed to be \
               sent waits for no label, unless what it waits for stands in the dead letters.",
        source: "bug reports odoo/odoo#108518, NEARBuilders/nearmerch.com#214, medusajs/medusa#11160",
    },
    on_effect: None,
    on_exchange: None,
    at_rest: Some(check),
};

fn check(_: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    check_waiting(order, bench);
    let mut bearers: BTreeMap<&TrackingNumber, &ShipmentId> = BTreeMap::new();
    for (shipment_id, shipment) in &order.shipments {
        let Some(tracking) = &shipment.tracking else { continue };
        let Some((parcel, issued)) = order.labels.issued.get(tracking) else { continue };
        bench.looks();
        let other = bearers.insert(tracking, shipment_id);
        if parcel == shipment_id.as_str() && other.is_none() {
            continue;
        }
        let sentence = format!(
            "Order {}: parcel {shipment_id} left under tracking number {tracking}, which the carrier issued for parcel {parcel}.",
            order.number
        );
        bench.found(
            Finding::new(format!("parcel {shipment_id}"), sentence)
                .evidence([*issued, shipment.seq])
                .says(System::Carrier, format!("{tracking} is {parcel}"), false)
                .says(System::Wms, format!("{tracking} is {shipment_id}"), true),
        );
    }
}

/// A parcel without a label stays where it is.
fn check_waiting(order: &OrderBook, bench: &mut Bench) {
    let parked =
        |partner: System, what: &str| order.messages.dead_letters.contains(&(partner, what.to_owned()));
    let told = parked(System::Wms, EventType::ShipmentPacked.name());
    if told || parked(System::Carrier, CREATE_LABEL.id) || parked(System::Wms, ATTACH_LABEL.id) {
        return;
    }
    bench.looks();
    for (shipment, packed) in &order.labels.waiting {
        let issued = order.labels.issued_for(shipment);
        let sentence = format!(
            "Order {}: parcel {shipment} is packed and bears no label{}.",
            order.number,
            issued.map_or_else(String::new, |(number, _)| format!(
                ", though the carrier issued {number} for it"
            ))
        );
        let carrier =
            issued.map_or_else(|| "no label".to_owned(), |(number, _)| format!("{number} is {shipment}"));
        bench.found(
            Finding::new(format!("parcel {shipment}"), sentence)
                .evidence([*packed])
                .evidence(issued.map(|(_, seq)| seq))
                .says(System::Carrier, carrier, issued.is_none())
                .says(System::Wms, format!("{shipment} bears no label"), true),
        );
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, findings, lives},
        journal::Effect,
        model::System,
    };

    #[test]
    fn a_packed_parcel_that_never_gets_its_label_is_found() {
        let packed = |more: &dyn Fn(&mut History)| {
            let mut history = History::accepted();
            history.pack_parcel("S-1", 1, false);
            more(&mut history);
            history.settle();
            findings("A5", &history.records())
        };
        assert_eq!(packed(&|_| ()), ["Order W-17: parcel S-1 is packed and bears no label."]);
        assert_eq!(
            packed(&|history| history.issue_label("S-1")),
            ["Order W-17: parcel S-1 is packed and bears no label, though the carrier issued P-S-1 for it."]
        );
        assert_eq!(packed(&|history| history.ship_parcel("S-1", 1)), [""; 0]);
        let parked = |partner: System, what: &'static str| {
            packed(&move |history| history.list_dead_letter_of(partner, what)).len()
        };
        for (partner, what) in [
            (System::Wms, "retail.shipment.packed.v1"),
            (System::Carrier, "createLabel"),
            (System::Wms, "attachLabel"),
        ] {
            assert_eq!(parked(partner, what), 0, "a person looks at {what}");
        }
        assert_eq!(parked(System::Erp, "postInvoice"), 1);
    }

    #[test]
    fn what_a_customer_collects_needs_no_label() {
        let mut history = History::accepted();
        history.pack_parcel("S-1", 1, true);
        history.settle();
        assert_eq!(findings("A5", &history.records()), [""; 0]);
    }

    fn swap(history: &mut History) -> usize {
        let mut count = 0;
        history.edit(|effect| {
            if let Effect::ShipmentShipped { shipment } = effect {
                shipment.tracking_number = Some("P-S-1".into());
                count += 1;
            }
        });
        count
    }

    #[test]
    fn a_parcel_with_another_s_label_is_found() {
        let mut history = History::accepted();
        history.ship_parcel("S-1", 1);
        history.ship_parcel("S-2", 1);
        swap(&mut history);
        history.settle();
        assert_eq!(
            findings("A5", &history.records()),
            [
                "Order W-17: parcel S-2 left under tracking number P-S-1, which the carrier issued for parcel S-1."
            ]
        );
    }

    proptest! {
        #[test]
        fn all_but_the_right_parcel_are_found_in_every_life(life in lives()) {
            let mut history = life.history();
            let parcels = swap(&mut history);
            history.settle();
            prop_assert_eq!(findings("A5", &history.records()).len(), parcels.saturating_sub(1));
        }
    }
}
