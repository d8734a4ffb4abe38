//! Customer service: the call center's sales channel, and the timeline that agents read of every order.
//!
//! It deliberately writes down entries of orders that it did not take: an agent is asked about all of them.

use std::collections::BTreeMap;

use counterproof_contracts::{
    journal::Effect,
    model::{OrderNumber, System, TimelineEntry},
    protocol::{Problem, ProblemKind, customer_service as operations},
};
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
}

impl Default for CustomerService {
    fn default() -> Self {
        Self::new()
    }
}

impl CustomerService {
    /// Customer service without orders.
    pub const fn new() -> Self {
        Self { channel: Channel::new(System::CustomerService), timelines: BTreeMap::new() }
    }

    /// What an agent reads of an order, by sequence.
    pub fn timeline(&self, order: &OrderNumber) -> &[TimelineEntry] {
        self.timelines.get(order).map_or(&[], Vec::as_slice)
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
