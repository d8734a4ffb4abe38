//! Payment: tenders, and what the payment provider does with them.

use serde::{Deserialize, Serialize};

use super::{
    AccountId, AuthorizationId, CaptureId, DisputeId, Money, OrderNumber, RefundId, SettlementTerms,
    ShipmentId, TenderId, Timestamp,
};

/// Means of payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TenderKind {
    /// Card or wallet, through the payment provider.
    Card,
    /// Gift card.
    GiftCard,
    /// Store credit.
    StoreCredit,
    /// The marketplace collected the money and passes it on.
    MarketplaceCollected,
    /// The worth of goods that come back in exchange.
    ExchangeCredit,
}

/// A means of payment within an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tender {
    /// Identifier within the order.
    pub tender_id: TenderId,
    /// What it is.
    pub kind: TenderKind,
    /// Its part of the order's total.
    pub amount: Money,
    /// The payment provider's token of a card; never a card number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_token: Option<String>,
    /// The gift card or store credit account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
}

/// Where an authorization stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthorizationStatus {
    /// Money is held.
    Authorized,
    /// Some of it was captured.
    PartiallyCaptured,
    /// All of it was captured.
    Captured,
    /// Given back before capture; what was captured stays captured.
    Voided,
    /// Lapsed.
    Expired,
}

/// A wish to hold money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// The order.
    pub order_number: OrderNumber,
    /// The order's tender.
    pub tender_id: TenderId,
    /// How much.
    pub amount: Money,
    /// Token of the card.
    pub payment_token: String,
    /// In which currency the retailer is paid, where it is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement: Option<SettlementTerms>,
}

/// Money that is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorization {
    /// The provider's identifier.
    pub authorization_id: AuthorizationId,
    /// The order.
    pub order_number: OrderNumber,
    /// The order's tender.
    pub tender_id: TenderId,
    /// How much is held in all.
    pub amount: Money,
    /// Where it stands.
    pub status: AuthorizationStatus,
    /// When it lapses.
    pub expires_at: Timestamp,
}

/// A wish to take held money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptureRequest {
    /// The order.
    pub order_number: OrderNumber,
    /// The shipment that is paid with it.
    pub shipment_id: ShipmentId,
    /// How much.
    pub amount: Money,
    /// Which attempt at this intent, from 1. A later one has a key of its own, and follows only on one that
    /// definitely failed.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub attempt: u32,
}

/// Which attempt it is where nothing is said.
const fn first() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_first(attempt: &u32) -> bool {
    *attempt == 1
}

/// Where a capture stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaptureStatus {
    /// Taken on; the outcome comes as an event.
    Pending,
    /// The merchant has the money.
    #[default]
    Succeeded,
    /// Nothing was taken.
    Failed,
}

impl CaptureStatus {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Money that was taken, or is about to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// The provider's identifier.
    pub capture_id: CaptureId,
    /// From which authorization.
    pub authorization_id: AuthorizationId,
    /// The order.
    pub order_number: OrderNumber,
    /// The shipment that is paid with it.
    pub shipment_id: ShipmentId,
    /// How much.
    pub amount: Money,
    /// Which attempt at this intent it is, as it was asked.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub attempt: u32,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "CaptureStatus::is_default")]
    pub status: CaptureStatus,
    /// What the retailer is paid for it, where that is another currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement_amount: Option<Money>,
}

/// A wish to give up held money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoidRequest {
    /// The order.
    pub order_number: OrderNumber,
    /// Why.
    pub reason: String,
}

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// Decided, not yet at the provider.
    Requested,
    /// At the provider; the outcome comes as an event.
    Pending,
    /// The customer has the money.
    Succeeded,
    /// The provider could not pay, or could not in the end.
    Failed,
    /// Not paid, because the customer has the money in another way.
    Canceled,
}

/// A wish to give money back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRequest {
    /// The merchant's identifier of the refund; one for each intent.
    pub refund_id: RefundId,
    /// The order.
    pub order_number: OrderNumber,
    /// The order's tender.
    pub tender_id: TenderId,
    /// The capture that is given back, in part or whole.
    pub capture_id: CaptureId,
    /// How much.
    pub amount: Money,
    /// The receipt or cancellation that caused it.
    pub cause: String,
    /// Which attempt at this intent, from 1. A later one has a key of its own, and follows only on one that
    /// definitely failed.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub attempt: u32,
}

/// Money given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// The merchant's identifier.
    pub refund_id: RefundId,
    /// The provider's identifier.
    pub provider_reference: String,
    /// The order.
    pub order_number: OrderNumber,
    /// The order's tender.
    pub tender_id: TenderId,
    /// The capture that is given back.
    pub capture_id: CaptureId,
    /// How much.
    pub amount: Money,
    /// Where it stands.
    pub status: RefundStatus,
    /// Which attempt at this intent it is, as it was asked.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub attempt: u32,
    /// What the retailer pays for it, where that is another currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement_amount: Option<Money>,
}

/// Where a dispute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeStatus {
    /// The issuer asks for proof.
    Open,
    /// The merchant keeps the money.
    Won,
    /// The issuer took the money back for the customer.
    Lost,
}

/// A customer's objection to a capture at the card's issuer (chargeback).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// The provider's identifier.
    pub dispute_id: DisputeId,
    /// The order.
    pub order_number: OrderNumber,
    /// The order's tender.
    pub tender_id: TenderId,
    /// The capture that is disputed.
    pub capture_id: CaptureId,
    /// How much of it.
    pub amount: Money,
    /// Why, as the issuer says.
    pub reason: String,
    /// Where it stands.
    pub status: DisputeStatus,
}
