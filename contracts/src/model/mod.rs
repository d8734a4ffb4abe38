//! The canonical documents. Field names are the JSON names; unknown fields are tolerated on reading.

mod adjustment;
mod advance;
mod batch;
mod change;
mod exceptions;
mod exchange;
mod feed;
mod finance;
mod fulfillment;
mod ids;
mod inventory;
mod kit;
mod master;
mod money;
mod order;
mod payment;
mod promise;
mod returns;
mod status;
mod stored_value;
mod system;
mod tax;
mod terms;
mod transfer;

pub use adjustment::*;
pub use advance::*;
pub use batch::*;
pub use change::*;
pub use exceptions::*;
pub use exchange::*;
pub use feed::*;
pub use finance::*;
pub use fulfillment::*;
pub use ids::*;
pub use inventory::*;
pub use kit::*;
pub use master::*;
pub use money::*;
pub use order::*;
pub use payment::*;
pub use promise::*;
pub use returns::*;
pub use status::*;
pub use stored_value::*;
pub use system::*;
pub use tax::*;
pub use terms::*;
pub use transfer::*;

/// An instant in UTC, RFC 3339 on the wire.
pub type Timestamp = jiff::Timestamp;

/// A day of the calendar.
pub type Date = jiff::civil::Date;

/// The day of an instant, UTC.
pub fn day_of(instant: Timestamp) -> Date {
    jiff::tz::Offset::UTC.to_datetime(instant).date()
}
