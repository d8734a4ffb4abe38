//! The reference model: what has happened to goods and money so far, as far as it decides what may sensibly happen next.
//! It does not say what systems must show; that is the laws' part.

use std::collections::BTreeMap;

use super::act::{Act, EXPRESS, Items, Part};

/// Goods that cannot be returned.
pub(super) const FINAL_SALE: &str = "sample sale dress";
/// Goods with serial numbers.
pub(super) const SERIALIZED: &str = "fitness tracker";
/// What is bought without goods.
pub(super) const GIFT_CARD: &str = "gift card";
/// What goods are exchanged for.
pub(super) const REPLACEMENT: &str = "wool sweater";

/// Hours in which goods may be sent back.
const WINDOW_HOURS: u32 = 720;
/// Hours after which the latest of the dates by which goods must leave is missed.
const MISSED_HOURS: u32 = 73;

/// Most orders of a history.
const ORDERS_MAX: u32 = 2;

type Units = BTreeMap<&'static str, u32>;

/// Where the goods of a history are, and what was paid for them.
#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    shelves: BTreeMap<(&'static str, &'static str), u32>,
    claimed: Units,
    sent_from: Vec<(&'static str, &'static str)>,
    /// What a node did not find or found broken: how much of it is left, only the books know.
    given_back: Vec<&'static str>,
    on_the_way: Option<Items>,
    lapsing: Option<&'static str>,
    /// Some order is booked only after time has passed.
    late: bool,
    /// People did something in the ERP after the opening.
    meddled: bool,
    seen: Vec<&'static str>,
    orders: u32,
    order: Present,
}

/// The order that everything is about.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Present {
    channel: Option<&'static str>,
    country: Option<&'static str>,
    pickup: Option<&'static str>,
    gift: bool,
    served: bool,
    changed: bool,
    promised: bool,
    /// Hours that passed since it was placed.
    waited: u32,
    agreed: bool,
    left: bool,
    waits: bool,
    open: Units,
    ready: bool,
    with_customer: Units,
    back: Back,
    money: Money,
}

/// What comes back by mail.
#[derive(Debug, Clone, Default)]
struct Back {
    announced: Units,
    reason: &'static str,
    ungraded: u32,
    arrived: Option<Items>,
    quarantined: Units,
    called_off: bool,
    held: Units,
    /// Stores have taken goods back.
    in_stores: bool,
}

/// What the payment provider knows.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Money {
    by_card: bool,
    captures_wait: bool,
    refunds_wait: bool,
    captured: bool,
    capture_pending: bool,
    refunded: bool,
    refund_pending: bool,
    disputed: bool,
}

impl Money {
    const fn capture(&mut self) {
        if self.by_card && self.captures_wait {
            self.capture_pending = true;
        } else {
            self.captured = self.by_card;
        }
    }

    const fn refund(&mut self) {
        if self.captured && !self.disputed && self.refunds_wait {
            self.refund_pending = true;
        } else {
            self.refunded = self.captured && !self.disputed;
        }
    }
}

fn units(of: &Units, product: &str) -> u32 {
    of.get(product).copied().unwrap_or(0)
}

fn any(of: &Units) -> bool {
    of.values().any(|count| *count > 0)
}

fn take(from: &mut Units, (product, count): Items) {
    let left = from.entry(product).or_default();
    *left = left.saturating_sub(count);
}

fn add(to: &mut Units, (product, count): Items) {
    *to.entry(product).or_default() += count;
}

impl Model {
    /// Whether an order was placed.
    pub(super) const fn has_order(&self) -> bool {
        self.orders > 0
    }

    /// Whether goods of the order have left.
    pub(super) const fn has_left(&self) -> bool {
        self.order.left
    }

