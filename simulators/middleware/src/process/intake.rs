//! What an order must be like to be taken, beyond its shape: sums, currencies, per-unit shares.

use std::collections::BTreeSet;

use counterproof_contracts::{
    model::{
        LineId, Money, Order, OrderLine, PromotionScope, SalesChannel, TaxCollector, TaxScheme, Tender,
        TenderKind,
    },
    protocol::FieldError,
};

/// Largest amount that is taken, in minor units: keeps every sum far from overflow.
const AMOUNT_MAX: i64 = 100_000_000_000;
/// Most units of a line.
const QUANTITY_MAX: u32 = 10_000;
/// Most lines of an order.
const LINES_MAX: usize = 500;

/// Places where an order contradicts itself; empty: none.
pub fn order_errors(order: &Order) -> Vec<FieldError> {
    let mut errors = Errors(Vec::new());
    errors.limits(order);
    if !errors.0.is_empty() {
        return errors.0;
    }
    for (index, line) in order.lines.iter().enumerate() {
        errors.line(order, index, line);
    }
    for (index, tender) in order.tenders.iter().enumerate() {
        errors.tender(order, index, tender);
    }
    errors.promotions(order);
    errors.taxes(order);
    errors.terms(order);
    errors.promises(order);
    errors.identities(order);
    errors.kits(order);
    errors.sums(order);
    errors.0
}

/// Whether two submissions are the same order.
pub fn same_order(known: &Order, submitted: &Order) -> bool {
    known == submitted
}

struct Errors(Vec<FieldError>);

impl Errors {
    fn say(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.0.push(FieldError { pointer: pointer.into(), detail: detail.into() });
    }

    /// Bounds that keep the arithmetic exact.
    fn limits(&mut self, order: &Order) {
        if order.lines.is_empty() || order.lines.len() > LINES_MAX {
            self.say("/lines", format!("must have 1 to {LINES_MAX} entries"));
        }
        for (index, line) in order.lines.iter().enumerate() {
            if line.quantity == 0 || line.quantity > QUANTITY_MAX {
                self.say(format!("/lines/{index}/quantity"), format!("must be 1 to {QUANTITY_MAX}"));
            }
            let shares = line.promotions.iter().flat_map(|promotion| &promotion.unit_amounts);
            let taxes = line.taxes.iter().flat_map(|tax| &tax.unit_amounts);
            if shares.chain(taxes).chain([&line.unit_price.amount]).any(|amount| !in_bounds(*amount)) {
                self.say(format!("/lines/{index}"), format!("amounts must be 0 to {AMOUNT_MAX}"));
            }
        }
        let shipping = order.shipping.iter().flat_map(|charge| [charge.amount.amount, charge.tax_amount]);
        let tenders = order.tenders.iter().map(|tender| tender.amount.amount);
        let promotions = order.promotions.iter().map(|promotion| promotion.amount.amount);
        if shipping
            .chain(tenders)
            .chain(promotions)
            .chain([order.total.amount])
            .any(|amount| !in_bounds(amount))
        {
            self.say("/total", format!("amounts must be 0 to {AMOUNT_MAX}"));
        }
    }

    fn currency(&mut self, order: &Order, pointer: String, money: Money) {
        if money.currency != order.currency {
            self.say(pointer, format!("is in {}, the order in {}", money.currency, order.currency));
        }
    }

    fn line(&mut self, order: &Order, index: usize, line: &OrderLine) {
        self.currency(order, format!("/lines/{index}/unit_price"), line.unit_price);
        let units = line.quantity as usize;
        for (share, promotion) in line.promotions.iter().enumerate() {
            if promotion.unit_amounts.len() != units {
                self.say(
                    format!("/lines/{index}/promotions/{share}/unit_amounts"),
                    format!("must have one entry for each of {units} units"),
                );
            }
        }
        for (share, tax) in line.taxes.iter().enumerate() {
            if tax.unit_amounts.len() != units {
                self.say(
                    format!("/lines/{index}/taxes/{share}/unit_amounts"),
                    format!("must have one entry for each of {units} units"),
                );
            }
        }
        if line.gift_card {
            self.gift_card(order, index, line);
        }
        if (0..line.quantity).any(|unit| line.unit_price_after_promotions(unit) < 0) {
            self.say(format!("/lines/{index}/promotions"), "exceed the price of a unit");
        }
    }

