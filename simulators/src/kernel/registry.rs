//! Whose traffic it is: business keys (order numbers, SKUs, accounts) belong to scenarios.
//!
//! The implementation sends nothing that names a scenario. What fits no scenario is quarantined: counted
//! and listed for the report, and judged with no scenario.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
};

use counterproof_contracts::{
    batch::{self, Record},
    model::{AccountId, BatchFile, CustomerRef, FeedId, NodeId, OrderNumber, Sku, System},
    protocol::OPERATIONS,
};
use serde::Deserialize as _;
use serde_json::Value;

use super::bounded::Bounded;

/// How many pieces of quarantined traffic are kept word for word; the others are only counted.
pub const QUARANTINED_MAX: usize = 200;
/// How many identifiers that systems use for orders are remembered.
const OWNERS_MAX: usize = 200_000;
/// Longer identifiers are not remembered.
const IDENTIFIER_BYTES_MAX: usize = 128;

/// A key that belongs to one scenario.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum BusinessKey {
    /// An order.
    Order(OrderNumber),
    /// A stock keeping unit.
    Sku(Sku),
    /// A gift card or store credit account.
    Account(AccountId),
    /// A place that changes in one scenario alone.
    Node(NodeId),
    /// A customer.
    Customer(CustomerRef),
    /// A feed of orders.
    Feed(FeedId),
}

/// A business key is another scenario's already.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key:?} belongs to scenario {owner:?} already")]
pub struct KeyTaken {
    /// The key.
    pub key: BusinessKey,
    /// Whose it is.
    pub owner: String,
}

/// Traffic that belongs to no scenario.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quarantine {
    /// How much there was.
    pub count: u64,
    /// The first [`QUARANTINED_MAX`] pieces: who was called, with what.
    pub samples: Vec<String>,
}

/// What a message is about, as far as it says so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// The order.
    pub order: Option<OrderNumber>,
    /// The SKU.
    pub sku: Option<Sku>,
    /// The account.
    pub account: Option<AccountId>,
    /// The place, where nothing else is said.
    pub node: Option<NodeId>,
    /// The customer, where nothing else is said.
    pub customer: Option<CustomerRef>,
    /// The feed, where nothing else is said.
    pub feed: Option<FeedId>,
}

/// Which scenario a business key belongs to.
#[derive(Default)]
pub struct Registry(Mutex<Entries>);

struct Entries {
    scenarios: BTreeMap<BusinessKey, String>,
    owners: Bounded<(System, String), OrderNumber>,
    quarantine: Quarantine,
}

impl Default for Entries {
    fn default() -> Self {
        Self {
            scenarios: BTreeMap::new(),
            owners: Bounded::new(OWNERS_MAX),
            quarantine: Quarantine::default(),
        }
    }
}

impl Registry {
    /// Gives a key to a scenario.
    ///
    /// # Errors
    /// [`KeyTaken`] if it is another scenario's.
    pub fn register(&self, key: BusinessKey, scenario: &str) -> Result<(), KeyTaken> {
        let mut entries = self.entries();
        match entries.scenarios.get(&key) {
            Some(owner) if owner != scenario => Err(KeyTaken { owner: owner.clone(), key }),
            _ => {
                entries.scenarios.insert(key, scenario.to_owned());
                Ok(())
            }
        }
    }

    /// Takes all keys of a scenario back; what still comes for it is quarantined.
    pub fn forget(&self, scenario: &str) {
        self.entries().scenarios.retain(|_, owner| owner != scenario);
    }

    /// Whether a place changes in this scenario.
    pub fn has_place(&self, scenario: &str) -> bool {
        let entries = self.entries();
        entries.scenarios.iter().any(|(key, owner)| matches!(key, BusinessKey::Node(_)) && owner == scenario)
    }

    /// The scenario of a subject: its order's, else its account's, else its SKU's.
    pub fn scenario_of(&self, subject: &Subject) -> Option<String> {
        let entries = self.entries();
        let keys = [
            subject.order.clone().map(BusinessKey::Order),
            subject.account.clone().map(BusinessKey::Account),
            subject.sku.clone().map(BusinessKey::Sku),
            subject.node.clone().map(BusinessKey::Node),
            subject.customer.clone().map(BusinessKey::Customer),
            subject.feed.clone().map(BusinessKey::Feed),
        ];
        keys.into_iter().flatten().find_map(|key| entries.scenarios.get(&key).cloned())
    }

    /// The scenario of an order.
    pub fn scenario_of_order(&self, order: &OrderNumber) -> Option<String> {
        self.entries().scenarios.get(&BusinessKey::Order(order.clone())).cloned()
    }

    /// The orders of a scenario, in the order of their numbers.
    pub fn orders_of(&self, scenario: &str) -> Vec<OrderNumber> {
        let entries = self.entries();
        let of_scenario = entries.scenarios.iter().filter(|(_, owner)| *owner == scenario);
        of_scenario
            .filter_map(|(key, _)| match key {
                BusinessKey::Order(order) => Some(order.clone()),
                BusinessKey::Sku(_)
                | BusinessKey::Account(_)
                | BusinessKey::Node(_)
                | BusinessKey::Customer(_)
                | BusinessKey::Feed(_) => None,
            })
            .collect()
    }

