//! Access tokens (接口调用凭据): one per app, fetched by one caller of one process, used by all.

mod fetch;
mod store;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use moka::future::Cache;
use secrecy::{ExposeSecret, SecretString};

pub use store::TokenStore;

use crate::{App, Error, WeChat};

/// Apps whose tokens are kept in this process at most.
const APPS: u64 = 10_000;

/// How long a caller waits for a new token while the old one still works.
const COURTESY: Duration = Duration::from_millis(500);

/// After a failed refresh the next one is tried so many milliseconds later, while the old token still works.
const PAUSE: i64 = 10_000;

/// A token is no longer used this long before its end, so that it does not end on its way.
const TRAVEL: Duration = Duration::from_secs(5);

/// Which family of tokens is used. The two know nothing of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TokenMode {
    /// getStableAccessToken: who asks again gets the same token.
    #[default]
    Stable,
    /// getAccessToken: who asks again gets a new token, and the one before ends within five minutes. Only one
    /// system may ask for those of an app.
    Ordinary,
}

impl TokenMode {
    fn name(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Ordinary => "ordinary",
        }
    }
}

/// A token in this process.
#[derive(Debug)]
pub(crate) struct Token {
    secret: SecretString,
    /// Tells it from those before and after: greater is newer.
    fence: u64,
    /// From when on it is to be replaced, though it works.
    refresh_at: Timestamp,
    usable_until: Timestamp,
    /// When a refresh may be tried next, in Unix milliseconds.
    next_try: AtomicI64,
}

impl Token {
    /// A token with a time for its refresh of its own, so that instances do not all come at once.
    fn new(
        secret: SecretString,
        fence: u64,
        expires_at: Timestamp,
        now: Timestamp,
        margin: Duration,
    ) -> Self {
        let rest = Duration::try_from(expires_at.duration_since(now)).unwrap_or_default();
        // From eight tenths to half of the margin before the end. WeChat gives a new one in the last five minutes
        // only, by its own clock.
        let ahead = margin.min(rest / 2).mul_f64(0.5 + 0.3 * fastrand::f64());
        let before_end = |time| expires_at.checked_sub(time).unwrap_or(expires_at);
        Self {
            secret,
            fence,
            refresh_at: before_end(ahead),
            usable_until: before_end(TRAVEL.min(rest / 20)),
            next_try: AtomicI64::new(i64::MIN),
        }
    }

    pub(crate) fn expose(&self) -> &str {
        self.secret.expose_secret()
    }

    fn is_usable(&self, now: Timestamp) -> bool {
        now < self.usable_until
    }

    /// Whether the caller is the one who tries a refresh now.
    fn claims_refresh(&self, now: Timestamp) -> bool {
        let now = now.as_millisecond();
        let next = |due: i64| (due <= now).then_some(now.saturating_add(PAUSE));
        self.next_try.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }
}

/// Why a token is to be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Reason {
    /// There is none, or it ends.
    Due,
    /// WeChat refused it.
    Refused,
}

/// The newest token of each app in this process, and the fetches under way.
pub(crate) struct Tokens {
    newest: Cache<String, Arc<Token>>,
    /// Keyed by the app, the token to be replaced (0 for none) and the reason, so that callers who wait share one
    /// outcome.
    fetches: Cache<(String, u64, Reason), Option<Arc<Token>>>,
}

impl Default for Tokens {
    fn default() -> Self {
        Self { newest: Cache::new(APPS), fetches: Cache::new(APPS) }
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

impl WeChat {
    /// The app's access token, for a call that this crate does not make.
    ///
    /// It is kept, in [`Settings::token_store`](crate::Settings::token_store), and replaced before it ends: of all
    /// callers in all instances that share the store, one asks WeChat, and the others go on with the old token or
    /// wait for the new one.
    /// <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-access-token/getStableAccessToken.html>
    ///
    /// # Errors
    ///
    /// [`Class::Configuration`](crate::Class::Configuration) for credentials that WeChat does not take, and the
    /// others of [`Error`]. Failures are not kept: the next call asks again.
    pub async fn access_token(&self, app: &App) -> Result<SecretString, Error> {
        Ok(self.token(app).await?.secret.clone())
    }

    /// Replaces the app's stable token at once and makes the old one worthless: for when it has leaked.
    ///
    /// WeChat allows it 20 times a day, at least 30 seconds apart; `false` if nothing was replaced.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn replace_leaked_token(&self, app: &App) -> Result<bool, Error> {
        let before = self.token(app).await?;
        let client = self.clone();
        let app = app.clone();
        let after = joined(tokio::spawn(async move { client.replace(&app, &before).await })).await?;
        Ok(after)
    }

    /// A token that is usable now.
    pub(crate) async fn token(&self, app: &App) -> Result<Arc<Token>, Error> {
        let newest = self.shared.tokens.newest.get(&app.appid).await;
        let Some(token) = newest else { return self.new_token(app, 0).await };
        let now = self.shared.settings.clock.now();
        if now < token.refresh_at {
            return Ok(token);
        }
        if !token.is_usable(now) {
            return self.new_token(app, token.fence).await;
        }
        if token.claims_refresh(now) {
            let (client, app, old) = (self.clone(), app.clone(), token.fence);
            // A task of its own: it goes on when its caller does not wait.
            let refresh = tokio::spawn(async move { client.new_token(&app, old).await });
            if let Ok(Ok(Ok(fresh))) = tokio::time::timeout(COURTESY, refresh).await {
                return Ok(fresh);
            }
        }
        Ok(token)
    }

    async fn new_token(&self, app: &App, replaced: u64) -> Result<Arc<Token>, Error> {
        let token = self.shared_fetch(app, replaced, Reason::Due).await?;
        token.ok_or(Error::TokenPending { after: Duration::ZERO })
    }

    /// Another token than the one that WeChat refused; nothing if there is none to be had now.
    pub(crate) async fn token_after(&self, app: &App, refused: &Token) -> Result<Option<Arc<Token>>, Error> {
        self.shared_fetch(app, refused.fence, Reason::Refused).await
    }

    /// One fetch for all callers in this process.
    async fn shared_fetch(
        &self,
        app: &App,
        replaced: u64,
        reason: Reason,
    ) -> Result<Option<Arc<Token>>, Error> {
        let fetches = &self.shared.tokens.fetches;
        let key = (app.appid.clone(), replaced, reason);
        let fetch = async {
            let (client, app) = (self.clone(), app.clone());
            // A task of its own: a token that WeChat has given is not lost because the caller hangs up.
            joined(tokio::spawn(async move { client.fetch(&app, replaced, reason).await })).await
        };
        let outcome = fetches.try_get_with_by_ref(&key, fetch).await;
        fetches.invalidate(&key).await;
        outcome.map_err(|error| (*error).clone())
    }
}

async fn joined<T>(task: tokio::task::JoinHandle<Result<T, Error>>) -> Result<T, Error> {
    match task.await {
        Ok(outcome) => outcome,
        Err(lost) if lost.is_panic() => std::panic::resume_unwind(lost.into_panic()),
        // The runtime is shutting down.
        Err(_) => Err(Error::TokenPending { after: Duration::ZERO }),
    }
}
