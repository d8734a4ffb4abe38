//! The stores' point of sale: a channel that also takes returned goods over the counter.
//!
//! The clerk asks first and takes the goods only when the middleware agrees; a refused customer keeps them.

use std::collections::{BTreeMap, BTreeSet};

use counterproof_contracts::{
    batch::Record,
    journal::Effect,
    model::{
        BatchAcknowledgment, BatchFile, BatchKind, Inspection, NodeId, Order, OrderNumber, OrderView,
        ReceiptId, ReturnDecision, ReturnReceipt, StockCount, System,
    },
    protocol::{Problem, ProblemKind, middleware, pos as operations},
};
use serde_json::Value;

use super::{
    ActionError, Channel, Damage,
    actions::{body, submission_key, submit},
    files::{self, Files},
    read,
};
use crate::kernel::{Call, Core, OutboundCall, Scene, answer};

/// The stores' point of sale.
#[derive(Debug, Clone, PartialEq)]
pub struct Pos {
    channel: Channel,
    decisions: BTreeMap<ReceiptId, ReturnDecision>,
    refusals: BTreeMap<ReceiptId, Problem>,
    lookups: BTreeMap<OrderNumber, OrderView>,
    files: Files,
    offline: BTreeMap<String, Offline>,
    /// Receipts of goods that were handed over before anybody was asked.
    handed_over: BTreeSet<ReceiptId>,
}

/// What tills took while they had no line.
#[derive(Debug, Clone, Default, PartialEq)]
struct Offline {
    sales: Vec<Order>,
    returns: Vec<ReturnReceipt>,
}

impl Default for Pos {
    fn default() -> Self {
        Self::new()
    }
}

impl Pos {
    /// A point of sale without orders.
    pub fn new() -> Self {
        Self {
            channel: Channel::new(System::Pos),
            decisions: BTreeMap::new(),
            refusals: BTreeMap::new(),
            lookups: BTreeMap::new(),
            files: Files::default(),
            offline: BTreeMap::new(),
            handed_over: BTreeSet::new(),
        }
    }

    /// A clerk asks whether goods on the counter may be taken back. The same receipt asked again is a
    /// repetition with the same key.
    pub fn store_return(&mut self, scene: &mut Scene<'_>, receipt: &ReturnReceipt) {
        if let Some(exchange) = &receipt.exchange {
            self.channel.take_replacement(scene, &exchange.replacement);
        }
        let key = format!("receipt-{}", receipt.receipt_id);
        scene.call(middleware::RECEIVE_RETURN, &[], body(receipt), key, &receipt.order_number);
    }

    /// A till without a line sells: the customer pays, and nobody else hears of it yet.
    pub fn sell_offline(
        &mut self,
        scene: &mut Scene<'_>,
        till: &str,
        order: Order,
    ) -> Result<(), ActionError> {
        self.channel.take_order(scene, order.clone())?;
        self.offline.entry(till.to_owned()).or_default().sales.push(order);
        Ok(())
    }

    /// A till without a line takes goods back: they are there before anybody is asked.
    pub fn take_back_offline(&mut self, scene: &mut Scene<'_>, till: &str, receipt: ReturnReceipt) {
        self.handed_over.insert(receipt.receipt_id.clone());
        self.offline.entry(till.to_owned()).or_default().returns.push(receipt.clone());
        hand_over(receipt, scene);
    }

    /// The line is back: what was sold and taken back is told. Returns how much that is.
    pub fn synchronize(&mut self, scene: &mut Scene<'_>, till: &str) -> usize {
        let taken = self.offline.get(till).cloned().unwrap_or_default();
        for order in &taken.sales {
            submit(scene, order, submission_key(order));
        }
        for receipt in &taken.returns {
            self.store_return(scene, receipt);
        }
        taken.sales.len() + taken.returns.len()
    }

    /// The back office of the store, which has the till's journal, tells the last sale under a reference of its own.
    /// `None`: no till sold anything.
    pub fn tell_sale_again(&self, scene: &mut Scene<'_>, till: &str, number: &OrderNumber) -> Option<()> {
        let sold = self.offline.get(till)?.sales.last()?;
        let order = Order {
            order_number: number.clone(),
            channel_order_id: format!("back-office-{}", sold.channel_order_id).into(),
            ..sold.clone()
        };
        submit(scene, &order, submission_key(&order));
        Some(())
    }

    /// It tells the last return under a reference of its own: which one.
    pub fn tell_return_again(&mut self, scene: &mut Scene<'_>, till: &str) -> Option<ReceiptId> {
        let taken = self.offline.get(till)?.returns.last()?.clone();
        let receipt_id = ReceiptId::from(format!("back-office-{}", taken.receipt_id));
        let receipt = ReturnReceipt { receipt_id: receipt_id.clone(), ..taken };
        self.handed_over.insert(receipt_id.clone());
        self.store_return(scene, &receipt);
        Some(receipt_id)
    }

