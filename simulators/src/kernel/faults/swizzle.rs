//! Swizzle-clog: links clog one after the other, and become free one after the other in an order drawn from a seed.

use std::time::Duration;

use counterproof_contracts::faults::{Attempts, Fault, Link, Misfortune, Window};

use super::chance;

/// Holds of several links. The n-th clogs after n − 1 steps; when all are clogged, one is freed with each step.
pub fn swizzle_clog(seed: u64, links: &[Link], begin: Duration, step: Duration) -> Vec<Fault> {
    let ms = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let (begin, step) = (ms(begin), ms(step).max(1));
    let mut freed: Vec<usize> = (0..links.len()).collect();
    freed.sort_by_key(|index| chance::number(seed, &["swizzle", &index.to_string()]));
    let turn = |index: usize| freed.iter().position(|freed| *freed == index).unwrap_or_default();
    let steps = |count: usize| step.saturating_mul(u64::try_from(count).unwrap_or(u64::MAX));
    links
        .iter()
        .enumerate()
        .map(|(index, link)| {
            let after_ms = begin.saturating_add(steps(index));
            let free_ms = begin.saturating_add(steps(links.len() + turn(index)));
            let window =
                Window { after_ms, for_ms: Some(free_ms.saturating_sub(after_ms)), ..Window::default() };
            Fault::new(format!("{link} clogs"), *link, Misfortune::Hold { reverse: false })
                .attempts(Attempts::ALL)
                .within(window)
        })
        .collect()
}
