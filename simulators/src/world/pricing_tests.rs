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
        stored: vec![StoredPart { kind: TenderKind::GiftCard, account_id: AccountId::new("gc-1"), amount }],
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
    abroad.country = "BR".to_owned();
    assert_eq!(build_order(&world(), &abroad).unwrap_err().to_string(), "no destination \"BR\" in the world");
}

fn any_plan() -> impl Strategy<Value = TenderPlan> {
    prop_oneof![
        Just(TenderPlan::Card { payment_token: "tok_ok".to_owned() }),
        Just(TenderPlan::Marketplace),
        (1_i64..30_000).prop_map(|amount| TenderPlan::StoredValueThenCard {
            stored: vec![
                StoredPart { kind: TenderKind::GiftCard, account_id: AccountId::new("gc-1"), amount },
                StoredPart { kind: TenderKind::StoreCredit, account_id: AccountId::new("sc-1"), amount },
            ],
            payment_token: "tok_ok".to_owned(),
        }),
    ]
}

/// Baskets of any products to any destination, with any set of codes in any order.
pub(crate) fn any_draft() -> impl Strategy<Value = OrderDraft> {
    let world = world();
    let names: Vec<String> = world.products.iter().map(|product| product.name.clone()).collect();
    let countries: Vec<String> =
        world.destinations.iter().map(|destination| destination.code.clone()).collect();
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
        Err(PricingError::NothingToPay | PricingError::NotSold(_) | PricingError::SeparateOrders) => None,
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
            let on_units = promotion.scope != PromotionScope::Shipping;
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
                let by_others: i64 = order.contributions(line, unit..unit + 1).values().sum();
                prop_assert!(0 <= value.tax && value.tax <= value.gross + by_others, "{:?}", value);
            }
            let taxed: i64 = (0..line.quantity).map(|unit| order.taxed_price(line, unit)).sum();
            if line.tax_included {
                let rates = line.taxes.iter().map(|tax| tax.rate_ppm).sum();
                prop_assert_eq!(line.value(0..line.quantity).tax, tax_of(taxed, rates, true));
            } else {
                for tax in &line.taxes {
                    let base = order.taxable_base(line, tax, 0..line.quantity);
                    prop_assert_eq!(tax.unit_amounts.iter().sum::<i64>(), tax_of(base, tax.rate_ppm, false));
                }
            }
        }
    }
}

fn to(country: &str, items: &[(&str, u32)]) -> Order {
    let abroad = OrderDraft { country: country.to_owned(), ..draft("W-1", items) };
    build_order(&world(), &abroad).unwrap()
}

#[test]
fn what_a_manufacturer_pays_is_taxed_and_what_the_retailer_gives_up_is_not() {
    let order = with_codes(&["SHIRTMAKER5", "SUMMER10"], &[("linen shirt", 2), ("cotton socks", 1)]).unwrap();
    let shirts = &order.lines[0];
    // 99.80 less 5.00 of the manufacturer, then 10 % of 94.80 + 7.99 shared out by what is left to pay.
    let shares: Vec<i64> = shirts.promotions.iter().flat_map(|share| share.unit_amounts.clone()).collect();
    assert_eq!(shares, [250, 250, 474, 474]);
    let taxed: Vec<i64> = (0..2).map(|unit| order.taxed_price(shirts, unit)).collect();
    assert_eq!(taxed, [4990 - 474; 2]);
    // 90.32 × 19 / 119 = 14.421…
    assert_eq!(shirts.taxes[0].unit_amounts, [721, 721]);
    assert_eq!(order.contributions(shirts, 0..2).into_values().collect::<Vec<_>>(), [500]);
}

#[test]
fn a_promotion_on_a_line_leaves_other_lines_alone_and_a_minimum_must_be_reached() {
    let order = with_codes(&["JACKET20"], &[("linen shirt", 1), ("denim jacket", 1)]).unwrap();
    assert!(order.lines[0].promotions.is_empty());
    assert_eq!(order.lines[1].promotions[0].unit_amounts, [1780]);
    let below = with_codes(&["SPEND100"], &[("denim jacket", 1)]).unwrap();
    assert!(below.promotions.is_empty());
    let above = with_codes(&["SPEND100"], &[("denim jacket", 2)]).unwrap();
    assert_eq!(above.promotions[0].minimum.map(|minimum| minimum.amount), Some(10_000));
}

#[test]
fn each_destination_has_its_rules() {
    let total = |country: &str| to(country, &[("linen shirt", 1)]).total.to_string();
    assert_eq!(total("FR"), "56.80 EUR");
    // 52.85 + 4.28; shipping 9.90 + 0.80
    assert_eq!(total("CH"), "67.83 CHF");
    assert_eq!(total("GB"), "52.89 GBP");
    // 599.00 + 64.09 duty + 165.77; shipping 99.00 + 24.75
    assert_eq!(total("NO"), "952.61 NOK");
    assert_eq!(total("JP"), "8980 JPY");
    // 16.875 + 0.844 duty; shipping is not dutiable
    assert_eq!(total("KW"), "20.469 KWD");
    // 54.90 + 3.98 + 0.75; shipping is not taxed
    assert_eq!(total("US-CA"), "64.58 USD");
    assert_eq!(total("US-OR"), "59.85 USD");
    let french = to("FR", &[("linen shirt", 1)]);
    assert_eq!((french.tax_scheme(), french.lines[0].taxes[0].unit_amounts[0]), (TaxScheme::Oss, 832));
    assert!(to("GB", &[("linen shirt", 1)]).lines[0].taxes.is_empty());
}

#[test]
fn goods_from_outside_the_union_are_taxed_at_the_checkout_up_to_150_euro() {
    let cheap = to("DE", &[("phone case", 2)]);
    assert_eq!((cheap.tax_scheme(), cheap.lines[0].tax_included), (TaxScheme::Ioss, true));
    let dear = to("DE", &[("smart watch", 1)]);
    // 249.00 / 1.19 = 209.24; 4.90 / 1.19 = 4.12
    assert_eq!((dear.tax_scheme(), dear.total.to_string().as_str()), (TaxScheme::Dap, "213.36 EUR"));
    let mixed = draft("W-1", &[("phone case", 1), ("linen shirt", 1)]);
    assert_eq!(build_order(&world(), &mixed), Err(PricingError::SeparateOrders));
    assert_eq!(to("US", &[("phone case", 1)]).tax_scheme(), TaxScheme::Domestic);
}

#[test]
fn who_is_exempt_pays_no_tax() {
    let certificate = Some("ST-120".to_owned());
    let exempt = |country: &str| {
        let draft = OrderDraft {
            country: country.to_owned(),
            exemption_certificate: certificate.clone(),
            ..draft("W-1", &[("linen shirt", 1)])
        };
        build_order(&world(), &draft).unwrap()
    };
    assert_eq!(exempt("US").total.to_string(), "59.85 USD");
    // 49.90 / 1.19 = 41.93; 4.90 / 1.19 = 4.12
    assert_eq!(exempt("DE").total.to_string(), "46.05 EUR");
    assert_eq!(exempt("DE").value().tax, 0);
}

#[test]
fn the_marketplace_collects_where_the_law_makes_it() {
    let sold = |country: &str| {
        let draft = OrderDraft {
            country: country.to_owned(),
            sales_channel: SalesChannel::Marketplace,
            tenders: TenderPlan::Marketplace,
            ..draft("W-1", &[("linen shirt", 1)])
        };
        build_order(&world(), &draft).unwrap().tax_collector()
    };
    assert_eq!([sold("US"), sold("DE")], [TaxCollector::Marketplace, TaxCollector::Retailer]);
}
