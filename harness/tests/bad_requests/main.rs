//! What breaks the contract is refused, whoever is told it, and has no effect.
//!
//! Stories are played in virtual time while each call in them, to the middleware and to every partner, is preceded by
//! copies of itself that are broken. Each copy must be refused in the way that the operation declares; the story
//! must then end as it does without them: the same effects, and the same documents in the middleware's store.
#![expect(clippy::unwrap_used, reason = "a test")]

mod flaws;
mod probe;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock},
};

use counterproof::{
    features::Script,
    virtual_time::{Rehearsal, pack},
};
use counterproof_contracts::{
    journal::{Entry, Record, Verdict},
    protocol::OPERATIONS,
};
use proptest::prelude::*;
use regex::Regex;

use probe::{Probe, Spoiler};

static INSTANT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\d{4}-\d\d-\d\dT[0-9:.]+Z").unwrap());

/// A document without its instants: who looks again and again until something is there may look once more.
fn timeless(text: &str) -> String {
    INSTANT.replace_all(text, "…").into_owned()
}

/// How often each effect was committed, and what the store holds in the end.
#[derive(Debug, PartialEq, Eq)]
struct End {
    effects: BTreeMap<String, u32>,
    kept: BTreeMap<String, u32>,
}

impl End {
    fn of(records: &[Record], probe: &probe::Kept) -> Self {
        let mut effects = BTreeMap::new();
        for record in records {
            if let Entry::Effect(committed) = &record.entry {
                *effects.entry(timeless(&serde_json::to_string(committed).unwrap())).or_default() += 1;
            }
        }
        Self { effects, kept: probe.documents() }
    }

    /// What is here and not there, or otherwise.
    fn beyond<'e>(&'e self, other: &Self) -> Vec<&'e str> {
        let there = |fact: &String| other.effects.get(fact).or_else(|| other.kept.get(fact));
        let here = self.effects.iter().chain(&self.kept);
        here.filter(|(fact, times)| there(fact) != Some(times)).map(|(fact, _)| fact.as_str()).collect()
    }
}

fn play(script: &Script, spoiler: Option<Arc<Spoiler>>) -> (Verdict, End, bool) {
    let probe = Probe::new(spoiler);
    let kept = probe.kept();
    let played = Rehearsal::new(7).unwrap().play(script, 0, Box::new(probe)).unwrap();
    played.recording.with_records(|records| {
        let disturbed = records.iter().any(|record| matches!(record.entry, Entry::FaultInjected(_)));
        (played.finished.result.verdict, End::of(records, &kept), disturbed)
    })
}

/// A story that ends well by itself, with its end.
struct Story {
    script: Script,
    end: End,
}

/// Stories in which nothing goes wrong, of which each has one end. Together they call nearly every operation.
const TOLD: [&str; 25] = [
    "The parcel of a canceled return waits for a clerk, who lets it count",
    "What is canceled and what comes back is offered again",
    "An agent who looked too early overwrites nothing",
    "A gift card is worth its money again after a rejection",
    "An inspector does not take worn goods back",
    "The replacement comes back, too: each card gets what it paid",
    "Two orders in one file",
    "A clerk finds the order",
    "Store credit for the recipient",
    "Every channel is told, each with its safety stock",
    "An order is replayed after a return",
    "An exempt customer in the United States",
    "Units are missing on the shelf",
    "A substitute is not wanted",
    "A product changes, and every channel follows",
    "A store that takes no returns any more",
    "An amount on a line",
    "Found by the card that paid",
    "A customer is created and moves, and everybody follows",
    "A store sends goods to the warehouse, and nobody sells them on the way",
    "A gift card that was not spent is given back",
    "An order is fetched from the feed",
    "Nothing comes until the time is over",
    "The card cannot be charged again",
    "A second delay, and the customer agrees to wait",
];

static STORIES: LazyLock<Vec<Story>> = LazyLock::new(|| {
    let pack = pack("not @never").unwrap();
    let story = |name: &&str| {
        let script = pack.iter().find(|script| script.planned.name == *name);
        let script = script.unwrap_or_else(|| panic!("no scenario is called {name:?}")).clone();
        let (verdict, end, disturbed) = play(&script, None);
        assert!(verdict == Verdict::Pass && !disturbed, "{name} does not end well by itself");
        Story { script, end }
    };
    TOLD.iter().map(story).collect()
});

/// Plays a story with broken copies; gives how many of each operation were refused.
fn spoil(story: &Story, seed: u64) -> BTreeMap<String, u32> {
    let spoiler = Spoiler::new(seed);
    let (_, end, _) = play(&story.script, Some(Arc::clone(&spoiler)));
    let name = &story.script.planned.name;
    let complaints = spoiler.complaints();
    assert!(
        complaints.is_empty(),
        "{name}, seed {seed}:\n{}",
        complaints[..complaints.len().min(5)].join("\n")
    );
    let (more, less) = (end.beyond(&story.end), story.end.beyond(&end));
    assert!(more.is_empty() && less.is_empty(), "{name}, seed {seed}: more: {more:#?}, less: {less:#?}");
    spoiler.refused()
}

#[test]
fn every_operation_refuses_what_breaks_its_contract() {
    let mut refused: BTreeMap<String, u32> = BTreeMap::new();
    for story in STORIES.iter() {
        for (operation, times) in spoil(story, 1) {
            *refused.entry(operation).or_default() += times;
        }
    }
    let all: BTreeSet<String> = OPERATIONS.iter().map(ToString::to_string).collect();
    let missed: Vec<_> = all.iter().filter(|operation| !refused.contains_key(*operation)).collect();
    assert!(missed.is_empty(), "nothing broken was told to {missed:?}: add a story that calls it to TOLD");
    let all: u32 = refused.values().sum();
    assert!(all > 2_000, "only {all} broken calls: {refused:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_broken_has_no_effect(story in any::<prop::sample::Index>(), seed in any::<u64>()) {
        prop_assert!(!spoil(story.get(&STORIES), seed).is_empty());
    }
}
