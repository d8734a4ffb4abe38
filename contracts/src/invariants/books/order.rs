//! The book of one order.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    AdjustmentBook, AdvanceBook, AuditBook, AuthorizationBook, ChangeBook, Fact, FundsBook, GiftCardBook,
    LabelBook, LossBook, MoneyBook, NewCount, OrderMessages, PromiseBook, ReasonBook, ReceiptBook,
    Receivable, ReplayBook, Shown, Span, Tally, TaxBook, Terms, VerdictBook, View, views::Answers,
};
use crate::{
    journal::{Committed, Effect, Exchange, Outcome, Record},
    model::{
        AdjustmentDecision, CorrelationId, ExchangeId, ExchangeRequest, ExchangeSettlement, FulfillmentOrder,
        FulfillmentOrderId, HeldGoods, InventoryMovement, ItemQuantity, LineId, MovementReason, NodeId,
        OrderNumber, OrderStatus, OrderView, PriceAdjustment, ReceiptId, Reservation, ReservationRelease,
        ReturnLine, ReturnMethod, ReturnReason, ReturnRejection, ReturnRequest, RmaId, ScanCode, Shipment,
        ShipmentId, Sku, StockCondition, System, Timestamp, TrackingNumber,
    },
    protocol::{Cancellation, middleware},
};

/// Units of one line, by what became of them and who says so.
#[derive(Debug, Clone, Default)]
pub(in crate::invariants) struct LineBook {
    pub(in crate::invariants) sku: Option<Sku>,
    /// ERP: in sales orders.
    pub(in crate::invariants) booked: Tally,
    /// ERP: taken out of sales orders.
    pub(in crate::invariants) erp_canceled: Tally,
    /// ERP: goods issues.
    pub(in crate::invariants) issued: Tally,
    /// ERP: invoices.
    pub(in crate::invariants) invoiced: Tally,
    /// ERP: receipts of returned goods.
    pub(in crate::invariants) erp_returned: Tally,
    /// Nodes: in fulfillment orders.
    pub(in crate::invariants) released: Tally,
    /// Nodes: stopped.
    pub(in crate::invariants) node_canceled: Tally,
    /// Nodes: given back, for somebody else to ship.
    pub(in crate::invariants) given_back: Tally,
    /// Nodes: left.
    pub(in crate::invariants) shipped: Tally,
    /// Docks and stores: came back.
    pub(in crate::invariants) received: Tally,
}

/// A parcel.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct ShipmentBook {
    pub(in crate::invariants) node: NodeId,
    pub(in crate::invariants) lines: BTreeMap<LineId, u32>,
    pub(in crate::invariants) tracking: Option<TrackingNumber>,
    pub(in crate::invariants) seq: u64,
    /// When it left, as the node says.
    pub(in crate::invariants) left: Option<Timestamp>,
    /// The furthest scan of the carrier.
    pub(in crate::invariants) scanned: Option<(ScanCode, u64)>,
    /// The customer collected it.
    pub(in crate::invariants) pickup: bool,
    /// The carrier gave it up: it had neither been delivered nor come back.
    pub(in crate::invariants) lost: bool,
}

/// A serial number that was scanned.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct Sighting {
    /// Whether it left; else it came back.
    pub(in crate::invariants) left: bool,
    /// The receipt that it came back with.
    pub(in crate::invariants) receipt: Option<ReceiptId>,
    pub(in crate::invariants) seq: u64,
}

/// Stock that came back in.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct Restock {
    pub(in crate::invariants) cause: String,
    pub(in crate::invariants) line: LineId,
    pub(in crate::invariants) node: NodeId,
    pub(in crate::invariants) condition: StockCondition,
    pub(in crate::invariants) units: i64,
    pub(in crate::invariants) seq: u64,
}

