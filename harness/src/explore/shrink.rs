//! The smallest history that still shows the same: faults go first (by delta debugging, Zeller and Hildebrandt 2002), then acts,
//! then quantities. What a removal leaves without sense goes with it.

use super::{
    act::{Act, Part},
    history::History,
};

/// Shrinks a history as long as `shows` holds, with at most so many tries. The result shows it, too.
pub(super) fn shrink(history: &History, tries_max: u32, mut shows: impl FnMut(&History) -> bool) -> History {
    let mut tries = tries_max;
    let mut smallest = history.clone();
    let mut shows = |candidate: &History| {
        if tries == 0 {
            return false;
        }
        tries -= 1;
        shows(candidate)
    };
    loop {
        let before = smallest.clone();
        for part in [Part::Fault, Part::Command, Part::Setting] {
            smallest = without(smallest, part, &mut shows);
        }
        smallest = with_less(smallest, &mut shows);
        if smallest == before {
            return smallest;
        }
    }
}

/// Leaves acts of a part out: all of them, halves, quarters, at last one by one.
fn without(mut history: History, part: Part, shows: &mut impl FnMut(&History) -> bool) -> History {
    let mut size = history.count(part);
    while size > 0 {
        let mut start = 0;
        let mut shrunk = false;
        loop {
            let places: Vec<usize> = history
                .acts
                .iter()
                .enumerate()
                .filter(|(_, act)| act.part() == part)
                .map(|(place, _)| place)
                .collect();
            let Some(chunk) =
                places.get(start..places.len().min(start + size)).filter(|chunk| !chunk.is_empty())
            else {
                break;
            };
            let kept = history.acts.iter().enumerate().filter(|(place, _)| !chunk.contains(place));
            let candidate = History { acts: kept.map(|(_, act)| act.clone()).collect() }.sound();
            if candidate.acts.len() < history.acts.len() && shows(&candidate) {
                history = candidate;
                shrunk = true;
            } else {
                start += size;
            }
        }
        if !shrunk || size == 1 {
            size /= 2;
        }
        size = size.min(history.count(part));
    }
    history
}

/// Tries smaller forms of each act.
fn with_less(mut history: History, shows: &mut impl FnMut(&History) -> bool) -> History {
    let mut place = 0;
    while let Some(act) = history.acts.get(place).cloned() {
        let form =
            act.smaller().into_iter().map(|smaller| replaced(&history, place, smaller)).find(|candidate| {
                candidate.acts.len() <= history.acts.len() && *candidate != history && shows(candidate)
            });
        match form {
            Some(smaller) => history = smaller,
            None => place += 1,
        }
    }
    history
}

fn replaced(history: &History, place: usize, by: Act) -> History {
    let mut acts = history.acts.clone();
    if let Some(slot) = acts.get_mut(place) {
        *slot = by;
    }
    History { acts }.sound()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::generate;

    fn ships(history: &History) -> bool {
        history.acts.iter().any(|act| matches!(act, Act::Ship { .. } | Act::ShipAll))
    }

    #[test]
    fn nothing_is_left_that_is_not_needed() {
        let mut shrunk = 0;
        for case in 0..200 {
            let history = generate::history(7, case);
            if !ships(&history) {
                continue;
            }
            let smallest = shrink(&history, 500, ships);
            assert_eq!((smallest.steps(), smallest.count(Part::Fault)), (2, 0), "{smallest:?}");
            let ordered: Vec<u32> = smallest
                .acts
                .iter()
                .filter_map(|act| match act {
                    Act::Order { items, .. } => Some(items.iter().map(|(_, count)| count).sum()),
                    _ => None,
                })
                .collect();
            assert_eq!(ordered, [1], "{smallest:?}");
            assert_eq!(smallest, smallest.sound());
            shrunk += 1;
        }
        assert!(shrunk > 50, "{shrunk}");
    }

    #[test]
    fn a_bound_on_tries_is_kept() {
        let history = generate::history(7, 3);
        let mut tries = 0;
        shrink(&history, 5, |_| {
            tries += 1;
            true
        });
        assert!(tries <= 5);
    }
}
