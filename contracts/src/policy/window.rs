//! Until when goods may be returned.

use jiff::{
    SignedDuration,
    civil::{Date, Time},
    tz::Offset,
};
use serde::{Deserialize, Serialize};

use crate::model::Timestamp;

/// A day of each year, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MonthDay {
    /// 1 to 12.
    pub month: i8,
    /// 1 to 31.
    pub day: i8,
}

/// A time of each year whose parcels may be returned for longer, as before holidays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnSeason {
    /// The first day on which such parcels leave.
    pub first: MonthDay,
    /// The last.
    pub last: MonthDay,
    /// The day, of the same year or the next, up to whose end they may be returned.
    pub returnable_until: MonthDay,
}

impl MonthDay {
    fn of(date: Date) -> Self {
        Self { month: date.month(), day: date.day() }
    }

    /// The end of this day, for the first time after a date.
    fn end_after(self, date: Date) -> Option<Timestamp> {
        let year = if Self::of(date) <= self { date.year() } else { date.year().checked_add(1)? };
        let day = Date::new(year, self.month, self.day).ok()?;
        let end = Offset::UTC.to_timestamp(day.tomorrow().ok()?.to_datetime(Time::midnight())).ok()?;
        end.checked_sub(SignedDuration::from_nanos(1)).ok()
    }
}

impl ReturnSeason {
    /// Until when what left then may be returned; nothing outside the season. A season may begin in one year and end in
    /// the next.
    pub(super) fn returnable_until(self, left: Timestamp) -> Option<Timestamp> {
        let date = Offset::UTC.to_datetime(left).date();
        let day = MonthDay::of(date);
        let within = if self.first <= self.last {
            self.first <= day && day <= self.last
        } else {
            self.first <= day || day <= self.last
        };
        if within { self.returnable_until.end_after(date) } else { None }
    }
}

/// So many days of 24 hours later.
pub(super) fn after_days(left: Timestamp, days: u32) -> Timestamp {
    left.checked_add(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::{MonthDay, ReturnSeason};
    use crate::{
        model::{SalesChannel, Timestamp},
        policy::Policy,
    };

    fn until(channel: SalesChannel, left: &str) -> Option<String> {
        let left: Timestamp = left.parse().ok()?;
        Some(Policy::default().returnable_until(channel, left).to_string())
    }

    #[test]
    fn a_channel_s_days_count_and_a_season_makes_them_more_and_never_fewer() {
        let web = |left| until(SalesChannel::Web, left);
        assert_eq!(web("2026-11-30T23:59:59Z").as_deref(), Some("2026-12-30T23:59:59Z"));
        assert_eq!(web("2026-12-01T00:00:00Z").as_deref(), Some("2027-01-31T23:59:59.999999999Z"));
        assert_eq!(web("2026-12-24T23:59:59Z").as_deref(), Some("2027-01-31T23:59:59.999999999Z"));
        assert_eq!(web("2026-12-25T00:00:00Z").as_deref(), Some("2027-01-24T00:00:00Z"));
        let store = |left| until(SalesChannel::Store, left);
        assert_eq!(store("2026-11-30T12:00:00Z").as_deref(), Some("2026-12-14T12:00:00Z"));
        assert_eq!(store("2026-12-02T12:00:00Z").as_deref(), Some("2027-01-31T23:59:59.999999999Z"));
    }

    #[test]
    fn a_season_over_the_turn_of_the_year_ends_in_the_year_in_which_the_goods_left() {
        let day = |month, day| MonthDay { month, day };
        let season = ReturnSeason { first: day(12, 20), last: day(1, 5), returnable_until: day(2, 10) };
        let until = |left: &str| {
            let left: Timestamp = left.parse().ok()?;
            season.returnable_until(left).map(|until| until.to_string())
        };
        assert_eq!(until("2026-12-31T12:00:00Z").as_deref(), Some("2027-02-10T23:59:59.999999999Z"));
        assert_eq!(until("2027-01-05T12:00:00Z").as_deref(), Some("2027-02-10T23:59:59.999999999Z"));
        assert_eq!(until("2027-01-06T12:00:00Z"), None);
    }

    #[test]
    fn a_day_that_does_not_exist_extends_nothing() {
        let never = MonthDay { month: 2, day: 30 };
        let season =
            ReturnSeason { first: MonthDay { month: 1, day: 1 }, last: never, returnable_until: never };
        assert_eq!("2026-01-05T00:00:00Z".parse().ok().and_then(|left| season.returnable_until(left)), None);
    }
}
