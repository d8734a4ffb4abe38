//! The warehouse: never packs more than was ordered and not canceled.

#![expect(clippy::unwrap_used, reason = "a test")]
use counterproof_contracts::{
    journal::Effect,
    lifecycle::Lifecycle as _,
    model::{
        FulfillmentCancellation, FulfillmentCancellationResult, FulfillmentStatus, ItemQuantity,
        LabelAttachment, ShipmentStatus,
    },
    protocol::EventType,
};
use proptest::prelude::*;

use super::*;
use crate::{
    test_stage::{Played, Stage},
    world::testing::{assert_tellable, call, document, line, order, world},
};

type Answered = Played<Result<Value, Problem>>;

pub(super) const SHIRT: &str = "linen-shirt-t";
pub(super) const SOCKS: &str = "cotton-socks-t";

pub(super) fn stage() -> Stage<Wms> {
    Stage::new(Wms::new(world()))
}

pub(super) fn item(number: usize, sku: &str, quantity: u32) -> ItemQuantity {
    ItemQuantity { line_id: line(number), sku: sku.into(), quantity }
}

pub(super) fn sku(sku: &str) -> ItemRef {
    ItemRef::Sku(sku.into())
}

fn request(id: &str, node: &str, lines: &[ItemQuantity]) -> FulfillmentOrder {
    FulfillmentOrder {
        fulfillment_order_id: id.into(),
        order_number: "W-1".into(),
        node_id: node.into(),
        ship_to: order("W-1", &[("linen shirt", 1)]).ship_to,
        lines: lines.to_vec(),
        status: FulfillmentStatus::Requested,
        gift: false,
        pickup: false,
    }
}

pub(super) fn send(stage: &mut Stage<Wms>, id: &str, node: &str, lines: &[ItemQuantity]) -> Answered {
    call(stage, operations::CREATE_FULFILLMENT_ORDER, &[], request(id, node, lines))
}

/// A warehouse that is to ship two shirts and three pairs of socks.
pub(super) fn busy() -> Stage<Wms> {
    let mut stage = stage();
    let sent = send(&mut stage, "fo-1", "dc-north", &[item(1, SHIRT, 2), item(2, SOCKS, 3)]);
    assert_eq!(sent.refusal(), "");
    stage
}

pub(super) fn pack(
    stage: &mut Stage<Wms>,
    items: &[(ItemRef, u32)],
    ship: bool,
) -> Played<Result<ShipmentId, ActionError>> {
    let before = stage.core.clone();
    let played = stage.act(|wms, scene| wms.pack(scene, &"W-1".into(), None, items, ship));
    if played.answer.is_err() {
        assert_eq!(before, stage.core);
        assert!(played.effects.is_empty() && played.events.is_empty());
    }
    played.events.iter().for_each(assert_tellable);
    played
}

pub(super) fn attach(stage: &mut Stage<Wms>, shipment: &str) -> Answered {
    let body = LabelAttachment {
        order_number: "W-1".into(),
        tracking_number: format!("trk-{shipment}").into(),
        carrier: "parcel-express".to_owned(),
    };
    call(stage, operations::ATTACH_LABEL, &[("shipment_id", shipment)], body)
}

fn cancel(stage: &mut Stage<Wms>, id: &str, lines: &[ItemQuantity]) -> Answered {
    let body = FulfillmentCancellation {
        order_number: "W-1".into(),
        cancellation_id: id.to_owned(),
        lines: lines.to_vec(),
    };
    call(stage, operations::CANCEL_FULFILLMENT, &[("fulfillment_order_id", "fo-1")], body)
}

fn status(stage: &Stage<Wms>) -> FulfillmentStatus {
    stage.core.fulfillment_orders(&"W-1".into()).next().unwrap().status
}

fn changed(from: FulfillmentStatus, to: FulfillmentStatus) -> Effect {
    Effect::FulfillmentStatusChanged { fulfillment_order_id: "fo-1".into(), from, to }
}