    /// Who may return goods of the order.
    pub(super) const fn returner(&self) -> &'static str {
        if self.order.gift { "recipient" } else { "customer" }
    }

    /// Whether goods were promised by a date and have not left.
    pub(super) fn may_be_late(&self) -> bool {
        self.order.promised && any(&self.order.open)
    }

    /// Units of a product that were ordered and have not left.
    pub(super) fn open(&self, product: &str) -> u32 {
        units(&self.order.open, product)
    }

    /// Units that the customer has.
    pub(super) fn with_customer(&self, product: &str) -> u32 {
        units(&self.order.with_customer, product)
    }

    /// Units that the customer has and did not announce to send back.
    pub(super) fn returnable(&self, product: &str) -> u32 {
        self.with_customer(product).saturating_sub(self.announced(product))
    }

    /// Units that are announced to come back.
    pub(super) fn announced(&self, product: &str) -> u32 {
        units(&self.order.back.announced, product)
    }

    /// Units that came although nobody expects them any more.
    pub(super) fn held(&self, product: &str) -> u32 {
        units(&self.order.back.held, product)
    }

    /// Units in quarantine.
    pub(super) fn quarantined(&self, product: &str) -> u32 {
        units(&self.order.back.quarantined, product)
    }

    /// Units at a place that nobody claims, wherever else claimed units may lie.
    pub(super) fn spare(&self, product: &'static str, place: &'static str) -> u32 {
        let there = self.shelves.get(&(product, place)).copied().unwrap_or(0);
        there.saturating_sub(units(&self.claimed, product))
    }

    /// Units that are on the way to another place.
    pub(super) fn on_the_way(&self) -> Option<Items> {
        self.on_the_way.filter(|(_, count)| *count > 0)
    }

    /// Units that can be ordered.
    fn free(&self, product: &str) -> u32 {
        self.on_shelves(product).saturating_sub(units(&self.claimed, product))
    }

    fn on_shelves(&self, product: &str) -> u32 {
        self.shelves.iter().filter(|((of, _), _)| *of == product).map(|(_, count)| *count).sum()
    }

    fn pays_with_stored_value(&self) -> bool {
        self.seen.contains(&"paid") || self.seen.contains(&"paid without a card")
    }

    fn is_flawed(&self) -> bool {
        self.seen.contains(&"the customer's card will be declined")
            || self.seen.contains(&"the channel adds the order up 1.00 EUR too high")
    }

    /// Whether everything of an order is there.
    fn can_serve(&self, items: &[Items]) -> bool {
        let there = |(product, count): &Items| match self.order.pickup {
            _ if *product == GIFT_CARD => true,
            Some(place) => self.spare(product, place) >= *count,
            None => self.free(product) >= *count,
        };
        items.iter().all(there)
    }

    /// Whether an act makes sense now.
    pub(super) fn admits(&self, act: &Act) -> bool {
        match act.part() {
            Part::Setting => !self.has_order() && self.admits_setting(act),
            Part::Fault => *act != Act::Kill || !self.seen(act),
            Part::Command => match act {
                Act::Order { items, channel } => self.admits_order(items, channel),
                Act::Send { items, from, to } => {
                    let sure = !self.given_back.contains(&items.0) && self.spare(items.0, from) >= items.1;
                    from != to && self.on_the_way().is_none() && sure
                }
                Act::Come { items } => {
                    self.on_the_way().is_some_and(|(product, count)| product == items.0 && count >= items.1)
                }
                Act::LoseSent => self.on_the_way().is_some(),
                Act::Master { .. } | Act::MasterProduct { .. } => !self.seen(act),
                Act::GiveUp => {
                    let claimed = self.lapsing.is_some_and(|product| self.open(product) > 0);
                    self.order.waits && claimed && !self.seen(act)
                }
                Act::Pass { .. } => self.late,
                _ => self.order.served && !self.order.waits && self.admits_on_order(act),
            },
        }
    }

    fn admits_setting(&self, act: &Act) -> bool {
        let order = &self.order;
        match act {
            Act::Stock { items, place } => !self.shelves.contains_key(&(items.0, *place)),
            Act::Listed { product } => self.free(product) > 0,
            Act::Lapsing { product } => self.free(product) > 0 && self.lapsing.is_none(),
            Act::Promotion { .. } => order.country.is_none() && !self.seen(act),
            Act::Paid { .. } => order.country.is_none() && !self.pays_with_stored_value(),
            Act::Country { .. } => order.country.is_none() && order.pickup.is_none() && !self.seen(act),
            Act::Pickup { place } => {
                let stocked = self.shelves.keys().any(|(_, there)| there == place);
                stocked && order.country.is_none() && !order.gift && !self.seen(act)
            }
            Act::Settlement => order.country.is_some() && !self.seen(act),
            Act::Gift => order.pickup.is_none() && !self.seen(act),
            _ => !self.seen(act),
        }
    }

    fn admits_order(&self, items: &[Items], channel: &str) -> bool {
        let order = &self.order;
        let first = !self.has_order();
        let another = self.orders < ORDERS_MAX && !self.seen.contains(&"exchange");
        let home = order.country.is_none() && !order.gift && order.pickup.is_none();
        let plain = !first || home || matches!(channel, "web shop" | "mobile app");
        let sold = items.iter().all(|(product, count)| match *product {
            GIFT_CARD => {
                let reduced = self.pays_with_stored_value() || self.seen.contains(&"promotion");
                (!first || home && !reduced) && matches!(channel, "web shop" | "mobile app")
            }
            SERIALIZED if first && order.country == Some("Switzerland") => false,
            product => {
                let sent = self.sent_from.iter().filter(|(of, _)| *of == product);
                self.shelves.keys().any(|(of, _)| *of == product)
                    && !self.given_back.contains(&product)
                    && sent.clone().all(|(_, place)| self.spare(product, place) >= *count)
            }
        });
        (first || another) && plain && sold
    }

    /// Acts on the present order, which is taken.
    fn admits_on_order(&self, act: &Act) -> bool {
        let order = &self.order;
        let shop = order.channel == Some("web shop");
        let ships = order.pickup.is_none();
        match act {
            // Of two orders that arrive after a kill either may be the one that is taken.
            Act::SubmitAgain { how } => {
                let fair = !how.contains("another number") || !self.seen.contains(&"kill");
                shop && fair && !self.seen(act)
            }
            Act::Stranger { system } => {
                let own = if order.channel == Some("marketplace") { "marketplace" } else { "storefront" };
                *system != own && !self.seen(act)
            }
            Act::Cancel { items: None } => any(&order.open) && !order.ready,
            // What has left is asked for, too, and must be refused.
            Act::Cancel { items: Some((product, count)) } => {
                let known = self.open(product) + self.with_customer(product);
                !order.ready && known >= *count
            }
            Act::ShipAll => ships && any(&order.open),
            Act::Ship { items } | Act::GivenBack { items, .. } => ships && self.open(items.0) >= items.1,
            Act::Collection { what } => match *what {
                "the store has the order ready" => !ships && !order.ready && any(&order.open),
                _ => order.ready,
            },
            Act::Readdress | Act::Grant { .. } => {
                let early = !order.left && !order.changed && order.country.is_none();
                shop && ships && early && !self.seen(act)
            }
            Act::Hours { hours } => {
                let promised = order.promised || *hours > WINDOW_HOURS;
                ships && promised && self.lapsing.is_none() && order.waited <= WINDOW_HOURS
            }
            Act::Agree => ships && self.may_be_late() && order.waited >= MISSED_HOURS && !self.seen(act),
            Act::Expect { .. } => ships && order.promised && order.left && !self.seen(act),
            Act::Deliver | Act::Scan { .. } => ships && order.left,
            Act::UnreadableScan => ships && order.left && !self.seen(act),
            Act::Appease { on, .. } => order.left && on.is_none_or(|product| self.with_customer(product) > 0),
            Act::AppeaseAgain => self.seen.contains(&"appease") && self.orders == 1 && !self.seen(act),
            Act::Replay => !self.late && !self.seen(act),
            // Only this order is replayed, and neither what people did in the ERP nor what is under way.
            Act::Restore => {
                let alone = self.orders == 1 && !self.seen.contains(&"exchange");
                let quiet = !["fault", "kill"].iter().any(|what| self.seen.contains(what));
                alone && quiet && !self.meddled && !self.seen(act)
            }
            Act::Payment { what } => !self.seen(act) && self.admits_payment(what),
            other => self.admits_return(other),
        }
    }

    fn admits_payment(&self, what: &str) -> bool {
        let (order, money) = (&self.order, &self.order.money);
        match what {
            "the payment provider confirms the capture"
            | "the payment provider reports that the capture failed" => money.capture_pending,
            "the payment provider confirms the refund"
            | "the payment provider reports that the refund failed" => money.refund_pending,
            "the authorization lapses" => money.by_card && any(&order.open),
            "the customer disputes the payment" => money.captured && !money.disputed,
            "the dispute is lost" | "the dispute is won" => money.disputed,
            _ => money.refunded,
        }
    }

    fn admits_return(&self, act: &Act) -> bool {
        let (order, back) = (&self.order, &self.order.back);
        match act {
            // What is refused then stays with the customer.
            Act::Bring { .. }
            | Act::BringStrange { .. }
            | Act::Ask { .. }
            | Act::Keep { .. }
            | Act::Exchange { .. }
                if order.waited > WINDOW_HOURS =>
            {
                false
            }
            Act::Bring { who, items, .. } => self.returnable(items.0) >= items.1 && *who == self.returner(),
            Act::BringStrange { items, .. } => {
                items.0 == SERIALIZED && self.returnable(items.0) >= items.1 && !order.gift
            }
            Act::Keep { items } => self.with_customer(items.0) >= items.1 && items.0 == GIFT_CARD,
            // A dock reads the serial number of any unit that left, also of one that a store took back.
            Act::Ask { items, .. } | Act::Arrive { items, .. } | Act::Parcel { items, .. }
                if items.0 == SERIALIZED && back.in_stores =>
            {
                false
            }
            Act::Ask { who, items, .. } => {
                self.returnable(items.0) >= items.1 && !any(&back.announced) && *who == self.returner()
            }
            Act::Arrive { items, .. } => {
                back.ungraded == 0 && self.announced(items.0) > 0 && self.with_customer(items.0) >= items.1
            }
            Act::Parcel { items, .. } => {
                let expected = self.announced(items.0) >= items.1 && back.ungraded == 0;
                (expected || back.called_off) && self.with_customer(items.0) >= items.1
            }
            Act::Assign { items, .. } => self.held(items.0) == items.1 && items.1 > 0 && !order.gift,
            Act::Grade { .. } => back.ungraded > 0,
            Act::TakeBack => any(&back.announced) && back.ungraded == 0,
            Act::Exchange { items, .. } => {
                self.returnable(items.0) >= items.1
                    && !order.gift
                    && order.country.is_none()
                    && order.channel == Some("web shop")
                    && items.0 != FINAL_SALE
                    && self.free(REPLACEMENT) > 0
                    && !self.seen(act)
            }
            Act::Dispose { items, .. } => self.quarantined(items.0) >= items.1,
            _ => false,
        }
    }

    fn seen(&self, act: &Act) -> bool {
        self.seen.contains(&name(act))
    }

    /// Lets it happen.
    pub(super) fn apply(&mut self, act: &Act) {
        self.seen.push(name(act));
        match act {
            Act::Stock { items, place } => {
                self.shelves.insert((items.0, place), items.1);
            }
            Act::Country { country } => self.order.country = Some(country),
            Act::Gift => self.order.gift = true,
            Act::Pickup { place } => self.order.pickup = Some(place),
            Act::Promised { how } => self.order.promised |= *how != EXPRESS,
            Act::Lapsing { product } => self.lapsing = Some(product),
            Act::Provider { what: "the payment provider decides captures later" } => {
                self.order.money.captures_wait = true;
            }
            Act::Provider { what: "the payment provider decides refunds later" } => {
                self.order.money.refunds_wait = true;
            }
            Act::Order { items, channel } => self.place(items, channel),
            Act::Send { items, from, .. } => {
                if let Some(there) = self.shelves.get_mut(&(items.0, *from)) {
                    *there = there.saturating_sub(items.1);
                }
                self.sent_from.push((items.0, from));
                self.on_the_way = Some(*items);
            }
            // It is not counted on where it comes: the ERP may book that later than the next who wants it asks.
            Act::Come { items } => {
                if let Some((_, left)) = &mut self.on_the_way {
                    *left = left.saturating_sub(items.1);
                }
            }
            Act::LoseSent => self.on_the_way = None,
            // What lapsed is claimed again.
            Act::Master { .. } | Act::MasterProduct { .. } | Act::GiveUp => self.meddled = true,
            Act::Pass { .. } => {
                self.late = false;
                self.order.waits = false;
            }
            other => {
                if let Act::GivenBack { items, .. } = other {
                    self.given_back.push(items.0);
                }
                self.order.goes_on(other);
                self.order.comes_back(other);
            }
        }
    }

    fn place(&mut self, items: &[Items], channel: &'static str) {
        let first = self.orders == 0;
        self.orders += 1;
        if !first {
            self.order = Present::default();
        }
        let served = self.can_serve(items) && !(first && self.is_flawed());
        // It may be served after all: units of canceled orders may be free again, and a card that is declined unneeded.
        let claims = items.iter().all(|(product, count)| self.on_shelves(product) >= *count);
        let waits = self.lapsing.is_some();
        self.late |= waits;
        let order = &mut self.order;
        order.channel = Some(channel);
        order.served = served;
        order.waits = waits;
        order.money.by_card =
            channel != "marketplace" && !(first && self.seen.contains(&"paid without a card"));
        // What is not there rejects the order: nothing of it can be shipped.
        for (product, count) in items.iter().filter(|_| served) {
            if *product == GIFT_CARD {
                add(&mut order.with_customer, (product, *count));
                order.money.capture();
            } else {
                add(&mut order.open, (product, *count));
            }
        }
        for items in items.iter().filter(|_| served || claims) {
            add(&mut self.claimed, *items);
        }
    }
}