    /// A store that takes part in no calls takes an order. The middleware hears of it by the next file.
    pub fn take_order_for_file(
        &mut self,
        scene: &mut Scene<'_>,
        till: &str,
        order: Order,
    ) -> Result<(), ActionError> {
        self.channel.take_order(scene, order.clone())?;
        self.files.gather(till, Record::Order(Box::new(order)), scene.correlation());
        Ok(())
    }

    /// Such a store takes goods back: they are there before anybody else hears of it.
    pub fn take_return_for_file(&mut self, scene: &mut Scene<'_>, till: &str, receipt: ReturnReceipt) {
        self.files.gather(till, Record::Return(Box::new(receipt.clone())), scene.correlation());
        hand_over(receipt, scene);
    }

    /// Such a store counts a shelf.
    pub fn count_for_file(&mut self, scene: &Scene<'_>, till: &str, count: StockCount) {
        self.files.gather(till, Record::Count(count), scene.correlation());
    }

    /// Such a store sends what it gathered.
    pub fn send_file(
        &mut self,
        scene: &mut Scene<'_>,
        (store, till): (&NodeId, &str),
        kind: BatchKind,
        damage: Damage,
        order: &OrderNumber,
    ) -> Result<(), ActionError> {
        self.files.send(scene, (store, till), kind, damage, order)
    }

    /// It sends its last file again: the same message.
    pub fn send_file_again(
        &mut self,
        scene: &mut Scene<'_>,
        till: &str,
        order: &OrderNumber,
    ) -> Result<(), ActionError> {
        self.files.send_again(scene, till, order)
    }

    /// What was answered to the last file.
    pub fn file_answer(&self, till: &str) -> Option<&Result<BatchAcknowledgment, Problem>> {
        self.files.last_answer(till)
    }

    /// Keeps what a clerk saw when looking the original order up.
    pub fn record_lookup(&mut self, view: OrderView) {
        self.lookups.insert(view.order_number.clone(), view);
    }

    /// What the clerk saw of an order last.
    pub fn lookup(&self, order: &OrderNumber) -> Option<&OrderView> {
        self.lookups.get(order)
    }

    /// What the clerk could tell the customer.
    pub fn decision(&self, receipt: &ReceiptId) -> Option<&ReturnDecision> {
        self.decisions.get(receipt)
    }

    /// Why the goods were not taken back.
    pub fn refusal(&self, receipt: &ReceiptId) -> Option<&Problem> {
        self.refusals.get(receipt)
    }

    fn remember_return(
        &mut self,
        receipt: ReturnReceipt,
        answer: Result<ReturnDecision, Problem>,
        scene: &mut Scene<'_>,
    ) {
        let receipt_id = receipt.receipt_id.clone();
        match answer {
            Err(problem) => {
                self.refusals.insert(receipt_id, problem);
            }
            Ok(decision) => {
                let asked_first = !self.handed_over.contains(&receipt_id);
                if self.decisions.insert(receipt_id, decision).is_none() && asked_first {
                    hand_over(receipt, scene);
                }
            }
        }
    }
}

impl Core for Pos {
    fn system(&self) -> System {
        System::Pos
    }

    fn handle(&mut self, call: &Call, scene: &mut Scene<'_>) -> Result<Value, Problem> {
        if call.operation != operations::DELIVER_BATCH {
            return self.channel.handle(call, scene);
        }
        let file: BatchFile = call.document()?;
        answer(&files::take(&file, |record| match record {
            Record::Status(update) => {
                let order = update.order_number.clone();
                self.channel.update_status(order.as_str(), *update, scene).map(drop)
            }
            Record::Refund(notice) => {
                let order = notice.order_number.clone();
                self.channel.notify_refund(order.as_str(), *notice, scene).map(drop)
            }
            other => {
                let detail = format!("a store is told no {}", other.kind().name());
                Err(Problem::new(ProblemKind::BusinessRule, detail))
            }
        })?)
    }

    fn answered(&mut self, call: &OutboundCall, answer: &Result<Value, Problem>, scene: &mut Scene<'_>) {
        self.channel.answered(call, answer, scene);
        if call.operation == middleware::RECEIVE_RETURN
            && let Ok(receipt) = read(call.body.clone())
        {
            self.remember_return(receipt, answer.clone().and_then(read), scene);
        }
        if call.operation == middleware::RECEIVE_BATCH
            && let Ok(file) = read(call.body.clone())
        {
            self.files.answered(&file, answer.clone().and_then(read));
        }
    }
}

impl AsRef<Channel> for Pos {
    fn as_ref(&self) -> &Channel {
        &self.channel
    }
}

impl AsMut<Channel> for Pos {
    fn as_mut(&mut self) -> &mut Channel {
        &mut self.channel
    }
}

/// The customer hands the goods over; a clerk who graded them did so at the counter.
fn hand_over(receipt: ReturnReceipt, scene: &mut Scene<'_>) {
    let inspection = Inspection {
        receipt_id: receipt.receipt_id.clone(),
        order_number: receipt.order_number.clone(),
        node_id: receipt.node_id.clone(),
        lines: receipt.grades.clone(),
    };
    scene.commit(Effect::GoodsReturned { receipt });
    if !inspection.lines.is_empty() {
        scene.commit(Effect::GoodsInspected { inspection });
    }
}
