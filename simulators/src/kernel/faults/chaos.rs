//! Chaos: small misfortunes for any message, in doses that leave progress possible.
//!
//! Only a message's first attempts are hit, and nothing that is drawn needs anybody to lift it.

use counterproof_contracts::faults::{CHAOS_LEVEL_MAX, Direction, Ending, ErrorBody, Misfortune};

use super::{Place, chance};

/// How many percent of the attempts are hit, for each level.
const SHARE: u64 = 15;

/// What happens to a message at a level of chaos, if anything.
pub(super) fn draw(level: u8, seed: u64, place: &Place) -> Option<Misfortune> {
    let level = level.clamp(1, CHAOS_LEVEL_MAX);
    if place.attempt > u32::from(level) {
        return None;
    }
    let drawn = chance::draw(seed, "chaos", place);
    if drawn % 100 >= SHARE * u64::from(level) {
        return None;
    }
    let menu = menu(level, place.link.direction, chance::draw(seed, "dose", place));
    let choice = usize::try_from((drawn / 100) % menu.len().max(1) as u64).ok()?;
    menu.get(choice).cloned()
}

/// What may happen, with a dose that was drawn.
fn menu(level: u8, direction: Direction, dose: u64) -> Vec<Misfortune> {
    let short = Misfortune::Delay { ms: 50 + dose % 950 };
    let mut menu = vec![short];
    match direction {
        Direction::Call => {}
        Direction::Delivery => menu.extend([
            Misfortune::Duplicate { times: 1, new_id: false, after_ms: 0 },
            Misfortune::Duplicate { times: 1, new_id: true, after_ms: dose % 5_000 },
        ]),
    }
    if level >= 2 {
        menu.extend([
            Misfortune::LoseRequest { ending: Ending::Reset },
            Misfortune::LoseAnswer { ending: Ending::Reset },
        ]);
        if direction == Direction::Call {
            menu.push(Misfortune::unavailable());
        }
    }
    if level >= 3 {
        match direction {
            Direction::Call => menu.extend([
                Misfortune::LateAnswer { ms: 2_000 + dose % 1_000 },
                Misfortune::ErrorAnswer {
                    status: 504,
                    retry_after_s: None,
                    body: ErrorBody::Html,
                    after_effect: true,
                },
                Misfortune::ErrorAnswer {
                    status: 429,
                    retry_after_s: Some(1),
                    body: ErrorBody::Problem,
                    after_effect: false,
                },
            ]),
            Direction::Delivery => menu.extend([
                Misfortune::Overtaken { within_ms: 5_000 },
                Misfortune::Delay { ms: 1_000 + dose % 4_000 },
                Misfortune::Duplicate { times: 2, new_id: false, after_ms: dose % 10_000 },
            ]),
        }
    }
    menu
}
