//! Products and places: durable, the newest version of each, with the channels that are to be told and the orders that
//! wait for it.
//!
//! A call that waits for something is kept before it is looked whether that is known by now, and what is known is kept
//! before it is looked who waits: whichever comes first, nobody waits for what is there.

use std::sync::Arc;

use counterproof_contracts::model::{OrderNumber, System};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::{
    app::{Circumstances, Inner, Seal, json},
    keys::Keys,
    publications::Publication,
    runner::{self, Job},
};
use crate::{
    door::store::{Batch, StoreError},
    process::{Input, MasterRecord, Reference, objection_to_order, objection_to_return},
};

/// That an order waits for a product or place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Waiting {
    order: OrderNumber,
    reference: Reference,
}

/// Takes what the ERP tells of a product or place. An older version than the one that is known changes nothing.
pub(crate) async fn take(app: &Arc<Inner>, record: MasterRecord, seal: Seal) -> Result<(), StoreError> {
    let reference = record.change.reference();
    let key = Keys::master(&reference);
    let _held = app.hold_key(&key).await;
    let before: Option<MasterRecord> = app.load(&key)?;
    let mut batch = seal.batch;
    let mut jobs = Vec::new();
    if before.is_none_or(|before| before.change.version() < record.change.version()) {
        batch.put(key, json(&record));
        for channel in record.change.channels() {
            let publication = Publication::Master { reference: reference.clone(), channel: *channel };
            batch.put(publication.key(), json(&publication));
            jobs.push(Job::Publication(publication.key()));
        }
    }
    app.commit(batch).await?;
    for (key, _) in app.parts.store.scan(&Keys::waiting_for(&reference))? {
        jobs.push(Job::Known(key));
    }
    jobs.into_iter().for_each(|job| app.enqueue(job));
    Ok(())
}

/// Keeps that an order waits for something; the job looks whether it is known by now.
pub(super) fn wait(batch: &mut Batch, order: &OrderNumber, reference: Reference) -> Job {
    let key = Keys::waiting(&reference, order);
    batch.put(&key, json(&Waiting { order: order.clone(), reference }));
    Job::Known(key)
}

/// Tells an order that what it waits for is known, if it is.
pub(super) async fn perform(app: Arc<Inner>, key: String, stop: watch::Receiver<bool>) {
    runner::until_stopped(&app, &key, stop, || carry_through(&app, &key)).await;
}

async fn carry_through(app: &Arc<Inner>, key: &str) -> Result<(), StoreError> {
    let Some(Waiting { order, reference }) = app.load(key)? else { return Ok(()) };
    let Some(record) = app.load::<MasterRecord>(&Keys::master(&reference))? else { return Ok(()) };
    // Whoever refused is not asked again at once.
    let pause = std::time::Duration::from_millis(app.parts.policy.retry.initial_ms);
    app.parts.clock.sleep(pause).await;
    let mut seal = Seal::default();
    seal.batch.delete(key);
    let occurred_at = app.parts.clock.now();
    let circumstances = Circumstances { chain: record.chain, source: System::Erp, occurred_at };
    app.take(&order, Input::Known(reference), circumstances, seal).await.map(drop)
}

/// Why a command cannot be taken, as products and places are. What is known already is answered as before.
pub(crate) async fn objection(
    app: &Inner,
    order: &OrderNumber,
    input: &Input,
) -> Result<Option<counterproof_contracts::protocol::Problem>, StoreError> {
    let known = |reference: &Reference| app.load::<MasterRecord>(&Keys::master(reference)).ok().flatten();
    Ok(match input {
        Input::Submit(submitted) => {
            let objection = objection_to_order(submitted, &known);
            if objection.is_none() || app.look(order, |_| ()).await?.is_some() { None } else { objection }
        }
        Input::ReceiveReturn(receipt) => {
            let objection = objection_to_return(receipt, &known);
            let is_known = |process: &crate::process::OrderProcess| {
                process.receipts.iter().any(|known| known.receipt.receipt_id == receipt.receipt_id)
            };
            if objection.is_none() || app.look(order, is_known).await? == Some(true) {
                None
            } else {
                objection
            }
        }
        _ => None,
    })
}
