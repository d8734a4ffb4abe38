//! I10: channels offer what can be promised, and nothing that was there long ago.

use std::time::Duration;

use super::{
    books::{Listing, OrderBook},
    law::{Bench, Check, Finding, Moment, units},
};
use crate::{
    invariants::Law,
    journal::Effect,
    model::{Sku, System, Timestamp},
    policy::AvailabilityPolicy,
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "I10",
        name: "published stock",
        text: "What a channel is told to offer of a SKU was unclaimed, less the channel's safety stock, at some instant \
               within the declared lag: no late level brings units back that were sold meanwhile. At rest each \
               channel offers exactly what is unclaimed less its safety stock. While faults of the ERP or the \
               channel are on, the lag is theirs.",
        source: "bug reports magento/inventory#2269, woocommerce/woocommerce#44273; MACH inventory reconciliation recipe",
    },
    on_effect: Some(check_shown),
    on_exchange: None,
    at_rest: Some(check_rest),
};

fn check_shown(moment: &Moment<'_>, bench: &mut Bench) {
    let Some(Effect::StockShown { publication }) = moment.effect() else { return };
    let Some(channel) = moment.committed().map(|committed| committed.system) else { return };
    let Some(listing) = moment.books.stock.listing(&publication.sku) else { return };
    if disturbed(moment, channel) {
        return;
    }
    let policy = &moment.policy.availability;
    let lag = Duration::from_millis(policy.lag_ms);
    let since = moment.record.at.saturating_sub(lag).unwrap_or(Timestamp::MIN);
    let Some(most) = listing.most_since(since) else { return };
    bench.looks();
    let offered = policy.offered(channel, most.units);
    if publication.available <= offered {
        return;
    }
    let sentence = format!(
        "The {} offers {} of {}, but within {} s there were at most {} that nobody claimed: {} too many.",
        channel.title(),
        units(publication.available),
        publication.sku,
        lag.as_secs(),
        units(most.units),
        publication.available - offered
    );
    let finding = Finding::new(subject(channel, &publication.sku), sentence);
    bench.found(finding.evidence([most.seq, moment.record.seq]).says(
        channel,
        format!("offers {}", publication.available),
        true,
    ));
}

/// Whether a fault keeps messages back on their way from the ERP to the channel.
fn disturbed(moment: &Moment<'_>, channel: System) -> bool {
    let scenario = moment.record.scenario.as_deref().and_then(|name| moment.books.scenario(name));
    let on = |system| scenario.is_some_and(|book| book.faults.contains(&system));
    [System::Erp, System::Middleware, channel].into_iter().any(on)
}

fn check_rest(moment: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    let Some(terms) = &order.terms else { return };
    for sku in terms.lines.values().map(|line| &line.sku) {
        if let Some(listing) = moment.books.stock.listing(sku) {
            check_listing(&moment.policy.availability, (sku, listing), bench);
        }
    }
}

fn check_listing(policy: &AvailabilityPolicy, (sku, listing): (&Sku, &Listing), bench: &mut Bench) {
    let Some(now) = listing.now() else { return };
    for channel in AvailabilityPolicy::CHANNELS {
        bench.looks();
        let offered = policy.offered(channel, now.units);
        let shown = listing.shown.get(&channel);
        if shown.is_some_and(|(units, _)| *units == offered) {
            continue;
        }
        let says = shown.map_or_else(|| "nothing".to_owned(), |(shown, _)| units(*shown));
        let sentence = format!(
            "The {} offers {says} of {sku} at rest; {} are unclaimed and {} kept back, so it is to offer {offered}.",
            channel.title(),
            units(now.units),
            policy.kept_back(channel)
        );
        let finding = Finding::new(subject(channel, sku), sentence);
        let seqs = shown.map(|(_, seq)| *seq).into_iter().chain([now.seq]);
        bench.found(
            finding.evidence(seqs).says(System::Erp, format!("{} unclaimed", now.units), false).says(
                channel,
                format!("offers {says}"),
                true,
            ),
        );
    }
}

fn subject(channel: System, sku: &Sku) -> String {
    format!("{channel} {sku}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, findings},
        journal::{Entry, FaultInjected},
        model::System,
    };

    /// Ten units are unclaimed, and every channel offers what it may.
    fn listed() -> History {
        let mut history = History::accepted();
        history.unclaimed(10);
        history.offer(System::Storefront, 1, 9);
        history.offer(System::Marketplace, 1, 8);
        history.offer(System::Pos, 1, 10);
        history
    }

    #[test]
    fn what_channels_may_offer_is_no_finding() {
        let mut history = listed();
        history.settle();
        assert_eq!(findings("I10", &history.records()), [""; 0]);
    }

    #[test]
    fn a_level_of_long_ago_is_found() {
        let mut history = listed();
        history.unclaimed(3);
        history.offer(System::Storefront, 2, 2);
        history.offer(System::Storefront, 3, 9);
        assert_eq!(findings("I10", &history.records()), [""; 0], "within the lag");
        history.wait(61);
        history.offer(System::Storefront, 4, 9);
        assert_eq!(
            findings("I10", &history.records()),
            [
                "The storefront offers 9 units of shirt, but within 60 s there were at most 3 units that nobody \
              claimed: 7 too many."
            ]
        );
    }

    #[test]
    fn a_fault_of_the_erp_excuses_the_lag_and_not_what_is_shown_at_rest() {
        let mut history = listed();
        history.unclaimed(3);
        history.wait(61);
        history.note(Entry::FaultInjected(FaultInjected::new("delay", System::Erp)));
        history.offer(System::Storefront, 2, 9);
        assert_eq!(findings("I10", &history.records()), [""; 0]);
        history.settle();
        assert_eq!(findings("I10", &history.records()).len(), 3);
    }

    #[test]
    fn a_channel_that_was_never_told_is_found_at_rest() {
        let mut history = History::accepted();
        history.unclaimed(2);
        history.offer(System::Storefront, 1, 1);
        history.offer(System::Pos, 1, 1);
        history.settle();
        assert_eq!(
            findings("I10", &history.records()),
            [
                "The marketplace offers nothing of shirt at rest; 2 units are unclaimed and 2 kept back, so it is to \
                 offer 0.",
                "The point of sale offers 1 unit of shirt at rest; 2 units are unclaimed and 0 kept back, so it is to \
                 offer 2."
            ]
        );
    }

    proptest! {
        /// A level that was true at any of the last instants is never accused, one above all of them always.
        #[test]
        fn the_highest_level_within_the_lag_is_the_bound(levels in proptest::collection::vec(0_i64..50, 1..40)) {
            let mut history = History::accepted();
            for level in &levels {
                history.unclaimed(*level);
            }
            let most = levels.iter().copied().max().unwrap_or_default();
            history.offer(System::Pos, 1, most);
            prop_assert_eq!(findings("I10", &history.records()), [""; 0]);
            history.offer(System::Pos, 2, most + 1);
            prop_assert_eq!(findings("I10", &history.records()).len(), 1);
        }
    }
}