impl Restock {
    fn of(movement: &InventoryMovement, line: &LineId, seq: u64) -> Self {
        Self {
            cause: movement.cause.clone(),
            line: line.clone(),
            node: movement.node_id.clone(),
            condition: movement.condition,
            units: movement.quantity,
            seq,
        }
    }
}

/// All that is known of an order.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct OrderBook {
    pub(in crate::invariants) number: OrderNumber,
    pub(in crate::invariants) scenario: Option<String>,
    pub(in crate::invariants) terms: Option<Terms>,
    pub(in crate::invariants) lines: BTreeMap<LineId, LineBook>,
    pub(in crate::invariants) changes: ChangeBook,
    /// The first definite answer to the order's submission: accepted for processing, or refused.
    pub(in crate::invariants) acknowledged: Option<(bool, u64)>,
    pub(in crate::invariants) bookings: Tally,
    pub(in crate::invariants) fulfillment_orders: BTreeMap<FulfillmentOrderId, Tally>,
    pub(in crate::invariants) shipments: BTreeMap<ShipmentId, ShipmentBook>,
    /// Gift cards that were bought in it, in the order in which they were activated.
    pub(in crate::invariants) gift_cards: Vec<GiftCardBook>,
    pub(in crate::invariants) receipts: BTreeMap<ReceiptId, ReceiptBook>,
    /// ERP: return authorizations.
    pub(in crate::invariants) authorizations: BTreeMap<RmaId, AuthorizationBook>,
    /// ERP: units of each line by the receipt that they came with.
    pub(in crate::invariants) booked_receipts: BTreeMap<ReceiptId, BTreeMap<LineId, u32>>,
    pub(in crate::invariants) restocks: Vec<Restock>,
    /// Movements of goods that were decided on in quarantine.
    pub(in crate::invariants) decisions: Vec<Restock>,
    /// Goods issues by cause and line.
    pub(in crate::invariants) issues: BTreeMap<(String, LineId), Tally>,
    /// Nodes of goods issues by cause and line.
    pub(in crate::invariants) issue_nodes: BTreeMap<(String, LineId), BTreeSet<NodeId>>,
    /// Return authorizations for recipients of gifts.
    pub(in crate::invariants) gift_rmas: BTreeSet<RmaId>,
    /// Labels of its parcels.
    pub(in crate::invariants) labels: LabelBook,
    /// What the ERP says the customer owes.
    pub(in crate::invariants) receivable: Receivable,
    /// Why goods come back, by whoever says it.
    pub(in crate::invariants) reasons: ReasonBook,
    pub(in crate::invariants) funds: FundsBook,
    /// Live claims by line and node.
    pub(in crate::invariants) claims: BTreeMap<(LineId, NodeId), Claim>,
    /// Business facts that may be committed once, and where they were.
    facts: BTreeMap<Arc<Fact>, Vec<u64>>,
    /// The fact that the last effect was, if it was one.
    latest_fact: Option<Arc<Fact>>,
    timeline_entries: BTreeSet<String>,
    pub(in crate::invariants) money: MoneyBook,
    pub(in crate::invariants) taxes: TaxBook,
    pub(in crate::invariants) views: BTreeMap<System, View>,
    /// Customer service's timeline.
    pub(in crate::invariants) timeline: View,
    /// The middleware's own answers.
    pub(in crate::invariants) answers: Answers,
    /// What the middleware told channels to be canceled, by cancellation.
    pub(in crate::invariants) cancellations: BTreeMap<String, (BTreeMap<LineId, u32>, u64)>,
    /// Cancellations that a channel asked for.
    pub(in crate::invariants) wishes: BTreeSet<String>,
    /// Prices that customer service asked to lower after the sale, by the adjustment's identifier.
    pub(in crate::invariants) adjustments: BTreeMap<String, AdjustmentBook>,
    /// Returns that a channel asked for of goods that the customer keeps: what of, by the chain that asked, and where.
    pub(in crate::invariants) keeping: BTreeMap<CorrelationId, (BTreeMap<LineId, u32>, u64)>,
    /// Refunds before goods come.
    pub(in crate::invariants) advances: AdvanceBook,
    /// By when goods arrive.
    pub(in crate::invariants) promises: PromiseBook,
    /// Exchanges of its goods, and why they come back.
    pub(in crate::invariants) exchanges: BTreeMap<ExchangeId, Vec<ReturnReason>>,
    /// Where serial numbers were seen: left with a parcel of the order, or came back for it.
    pub(in crate::invariants) serials: BTreeMap<String, Vec<Sighting>>,
    /// What was settled of exchanges, by settlement.
    pub(in crate::invariants) settlements: BTreeMap<String, (ExchangeSettlement, u64)>,
    pub(in crate::invariants) messages: OrderMessages,
    pub(in crate::invariants) audit: AuditBook,
    pub(in crate::invariants) verdicts: VerdictBook,
    pub(in crate::invariants) replays: ReplayBook,
    /// What restored systems lost of it.
    pub(in crate::invariants) losses: LossBook,
    /// When something was last committed for the order.
    pub(in crate::invariants) last_effect_at: Option<Timestamp>,
}

