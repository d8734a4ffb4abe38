//! The ERP: sales orders, stock as a ledger per node, reservations, invoices, credit memos, returns.
//!
//! It behaves as a legacy ERP does. **It enforces idempotency keys (the kernel answers repetitions), and no
//! other uniqueness**: a second sales order with the same external reference, a second movement, invoice or
//! credit memo with the same identifier or cause is booked again when it comes with another key. That a
//! business fact was booked twice is for the laws to find, not for the ERP to hide.
//! What it does refuse is what its books cannot hold: stock below zero, a release or cancellation of more
//! than is open, documents of orders that it does not know.

use std::collections::{BTreeMap, BTreeSet};

use counterproof_contracts::{
    journal::Effect,
    model::{
        CreditMemo, ErpDocument, ExchangeSettlement, FinancialPosting, InventoryAdjusted, Invoice, LineId,
        NodeId, OrderNumber, Recall, ReservationId, ReservedLine, ReturnAuthorization, ReturnReceipt,
        ReturnRejection, SalesOrder, Sku, StockCondition, StockCount, StockLevel, System,
    },
    protocol::{EventData, FieldError, Problem, ProblemKind, erp as operations},
};
use serde_json::Value;

use crate::{
    kernel::{Call, Core, Scene, answer},
    world::World,
};

mod backorder;
mod finance;
mod intake;
#[cfg(test)]
mod intake_tests;
#[cfg(test)]
mod ledger_tests;
mod master;
mod reservation;
mod returns;
mod sales;
mod stock;
#[cfg(test)]
mod tests;
mod transfers;

use backorder::Backorders;
use intake::Intake;
use master::MasterData;
use reservation::Claim;
use sales::Booking;
use stock::Ledger;
use transfers::Transfers;

/// The ERP.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Erp {
    /// Nodes whose stock may be claimed, the preferred first.
    sources: Vec<NodeId>,
    bookings: BTreeMap<ErpDocument, Booking>,
    bookings_of: BTreeMap<OrderNumber, Vec<ErpDocument>>,
    stock: Ledger,
    /// SKUs that channels list: changes of their stock are told.
    listed: BTreeSet<Sku>,
    claims: BTreeMap<ReservationId, Claim>,
    claims_of: BTreeMap<OrderNumber, Vec<ReservationId>>,
    backorders: Backorders,
    /// SKUs that were called back: nothing of them is claimed any more.
    recalled: BTreeSet<Sku>,
    /// How long claims on a SKU last whose order is not booked; for ever where nothing stands.
    claims_last: BTreeMap<Sku, std::time::Duration>,
    files: BTreeMap<OrderNumber, File>,
    intake: Intake,
    master: MasterData,
    transfers: Transfers,
}

/// Documents of one order beside its sales orders, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct File {
    invoices: Vec<Invoice>,
    credit_memos: Vec<CreditMemo>,
    postings: Vec<FinancialPosting>,
    settlements: Vec<ExchangeSettlement>,
    authorizations: Vec<ReturnAuthorization>,
    receipts: Vec<ReturnReceipt>,
    rejections: Vec<ReturnRejection>,
}

impl Erp {
    /// An ERP without books that claims stock at the world's shipping nodes, in the world's order.
    pub fn new(world: &World) -> Self {
        let shipping = world.nodes.iter().filter(|node| node.ships_orders);
        let sources = shipping.map(|node| node.location.node_id.clone()).collect();
        Self { sources, ..Self::default() }
    }

    /// Channels list a SKU: from now on each change of its stock is told, and how it stands now.
    pub fn list(&mut self, scene: &mut Scene<'_>, sku: &Sku) {
        self.listed.insert(sku.clone());
        self.tell_stock(scene, [sku]);
    }

    /// Goods are called back, by their maker or by the retailer.
    pub fn recall(&mut self, scene: &mut Scene<'_>, sku: &Sku, reason: &str) {
        let recall = Recall {
            recall_id: scene.id("recall", sku.as_str()),
            sku: sku.clone(),
            reason: reason.to_owned(),
        };
        self.recalled.insert(sku.clone());
        scene.commit(Effect::ProductRecalled { recall: recall.clone() });
        scene.raise(EventData::ProductRecalled(recall));
    }

    /// Somebody counts the sellable units of a SKU at a node; what differs is booked as an adjustment.
    pub fn recount(
        &mut self,
        scene: &mut Scene<'_>,
        node_id: &NodeId,
        sku: &Sku,
        units: u32,
    ) -> Result<(), Problem> {
        let count = StockCount {
            count_id: scene.id("count", sku.as_str()),
            node_id: node_id.clone(),
            sku: sku.clone(),
            quantity: units,
            counted_at: scene.now(),
        };
        self.count_stock(&count, scene).map(drop)
    }

