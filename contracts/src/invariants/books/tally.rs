//! Counters that remember which lines of the journal they come from, and spans of what may be.

/// A number of units or an amount, and the lines of the journal that it comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::invariants) struct Tally {
    total: i64,
    seqs: Vec<u64>,
}

impl Tally {
    /// Adds what a line of the journal tells.
    pub(in crate::invariants) fn add(&mut self, amount: impl Into<i64>, seq: u64) {
        self.total = self.total.saturating_add(amount.into());
        self.seqs.push(seq);
    }

    /// Adds what another counter counted.
    pub(in crate::invariants) fn join(&mut self, other: &Self) {
        self.total = self.total.saturating_add(other.total);
        self.seqs.extend_from_slice(&other.seqs);
    }

    /// The sum.
    pub(in crate::invariants) const fn total(&self) -> i64 {
        self.total
    }

    /// Where it comes from, in order.
    pub(in crate::invariants) fn seqs(&self) -> &[u64] {
        &self.seqs
    }

    /// How many lines of the journal it comes from.
    pub(in crate::invariants) const fn count(&self) -> usize {
        self.seqs.len()
    }
}

/// What an amount certainly is at least, and at most: `[definite, possible]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::invariants) struct Span {
    pub(in crate::invariants) low: i64,
    pub(in crate::invariants) high: i64,
}

impl Span {
    /// A span of one amount.
    pub(in crate::invariants) const fn exactly(amount: i64) -> Self {
        Self { low: amount, high: amount }
    }

    /// Whether an amount lies within.
    pub(in crate::invariants) const fn holds(self, amount: i64) -> bool {
        self.low <= amount && amount <= self.high
    }
}

impl std::ops::Add for Span {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { low: self.low.saturating_add(other.low), high: self.high.saturating_add(other.high) }
    }
}

impl std::iter::Sum for Span {
    fn sum<I: Iterator<Item = Self>>(spans: I) -> Self {
        spans.fold(Self::default(), std::ops::Add::add)
    }
}
