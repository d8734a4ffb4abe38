//! Effects: facts that a simulator committed to its books.

use serde::{Deserialize, Serialize};

use crate::model::{
    AccountId, Authorization, AuthorizationId, CancellationLines, Capture, CarrierScan, CreditMemo,
    CustomerChange, DelayConsent, DispositionDecision, Dispute, ExchangeSettlement, FeedId, FinancialPosting,
    FulfillmentCancellationResult, FulfillmentOrder, FulfillmentStatus, GiftCard, HeldGoods, Inspection,
    InventoryMovement, Invoice, Label, LocationChange, Money, NodeId, Order, OrderChange, OrderNumber,
    OrderStatusUpdate, PriceAdjustment, ProductChange, Recall, Recharge, Refund, RefundNotice, Reservation,
    ReservationRelease, ReturnAuthorization, ReturnCancellation, ReturnReceipt, ReturnRejection,
    ReturnRequest, SalesOrder, SalesOrderCancellation, SalesOrderChange, Shipment, Sku, StockPublication,
    StoreCredit, StoredValueAccount, SubstitutionAnswer, SubstitutionProposal, TaxDocument, TaxQuote,
    TimelineEntry, Transfer, TransferLoss, TransferPosting, TransferReceipt, UnfulfilledUnits, WriteOff,
};

