//! What channels may offer of a SKU: what the ERP says is unclaimed, less the safety stock of each channel.
//!
//! Levels are absolute and numbered, so the newest alone matters: an older message changes nothing, and what a
//! channel missed is made good by the next one. It does not reserve anything; that is the ERP's.

use std::collections::BTreeMap;

use counterproof_contracts::{
    model::{Availability, ChannelAvailability, InventoryAdjusted, StockPublication, System, Timestamp},
    policy::AvailabilityPolicy,
    protocol::channel,
};
use serde::{Deserialize, Serialize};

use super::{
    state::Chain,
    task::{Intent, PartnerCall, Task, idempotency_key},
};

/// All that is known of a SKU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stock {
    /// As the ERP told it last.
    pub told: InventoryAdjusted,
    /// Number of that message among the SKU's.
    pub event_sequence: u64,
    /// When the stock was so.
    pub as_of: Timestamp,
    /// The chain that changed it.
    pub chain: Chain,
    /// What each channel may offer.
    pub offers: BTreeMap<System, Offer>,
}

/// What a channel may offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Units.
    pub available: i64,
    /// Number of the publication.
    pub sequence: u64,
}

/// A message of the ERP about a SKU, with its circumstances.
#[derive(Debug, Clone)]
pub struct StockNotice {
    /// What it tells.
    pub told: InventoryAdjusted,
    /// Its number among the SKU's.
    pub sequence: u64,
    /// When the stock was so.
    pub as_of: Timestamp,
    /// The chain that it belongs to.
    pub chain: Chain,
}

/// Takes a message of the ERP: what is known now, and which channels must be told. `None`: it is older than what
/// is known.
pub fn adjusted(
    before: Option<Stock>,
    notice: StockNotice,
    policy: &AvailabilityPolicy,
) -> Option<(Stock, Vec<System>)> {
    let StockNotice { told, sequence, as_of, chain } = notice;
    if before.as_ref().is_some_and(|before| sequence <= before.event_sequence) {
        return None;
    }
    let unclaimed = told.unclaimed();
    let mut offers = before.map_or_else(BTreeMap::new, |before| before.offers);
    let mut changed = Vec::new();
    for channel in AvailabilityPolicy::CHANNELS {
        let available = policy.offered(channel, unclaimed);
        let known = offers.get(&channel).copied();
        if known.is_none_or(|known| known.available != available) {
            let sequence = known.map_or(1, |known| known.sequence + 1);
            offers.insert(channel, Offer { available, sequence });
            changed.push(channel);
        }
    }
    Some((Stock { told, event_sequence: sequence, as_of, chain, offers }, changed))
}

/// The call that tells a channel what it may offer now; `None` for a channel that is told nothing.
pub fn publication(stock: &Stock, channel: System) -> Option<Task> {
    let offer = stock.offers.get(&channel)?;
    let sku = &stock.told.sku;
    let publication = StockPublication {
        sku: sku.clone(),
        sequence: offer.sequence,
        available: offer.available,
        as_of: stock.as_of,
    };
    let call = PartnerCall::new(channel::publish_stock(channel), &[sku.as_str()], &publication);
    let intent = Intent::PublishStock { channel, sequence: offer.sequence };
    let about = sku.as_str().into();
    Some(Task {
        key: idempotency_key(&about, &intent),
        order_number: about,
        intent,
        partner: channel,
        operation: call.operation.id.to_owned(),
        parameters: call.parameters,
        body: call.body,
        chain: stock.chain.clone(),
        asked_at: stock.as_of,
        number: 1,
    })
}

/// What is answered to who asks for it.
pub fn availability_view(stock: &Stock, policy: &AvailabilityPolicy) -> Availability {
    let channels = stock.offers.iter().map(|(channel, offer)| ChannelAvailability {
        channel: *channel,
        safety_stock: policy.kept_back(*channel),
        available: offer.available,
        sequence: offer.sequence,
    });
    Availability {
        sku: stock.told.sku.clone(),
        available: stock.told.unclaimed(),
        as_of: stock.as_of,
        channels: channels.collect(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use counterproof_contracts::model::StockLevel;
    use proptest::prelude::*;

    use super::*;

    fn notice(sequence: u64, on_hand: i64, reserved: i64) -> StockNotice {
        let level = StockLevel {
            node_id: "dc-north".into(),
            sku: "SKU-A".into(),
            on_hand,
            reserved,
            not_sellable: 0,
        };
        StockNotice {
            told: InventoryAdjusted { sku: "SKU-A".into(), levels: vec![level] },
            sequence,
            as_of: Timestamp::from_second(i64::try_from(sequence).unwrap()).unwrap(),
            chain: Chain { correlation: "c".into(), causation: "e".to_owned() },
        }
    }

    fn available(stock: &Stock) -> Vec<i64> {
        AvailabilityPolicy::CHANNELS.map(|channel| stock.offers[&channel].available).to_vec()
    }

    #[test]
    fn each_channel_is_offered_what_is_unclaimed_less_its_safety_stock() {
        let policy = AvailabilityPolicy::default();
        let (stock, changed) = adjusted(None, notice(1, 10, 4), &policy).unwrap();
        assert_eq!((available(&stock), changed.len()), (vec![5, 4, 6], 3));
        let (stock, changed) = adjusted(Some(stock), notice(2, 2, 1), &policy).unwrap();
        assert_eq!((available(&stock), changed.len()), (vec![0, 0, 1], 3), "never below 0");
        let (stock, changed) = adjusted(Some(stock), notice(3, 1, 0), &policy).unwrap();
        assert_eq!((available(&stock), changed), (vec![0, 0, 1], vec![]), "nobody is told what he knows");
        assert_eq!(stock.offers[&System::Pos].sequence, 2);
    }

    proptest! {
        /// Whatever the order in which messages come, and however often: the newest decides.
        #[test]
        fn the_newest_message_decides(sequences in proptest::collection::vec(1_u64..9, 1..20)) {
            let policy = AvailabilityPolicy::default();
            let mut stock = None;
            for sequence in &sequences {
                let on_hand = i64::try_from(*sequence).unwrap() * 10;
                if let Some((now, _)) = adjusted(stock.clone(), notice(*sequence, on_hand, 0), &policy) {
                    stock = Some(now);
                }
            }
            let newest = i64::try_from(*sequences.iter().max().unwrap()).unwrap();
            prop_assert_eq!(available(&stock.unwrap()), [newest * 10 - 1, newest * 10 - 2, newest * 10]);
        }
    }
}
