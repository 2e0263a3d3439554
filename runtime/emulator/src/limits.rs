//! How often each app calls each path: by second or minute, and by day of Beijing.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::errcode::{self, Errcode};
use crate::settings::Limit;
use crate::time::beijing_day;

/// WeChat's limits of a call, and the errcodes beyond them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quota {
    /// The window of `rate`, in seconds.
    pub(crate) window: i64,
    pub(crate) rate: u32,
    pub(crate) too_fast: Errcode,
    pub(crate) daily: u32,
    pub(crate) used_up: Errcode,
}

impl Quota {
    /// For calls of which WeChat publishes no figures: high enough for anyone, and there to be lowered.
    pub(crate) const UNPUBLISHED: Self = Self {
        window: 60,
        rate: 1_000_000,
        too_fast: errcode::TOO_FREQUENT,
        daily: 100_000_000,
        used_up: errcode::PER_DAY,
    };

    pub(crate) const fn per_minute(self, rate: u32, too_fast: Errcode) -> Self {
        Self { rate, too_fast, ..self }
    }

    pub(crate) const fn per_day(self, daily: u32) -> Self {
        Self { daily, ..self }
    }

    fn limited(self, limit: Option<&Limit>) -> Self {
        let limit = limit.copied().unwrap_or_default();
        Self { rate: limit.rate.unwrap_or(self.rate), daily: limit.daily.unwrap_or(self.daily), ..self }
    }
}

/// The calls of all apps. As many entries as apps and paths.
#[derive(Debug, Default)]
pub(crate) struct Usage(HashMap<(String, &'static str), Used>);

#[derive(Debug, Default)]
struct Used {
    day: i64,
    today: u32,
    window: i64,
    in_window: u32,
}

/// How much of a quota is left.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct QuotaReport {
    /// The path, or the first of those that share the quota.
    pub path: &'static str,
    /// Calls a day.
    pub daily_limit: u32,
    /// Calls today, in Beijing.
    pub used: u32,
    /// Calls left today.
    pub remain: u32,
    /// Calls in a window.
    pub rate: u32,
    /// The seconds of a window.
    pub window: i64,
}

impl Usage {
    /// Counts a call, or tells that it is one too many.
    pub(crate) fn count(
        &mut self,
        appid: &str,
        path: &'static str,
        quota: Quota,
        limit: Option<&Limit>,
        now: Timestamp,
    ) -> Result<(), Errcode> {
        let quota = quota.limited(limit);
        let used = self.0.entry((appid.to_owned(), path)).or_default();
        used.turn(quota.window, now);
        if used.today >= quota.daily {
            return Err(quota.used_up);
        }
        if used.in_window >= quota.rate {
            return Err(quota.too_fast);
        }
        used.today += 1;
        used.in_window += 1;
        Ok(())
    }

    /// What is used and left.
    pub(crate) fn report(
        &self,
        appid: &str,
        path: &'static str,
        quota: Quota,
        limit: Option<&Limit>,
        now: Timestamp,
    ) -> QuotaReport {
        let quota = quota.limited(limit);
        let today = self.0.get(&(appid.to_owned(), path)).filter(|used| used.day == beijing_day(now));
        let used = today.map_or(0, |used| used.today);
        QuotaReport {
            path,
            daily_limit: quota.daily,
            used,
            remain: quota.daily.saturating_sub(used),
            rate: quota.rate,
            window: quota.window,
        }
    }

    /// Forgets the day of one path, or of all.
    pub(crate) fn clear(&mut self, appid: &str, path: Option<&str>) {
        self.0.retain(|(of, at), _| of != appid || path.is_some_and(|path| path != *at));
    }
}

impl Used {
    fn turn(&mut self, window: i64, now: Timestamp) {
        let (day, this_window) = (beijing_day(now), now.as_second().div_euclid(window));
        if self.day != day {
            (self.day, self.today) = (day, 0);
        }
        if self.window != this_window {
            (self.window, self.in_window) = (this_window, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_and_days_turn_and_are_cleared() {
        let mut usage = Usage::default();
        let quota = Quota::UNPUBLISHED.per_minute(2, errcode::PER_MINUTE).per_day(3);
        let call = |usage: &mut Usage, at: &str| usage.count("wx1", "/x", quota, None, at.parse().unwrap());
        assert_eq!(call(&mut usage, "2026-03-01T00:00:00Z"), Ok(()));
        assert_eq!(call(&mut usage, "2026-03-01T00:00:59Z"), Ok(()));
        assert_eq!(call(&mut usage, "2026-03-01T00:00:59Z"), Err(errcode::PER_MINUTE));
        assert_eq!(call(&mut usage, "2026-03-01T00:01:00Z"), Ok(()));
        assert_eq!(call(&mut usage, "2026-03-01T15:59:59Z"), Err(errcode::PER_DAY));
        assert_eq!(call(&mut usage, "2026-03-01T16:00:00Z"), Ok(()));
        let report = usage.report("wx1", "/x", quota, None, "2026-03-01T16:00:00Z".parse().unwrap());
        assert_eq!((report.daily_limit, report.used, report.remain), (3, 1, 2));
        usage.clear("wx2", None);
        usage.clear("wx1", Some("/y"));
        assert_eq!(usage.0.len(), 1);
        usage.clear("wx1", Some("/x"));
        assert!(usage.0.is_empty());
    }
}