/// A fact that a simulator committed. The system that committed it stands in the record around it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// A channel took an order: the customer's truth.
    OrderPlaced {
        /// As the customer placed it. `placed` on the wire: the record around it names the order's number `order`.
        #[serde(rename = "placed")]
        order: Box<Order>,
    },
    /// A marketplace handed an order out in a feed, for the first time.
    OrderListed {
        /// The order.
        order_number: OrderNumber,
        /// The feed.
        feed: FeedId,
    },
    /// A channel asked to cancel units.
    CancellationRequested(CancellationLines),
    /// A channel asked to change an order.
    OrderChangeRequested {
        /// What was asked.
        change: Box<OrderChange>,
    },
    /// A channel learned that a change was accepted: the customer's truth from now on.
    OrderChanged {
        /// The order as it is now. `placed` on the wire, as in `OrderPlaced`.
        #[serde(rename = "placed")]
        order: Box<Order>,
    },
    /// A channel's customer agreed to wait for what arrives late.
    DelayAccepted {
        /// What the customer agreed to.
        consent: DelayConsent,
    },
    /// A channel asked for a return.
    ReturnRequested {
        /// What was asked.
        request: ReturnRequest,
    },
    /// Customer service asks to lower what a customer paid.
    PriceAdjustmentRequested {
        /// What was asked.
        adjustment: PriceAdjustment,
    },
    /// A channel's view of an order changed.
    StatusShown {
        /// What it shows now.
        update: OrderStatusUpdate,
    },
    /// A channel shows a refund; a marketplace paid it.
    RefundShown {
        /// What it shows.
        notice: RefundNotice,
    },
    /// A marketplace took the customer's money for what was shipped.
    MarketplaceCollected {
        /// How much, cumulated over the order.
        amount: Money,
    },
    /// Customer service wrote a timeline entry.
    TimelineWritten {
        /// The entry.
        entry: TimelineEntry,
    },
    /// The ERP booked an order.
    SalesOrderBooked {
        /// With its number.
        sales_order: SalesOrder,
    },
    /// The ERP took units out of a sales order.
    SalesOrderCanceled {
        /// What was taken out.
        cancellation: SalesOrderCancellation,
    },
    /// The ERP took the next version of an order.
    SalesOrderChanged {
        /// What it costs now.
        change: SalesOrderChange,
    },
    /// The ERP sells a SKU beyond its stock, up to a limit.
    BackorderPermitted {
        /// What.
        sku: Sku,
        /// So many units over all orders.
        limit: i64,
    },
    /// The ERP promised units that are not there yet.
    StockBackordered {
        /// The claim.
        reservation: Reservation,
    },
    /// Claimed units lapsed.
    ReservationExpired {
        /// What lapsed.
        reservation: Reservation,
    },
    /// Opening stock of a SKU at a node.
    StockOpened {
        /// Where.
        node_id: NodeId,
        /// What.
        sku: Sku,
        /// Sellable units.
        quantity: i64,
    },
    /// The ERP claimed stock.
    StockReserved {
        /// The claim.
        reservation: Reservation,
    },
    /// The ERP gave claimed stock back.
    ReservationReleased {
        /// What was given back.
        release: ReservationRelease,
    },
    /// Goods left and used up claimed stock. Follows the goods issue in the same call.
    ReservationConsumed {
        /// Units that are no longer claimed.
        release: ReservationRelease,
    },
    /// Stock moved.
    StockMoved {
        /// The movement.
        movement: InventoryMovement,
    },
    /// Units of a SKU that orders may claim changed, over all nodes that ship orders. Told of SKUs that are listed.
    UnclaimedChanged {
        /// What.
        sku: Sku,
        /// Units; below 0 where claimed ones are missing.
        unclaimed: i64,
    },
    /// The ERP knows that goods are called back.
    ProductRecalled {
        /// Which.
        recall: Recall,
    },
    /// A channel shows how many units of a SKU it offers.
    StockShown {
        /// What it shows.
        publication: StockPublication,
    },
    /// The ERP created, changed or discontinued a product.
    ProductChanged {
        /// As it is now.
        change: ProductChange,
    },
    /// A channel shows a product.
    ProductShown {
        /// As it shows it.
        change: ProductChange,
    },
    /// The ERP opened, closed or changed a place.
    LocationChanged {
        /// As it is now.
        change: LocationChange,
    },
    /// A channel knows a place.
    LocationShown {
        /// As it is known there.
        change: LocationChange,
    },
    /// The ERP created, changed or merged a customer.
    CustomerChanged {
        /// As it is now.
        change: CustomerChange,
    },
    /// A channel or customer service knows a customer.
    CustomerShown {
        /// As it is known there.
        change: CustomerChange,
    },
    /// Goods left one place for another.
    TransferDispatched {
        /// Which.
        transfer: Transfer,
    },
    /// Goods of a transfer came.
    TransferReceived {
        /// Which.
        receipt: TransferReceipt,
    },
    /// Goods of a transfer were given up.
    TransferLost {
        /// Which.
        loss: TransferLoss,
    },
    /// The ERP booked that goods of a transfer left, came or are lost. Its movements follow in the same call.
    TransferPosted {
        /// The posting.
        posting: TransferPosting,
    },
    /// The ERP posted an invoice.
    InvoicePosted {
        /// With its number.
        invoice: Invoice,
    },
    /// The ERP posted a credit memo.
    CreditMemoPosted {
        /// With its number.
        credit_memo: CreditMemo,
    },
    /// The ERP let returned goods pay their replacement, or took that back.
    ExchangeSettled {
        /// What was settled. The effect belongs to the order whose goods came back.
        settlement: ExchangeSettlement,
    },
    /// The ERP wrote a refund before goods came off, or has the goods for it after all.
    WrittenOff {
        /// What.
        write_off: WriteOff,
    },
    /// The ERP posted to the general ledger.
    Posted {
        /// The posting.
        posting: FinancialPosting,
    },
    /// The ERP booked a return authorization.
    ReturnAuthorized {
        /// The authorization.
        authorization: ReturnAuthorization,
    },
    /// The ERP booked a receipt of returned goods.
    ReturnReceiptBooked {
        /// The receipt.
        receipt: ReturnReceipt,
    },
    /// The ERP took a return authorization back.
    ReturnAuthorizationCanceled {
        /// Which.
        cancellation: ReturnCancellation,
    },
    /// The ERP booked that units of a receipt were not taken back.
    ReturnRejectionBooked {
        /// Which.
        rejection: ReturnRejection,
    },
    /// A node has a fulfillment order.
    FulfillmentOrderReceived {
        /// The order to pick.
        fulfillment_order: FulfillmentOrder,
    },
    /// A fulfillment order moved on.
    FulfillmentStatusChanged {
        /// Which.
        fulfillment_order_id: crate::model::FulfillmentOrderId,
        /// From.
        from: FulfillmentStatus,
        /// To.
        to: FulfillmentStatus,
    },
    /// A node answered a cancellation.
    FulfillmentCanceled {
        /// What it stopped and what had gone.
        result: FulfillmentCancellationResult,
    },
    /// A node takes another address for what is not packed.
    FulfillmentChanged {
        /// The fulfillment order as it is now.
        fulfillment_order: FulfillmentOrder,
    },
    /// A node will not ship units after all.
    UnitsUnfulfilled {
        /// Which.
        units: UnfulfilledUnits,
    },
    /// A node proposed something else.
    SubstitutionProposed {
        /// What.
        proposal: SubstitutionProposal,
    },
    /// A node was told whether it may.
    SubstitutionAnswered {
        /// The answer.
        answer: SubstitutionAnswer,
    },
    /// A wave was picked: what is in it cannot be stopped any more.
    WavePicked {
        /// The wave.
        wave_id: String,
        /// The fulfillment order in it.
        fulfillment_order_id: crate::model::FulfillmentOrderId,
    },
    /// A parcel is packed.
    ShipmentPacked {
        /// The parcel.
        shipment: Shipment,
    },
    /// A parcel has a label.
    LabelAttached {
        /// The parcel.
        shipment: Shipment,
    },
    /// A parcel left.
    ShipmentShipped {
        /// The parcel.
        shipment: Shipment,
    },
    /// A node was told what will come back.
    ReturnNoticed {
        /// The authorization.
        authorization: ReturnAuthorization,
    },
    /// A dock or a store has returned goods in its hands.
    GoodsReturned {
        /// The receipt.
        receipt: ReturnReceipt,
    },
    /// A dock or a store graded returned goods.
    GoodsInspected {
        /// The grades.
        inspection: Inspection,
    },
    /// A dock decided on goods in quarantine.
    GoodsDispositioned {
        /// What becomes of them.
        decision: DispositionDecision,
    },
    /// A dock was told that an announced return will not come.
    ReturnNoticeCanceled {
        /// Which.
        cancellation: ReturnCancellation,
    },
    /// A dock holds returned goods until a clerk decides.
    GoodsHeld {
        /// Which.
        held: HeldGoods,
    },
    /// A dock sent rejected goods to the customer again.
    GoodsSentBack {
        /// Which.
        rejection: ReturnRejection,
    },
    /// The payment provider holds money.
    PaymentAuthorized {
        /// The authorization.
        authorization: Authorization,
    },
    /// The payment provider declined.
    PaymentDeclined {
        /// How much was asked.
        amount: Money,
    },
    /// The payment provider took a capture on; whether there is money is not known yet.
    CaptureAccepted {
        /// With status `pending`.
        capture: Capture,
    },
    /// The payment provider took money.
    PaymentCaptured {
        /// The capture.
        capture: Capture,
    },
    /// A capture that was taken on took nothing.
    CaptureFailed {
        /// With status `failed`.
        capture: Capture,
    },
    /// An authorization lapsed: what it had not taken is held no more.
    AuthorizationExpired {
        /// With status `expired`.
        authorization: Authorization,
        /// How much was still held.
        given_up: Money,
    },
    /// The customer disputes a capture at the card's issuer.
    PaymentDisputed {
        /// With status `open`.
        dispute: Dispute,
    },
    /// A dispute ended. Lost, the issuer took the money back for the customer.
    DisputeClosed {
        /// With status `won` or `lost`.
        dispute: Dispute,
    },
    /// The payment provider gave held money up.
    AuthorizationVoided {
        /// Which.
        authorization_id: AuthorizationId,
        /// How much was still held.
        amount: Money,
    },
    /// The payment provider took a refund on; the money is on its way.
    RefundAccepted {
        /// With status `pending`.
        refund: Refund,
        /// The receipt or cancellation that it was asked for.
        cause: String,
    },
    /// The customer has the refunded money.
    RefundSucceeded {
        /// With status `succeeded`.
        refund: Refund,
    },
    /// The refund could not be paid, or came back although it had been; the merchant has the money.
    RefundFailed {
        /// With status `failed`.
        refund: Refund,
    },
    /// The payment provider charged a card again with money that was given back before goods came.
    PaymentRecharged {
        /// Which.
        recharge: Recharge,
    },
    /// The carrier issued a label.
    LabelIssued {
        /// The label.
        label: Label,
        /// For goods that come back.
        is_return: bool,
    },
    /// The carrier scanned a parcel.
    ParcelScanned {
        /// The scan.
        scan: CarrierScan,
    },
    /// The tax engine rated goods.
    TaxQuoted {
        /// The answer.
        quote: TaxQuote,
    },
    /// The tax engine has a document.
    TaxCommitted {
        /// The document.
        document: TaxDocument,
    },
    /// The tax engine withdrew a document.
    TaxVoided {
        /// The document.
        document: TaxDocument,
    },
    /// An account was opened, with its opening balance.
    AccountOpened {
        /// The account.
        account: StoredValueAccount,
    },
    /// An account was debited.
    AccountDebited {
        /// The entry.
        entry: StoreCredit,
    },
    /// An account was credited.
    AccountCredited {
        /// The entry.
        entry: StoreCredit,
        /// Whether the credit was newly issued for a return (and not a tender given back).
        issued: bool,
    },
    /// A gift card that was bought is active: its account is open, with its face value.
    GiftCardActivated {
        /// The card.
        card: GiftCard,
    },
    /// A gift card that was bought was taken back: nothing is on it any more, and nothing will be.
    GiftCardDisabled {
        /// What was on it.
        entry: StoreCredit,
    },
    /// A partner raised an event; deliveries are exchanges.
    EventRaised {
        /// The event's identifier.
        event_id: crate::model::EventId,
        /// Its type.
        event_type: String,
        /// Its aggregate.
        subject: String,
    },
}

