//! A5: references between systems lead back and forth.

use std::collections::BTreeMap;

use super::{
    books::OrderBook,
    law::{Bench, Check, Finding, Moment},
};
use crate::{
    invariants::Law,
    model::{ShipmentId, System, TrackingNumber},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "A5",
        name: "a parcel has its own label",
        text: "At rest, a parcel that left under a tracking number of the carrier bears the label that the \
               carrier issued for this parcel, and no two parcels bear the same.",
        source: "bug reports odoo/odoo#108518, NEARBuilders/nearmerch.com#214",
    },
    on_effect: None,
    on_exchange: None,
    at_rest: Some(check),
};

fn check(_: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    let mut bearers: BTreeMap<&TrackingNumber, &ShipmentId> = BTreeMap::new();
    for (shipment_id, shipment) in &order.shipments {
        let Some(tracking) = &shipment.tracking else { continue };
        let Some((parcel, issued)) = order.labels.get(tracking) else { continue };
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, findings, lives},
        journal::Effect,
    };

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
