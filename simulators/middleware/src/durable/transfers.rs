//! Transfers between places: durable, each with the calls that book it.
//!
//! A call is a task like an order's: it is performed until its outcome is known, and one that nobody can tell waits among
//! the dead letters. What becomes of it the transfer is told instead of an order.

use std::sync::Arc;

use counterproof_contracts::model::TransferId;

use super::{
    app::{Inner, Seal, json},
    keys::Keys,
    runner::Job,
};
use crate::{
    door::store::StoreError,
    process::{Chain, Input, Intent, Letter, Task, TransferInput, TransferProcess, take_transfer},
};

/// Takes what a transfer is told: commits what is known now and the calls that follow, then makes them.
pub(crate) async fn take(
    app: &Arc<Inner>,
    transfer_id: &TransferId,
    input: TransferInput,
    chain: &Chain,
    seal: Seal,
) -> Result<(), StoreError> {
    let key = Keys::transfer(transfer_id);
    let _held = app.hold_key(&key).await;
    let mut process: TransferProcess = app.load(&key)?.unwrap_or_default();
    let tasks = take_transfer(&mut process, input, (chain, app.parts.clock.now()), &app.parts.defects);
    let mut batch = seal.batch;
    batch.put(key, json(&process));
    for task in &tasks {
        batch.put(Keys::task(&task.key), json(task));
    }
    app.commit(batch).await?;
    tasks.into_iter().for_each(|task| app.enqueue(Job::Task(Box::new(task))));
    Ok(())
}

/// The posting that a call books, where it books one.
pub(crate) const fn posting(task: &Task) -> Option<&String> {
    match &task.intent {
        Intent::BookTransfer { posting } => Some(posting),
        _ => None,
    }
}

/// Tells a transfer what became of its call; what nobody could tell, or was refused, a person must look at.
pub(super) async fn finish(
    app: &Arc<Inner>,
    posting: &str,
    task: &Task,
    input: Input,
    mut seal: Seal,
) -> Result<(), StoreError> {
    let (attempts, reason) = match input {
        Input::Refused { refusal, .. } => (1, refusal.reason()),
        Input::GivenUp { attempts, reason, .. } => (attempts, reason),
        _ => {
            let chain = Chain { correlation: task.chain.correlation.clone(), causation: task.key.clone() };
            let transfer_id = TransferId::new(task.order_number.as_str());
            let booked = TransferInput::Booked(posting.to_owned());
            return take(app, &transfer_id, booked, &chain, seal).await;
        }
    };
    let letter = Letter::Task { task: task.clone().into(), attempts, reason };
    app.park(&mut seal.batch, None, letter, None);
    app.commit(seal.batch).await
}

/// Makes a call again that waited for a person.
pub(crate) async fn replay(app: &Arc<Inner>, task: Box<Task>, mut seal: Seal) -> Result<(), StoreError> {
    seal.batch.put(Keys::task(&task.key), json(&task));
    app.commit(seal.batch).await?;
    app.enqueue(Job::Task(task));
    Ok(())
}
