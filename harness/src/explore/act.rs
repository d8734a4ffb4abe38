//! What can happen in a generated history: the retailer's setting, what people do, and what goes wrong. Each act is
//! one or more sentences of the scenarios' own vocabulary, so a history is a scenario.

use std::fmt::Write as _;

/// Units of one product.
pub type Items = (&'static str, u32);

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
    /// What the payment provider does by itself.
    Provider { what: &'static str },
    /// A customer orders.
    Order { items: Vec<Items>, channel: &'static str },
    /// The channel repeats itself.
    SubmitAgain { how: &'static str },
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
    /// The carrier delivers.
    Deliver,
    /// The carrier scans late.
    Scan { scan: &'static str },
    /// Goods are brought into a store.
    Bring { who: &'static str, items: Items, place: &'static str, grade: &'static str },
    /// A return by mail is asked for.
    Ask { who: &'static str, items: Items, reason: &'static str },
    /// Goods arrive at a dock.
    Arrive { items: Items, place: &'static str },
    /// The dock grades.
    Grade { grade: &'static str },
    /// The customer takes the return back.
    TakeBack,
    /// Goods are exchanged in a store, and the replacement ships.
    Exchange { items: Items, place: &'static str },
    /// The dock decides on goods in quarantine.
    Dispose { items: Items, what: &'static str },
    /// Word of the payment provider.
    Payment { what: &'static str },
    /// Somebody makes all calls again.
    Replay,
    /// Time passes.
    Pass { what: &'static str },
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
            | Self::Provider { .. } => Part::Setting,
            Self::Call { .. } | Self::Message { .. } | Self::Habit { .. } | Self::Kill => Part::Fault,
            _ => Part::Command,
        }
    }

    /// What is counted as covered: its kind, and where it matters in which form.
    pub fn kind(&self) -> String {
        match self {
            Self::Stock { .. } => "stock".to_owned(),
            Self::Listed { .. } => "listed".to_owned(),
            Self::Promotion { code } => format!("promotion {code}"),
            Self::Gift => "gift".to_owned(),
            Self::Country { .. } => "abroad".to_owned(),
            Self::Settlement => "settlement".to_owned(),
            Self::Paid { .. } => "stored value".to_owned(),
            Self::Flaw { what } | Self::Provider { what } | Self::Payment { what } | Self::Pass { what } => {
                (*what).to_owned()
            }
            Self::Order { channel, .. } => format!("order in the {channel}"),
            Self::SubmitAgain { .. } => "submit again".to_owned(),
            Self::Cancel { items: None } => "cancel all".to_owned(),
            Self::Cancel { .. } => "cancel some".to_owned(),
            Self::Readdress => "other address".to_owned(),
            Self::Grant { .. } => "other price".to_owned(),
            Self::ShipAll => "ship all".to_owned(),
            Self::Ship { .. } => "ship some".to_owned(),
            Self::GivenBack { how, .. } => format!("units {how}"),
            Self::Deliver => "deliver".to_owned(),
            Self::Scan { .. } => "late scan".to_owned(),
            Self::Bring { who, .. } => format!("{who} brings"),
            Self::Ask { who, .. } => format!("{who} asks"),
            Self::Arrive { .. } => "arrive".to_owned(),
            Self::Grade { grade } => format!("grade {grade}"),
            Self::TakeBack => "take back".to_owned(),
            Self::Exchange { .. } => "exchange".to_owned(),
            Self::Dispose { .. } => "dispose".to_owned(),
            Self::Replay => "replay".to_owned(),
            Self::Call { how, .. } => how.split('{').next().unwrap_or(how).trim().to_owned(),
            Self::Message { how, .. } => format!("message {how}"),
            Self::Habit { how, .. } => (*how).to_owned(),
            Self::Kill => "kill".to_owned(),
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
            other => vec![other.sentence()],
        }
    }

    fn sentence(&self) -> String {
        match self {
            Self::Stock { items, place } => format!("{} are in stock at \"{place}\"", one(items)),
            Self::Listed { product } => format!("the channels list \"{product}\""),
            Self::Promotion { code } => format!("the customer uses the promotion \"{code}\""),
            Self::Gift => "the order is a gift".to_owned(),
            Self::Country { country } => format!("the order goes to {country}"),
            Self::Settlement => "the shop is paid in euro, whatever its customers pay in".to_owned(),
            Self::Paid { how } => format!("the customer pays {how}"),
            Self::Flaw { what } | Self::Provider { what } | Self::Payment { what } | Self::Pass { what } => {
                (*what).to_owned()
            }
            Self::Order { items, channel } => format!("a customer orders {} in the {channel}", many(items)),
            Self::SubmitAgain { how } => format!("the web shop submits the order again{how}"),
            Self::Cancel { items: None } => "the customer cancels the order".to_owned(),
            Self::Cancel { items: Some(items) } => format!("the customer cancels {}", one(items)),
            Self::Readdress => "the customer wants the order sent to \"Elbchaussee 9\"".to_owned(),
            Self::Grant { product } => format!("the customer is granted \"{product}\" for 40.00 EUR"),
            Self::ShipAll => "the warehouse ships the order".to_owned(),
            Self::Ship { items } => format!("the warehouse ships {}", one(items)),
            Self::GivenBack { items, how } if *how == "missing" => {
                format!("the warehouse does not find {}", one(items))
            }
            Self::GivenBack { items, .. } => format!("the warehouse finds {} damaged", one(items)),
            Self::Deliver => "the carrier delivers every parcel".to_owned(),
            Self::Scan { scan } => format!("the carrier scans every parcel as {scan} 1 day ago"),
            Self::Bring { who, items, place, grade } => {
                format!("the {who} brings {} back to \"{place}\" {grade}", one(items))
            }
            Self::Ask { who, items, reason } => {
                format!("the {who} asks to return {} because {reason}", one(items))
            }
            Self::Arrive { items, place } => format!("the returned {} arrive at \"{place}\"", one(items)),
            Self::Grade { grade } => format!("the dock grades the returned goods {grade}"),
            Self::TakeBack => "the customer takes the return back".to_owned(),
            Self::Dispose { items, what } => format!("the dock decides that {} are {what}", one(items)),
            Self::Replay => "the operator replays the order".to_owned(),
            Self::Call { system, request, how } => {
                format!("the {system} {}", how.replace("{request}", request))
            }
            Self::Message { message, how } => format!("the {message} {how}"),
            Self::Habit { system, how } => format!("the {system} {how}"),
            Self::Kill => "the middleware is killed and started again".to_owned(),
            Self::Exchange { .. } => String::new(),
        }
    }

    /// Smaller forms of it, the smallest first.
    pub fn smaller(&self) -> Vec<Self> {
        let counts = |count: u32| (1..count).filter(move |less| *less == 1 || *less == count - 1);
        let with = |items: &Items, rebuild: &dyn Fn(Items) -> Self| -> Vec<Self> {
            counts(items.1).map(|count| rebuild((items.0, count))).collect()
        };
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
            Self::Cancel { items: Some(items) } => with(items, &|items| Self::Cancel { items: Some(items) }),
            Self::Ship { items } => with(items, &|items| Self::Ship { items }),
            Self::GivenBack { items, how } => with(items, &|items| Self::GivenBack { items, how }),
            Self::Bring { who, items, place, grade } => {
                with(items, &|items| Self::Bring { who, items, place, grade })
            }
            Self::Ask { who, items, reason } => with(items, &|items| Self::Ask { who, items, reason }),
            Self::Arrive { items, place } => with(items, &|items| Self::Arrive { items, place }),
            Self::Dispose { items, what } => with(items, &|items| Self::Dispose { items, what }),
            _ => Vec::new(),
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