    /// What was quarantined so far.
    pub fn quarantine(&self) -> Quarantine {
        self.entries().quarantine.clone()
    }

    /// Counts a call of no scenario; gives how many there were.
    pub(super) fn quarantine_call(&self, text: impl FnOnce() -> String) -> u64 {
        let quarantine = &mut self.entries().quarantine;
        quarantine.count += 1;
        if quarantine.samples.len() < QUARANTINED_MAX {
            quarantine.samples.push(text());
        }
        quarantine.count
    }

    /// Learns from a document which identifiers a system uses for an order, so that a later call that
    /// names only them (an authorization to capture, for example) finds its order before it is handled.
    pub(super) fn learn(&self, system: System, order: &OrderNumber, document: &Value) {
        let mut entries = self.entries();
        for name in IDENTIFIERS.get(&system).into_iter().flatten() {
            let text = document.get(name).and_then(Value::as_str);
            if let Some(text) = text.filter(|text| text.len() <= IDENTIFIER_BYTES_MAX) {
                entries.owners.insert((system, format!("{name} {text}")), order.clone(), 1);
            }
        }
    }

    /// What a message to a system is about, from its body and its path's parameters.
    pub(super) fn subject_of(
        &self,
        system: System,
        parameters: &BTreeMap<String, String>,
        body: &Value,
    ) -> Subject {
        let text = |name: &str| {
            let in_body = body.get(name).and_then(Value::as_str);
            in_body.or_else(|| parameters.get(name).map(String::as_str)).filter(|text| !text.is_empty())
        };
        let order =
            text("order_number").map(OrderNumber::from).or_else(|| order_of_file(body)).or_else(|| {
                let entries = self.entries();
                let owner = |(name, value)| entries.owners.get(&(system, format!("{name} {value}"))).cloned();
                parameters.iter().find_map(owner)
            });
        Subject {
            order,
            sku: text("sku").map(Sku::from).or_else(|| sku_of_transfer(body)),
            account: text("account_id").map(AccountId::from),
            node: parameters.get("node_id").map(|node_id| NodeId::from(node_id.as_str())),
            customer: parameters.get("customer_ref").map(|customer| CustomerRef::from(customer.as_str())),
            feed: parameters.get("feed").map(|feed| FeedId::from(feed.as_str())),
        }
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first SKU of a transfer between places, which belongs to no order.
fn sku_of_transfer(body: &Value) -> Option<Sku> {
    body.get("transfer_id")?;
    body.pointer("/lines/0/sku")?.as_str().map(Sku::from)
}

/// The order that a partner's file speaks of first.
fn order_of_file(body: &Value) -> Option<OrderNumber> {
    body.get("content")?;
    let file = BatchFile::deserialize(body).ok()?;
    batch::read(&file).ok()?.into_iter().find_map(|entry| match entry.record.ok()? {
        Record::Order(order) => Some(order.order_number),
        Record::Return(receipt) => Some(receipt.order_number),
        Record::Status(update) => Some(update.order_number),
        Record::Refund(notice) => Some(notice.order_number),
        Record::Count(_) => None,
    })
}

/// The identifiers that stand in the paths of a system's operations and are not keys of their own, and the one by which
/// an ERP finds what it booked.
static IDENTIFIERS: LazyLock<BTreeMap<System, BTreeSet<&'static str>>> = LazyLock::new(|| {
    let mut identifiers = BTreeMap::from([(System::Erp, BTreeSet::from(["channel_order_id"]))]);
    for operation in OPERATIONS {
        let parameters =
            operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let own = parameters.filter(|name| {
            !matches!(*name, "order_number" | "sku" | "account_id" | "node_id" | "customer_ref")
        });
        identifiers.entry(operation.system).or_default().extend(own);
    }
    identifiers
});

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_key_belongs_to_one_scenario_until_it_is_forgotten() {
        let registry = Registry::default();
        let key = BusinessKey::Order("W-1".into());
        assert_eq!(registry.register(key.clone(), "first"), Ok(()));
        assert_eq!(registry.register(key.clone(), "first"), Ok(()));
        assert_eq!(registry.orders_of("first"), ["W-1".into()]);
        assert!(registry.register(key.clone(), "second").is_err());
        registry.forget("first");
        assert_eq!(registry.scenario_of_order(&"W-1".into()), None);
        assert_eq!(registry.register(key, "second"), Ok(()));
    }

    #[test]
    fn an_identifier_that_a_system_handed_out_leads_to_its_order() {
        let registry = Registry::default();
        registry.learn(System::Psp, &"W-1".into(), &json!({ "authorization_id": "au-1", "note": "x" }));
        let path = BTreeMap::from([("authorization_id".to_owned(), "au-1".to_owned())]);
        let order = |system| registry.subject_of(system, &path, &json!({})).order;
        assert_eq!(order(System::Psp), Some("W-1".into()));
        assert_eq!(order(System::Erp), None, "another system's identifiers are its own");
    }
}
