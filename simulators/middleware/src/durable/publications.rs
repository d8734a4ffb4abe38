//! Publications: what channels are told of a SKU's stock, of a product or of a place. Durable, one for each of these and
//! channel at a time, always the newest.
//!
//! Where a channel cannot be reached, versions do not queue up: the next attempt carries what is true then. What was
//! not confirmed is carried on after a restart.

use std::sync::Arc;

use counterproof_contracts::model::{Sku, System};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::{
    app::Inner,
    call::{self, Attempt},
    gate::Rank,
    keys::Keys,
    runner,
};
use crate::{
    door::store::{Batch, StoreError},
    process::{self, Letter, MasterRecord, Reference, Stock, Task},
};

/// That a channel is to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub(super) enum Publication {
    /// How many units of a SKU it may offer.
    Stock { sku: Sku, channel: System },
    /// A product or place.
    Master { reference: Reference, channel: System },
}

impl Publication {
    /// Its key in the store.
    pub(super) fn key(&self) -> String {
        match self {
            Self::Stock { sku, channel } => Keys::publication(sku, *channel),
            Self::Master { reference, channel } => Keys::announcement(reference, *channel),
        }
    }

    /// Where what it tells is kept.
    fn source(&self) -> String {
        match self {
            Self::Stock { sku, .. } => Keys::stock(sku),
            Self::Master { reference, .. } => Keys::master(reference),
        }
    }

    /// The call that tells what is true now; `None` where nothing is to be told.
    fn task(&self, app: &Inner) -> Result<Option<Task>, StoreError> {
        Ok(match self {
            Self::Stock { channel, .. } => {
                let stock: Option<Stock> = app.load(&self.source())?;
                stock.and_then(|stock| process::publication(&stock, *channel))
            }
            Self::Master { channel, .. } => {
                let record: Option<MasterRecord> = app.load(&self.source())?;
                record.map(|record| process::announcement(&record, *channel))
            }
        })
    }
}

/// Tells a channel, or leaves it where it is when told to stop.
pub(super) async fn perform(app: Arc<Inner>, key: String, stop: watch::Receiver<bool>) {
    runner::until_stopped(&app, &key, stop, || carry_through(&app, &key)).await;
}

async fn carry_through(app: &Arc<Inner>, key: &str) -> Result<(), StoreError> {
    let Some(publication) = app.load::<Publication>(key)? else { return Ok(()) };
    let began = app.parts.clock.now();
    for number in 1_u32.. {
        let Some(task) = publication.task(app)? else { break };
        match runner::bounded_attempt(app, &task, number, Rank::of(&task)).await {
            Attempt::Answered(_) => {
                if confirm(app, key, &publication, &task).await? {
                    return Ok(());
                }
            }
            Attempt::Refused(refusal) => return give_up(app, key, task, refusal.reason()).await,
            Attempt::Unknown { reason, wait, .. } => {
                let pause = call::pause(app, &task, number, wait);
                if app.has_waited_too_long(began, pause) {
                    return give_up(app, key, task, format!("{reason}, {number} times")).await;
                }
                app.parts.clock.sleep(pause).await;
            }
        }
    }
    let mut batch = Batch::default();
    batch.delete(key);
    app.commit(batch).await
}

/// Whether what was told is still the newest; then nothing is left to do.
async fn confirm(
    app: &Arc<Inner>,
    key: &str,
    publication: &Publication,
    told: &Task,
) -> Result<bool, StoreError> {
    let _held = app.hold_key(&publication.source()).await;
    if publication.task(app)?.is_some_and(|newest| newest.key != told.key) {
        return Ok(false);
    }
    let mut batch = Batch::default();
    batch.delete(key);
    app.commit(batch).await?;
    Ok(true)
}

/// A person must look at it; the next change is told all the same.
async fn give_up(app: &Arc<Inner>, key: &str, task: Task, reason: String) -> Result<(), StoreError> {
    let mut batch = Batch::default();
    batch.delete(key);
    let subject = format!("publication {}", task.key);
    app.park(&mut batch, None, Letter::Alert { subject, partner: task.partner, reason }, None);
    app.commit(batch).await
}