impl Effect {
    /// The account, where the effect is about one.
    pub const fn account(&self) -> Option<&AccountId> {
        match self {
            Self::AccountOpened { account } => Some(&account.account_id),
            Self::GiftCardActivated { card } => Some(&card.account_id),
            Self::AccountDebited { entry }
            | Self::AccountCredited { entry, .. }
            | Self::GiftCardDisabled { entry } => Some(&entry.account_id),
            _ => None,
        }
    }

    /// The order, where the effect is about one.
    pub fn order_number(&self) -> Option<&OrderNumber> {
        Some(match self {
            Self::OrderPlaced { order } | Self::OrderChanged { order } => &order.order_number,
            Self::OrderListed { order_number, .. } => order_number,
            Self::CancellationRequested(lines) => &lines.order_number,
            Self::OrderChangeRequested { change } => &change.order_number,
            Self::DelayAccepted { consent } => &consent.order_number,
            Self::SalesOrderChanged { change } => &change.order_number,
            Self::StockBackordered { reservation } | Self::ReservationExpired { reservation } => {
                &reservation.order_number
            }
            Self::UnitsUnfulfilled { units } => &units.order_number,
            Self::SubstitutionProposed { proposal } => &proposal.order_number,
            Self::SubstitutionAnswered { answer } => &answer.order_number,
            Self::ReturnRequested { request } => &request.order_number,
            Self::PriceAdjustmentRequested { adjustment } => &adjustment.order_number,
            Self::StatusShown { update } => &update.order_number,
            Self::RefundShown { notice } => &notice.order_number,
            Self::TimelineWritten { entry } => &entry.order_number,
            Self::SalesOrderBooked { sales_order } => &sales_order.order_number,
            Self::SalesOrderCanceled { cancellation } => &cancellation.order_number,
            Self::StockReserved { reservation } => &reservation.order_number,
            Self::ReservationReleased { release } | Self::ReservationConsumed { release } => {
                &release.order_number
            }
            Self::StockMoved { movement } => movement.order_number.as_ref()?,
            Self::InvoicePosted { invoice } => &invoice.order_number,
            Self::CreditMemoPosted { credit_memo } => &credit_memo.order_number,
            Self::ExchangeSettled { settlement } => &settlement.order_number,
            Self::WrittenOff { write_off } => &write_off.order_number,
            Self::Posted { posting } => &posting.order_number,
            Self::ReturnAuthorized { authorization } | Self::ReturnNoticed { authorization } => {
                &authorization.order_number
            }
            Self::ReturnReceiptBooked { receipt } | Self::GoodsReturned { receipt } => &receipt.order_number,
            Self::ReturnAuthorizationCanceled { cancellation }
            | Self::ReturnNoticeCanceled { cancellation } => &cancellation.order_number,
            Self::ReturnRejectionBooked { rejection } | Self::GoodsSentBack { rejection } => {
                &rejection.order_number
            }
            Self::GoodsHeld { held } => &held.order_number,
            Self::FulfillmentOrderReceived { fulfillment_order }
            | Self::FulfillmentChanged { fulfillment_order } => &fulfillment_order.order_number,
            Self::FulfillmentCanceled { result } => &result.order_number,
            Self::ShipmentPacked { shipment }
            | Self::LabelAttached { shipment }
            | Self::ShipmentShipped { shipment } => &shipment.order_number,
            Self::GoodsInspected { inspection } => &inspection.order_number,
            Self::GoodsDispositioned { decision } => &decision.order_number,
            Self::PaymentAuthorized { authorization } | Self::AuthorizationExpired { authorization, .. } => {
                &authorization.order_number
            }
            Self::CaptureAccepted { capture }
            | Self::PaymentCaptured { capture }
            | Self::CaptureFailed { capture } => &capture.order_number,
            Self::PaymentDisputed { dispute } | Self::DisputeClosed { dispute } => &dispute.order_number,
            Self::RefundAccepted { refund, .. }
            | Self::RefundSucceeded { refund }
            | Self::RefundFailed { refund } => &refund.order_number,
            Self::PaymentRecharged { recharge } => &recharge.order_number,
            Self::LabelIssued { label, .. } => &label.order_number,
            Self::ParcelScanned { scan } => &scan.order_number,
            Self::TaxQuoted { quote } => &quote.order_number,
            Self::TaxCommitted { document } | Self::TaxVoided { document } => &document.order_number,
            Self::GiftCardActivated { card } => &card.order_number,
            Self::AccountDebited { entry }
            | Self::AccountCredited { entry, .. }
            | Self::GiftCardDisabled { entry } => &entry.order_number,
            Self::MarketplaceCollected { .. }
            | Self::StockOpened { .. }
            | Self::BackorderPermitted { .. }
            | Self::WavePicked { .. }
            | Self::UnclaimedChanged { .. }
            | Self::ProductRecalled { .. }
            | Self::StockShown { .. }
            | Self::CustomerChanged { .. }
            | Self::CustomerShown { .. }
            | Self::TransferDispatched { .. }
            | Self::TransferReceived { .. }
            | Self::TransferLost { .. }
            | Self::TransferPosted { .. }
            | Self::ProductChanged { .. }
            | Self::ProductShown { .. }
            | Self::LocationChanged { .. }
            | Self::LocationShown { .. }
            | Self::FulfillmentStatusChanged { .. }
            | Self::PaymentDeclined { .. }
            | Self::AuthorizationVoided { .. }
            | Self::AccountOpened { .. }
            | Self::EventRaised { .. } => return None,
        })
    }
}
