//! Pricing: every order adds up exactly.

#![expect(clippy::unwrap_used, reason = "a test")]
use proptest::prelude::*;

use super::*;
use crate::world::testing::{draft, world};

fn with_codes(codes: &[&str], items: &[(&str, u32)]) -> Result<Order, PricingError> {
    let codes = codes.iter().map(|code| (*code).to_owned()).collect();
    build_order(&world(), &OrderDraft { promotion_codes: codes, ..draft("W-1", items) })
}

#[test]
fn prices_a_plain_order() {
    let order = with_codes(&[], &[("linen shirt", 2), ("paperback book", 1)]).unwrap();
    assert_eq!(order.total.to_string(), "117.69 EUR");
    let shipping = order.shipping.as_ref().unwrap();
    assert_eq!((shipping.amount.amount, shipping.tax_amount), (490, 78));
    let taxes: Vec<&[i64]> = order.lines.iter().map(|line| line.taxes[0].unit_amounts.as_slice()).collect();
    // 99.80 × 19/119 = 15.934…, 12.99 × 7/107 = 0.849…
    assert_eq!(taxes, [&[797, 796][..], &[85][..]]);
    assert_eq!(order.tenders.len(), 1);
    assert_eq!(order.tenders[0].amount, order.total);
}

#[test]
fn spreads_a_promotion_over_all_units() {
    let order = with_codes(&["TENOFF"], &[("linen shirt", 2), ("cotton socks", 1)]).unwrap();
    let shares: Vec<i64> =
        order.lines.iter().flat_map(|line| line.promotions[0].unit_amounts.clone()).collect();
    // weights 4990, 4990, 799 of 10779
    assert_eq!(shares, [463, 463, 74]);
    assert_eq!(order.total.amount, 4990 * 2 + 799 - 1000 + 490);
}

#[test]
fn free_shipping_leaves_a_charge_of_nothing() {
    let order = with_codes(&["SHIPFREE", "SUMMER10"], &[("denim jacket", 1)]).unwrap();
    let shipping = order.shipping.as_ref().unwrap();
    assert_eq!((shipping.amount.amount, shipping.tax_amount), (0, 0));
    let amounts: Vec<i64> = order.promotions.iter().map(|promotion| promotion.amount.amount).collect();
    assert_eq!(amounts, [490, 890]);
    assert_eq!(order.total.amount, 8010);
}

#[test]
fn taxes_come_on_top_in_new_york() {
    let mut abroad = draft("W-1", &[("linen shirt", 2)]);
    abroad.country = "US".to_owned();
    let order = build_order(&world(), &abroad).unwrap();
    assert!(!order.lines[0].tax_included);
    // 109.80 + 9.74 tax; shipping 4.95 + 0.44 tax
    assert_eq!(order.total.to_string(), "124.93 USD");
    assert_eq!(order.shipping.unwrap().tax_amount, 44);
}

#[test]
fn stored_value_is_used_first() {
    let mut mixed = draft("W-1", &[("linen shirt", 1)]);
    let plan = |amount| TenderPlan::StoredValueThenCard {
        kind: TenderKind::GiftCard,
        account_id: AccountId::new("gc-1"),
        amount,
        payment_token: "tok_ok".to_owned(),
    };
    mixed.tenders = plan(2000);
    let order = build_order(&world(), &mixed).unwrap();
    let amounts: Vec<(TenderKind, i64)> =
        order.tenders.iter().map(|tender| (tender.kind, tender.amount.amount)).collect();
    assert_eq!(amounts, [(TenderKind::GiftCard, 2000), (TenderKind::Card, 3480)]);
    mixed.tenders = plan(10_000);
    let order = build_order(&world(), &mixed).unwrap();
    assert_eq!(order.tenders.len(), 1);
    assert_eq!(order.tenders[0].amount, order.total);
    mixed.tenders = plan(0);
    assert!(matches!(build_order(&world(), &mixed), Err(PricingError::Tender(_))));
}

