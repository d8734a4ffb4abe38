//! R7: every channel gives the same verdict on whether an item may be returned.

use super::law::{Bench, Check, Finding, Moment};
use crate::{invariants::Law, model::System};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "R7",
        name: "same verdict in every channel",
        text: "What one channel was told is not returnable, no other channel is told may come back while nothing happened to \
               the order in between: the same number of units of the same lines. Customer service may decide otherwise, and \
               what was called back may always come.",
        source: "bug reports solidusio/solidus#512, spree/spree#14678; practice: unified return policy",
    },
    on_effect: None,
    on_exchange: Some(check),
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(exchange), Some(order)) = (moment.exchange(), moment.order) else { return };
    let Some(verdict) = &order.verdicts.latest else { return };
    let recalled = verdict.skus.iter().any(|sku| moment.books.stock.is_recalled(sku));
    if recalled || exchange.from == System::CustomerService {
        return;
    }
    bench.looks();
    let Some((channel, seq)) = verdict.refused_to.filter(|_| verdict.accepted) else { return };
    let (title, other) = (exchange.from.title(), channel.title());
    let sentence = format!(
        "Order {}: the {title} was told that goods may come back which the {other} was told may not.",
        order.number
    );
    let finding = Finding::new("verdict on a return", sentence).evidence([seq, moment.record.seq]);
    bench.found(finding.says(exchange.from, "may come back", true).says(channel, "may not come back", false));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{
        invariants::testing::{History, findings},
        journal::Outcome,
        model::System,
    };

    fn asked(second: (System, &str), quantity: u32, between: bool) -> Vec<String> {
        asked_by(second, quantity, between, "mail")
    }

    fn asked_by(second: (System, &str), quantity: u32, between: bool, method: &str) -> Vec<String> {
        let mut history = History::shipped();
        let document = |quantity: u32| json!({ "method": method, "lines": [{ "line_id": "L-1", "sku": "shirt", "quantity": quantity, "reason": "size_small" }] });
        let refusal = json!({ "type": "urn:counterproof:problem:not-returnable" });
        history.ask_about_return(
            (System::Storefront, "requestReturn"),
            Outcome::Fail,
            (document(1), refusal),
        );
        if between {
            history.unclaimed(2);
        }
        history.ask_about_return(second, Outcome::Ok, (document(quantity), json!({})));
        findings("R7", &history.records())
    }

    #[test]
    fn what_one_channel_refuses_no_other_accepts() {
        assert_eq!(
            asked((System::Pos, "receiveReturn"), 1, false),
            [
                "Order W-17: the point of sale was told that goods may come back which the storefront was told may not."
            ]
        );
        assert_eq!(asked((System::Pos, "receiveReturn"), 2, false), [""; 0], "other units");
        assert_eq!(asked((System::CustomerService, "requestReturn"), 1, false), [""; 0]);
        assert_eq!(
            asked((System::Storefront, "requestReturn"), 1, false),
            [""; 0],
            "the same channel asks again"
        );
        assert_eq!(
            asked_by((System::Pos, "requestReturn"), 1, false, "keep_item"),
            [""; 0],
            "nothing comes back"
        );
    }
}
