//! How fast partners may be called.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::System;

/// How fast a partner may be called: in whatever time, no more often than the burst and what the rate adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// Calls in a second; 0 counts as 1.
    pub per_second: u32,
    /// Calls that may be made at once after a pause; 0 counts as 1.
    pub burst: u32,
}

impl Rate {
    /// The most calls in any second.
    pub const fn in_a_second(self) -> u32 {
        self.per_second.saturating_add(self.burst)
    }
}

/// What partners declare in their files, as `x-rate-limit`.
pub(super) fn declared() -> BTreeMap<System, Rate> {
    BTreeMap::from([(System::Erp, Rate { per_second: 1000, burst: 200 })])
}
