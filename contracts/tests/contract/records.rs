//! The fields of every document, with the range of a field where its type allows more than the schema.

use counterproof_contracts::{model::*, protocol::*};
use proptest::{option, prelude::*};

use crate::random::{
    ATTEMPT, COUNT, QUANTITY, Random, SAFE, SEQUENCE, at_least_one, country, identifier, money, positive,
    reference, text, unit_amounts,
};

/// Nests strategies and patterns alike: proptest's tuples end at twelve.
macro_rules! nest {
    () => { Just(()) };
    ($first:expr $(, $rest:expr)*) => { ($first, nest!($($rest),*)) };
}

macro_rules! pattern {
    () => { () };
    ($first:ident $(, $rest:ident)*) => { ($first, pattern!($($rest),*)) };
}

/// The strategy of a field: the one that is given, else that of its type.
macro_rules! field {
    () => {
        Random::random()
    };
    ($strategy:expr) => {
        $strategy
    };
}

macro_rules! records {
    ($($name:ident { $($field:ident $(: $strategy:expr)?),+ $(,)? })+) => {$(
        impl Random for $name {
            fn random() -> BoxedStrategy<Self> {
                nest!($(field!($($strategy)?)),+)
                    .prop_map(|pattern!($($field),+)| Self { $($field),+ })
                    .boxed()
            }
        }
    )+};
}

