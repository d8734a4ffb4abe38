//! Cancellation before and after release.

use super::*;
use counterproof_contracts::protocol::{Cancellation, CancellationStatus};

fn cancel(stage: &mut Stage, id: &str, lines: &[(&str, u32)]) -> Result<Cancellation, Problem> {
    let request = CancellationRequest {
        order_number: "W-1".into(),
        cancellation_id: id.to_owned(),
        lines: lines
            .iter()
            .map(|(line, quantity)| LineQuantity { line_id: (*line).into(), quantity: *quantity })
            .collect(),
        reason: "changed mind".to_owned(),
    };
    let answer = stage.input(Input::Cancel(request), id)?;
    Ok(serde_json::from_value(answer).unwrap())
}

#[test]
fn before_payment_nothing_more_is_asked_and_what_is_held_is_given_up() {
    let mut stage = Stage::new();
    stage.silent.push("authorizePayment");
    stage.submit(plain()).unwrap();
    stage.run();
    let answer = cancel(&mut stage, "C1", &[]).unwrap();
    assert_eq!(answer.status, CancellationStatus::Canceled);
    assert_eq!(stage.status(), OrderStatus::Canceled);
    stage.silent.clear();
    stage.run();
    assert_eq!(stage.calls("voidAuthorization").len(), 1);
    assert!(stage.calls("createReservation").is_empty());
}

#[test]
fn what_may_be_booked_is_claimed_until_the_erp_counts_it_as_sold_no_more() {
    let mut stage = Stage::new();
    stage.silent.push("createSalesOrder");
    stage.submit(plain()).unwrap();
    stage.run();
    cancel(&mut stage, "C1", &[]).unwrap();
    stage.run();
    assert!(stage.calls("cancelSalesOrderLines").is_empty(), "nothing is booked yet");
    assert!(stage.calls("releaseReservation").is_empty(), "and may be any moment: nobody else may sell it");
    stage.silent = vec!["cancelSalesOrderLines"];
    stage.run();
    assert!(stage.calls("releaseReservation").is_empty(), "it is booked");
    stage.silent.clear();
    stage.run();
    assert_eq!(stage.calls("releaseReservation")[0]["lines"].as_array().unwrap().len(), 2);
    assert_eq!(stage.calls("cancelSalesOrderLines").len(), 1);
    assert!(stage.calls("createFulfillmentOrder").is_empty());
    assert_eq!(stage.calls("voidAuthorization").len(), 1);
}

#[test]
fn part_of_an_order_before_release_is_not_released() {
    let mut stage = Stage::new();
    stage.nodes.insert("A".into(), vec![("dc-north", 1), ("dc-south", 1)]);
    stage.silent.push("createReservation");
    stage.submit(plain()).unwrap();
    stage.run();
    cancel(&mut stage, "C1", &[("A", 1)]).unwrap();
    stage.silent.clear();
    stage.run();
    assert_eq!(stage.status(), OrderStatus::Accepted);
    let orders = stage.calls("createFulfillmentOrder");
    assert_eq!(orders.len(), 1, "dc-south has nothing left to ship");
    assert_eq!(orders[0]["node_id"], "dc-north");
    assert_eq!(stage.calls("releaseReservation")[0]["lines"][0]["node_id"], "dc-south");
    assert_eq!(stage.calls("cancelSalesOrderLines")[0]["lines"], json!([{ "line_id": "A", "quantity": 1 }]));
    stage.ship("S1", &[("A", 1), ("B", 1)]);
    assert_eq!(stage.amounts("capturePayment"), [4499 + 2000 + 490]);
    assert_eq!(stage.calls("voidAuthorization").len(), 1, "the rest of the authorization is given up");
}

