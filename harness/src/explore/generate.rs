//! Draws histories. A case is a mask and a row of numbers from proptest; the mask decides which kinds of acts occur at all, so that
//! rare combinations meet without common ones between them (swarm testing, Groce et al. 2012).

use proptest::{
    strategy::{Strategy, ValueTree as _},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use super::{
    act::{Act, Part},
    history::History,
    model::{Model, PRODUCTS},
};

/// Most acts that are drawn of a history, settings included.
const ACTS_MAX: usize = 16;
/// How often a kind of act is left out of a case, in 100.
const LEFT_OUT: u64 = 45;

const PLACES: [&str; 3] = ["Warehouse North", "Store 12", "Warehouse South"];
const GRADES: [&str; 4] = ["as new", "opened", "worn", "unusable"];
const CHANNELS: [&str; 5] = ["web shop", "web shop", "mobile app", "call center", "marketplace"];
const CODES: [&str; 5] = ["SUMMER10", "SHIRTMAKER5", "KEEP100", "JACKET20", "SHIPFREE"];
const REASONS: [&str; 3] = ["it is too small", "it is defective", "it is not wanted"];
const REQUESTS: [(&str, &str); 16] = [
    ("ERP", "sales order"),
    ("ERP", "reservation"),
    ("ERP", "invoice"),
    ("ERP", "stock movement"),
    ("ERP", "credit memo"),
    ("ERP", "order change"),
    ("payment provider", "authorization"),
    ("payment provider", "capture"),
    ("payment provider", "capture"),
    ("payment provider", "refund"),
    ("payment provider", "refund"),
    ("warehouse", "fulfillment order"),
    ("warehouse", "fulfillment cancellation"),
    ("carrier", "label"),
    ("tax engine", "tax document"),
    ("stored value", "store credit"),
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
const MESSAGES: [&str; 9] = [
    "shipping notice",
    "shipping notice",
    "return receipt",
    "inspection report",
    "carrier scan",
    "refund confirmation",
    "order confirmation",
    "packing note",
    "capture confirmation",
];
const WAYS: [&str; 6] = [
    "comes again 2 seconds later",
    "comes 5 seconds late",
    "is lost on its way",
    "is overtaken by the next message",
    "is accepted and its sender does not hear of it",
    "comes with an unknown code",
];
const HABITS: [(&str, &str); 8] = [
    ("warehouse", "sends every event 2 times"),
    ("warehouse", "sends every event 2 times under new numbers"),
    ("payment provider", "sends every event 2 times"),
    ("carrier", "sends every event 2 times"),
    ("ERP", "fails in 30 of 100 calls"),
    ("payment provider", "fails in 30 of 100 calls"),
    ("warehouse", "signs its messages with an old key"),
    ("ERP", "is up and down by turns"),
];
const FLAWS: [&str; 2] =
    ["the customer's card will be declined", "the channel adds the order up 1.00 EUR too high"];
const PROVIDER: [&str; 4] = [
    "the payment provider decides captures later",
    "the payment provider decides refunds later",
    "the first 1 attempt at a capture is declined",
    "the first 1 attempt at a refund fails",
];
const PAYMENT: [&str; 8] = [
    "the payment provider confirms the capture",
    "the payment provider reports that the capture failed",
    "the payment provider confirms the refund",
    "the payment provider reports that the refund failed",
    "the authorization lapses",
    "the customer disputes the payment",
    "the dispute is lost",
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

fn draw(mask: u64, choices: &[u64]) -> History {
    let mut model = Model::new();
    let mut acts = Vec::new();
    let mut swarm = Choice(mask);
    let enabled: Vec<bool> =
        (0..KINDS).map(|_| u64::try_from(swarm.below(100)).unwrap_or(0) >= LEFT_OUT).collect();
    let mut take = |act: Act, model: &mut Model| {
        if model.admits(&act) {
            model.apply(&act);
            acts.push(act);
        }
    };
    for product in PRODUCTS.into_iter().chain(["wool sweater"]) {
        let count = 1 + u32::try_from(swarm.below(9)).unwrap_or(0);
        take(Act::Stock { items: (product, count), place: "Warehouse North" }, &mut model);
        if swarm.below(3) == 0 {
            take(Act::Stock { items: (product, 2), place: "Warehouse South" }, &mut model);
        }
    }
    let opening = 1 + swarm.below(4);
    for (place, choice) in choices.iter().enumerate() {
        let mut choice = Choice(*choice);
        if place == opening && !model.has_order() {
            if let Some(order) = candidate(ORDER, &model, &mut choice) {
                take(order, &mut model);
            }
            continue;
        }
        // Several tries: what makes no sense now is drawn anew.
        for _ in 0..12 {
            let kind = choice.below(KINDS);
            if !enabled.get(kind).copied().unwrap_or(false) && kind != ORDER && kind != SHIP_ALL {
                continue;
            }
            let Some(act) = candidate(kind, &model, &mut choice) else { continue };
            if model.admits(&act) {
                take(act, &mut model);
                break;
            }
        }
    }
    History { acts }.sound()
}

/// How many kinds of acts are drawn.
const KINDS: usize = 37;
const ORDER: usize = 8;
const SHIP_ALL: usize = 14;

/// An act of a kind, as the choice has it.
fn candidate(kind: usize, model: &Model, choice: &mut Choice) -> Option<Act> {
    let product = match kind {
        12..=18 => choice.of(&model.products(Model::open))?,
        21..=24 | 29 => choice.of(&model.products(Model::returnable))?,
        25 | 26 => choice.of(&model.products(Model::announced))?,
        35 => choice.of(&model.products(Model::quarantined))?,
        _ => choice.of(&PRODUCTS)?,
    };
    Some(match kind {
        0 => Act::Listed { product },
        1 => Act::Promotion { code: choice.of(&CODES)? },
        2 => Act::Gift,
        3 => Act::Country { country: choice.of(&["France", "Switzerland", "Austria", "the United States"])? },
        4 => Act::Settlement,
        5 => Act::Paid {
            how: choice.of(&[
                "20.00 EUR by gift card and the rest by card",
                "200.00 EUR by gift card and the rest by card",
                "30.00 EUR by store credit and the rest by card",
            ])?,
        },
        6 => Act::Provider { what: choice.of(&PROVIDER)? },
        7 => Act::Flaw { what: choice.of(&FLAWS)? },
        ORDER | 9 => order(choice)?,
        10 => Act::SubmitAgain { how: choice.of(&["", " as a new message", " under another number"])? },
        11 => Act::Cancel { items: None },
        12 | 13 => Act::Cancel { items: Some((product, choice.count(model.open(product)))) },
        SHIP_ALL | 15 => Act::ShipAll,
        16 | 17 => Act::Ship { items: (product, choice.count(model.open(product))) },
        18 => Act::GivenBack {
            items: (product, choice.count(model.open(product))),
            how: choice.of(&["missing", "damaged"])?,
        },
        19 => Act::Deliver,
        20 => Act::Scan { scan: choice.of(&["picked up", "in transit", "out for delivery"])? },
        21 | 22 => Act::Bring {
            who: choice.of(&["customer", "recipient"])?,
            items: (product, choice.count(model.returnable(product))),
            place: choice.of(&["Store 12", "Store 27", "Store 12"])?,
            grade: choice.of(&GRADES)?,
        },
        23 | 24 => Act::Ask {
            who: choice.of(&["customer", "recipient"])?,
            items: (product, choice.count(model.returnable(product))),
            reason: choice.of(&REASONS)?,
        },
        25 | 26 => Act::Arrive {
            items: (product, choice.count(model.announced(product) + 1)),
            place: choice.of(&PLACES)?,
        },
        27 => Act::Grade { grade: choice.of(&GRADES)? },
        28 => match choice.below(3) {
            0 => Act::TakeBack,
            1 => Act::Readdress,
            _ => Act::Grant { product },
        },
        29 => Act::Exchange { items: (product, 1), place: "Store 12" },
        30 => Act::Payment { what: choice.of(&PAYMENT)? },
        31 => Act::Replay,
        32 => {
            let (system, request) = choice.of(&REQUESTS)?;
            Act::Call { system, request, how: choice.of(&CALLS)? }
        }
        33 => Act::Message { message: choice.of(&MESSAGES)?, how: choice.of(&WAYS)? },
        34 => {
            let (system, how) = choice.of(&HABITS)?;
            Act::Habit { system, how }
        }
        35 => Act::Dispose {
            items: (product, choice.count(model.quarantined(product))),
            what: choice.of(&["put on the shelf", "liquidated", "destroyed"])?,
        },
        _ => Act::Kill,
    })
}

fn order(choice: &mut Choice) -> Option<Act> {
    let first = choice.of(&PRODUCTS)?;
    let mut items = vec![(first, choice.count(4))];
    let second = choice.of(&PRODUCTS)?;
    if second != first && choice.below(2) == 0 {
        items.push((second, choice.count(3)));
    }
    Some(Act::Order { items, channel: choice.of(&CHANNELS)? })
}

/// Whether a history has what makes it worth playing.
pub(super) fn is_worth_playing(history: &History) -> bool {
    history.acts.iter().any(|act| matches!(act, Act::Order { .. }))
        && history.acts.iter().any(|act| act.part() == Part::Command)
}
