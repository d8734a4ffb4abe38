//! Steps about what goes wrong: outages, lost answers, duplicates, delays, deaths.
//!
//! Here is what people say most; calls, messages and what concerns several links have a file each.

pub(super) mod calls;
pub(super) mod links;
pub(super) mod messages;
pub(super) mod restore;
pub(super) mod wires;

use std::time::Duration;

use counterproof_contracts::{
    faults::{Attempts, DriftChange, Ending, ErrorBody, Fault, Link, Misfortune, Plan},
    journal::{Entry, FaultInjected},
    model::System,
    protocol::{EventType, Operation, carrier, erp, marketplace, psp, stored_value, tax, wms},
};
use futures::FutureExt as _;

use super::{Args, Kind, Step, at_once};
use crate::{
    runner::NEEDS_RESTART,
    world::{Play, StepError, World},
};

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "the {system} is down",
        doc: "The system answers nobody's call about this scenario's orders (503) until it is back.",
        action: |world, args| at_once(down(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system} is back",
        doc: "The system answers again, once it was missed: an outage that nobody felt proves nothing.",
        action: |world, args| back(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system} loses its answer to the {request}",
        doc: "The next such request is carried out, and its answer never arrives.",
        action: |world, args| at_once(lose_answer(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system} sends every event {count} times",
        doc: "Each event is delivered so often, as the same message.",
        action: |world, args| at_once(duplicate(world, &args, false)),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system} sends every event {count} times under new numbers",
        doc: "Each event is delivered so often, each time as if it were another message.",
        action: |world, args| at_once(duplicate(world, &args, true)),
    },
    Step {
        kind: Kind::Action,
        expression: "the carrier's scans are held back",
        doc: "The carrier records scans and tells nobody yet.",
        action: |world, _| at_once(hold(world, false)),
    },
    Step {
        kind: Kind::Action,
        expression: "the carrier's scans are held back in reverse order",
        doc: "As above; when they arrive, the newest comes first.",
        action: |world, _| at_once(hold(world, true)),
    },
    Step {
        kind: Kind::Action,
        expression: "the held scans arrive",
        doc: "The carrier tells what it held back.",
        action: |world, _| release(world).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the middleware is killed and started again",
        doc: "The implementation is ended without warning and started with the same store; for targets that are started here.",
        action: |world, _| kill(world).boxed_local(),
    },
];

pub(super) fn system(name: &str) -> Result<System, StepError> {
    System::PARTNERS
        .into_iter()
        .find(|system| system.title() == name)
        .ok_or_else(|| StepError::rig(format!("no system is called {name:?}")))
}

fn operation(system: System, request: &str) -> Result<Operation, StepError> {
    let table: &[(&str, Operation)] = &[
        ("sales order", erp::CREATE_SALES_ORDER),
        ("reservation", erp::CREATE_RESERVATION),
        ("invoice", erp::POST_INVOICE),
        ("stock movement", erp::POST_INVENTORY_MOVEMENT),
        ("transfer posting", erp::POST_TRANSFER),
        ("stock count", erp::POST_STOCK_COUNT),
        ("credit memo", erp::POST_CREDIT_MEMO),
        ("exchange settlement", erp::SETTLE_EXCHANGE),
        ("authorization", psp::AUTHORIZE_PAYMENT),
        ("capture", psp::CAPTURE_PAYMENT),
        ("refund", psp::REFUND_PAYMENT),
        ("charge again", psp::RECHARGE_PAYMENT),
        ("write-off", erp::POST_WRITE_OFF),
        ("fulfillment order", wms::CREATE_FULFILLMENT_ORDER),
        ("label", carrier::CREATE_LABEL),
        ("tax document", tax::COMMIT_TAX),
        ("store credit", stored_value::ISSUE_STORE_CREDIT),
        ("gift card", stored_value::ACTIVATE_GIFT_CARD),
        ("gift card disablement", stored_value::DISABLE_GIFT_CARD),
        ("sales order search", erp::FIND_SALES_ORDERS),
        ("fulfillment cancellation", wms::CANCEL_FULFILLMENT),
        ("refund look-up", psp::READ_REFUND),
        ("order change", erp::CHANGE_SALES_ORDER),
        ("address change", wms::CHANGE_FULFILLMENT),
        ("substitution answer", wms::ANSWER_SUBSTITUTION),
        ("reservation release", erp::RELEASE_RESERVATION),
        ("tax quote", tax::QUOTE_TAX),
        ("order feed", marketplace::LIST_ORDERS),
    ];
    table
        .iter()
        .find(|(name, operation)| *name == request && operation.system == system)
        .map(|(_, operation)| *operation)
        .ok_or_else(|| StepError::rig(format!("nobody asks the {} for a {request}", system.title())))
}

