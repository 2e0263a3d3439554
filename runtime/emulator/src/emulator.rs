//! The emulator itself: its apps, its state, its clock.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use queqiao_wechat::{App, Clock};
use secrecy::SecretString;
use uuid::Uuid;

use crate::calls::{Calls, Report};
use crate::codes::Codes;
use crate::server::Running;
use crate::settings::{Settings, check_user};
use crate::tokens::Tokens;

/// The appid of an emulator to which none was given.
pub const DEFAULT_APPID: &str = "wx0000000000000000";
/// The AppSecret of the apps that nobody configured. It opens nothing but this emulator.
pub const DEFAULT_SECRET: &str = "00000000000000000000000000000000";
/// The appid that WeChat DevTools gives to a project without one (测试号 "tourist"); always known.
pub const TOURIST_APPID: &str = "touristappid";

/// WeChat, offline. Clones are the same emulator.
#[derive(Debug, Clone)]
pub struct Emulator {
    pub(crate) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) apps: Vec<App>,
    /// Makes the session_keys of users who keep theirs.
    pub(crate) seed: Uuid,
    state: Mutex<State>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) codes: Codes,
    pub(crate) tokens: Tokens,
    pub(crate) settings: Settings,
    pub(crate) calls: Calls,
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
    apps: Vec<App>,
    settings: Settings,
    address: SocketAddr,
    allow_lan: bool,
}

impl Builder {
    /// The clock that codes and tokens live by; a movable one by default.
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Adds an app. Without any, there is [`DEFAULT_APPID`] with [`DEFAULT_SECRET`]. The first is
    /// the one that codes are for when nothing else is said.
    pub fn app(mut self, appid: impl Into<String>, secret: impl Into<SecretString>) -> Self {
        self.apps.push(App::new(appid, secret));
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

    /// Allows an address that other machines can reach, for phones in the same network. Whoever
    /// reaches it can log in as anyone.
    pub fn allow_lan(self) -> Self {
        Self { allow_lan: true, ..self }
    }

    /// The emulator without a socket: [`Emulator::router`] serves it.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::BadName`] for an empty appid or secret, or a developer user that cannot be one.
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
        check_user(&self.settings.developer_user).map_err(EmulatorError::BadName)?;
        let state = State {
            codes: Codes::default(),
            tokens: Tokens::default(),
            settings: self.settings,
            calls: Calls::default(),
        };
        let shared = Shared { clock: self.clock, apps, seed: Uuid::new_v4(), state: Mutex::new(state) };
        Ok(Emulator { shared: Arc::new(shared) })
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
            apps: Vec::new(),
            settings: Settings::default(),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            allow_lan: false,
        }
    }

    /// WeChat's API and the emulator's own pages, as a router to serve or to call directly.
    pub fn router(&self) -> axum::Router {
        crate::wechat_api::router(self.clone()).merge(crate::console::router(self.clone()))
    }

    /// A login code, as `wx.login` gives it to `user` in the app `appid`.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::UnknownApp`], [`EmulatorError::BadName`].
    pub fn login_code(&self, appid: &str, user: &str) -> Result<String, EmulatorError> {
        check_user(user).map_err(EmulatorError::BadName)?;
        if self.app(appid).is_none() {
            let known: Vec<&str> = self.appids().collect();
            return Err(EmulatorError::UnknownApp { appid: appid.into(), known: known.join(", ") });
        }
        let now = self.now();
        Ok(self.state().codes.issue(appid, user, now))
    }

    /// The openid that `user` has in the app `appid`.
    pub fn openid(&self, appid: &str, user: &str) -> String {
        crate::identity::openid(appid, user)
    }

    /// Whether WeChat would accept an access token now.
    pub fn accepts_token(&self, appid: &str, token: &str) -> bool {
        self.state().tokens.accepts(appid, token, self.now())
    }

    /// The settings as they are.
    pub fn settings(&self) -> Settings {
        self.state().settings.clone()
    }

    /// Changes the settings.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::BadName`] for a developer user that cannot be one; nothing is changed then.
    pub fn set_settings(&self, settings: Settings) -> Result<(), EmulatorError> {
        self.change_settings(|_| settings).map(|_| ())
    }

    /// Changes the settings in one step, and returns the new ones.
    pub(crate) fn change_settings(
        &self,
        change: impl FnOnce(Settings) -> Settings,
    ) -> Result<Settings, EmulatorError> {
        let mut state = self.state();
        let settings = change(state.settings.clone());
        check_user(&settings.developer_user).map_err(EmulatorError::BadName)?;
        state.settings = settings.clone();
        Ok(settings)
    }

    /// The calls so far, with secrets masked.
    pub fn calls(&self) -> Report {
        self.state().calls.report()
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
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

    pub(crate) fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // Each change is complete before the lock is given back, a panic elsewhere or not.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
