//! Business metrics: what is measured of a run, in which unit, and the thresholds that a retailer declares.
//!
//! Nothing is measured here. A metric is a number to watch and no law: it says how fast or how often, and only a
//! declared threshold makes a gate of it.

use serde::{Deserialize, Serialize};

use crate::model::System;

/// What a metric's numbers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Times in milliseconds, told as percentiles.
    Time,
    /// How many there were.
    Count,
    /// Parts in a hundred.
    Share,
}

/// What is measured, for each channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// From an order's placement to the answer that the channel had to it.
    OrderAnswer,
    /// From an order's placement to its booking in the ERP.
    OrderAcknowledgment,
    /// From a parcel's departure to its being shown by the order's channel.
    ShipmentNotification,
    /// From the arrival of returned goods to the customer's having the money, or the store credit.
    ReturnToRefund,
    /// From a stock level to its being shown by the channel.
    StockLag,
    /// Calls of the implementation that repeated an earlier one.
    Retries,
    /// Messages that were given up.
    DeadLetters,
    /// Of the dead letters that were tried again, those that were gone afterwards.
    ReplaySuccess,
    /// Calls that the implementation answered with a problem, by who called.
    ApiErrors,
    /// Refunds that were begun and had not ended with the customer's money or credit when all was over.
    UnreconciledRefunds,
    /// Invoices without sales tax document, and the reverse, when all was over.
    UnreconciledTaxes,
}

impl Metric {
    /// Every metric.
    pub const ALL: [Self; 11] = [
        Self::OrderAnswer,
        Self::OrderAcknowledgment,
        Self::ShipmentNotification,
        Self::ReturnToRefund,
        Self::StockLag,
        Self::Retries,
        Self::DeadLetters,
        Self::ReplaySuccess,
        Self::ApiErrors,
        Self::UnreconciledRefunds,
        Self::UnreconciledTaxes,
    ];

    /// As policies and journals write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OrderAnswer => "order_answer",
            Self::OrderAcknowledgment => "order_acknowledgment",
            Self::ShipmentNotification => "shipment_notification",
            Self::ReturnToRefund => "return_to_refund",
            Self::StockLag => "stock_lag",
            Self::Retries => "retries",
            Self::DeadLetters => "dead_letters",
            Self::ReplaySuccess => "replay_success",
            Self::ApiErrors => "api_errors",
            Self::UnreconciledRefunds => "unreconciled_refunds",
            Self::UnreconciledTaxes => "unreconciled_taxes",
        }
    }

    /// What its numbers are.
    pub const fn measure(self) -> Measure {
        match self {
            Self::OrderAnswer
            | Self::OrderAcknowledgment
            | Self::ShipmentNotification
            | Self::ReturnToRefund
            | Self::StockLag => Measure::Time,
            Self::ReplaySuccess => Measure::Share,
            Self::Retries
            | Self::DeadLetters
            | Self::ApiErrors
            | Self::UnreconciledRefunds
            | Self::UnreconciledTaxes => Measure::Count,
        }
    }
}

/// A unit of a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Milliseconds.
    Ms,
    /// Seconds.
    S,
    /// Minutes.
    Min,
    /// Hours.
    H,
    /// Pieces.
    Count,
    /// Parts in a hundred.
    Percent,
}

impl Unit {
    /// What can be told in it.
    const fn measure(self) -> Measure {
        match self {
            Self::Ms | Self::S | Self::Min | Self::H => Measure::Time,
            Self::Count => Measure::Count,
            Self::Percent => Measure::Share,
        }
    }

    /// How much of what is measured one of it is.
    const fn size(self) -> u64 {
        match self {
            Self::Ms | Self::Count | Self::Percent => 1,
            Self::S => 1000,
            Self::Min => 60 * 1000,
            Self::H => 3600 * 1000,
        }
    }
}

/// Which of the measured times is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Percentile {
    /// Half of them are no longer.
    P50,
    /// 9 in 10 are no longer.
    P90,
    /// 99 in 100 are no longer.
    P99,
    /// None is longer.
    #[default]
    Max,
}

/// A bound that a retailer declares for a metric. A run that misses one ends with its own exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// What.
    pub metric: Metric,
    /// Of which channel; of each, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<System>,
    /// Which of the times; for times only.
    #[serde(default)]
    pub percentile: Percentile,
    /// No more than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<u64>,
    /// No less than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<u64>,
    /// In which unit the bounds are.
    pub unit: Unit,
}