records! {
    SalesOrder {
        erp_document,
        order_number,
        sales_channel,
        channel_order_id,
        customer_ref,
        currency,
        lines,
        total,
        total_tax,
        tax_terms,
        settlement,
    }
    SalesOrderChange {
        order_number,
        change_id: reference(),
        version: 2_u32..=1_000_000,
        total,
        total_tax,
        reason: text(4000),
    }
    OrderChange {
        order_number,
        change_id: reference(),
        reason: text(4000),
        changed,
    }
    OrderChangeResult {
        order_number,
        change_id: reference(),
        status,
        version: proptest::option::of(2_u32..=1_000_000),
        reason: proptest::option::of(text(4000)),
    }
    FulfillmentChange {
        order_number,
        change_id: reference(),
        ship_to,
    }
    UnfulfilledUnits {
        exception_id: reference(),
        fulfillment_order_id,
        order_number,
        node_id,
        lines: at_least_one(),
        reason,
    }
    FeedChange {
        feed,
    }
    FeedItem {
        order_number,
        correlation_id,
        order: Order::random().prop_map(|order| serde_json::to_value(order).unwrap_or_default()),
    }
    FeedPage {
        items,
        next_cursor: identifier(128),
        lag_ms: 0..=86_400_000_u64,
    }
    Recall {
        recall_id: reference(),
        sku,
        reason: text(1000),
    }
    TransferLine {
        sku,
        quantity: QUANTITY,
    }
    Transfer {
        transfer_id,
        from_node,
        to_node,
        lines: at_least_one(),
        dispatched_at,
    }
    TransferReceipt {
        receipt_id: reference(),
        transfer_id,
        node_id,
        lines: at_least_one(),
        received_at,
    }
    TransferLoss {
        loss_id: reference(),
        transfer_id,
        lines: at_least_one(),
        lost_at,
    }
    TransferPosting {
        posting_id: reference(),
        transfer_id,
        kind,
        from_node,
        to_node,
        lines: at_least_one(),
    }
    SubstitutionProposal {
        proposal_id: reference(),
        fulfillment_order_id,
        order_number,
        node_id,
        line_id,
        sku,
        substitute_sku,
        quantity: QUANTITY,
    }
    SubstitutionAnswer {
        order_number,
        proposal_id: reference(),
        accepted,
    }
    SalesOrderList {
        items,
    }
    SalesOrderCancellation {
        order_number,
        cancellation_id: reference(),
        lines: at_least_one(),
        reason: text(4000),
    }
    Invoice {
        erp_document,
        order_number,
        shipment_id,
        lines: at_least_one(),
        amount,
        tax,
        contributions,
        settlement,
        deferred: option::of(money(0..=SAFE)),
        business_date,
        posting_date,
        posting,
    }
    ProductChange {
        version: SEQUENCE,
        status,
        product,
    }
    CustomerChange {
        version: SEQUENCE,
        customer,
        merged_into,
    }
    LocationChange {
        version: SEQUENCE,
        open,
        location,
    }
    PostingResult {
        erp_document,
        order_number,
        kind,
        cause: reference(),
        posting,
        reason: option::of(text(4000)),
    }
    CreditMemo {
        erp_document,
        order_number,
        receipt_id,
        lines,
        amount,
        tax,
        contributions,
        settlement,
        deferred: option::of(money(0..=SAFE)),
        retained: option::of(money(-SAFE..=SAFE)),
        business_date,
        posting_date,
        posting,
        shipping: option::of(positive()),
    }
    PostingLine {
        account: identifier(128),
        debit: 0..=SAFE,
        credit: 0..=SAFE,
    }
    FinancialPosting {
        erp_document,
        kind,
        order_number,
        currency,
        lines: proptest::collection::vec(PostingLine::random(), 2..4),
        cause: reference(),
    }
    FulfillmentOrder {
        fulfillment_order_id,
        order_number,
        node_id,
        ship_to,
        lines: at_least_one(),
        status,
        gift,
        pickup,
    }
    SerializedUnit {
        line_id,
        serial: reference(),
    }
    Shipment {
        shipment_id,
        fulfillment_order_id,
        order_number,
        node_id,
        lines: at_least_one(),
        status,
        tracking_number,
        shipped_at,
        pickup, serials,
    }
    LabelRequest {
        order_number,
        parcel_ref: reference(),
        node_id,
        address,
    }
    Label {
        tracking_number,
        order_number,
        parcel_ref: reference(),
        carrier: text(64),
        address_id: proptest::option::of(identifier(128)),
    }
    LabelAttachment {
        order_number,
        tracking_number,
        carrier: text(64),
    }
    CarrierScan {
        scan_id,
        tracking_number,
        order_number,
        code,
        occurred_at,
        recorded_at,
        location: proptest::option::of(text(200)),
        estimated_delivery,
    }
    FulfillmentCancellation {
        order_number,
        cancellation_id: reference(),
        lines: at_least_one(),
    }
    FulfillmentCancellationResult {
        order_number,
        cancellation_id: reference(),
        canceled,
        refused,
    }
    ReservationRequest {
        order_number,
        lines: at_least_one(),
        node_id,
        exclude_nodes,
        allow_backorder,
        cause: proptest::option::of(identifier(512)),
    }
    ReservedLine {
        line_id,
        sku,
        node_id,
        quantity: QUANTITY,
    }
    Reservation {
        reservation_id,
        order_number,
        lines,
        backordered,
        expires_at,
    }
    ReservationRelease {
        order_number,
        lines,
        cause: reference(),
        backordered,
    }
    InventoryMovement {
        movement_id,
        order_number,
        line_id,
        node_id,
        sku,
        condition,
        quantity: prop_oneof![-1_000_000_i64..=-1, 1_i64..=1_000_000],
        reason,
        cause: reference(),
    }
    StockLevel {
        node_id,
        sku,
        on_hand: -1_000_000_000..=1_000_000_000_i64,
        reserved: 0..=1_000_000_000_i64,
        not_sellable: 0..=1_000_000_000_i64,
    }
    StockLevelList {
        items,
    }
    InventoryAdjusted {
        sku,
        levels,
    }
    StockPublication {
        sku,
        sequence: SEQUENCE,
        available: 0..=1_000_000_000_i64,
        as_of,
    }
    ChannelAvailability {
        channel,
        safety_stock: 0..=1_000_000_000_u32,
        available: 0..=1_000_000_000_i64,
        sequence: SEQUENCE,
    }
    Availability {
        sku,
        available: -1_000_000_000..=1_000_000_000_i64,
        as_of,
        channels,
    }
    Product {
        sku,
        name: text(200),
        price,
        tax_category: text(64),
        final_sale,
    }
    Location {
        node_id,
        name: text(200),
        kind,
        accepts_returns,
    }
    Customer {
        customer_ref,
        country: country(),
    }
    Address {
        name: text(200),
        street: text(200),
        city: text(200),
        postal_code: text(16),
        country: country(),
        address_id: proptest::option::of(identifier(128)),
    }
    Promotion {
        promotion_id,
        scope,
        funding,
        amount,
        minimum: option::of(positive()),
    }
    PromotionAllocation {
        promotion_id,
        unit_amounts: unit_amounts(),
    }
    OrderLine {
        line_id,
        sku,
        quantity: QUANTITY,
        unit_price,
        tax_included,
        promotions,
        taxes,
        final_sale,
        gift_card,
        promised_by,
    }
    ShippingCharge {
        amount,
        tax_amount: 0..=SAFE,
        taxes,
    }
    Gift {
        recipient_ref,
        hide_prices,
    }
    Order {
        order_number,
        sales_channel,
        channel_order_id,
        placed_at,
        version: 1..=u32::MAX,
        customer_ref,
        currency,
        ship_to,
        gift,
        lines: at_least_one(),
        shipping,
        promotions,
        tenders,
        total,
        pickup_node, exchange,
        tax_terms,
        settlement,
        kits,
        till_reference: option::of(identifier(128)),
        promised_by,
        shipping_method: option::of(identifier(128)),
    }
    Kit {
        kit_id: identifier(128),
        sku,
        quantity: QUANTITY,
        unit_price,
        components: at_least_one(),
    }
    KitComponent {
        line_id,
        quantity: QUANTITY,
    }
    LineQuantity {
        line_id,
        quantity: QUANTITY,
    }
    ItemQuantity {
        line_id,
        sku,
        quantity: QUANTITY,
    }
    BatchFile {
        file_name: reference(),
        partner,
        kind,
        format,
        content: text(900_000),
    }
    BatchAcknowledgment {
        file_name: reference(),
        status,
        records: COUNT,
        taken: COUNT,
        known: COUNT,
        refused,
    }
    RefusedRecord {
        line: 1..=1_000_000_u32,
        reason: text(4000),
    }
    StockCount {
        count_id: identifier(128),
        node_id,
        sku,
        quantity: COUNT,
        counted_at,
    }
    CancellationLines {
        order_number,
        cancellation_id: reference(),
        lines,
    }
    Tender {
        tender_id,
        kind,
        amount: positive(),
        payment_token: proptest::option::of(reference()),
        account_id,
    }
    AuthorizationRequest {
        order_number,
        tender_id,
        amount: positive(),
        payment_token: reference(),
        settlement,
    }
    Authorization {
        authorization_id,
        order_number,
        tender_id,
        amount,
        status,
        expires_at,
    }
    CaptureRequest {
        order_number,
        shipment_id,
        amount: positive(),
        attempt: ATTEMPT,
    }
    Capture {
        capture_id,
        authorization_id,
        order_number,
        shipment_id,
        amount: positive(),
        attempt: ATTEMPT,
        status,
        settlement_amount,
    }
    Dispute {
        dispute_id,
        order_number,
        tender_id,
        capture_id,
        amount: positive(),
        reason: text(4000),
        status,
    }
    VoidRequest {
        order_number,
        reason: text(4000),
    }
    AdvanceRefund {
        amount: positive(),
        return_by,
    }
    RechargeRequest {
        recharge_id: reference(),
        order_number,
        tender_id,
        refund_id,
        amount: positive(),
        cause: reference(),
    }
    Recharge {
        recharge_id: reference(),
        provider_reference: reference(),
        order_number,
        tender_id,
        capture_id,
        refund_id,
        amount: positive(),
        cause: reference(),
    }
    WriteOff {
        write_off_id: reference(),
        order_number,
        refund_id,
        kind,
        amount: positive(),
        cause: reference(),
    }
    RefundRequest {
        refund_id,
        order_number,
        tender_id,
        capture_id,
        amount: positive(),
        cause: reference(),
        attempt: ATTEMPT,
    }
    Refund {
        refund_id,
        provider_reference: reference(),
        order_number,
        tender_id,
        capture_id,
        amount: positive(),
        status,
        attempt: ATTEMPT,
        settlement_amount,
    }
}