/// Units claimed at a node.
#[derive(Debug, Clone, Default)]
pub(in crate::invariants) struct Claim {
    pub(in crate::invariants) reserved: Tally,
    pub(in crate::invariants) released: Tally,
    pub(in crate::invariants) consumed: Tally,
}

impl Claim {
    /// Units that are claimed still.
    pub(in crate::invariants) const fn live(&self) -> i64 {
        self.reserved.total() - self.released.total() - self.consumed.total()
    }

    /// Where it comes from.
    pub(in crate::invariants) fn seqs(&self) -> Vec<u64> {
        let all = [&self.reserved, &self.released, &self.consumed];
        let mut seqs: Vec<u64> = all.iter().flat_map(|tally| tally.seqs().iter().copied()).collect();
        seqs.sort_unstable();
        seqs
    }
}

impl OrderBook {
    pub(super) fn new(number: OrderNumber) -> Self {
        Self {
            number,
            scenario: None,
            terms: None,
            lines: BTreeMap::new(),
            changes: ChangeBook::default(),
            acknowledged: None,
            bookings: Tally::default(),
            fulfillment_orders: BTreeMap::new(),
            shipments: BTreeMap::new(),
            gift_cards: Vec::new(),
            receipts: BTreeMap::new(),
            authorizations: BTreeMap::new(),
            booked_receipts: BTreeMap::new(),
            restocks: Vec::new(),
            decisions: Vec::new(),
            issues: BTreeMap::new(),
            issue_nodes: BTreeMap::new(),
            gift_rmas: BTreeSet::new(),
            labels: LabelBook::default(),
            receivable: Receivable::default(),
            reasons: ReasonBook::default(),
            funds: FundsBook::default(),
            claims: BTreeMap::new(),
            facts: BTreeMap::new(),
            latest_fact: None,
            timeline_entries: BTreeSet::new(),
            money: MoneyBook::default(),
            taxes: TaxBook::default(),
            views: BTreeMap::new(),
            timeline: View::default(),
            answers: Answers::default(),
            cancellations: BTreeMap::new(),
            wishes: BTreeSet::new(),
            adjustments: BTreeMap::new(),
            keeping: BTreeMap::new(),
            advances: AdvanceBook::default(),
            promises: PromiseBook::default(),
            exchanges: BTreeMap::new(),
            serials: BTreeMap::new(),
            settlements: BTreeMap::new(),
            messages: OrderMessages::default(),
            audit: AuditBook::default(),
            verdicts: VerdictBook::default(),
            replays: ReplayBook::default(),
            losses: LossBook::default(),
            last_effect_at: None,
        }
    }

