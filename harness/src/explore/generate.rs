//! Draws histories. A case is a mask and a row of numbers from proptest; the mask decides which kinds of acts occur at all, so that
//! rare combinations meet without common ones between them (swarm testing, Groce et al. 2012).

use proptest::{
    strategy::{Strategy, ValueTree as _},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use super::{
    act::{Act, EXPRESS, Items, Part},
    history::History,
    model::{FINAL_SALE, GIFT_CARD, Model, REPLACEMENT, SERIALIZED},
};

/// Most acts that are drawn of a history, settings included.
const ACTS_MAX: usize = 16;
/// How often a kind of act is left out of a case, in 100.
const LEFT_OUT: u64 = 45;
/// How often the history goes on with what was begun, in 100.
const ONWARD: usize = 35;

/// Products that are always sold.
const PRODUCTS: [&str; 3] = ["linen shirt", "denim jacket", "cotton socks"];
/// Products that are sold in some histories.
const SPECIAL: [&str; 7] = [FINAL_SALE, SERIALIZED, GIFT_CARD, GIFT_CARD, "", "", ""];
const PLACES: [&str; 3] = ["Warehouse North", "Store 12", "Warehouse South"];
const GRADES: [&str; 4] = ["as new", "opened", "worn", "unusable"];
const CHANNELS: [&str; 5] = ["web shop", "web shop", "mobile app", "call center", "marketplace"];
const CODES: [&str; 6] = ["SUMMER10", "SHIRTMAKER5", "KEEP100", "SPEND100", "JACKET20", "SHIPFREE"];
const COUNTRIES: [&str; 4] = ["France", "Switzerland", "Austria", "the United States"];
const STORED: [&str; 3] = [
    "20.00 EUR by gift card and the rest by card",
    "200.00 EUR by gift card and the rest by card",
    "30.00 EUR by store credit and the rest by card",
];
const AGAIN: [&str; 3] = ["", " as a new message", " under another number"];
const SCANS: [&str; 3] = ["picked up", "in transit", "out for delivery"];
const REASONS: [&str; 5] = [
    "it is too small",
    "it is defective",
    "it is not wanted",
    "it is not as described",
    "it is not as described",
];
const DISPOSITIONS: [&str; 3] = ["put on the shelf", "liquidated", "destroyed"];
const ALLOWANCES: [&str; 3] = ["10 percent", "50 percent", "5.00 EUR"];
const ALLOWANCES_ON_SHIPPING: [&str; 3] = ["2.00 EUR", "100 percent", "100 percent"];
const COLLECTIONS: [&str; 3] = [
    "the customer collects the order",
    "the customer collects the order",
    "nobody collects the order in time",
];
const MASTER: [&str; 2] = ["the ERP creates the customer", "the customer moves to Austria"];
const STRANGERS: [&str; 3] = ["marketplace", "point of sale", "storefront"];
/// What is asked of systems until an order is with the nodes.
const EARLY_REQUESTS: [(&str, &str); 6] = [
    ("ERP", "sales order"),
    ("ERP", "reservation"),
    ("payment provider", "authorization"),
    ("warehouse", "fulfillment order"),
    ("stored value", "gift card"),
    ("ERP", "transfer posting"),
];
/// What is asked of systems afterwards.
const LATE_REQUESTS: [(&str, &str); 16] = [
    ("ERP", "invoice"),
    ("ERP", "stock movement"),
    ("ERP", "credit memo"),
    ("ERP", "order change"),
    ("ERP", "transfer posting"),
    ("payment provider", "capture"),
    ("payment provider", "capture"),
    ("payment provider", "refund"),
    ("payment provider", "refund"),
    ("warehouse", "fulfillment cancellation"),
    ("carrier", "label"),
    ("tax engine", "tax document"),
    ("stored value", "store credit"),
    ("stored value", "store credit"),
    ("stored value", "gift card disablement"),
    ("payment provider", "authorization"),
];
const CALLS: [&str; 8] = [
    "loses its answer to the {request}",
    "loses its answer to the {request}",
    "loses the {request}",
    "never answers the {request}",
    "turns the {request} away 3 times",
    "asks for 1 second of patience with the {request}",
    "reports failure and carries the {request} out",
    "reports success and does not carry the {request} out",
];
const MESSAGES: [&str; 13] = [
    "shipping notice",
    "shipping notice",
    "return receipt",
    "inspection report",
    "carrier scan",
    "refund confirmation",
    "order confirmation",
    "packing note",
    "capture confirmation",
    "stock notice",
    "refund failure",
    "dispatch notice",
    "transfer receipt",
];
const WAYS: [&str; 6] = [
    "comes again 2 seconds later",
    "comes 5 seconds late",
    "is lost on its way",
    "is overtaken by the next message",
    "is accepted and its sender does not hear of it",
    "comes with a field of a later version",
];
const HABITS: [(&str, &str); 9] = [
    ("warehouse", "sends every event 2 times"),
    ("warehouse", "sends every event 2 times under new numbers"),
    ("payment provider", "sends every event 2 times"),
    ("payment provider", "sends every event 2 times under new numbers"),
    ("carrier", "sends every event 2 times"),
    ("ERP", "fails in 30 of 100 calls"),
    ("payment provider", "fails in 30 of 100 calls"),
    ("warehouse", "signs its messages with an old key"),
    ("ERP", "is up and down by turns"),
];
const PROMISES: [&str; 4] = ["within 5 days", "within 80 hours", "within 2 days", EXPRESS];
/// Dates are missed, missed again, left unanswered; returns come too late.
const HOURS: [u32; 4] = [60, 73, 121, 721];
const EXPECTED: [&str; 2] = ["4 days", "8 days"];
const FLAWS: [&str; 2] =
    ["the customer's card will be declined", "the channel adds the order up 1.00 EUR too high"];
const PROVIDER: [&str; 6] = [
    "the payment provider decides captures later",
    "the payment provider decides refunds later",
    "the first 1 attempt at a capture is declined",
    "the first 1 attempt at a refund fails",
    "the first 2 attempts at a refund fail",
    "the books of the ERP are closed for this month",
];
const PAYMENT: [&str; 9] = [
    "the payment provider confirms the capture",
    "the payment provider reports that the capture failed",
    "the payment provider confirms the refund",
    "the payment provider reports that the refund failed",
    "the authorization lapses",
    "the customer disputes the payment",
    "the dispute is lost",
    "the dispute is won",
    "the bank sends the refund back",
];

/// Draws the history of a case.
pub(super) fn history(seed: u64, case: u64) -> History {
    let mut bytes = [0_u8; 32];
    for (slot, byte) in bytes.iter_mut().zip(seed.to_le_bytes().into_iter().chain(case.to_le_bytes())) {
        *slot = byte;
    }
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy =
        (proptest::num::u64::ANY, proptest::collection::vec(proptest::num::u64::ANY, 6..=ACTS_MAX));
    let Ok(tree) = strategy.new_tree(&mut runner) else { return History::default() };
    let (mask, choices) = tree.current();
    draw(mask, &choices)
}

/// Numbers that one drawn number holds.
struct Choice(u64);

impl Choice {
    /// A number below `bound` (`SplitMix64`).
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let bound = u64::try_from(bound.max(1)).unwrap_or(1);
        usize::try_from((mixed ^ (mixed >> 31)) % bound).unwrap_or(0)
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        all.get(self.below(all.len())).copied()
    }

    fn count(&mut self, most: u32) -> u32 {
        u32::try_from(self.below(usize::try_from(most.max(1)).unwrap_or(1))).unwrap_or(0) + 1
    }
}

