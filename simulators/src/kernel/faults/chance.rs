//! Chance without a generator: what is drawn for a message depends on the message and the seed, and on nothing that
//! happened before, so that taking one fault out of a plan changes no other.

use sha2::{Digest as _, Sha256};

use super::Place;

/// A number that is drawn for a message, for some purpose.
pub(super) fn draw(seed: u64, purpose: &str, place: &Place) -> u64 {
    let Place { link, operation, order, key, attempt, .. } = place;
    number(seed, &[purpose, &link.to_string(), operation, order.as_str(), key, &attempt.to_string()])
}

/// 0 to 99, drawn for a message.
pub(super) fn percent(seed: u64, purpose: &str, place: &Place) -> u8 {
    u8::try_from(draw(seed, purpose, place) % 100).unwrap_or(u8::MAX)
}

/// A number that follows from a seed and some texts.
pub(super) fn number(seed: u64, texts: &[&str]) -> u64 {
    let mut hash = Sha256::new();
    hash.update(seed.to_be_bytes());
    for text in texts {
        hash.update(text.len().to_be_bytes());
        hash.update(text.as_bytes());
    }
    hash.finalize().iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
}
