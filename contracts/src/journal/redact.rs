//! Takes personal data and secrets out of a record before anybody writes or judges it.
//!
//! What is personal or secret, the table in [`fields`] says. Its values are replaced by placeholders of the same
//! shape, so that a document is as valid or invalid as it was; identifiers keep a short digest, so that
//! laws can tell them apart. Secrets that are configured are taken out wherever they stand.
//!
//! A value that a document names is also taken out of the rest of its record: an account's code out of path and key,
//! a street out of the text of a refusal. It is not looked for in other records, nor in the identifiers that
//! connect records (order, SKU, correlation, causation): whoever puts a code there has published it.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Committed, Effect, Entry, Exchange, FaultInjected, Record};
use crate::protocol::{percent_decode, percent_encode};

mod fields;
mod placeholder;
mod secrets;
#[cfg(test)]
mod tests;

pub(crate) use fields::is_personal;
use fields::{Field, field_of};
use secrets::Needles;

/// Shortest value that is looked for in the rest of its record. A shorter one would be found by accident.
const FOUND_CHARACTERS_MIN: usize = 4;
/// Shortest code that is taken out of the middle of a word, too.
const CODE_BYTES_MIN: usize = 8;
/// How many values of one record are looked for in the rest of it.
const FOUND_MAX: usize = 64;
/// How deep documents are looked through; what lies deeper is dropped.
const DEPTH_MAX: usize = 128;

/// Takes personal data and secrets out of records. Pure: the same record always becomes the same.
///
/// ```
/// use counterproof_contracts::journal::{Entry, Record, Redactor};
/// use serde_json::json;
///
/// let mut record: Record = serde_json::from_value(json!({
///     "seq": 1, "at": "2026-11-27T09:00:00Z", "kind": "exchange", "from": "middleware", "to": "psp",
///     "operation": "authorizePayment", "call": "POST /v1/authorizations", "attempt": 1,
///     "started_at": "2026-11-27T09:00:00Z", "request": { "payment_token": "tok_4711" }, "response": null,
///     "outcome": "unknown",
/// }))?;
/// Redactor::new(["whsec_c2VjcmV0LXNlY3JldA=="]).apply(&mut record);
/// assert!(!serde_json::to_string(&record)?.contains("tok_4711"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Redactor {
    needles: Needles,
    /// Holds a line while secrets are looked for in it.
    line: Vec<u8>,
}

impl Redactor {
    /// A redactor that knows these secrets, each as it is configured.
    pub fn new<S: AsRef<str>>(secrets: impl IntoIterator<Item = S>) -> Self {
        Self { needles: Needles::new(secrets), line: Vec::new() }
    }

    /// Takes personal data and secrets out of a record.
    pub fn apply(&mut self, record: &mut Record) {
        match &mut record.entry {
            Entry::Exchange(exchange) => redact_exchange(exchange),
            Entry::Effect(committed) | Entry::EffectLost(committed) if names_somebody(&committed.effect) => {
                redact_effect(committed);
            }
            Entry::RunStarted(start) => redact_target(&mut start.target),
            _ => {}
        }
        if self.holds_a_secret(record) {
            self.scrub(record);
        }
    }

    fn holds_a_secret(&mut self, record: &Record) -> bool {
        if self.needles.is_empty() {
            return false;
        }
        if let Entry::Exchange(exchange) = &record.entry {
            let scenario = record.scenario.as_deref().unwrap_or_default();
            return self.needles.are_in(scenario) || holds_text(exchange, &|text| self.needles.are_in(text));
        }
        self.line.clear();
        // A record without JSON form is never written.
        serde_json::to_writer(&mut self.line, record).is_ok() && self.needles.are_in_line(&self.line)
    }

    fn scrub(&self, record: &mut Record) {
        let scrub = |value: &mut Value| for_each_text(value, DEPTH_MAX, &mut |text| self.needles.scrub(text));
        if let Some(name) = &mut record.scenario {
            self.needles.scrub(name);
        }
        if let Some(clean) = rewritten(&record.entry, scrub) {
            record.entry = clean;
        } else {
            record.entry = unredactable(&record.entry);
        }
    }
}

/// A document that was changed as JSON; `None` if it has that form no longer.
fn rewritten<T: Serialize + DeserializeOwned>(document: &T, change: impl FnOnce(&mut Value)) -> Option<T> {
    let mut value = serde_json::to_value(document).ok()?;
    change(&mut value);
    serde_json::from_value(value).ok()
}

/// Stands for an entry that cannot be shown.
fn unredactable(entry: &Entry) -> Entry {
    let system = match entry {
        Entry::Effect(committed) | Entry::EffectLost(committed) => committed.system,
        Entry::Exchange(exchange) => exchange.from,
        _ => crate::model::System::Middleware,
    };
    Entry::FaultInjected(FaultInjected::new("a record that could not be redacted", system))
}

