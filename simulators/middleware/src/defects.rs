//! Defects that can be switched on, one at a time: each is a mistake that real integrations made, at the one place where
//! this middleware decides rightly. `contracts/defects.toml` says what each one is and which law sees it.
//!
//! They exist to show that a suite can fail. Nothing that a user starts switches one on: the command line and the
//! environment know none of them, and [`Defects::default`] has none. Every place asks at the moment at which the
//! defect would make a difference, so that [`Defects::reached`] tells which runs a defect can change at all.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

macro_rules! defects {
    ($($variant:ident = $id:literal),+ $(,)?) => {
        /// A defect; `contracts/defects.toml` says what each one is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "the catalogue holds a sentence for each")]
        pub enum Defect {
            $($variant),+
        }

        impl Defect {
            /// All of them, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its identifier in the catalogue.
            pub const fn id(self) -> &'static str {
                match self {
                    $(Self::$variant => $id),+
                }
            }
        }
    };
}

defects! {
    ChannelOrderTakenTwice = "channel-order-taken-twice",
    NewKeyOnOrderRetry = "new-key-on-order-retry",
    BookedBeforePaid = "booked-before-paid",
    BookedBeforeClaimed = "booked-before-claimed",
    BookedWithoutTax = "booked-without-tax",
    SumsNotChecked = "sums-not-checked",
    RejectedOrderKeepsMoney = "rejected-order-keeps-money",
    ChainLost = "chain-lost",
    ChangeNotBooked = "change-not-booked",
    ChangeBookedAtOldPrice = "change-booked-at-old-price",
    StoresNotToldOfProducts = "stores-not-told-of-products",
    OrdersOfOthersServed = "orders-of-others-served",
    ClaimLeaked = "claim-leaked",
    LapsedClaimUsed = "lapsed-claim-used",
    CanceledOrderBooked = "canceled-order-booked",
    PriceChangeClaimsAgain = "price-change-claims-again",
    ClaimedStockOffered = "claimed-stock-offered",
    SafetyStockOffered = "safety-stock-offered",
    OldStockWins = "old-stock-wins",
    TransferDispatchNotBooked = "transfer-dispatch-not-booked",
    ShortTransferBookedWhole = "short-transfer-booked-whole",
    TransferReceivedTwice = "transfer-received-twice",
    IssuedAtFirstNode = "issued-at-first-node",
    IssuedForOrderNotParcel = "issued-for-order-not-parcel",
    IssuedAsOrdered = "issued-as-ordered",
    RestockedAtShippingNode = "restocked-at-shipping-node",
    RestockedWhateverTheGrade = "restocked-whatever-the-grade",
    QuarantineNotEmptied = "quarantine-not-emptied",
    ReplacementRestocked = "replacement-restocked",
    SplitDoublesUnits = "split-doubles-units",
    NewKeyOnReleaseRetry = "new-key-on-release-retry",
    CanceledWithoutAskingNode = "canceled-without-asking-node",
    CancellationNotBooked = "cancellation-not-booked",
    SecondParcelSwallowed = "second-parcel-swallowed",
    EventsKnownByOrder = "events-known-by-order",
    ParcelCountedTwice = "parcel-counted-twice",
    LabelToFirstAddress = "label-to-first-address",
    LabelOfOtherParcel = "label-of-other-parcel",
    OrderNeverReleased = "order-never-released",
    LabelNeverAttached = "label-never-attached",
    PromiseNotUpdated = "promise-not-updated",
    PromiseUpdatedWhenBroken = "promise-updated-when-broken",
    PromiseUpdatedRepeatedly = "promise-updated-repeatedly",
    SilenceTakenForConsent = "silence-taken-for-consent",
    UnansweredDelayKept = "unanswered-delay-kept",
    ScanMovesBackwards = "scan-moves-backwards",
    DeliveredWhenShipped = "delivered-when-shipped",
    CanceledShownAsShipped = "canceled-shown-as-shipped",
    ForgedEventTaken = "forged-event-taken",
    UnknownCodeDropped = "unknown-code-dropped",
    WholeConsignmentStopped = "whole-consignment-stopped",
    ShippedUnitsCanceled = "shipped-units-canceled",
    ScansRefused = "scans-refused",
    CanceledTakenOutOfOrdered = "canceled-taken-out-of-ordered",
    RefundOnRequest = "refund-on-request",
    AdvanceNotRecharged = "advance-not-recharged",
    RefundedAgainOnReceipt = "refunded-again-on-receipt",
    RechargedAlthoughReturned = "recharged-although-returned",
    WriteOffNotPosted = "write-off-not-posted",
    DeadlinesForgotten = "deadlines-forgotten",
    RefundOfRequestedUnits = "refund-of-requested-units",
    ReceiptBookedAsRequested = "receipt-booked-as-requested",
    InspectionCountedTwice = "inspection-counted-twice",
    EarlyInspectionDropped = "early-inspection-dropped",
    ReasonLost = "reason-lost",
    ReturnsNotTold = "returns-not-told",
    LapsedReturnAccepted = "lapsed-return-accepted",
    OverReceiptAccepted = "over-receipt-accepted",
    SerialNotChecked = "serial-not-checked",
    ReplacementLeavesUnpaid = "replacement-leaves-unpaid",
    ExchangePaidAndRefunded = "exchange-paid-and-refunded",
    GiftRefundedToPurchaser = "gift-refunded-to-purchaser",
    MarketplaceRefundedByRetailer = "marketplace-refunded-by-retailer",
    ToldBeforeRefunded = "told-before-refunded",
    ReturnedShownAsCanceled = "returned-shown-as-canceled",
    NewKeyOnPaymentRetry = "new-key-on-payment-retry",
    KeyPinnedToFailure = "key-pinned-to-failure",
    UnknownTakenAsFailed = "unknown-taken-as-failed",
    AnySuccessBelieved = "any-success-believed",
    NewKeyOnPostingRetry = "new-key-on-posting-retry",
    NewKeyOnCreditRetry = "new-key-on-credit-retry",
    NewKeyOnOtherRetry = "new-key-on-other-retry",
    FirstParcelTakesAll = "first-parcel-takes-all",
    LateFailureWins = "late-failure-wins",
    WholeTenderGivenBack = "whole-tender-given-back",
    HoldLeftOnCard = "hold-left-on-card",
    StoredValueNotGivenBack = "stored-value-not-given-back",
    GiftCardActiveUnpaid = "gift-card-active-unpaid",
    GiftCardActivatedTwice = "gift-card-activated-twice",
    GiftCardStaysActive = "gift-card-stays-active",
    GiftCardBookedAsRevenue = "gift-card-booked-as-revenue",
    RefundWithoutTax = "refund-without-tax",
    RefundIgnoresPromotions = "refund-ignores-promotions",
    RefundRoundedByUnit = "refund-rounded-by-unit",
    ShippingRefundedEachTime = "shipping-refunded-each-time",
    RefundCappedByCall = "refund-capped-by-call",
    SecondRefundSwallowed = "second-refund-swallowed",
    RefundTwice = "refund-twice",
    RefundInOtherCurrency = "refund-in-other-currency",
    RefundDuringDispute = "refund-during-dispute",
    FailedRefundTakenAsPaid = "failed-refund-taken-as-paid",
    ClawbackForgotten = "clawback-forgotten",
    FunderNotBilled = "funder-not-billed",
    SettledAtPar = "settled-at-par",
    InvoiceWithoutTax = "invoice-without-tax",
    WholeOrderInvoiced = "whole-order-invoiced",
    CreditMemoForgotten = "credit-memo-forgotten",
    CreditMemoWithoutTax = "credit-memo-without-tax",
    ReturnTaxForgotten = "return-tax-forgotten",
    ReturnTaxedToday = "return-taxed-today",
    WholeOrderTaxed = "whole-order-taxed",
    TaxedOnCustomersShare = "taxed-on-customers-share",
    TaxSchemeLost = "tax-scheme-lost",
    FieldLeftOut = "field-left-out",
    RetryAfterIgnored = "retry-after-ignored",
    PausesDoNotGrow = "pauses-do-not-grow",
    ReplayUnderNewKeys = "replay-under-new-keys",
    ReplayLeavesPostingsOut = "replay-leaves-postings-out",
    FirstAuthorizationUsed = "first-authorization-used",
    CreditMemoInOtherCurrency = "credit-memo-in-other-currency",
    TaxReportedAtAcceptance = "tax-reported-at-acceptance",
    OldAnswerWins = "old-answer-wins",
    DatedAsPosted = "dated-as-posted",
    ShippingGrantedTwice = "shipping-granted-twice",
    AuditRecordSkipped = "audit-record-skipped",
    AuditForeignChain = "audit-foreign-chain",
    CustomerToldToWarehouse = "customer-told-to-warehouse",
    StoresTakeFinalSale = "stores-take-final-sale",
    FeedCursorBeforeOrders = "feed-cursor-before-orders",
}

