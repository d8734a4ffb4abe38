//! O15: goods go to the newest address that was accepted.

use super::{
    books::OrderBook,
    law::{Bench, Check, Finding, Moment},
};
use crate::{
    invariants::Law,
    journal::Effect,
    model::{Label, System},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "O15",
        name: "newest address",
        text: "A label bears the newest address that was accepted before it was bought, or one that was asked for and \
               is just being accepted; never an older one.",
        source: "practice: address change before release (ASC X12 860)",
    },
    on_effect: Some(check),
    on_exchange: None,
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    if let (Some(order), Some(Effect::LabelIssued { label, is_return: false })) =
        (moment.order, moment.effect())
    {
        check_label(order, label, moment.record.seq, bench);
    }
}

fn check_label(order: &OrderBook, label: &Label, seq: u64, bench: &mut Bench) {
    let Some((number, version)) = order.changes.current() else { return };
    let (Some(printed), Some(accepted)) = (&label.address_id, &version.address) else { return };
    bench.looks();
    let newer = order.changes.wishes.values().filter(|wish| wish.number > number);
    let is_newer = newer.filter_map(|wish| wish.version.address.as_ref()).any(|address| address == printed);
    if printed == accepted || is_newer {
        return;
    }
    let known = order.changes.versions.iter().find(|(_, known)| known.address.as_ref() == Some(printed));
    let whose = known.map_or_else(
        || "an address that the customer never gave".to_owned(),
        |(known, _)| format!("the address of version {known}"),
    );
    let sentence = format!(
        "Order {}: parcel {} goes to {whose}, although version {number} has another one.",
        order.number, label.parcel_ref
    );
    let finding = Finding::new(format!("parcel {}", label.parcel_ref), sentence).evidence([version.seq, seq]);
    bench.found(finding.says(System::Carrier, whose, true));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{Life, findings},
        journal::Effect,
    };

    fn history(printed: &str) -> Vec<crate::journal::Record> {
        let mut history = Life::default().accepted();
        history.edit(|effect| {
            if let Effect::OrderPlaced { order } = effect {
                order.ship_to.address_id = Some("A-1".to_owned());
            }
        });
        history.change("CH-1", 4_990, Some("A-2"));
        history.ship_parcel("S-1", 2);
        history.edit(|effect| {
            if let Effect::LabelIssued { label, .. } = effect {
                label.address_id = Some(printed.to_owned());
            }
        });
        history.records()
    }

    #[test]
    fn a_parcel_that_goes_to_the_old_address_is_found() {
        assert_eq!(
            findings("O15", &history("A-1")),
            ["Order W-17: parcel S-1 goes to the address of version 1, although version 2 has another one."]
        );
    }

    proptest! {
        #[test]
        fn only_the_accepted_address_is_lawful(printed in "A-[0-9]") {
            prop_assert_eq!(findings("O15", &history(&printed)).is_empty(), printed == "A-2");
        }
    }
}
