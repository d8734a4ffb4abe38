//! Publications of stock: durable, one for each SKU and channel at a time, always the newest level.
//!
//! Where a channel cannot be reached, levels do not queue up: the next attempt carries what is true then. What was
//! not confirmed is carried on after a restart.

use std::sync::Arc;

use counterproof_contracts::model::{Sku, System};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::{
    app::{Inner, Seal, json},
    call::{self, Attempt},
    gate::Rank,
    keys::Keys,
    runner::{self, Job},
};
use crate::{
    defects::Defect,
    door::store::{Batch, StoreError},
    process::{self, Letter, Stock, StockNotice, Task},
};

/// That a channel is to be told of a SKU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Publication {
    sku: Sku,
    channel: System,
}

/// Takes a message of the ERP: commits what is known now, and that channels are to be told. An older one than what is
/// known changes nothing.
pub(crate) async fn take(app: &Arc<Inner>, mut notice: StockNotice, seal: Seal) -> Result<(), StoreError> {
    let sku = notice.told.sku.clone();
    let key = Keys::stock(&sku);
    let _held = app.hold_key(&key).await;
    let before: Option<Stock> = app.load(&key)?;
    if let Some(before) = before.as_ref().filter(|before| notice.sequence < before.event_sequence)
        && app.meets(Defect::OldStockWins)
    {
        notice.sequence = before.event_sequence.saturating_add(1);
    }
    for level in notice.told.levels.iter_mut().filter(|level| level.reserved > 0) {
        if app.meets(Defect::ClaimedStockOffered) {
            level.reserved = 0;
        }
    }
    let mut policy = app.parts.policy.availability.clone();
    if app.meets(Defect::SafetyStockOffered) {
        policy.safety_stock.clear();
    }
    let mut batch = seal.batch;
    let mut jobs = Vec::new();
    if let Some((stock, channels)) = process::adjusted(before, notice, &policy) {
        batch.put(key, json(&stock));
        for channel in channels {
            let publication = Keys::publication(&sku, channel);
            batch.put(publication.clone(), json(&Publication { sku: sku.clone(), channel }));
            jobs.push(Job::Publication(publication));
        }
    }
    app.commit(batch).await?;
    for job in jobs {
        app.enqueue(job);
    }
    Ok(())
}

/// Tells a channel, or leaves it where it is when told to stop.
pub(super) async fn perform(app: Arc<Inner>, key: String, stop: watch::Receiver<bool>) {
    runner::until_stopped(&app, &key, stop, || carry_through(&app, &key)).await;
}