#[test]
fn accepts_a_fulfillment_order_at_once() {
    let mut stage = stage();
    let lines = [item(1, SHIRT, 2)];
    let played = send(&mut stage, "fo-1", "dc-north", &lines);
    let accepted: FulfillmentOrder = document(&played);
    assert_eq!(accepted.status, FulfillmentStatus::Accepted);
    let received =
        Effect::FulfillmentOrderReceived { fulfillment_order: request("fo-1", "dc-north", &lines) };
    let moved = changed(FulfillmentStatus::Requested, FulfillmentStatus::Accepted);
    assert_eq!(played.booked(), [&received, &moved]);
    assert!(played.effects.iter().all(|effect| effect.order == Some("W-1".into())));
    assert_eq!(played.events[0].data, EventData::FulfillmentOrderAccepted(accepted));
}

#[test]
fn refuses_fulfillment_orders_that_it_cannot_work_on() {
    let mut stage = busy();
    assert_eq!(send(&mut stage, "fo-1", "dc-north", &[item(1, SHIRT, 2)]).refusal(), "illegal-state");
    assert_eq!(send(&mut stage, "fo-2", "dc-west", &[item(1, SHIRT, 2)]).refusal(), "business-rule");
    let twice = [item(1, SHIRT, 2), item(1, SHIRT, 2)];
    assert_eq!(send(&mut stage, "fo-2", "dc-north", &twice).refusal(), "business-rule");
}

#[test]
fn a_parcel_leaves_once_it_has_a_label() {
    let mut stage = busy();
    let played = pack(&mut stage, &[(sku(SHIRT), 1)], true);
    let id = played.answer.clone().unwrap();
    assert_eq!(id.as_str(), "sh-W-1-1");
    let packed = stage.core.shipment(&id).unwrap().clone();
    assert_eq!((packed.status, &packed.lines[..]), (ShipmentStatus::Created, &[item(1, SHIRT, 1)][..]));
    assert_eq!(played.booked(), [&Effect::ShipmentPacked { shipment: packed.clone() }]);
    assert_eq!(played.events[0].data, EventData::ShipmentPacked(packed));
    assert_eq!(played.events[0].correlation.as_str(), "chain");

    let played = attach(&mut stage, "sh-W-1-1");
    let shipped: Shipment = document(&played);
    assert_eq!((shipped.status, shipped.shipped_at), (ShipmentStatus::Shipped, Some(stage.now)));
    let labeled = Shipment { status: ShipmentStatus::LabelPurchased, shipped_at: None, ..shipped.clone() };
    let left = Effect::ShipmentShipped { shipment: shipped.clone() };
    let moved = changed(FulfillmentStatus::Accepted, FulfillmentStatus::PartiallyShipped);
    assert_eq!(played.booked(), [&Effect::LabelAttached { shipment: labeled }, &left, &moved]);
    assert_eq!(played.events[0].data, EventData::ShipmentShipped(shipped));
    assert!(played.events[0].causation.as_ref().is_some_and(|key| key.starts_with("key-")));
    assert_eq!(attach(&mut stage, "sh-W-1-1").refusal(), "illegal-state");
}

#[test]
fn a_parcel_without_the_wish_waits_for_it() {
    let mut stage = busy();
    let id = pack(&mut stage, &[], false).answer.unwrap();
    assert_eq!(attach(&mut stage, id.as_str()).effects.len(), 1);
    assert_eq!(status(&stage), FulfillmentStatus::Accepted);
    let untold = stage.act(|wms, scene| wms.tell_shipped_again(scene, &id)).answer.unwrap_err();
    assert!(untold.may_come_later());
    let played = stage.act(|wms, scene| wms.ship(scene, &id));
    assert_eq!(played.answer, Ok(()));
    assert_eq!(played.events[0].data.event_type(), EventType::ShipmentShipped);
    assert_eq!(status(&stage), FulfillmentStatus::Shipped);
    assert!(stage.act(|wms, scene| wms.ship(scene, &id)).answer.is_err());
    let again = stage.act(|wms, scene| wms.tell_shipped_again(scene, &id));
    assert_eq!(again.events[0].data, played.events[0].data);
    assert!(again.effects.is_empty());
}

#[test]
fn a_wish_may_come_before_the_label() {
    let mut stage = busy();
    let id = pack(&mut stage, &[], false).answer.unwrap();
    assert!(stage.act(|wms, scene| wms.ship(scene, &id)).effects.is_empty());
    let shipped: Shipment = document(&attach(&mut stage, id.as_str()));
    assert_eq!(shipped.status, ShipmentStatus::Shipped);
}