/// Effects with fields of the table.
const fn names_somebody(effect: &Effect) -> bool {
    matches!(
        effect,
        Effect::OrderPlaced { .. }
            | Effect::OrderChangeRequested { .. }
            | Effect::OrderChanged { .. }
            | Effect::FulfillmentChanged { .. }
            | Effect::LabelIssued { .. }
            | Effect::SalesOrderBooked { .. }
            | Effect::FulfillmentOrderReceived { .. }
            | Effect::ReturnRequested { .. }
            | Effect::ReturnAuthorized { .. }
            | Effect::ReturnNoticed { .. }
            | Effect::ReturnReceiptBooked { .. }
            | Effect::GoodsReturned { .. }
            | Effect::AccountOpened { .. }
            | Effect::AccountDebited { .. }
            | Effect::AccountCredited { .. }
            | Effect::GiftCardActivated { .. }
            | Effect::GiftCardDisabled { .. }
    )
}

/// Takes user and password out of a URL.
fn redact_target(url: &mut String) {
    let Some((scheme, rest)) = url.split_once("://") else { return };
    let host_at = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let Some(at) = rest.get(..host_at).and_then(|authority| authority.rfind('@')) else { return };
    let clean = format!("{scheme}://redacted{}", rest.get(at..).unwrap_or_default());
    *url = clean;
}

fn redact_effect(committed: &mut Committed) {
    let mut found = Found::default();
    let clean = rewritten(&committed.effect, |value| {
        redact(value, None, DEPTH_MAX, &mut found);
        found.scrub_document(value);
    });
    if let Some(effect) = clean {
        committed.effect = effect;
    }
    if let Some(key) = &mut committed.key {
        found.scrub_codes(key);
    }
}

fn redact_exchange(exchange: &mut Exchange) {
    let mut found = Found::default();
    redact(&mut exchange.request, None, DEPTH_MAX, &mut found);
    redact(&mut exchange.response, None, DEPTH_MAX, &mut found);
    if let Some(call) = redacted_call(&exchange.call, &mut found) {
        exchange.call = call;
    }
    if found.is_empty() {
        return;
    }
    found.scrub_document(&mut exchange.request);
    found.scrub_document(&mut exchange.response);
    found.scrub_codes(&mut exchange.call);
    if let Some(key) = &mut exchange.key {
        found.scrub_codes(key);
    }
    if let Some(note) = &mut exchange.note {
        found.scrub_text(note);
    }
}

/// The call with its account taken out; `None` if it names none.
fn redacted_call(call: &str, found: &mut Found) -> Option<String> {
    let at = call.find(fields::ACCOUNT_PATH)? + fields::ACCOUNT_PATH.len();
    let (before, rest) = call.split_at_checked(at)?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (code, after) = rest.split_at_checked(end)?;
    let code = percent_decode(code).unwrap_or_else(|| code.to_owned());
    if code.is_empty() || placeholder::is_identifier(&code) {
        return None;
    }
    let shown = placeholder::identifier(&code);
    found.note(Field::Code, &code, &shown);
    Some(format!("{before}{}{after}", percent_encode(&shown)))
}

/// Whether one of the texts of an exchange is such a text. Exchanges are the largest records by far, and most of
/// what they say are documents, so their texts are looked at where they stand.
fn holds_text(exchange: &Exchange, is_such: &impl Fn(&str) -> bool) -> bool {
    let Exchange {
        from: _,
        to: _,
        operation,
        call,
        order,
        sku,
        key,
        attempt: _,
        correlation,
        causation,
        started_at: _,
        request,
        status: _,
        response,
        outcome: _,
        replayed: _,
        note,
        retry_after_s: _,
        checked,
    } = exchange;
    let errors = [&checked.request, &checked.response].into_iter().flatten().flatten();
    [operation, call].into_iter().any(|text| is_such(text))
        || [key, causation, note].into_iter().flatten().any(|text| is_such(text))
        || order.as_ref().is_some_and(|order| is_such(order.as_str()))
        || sku.as_ref().is_some_and(|sku| is_such(sku.as_str()))
        || correlation.as_ref().is_some_and(|correlation| is_such(correlation.as_str()))
        || errors.into_iter().any(|error| is_such(&error.pointer) || is_such(&error.detail))
        || [request, response].into_iter().any(|document| document_holds(document, is_such))
}

