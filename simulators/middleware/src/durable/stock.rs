//! Stock of SKUs: durable, the newest level of each, with the channels that are to be told.

use std::sync::Arc;

use super::{
    app::{Inner, Seal, json},
    keys::Keys,
    publications::Publication,
    runner::Job,
};
use crate::{
    defects::Defect,
    door::store::StoreError,
    process::{self, Stock, StockNotice},
};

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
            let publication = Publication::Stock { sku: sku.clone(), channel };
            batch.put(publication.key(), json(&publication));
            jobs.push(Job::Publication(publication.key()));
        }
    }
    app.commit(batch).await?;
    for job in jobs {
        app.enqueue(job);
    }
    Ok(())
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
