//! Laws of the tables: what holds of every status, then what is particular to one.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

/// What must hold for the table of any status.
fn check_table<S: Lifecycle>() {
    assert!(S::ALL.is_sorted(), "{}: statuses are listed by rank", S::ENTITY);
    for (rank, status) in S::ALL.iter().enumerate() {
        assert_eq!(status.rank(), rank, "{} {status:?}", S::ENTITY);
        assert!(!status.legal(*status), "{} {status:?} is no step to itself", S::ENTITY);
        let entered = S::STEPS.iter().any(|(_, to)| to == status);
        assert_eq!(
            entered,
            rank > 0,
            "{} {status:?}: the first status, and no other, has no way in",
            S::ENTITY
        );
        assert!(S::ALL[0].reachable(*status), "{} {status:?} is never reached", S::ENTITY);
    }
    let distinct: BTreeSet<_> = S::STEPS.iter().collect();
    assert_eq!(distinct.len(), S::STEPS.len(), "{}: a step is listed twice", S::ENTITY);
    for (from, to) in S::STEPS {
        assert!(from.rank() < to.rank(), "{}: {from:?} to {to:?} falls in rank", S::ENTITY);
    }
}

/// The closure of the steps by the textbook: all pairs, over every status between.
fn closure<S: Lifecycle>() -> BTreeMap<(S, S), bool> {
    let pairs = || S::ALL.iter().flat_map(|from| S::ALL.iter().map(|to| (*from, *to)));
    let mut reached: BTreeMap<(S, S), bool> =
        pairs().map(|(from, to)| ((from, to), from == to || S::STEPS.contains(&(from, to)))).collect();
    for between in S::ALL {
        for (from, to) in pairs() {
            if reached[&(from, *between)] && reached[&(*between, to)] {
                reached.insert((from, to), true);
            }
        }
    }
    reached
}

fn check_reachable<S: Lifecycle>() {
    for ((from, to), expected) in closure::<S>() {
        assert_eq!(from.reachable(to), expected, "{} {from:?} to {to:?}", S::ENTITY);
    }
}

/// Walks at random, as far as the choices go: each choice picks one of the steps that are legal then.
fn check_walk<S: Lifecycle>(choices: &[usize]) {
    let mut path = vec![S::ALL[0]];
    for choice in choices {
        let here = path[path.len() - 1];
        let ways: Vec<S> = S::ALL.iter().copied().filter(|to| here.legal(*to)).collect();
        assert_eq!(ways.is_empty(), here.is_terminal());
        let Some(next) = ways.get(choice % ways.len().max(1)) else { break };
        path.push(*next);
    }
    for (at, later) in path.iter().enumerate().skip(1) {
        for earlier in &path[..at] {
            assert!(earlier.rank() < later.rank());
            assert!(earlier.reachable(*later));
            assert!(!later.reachable(*earlier), "{}: a way back from {later:?} to {earlier:?}", S::ENTITY);
            assert!(!earlier.is_terminal(), "{}: something follows {earlier:?}", S::ENTITY);
        }
    }
}

/// Runs a check for each status of the contract.
macro_rules! for_each_status {
    ($check:ident($($argument:expr),*)) => {
        $check::<OrderStatus>($($argument),*);
        $check::<FulfillmentStatus>($($argument),*);
        $check::<ShipmentStatus>($($argument),*);
        $check::<AuthorizationStatus>($($argument),*);
        $check::<CaptureStatus>($($argument),*);
        $check::<RefundStatus>($($argument),*);
        $check::<DisputeStatus>($($argument),*);
        $check::<ReturnStatus>($($argument),*);
        $check::<TaxDocumentStatus>($($argument),*);
        $check::<ExchangeStatus>($($argument),*);
    };
}

#[test]
fn every_table_is_sound() {
    for_each_status!(check_table());
}

#[test]
fn reachable_is_the_closure_of_legal() {
    for_each_status!(check_reachable());
}

#[test]
fn these_statuses_are_final_and_no_others() {
    fn finals<S: Lifecycle>() -> Vec<String> {
        S::ALL.iter().filter(|status| status.is_terminal()).map(|status| status.name()).collect()
    }
    assert_eq!(finals::<OrderStatus>(), ["rejected", "returned", "canceled"]);
    assert_eq!(finals::<FulfillmentStatus>(), ["shipped", "canceled", "rejected"]);
    assert_eq!(finals::<ShipmentStatus>(), ["lost", "voided"]);
    assert_eq!(finals::<AuthorizationStatus>(), ["captured", "voided", "expired"]);
    assert_eq!(finals::<CaptureStatus>(), ["succeeded", "failed"]);
    assert_eq!(finals::<RefundStatus>(), ["failed", "canceled"]);
    assert_eq!(finals::<DisputeStatus>(), ["won", "lost"]);
    assert_eq!(finals::<ReturnStatus>(), ["declined", "closed", "expired", "canceled"]);
    assert_eq!(finals::<TaxDocumentStatus>(), ["voided", "locked"]);
    assert_eq!(finals::<ExchangeStatus>(), ["completed", "reverted_to_refund"]);
}

#[test]
fn an_order_is_canceled_only_before_anything_left() {
    for status in OrderStatus::ALL {
        let before = matches!(
            status,
            OrderStatus::Placed
                | OrderStatus::Accepted
                | OrderStatus::InFulfillment
                | OrderStatus::ReadyForPickup
        );
        assert_eq!(status.legal(OrderStatus::Canceled), before, "{status:?}");
    }
}

#[test]
fn only_the_way_back_to_the_sender_follows_delivery() {
    let after: Vec<_> =
        ShipmentStatus::ALL.iter().filter(|status| ShipmentStatus::Delivered.legal(**status)).collect();
    assert_eq!(after, [&ShipmentStatus::ReturnToSender]);
    assert!(!ShipmentStatus::Delivered.reachable(ShipmentStatus::InTransit), "a late scan");
}

#[test]
fn the_list_of_all_steps_names_them_as_on_the_wire() {
    let all = transitions();
    let expected =
        Transition { entity: "shipment", from: "label_purchased".to_owned(), to: "shipped".to_owned() };
    assert!(all.contains(&expected));
    assert_eq!(all.iter().filter(|step| step.entity == "order").count(), OrderStatus::STEPS.len());
    let entities: BTreeSet<_> = all.iter().map(|step| step.entity).collect();
    assert_eq!(entities.len(), 10);
}

proptest! {
    #[test]
    fn a_walk_rises_until_it_ends_for_good(choices in proptest::collection::vec(any::<usize>(), 1..16)) {
        for_each_status!(check_walk(&choices));
    }
}
