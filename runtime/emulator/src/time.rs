//! WeChat's days, months and minutes. Its days are Beijing's.

use jiff::tz::{self, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// Beijing's time zone: eight hours, without summer time.
const BEIJING: SignedDuration = SignedDuration::from_hours(8);

/// The time later by that much; the end of time at most.
pub(crate) fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// The number of the day in Beijing.
pub(crate) fn beijing_day(now: Timestamp) -> i64 {
    later(now, BEIJING).as_second().div_euclid(86_400)
}

/// The year and month in Beijing.
pub(crate) fn beijing_month(now: Timestamp) -> (i16, i8) {
    let date = now.to_zoned(TimeZone::fixed(tz::offset(8))).date();
    (date.year(), date.month())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_months_turn_at_midnight_in_beijing() {
        let before: Timestamp = "2026-02-28T15:59:59Z".parse().unwrap();
        let after: Timestamp = "2026-02-28T16:00:00Z".parse().unwrap();
        assert_eq!(beijing_day(before) + 1, beijing_day(after));
        assert_eq!((beijing_month(before), beijing_month(after)), ((2026, 2), (2026, 3)));
    }
}
