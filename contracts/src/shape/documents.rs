//! The published files, embedded. One list for each folder; a test holds the lists against the folders.

/// A published file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Document {
    /// File name without `.json`.
    pub(crate) stem: &'static str,
    /// The file, unread.
    pub(crate) text: &'static str,
}

/// A published file by folder and stem.
macro_rules! document {
    ($folder:literal, $stem:literal) => {
        Document { stem: $stem, text: include_str!(concat!("../../", $folder, "/v1/", $stem, ".json")) }
    };
}

/// Schemas that other schemas take values from; no document is described by them.
pub(crate) const VALUES: &[Document] = &[document!("schemas", "codes"), document!("schemas", "common")];

/// One schema for each document, in alphabetical order.
pub(crate) const SCHEMAS: &[Document] = &[
    document!("schemas", "account-entry-request"),
    document!("schemas", "address"),
    document!("schemas", "adjusted-line"),
    document!("schemas", "adjustment-decision"),
    document!("schemas", "advance-refund"),
    document!("schemas", "audit-record"),
    document!("schemas", "audit-trail"),
    document!("schemas", "authorization"),
    document!("schemas", "authorization-request"),
    document!("schemas", "availability"),
    document!("schemas", "batch-acknowledgment"),
    document!("schemas", "batch-file"),
    document!("schemas", "blind-receipt"),
    document!("schemas", "cancellation"),
    document!("schemas", "cancellation-lines"),
    document!("schemas", "cancellation-request"),
    document!("schemas", "capture"),
    document!("schemas", "capture-request"),
    document!("schemas", "carrier-scan"),
    document!("schemas", "channel-availability"),
    document!("schemas", "cloud-event"),
    document!("schemas", "concession"),
    document!("schemas", "contribution"),
    document!("schemas", "credit-memo"),
    document!("schemas", "customer"),
    document!("schemas", "customer-change"),
    document!("schemas", "dead-letter"),
    document!("schemas", "dead-letter-list"),
    document!("schemas", "dead-letter-replay"),
    document!("schemas", "delay-consent"),
    document!("schemas", "disposition"),
    document!("schemas", "disposition-decision"),
    document!("schemas", "dispute"),
    document!("schemas", "exchange"),
    document!("schemas", "exchange-link"),
    document!("schemas", "exchange-request"),
    document!("schemas", "exchange-settlement"),
    document!("schemas", "fault-plan"),
    document!("schemas", "feed-change"),
    document!("schemas", "feed-item"),
    document!("schemas", "feed-page"),
    document!("schemas", "field-error"),
    document!("schemas", "financial-posting"),
    document!("schemas", "found-item"),
    document!("schemas", "fulfillment-cancellation"),
    document!("schemas", "fulfillment-cancellation-result"),
    document!("schemas", "fulfillment-change"),
    document!("schemas", "fulfillment-order"),
    document!("schemas", "gift"),
    document!("schemas", "gift-card"),
    document!("schemas", "gift-card-request"),
    document!("schemas", "health"),
    document!("schemas", "held-goods"),
    document!("schemas", "inspected-line"),
    document!("schemas", "inspection"),
    document!("schemas", "inventory-adjusted"),
    document!("schemas", "inventory-movement"),
    document!("schemas", "invoice"),
    document!("schemas", "item-quantity"),
    document!("schemas", "kit"),
    document!("schemas", "kit-component"),
    document!("schemas", "label"),
    document!("schemas", "label-attachment"),
    document!("schemas", "label-request"),
    document!("schemas", "line-quantity"),
    document!("schemas", "line-state"),
    document!("schemas", "location"),
    document!("schemas", "location-change"),
    document!("schemas", "order"),
    document!("schemas", "order-acknowledgment"),
    document!("schemas", "order-change"),
    document!("schemas", "order-change-result"),
    document!("schemas", "order-line"),
    document!("schemas", "order-replay"),
    document!("schemas", "order-search"),
    document!("schemas", "order-search-result"),
    document!("schemas", "order-status-update"),
    document!("schemas", "order-view"),
    document!("schemas", "partner-health"),
    document!("schemas", "posting-line"),
    document!("schemas", "posting-result"),
    document!("schemas", "price-adjustment"),
    document!("schemas", "problem"),
    document!("schemas", "product"),
    document!("schemas", "product-change"),
    document!("schemas", "promotion"),
    document!("schemas", "promotion-allocation"),
    document!("schemas", "quoted-tax"),
    document!("schemas", "recall"),
    document!("schemas", "recharge"),
    document!("schemas", "recharge-request"),
    document!("schemas", "refund"),
    document!("schemas", "refund-notice"),
    document!("schemas", "refund-part"),
    document!("schemas", "refund-request"),
    document!("schemas", "refund-view"),
    document!("schemas", "refused-record"),
    document!("schemas", "replay-request"),
    document!("schemas", "reservation"),
    document!("schemas", "reservation-release"),
    document!("schemas", "reservation-request"),
    document!("schemas", "reserved-line"),
    document!("schemas", "return-authorization"),
    document!("schemas", "return-cancellation"),
    document!("schemas", "return-decision"),
    document!("schemas", "return-line"),
    document!("schemas", "return-receipt"),
    document!("schemas", "return-rejection"),
    document!("schemas", "return-request"),
    document!("schemas", "return-view"),
    document!("schemas", "revised-promise"),
    document!("schemas", "sales-order"),
    document!("schemas", "sales-order-acknowledged"),
    document!("schemas", "sales-order-cancellation"),
    document!("schemas", "sales-order-change"),
    document!("schemas", "sales-order-list"),
    document!("schemas", "serialized-unit"),
    document!("schemas", "settled-amounts"),
    document!("schemas", "settlement-terms"),
    document!("schemas", "shipment"),
    document!("schemas", "shipping-charge"),
    document!("schemas", "stock-count"),
    document!("schemas", "stock-level"),
    document!("schemas", "stock-level-list"),
    document!("schemas", "stock-publication"),
    document!("schemas", "store-credit"),
    document!("schemas", "store-credit-request"),
    document!("schemas", "stored-value-account"),
    document!("schemas", "substitution-answer"),
    document!("schemas", "substitution-proposal"),
    document!("schemas", "tax-document"),
    document!("schemas", "tax-document-line"),
    document!("schemas", "tax-line"),
    document!("schemas", "tax-quote"),
    document!("schemas", "tax-quote-line"),
    document!("schemas", "tax-quote-request"),
    document!("schemas", "tax-terms"),
    document!("schemas", "tender"),
    document!("schemas", "timeline-entry"),
    document!("schemas", "transfer"),
    document!("schemas", "transfer-line"),
    document!("schemas", "transfer-loss"),
    document!("schemas", "transfer-posting"),
    document!("schemas", "transfer-receipt"),
    document!("schemas", "unfulfilled-units"),
    document!("schemas", "void-request"),
    document!("schemas", "write-off"),
];

