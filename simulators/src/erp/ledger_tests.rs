//! The stock ledger's laws over random histories, folded from the committed effects alone.

use counterproof_contracts::{
    journal::Effect,
    model::{InventoryMovement, MovementReason, Reservation, StockCount, StockLevel, Timestamp},
};
use proptest::prelude::*;

use super::{
    tests::{Answered, SHIRT, SOCKS, issue, open, post, release, reserve, stage},
    *,
};
use crate::{
    test_stage::Stage,
    world::testing::{call, document},
};

const NODES: [&str; 3] = ["dc-north", "dc-south", "store-12"];
const SKUS: [&str; 2] = [SHIRT, SOCKS];

fn count(stage: &mut Stage<Erp>, id: &str, at: Timestamp, units: u32) -> i64 {
    let count = StockCount {
        count_id: id.to_owned(),
        node_id: "dc-north".into(),
        sku: SHIRT.into(),
        quantity: units,
        counted_at: at,
    };
    let level: StockLevel = document(&call(stage, operations::POST_STOCK_COUNT, &[], count));
    level.on_hand
}

#[test]
fn a_count_is_compared_with_what_was_there_when_it_was_taken() {
    let mut stage = stage();
    open(&mut stage, "dc-north", SHIRT, 10);
    let counted_at = stage.now + std::time::Duration::from_mins(1);
    stage.now += std::time::Duration::from_hours(1);
    post(&mut stage, &issue("W-1", 1, SHIRT, "dc-north", 4));
    assert_eq!(count(&mut stage, "C-1", counted_at, 9), 5, "one was missing, four left since");
    assert_eq!(
        count(&mut stage, "C-2", counted_at - std::time::Duration::from_secs(1), 3),
        5,
        "an older count"
    );
    let now = stage.now;
    assert_eq!(count(&mut stage, "C-3", now, 5), 5, "nothing differs");
    assert_eq!(stage.core.on_hand(&SHIRT.into(), &"dc-north".into()), 5);
}

#[test]
fn what_one_count_corrected_the_next_one_does_not_correct_again() {
    let mut stage = stage();
    open(&mut stage, "dc-north", SHIRT, 10);
    let counted_at = stage.now + std::time::Duration::from_mins(1);
    stage.now += std::time::Duration::from_hours(1);
    assert_eq!(count(&mut stage, "C-1", counted_at, 9), 9);
    assert_eq!(count(&mut stage, "C-2", counted_at + std::time::Duration::from_mins(1), 9), 9);
}

#[derive(Debug, Clone)]
enum Step {
    Open { node: usize, sku: usize, units: u32 },
    Reserve { order: usize, shirts: u32, socks: u32 },
    Release { claim: usize, line: usize, units: u32 },
    Issue { order: usize, line: usize, sku: usize, node: usize, units: i64 },
    Return { sku: usize, node: usize, units: i64, condition: StockCondition },
}

fn any_step() -> impl Strategy<Value = Step> {
    let condition = prop_oneof![Just(StockCondition::Sellable), Just(StockCondition::Outlet)];
    prop_oneof![
        (0..3_usize, 0..2_usize, 0..6_u32).prop_map(|(node, sku, units)| Step::Open { node, sku, units }),
        (0..3_usize, 0..5_u32, 0..5_u32).prop_map(|(order, shirts, socks)| Step::Reserve {
            order,
            shirts,
            socks
        }),
        (0..6_usize, 0..3_usize, 1..4_u32).prop_map(|(claim, line, units)| Step::Release {
            claim,
            line,
            units
        }),
        (0..3_usize, 1..3_usize, 0..2_usize, 0..3_usize, 1..5_i64)
            .prop_map(|(order, line, sku, node, units)| Step::Issue { order, line, sku, node, units }),
        (0..2_usize, 0..3_usize, -1..4_i64, condition)
            .prop_map(|(sku, node, units, condition)| Step::Return { sku, node, units, condition }),
    ]
}

/// What an outsider knows of the stock: opening and movements, claims and what ended them.
#[derive(Default)]
struct Outsider {
    on_hand: BTreeMap<(String, String), i64>,
    reserved: BTreeMap<(String, String), i64>,
    claims: Vec<Reservation>,
}

