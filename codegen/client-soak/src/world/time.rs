//! The clock: what happens when, and timers.

use super::{Event, World};
use crate::dice::Dice;

/// `Date.now()` when a run begins.
const MORNING: i64 = 1_800_000_000_000;

impl World {
    /// Milliseconds since the run began.
    pub(crate) fn now(&self) -> u64 {
        self.now
    }

    /// What `Date.now()` says.
    pub(crate) fn clock(&self) -> i64 {
        MORNING + self.now as i64 + self.clock_moved
    }

    pub(crate) fn jump(&mut self, by: i64) {
        self.clock_moved += by;
    }

    pub(crate) fn random(&mut self) -> f64 {
        self.random.fraction()
    }

    pub(crate) fn schedule(&mut self, after: u64, event: Event) {
        self.sequence += 1;
        // Timers of one time keep their order; all else comes before or after them as it happens.
        let rank = match event {
            Event::Timer { .. } => 500,
            _ => Dice::new(self.seed, "rank").roll().wrapping_mul(self.sequence * 2 + 1) % 1000,
        };
        self.queue.insert((self.now + after, rank, self.sequence), event);
    }

    pub(crate) fn next_time(&self) -> Option<u64> {
        self.queue.first_key_value().map(|((time, ..), _)| *time)
    }

    pub(crate) fn pop(&mut self) -> Option<Event> {
        let ((time, ..), event) = self.queue.pop_first()?;
        self.now = time;
        Some(event)
    }

    pub(crate) fn tell(&mut self, text: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{:>9.3} s  {}", self.now as f64 / 1000.0, text()));
        }
    }

    pub(crate) fn take_trace(&mut self) -> Vec<String> {
        self.trace.take().unwrap_or_default()
    }

    /// Dice for the so-manieth time of something.
    pub(super) fn dice(&mut self, label: &str) -> Dice {
        let nth = self.nth.entry(label.to_owned()).or_default();
        *nth += 1;
        Dice::new(self.seed, &format!("{label} #{nth}"))
    }

    pub(crate) fn timer(&mut self, launch: u32, id: u32, milliseconds: u64) {
        self.schedule(milliseconds, Event::Timer { launch, id });
    }

    /// Whether the timer may fire now.
    pub(crate) fn fires(&mut self, launch: u32, id: u32) -> bool {
        if launch != self.launch {
            return false;
        }
        if self.hidden.is_some() && self.profile.sleeps {
            self.asleep.push((launch, id));
            return false;
        }
        true
    }
}
