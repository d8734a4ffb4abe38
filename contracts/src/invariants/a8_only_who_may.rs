//! A8: only who may is served.

use super::{
    books::OrderBook,
    law::{Bench, Check, Finding, Moment},
};
use crate::{
    invariants::Law,
    journal::{Exchange, Outcome},
    model::{EventId, System},
    protocol::Operation,
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "A8",
        name: "only who may is served",
        text: "The middleware carries out no call whose caller does not prove who it is, is not named by the contract as \
               a caller of the operation, or asks about an order of another channel where it reaches its own only.",
        source: "RFC 6750 (bearer tokens); OWASP API Security Top 10, API1 (object level authorization)",
    },
    on_effect: None,
    on_exchange: Some(check),
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(exchange), Some(order)) = (moment.exchange(), moment.order) else { return };
    if exchange.to != System::Middleware || !moment.policy.bearer_tokens {
        return;
    }
    let operation = Operation::find(System::Middleware, &exchange.operation);
    let Some(operation) = operation.filter(|operation| operation.needs_token()) else { return };
    bench.looks();
    if exchange.outcome != Outcome::Ok {
        return;
    }
    let Some(why) = why_not(operation, exchange, order) else { return };
    let (caller, id) = (exchange.from.title(), operation.id);
    let sentence = format!("Order {}: the middleware answered {id} of the {caller}, {why}.", order.number);
    let subject = format!("{id} {}", exchange.key.as_deref().unwrap_or_default());
    let finding = Finding::new(subject, sentence).evidence([moment.record.seq]);
    bench.found(finding.says(System::Middleware, "carried it out", true));
}

/// Why a call may not be carried out.
fn why_not(operation: Operation, exchange: &Exchange, order: &OrderBook) -> Option<String> {
    let key = exchange.key.as_deref().map(|key| (EventId::new(key), exchange.attempt));
    if let Some(token) = key.and_then(|call| order.messages.forged.get(&call)) {
        return Some(format!("which bore {token}"));
    }
    if !operation.callers().contains(&exchange.from) {
        return Some("which is no caller of it".to_owned());
    }
    let channel = order.terms.as_ref()?.channel.system();
    let own_only = operation.own_orders().contains(&exchange.from);
    (own_only && channel != exchange.from).then(|| format!("though the order is the {}'s", channel.title()))
}

#[cfg(test)]
mod tests {
    use crate::{
        faults::Misfortune,
        invariants::testing::{History, findings},
        journal::Outcome,
        model::System,
    };

    fn asked(caller: System, operation: &str, outcome: Outcome, flaw: Option<Misfortune>) -> Vec<String> {
        let mut history = History::shipped();
        if let Some(flaw) = flaw {
            history.strike("ask-1", flaw);
        }
        history.ask(caller, operation, "ask-1", outcome);
        findings("A8", &history.records())
    }

    #[test]
    fn a_call_without_its_caller_s_token_that_is_carried_out_is_found() {
        let bare = |unknown, outcome| {
            asked(System::Storefront, "cancelOrder", outcome, Some(Misfortune::WrongToken { unknown }))
        };
        assert_eq!(
            bare(false, Outcome::Ok),
            ["Order W-17: the middleware answered cancelOrder of the storefront, which bore no token."]
        );
        assert_eq!(
            bare(true, Outcome::Ok),
            [
                "Order W-17: the middleware answered cancelOrder of the storefront, which bore a token that nobody has."
            ]
        );
        assert_eq!(bare(false, Outcome::Fail), [""; 0]);
    }

    #[test]
    fn who_is_no_caller_or_asks_about_another_s_order_is_found_if_it_is_served() {
        assert_eq!(
            asked(System::Pos, "requestReturn", Outcome::Ok, None),
            [
                "Order W-17: the middleware answered requestReturn of the point of sale, which is no caller of it."
            ]
        );
        assert_eq!(
            asked(System::Marketplace, "cancelOrder", Outcome::Ok, None),
            [
                "Order W-17: the middleware answered cancelOrder of the marketplace, though the order is the storefront's."
            ]
        );
        assert_eq!(asked(System::Marketplace, "cancelOrder", Outcome::Fail, None), [""; 0]);
        for caller in [System::Storefront, System::CustomerService] {
            assert_eq!(asked(caller, "cancelOrder", Outcome::Ok, None), [""; 0], "{caller}");
        }
        assert_eq!(asked(System::Pos, "receiveReturn", Outcome::Ok, None), [""; 0]);
    }
}
