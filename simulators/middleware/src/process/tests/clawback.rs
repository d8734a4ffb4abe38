//! Promotions whose minimum a return breaks: what is kept of refunds, and given back with the last goods.

use counterproof_contracts::{allocation::allocate, policy::BrokenMinimum};
use proptest::prelude::*;

use super::*;

/// So many units of one line, less a promotion that is earned by a minimum, shipped in one parcel.
fn shipped(quantity: u32, price: i64, promotion: i64, minimum: i64, declared: BrokenMinimum) -> Stage {
    let shares = allocate(promotion, &vec![price; quantity as usize]);
    let mut placed =
        order(vec![line("A", quantity, price, &shares)], vec![tender("T1", TenderKind::Card, 0)]);
    for promotion in &mut placed.promotions {
        promotion.minimum = Some(eur(minimum));
    }
    let mut stage = Stage::released(placed);
    stage.policy.broken_minimums.insert("P".into(), declared);
    stage.ship("S1", &[("A", quantity)]);
    stage
}

fn bring(stage: &mut Stage, id: &str, units: u32) {
    let brought = receipt(id, vec![returned("A", units)], vec![graded("A", units, ConditionGrade::A)]);
    stage.store_return(brought).unwrap();
}

#[test]
fn what_the_customer_keeps_of_a_broken_promotion_is_kept_of_the_refund() {
    let mut stage = shipped(2, 6_000, 2_000, 10_000, BrokenMinimum::Clawback);
    bring(&mut stage, "R1", 1);
    assert_eq!(stage.amounts("refundPayment"), [4_000]);
    let memo = stage.calls("postCreditMemo")[0];
    assert_eq!((&memo["amount"]["amount"], &memo["retained"]["amount"]), (&json!(4_000), &json!(1_000)));
    bring(&mut stage, "R2", 1);
    assert_eq!(stage.amounts("refundPayment"), [4_000, 6_000]);
    assert_eq!(stage.calls("postCreditMemo")[1]["retained"]["amount"], -1_000);
}

#[test]
fn where_nothing_is_declared_the_customer_keeps_the_promotion() {
    let mut stage = shipped(2, 6_000, 2_000, 10_000, BrokenMinimum::None);
    bring(&mut stage, "R1", 1);
    assert_eq!(stage.amounts("refundPayment"), [5_000]);
    assert!(stage.calls("postCreditMemo")[0].get("retained").is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn all_refunds_together_are_what_was_paid_for_the_goods(
        quantity in 1_u32..6,
        price in 100_i64..20_000,
        percent in 1_i64..100,
        of_all in 1_i64..=100,
        first in 1_u32..6,
    ) {
        let listed = price * i64::from(quantity);
        let promotion = (listed * percent / 100).max(1);
        let minimum = (listed * of_all / 100).max(1);
        let mut stage = shipped(quantity, price, promotion, minimum, BrokenMinimum::Clawback);
        let first = first.min(quantity);
        bring(&mut stage, "R1", first);
        let kept_back = stage.amounts("refundPayment").iter().sum::<i64>();
        prop_assert!((0..=listed - promotion).contains(&kept_back));
        for unit in first..quantity {
            bring(&mut stage, &format!("R{}", unit + 1), 1);
        }
        prop_assert_eq!(stage.amounts("refundPayment").iter().sum::<i64>(), listed - promotion);
        let credited: i64 = stage
            .calls("postCreditMemo")
            .iter()
            .map(|memo| memo["amount"]["amount"].as_i64().unwrap())
            .sum();
        prop_assert_eq!(credited, listed - promotion);
        prop_assert!(stage.letters.is_empty());
    }
}