impl Present {
    /// What happens with goods on their way to the customer, and with the money.
    fn goes_on(&mut self, act: &Act) {
        match act {
            Act::Cancel { items: None } => self.open.clear(),
            Act::Cancel { items: Some(items) } if units(&self.open, items.0) < items.1 => {}
            // Where units that are given back are found again is the nodes' affair; the history does not count on them.
            Act::Cancel { items: Some(items) } | Act::GivenBack { items, .. } => take(&mut self.open, *items),
            Act::Readdress | Act::Grant { .. } => self.changed = true,
            Act::Ship { items } => {
                take(&mut self.open, *items);
                add(&mut self.with_customer, *items);
                self.leave();
            }
            Act::Collection { what: "the store has the order ready" } => self.ready = true,
            Act::Collection { what: "nobody collects the order in time" } => {
                self.ready = false;
                self.open.clear();
            }
            Act::ShipAll | Act::Collection { .. } => {
                self.ready = false;
                for (product, count) in std::mem::take(&mut self.open) {
                    add(&mut self.with_customer, (product, count));
                }
                self.leave();
            }
            Act::Hours { hours } => self.wait(*hours),
            Act::Agree => self.agreed = true,
            Act::Appease { .. } | Act::AppeaseAgain => self.money.refund(),
            Act::Payment { what } => match *what {
                "the payment provider confirms the capture" => {
                    self.money.capture_pending = false;
                    self.money.captured = true;
                }
                "the payment provider confirms the refund" => {
                    self.money.refund_pending = false;
                    self.money.refunded = true;
                }
                "the customer disputes the payment" => self.money.disputed = true,
                _ => {}
            },
            _ => {}
        }
    }

