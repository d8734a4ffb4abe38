//! Price adjustments: money that goes back after the sale while the goods stay with the customer.

use serde::{Deserialize, Serialize};

use super::{LineId, Money, OrderNumber, RefundPart};

/// What is granted: an amount, or a percentage of what was paid; one of the two.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Concession {
    /// An amount, tax included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// Whole percents of what was paid, promotions taken off; rounded half up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<u32>,
}

impl Concession {
    /// How much it is where so much was paid, minor units.
    ///
    /// ```
    /// use counterproof_contracts::model::Concession;
    /// let tenth = Concession { percent: Some(10), ..Concession::default() };
    /// assert_eq!(tenth.of(4_995), 500);
    /// ```
    pub fn of(&self, paid: i64) -> i64 {
        let share = |percent: u32| {
            let product = i128::from(paid) * i128::from(percent);
            i64::try_from((product + 50).div_euclid(100)).unwrap_or(i64::MAX)
        };
        self.amount.map(|amount| amount.amount).or_else(|| self.percent.map(share)).unwrap_or(0)
    }
}

/// A line whose price is lowered afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdjustedLine {
    /// The order's line.
    pub line_id: LineId,
    /// What is granted on all units of the line that left and that the customer has, together.
    pub concession: Concession,
}

/// A lower price after the sale (appeasement): money goes back, goods do not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceAdjustment {
    /// The order.
    pub order_number: OrderNumber,
    /// Identifier, chosen by who grants it; one for each adjustment.
    pub adjustment_id: String,
    /// Why, in words.
    pub reason: String,
    /// On which lines.
    pub lines: Vec<AdjustedLine>,
    /// What is granted on the charge for shipping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping: Option<Concession>,
}

/// What a price adjustment gives back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdjustmentDecision {
    /// The order.
    pub order_number: OrderNumber,
    /// The adjustment.
    pub adjustment_id: String,
    /// What is given back in all, tax included.
    pub amount: Money,
    /// Of this, for shipping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping: Option<Money>,
    /// To whom it goes.
    pub refunds: Vec<RefundPart>,
}
