//! Finds exact values in texts and puts something else in their place.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::protocol::percent_encode;

/// Shortest secret that is looked for. A shorter one would be found everywhere.
const SECRET_BYTES_MIN: usize = 8;
const SHOWN: &str = "redacted-secret";

/// Every form in which configured secrets may stand in a record.
#[derive(Default)]
pub(super) struct Needles {
    /// The longest first: it may hold a shorter one.
    all: Vec<String>,
    /// Those that hold no other: where none of these is, none is.
    shortest: Vec<String>,
}

impl std::fmt::Debug for Needles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Needles({})", self.all.len())
    }
}

impl Needles {
    pub(super) fn new<S: AsRef<str>>(secrets: impl IntoIterator<Item = S>) -> Self {
        let mut needles: Vec<String> =
            secrets.into_iter().flat_map(|secret| forms(secret.as_ref())).collect();
        needles.retain(|needle| needle.len() >= SECRET_BYTES_MIN);
        needles.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        needles.dedup();
        let holds_no_other = |needle: &&String| {
            needles.iter().all(|other| other == *needle || !needle.contains(other.as_str()))
        };
        let shortest = needles.iter().filter(holds_no_other).cloned().collect();
        Self { all: needles, shortest }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether a line of the journal holds one.
    pub(super) fn are_in_line(&self, line: &[u8]) -> bool {
        let Ok(line) = std::str::from_utf8(line) else { return true };
        self.are_in(line) || self.all.iter().any(|needle| is_escaped_in(line, needle))
    }

    /// Whether a text holds one.
    pub(super) fn are_in(&self, text: &str) -> bool {
        self.shortest.iter().any(|needle| text.contains(needle.as_str()))
    }

    pub(super) fn scrub(&self, text: &mut String) {
        for needle in &self.all {
            if text.contains(needle.as_str()) {
                *text = text.replace(needle.as_str(), SHOWN);
            }
        }
    }
}

/// A secret as JSON writes it, where that differs.
fn is_escaped_in(line: &str, needle: &str) -> bool {
    let needs_escape = needle.contains(['"', '\\']) || needle.bytes().any(|byte| byte < b' ');
    needs_escape && serde_json::to_string(needle).is_ok_and(|quoted| line.contains(quoted.trim_matches('"')))
}

/// The secret, what its `whsec_` form holds, and each of them in a URL.
fn forms(secret: &str) -> Vec<String> {
    let secret = secret.trim();
    let mut plain = vec![secret.to_owned()];
    if let Some(payload) = secret.strip_prefix("whsec_") {
        plain.push(payload.to_owned());
        plain.push(payload.trim_end_matches('=').to_owned());
        plain.push(payload.trim_end_matches('=').replace('+', "-").replace('/', "_"));
        plain.extend(STANDARD.decode(payload).ok().and_then(|bytes| String::from_utf8(bytes).ok()));
    }
    let encoded: Vec<String> = plain.iter().map(|form| percent_encode(form)).collect();
    let lower = encoded.iter().map(|form| lower_case_escapes(form)).collect::<Vec<_>>();
    plain.into_iter().chain(encoded).chain(lower).collect()
}

/// `%2B` as `%2b`.
fn lower_case_escapes(text: &str) -> String {
    let mut after_percent = 0;
    let lower = |letter: char| {
        let own = if after_percent > 0 { letter.to_ascii_lowercase() } else { letter };
        after_percent = if letter == '%' { 2 } else { i32::max(after_percent - 1, 0) };
        own
    };
    text.chars().map(lower).collect()
}

/// Replaces a value where it is no part of a longer word.
pub(super) fn replace_word(text: &mut String, value: &str, shown: &str) {
    if value.is_empty() || !text.contains(value) {
        return;
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.as_str();
    let mut before = None;
    while let Some((head, tail)) = rest.split_once(value) {
        let left = head.chars().next_back().or(before.filter(|_| head.is_empty()));
        let is_word =
            !joins(left, value.chars().next()) && !joins(value.chars().next_back(), tail.chars().next());
        clean.push_str(head);
        clean.push_str(if is_word { shown } else { value });
        before = value.chars().next_back();
        rest = tail;
    }
    clean.push_str(rest);
    *text = clean;
}

/// Whether two neighbors belong to one word.
fn joins(left: Option<char>, right: Option<char>) -> bool {
    let in_word = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    in_word(left) && in_word(right)
}