    /// Opening stock: sellable units that are there before anything is ordered. Adds to what is there.
    pub fn open_stock(&mut self, scene: &mut Scene<'_>, node_id: &NodeId, sku: &Sku, units: u32) {
        self.stock.open(scene, node_id, sku, i64::from(units));
        self.tell_stock(scene, [sku]);
    }

    /// Sellable units of a SKU that nobody claimed, over all nodes that ship orders.
    pub fn unclaimed(&self, sku: &Sku) -> i64 {
        self.sources.iter().map(|node_id| self.available(sku, node_id)).sum()
    }

    /// Tells how the stock of those of the SKUs stands that are listed, each once.
    fn tell_stock<'s>(&self, scene: &mut Scene<'_>, skus: impl IntoIterator<Item = &'s Sku>) {
        let skus: BTreeSet<&Sku> = skus.into_iter().filter(|sku| self.listed.contains(*sku)).collect();
        for sku in skus {
            let levels = self.stock.levels(sku).items;
            let told = InventoryAdjusted {
                sku: sku.clone(),
                levels: levels.into_iter().filter(|level| self.sources.contains(&level.node_id)).collect(),
            };
            scene.commit(Effect::UnclaimedChanged { sku: sku.clone(), unclaimed: told.unclaimed() });
            scene.raise(EventData::InventoryAdjusted(told));
        }
    }

    /// Every sales order of an order as it stands now: canceled units are not in its lines any more.
    pub fn sales_orders(&self, order: &OrderNumber) -> Vec<SalesOrder> {
        self.bookings_of(order).map(Booking::as_it_stands).collect()
    }

    /// Stock of a SKU at a node; zeros where there never was any.
    pub fn stock(&self, sku: &Sku, node_id: &NodeId) -> StockLevel {
        self.stock.level(sku, node_id)
    }

    /// Sellable units of a SKU at a node, claimed ones included.
    pub fn on_hand(&self, sku: &Sku, node_id: &NodeId) -> i64 {
        self.stock.units(sku, node_id, StockCondition::Sellable)
    }

    /// Units of a SKU at a node in any condition.
    pub fn units(&self, sku: &Sku, node_id: &NodeId, condition: StockCondition) -> i64 {
        self.stock.units(sku, node_id, condition)
    }

    /// Units of a SKU that customers brought back into a condition at a node, ever.
    pub fn returned(&self, sku: &Sku, node_id: &NodeId, condition: StockCondition) -> i64 {
        self.stock.returned(sku, node_id, condition)
    }

    /// Sellable units of a SKU at a node that nobody claimed.
    pub fn available(&self, sku: &Sku, node_id: &NodeId) -> i64 {
        self.stock.available(sku, node_id)
    }

    /// What is still claimed for an order, over all its reservations.
    pub fn reserved_for(&self, order: &OrderNumber) -> Vec<ReservedLine> {
        self.claims_of(order).flat_map(Claim::open_lines).collect()
    }

    /// Invoices of an order, oldest first.
    pub fn invoices(&self, order: &OrderNumber) -> &[Invoice] {
        self.files.get(order).map_or(&[], |file| &file.invoices)
    }

    /// Credit memos of an order, oldest first.
    pub fn credit_memos(&self, order: &OrderNumber) -> &[CreditMemo] {
        self.files.get(order).map_or(&[], |file| &file.credit_memos)
    }

    /// Postings of an order, oldest first.
    pub fn postings(&self, order: &OrderNumber) -> &[FinancialPosting] {
        self.files.get(order).map_or(&[], |file| &file.postings)
    }

    /// What was settled of exchanges of an order's goods, oldest first.
    pub fn settlements(&self, order: &OrderNumber) -> &[ExchangeSettlement] {
        self.files.get(order).map_or(&[], |file| &file.settlements)
    }

    /// Return authorizations of an order, oldest first.
    pub fn return_authorizations(&self, order: &OrderNumber) -> &[ReturnAuthorization] {
        self.files.get(order).map_or(&[], |file| &file.authorizations)
    }

    /// Receipts of returned goods of an order, oldest first.
    pub fn return_receipts(&self, order: &OrderNumber) -> &[ReturnReceipt] {
        self.files.get(order).map_or(&[], |file| &file.receipts)
    }

    fn bookings_of(&self, order: &OrderNumber) -> impl Iterator<Item = &Booking> {
        let documents = self.bookings_of.get(order).into_iter().flatten();
        documents.filter_map(|document| self.bookings.get(document))
    }

    fn claims_of(&self, order: &OrderNumber) -> impl Iterator<Item = &Claim> {
        let reservations = self.claims_of.get(order).into_iter().flatten();
        reservations.filter_map(|reservation_id| self.claims.get(reservation_id))
    }

    /// Refuses documents of orders, and of lines of orders, that were never booked.
    fn check_booked<'l>(
        &self,
        order: &OrderNumber,
        mut lines: impl Iterator<Item = &'l LineId>,
    ) -> Result<(), Problem> {
        if self.bookings_of(order).next().is_none() {
            return Err(business(format!("order {order} has no sales order")));
        }
        let unknown = lines.find(|line_id| !self.bookings_of(order).any(|booking| booking.has_line(line_id)));
        unknown.map_or(Ok(()), |line_id| Err(business(format!("order {order} has no line {line_id}"))))
    }
}

