//! Every enumeration of the contract, variant by variant, against its code list in `codes.json`.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};

use counterproof_contracts::{
    lifecycle::Lifecycle,
    model::*,
    protocol::{CancellationStatus, PartnerMode, ProblemKind},
};
use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};

use crate::{files, random::Random};

/// Lists an enumeration's variants; one that is forgotten does not compile.
macro_rules! codes {
    ($($list:literal: $name:ident { $($variant:ident),+ $(,)? })+) => {
        $(impl Random for $name {
            fn random() -> BoxedStrategy<Self> {
                let all = vec![$(Self::$variant),+];
                for code in &all {
                    match code { $(Self::$variant => {})+ }
                }
                select(all).boxed()
            }
        })+

        fn lists() -> BTreeMap<&'static str, Vec<Value>> {
            BTreeMap::from([$(($list, vec![$(serde_json::to_value($name::$variant).unwrap()),+])),+])
        }
    };
}

codes! {
    "acceptance": Acceptance { Accepted, Rejected }
    "account_kind": AccountKind { GiftCard, StoreCredit }
    "authorization_status": AuthorizationStatus { Authorized, PartiallyCaptured, Captured, Voided, Expired }
    "batch_format": BatchFormat { Csv, Jsonl }
    "batch_kind": BatchKind { Orders, Inventory, Returns, Statuses }
    "batch_status": BatchStatus { Accepted, PartiallyAccepted, Refused }
    "cancellation_status": CancellationStatus { Pending, Canceled, PartiallyCanceled, Refused }
    "change_status": ChangeStatus { Pending, Accepted, Refused }
    "delay_reason": DelayReason { BackOrder, SlowNode, NotShipped, Carrier }
    "capture_status": CaptureStatus { Pending, Succeeded, Failed }
    "condition_grade": ConditionGrade { A, B, C, D }
    "disposition_code": DispositionCode {
        ToStock, ToOutlet, Liquidate, Destroy, Quarantine, Refurbish, ReturnToVendor, Donate, Missing,
    }
    "dispute_status": DisputeStatus { Open, Won, Lost }
    "entry_kind": EntryKind { Debit, Credit }
    "exchange_settlement_kind": ExchangeSettlementKind { Applied, Returned }
    "exchange_status": ExchangeStatus {
        Requested, ReturnPending, ReplacementReleased, Completed, RevertedToRefund,
    }
    "fulfillment_status": FulfillmentStatus { Requested, Accepted, PartiallyShipped, Shipped, Canceled, Rejected }
    "hold_reason": HoldReason { NotAuthorized, OverReceipt, WrongItem, NoOrder }
    "movement_reason": MovementReason { GoodsIssue, CustomerReturn, Adjustment, GoodsReceipt, Disposition, Transfer }
    "node_kind": NodeKind { DistributionCenter, Store, ThirdParty, Outlet }
    "order_status": OrderStatus {
        Placed, Accepted, Rejected, InFulfillment, ReadyForPickup, PartiallyShipped, Shipped, Delivered, PartiallyReturned,
        Returned, Canceled,
    }
    "partner_mode": PartnerMode { Normal, Impaired }
    "posting_kind": PostingKind { Invoice, CreditMemo, ExchangeSettlement, WriteOff }
    "posting_status": PostingStatus { Pending, Posted, Failed }
    "product_status": ProductStatus { Active, Discontinued }
    "promotion_funding": PromotionFunding { Retailer, Manufacturer, Marketplace }
    "promotion_scope": PromotionScope { Order, Line, Shipping }
    "refund_status": RefundStatus { Requested, Pending, Succeeded, Failed, Canceled }
    "resolution": Resolution { Refund, StoreCredit, Exchange }
    "return_method": ReturnMethod { Mail, Store, Lost, KeepItem }
    "return_reason": ReturnReason {
        Defective, DamagedInTransit, WrongItem, NotAsDescribed, SizeSmall, SizeLarge, ChangedMind,
        LateDelivery, GiftUnwanted, RefusedDelivery, NotReceived, Recall,
    }
    "return_status": ReturnStatus {
        Requested, Approved, Declined, PartiallyReceived, Received, Closed, Expired, Canceled,
    }
    "sales_channel": SalesChannel { Web, Mobile, Social, Marketplace, Store, CallCenter }
    "scan_code": ScanCode {
        PickedUp, InTransit, OutForDelivery, DeliveryAttempted, Delivered, ReturnToSender, Lost,
    }
    "shipment_status": ShipmentStatus {
        Created, LabelPurchased, ReadyForPickup, Shipped, InTransit, OutForDelivery, Delivered, ReturnToSender, Lost, Voided,
    }
    "stock_condition": StockCondition {
        Sellable, Outlet, Quarantine, Liquidation, Damaged, Refurbishment, VendorReturn, InTransit,
    }
    "system": System {
        Erp, Wms, Psp, Carrier, Tax, Storefront, Marketplace, Pos, CustomerService, StoredValue, Middleware,
    }
    "tax_collector": TaxCollector { Retailer, Marketplace }
    "tax_document_kind": TaxDocumentKind { SalesInvoice, ReturnInvoice }
    "tax_document_status": TaxDocumentStatus { Committed, Voided, Locked }
    "tax_scheme": TaxScheme { Domestic, Oss, Ioss, Ddp, Dap }
    "tax_type": TaxType { Vat, Sales, Duty }
    "unfulfilled_reason": UnfulfilledReason { NotFound, Damaged, SubstitutionRefused, Overloaded, PickupExpired }
    "write_off_kind": WriteOffKind { WrittenOff, Recovered }
    "transfer_posting_kind": TransferPostingKind { Dispatched, Received, WrittenOff }
    "tender_kind": TenderKind { Card, GiftCard, StoreCredit, MarketplaceCollected, ExchangeCredit }
}

