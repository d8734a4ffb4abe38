//! Gift cards that are bought. Nothing of them is claimed, released or packed: a card is delivered once its money is
//! taken, by activating it, and taken back by disabling it, as long as nothing was spent of it.

use std::collections::BTreeMap;

use counterproof_contracts::{
    model::{
        AccountEntryRequest, AccountId, FulfillmentOrderId, GiftCard, GiftCardRequest, ItemQuantity, LineId,
        LineQuantity, NodeId, OrderLine, ReturnMethod, ShipmentId,
    },
    protocol::{Problem, stored_value},
};

use super::{
    cancellation,
    desk::Desk,
    eligibility, ids, payment,
    state::{Departure, DocumentState, GiftCardState, OrderProcess, Parcel, Units},
    task::{Intent, PartnerCall},
};
use crate::defects::Defect;

impl OrderProcess {
    /// Whether a line is a gift card.
    pub fn is_gift_card(&self, line: &LineId) -> bool {
        self.order.line(line).is_some_and(|line| line.gift_card)
    }

    /// Units of a line that are paid for, or about to be, and not active yet: they cannot be stopped any more.
    pub fn units_activating(&self, line: &LineId) -> u32 {
        let cards = self.shipments.values().filter_map(|parcel| parcel.card.as_ref());
        let own = cards.filter(|card| card.line_id == *line && card.account_id.is_none());
        u32::try_from(own.count()).unwrap_or(u32::MAX)
    }

    /// The account of a gift card that was bought, once it is active.
    fn card_account(&self, line: &LineId) -> Option<AccountId> {
        let mut cards = self.shipments.values().filter_map(|parcel| parcel.card.as_ref());
        cards.find(|card| card.line_id == *line)?.account_id.clone()
    }
}

/// Has the money of every card of an accepted order taken, then the card activated.
pub(super) fn advance(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    if !process.accepted || process.pending_change().is_some() {
        return;
    }
    for line in process.order.lines.clone().iter().filter(|line| line.gift_card) {
        let delivery = ids::gift_card(&process.order.order_number, &line.line_id);
        if process.open_units(&line.line_id) > 0 && !process.shipments.contains_key(&delivery) {
            let parcel = delivery_of(process, line, desk);
            process.shipments.insert(delivery.clone(), parcel);
        }
        if process.units_activating(&line.line_id) > 0 {
            activate(process, &delivery, line, desk);
        }
    }
}

/// What stands for a card where goods have a parcel: what it is worth, and who pays it.
fn delivery_of(process: &OrderProcess, line: &OrderLine, desk: &Desk<'_>) -> Parcel {
    let item = ItemQuantity { line_id: line.line_id.clone(), sku: line.sku.clone(), quantity: line.quantity };
    let units = vec![Units { line_id: line.line_id.clone(), first: 0, quantity: line.quantity }];
    let shares = payment::shares(process, process.value_of(&units));
    Parcel {
        fulfillment_order_id: FulfillmentOrderId::new(""),
        node_id: NodeId::new(""),
        lines: vec![item],
        chain: process.chain.clone(),
        serials: Vec::new(),
        tracking_number: None,
        carrier: None,
        shipped: Some(Departure {
            at: desk.context.now,
            chain: process.chain.clone(),
            units,
            first: false,
            shares,
            invoice: DocumentState::default(),
        }),
        voided: false,
        card: Some(GiftCardState { line_id: line.line_id.clone(), account_id: None }),
    }
}

/// Activates a card once its money is taken; one whose money cannot be taken is canceled.
fn activate(process: &mut OrderProcess, delivery: &ShipmentId, line: &OrderLine, desk: &mut Desk<'_>) {
    let Some(departure) = process.shipments.get(delivery).and_then(|parcel| parcel.shipped.as_ref()) else {
        return;
    };
    let chain = departure.chain.clone();
    let lost = departure.shares.iter().any(|share| share.lost);
    let taken = departure.shares.iter().any(|share| share.capture_id.is_some());
    let open = departure.shares.iter().any(super::state::PaymentShare::is_open);
    if lost && !taken {
        process.shipments.remove(delivery);
        let units = vec![LineQuantity { line_id: line.line_id.clone(), quantity: line.quantity }];
        let reason = "the money for the gift card cannot be taken";
        cancellation::by_retailer(process, delivery.as_str(), reason, units, &chain, desk);
    }
    if lost || (open && !desk.meets(Defect::GiftCardActiveUnpaid)) {
        return;
    }
    let request = GiftCardRequest {
        order_number: process.order.order_number.clone(),
        line_id: line.line_id.clone(),
        delivery_id: delivery.clone(),
        amount: line.unit_price,
    };
    let call = PartnerCall::new(stored_value::ACTIVATE_GIFT_CARD, &[], &request);
    desk.ask(process, Intent::ActivateCard { delivery: delivery.clone() }, &chain, call);
}

/// A card is active: the customer has it, as goods that left.
pub(super) fn activated(
    process: &mut OrderProcess,
    delivery: &ShipmentId,
    told: GiftCard,
    desk: &mut Desk<'_>,
) {
    let Some(card) = process.shipments.get_mut(delivery).and_then(|parcel| parcel.card.as_mut()) else {
        return;
    };
    if card.account_id.is_none() {
        card.account_id = Some(told.account_id);
        let line = card.line_id.clone();
        process.counts.entry(line.clone()).or_default().shipped += 1;
        desk.note(process, format!("the gift card of {line} is active"));
    }
}

/// A gift card is given back alone, and nothing travels.
pub(super) fn check_return(
    process: &OrderProcess,
    units: &BTreeMap<LineId, u32>,
    method: ReturnMethod,
) -> Result<(), Problem> {
    let cards = units.keys().filter(|line| process.is_gift_card(line)).count();
    if cards == 0 {
        Ok(())
    } else if cards < units.len() {
        Err(eligibility::not_returnable("/lines", "a gift card is given back apart from goods"))
    } else if method != ReturnMethod::KeepItem {
        Err(eligibility::not_returnable("/method", "a gift card is disabled: nothing is sent or brought"))
    } else {
        Ok(())
    }
}

/// Takes cards back that are paid back for a return. It is asked for by the card, not by the return: until the ledger has answered
/// there is no return, and whatever happens meanwhile may take its number.
pub(super) fn disable(process: &mut OrderProcess, units: &BTreeMap<LineId, u32>, desk: &mut Desk<'_>) {
    for line in units.keys() {
        let Some(account) = process.card_account(line) else { continue };
        let Some(amount) = process.order.line(line).map(|line| line.unit_price) else { continue };
        if desk.meets(Defect::GiftCardStaysActive) {
            continue;
        }
        let order_number = process.order.order_number.clone();
        let cause = ids::gift_card(&order_number, line).to_string();
        let request = AccountEntryRequest { order_number, cause, amount };
        let call = PartnerCall::new(stored_value::DISABLE_GIFT_CARD, &[account.as_str()], &request);
        let chain = desk.context.chain.clone();
        desk.ask(process, Intent::DisableCard { line: line.clone() }, &chain, call);
    }
}
