//! The time, as a value that can be handed around and, in tests, moved.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;

/// Where the time comes from. Clones share one clock.
///
/// ```
/// use std::time::Duration;
/// use queqiao_storage::Clock;
///
/// let clock = Clock::fixed("2026-05-01T08:00:00Z".parse()?);
/// clock.advance(Duration::from_secs(90))?;
/// assert_eq!(clock.now().to_string(), "2026-05-01T08:01:30Z");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    /// The system's time plus an offset in nanoseconds.
    Movable(Arc<AtomicU64>),
    /// A start, and the nanoseconds added to it.
    Fixed(Timestamp, Arc<AtomicU64>),
    /// Runs so many times faster than the system's since that time.
    Fast(Timestamp, u32),
}

/// Why a clock did not move.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClockError {
    /// The clock is the system's.
    #[error("this clock shows the system's time and cannot be moved: build it with Clock::movable()")]
    NotMovable,
    /// The new time would lie outside of what a timestamp can hold.
    #[error("the clock cannot be moved that far: it may show times up to the year 9999")]
    TooFar,
}

impl Clock {
    /// The system's time. [`advance`](Self::advance) is an error.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// The system's time, moved forward by what [`advance`](Self::advance) was given so far.
    pub fn movable() -> Self {
        Self(Source::Movable(Arc::default()))
    }

    /// Stands still at `start` until [`advance`](Self::advance) moves it.
    pub fn fixed(start: Timestamp) -> Self {
        Self(Source::Fixed(start, Arc::default()))
    }

    /// Shows the system's time at `origin`, and runs `speed` times faster since then: for runs in which hours are
    /// to pass in minutes. Clocks of the same two show the same time in every process of a machine.
    /// [`advance`](Self::advance) is an error.
    pub fn fast(origin: Timestamp, speed: u32) -> Self {
        Self(Source::Fast(origin, speed))
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => Timestamp::now(),
            Source::Movable(offset) => after(Timestamp::now(), offset.load(Ordering::SeqCst)),
            Source::Fixed(start, offset) => after(*start, offset.load(Ordering::SeqCst)),
            Source::Fast(origin, speed) => {
                let passed = u128::try_from(Timestamp::now().duration_since(*origin).as_nanos()).unwrap_or(0);
                after(*origin, u64::try_from(passed.saturating_mul((*speed).into())).unwrap_or(u64::MAX))
            }
        }
    }

    /// Whether [`advance`](Self::advance) works.
    pub fn is_movable(&self) -> bool {
        matches!(self.0, Source::Movable(_) | Source::Fixed(..))
    }

    /// Moves this clock and all its clones forward, and returns the new time.
    ///
    /// # Errors
    ///
    /// [`ClockError::NotMovable`] on a [`system`](Self::system) clock, [`ClockError::TooFar`] past
    /// the year 9999. The clock then stays as it was.
    pub fn advance(&self, by: Duration) -> Result<Timestamp, ClockError> {
        let (start, offset) = match &self.0 {
            Source::System | Source::Fast(..) => return Err(ClockError::NotMovable),
            Source::Movable(offset) => (Timestamp::now(), offset),
            Source::Fixed(start, offset) => (*start, offset),
        };
        let by = u64::try_from(by.as_nanos()).map_err(|_| ClockError::TooFar)?;
        let in_range = |total: u64| start.checked_add(Duration::from_nanos(total)).is_ok();
        let before = offset
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| {
                now.checked_add(by).filter(|total| in_range(*total))
            })
            .map_err(|_| ClockError::TooFar)?;
        Ok(after(start, before.saturating_add(by)))
    }
}

fn after(start: Timestamp, nanoseconds: u64) -> Timestamp {
    start.checked_add(Duration::from_nanos(nanoseconds)).unwrap_or(Timestamp::MAX)
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.0 {
            Source::System => "system",
            Source::Movable(_) => "movable",
            Source::Fixed(..) => "fixed",
            Source::Fast(..) => "fast",
        };
        write!(f, "Clock({kind}, {})", self.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn clones_share_one_offset() {
        let clock = Clock::movable();
        let clone = clock.clone();
        let before = clone.now();
        clock.advance(HOUR).unwrap();
        assert!(clone.now().duration_since(before).as_secs() >= 3600);
    }

    #[test]
    fn a_fixed_clock_stands_still() {
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let clock = Clock::fixed(start);
        assert_eq!(clock.now(), start);
        assert_eq!(clock.advance(HOUR).unwrap(), "2026-01-01T01:00:00Z".parse::<Timestamp>().unwrap());
        assert_eq!(clock.now(), "2026-01-01T01:00:00Z".parse::<Timestamp>().unwrap());
    }

    #[test]
    fn a_fast_clock_runs_fast_from_its_origin_on() {
        let origin = Timestamp::now() - jiff::SignedDuration::from_secs(10);
        let passed = Clock::fast(origin, 100).now().duration_since(origin).as_secs();
        assert!((1000..2000).contains(&passed), "{passed}");
        assert!(!Clock::fast(origin, 100).is_movable());
        let future = Timestamp::now() + HOUR;
        assert_eq!(Clock::fast(future, 100).now(), future);
    }

    #[test]
    fn the_system_clock_refuses_to_move() {
        assert_eq!(Clock::system().advance(HOUR), Err(ClockError::NotMovable));
        assert!(!Clock::system().is_movable());
        assert!(Clock::movable().is_movable());
    }

    #[test]
    fn too_far_is_an_error_and_changes_nothing() {
        let clock = Clock::fixed(Timestamp::MAX);
        assert_eq!(clock.advance(HOUR), Err(ClockError::TooFar));
        assert_eq!(clock.now(), Timestamp::MAX);
        let clock = Clock::movable();
        assert_eq!(clock.advance(Duration::MAX), Err(ClockError::TooFar));
        assert!(clock.now().duration_since(Timestamp::now()).as_secs().abs() < 5);
    }
}
