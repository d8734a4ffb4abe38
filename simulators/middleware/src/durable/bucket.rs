//! A token bucket: in whatever time one looks at, no more than a burst and what the rate adds.
//!
//! It is kept as one instant, the one at which it would be full again (the generic cell rate algorithm), so nothing has to
//! fill it. It is pure: whoever asks says what time it is.

use counterproof_contracts::{model::Timestamp, policy::Rate};

const SECOND_NS: i128 = 1_000_000_000;
const MILLISECOND_NS: i128 = 1_000_000;

/// A bucket; in nanoseconds.
#[derive(Debug)]
pub(super) struct Bucket {
    /// How long a token takes to come.
    each: i128,
    /// How long the others of a burst take to come.
    others: i128,
    /// When all tokens are there.
    full_at: i128,
}

impl Bucket {
    /// A full one.
    pub(super) fn new(rate: Rate) -> Self {
        let per_second = i128::from(rate.per_second.max(1));
        // Rounded up, so that no second has a token too many.
        let each = (SECOND_NS + per_second - 1) / per_second;
        let others = each * i128::from(rate.burst.max(1) - 1);
        Self { each, others, full_at: i128::MIN }
    }

    /// Takes a token, or says when there will be one.
    pub(super) fn take(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        let now_ns = now.as_nanosecond();
        let there_at_ns = self.full_at.saturating_sub(self.others);
        if there_at_ns <= now_ns {
            self.full_at = self.full_at.max(now_ns) + self.each;
            return Ok(());
        }
        // Clocks show whole milliseconds.
        let at_ms =
            there_at_ns.div_euclid(MILLISECOND_NS) + i128::from(there_at_ns.rem_euclid(MILLISECOND_NS) > 0);
        let at = i64::try_from(at_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        Err(at.unwrap_or(Timestamp::MAX))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use proptest::prelude::*;

    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000 + ms).unwrap()
    }

    #[test]
    fn a_burst_goes_at_once_and_the_rest_one_by_one() {
        let mut bucket = Bucket::new(Rate { per_second: 4, burst: 2 });
        assert_eq!([(); 3].map(|()| bucket.take(at(0))), [Ok(()), Ok(()), Err(at(250))]);
        assert_eq!((bucket.take(at(249)), bucket.take(at(250))), (Err(at(250)), Ok(())));
        assert_eq!(
            [(); 3].map(|()| bucket.take(at(9_000))),
            [Ok(()), Ok(()), Err(at(9_250))],
            "it is full again"
        );
        assert_eq!(Bucket::new(Rate { per_second: 0, burst: 0 }).take(at(0)), Ok(()));
    }

    proptest! {
        /// Whenever somebody asks, no window has more than the burst and what the rate adds, and whoever comes back when
        /// told is served: nobody waits longer than the rate makes him.
        #[test]
        fn no_window_has_too_many_and_no_token_is_withheld(
            per_second in 1_u32..400,
            burst in 1_u32..30,
            pauses in proptest::collection::vec(prop_oneof![3 => Just(0_i64), 1 => 0_i64..40, 1 => 0_i64..4_000], 1..250),
        ) {
            let mut bucket = Bucket::new(Rate { per_second, burst });
            let (mut now, mut taken) = (0, Vec::new());
            for pause in pauses {
                now += pause;
                if let Err(then) = bucket.take(at(now)) {
                    let wait = then.as_millisecond() - at(now).as_millisecond();
                    prop_assert!(wait >= 1 && wait <= i64::from(1_000 / per_second + 1), "{wait} ms");
                    now += wait;
                    prop_assert_eq!(bucket.take(at(now)), Ok(()));
                }
                taken.push(now);
            }
            for (first, from) in taken.iter().enumerate() {
                for (last, to) in taken.iter().enumerate().skip(first) {
                    let (count, ms) = (last - first + 1, to - from);
                    let most = i64::from(burst) + i64::from(per_second) * ms / 1_000;
                    prop_assert!(i64::try_from(count).unwrap() <= most, "{count} within {ms} ms");
                }
            }
        }
    }
}