impl Outsider {
    fn observe(&mut self, effect: &Effect) {
        match effect {
            Effect::StockMoved { movement } if movement.condition == StockCondition::Sellable => {
                let key = (movement.sku.to_string(), movement.node_id.to_string());
                *self.on_hand.entry(key).or_default() += movement.quantity;
            }
            Effect::StockReserved { reservation } => {
                self.claims.push(reservation.clone());
                self.count(&reservation.lines, 1);
            }
            Effect::ReservationReleased { release } | Effect::ReservationConsumed { release } => {
                self.count(&release.lines, -1);
            }
            _ => {}
        }
    }

    fn count(&mut self, lines: &[ReservedLine], sign: i64) {
        for line in lines {
            let key = (line.sku.to_string(), line.node_id.to_string());
            *self.reserved.entry(key).or_default() += sign * i64::from(line.quantity);
        }
    }

    fn take(&mut self, stage: &mut Stage<Erp>, step: &Step) {
        let played: Answered = match *step {
            Step::Open { node, sku, units } => {
                open(stage, NODES[node], SKUS[sku], units);
                let key = (SKUS[sku].to_owned(), NODES[node].to_owned());
                *self.on_hand.entry(key).or_default() += i64::from(units);
                return;
            }
            Step::Reserve { order, shirts, socks } => {
                let wanted = [(SHIRT, shirts), (SOCKS, socks)];
                let wanted: Vec<_> = wanted.into_iter().filter(|(_, units)| *units > 0).collect();
                if wanted.is_empty() {
                    return;
                }
                reserve(stage, &format!("W-{order}"), &wanted)
            }
            Step::Release { claim, line, units } => {
                let Some(claim) = self.claims.get(claim).cloned() else { return };
                let Some(line) = claim.lines.get(line) else { return };
                let line = ReservedLine { quantity: units, ..line.clone() };
                release(stage, claim.reservation_id.as_str(), claim.order_number.as_str(), &[line])
            }
            Step::Issue { order, line, sku, node, units } => {
                post(stage, &issue(&format!("W-{order}"), line, SKUS[sku], NODES[node], units))
            }
            Step::Return { sku, node, units, condition } => {
                let back = issue("W-9", 1, SKUS[sku], NODES[node], -units);
                if units == 0 {
                    return;
                }
                post(stage, &InventoryMovement { reason: MovementReason::CustomerReturn, condition, ..back })
            }
        };
        played.booked().into_iter().for_each(|effect| self.observe(effect));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn stock_is_what_the_effects_say_and_never_below_zero(steps in prop::collection::vec(any_step(), 0..40)) {
        let mut stage = stage();
        let mut outsider = Outsider::default();
        for step in &steps {
            outsider.take(&mut stage, step);
            for (sku, node) in SKUS.iter().flat_map(|sku| NODES.map(|node| (*sku, node))) {
                let key = (sku.to_owned(), node.to_owned());
                let level = stage.core.stock(&sku.into(), &node.into());
                prop_assert!(level.on_hand >= 0 && level.reserved >= 0 && level.not_sellable >= 0);
                prop_assert_eq!(level.on_hand, outsider.on_hand.get(&key).copied().unwrap_or(0));
                prop_assert_eq!(level.reserved, outsider.reserved.get(&key).copied().unwrap_or(0));
            }
        }
    }

    #[test]
    fn a_reservation_takes_only_what_is_available(
        opened in prop::collection::vec((0..3_usize, 0..2_usize, 0..5_u32), 0..8),
        orders in prop::collection::vec((1..5_u32, 1..5_u32), 1..6),
    ) {
        let mut stage = stage();
        for (node, sku, units) in opened {
            open(&mut stage, NODES[node], SKUS[sku], units);
        }
        for (shirts, socks) in orders {
            let free = |stage: &Stage<Erp>, sku: &str| {
                NODES.map(|node| stage.core.available(&sku.into(), &node.into())).iter().sum::<i64>()
            };
            let enough = free(&stage, SHIRT) >= shirts.into() && free(&stage, SOCKS) >= socks.into();
            let played = reserve(&mut stage, "W-1", &[(SHIRT, shirts), (SOCKS, socks)]);
            prop_assert_eq!(played.refusal(), if enough { "" } else { "insufficient-stock" });
            if enough {
                let claimed: Reservation = document(&played);
                let units: u32 = claimed.lines.iter().map(|line| line.quantity).sum();
                prop_assert_eq!(units, shirts + socks);
            }
            prop_assert!(free(&stage, SHIRT) >= 0 && free(&stage, SOCKS) >= 0);
        }
    }
}
