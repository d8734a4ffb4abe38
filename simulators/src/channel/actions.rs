//! What customers and clerks do at a channel. Each action commits the wish and asks the middleware.

use counterproof_contracts::{
    journal::Effect,
    model::{
        CancellationLines, DelayConsent, LineId, LineQuantity, Order, OrderNumber, ReturnCancellation,
        ReturnRequest, RmaId, System,
    },
    protocol::{CancellationRequest, middleware},
};
use serde::Serialize;
use serde_json::Value;

use super::Channel;
use crate::kernel::Scene;

/// An action that makes no sense at this channel: a mistake of who drives it, never of the middleware.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActionError {
    /// The order was placed before.
    #[error("order {0} was placed before")]
    PlacedBefore(OrderNumber),
    /// The order names a sales channel of another system.
    #[error("order {order} belongs to {belongs}, not to {system}")]
    OtherChannel {
        /// The order.
        order: OrderNumber,
        /// The system of its sales channel.
        belongs: System,
        /// This one.
        system: System,
    },
    /// A file cannot hold what was gathered for it.
    #[error("no file can be written: {0}")]
    NoFile(String),
    /// No such order was placed here.
    #[error("order {0} was not placed here")]
    NotPlaced(OrderNumber),
}

impl Channel {
    /// A customer places an order: it is the truth from now on, whatever the middleware makes of it.
    pub fn place_order(&mut self, scene: &mut Scene<'_>, order: Order) -> Result<(), ActionError> {
        let submission = order.clone();
        self.take_order(scene, order)?;
        submit(scene, &submission, submission_key(&submission));
        Ok(())
    }

    /// Takes an order and tells nobody.
    pub(super) fn take_order(&mut self, scene: &mut Scene<'_>, order: Order) -> Result<(), ActionError> {
        let belongs = order.sales_channel.system();
        if belongs != self.system {
            return Err(ActionError::OtherChannel {
                order: order.order_number,
                belongs,
                system: self.system,
            });
        }
        if self.order(&order.order_number).is_some() {
            return Err(ActionError::PlacedBefore(order.order_number));
        }
        scene.commit(Effect::OrderPlaced { order: Box::new(order.clone()) });
        let conversation = self.conversations.entry(order.order_number.clone()).or_default();
        conversation.order = Some(order);
        Ok(())
    }

    /// The channel submits an order again: as a repetition (`same_key`), or as a channel that forgot that it
    /// had (a new key for the same order). The customer placed it once all the same.
    pub fn submit_again(
        &mut self,
        scene: &mut Scene<'_>,
        order_number: &OrderNumber,
        same_key: bool,
    ) -> Result<(), ActionError> {
        let order =
            self.order(order_number).ok_or_else(|| ActionError::NotPlaced(order_number.clone()))?.clone();
        let key = if same_key {
            submission_key(&order)
        } else {
            scene.id("resubmit", order.channel_order_id.as_str())
        };
        submit(scene, &order, key);
        Ok(())
    }

    /// The channel submits an order once more under another number, as a second process that knows nothing of the first. The
    /// customer placed it once.
    pub fn submit_as(
        &mut self,
        scene: &mut Scene<'_>,
        order_number: &OrderNumber,
        other: OrderNumber,
    ) -> Result<(), ActionError> {
        let order = self.order(order_number).ok_or_else(|| ActionError::NotPlaced(order_number.clone()))?;
        let order = Order { order_number: other, ..order.clone() };
        let key = scene.id("resubmit", order.channel_order_id.as_str());
        submit(scene, &order, key);
        Ok(())
    }

    /// A customer cancels units; no lines: everything that has not left. Returns the cancellation's identifier.
    pub fn cancel(
        &mut self,
        scene: &mut Scene<'_>,
        order_number: &OrderNumber,
        lines: Vec<LineQuantity>,
        reason: &str,
    ) -> String {
        let cancellation_id = scene.id("cancellation", order_number.as_str());
        scene.commit(Effect::CancellationRequested(CancellationLines {
            order_number: order_number.clone(),
            cancellation_id: cancellation_id.clone(),
            lines: lines.clone(),
        }));
        let request = CancellationRequest {
            order_number: order_number.clone(),
            cancellation_id: cancellation_id.clone(),
            lines,
            reason: reason.to_owned(),
        };
        let parameters = [order_number.as_str()];
        scene.call(middleware::CANCEL_ORDER, &parameters, body(&request), &cancellation_id, order_number);
        cancellation_id
    }

    /// A customer agrees to wait for a line that arrives late: for the date that is shown. Returns whether one is.
    pub fn accept_delay(&mut self, scene: &mut Scene<'_>, order_number: &OrderNumber, line: &LineId) -> bool {
        let shown = self.shown(order_number).map_or(&[][..], |shown| &shown.promises);
        let Some(promise) = shown.iter().find(|promise| promise.line_id == *line) else { return false };
        let consent = DelayConsent {
            order_number: order_number.clone(),
            line_id: line.clone(),
            revision: promise.revision,
        };
        let key = format!("wait-{order_number}-{line}-{}", promise.revision);
        scene.call(middleware::ACCEPT_DELAY, &[order_number.as_str()], body(&consent), key, order_number);
        scene.commit(Effect::DelayAccepted { consent });
        true
    }

    /// A customer takes a return back.
    pub fn cancel_return(
        &mut self,
        scene: &mut Scene<'_>,
        order_number: &OrderNumber,
        rma_id: &RmaId,
        reason: &str,
    ) {
        let wish = ReturnCancellation {
            order_number: order_number.clone(),
            rma_id: rma_id.clone(),
            reason: reason.to_owned(),
        };
        let key = format!("take-back-{rma_id}");
        scene.call(middleware::CANCEL_RETURN, &[rma_id.as_str()], body(&wish), key, order_number);
    }

    /// A customer wants to return something. What is wanted instead is an order of the customer from now on; a
    /// channel of this system shows it.
    pub fn request_return(&mut self, scene: &mut Scene<'_>, request: ReturnRequest) {
        if let Some(exchange) = &request.exchange {
            self.take_replacement(scene, &exchange.replacement);
        }
        let key = format!("return-{}", request.return_reference);
        scene.call(middleware::REQUEST_RETURN, &[], body(&request), key, &request.order_number);
        scene.commit(Effect::ReturnRequested { request });
    }

    /// A customer wants other goods: an order that is submitted with what comes back.
    pub(super) fn take_replacement(&mut self, scene: &mut Scene<'_>, order: &Order) {
        if order.sales_channel.system() != self.system || self.order(&order.order_number).is_some() {
            return;
        }
        scene.commit(Effect::OrderPlaced { order: Box::new(order.clone()) });
        self.conversations.entry(order.order_number.clone()).or_default().order = Some(order.clone());
    }
}

pub(super) fn submission_key(order: &Order) -> String {
    format!("submit-{}", order.channel_order_id)
}

pub(super) fn submit(scene: &mut Scene<'_>, order: &Order, key: String) {
    scene.call(middleware::SUBMIT_ORDER, &[], body(order), key, &order.order_number);
}

/// A document as a request's body.
pub(super) fn body<T: Serialize>(document: &T) -> Value {
    serde_json::to_value(document).unwrap_or(Value::Null)
}
