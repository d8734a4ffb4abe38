//! What a scenario knows while it runs: its stage, its identities, what was ordered and what was said.

use std::{sync::Arc, time::Duration};

use counterproof_contracts::{
    journal::{Settled, StepOutcome},
    model::{
        CorrelationId, CustomerRef, NodeId, Order, OrderNumber, ReceiptId, Sku, StockCondition, System,
        Timestamp,
    },
};

use counterproof_simulators::world::{pricing::StoredPart, rating::RateChanges};

use crate::{
    features::Planned,
    identity,
    stage::{PlannedFault, Root, Stage},
    steps::feeds::Feed,
};

/// Why a step did not pass.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct StepError {
    /// `Failed`: the implementation; `Inconclusive`: the rig.
    pub outcome: StepOutcome,
    /// What was expected, what was seen, how often it was looked.
    pub message: String,
}

impl StepError {
    /// The implementation did not do what the step says.
    pub fn failed(message: impl Into<String>) -> Self {
        Self { outcome: StepOutcome::Failed, message: message.into() }
    }

    /// The rig could not do what the step says.
    pub fn rig(message: impl Into<String>) -> Self {
        Self { outcome: StepOutcome::Inconclusive, message: message.into() }
    }
}

/// What the next order will be like.
#[derive(Debug, Clone, Default)]
pub struct Cart {
    /// Codes of promotions.
    pub promotions: Vec<String>,
    /// Balance of the gift card that is used first, minor units.
    pub gift_card: Option<i64>,
    /// What the gift card that was bought in an earlier order pays.
    pub bought_card: Option<StoredPart>,
    /// Balance of the store credit that is used next, minor units.
    pub store_credit: Option<i64>,
    /// Whether the card will be declined.
    pub declined: bool,
    /// Whether it is a present.
    pub gift: bool,
    /// Destination, ISO 3166-1 alpha-2.
    pub country: Option<&'static str>,
    /// The store where it will be collected.
    pub pickup: Option<NodeId>,
    /// The certificate by which the customer pays no tax.
    pub exemption_certificate: Option<String>,
    /// Whether the retailer is paid in its own currency.
    pub settled_at_home: bool,
    /// Another account of the customer that is used.
    pub account: Option<CustomerRef>,
    /// In what time the customer is told that it arrives.
    pub promised_within: Option<Duration>,
    /// The same, for one product.
    pub product_within: Option<(Sku, Duration)>,
    /// How it is sent, where not in the ordinary way.
    pub shipping_method: Option<&'static str>,
    /// By how much the total is higher than what it sums up, minor units.
    pub excess: i64,
}

/// The world of the scenario runner: empty until the scenario begins.
#[derive(Debug, Default)]
pub struct World {
    play: Option<Play>,
}

impl cucumber::World for World {
    type Error = std::convert::Infallible;

    async fn new() -> Result<Self, Self::Error> {
        Ok(Self::default())
    }
}

impl World {
    /// The scenario begins.
    pub fn begin(&mut self, play: Play) {
        self.play = Some(play);
    }

    /// The scenario that is being played.
    pub fn play(&mut self) -> Result<&mut Play, StepError> {
        self.play.as_mut().ok_or_else(|| StepError::rig("the scenario was not begun"))
    }
}

/// A scenario that is being played.
#[derive(Debug)]
pub struct Play {
    /// Where it is played.
    pub stage: Arc<Stage>,
    /// What was planned.
    pub planned: Planned,
    /// What the journal calls it.
    pub id: String,
    /// Its part of all identifiers.
    pub tag: String,
    /// What the next order will be like.
    pub cart: Cart,
    /// What was ordered, in order.
    pub orders: Vec<Order>,
    /// The last receipt of returned goods.
    pub receipt: Option<ReceiptId>,
    /// Whether a store found the order of whoever brought goods without a receipt last.
    pub found: bool,
    /// The store that takes part in no calls and exchanges files.
    pub files_of: Option<NodeId>,
    /// The marketplace's feed.
    pub feed: Feed,
    /// Whether the tills of the stores have no line.
    pub offline: bool,
    /// The number under which the back office told a sale again.
    pub told_again: Option<OrderNumber>,
    /// Cases of goods that came without papers.
    pub cases: Vec<OrderNumber>,
    /// Units that were in stock before the last return, by place, product and condition.
    pub stock_before: std::collections::BTreeMap<(NodeId, Sku, StockCondition), i64>,
    /// Serial numbers that customers brought back to stores.
    pub serials: std::collections::BTreeSet<String>,
    /// Faults that its steps planned.
    pub faults: Vec<PlannedFault>,
    /// Faults that the run laid over it.
    pub overlay: Vec<PlannedFault>,
    /// How many identifiers were given out, by kind.
    pub counters: std::collections::BTreeMap<&'static str, u32>,
    /// When the last step that is no assertion began, on the stage's clock.
    pub acted: Option<Duration>,
    /// When everything came to rest last, and how, if nobody acted since.
    pub rest: Option<(Timestamp, Settled)>,
    /// Steps that were executed.
    pub executed: u32,
    /// Facts that were asserted.
    pub assertions: u32,
    /// The first step that did not pass.
    pub failure: Option<StepError>,
    /// When the scenario began, on the stage's clock.
    pub began: Duration,
    /// Tax rates that changed since.
    pub rate_changes: RateChanges,
}

