//! Serial numbers: what leaves must be new, and what comes back must have left.

use counterproof_contracts::model::SerializedUnit;

use super::*;

fn units(serials: &[&str]) -> Vec<SerializedUnit> {
    serials
        .iter()
        .map(|serial| SerializedUnit { line_id: "A".into(), serial: (*serial).to_owned() })
        .collect()
}

fn ship(stage: &mut Stage, id: &str, quantity: u32, serials: &[&str]) {
    let shipment = Shipment { serials: units(serials), ..stage.shipment(id, "dc-north", &[("A", quantity)]) };
    stage.event(EventData::ShipmentShipped(shipment));
    stage.run();
}

fn shipped() -> Stage {
    let mut stage = Stage::released(plain());
    ship(&mut stage, "S1", 2, &["SN-1", "SN-2"]);
    assert!(stage.letters.is_empty());
    stage
}

fn back(id: &str, quantity: u32, serials: &[&str]) -> ReturnReceipt {
    let goods = receipt(id, vec![returned("A", quantity)], vec![graded("A", quantity, ConditionGrade::A)]);
    ReturnReceipt { serials: units(serials), ..goods }
}

#[test]
fn a_parcel_whose_serials_do_not_fit_its_units_is_left_to_a_person() {
    for (quantity, serials) in [(2, &["SN-1"][..]), (1, &["SN-1", "SN-2"]), (2, &["SN-1", "SN-1"])] {
        let mut stage = Stage::released(plain());
        ship(&mut stage, "S1", quantity, serials);
        assert_eq!((stage.letters.len(), stage.process().counts(&"A".into()).shipped), (1, 0));
    }
    let mut stage = Stage::released(plain());
    ship(&mut stage, "S1", 1, &["SN-1"]);
    ship(&mut stage, "S2", 1, &["SN-1"]);
    assert_eq!((stage.letters.len(), stage.process().counts(&"A".into()).shipped), (1, 1));
}

#[test]
fn what_left_comes_back_once() {
    let mut stage = shipped();
    stage.store_return(back("R1", 1, &["SN-2"])).unwrap();
    stage.store_return(back("R1", 1, &["SN-2"])).unwrap();
    assert_eq!(stage.process().counts(&"A".into()).returned, 1);
    let again = stage.store_return(back("R2", 1, &["SN-2"])).unwrap_err();
    assert_eq!(again.problem_kind(), Some(ProblemKind::NotReturnable));
    stage.store_return(back("R3", 1, &["SN-1"])).unwrap();
    assert_eq!(stage.process().counts(&"A".into()).returned, 2);
}

#[test]
fn strange_missing_and_surplus_serials_are_refused_in_a_store_and_left_to_a_person_at_a_dock() {
    for serials in [&["SN-9"][..], &[], &["SN-1", "SN-2"], &["SN-1", "SN-1"]] {
        let mut stage = shipped();
        let problem = stage.store_return(back("R1", 1, serials)).unwrap_err();
        assert_eq!(
            (problem.problem_kind(), &problem.errors[0].pointer[..]),
            (Some(ProblemKind::NotReturnable), "/serials")
        );
        stage.event(EventData::ReturnReceived(back("R2", 1, serials)));
        stage.run();
        assert_eq!((stage.letters.len(), stage.amounts("refundPayment")), (1, vec![]));
    }
}

#[test]
fn what_waits_for_a_clerk_may_still_come() {
    let mut stage = shipped();
    let announced = ReturnRequest {
        order_number: "W-1".into(),
        return_reference: "web-r-1".to_owned(),
        method: ReturnMethod::Mail,
        resolution: Resolution::Refund,
        gift_recipient_ref: None,
        lines: vec![returned("A", 1)],
        exchange: None,
        held_receipt_id: None,
        instant_refund: false,
    };
    stage.input(Input::RequestReturn(announced), "ask").unwrap();
    stage.run();
    let told = ReturnReceipt { rma_id: Some("rma-W-1-1".into()), ..back("R1", 2, &["SN-1", "SN-2"]) };
    stage.event(EventData::ReturnReceived(told));
    stage.run();
    assert_eq!(stage.process().holds.len(), 1);
    assert_eq!(stage.process().receipts[0].receipt.serials, units(&["SN-1"]));
    stage.store_return(back("R2", 1, &["SN-2"])).unwrap();
    assert_eq!(stage.process().counts(&"A".into()).returned, 2);
}
