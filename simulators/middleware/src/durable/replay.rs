//! Replays of orders: every call that an order ever led to and that was done is made again, under its key.
//!
//! The calls follow one another in the order in which they arose, so that a partner that lost everything can take
//! them. They change nothing of the order; what a partner refuses is left to a person. A replay survives
//! restarts: it goes on at the call at which it was.

use std::sync::Arc;

use counterproof_contracts::model::{OrderNumber, System};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::{
    app::{Circumstances, Inner, Seal, json},
    call::{self, Attempt},
    gate::Rank,
    keys::Keys,
    runner,
};
use crate::{
    defects::Defect,
    door::store::{Batch, StoreError},
    process::{Chain, Input, Task, TaskStatus},
};

/// A replay that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Replay {
    /// The order.
    pub order_number: OrderNumber,
    /// Which replay of the order.
    pub number: u64,
    /// Number of the task that is next.
    pub next: u32,
    /// Number of the last task.
    pub last: u32,
    /// The chain of the request.
    pub chain: Chain,
}

impl Replay {
    /// Its key in the store.
    pub(super) fn key(&self) -> String {
        Keys::replay(&self.order_number, self.number)
    }
}

/// Carries a replay through, or leaves it where it is when told to stop.
pub(super) async fn perform(app: Arc<Inner>, key: String, stop: watch::Receiver<bool>) {
    runner::until_stopped(&app, &key, stop, || carry_through(&app, &key)).await;
}

async fn carry_through(app: &Arc<Inner>, key: &str) -> Result<(), StoreError> {
    let Some(mut replay) = app.load::<Replay>(key)? else { return Ok(()) };
    let tasks: Vec<Task> = app.load_all(&Keys::all_asked(&replay.order_number))?;
    let range = replay.next..=replay.last;
    for task in tasks.into_iter().filter(|task| range.contains(&task.number)) {
        let status = app.look(&task.order_number, |process| process.tasks.get(&task.key).copied()).await?;
        if status.flatten() != Some(TaskStatus::Done)
            || (task.partner == System::Erp && app.meets(Defect::ReplayLeavesPostingsOut))
        {
            continue;
        }
        replay.next = task.number.saturating_add(1);
        let mut progress = Batch::default();
        match settle(app, &task).await {
            Ok(()) => {
                progress.put(key, json(&replay));
                app.commit(progress).await?;
            }
            Err(reason) => {
                progress.put(key, json(&replay));
                tell(app, &replay, task, reason, progress).await?;
            }
        }
    }
    let mut end = Batch::default();
    end.delete(key);
    app.commit(end).await
}

/// Makes a call until its outcome is known. An error says why a person must look at it.
async fn settle(app: &Inner, task: &Task) -> Result<(), String> {
    let started = app.parts.clock.now();
    for number in 1_u32.. {
        let mut called = task.clone();
        if app.meets(Defect::ReplayUnderNewKeys) {
            called.key = format!("replay-{}", task.key);
        }
        match runner::bounded_attempt(app, &called, number, Rank::last(task)).await {
            Attempt::Answered(_) => return Ok(()),
            Attempt::Refused(refusal) => return Err(refusal.reason()),
            Attempt::Unknown { reason, wait, .. } => {
                let pause = call::pause(app, task, number, wait);
                if app.has_waited_too_long(started, pause) {
                    return Err(format!("{reason}, {number} times"));
                }
                app.parts.clock.sleep(pause).await;
            }
        }
    }
    Ok(())
}

