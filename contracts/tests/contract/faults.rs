//! Fault plans: the examples can be carried out, and random ones within the bounds of their schema.

use counterproof_contracts::faults::{
    Attempts, Break, CrashPoint, DriftChange, Ending, ErrorBody, FORMAT, Fault, Link, Misfortune, OrderKey,
    Plan, Window,
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::{
    files,
    random::{Random, identifier, text},
};

#[test]
fn every_example_can_be_carried_out() {
    for (stem, name, plan) in files::examples() {
        if stem == "fault-plan" {
            assert_eq!(Plan::parse(&plan.to_string()).map(drop), Ok(()), "{name}");
        }
    }
}

const MS: std::ops::RangeInclusive<u64> = 1..=31_536_000_000;

fn ending() -> impl Strategy<Value = Ending> {
    select(vec![Ending::Reset, Ending::Silence])
}

impl Random for Misfortune {
    fn random() -> BoxedStrategy<Self> {
        let status = select(vec![408_u16, 429, 500, 502, 503, 504]);
        let body = select(vec![ErrorBody::Problem, ErrorBody::Html, ErrorBody::Empty]);
        let change = select(vec![
            DriftChange::NewCode,
            DriftChange::ExtraField,
            DriftChange::MissingField,
            DriftChange::NumberAsText,
        ]);
        let point =
            select(vec![CrashPoint::BeforeEffect, CrashPoint::AfterEffect, CrashPoint::BeforeAcknowledgment]);
        let plain = vec![Self::FalseSuccess, Self::AcceptAndNever, Self::ConflictOnReplay, Self::CutOff];
        let how = || select(vec![Break::Truncated, Break::Drip, Break::Reset, Break::HalfClosed]);
        let waits = prop_oneof![
            (how(), MS).prop_map(|(how, ms)| Self::BrokenAnswer { how, ms }),
            (how(), MS).prop_map(|(how, ms)| Self::BrokenRequest { how, ms }),
            MS.prop_map(|ms| Self::Delay { ms }),
            MS.prop_map(|ms| Self::LateAnswer { ms }),
            MS.prop_map(|ms| Self::Restored { ms }),
            any::<bool>().prop_map(|reverse| Self::Hold { reverse }),
            MS.prop_map(|within_ms| Self::Overtaken { within_ms }),
            (text(40), MS).prop_map(|(barrier, within_ms)| Self::Barrier { barrier, within_ms }),
        ];
        let losses = prop_oneof![
            (status, option::of(0..=86_400_u32), body, any::<bool>()).prop_map(
                |(status, retry_after_s, body, after_effect)| Self::ErrorAnswer {
                    status,
                    retry_after_s,
                    body,
                    after_effect
                }
            ),
            ending().prop_map(|ending| Self::LoseRequest { ending }),
            ending().prop_map(|ending| Self::LoseAnswer { ending }),
            point.prop_map(|point| Self::Crash { point }),
        ];
        let documents = prop_oneof![
            option::of(MS).prop_map(|behind_ms| Self::StaleRead { behind_ms }),
            (change, option::of("(/[a-z]{1,8}){1,3}")).prop_map(|(change, at)| Self::Drift { change, at }),
            (1..=1000_u32, any::<bool>(), 0..=1_000_000_u64)
                .prop_map(|(times, new_id, after_ms)| Self::Duplicate { times, new_id, after_ms }),
            any::<bool>().prop_map(|with_new| Self::OldSignature { with_new }),
            any::<bool>().prop_map(|unknown| Self::WrongToken { unknown }),
            (1..=31_536_000_u32).prop_map(|by_s| Self::StaleTimestamp { by_s }),
            (-31_536_000..=31_536_000_i32).prop_map(|seconds| Self::ClockSkew { seconds }),
            (1..=3_u8).prop_map(|level| Self::Chaos { level }),
            Just(Self::CredentialsExpired),
        ];
        prop_oneof![select(plain), waits, losses, documents].boxed()
    }
}

impl Random for Window {
    fn random() -> BoxedStrategy<Self> {
        (0..=1_000_000_u64, any::<bool>(), option::of(MS), option::of(MS))
            .prop_map(|(after_ms, on_contact, for_ms, every_ms)| Self {
                after_ms,
                on_contact,
                for_ms,
                every_ms,
            })
            .boxed()
    }
}

impl Random for Fault {
    fn random() -> BoxedStrategy<Self> {
        let link = select(Link::all().collect::<Vec<_>>());
        let order = prop_oneof![
            (1..=1_000_000_u32).prop_map(OrderKey::Ordinal),
            identifier(128).prop_map(|number| OrderKey::Number(number.into())),
        ];
        let attempts = (1..=1000_u32, option::of(1..=1000_u32)).prop_map(|(from, to)| Attempts { from, to });
        let key = option::of(identifier(255));
        let whom = (text(40), link, option::of("[a-z.]{1,40}"), option::of(order), key, attempts);
        let when = (Option::<Window>::random(), option::of(1..=99_u8), any::<bool>());
        (whom, when, Misfortune::random())
            .prop_map(
                |(
                    (name, link, operation, order, key, attempts),
                    (window, percent, permanent),
                    misfortune,
                )| Self {
                    name,
                    link,
                    operation,
                    order,
                    key,
                    attempts,
                    window,
                    percent,
                    permanent,
                    misfortune,
                },
            )
            .boxed()
    }
}

impl Random for Plan {
    fn random() -> BoxedStrategy<Self> {
        (text(40), vec(Fault::random(), 1..4))
            .prop_map(|(name, faults)| Self { format: FORMAT.to_owned(), name, faults })
            .boxed()
    }
}