/// What an act is drawn from.
struct Draw<'d> {
    model: &'d Model,
    sold: &'d [&'static str],
    choice: &'d mut Choice,
}

/// Draws an act of a kind; none where there is nothing to do.
type Kind = fn(&mut Draw<'_>) -> Option<Act>;

fn draw(mask: u64, choices: &[u64]) -> History {
    let mut model = Model::default();
    let mut acts = Vec::new();
    let mut swarm = Choice(mask);
    let enabled: Vec<&Kind> =
        KINDS.iter().filter(|_| u64::try_from(swarm.below(100)).unwrap_or(0) >= LEFT_OUT).collect();
    let mut take = |act: Act, model: &mut Model| {
        model.apply(&act);
        acts.push(act);
    };
    let special = swarm.of(&SPECIAL).filter(|product| !product.is_empty());
    let sold: Vec<&'static str> = PRODUCTS.into_iter().chain(special).collect();
    for product in sold.iter().copied().chain([REPLACEMENT]).filter(|product| *product != GIFT_CARD) {
        let count = 1 + u32::try_from(swarm.below(9)).unwrap_or(0);
        take(Act::Stock { items: (product, count), place: "Warehouse North" }, &mut model);
        for (place, count) in [("Warehouse South", 2), ("Store 12", 3)] {
            if swarm.below(3) == 0 {
                take(Act::Stock { items: (product, count), place }, &mut model);
            }
        }
    }
    let opening = 1 + swarm.below(4);
    for (place, choice) in choices.iter().enumerate() {
        let mut choice = Choice(*choice);
        let mut draw = Draw { model: &model, sold: &sold, choice: &mut choice };
        let act = if place == opening && !model.has_order() {
            order(&mut draw).filter(|act| model.admits(act))
        } else if draw.choice.below(100) < ONWARD {
            draw.onward().or_else(|| draw.any(&enabled))
        } else {
            draw.any(&enabled)
        };
        if let Some(act) = act {
            take(act, &mut model);
        }
    }
    History { acts }.sound()
}

/// Kinds of acts that go on with what was begun. They are never left out.
const ONWARD_KINDS: [Kind; 14] = [
    |_| Some(Act::ShipAll),
    |draw| Some(Act::Ship { items: draw.some(Model::open)? }),
    |_| Some(Act::Collection { what: "the store has the order ready" }),
    |draw| Some(Act::Collection { what: draw.choice.of(&COLLECTIONS)? }),
    arrive,
    |draw| Some(Act::Grade { grade: draw.choice.of(&GRADES)? }),
    |draw| Some(Act::Dispose { items: draw.some(Model::quarantined)?, what: draw.choice.of(&DISPOSITIONS)? }),
    |draw| {
        let product = draw.product(Model::held)?;
        Some(Act::Assign { items: (product, draw.model.held(product)), grade: draw.choice.of(&GRADES)? })
    },
    |draw| {
        let (product, count) = draw.model.on_the_way()?;
        Some(Act::Come { items: (product, draw.choice.count(count)) })
    },
    |_| Some(Act::GiveUp),
    |_| Some(Act::Pass { what: "10 minutes pass" }),
    |draw| Some(Act::Hours { hours: draw.choice.of(&HOURS)? }).filter(|_| draw.model.may_be_late()),
    |_| Some(Act::Agree),
    parcel,
];

/// Kinds of acts of which some are left out of each case.
const KINDS: [Kind; 63] = [
    |draw| Some(Act::Listed { product: draw.choice.of(draw.sold)? }),
    |draw| Some(Act::Promotion { code: draw.choice.of(&CODES)? }),
    |_| Some(Act::Gift),
    |draw| Some(Act::Country { country: draw.choice.of(&COUNTRIES)? }),
    |_| Some(Act::Settlement),
    |draw| Some(Act::Paid { how: draw.choice.of(&STORED)? }),
    |draw| Some(Act::Provider { what: draw.choice.of(&PROVIDER)? }),
    |draw| Some(Act::Provider { what: draw.choice.of(&PROVIDER)? }),
    |draw| Some(Act::Flaw { what: draw.choice.of(&FLAWS)? }),
    |draw| Some(Act::Lapsing { product: draw.choice.of(draw.sold)? }),
    |_| Some(Act::Pickup { place: "Store 12" }),
    |draw| Some(Act::Promised { how: draw.choice.of(&PROMISES)? }),
    |draw| Some(Act::Promised { how: draw.choice.of(&PROMISES)? }),
    order,
    order,
    |draw| Some(Act::SubmitAgain { how: draw.choice.of(&AGAIN)? }),
    |draw| Some(Act::Stranger { system: draw.choice.of(&STRANGERS)? }),
    |_| Some(Act::Cancel { items: None }),
    |draw| Some(Act::Cancel { items: Some(draw.some(Model::open)?) }),
    |draw| Some(Act::Cancel { items: Some(draw.some(Model::open)?) }),
    |draw| Some(Act::Cancel { items: Some(draw.some(Model::with_customer)?) }),
    |_| Some(Act::ShipAll),
    |draw| Some(Act::Ship { items: draw.some(Model::open)? }),
    |draw| Some(Act::Ship { items: draw.some(Model::open)? }),
    |draw| {
        Some(Act::GivenBack { items: draw.some(Model::open)?, how: draw.choice.of(&["missing", "damaged"])? })
    },
    |_| Some(Act::Deliver),
    |draw| Some(Act::Scan { scan: draw.choice.of(&SCANS)? }),
    bring,
    bring,
    bring,
    ask,
    ask,
    ask,
    |draw| {
        Some(Act::BringStrange {
            items: draw.some(Model::returnable)?,
            place: draw.choice.of(&["Store 12"])?,
        })
    },
    |draw| Some(Act::Keep { items: draw.some(Model::with_customer)? }),
    |draw| Some(Act::Keep { items: (GIFT_CARD, draw.choice.count(draw.model.with_customer(GIFT_CARD))) }),
    parcel,
    |_| Some(Act::TakeBack),
    |draw| Some(Act::Hours { hours: draw.choice.of(&HOURS)? }),
    |draw| Some(Act::Expect { within: draw.choice.of(&EXPECTED)? }),
    |_| Some(Act::Agree),
    |_| Some(Act::Readdress),
    |draw| Some(Act::Grant { product: draw.product(Model::open)? }),
    |draw| Some(Act::Exchange { items: (draw.product(Model::returnable)?, 1), place: "Store 12" }),
    |draw| {
        let on = Some(draw.product(Model::with_customer)?);
        Some(Act::Appease { what: draw.choice.of(&ALLOWANCES)?, on })
    },
    |draw| Some(Act::Appease { what: draw.choice.of(&ALLOWANCES_ON_SHIPPING)?, on: None }),
    |_| Some(Act::AppeaseAgain),
    send,
    send,
    |_| Some(Act::LoseSent),
    |draw| Some(Act::Master { what: draw.choice.of(&MASTER)? }),
    |draw| Some(Act::MasterProduct { product: draw.choice.of(draw.sold)? }),
    |draw| Some(Act::Payment { what: draw.choice.of(&PAYMENT)? }),
    |draw| Some(Act::Payment { what: draw.choice.of(&PAYMENT)? }),
    |_| Some(Act::Replay),
    |_| Some(Act::Restore),
    call,
    call,
    call,
    |draw| Some(Act::Message { message: draw.choice.of(&MESSAGES)?, how: draw.choice.of(&WAYS)? }),
    |draw| {
        let (system, how) = draw.choice.of(&HABITS)?;
        Some(Act::Habit { system, how })
    },
    |_| Some(Act::UnreadableScan),
    |_| Some(Act::Kill),
];

impl Draw<'_> {
    /// A product of which there is something to do, as `units` counts it.
    fn product(&mut self, units: fn(&Model, &str) -> u32) -> Option<&'static str> {
        let all: Vec<&'static str> =
            self.sold.iter().copied().filter(|product| units(self.model, product) > 0).collect();
        self.choice.of(&all)
    }

    /// Some units of such a product.
    fn some(&mut self, units: fn(&Model, &str) -> u32) -> Option<Items> {
        let product = self.product(units)?;
        Some((product, self.choice.count(units(self.model, product))))
    }

    /// An act of these kinds. Several tries: what makes no sense now is drawn anew.
    fn any(&mut self, kinds: &[&Kind]) -> Option<Act> {
        (0..16).find_map(|_| {
            let kind = self.choice.of(kinds)?;
            kind(self).filter(|act| self.model.admits(act))
        })
    }

    /// An act that goes on with what was begun, if there is any.
    fn onward(&mut self) -> Option<Act> {
        let model = self.model;
        let possible: Vec<Act> =
            ONWARD_KINDS.iter().filter_map(|kind| kind(self)).filter(|act| model.admits(act)).collect();
        possible.get(self.choice.below(possible.len())).cloned()
    }
}