async fn tell(
    app: &Arc<Inner>,
    replay: &Replay,
    task: Task,
    reason: String,
    batch: Batch,
) -> Result<(), StoreError> {
    let circumstances = Circumstances {
        chain: replay.chain.clone(),
        source: System::Middleware,
        occurred_at: app.parts.clock.now(),
    };
    let order = task.order_number.clone();
    let input = Input::NotReplayed { task: Box::new(task), reason };
    app.take(&order, input, circumstances, Seal { batch, ..Seal::default() }).await.map(drop)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::{collections::BTreeSet, sync::Arc, time::Duration};

    use counterproof_contracts::{model::OrderView, protocol::ProblemKind};
    use serde_json::{Value, json};

    use crate::{
        door::store::{MemoryStore, Store},
        http::tests::shipped,
        process::tests::plain,
        test_partners::{Rig, Script, Seen},
    };

    const MINUTE: Duration = Duration::from_mins(1);

    /// A middleware with an order of which one unit was shipped and brought back.
    async fn returned(store: Arc<dyn Store>) -> Rig {
        let rig = Rig::over(store);
        rig.submit("key-1", &plain()).await;
        rig.pass(MINUTE).await;
        rig.deliver(&shipped("e1")).await;
        rig.pass(MINUTE).await;
        let receipt = json!({
            "receipt_id": "R1", "order_number": "W-1", "node_id": "store-12", "received_at": "2026-11-27T09:00:00Z",
            "lines": [{ "line_id": "B", "sku": "SKU-B", "quantity": 1, "reason": "changed_mind" }],
            "grades": [{ "line_id": "B", "sku": "SKU-B", "quantity": 1, "grade": "A" }],
        });
        rig.post("/v1/return-receipts", "key-2", &receipt).await;
        rig.pass(MINUTE).await;
        rig
    }

    async fn replay(rig: &Rig, key: &str) -> (u16, Value) {
        let wish = json!({ "order_number": "W-1", "reason": "the partner lost a day" });
        let (status, _, answer) = rig.post("/v1/orders/W-1/replays", key, &wish).await;
        (status, answer)
    }

    fn what(calls: &[Seen]) -> Vec<(String, String, Value)> {
        let what = |call: &Seen| {
            (call.operation.to_string(), call.header("idempotency-key").to_owned(), call.body.clone())
        };
        calls.iter().map(what).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn every_call_is_made_again_as_it_was_and_the_order_stays_as_it_is() {
        let rig = returned(Arc::new(MemoryStore::default())).await;
        let (before, view): (_, OrderView) = (what(&rig.partners.all()), rig.order().await);
        assert!(before.len() >= 20, "{before:?}");
        let (status, answer) = replay(&rig, "key-3").await;
        assert_eq!((status, answer["calls"].as_u64().unwrap()), (201, before.len() as u64));
        assert_eq!(replay(&rig, "key-3").await.0, 201, "a repetition is no second replay");
        rig.pass(MINUTE).await;
        let again = what(&rig.partners.all()).split_off(before.len());
        let (as_set, again_as_set): (BTreeSet<String>, BTreeSet<String>) = (
            before.iter().map(|call| format!("{call:?}")).collect(),
            again.iter().map(|call| format!("{call:?}")).collect(),
        );
        assert_eq!((again.len(), again_as_set), (before.len(), as_set));
        let place = |id: &str| again.iter().position(|(operation, ..)| operation.ends_with(id)).unwrap();
        let order = ["quoteTax", "authorizePayment", "createSalesOrder", "capturePayment", "refundPayment"];
        assert!(order.map(place).is_sorted(), "one after the other, as they arose");
        assert_eq!(rig.order().await, view);
        assert!(rig.letters().await.is_empty());
        assert_eq!(replay(&rig, "key-4").await.0, 201);
        rig.pass(MINUTE).await;
        assert_eq!(rig.partners.all().len(), 3 * before.len());
    }

    #[tokio::test(start_paused = true)]
    async fn killed_in_the_middle_it_goes_on_where_it_was() {
        let calls = returned(Arc::new(MemoryStore::default())).await.partners.all().len();
        for at in [1, calls / 2, calls] {
            let store = Arc::new(MemoryStore::default());
            let mut rig = returned(Arc::clone(&store) as Arc<dyn Store>).await;
            rig.partners.kill_at(calls + at, &rig.app);
            assert_eq!(replay(&rig, "key-3").await.0, 201);
            rig.pass(MINUTE).await;
            assert_eq!(rig.partners.all().len(), calls + at);
            rig.app = Rig::open(store, &rig.partners);
            rig.app.start();
            rig.pass(MINUTE).await;
            assert_eq!(rig.partners.all().len(), 2 * calls + 1, "killed at {at}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_partner_refuses_is_left_to_a_person_and_the_rest_goes_on() {
        let rig = returned(Arc::new(MemoryStore::default())).await;
        let (before, view) = (rig.partners.all().len(), rig.order().await);
        rig.partners.script(
            "createReservation",
            [Script::Status(503, Some(3)), Script::Refuse(ProblemKind::NotFound)],
        );
        replay(&rig, "key-3").await;
        rig.pass(MINUTE).await;
        assert_eq!(rig.partners.all().len(), 2 * before + 1);
        let letters = rig.letters().await;
        assert_eq!(letters.len(), 1);
        assert!(letters[0].operation.contains("W-1.reserve"), "{letters:?}");
        assert_eq!(rig.order().await, view);
        assert_eq!(rig.replay(&letters[0].dead_letter_id).await, 202, "seen and closed");
        assert!(rig.letters().await.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn an_order_that_is_not_known_or_not_the_one_of_the_path_is_refused() {
        let rig = Rig::new();
        assert_eq!(replay(&rig, "key-1").await.0, 404);
        let wish = json!({ "order_number": "W-2", "reason": "r" });
        assert_eq!(rig.post("/v1/orders/W-1/replays", "key-2", &wish).await.0, 422);
    }
}
