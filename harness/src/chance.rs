//! The harness's door to chance: one seed for a run; everything else follows from it.

use std::hash::{BuildHasher as _, RandomState};

/// A seed that nobody knew before, from the operating system's randomness that keys hash maps. 32 bits, so
/// that it is short enough to be typed again.
pub fn fresh_seed() -> u64 {
    RandomState::new().hash_one("seed") >> 32
}
