//! Exchanges: what is told to the replacement, and what is done with the money, in any order of events.

use counterproof_contracts::model::{
    ExchangeId, ExchangeLink, ExchangeRequest, ExchangeSettlementKind, ExchangeStatus, Order, OrderNumber,
};
use proptest::prelude::*;

use super::*;
use crate::process::{Notice, Tidings, order_view};

/// Two units of A were bought for 45.00 and 44.99 after the promotion; one of B for 20.00.
fn shipped() -> Stage {
    let mut stage = Stage::released(plain());
    stage.ship("S1", &[("A", 2), ("B", 1)]);
    stage
}

/// One unit of C for so much, of which goods pay `credit`.
fn replacement(price: i64, credit: i64) -> Order {
    let mut order = order(vec![line("C", 1, price, &[])], vec![]);
    order.shipping = None;
    order.order_number = "W-2".into();
    order.channel_order_id = "web-2".into();
    order.total = eur(order.value().gross);
    order.tenders = vec![tender("T-X", TenderKind::ExchangeCredit, credit)];
    if credit < price {
        order.tenders.push(tender("T-C", TenderKind::Card, price - credit));
    }
    order.exchange = Some(ExchangeLink { exchange_id: "EX-1".into(), order_number: "W-1".into() });
    order
}

fn exchange(price: i64, credit: i64) -> ReturnRequest {
    let replacement = Box::new(replacement(price, credit));
    ReturnRequest {
        order_number: "W-1".into(),
        return_reference: "RR-1".to_owned(),
        method: ReturnMethod::Mail,
        resolution: Resolution::Exchange,
        gift_recipient_ref: None,
        lines: vec![returned("A", 1)],
        exchange: Some(ExchangeRequest { exchange_id: ExchangeId::new("EX-1"), replacement }),
        held_receipt_id: None,
        instant_refund: false,
    }
}

fn asked(price: i64, credit: i64) -> Stage {
    let mut stage = shipped();
    stage.input(Input::RequestReturn(exchange(price, credit)), "ask").unwrap();
    stage.run();
    stage
}

fn tell(stage: &mut Stage, tidings: Tidings) {
    let notice = Notice {
        from: OrderNumber::new("W-2"),
        to: OrderNumber::new("W-1"),
        number: 1,
        chain: Chain { correlation: "corr".into(), causation: "notice".to_owned() },
        tidings,
    };
    stage.input(Input::Told(Box::new(notice)), "notice").unwrap();
    stage.run();
}

fn come_back(stage: &mut Stage) {
    let goods = receipt("RC-1", vec![returned("A", 1)], vec![graded("A", 1, ConditionGrade::A)]);
    stage.store_return(goods).unwrap();
}

fn status(stage: &Stage) -> ExchangeStatus {
    order_view(stage.process(), stage.now).exchanges[0].status
}

/// What was settled: applied and returned.
fn settled(stage: &Stage) -> (i64, i64) {
    let of = |kind: ExchangeSettlementKind| {
        let kind = serde_json::to_value(kind).unwrap();
        let calls = stage.calls("settleExchange");
        calls
            .iter()
            .filter(|body| body["kind"] == kind)
            .map(|body| body["amount"]["amount"].as_i64().unwrap())
            .sum()
    };
    (of(ExchangeSettlementKind::Applied), of(ExchangeSettlementKind::Returned))
}

#[test]
fn the_replacement_is_wanted_once_and_paid_when_both_it_and_the_goods_are_certain() {
    let mut stage = asked(6000, 4499);
    assert!(matches!(&stage.notices[..], [Notice { tidings: Tidings::Wanted { ahead: false, .. }, .. }]));
    stage.input(Input::RequestReturn(exchange(6000, 4499)), "ask again").unwrap();
    assert_eq!((stage.notices.len(), status(&stage)), (1, ExchangeStatus::Requested));
    come_back(&mut stage);
    assert_eq!(settled(&stage), (0, 0), "nobody knows yet whether there is a replacement");
    assert!(stage.amounts("refundPayment").is_empty());
    tell(&mut stage, Tidings::Accepted);
    assert_eq!(settled(&stage), (4499, 0));
    assert!(stage.amounts("refundPayment").is_empty());
    assert!(matches!(stage.notices[1].tidings, Tidings::Credited { amount: 4499 }));
    assert_eq!(status(&stage), ExchangeStatus::ReplacementReleased);
    tell(&mut stage, Tidings::Sent);
    assert_eq!(status(&stage), ExchangeStatus::Completed);
    tell(&mut stage, Tidings::Refused { reason: "late".to_owned() });
    assert_eq!(status(&stage), ExchangeStatus::Completed, "what was sent stays sent");
}

#[test]
fn what_is_left_of_the_goods_worth_is_refunded() {
    let mut stage = asked(2000, 2000);
    tell(&mut stage, Tidings::Accepted);
    come_back(&mut stage);
    assert_eq!((settled(&stage), stage.amounts("refundPayment")), ((2000, 0), vec![2499]));
}

