//! Everything that the emulator remembers, in one place behind one lock. Each part is bounded.

use std::collections::{HashMap, HashSet};

use fastrand::Rng;
use jiff::Timestamp;

use crate::api::{Links, Media, Template};
use crate::calls::Calls;
use crate::codes::Codes;
use crate::fault::Faults;
use crate::inbox::Inbox;
use crate::limits::Usage;
use crate::push::{Event, Log, Push};
use crate::settings::{AppSettings, Settings};
use crate::tokens::Tokens;
use crate::userdata::Encrypted;
use crate::users::Users;

/// Templates that an app learns by being asked for them; then unknown ones are refused.
const LEARNED: usize = 1_000;

/// Events on their way at most, so that a media check in a loop does not fill the memory.
pub(crate) const PLANNED: usize = 10_000;

/// The state.
#[derive(Debug)]
pub(crate) struct State {
    /// Makes ids and secrets.
    pub(crate) rng: Rng,
    /// Decides about faults, apart: how many ids were made changes nothing there.
    pub(crate) fault_rng: Rng,
    pub(crate) settings: Settings,
    pub(crate) apps: HashMap<String, OfApp>,
    pub(crate) codes: Codes,
    pub(crate) tokens: Tokens,
    pub(crate) users: Users,
    pub(crate) usage: Usage,
    pub(crate) calls: Calls,
    pub(crate) faults: Faults,
    pub(crate) encrypted: Encrypted,
    pub(crate) inbox: Inbox,
    pub(crate) links: Links,
    pub(crate) media: Media,
    pub(crate) pushes: Log,
    /// The openids to which a subscribe message is being sent.
    pub(crate) sending: HashSet<String>,
    /// Events that the current call caused, and when they are due.
    pub(crate) queue: Vec<(Timestamp, Event)>,
    /// Events that were taken from the queue and are not delivered yet.
    pub(crate) planned: usize,
}

/// What belongs to one app.
#[derive(Debug, Default)]
pub(crate) struct OfApp {
    pub(crate) settings: AppSettings,
    pub(crate) push: Option<Push>,
    pub(crate) templates: Vec<Template>,
    pub(crate) clearings: Monthly,
    pub(crate) api_clearings: Monthly,
    /// Codes out of the pool.
    pub(crate) codes_made: u32,
    pub(crate) permanent_links: u32,
}

/// A count that begins anew each month.
#[derive(Debug, Default)]
pub(crate) struct Monthly {
    month: (i16, i8),
    count: u32,
}

impl State {
    pub(crate) fn new(seed: u64, settings: Settings) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            fault_rng: Rng::with_seed(!seed),
            settings,
            apps: HashMap::new(),
            codes: Codes::default(),
            tokens: Tokens::default(),
            users: Users::default(),
            usage: Usage::default(),
            calls: Calls::default(),
            faults: Faults::default(),
            encrypted: Encrypted::default(),
            inbox: Inbox::default(),
            links: Links::default(),
            media: Media::default(),
            pushes: Log::default(),
            sending: HashSet::new(),
            queue: Vec::new(),
            planned: 0,
        }
    }

    /// Keeps an event for delivery, if its app wants pushes.
    pub(crate) fn push(&mut self, due: Timestamp, event: Event) {
        if self.apps.get(&event.appid).is_none_or(|app| app.push.is_none()) {
            return;
        }
        match self.planned + self.queue.len() < PLANNED {
            true => self.queue.push((due, event)),
            false => {
                tracing::warn!(event = event.name, "too many pushes are on their way; this one is dropped")
            }
        }
    }
}

impl OfApp {
    /// A template that nobody told of: with any keys, each by the rule of its type.
    pub(crate) fn learn(&mut self, id: &str) -> Option<&Template> {
        let template = Template::new(id, []);
        if self.templates.len() >= LEARNED || template.check().is_err() {
            return None;
        }
        self.templates.push(template);
        self.templates.last()
    }
}

impl Monthly {
    /// Counts one, unless there were enough this month.
    pub(crate) fn count(&mut self, month: (i16, i8), most: u32) -> bool {
        if self.month != month {
            *self = Self { month, count: 0 };
        }
        let fits = self.count < most;
        self.count += u32::from(fits);
        fits
    }
}
