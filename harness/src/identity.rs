//! Business identities: each scenario has its own order numbers, products and customers, so that many
//! scenarios run against one implementation at once, and nothing in a message tells a test from production.

use counterproof_contracts::model::OrderNumber;
use sha2::{Digest as _, Sha256};

/// Letters that people do not confuse (Crockford's base 32, without those that look alike).
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 6;

/// What all identifiers of a scenario have in common: six letters, drawn from the run's seed and the
/// scenario's place. The same seed gives the same letters, whatever else is selected.
///
/// `epoch` tells runs apart that meet the same stored state: 0 for an implementation that starts empty.
///
/// ```
/// use counterproof::identity::tag;
/// assert_eq!(tag(7, 0, "a.feature", "one"), tag(7, 0, "a.feature", "one"));
/// assert_ne!(tag(7, 0, "a.feature", "one"), tag(8, 0, "a.feature", "one"));
/// ```
pub fn tag(seed: u64, epoch: u64, path: &str, name: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(seed.to_be_bytes());
    hash.update(epoch.to_be_bytes());
    hash.update(path.as_bytes());
    hash.update([0]);
    hash.update(name.as_bytes());
    hash.finalize()
        .iter()
        .take(LENGTH)
        .filter_map(|byte| LETTERS.get(usize::from(byte % 32)))
        .map(|letter| char::from(*letter))
        .collect()
}

/// The number of a scenario's n-th order, counted from 1.
pub fn order_number(tag: &str, count: u32) -> OrderNumber {
    OrderNumber::from(format!("W-{tag}-{count}"))
}

/// What the journal calls a scenario: its part of all identifiers, and the number of a variation behind a dot.
pub fn scenario(tag: &str, variant: Option<usize>) -> String {
    variant.map_or_else(|| tag.to_owned(), |number| format!("{tag}.{number}"))
}

/// A scenario's part of all identifiers.
pub fn tag_of(scenario: &str) -> &str {
    scenario.split_once('.').map_or(scenario, |(tag, _)| tag)
}

/// Which of a scenario's orders has this number, from 1.
pub fn ordinal(order: &OrderNumber, tag: &str) -> Option<u32> {
    order.as_str().strip_prefix("W-")?.strip_prefix(tag)?.strip_prefix('-')?.parse().ok()
}