impl Random for Problem {
    fn random() -> BoxedStrategy<Self> {
        let kind = proptest::sample::select(ProblemKind::ALL.to_vec());
        (kind, text(4000), Vec::<FieldError>::random(), Option::<Date>::random())
            .prop_map(|(kind, detail, errors, open_from)| Self {
                errors,
                open_from,
                ..Self::new(kind, detail)
            })
            .boxed()
    }
}

impl Random for EventData {
    fn random() -> BoxedStrategy<Self> {
        prop_oneof![
            SalesOrderAcknowledged::random().prop_map(Self::SalesOrderAcknowledged),
            FulfillmentOrder::random().prop_map(Self::FulfillmentOrderAccepted),
            Shipment::random().prop_map(Self::ShipmentPacked),
            Shipment::random().prop_map(Self::ShipmentShipped),
            ReturnReceipt::random().prop_map(Self::ReturnReceived),
            Inspection::random().prop_map(Self::ReturnInspected),
            DispositionDecision::random().prop_map(Self::ReturnDispositioned),
            BlindReceipt::random().prop_map(Self::ReturnReceivedBlind),
            CarrierScan::random().prop_map(Self::CarrierScanRecorded),
            Refund::random().prop_map(Self::RefundSucceeded),
            Refund::random().prop_map(Self::RefundFailed),
            UnfulfilledUnits::random().prop_map(Self::FulfillmentOrderShortPicked),
            UnfulfilledUnits::random().prop_map(Self::FulfillmentOrderRejected),
            UnfulfilledUnits::random().prop_map(Self::PickupExpired),
            SubstitutionProposal::random().prop_map(Self::SubstitutionProposed),
            Reservation::random().prop_map(Self::InventoryReceived),
            Reservation::random().prop_map(Self::ReservationExpired),
            Capture::random().prop_map(Self::PaymentCaptured),
            Capture::random().prop_map(Self::PaymentCaptureFailed),
            Authorization::random().prop_map(Self::PaymentAuthorizationExpired),
            Dispute::random().prop_map(Self::PaymentDisputed),
            Dispute::random().prop_map(Self::PaymentDisputeClosed),
            ProductChange::random().prop_map(Self::ProductChanged),
            LocationChange::random().prop_map(Self::LocationChanged),
            PostingResult::random().prop_map(Self::DocumentPosted),
            PostingResult::random().prop_map(Self::DocumentNotPosted),
            InventoryAdjusted::random().prop_map(Self::InventoryAdjusted),
            Recall::random().prop_map(Self::ProductRecalled),
            CustomerChange::random().prop_map(Self::CustomerChanged),
            Transfer::random().prop_map(Self::TransferDispatched),
            TransferReceipt::random().prop_map(Self::TransferReceived),
            TransferLoss::random().prop_map(Self::TransferLost),
            FeedChange::random().prop_map(Self::MarketplaceFeedChanged),
        ]
        .boxed()
    }
}

impl Random for CloudEvent {
    /// Of a known type, with its data.
    fn random() -> BoxedStrategy<Self> {
        let envelope = (EventId::random(), Timestamp::random(), SEQUENCE, CorrelationId::random());
        (EventData::random(), envelope, proptest::option::of(reference()))
            .prop_map(|(data, (id, time, sequence, correlationid), causationid)| Self {
                specversion: "1.0".to_owned(),
                id,
                source: format!("/{}", data.event_type().source()),
                event_type: data.event_type().name().to_owned(),
                subject: data.subject(),
                time,
                datacontenttype: "application/json".to_owned(),
                sequence,
                partitionkey: data.partition(),
                correlationid,
                causationid,
                data: data.to_value(),
            })
            .boxed()
    }
}
