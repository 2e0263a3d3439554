//! The emulator itself: its apps, its state, its clock.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use queqiao_wechat::{App, Clock};
use secrecy::SecretString;

use crate::api::Template;
use crate::calls::Report;
use crate::fault::Fault;
use crate::push::{Courier, Push};
use crate::server::Running;
use crate::settings::Settings;
use crate::state::State;

/// The appid of an emulator to which none was given.
pub const DEFAULT_APPID: &str = "wx0000000000000000";
/// The AppSecret of the apps that nobody configured. It opens nothing but this emulator.
pub const DEFAULT_SECRET: &str = "00000000000000000000000000000000";
/// The appid that WeChat DevTools gives to a project without one (测试号 "tourist"); always known.
pub const TOURIST_APPID: &str = "touristappid";

/// WeChat, offline. Clones are the same emulator.
#[derive(Clone)]
pub struct Emulator {
    pub(crate) shared: Arc<Shared>,
}

/// Codes, tokens and keys are left out.
impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let appids: Vec<&str> = self.appids().collect();
        f.debug_struct("Emulator")
            .field("appids", &appids)
            .field("clock", self.clock())
            .finish_non_exhaustive()
    }
}

pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) apps: Vec<App>,
    pub(crate) seed: u64,
    /// Whether pushes may leave this machine.
    pub(crate) anywhere: bool,
    pub(crate) courier: Courier,
    state: Mutex<State>,
}

/// What the emulator cannot do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EmulatorError {
    /// The appid is not one of the emulator's.
    #[error("the emulator does not know the appid {appid:?}: use one of {known}, or add it with app()")]
    UnknownApp {
        /// The appid that was asked for.
        appid: String,
        /// Those that are known.
        known: String,
    },
    /// The name of the user, or of the app, cannot be one.
    #[error("{0}")]
    BadName(&'static str),
    /// A setting, rule, template or fault cannot be.
    #[error("{0}")]
    Invalid(String),
    /// The app has no push settings.
    #[error("nothing is pushed to the app {0}: give it a URL and a Token with push()")]
    NoPush(String),
    /// A push could not be made.
    #[error("{0}")]
    Push(String),
    /// The user has no session_key.
    #[error(
        "{0:?} is not logged in, so there is no session_key to encrypt or sign with: exchange a login code first"
    )]
    NoSession(String),
    /// The address cannot be listened on.
    #[error(
        "the emulator cannot listen on {address}: {reason}; choose another port, or stop the program that has it"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system says.
        reason: String,
    },
    /// Others than this machine could reach the address.
    #[error(
        "the emulator would be open to the network on {0}, and it gives a login to everyone who asks: listen on 127.0.0.1, or call allow_lan() if that is what you want"
    )]
    NotLoopback(SocketAddr),
    /// The clock does not move.
    #[error("the clock does not move: {0}")]
    Clock(String),
}

/// Makes an [`Emulator`].
#[derive(Debug, Clone)]
pub struct Builder {
    clock: Clock,
    seed: Option<u64>,
    apps: Vec<App>,
    settings: Settings,
    pushes: Vec<(String, Push)>,
    templates: Vec<(String, Template)>,
    faults: Vec<Fault>,
    address: SocketAddr,
    allow_lan: bool,
}

impl Builder {
    /// The clock that codes, tokens and quotas live by; a movable one by default.
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// The seed of codes, keys, tokens and of faults by probability; a random one by default. Equal seeds and
    /// equal calls give equal answers.
    pub fn seed(self, seed: u64) -> Self {
        Self { seed: Some(seed), ..self }
    }

    /// Adds an app. Without any, there is [`DEFAULT_APPID`] with [`DEFAULT_SECRET`]. The first is
    /// the one that codes are for when nothing else is said.
    pub fn app(mut self, appid: impl Into<String>, secret: impl Into<SecretString>) -> Self {
        self.apps.push(App::new(appid, secret));
        self
    }

    /// Where the pushes of an app go.
    pub fn push(mut self, appid: impl Into<String>, push: Push) -> Self {
        self.pushes.push((appid.into(), push));
        self
    }

    /// A template of subscribe messages of an app.
    pub fn template(mut self, appid: impl Into<String>, template: Template) -> Self {
        self.templates.push((appid.into(), template));
        self
    }

