//! Everything outside the client: clock, network, phone. Decides, and never calls JavaScript itself.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value, json};

use crate::contract::{RENEWAL, SERVER};
use crate::counts::Counts;
use crate::dice::Dice;
use crate::failure::{self, Failure, Manner};
use crate::judge::Book;
use crate::profile::{Abort, Case, Profile, Storage};
use crate::rules::Rule;
use crate::server::{Request, Response, Server, problem};

/// After so many milliseconds in the background, what is in flight is interrupted.
const BACKGROUND: u64 = 5_000;
/// How long a client may take an aborted request of a silent host for running.
const ABORT_GRACE: u64 = 1_000;
/// `Date.now()` when a run begins.
const MORNING: i64 = 1_800_000_000_000;

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

/// Failures that `fail` does not tell.
pub(crate) const INJECTED: [&str; 27] = [
    "410 client.too_old",
    "429 with Retry-After",
    "500",
    "500 after execution",
    "502 (HTML)",
    "503",
    "504 after execution",
    "JSON cut off",
    "answer after an abort",
    "byte order mark",
    "callback comes twice",
    "captive portal (HTML with 200)",
    "empty body",
    "no callback after an abort",
    "no data (Taro)",
    "request aborted",
    "request throws",
    "server down",
    "slow answer",
    "something else in storage",
    "storage full",
    "storage throws",
    "wx.login answers twice",
    "wx.login never answers",
    "wx.login slow",
    "wx.login throws",
    "wx.login without a code",
];

/// What comes between a request and its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    None,
    Throws,
    AtOnce,
    Domain,
    DroppedBefore,
    DroppedAfter,
    /// A page of the hotel's network in place of the answer.
    Portal,
    Truncated,
    NoData,
    Empty,
    ByteOrderMark,
    Slow,
    Status {
        status: u16,
        executed: bool,
    },
    TooOld,
}

impl Trouble {
    fn word(self) -> Option<&'static str> {
        Some(match self {
            // Those that are counted as failures.
            Self::None | Self::AtOnce | Self::Domain | Self::DroppedBefore | Self::DroppedAfter => {
                return None;
            }
            Self::Throws => "request throws",
            Self::Portal => "captive portal (HTML with 200)",
            Self::Truncated => "JSON cut off",
            Self::NoData => "no data (Taro)",
            Self::Empty => "empty body",
            Self::ByteOrderMark => "byte order mark",
            Self::Slow => "slow answer",
            Self::Status { status: 429, .. } => "429 with Retry-After",
            Self::Status { status: 500, executed: true } => "500 after execution",
            Self::Status { status: 500, .. } => "500",
            Self::Status { status: 502, .. } => "502 (HTML)",
            Self::Status { status: 503, .. } => "503",
            Self::Status { .. } => "504 after execution",
            Self::TooOld => "410 client.too_old",
        })
    }
}

/// A request under way, or ended.
#[derive(Debug)]
pub(crate) struct Open {
    launch: u32,
    id: u32,
    pub(crate) request: Request,
    /// The login that it is the exchange of.
    login: Option<usize>,
    binary: bool,
    trouble: Trouble,
    manner: Manner,
    back: u64,
    response: Option<Response>,
    /// Its first callback was called.
    ended: bool,
    aborted: Option<u64>,
}

/// One `wx.login` and the exchange of its code.
#[derive(Debug)]
struct Login {
    launch: u32,
    id: u32,
    started: u64,
    era: u64,
    phase: Phase,
    code: String,
    failure: Option<Manner>,
    again: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Waiting,
    Coded,
    Exchanging,
    Over,
}