#[test]
fn says_what_cannot_be_packed_yet() {
    let reason = |stage: &mut Stage<Wms>, items: &[(ItemRef, u32)]| {
        let error = pack(stage, items, true).answer.unwrap_err();
        assert!(error.may_come_later());
        error.to_string()
    };
    let mut idle = stage();
    assert_eq!(reason(&mut idle, &[]), "order W-1 cannot be packed: there is no fulfillment order yet");
    let mut stage = busy();
    assert_eq!(
        reason(&mut stage, &[(sku(SHIRT), 3)]),
        "order W-1 cannot be packed: dc-north: 2 of 3 units of linen-shirt-t are open"
    );
    assert_eq!(
        reason(&mut stage, &[(sku(SHIRT), 2), (ItemRef::Line(line(1)), 1)]),
        "order W-1 cannot be packed: dc-north: 0 of 1 units of line-1 are open"
    );
    pack(&mut stage, &[], true);
    assert_eq!(reason(&mut stage, &[]), "order W-1 cannot be packed: nothing is open");
}

#[test]
fn packs_at_the_node_that_has_the_goods() {
    let mut stage = busy();
    send(&mut stage, "fo-2", "dc-south", &[item(1, SHIRT, 4)]);
    let four = pack(&mut stage, &[(sku(SHIRT), 4)], true).answer.unwrap();
    assert_eq!(stage.core.shipment(&four).unwrap().node_id.as_str(), "dc-south");
    let played = stage.act(|wms, scene| wms.pack(scene, &"W-1".into(), Some(&"dc-south".into()), &[], true));
    assert!(played.answer.is_err());
    send(&mut stage, "fo-3", "store-12", &[item(2, SOCKS, 1)]);
    let rest = stage.act(|wms, scene| wms.pack_all(scene, &"W-1".into(), true)).answer.unwrap();
    assert_eq!(rest.len(), 2);
    assert_eq!(stage.core.open_units(&"W-1".into()), 0);
}

#[test]
fn stops_what_is_not_packed_and_refuses_the_rest() {
    let mut stage = busy();
    let id = pack(&mut stage, &[(sku(SHIRT), 1)], true).answer.unwrap();
    let lines = [item(1, SHIRT, 2), item(2, SOCKS, 3)];
    let played = cancel(&mut stage, "c-1", &lines);
    let result: FulfillmentCancellationResult = document(&played);
    assert_eq!(result.canceled, [item(1, SHIRT, 1), item(2, SOCKS, 3)]);
    assert_eq!(result.refused, [item(1, SHIRT, 1)]);
    assert_eq!(played.booked(), [&Effect::FulfillmentCanceled { result: result.clone() }]);
    assert_eq!(stage.core.canceled_units(&"W-1".into(), &line(2)), 3);

    let again = cancel(&mut stage, "c-1", &lines);
    assert_eq!(document::<FulfillmentCancellationResult>(&again), result);
    assert!(again.effects.is_empty());
    assert_eq!(cancel(&mut stage, "c-1", &[item(1, SHIRT, 1)]).refusal(), "illegal-state");
    let played = attach(&mut stage, id.as_str());
    let moved = changed(FulfillmentStatus::Accepted, FulfillmentStatus::Shipped);
    assert_eq!(played.booked().last(), Some(&&moved));
}

#[test]
fn cancels_a_fulfillment_order_to_nothing() {
    let mut stage = busy();
    let played = cancel(&mut stage, "c-1", &[item(1, SHIRT, 2), item(2, SOCKS, 3)]);
    let moved = changed(FulfillmentStatus::Accepted, FulfillmentStatus::Canceled);
    assert_eq!(played.booked().last(), Some(&&moved));
    assert!(pack(&mut stage, &[], true).answer.is_err());
    assert_eq!(cancel(&mut stage, "c-2", &[item(3, SHIRT, 1)]).refusal(), "business-rule");
    assert_eq!(cancel(&mut stage, "c-2", &[item(1, SOCKS, 1)]).refusal(), "business-rule");
    assert_eq!(cancel(&mut stage, "c-2", &[item(1, SHIRT, 1), item(1, SHIRT, 1)]).refusal(), "business-rule");
}