#[test]
fn without_replacement_everything_is_refunded_whenever_that_is_told() {
    for goods_first in [false, true] {
        let mut stage = asked(6000, 4499);
        if goods_first {
            come_back(&mut stage);
        }
        tell(&mut stage, Tidings::Refused { reason: "no stock".to_owned() });
        if !goods_first {
            come_back(&mut stage);
        }
        assert_eq!((settled(&stage), stage.amounts("refundPayment")), ((0, 0), vec![4499]));
        assert_eq!(status(&stage), ExchangeStatus::RevertedToRefund);
    }
}

#[test]
fn what_the_replacement_gives_back_is_refunded_when_the_erp_has_it() {
    let mut stage = asked(4499, 4499);
    tell(&mut stage, Tidings::Accepted);
    come_back(&mut stage);
    stage.silent.push("settleExchange");
    tell(&mut stage, Tidings::Unused { amount: 4000, cause: "cancel-1".to_owned() });
    assert!(stage.amounts("refundPayment").is_empty());
    stage.silent.clear();
    stage.run();
    assert_eq!((settled(&stage), stage.amounts("refundPayment")), ((4499, 4000), vec![4000]));
}

#[test]
fn a_wish_that_contradicts_itself_is_refused() {
    type Change = fn(&mut ReturnRequest);
    let changes: [Change; 8] = [
        |wish| wish.exchange = None,
        |wish| wish.resolution = Resolution::Refund,
        |wish| replaced(wish).order_number = "W-1".into(),
        |wish| replaced(wish).exchange = None,
        |wish| replaced(wish).currency = Currency::USD,
        |wish| replaced(wish).total = eur(1),
        |wish| *replaced(wish) = replacement(6000, 4498),
        |wish| *replaced(wish) = replacement(6000, 4500),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut stage = shipped();
        let mut wish = exchange(6000, 4499);
        change(&mut wish);
        let answer = stage.input(Input::RequestReturn(wish), "ask");
        let kind = answer.unwrap_err().problem_kind();
        assert_eq!(kind, Some(ProblemKind::BusinessRule), "change {number}");
        assert!(stage.notices.is_empty());
    }
}

fn replaced(wish: &mut ReturnRequest) -> &mut Order {
    &mut wish.exchange.as_mut().unwrap().replacement
}

#[test]
fn a_replacement_waits_for_the_goods_and_gives_back_what_is_not_kept() {
    let mut stage = Stage::new();
    let wanted = |ahead| Tidings::Wanted { order: Box::new(replacement(6000, 4499)), ahead };
    let notice = |tidings| {
        let chain = Chain { correlation: "corr".into(), causation: "notice".to_owned() };
        Input::Told(Box::new(Notice { from: "W-1".into(), to: "W-2".into(), number: 1, chain, tidings }))
    };
    stage.input(notice(wanted(false)), "notice").unwrap();
    stage.run();
    assert_eq!(stage.status(), OrderStatus::Accepted);
    assert!(stage.calls("createFulfillmentOrder").is_empty());
    assert!(matches!(&stage.notices[..], [Notice { tidings: Tidings::Accepted, .. }]));
    stage.input(notice(Tidings::Credited { amount: 4000 }), "notice").unwrap();
    stage.run();
    assert!(stage.calls("createFulfillmentOrder").is_empty(), "a part of it is not enough");
    let wish = CancellationRequest {
        order_number: "W-2".into(),
        cancellation_id: "cancel-1".to_owned(),
        lines: vec![],
        reason: "r".to_owned(),
    };
    stage.input(Input::Cancel(wish), "cancel").unwrap();
    stage.run();
    let told: Vec<_> = stage.notices.iter().skip(1).map(|notice| notice.tidings.clone()).collect();
    let refused = Tidings::Refused { reason: "the replacement was canceled".to_owned() };
    let unused = |amount| Tidings::Unused { amount, cause: "cancel-1".to_owned() };
    assert_eq!(told, [refused, unused(4000)]);
    stage.input(notice(Tidings::Credited { amount: 499 }), "notice").unwrap();
    assert_eq!(stage.notices.last().unwrap().tidings, unused(499), "what comes too late goes back, too");
}

proptest! {
    #[test]
    fn goods_are_paid_for_once_whatever_is_told_in_whatever_order(
        (price, tidings) in (1_i64..9_000, prop::collection::vec(0_u8..4, 0..6)),
    ) {
        let credit = price.min(4499);
        let mut stage = asked(price, credit);
        for told in tidings {
            match told {
                0 => tell(&mut stage, Tidings::Accepted),
                1 => tell(&mut stage, Tidings::Sent),
                2 => tell(&mut stage, Tidings::Refused { reason: "r".to_owned() }),
                _ if stage.process().receipts.is_empty() => come_back(&mut stage),
                _ => {}
            }
        }
        let (applied, returned) = settled(&stage);
        let refunded: i64 = stage.amounts("refundPayment").iter().sum();
        let decided = !stage.process().receipts.is_empty() && status(&stage) != ExchangeStatus::Requested;
        prop_assert_eq!(applied - returned + refunded, if decided { 4499 } else { 0 });
        prop_assert!(applied <= credit);
    }
}
