//! Customer service: the call center's sales channel, and the timeline that agents read of every order.
//!
//! It deliberately writes down entries of orders that it did not take: an agent is asked about all of them.

use std::collections::BTreeMap;

use counterproof_contracts::{
    journal::Effect,
    model::{AdjustmentDecision, OrderNumber, PriceAdjustment, System, TimelineEntry},
    protocol::{Problem, ProblemKind, customer_service as operations, middleware},
};
use serde::Deserialize as _;
use serde_json::Value;

use crate::{
    channel::Channel,
    kernel::{Call, Core, OutboundCall, Scene, answer},
};

#[cfg(test)]
mod tests;

/// Customer service.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomerService {
    channel: Channel,
    timelines: BTreeMap<OrderNumber, Vec<TimelineEntry>>,
    /// What agents asked for, in the order in which they did.
    adjustments: BTreeMap<OrderNumber, Vec<PriceAdjustment>>,
    /// What they were last told about it, by adjustment.
    decisions: BTreeMap<String, Result<AdjustmentDecision, Problem>>,
}

impl Default for CustomerService {
    fn default() -> Self {
        Self::new()
    }
}

impl CustomerService {
    /// Customer service without orders.
    pub const fn new() -> Self {
        Self {
            channel: Channel::new(System::CustomerService),
            timelines: BTreeMap::new(),
            adjustments: BTreeMap::new(),
            decisions: BTreeMap::new(),
        }
    }

    /// What an agent reads of an order, by sequence.
    pub fn timeline(&self, order: &OrderNumber) -> &[TimelineEntry] {
        self.timelines.get(order).map_or(&[], Vec::as_slice)
    }

    /// An agent lowers what a customer paid.
    pub fn adjust_price(&mut self, scene: &mut Scene<'_>, adjustment: PriceAdjustment) {
        let key = format!("adjust-{}", adjustment.adjustment_id);
        scene.commit(Effect::PriceAdjustmentRequested { adjustment: adjustment.clone() });
        Self::ask(scene, &adjustment, key);
        self.adjustments.entry(adjustment.order_number.clone()).or_default().push(adjustment);
    }

    /// Asks for the last adjustment of an order again, as an agent who forgot that it had been asked for: a new key for
    /// the same wish. Returns whether there was one.
    pub fn adjust_again(&mut self, scene: &mut Scene<'_>, order: &OrderNumber) -> bool {
        let Some(adjustment) = self.adjustments.get(order).and_then(|known| known.last()) else {
            return false;
        };
        let key = scene.id("adjust-again", &adjustment.adjustment_id);
        Self::ask(scene, adjustment, key);
        true
    }

    fn ask(scene: &mut Scene<'_>, adjustment: &PriceAdjustment, key: String) {
        let body = serde_json::to_value(adjustment).unwrap_or(Value::Null);
        let order = &adjustment.order_number;
        scene.call(middleware::ADJUST_PRICE, &[order.as_str()], body, key, order);
    }

    /// What an agent was told about the last price adjustment of an order; `None` before an answer.
    pub fn decision(&self, order: &OrderNumber) -> Option<&Result<AdjustmentDecision, Problem>> {
        let last = self.adjustments.get(order)?.last()?;
        self.decisions.get(&last.adjustment_id)
    }

    fn learn(&mut self, call: &OutboundCall, answer: &Result<Value, Problem>) {
        let Ok(asked) = PriceAdjustment::deserialize(&call.body) else { return };
        let decision = answer.clone().and_then(|body| {
            AdjustmentDecision::deserialize(body)
                .map_err(|error| Problem::new(ProblemKind::InvalidDocument, error.to_string()))
        });
        self.decisions.insert(asked.adjustment_id, decision);
    }

    /// Writes an entry. The same entry again is shown once; another content under the same identifier is
    /// refused.
    fn write(&mut self, entry: TimelineEntry, scene: &mut Scene<'_>) -> Result<TimelineEntry, Problem> {
        let timeline = self.timelines.get(&entry.order_number).map_or(&[][..], Vec::as_slice);
        if let Some(known) = timeline.iter().find(|known| known.entry_id == entry.entry_id) {
            if *known == entry {
                return Ok(entry);
            }
            let detail = format!("entry {} was written with another content", entry.entry_id);
            return Err(Problem::new(ProblemKind::IllegalState, detail));
        }
        let place = timeline.partition_point(|known| known.sequence <= entry.sequence);
        self.timelines.entry(entry.order_number.clone()).or_default().insert(place, entry.clone());
        scene.commit(Effect::TimelineWritten { entry: entry.clone() });
        Ok(entry)
    }
}

impl Core for CustomerService {
    fn system(&self) -> System {
        System::CustomerService
    }

    fn handle(&mut self, call: &Call, scene: &mut Scene<'_>) -> Result<Value, Problem> {
        if call.operation == operations::ADD_TIMELINE_ENTRY {
            return answer(&self.write(call.document()?, scene)?);
        }
        self.channel.handle(call, scene)
    }

    fn answered(&mut self, call: &OutboundCall, answer: &Result<Value, Problem>, scene: &mut Scene<'_>) {
        if call.operation == middleware::ADJUST_PRICE {
            return self.learn(call, answer);
        }
        self.channel.answered(call, answer, scene);
    }
}

impl AsRef<Channel> for CustomerService {
    fn as_ref(&self) -> &Channel {
        &self.channel
    }
}

impl AsMut<Channel> for CustomerService {
    fn as_mut(&mut self) -> &mut Channel {
        &mut self.channel
    }
}
