//! Runs a generated client in QuickJS as a mini-program would: the globals are stripped to a mini-program's, and
//! `wx.request` speaks real HTTP, with WeChat's semantics (any status is a success; an eleventh request at once
//! fails; failures carry `errMsg` and perhaps `errno`).
//!
//! ```no_run
//! # async fn test() -> Result<(), Box<dyn std::error::Error>> {
//! use queqiao_quickjs_host::{Files, Host};
//! let host = Host::new(Files::read("miniprogram/api")?).login(async || Ok("a one-time code".into())).start()?;
//! let todo = host.eval_async("return await api.addTodo({ title: '苹果' })").await?;
//! assert_eq!(todo["done"], false);
//! assert_eq!(host.counts().logins, 1);
//! # Ok(()) }
//! ```
//!
//! The text given to [`Host::eval_async`] is the body of an async function. `api` is the client; `load()` gives a
//! further, independent copy of it in the same host, as independent sub-packages (独立分包) have it.

#![forbid(unsafe_code)]

mod engine;
mod network;
pub mod parts;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::Value;

use engine::Event;

/// The JavaScript files of a client, by name.
#[derive(Debug, Clone)]
pub struct Files(BTreeMap<String, String>);

impl Files {
    /// Reads the `.js` files of a folder.
    ///
    /// # Errors
    /// If the folder or a file cannot be read.
    pub fn read(folder: impl AsRef<Path>) -> std::io::Result<Self> {
        let mut files = BTreeMap::new();
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".js") {
                files.insert(name, std::fs::read_to_string(entry.path())?);
            }
        }
        Ok(Self(files))
    }
}

impl From<BTreeMap<String, String>> for Files {
    fn from(files: BTreeMap<String, String>) -> Self {
        Self(files.into_iter().filter(|(name, _)| name.ends_with(".js")).collect())
    }
}

/// A `fail` result of WeChat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// `errMsg`.
    pub message: String,
    /// `errno`; absent before base library 2.24.0.
    pub errno: Option<i64>,
}

impl Failure {
    /// A failure with a message and no `errno`.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), errno: None }
    }

    /// The same with an `errno`.
    pub fn errno(self, errno: i64) -> Self {
        Self { errno: Some(errno), ..self }
    }
}

/// What goes wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It is never sent.
    Unsent(Failure),
    /// It is sent and carried out; the answer is lost.
    AnswerLost(Failure),
    /// An answer of 400 and above goes to `fail`, with its status, as some hosts do.
    StatusThroughFail,
    /// The answer comes later.
    Delay(Duration),
    /// Neither `success` nor `fail` is called.
    Silence,
}

/// What WeChat finds when it looks for a new version of the mini-program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Update {
    /// There is none.
    #[default]
    None,
    /// One is there and has been downloaded.
    Ready,
    /// One is there and cannot be downloaded.
    Failed,
    /// It says nothing.
    Silent,
    /// There is no `wx.getUpdateManager`, as in a plugin.
    Missing,
}

impl Update {
    fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Silent => "silent",
            Self::Missing => "missing",
        }
    }
}

/// A request that the client made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Counts from 0.
    pub index: usize,
    /// Method.
    pub method: String,
    /// Full URL.
    pub url: String,
    /// Headers as the client wrote them.
    pub header: BTreeMap<String, String>,
    /// Body, if it is text.
    pub body: Option<String>,
    /// Body, if it is bytes.
    pub bytes: Option<Vec<u8>>,
}

/// What a host has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Calls of `wx.request` that went out.
    pub requests: usize,
    /// The most that were under way at once.
    pub most_in_flight: usize,
    /// Requests refused because the limit was reached.
    pub over_limit: usize,
    /// Calls of `wx.login`.
    pub logins: usize,
    /// Calls of `applyUpdate`.
    pub updates: usize,
    /// Promises that were rejected and that nobody has dealt with; not with [`Setup::late_promises`].
    pub unhandled: usize,
}

/// Why the JavaScript gave no value.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// It threw, or its promise was rejected.
    #[error("the JavaScript failed: {0}")]
    Thrown(Value),
    /// It could not be compiled, or the host could not be built.
    #[error("QuickJS: {0}")]
    Engine(String),
    /// The thread of the host has ended.
    #[error("the host has ended; an earlier error says why")]
    Ended,
}

type LoginCode = Arc<dyn Fn() -> BoxFuture<'static, Result<String, Failure>> + Send + Sync>;
type FaultOf = Arc<dyn Fn(&Request) -> Option<Fault> + Send + Sync>;

/// A host that is being set up.
pub struct Setup {
    files: Files,
    limit: usize,
    env_version: String,
    capital_headers: bool,
    virtual_time: bool,
    late_promises: bool,
    update: Update,
    confirm: bool,
    login: LoginCode,
    fault: FaultOf,
}

impl Setup {
    /// Requests at once; more fail. 10 by default, as in WeChat.
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// `envVersion` of `wx.getAccountInfoSync`; `develop` by default.
    pub fn env_version(mut self, version: &str) -> Self {
        self.env_version = version.into();
        self
    }

    /// Gives header names of answers in capitals, as some platforms do.
    pub fn capital_headers(mut self) -> Self {
        self.capital_headers = true;
        self
    }

    /// Timers fire by [`Host::advance`] only.
    pub fn virtual_time(mut self) -> Self {
        self.virtual_time = true;
        self
    }

    /// Promises settle by timers, as on iOS 15 and before.
    pub fn late_promises(mut self) -> Self {
        self.late_promises = true;
        self
    }