    /// A gift card is sold one by one, at its face value and without tax, by the retailer.
    fn gift_card(&mut self, order: &Order, index: usize, line: &OrderLine) {
        if line.quantity != 1 {
            self.say(format!("/lines/{index}/quantity"), "must be 1: each gift card has a line of its own");
        }
        if line.unit_price.amount == 0 {
            self.say(format!("/lines/{index}/unit_price"), "is what the gift card is worth");
        }
        for (name, any) in [("promotions", !line.promotions.is_empty()), ("taxes", !line.taxes.is_empty())] {
            if any {
                self.say(format!("/lines/{index}/{name}"), "a gift card is sold at its face value, untaxed");
            }
        }
        if order.sales_channel == SalesChannel::Marketplace || order.exchange.is_some() {
            self.say(format!("/lines/{index}/gift_card"), "is sold by the retailer alone, and for money");
        }
        if order.shipping.is_some() && order.lines.iter().all(|line| line.gift_card) {
            self.say("/shipping", "is charged although nothing is sent");
        }
    }

    /// Every share belongs to a promotion of the order, and its shares sum to it.
    fn promotions(&mut self, order: &Order) {
        let mut known = BTreeSet::new();
        for (index, promotion) in order.promotions.iter().enumerate() {
            self.currency(order, format!("/promotions/{index}/amount"), promotion.amount);
            if !known.insert(&promotion.promotion_id) {
                self.say(format!("/promotions/{index}/promotion_id"), "is another promotion's");
            }
            let shares = order.lines.iter().flat_map(|line| &line.promotions);
            let shares = shares.filter(|share| share.promotion_id == promotion.promotion_id);
            let sum: i64 = shares.flat_map(|share| &share.unit_amounts).sum();
            let expected =
                if promotion.scope == PromotionScope::Shipping { 0 } else { promotion.amount.amount };
            if sum != expected {
                let money = |amount| Money::new(amount, order.currency);
                let detail = format!("the lines' shares sum to {}, not {}", money(sum), money(expected));
                self.say(format!("/promotions/{index}/amount"), detail);
            }
        }
        for (index, line) in order.lines.iter().enumerate() {
            for (share, promotion) in line.promotions.iter().enumerate() {
                if !known.contains(&promotion.promotion_id) {
                    let pointer = format!("/lines/{index}/promotions/{share}/promotion_id");
                    self.say(pointer, "is no promotion of the order");
                }
            }
        }
    }

    /// No price contains more tax than it is, and who is not taxed pays none.
    fn taxes(&mut self, order: &Order) {
        let terms = order.tax_terms.as_ref();
        let free = terms
            .is_some_and(|terms| terms.scheme == TaxScheme::Dap || terms.exemption_certificate.is_some());
        for (index, line) in order.lines.iter().enumerate() {
            let beyond =
                |unit| line.tax_included && line.unit_value(unit).tax > order.taxed_price(line, unit);
            if (0..line.quantity).any(beyond) {
                self.say(format!("/lines/{index}/taxes"), "exceed the price that contains them");
            }
            if free && line.value(0..line.quantity).tax > 0 {
                self.say(format!("/lines/{index}/taxes"), "are levied on an order that is not taxed");
            }
        }
        let Some(shipping) = &order.shipping else { return };
        let sum: i64 = shipping.taxes.iter().flat_map(|tax| &tax.unit_amounts).sum();
        if !shipping.taxes.is_empty() && sum != shipping.tax_amount {
            self.say("/shipping/taxes", format!("sum to {sum}, not to {}", shipping.tax_amount));
        }
        let by_others: i64 = order.shipping_contributions().values().sum();
        if shipping.tax_amount > shipping.amount.amount + by_others || (free && shipping.tax_amount > 0) {
            self.say("/shipping/tax_amount", "is more than can be contained");
        }
    }