/// The event that a message carries, in the words of business.
fn message(name: &str) -> Result<EventType, StepError> {
    Ok(match name {
        "order confirmation" => EventType::SalesOrderAcknowledged,
        "warehouse confirmation" => EventType::FulfillmentOrderAccepted,
        "packing note" => EventType::ShipmentPacked,
        "shipping notice" => EventType::ShipmentShipped,
        "return receipt" => EventType::ReturnReceived,
        "inspection report" => EventType::ReturnInspected,
        "disposition decision" => EventType::ReturnDispositioned,
        "carrier scan" => EventType::CarrierScanRecorded,
        "refund confirmation" => EventType::RefundSucceeded,
        "refund failure" => EventType::RefundFailed,
        "pickup lapse notice" => EventType::PickupExpired,
        "substitution proposal" => EventType::SubstitutionProposed,
        "blind return notice" => EventType::ReturnReceivedBlind,
        "short pick notice" => EventType::FulfillmentOrderShortPicked,
        "refusal of the node" => EventType::FulfillmentOrderRejected,
        "arrival notice" => EventType::InventoryReceived,
        "lapse notice" => EventType::ReservationExpired,
        "capture confirmation" => EventType::PaymentCaptured,
        "capture failure" => EventType::PaymentCaptureFailed,
        "word of the lapse" => EventType::PaymentAuthorizationExpired,
        "dispute" => EventType::PaymentDisputed,
        "end of the dispute" => EventType::PaymentDisputeClosed,
        "stock notice" => EventType::InventoryAdjusted,
        "customer notice" => EventType::CustomerChanged,
        "dispatch notice" => EventType::TransferDispatched,
        "transfer receipt" => EventType::TransferReceived,
        "transfer loss notice" => EventType::TransferLost,
        "product notice" => EventType::ProductChanged,
        "notice of the place" => EventType::LocationChanged,
        "posting confirmation" => EventType::DocumentPosted,
        "posting failure" => EventType::DocumentNotPosted,
        "recall notice" => EventType::ProductRecalled,
        "feed notice" => EventType::MarketplaceFeedChanged,
        _ => return Err(StepError::rig(format!("no message is called {name:?}"))),
    })
}

