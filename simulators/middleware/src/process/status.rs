//! Where the order stands, derived from its units, and who is told: the channel and customer service, each
//! update with a rising sequence number and after the one before.

use counterproof_contracts::{
    model::{LineState, Order, OrderLine, OrderStatus, OrderStatusUpdate, ShipmentStatus, TimelineEntry},
    protocol::customer_service,
};

use super::{
    desk::Desk,
    promise,
    state::{OrderProcess, Parcel, Snapshot, TaskStatus, Update},
    task::{Intent, PartnerCall},
    telling, tracking, view,
};
use crate::defects::Defect;

/// What the channel knows when it has placed an order.
pub(super) fn untold(order: &Order) -> Snapshot {
    Snapshot {
        status: OrderStatus::Placed,
        lines: order
            .lines
            .iter()
            .map(|line| LineState {
                line_id: line.line_id.clone(),
                ordered: line.quantity,
                canceled: 0,
                shipped: 0,
                returned: 0,
                lost: 0,
                backordered: 0,
            })
            .collect(),
        shipments: Vec::new(),
        returns: Vec::new(),
        changes: Vec::new(),
        promises: Vec::new(),
    }
}

/// Units of each line by state.
pub(super) fn line_states(process: &OrderProcess) -> Vec<LineState> {
    process
        .order
        .lines
        .iter()
        .map(|line| {
            let counts = process.counts(&line.line_id);
            LineState {
                line_id: line.line_id.clone(),
                ordered: line.quantity,
                canceled: counts.canceled,
                shipped: counts.shipped,
                returned: counts.returned,
                lost: counts.lost,
                backordered: process.units_backordered(&line.line_id),
            }
        })
        .collect()
}

/// The status that the units give.
fn derive(process: &OrderProcess) -> OrderStatus {
    let states = line_states(process);
    let sum = |count: fn(&LineState) -> u32| states.iter().map(count).sum::<u32>();
    let (ordered, canceled) = (sum(|line| line.ordered), sum(|line| line.canceled));
    let (shipped, returned) = (sum(|line| line.shipped), sum(|line| line.returned + line.lost));
    let nothing_open = shipped + canceled >= ordered;
    if process.rejection.is_some() {
        OrderStatus::Rejected
    } else if canceled >= ordered {
        OrderStatus::Canceled
    } else if returned > 0 {
        if nothing_open && returned >= shipped {
            OrderStatus::Returned
        } else {
            OrderStatus::PartiallyReturned
        }
    } else if nothing_open {
        if all_delivered(process) { OrderStatus::Delivered } else { OrderStatus::Shipped }
    } else if shipped > 0 {
        OrderStatus::PartiallyShipped
    } else if waits_for_customer(process) {
        OrderStatus::ReadyForPickup
    } else if process.fulfillments.values().any(|fulfillment| fulfillment.accepted) {
        OrderStatus::InFulfillment
    } else if process.accepted {
        OrderStatus::Accepted
    } else {
        OrderStatus::Placed
    }
}

/// Whether all open units wait in a store.
fn waits_for_customer(process: &OrderProcess) -> bool {
    let waiting = |line: &OrderLine| -> u32 {
        let parcels = process.shipments.values().filter(|parcel| parcel.shipped.is_none() && !parcel.voided);
        let lines = parcels.flat_map(|parcel| &parcel.lines).filter(|item| item.line_id == line.line_id);
        lines.map(|item| item.quantity).sum()
    };
    let open = |line: &&OrderLine| !line.gift_card && process.open_units(&line.line_id) > 0;
    process.order.pickup_node.is_some()
        && process
            .order
            .lines
            .iter()
            .filter(open)
            .all(|line| waiting(line) >= process.open_units(&line.line_id))
}

/// Nobody delivers a gift card: an order of nothing else ends as shipped.
fn all_delivered(process: &OrderProcess) -> bool {
    let left = |parcel: &Parcel| parcel.shipped.is_some() && parcel.card.is_none();
    let mut parcels = process.shipments.iter().filter(|(_, parcel)| left(parcel));
    process.any_parcel_left()
        && parcels.all(|(id, parcel)| tracking::status(process, id, parcel) == ShipmentStatus::Delivered)
}

