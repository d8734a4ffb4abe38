//! Release of an accepted order to the nodes that hold its stock, one order to each.

use std::collections::BTreeMap;

use counterproof_contracts::{
    model::{FulfillmentOrder, FulfillmentStatus, ItemQuantity, NodeId},
    protocol::wms,
};

use super::{
    desk::Desk,
    ids, replacement,
    state::{Fulfillment, OrderProcess},
    task::{Intent, PartnerCall},
};

/// Releases an accepted order.
pub(super) fn advance(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    if !process.accepted || !process.fulfillments.is_empty() || !replacement::may_leave(process) {
        return;
    }
    for (node, lines) in lines_by_node(process) {
        let order = FulfillmentOrder {
            fulfillment_order_id: ids::fulfillment_order(&process.order.order_number, &node),
            order_number: process.order.order_number.clone(),
            node_id: node.clone(),
            ship_to: process.order.ship_to.clone(),
            lines: lines.clone(),
            status: FulfillmentStatus::Requested,
            gift: process.order.gift.is_some(),
        };
        let id = order.fulfillment_order_id.clone();
        let fulfillment = Fulfillment { node_id: node, lines, stopped: BTreeMap::new(), accepted: false };
        process.fulfillments.insert(id.clone(), fulfillment);
        let chain = process.chain.clone();
        let call = PartnerCall::new(wms::CREATE_FULFILLMENT_ORDER, &[], &order);
        desk.ask(process, Intent::Fulfill { fulfillment_order: id }, &chain, call);
    }
}

/// What each node is to ship: the units that are still claimed there.
fn lines_by_node(process: &OrderProcess) -> BTreeMap<NodeId, Vec<ItemQuantity>> {
    let mut nodes: BTreeMap<NodeId, Vec<ItemQuantity>> = BTreeMap::new();
    for claim in process.reservation.iter().flat_map(|reservation| &reservation.lines) {
        let lines = nodes.entry(claim.node_id.clone()).or_default();
        match lines.iter_mut().find(|line| line.line_id == claim.line_id) {
            Some(line) => line.quantity += claim.quantity,
            None => lines.push(ItemQuantity {
                line_id: claim.line_id.clone(),
                sku: claim.sku.clone(),
                quantity: claim.quantity,
            }),
        }
    }
    nodes
}

/// A node works on its order.
pub(super) fn accepted(
    process: &mut OrderProcess,
    told: &FulfillmentOrder,
    desk: &mut Desk<'_>,
) -> Result<(), String> {
    let Some(fulfillment) = process.fulfillments.get_mut(&told.fulfillment_order_id) else {
        return Err(format!("fulfillment order {} is not known", told.fulfillment_order_id));
    };
    if !fulfillment.accepted {
        fulfillment.accepted = true;
        let node = fulfillment.node_id.clone();
        desk.note(process, format!("{node} works on {}", told.fulfillment_order_id));
    }
    Ok(())
}
