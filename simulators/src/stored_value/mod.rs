//! Stored value: gift cards and store credit, as accounts with a ledger.
//!
//! A balance is never negative. The cause of an entry is written down and deliberately not compared: a
//! second entry for the same cause with another idempotency key is booked, as real ledgers do. Finding that
//! is the laws' work.

use std::collections::BTreeMap;

use counterproof_contracts::{
    journal::Effect,
    model::{
        AccountEntryRequest, AccountId, AccountKind, CustomerRef, EntryKind, Money, StoreCredit,
        StoreCreditRequest, StoredValueAccount, System,
    },
    protocol::{Problem, ProblemKind, stored_value as operations},
};
use serde_json::Value;

use crate::kernel::{Call, Core, Scene, answer};

#[cfg(test)]
mod tests;

/// Largest balance in minor units: the largest integer that every reader of JSON keeps exact (RFC 8259,
/// section 6), as the schema of money has it.
pub const BALANCE_MAX: i64 = 9_007_199_254_740_991;

/// Why an account could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenAccountError {
    /// There is one with this identifier.
    #[error("account {0} is open already")]
    AlreadyOpen(AccountId),
    /// A balance below zero or above [`BALANCE_MAX`].
    #[error("opening balance {0} is negative or too large")]
    Balance(Money),
}

/// The ledger of gift cards and store credit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredValue {
    accounts: BTreeMap<AccountId, StoredValueAccount>,
    entries: Vec<StoreCredit>,
}

impl StoredValue {
    /// A ledger without accounts.
    pub fn new() -> Self {
        Self::default()
    }

    /// The account that a customer's store credit is issued to, unless another one was opened before.
    pub fn credit_account_id(customer: &CustomerRef) -> AccountId {
        AccountId::from(format!("credit-{customer}"))
    }

    /// Opens an account with its balance: a gift card that was sold, credit from earlier times.
    pub fn open_account(
        &mut self,
        scene: &mut Scene<'_>,
        account: StoredValueAccount,
    ) -> Result<(), OpenAccountError> {
        if !(0..=BALANCE_MAX).contains(&account.balance.amount) {
            return Err(OpenAccountError::Balance(account.balance));
        }
        if self.accounts.contains_key(&account.account_id) {
            return Err(OpenAccountError::AlreadyOpen(account.account_id));
        }
        self.open(account, scene);
        Ok(())
    }

    /// What is on an account.
    pub fn balance(&self, account: &AccountId) -> Option<Money> {
        self.accounts.get(account).map(|account| account.balance)
    }

    /// The store credit account of a customer.
    pub fn account_of(&self, customer: &CustomerRef) -> Option<&StoredValueAccount> {
        self.accounts.values().find(|account| {
            account.kind == AccountKind::StoreCredit && account.customer_ref.as_ref() == Some(customer)
        })
    }

    /// Every debit and credit of an account, oldest first. The opening balance is none of them.
    pub fn entries<'a>(&'a self, account: &'a AccountId) -> impl Iterator<Item = &'a StoreCredit> {
        self.entries.iter().filter(move |entry| entry.account_id == *account)
    }

    fn open(&mut self, account: StoredValueAccount, scene: &mut Scene<'_>) {
        scene.commit(Effect::AccountOpened { account: account.clone() });
        self.accounts.insert(account.account_id.clone(), account);
    }

    fn issue(&mut self, request: StoreCreditRequest, scene: &mut Scene<'_>) -> Result<StoreCredit, Problem> {
        let existing = self.account_of(&request.customer_ref).map(|account| account.account_id.clone());
        let account_id = existing.clone().unwrap_or_else(|| Self::credit_account_id(&request.customer_ref));
        let amount = request.amount;
        let booked = match self.accounts.get(&account_id) {
            Some(_) if existing.is_none() => {
                let detail = format!("account {account_id} is not the customer's store credit");
                return Err(Problem::new(ProblemKind::BusinessRule, detail));
            }
            Some(account) => balance_after(account, EntryKind::Credit, amount)?,
            None => within_bounds(amount)?,
        };
        if existing.is_none() {
            let account = StoredValueAccount {
                account_id: account_id.clone(),
                kind: AccountKind::StoreCredit,
                customer_ref: Some(request.customer_ref),
                balance: Money { amount: 0, ..amount },
            };
            self.open(account, scene);
        }
        let wish = AccountEntryRequest { order_number: request.order_number, cause: request.cause, amount };
        let entry = self.book(account_id, EntryKind::Credit, wish, booked, scene);
        scene.commit(Effect::AccountCredited { entry: entry.clone(), issued: true });
        Ok(entry)
    }