#[test]
fn says_what_is_wrong_with_a_draft() {
    let refused = |codes: &[&str], items: &[(&str, u32)]| with_codes(codes, items).unwrap_err().to_string();
    assert_eq!(refused(&[], &[]), "the basket is empty");
    assert_eq!(refused(&[], &[("unicorn", 1)]), "no product \"unicorn\" in the world");
    assert_eq!(refused(&[], &[("gift box", 0)]), "0 units of \"gift box\" cannot be ordered");
    assert_eq!(refused(&["NOPE"], &[("gift box", 1)]), "no promotion \"NOPE\" in the world");
    assert_eq!(refused(&["TENOFF", "TENOFF"], &[("gift box", 1)]), "promotion \"TENOFF\" was entered twice");
    assert_eq!(refused(&["TENOFF", "SHIPFREE"], &[("cotton socks", 1)]), "nothing is left to pay");
    let mut abroad = draft("W-1", &[("gift box", 1)]);
    abroad.country = "FR".to_owned();
    assert_eq!(build_order(&world(), &abroad).unwrap_err().to_string(), "no destination \"FR\" in the world");
}

fn any_plan() -> impl Strategy<Value = TenderPlan> {
    prop_oneof![
        Just(TenderPlan::Card { payment_token: "tok_ok".to_owned() }),
        Just(TenderPlan::Marketplace),
        (1_i64..30_000).prop_map(|amount| TenderPlan::StoredValueThenCard {
            kind: TenderKind::StoreCredit,
            account_id: AccountId::new("sc-1"),
            amount,
            payment_token: "tok_ok".to_owned(),
        }),
    ]
}

/// Baskets of any products to any destination, with any set of codes in any order.
pub(crate) fn any_draft() -> impl Strategy<Value = OrderDraft> {
    let world = world();
    let names: Vec<String> = world.products.iter().map(|product| product.name.clone()).collect();
    let countries: Vec<String> =
        world.destinations.iter().map(|destination| destination.address.country.clone()).collect();
    let codes: Vec<String> = world.promotions.iter().map(|promotion| promotion.code.clone()).collect();
    let codes = (Just(codes).prop_shuffle(), 0_usize..=3)
        .prop_map(|(codes, count)| codes.into_iter().take(count).collect::<Vec<_>>());
    (
        prop::collection::vec((prop::sample::select(names), 1_u32..12), 1..6),
        prop::sample::select(countries),
        codes,
        any_plan(),
        any::<bool>(),
    )
        .prop_map(|(items, country, promotion_codes, tenders, shipping)| OrderDraft {
            country,
            items,
            promotion_codes,
            tenders,
            shipping,
            ..draft("W-1", &[])
        })
}

fn priced(draft: &OrderDraft) -> Option<Order> {
    match build_order(&world(), draft) {
        Ok(order) => Some(order),
        Err(PricingError::NothingToPay) => None,
        Err(error) => panic!("{error}"),
    }
}

proptest! {
    #[test]
    fn totals_are_exact(draft in any_draft()) {
        let Some(order) = priced(&draft) else { return Ok(()) };
        prop_assert_eq!(order.value().gross, order.total.amount);
        let tenders: i64 = order.tenders.iter().map(|tender| tender.amount.amount).sum();
        prop_assert_eq!(tenders, order.total.amount);
        for promotion in &order.promotions {
            let shares: i64 = order
                .lines
                .iter()
                .flat_map(|line| &line.promotions)
                .filter(|share| share.promotion_id == promotion.promotion_id)
                .flat_map(|share| &share.unit_amounts)
                .sum();
            let on_units = promotion.scope == PromotionScope::Order;
            prop_assert_eq!(shares, if on_units { promotion.amount.amount } else { 0 });
        }
        prop_assert!(order.tenders.iter().all(|tender| tender.amount.amount > 0));
    }

    #[test]
    fn every_unit_is_priced_and_none_below_zero(draft in any_draft()) {
        let Some(order) = priced(&draft) else { return Ok(()) };
        for line in &order.lines {
            let units = line.quantity as usize;
            prop_assert!(line.promotions.iter().all(|share| share.unit_amounts.len() == units));
            prop_assert!(line.promotions.iter().flat_map(|share| &share.unit_amounts).all(|share| *share >= 0));
            prop_assert!(line.taxes.iter().all(|tax| tax.unit_amounts.len() == units));
            for unit in 0..line.quantity {
                let value = line.unit_value(unit);
                prop_assert!(0 <= value.tax && value.tax <= value.gross, "{:?}", value);
            }
            let sum = line.value(0..line.quantity);
            let base = if line.tax_included { sum.gross } else { sum.net() };
            prop_assert_eq!(sum.tax, tax_of(base, line.taxes[0].rate_ppm, line.tax_included));
        }
    }
}