impl Defect {
    /// Finds a defect by its identifier.
    pub fn find(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|defect| defect.id() == id)
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// Which defect is on, and which ones would have made a difference. Clones share both.
///
/// ```
/// use counterproof_middleware::{Defect, Defects};
///
/// let none = Defects::default();
/// assert!(!none.meets(Defect::RefundWithoutTax));
/// let one = Defects::on(Defect::RefundWithoutTax);
/// assert!(one.meets(Defect::RefundWithoutTax) && !one.meets(Defect::RefundTwice));
/// assert_eq!(one.reached(), [Defect::RefundWithoutTax, Defect::RefundTwice]);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Defects(Option<Arc<Switch>>);

#[derive(Debug)]
struct Switch {
    on: Option<Defect>,
    reached: Vec<AtomicBool>,
}

impl Defects {
    /// None is on, and what is reached is remembered.
    pub fn watched() -> Self {
        Self::switch(None)
    }

    /// This one is on.
    pub fn on(defect: Defect) -> Self {
        Self::switch(Some(defect))
    }

    fn switch(on: Option<Defect>) -> Self {
        let reached = Defect::ALL.iter().map(|_| AtomicBool::new(false)).collect();
        Self(Some(Arc::new(Switch { on, reached })))
    }

    /// Asked where a defect would make a difference: whether it is on.
    pub fn meets(&self, defect: Defect) -> bool {
        let Some(switch) = &self.0 else { return false };
        if let Some(reached) = switch.reached.get(defect as usize) {
            reached.store(true, Ordering::Relaxed);
        }
        switch.on == Some(defect)
    }

    /// The defects whose places were reached so far, in the order of their declaration.
    pub fn reached(&self) -> Vec<Defect> {
        let Some(switch) = &self.0 else { return Vec::new() };
        let was = |defect: &Defect| {
            switch.reached.get(*defect as usize).is_some_and(|reached| reached.load(Ordering::Relaxed))
        };
        Defect::ALL.iter().copied().filter(was).collect()
    }
}
