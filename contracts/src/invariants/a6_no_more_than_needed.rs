//! A6: nobody is told more of a person than the task needs.

use serde_json::Value;

use super::law::{Bench, Check, Finding, Moment};
use crate::{invariants::Law, journal::is_personal, model::System};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "A6",
        name: "no more than needed",
        text: "A message of the middleware carries personal data, codes that pay and secrets only where the contract has a member \
               for them: addresses to who ships and to who taxes by them, references of customers to who keeps accounts, \
               tokens to who is to be paid by them; and dead letters and audit trails carry none at all.",
        source: "GDPR article 5(1)(c) (data minimization); PCI DSS 4.0, requirement 3.3",
    },
    on_effect: None,
    on_exchange: Some(check),
    at_rest: None,
};

/// Members that a partner needs, by their names in its documents.
const NEEDED: &[(System, &[&str])] = &[
    (System::Erp, &["customer_ref", "gift_recipient_ref"]),
    (System::Wms, &["ship_to", "gift_recipient_ref"]),
    (System::Psp, &["payment_token"]),
    (System::Carrier, &["address"]),
    (System::Tax, &["postal_code"]),
    (System::StoredValue, &["customer_ref"]),
    // The text of a file that the partner alone can read.
    (System::Pos, &["content"]),
];

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(exchange), Some(order)) = (moment.exchange(), moment.order) else { return };
    if exchange.from != System::Middleware {
        return;
    }
    bench.looks();
    let needed = NEEDED.iter().find(|(system, _)| *system == exchange.to).map_or(&[][..], |(_, names)| names);
    let Some(name) = more_than(&exchange.request, needed) else { return };
    let title = exchange.to.title();
    let sentence = format!(
        "Order {}: the middleware tells the {title} {name} with {}, which it does not need.",
        order.number, exchange.operation
    );
    let subject = format!("{} {name}", exchange.operation);
    let finding = Finding::new(subject, sentence).evidence([moment.record.seq]);
    bench.found(finding.says(exchange.to, format!("is told {name}"), true));
}

/// The first member with something personal or secret that is not needed. What is needed is needed with all that it has.
fn more_than<'d>(document: &'d Value, needed: &[&str]) -> Option<&'d str> {
    match document {
        Value::Object(members) => members.iter().find_map(|(name, value)| {
            if needed.contains(&name.as_str()) || value.is_null() {
                None
            } else if is_personal(name) {
                Some(name.as_str())
            } else {
                more_than(value, needed)
            }
        }),
        Value::Array(items) => items.iter().find_map(|item| more_than(item, needed)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::invariants::testing::{History, findings};

    fn told(system: System, operation: &str, document: Value) -> Vec<String> {
        let mut history = History::shipped();
        history.tell_partner(system, operation, document);
        findings("A6", &history.records())
    }

    #[test]
    fn whoever_is_told_more_than_the_task_needs_is_named() {
        let address = json!({ "name": "…", "street": "…" });
        let order =
            json!({ "fulfillment_order_id": "FO-1", "ship_to": address, "lines": [{ "sku": "shirt" }] });
        assert_eq!(told(System::Wms, "createFulfillmentOrder", order), [""; 0]);
        let deeper = json!({ "lines": [{ "sku": "shirt", "note": { "e_mail": "…" } }] });
        assert_eq!(
            told(System::Wms, "createFulfillmentOrder", deeper),
            [
                "Order W-17: the middleware tells the warehouse e_mail with createFulfillmentOrder, which it does not need."
            ]
        );
        assert_eq!(told(System::Erp, "createSalesOrder", json!({ "payment_token": "…" })).len(), 1);
        assert_eq!(told(System::Psp, "authorizePayment", json!({ "payment_token": "…" })), [""; 0]);
        assert_eq!(
            told(System::Erp, "createSalesOrder", json!({ "password": null })),
            [""; 0],
            "nothing is told"
        );
    }

    #[test]
    fn what_is_needed_is_personal() {
        for name in NEEDED.iter().flat_map(|(_, names)| *names) {
            assert!(is_personal(name), "{name} needs no line");
        }
    }
}