    /// A fault to begin with.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// How it behaves at first.
    pub fn settings(self, settings: Settings) -> Self {
        Self { settings, ..self }
    }

    /// Where [`start`](Self::start) listens: by default on 127.0.0.1, on a free port.
    pub fn listen(self, address: SocketAddr) -> Self {
        Self { address, ..self }
    }

    /// Allows an address that other machines can reach, for phones in the same network, and pushes to other
    /// machines. Whoever reaches it can log in as anyone.
    pub fn allow_lan(self) -> Self {
        Self { allow_lan: true, ..self }
    }

    /// The emulator without a socket: [`Emulator::router`] serves it.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::BadName`] for an empty appid or a developer user that cannot be one,
    /// [`EmulatorError::Invalid`] for settings that cannot be, [`EmulatorError::UnknownApp`] for a push or
    /// template of an app that was not added.
    pub fn build(self) -> Result<Emulator, EmulatorError> {
        let mut apps = self.apps;
        if apps.is_empty() {
            apps.push(App::new(DEFAULT_APPID, DEFAULT_SECRET));
        }
        if !apps.iter().any(|app| app.appid == TOURIST_APPID) {
            apps.push(App::new(TOURIST_APPID, DEFAULT_SECRET));
        }
        if apps.iter().any(|app| app.appid.is_empty()) {
            return Err(EmulatorError::BadName("an appid is not empty: wx and 16 hex digits"));
        }
        let seed = self.seed.unwrap_or_else(|| fastrand::u64(..));
        let shared = Shared {
            clock: self.clock,
            apps,
            seed,
            anywhere: self.allow_lan,
            courier: Courier::default(),
            state: Mutex::new(State::new(seed, Settings::default())),
        };
        let emulator = Emulator { shared: Arc::new(shared) };
        emulator.set_settings(self.settings)?;
        for (appid, push) in self.pushes {
            emulator.set_push(&appid, push)?;
        }
        for (appid, template) in self.templates {
            emulator.add_template(&appid, template)?;
        }
        for fault in self.faults {
            emulator.inject(fault)?;
        }
        Ok(emulator)
    }

    /// The emulator, listening.
    ///
    /// # Errors
    ///
    /// Those of [`build`](Self::build), [`EmulatorError::NotLoopback`] and [`EmulatorError::Listen`].
    pub async fn start(self) -> Result<Running, EmulatorError> {
        let address = self.address;
        if !address.ip().is_loopback() && !self.allow_lan {
            return Err(EmulatorError::NotLoopback(address));
        }
        Running::start(self.build()?, address).await
    }
}

impl Emulator {
    /// Starts with one default app, a movable clock, and a free port on this machine.
    pub fn builder() -> Builder {
        Builder {
            clock: Clock::movable(),
            seed: None,
            apps: Vec::new(),
            settings: Settings::default(),
            pushes: Vec::new(),
            templates: Vec::new(),
            faults: Vec::new(),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            allow_lan: false,
        }
    }

    /// WeChat's API and the emulator's own pages, as a router to serve or to call directly.
    pub fn router(&self) -> axum::Router {
        crate::api::router(self.clone()).merge(crate::console::router(self.clone()))
    }

    /// The calls so far, with secrets masked.
    pub fn calls(&self) -> Report {
        self.state().calls.report()
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// The seed of everything random.
    pub fn seed(&self) -> u64 {
        self.shared.seed
    }

    /// The apps' ids, the default one first.
    pub fn appids(&self) -> impl Iterator<Item = &str> {
        self.shared.apps.iter().map(|app| app.appid.as_str())
    }

    pub(crate) fn advance(&self, by: Duration) -> Result<Timestamp, EmulatorError> {
        self.shared.clock.advance(by).map_err(|error| EmulatorError::Clock(error.to_string()))
    }

    pub(crate) fn app(&self, appid: &str) -> Option<&App> {
        self.shared.apps.iter().find(|app| app.appid == appid)
    }

    pub(crate) fn known_app(&self, appid: &str) -> Result<&App, EmulatorError> {
        self.app(appid).ok_or_else(|| {
            let known: Vec<&str> = self.appids().collect();
            EmulatorError::UnknownApp { appid: appid.into(), known: known.join(", ") }
        })
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // Each change is complete before the lock is given back, a panic elsewhere or not.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