    fn wait(&mut self, hours: u32) {
        // Who must say whether to wait and does not gets nothing more. An answer is good for one delay.
        let answered = std::mem::take(&mut self.agreed) && hours <= MISSED_HOURS;
        if self.promised && !answered && (self.waited > 0 || hours > MISSED_HOURS) {
            self.open.clear();
        }
        self.waited += hours;
        if self.waited > WINDOW_HOURS && any(&self.back.announced) {
            self.back.announced.clear();
            self.back.called_off = true;
        }
    }

    const fn leave(&mut self) {
        self.left = true;
        self.money.capture();
    }

    /// What happens with goods that come back.
    fn comes_back(&mut self, act: &Act) {
        let back = &mut self.back;
        match act {
            Act::Bring { items, .. } | Act::Exchange { items, .. } => {
                back.in_stores = true;
                // The dock has no receipt before it any more.
                back.ungraded = 0;
                back.quarantined.clear();
                if items.0 != FINAL_SALE && items.0 != GIFT_CARD {
                    take(&mut self.with_customer, *items);
                    self.money.refund();
                }
            }
            Act::BringStrange { .. } => {
                back.ungraded = 0;
                back.quarantined.clear();
            }
            Act::Keep { items } => {
                take(&mut self.with_customer, *items);
                self.money.refund();
            }
            Act::Ask { items, reason, .. } => {
                back.called_off = false;
                back.reason = reason;
                if items.0 != FINAL_SALE && items.0 != GIFT_CARD {
                    add(&mut back.announced, *items);
                }
            }
            Act::Parcel { items, .. } if back.called_off => {
                take(&mut self.with_customer, *items);
                back.quarantined.clear();
                back.held = Units::from([*items]);
            }
            Act::Arrive { items, .. } | Act::Parcel { items, .. } => {
                take(&mut self.with_customer, *items);
                let expected = units(&back.announced, items.0).min(items.1);
                back.announced.clear();
                back.quarantined.clear();
                back.ungraded = items.1;
                back.arrived = Some((items.0, expected));
            }
            Act::Assign { items, .. } => {
                take(&mut back.held, *items);
                back.called_off = false;
                self.money.refund();
            }
            Act::Grade { grade } => {
                back.ungraded = 0;
                let doubtful =
                    back.reason == "it is not as described" && matches!(*grade, "as new" | "opened");
                if let Some(items) = back.arrived.take().filter(|_| doubtful) {
                    add(&mut back.quarantined, items);
                }
                self.money.refund();
            }
            Act::TakeBack => {
                back.announced.clear();
                back.called_off = true;
            }
            Act::Dispose { items, .. } => take(&mut back.quarantined, *items),
            _ => {}
        }
    }
}

