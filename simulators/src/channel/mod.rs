//! Sales channels: who takes orders, asks for cancellations and returns, and shows the customer the status.
//!
//! One [`Channel`] stands for the storefront, the marketplace and, inside [`Pos`] and customer service, for
//! those, too. It shows what it is told, newest sequence first, and remembers what it was answered. It
//! deliberately checks neither prices nor eligibility: that is the middleware's work.

use std::collections::{BTreeMap, BTreeSet};

use counterproof_contracts::{
    journal::Effect,
    model::{
        FeedId, LineId, Order, OrderNumber, OrderStatusUpdate, RefundNotice, ReturnAuthorization, Sku,
        StockPublication, System,
    },
    protocol::{
        Cancellation, OrderAcknowledgment, Problem, ProblemKind, channel as operations,
        marketplace as marketplace_operations, middleware,
    },
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::kernel::{Call, Core, OutboundCall, Scene, answer};

mod actions;
mod catalogue;
mod changes;
mod feed;
mod files;
mod marketplace;
mod pos;
#[cfg(test)]
mod tests;

pub use actions::ActionError;
pub use feed::{FEED_LAG_MAX, Listing};
pub use files::Damage;
pub use pos::Pos;

/// All that a channel knows of one order.
#[derive(Debug, Clone, Default, PartialEq)]
struct Conversation {
    order: Option<Order>,
    acknowledgment: Option<OrderAcknowledgment>,
    shown: Option<OrderStatusUpdate>,
    refunds: Vec<RefundNotice>,
    returns: Vec<ReturnAuthorization>,
    cancellations: Vec<Cancellation>,
    changing: changes::Changes,
    problem: Option<Problem>,
    collected: i64,
}

/// A sales channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Channel {
    system: System,
    conversations: BTreeMap<OrderNumber, Conversation>,
    stock: BTreeMap<Sku, StockPublication>,
    catalogue: catalogue::Catalogue,
    /// Where a marketplace lists orders.
    feeds: BTreeMap<FeedId, feed::Feed>,
}

impl Channel {
    /// A channel without orders. `system` is the one it stands for.
    pub const fn new(system: System) -> Self {
        Self {
            system,
            conversations: BTreeMap::new(),
            stock: BTreeMap::new(),
            catalogue: catalogue::Catalogue::new(),
            feeds: BTreeMap::new(),
        }
    }

    /// The order as the customer placed it here.
    pub fn order(&self, order: &OrderNumber) -> Option<&Order> {
        self.conversation(order)?.order.as_ref()
    }

    /// What the customer sees of an order.
    pub fn shown(&self, order: &OrderNumber) -> Option<&OrderStatusUpdate> {
        self.conversation(order)?.shown.as_ref()
    }

    /// What the middleware answered to the order's submission.
    pub fn acknowledgment(&self, order: &OrderNumber) -> Option<&OrderAcknowledgment> {
        self.conversation(order)?.acknowledgment.as_ref()
    }

    /// Returns that were authorized, in the order of their answers.
    pub fn returns(&self, order: &OrderNumber) -> &[ReturnAuthorization] {
        self.conversation(order).map_or(&[], |known| &known.returns)
    }

    /// What the middleware answered to cancellations, in the order of the answers.
    pub fn cancellations(&self, order: &OrderNumber) -> &[Cancellation] {
        self.conversation(order).map_or(&[], |known| &known.cancellations)
    }

    /// Refunds that the customer sees; at a marketplace, refunds that it paid.
    pub fn refunds_shown(&self, order: &OrderNumber) -> &[RefundNotice] {
        self.conversation(order).map_or(&[], |known| &known.refunds)
    }

    /// The last refusal that the middleware answered for an order. A later success does not erase it.
    pub fn problem(&self, order: &OrderNumber) -> Option<&Problem> {
        self.conversation(order)?.problem.as_ref()
    }