    /// What a line is, by the channel or by whoever named it first.
    pub(in crate::invariants) fn sku(&self, line: &LineId) -> Option<&Sku> {
        let placed = self.terms.as_ref().and_then(|terms| terms.lines.get(line)).map(|line| &line.sku);
        placed.or_else(|| self.lines.get(line).and_then(|line| line.sku.as_ref()))
    }

    /// The channel's system, once the order is known.
    pub(in crate::invariants) fn channel(&self) -> Option<System> {
        self.terms.as_ref().map(|terms| terms.channel.system())
    }

    /// The fact that the last effect was, and where it was committed.
    pub(in crate::invariants) fn latest_fact(&self) -> Option<(&Fact, &[u64])> {
        let fact = self.latest_fact.as_ref()?;
        Some((fact, self.facts.get(fact)?))
    }

    /// What the order's channel shows now.
    pub(in crate::invariants) fn shown(&self) -> Option<&Shown> {
        self.views.get(&self.channel()?)?.current.as_ref()
    }

    /// The middleware's answer, if it was asked after everything had happened.
    pub(in crate::invariants) fn last_answer(&self) -> Option<&Shown> {
        let asked_at = self.answers.asked_at?;
        let fresh = self.last_effect_at.is_none_or(|last| last <= asked_at);
        self.answers.view.current.as_ref().filter(|_| fresh)
    }

    /// Whether the channel shows that the order was refused.
    pub(in crate::invariants) fn is_rejected(&self) -> bool {
        self.shown().is_some_and(|shown| shown.status == OrderStatus::Rejected)
    }

    /// Units of a line that are canceled, by whoever says the most.
    pub(in crate::invariants) fn canceled(&self, line: &LineId) -> i64 {
        let shown =
            self.shown().and_then(|shown| shown.lines.get(line)).map_or(0, |line| i64::from(line.canceled));
        let books =
            self.lines.get(line).map_or(0, |book| book.erp_canceled.total().max(book.node_canceled.total()));
        shown.max(books).max(self.told_canceled(line))
    }

    /// Units of a line that the middleware told a channel to be canceled for certain.
    pub(in crate::invariants) fn told_canceled(&self, line: &LineId) -> i64 {
        let told = self.cancellations.values().filter_map(|(lines, _)| lines.get(line));
        told.map(|units| i64::from(*units)).sum()
    }

    /// Units of a line that may ship still.
    pub(in crate::invariants) fn open_units(&self, line: &LineId) -> i64 {
        if self.is_rejected() {
            return 0;
        }
        let ordered =
            self.terms.as_ref().and_then(|terms| terms.lines.get(line)).map_or(0, |line| line.quantity);
        (i64::from(ordered) - self.shipped(line) - self.canceled(line)).max(0)
    }

    /// Units of a line that left.
    pub(in crate::invariants) fn shipped(&self, line: &LineId) -> i64 {
        self.lines.get(line).map_or(0, |book| book.shipped.total())
    }

    /// Units of a line that came back: accepted for certain, and at most.
    pub(in crate::invariants) fn returned(&self, line: &LineId) -> Span {
        self.receipts.values().map(|receipt| receipt.accepted(line)).sum()
    }

    pub(super) fn apply(&mut self, record: &Record, committed: &Committed) {
        let seq = record.seq;
        self.last_effect_at = Some(record.at);
        self.messages.apply_effect(seq, committed);
        self.verdicts.begin_anew();
        self.replays.apply_effect(record, committed);
        self.money.apply(seq, committed);
        self.changes.apply(seq, committed);
        self.receivable.apply(seq, &committed.effect);
        self.labels.apply(seq, &committed.effect);
        self.reasons.apply(seq, committed);
        self.advances.apply(record, committed);
        self.promises.apply(record, committed);
        self.funds.apply(seq, &committed.effect);
        self.apply_erp(seq, &committed.effect);
        self.apply_goods(seq, committed);
        self.apply_views(seq, committed);
        self.keep_fact(seq, &committed.effect);
        self.losses.supersede(committed);
    }

