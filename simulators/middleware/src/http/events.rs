//! Events of partners: signed, in the CloudEvents shape, each taken once.

use std::sync::Arc;

use counterproof_contracts::{
    model::{OrderNumber, Recall, System},
    protocol::{CloudEvent, EventData, Problem, ProblemKind, signature},
    shape::{self, EventShape},
};
use serde::Deserialize as _;
use serde_json::Value;

use super::{Call, reply::Reply};
use crate::{
    defects::Defect,
    door::store::StoreError,
    durable::{Circumstances, EventInHand, Inner, Keys, Seal, feeds, master, stock, transfers},
    process::{Chain, Change, Input, Letter, MasterRecord, StockNotice, TransferInput},
};

/// Takes a delivery: 202 once the event is durable, whatever becomes of it.
pub(super) async fn receive(app: &Arc<Inner>, call: &Call) -> Reply {
    if let Err(problem) = verify(app, call)
        && !app.meets(Defect::ForgedEventTaken)
    {
        return Reply::problem(&problem);
    }
    let value = match shape::parse_body(&call.body) {
        Ok(value) => value,
        Err(problem) => return Reply::problem(&problem),
    };
    match take(app, value, Seal::default(), false).await {
        Ok(Ok(())) => Reply::empty(call.operation.success),
        Ok(Err(problem)) => Reply::problem(&problem),
        Err(error) => Reply::store_failed(&error),
    }
}

fn verify(app: &Inner, call: &Call) -> Result<(), Problem> {
    let header = |name| call.header(name).unwrap_or_default();
    let now = app.parts.clock.now().as_second();
    let (id, timestamp) = (header(signature::ID), header(signature::TIMESTAMP));
    app.parts
        .secret
        .verify(id, timestamp, header(signature::SIGNATURE), &call.body, now)
        .map_err(|error| Problem::new(ProblemKind::InvalidSignature, error.to_string()))
}

/// Takes an event. `again`: a person replays it, so that it was taken before does not matter.
pub(super) async fn take(
    app: &Arc<Inner>,
    value: Value,
    mut seal: Seal,
    again: bool,
) -> Result<Result<(), Problem>, StoreError> {
    let shape = shape::event_shape(&value);
    if let EventShape::Broken(errors) = shape {
        return Ok(Err(Problem::invalid(errors)));
    }
    let event = match CloudEvent::deserialize(&value) {
        Ok(event) => event,
        Err(error) => return Ok(Err(Problem::new(ProblemKind::InvalidDocument, error.to_string()))),
    };
    let mut inbox = Keys::inbox(&event.source, event.id.as_str());
    if app.meets(Defect::EventsKnownByOrder) {
        inbox = Keys::inbox(&event.event_type, event.partitionkey.as_str());
    }
    // Two deliveries of one event at the same time: the second one waits and finds it taken.
    let _held = app.hold_key(&inbox).await;
    if !again && app.parts.store.get(&inbox)?.is_some() {
        return Ok(Ok(()));
    }
    seal.batch.put(inbox, b"true".to_vec());
    seal.event = Some(EventInHand {
        value,
        source: event.source.clone(),
        id: event.id.to_string(),
        event_type: event.event_type.clone(),
    });
    match understood(&event, shape) {
        Ok(EventData::ReturnReceivedBlind(told)) => {
            let letter = Letter::Alert {
                subject: format!("receipt {}", told.receipt_id),
                partner: System::Wms,
                reason: format!("goods came to {}, and nobody knows the order", told.node_id),
            };
            app.park(&mut seal.batch, Some(&told.case_number), letter, None);
            app.commit(seal.batch).await?;
        }
        Ok(EventData::CarrierScanRecorded(_)) if app.meets(Defect::ScansRefused) => {
            return Ok(Err(Problem::new(ProblemKind::BusinessRule, "scans are not taken")));
        }
        Ok(data) => carry_out(app, event, data, seal).await?,
        Err(_) if app.meets(Defect::UnknownCodeDropped) => app.commit(seal.batch).await?,
        Err(reason) => {
            let order = Some(&event.partitionkey);
            app.park(&mut seal.batch, order, Letter::Event { reason }, seal.event.as_ref());
            app.commit(seal.batch).await?;
        }
    }
    Ok(Ok(()))
}

/// What an event tells, or why a person must look at it.
fn understood(event: &CloudEvent, shape: EventShape) -> Result<EventData, String> {
    let Some(kind) = event.known_type() else {
        return Err(format!("event type {} is not known", event.event_type));
    };
    if let EventShape::UnknownCode(errors) = shape {
        let places: Vec<String> =
            errors.iter().map(|error| format!("at {:?}: {}", error.pointer, error.detail)).collect();
        return Err(format!("it has a code that is not known {}", places.join(", ")));
    }
    EventData::from_value(kind, &event.data).map_err(|error| format!("it cannot be read: {error}"))
}

async fn carry_out(
    app: &Arc<Inner>,
    event: CloudEvent,
    data: EventData,
    seal: Seal,
) -> Result<(), StoreError> {
    let chain = Chain { correlation: event.correlationid.clone(), causation: event.id.to_string() };
    if let EventData::InventoryAdjusted(told) = data {
        let notice = StockNotice { told, sequence: event.sequence, as_of: event.time, chain };
        return stock::take(app, notice, seal).await;
    }
    if let EventData::MarketplaceFeedChanged(told) = data {
        return feeds::told(app, told.feed, chain, seal).await;
    }
    if let EventData::ProductRecalled(told) = data {
        return recalled(app, told, &event, chain, seal).await;
    }
    if let Some((transfer_id, told)) = TransferInput::of(&data) {
        return transfers::take(app, &transfer_id, told, &chain, seal).await;
    }
    let data = match data {
        EventData::ProductChanged(change) => Err(Change::Product(change)),
        EventData::LocationChanged(change) => Err(Change::Location(change)),
        EventData::CustomerChanged(change) => Err(Change::Customer(change)),
        data => Ok(data),
    };
    let data = match data {
        Ok(data) => data,
        Err(change) => {
            return master::take(app, MasterRecord { change, as_of: event.time, chain }, seal).await;
        }
    };
    let source = event.source_system().unwrap_or(System::Middleware);
    let circumstances = Circumstances { chain, source, occurred_at: event.time };
    let order = data.order_number().unwrap_or(&event.partitionkey).clone();
    app.take(&order, Input::Event(Box::new(data)), circumstances, seal).await.map(drop)
}

/// Tells every order of a SKU that it is called back; then the event is taken. If that breaks off it comes again, and
/// orders that know it already change nothing. Of later orders the ERP claims nothing.
async fn recalled(
    app: &Arc<Inner>,
    told: Recall,
    event: &CloudEvent,
    chain: Chain,
    seal: Seal,
) -> Result<(), StoreError> {
    for order in app.load_all::<OrderNumber>(&Keys::of_sku(&told.sku))? {
        let circumstances =
            Circumstances { chain: chain.clone(), source: System::Erp, occurred_at: event.time };
        let input = Input::Recalled(Box::new(told.clone()));
        // An order that is known takes it.
        drop(app.take(&order, input, circumstances, Seal::default()).await?);
    }
    app.commit(seal.batch).await
}
