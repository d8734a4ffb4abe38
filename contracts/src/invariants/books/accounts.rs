//! Accounts of stored value, across orders.

use std::collections::HashMap;

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
}

/// Every account.
#[derive(Debug, Default)]
pub(in crate::invariants) struct AccountBook(HashMap<AccountId, Account>);

impl AccountBook {
    /// An account.
    pub(in crate::invariants) fn account(&self, id: &AccountId) -> Option<&Account> {
        self.0.get(id)
    }

    pub(super) fn apply(&mut self, seq: u64, effect: &Effect) {
        match effect {
            Effect::AccountOpened { account } => {
                let opened = Account { balance: account.balance, seqs: vec![seq], opened: true };
                self.0.insert(account.account_id.clone(), opened);
            }
            Effect::AccountDebited { entry } => self.enter(seq, entry, -entry.amount.amount),
            Effect::AccountCredited { entry, .. } => self.enter(seq, entry, entry.amount.amount),
            _ => {}
        }
    }

    fn enter(&mut self, seq: u64, entry: &StoreCredit, change: i64) {
        let account = self.0.entry(entry.account_id.clone()).or_insert_with(|| Account {
            balance: Money::new(0, entry.amount.currency),
            seqs: Vec::new(),
            opened: false,
        });
        account.balance.amount = account.balance.amount.saturating_add(change);
        account.seqs.push(seq);
    }
}
