//! O13: the ERP books an order for what the customer agreed to pay.

use super::law::{Bench, Check, Finding, Moment};
use crate::{
    invariants::Law,
    journal::Effect,
    model::{Money, SalesOrder, System},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "O13",
        name: "the ERP has the order's sums",
        text: "Where the ERP books all units of an order, its sales order has the total, the tax and the \
               currency of the order as the channel placed it, or of a version that it asked for.",
        source: "bug report Automattic/woocommerce-payments#4298",
    },
    on_effect: Some(check),
    on_exchange: None,
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(Effect::SalesOrderBooked { sales_order }), Some(order)) = (moment.effect(), moment.order)
    else {
        return;
    };
    let Some(terms) = &order.terms else { return };
    let ordered: u64 = terms.lines.values().map(|line| u64::from(line.quantity)).sum();
    if sales_order.lines.iter().map(|line| u64::from(line.quantity)).sum::<u64>() != ordered {
        return;
    }
    bench.looks();
    let (total, tax) = (terms.money(terms.total.gross), terms.money(terms.total.tax));
    if sales_order.currency == terms.currency && sales_order.total == total && sales_order.total_tax == tax {
        return;
    }
    let versions = order.changes.versions.values();
    let mut versions = versions.chain(order.changes.wishes.values().map(|wish| &wish.version));
    if sales_order.currency == terms.currency
        && versions
            .any(|version| version.total == sales_order.total && version.tax == sales_order.total_tax.amount)
    {
        return;
    }
    let (booked, agreed) = (booked(sales_order), sums(total, tax));
    let sentence =
        format!("Order {}: the ERP booked {booked}, but the customer ordered for {agreed}.", order.number);
    bench.found(
        Finding::new("sums", sentence)
            .evidence([terms.seq, moment.record.seq])
            .says(terms.channel.system(), agreed, false)
            .says(System::Erp, booked, true),
    );
}

fn sums(total: Money, tax: Money) -> String {
    format!("{total} ({tax} of tax)")
}

fn booked(sales_order: &SalesOrder) -> String {
    let booked = sums(sales_order.total, sales_order.total_tax);
    if sales_order.currency == sales_order.total.currency {
        booked
    } else {
        format!("{booked} in {}", sales_order.currency)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, findings, lives},
        journal::Effect,
        model::{Currency, SalesOrder},
    };

    fn edited(change: fn(&mut SalesOrder)) -> Vec<String> {
        let mut history = History::accepted();
        history.edit(|effect| {
            if let Effect::SalesOrderBooked { sales_order } = effect {
                change(sales_order);
            }
        });
        findings("O13", &history.records())
    }

    #[test]
    fn a_cent_of_tax_and_another_currency_are_found() {
        assert_eq!(
            edited(|order| order.total_tax.amount += 1),
            [
                "Order W-17: the ERP booked 99.80 EUR (15.95 EUR of tax), but the customer ordered for 99.80 EUR (15.94 EUR of tax)."
            ]
        );
        assert_eq!(
            edited(|order| order.currency = Currency::USD),
            [
                "Order W-17: the ERP booked 99.80 EUR (15.94 EUR of tax) in USD, but the customer ordered for 99.80 EUR (15.94 EUR of tax)."
            ]
        );
    }

    #[test]
    fn a_booking_of_fewer_units_is_not_compared() {
        assert_eq!(
            edited(|order| {
                order.lines.iter_mut().for_each(|line| line.quantity = 1);
                order.total.amount = 4_990;
            }),
            [""; 0]
        );
    }

    proptest! {
        #[test]
        fn another_total_is_found_in_every_life(life in lives(), difference in 1_i64..1_000) {
            let mut history = life.history();
            history.edit(|effect| {
                if let Effect::SalesOrderBooked { sales_order } = effect {
                    sales_order.total.amount -= difference;
                }
            });
            prop_assert_eq!(findings("O13", &history.records()).len(), 1);
        }
    }
}