#[test]
fn the_rest_of_a_parcel_order_ships_or_is_canceled() {
    let mut stage = busy();
    let id = pack(&mut stage, &[(sku(SHIRT), 2)], true).answer.unwrap();
    attach(&mut stage, id.as_str());
    assert_eq!(status(&stage), FulfillmentStatus::PartiallyShipped);
    cancel(&mut stage, "c-1", &[item(2, SOCKS, 3)]);
    assert_eq!(status(&stage), FulfillmentStatus::Shipped);
}

#[derive(Debug, Clone)]
enum Step {
    Send { shirts: u32, socks: u32 },
    Pack { goods: usize, units: u32, ship: bool },
    Ship(usize),
    Attach(usize),
    Cancel { goods: usize, units: u32 },
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => (1..4_u32, 1..4_u32).prop_map(|(shirts, socks)| Step::Send { shirts, socks }),
        3 => (0..2_usize, 1..4_u32, any::<bool>())
            .prop_map(|(goods, units, ship)| Step::Pack { goods, units, ship }),
        2 => (1..8_usize).prop_map(Step::Ship),
        3 => (1..8_usize).prop_map(Step::Attach),
        2 => (0..2_usize, 1..4_u32).prop_map(|(goods, units)| Step::Cancel { goods, units }),
    ]
}

const GOODS: [&str; 2] = [SHIRT, SOCKS];

fn play(stage: &mut Stage<Wms>, number: usize, step: &Step) -> Vec<Effect> {
    let effects = match *step {
        Step::Send { shirts, socks } => {
            let sent = stage.core.fulfillment_orders(&"W-1".into()).count();
            let lines = [item(1, SHIRT, shirts), item(2, SOCKS, socks)];
            send(stage, &format!("fo-{}", sent + 1), "dc-north", &lines).effects
        }
        Step::Pack { goods, units, ship } => pack(stage, &[(sku(GOODS[goods]), units)], ship).effects,
        Step::Ship(shipment) => {
            let id = ShipmentId::new(format!("sh-W-1-{shipment}"));
            stage.act(|wms, scene| wms.ship(scene, &id)).effects
        }
        Step::Attach(shipment) => attach(stage, &format!("sh-W-1-{shipment}")).effects,
        Step::Cancel { goods, units } => {
            cancel(stage, &format!("c-{number}"), &[item(goods + 1, GOODS[goods], units)]).effects
        }
    };
    effects.into_iter().map(|effect| effect.effect).collect()
}

/// Units per SKU that the effects speak of.
fn count(units: &mut BTreeMap<(&'static str, String), u32>, effect: &Effect) {
    let (what, lines) = match effect {
        Effect::FulfillmentOrderReceived { fulfillment_order } => ("ordered", &fulfillment_order.lines),
        Effect::FulfillmentCanceled { result } => ("canceled", &result.canceled),
        Effect::ShipmentPacked { shipment } => ("packed", &shipment.lines),
        Effect::ShipmentShipped { shipment } => ("shipped", &shipment.lines),
        _ => return,
    };
    for line in lines {
        *units.entry((what, line.sku.to_string())).or_default() += line.quantity;
    }
}

proptest! {
    #[test]
    fn never_ships_more_than_was_ordered_less_canceled(steps in prop::collection::vec(any_step(), 0..40)) {
        let mut stage = busy();
        let mut units = BTreeMap::from([
            (("ordered", SHIRT.to_owned()), 2),
            (("ordered", SOCKS.to_owned()), 3),
        ]);
        for (number, step) in steps.iter().enumerate() {
            for effect in play(&mut stage, number, step) {
                count(&mut units, &effect);
                if let Effect::FulfillmentStatusChanged { from, to, .. } = effect {
                    prop_assert!(from.legal(to), "{:?} → {:?}", from, to);
                }
            }
            let sum = |what| GOODS.map(|sku| units.get(&(what, sku.to_owned())).copied().unwrap_or(0));
            for index in 0..2 {
                let (packed, canceled) = (sum("packed")[index], sum("canceled")[index]);
                prop_assert!(packed + canceled <= sum("ordered")[index]);
                prop_assert!(sum("shipped")[index] <= packed);
            }
            let open: u32 = (0..2).map(|i| sum("ordered")[i] - sum("packed")[i] - sum("canceled")[i]).sum();
            prop_assert_eq!(open, stage.core.open_units(&"W-1".into()));
        }
    }
}