/// What is different in another version of a document, in words.
fn drift(words: &str) -> Result<Misfortune, StepError> {
    let change = match words {
        "a code of a later version" => DriftChange::NewCode,
        "a field of a later version" => DriftChange::ExtraField,
        "an optional field missing" => DriftChange::MissingField,
        "a number written as text" => DriftChange::NumberAsText,
        _ => return Err(StepError::rig(format!("no version differs by {words:?}"))),
    };
    Ok(Misfortune::Drift { change, at: None })
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Plans a fault, if it can happen at all.
pub(in crate::steps) fn plan(world: &mut World, fault: &Fault) -> Result<(), StepError> {
    if let Some(refusal) = Plan::new(&fault.name, vec![fault.clone()]).check().first() {
        return Err(StepError::rig(format!("{:?} cannot happen: {refusal}", fault.name)));
    }
    let play = world.play()?;
    let planned = play.stage.inject(&play.id, fault);
    play.faults.push(planned);
    Ok(())
}

fn down(world: &mut World, args: &Args) -> Result<(), StepError> {
    let outage = Misfortune::ErrorAnswer {
        status: 503,
        retry_after_s: Some(0),
        body: ErrorBody::Problem,
        after_effect: false,
    };
    let name = format!("the {} is down", args.text(0));
    plan(world, &Fault::new(name, Link::to(system(args.text(0))?), outage).attempts(Attempts::ALL))
}

async fn back(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let down = system(args.text(0))?;
    let faults: Vec<_> = play.faults.iter().filter(|fault| fault.system == down).cloned().collect();
    play.eventually(&format!("the {} missed by somebody", args.text(0)), |stage| {
        let unfelt = stage.never_happened(&faults);
        if unfelt.is_empty() { Ok(()) } else { Err(unfelt.join("; ")) }
    })
    .await
    .map_err(|error| StepError::rig(error.message))?;
    play.stage.lift(&play.id, down);
    Ok(())
}

fn lose_answer(world: &mut World, args: &Args) -> Result<(), StepError> {
    let system = system(args.text(0))?;
    let name = format!("the {} loses its answer to the {}", args.text(0), args.text(1));
    let loss = Misfortune::LoseAnswer { ending: Ending::Reset };
    plan(world, &Fault::new(name, Link::to(system), loss).on(operation(system, args.text(1))?.id))
}

fn duplicate(world: &mut World, args: &Args, new_id: bool) -> Result<(), StepError> {
    let name = format!("the {} sends every event {} times", args.text(0), args.text(1));
    let times = args.number(1)?.saturating_sub(1);
    let duplicate = Misfortune::Duplicate { times, new_id, after_ms: 0 };
    plan(world, &Fault::new(name, Link::from(system(args.text(0))?), duplicate).attempts(Attempts::ALL))
}

fn hold(world: &mut World, reverse: bool) -> Result<(), StepError> {
    let link = Link::from(System::Carrier);
    let hold = Fault::new("the carrier's scans are held back", link, Misfortune::Hold { reverse });
    plan(world, &hold.on(EventType::CarrierScanRecorded.name()).attempts(Attempts::ALL))
}

async fn release(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let faults: Vec<_> =
        play.faults.iter().filter(|fault| fault.system == System::Carrier).cloned().collect();
    let scans = u64::from(play.counters.get("scan").copied().unwrap_or(0));
    play.eventually("every scan held back", |stage| {
        let held = stage.happened(&faults);
        if held >= scans { Ok(()) } else { Err(format!("{held} of {scans} are")) }
    })
    .await
    .map_err(|error| StepError::rig(error.message))?;
    play.stage.lift(&play.id, System::Carrier);
    Ok(())
}

async fn kill(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    demand_restart(play)?;
    let killed = FaultInjected::new("the middleware is killed", System::Middleware);
    play.stage.record(Some(&play.id), Entry::FaultInjected(killed));
    play.stage.kill_and_restart().await.map_err(|fatal| StepError::rig(fatal.message))
}

/// What kills the implementation kills it for every scenario that is under way.
pub(super) fn demand_restart(play: &Play) -> Result<(), StepError> {
    demand_tag(
        play,
        NEEDS_RESTART,
        "an implementation that is killed breaks off the messages of every scenario",
    )
}

/// What hits more than its own scenario is played alone, and only a tag tells that beforehand.
fn demand_tag(play: &Play, tag: &str, why: &str) -> Result<(), StepError> {
    if play.planned.tags.iter().any(|named| named == tag) {
        return Ok(());
    }
    Err(StepError::rig(format!("{why}; tag this one @{tag}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::PARAMETERS;

    /// The values of a parameter that is a list of words.
    fn words(name: &str) -> impl Iterator<Item = &'static str> {
        let parameter = PARAMETERS.iter().find(|parameter| parameter.name == name);
        parameter.into_iter().flat_map(|parameter| parameter.pattern.split('|'))
    }

    #[test]
    fn every_word_that_a_step_can_say_is_known() {
        for name in words("message") {
            assert!(message(name).is_ok(), "{name}");
        }
        for name in words("drift") {
            assert!(drift(name).is_ok(), "{name}");
        }
        for request in words("request") {
            let asked = words("system").filter_map(|name| system(name).ok());
            assert_eq!(asked.filter(|system| operation(*system, request).is_ok()).count(), 1, "{request}");
        }
        assert_eq!((words("message").count(), words("drift").count()), (EventType::ALL.len(), 4));
    }
}