impl Play {
    /// Begins a scenario.
    pub fn new(stage: Arc<Stage>, planned: Planned, id: String, tag: String) -> Self {
        let began = stage.clock.elapsed();
        Self {
            stage,
            planned,
            id,
            tag,
            cart: Cart::default(),
            orders: Vec::new(),
            receipt: None,
            found: false,
            files_of: None,
            feed: Feed::default(),
            offline: false,
            told_again: None,
            cases: Vec::new(),
            stock_before: std::collections::BTreeMap::new(),
            serials: std::collections::BTreeSet::new(),
            faults: Vec::new(),
            overlay: Vec::new(),
            counters: std::collections::BTreeMap::new(),
            acted: None,
            rest: None,
            executed: 0,
            assertions: 0,
            failure: None,
            began,
            rate_changes: RateChanges::new(),
        }
    }

    /// The order that steps mean when they say "the order".
    pub fn order(&self) -> Result<&Order, StepError> {
        self.orders
            .last()
            .ok_or_else(|| StepError::rig("no order was placed yet; begin with `When a customer orders …`"))
    }

    /// Its number.
    pub fn order_number(&self) -> Result<OrderNumber, StepError> {
        Ok(self.order()?.order_number.clone())
    }

    /// The system that took the order.
    pub fn channel(&self) -> Result<System, StepError> {
        Ok(self.order()?.sales_channel.system())
    }

    /// The number of the scenario's n-th order, counted from 1.
    pub fn number_of(&self, count: u32) -> OrderNumber {
        identity::order_number(&self.tag, count)
    }

    /// A new chain of messages about the present order, or the next one where there is none.
    pub fn root(&mut self, kind: &'static str) -> Root {
        self.next(kind);
        self.same_root(kind)
    }

    /// The last chain of messages of a kind.
    pub fn same_root(&self, kind: &'static str) -> Root {
        let count = self.counters.get(kind).copied().unwrap_or(1);
        let order = self.orders.last().map_or_else(|| self.number_of(1), |order| order.order_number.clone());
        Root { order, correlation: CorrelationId::from(format!("{kind}-{}-{count}", self.tag)) }
    }

    /// Numbers things of a kind, from 1.
    pub fn next(&mut self, kind: &'static str) -> u32 {
        let count = self.counters.entry(kind).or_insert(0);
        *count += 1;
        *count
    }

    /// Who buys in this scenario.
    pub fn customer(&self) -> CustomerRef {
        CustomerRef::from(format!("C-{}", self.tag))
    }

    /// The second account of who buys in this scenario.
    pub fn second_account(&self) -> CustomerRef {
        CustomerRef::from(format!("C2-{}", self.tag))
    }

    /// Who receives gifts in this scenario.
    pub fn recipient(&self) -> CustomerRef {
        CustomerRef::from(format!("R-{}", self.tag))
    }

    /// Looks until what is looked for is there, within the stage's bound. Between two looks something must
    /// have been recorded, so nothing is slept through. The error tells what was seen last, and how often it
    /// was looked. `what` completes "expected …".
    pub async fn eventually<T>(
        &mut self,
        what: &str,
        mut look: impl FnMut(&Stage) -> Result<T, String>,
    ) -> Result<T, StepError> {
        let stage = Arc::clone(&self.stage);
        let began = stage.clock.elapsed();
        let mut changes = stage.changes();
        let mut looks = 0_u32;
        loop {
            changes.mark_unchanged();
            looks += 1;
            let seen = match look(&stage) {
                Ok(found) => return Ok(found),
                Err(seen) => seen,
            };
            let waited = stage.clock.elapsed().saturating_sub(began);
            let left = stage.patience.saturating_sub(waited);
            let changed = !left.is_zero() && changes.within(left).await;
            if !changed && look(&stage).is_err() {
                return Err(StepError::failed(format!(
                    "expected {what}; {seen} (looked {looks} times within {:.1} s)",
                    stage.clock.elapsed().saturating_sub(began).as_secs_f64()
                )));
            }
        }
    }

    /// Waits until nothing moves, so that what did not happen can be told from what has not happened yet.
    pub async fn come_to_rest(&mut self) -> Result<(), StepError> {
        crate::settle::quiet(self).await;
        Ok(())
    }

    /// Asserts a fact that must become true.
    pub async fn expect(
        &mut self,
        what: &str,
        look: impl FnMut(&Stage) -> Result<(), String>,
    ) -> Result<(), StepError> {
        self.assertions += 1;
        self.eventually(what, look).await
    }
}