    /// Takes what is there again after it was lost. It was counted when it came first.
    pub(super) fn take_back(&mut self, record: &Record, committed: &Committed) {
        self.last_effect_at = Some(record.at);
        self.messages.apply_effect(record.seq, committed);
        self.losses.take_back(committed);
    }

    fn keep_fact(&mut self, seq: u64, effect: &Effect) {
        self.latest_fact = Fact::of(effect).map(Arc::new);
        if let Effect::TimelineWritten { entry } = effect
            && !self.timeline_entries.insert(entry.entry_id.clone())
        {
            return;
        }
        if let Some(fact) = &self.latest_fact {
            self.facts.entry(Arc::clone(fact)).or_default().push(seq);
        }
    }

    fn apply_erp(&mut self, seq: u64, effect: &Effect) {
        match effect {
            Effect::OrderPlaced { order } if self.terms.is_none() => {
                self.terms = Some(Terms::new(order, seq));
            }
            Effect::OrderChanged { order } => self.terms = Some(Terms::new(order, seq)),
            Effect::ReservationExpired { reservation } => self.lapse(seq, reservation),
            Effect::SalesOrderBooked { sales_order } => {
                self.bookings.add(1, seq);
                self.add_items(&sales_order.lines, seq, |line| &mut line.booked);
            }
            Effect::SalesOrderCanceled { cancellation } => {
                let lines = cancellation.lines.iter().map(|line| (&line.line_id, line.quantity));
                self.add_units(lines, seq, |line| &mut line.erp_canceled);
            }
            Effect::InvoicePosted { invoice } => {
                let lines = invoice.lines.iter().map(|line| (&line.line_id, line.quantity));
                self.add_units(lines, seq, |line| &mut line.invoiced);
            }
            Effect::ReturnReceiptBooked { receipt } => {
                let lines = receipt.lines.iter().map(|line| (&line.line_id, line.quantity));
                self.add_units(lines, seq, |line| &mut line.erp_returned);
                self.book_receipt(receipt);
            }
            Effect::ReturnAuthorized { authorization } => self.authorize(seq, authorization),
            Effect::ReturnAuthorizationCanceled { cancellation } => {
                self.cancel_return(seq, &cancellation.rma_id);
            }
            Effect::ReturnRejectionBooked { rejection } => self.reject(seq, rejection),
            Effect::StockReserved { reservation } => self.reserve(seq, reservation),
            Effect::ReservationReleased { release } => {
                self.unreserve(seq, release, |claim| &mut claim.released);
            }
            Effect::ReservationConsumed { release } => {
                self.unreserve(seq, release, |claim| &mut claim.consumed);
            }
            Effect::StockMoved { movement } => self.move_stock(seq, movement),
            Effect::TaxCommitted { document } => self.taxes.commit(seq, document),
            Effect::TaxVoided { document } => self.taxes.void(document),
            _ => {}
        }
    }