    /// What a marketplace took from the customer, minor units; 0 for other channels.
    pub fn collected(&self, order: &OrderNumber) -> i64 {
        self.conversation(order).map_or(0, |known| known.collected)
    }

    /// Units of a SKU that customers see as available; `None` if the channel was never told.
    pub fn offers(&self, sku: &Sku) -> Option<i64> {
        self.stock.get(sku).map(|shown| shown.available)
    }

    fn publish_stock(
        &mut self,
        path: &str,
        publication: StockPublication,
        scene: &mut Scene<'_>,
    ) -> Result<StockPublication, Problem> {
        if path != publication.sku.as_str() {
            let detail = format!("path names SKU {path}, body names {}", publication.sku);
            return Err(Problem::new(ProblemKind::BusinessRule, detail));
        }
        if let Some(shown) = self.stock.get(&publication.sku)
            && publication.sequence <= shown.sequence
        {
            return Ok(shown.clone());
        }
        self.stock.insert(publication.sku.clone(), publication.clone());
        scene.commit(Effect::StockShown { publication: publication.clone() });
        Ok(publication)
    }

    fn conversation(&self, order: &OrderNumber) -> Option<&Conversation> {
        self.conversations.get(order)
    }

    /// The conversation of an order that was placed here.
    fn placed(&mut self, order: &OrderNumber) -> Result<(&mut Conversation, Order), Problem> {
        let known = self.conversations.get_mut(order).and_then(|known| {
            let placed = known.order.clone()?;
            Some((known, placed))
        });
        known.ok_or_else(|| Problem::new(ProblemKind::NotFound, format!("no order {order}")))
    }

    fn update_status(
        &mut self,
        path: &str,
        update: OrderStatusUpdate,
        scene: &mut Scene<'_>,
    ) -> Result<OrderStatusUpdate, Problem> {
        same_order(path, &update.order_number)?;
        let collects = self.system == System::Marketplace;
        let (known, order) = self.placed(&update.order_number)?;
        if let Some(shown) = &known.shown
            && update.sequence <= shown.sequence
        {
            return Ok(shown.clone());
        }
        known.covers(&update)?;
        known.shown = Some(update.clone());
        changes::learn(known, &update.changes, scene);
        let order = known.order.clone().unwrap_or(order);
        scene.commit(Effect::StatusShown { update: update.clone() });
        if collects {
            marketplace::collect(known, &order, &update, scene);
        }
        Ok(update)
    }

    fn notify_refund(
        &mut self,
        path: &str,
        notice: RefundNotice,
        scene: &mut Scene<'_>,
    ) -> Result<RefundNotice, Problem> {
        same_order(path, &notice.order_number)?;
        let pays = self.system == System::Marketplace;
        let (known, order) = self.placed(&notice.order_number)?;
        let amount = notice.refund.amount;
        if amount.amount <= 0 || amount.currency != order.currency {
            let detail = format!("refund of {amount} does not fit an order in {}", order.currency);
            return Err(Problem::new(ProblemKind::BusinessRule, detail));
        }
        if pays {
            marketplace::covered(known, &notice.refund)?;
        }
        known.refunds.push(notice.clone());
        scene.commit(Effect::RefundShown { notice: notice.clone() });
        Ok(notice)
    }

    /// Remembers what the middleware answered to a call of this channel.
    fn remember(&mut self, call: &OutboundCall, answer: &Result<Value, Problem>, scene: &mut Scene<'_>) {
        let known = self.conversations.entry(call.order.clone()).or_default();
        let understood = answer.clone().and_then(|body| match call.operation {
            middleware::SUBMIT_ORDER => read(body).map(|document| known.acknowledgment = Some(document)),
            middleware::CANCEL_ORDER => read(body).map(|document| known.keep_cancellation(document)),
            middleware::CHANGE_ORDER => read(body).map(|document| changes::learn(known, &[document], scene)),
            middleware::REQUEST_RETURN | middleware::CANCEL_RETURN => {
                read(body).map(|document| known.keep_return(document))
            }
            _ => Ok(()),
        });
        if let Err(problem) = understood {
            known.problem = Some(problem);
        }
    }
}

