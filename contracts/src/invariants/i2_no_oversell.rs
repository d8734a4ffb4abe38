//! I2: nobody sells what nobody has.

use super::law::{Bench, Check, Finding, Moment, units};
use crate::{
    invariants::Law,
    journal::Effect,
    model::{Sku, System},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "I2",
        name: "no oversell",
        text: "Units of a SKU in sales orders, less canceled ones, never exceed the units that there were at the \
               start and that came since; neither do units that were claimed. Of a \
               SKU whose customers may wait, so many more are sold as the ERP permits.",
        source: "bug reports vendurehq/vendure#3508, magento/magento2#6363, woocommerce/woocommerce#44273",
    },
    on_effect: Some(check),
    on_exchange: None,
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    match moment.effect() {
        Some(Effect::SalesOrderBooked { sales_order }) => {
            for line in &sales_order.lines {
                check_sku(moment, &line.sku, true, bench);
            }
        }
        Some(Effect::StockReserved { reservation }) => {
            // Units that were found missing, or were canceled, may be in the sales order still.
            for line in &reservation.lines {
                check_sku(moment, &line.sku, false, bench);
            }
        }
        _ => {}
    }
}

fn check_sku(moment: &Moment<'_>, sku: &Sku, sells: bool, bench: &mut Bench) {
    let Some(demand) = moment.books.stock.demand(sku).filter(|demand| demand.opened) else { return };
    bench.looks();
    let (sold, word) = if sells && demand.booked > demand.supply + demand.permitted {
        (demand.booked, "sold")
    } else if demand.reserved > demand.supply {
        (demand.reserved, "claimed")
    } else {
        return;
    };
    let order = moment.order.map_or_else(String::new, |order| format!("Order {}: ", order.number));
    let sentence = format!(
        "{order}{} of {sku} are {word} against a supply of {}: {} too many.",
        units(sold),
        units(demand.supply),
        units(sold - demand.supply)
    );
    let finding = Finding::new(format!("sku {sku}"), sentence);
    bench.found(finding.evidence(demand.claims.iter().copied()).says(
        System::Erp,
        format!("{} booked, {} claimed, {} supplied", demand.booked, demand.reserved, demand.supply),
        true,
    ));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, Life, findings, lives},
        journal::Effect,
    };

    #[test]
    fn a_booking_of_more_than_there_is_is_found() {
        let mut history = Life::default().accepted();
        history.edit(|effect| {
            if let Effect::StockOpened { quantity, .. } = effect {
                *quantity = 1;
            }
        });
        assert_eq!(
            findings("I2", &history.records()),
            ["Order W-17: 2 units of shirt are claimed against a supply of 1 unit: 1 unit too many."]
        );
    }

    #[test]
    fn canceled_units_may_be_sold_again_and_no_others() {
        let mut history = History::accepted();
        history.edit(|effect| {
            if let Effect::StockOpened { quantity, .. } = effect {
                *quantity = 2;
            }
        });
        history.cancel_units("X-1", 2);
        history.book_again(2);
        assert_eq!(findings("I2", &history.records()), [""; 0]);
        history.book_again(2);
        assert_eq!(
            findings("I2", &history.records()),
            ["Order W-17: 4 units of shirt are sold against a supply of 2 units: 2 units too many."]
        );
    }

    proptest! {
        #[test]
        fn a_unit_less_than_was_sold_is_found_in_every_life(life in lives()) {
            let mut history = life.accepted();
            history.edit(|effect| {
                if let Effect::StockOpened { quantity, .. } = effect {
                    *quantity = i64::from(life.quantity) - 1;
                }
            });
            prop_assert_eq!(findings("I2", &history.records()).len(), 1);
        }
    }
}