/// Whether a name or a text of a document is such a text. Called after redaction, which bounds the depth.
fn document_holds(value: &Value, is_such: &impl Fn(&str) -> bool) -> bool {
    match value {
        Value::Object(members) => {
            members.iter().any(|(name, member)| is_such(name) || document_holds(member, is_such))
        }
        Value::Array(items) => items.iter().any(|item| document_holds(item, is_such)),
        Value::String(text) => is_such(text),
        Value::Number(_) | Value::Bool(_) | Value::Null => false,
    }
}

/// Values that a record named, with what stands for them.
#[derive(Debug, Default)]
struct Found {
    /// Codes and tokens: taken out of identifiers, too.
    codes: Vec<Named>,
    /// Personal values: taken out of texts.
    texts: Vec<Named>,
}

#[derive(Debug)]
struct Named {
    value: String,
    /// As it stands in a URL, where that differs.
    in_url: Option<String>,
    shown: String,
}

impl Found {
    const fn is_empty(&self) -> bool {
        self.codes.is_empty() && self.texts.is_empty()
    }

    fn note(&mut self, field: Field, value: &str, shown: &str) {
        let list = if field == Field::Code { &mut self.codes } else { &mut self.texts };
        let known = list.iter().any(|found| found.value == value);
        if !known && list.len() < FOUND_MAX && value.chars().count() >= FOUND_CHARACTERS_MIN {
            let in_url = Some(percent_encode(value)).filter(|in_url| in_url != value);
            list.push(Named { value: value.to_owned(), in_url, shown: shown.to_owned() });
        }
    }

    fn scrub_codes(&self, text: &mut String) {
        for Named { value, in_url, shown } in &self.codes {
            for form in [Some(value), in_url.as_ref()].into_iter().flatten() {
                if form.len() < CODE_BYTES_MIN {
                    secrets::replace_word(text, form, shown);
                } else if text.contains(form) {
                    *text = text.replace(form, shown);
                }
            }
        }
    }

    fn scrub_text(&self, text: &mut String) {
        self.scrub_codes(text);
        for Named { value, shown, .. } in &self.texts {
            secrets::replace_word(text, value, shown);
        }
    }

    /// Codes out of every value, personal values out of the document's texts.
    fn scrub_document(&self, value: &mut Value) {
        if self.is_empty() {
            return;
        }
        for_each_member(value, None, DEPTH_MAX, &mut |name, text| {
            if name.is_some_and(fields::is_text) {
                self.scrub_text(text);
            } else {
                self.scrub_codes(text);
            }
        });
    }
}

/// Replaces the values of the table's fields. Inside a personal document, `within` says how its members are taken
/// that the table does not name.
fn redact(value: &mut Value, within: Option<Field>, depth: usize, found: &mut Found) {
    if depth == 0 {
        *value = Value::Null;
        return;
    }
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let field = field_of(name, within);
                redact(member, field, depth - 1, found);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| redact(item, within, depth - 1, found)),
        Value::String(text) => redact_text(text, within, found),
        Value::Number(_) if within.is_some_and(|field| field != Field::Public) => *value = 0.into(),
        Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

fn redact_text(text: &mut String, field: Option<Field>, found: &mut Found) {
    let shown = match field {
        None | Some(Field::Public) => return,
        Some(Field::Personal | Field::Secret) => placeholder::text(text),
        Some(Field::Code | Field::Reference) if placeholder::is_identifier(text) => return,
        Some(Field::Code | Field::Reference) => placeholder::identifier(text),
    };
    if *text != shown {
        found.note(field.unwrap_or(Field::Public), text, &shown);
        *text = shown;
    }
}

fn for_each_text(value: &mut Value, depth: usize, change: &mut impl FnMut(&mut String)) {
    for_each_member(value, None, depth, &mut |_, text| change(text));
    rename_members(value, depth, change);
}

/// Changes every text, and tells under which name it stands.
fn for_each_member(
    value: &mut Value,
    name: Option<&str>,
    depth: usize,
    change: &mut impl FnMut(Option<&str>, &mut String),
) {
    if depth == 0 {
        *value = Value::Null;
        return;
    }
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                for_each_member(member, Some(name), depth - 1, change);
            }
        }
        Value::Array(items) => {
            items.iter_mut().for_each(|item| for_each_member(item, name, depth - 1, change));
        }
        Value::String(text) => change(name, text),
        Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

/// Changes the names of members, which an implementation chooses freely, too.
fn rename_members(value: &mut Value, depth: usize, change: &mut impl FnMut(&mut String)) {
    match value {
        _ if depth == 0 => {}
        Value::Object(members) => {
            let old = std::mem::take(members);
            for (mut name, mut member) in old {
                change(&mut name);
                rename_members(&mut member, depth - 1, change);
                members.insert(name, member);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename_members(item, depth - 1, change)),
        _ => {}
    }
}