    fn apply_goods(&mut self, seq: u64, committed: &Committed) {
        match &committed.effect {
            Effect::FulfillmentOrderReceived { fulfillment_order } => self.release(seq, fulfillment_order),
            Effect::FulfillmentCanceled { result } => {
                self.add_items(&result.canceled, seq, |line| &mut line.node_canceled);
            }
            Effect::UnitsUnfulfilled { units } => {
                self.add_items(&units.lines, seq, |line| &mut line.given_back);
            }
            Effect::ShipmentShipped { shipment } => self.ship(seq, shipment),
            Effect::GiftCardActivated { card } => self.activate(seq, card),
            Effect::GiftCardDisabled { entry } => self.disable(seq, &entry.account_id),
            Effect::GoodsReturned { receipt } if !self.receipts.contains_key(&receipt.receipt_id) => {
                self.come_back(seq, receipt.shipment_id.as_ref());
                let book = ReceiptBook::new(seq, committed.system, receipt);
                self.receipts.insert(receipt.receipt_id.clone(), book);
                let lines = receipt.lines.iter().map(|line| (&line.line_id, line.quantity));
                self.add_units(lines, seq, |line| &mut line.received);
                for unit in &receipt.serials {
                    let seen = self.serials.entry(unit.serial.clone()).or_default();
                    let receipt = Some(receipt.receipt_id.clone());
                    seen.push(Sighting { left: false, receipt, seq });
                }
            }
            Effect::GoodsInspected { inspection } => {
                if let Some(receipt) = self.receipts.get_mut(&inspection.receipt_id) {
                    receipt.inspect(seq, inspection);
                }
            }
            Effect::GoodsDispositioned { decision } => {
                if let Some(receipt) = self.receipts.get_mut(&decision.receipt_id) {
                    receipt.decide(seq, decision);
                }
            }
            Effect::GoodsHeld { held } => self.hold(seq, held),
            Effect::ParcelScanned { scan } => self.scan(seq, scan),
            Effect::ReturnAuthorized { authorization } if authorization.gift_recipient_ref.is_some() => {
                self.gift_rmas.insert(authorization.rma_id.clone());
            }
            _ => {}
        }
    }

    fn apply_views(&mut self, seq: u64, committed: &Committed) {
        match &committed.effect {
            Effect::CancellationRequested(wish) => {
                self.wishes.insert(wish.cancellation_id.clone());
            }
            Effect::PriceAdjustmentRequested { adjustment } => {
                self.adjust((seq, committed.correlation.clone()), adjustment);
            }
            Effect::ReturnRequested { request } => {
                self.keep_wish(seq, committed.correlation.as_ref(), request);
                self.keep_exchange(request.exchange.as_ref(), &request.lines);
            }
            Effect::GoodsReturned { receipt } => {
                self.keep_exchange(receipt.exchange.as_ref(), &receipt.lines);
            }
            Effect::ExchangeSettled { settlement } => {
                let known = self.settlements.entry(settlement.settlement_id.clone());
                known.or_insert_with(|| (settlement.clone(), seq));
            }
            Effect::StatusShown { update } => {
                let shown = Shown::new(seq, update.sequence, update.status, &update.lines, &update.shipments);
                self.views.entry(committed.system).or_default().show(shown);
            }
            Effect::TimelineWritten { entry } => {
                self.timeline.show(Shown::new(seq, entry.sequence, entry.status, &entry.lines, &[]));
            }
            _ => {}
        }
    }

    fn keep_wish(&mut self, seq: u64, chain: Option<&CorrelationId>, request: &ReturnRequest) {
        let Some(chain) = chain.filter(|_| request.method == ReturnMethod::KeepItem) else { return };
        let mut lines: BTreeMap<LineId, u32> = BTreeMap::new();
        for line in &request.lines {
            *lines.entry(line.line_id.clone()).or_default() += line.quantity;
        }
        self.keeping.entry(chain.clone()).or_insert((lines, seq));
    }

    fn adjust(&mut self, began: (u64, Option<CorrelationId>), asked: &PriceAdjustment) {
        if !self.adjustments.contains_key(&asked.adjustment_id) {
            let book =
                AdjustmentBook::new(began, asked, |line| (self.shown_as_shipped(line), self.back(line)));
            self.adjustments.insert(asked.adjustment_id.clone(), book);
        }
    }

    fn shown_as_shipped(&self, line: &LineId) -> i64 {
        let shown = self.shown().and_then(|shown| shown.lines.get(line));
        shown.map_or(0, |line| i64::from(line.shipped))
    }

    fn keep_exchange(&mut self, exchange: Option<&ExchangeRequest>, lines: &[ReturnLine]) {
        if let Some(exchange) = exchange {
            let reasons = lines.iter().map(|line| line.reason).collect();
            self.exchanges.entry(exchange.exchange_id.clone()).or_insert(reasons);
        }
    }

