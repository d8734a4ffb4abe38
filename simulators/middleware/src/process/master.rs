//! Products, places and customers as the ERP tells them: the newest version decides, channels are told it, and orders and returns
//! are held to it from the moment on at which it was true.
//!
//! A partner that does not know a product or place yet refuses; the call then waits for the word that it is known.

use std::{collections::BTreeSet, fmt};

use counterproof_contracts::{
    model::{
        CustomerChange, CustomerRef, LocationChange, NodeId, Order, ProductChange, ProductStatus,
        ReturnReceipt, Sku, System, Timestamp,
    },
    protocol::{FieldError, Problem, ProblemKind, channel},
};
use serde::{Deserialize, Serialize};

use super::{
    answer::Refusal,
    desk::Desk,
    state::{Chain, OrderProcess, TaskStatus},
    task::{Intent, PartnerCall, Task, idempotency_key},
};

/// How often a call waits for the same before a person must look at it.
const WAITS_MAX: u32 = 5;

/// What a document refers to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Reference {
    /// A product.
    Product(Sku),
    /// A place.
    Location(NodeId),
    /// A customer.
    Customer(CustomerRef),
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Product(sku) => write!(f, "product {sku}"),
            Self::Location(node_id) => write!(f, "place {node_id}"),
            Self::Customer(customer_ref) => write!(f, "customer {customer_ref}"),
        }
    }
}

/// What the ERP told of a product, place or customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "change", rename_all = "snake_case")]
pub enum Change {
    /// Of a product.
    Product(ProductChange),
    /// Of a place.
    Location(LocationChange),
    /// Of a customer.
    Customer(CustomerChange),
}

impl Change {
    /// What it is about.
    pub fn reference(&self) -> Reference {
        match self {
            Self::Product(change) => Reference::Product(change.product.sku.clone()),
            Self::Location(change) => Reference::Location(change.location.node_id.clone()),
            Self::Customer(change) => Reference::Customer(change.customer.customer_ref.clone()),
        }
    }

    /// Its version.
    pub const fn version(&self) -> u64 {
        match self {
            Self::Product(change) => change.version,
            Self::Location(change) => change.version,
            Self::Customer(change) => change.version,
        }
    }

    /// Who is told of it.
    pub const fn channels(&self) -> &'static [System] {
        match self {
            Self::Product(_) => &[System::Storefront, System::Marketplace, System::Pos],
            Self::Location(_) => &[System::Storefront, System::Pos],
            Self::Customer(_) => &[System::Storefront, System::Pos, System::CustomerService],
        }
    }
}

/// A change with its circumstances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MasterRecord {
    /// What the ERP told.
    pub change: Change,
    /// Since when it is true.
    pub as_of: Timestamp,
    /// The chain that told it.
    pub chain: Chain,
}

/// The call that tells a channel of a change.
pub fn announcement(record: &MasterRecord, channel: System) -> Task {
    let (about, call) = match &record.change {
        Change::Product(change) => {
            let sku = change.product.sku.as_str();
            (sku, PartnerCall::new(channel::put_product(channel), &[sku], change))
        }
        Change::Location(change) => {
            let node_id = change.location.node_id.as_str();
            (node_id, PartnerCall::new(channel::put_location(channel), &[node_id], change))
        }
        Change::Customer(change) => {
            let customer = change.customer.customer_ref.as_str();
            (customer, PartnerCall::new(channel::put_customer(channel), &[customer], change))
        }
    };
    let intent = Intent::Announce { channel, version: record.change.version() };
    Task {
        key: idempotency_key(&about.into(), &intent),
        order_number: about.into(),
        intent,
        partner: channel,
        operation: call.operation.id.to_owned(),
        parameters: call.parameters,
        body: call.body,
        chain: record.chain.clone(),
        asked_at: record.as_of,
        number: 1,
    }
}

/// What is known of products, places and customers.
pub type Known<'k> = &'k dyn Fn(&Reference) -> Option<MasterRecord>;

