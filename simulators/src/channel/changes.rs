//! Changes of an order that was placed. The channel prices and words the next version; it shows that version once
//! it was told that it is in force, and not before.

use std::collections::BTreeMap;

use counterproof_contracts::{
    journal::Effect,
    model::{ChangeStatus, Order, OrderChange, OrderChangeResult, OrderNumber},
    protocol::middleware,
};

use super::{ActionError, Channel, Conversation, actions::body};
use crate::kernel::Scene;

/// Wishes to change an order, and what became of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Changes {
    /// What was asked for, by wish.
    pub(super) wishes: BTreeMap<String, Order>,
    /// What was answered last, by wish.
    results: BTreeMap<String, OrderChangeResult>,
    /// The last wish.
    last: Option<String>,
}

impl Channel {
    /// A customer or an agent changes an order: `edit` makes the next version of the present one. Returns the
    /// change's identifier.
    ///
    /// # Errors
    /// No such order was placed here.
    pub fn change(
        &mut self,
        scene: &mut Scene<'_>,
        order_number: &OrderNumber,
        reason: &str,
        edit: impl FnOnce(&mut Order),
    ) -> Result<String, ActionError> {
        let missing = || ActionError::NotPlaced(order_number.clone());
        let mut changed = self.order(order_number).ok_or_else(missing)?.clone();
        changed.version += 1;
        edit(&mut changed);
        let change_id = scene.id("change", order_number.as_str());
        let change = OrderChange {
            order_number: order_number.clone(),
            change_id: change_id.clone(),
            reason: reason.to_owned(),
            changed: changed.clone(),
        };
        scene.call(
            middleware::CHANGE_ORDER,
            &[order_number.as_str()],
            body(&change),
            &change_id,
            order_number,
        );
        scene.commit(Effect::OrderChangeRequested { change: Box::new(change) });
        let known = &mut self.conversations.entry(order_number.clone()).or_default().changing;
        known.wishes.insert(change_id.clone(), changed);
        known.last = Some(change_id.clone());
        Ok(change_id)
    }

    /// What became of the last wish to change an order, as far as the channel was told.
    pub fn last_change(&self, order: &OrderNumber) -> Option<&OrderChangeResult> {
        let known = &self.conversations.get(order)?.changing;
        known.results.get(known.last.as_ref()?)
    }
}

/// The channel was told what became of wishes. A version is shown once, and never an older one again.
pub(super) fn learn(known: &mut Conversation, results: &[OrderChangeResult], scene: &mut Scene<'_>) {
    for result in results {
        let Some(wish) = known.changing.wishes.get(&result.change_id) else { continue };
        let settled = known.changing.results.get(&result.change_id);
        if settled.is_some_and(|settled| settled.status != ChangeStatus::Pending) {
            continue;
        }
        known.changing.results.insert(result.change_id.clone(), result.clone());
        let newer = known.order.as_ref().is_none_or(|order| order.version < wish.version);
        if result.status == ChangeStatus::Accepted && newer {
            scene.commit(Effect::OrderChanged { order: Box::new(wish.clone()) });
            known.order = Some(wish.clone());
        }
    }
}
