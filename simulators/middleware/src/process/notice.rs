//! What the process of one order tells that of another. A notice is committed with the decision that it follows
//! from and taken exactly once, so that two orders never know different things of each other for long.

use counterproof_contracts::model::{Order, OrderNumber};
use serde::{Deserialize, Serialize};

use super::state::Chain;

/// What is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "tidings", rename_all = "snake_case")]
pub enum Tidings {
    /// To a replacement: it is wanted.
    Wanted {
        /// As the channel priced it.
        order: Box<Order>,
        /// It may leave before the goods are back.
        ahead: bool,
    },
    /// To a replacement: goods that came back paid of it.
    Credited {
        /// Minor units.
        amount: i64,
    },
    /// To a replacement: what goods had paid for units that are not kept is theirs again.
    TakenBack {
        /// The replacement's cancellation or receipt.
        cause: String,
    },
    /// To the order whose goods come back: the replacement is paid for, reserved and booked.
    Accepted,
    /// To the order whose goods come back: there will be no replacement.
    Refused {
        /// Why.
        reason: String,
    },
    /// To the order whose goods come back: the customer has the replacement.
    Sent,
    /// To the order whose goods come back: what paid for units of the replacement that are not kept.
    Unused {
        /// Minor units.
        amount: i64,
        /// The replacement's cancellation or receipt.
        cause: String,
    },
}

/// A notice from one order to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// Who tells.
    pub from: OrderNumber,
    /// Who is told.
    pub to: OrderNumber,
    /// Number among all that `from` tells, from 1.
    pub number: u64,
    /// The chain that both orders know.
    pub chain: Chain,
    /// What.
    pub tidings: Tidings,
}