/// The accounts that are one with an account, as far as the ERP told: those that became part of another, and that one.
/// `parts` gives those that were told to become part of an account.
pub fn accounts_of(
    customer_ref: &CustomerRef,
    known: Known<'_>,
    parts: &dyn Fn(&CustomerRef) -> Vec<CustomerRef>,
) -> BTreeSet<CustomerRef> {
    let merged_into = |account: &CustomerRef| match known(&Reference::Customer(account.clone()))?.change {
        Change::Customer(change) => change.merged_into,
        _ => None,
    };
    let mut accounts = BTreeSet::from([customer_ref.clone()]);
    let mut open = vec![customer_ref.clone()];
    while let Some(account) = open.pop() {
        let owner = merged_into(&account);
        let own = parts(&account).into_iter().filter(|part| merged_into(part).as_ref() == Some(&account));
        for next in owner.into_iter().chain(own) {
            if accounts.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    accounts
}

/// Why an order cannot be taken: it names a product that was not sold any more when it was placed, or is collected where
/// nobody could come any more.
pub fn objection_to_order(order: &Order, known: Known<'_>) -> Option<Problem> {
    let true_then = |record: &MasterRecord| record.as_of <= order.placed_at;
    let discontinued = |sku: &Sku| {
        known(&Reference::Product(sku.clone())).filter(true_then).is_some_and(
            |record| matches!(record.change, Change::Product(change) if change.status == ProductStatus::Discontinued),
        )
    };
    if let Some(index) = order.lines.iter().position(|line| discontinued(&line.sku)) {
        return Some(objection(
            ProblemKind::BusinessRule,
            format!("/lines/{index}/sku"),
            "is not sold any more",
        ));
    }
    let node_id = order.pickup_node.as_ref()?;
    let record = known(&Reference::Location(node_id.clone())).filter(true_then)?;
    let closed = matches!(record.change, Change::Location(change) if !change.open);
    closed.then(|| objection(ProblemKind::BusinessRule, "/pickup_node".to_owned(), "is closed"))
}

/// Why goods cannot be taken back where they are: the place took none when they came.
pub fn objection_to_return(receipt: &ReturnReceipt, known: Known<'_>) -> Option<Problem> {
    let record = known(&Reference::Location(receipt.node_id.clone()))?;
    let Change::Location(change) = record.change else { return None };
    let takes = change.open && change.location.accepts_returns;
    let refused = !takes && record.as_of <= receipt.received_at;
    refused.then(|| objection(ProblemKind::NotReturnable, "/node_id".to_owned(), "takes no returns"))
}

fn objection(kind: ProblemKind, pointer: String, detail: &str) -> Problem {
    let told = Problem::new(kind, format!("at {pointer:?}: {detail}"));
    Problem { errors: vec![FieldError { pointer, detail: detail.to_owned() }], ..told }
}

/// A call that waits for something to be known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WaitingTask {
    /// The call.
    pub task: Task,
    /// What it waits for.
    pub reference: Reference,
    /// How often it has waited.
    pub times: u32,
    /// Whether it waits now.
    pub waits: bool,
}

/// What a refusal says is not known: the value at the place that it names.
fn unknown(refusal: &Refusal, task: &Task) -> Option<Reference> {
    let pointer =
        refusal.pointer.as_deref().filter(|_| refusal.kind == Some(ProblemKind::UnknownReference))?;
    let id = task.body.pointer(pointer)?.as_str()?;
    match pointer.rsplit('/').next()? {
        "sku" => Some(Reference::Product(id.into())),
        "node_id" => Some(Reference::Location(id.into())),
        _ => None,
    }
}

/// Lets a call wait that a partner refused because it does not know something yet. Says whether it does.
pub(super) fn wait(process: &mut OrderProcess, task: &Task, refusal: &Refusal, desk: &mut Desk<'_>) -> bool {
    let Some(reference) = unknown(refusal, task) else { return false };
    let known = process.waiting.iter_mut().find(|waiting| waiting.task.key == task.key);
    if let Some(waiting) = known {
        if waiting.times >= WAITS_MAX {
            return false;
        }
        waiting.times += 1;
        waiting.waits = true;
        waiting.reference = reference.clone();
    } else {
        let waiting = WaitingTask { task: task.clone(), reference: reference.clone(), times: 1, waits: true };
        process.waiting.push(waiting);
    }
    process.tasks.insert(task.key.clone(), TaskStatus::Waiting);
    desk.decide(process, format!("{}.{} waits until {reference} is known", task.partner, task.operation));
    desk.wait_for(reference);
    true
}

/// Makes the calls again that waited for something.
pub(super) fn known(process: &mut OrderProcess, reference: &Reference, desk: &mut Desk<'_>) {
    let mut due = Vec::new();
    for waiting in
        process.waiting.iter_mut().filter(|waiting| waiting.waits && waiting.reference == *reference)
    {
        waiting.waits = false;
        due.push(waiting.task.clone());
    }
    for task in due {
        desk.decide(
            process,
            format!("{reference} is known: {}.{} is called again", task.partner, task.operation),
        );
        desk.ask_again(process, task);
    }
}

#[cfg(test)]
mod tests {
    use counterproof_contracts::model::Customer;

    use super::*;

    #[test]
    fn accounts_are_one_however_they_were_merged_and_for_as_long_as_they_are() {
        let merges = [("B", Some("A")), ("C", Some("B")), ("D", None), ("E", Some("F")), ("F", Some("E"))];
        let known = |reference: &Reference| {
            let Reference::Customer(customer_ref) = reference else { return None };
            let (_, into) = merges.iter().find(|(name, _)| *name == customer_ref.as_str())?;
            let customer = Customer { customer_ref: customer_ref.clone(), country: "DE".to_owned() };
            let merged_into = into.map(CustomerRef::from);
            let change = Change::Customer(CustomerChange { version: 1, customer, merged_into });
            let chain = Chain { correlation: "c".into(), causation: "e".to_owned() };
            Some(MasterRecord { change, as_of: Timestamp::UNIX_EPOCH, chain })
        };
        // D was told to become part of A, and later not to be.
        let parts = |into: &CustomerRef| -> Vec<CustomerRef> {
            let own = merges.iter().filter(|(_, to)| *to == Some(into.as_str())).map(|(name, _)| *name);
            own.chain((into.as_str() == "A").then_some("D")).map(CustomerRef::from).collect()
        };
        let accounts = |of: &str| -> Vec<String> {
            accounts_of(&of.into(), &known, &parts).iter().map(ToString::to_string).collect()
        };
        for one in ["A", "B", "C"] {
            assert_eq!(accounts(one), ["A", "B", "C"]);
        }
        assert_eq!(accounts("D"), ["D"]);
        assert_eq!(accounts("E"), ["E", "F"], "a circle ends");
        assert_eq!(accounts("X"), ["X"]);
    }
}
