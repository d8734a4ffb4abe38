//! What the middleware says of an order when it is asked.

use counterproof_contracts::model::{
    AdvanceRefund, Money, OrderView, RefundView, ReturnAuthorization, ReturnView, RmaId, Shipment, Timestamp,
};

use super::{
    acceptance, exchange, promise,
    state::{OrderProcess, ReturnState},
    status, tracking,
};

/// An order with its parcels, returns and refunds.
pub fn order_view(process: &OrderProcess, now: Timestamp) -> OrderView {
    let order = &process.order;
    OrderView {
        order_number: order.order_number.clone(),
        sales_channel: order.sales_channel,
        channel_order_id: order.channel_order_id.clone(),
        status: process.status,
        total: Money::new(order.total.amount, order.currency),
        gift: order.gift.is_some(),
        lines: status::line_states(process),
        items: acceptance::items(order),
        shipments: shipments(process),
        returns: returns(process, now),
        refunds: process
            .refunds
            .iter()
            .map(|refund| RefundView {
                part: refund.part.clone(),
                status: refund.status,
                cause: refund.receipt_id.to_string(),
            })
            .collect(),
        version: Some(order.version),
        exchanges: exchange::view(process),
        promises: promise::view(process),
    }
}

/// A return authorization, if it is the order's.
pub fn authorization_view(
    process: &OrderProcess,
    rma_id: &RmaId,
    now: Timestamp,
) -> Option<ReturnAuthorization> {
    let state = process.authorization(rma_id)?;
    Some(authorization(process, state, now))
}

pub(super) fn authorization(
    process: &OrderProcess,
    state: &ReturnState,
    now: Timestamp,
) -> ReturnAuthorization {
    ReturnAuthorization {
        rma_id: state.rma_id.clone(),
        order_number: process.order.order_number.clone(),
        method: state.method,
        resolution: state.resolution,
        status: state.status(now),
        gift_recipient_ref: state.gift_recipient_ref.clone(),
        lines: state.lines.clone(),
        expires_at: state.expires_at,
        tracking_number: state.tracking_number.clone(),
        exchange_id: exchange::of_return(process, &state.rma_id),
        held_receipt_id: state.request.as_ref().and_then(|request| request.held_receipt_id.clone()),
        advance_refund: state.advance.as_ref().map(|advance| AdvanceRefund {
            amount: Money::new(advance.amount, process.order.currency),
            return_by: advance.return_by,
        }),
    }
}

pub(super) fn returns(process: &OrderProcess, now: Timestamp) -> Vec<ReturnView> {
    process
        .returns
        .iter()
        .map(|state| ReturnView { rma_id: state.rma_id.clone(), status: state.status(now) })
        .collect()
}

pub(super) fn shipments(process: &OrderProcess) -> Vec<Shipment> {
    process
        .shipments
        .iter()
        .filter(|(_, parcel)| parcel.card.is_none())
        .map(|(id, parcel)| Shipment {
            shipment_id: id.clone(),
            fulfillment_order_id: parcel.fulfillment_order_id.clone(),
            order_number: process.order.order_number.clone(),
            node_id: parcel.node_id.clone(),
            lines: parcel.lines.clone(),
            status: tracking::status(process, id, parcel),
            tracking_number: parcel.tracking_number.clone(),
            shipped_at: parcel.shipped.as_ref().map(|departure| departure.at),
            pickup: process.order.pickup_node.is_some(),
            serials: parcel.serials.clone(),
        })
        .collect()
}