/// The token that the client should hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Held {
    Nothing,
    Token(String),
    Unsure,
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

    // Time.

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
    fn dice(&mut self, label: &str) -> Dice {
        let nth = self.nth.entry(label.to_owned()).or_default();
        *nth += 1;
        Dice::new(self.seed, &format!("{label} #{nth}"))
    }

    // Timers.

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

    // The phone.

    pub(crate) fn hide(&mut self) {
        self.hidden = Some(self.sequence);
        self.schedule(BACKGROUND, Event::Cut(self.sequence));
    }

    pub(crate) fn show(&mut self) {
        self.hidden = None;
        for (launch, id) in std::mem::take(&mut self.asleep) {
            self.schedule(0, Event::Timer { launch, id });
        }
    }

    /// Everything in flight fails, if the mini-program is hidden since.
    pub(crate) fn cut(&mut self, since: u64) {
        if self.hidden != Some(since) {
            return;
        }
        for index in 0..self.requests.len() {
            let open = &self.requests[index];
            if open.launch == self.launch && !open.ended && open.aborted.is_none() {
                let manner = open.manner;
                self.schedule(0, Event::Fail(index, failure::INTERRUPTED, manner));
            }
        }
    }

    pub(crate) fn clear_storage(&mut self) {
        self.storage.remove(&self.account);
    }

    /// A new launch: what was in flight has nobody left who waits for it.
    pub(crate) fn restart(&mut self, other: bool) {
        self.launch += 1;
        if other {
            self.account += 1;
            self.user = self.account * 3;
            self.era += 1;
            self.book.left = self.era;
        }
        self.held = Held::Unsure;
        self.hidden = None;
        self.asleep.clear();
        self.book.forget_launch();
    }

    pub(crate) fn new_era(&mut self) {
        self.era += 1;
        self.held = Held::Unsure;
    }

    /// Another person takes the phone, and the client is told so: what comes from here on is theirs.
    pub(crate) fn switch_user(&mut self) {
        self.new_era();
        self.user = self.account * 3 + (self.user + 1) % 3;
        self.held = Held::Nothing;
        self.book.left = self.era;
    }

    pub(crate) fn storage(&mut self, name: &str, key: &str, value: &str) -> String {
        let manner = self.profile.storage;
        if manner == Storage::Throws {
            self.counts.failure("storage throws");
            return json!({ "throws": format!("{name}StorageSync:fail") }).to_string();
        }
        let stored = self.storage.entry(self.account).or_default();
        match name {
            "get" if manner == Storage::Garbage => {
                self.counts.failure("something else in storage");
                let garbage = [json!(42), json!({ "token": 1 }), json!("garbage"), json!(true), Value::Null];
                let value = garbage[(self.sequence % 5) as usize].clone();
                return json!({ "value": value }).to_string();
            }
            "get" => {
                let value = stored.get(key).and_then(|text| serde_json::from_str(text).ok());
                return json!({ "value": value.unwrap_or(json!("")) }).to_string();
            }
            "set" if manner == Storage::Full => {
                self.counts.failure("storage full");
                return json!({ "throws": "setStorageSync:fail exceed storage max size" }).to_string();
            }
            "set" => drop(stored.insert(key.to_owned(), value.to_owned())),
            _ => drop(stored.remove(key)),
        }
        "{}".to_owned()
    }

    // wx.login.

    pub(crate) fn log_in(&mut self, launch: u32, id: u32) -> String {
        if launch != self.launch {
            return String::new();
        }
        self.counts.logins += 1;
        self.tell(|| "wx.login".to_owned());
        self.judge_login();
        let mut dice = self.dice("wx.login");
        let troubled = !self.calm && dice.chance(self.profile.trouble);
        let manner = Manner::draw(&mut dice);
        let trouble = if troubled { dice.below(6) } else { 6 };
        let after = dice.of(&[0, 1, 20, 20, 300]);
        let attempt = self.logins.len();
        let mut login = Login {
            launch,
            id,
            started: self.now,
            era: self.era,
            phase: Phase::Waiting,
            code: self.server.issue_code(self.user, self.era, self.now),
            failure: None,
            again: self.profile.twice,
        };
        let mut answers = Some(after);
        let mut at_once = String::new();
        if self.hidden.is_some() {
            self.count(failure::REFUSED, manner);
            login.failure = Some(manner);
        } else {
            match trouble {
                0 => {
                    self.count(failure::LOGIN, manner);
                    login.failure = Some(manner);
                }
                1 => {
                    self.counts.failure("wx.login throws");
                    login.phase = Phase::Over;
                    answers = None;
                    at_once = json!({ "throws": "login:fail" }).to_string();
                }
                2 => {
                    self.counts.failure("wx.login without a code");
                    login.code.clear();
                }
                3 => {
                    self.counts.failure("wx.login never answers");
                    answers = None;
                }
                4 => {
                    self.counts.failure("wx.login slow");
                    answers = Some(40_000 + dice.below(30_000));
                }
                5 => {
                    self.counts.failure("wx.login answers twice");
                    login.again = true;
                }
                _ => {}
            }
        }
        self.logins.push(login);
        if let Some(after) = answers {
            self.schedule(after, Event::LoginAnswer { launch, attempt });
        }
        at_once
    }

    fn judge_login(&mut self) {
        let (launch, now, era) = (self.launch, self.now, self.era);
        let under_way = self.logins.iter().any(|login| {
            login.launch == launch
                && match login.phase {
                    Phase::Over => false,
                    // After a log-out nobody waits for it, though a host without tasks goes on with it.
                    Phase::Exchanging => login.era == era,
                    // The client may give up wx.login after a minute, and a code after a log-out.
                    Phase::Waiting => now < login.started + 60_000,
                    Phase::Coded => now < login.started + 60_000 && login.era == era,
                }
        });
        if under_way {
            self.violate(Rule::OneLogin, "wx.login while another login is under way".to_owned());
        }
        if let Held::Token(token) = self.held.clone() {
            self.violate(
                Rule::NeededLogin,
                format!("wx.login although {token} has neither been refused nor given up"),
            );
        }
    }

    pub(crate) fn login_answer(&mut self, attempt: usize) -> Vec<Delivery> {
        let login = &mut self.logins[attempt];
        if login.launch != self.launch {
            return Vec::new();
        }
        let (id, code) = (login.id, login.code.clone());
        let failed = login.failure.map(|manner| failure::LOGIN.result(manner));
        login.phase = if failed.is_none() && !code.is_empty() { Phase::Coded } else { Phase::Over };
        let again = login.again;
        let told = if failed.is_none() { format!("wx.login gives {code}") } else { "wx.login fails".into() };
        self.tell(|| told);
        let result = failed.clone().unwrap_or(json!({ "errMsg": "login:ok", "code": code }));
        let delivery = Delivery { id, ok: failed.is_none(), result, data: None, binary: false };
        if again { vec![delivery.clone(), delivery] } else { vec![delivery] }
    }

    // The network.

    fn count(&mut self, failure: Failure, manner: Manner) {
        self.counts.told(failure.name, manner.word());
    }

    /// Requests that the host works at.
    fn in_flight(&self) -> usize {
        let launch = self.launch;
        let running = |open: &&Open| open.launch == launch && !open.ended && open.aborted.is_none();
        self.requests.iter().filter(running).count()
    }

    /// Requests that the client must take for running.
    pub(crate) fn occupied(&self) -> usize {
        let (launch, now) = (self.launch, self.now);
        let held = |open: &&Open| {
            let given_up = open.aborted.is_some_and(|at| now >= at + ABORT_GRACE);
            open.launch == launch && !open.ended && !given_up
        };
        self.requests.iter().filter(held).count()
    }

    pub(crate) fn start(&mut self, launch: u32, id: u32, name: &str, text: &str) -> String {
        if launch != self.launch {
            return String::new();
        }
        let asked: Value = serde_json::from_str(text).unwrap_or_default();
        let field = |key: &str| asked[key].as_str().unwrap_or_default().to_owned();
        let header = |key: &str| asked["header"][key].as_str().map(str::to_owned);
        let url = field("url");
        let path = url.strip_prefix(SERVER).unwrap_or(&url).to_owned();
        let request = Request {
            method: field("method"),
            path: path.clone(),
            token: header("authorization")
                .map(|value| value.strip_prefix("Bearer ").unwrap_or(&value).to_owned()),
            call: header("x-call").and_then(|call| call.parse().ok()),
            key: header("idempotency-key"),
            body: field("body"),
        };
        self.counts.requests += 1;
        self.tell(|| {
            let call = request.call.map_or(String::new(), |call| format!(" of call {call}"));
            let token = request.token.as_deref().unwrap_or("no token");
            format!("{name} {} {path}{call} with {token}", request.method)
        });
        let login = self.judge_request(&request);
        if path == "/auth/logout" {
            self.held = Held::Unsure;
        }
        let limit = self.profile.concurrency.min(10) as usize;
        let full = self.in_flight() >= limit;
        if full {
            self.violate(Rule::TenInFlight, format!("{} {path} is one more than {limit}", request.method));
        }
        let label = request.call.map_or_else(|| path.clone(), |call| format!("call {call}"));
        let mut dice = self.dice(&label);
        let manner = Manner::draw(&mut dice);
        let binary = asked["binary"] == true || name == "downloadFile";
        let trouble = self.draw_trouble(&mut dice, binary);
        let (there, back) = (dice.of(&[0, 1, 5, 20, 20, 60, 300]), dice.of(&[0, 1, 5, 20, 20, 60, 300]));
        let index = self.requests.len();
        self.requests.push(Open {
            launch,
            id,
            request,
            login,
            binary,
            trouble,
            manner,
            back: if trouble == Trouble::Slow { 30_000 + dice.below(60_000) } else { back },
            response: None,
            ended: false,
            aborted: None,
        });
        let refused = if full && self.profile.eleventh_fails {
            Some(failure::ELEVENTH)
        } else if self.hidden.is_some() {
            Some(failure::REFUSED)
        } else if self.offline {
            Some(failure::OFFLINE)
        } else if trouble == Trouble::Domain {
            Some(failure::DOMAIN)
        } else {
            None
        };
        if let Some(failure) = refused {
            self.schedule(dice.of(&[0, 1]), Event::Fail(index, failure, manner));
            return String::new();
        }
        if let Some(word) = trouble.word() {
            self.counts.failure(word);
        }
        match trouble {
            Trouble::Throws => {
                self.end(index);
                return json!({ "throws": "request:fail invalid url" }).to_string();
            }
            Trouble::AtOnce => {
                self.count(failure::AT_ONCE, manner);
                self.tell(|| "  fails before it returns".to_owned());
                self.end(index);
                return json!({ "fail": failure::AT_ONCE.result(manner) }).to_string();
            }
            Trouble::DroppedBefore => {
                self.schedule(there + back, Event::Fail(index, failure::DROPPED_BEFORE, manner));
            }
            _ => self.schedule(there, Event::Arrive(index)),
        }
        let timeout = asked["timeout"].as_u64().unwrap_or(60_000).min(60_000);
        self.schedule(timeout, Event::Deadline(index));
        String::new()
    }

    fn draw_trouble(&self, dice: &mut Dice, binary: bool) -> Trouble {
        if self.calm || !dice.chance(self.profile.trouble) {
            return Trouble::None;
        }
        let trouble = dice.weighted(&[
            (2, Trouble::Throws),
            (2, Trouble::AtOnce),
            (2, Trouble::Domain),
            (6, Trouble::DroppedBefore),
            (8, Trouble::DroppedAfter),
            (2, Trouble::Portal),
            (2, Trouble::Truncated),
            (1, Trouble::NoData),
            (1, Trouble::Empty),
            (2, Trouble::ByteOrderMark),
            (4, Trouble::Slow),
            (3, Trouble::Status { status: 429, executed: false }),
            (2, Trouble::Status { status: 500, executed: true }),
            (1, Trouble::Status { status: 500, executed: false }),
            (3, Trouble::Status { status: 502, executed: false }),
            (3, Trouble::Status { status: 503, executed: false }),
            (3, Trouble::Status { status: 504, executed: true }),
            (1, Trouble::TooOld),
        ]);
        let bytes_lie = matches!(
            trouble,
            Trouble::Portal | Trouble::Truncated | Trouble::NoData | Trouble::Empty | Trouble::ByteOrderMark
        );
        // Nobody can see that bytes are the wrong ones.
        if binary && bytes_lie { Trouble::None } else { trouble }
    }

    /// A login code that this request sends, and whether it may.
    fn judge_request(&mut self, request: &Request) -> Option<usize> {
        self.judge_sending(request.call, request.key.as_ref());
        if request.path != "/auth/login" {
            return None;
        }
        let body: Value = serde_json::from_str(&request.body).unwrap_or_default();
        let code = body["code"].as_str().unwrap_or_default().to_owned();
        let login = self.logins.iter().position(|login| login.code == code);
        if let Some(login) = login {
            self.logins[login].phase = Phase::Exchanging;
        }
        if !self.codes_sent.insert(code.clone()) {
            self.violate(Rule::CodeOnce, format!("{code} is sent again"));
        }
        login
    }

    pub(crate) fn abort(&mut self, launch: u32, id: u32) -> String {
        let found = self.requests.iter().rposition(|open| open.launch == launch && open.id == id);
        let Some(index) = found.filter(|_| launch == self.launch) else { return String::new() };
        let open = &mut self.requests[index];
        if open.ended || open.aborted.is_some() {
            return String::new();
        }
        let manner = open.manner;
        // The client has given this login up.
        if let Some(login) = open.login {
            self.logins[login].phase = Phase::Over;
        }
        let what = format!("{} {} is aborted", open.request.method, open.request.path);
        self.tell(|| what);
        self.counts.failure("request aborted");
        match self.profile.abort {
            Abort::NoTask => return String::new(),
            Abort::AnswersAllTheSame => {
                self.requests[index].aborted = Some(self.now);
                return String::new();
            }
            Abort::Silent => self.counts.failure("no callback after an abort"),
            Abort::FailsAtOnce => {
                self.requests[index].aborted = Some(self.now);
                self.count(failure::ABORTED, manner);
                self.end(index);
                return json!({ "fail": failure::ABORTED.result(manner) }).to_string();
            }
            Abort::FailsLater => {
                self.schedule(1, Event::Fail(index, failure::ABORTED, manner));
            }
        }
        self.requests[index].aborted = Some(self.now);
        String::new()
    }

    /// The server gets a request, also of a mini-program that is closed by now.
    pub(crate) fn arrive(&mut self, index: usize) {
        let (now, calm) = (self.now, self.calm);
        let open = &self.requests[index];
        let (trouble, manner, back) = (open.trouble, open.manner, open.back);
        if open.aborted.is_some() && self.profile.abort != Abort::AnswersAllTheSame && index.is_multiple_of(2)
        {
            return;
        }
        let request = open.request.clone();
        let refused = match trouble {
            Trouble::Status { status: 500, executed: false } => Some(problem(500, "internal")),
            Trouble::Status { status: 502, .. } => Some(page(502)),
            Trouble::Status { status: 503, .. } => Some(problem(503, "server.busy")),
            Trouble::Status { status: 429, .. } => {
                let mut response = problem(429, "limit.exceeded");
                response.headers.insert("Retry-After".into(), "1".into());
                Some(response)
            }
            Trouble::TooOld => Some(problem(410, "client.too_old")),
            Trouble::Portal => Some(page(200)),
            _ => None,
        };
        let response = if let Some(response) = refused {
            response
        } else {
            let (response, execution) = self.server.handle(&request, now);
            if let Some(execution) = execution {
                self.judge_execution(execution);
            }
            response
        };
        let response = match trouble {
            Trouble::Status { status: 500, executed: true } => problem(500, "internal"),
            Trouble::Status { status: 504, .. } => page(504),
            Trouble::Truncated => {
                let half = response.body.len() / 2;
                Response { body: response.body.get(..half).unwrap_or_default().to_owned(), ..response }
            }
            Trouble::Empty => Response { body: String::new(), ..response },
            Trouble::ByteOrderMark => Response { body: format!("\u{feff}{}", response.body), ..response },
            _ => response,
        };
        let what = format!("server answers {} to {} {}", response.status, request.method, request.path);
        self.tell(|| what);
        if self.server.down && !calm {
            self.counts.failure("server down");
        }
        self.requests[index].response = Some(response);
        if trouble == Trouble::DroppedAfter {
            self.schedule(back, Event::Fail(index, failure::DROPPED_AFTER, manner));
        } else {
            self.schedule(back, Event::Answer(index));
        }
    }

    fn end(&mut self, index: usize) {
        let open = &mut self.requests[index];
        open.ended = true;
        if let Some(login) = open.login {
            self.logins[login].phase = Phase::Over;
        }
    }

    /// Nobody waits for it any more, or a callback has come already.
    fn deaf(&self, index: usize) -> bool {
        let open = &self.requests[index];
        let silenced = open.aborted.is_some() && self.profile.abort == Abort::Silent;
        open.launch != self.launch || open.ended || silenced
    }

    pub(crate) fn deadline(&mut self, index: usize) -> Vec<Delivery> {
        let manner = self.requests[index].manner;
        self.fail(index, failure::TIMEOUT, manner)
    }

    pub(crate) fn fail(&mut self, index: usize, failure: Failure, manner: Manner) -> Vec<Delivery> {
        if self.deaf(index) {
            return Vec::new();
        }
        self.count(failure, manner);
        let open = &self.requests[index];
        let what = format!(
            "{} {} fails: {} ({})",
            open.request.method,
            open.request.path,
            failure.name,
            manner.word()
        );
        self.tell(|| what);
        self.end(index);
        self.again(index);
        let open = &self.requests[index];
        vec![Delivery {
            id: open.id,
            ok: false,
            result: failure.result(manner),
            data: None,
            binary: open.binary,
        }]
    }

    fn again(&mut self, index: usize) {
        if self.profile.twice {
            let after = Dice::new(self.seed, &format!("again {index}")).of(&[0, 0, 30]);
            self.schedule(after, Event::Again(index));
        }
    }

    /// A second callback, success after failure and the other way round.
    pub(crate) fn answer_again(&mut self, index: usize) -> Vec<Delivery> {
        let open = &self.requests[index];
        if open.launch != self.launch {
            return Vec::new();
        }
        let (id, binary) = (open.id, open.binary);
        self.counts.failure("callback comes twice");
        self.tell(|| "the same calls back again".to_owned());
        match self.answer_of(index) {
            Some(delivery) => vec![delivery],
            None => vec![Delivery { id, ok: false, result: Value::Null, data: None, binary }],
        }
    }

    pub(crate) fn answer(&mut self, index: usize) -> Vec<Delivery> {
        if self.deaf(index) {
            return Vec::new();
        }
        if self.requests[index].aborted.is_some() {
            if self.profile.abort != Abort::AnswersAllTheSame {
                return Vec::new();
            }
            self.counts.failure("answer after an abort");
        }
        let delivery = self.answer_of(index);
        self.follow_token(index, delivery.as_ref());
        self.end(index);
        self.again(index);
        delivery.into_iter().collect()
    }

    fn answer_of(&self, index: usize) -> Option<Delivery> {
        let open = &self.requests[index];
        let response = open.response.as_ref()?;
        let mut headers = Map::new();
        headers.insert("content-type".into(), json!("application/json"));
        headers.insert("X-Request-Id".into(), json!("r-1"));
        for (name, value) in &response.headers {
            headers.insert(name.clone(), json!(value));
        }
        let headers: Map<String, Value> = headers
            .into_iter()
            .map(|(name, value)| match self.profile.case {
                Case::AsSent => (name, value),
                Case::Lower => (name.to_lowercase(), value),
                Case::Upper => (name.to_uppercase(), value),
            })
            .collect();
        let ok = !(self.profile.errors_fail && response.status >= 400);
        let mut result = json!({ "errMsg": if ok { "request:ok" } else { "request:fail" } });
        if self.profile.alipay {
            result["status"] = json!(response.status);
            result["headers"] = json!(headers);
            if !ok {
                result["error"] = json!(19);
            }
        } else {
            result["statusCode"] = json!(response.status);
            result["header"] = json!(headers);
        }
        if open.trouble == Trouble::NoData {
            result["data"] = Value::Null;
            return Some(Delivery { id: open.id, ok, result, data: None, binary: open.binary });
        }
        Some(Delivery { id: open.id, ok, result, data: Some(response.body.clone()), binary: open.binary })
    }

    /// What the client should hold after an answer.
    fn follow_token(&mut self, index: usize, delivery: Option<&Delivery>) {
        let open = &self.requests[index];
        let (Some(response), Some(_)) = (&open.response, delivery) else { return };
        let bore_current =
            matches!(&self.held, Held::Token(held) if open.request.token.as_ref() == Some(held));
        let heard = open.aborted.is_none() && open.request.call.is_some_and(|call| self.book.is_open(call));
        if let Some(login) = open.login {
            let body: Value =
                serde_json::from_str(response.body.trim_start_matches('\u{feff}')).unwrap_or_default();
            let token = body["token"].as_str().filter(|_| response.status == 200);
            if let Some(token) =
                token.filter(|_| self.logins[login].era == self.era && open.trouble != Trouble::NoData)
            {
                self.held = Held::Token(token.to_owned());
            }
        } else if bore_current && response.status == 401 {
            self.held = if heard { Held::Nothing } else { Held::Unsure };
        } else if bore_current && let Some(renewed) = response.headers.get(RENEWAL) {
            self.held = if heard { Held::Token(renewed.clone()) } else { Held::Unsure };
        }
    }
}

fn page(status: u16) -> Response {
    let body = "<!DOCTYPE html><html><body>请登录无线网络 Sign in to Wi-Fi</body></html>".to_owned();
    Response { status, body, ..Response::default() }
}