    /// What WeChat finds when it looks for a new version; by default none.
    pub fn update(mut self, update: Update) -> Self {
        self.update = update;
        self
    }

    /// The user cancels every `wx.showModal`, instead of confirming it.
    pub fn cancel(mut self) -> Self {
        self.confirm = false;
        self
    }

    /// Where `wx.login` gets its codes.
    pub fn login<F, Fut>(mut self, code: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<String, Failure>> + Send + 'static,
    {
        self.login = Arc::new(move || Box::pin(code()));
        self
    }

    /// Decides for each request what goes wrong with it.
    pub fn fault(mut self, fault: impl Fn(&Request) -> Option<Fault> + Send + Sync + 'static) -> Self {
        self.fault = Arc::new(fault);
        self
    }

    /// Starts the host and loads the client. Must be called within a tokio runtime, which carries the requests.
    ///
    /// # Errors
    /// If there is no tokio runtime, or the client does not load.
    pub fn start(self) -> Result<Host, HostError> {
        let runtime =
            tokio::runtime::Handle::try_current().map_err(|error| HostError::Engine(error.to_string()))?;
        let client = reqwest::Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(16)
            .build()
            .map_err(|error| HostError::Engine(error.to_string()))?;
        let (events, inbox) = mpsc::channel();
        let shared = Arc::new(Shared {
            limit: self.limit,
            env_version: self.env_version,
            capital_headers: self.capital_headers,
            virtual_time: self.virtual_time,
            late_promises: self.late_promises,
            update: self.update,
            confirm: self.confirm,
            login: self.login,
            fault: self.fault,
            runtime,
            client,
            events: events.clone(),
            in_flight: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            over_limit: AtomicUsize::new(0),
            unhandled: AtomicUsize::new(0),
            logins: AtomicUsize::new(0),
            updates: AtomicUsize::new(0),
            modals: Mutex::new(Vec::new()),
            open: Mutex::new(HashSet::new()),
            requests: Mutex::new(Vec::new()),
            log: Mutex::new(Vec::new()),
        });
        let (ready, started) = mpsc::channel();
        let (files, thread_shared) = (self.files.0, Arc::clone(&shared));
        std::thread::Builder::new()
            .name("quickjs-host".into())
            .spawn(move || engine::run(files, thread_shared, inbox, ready))
            .map_err(|error| HostError::Engine(error.to_string()))?;
        started.recv().map_err(|_| HostError::Ended)??;
        Ok(Host { shared })
    }
}

struct Shared {
    limit: usize,
    env_version: String,
    capital_headers: bool,
    virtual_time: bool,
    late_promises: bool,
    update: Update,
    confirm: bool,
    login: LoginCode,
    fault: FaultOf,
    runtime: tokio::runtime::Handle,
    client: reqwest::Client,
    events: mpsc::Sender<Event>,
    in_flight: AtomicUsize,
    most: AtomicUsize,
    over_limit: AtomicUsize,
    unhandled: AtomicUsize,
    logins: AtomicUsize,
    updates: AtomicUsize,
    /// What `wx.showModal` was given.
    modals: Mutex<Vec<Value>>,
    /// Requests under way, by the number that JavaScript gave them.
    open: Mutex<HashSet<u32>>,
    requests: Mutex<Vec<Request>>,
    log: Mutex<Vec<String>>,
}

/// A running host: one mini-program.
pub struct Host {
    shared: Arc<Shared>,
}

impl Host {
    /// Begins to set up a host for a client.
    #[expect(clippy::new_ret_no_self, reason = "reads as `Host::new(files).login(…).start()`")]
    pub fn new(client: impl Into<Files>) -> Setup {
        Setup {
            files: client.into(),
            limit: 10,
            env_version: "develop".into(),
            capital_headers: false,
            virtual_time: false,
            late_promises: false,
            update: Update::None,
            confirm: true,
            login: Arc::new(|| {
                Box::pin(async { Err(Failure::new("login:fail no code provider in this test")) })
            }),
            fault: Arc::new(|_| None),
        }
    }

    /// Runs the body of an async function in which `api` is the client, and gives what it returns.
    ///
    /// # Errors
    /// With what it threw, as JSON with the members of the error.
    pub async fn eval_async(&self, body: &str) -> Result<Value, HostError> {
        let (reply, result) = tokio::sync::oneshot::channel();
        let event = Event::Eval { body: body.to_owned(), reply };
        self.shared.events.send(event).map_err(|_| HostError::Ended)?;
        result.await.map_err(|_| HostError::Ended)?
    }

    /// Moves virtual time on; timers that are due fire in their order.
    pub fn advance(&self, by: Duration) {
        // A host that has ended has no timers.
        let _ = self.shared.events.send(Event::Advance(by));
    }

    /// What has been counted so far.
    pub fn counts(&self) -> Counts {
        Counts {
            requests: lock(&self.shared.requests).len(),
            most_in_flight: self.shared.most.load(Ordering::SeqCst),
            over_limit: self.shared.over_limit.load(Ordering::SeqCst),
            logins: self.shared.logins.load(Ordering::SeqCst),
            updates: self.shared.updates.load(Ordering::SeqCst),
            unhandled: self.shared.unhandled.load(Ordering::SeqCst),
        }
    }

    /// The requests so far, in their order.
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.shared.requests).clone()
    }

    /// What the user was shown by `wx.showModal`: `title`, `content`, `showCancel`.
    pub fn modals(&self) -> Vec<Value> {
        lock(&self.shared.modals).clone()
    }

    /// What the JavaScript wrote to the console.
    pub fn log(&self) -> Vec<String> {
        lock(&self.shared.log).clone()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.shared.events.send(Event::Stop);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