fn order(draw: &mut Draw<'_>) -> Option<Act> {
    let special = draw.sold.get(PRODUCTS.len()).copied().filter(|_| draw.choice.below(2) == 0);
    let first = special.or_else(|| draw.choice.of(&PRODUCTS))?;
    let mut items = vec![(first, draw.choice.count(4))];
    let second = draw.choice.of(&PRODUCTS)?;
    if second != first && draw.choice.below(2) == 0 {
        items.push((second, draw.choice.count(3)));
    }
    Some(Act::Order { items, channel: draw.choice.of(&CHANNELS)? })
}

fn bring(draw: &mut Draw<'_>) -> Option<Act> {
    Some(Act::Bring {
        who: draw.model.returner(),
        items: draw.some(Model::returnable)?,
        place: draw.choice.of(&["Store 12", "Store 27", "Store 12"])?,
        grade: draw.choice.of(&GRADES)?,
    })
}

fn ask(draw: &mut Draw<'_>) -> Option<Act> {
    Some(Act::Ask {
        who: draw.model.returner(),
        items: draw.some(Model::returnable)?,
        reason: draw.choice.of(&REASONS)?,
    })
}

/// Now and then one unit more than was announced.
fn arrive(draw: &mut Draw<'_>) -> Option<Act> {
    let product = draw.product(Model::announced)?;
    let count = draw.choice.count(draw.model.announced(product) + 1);
    Some(Act::Arrive { items: (product, count), place: draw.choice.of(&PLACES)? })
}

