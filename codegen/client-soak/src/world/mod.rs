//! Everything outside the client: clock, network, phone. Decides, and never calls JavaScript itself.

mod answers;
mod login;
mod phone;
mod requests;
mod time;
mod token;
mod trouble;

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use crate::counts::Counts;
use crate::dice::Dice;
use crate::failure::{Failure, Manner};
use crate::judge::Book;
use crate::profile::Profile;
use crate::server::Server;
use login::Login;
pub(crate) use requests::Open;
pub(crate) use token::Held;
pub(crate) use trouble::INJECTED;

/// What happens at a time.
#[derive(Debug)]
pub(crate) enum Event {
    Step(usize),
    AbortCall(usize),
    Timer {
        launch: u32,
        id: u32,
    },
    /// A request reaches the server.
    Arrive(usize),
    /// The callback of a request.
    Answer(usize),
    /// The same once more.
    Again(usize),
    Fail(usize, Failure, Manner),
    /// So much time has passed as the call allows.
    Deadline(usize),
    LoginAnswer {
        launch: u32,
        attempt: usize,
    },
    Over(Condition),
    /// What was in flight when the mini-program was hidden, for the time it was hidden.
    Cut(u64),
    /// From here on nothing fails any more.
    Calm,
}

/// What lasts for a while.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Condition {
    Hidden,
    Offline,
    ServerDown,
}

/// A callback to make.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) id: u32,
    pub(crate) ok: bool,
    /// Null: called with nothing.
    pub(crate) result: Value,
    pub(crate) data: Option<String>,
    pub(crate) binary: bool,
}

pub(crate) struct World {
    seed: u64,
    now: u64,
    sequence: u64,
    queue: BTreeMap<(u64, u64, u64), Event>,
    pub(crate) profile: Profile,
    pub(crate) server: Server,
    pub(crate) book: Book,
    pub(crate) counts: Counts,
    trace: Option<Vec<String>>,
    random: Dice,
    nth: BTreeMap<String, u64>,
    pub(crate) calm: bool,
    pub(crate) launch: u32,
    /// WeChat's account, which has a storage of its own.
    account: usize,
    /// Who uses the mini-program: one of three with each account.
    pub(crate) user: usize,
    /// Counts the log-outs, user switches and launches of another account.
    pub(crate) era: u64,
    pub(crate) hidden: Option<u64>,
    pub(crate) offline: bool,
    clock_moved: i64,
    storage: BTreeMap<usize, BTreeMap<String, String>>,
    requests: Vec<Open>,
    logins: Vec<Login>,
    codes_sent: HashSet<String>,
    held: Held,
    asleep: Vec<(u32, u32)>,
}

impl World {
    pub(crate) fn new(seed: u64, profile: Profile, traced: bool) -> Self {
        Self {
            seed,
            now: 0,
            sequence: 0,
            queue: BTreeMap::new(),
            server: Server::new(profile.token_life, profile.renews),
            book: Book::default(),
            counts: Counts::default(),
            trace: traced.then(Vec::new),
            random: Dice::new(seed, "Math.random"),
            nth: BTreeMap::new(),
            calm: false,
            launch: 0,
            account: 0,
            user: 0,
            era: 0,
            hidden: None,
            offline: false,
            clock_moved: 0,
            storage: BTreeMap::new(),
            requests: Vec::new(),
            logins: Vec::new(),
            codes_sent: HashSet::new(),
            held: Held::Nothing,
            asleep: Vec::new(),
            profile,
        }
    }
}
