//! Versions of an order: what the channel holds to be in force, what was wished, what the ERP was told, and which
//! address each label bears. Addresses are told apart by their identifiers only.

use std::collections::BTreeMap;

use crate::{
    journal::{Committed, Effect},
    model::{CorrelationId, Money, Order},
};

/// A version that the channel holds to be in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::invariants) struct Version {
    pub(in crate::invariants) total: Money,
    /// Minor units.
    pub(in crate::invariants) tax: i64,
    pub(in crate::invariants) address: Option<String>,
    pub(in crate::invariants) seq: u64,
}

/// A wish to change the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::invariants) struct ChangeWish {
    pub(in crate::invariants) number: u32,
    /// The order as it is to be.
    pub(in crate::invariants) version: Version,
    /// The address stays as it is.
    pub(in crate::invariants) prices_only: bool,
    /// The chain of messages that it began.
    pub(in crate::invariants) chain: Option<CorrelationId>,
}

/// All versions of an order.
#[derive(Debug, Clone, Default)]
pub(in crate::invariants) struct ChangeBook {
    /// By number.
    pub(in crate::invariants) versions: BTreeMap<u32, Version>,
    /// By identifier.
    pub(in crate::invariants) wishes: BTreeMap<String, ChangeWish>,
    /// Versions that the ERP was told, in that order.
    pub(in crate::invariants) booked: Vec<(u32, u64)>,
}

impl Version {
    fn new(order: &Order, seq: u64) -> Self {
        Self { total: order.total, tax: order.value().tax, address: order.ship_to.address_id.clone(), seq }
    }
}

impl ChangeBook {
    /// The version that the channel holds to be in force.
    pub(in crate::invariants) fn current(&self) -> Option<(u32, &Version)> {
        self.versions.last_key_value().map(|(number, version)| (*number, version))
    }

    /// The wish that began a chain of messages.
    pub(in crate::invariants) fn wish_of(&self, chain: &CorrelationId) -> Option<(&String, &ChangeWish)> {
        self.wishes.iter().find(|(_, wish)| wish.chain.as_ref() == Some(chain))
    }

    pub(super) fn apply(&mut self, seq: u64, committed: &Committed) {
        match &committed.effect {
            Effect::OrderPlaced { order } | Effect::OrderChanged { order } => {
                self.versions.entry(order.version).or_insert_with(|| Version::new(order, seq));
            }
            Effect::OrderChangeRequested { change } => {
                let version = Version::new(&change.changed, seq);
                let wish = ChangeWish {
                    number: change.changed.version,
                    prices_only: self.current().is_some_and(|(_, now)| now.address == version.address),
                    version,
                    chain: committed.correlation.clone(),
                };
                self.wishes.entry(change.change_id.clone()).or_insert(wish);
            }
            Effect::SalesOrderChanged { change } => self.booked.push((change.version, seq)),
            _ => {}
        }
    }
}