impl Conversation {
    /// Whether an update tells of lines only that the order has, or has in a version that was asked for.
    fn covers(&self, update: &OrderStatusUpdate) -> Result<(), Problem> {
        let orders = self.order.iter().chain(self.changing.wishes.values());
        let lines: BTreeSet<&LineId> =
            orders.flat_map(|order| &order.lines).map(|line| &line.line_id).collect();
        let promised = update.promises.iter().map(|promise| &promise.line_id);
        let told = update.lines.iter().map(|line| &line.line_id).chain(promised);
        let shipped = update.shipments.iter().flat_map(|shipment| {
            let scanned = shipment.serials.iter().map(|unit| &unit.line_id);
            shipment.lines.iter().map(|line| &line.line_id).chain(scanned)
        });
        let unknown = told.chain(shipped).find(|line_id| !lines.contains(line_id));
        unknown.map_or(Ok(()), |line_id| {
            let detail = format!("order {} has no line {line_id}", update.order_number);
            Err(Problem::new(ProblemKind::BusinessRule, detail))
        })
    }

    fn keep_cancellation(&mut self, answer: Cancellation) {
        self.cancellations.retain(|known| known.cancellation_id != answer.cancellation_id);
        self.cancellations.push(answer);
    }

    fn keep_return(&mut self, answer: ReturnAuthorization) {
        self.returns.retain(|known| known.rma_id != answer.rma_id);
        self.returns.push(answer);
    }
}

impl Core for Channel {
    fn system(&self) -> System {
        self.system
    }

    fn handle(&mut self, call: &Call, scene: &mut Scene<'_>) -> Result<Value, Problem> {
        let path = call.parameter("order_number");
        if call.operation == operations::update_order_status(self.system) {
            answer(&self.update_status(path, call.document()?, scene)?)
        } else if call.operation == operations::notify_refund(self.system) {
            answer(&self.notify_refund(path, call.document()?, scene)?)
        } else if call.operation == operations::publish_stock(self.system) {
            answer(&self.publish_stock(call.parameter("sku"), call.document()?, scene)?)
        } else if call.operation == operations::put_product(self.system) {
            answer(&self.put_product(call.parameter("sku"), call.document()?, scene)?)
        } else if call.operation == operations::put_location(self.system) {
            answer(&self.put_location(call.parameter("node_id"), call.document()?, scene)?)
        } else if call.operation == operations::put_customer(self.system) {
            answer(&self.put_customer(call.parameter("customer_ref"), call.document()?, scene)?)
        } else if call.operation == marketplace_operations::LIST_ORDERS {
            answer(&self.list_orders(call, scene)?)
        } else {
            Err(Problem::new(ProblemKind::UnknownOperation, call.operation.to_string()))
        }
    }

    fn answered(&mut self, call: &OutboundCall, answer: &Result<Value, Problem>, scene: &mut Scene<'_>) {
        self.remember(call, answer, scene);
    }

    fn rings(&mut self, alarm: &str, scene: &mut Scene<'_>) {
        self.feed_rings(alarm, scene);
    }
}

impl AsRef<Self> for Channel {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl AsMut<Self> for Channel {
    fn as_mut(&mut self) -> &mut Self {
        self
    }
}

/// Path and body must speak of the same order.
fn same_order(path: &str, body: &OrderNumber) -> Result<(), Problem> {
    if path == body.as_str() {
        return Ok(());
    }
    Err(Problem::new(ProblemKind::BusinessRule, format!("path names order {path}, body names {body}")))
}

/// An answer as a document; an answer that is none is remembered as a problem.
fn read<T: DeserializeOwned>(body: Value) -> Result<T, Problem> {
    serde_json::from_value(body)
        .map_err(|error| Problem::new(ProblemKind::InvalidDocument, error.to_string()))
}