    /// What is sent is promised, for a time after the order.
    fn promises(&mut self, order: &Order) {
        let of_lines = order.lines.iter().enumerate();
        let of_lines =
            of_lines.map(|(index, line)| (format!("/lines/{index}/promised_by"), line.promised_by));
        let all = of_lines.chain([("/promised_by".to_owned(), order.promised_by)]);
        for (pointer, promised_by) in all.filter_map(|(pointer, date)| Some((pointer, date?))) {
            if promised_by <= order.placed_at {
                self.say(pointer.clone(), "is before the order was placed");
            }
            if order.pickup_node.is_some() {
                self.say(pointer, "is promised to arrive, and collected");
            }
        }
    }

    fn terms(&mut self, order: &Order) {
        let facilitated = order.tax_collector() == TaxCollector::Marketplace;
        if facilitated && order.sales_channel != SalesChannel::Marketplace {
            self.say("/tax_terms/collector", "is a marketplace, which did not take the order");
        }
        if let Some(settlement) = &order.settlement {
            if settlement.currency == order.currency {
                self.say("/settlement/currency", "is the order's own");
            }
            if settlement.presentment_units <= 0 || settlement.settlement_units <= 0 {
                self.say("/settlement", "has a rate that is not positive");
            }
        }
    }

    fn tender(&mut self, order: &Order, index: usize, tender: &Tender) {
        self.currency(order, format!("/tenders/{index}/amount"), tender.amount);
        match tender.kind {
            TenderKind::Card if tender.payment_token.is_none() => {
                self.say(format!("/tenders/{index}/payment_token"), "is needed for a card");
            }
            TenderKind::GiftCard | TenderKind::StoreCredit if tender.account_id.is_none() => {
                self.say(format!("/tenders/{index}/account_id"), "is needed for stored value");
            }
            _ => {}
        }
    }

    fn identities(&mut self, order: &Order) {
        let (mut lines, mut tenders, mut accounts) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for (index, line) in order.lines.iter().enumerate() {
            if !lines.insert(&line.line_id) {
                self.say(format!("/lines/{index}/line_id"), "is another line's");
            }
        }
        for (index, tender) in order.tenders.iter().enumerate() {
            if !tenders.insert(&tender.tender_id) {
                self.say(format!("/tenders/{index}/tender_id"), "is another tender's");
            }
            if tender.account_id.as_ref().is_some_and(|account| !accounts.insert(account)) {
                self.say(format!("/tenders/{index}/account_id"), "is another tender's");
            }
        }
    }

    /// A kit is made of whole lines, each of one kit, and costs no more than they do.
    fn kits(&mut self, order: &Order) {
        let mut taken = BTreeSet::new();
        for (index, kit) in order.kits.iter().enumerate() {
            let pointer = format!("/kits/{index}");
            self.currency(order, format!("{pointer}/unit_price"), kit.unit_price);
            let units = |line: &LineId| order.line(line).map_or(0, |line| line.quantity);
            if kit.whole(units) != Some(kit.quantity) {
                self.say(format!("{pointer}/components"), format!("do not make {} kits", kit.quantity));
            }
            if !kit.components.iter().all(|part| taken.insert(&part.line_id)) {
                self.say(format!("{pointer}/components"), "are parts of another kit, or stand twice");
            }
            let parts = kit.components.iter().filter_map(|part| order.line(&part.line_id));
            let list: i64 =
                parts.map(|line| line.unit_price.amount.saturating_mul(i64::from(line.quantity))).sum();
            if kit.unit_price.amount.saturating_mul(i64::from(kit.quantity)) > list {
                self.say(format!("{pointer}/unit_price"), "is above the prices of the parts");
            }
        }
    }

    fn sums(&mut self, order: &Order) {
        self.currency(order, "/total".to_owned(), order.total);
        if let Some(charge) = &order.shipping {
            self.currency(order, "/shipping/amount".to_owned(), charge.amount);
        }
        let goods = order.value().gross;
        if goods != order.total.amount {
            let sum = Money::new(goods, order.currency);
            self.say("/total", format!("is {}, lines and shipping sum to {sum}", order.total));
        }
        let paid: i64 = order.tenders.iter().map(|tender| tender.amount.amount).sum();
        if paid != order.total.amount {
            let sum = Money::new(paid, order.currency);
            self.say("/tenders", format!("sum to {sum}, the total is {}", order.total));
        }
    }
}

const fn in_bounds(amount: i64) -> bool {
    0 <= amount && amount <= AMOUNT_MAX
}
