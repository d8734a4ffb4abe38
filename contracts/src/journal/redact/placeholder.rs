//! What stands for a value that was taken out: as long, and as valid or invalid, as the value was.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// Longest placeholder of a text that is not made as long as the text was.
const SHORT_MAX: usize = 16;
/// Longest identifier whose placeholder may have another length.
const IDENTIFIER_MAX: usize = 128;
const WORD: &str = "redacted";
const PREFIX: &str = "redacted-";
/// How many digits of a digest stand in a placeholder.
const DIGITS: usize = 12;
/// Stands at the end of a placeholder for an identifier with characters that none may have.
const UNFIT: char = '…';

/// Stands for a text that nobody compares.
pub(super) fn text(value: &str) -> String {
    let length = value.chars().count();
    match length {
        0 => String::new(),
        1..=SHORT_MAX => WORD.to_owned(),
        _ => padded(WORD, length),
    }
}

/// Stands for an identifier; different ones have different placeholders.
pub(super) fn identifier(value: &str) -> String {
    if value.is_empty() {
        return String::new();
    }
    let mut shown = PREFIX.to_owned();
    for byte in Sha256::digest(value.as_bytes()).iter().take(DIGITS / 2) {
        // Writing to a string does not fail.
        let _ = write!(shown, "{byte:02x}");
    }
    let length = value.chars().count();
    if length > IDENTIFIER_MAX {
        shown = padded(&shown, length);
    }
    if !is_fit(value) {
        shown.pop();
        shown.push(UNFIT);
    }
    shown
}

/// A text of so many characters. Widths of formats end at 65535.
fn padded(text: &str, length: usize) -> String {
    let missing = length.saturating_sub(text.chars().count());
    format!("{text}{}", "x".repeat(missing))
}

/// Whether a text is such a placeholder already.
pub(super) fn is_identifier(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(PREFIX) else { return text.is_empty() };
    let rest = rest.strip_suffix(UNFIT).unwrap_or(rest);
    let digits = rest.bytes().take_while(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')).count();
    (DIGITS - 1..=DIGITS).contains(&digits) && rest.bytes().skip(digits).all(|byte| byte == b'x')
}

/// Whether an identifier has only characters that the contract allows.
fn is_fit(value: &str) -> bool {
    value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) && value.trim() == value
}