#[test]
fn after_release_only_what_the_node_stops_is_canceled() {
    let mut stage = Stage::released(plain());
    stage.stoppable = Some(1);
    let answer = cancel(&mut stage, "C1", &[("A", 2)]).unwrap();
    assert_eq!((answer.status, answer.canceled.len()), (CancellationStatus::Pending, 0));
    assert_eq!(cancel(&mut stage, "C1", &[("A", 2)]).unwrap(), answer, "the same wish is answered the same");
    stage.run();
    let state = &stage.process().cancellations[0];
    assert_eq!(state.status, CancellationStatus::PartiallyCanceled);
    assert_eq!(stage.calls("cancelFulfillment").len(), 1);
    assert_eq!(stage.calls("releaseReservation")[0]["lines"][0]["quantity"], 1);
    assert_eq!(stage.process().counts(&"A".into()).canceled, 1);
    stage.ship("S1", &[("A", 1), ("B", 1)]);
    assert_eq!(stage.status(), OrderStatus::Shipped);
    assert_eq!(stage.amounts("capturePayment"), [4499 + 2000 + 490], "the last unit is the canceled one");
}

#[test]
fn a_cancellation_that_loses_against_the_parcel_changes_nothing() {
    let mut stage = Stage::released(plain());
    stage.silent.push("cancelFulfillment");
    cancel(&mut stage, "C1", &[]).unwrap();
    stage.ship("S1", &[("A", 2), ("B", 1)]);
    stage.silent.clear();
    stage.refusing.insert("cancelFulfillment", ProblemKind::IllegalState);
    stage.run();
    assert_eq!(stage.status(), OrderStatus::Shipped);
    assert_eq!(stage.process().cancellations[0].status, CancellationStatus::Refused);
    for operation in ["releaseReservation", "cancelSalesOrderLines", "voidAuthorization"] {
        assert!(stage.calls(operation).is_empty(), "{operation}");
    }
    assert_eq!(cancel(&mut stage, "C2", &[("A", 1)]).unwrap().status, CancellationStatus::Refused);
}

#[test]
fn units_are_not_canceled_twice() {
    let mut stage = Stage::released(plain());
    stage.silent.push("cancelFulfillment");
    cancel(&mut stage, "C1", &[("A", 2)]).unwrap();
    let second = cancel(&mut stage, "C2", &[("A", 1), ("B", 1)]).unwrap();
    assert_eq!(second.status, CancellationStatus::Pending);
    stage.silent.clear();
    stage.run();
    assert_eq!(stage.status(), OrderStatus::Canceled);
    let stopped: Vec<&Value> =
        stage.calls("cancelFulfillment").into_iter().map(|body| &body["lines"]).collect();
    assert_eq!(stopped.len(), 2);
    assert_eq!(stopped[1].as_array().unwrap().len(), 1, "A is claimed by the first wish");
    assert_eq!(stage.calls("voidAuthorization").len(), 1);
}

#[test]
fn unused_stored_value_goes_back_under_the_cancellation() {
    let order = order(vec![line("A", 2, 5000, &[])], vec![tender("T1", TenderKind::GiftCard, 0)]);
    let mut stage = Stage::released(order);
    stage.ship("S1", &[("A", 1)]);
    cancel(&mut stage, "C1", &[]).unwrap();
    stage.run();
    let credit = stage.calls("creditAccount")[0];
    assert_eq!((&credit["cause"], &credit["amount"]["amount"]), (&json!("C1"), &json!(5000)));
}

#[test]
fn wishes_that_make_no_sense_are_refused() {
    let mut stage = Stage::released(plain());
    let kind = |result: Result<Cancellation, Problem>| result.unwrap_err().problem_kind().unwrap();
    assert_eq!(kind(cancel(&mut stage, "C1", &[("A", 3)])), ProblemKind::BusinessRule);
    assert_eq!(kind(cancel(&mut stage, "C1", &[("X", 1)])), ProblemKind::BusinessRule);
    cancel(&mut stage, "C1", &[("A", 1)]).unwrap();
    assert_eq!(kind(cancel(&mut stage, "C1", &[("B", 1)])), ProblemKind::IllegalState);
}
