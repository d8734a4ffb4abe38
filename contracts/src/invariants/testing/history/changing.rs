//! Changes of an order that was placed.

use super::{History, money};
use crate::{
    journal::Effect,
    model::{CorrelationId, OrderChange, SalesOrderChange, System},
};

impl History {
    /// The channel asks for another price of a unit, or another address; it is accepted and the ERP is told.
    pub(in crate::invariants) fn change(&mut self, change_id: &str, price: i64, address: Option<&str>) {
        self.change_with(change_id, price, address, |_| {});
    }

    /// The same, and something more happens in the chain of the change.
    pub(in crate::invariants) fn change_with(
        &mut self,
        change_id: &str,
        price: i64,
        address: Option<&str>,
        more: impl FnOnce(&mut Self),
    ) {
        let chain = std::mem::replace(&mut self.chain, CorrelationId::new(change_id).to_string());
        let mut changed = self.order.clone();
        changed.version += 1;
        if let Some(address) = address {
            changed.ship_to.address_id = Some(address.to_owned());
        }
        for line in &mut changed.lines {
            line.unit_price = money(price);
            line.promotions.clear();
            let units = vec![price; line.quantity as usize];
            for tax in &mut line.taxes {
                let sum: i64 = units.iter().sum();
                tax.unit_amounts =
                    crate::allocation::allocate(crate::allocation::tax_of(sum, tax.rate_ppm, true), &units);
            }
        }
        changed.total = money(changed.value().gross);
        let change = OrderChange {
            order_number: self.number(),
            change_id: change_id.to_owned(),
            reason: "asked for".to_owned(),
            changed: changed.clone(),
        };
        let told = SalesOrderChange {
            order_number: self.number(),
            change_id: change_id.to_owned(),
            version: changed.version,
            total: changed.total,
            total_tax: money(changed.value().tax),
            reason: "asked for".to_owned(),
        };
        let channel = self.channel();
        self.commit(channel, true, Effect::OrderChangeRequested { change: Box::new(change) });
        self.effect(channel, Effect::OrderChanged { order: Box::new(changed.clone()) });
        self.effect(System::Erp, Effect::SalesOrderChanged { change: told });
        self.order = changed;
        more(self);
        self.chain = chain;
    }
}
