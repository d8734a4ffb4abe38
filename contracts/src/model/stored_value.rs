//! Gift cards and store credit: accounts with a ledger.

use serde::{Deserialize, Serialize};

use super::{AccountId, CustomerRef, LineId, Money, OrderNumber, ShipmentId};

/// What kind of account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// Bearer card.
    GiftCard,
    /// Credit of a customer.
    StoreCredit,
}

/// An account and its balance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredValueAccount {
    /// Identifier.
    pub account_id: AccountId,
    /// What kind.
    pub kind: AccountKind,
    /// Whose; absent for a bearer card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_ref: Option<CustomerRef>,
    /// Sum of all credits less all debits; never negative.
    pub balance: Money,
}

/// A wish to issue store credit to a customer: opens the customer's account if there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreCreditRequest {
    /// Who receives it.
    pub customer_ref: CustomerRef,
    /// The order it comes from.
    pub order_number: OrderNumber,
    /// The receipt that caused it; at most one credit for each cause.
    pub cause: String,
    /// How much.
    pub amount: Money,
}

/// A debit or credit of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountEntryRequest {
    /// The order it belongs to.
    pub order_number: OrderNumber,
    /// Tender, receipt or cancellation that caused it; at most one entry of a kind for each cause.
    pub cause: String,
    /// How much, positive.
    pub amount: Money,
}

/// Debit or credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// Money spent.
    Debit,
    /// Money given.
    Credit,
}

/// A line of an account's ledger. `store_credit` in the published schemas.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreCredit {
    /// Identifier of the entry.
    pub entry_id: String,
    /// The account.
    pub account_id: AccountId,
    /// Debit or credit.
    pub kind: EntryKind,
    /// The order it belongs to.
    pub order_number: OrderNumber,
    /// What caused it.
    pub cause: String,
    /// How much, positive.
    pub amount: Money,
    /// Balance after the entry.
    pub balance: Money,
}

/// A wish to activate a gift card that was bought: opens its account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiftCardRequest {
    /// The order that it was bought in.
    pub order_number: OrderNumber,
    /// Its line there; at most one card for each.
    pub line_id: LineId,
    /// Under which its money was captured, as a parcel's is.
    pub delivery_id: ShipmentId,
    /// Its face value.
    pub amount: Money,
}

/// A gift card that was bought and activated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiftCard {
    /// Its account.
    pub account_id: AccountId,
    /// The order that it was bought in.
    pub order_number: OrderNumber,
    /// Its line there.
    pub line_id: LineId,
    /// Under which its money was captured.
    pub delivery_id: ShipmentId,
    /// Its face value.
    pub amount: Money,
}
