//! Goods that are called back, and goods under warranty.

use jiff::SignedDuration;

use super::*;

impl Stage {
    fn recall(&mut self, line: &str) {
        let recall = Recall {
            recall_id: format!("recall-{line}"),
            sku: format!("SKU-{line}").into(),
            reason: "it burns".to_owned(),
        };
        self.input(Input::Recalled(Box::new(recall)), "recall").unwrap();
        self.run();
    }

    fn days_pass(&mut self, days: i64) {
        self.now = self.now.checked_add(SignedDuration::from_hours(24 * days)).unwrap();
    }

    /// What the books of the store got in each condition.
    fn restocked(&self) -> Vec<(String, i64)> {
        let moved = self.calls("postInventoryMovement").into_iter();
        let back = moved.filter(|body| body["reason"] == "customer_return");
        let entry = |body: &Value| {
            (body["condition"].as_str().unwrap().to_owned(), body["quantity"].as_i64().unwrap())
        };
        back.map(entry).collect()
    }
}

fn brought(id: &str, line: &str, quantity: u32) -> ReturnReceipt {
    receipt(id, vec![returned(line, quantity)], vec![graded(line, quantity, ConditionGrade::A)])
}

#[test]
fn what_has_not_left_is_canceled_once_and_the_rest_goes_on() {
    let mut stage = Stage::released(plain());
    stage.recall("A");
    stage.recall("A");
    assert_eq!(stage.process().counts(&"A".into()).canceled, 2);
    assert_eq!(stage.calls("cancelFulfillment").len(), 1);
    stage.ship("S1", &[("B", 1)]);
    assert_eq!(stage.status(), OrderStatus::Shipped);
    assert_eq!(stage.amounts("capturePayment"), [2490]);
    assert!(stage.letters.is_empty());
}

#[test]
fn what_left_comes_back_after_the_window_and_goes_to_quarantine() {
    let mut stage = Stage::released(plain());
    stage.ship("S1", &[("A", 2), ("B", 1)]);
    stage.days_pass(400);
    assert!(stage.store_return(brought("R1", "A", 1)).is_err());
    stage.recall("A");
    stage.store_return(brought("R2", "A", 1)).unwrap();
    assert_eq!(stage.restocked(), [("quarantine".to_owned(), 1)]);
    assert!(stage.store_return(brought("R3", "B", 1)).is_err(), "B is not called back");
}

#[test]
fn a_recall_that_nothing_of_the_order_is_about_changes_nothing() {
    let mut stage = Stage::released(plain());
    stage.recall("Z");
    assert!(stage.calls("cancelFulfillment").is_empty());
    stage.ship("S1", &[("A", 2), ("B", 1)]);
    stage.store_return(brought("R1", "A", 1)).unwrap();
    assert_eq!(stage.restocked(), [("sellable".to_owned(), 1)]);
}

#[test]
fn the_window_of_the_sale_s_channel_and_season_counts() {
    for (channel, days, taken) in [
        (SalesChannel::Web, 30, true),
        (SalesChannel::Web, 31, false),
        (SalesChannel::Store, 14, true),
        (SalesChannel::Store, 15, false),
    ] {
        let mut stage = Stage::released(Order { sales_channel: channel, ..plain() });
        stage.ship("S1", &[("A", 2), ("B", 1)]);
        stage.days_pass(days);
        let answer = stage.store_return(brought("R1", "A", 1));
        assert_eq!(answer.is_ok(), taken, "{channel:?} after {days} days: {answer:?}");
    }
    let mut stage = Stage::released(plain());
    stage.days_pass(10);
    stage.ship("S1", &[("A", 2), ("B", 1)]);
    stage.days_pass(50);
    stage.store_return(brought("R1", "A", 1)).unwrap();
    stage.days_pass(6);
    assert!(stage.store_return(brought("R2", "A", 1)).is_err());
}
