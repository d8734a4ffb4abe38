//! Stored value: gift cards and store credit, as accounts with a ledger.
//!
//! A balance is never negative. The cause of an entry is written down and deliberately not compared: a
//! second entry for the same cause with another idempotency key is booked, as real ledgers do. Finding that
//! is the laws' work.

use std::collections::BTreeMap;

use counterproof_contracts::{
    journal::Effect,
    model::{
        AccountEntryRequest, AccountId, AccountKind, CustomerRef, EntryKind, GiftCard, GiftCardRequest,
        Money, OrderNumber, StoreCredit, StoreCreditRequest, StoredValueAccount, System,
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
    /// Gift cards that were bought, oldest first.
    cards: Vec<BoughtCard>,
}

/// A gift card that was bought.
#[derive(Debug, Clone, PartialEq, Eq)]
struct BoughtCard {
    card: GiftCard,
    disabled: bool,
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

    /// Gift cards that were bought in an order and can be spent, oldest first.
    pub fn active_cards<'a>(&'a self, order: &'a OrderNumber) -> impl Iterator<Item = &'a GiftCard> {
        self.cards
            .iter()
            .filter(move |bought| !bought.disabled && bought.card.order_number == *order)
            .map(|bought| &bought.card)
    }

    /// Every debit and credit of an account, oldest first. The opening balance is none of them.
    pub fn entries<'a>(&'a self, account: &'a AccountId) -> impl Iterator<Item = &'a StoreCredit> {
        self.entries.iter().filter(move |entry| entry.account_id == *account)
    }

    fn open(&mut self, account: StoredValueAccount, scene: &mut Scene<'_>) {
        scene.commit(Effect::AccountOpened { account: account.clone() });
        self.accounts.insert(account.account_id.clone(), account);
    }

    /// Opens the account of a gift card that was bought. A second one for the same line under another key is
    /// opened, too.
    fn activate(&mut self, request: GiftCardRequest, scene: &mut Scene<'_>) -> Result<GiftCard, Problem> {
        let balance = within_bounds(request.amount)?;
        let card = GiftCard {
            account_id: AccountId::from(scene.id("gift", request.order_number.as_str())),
            order_number: request.order_number,
            line_id: request.line_id,
            delivery_id: request.delivery_id,
            amount: request.amount,
        };
        let account_id = card.account_id.clone();
        let account = StoredValueAccount {
            account_id: account_id.clone(),
            kind: AccountKind::GiftCard,
            customer_ref: None,
            balance,
        };
        self.accounts.insert(account_id, account);
        self.cards.push(BoughtCard { card: card.clone(), disabled: false });
        scene.commit(Effect::GiftCardActivated { card: card.clone() });
        Ok(card)
    }

    /// Takes a gift card back with all that it was sold with.
    fn disable(
        &mut self,
        id: &str,
        request: AccountEntryRequest,
        scene: &mut Scene<'_>,
    ) -> Result<StoreCredit, Problem> {
        let account = self.read(id)?;
        let bought = self.cards.iter().find(|bought| bought.card.account_id == account.account_id);
        let refuse = |kind, detail: &str| Err(Problem::new(kind, format!("account {id} {detail}")));
        let Some(bought) = bought.filter(|bought| bought.card.order_number == request.order_number) else {
            return refuse(ProblemKind::BusinessRule, "is no gift card that was bought in this order");
        };
        if bought.disabled {
            return refuse(ProblemKind::IllegalState, "is disabled already");
        }
        if request.amount != bought.card.amount {
            return refuse(ProblemKind::BusinessRule, "was bought for another amount");
        }
        if account.balance != bought.card.amount {
            return refuse(ProblemKind::BusinessRule, "was spent, if only in part");
        }
        let nothing = Money { amount: 0, ..request.amount };
        let entry = self.book(AccountId::from(id), EntryKind::Debit, request, nothing, scene);
        let own = self.cards.iter_mut().filter(|bought| bought.card.account_id.as_str() == id);
        own.for_each(|bought| bought.disabled = true);
        scene.commit(Effect::GiftCardDisabled { entry: entry.clone() });
        Ok(entry)
    }

    fn is_disabled(&self, id: &str) -> bool {
        self.cards.iter().any(|bought| bought.disabled && bought.card.account_id.as_str() == id)
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
        if self.is_disabled(id) {
            return Err(Problem::new(ProblemKind::BusinessRule, format!("account {id} is disabled")));
        }
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
            operations::ACTIVATE_GIFT_CARD => answer(&self.activate(call.document()?, scene)?),
            operations::DISABLE_GIFT_CARD => answer(&self.disable(id, call.document()?, scene)?),
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