    fn reserve(&mut self, seq: u64, reservation: &Reservation) {
        for line in &reservation.lines {
            let claim = self.claims.entry((line.line_id.clone(), line.node_id.clone())).or_default();
            claim.reserved.add(line.quantity, seq);
        }
    }

    /// What lapsed is given back.
    fn lapse(&mut self, seq: u64, reservation: &Reservation) {
        for line in &reservation.lines {
            let claim = self.claims.entry((line.line_id.clone(), line.node_id.clone())).or_default();
            claim.released.add(line.quantity, seq);
        }
    }

    fn unreserve(&mut self, seq: u64, release: &ReservationRelease, tally: fn(&mut Claim) -> &mut Tally) {
        for line in &release.lines {
            let claim = self.claims.entry((line.line_id.clone(), line.node_id.clone())).or_default();
            tally(claim).add(line.quantity, seq);
        }
    }

    fn move_stock(&mut self, seq: u64, movement: &InventoryMovement) {
        let Some(line) = &movement.line_id else { return };
        match movement.reason {
            MovementReason::GoodsIssue => {
                let issues = self.issues.entry((movement.cause.clone(), line.clone())).or_default();
                issues.add(-movement.quantity, seq);
                let nodes = self.issue_nodes.entry((movement.cause.clone(), line.clone())).or_default();
                nodes.insert(movement.node_id.clone());
                self.lines.entry(line.clone()).or_default().issued.add(-movement.quantity, seq);
            }
            MovementReason::CustomerReturn => self.restocks.push(Restock::of(movement, line, seq)),
            MovementReason::Disposition => self.decisions.push(Restock::of(movement, line, seq)),
            MovementReason::Adjustment | MovementReason::GoodsReceipt | MovementReason::Transfer => {}
        }
    }

    fn release(&mut self, seq: u64, order: &FulfillmentOrder) {
        self.fulfillment_orders.entry(order.fulfillment_order_id.clone()).or_default().add(1, seq);
        self.add_items(&order.lines, seq, |line| &mut line.released);
    }

    fn ship(&mut self, seq: u64, shipment: &Shipment) {
        if self.shipments.contains_key(&shipment.shipment_id) {
            return;
        }
        let mut lines: BTreeMap<LineId, u32> = BTreeMap::new();
        for line in &shipment.lines {
            *lines.entry(line.line_id.clone()).or_default() += line.quantity;
        }
        self.shipments.insert(
            shipment.shipment_id.clone(),
            ShipmentBook {
                node: shipment.node_id.clone(),
                lines,
                tracking: shipment.tracking_number.clone(),
                seq,
                left: shipment.shipped_at,
                scanned: None,
                pickup: shipment.pickup,
                lost: false,
            },
        );
        self.add_items(&shipment.lines, seq, |line| &mut line.shipped);
        for unit in &shipment.serials {
            let seen = self.serials.entry(unit.serial.clone()).or_default();
            seen.push(Sighting { left: true, receipt: None, seq });
        }
    }

    /// Goods that wait for a clerk did not come back for the books.
    fn hold(&mut self, seq: u64, held: &HeldGoods) {
        let Some(receipt) = self.receipts.get_mut(&held.receipt_id) else { return };
        let came = receipt.seqs.first().copied().unwrap_or(0);
        for (line, quantity) in receipt.hold(seq, held) {
            let units = i64::from(quantity);
            self.adjustments.values_mut().for_each(|known| known.never_back(&line, units, came));
            self.lines.entry(line).or_default().received.add(-units, seq);
        }
    }

    /// Goods that were not taken back did not come back for the books.
    fn reject(&mut self, seq: u64, rejection: &ReturnRejection) {
        if let Some(receipt) = self.receipts.get_mut(&rejection.receipt_id) {
            receipt.rejection_booked = true;
        }
        for line in &rejection.lines {
            let book = self.lines.entry(line.line_id.clone()).or_default();
            book.erp_returned.add(-i64::from(line.quantity), seq);
        }
    }

