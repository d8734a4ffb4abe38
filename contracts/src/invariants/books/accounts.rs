//! Accounts of stored value, across orders.

use super::Map;
use crate::{
    journal::Effect,
    model::{AccountId, Money, StoreCredit},
};

/// One account's ledger.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct Account {
    pub(in crate::invariants) balance: Money,
    pub(in crate::invariants) seqs: Vec<u64>,
    /// Whether its opening was seen; otherwise its balance is unknown.
    pub(in crate::invariants) opened: bool,
    /// The scenario that it belongs to; none if it was opened for all.
    scenario: Option<String>,
}

/// Every account.
#[derive(Debug, Default)]
pub(in crate::invariants) struct AccountBook(Map<AccountId, Account>);

impl AccountBook {
    /// An account.
    pub(in crate::invariants) fn account(&self, id: &AccountId) -> Option<&Account> {
        self.0.get(id)
    }

    /// Drops what belongs to a scenario.
    pub(super) fn forget(&mut self, scenario: &str) {
        self.0.retain(|_, account| account.scenario.as_deref() != Some(scenario));
    }

    #[cfg(test)]
    pub(super) fn entries(&self) -> usize {
        self.0.len()
    }

    /// Takes an effect of a scenario. Without one, only an opening begins an account.
    pub(super) fn apply(&mut self, seq: u64, effect: &Effect, scenario: Option<&str>) {
        match effect {
            Effect::AccountOpened { account } => {
                let scenario = scenario.map(str::to_owned);
                let opened = Account { balance: account.balance, seqs: vec![seq], opened: true, scenario };
                self.0.insert(account.account_id.clone(), opened);
            }
            Effect::GiftCardActivated { card } => {
                let scenario = scenario.map(str::to_owned);
                let opened = Account { balance: card.amount, seqs: vec![seq], opened: true, scenario };
                self.0.insert(card.account_id.clone(), opened);
            }
            Effect::AccountDebited { entry } | Effect::GiftCardDisabled { entry } => {
                self.enter(seq, entry, -entry.amount.amount, scenario);
            }
            Effect::AccountCredited { entry, .. } => self.enter(seq, entry, entry.amount.amount, scenario),
            _ => {}
        }
    }

    fn enter(&mut self, seq: u64, entry: &StoreCredit, change: i64, scenario: Option<&str>) {
        if scenario.is_none() && !self.0.contains_key(&entry.account_id) {
            return;
        }
        let account = self.0.entry(entry.account_id.clone()).or_insert_with(|| Account {
            balance: Money::new(0, entry.amount.currency),
            seqs: Vec::new(),
            opened: false,
            scenario: scenario.map(str::to_owned),
        });
        account.balance.amount = account.balance.amount.saturating_add(change);
        account.seqs.push(seq);
    }
}
