//! Which Rust type a schema describes: one table.

#![expect(clippy::unwrap_used, reason = "a test")]

use counterproof_contracts::{faults::Plan, model::*, protocol::*, shape};
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::random::Random;

/// A schema and its Rust type.
pub(crate) struct DocumentType {
    pub(crate) stem: &'static str,
    /// Reads a document into the type and writes it again.
    pub(crate) rewrite: fn(&Value) -> Result<Value, String>,
    /// Writes a random value of the type, reads it again and compares; gives what was written.
    pub(crate) random: fn() -> BoxedStrategy<Value>,
}

fn of<T: Serialize + DeserializeOwned + Random + PartialEq>(stem: &'static str) -> DocumentType {
    DocumentType {
        stem,
        rewrite: |document| {
            let typed = T::deserialize(document).map_err(|error| error.to_string())?;
            serde_json::to_value(typed).map_err(|error| error.to_string())
        },
        random: || {
            let written = |value: T| {
                let document = serde_json::to_value(&value).unwrap();
                assert_eq!(T::deserialize(&document).unwrap(), value, "does not survive the wire");
                document
            };
            T::random().prop_map(written).boxed()
        },
    }
}

/// Every document of the contract.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(crate) fn all() -> Vec<DocumentType> {
    vec![
        of::<AccountEntryRequest>("account-entry-request"),
        of::<Address>("address"),
        of::<AdjustedLine>("adjusted-line"),
        of::<AdjustmentDecision>("adjustment-decision"),
        of::<AdvanceRefund>("advance-refund"),
        of::<AuditRecord>("audit-record"),
        of::<AuditTrail>("audit-trail"),
        of::<Authorization>("authorization"),
        of::<AuthorizationRequest>("authorization-request"),
        of::<Availability>("availability"),
        of::<BatchAcknowledgment>("batch-acknowledgment"),
        of::<BatchFile>("batch-file"),
        of::<BlindReceipt>("blind-receipt"),
        of::<Cancellation>("cancellation"),
        of::<CancellationLines>("cancellation-lines"),
        of::<CancellationRequest>("cancellation-request"),
        of::<Capture>("capture"),
        of::<CaptureRequest>("capture-request"),
        of::<CarrierScan>("carrier-scan"),
        of::<ChannelAvailability>("channel-availability"),
        of::<CloudEvent>("cloud-event"),
        of::<Concession>("concession"),
        of::<Contribution>("contribution"),
        of::<CreditMemo>("credit-memo"),
        of::<Customer>("customer"),
        of::<CustomerChange>("customer-change"),
        of::<DeadLetter>("dead-letter"),
        of::<DeadLetterList>("dead-letter-list"),
        of::<DeadLetterReplay>("dead-letter-replay"),
        of::<DelayConsent>("delay-consent"),
        of::<Disposition>("disposition"),
        of::<DispositionDecision>("disposition-decision"),
        of::<Dispute>("dispute"),
        of::<Exchange>("exchange"),
        of::<ExchangeLink>("exchange-link"),
        of::<ExchangeRequest>("exchange-request"),
        of::<ExchangeSettlement>("exchange-settlement"),
        of::<Plan>("fault-plan"),
        of::<FeedChange>("feed-change"),
        of::<FeedItem>("feed-item"),
        of::<FeedPage>("feed-page"),
        of::<FieldError>("field-error"),
        of::<FinancialPosting>("financial-posting"),
        of::<FoundItem>("found-item"),
        of::<FulfillmentCancellation>("fulfillment-cancellation"),
        of::<FulfillmentCancellationResult>("fulfillment-cancellation-result"),
        of::<FulfillmentChange>("fulfillment-change"),
        of::<FulfillmentOrder>("fulfillment-order"),
        of::<Gift>("gift"),
        of::<GiftCard>("gift-card"),
        of::<GiftCardRequest>("gift-card-request"),
        of::<Health>("health"),
        of::<HeldGoods>("held-goods"),
        of::<InspectedLine>("inspected-line"),
        of::<Inspection>("inspection"),
        of::<InventoryAdjusted>("inventory-adjusted"),
        of::<InventoryMovement>("inventory-movement"),
        of::<Invoice>("invoice"),
        of::<ItemQuantity>("item-quantity"),
        of::<Kit>("kit"),
        of::<KitComponent>("kit-component"),
        of::<Label>("label"),
        of::<LabelAttachment>("label-attachment"),
        of::<LabelRequest>("label-request"),
        of::<LineQuantity>("line-quantity"),
        of::<LineState>("line-state"),
        of::<Location>("location"),
        of::<LocationChange>("location-change"),
        of::<Order>("order"),
        of::<OrderAcknowledgment>("order-acknowledgment"),
        of::<OrderChange>("order-change"),
        of::<OrderChangeResult>("order-change-result"),
        of::<OrderLine>("order-line"),
        of::<OrderReplay>("order-replay"),
        of::<OrderSearch>("order-search"),
        of::<OrderSearchResult>("order-search-result"),
        of::<OrderStatusUpdate>("order-status-update"),
        of::<OrderView>("order-view"),
        of::<PartnerHealth>("partner-health"),
        of::<PostingLine>("posting-line"),
        of::<PostingResult>("posting-result"),
        of::<PriceAdjustment>("price-adjustment"),
        of::<Problem>("problem"),
        of::<Product>("product"),
        of::<ProductChange>("product-change"),
        of::<Promotion>("promotion"),
        of::<PromotionAllocation>("promotion-allocation"),
        of::<QuotedTax>("quoted-tax"),
        of::<Recall>("recall"),
        of::<Recharge>("recharge"),
        of::<RechargeRequest>("recharge-request"),
        of::<Refund>("refund"),
        of::<RefundNotice>("refund-notice"),
        of::<RefundPart>("refund-part"),
        of::<RefundRequest>("refund-request"),
        of::<RefundView>("refund-view"),
        of::<RefusedRecord>("refused-record"),
        of::<ReplayRequest>("replay-request"),
        of::<Reservation>("reservation"),
        of::<ReservationRelease>("reservation-release"),
        of::<ReservationRequest>("reservation-request"),
        of::<ReservedLine>("reserved-line"),
        of::<ReturnAuthorization>("return-authorization"),
        of::<ReturnCancellation>("return-cancellation"),
        of::<ReturnDecision>("return-decision"),
        of::<ReturnLine>("return-line"),
        of::<ReturnReceipt>("return-receipt"),
        of::<ReturnRejection>("return-rejection"),
        of::<ReturnRequest>("return-request"),
        of::<ReturnView>("return-view"),
        of::<RevisedPromise>("revised-promise"),
        of::<SalesOrder>("sales-order"),
        of::<SalesOrderAcknowledged>("sales-order-acknowledged"),
        of::<SalesOrderCancellation>("sales-order-cancellation"),
        of::<SalesOrderChange>("sales-order-change"),
        of::<SalesOrderList>("sales-order-list"),
        of::<SerializedUnit>("serialized-unit"),
        of::<SettledAmounts>("settled-amounts"),
        of::<SettlementTerms>("settlement-terms"),
        of::<Shipment>("shipment"),
        of::<ShippingCharge>("shipping-charge"),
        of::<StockCount>("stock-count"),
        of::<StockLevel>("stock-level"),
        of::<StockLevelList>("stock-level-list"),
        of::<StockPublication>("stock-publication"),
        of::<StoreCredit>("store-credit"),
        of::<StoreCreditRequest>("store-credit-request"),
        of::<StoredValueAccount>("stored-value-account"),
        of::<SubstitutionAnswer>("substitution-answer"),
        of::<SubstitutionProposal>("substitution-proposal"),
        of::<TaxDocument>("tax-document"),
        of::<TaxDocumentLine>("tax-document-line"),
        of::<TaxLine>("tax-line"),
        of::<TaxQuote>("tax-quote"),
        of::<TaxQuoteLine>("tax-quote-line"),
        of::<TaxQuoteRequest>("tax-quote-request"),
        of::<TaxTerms>("tax-terms"),
        of::<Tender>("tender"),
        of::<TimelineEntry>("timeline-entry"),
        of::<Transfer>("transfer"),
        of::<TransferLine>("transfer-line"),
        of::<TransferLoss>("transfer-loss"),
        of::<TransferPosting>("transfer-posting"),
        of::<TransferReceipt>("transfer-receipt"),
        of::<UnfulfilledUnits>("unfulfilled-units"),
        of::<VoidRequest>("void-request"),
        of::<WriteOff>("write-off"),
    ]
}

/// The type of a schema.
pub(crate) fn find(stem: &str) -> DocumentType {
    all().into_iter().find(|document| document.stem == stem).unwrap_or_else(|| panic!("no type for {stem}"))
}

#[test]
fn every_schema_has_a_rust_type() {
    let typed: Vec<&str> = all().iter().map(|document| document.stem).collect();
    assert_eq!(typed, shape::schema_stems().collect::<Vec<_>>());
}

#[test]
fn whatever_a_type_writes_matches_its_schema() {
    let mut runner = TestRunner::deterministic();
    for DocumentType { stem, random, .. } in all() {
        let strategy = random();
        for _ in 0..64 {
            let document = strategy.new_tree(&mut runner).unwrap().current();
            assert_eq!(shape::document_errors(stem, &document), [], "{stem}: {document:#}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_event_matches_its_type(event in CloudEvent::random()) {
        let document = serde_json::to_value(&event).unwrap();
        prop_assert_eq!(shape::event_errors(&document), []);
        let data = EventData::from_value(event.known_type().unwrap(), &event.data).unwrap();
        prop_assert_eq!(data.to_value(), event.data);
    }
}