/// Why a threshold is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ThresholdError {
    /// The unit is one of something else.
    #[error("thresholds[{place}].unit: {metric} is not told in this unit; want {wanted}")]
    Unit {
        /// Which threshold, from 0.
        place: usize,
        /// Of which metric.
        metric: &'static str,
        /// Units that fit.
        wanted: &'static str,
    },
    /// No bound.
    #[error("thresholds[{place}]: wants at_most, at_least or both, and the first no less than the second")]
    Bounds {
        /// Which threshold, from 0.
        place: usize,
    },
}

impl Threshold {
    /// Checks thresholds; everything that is wrong is told at once.
    pub fn check(thresholds: &[Self]) -> Result<(), Vec<ThresholdError>> {
        let mut problems = Vec::new();
        for (place, threshold) in thresholds.iter().enumerate() {
            let measure = threshold.metric.measure();
            if threshold.unit.measure() != measure {
                let wanted = match measure {
                    Measure::Time => "ms, s, min or h",
                    Measure::Count => "count",
                    Measure::Share => "percent",
                };
                problems.push(ThresholdError::Unit { place, metric: threshold.metric.name(), wanted });
            }
            let sensible = match (threshold.at_least, threshold.at_most) {
                (None, None) => false,
                (Some(least), Some(most)) => least <= most,
                _ => true,
            };
            if !sensible {
                problems.push(ThresholdError::Bounds { place });
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// Whether it concerns what was measured of a channel.
    pub fn concerns(&self, metric: Metric, channel: System) -> bool {
        self.metric == metric && self.channel.is_none_or(|only| only == channel)
    }

    /// The bound that a number misses, in the number's own unit (milliseconds, pieces, parts in a hundred).
    pub fn missed_by(&self, number: u64) -> Option<Missed> {
        let bound = |bound: u64| bound.saturating_mul(self.unit.size());
        let above = self.at_most.map(bound).filter(|most| number > *most).map(Missed::AtMost);
        above.or_else(|| self.at_least.map(bound).filter(|least| number < *least).map(Missed::AtLeast))
    }
}

/// A bound that was missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    /// It should have been no more than this.
    AtMost(u64),
    /// It should have been no less than this.
    AtLeast(u64),
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use super::*;

    fn read(text: &str) -> Result<Vec<Threshold>, String> {
        let read: Vec<Threshold> = serde_json::from_str(text).map_err(|error| error.to_string())?;
        Threshold::check(&read)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect::<String>())?;
        Ok(read)
    }

    #[test]
    fn names_are_those_of_the_wire() {
        for metric in Metric::ALL {
            assert_eq!(serde_json::to_value(metric).unwrap(), metric.name());
        }
    }

    #[test]
    fn a_bound_is_missed_in_the_unit_of_the_number() {
        let read = read(
            r#"[{"metric":"order_answer","channel":"pos","percentile":"p99","at_most":2,"unit":"s"},
                {"metric":"replay_success","at_least":99,"unit":"percent"}]"#,
        );
        let [answer, replays] = read.unwrap()[..] else { panic!("two") };
        assert_eq!((answer.missed_by(2000), answer.missed_by(2001)), (None, Some(Missed::AtMost(2000))));
        assert_eq!((replays.missed_by(100), replays.missed_by(98)), (None, Some(Missed::AtLeast(99))));
        assert!(answer.concerns(Metric::OrderAnswer, System::Pos));
        assert!(!answer.concerns(Metric::OrderAnswer, System::Storefront));
        assert!(replays.concerns(Metric::ReplaySuccess, System::Storefront));
    }

    #[test]
    fn unknown_metrics_and_units_that_do_not_fit_are_refused_with_their_place() {
        let unknown = read("[\n {\"metric\":\"happiness\",\"at_most\":1,\"unit\":\"s\"}]").unwrap_err();
        assert!(unknown.contains("happiness") && unknown.contains("line 2"), "{unknown}");
        let unit = read(r#"[{"metric":"retries","at_most":1,"unit":"parsec"}]"#).unwrap_err();
        assert!(unit.contains("parsec"), "{unit}");
        assert_eq!(
            read(r#"[{"metric":"retries","at_most":1,"unit":"s"}]"#).unwrap_err(),
            "thresholds[0].unit: retries is not told in this unit; want count"
        );
        let bounds = "thresholds[0]: wants at_most, at_least or both, and the first no less than the second";
        assert_eq!(read(r#"[{"metric":"retries","unit":"count"}]"#).unwrap_err(), bounds);
        let crossed = r#"[{"metric":"retries","at_least":2,"at_most":1,"unit":"count"}]"#;
        assert_eq!(read(crossed).unwrap_err(), bounds);
    }
}
