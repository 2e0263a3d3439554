//! The pushes so far, for people and tests.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use super::event::Event;

/// Pushes remembered.
const REMEMBERED: usize = 200;

/// One message or event, and how its delivery went.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Delivery {
    /// Counts up from 1.
    pub number: u64,
    /// The emulator's time.
    pub at: Timestamp,
    /// The app.
    pub appid: String,
    /// The user whom it is about, by name.
    pub user: Option<String>,
    /// The event's name, or the message's type.
    pub name: String,
    /// The fields, as its JSON has them.
    pub message: Map<String, Value>,
    /// The attempts, three at most.
    pub attempts: Vec<Attempt>,
    /// How it ended.
    pub outcome: Outcome,
}

/// One attempt at a delivery.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Attempt {
    /// Where it went.
    pub url: String,
    /// How long it took, in milliseconds of real time.
    pub milliseconds: u64,
    /// The HTTP status of the answer.
    pub status: Option<u16>,
    /// The beginning of the answer, as it came.
    pub answer: String,
    /// What went wrong.
    pub error: Option<String>,
}

/// How a delivery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is still being delivered.
    UnderWay,
    /// Answered with `success` or nothing.
    Answered,
    /// Answered with a message for the user.
    Replied,
    /// Answered with something else: the user is told that the mini-program cannot be reached.
    Invalid,
    /// Not answered in time in any of three attempts.
    GivenUp,
}

#[derive(Debug, Default)]
pub(crate) struct Log {
    total: u64,
    deliveries: VecDeque<Delivery>,
}

impl Log {
    pub(super) fn begin(&mut self, event: &Event, at: Timestamp) -> u64 {
        self.total += 1;
        if self.deliveries.len() >= REMEMBERED {
            self.deliveries.pop_back();
        }
        self.deliveries.push_front(Delivery {
            number: self.total,
            at,
            appid: event.appid.clone(),
            user: event.user.clone(),
            name: event.name.clone(),
            message: event.json.clone(),
            attempts: Vec::new(),
            outcome: Outcome::UnderWay,
        });
        self.total
    }

    /// The delivery of that number, unless it is forgotten.
    pub(super) fn get(&mut self, number: u64) -> Option<&mut Delivery> {
        self.deliveries.iter_mut().find(|delivery| delivery.number == number)
    }

    /// The deliveries, newest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Delivery> {
        self.deliveries.iter()
    }
}
