//! Sales orders: booking, search by external reference, cancellation of lines.

use std::collections::{BTreeMap, BTreeSet};

use counterproof_contracts::{
    journal::Effect,
    model::{
        ErpDocument, ItemQuantity, LineId, SalesOrder, SalesOrderCancellation, SalesOrderChange,
        SalesOrderList,
    },
    protocol::{EventData, Problem, SalesOrderAcknowledged},
};

use super::{Erp, at, business, check_owner, illegal, not_found};
use crate::kernel::{Call, Scene};

/// A sales order with what was taken out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Booking {
    sales_order: SalesOrder,
    canceled: BTreeMap<LineId, u32>,
}

impl Booking {
    pub(super) fn has_line(&self, line_id: &LineId) -> bool {
        self.sales_order.lines.iter().any(|line| line.line_id == *line_id)
    }

    fn canceled(&self, line_id: &LineId) -> u32 {
        self.canceled.get(line_id).copied().unwrap_or(0)
    }

    /// Without canceled units. Amounts stay as booked: this ERP knows no prices of single units.
    pub(super) fn as_it_stands(&self) -> SalesOrder {
        let left = self.sales_order.lines.iter().filter_map(|line| {
            let quantity = line.quantity.saturating_sub(self.canceled(&line.line_id));
            (quantity > 0).then(|| ItemQuantity { quantity, ..line.clone() })
        });
        SalesOrder { lines: left.collect(), ..self.sales_order.clone() }
    }
}

impl Erp {
    /// Books an order, whether or not the same external reference is booked already.
    pub(super) fn create_sales_order(
        &mut self,
        mut sales_order: SalesOrder,
        scene: &mut Scene<'_>,
    ) -> Result<SalesOrder, Problem> {
        check_sales_order(&sales_order)?;
        let skus = sales_order.lines.iter().map(|line| &line.sku);
        self.master.check_known(skus, |index| format!("/lines/{index}/sku"))?;
        let order_number = sales_order.order_number.clone();
        let erp_document = ErpDocument::new(scene.id("so", order_number.as_str()));
        sales_order.erp_document = Some(erp_document.clone());
        let booking = Booking { sales_order: sales_order.clone(), canceled: BTreeMap::new() };
        self.bookings.insert(erp_document.clone(), booking);
        self.bookings_of.entry(order_number.clone()).or_default().push(erp_document.clone());
        self.keep_claims(&order_number);
        scene.commit(Effect::SalesOrderBooked { sales_order: sales_order.clone() });
        let acknowledged = SalesOrderAcknowledged { erp_document, order_number };
        scene.raise(EventData::SalesOrderAcknowledged(acknowledged));
        Ok(sales_order)
    }

    pub(super) fn find_sales_orders(&self, call: &Call) -> SalesOrderList {
        let channel = call.parameter("sales_channel");
        let reference = call.parameter("channel_order_id");
        let found = self.bookings.values().filter(|booking| {
            let order = &booking.sales_order;
            order.channel_order_id.as_str() == reference
                && serde_json::to_value(order.sales_channel).is_ok_and(|name| name == channel)
        });
        SalesOrderList { items: found.map(Booking::as_it_stands).collect() }
    }

    /// Takes units out of a sales order: never more than were ordered and neither canceled nor invoiced.
    pub(super) fn cancel_lines(
        &mut self,
        erp_document: &str,
        cancellation: SalesOrderCancellation,
        scene: &mut Scene<'_>,
    ) -> Result<SalesOrder, Problem> {
        let document = ErpDocument::new(erp_document);
        let booking = self.bookings.get(&document).ok_or_else(|| not_found("sales order", erp_document))?;
        check_owner("the sales order", &booking.sales_order.order_number, &cancellation.order_number)?;
        let mut canceled = booking.canceled.clone();
        for line in &cancellation.lines {
            if !booking.has_line(&line.line_id) {
                return Err(business(format!("sales order {document} has no line {}", line.line_id)));
            }
            let units = canceled.entry(line.line_id.clone()).or_insert(0);
            *units = units.saturating_add(line.quantity);
            let limit = self.cancelable(booking, &line.line_id);
            if *units > limit {
                let detail = format!("at most {limit} units of line {} can be canceled in all", line.line_id);
                return Err(illegal(detail));
            }
        }
        scene.commit(Effect::SalesOrderCanceled { cancellation });
        let booking =
            self.bookings.get_mut(&document).ok_or_else(|| not_found("sales order", erp_document))?;
        booking.canceled = canceled;
        Ok(booking.as_it_stands())
    }

    /// Takes the next version of an order: what it costs now. Whether the version is newer is not looked at.
    pub(super) fn change_sales_order(
        &mut self,
        erp_document: &str,
        change: SalesOrderChange,
        scene: &mut Scene<'_>,
    ) -> Result<SalesOrder, Problem> {
        let document = ErpDocument::new(erp_document);
        let booking =
            self.bookings.get_mut(&document).ok_or_else(|| not_found("sales order", erp_document))?;
        check_owner("the sales order", &booking.sales_order.order_number, &change.order_number)?;
        let changed =
            SalesOrder { total: change.total, total_tax: change.total_tax, ..booking.sales_order.clone() };
        check_sales_order(&changed)?;
        booking.sales_order = changed;
        let stands = booking.as_it_stands();
        scene.commit(Effect::SalesOrderChanged { change });
        Ok(stands)
    }

    /// Units of a line that were ordered and not invoiced.
    fn cancelable(&self, booking: &Booking, line_id: &LineId) -> u32 {
        let ordered = booking.sales_order.lines.iter().find(|line| line.line_id == *line_id);
        let invoices = self.invoices(&booking.sales_order.order_number).iter();
        let gone = invoices.flat_map(|invoice| &invoice.lines).filter(|line| line.line_id == *line_id);
        let gone = gone.fold(0_u32, |sum, line| sum.saturating_add(line.quantity));
        ordered.map_or(0, |line| line.quantity.saturating_sub(gone))
    }
}

fn check_sales_order(sales_order: &SalesOrder) -> Result<(), Problem> {
    let SalesOrder { lines, currency, total, total_tax, .. } = sales_order;
    if lines.is_empty() {
        return Err(at("/lines", "a sales order has lines".to_owned()));
    }
    let mut seen = BTreeSet::new();
    for (index, line) in lines.iter().enumerate() {
        if line.quantity == 0 || !seen.insert(&line.line_id) {
            let detail = format!("line {} stands twice, or for no units", line.line_id);
            return Err(at(&format!("/lines/{index}"), detail));
        }
    }
    for (place, money) in [("/total", total), ("/total_tax", total_tax)] {
        if money.currency != *currency {
            return Err(at(place, format!("all amounts must be in {currency}")));
        }
        if money.amount < 0 {
            return Err(at(place, format!("{money} is negative")));
        }
    }
    Ok(())
}
