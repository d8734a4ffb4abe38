//! The door to chance. A draw depends on the seed and on what it is for, never on what was drawn before, so
//! that concurrent orders do not disturb one another's draws.

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest as _, Sha256};

/// Draws numbers from a seed.
#[derive(Debug, Clone, Copy)]
pub struct Chance {
    seed: u64,
}

impl Chance {
    /// Chance with this seed: the same seed gives the same draws.
    pub const fn seeded(seed: u64) -> Self {
        Self { seed }
    }

    /// A number from 0 to `most`, both included, for an attempt of something.
    pub fn up_to(&self, most: u64, purpose: &str, attempt: u32) -> u64 {
        let mut hash = Sha256::new();
        hash.update(self.seed.to_be_bytes());
        hash.update(attempt.to_be_bytes());
        hash.update(purpose.as_bytes());
        let draw = ChaCha8Rng::from_seed(hash.finalize().into()).next_u64();
        most.checked_add(1).map_or(draw, |bound| draw % bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_depend_on_seed_purpose_and_attempt_only() {
        let chance = Chance::seeded(7);
        let draws: Vec<u64> = (1..=64).map(|attempt| chance.up_to(999, "W-1.capture", attempt)).collect();
        let again: Vec<u64> = (1..=64).map(|attempt| chance.up_to(999, "W-1.capture", attempt)).collect();
        assert_eq!(draws, again);
        assert!(draws.iter().all(|draw| *draw <= 999));
        assert!(draws.windows(2).any(|pair| pair.first() != pair.last()), "all draws are alike");
        assert_ne!(chance.up_to(u64::MAX, "a", 1), Chance::seeded(8).up_to(u64::MAX, "a", 1));
        assert_ne!(chance.up_to(u64::MAX, "a", 1), chance.up_to(u64::MAX, "b", 1));
    }
}