impl Core for Erp {
    fn system(&self) -> System {
        System::Erp
    }

    fn handle(&mut self, call: &Call, scene: &mut Scene<'_>) -> Result<Value, Problem> {
        self.intake.admit(call, scene)?;
        let answer = self.carry_out(call, scene)?;
        self.intake.took(call, scene.now());
        Ok(answer)
    }
}

impl Erp {
    fn carry_out(&mut self, call: &Call, scene: &mut Scene<'_>) -> Result<Value, Problem> {
        match call.operation {
            operations::CREATE_SALES_ORDER => answer(&self.create_sales_order(call.document()?, scene)?),
            operations::FIND_SALES_ORDERS => answer(&self.find_sales_orders(call)),
            operations::CANCEL_SALES_ORDER_LINES => {
                answer(&self.cancel_lines(call.parameter("erp_document"), call.document()?, scene)?)
            }
            operations::CHANGE_SALES_ORDER => {
                answer(&self.change_sales_order(call.parameter("erp_document"), call.document()?, scene)?)
            }
            operations::CREATE_RESERVATION => answer(&self.reserve(&call.document()?, scene)?),
            operations::RELEASE_RESERVATION => {
                answer(&self.release(call.parameter("reservation_id"), call.document()?, scene)?)
            }
            operations::POST_TRANSFER => answer(&self.post_transfer(call.document()?, scene)?),
            operations::POST_INVENTORY_MOVEMENT => answer(&self.move_stock(call.document()?, scene)?),
            operations::POST_STOCK_COUNT => answer(&self.count_stock(&call.document()?, scene)?),
            operations::POST_INVOICE => answer(&self.take_invoice(call.document()?, scene)?),
            operations::CREATE_RETURN_AUTHORIZATION => {
                answer(&self.authorize_return(call.document()?, scene)?)
            }
            operations::CANCEL_RETURN_AUTHORIZATION => {
                answer(&self.cancel_return(call.parameter("rma_id"), call.document()?, scene)?)
            }
            operations::POST_RETURN_RECEIPT => answer(&self.book_receipt(call.document()?, scene)?),
            operations::POST_RETURN_REJECTION => {
                answer(&self.book_rejection(call.parameter("receipt_id"), call.document()?, scene)?)
            }
            operations::POST_CREDIT_MEMO => answer(&self.take_credit_memo(call.document()?, scene)?),
            operations::SETTLE_EXCHANGE => answer(&self.settle_exchange(call.document()?, scene)?),
            operations::POST_WRITE_OFF => answer(&self.write_off(call.document()?, scene)?),
            operations::READ_STOCK => answer(&self.stock.levels(&Sku::new(call.parameter("sku")))),
            other => Err(Problem::new(ProblemKind::UnknownOperation, other.to_string())),
        }
    }
}

fn business(detail: String) -> Problem {
    Problem::new(ProblemKind::BusinessRule, detail)
}

/// What a place of a document says cannot be accepted.
fn at(pointer: &str, detail: String) -> Problem {
    let errors = vec![FieldError { pointer: pointer.to_owned(), detail: detail.clone() }];
    Problem { errors, ..business(detail) }
}

/// What a place of a document asks for is not in stock.
fn too_few(pointer: &str, detail: String) -> Problem {
    Problem {
        errors: at(pointer, detail.clone()).errors,
        ..Problem::new(ProblemKind::InsufficientStock, detail)
    }
}

fn illegal(detail: String) -> Problem {
    Problem::new(ProblemKind::IllegalState, detail)
}

fn not_found(what: &str, name: &str) -> Problem {
    Problem::new(ProblemKind::NotFound, format!("no {what} {name}"))
}

/// A document of an order must name that order.
fn check_owner(what: &str, owner: &OrderNumber, named: &OrderNumber) -> Result<(), Problem> {
    if owner == named {
        return Ok(());
    }
    Err(business(format!("{what} belongs to order {owner}, not to {named}")))
}