    fn enter(
        &mut self,
        id: &str,
        kind: EntryKind,
        request: AccountEntryRequest,
        scene: &mut Scene<'_>,
    ) -> Result<StoreCredit, Problem> {
        let account = self.read(id)?;
        let balance = balance_after(account, kind, request.amount)?;
        let entry = self.book(AccountId::from(id), kind, request, balance, scene);
        scene.commit(match kind {
            EntryKind::Debit => Effect::AccountDebited { entry: entry.clone() },
            EntryKind::Credit => Effect::AccountCredited { entry: entry.clone(), issued: false },
        });
        Ok(entry)
    }

    fn book(
        &mut self,
        account_id: AccountId,
        kind: EntryKind,
        request: AccountEntryRequest,
        balance: Money,
        scene: &mut Scene<'_>,
    ) -> StoreCredit {
        if let Some(account) = self.accounts.get_mut(&account_id) {
            account.balance = balance;
        }
        let entry = StoreCredit {
            entry_id: scene.id("entry", account_id.as_str()),
            account_id,
            kind,
            order_number: request.order_number,
            cause: request.cause,
            amount: request.amount,
            balance,
        };
        self.entries.push(entry.clone());
        entry
    }

    fn read(&self, id: &str) -> Result<&StoredValueAccount, Problem> {
        self.accounts
            .get(&AccountId::from(id))
            .ok_or_else(|| Problem::new(ProblemKind::NotFound, format!("no account {id}")))
    }
}

impl Core for StoredValue {
    fn system(&self) -> System {
        System::StoredValue
    }

    fn handle(&mut self, call: &Call, scene: &mut Scene<'_>) -> Result<Value, Problem> {
        let id = call.parameter("account_id");
        match call.operation {
            operations::ISSUE_STORE_CREDIT => answer(&self.issue(call.document()?, scene)?),
            operations::DEBIT_ACCOUNT => {
                answer(&self.enter(id, EntryKind::Debit, call.document()?, scene)?)
            }
            operations::CREDIT_ACCOUNT => {
                answer(&self.enter(id, EntryKind::Credit, call.document()?, scene)?)
            }
            operations::READ_ACCOUNT => answer(self.read(id)?),
            other => Err(Problem::new(ProblemKind::UnknownOperation, other.to_string())),
        }
    }
}

fn within_bounds(amount: Money) -> Result<Money, Problem> {
    if (1..=BALANCE_MAX).contains(&amount.amount) {
        return Ok(amount);
    }
    Err(Problem::new(ProblemKind::BusinessRule, format!("amount {amount} is not positive or too large")))
}

/// What is on an account after an entry.
fn balance_after(account: &StoredValueAccount, kind: EntryKind, amount: Money) -> Result<Money, Problem> {
    within_bounds(amount)?;
    let (id, balance) = (&account.account_id, account.balance);
    if amount.currency != balance.currency {
        let detail = format!("account {id} is kept in {}, not {}", balance.currency, amount.currency);
        return Err(Problem::new(ProblemKind::BusinessRule, detail));
    }
    let after = match kind {
        EntryKind::Debit if amount.amount > balance.amount => {
            let detail = format!("account {id} has {balance}, {amount} was asked");
            return Err(Problem::new(ProblemKind::InsufficientFunds, detail));
        }
        EntryKind::Debit => balance.amount - amount.amount,
        EntryKind::Credit if amount.amount > BALANCE_MAX - balance.amount => {
            let detail = format!("account {id} cannot hold {amount} more");
            return Err(Problem::new(ProblemKind::BusinessRule, detail));
        }
        EntryKind::Credit => balance.amount + amount.amount,
    };
    Ok(Money { amount: after, ..balance })
}
