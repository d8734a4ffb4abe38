//! The carrier: labels and scans.

#![expect(clippy::unwrap_used, reason = "a test")]
use counterproof_contracts::protocol::EventType;

use super::*;
use crate::{
    test_stage::Stage,
    world::testing::{assert_tellable, call, document, order},
};

fn request(parcel_ref: &str) -> LabelRequest {
    let order = order("W-1", &[("linen shirt", 1)]);
    LabelRequest {
        order_number: order.order_number,
        parcel_ref: parcel_ref.to_owned(),
        node_id: "dc-north".into(),
        address: order.ship_to,
    }
}

fn label(stage: &mut Stage<Carrier>, parcel_ref: &str) -> Label {
    let played = call(stage, operations::CREATE_LABEL, &[], request(parcel_ref));
    let label: Label = document(&played);
    assert_eq!(played.booked(), [&Effect::LabelIssued { label: label.clone(), is_return: false }]);
    label
}

#[test]
fn numbers_labels_by_parcel() {
    let mut stage = Stage::new(Carrier::new());
    let first = label(&mut stage, "sh-1");
    assert_eq!(first.tracking_number.as_str(), "trk-sh-1-1");
    assert_eq!(label(&mut stage, "sh-2").tracking_number.as_str(), "trk-sh-2-1");
    assert_eq!(stage.core.tracking("sh-1"), Some(&first.tracking_number));
    for number in 2..=10 {
        assert_eq!(label(&mut stage, "sh-1").tracking_number.as_str(), format!("trk-sh-1-{number}"));
    }
    assert_eq!(stage.core.tracking("sh-1"), Some(&"trk-sh-1-10".into()));
    assert_eq!(stage.core.tracking("sh-9"), None);
}

#[test]
fn tells_return_labels_from_outbound_ones() {
    let mut stage = Stage::new(Carrier::new());
    label(&mut stage, "sh-1");
    let played = call(&mut stage, operations::CREATE_RETURN_LABEL, &[], request("rma-1"));
    let label: Label = document(&played);
    assert_eq!(played.booked(), [&Effect::LabelIssued { label: label.clone(), is_return: true }]);
    assert_eq!(stage.core.labels(&"W-1".into(), true).collect::<Vec<_>>(), [&label]);
    assert_eq!(stage.core.labels(&"W-1".into(), false).count(), 1);
}

#[test]
fn tells_a_scan_late_in_the_chain_of_its_label() {
    let mut stage = Stage::new(Carrier::new());
    let label = label(&mut stage, "sh-1");
    let occurred_at = stage.now;
    stage.now = "1970-01-03T00:00:00Z".parse().unwrap();
    let played = stage
        .act(|carrier, scene| carrier.scan(scene, &label.tracking_number, ScanCode::Delivered, occurred_at));
    let scan = &stage.core.scans(&label.tracking_number)[0];
    assert_eq!(played.answer.as_ref(), Ok(&scan.scan_id));
    assert_eq!((scan.occurred_at, scan.recorded_at), (occurred_at, stage.now));
    assert_eq!(played.booked(), [&Effect::ParcelScanned { scan: scan.clone() }]);
    let event = &played.events[0];
    assert_tellable(event);
    assert_eq!(event.data.event_type(), EventType::CarrierScanRecorded);
    assert_eq!((event.correlation.as_str(), event.occurred_at), ("chain", occurred_at));
}

#[test]
fn scans_nothing_without_a_label() {
    let mut stage = Stage::new(Carrier::new());
    let now = stage.now;
    let played = stage.act(|carrier, scene| carrier.scan(scene, &"trk-9".into(), ScanCode::PickedUp, now));
    let error = played.answer.unwrap_err();
    assert!(error.may_come_later());
    assert_eq!(error.to_string(), "no label with tracking number trk-9 was issued yet");
    assert!(played.effects.is_empty());
    assert!(played.events.is_empty());
}
