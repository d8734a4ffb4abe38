//! What is refused, in which words, and what is taken.
#![expect(clippy::unwrap_used, reason = "a test")]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::model::System;

/// A plan with these faults, each with what it does not say itself.
fn plan(faults: &[Value]) -> String {
    let filled = faults.iter().enumerate().map(|(index, fault)| {
        let mut filled = json!({
            "name": format!("f{index}"), "link": "middleware->psp", "misfortune": { "kind": "lose_answer" }
        });
        for (name, value) in fault.as_object().unwrap() {
            filled[name] = value.clone();
        }
        filled
    });
    json!({ "format": FORMAT, "name": "p", "faults": filled.collect::<Vec<_>>() }).to_string()
}

fn refused(faults: &[Value]) -> Vec<String> {
    let refusals = Plan::parse(&plan(faults)).unwrap_err();
    refusals.iter().map(ToString::to_string).collect()
}

/// Each fault is refused for one reason, in these words.
fn hold(golden: &[(Value, &str)]) {
    for (fault, expected) in golden {
        assert_eq!(refused(std::slice::from_ref(fault)), [*expected], "{fault}");
    }
}

#[test]
fn a_name_that_is_none_is_refused_with_the_nearest() {
    hold(&[
        (
            json!({ "link": "middleware->carier" }),
            r#"at "/faults/0/link": unknown system "carier"; did you mean "carrier"?"#,
        ),
        (
            json!({ "link": "psp" }),
            r#"at "/faults/0/link": "psp" is no link; write "middleware->psp" for calls or "psp->middleware" for deliveries"#,
        ),
        (
            json!({ "link": "erp->psp" }),
            r#"at "/faults/0/link": "erp->psp" is no link; write "middleware->psp" for calls or "psp->middleware" for deliveries"#,
        ),
        (
            json!({ "operation": "refundPaymnet" }),
            r#"at "/faults/0/operation": unknown operation or event type "refundPaymnet"; did you mean "refundPayment"?"#,
        ),
        (
            json!({ "link": "wms->middleware", "operation": "retail.shipment.shiped.v1" }),
            r#"at "/faults/0/operation": unknown operation or event type "retail.shipment.shiped.v1"; did you mean "retail.shipment.shipped.v1"?"#,
        ),
        (
            json!({ "operation": "postInvoice" }),
            r#"at "/faults/0/operation": "postInvoice" does not travel on middleware->psp; it travels on middleware->erp"#,
        ),
        (
            json!({ "misfortune": { "kind": "lose_anwser" } }),
            r#"at "/faults/0/misfortune/kind": unknown misfortune "lose_anwser"; did you mean "lose_answer"?"#,
        ),
        (
            json!({ "misfortune": { "kind": "hold", "revers": true } }),
            r#"at "/faults/0/misfortune/revers": unknown field "revers"; did you mean "reverse"?"#,
        ),
        (json!({ "misfortune": { "kind": "delay" } }), r#"at "/faults/0/misfortune/ms": is missing"#),
        (
            json!({ "atempts": { "from": 1 } }),
            r#"at "/faults/0/atempts": unknown field "atempts"; did you mean "attempts"?"#,
        ),
    ]);
}

#[test]
fn a_number_that_means_nothing_is_refused_with_the_remedy() {
    hold(&[
        (
            json!({ "misfortune": { "kind": "broken_answer" } }),
            r#"at "/faults/0/misfortune/how": is missing"#,
        ),
        (
            json!({ "misfortune": { "kind": "broken_request", "how": "drip" } }),
            r#"at "/faults/0/misfortune": broken_request does not happen on middleware->psp; it happens to deliveries ("psp->middleware")"#,
        ),
        (
            json!({
                "link": "psp->middleware", "permanent": true, "attempts": { "from": 1 },
                "misfortune": { "kind": "broken_request", "how": "reset" }
            }),
            r#"at "/faults/0/misfortune": what is tried for ever never comes to rest; use cut_off"#,
        ),
        (
            json!({ "order": 0 }),
            r#"at "/faults/0/order": orders are counted from 1; leave the field out for every order"#,
        ),
        (
            json!({ "attempts": { "from": 0 } }),
            r#"at "/faults/0/attempts/from": attempts are counted from 1"#,
        ),
        (
            json!({ "attempts": { "from": 3, "to": 2 } }),
            r#"at "/faults/0/attempts": from 3 to 2 there is no attempt; exchange them"#,
        ),
        (
            json!({ "window": { "for_ms": 0 } }),
            r#"at "/faults/0/window": the window is never open; give for_ms at least 1, or leave it out"#,
        ),
        (
            json!({ "window": { "for_ms": 5, "every_ms": 5 } }),
            r#"at "/faults/0/window": the window never closes; give for_ms less than every_ms"#,
        ),
        (
            json!({ "percent": 100 }),
            r#"at "/faults/0/percent": percent is 1 to 99; leave it out for all attempts"#,
        ),
    ]);
}

#[test]
fn a_misfortune_that_cannot_happen_is_refused_with_the_remedy() {
    hold(&[
        (
            json!({ "misfortune": { "kind": "duplicate" } }),
            r#"at "/faults/0/misfortune": duplicate does not happen on middleware->psp; it happens to deliveries ("psp->middleware")"#,
        ),
        (
            json!({ "link": "psp->middleware", "misfortune": { "kind": "crash", "point": "after_effect" } }),
            r#"at "/faults/0/misfortune": crash does not happen on psp->middleware; it happens to calls ("middleware->psp")"#,
        ),
        (
            json!({ "misfortune": { "kind": "conflict_on_replay" } }),
            r#"at "/faults/0/misfortune": the first attempt is no replay; give attempts from 2"#,
        ),
        (
            json!({ "misfortune": { "kind": "error_answer", "status": 418 } }),
            r#"at "/faults/0/misfortune": status is none of 408, 429, 500, 502, 503 and 504"#,
        ),
        (
            json!({ "link": "psp->middleware", "misfortune": { "kind": "cut_off" } }),
            r#"at "/faults/0/misfortune": what is cut off never arrives; say so with "permanent": true"#,
        ),
        (
            json!({ "misfortune": { "kind": "error_answer", "status": 429, "after_effect": true } }),
            r#"at "/faults/0/misfortune": 429 says that nothing was done; give another status to an error after the effect"#,
        ),
        (
            json!({ "operation": "refundPayment", "misfortune": { "kind": "stale_read" } }),
            r#"at "/faults/0/misfortune": only a reading can be stale; name one of the system's GET operations"#,
        ),
        (
            json!({ "misfortune": { "kind": "chaos", "level": 4 } }),
            r#"at "/faults/0/misfortune": the level of chaos is 1, 2 or 3"#,
        ),
        (
            json!({ "misfortune": { "kind": "drift", "change": "new_code", "at": "status" } }),
            r#"at "/faults/0/misfortune": at is no JSON Pointer; it begins with "/""#,
        ),
        (
            json!({ "permanent": true, "misfortune": { "kind": "hold" } }),
            r#"at "/faults/0/misfortune": what is held for ever never comes to rest; use cut_off or lose_request, or give a window"#,
        ),
        (
            json!({
                "link": "psp->middleware", "permanent": true, "attempts": { "from": 1 },
                "misfortune": { "kind": "lose_request" }
            }),
            r#"at "/faults/0/misfortune": what is tried for ever never comes to rest; use cut_off"#,
        ),
        (
            json!({ "permanent": true, "misfortune": { "kind": "crash", "point": "after_effect" } }),
            r#"at "/faults/0/misfortune": a crash happens once and is not permanent"#,
        ),
        (
            json!({ "permanent": true, "misfortune": { "kind": "restored", "ms": 5 } }),
            r#"at "/faults/0/misfortune": a system is restored once, which is not permanent"#,
        ),
        (
            json!({
                "link": "psp->middleware", "window": { "on_contact": true },
                "misfortune": { "kind": "clock_skew", "seconds": 60 }
            }),
            r#"at "/faults/0/misfortune": a clock is wrong before any message comes; leave on_contact out"#,
        ),
        (
            json!({ "link": "psp->middleware", "misfortune": { "kind": "restored", "ms": 5 } }),
            r#"at "/faults/0/misfortune": restored does not happen on psp->middleware; it happens to calls ("middleware->psp")"#,
        ),
        (json!({ "misfortune": { "kind": "restored" } }), r#"at "/faults/0/misfortune/ms": is missing"#),
        (
            json!({
                "link": "psp->middleware", "attempts": { "from": 2, "to": 2 },
                "misfortune": { "kind": "delay", "ms": 5 }
            }),
            r#"at "/faults/0/misfortune": a delivery waits before its first attempt only; give attempts from 1"#,
        ),
    ]);
}

#[test]
fn a_plan_that_is_none_is_refused_as_a_whole() {
    let refusal = |text: &str| Plan::parse(text).unwrap_err()[0].to_string();
    assert_eq!(refusal("{"), "at \"\": no JSON: EOF while parsing an object at line 1 column 1");
    assert_eq!(
        refusal(r#"{ "format": "counterproof-faults/2", "name": "p", "faults": [] }"#),
        "at \"/format\": the format is not \"counterproof-faults/1\""
    );
    assert_eq!(
        refusal(r#"{ "format": "counterproof-faults/1", "name": "p" }"#),
        "at \"/faults\": is missing"
    );
    assert!(refusal("[]").starts_with("at \"\": "));
}

#[test]
fn faults_that_exclude_each_other_are_refused_by_name() {
    let lose = json!({ "misfortune": { "kind": "lose_request" } });
    assert_eq!(
        refused(&[lose.clone(), json!({})]),
        ["at \"/faults/1\": contradicts \"f0\" (fault 0): an attempt that meets lose_request cannot meet \
             lose_answer; give them other attempts, operations, orders or windows"]
    );
    assert_eq!(
        refused(&[json!({ "name": "f1" }), json!({ "attempts": { "from": 2 } })]).len(),
        1,
        "one name"
    );
    let apart = [
        json!({ "attempts": { "from": 2, "to": 2 } }),
        json!({ "percent": 50 }),
        json!({ "link": "middleware->erp" }),
        json!({ "misfortune": { "kind": "delay", "ms": 5 }, "link": "psp->middleware" }),
        json!({ "misfortune": { "kind": "chaos", "level": 1 } }),
    ];
    let meet = |name: &str| json!({ "name": name, "misfortune": { "kind": "barrier", "barrier": "b" } });
    assert!(Plan::parse(&plan(&[meet("one"), meet("other")])).is_ok(), "two messages meet at one barrier");
    for other in apart {
        assert!(Plan::parse(&plan(&[lose.clone(), other.clone()])).is_ok(), "{other}");
    }
    let of = |order: Value, window: Value| json!({ "order": order, "window": window });
    let early = of(json!(1), json!({ "for_ms": 10 }));
    let late = json!({ "order": 1, "window": { "after_ms": 10 }, "misfortune": { "kind": "lose_request" } });
    assert!(Plan::parse(&plan(&[early.clone(), late])).is_ok(), "one window closes before the other opens");
    let both = json!({ "order": 1, "window": { "after_ms": 9 }, "misfortune": { "kind": "lose_request" } });
    assert_eq!(refused(&[early, both]).len(), 1);
    let broken = json!({ "misfortune": { "kind": "broken_answer", "how": "drip" } });
    assert_eq!(refused(&[json!({}), broken]).len(), 1, "an answer that is lost does not drip");
    let restored = json!({ "misfortune": { "kind": "restored", "ms": 5 } });
    assert!(Plan::parse(&plan(&[lose.clone(), restored.clone()])).is_ok(), "what comes back up may be down");
    assert_eq!(refused(&[restored.clone(), restored]).len(), 1, "it falls back once");
    let slow = json!({ "misfortune": { "kind": "late_answer", "ms": 5 } });
    let drift = json!({ "misfortune": { "kind": "drift", "change": "extra_field" } });
    assert!(Plan::parse(&plan(&[slow, drift.clone()])).is_ok(), "a late answer can be of another version");
    assert_eq!(refused(&[json!({}), drift]).len(), 1, "a lost answer cannot");
}

#[test]
fn a_window_opens_closes_and_comes_again() {
    let window = Window { after_ms: 100, for_ms: Some(10), every_ms: Some(50), ..Window::default() };
    let open: Vec<u64> = (0..220).filter(|at| window.is_open(*at)).collect();
    assert_eq!(open, (100..110).chain(150..160).chain(200..210).collect::<Vec<u64>>());
    assert_eq!(window.closes_in(153), Some(7));
    assert!(Window { after_ms: 5, ..Window::default() }.is_open(u64::MAX));
}

#[test]
fn a_journal_tells_the_plan_that_happened() {
    let happened = FaultInjected {
        order: Some("W-1".into()),
        link: Some(Link::to(System::Psp)),
        operation: Some("refundPayment".to_owned()),
        key: Some("k-1".to_owned()),
        attempt: Some(2),
        misfortune: Some(Misfortune::LoseAnswer { ending: Ending::Silence }),
        ..FaultInjected::new("lost", System::Psp)
    };
    let other = FaultInjected { key: Some("k-2".to_owned()), ..happened.clone() };
    let plan = Plan::of_journal("again", [&happened, &happened, &other]);
    assert_eq!(plan.check(), []);
    let [fault, second] = plan.faults.as_slice() else { panic!("{plan:?}") };
    assert_eq!(fault.attempts, Attempts { from: 2, to: Some(2) });
    assert_eq!(fault.order, Some(OrderKey::Number("W-1".into())));
    assert_eq!((second.name.as_str(), second.key.as_deref()), ("lost (2)", Some("k-2")));
}

#[test]
fn every_kind_is_in_the_table_once_and_can_happen_somewhere() {
    for kind in KINDS {
        assert_eq!(KINDS.iter().filter(|other| other.name == kind.name).count(), 1, "{}", kind.name);
        assert!(kind.calls || kind.deliveries, "{}", kind.name);
    }
    for link in Link::all() {
        assert_eq!(link.to_string().parse(), Ok(link));
    }
}

proptest! {
    /// Handwriting is untrusted: no text makes reading panic, and what is refused says where.
    #[test]
    fn any_text_is_taken_or_refused(text in "\\PC{0,80}", cut in 0_usize..400) {
        drop(Plan::parse(&text));
        let whole = plan(&[json!({ "order": 1, "window": { "after_ms": 3 }, "percent": 5 })]);
        let part: String = whole.chars().take(cut).collect();
        prop_assert_eq!(Plan::parse(&part).is_ok(), cut >= whole.chars().count());
    }

    /// Two windows that are open at the same instant overlap.
    #[test]
    fn windows_that_meet_overlap(a in 0_u64..50, b in 0_u64..50, long in 1_u64..30, short in 1_u64..10) {
        let one = Window { after_ms: a, for_ms: Some(long), ..Window::default() };
        let other = Window { after_ms: b, for_ms: Some(short), every_ms: Some(short + 5), ..Window::default() };
        if (0..200).any(|at| one.is_open(at) && other.is_open(at)) {
            prop_assert!(Window::overlap(Some(one), Some(other)));
        }
    }
}