/// What happens once at most.
fn name(act: &Act) -> &'static str {
    match act {
        Act::Promotion { .. } => "promotion",
        Act::Paid { how } if how.starts_with("200.00") => "paid without a card",
        Act::Paid { .. } => "paid",
        Act::Country { .. } => "country",
        Act::Settlement => "settlement",
        Act::Gift => "gift",
        Act::Pickup { .. } => "pickup",
        Act::Promised { how: EXPRESS } => "express",
        Act::Promised { .. } => "promised",
        Act::Expect { .. } => "expect",
        Act::Agree => "agree",
        Act::Flaw { what }
        | Act::Provider { what }
        | Act::Payment { what }
        | Act::Pass { what }
        | Act::Master { what } => what,
        Act::MasterProduct { .. } => "product",
        Act::SubmitAgain { how } => how,
        Act::Stranger { system } => system,
        Act::Readdress => "readdress",
        Act::Grant { .. } => "grant",
        Act::Exchange { .. } => "exchange",
        Act::Appease { .. } => "appease",
        Act::AppeaseAgain => "appease again",
        Act::GiveUp => "give up",
        Act::Restore => "restore",
        Act::Replay => "replay",
        Act::UnreadableScan => "unreadable scan",
        Act::Call { .. } | Act::Message { .. } | Act::Habit { .. } => "fault",
        Act::Kill => "kill",
        _ => "",
    }
}
