//! Products, places and customers: durable, the newest version of each, with the channels that are to be told and the orders that
//! wait for it.
//!
//! A call that waits for something is kept before it is looked whether that is known by now, and what is known is kept
//! before it is looked who waits: whichever comes first, nobody waits for what is there.

use std::{collections::BTreeSet, sync::Arc};

use counterproof_contracts::{
    model::{CustomerChange, CustomerRef, OrderNumber, System},
    protocol::percent_encode,
};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::{
    app::{Circumstances, Inner, Seal, json},
    keys::Keys,
    publications::Publication,
    runner::{self, Job},
};
use crate::{
    defects::Defect,
    door::store::{Batch, StoreError},
    process::{Change, Input, MasterRecord, Reference, accounts_of, objection_to_order, objection_to_return},
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
    let newer = before.is_none_or(|before| before.change.version() < record.change.version());
    if newer {
        batch.put(key, json(&record));
        if let Change::Customer(CustomerChange { customer, merged_into: Some(into), .. }) = &record.change {
            let part = percent_encode(customer.customer_ref.as_str());
            batch.put(format!("{}{part}", Keys::merged_into(into)), json(&customer.customer_ref));
        }
        for channel in record.change.channels() {
            if *channel == System::Pos && app.meets(Defect::StoresNotToldOfProducts) {
                continue;
            }
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

/// The accounts that are one with an account.
pub(crate) fn accounts(app: &Inner, customer: &CustomerRef) -> BTreeSet<CustomerRef> {
    let known = |reference: &Reference| app.load::<MasterRecord>(&Keys::master(reference)).ok().flatten();
    accounts_of(customer, &known, &|into| app.load_all(&Keys::merged_into(into)).unwrap_or_default())
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::{sync::Arc, time::Duration};

    use counterproof_contracts::protocol::{FieldError, Problem, ProblemKind};
    use serde_json::{Value, json};

    use crate::{
        door::store::{MemoryStore, Store},
        process::tests::plain,
        test_partners::{Rig, Script},
    };

    const MINUTE: Duration = Duration::from_mins(1);

    fn event(id: &str, event_type: &str, subject: &str, data: &Value) -> Value {
        json!({
            "specversion": "1.0", "id": id, "source": "/erp", "type": event_type, "subject": subject,
            "time": "2026-11-27T07:00:00Z", "datacontenttype": "application/json", "sequence": 1,
            "partitionkey": subject, "correlationid": "chain-1", "data": data,
        })
    }

    fn product(version: u64, status: &str) -> Value {
        let data = json!({
            "version": version, "status": status,
            "product": {
                "sku": "SKU-A", "name": "linen shirt", "price": { "amount": 4990, "currency": "EUR" },
                "tax_category": "standard", "final_sale": false,
            },
        });
        event(&format!("p{version}"), "retail.product.changed.v1", "SKU-A", &data)
    }

    fn place(open: bool) -> Value {
        let location =
            json!({ "node_id": "store-12", "name": "Store 12", "kind": "store", "accepts_returns": false });
        let data = json!({ "version": 1, "open": open, "location": location });
        event("l1", "retail.location.changed.v1", "store-12", &data)
    }

    fn not_known() -> Script {
        let errors =
            vec![FieldError { pointer: "/lines/0/sku".to_owned(), detail: "is not known".to_owned() }];
        let problem = Problem { errors, ..Problem::new(ProblemKind::UnknownReference, "…") };
        Script::Answer(422, serde_json::to_value(problem).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn the_newest_version_is_told_whatever_comes_last() {
        let rig = Rig::new();
        rig.deliver(&product(2, "active")).await;
        rig.deliver(&product(1, "active")).await;
        rig.pass(MINUTE).await;
        let told = rig.partners.calls("putProduct");
        let mut systems: Vec<String> = told.iter().map(|call| call.operation.system.to_string()).collect();
        systems.sort();
        assert_eq!(systems, ["marketplace", "pos", "storefront"]);
        assert!(told.iter().all(|call| call.body["version"] == 2));
        rig.deliver(&place(true)).await;
        rig.pass(MINUTE).await;
        assert_eq!(rig.partners.calls("putLocation").len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_waits_until_what_it_names_is_known_and_has_the_same_key() {
        for known_before in [false, true] {
            let rig = Rig::new();
            rig.partners.script("createReservation", [not_known()]);
            if known_before {
                rig.deliver(&product(1, "active")).await;
            }
            assert_eq!(rig.submit("k", &plain()).await.0, 201);
            rig.pass(MINUTE).await;
            assert_eq!(rig.partners.calls("createReservation").len(), if known_before { 2 } else { 1 });
            rig.deliver(&product(2, "active")).await;
            rig.pass(MINUTE).await;
            assert_eq!(rig.partners.keys("createReservation"), ["W-1.reserve", "W-1.reserve"]);
            assert!(rig.letters().await.is_empty());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_is_found_after_a_restart() {
        let store: Arc<MemoryStore> = Arc::default();
        let mut rig = Rig::over(Arc::clone(&store) as Arc<dyn Store>);
        rig.partners.script("createReservation", [not_known()]);
        rig.submit("k", &plain()).await;
        rig.pass(MINUTE).await;
        rig.app.kill();
        rig.app = Rig::open(store, &rig.partners);
        rig.app.start();
        rig.pass(MINUTE).await;
        assert_eq!(rig.partners.calls("createReservation").len(), 1, "it is not known yet");
        rig.deliver(&product(1, "active")).await;
        rig.pass(MINUTE).await;
        assert_eq!(rig.partners.calls("createReservation").len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_partner_that_never_knows_is_shown_to_a_person() {
        let rig = Rig::new();
        rig.partners.script("createReservation", (0..9).map(|_| not_known()));
        rig.deliver(&product(1, "active")).await;
        rig.submit("k", &plain()).await;
        rig.pass(MINUTE).await;
        assert_eq!(rig.partners.calls("createReservation").len(), 6);
        assert_eq!(rig.letters().await.len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_discontinued_is_turned_down_and_an_order_that_is_known_is_not() {
        let rig = Rig::new();
        assert_eq!(rig.submit("k-1", &plain()).await.0, 201);
        rig.deliver(&product(1, "discontinued")).await;
        assert_eq!(rig.submit("k-2", &plain()).await.0, 201, "it was taken before");
        let mut next = plain();
        next.order_number = "W-2".into();
        next.channel_order_id = "web-2".into();
        let (status, problem) = rig.submit("k-3", &next).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/lines/0/sku")));
        next.placed_at = "2026-11-27T06:00:00Z".parse().unwrap();
        assert_eq!(rig.submit("k-4", &next).await.0, 201, "it was placed before");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_collects_where_it_is_closed() {
        let rig = Rig::new();
        rig.deliver(&place(false)).await;
        let mut order = plain();
        order.pickup_node = Some("store-12".into());
        let (status, problem) = rig.submit("k", &order).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/pickup_node")));
        assert!(rig.partners.calls("quoteTax").is_empty());
    }
}
