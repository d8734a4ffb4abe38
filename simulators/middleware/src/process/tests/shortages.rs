//! Units that a node gives back, while the customer cancels some of them.

use counterproof_contracts::{
    model::{UnfulfilledReason, UnfulfilledUnits},
    protocol::{Cancellation, CancellationStatus},
};

use super::*;

fn gives_back(stage: &mut Stage, exception: &str, quantity: u32) {
    stage.event(EventData::FulfillmentOrderShortPicked(UnfulfilledUnits {
        exception_id: exception.to_owned(),
        fulfillment_order_id: "fo-W-1-dc-north".into(),
        order_number: "W-1".into(),
        node_id: "dc-north".into(),
        reason: UnfulfilledReason::NotFound,
        lines: vec![ItemQuantity { line_id: "A".into(), sku: "SKU-A".into(), quantity }],
    }));
}

fn cancel(stage: &mut Stage, quantity: u32) -> Cancellation {
    let request = CancellationRequest {
        order_number: "W-1".into(),
        cancellation_id: "C1".to_owned(),
        lines: vec![LineQuantity { line_id: "A".into(), quantity }],
        reason: "changed mind".to_owned(),
    };
    serde_json::from_value(stage.input(Input::Cancel(request), "C1").unwrap()).unwrap()
}

/// Three units of A at one node, and one of B.
fn three() -> Stage {
    Stage::released(order(
        vec![line("A", 3, 3000, &[]), line("B", 1, 1000, &[])],
        vec![tender("T1", TenderKind::Card, 0)],
    ))
}

/// Units of A that nodes were told to ship and still have.
fn at_nodes(stage: &Stage) -> (u32, u32) {
    let process = stage.process();
    (process.units_at_nodes(&"A".into()), process.open_units(&"A".into()))
}

#[test]
fn what_is_canceled_while_it_is_claimed_elsewhere_goes_to_no_node() {
    let mut stage = three();
    stage.silent.extend(["createReservation", "cancelFulfillment"]);
    gives_back(&mut stage, "E1", 1);
    stage.run();
    let answer = cancel(&mut stage, 2);
    assert_eq!(answer.status, CancellationStatus::Pending);
    stage.silent.retain(|operation| *operation != "createReservation");
    stage.run();
    assert_eq!(at_nodes(&stage), (2, 2), "the node was asked to stop one of them");
    stage.silent.clear();
    stage.run();
    assert_eq!(at_nodes(&stage), (1, 1));
    let given_back = stage.calls("releaseReservation");
    let from: Vec<&Value> = given_back.iter().map(|body| &body["lines"][0]["node_id"]).collect();
    assert_eq!(from, ["dc-north", "dc-north", "dc-south"]);
    assert_eq!(stage.calls("createFulfillmentOrder").len(), 1);
}

#[test]
fn two_shortages_do_not_ask_for_the_same_unit() {
    let mut stage = three();
    stage.silent.push("releaseReservation");
    gives_back(&mut stage, "E1", 1);
    assert_eq!(cancel(&mut stage, 1).status, CancellationStatus::Canceled);
    gives_back(&mut stage, "E2", 1);
    stage.silent.clear();
    stage.run();
    assert_eq!(at_nodes(&stage), (2, 2));
    let asked: Vec<&Value> = stage.calls("createReservation").into_iter().skip(1).collect();
    assert_eq!(asked.len(), 1, "one unit was canceled, one must be found");
    assert!(!stage.process().lacks_claims());
}

#[test]
fn what_the_first_does_not_find_is_canceled_once() {
    let mut stage = three();
    stage.silent.push("releaseReservation");
    gives_back(&mut stage, "E1", 1);
    cancel(&mut stage, 1);
    gives_back(&mut stage, "E2", 1);
    stage.silent.clear();
    stage.refusing.insert("createReservation", ProblemKind::InsufficientStock);
    stage.run();
    assert_eq!(at_nodes(&stage), (1, 1));
    assert_eq!(stage.process().counts(&"A".into()).canceled, 2);
    assert!(!stage.process().lacks_claims());
}
