//! What can happen in a generated history: the retailer's setting, what people do, and what goes wrong. Each act is
//! one or more sentences of the scenarios' own vocabulary, so a history is a scenario.

use std::fmt::Write as _;

/// Units of one product.
pub type Items = (&'static str, u32);

/// The faster of two ways to send an order.
pub const EXPRESS: &str = "by express";

/// Where a sentence stands and what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The retailer's and the customer's setting, before anything happens.
    Setting,
    /// What people and machines do.
    Command,
    /// What goes wrong.
    Fault,
}

/// An act.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is a part of the sentence")]
pub enum Act {
    /// Stock at the opening.
    Stock { items: Items, place: &'static str },
    /// The channels show the product's stock.
    Listed { product: &'static str },
    /// The next order has a promotion.
    Promotion { code: &'static str },
    /// The next order is a gift.
    Gift,
    /// Where the next order goes.
    Country { country: &'static str },
    /// The shop is paid in its own currency.
    Settlement,
    /// The next order is paid in part with stored value.
    Paid { how: &'static str },
    /// Something is wrong with the next order.
    Flaw { what: &'static str },
    /// What the payment provider or the ERP does by itself.
    Provider { what: &'static str },
    /// Claims lapse before the next order is booked.
    Lapsing { product: &'static str },
    /// The next order is collected in a store.
    Pickup { place: &'static str },
    /// By when the next order is promised, or how it is sent.
    Promised { how: &'static str },
    /// A customer orders.
    Order { items: Vec<Items>, channel: &'static str },
    /// The channel repeats itself.
    SubmitAgain { how: &'static str },
    /// Another channel wants to cancel what is not its own.
    Stranger { system: &'static str },
    /// The customer cancels, everything or some units.
    Cancel { items: Option<Items> },
    /// Another street.
    Readdress,
    /// Another price for a product.
    Grant { product: &'static str },
    /// Everything is shipped.
    ShipAll,
    /// Some units are shipped.
    Ship { items: Items },
    /// Units are not there, or not sellable.
    GivenBack { items: Items, how: &'static str },
    /// What happens with goods that a customer collects.
    Collection { what: &'static str },
    /// The carrier delivers.
    Deliver,
    /// The carrier scans late.
    Scan { scan: &'static str },
    /// The carrier scans in a way that nobody knows yet, and then as ever.
    UnreadableScan,
    /// Goods are brought into a store.
    Bring { who: &'static str, items: Items, place: &'static str, grade: &'static str },
    /// Other units of the same kind are brought into a store.
    BringStrange { items: Items, place: &'static str },
    /// Units that were bought are worth nothing to the customer, who gets the money back.
    Keep { items: Items },
    /// A return by mail is asked for.
    Ask { who: &'static str, items: Items, reason: &'static str },
    /// Goods arrive at a dock.
    Arrive { items: Items, place: &'static str },
    /// A parcel comes, whatever was announced.
    Parcel { items: Items, place: &'static str },
    /// A clerk finds to which order held goods belong.
    Assign { items: Items, grade: &'static str },
    /// The dock grades.
    Grade { grade: &'static str },
    /// The customer takes the return back.
    TakeBack,
    /// Goods are exchanged in a store, and the replacement ships.
    Exchange { items: Items, place: &'static str },
    /// The dock decides on goods in quarantine.
    Dispose { items: Items, what: &'static str },
    /// Customer service lowers what was paid.
    Appease { what: &'static str, on: Option<&'static str> },
    /// Customer service lowers it once more.
    AppeaseAgain,
    /// One place sends goods to another.
    Send { items: Items, from: &'static str, to: &'static str },
    /// Goods that were sent come.
    Come { items: Items },
    /// What was sent and did not come is given up.
    LoseSent,
    /// The ERP changes what every system must know.
    Master { what: &'static str },
    /// The ERP changes a product.
    MasterProduct { product: &'static str },
    /// The ERP gives up claims that have lapsed.
    GiveUp,
    /// The ERP fails over to an earlier state, and somebody makes all calls again.
    Restore,
    /// Word of the payment provider.
    Payment { what: &'static str },
    /// Somebody makes all calls again.
    Replay,
    /// Time passes.
    Pass { what: &'static str },
    /// So much time passes that dates are missed, or returns come too late.
    Hours { hours: u32 },
    /// The carrier tells when it expects to deliver.
    Expect { within: &'static str },
    /// The customer agrees to wait for what is late.
    Agree,
    /// A call meets a misfortune.
    Call { system: &'static str, request: &'static str, how: &'static str },
    /// A message meets a misfortune.
    Message { message: &'static str, how: &'static str },
    /// A system behaves badly.
    Habit { system: &'static str, how: &'static str },
    /// The implementation is killed.
    Kill,
}

impl Act {
    /// The part of a history that it belongs to.
    pub const fn part(&self) -> Part {
        match self {
            Self::Stock { .. }
            | Self::Listed { .. }
            | Self::Promotion { .. }
            | Self::Gift
            | Self::Country { .. }
            | Self::Settlement
            | Self::Paid { .. }
            | Self::Flaw { .. }
            | Self::Provider { .. }
            | Self::Lapsing { .. }
            | Self::Pickup { .. }
            | Self::Promised { .. } => Part::Setting,
            Self::Call { .. } | Self::Message { .. } | Self::Habit { .. } | Self::Kill => Part::Fault,
            _ => Part::Command,
        }
    }

    /// Whether it needs virtual time, or an implementation that nobody else uses.
    pub const fn is_virtual_only(&self) -> bool {
        matches!(
            self,
            Self::Kill
                | Self::Lapsing { .. }
                | Self::GiveUp
                | Self::Pass { .. }
                | Self::Hours { .. }
                | Self::UnreadableScan
                | Self::Restore
        )
    }

    /// What is counted as covered: its kind, and where it matters in which form.
    pub fn kind(&self) -> String {
        match self {
            Self::Flaw { what }
            | Self::Provider { what }
            | Self::Payment { what }
            | Self::Pass { what }
            | Self::Collection { what }
            | Self::Master { what } => (*what).to_owned(),
            Self::Promotion { code } => format!("promotion {code}"),
            Self::Promised { how } => format!("promised {how}"),
            Self::Hours { hours } => format!("{hours} hours pass"),
            Self::Expect { within } => format!("expected in {within}"),
            Self::Order { channel, .. } => format!("order in the {channel}"),
            Self::Stranger { system } => format!("{system} cancels"),
            Self::GivenBack { how, .. } => format!("units {how}"),
            Self::Bring { who, .. } => format!("{who} brings"),
            Self::Ask { who, .. } => format!("{who} asks"),
            Self::Grade { grade } => format!("grade {grade}"),
            Self::Appease { what, on } => {
                format!("grant {what}{}", if on.is_none() { " of shipping" } else { "" })
            }
            Self::Call { how, .. } => how.split('{').next().unwrap_or(how).trim().to_owned(),
            Self::Message { how, .. } => format!("message {how}"),
            Self::Habit { how, .. } => (*how).to_owned(),
            other => other.name().to_owned(),
        }
    }

    /// What kind of act it is, whatever its form.
    const fn name(&self) -> &'static str {
        match self {
            Self::Stock { .. } => "stock",
            Self::Listed { .. } => "listed",
            Self::Gift => "gift",
            Self::Country { .. } => "abroad",
            Self::Settlement => "settlement",
            Self::Paid { .. } => "stored value",
            Self::Lapsing { .. } => "claims lapse",
            Self::Pickup { .. } => "pickup",
            Self::SubmitAgain { .. } => "submit again",
            Self::Cancel { items: None } => "cancel all",
            Self::Cancel { .. } => "cancel some",
            Self::Readdress => "other address",
            Self::Grant { .. } => "other price",
            Self::ShipAll => "ship all",
            Self::Ship { .. } => "ship some",
            Self::Deliver => "deliver",
            Self::Scan { .. } => "late scan",
            Self::UnreadableScan => "unreadable scan",
            Self::BringStrange { .. } => "bring others",
            Self::Keep { .. } => "keep",
            Self::Arrive { .. } => "arrive",
            Self::Parcel { .. } => "parcel",
            Self::Assign { .. } => "assign",
            Self::TakeBack => "take back",
            Self::Exchange { .. } => "exchange",
            Self::Dispose { .. } => "dispose",
            Self::AppeaseAgain => "grant again",
            Self::Send { .. } => "send",
            Self::Come { .. } => "come",
            Self::LoseSent => "lose what was sent",
            Self::MasterProduct { .. } => "the ERP changes a product",
            Self::GiveUp => "give up claims",
            Self::Restore => "restore the ERP",
            Self::Replay => "replay",
            Self::Agree => "agree to wait",
            Self::Kill => "kill",
            _ => "",
        }
    }

    /// Its sentences.
    pub fn sentences(&self) -> Vec<String> {
        match self {
            Self::Exchange { items, place } => vec![
                format!("the customer exchanges {} for 1 \"wool sweater\" at \"{place}\" as new", one(items)),
                "attention turns to the replacement order".to_owned(),
                "the warehouse ships the order".to_owned(),
                "attention turns back to the original order".to_owned(),
            ],
            Self::Assign { items, grade } => vec![
                format!("a clerk assigns the held {} to the order", one(items)),
                format!("the dock grades what the clerk assigned {grade}"),
            ],
            Self::Lapsing { product } => vec![
                format!("claims on \"{product}\" lapse after 1 minute"),
                "the ERP asks for 4 minutes of patience with the sales order".to_owned(),
            ],
            Self::GiveUp => {
                vec!["2 minutes pass".to_owned(), "the ERP gives up the claims that have lapsed".to_owned()]
            }
            Self::UnreadableScan => vec![
                "every attempt at the carrier scan comes with a code of a later version".to_owned(),
                "the carrier scans every parcel as picked up".to_owned(),
                "5 seconds pass".to_owned(),
                "the carrier is back".to_owned(),
                "the carrier delivers every parcel".to_owned(),
            ],
            Self::Restore => vec![
                "1 minute passes".to_owned(),
                "the ERP is restored to how it was 1 hour ago".to_owned(),
                "the operator replays the order".to_owned(),
                "1 minute passes".to_owned(),
            ],
            other => vec![match other.part() {
                Part::Setting => other.setting(),
                Part::Fault => other.fault(),
                Part::Command if other.is_of_goods() => other.with_goods(),
                Part::Command => other.command(),
            }],
        }
    }

    fn setting(&self) -> String {
        match self {
            Self::Stock { items, place } => format!("{} are in stock at \"{place}\"", one(items)),
            Self::Listed { product } => format!("the channels list \"{product}\""),
            Self::Promotion { code } => format!("the customer uses the promotion \"{code}\""),
            Self::Gift => "the order is a gift".to_owned(),
            Self::Country { country } => format!("the order goes to {country}"),
            Self::Settlement => "the shop is paid in euro, whatever its customers pay in".to_owned(),
            Self::Paid { how } => format!("the customer pays {how}"),
            Self::Pickup { place } => format!("the customer will collect the order at \"{place}\""),
            Self::Flaw { what } | Self::Provider { what } => (*what).to_owned(),
            Self::Promised { how: EXPRESS } => "the order goes by express".to_owned(),
            Self::Promised { how } => format!("the customer is promised the goods {how}"),
            _ => String::new(),
        }
    }

    fn fault(&self) -> String {
        match self {
            Self::Call { system, request, how } => {
                format!("the {system} {}", how.replace("{request}", request))
            }
            Self::Message { message, how } => format!("the {message} {how}"),
            Self::Habit { system, how } => format!("the {system} {how}"),
            Self::Kill => "the middleware is killed and started again".to_owned(),
            _ => String::new(),
        }
    }

    fn command(&self) -> String {
        match self {
            Self::Payment { what }
            | Self::Pass { what }
            | Self::Collection { what }
            | Self::Master { what } => (*what).to_owned(),
            Self::Order { items, channel } => format!("a customer orders {} in the {channel}", many(items)),
            Self::SubmitAgain { how } => format!("the web shop submits the order again{how}"),
            Self::Stranger { system } => {
                format!("the {system} asks to cancel the order as if it were its own")
            }
            Self::Cancel { items: None } => "the customer cancels the order".to_owned(),
            Self::Readdress => "the customer wants the order sent to \"Elbchaussee 9\"".to_owned(),
            Self::Grant { product } => format!("the customer is granted \"{product}\" for 40.00 EUR"),
            Self::ShipAll => "the warehouse ships the order".to_owned(),
            Self::Deliver => "the carrier delivers every parcel".to_owned(),
            Self::Scan { scan } => format!("the carrier scans every parcel as {scan} 1 day ago"),
            Self::Grade { grade } => format!("the dock grades the returned goods {grade}"),
            Self::TakeBack => "the customer takes the return back".to_owned(),
            Self::Appease { what, on: Some(product) } => {
                format!("customer service grants {what} on \"{product}\"")
            }
            Self::Appease { what, on: None } => format!("customer service grants {what} on shipping"),
            Self::AppeaseAgain => "customer service grants the same again".to_owned(),
            Self::LoseSent => "the rest of the transfer is lost".to_owned(),
            Self::MasterProduct { product } => format!("the ERP changes \"{product}\""),
            Self::Replay => "the operator replays the order".to_owned(),
            Self::Hours { hours } => format!("{hours} hours pass"),
            Self::Expect { within } => format!("the carrier expects to deliver every parcel in {within}"),
            Self::Agree => "the customer agrees to wait".to_owned(),
            _ => String::new(),
        }
    }

    /// Whether it is about units, which [`smaller`](Self::smaller) makes fewer.
    fn is_of_goods(&self) -> bool {
        !matches!(self, Self::Stock { .. } | Self::Exchange { .. }) && self.goods().is_some()
    }

    fn with_goods(&self) -> String {
        let goods = self.goods().map(|items| one(&items)).unwrap_or_default();
        match self {
            Self::Cancel { .. } => format!("the customer cancels {goods}"),
            Self::Ship { .. } => format!("the warehouse ships {goods}"),
            Self::GivenBack { how: "missing", .. } => format!("the warehouse does not find {goods}"),
            Self::GivenBack { .. } => format!("the warehouse finds {goods} damaged"),
            Self::Bring { who, place, grade, .. } => {
                format!("the {who} brings {goods} back to \"{place}\" {grade}")
            }
            Self::BringStrange { place, .. } => {
                format!("the customer brings {goods} with a strange serial number back to \"{place}\" as new")
            }
            Self::Keep { .. } => {
                format!("the customer asks to keep {goods} and be refunded because it is not wanted")
            }
            Self::Ask { who, reason, .. } => format!("the {who} asks to return {goods} because {reason}"),
            Self::Arrive { place, .. } => format!("the returned {goods} arrive at \"{place}\""),
            Self::Parcel { place, .. } => format!("a return parcel with {goods} arrives at \"{place}\""),
            Self::Dispose { what, .. } => format!("the dock decides that {goods} are {what}"),
            Self::Send { from, to, .. } => format!("\"{from}\" sends {goods} to \"{to}\""),
            Self::Come { .. } => format!("{goods} arrive with the transfer"),
            _ => String::new(),
        }
    }

    /// The units that it is about, where they are of one product.
    pub fn goods(&self) -> Option<Items> {
        self.clone().goods_mut().copied()
    }

    const fn goods_mut(&mut self) -> Option<&mut Items> {
        match self {
            Self::Stock { items, .. }
            | Self::Cancel { items: Some(items) }
            | Self::Ship { items }
            | Self::GivenBack { items, .. }
            | Self::Bring { items, .. }
            | Self::BringStrange { items, .. }
            | Self::Keep { items }
            | Self::Ask { items, .. }
            | Self::Arrive { items, .. }
            | Self::Parcel { items, .. }
            | Self::Assign { items, .. }
            | Self::Exchange { items, .. }
            | Self::Dispose { items, .. }
            | Self::Send { items, .. }
            | Self::Come { items } => Some(items),
            _ => None,
        }
    }

    /// The same with so many units.
    fn with(&self, count: u32) -> Self {
        let mut other = self.clone();
        if let Some(items) = other.goods_mut() {
            items.1 = count;
        }
        other
    }

    /// Smaller forms of it, the smallest first.
    pub fn smaller(&self) -> Vec<Self> {
        let counts = |count: u32| (1..count).filter(move |less| *less == 1 || *less == count - 1);
        match self {
            Self::Order { items, channel } => {
                let mut forms: Vec<Self> = Vec::new();
                if items.len() > 1 {
                    forms.extend(items.iter().map(|kept| Self::Order { items: vec![*kept], channel }));
                }
                for (place, (product, count)) in items.iter().enumerate() {
                    for less in counts(*count) {
                        let mut fewer = items.clone();
                        if let Some(slot) = fewer.get_mut(place) {
                            *slot = (product, less);
                        }
                        forms.push(Self::Order { items: fewer, channel });
                    }
                }
                forms
            }
            Self::Stock { .. } => Vec::new(),
            other => other
                .goods()
                .map_or_else(Vec::new, |(_, count)| counts(count).map(|less| other.with(less)).collect()),
        }
    }
}

fn one((product, count): &Items) -> String {
    format!("{count} \"{product}\"")
}

fn many(items: &[Items]) -> String {
    let mut text = String::new();
    for (place, items) in items.iter().enumerate() {
        let _ = write!(text, "{}{}", if place > 0 { " and " } else { "" }, one(items));
    }
    text
}
