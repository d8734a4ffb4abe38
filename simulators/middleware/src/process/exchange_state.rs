//! What is known of exchanges: by the order whose goods come back, and by the order that replaces them.

use std::collections::BTreeMap;

use counterproof_contracts::model::{ExchangeId, OrderNumber, ReceiptId, RmaId, ShipmentId, TenderId};
use serde::{Deserialize, Serialize};

use super::state::Chain;

/// What became of a replacement, in the order in which it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Not known yet.
    Pending,
    /// Paid for, reserved and booked.
    Accepted,
    /// All units that were not canceled left.
    Sent,
    /// Refused, or canceled as a whole.
    Refused,
}

/// An exchange of goods of this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeState {
    /// Identifier.
    pub exchange_id: ExchangeId,
    /// The return.
    pub rma_id: RmaId,
    /// The order that replaces the goods.
    pub replacement: OrderNumber,
    /// What the replacement costs, minor units.
    pub total: i64,
    /// Of this, what the goods are to pay.
    pub credit: i64,
    /// The replacement may leave before the goods are back.
    pub ahead: bool,
    /// The chain that asked for it.
    pub chain: Chain,
    /// What became of the replacement.
    pub fate: Fate,
    /// Why there is no replacement.
    pub reason: Option<String>,
    /// What the goods of each receipt pay; receipts that are not decided yet are missing.
    pub applied: BTreeMap<ReceiptId, Applied>,
    /// What the replacement gave back, in order.
    pub returned: Vec<Returned>,
}

/// What the goods of a receipt pay of their replacement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// Minor units.
    pub amount: i64,
    /// Out of which payments; they cannot be given back as long as they are here.
    pub claims: Vec<Claim>,
    /// The ERP settled it, and the replacement was told.
    pub told: bool,
}

/// A part of what a tender paid for a parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The parcel.
    pub shipment: ShipmentId,
    /// The tender.
    pub tender_id: TenderId,
    /// Minor units.
    pub amount: i64,
}

/// What a replacement gave back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned {
    /// The ERP's settlement.
    pub settlement_id: String,
    /// Minor units.
    pub amount: i64,
    /// The replacement's cancellation or receipt.
    pub cause: String,
    /// The ERP settled it, and the customer gets it.
    pub refunded: bool,
}

impl ExchangeState {
    /// What goods paid of the replacement so far, minor units.
    pub fn paid(&self) -> i64 {
        self.applied.values().map(|applied| applied.amount).sum()
    }

    /// Takes payments that are free again out of the exchange.
    pub fn take_claims(&mut self, amount: i64) -> Vec<Claim> {
        let mut rest = amount;
        let mut taken = Vec::new();
        for claim in self.applied.values_mut().flat_map(|applied| &mut applied.claims) {
            let part = rest.min(claim.amount);
            if part > 0 {
                rest -= part;
                claim.amount -= part;
                taken.push(Claim { amount: part, ..claim.clone() });
            }
        }
        taken
    }
}

/// That this order replaces goods of another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replacing {
    /// The order whose goods come back.
    pub original: OrderNumber,
    /// The exchange.
    pub exchange_id: ExchangeId,
    /// It may leave before the goods are back.
    pub ahead: bool,
    /// What the goods paid so far, minor units.
    pub credited: i64,
    /// Of this, what was given back because units will never leave.
    pub unused: i64,
    /// What the other order was told of this one.
    pub told: Fate,
}