/// One OpenAPI file for each system; the stem is the system's name with `-` for `_`.
pub(crate) const OPENAPI: &[Document] = &[
    document!("openapi", "carrier"),
    document!("openapi", "customer-service"),
    document!("openapi", "erp"),
    document!("openapi", "marketplace"),
    document!("openapi", "middleware"),
    document!("openapi", "pos"),
    document!("openapi", "psp"),
    document!("openapi", "stored-value"),
    document!("openapi", "storefront"),
    document!("openapi", "tax"),
    document!("openapi", "wms"),
];

/// The one AsyncAPI file.
pub(crate) const ASYNCAPI: Document = document!("asyncapi", "events");

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use std::{fs, path::Path};

    use super::*;

    fn published(folder: &str) -> Vec<String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join("v1");
        let mut stems: Vec<String> = fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .map(|name| name.strip_suffix(".json").unwrap().to_owned())
            .collect();
        stems.sort();
        stems
    }

    fn listed(documents: &[Document]) -> Vec<&'static str> {
        documents.iter().map(|document| document.stem).collect()
    }

    #[test]
    fn the_lists_are_the_folders() {
        assert!(SCHEMAS.is_sorted_by_key(|document| document.stem));
        let mut schemas = [listed(VALUES), listed(SCHEMAS)].concat();
        schemas.sort_unstable();
        assert_eq!(schemas, published("schemas"));
        assert_eq!(listed(OPENAPI), published("openapi"));
        assert_eq!(listed(&[ASYNCAPI]), published("asyncapi"));
    }
}