fn published() -> BTreeMap<String, Vec<Value>> {
    let codes = files::read("schemas").remove("codes").unwrap();
    let list = |schema: &Value| schema["enum"].as_array().unwrap().clone();
    codes["$defs"].as_object().unwrap().iter().map(|(name, schema)| (name.clone(), list(schema))).collect()
}

#[test]
fn every_enumeration_is_its_code_list_in_the_same_order() {
    let mut expected: BTreeMap<String, Vec<Value>> =
        lists().into_iter().map(|(name, codes)| (name.to_owned(), codes)).collect();
    let problems = ProblemKind::ALL.iter().map(|kind| json!(kind.uri())).collect();
    expected.insert("problem_type".to_owned(), problems);
    assert_eq!(published(), expected);
}

#[test]
fn every_status_with_a_life_is_a_code_list() {
    fn check<S: Lifecycle>(list: &str) {
        let names: Vec<Value> = S::ALL.iter().map(|status| json!(status.name())).collect();
        assert_eq!(published()[list], names, "{}", S::ENTITY);
    }
    check::<OrderStatus>("order_status");
    check::<FulfillmentStatus>("fulfillment_status");
    check::<ShipmentStatus>("shipment_status");
    check::<AuthorizationStatus>("authorization_status");
    check::<CaptureStatus>("capture_status");
    check::<RefundStatus>("refund_status");
    check::<DisputeStatus>("dispute_status");
    check::<ReturnStatus>("return_status");
    check::<TaxDocumentStatus>("tax_document_status");
    check::<ExchangeStatus>("exchange_status");
}

#[test]
fn every_code_is_explained() {
    let codes = files::read("schemas").remove("codes").unwrap();
    for (name, list) in codes["$defs"].as_object().unwrap() {
        let text = list["description"].as_str().unwrap();
        for code in list["enum"].as_array().unwrap() {
            let short = code.as_str().unwrap().rsplit(':').next().unwrap();
            assert!(text.contains(&format!("`{short}`")), "{name}: {short} is not explained");
        }
        let distinct: BTreeSet<String> =
            list["enum"].as_array().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(distinct.len(), list["enum"].as_array().unwrap().len(), "{name} repeats a code");
    }
}