async fn carry_through(app: &Arc<Inner>, key: &str) -> Result<(), StoreError> {
    let Some(Publication { sku, channel }) = app.load(key)? else { return Ok(()) };
    let began = app.parts.clock.now();
    for number in 1_u32.. {
        let stock: Option<Stock> = app.load(&Keys::stock(&sku))?;
        let Some(task) = stock.and_then(|stock| process::publication(&stock, channel)) else { break };
        match runner::bounded_attempt(app, &task, number, Rank::of(&task)).await {
            Attempt::Answered(_) => {
                if confirm(app, key, &sku, &task).await? {
                    return Ok(());
                }
            }
            Attempt::Refused(refusal) => return give_up(app, key, task, refusal.reason()).await,
            Attempt::Unknown { reason, wait } => {
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
async fn confirm(app: &Arc<Inner>, key: &str, sku: &Sku, told: &Task) -> Result<bool, StoreError> {
    let stock = Keys::stock(sku);
    let _held = app.hold_key(&stock).await;
    let now: Option<Stock> = app.load(&stock)?;
    let newest = now.and_then(|now| process::publication(&now, told.partner));
    if newest.is_some_and(|newest| newest.key != told.key) {
        return Ok(false);
    }
    let mut batch = Batch::default();
    batch.delete(key);
    app.commit(batch).await?;
    Ok(true)
}

/// A person must look at it; the next change of the stock is told all the same.
async fn give_up(app: &Arc<Inner>, key: &str, task: Task, reason: String) -> Result<(), StoreError> {
    let mut batch = Batch::default();
    batch.delete(key);
    let subject = format!("publication {}", task.key);
    app.park(&mut batch, None, Letter::Alert { subject, partner: task.partner, reason }, None);
    app.commit(batch).await
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::sync::Arc;

    use serde_json::{Value, json};

    use crate::{
        door::store::{MemoryStore, Store},
        test_partners::{Rig, Script, Seen},
    };

    const MINUTE: std::time::Duration = std::time::Duration::from_mins(1);

    fn notice(sequence: u64, on_hand: i64) -> Value {
        json!({
            "specversion": "1.0", "id": format!("e{sequence}"), "source": "/erp",
            "type": "retail.inventory.adjusted.v1", "subject": "SKU-A", "time": "2026-11-27T08:00:00Z",
            "datacontenttype": "application/json", "sequence": sequence, "partitionkey": "SKU-A",
            "correlationid": "chain-1",
            "data": { "sku": "SKU-A", "levels": [
                { "node_id": "dc-north", "sku": "SKU-A", "on_hand": on_hand, "reserved": 0, "not_sellable": 0 },
            ] },
        })
    }

    fn told(calls: &[Seen]) -> Vec<(String, u64, i64)> {
        let told = |call: &Seen| {
            let body = &call.body;
            let number = |name: &str| body[name].as_i64().unwrap();
            (call.operation.system.to_string(), number("sequence").unsigned_abs(), number("available"))
        };
        calls.iter().map(told).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn channels_are_told_what_is_left_after_their_safety_stock() {
        let rig = Rig::new();
        rig.deliver(&notice(2, 10)).await;
        rig.pass(MINUTE).await;
        let mut seen = told(&rig.partners.all());
        seen.sort();
        let line = |channel: &str, available| (channel.to_owned(), 1, available);
        assert_eq!(seen, [line("marketplace", 8), line("pos", 10), line("storefront", 9)]);
        rig.deliver(&notice(1, 99)).await;
        rig.pass(MINUTE).await;
        assert_eq!(rig.partners.all().len(), 3, "an older message tells nothing");
        let (status, body) = rig.get("/v1/availability/SKU-A").await;
        assert_eq!((status, body["available"].as_i64()), (200, Some(10)));
        assert_eq!(rig.get("/v1/availability/SKU-B").await.0, 404);
    }

    #[tokio::test(start_paused = true)]
    async fn a_channel_that_was_down_is_told_the_newest_level_once() {
        let rig = Rig::new();
        rig.partners.script("publishStock", vec![Script::Status(503, None); 9]);
        rig.deliver(&notice(1, 10)).await;
        rig.deliver(&notice(2, 7)).await;
        rig.pass(MINUTE).await;
        let seen = told(&rig.partners.all());
        let last = |channel: &str| seen.iter().rfind(|call| call.0 == channel).cloned().unwrap();
        assert_eq!(last("pos"), ("pos".to_owned(), 2, 7));
        assert_eq!(last("storefront"), ("storefront".to_owned(), 2, 6));
        assert!(rig.letters().await.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_not_confirmed_is_told_after_a_restart() {
        let store: Arc<MemoryStore> = Arc::default();
        let mut rig = Rig::over(Arc::clone(&store) as Arc<dyn Store>);
        rig.partners.kill_at(1, &rig.app);
        rig.deliver(&notice(1, 10)).await;
        rig.pass(MINUTE).await;
        assert_eq!(rig.partners.all().len(), 1);
        rig.app = Rig::open(store, &rig.partners);
        rig.app.start();
        rig.pass(MINUTE).await;
        assert_eq!(rig.partners.all().len(), 4, "all three, the first of them again");
    }

    #[tokio::test(start_paused = true)]
    async fn a_channel_that_refuses_is_shown_to_a_person() {
        let rig = Rig::new();
        rig.partners.script("publishStock", [Script::Status(404, None)]);
        rig.deliver(&notice(1, 10)).await;
        rig.pass(MINUTE).await;
        let letters = rig.letters().await;
        assert_eq!((letters.len(), letters[0].order_number.clone()), (1, None));
        assert!(letters[0].operation.contains("publish-stock"), "{letters:?}");
    }
}