    fn add_items(&mut self, items: &[ItemQuantity], seq: u64, tally: fn(&mut LineBook) -> &mut Tally) {
        for item in items {
            let line = self.lines.entry(item.line_id.clone()).or_default();
            line.sku.get_or_insert_with(|| item.sku.clone());
            tally(line).add(item.quantity, seq);
        }
    }

    pub(super) fn add_units<'a>(
        &mut self,
        units: impl Iterator<Item = (&'a LineId, u32)>,
        seq: u64,
        tally: fn(&mut LineBook) -> &mut Tally,
    ) {
        for (line, quantity) in units {
            tally(self.lines.entry(line.clone()).or_default()).add(quantity, seq);
        }
    }

    pub(super) fn apply_exchange(
        &mut self,
        record: &Record,
        exchange: &Exchange,
        began_anew: Option<&NewCount>,
    ) {
        self.messages.apply_exchange(record.seq, record.at, exchange, began_anew);
        self.replays.apply_exchange(record, exchange, self.messages.all_told());
        self.promises.apply_exchange(record, exchange);
        if exchange.to == System::Psp {
            self.money.apply_exchange(exchange);
        }
        if exchange.to != System::Middleware {
            return;
        }
        self.audit.apply(record.seq, exchange, |chain| self.messages.acted_in(chain));
        self.verdicts.apply(record.seq, exchange);
        match exchange.operation.as_str() {
            operation if operation == middleware::SUBMIT_ORDER.id => self.acknowledge(record.seq, exchange),
            operation if operation == middleware::CANCEL_ORDER.id => {
                self.keep_cancellation(record.seq, exchange);
            }
            operation if operation == middleware::ADJUST_PRICE.id => {
                self.keep_adjustment(record.seq, exchange);
            }
            operation if operation == middleware::READ_ORDER.id => self.keep_answer(record.seq, exchange),
            _ => {}
        }
    }

    fn acknowledge(&mut self, seq: u64, exchange: &Exchange) {
        let accepted = match exchange.outcome {
            Outcome::Ok => true,
            Outcome::Fail => false,
            Outcome::Unknown => return,
        };
        if self.acknowledged.is_none_or(|(known, _)| accepted && !known) {
            self.acknowledged = Some((accepted, seq));
        }
    }

    fn keep_cancellation(&mut self, seq: u64, exchange: &Exchange) {
        if exchange.outcome != Outcome::Ok {
            return;
        }
        if let Ok(answer) = <Cancellation as serde::Deserialize>::deserialize(&exchange.response) {
            let lines = answer.canceled.into_iter().map(|line| (line.line_id, line.quantity)).collect();
            self.cancellations.insert(answer.cancellation_id, (lines, seq));
        }
    }

    fn keep_adjustment(&mut self, seq: u64, exchange: &Exchange) {
        if exchange.outcome != Outcome::Ok {
            return;
        }
        let Ok(decision) = <AdjustmentDecision as serde::Deserialize>::deserialize(&exchange.response) else {
            return;
        };
        let lines = self.lines.keys().map(|line| (line.clone(), (self.shipped(line), self.back(line))));
        let stands: BTreeMap<_, _> = lines.collect();
        if let Some(book) = self.adjustments.get_mut(&decision.adjustment_id) {
            let of_line = |line: &LineId| stands.get(line).copied().unwrap_or_default();
            book.agree(seq, decision.amount.amount, of_line);
        }
    }

    fn keep_answer(&mut self, seq: u64, exchange: &Exchange) {
        if exchange.outcome != Outcome::Ok {
            return;
        }
        if let Ok(view) = <OrderView as serde::Deserialize>::deserialize(&exchange.response) {
            let shown = Shown::new(seq, seq, view.status, &view.lines, &view.shipments);
            self.answers.take(exchange.started_at, shown.with_returns(&view.returns, &view.refunds));
        }
    }
}
