//! The scenario pack that is built into the command.

/// Path in the project and text of each feature file; a test compares the list with the folder.
pub const PACK: &[(&str, &str)] = &[
    ("scenarios/orders/plain_order.feature", include_str!("../../../scenarios/orders/plain_order.feature")),
    (
        "scenarios/orders/rejected_order.feature",
        include_str!("../../../scenarios/orders/rejected_order.feature"),
    ),
    ("scenarios/orders/cancellation.feature", include_str!("../../../scenarios/orders/cancellation.feature")),
    (
        "scenarios/orders/marketplace_feed.feature",
        include_str!("../../../scenarios/orders/marketplace_feed.feature"),
    ),
    (
        "scenarios/orders/channels_and_tenders.feature",
        include_str!("../../../scenarios/orders/channels_and_tenders.feature"),
    ),
    ("scenarios/orders/kits.feature", include_str!("../../../scenarios/orders/kits.feature")),
    (
        "scenarios/fulfillment/split_shipment.feature",
        include_str!("../../../scenarios/fulfillment/split_shipment.feature"),
    ),
    (
        "scenarios/fulfillment/promised_dates.feature",
        include_str!("../../../scenarios/fulfillment/promised_dates.feature"),
    ),
    (
        "scenarios/fulfillment/carrier_scans.feature",
        include_str!("../../../scenarios/fulfillment/carrier_scans.feature"),
    ),
    (
        "scenarios/fulfillment/undelivered.feature",
        include_str!("../../../scenarios/fulfillment/undelivered.feature"),
    ),
    (
        "scenarios/fulfillment/lost_parcels.feature",
        include_str!("../../../scenarios/fulfillment/lost_parcels.feature"),
    ),
    (
        "scenarios/returns/advance_refund.feature",
        include_str!("../../../scenarios/returns/advance_refund.feature"),
    ),
    (
        "scenarios/returns/store_return.feature",
        include_str!("../../../scenarios/returns/store_return.feature"),
    ),
    (
        "scenarios/returns/return_requests.feature",
        include_str!("../../../scenarios/returns/return_requests.feature"),
    ),
    (
        "scenarios/returns/marketplace_return.feature",
        include_str!("../../../scenarios/returns/marketplace_return.feature"),
    ),
    (
        "scenarios/returns/store_purchase.feature",
        include_str!("../../../scenarios/returns/store_purchase.feature"),
    ),
    ("scenarios/returns/final_sale.feature", include_str!("../../../scenarios/returns/final_sale.feature")),
    (
        "scenarios/returns/blind_return.feature",
        include_str!("../../../scenarios/returns/blind_return.feature"),
    ),
    (
        "scenarios/returns/expired_return.feature",
        include_str!("../../../scenarios/returns/expired_return.feature"),
    ),
    ("scenarios/returns/mail_return.feature", include_str!("../../../scenarios/returns/mail_return.feature")),
    ("scenarios/returns/gift_return.feature", include_str!("../../../scenarios/returns/gift_return.feature")),
    (
        "scenarios/returns/dispositions.feature",
        include_str!("../../../scenarios/returns/dispositions.feature"),
    ),
    (
        "scenarios/returns/serial_numbers.feature",
        include_str!("../../../scenarios/returns/serial_numbers.feature"),
    ),
    ("scenarios/returns/exchange.feature", include_str!("../../../scenarios/returns/exchange.feature")),
    (
        "scenarios/inventory/availability.feature",
        include_str!("../../../scenarios/inventory/availability.feature"),
    ),
    (
        "scenarios/resilience/duplicates.feature",
        include_str!("../../../scenarios/resilience/duplicates.feature"),
    ),
    (
        "scenarios/resilience/erp_outage.feature",
        include_str!("../../../scenarios/resilience/erp_outage.feature"),
    ),
    (
        "scenarios/resilience/lost_answers.feature",
        include_str!("../../../scenarios/resilience/lost_answers.feature"),
    ),
    (
        "scenarios/resilience/connections.feature",
        include_str!("../../../scenarios/resilience/connections.feature"),
    ),
    (
        "scenarios/resilience/unreliable_partners.feature",
        include_str!("../../../scenarios/resilience/unreliable_partners.feature"),
    ),
    ("scenarios/resilience/recovery.feature", include_str!("../../../scenarios/resilience/recovery.feature")),
    ("scenarios/resilience/access.feature", include_str!("../../../scenarios/resilience/access.feature")),
    (
        "scenarios/resilience/back_pressure.feature",
        include_str!("../../../scenarios/resilience/back_pressure.feature"),
    ),
    ("scenarios/resilience/versions.feature", include_str!("../../../scenarios/resilience/versions.feature")),
    (
        "scenarios/resilience/work_by_hand.feature",
        include_str!("../../../scenarios/resilience/work_by_hand.feature"),
    ),
    (
        "scenarios/orders/acknowledgment.feature",
        include_str!("../../../scenarios/orders/acknowledgment.feature"),
    ),
    (
        "scenarios/resilience/degradation.feature",
        include_str!("../../../scenarios/resilience/degradation.feature"),
    ),
    (
        "scenarios/resilience/conflicts.feature",
        include_str!("../../../scenarios/resilience/conflicts.feature"),
    ),
    (
        "scenarios/resilience/partition.feature",
        include_str!("../../../scenarios/resilience/partition.feature"),
    ),
    (
        "scenarios/returns/return_window.feature",
        include_str!("../../../scenarios/returns/return_window.feature"),
    ),
    ("scenarios/returns/recall.feature", include_str!("../../../scenarios/returns/recall.feature")),
    ("scenarios/returns/no_receipt.feature", include_str!("../../../scenarios/returns/no_receipt.feature")),
    (
        "scenarios/returns/return_seasons.feature",
        include_str!("../../../scenarios/returns/return_seasons.feature"),
    ),
    ("scenarios/returns/warranty.feature", include_str!("../../../scenarios/returns/warranty.feature")),
    (
        "scenarios/master_data/customers.feature",
        include_str!("../../../scenarios/master_data/customers.feature"),
    ),
    ("scenarios/inventory/transfers.feature", include_str!("../../../scenarios/inventory/transfers.feature")),
    ("scenarios/tax/promotions.feature", include_str!("../../../scenarios/tax/promotions.feature")),
    ("scenarios/tax/sales_tax.feature", include_str!("../../../scenarios/tax/sales_tax.feature")),
    ("scenarios/tax/cross_border.feature", include_str!("../../../scenarios/tax/cross_border.feature")),
    ("scenarios/tax/currencies.feature", include_str!("../../../scenarios/tax/currencies.feature")),
    ("scenarios/tax/tax_engine.feature", include_str!("../../../scenarios/tax/tax_engine.feature")),
    ("scenarios/resilience/crash.feature", include_str!("../../../scenarios/resilience/crash.feature")),
    ("scenarios/resilience/restored.feature", include_str!("../../../scenarios/resilience/restored.feature")),
    ("scenarios/payments/captures.feature", include_str!("../../../scenarios/payments/captures.feature")),
    (
        "scenarios/payments/authorizations.feature",
        include_str!("../../../scenarios/payments/authorizations.feature"),
    ),
    (
        "scenarios/payments/refund_failures.feature",
        include_str!("../../../scenarios/payments/refund_failures.feature"),
    ),
    ("scenarios/payments/disputes.feature", include_str!("../../../scenarios/payments/disputes.feature")),
    ("scenarios/returns/keep_item.feature", include_str!("../../../scenarios/returns/keep_item.feature")),
    (
        "scenarios/payments/price_adjustments.feature",
        include_str!("../../../scenarios/payments/price_adjustments.feature"),
    ),
    ("scenarios/payments/gift_cards.feature", include_str!("../../../scenarios/payments/gift_cards.feature")),
    (
        "scenarios/payments/split_tenders.feature",
        include_str!("../../../scenarios/payments/split_tenders.feature"),
    ),
    (
        "scenarios/inventory/lapsed_claims.feature",
        include_str!("../../../scenarios/inventory/lapsed_claims.feature"),
    ),
    ("scenarios/erp/document_intake.feature", include_str!("../../../scenarios/erp/document_intake.feature")),
    (
        "scenarios/master_data/products.feature",
        include_str!("../../../scenarios/master_data/products.feature"),
    ),
    ("scenarios/master_data/places.feature", include_str!("../../../scenarios/master_data/places.feature")),
    (
        "scenarios/omnichannel/offline_tills.feature",
        include_str!("../../../scenarios/omnichannel/offline_tills.feature"),
    ),
    ("scenarios/batch/order_files.feature", include_str!("../../../scenarios/batch/order_files.feature")),
    ("scenarios/batch/count_files.feature", include_str!("../../../scenarios/batch/count_files.feature")),
    ("scenarios/batch/return_files.feature", include_str!("../../../scenarios/batch/return_files.feature")),
    (
        "scenarios/orders/order_changes.feature",
        include_str!("../../../scenarios/orders/order_changes.feature"),
    ),
    (
        "scenarios/fulfillment/short_picks.feature",
        include_str!("../../../scenarios/fulfillment/short_picks.feature"),
    ),
    (
        "scenarios/fulfillment/cancel_races.feature",
        include_str!("../../../scenarios/fulfillment/cancel_races.feature"),
    ),
    (
        "scenarios/omnichannel/store_pickup.feature",
        include_str!("../../../scenarios/omnichannel/store_pickup.feature"),
    ),
    (
        "scenarios/omnichannel/ship_from_store.feature",
        include_str!("../../../scenarios/omnichannel/ship_from_store.feature"),
    ),
    (
        "scenarios/inventory/backorders.feature",
        include_str!("../../../scenarios/inventory/backorders.feature"),
    ),
    ("scenarios/peak/declared_times.feature", include_str!("../../../scenarios/peak/declared_times.feature")),
    ("scenarios/peak/critical_first.feature", include_str!("../../../scenarios/peak/critical_first.feature")),
];

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use std::{collections::BTreeSet, fs, path::Path};

    use super::PACK;

    fn collect(folder: &Path, root: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, root, found);
            } else if path.extension().is_some_and(|extension| extension == "feature") {
                found.insert(path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/"));
            }
        }
    }

    #[test]
    fn every_feature_file_is_built_in() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut found = BTreeSet::new();
        collect(&root.join("scenarios"), root, &mut found);
        let listed: BTreeSet<String> = PACK.iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(listed, found);
    }
}
