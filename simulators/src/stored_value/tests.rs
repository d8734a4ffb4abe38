//! Stored value: balances never fall below zero.

#![expect(clippy::unwrap_used, reason = "a test")]

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::test_stage::{Played, Stage};

type Answered = Played<Result<Value, Problem>>;

fn gift_card(balance: i64) -> StoredValueAccount {
    StoredValueAccount {
        account_id: "G-1".into(),
        kind: AccountKind::GiftCard,
        customer_ref: None,
        balance: Money::new(balance, "EUR".parse().unwrap()),
    }
}

fn with_gift_card(balance: i64) -> Stage<StoredValue> {
    let mut stage = Stage::new(StoredValue::new());
    stage.act(|ledger, scene| ledger.open_account(scene, gift_card(balance))).answer.unwrap();
    stage
}

fn entry(
    stage: &mut Stage<StoredValue>,
    kind: EntryKind,
    account: &str,
    amount: i64,
    currency: &str,
) -> Answered {
    let operation = match kind {
        EntryKind::Debit => operations::DEBIT_ACCOUNT,
        EntryKind::Credit => operations::CREDIT_ACCOUNT,
    };
    let amount = json!({ "amount": amount, "currency": currency });
    let body = json!({ "order_number": "W-1", "cause": "T-2", "amount": amount });
    stage.call(operation, &[("account_id", account)], body)
}

fn issue(stage: &mut Stage<StoredValue>, customer: &str, amount: i64) -> Answered {
    let amount = json!({ "amount": amount, "currency": "EUR" });
    let body = json!({ "customer_ref": customer, "order_number": "W-1", "cause": "R-1", "amount": amount });
    stage.call(operations::ISSUE_STORE_CREDIT, &[], body)
}

#[test]
fn opens_an_account_once_and_never_below_zero() {
    let mut stage = with_gift_card(5_000);
    let again = stage.act(|ledger, scene| ledger.open_account(scene, gift_card(1)));
    assert_eq!(again.answer, Err(OpenAccountError::AlreadyOpen("G-1".into())));
    assert_eq!(again.effects, []);
    let debt = StoredValueAccount { account_id: "G-2".into(), ..gift_card(-1) };
    let debt = stage.act(|ledger, scene| ledger.open_account(scene, debt));
    assert!(matches!(debt.answer, Err(OpenAccountError::Balance(_))));
    assert_eq!(stage.core.balance(&"G-1".into()), Some(gift_card(5_000).balance));
}

#[test]
fn debits_up_to_the_balance() {
    let mut stage = with_gift_card(5_000);
    let debited = entry(&mut stage, EntryKind::Debit, "G-1", 5_000, "EUR");
    assert!(matches!(debited.booked()[..], [Effect::AccountDebited { entry }] if entry.balance.amount == 0));
    assert_eq!(entry(&mut stage, EntryKind::Debit, "G-1", 1, "EUR").refusal(), "insufficient-funds");
    assert_eq!(entry(&mut stage, EntryKind::Debit, "G-9", 1, "EUR").refusal(), "not-found");
    assert_eq!(entry(&mut stage, EntryKind::Debit, "G-1", 0, "EUR").refusal(), "business-rule");
    assert_eq!(entry(&mut stage, EntryKind::Credit, "G-1", 1, "USD").refusal(), "business-rule");
    let read = stage.call(operations::READ_ACCOUNT, &[("account_id", "G-1")], Value::Null).answer.unwrap();
    assert_eq!(read["balance"]["amount"], 0);
}

#[test]
fn books_the_same_cause_again_under_another_key() {
    let mut stage = with_gift_card(0);
    let first = entry(&mut stage, EntryKind::Credit, "G-1", 700, "EUR");
    let second = entry(&mut stage, EntryKind::Credit, "G-1", 700, "EUR");
    assert!(matches!(first.booked()[..], [Effect::AccountCredited { issued: false, .. }]));
    assert_eq!(second.answer.unwrap()["balance"]["amount"], 1_400);
    assert_eq!(stage.core.entries(&"G-1".into()).count(), 2);
}

#[test]
fn issues_credit_to_the_customers_own_account() {
    let mut stage = Stage::new(StoredValue::new());
    let first = issue(&mut stage, "C-1", 900);
    assert!(matches!(
        first.booked()[..],
        [Effect::AccountOpened { account }, Effect::AccountCredited { issued: true, entry }]
            if account.balance.amount == 0 && entry.account_id == account.account_id
    ));
    let second = issue(&mut stage, "C-1", 100);
    assert!(matches!(second.booked()[..], [Effect::AccountCredited { issued: true, .. }]));
    let account = stage.core.account_of(&"C-1".into()).unwrap();
    assert_eq!(account.account_id, StoredValue::credit_account_id(&"C-1".into()));
    assert_eq!(account.balance.amount, 1_000);
    assert_eq!(stage.core.account_of(&"C-2".into()), None);
}

#[test]
fn issues_credit_to_an_account_that_was_opened_before() {
    let mut stage = Stage::new(StoredValue::new());
    let old = StoredValueAccount {
        account_id: "SC-7".into(),
        kind: AccountKind::StoreCredit,
        customer_ref: Some("C-1".into()),
        ..gift_card(50)
    };
    stage.act(|ledger, scene| ledger.open_account(scene, old)).answer.unwrap();
    assert_eq!(issue(&mut stage, "C-1", 100).answer.unwrap()["account_id"], "SC-7");
    assert_eq!(stage.core.balance(&"SC-7".into()).unwrap().amount, 150);
}

