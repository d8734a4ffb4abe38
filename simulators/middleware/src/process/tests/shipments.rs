//! Parcels: value, payment, books, tracking.

use super::*;

#[test]
fn a_split_order_pays_shipping_once_and_adds_up_to_the_total() {
    let mut stage = Stage::released(plain());
    stage.ship("S1", &[("A", 1)]);
    assert_eq!(stage.status(), OrderStatus::PartiallyShipped);
    assert_eq!(stage.amounts("capturePayment"), [4499 + 490]);
    stage.ship("S2", &[("A", 1), ("B", 1)]);
    assert_eq!(stage.status(), OrderStatus::Shipped);
    assert_eq!(stage.amounts("capturePayment"), [4499 + 490, 4500 + 2000]);
    assert_eq!(stage.amounts("capturePayment").iter().sum::<i64>(), plain().total.amount);
    assert_eq!(stage.amounts("postInvoice"), stage.amounts("capturePayment"));
    let tax: i64 =
        stage.calls("commitTax").iter().map(|body| body["total_tax"]["amount"].as_i64().unwrap()).sum();
    assert_eq!(tax, plain().value().tax);
    assert!(stage.calls("voidAuthorization").is_empty());
}

#[test]
fn goods_are_issued_at_the_node_that_shipped() {
    let mut stage = Stage::new();
    stage.nodes.insert("A".into(), vec![("dc-north", 1), ("dc-south", 1)]);
    stage.submit(plain()).unwrap();
    stage.run();
    assert_eq!(stage.calls("createFulfillmentOrder").len(), 2);
    let parcel = stage.shipment("S1", "dc-south", &[("A", 1)]);
    stage.event(EventData::ShipmentShipped(parcel));
    stage.run();
    let movement = stage.calls("postInventoryMovement")[0];
    assert_eq!(
        (&movement["node_id"], &movement["quantity"], &movement["cause"]),
        (&json!("dc-south"), &json!(-1), &json!("S1"))
    );
}

#[test]
fn a_packed_parcel_gets_one_label() {
    let mut stage = Stage::released(plain());
    let parcel = Shipment { tracking_number: None, ..stage.shipment("S1", "dc-north", &[("A", 2)]) };
    stage.event(EventData::ShipmentPacked(parcel.clone()));
    stage.event(EventData::ShipmentPacked(parcel));
    stage.run();
    assert_eq!(stage.calls("createLabel").len(), 1);
    assert_eq!(stage.calls("attachLabel")[0]["tracking_number"], "TRK-S1");
    let update = *stage.calls("updateOrderStatus").last().unwrap();
    assert_eq!(update["shipments"][0]["status"], "label_purchased");
}

#[test]
fn stored_value_is_used_before_cards_and_cards_in_order() {
    let order = order(
        vec![line("A", 2, 5000, &[])],
        vec![
            tender("T1", TenderKind::Card, 0),
            tender("T2", TenderKind::GiftCard, 3000),
            tender("T3", TenderKind::Card, 1500),
        ],
    );
    let mut stage = Stage::released(order);
    stage.ship("S1", &[("A", 1)]);
    assert_eq!(stage.amounts("capturePayment"), [5490 - 3000]);
    stage.ship("S2", &[("A", 1)]);
    assert_eq!(stage.amounts("capturePayment"), [2490, 10490 - 3000 - 1500 - 2490, 1500]);
}

#[test]
fn the_same_parcel_under_another_event_has_no_effect() {
    let mut stage = Stage::released(plain());
    stage.ship("S1", &[("A", 1)]);
    let before = stage.process().clone();
    stage.ship("S1", &[("A", 2), ("B", 1)]);
    assert_eq!(*stage.process(), before);
    assert_eq!(stage.calls("capturePayment").len(), 1);
}

#[test]
fn more_units_than_are_open_go_to_a_person() {
    let mut stage = Stage::released(plain());
    stage.ship("S1", &[("A", 3)]);
    assert!(matches!(stage.letters.as_slice(), [Letter::Event { .. }]));
    assert!(stage.calls("capturePayment").is_empty());
    stage.ship("S2", &[("X", 1)]);
    assert_eq!(stage.letters.len(), 2);
}

#[test]
fn a_parcel_moves_forward_only() {
    let mut stage = Stage::released(plain());
    stage.ship("S1", &[("A", 2), ("B", 1)]);
    let shown = |stage: &Stage| {
        let update = *stage.calls("updateOrderStatus").last().unwrap();
        (update["shipments"][0]["status"].clone(), update["status"].clone())
    };
    stage.scan("S1", ScanCode::OutForDelivery);
    stage.scan("S1", ScanCode::PickedUp);
    assert_eq!(shown(&stage), (json!("out_for_delivery"), json!("shipped")));
    stage.scan("S1", ScanCode::Delivered);
    assert_eq!(shown(&stage), (json!("delivered"), json!("delivered")));
    stage.scan("S1", ScanCode::InTransit);
    assert_eq!(shown(&stage).0, "delivered");
    stage.scan("S1", ScanCode::ReturnToSender);
    assert_eq!(shown(&stage), (json!("return_to_sender"), json!("delivered")));
    stage.scan("S1", ScanCode::Delivered);
    assert_eq!(shown(&stage).0, "return_to_sender");
}

#[test]
fn taxes_on_top_are_part_of_what_is_captured() {
    let mut taxed = line("A", 2, 5000, &[]);
    taxed.tax_included = false;
    taxed.taxes[0].unit_amounts = vec![443, 444];
    let mut order = order(vec![taxed], vec![tender("T1", TenderKind::Card, 0)]);
    order.shipping = None;
    order.total = eur(10887);
    order.tenders[0].amount = eur(10887);
    let mut stage = Stage::released(order);
    stage.ship("S1", &[("A", 1)]);
    assert_eq!(stage.amounts("capturePayment"), [5443]);
    let document = stage.calls("commitTax")[0];
    assert_eq!(document["lines"][0]["taxable_base"]["amount"], 5000);
    assert_eq!(document["total_tax"]["amount"], 443);
}