/// Tells what changed since the last update.
pub(super) fn advance(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    // The statuses stand in the order in which an order passes them; a late message never takes one back.
    process.status = process.status.max(derive(process));
    let mut status = process.status;
    let mut shipments = view::shipments(process);
    for parcel in shipments.iter_mut().filter(|parcel| parcel.status == ShipmentStatus::Shipped) {
        if desk.meets(Defect::DeliveredWhenShipped) {
            parcel.status = ShipmentStatus::Delivered;
        }
    }
    if status == OrderStatus::Canceled && desk.meets(Defect::CanceledShownAsShipped) {
        status = OrderStatus::Shipped;
    }
    if status == OrderStatus::Returned && desk.meets(Defect::ReturnedShownAsCanceled) {
        status = OrderStatus::Canceled;
    }
    let mut lines = line_states(process);
    for line in lines.iter_mut().filter(|line| line.returned > 0) {
        if desk.meets(Defect::ReturnsNotTold) {
            line.returned = 0;
        }
    }
    for line in lines.iter_mut().filter(|line| line.canceled > 0) {
        if desk.meets(Defect::CanceledTakenOutOfOrdered) {
            line.ordered -= line.canceled;
        }
    }
    let snapshot = Snapshot {
        status,
        lines,
        shipments,
        returns: view::returns(process, desk.context.now),
        changes: process.changes.iter().map(|change| change.result.clone()).collect(),
        promises: promise::view(process),
    };
    if snapshot != process.told {
        process.sequence += 1;
        let update = update(process, &snapshot, desk);
        process.told = snapshot;
        process.channel_updates.push_back(update.clone());
        process.timeline_updates.push_back(update);
    }
    tell_channel(process, desk);
    tell_customer_service(process, desk);
}

fn update(process: &OrderProcess, snapshot: &Snapshot, desk: &Desk<'_>) -> Update {
    Update {
        update: OrderStatusUpdate {
            order_number: process.order.order_number.clone(),
            sequence: process.sequence,
            status: snapshot.status,
            lines: snapshot.lines.clone(),
            shipments: snapshot.shipments.clone(),
            occurred_at: desk.context.now,
            reason: process.rejection.clone(),
            changes: snapshot.changes.clone(),
            promises: snapshot.promises.clone(),
        },
        text: Some(desk.headline())
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| "time passed".to_owned()),
        chain: desk.context.chain.clone(),
    }
}

/// Whether the channel's answer to an update that tells of every parcel is known. A marketplace takes the customer's money
/// when it is told of a parcel, and pays refunds from that.
pub(super) fn is_told_of_parcels(process: &OrderProcess) -> bool {
    let shipped = |line: &LineState| process.counts(&line.line_id).shipped == line.shipped;
    let last = process.task(&Intent::UpdateStatus { sequence: process.sequence });
    process.channel_updates.is_empty()
        && process.told.lines.iter().all(shipped)
        && !matches!(last, Some(TaskStatus::Open | TaskStatus::Waiting))
}

/// One update at a time: the next one waits until the outcome of the one before is known.
fn tell_channel(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    let Some(next) = process.channel_updates.front() else { return };
    let before = Intent::UpdateStatus { sequence: next.update.sequence - 1 };
    if process.task(&before) == Some(TaskStatus::Open) {
        return;
    }
    let Some(next) = process.channel_updates.pop_front() else { return };
    let call = telling::status(process, &next.update, &next.chain);
    desk.ask(process, Intent::UpdateStatus { sequence: next.update.sequence }, &next.chain, call);
}

fn tell_customer_service(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    let Some(next) = process.timeline_updates.front() else { return };
    let before = Intent::Timeline { sequence: next.update.sequence - 1 };
    if process.task(&before) == Some(TaskStatus::Open) {
        return;
    }
    let Some(Update { update, text, chain }) = process.timeline_updates.pop_front() else { return };
    let entry = TimelineEntry {
        entry_id: format!("{}-{}", update.order_number, update.sequence),
        order_number: update.order_number,
        sequence: update.sequence,
        occurred_at: update.occurred_at,
        text,
        status: update.status,
        lines: update.lines,
    };
    let call = PartnerCall::new(customer_service::ADD_TIMELINE_ENTRY, &[], &entry);
    desk.ask(process, Intent::Timeline { sequence: entry.sequence }, &chain, call);
}
