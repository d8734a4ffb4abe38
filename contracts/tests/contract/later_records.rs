//! The fields of documents about returns, money given back, taxes, stock and messages.

use counterproof_contracts::{model::*, protocol::*};
use proptest::{option, prelude::*};

use crate::random::{
    COUNT, QUANTITY, RATE_PPM, Random, SAFE, SEQUENCE, at_least_one, country, identifier, jurisdiction,
    money, positive, reference, text, unit_amounts,
};

records! {
    ReturnLine {
        line_id,
        sku,
        quantity: QUANTITY,
        reason,
    }
    ReturnRequest {
        order_number,
        return_reference: reference(),
        method,
        resolution,
        gift_recipient_ref,
        lines: at_least_one(),
        exchange,
        held_receipt_id,
        instant_refund,
    }
    Concession {
        amount: option::of(positive()),
        percent: option::of(1..=100_u32),
    }
    AdjustedLine {
        line_id,
        concession,
    }
    PriceAdjustment {
        order_number,
        adjustment_id: reference(),
        reason: text(4000),
        lines,
        shipping,
    }
    AdjustmentDecision {
        order_number,
        adjustment_id: reference(),
        amount,
        shipping,
        refunds,
    }
    ReturnCancellation {
        order_number,
        rma_id,
        reason: text(4000),
    }
    ReturnRejection {
        receipt_id,
        order_number,
        node_id,
        lines: at_least_one(),
        tracking_number,
    }
    FoundItem {
        line_id,
        sku,
        quantity: QUANTITY,
    }
    HeldGoods {
        receipt_id,
        order_number,
        node_id,
        lines: at_least_one(),
        reason,
    }
    BlindReceipt {
        receipt_id,
        case_number,
        node_id,
        received_at,
        items: at_least_one(),
    }
    ReturnAuthorization {
        rma_id,
        order_number,
        method,
        resolution,
        status,
        gift_recipient_ref,
        lines: at_least_one(),
        expires_at,
        tracking_number,
        exchange_id,
        held_receipt_id,
        advance_refund,
    }
    Inspection {
        receipt_id,
        order_number,
        node_id,
        lines: at_least_one(),
    }
    InspectedLine {
        line_id,
        sku,
        quantity: QUANTITY,
        grade,
        acceptance,
    }
    Disposition {
        line_id,
        sku,
        quantity: QUANTITY,
        code,
        target_node,
    }
    DispositionDecision {
        decision_id: reference(),
        receipt_id,
        order_number,
        lines: at_least_one(),
    }
    ReturnReceipt {
        receipt_id,
        order_number,
        rma_id,
        node_id,
        received_at,
        resolution,
        gift_recipient_ref,
        lines,
        grades,
        exchange,
        serials,
        unexpected,
        shipment_id,
        till_reference: option::of(identifier(128)),
    }
    RefundPart {
        refund_id,
        tender_id,
        kind,
        amount: positive(),
    }
    ReturnDecision {
        receipt_id,
        rma_id,
        order_number,
        status,
        refunds,
        dispositions,
    }
    Exchange {
        exchange_id,
        rma_id,
        order_number,
        replacement_order_number,
        status,
        price_difference: money(-SAFE..=SAFE),
    }
    ExchangeLink {
        exchange_id,
        order_number,
    }
    ExchangeRequest {
        exchange_id,
        replacement,
    }
    ExchangeSettlement {
        settlement_id: reference(),
        exchange_id,
        order_number,
        replacement_order_number,
        kind,
        amount: positive(),
        cause: reference(),
    }
    LineState {
        line_id,
        ordered: QUANTITY,
        canceled: COUNT,
        shipped: COUNT,
        returned: COUNT,
        lost: COUNT,
        backordered: COUNT,
    }
    OrderStatusUpdate {
        order_number,
        sequence: SEQUENCE,
        status,
        lines: at_least_one(),
        shipments,
        occurred_at,
        reason: proptest::option::of(text(4000)),
        changes,
        promises,
    }
    RevisedPromise {
        line_id,
        revision: 1..=1_000_000_u32,
        promised_by,
        reason,
        consent_by,
    }
    DelayConsent {
        order_number,
        line_id,
        revision: 1..=1_000_000_u32,
    }
    OrderSearchResult { items }
    RefundNotice {
        order_number,
        refund,
        cause: reference(),
        replaces,
    }
    TimelineEntry {
        entry_id: reference(),
        order_number,
        sequence: SEQUENCE,
        occurred_at,
        text: text(4000),
        status,
        lines: at_least_one(),
    }
    RefundView {
        part,
        status,
        cause: reference(),
    }
    ReturnView {
        rma_id,
        status,
    }
    OrderView {
        order_number,
        sales_channel,
        channel_order_id,
        status,
        total,
        gift,
        lines: at_least_one(),
        items,
        shipments,
        returns,
        refunds,
        version: proptest::option::of(1_u32..=1_000_000),
        exchanges,
        promises,
    }
    StoredValueAccount {
        account_id,
        kind,
        customer_ref,
        balance,
    }
    StoreCreditRequest {
        customer_ref,
        order_number,
        cause: reference(),
        amount: positive(),
    }
    GiftCardRequest {
        order_number,
        line_id,
        delivery_id,
        amount: positive(),
    }
    GiftCard {
        account_id,
        order_number,
        line_id,
        delivery_id,
        amount: positive(),
    }
    AccountEntryRequest {
        order_number,
        cause: reference(),
        amount: positive(),
    }
    StoreCredit {
        entry_id: reference(),
        account_id,
        kind,
        order_number,
        cause: reference(),
        amount: positive(),
        balance,
    }
    TaxTerms {
        scheme,
        collector,
        exemption_certificate: option::of(identifier(128)),
    }
    SettlementTerms {
        currency,
        presentment_units: 1..=1_000_000_000_i64,
        settlement_units: 1..=1_000_000_000_i64,
    }
    SettledAmounts {
        amount,
        tax,
    }
    Contribution {
        funding,
        amount: positive(),
    }
    TaxLine {
        jurisdiction: jurisdiction(),
        tax_type,
        rate_ppm: RATE_PPM,
        unit_amounts: unit_amounts(),
    }
    TaxDocumentLine {
        line_id,
        quantity: COUNT,
        jurisdiction: jurisdiction(),
        rate_ppm: RATE_PPM,
        taxable_base,
        tax,
        tax_type,
    }
    TaxDocument {
        document_code,
        kind,
        order_number,
        shipment_id,
        original_document_code,
        tax_date,
        status,
        lines: at_least_one(),
        total_tax,
        scheme,
    }
    TaxQuoteRequest {
        order_number,
        country: country(),
        postal_code: text(16),
        tax_date,
        lines: at_least_one(),
        currency,
        tax_terms,
    }
    TaxQuoteLine {
        line_id,
        sku,
        quantity: QUANTITY,
        tax_included,
        unit_amounts: unit_amounts(),
    }
    TaxQuote {
        order_number,
        lines: at_least_one(),
        total_tax,
    }
    QuotedTax {
        line_id,
        taxes,
    }
    OrderAcknowledgment {
        order_number,
        order_id: reference(),
        status,
    }
    CancellationRequest {
        order_number,
        cancellation_id: reference(),
        lines,
        reason: text(4000),
    }
    Cancellation {
        order_number,
        cancellation_id: reference(),
        status,
        canceled,
    }
    ReplayRequest {
        order_number,
        reason: text(4000),
    }
    OrderReplay {
        order_number,
        calls: 0..=1000_u32,
    }
    DeadLetter {
        dead_letter_id: reference(),
        order_number,
        partner,
        operation: text(256),
        attempts: 0..=u32::MAX,
        reason: text(4000),
        recorded_at,
    }
    DeadLetterList {
        items,
    }
    AuditRecord {
        sequence: SEQUENCE,
        order_number,
        text: text(4000),
        source_system,
        correlation_id: reference(),
        causation_id: reference(),
        occurred_at,
        recorded_at,
    }
    AuditTrail {
        order_number,
        items,
    }
    Health {
        status: text(64),
        version: text(64),
        partners,
    }
    DeadLetterReplay {
        reason: text(4000),
    }
    PartnerHealth {
        partner,
        mode,
        failing_calls: 0_u64..=1_000_000_000,
    }
    SalesOrderAcknowledged {
        erp_document,
        order_number,
    }
    FieldError {
        pointer: text(1000),
        detail: text(4000),
    }
}