fn activate(stage: &mut Stage<StoredValue>, amount: i64) -> Answered {
    let amount = json!({ "amount": amount, "currency": "EUR" });
    let body =
        json!({ "order_number": "W-1", "line_id": "L-1", "delivery_id": "card-L-1", "amount": amount });
    stage.call(operations::ACTIVATE_GIFT_CARD, &[], body)
}

fn disable(stage: &mut Stage<StoredValue>, account: &str, amount: i64) -> Answered {
    let amount = json!({ "amount": amount, "currency": "EUR" });
    let body = json!({ "order_number": "W-1", "cause": "RMA-1", "amount": amount });
    stage.call(operations::DISABLE_GIFT_CARD, &[("account_id", account)], body)
}

#[test]
fn a_bought_gift_card_is_spent_or_disabled() {
    let mut stage = Stage::new(StoredValue::new());
    assert_eq!(activate(&mut stage, 0).refusal(), "business-rule");
    let active = activate(&mut stage, 5_000);
    assert!(matches!(active.booked()[..], [Effect::GiftCardActivated { .. }]));
    let account = active.answer.unwrap()["account_id"].as_str().unwrap().to_owned();
    assert_eq!(stage.core.active_cards(&"W-1".into()).count(), 1);
    assert_eq!(disable(&mut stage, &account, 4_999).refusal(), "business-rule");
    assert_eq!(disable(&mut stage, "G-9", 5_000).refusal(), "not-found");
    entry(&mut stage, EntryKind::Debit, &account, 1, "EUR").answer.unwrap();
    assert_eq!(disable(&mut stage, &account, 5_000).refusal(), "business-rule", "a part was spent");
    entry(&mut stage, EntryKind::Credit, &account, 1, "EUR").answer.unwrap();
    let disabled = disable(&mut stage, &account, 5_000);
    assert!(
        matches!(disabled.booked()[..], [Effect::GiftCardDisabled { entry }] if entry.balance.amount == 0)
    );
    assert_eq!(disable(&mut stage, &account, 5_000).refusal(), "illegal-state");
    assert_eq!(entry(&mut stage, EntryKind::Debit, &account, 1, "EUR").refusal(), "insufficient-funds");
    assert_eq!(entry(&mut stage, EntryKind::Credit, &account, 1, "EUR").refusal(), "business-rule");
    assert_eq!(stage.core.active_cards(&"W-1".into()).count(), 0);
}

#[test]
fn never_issues_credit_to_somebody_elses_card() {
    let mut stage = Stage::new(StoredValue::new());
    let card = StoredValueAccount { account_id: "credit-C-1".into(), ..gift_card(50) };
    stage.act(|ledger, scene| ledger.open_account(scene, card)).answer.unwrap();
    assert_eq!(issue(&mut stage, "C-1", 100).refusal(), "business-rule");
}

#[derive(Debug, Clone)]
enum Step {
    Enter(EntryKind, u8, i64),
    Issue(u8, i64),
    Open(u8, i64),
}

fn step() -> impl Strategy<Value = Step> {
    let amount = prop_oneof![6 => 1..300_i64, 1 => -3..1_i64, 1 => Just(BALANCE_MAX), 1 => Just(i64::MAX)];
    let kind = prop_oneof![Just(EntryKind::Debit), Just(EntryKind::Credit)];
    prop_oneof![
        (kind, 0..3_u8, amount.clone())
            .prop_map(|(kind, account, amount)| Step::Enter(kind, account, amount)),
        (0..2_u8, amount.clone()).prop_map(|(customer, amount)| Step::Issue(customer, amount)),
        (0..3_u8, amount).prop_map(|(account, balance)| Step::Open(account, balance)),
    ]
}

proptest! {
    #[test]
    fn balances_are_the_sum_of_entries_and_never_negative(steps in prop::collection::vec(step(), 0..60)) {
        let mut stage = Stage::new(StoredValue::new());
        let mut opening: BTreeMap<AccountId, i128> = BTreeMap::new();
        for step in steps {
            let before = stage.core.clone();
            let refused = match step {
                Step::Enter(kind, account, amount) => {
                    entry(&mut stage, kind, &format!("G-{account}"), amount, "EUR").answer.is_err()
                }
                Step::Issue(customer, amount) => issue(&mut stage, &format!("C-{customer}"), amount).answer.is_err(),
                Step::Open(number, balance) => {
                    let id = AccountId::from(format!("G-{number}"));
                    let account = StoredValueAccount { account_id: id.clone(), ..gift_card(balance) };
                    let opened = stage.act(|ledger, scene| ledger.open_account(scene, account)).answer.is_ok();
                    if opened {
                        opening.insert(id, i128::from(balance));
                    }
                    !opened
                }
            };
            if refused {
                prop_assert_eq!(&before, &stage.core);
            }
            for (id, account) in &stage.core.accounts {
                let entries = stage.core.entries(id).map(|entry| match entry.kind {
                    EntryKind::Debit => -i128::from(entry.amount.amount),
                    EntryKind::Credit => i128::from(entry.amount.amount),
                });
                let expected = opening.get(id).copied().unwrap_or(0) + entries.sum::<i128>();
                prop_assert_eq!(i128::from(account.balance.amount), expected);
                prop_assert!(account.balance.amount >= 0);
            }
        }
    }
}