fn parcel(draw: &mut Draw<'_>) -> Option<Act> {
    Some(Act::Parcel { items: draw.some(Model::with_customer)?, place: draw.choice.of(&PLACES)? })
}

fn send(draw: &mut Draw<'_>) -> Option<Act> {
    let (product, from) = (draw.choice.of(draw.sold)?, draw.choice.of(&PLACES)?);
    let spare = draw.model.spare(product, from);
    let items = (product, draw.choice.count(spare));
    Some(Act::Send { items, from, to: draw.choice.of(&PLACES)? })
}

fn call(draw: &mut Draw<'_>) -> Option<Act> {
    let left = draw.model.has_left() || draw.model.has_order() && draw.choice.below(2) == 0;
    let (system, request) =
        if left { draw.choice.of(&LATE_REQUESTS)? } else { draw.choice.of(&EARLY_REQUESTS)? };
    Some(Act::Call { system, request, how: draw.choice.of(&CALLS)? })
}

/// Whether a history has what makes it worth playing.
pub(super) fn is_worth_playing(history: &History) -> bool {
    history.acts.iter().any(|act| matches!(act, Act::Order { .. }))
        && history.acts.iter().any(|act| act.part() == Part::Command)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::steps::{self, Kind, Match};

    #[test]
    fn every_sentence_is_in_the_vocabulary_and_every_kind_of_act_is_drawn() {
        let (mut kinds, mut sentences) = (BTreeSet::new(), BTreeSet::new());
        for case in 0..6000 {
            for act in history(11, case).acts {
                kinds.insert(act.kind());
                sentences.extend(act.sentences());
            }
        }
        for sentence in sentences {
            let found = steps::find(Kind::Action, &sentence);
            assert!(matches!(found, Match::One(..)), "no single step fits {sentence:?}");
        }
        let rare = [
            "claims lapse",
            "give up claims",
            "restore the ERP",
            "bring others",
            "keep",
            "assign",
            "dispose",
        ];
        let forms = [
            "pickup",
            "send",
            "come",
            "lose what was sent",
            "grant again",
            "parcel",
            "unreadable scan",
            "agree to wait",
        ];
        let told = [
            "the dispute is won",
            "nobody collects the order in time",
            "the customer collects the order",
            "the ERP changes a product",
            "the books of the ERP are closed for this month",
            "marketplace cancels",
            "10 minutes pass",
            "promised within 80 hours",
            "121 hours pass",
            "721 hours pass",
            "expected in 8 days",
        ];
        for kind in rare.into_iter().chain(forms).chain(told) {
            assert!(kinds.contains(kind), "{kind:?} is not among {kinds:?}");
        }
    }

    #[test]
    fn what_is_drawn_makes_sense() {
        for case in 0..500 {
            let drawn = history(5, case);
            assert_eq!(drawn, drawn.sound(), "case {case}");
        }
    }
}
