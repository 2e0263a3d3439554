//! Getting a token: from the store, if another instance has fetched one, otherwise from WeChat under a lease.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use queqiao_storage::{Grant, Leased, StoreError};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::store::{Found, Place, Record};
use super::{Reason, Token, TokenMode};
use crate::client::{Call, Wanted};
use crate::{App, Error, Operation, WeChat};

/// How long to wait between looks at a token that another instance fetches.
const POLL: Duration = Duration::from_millis(50);

/// How long to wait for another instance in all.
const PATIENCE: Duration = Duration::from_secs(30);

/// After a refusal at most one token is fetched in so long: an API that answers 40001 for another reason than the
/// token must not make a fetch of every call. WeChat itself refreshes by force at most twice a minute.
const BETWEEN_REPLACEMENTS: SignedDuration = SignedDuration::from_secs(30);

/// WeChat's days are Beijing's.
const BEIJING: SignedDuration = SignedDuration::from_hours(8);

#[derive(Serialize)]
struct Question<'a> {
    grant_type: &'static str,
    appid: &'a str,
    secret: &'a str,
    force_refresh: bool,
}

#[derive(Deserialize)]
struct Body {
    access_token: SecretString,
    expires_in: u32,
}

/// What WeChat gave.
struct Fetched {
    token: SecretString,
    expires_at: Timestamp,
}

enum Failure {
    Store(StoreError),
    Call(Error),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Call(error)
    }
}

fn day(time: Timestamp) -> i64 {
    time.checked_add(BEIJING).unwrap_or(time).as_second().div_euclid(86_400)
}

impl WeChat {
    /// A token newer than `replaced`; nothing if a refused one cannot be replaced now.
    pub(super) async fn fetch(
        &self,
        app: &App,
        replaced: u64,
        reason: Reason,
    ) -> Result<Option<Arc<Token>>, Error> {
        let newest = self.shared.tokens.newest.get(&app.appid).await;
        // Another fetch for the same predecessor may have ended a moment ago.
        if let Some(newer) = newest.as_ref().filter(|newest| newest.fence > replaced)
            && newer.is_usable(self.shared.settings.clock.now())
        {
            return Ok(Some(newer.clone()));
        }
        // By its text: a fetch may give the same token once more.
        let refused = newest.filter(|newest| reason == Reason::Refused && newest.fence == replaced);
        let refused = refused.as_ref().map(|token| token.secret.clone());
        match self.fetch_shared(app, replaced, refused.as_ref(), reason).await {
            Ok(token) => Ok(token),
            Err(Failure::Call(error)) => Err(error),
            // Whoever asks for a stable token gets the same one, so each instance may ask for itself.
            Err(Failure::Store(error)) if self.shared.settings.token_mode == TokenMode::Stable => {
                tracing::warn!(appid = app.appid, %error, "the store of access tokens fails, and WeChat is asked");
                let fetched = self.ask(app, false).await?;
                let fence = u64::try_from(self.shared.settings.clock.now().as_millisecond()).unwrap_or(0);
                let fence = fence.max(replaced.saturating_add(1));
                Ok(Some(self.keep(app, fetched.token, fence, fetched.expires_at).await))
            }
            Err(Failure::Store(error)) => Err(Error::Store(error)),
        }
    }

    fn place(&self, app: &App) -> Place<'_> {
        let settings = &self.shared.settings;
        let name = format!("wechat-token:{}:{}", settings.token_mode.name(), app.appid);
        Place { store: &settings.token_store, clock: &settings.clock, name }
    }

    async fn fetch_shared(
        &self,
        app: &App,
        replaced: u64,
        refused: Option<&SecretString>,
        reason: Reason,
    ) -> Result<Option<Arc<Token>>, Failure> {
        let place = self.place(app);
        let started = tokio::time::Instant::now();
        loop {
            if let Some(token) = self.adopt(app, &place.read().await?, replaced, refused).await {
                return Ok(Some(token));
            }
            let grant = match place.acquire(self.shared.settings.token_lease).await? {
                Leased::Yours(grant) => grant,
                Leased::Held { .. } if started.elapsed() > PATIENCE => {
                    return Err(Error::TokenPending { after: PATIENCE }.into());
                }
                Leased::Held { .. } => {
                    tokio::time::sleep(POLL).await;
                    continue;
                }
            };
            let outcome = self.fetch_leased(app, &place, &grant, (replaced, refused, reason)).await;
            place.release(&grant).await;
            match outcome? {
                Outcome::Token(token) => return Ok(Some(token)),
                Outcome::NotNow => return Ok(None),
                Outcome::Late => {
                    tracing::warn!(
                        appid = app.appid,
                        fence = grant.token,
                        "an access token came too late and is not stored: another process went on meanwhile"
                    );
                }
            }
        }
    }

    /// With the lease in hand: looks once more, asks WeChat, and writes.
    async fn fetch_leased(
        &self,
        app: &App,
        place: &Place<'_>,
        grant: &Grant,
        (replaced, refused, reason): (u64, Option<&SecretString>, Reason),
    ) -> Result<Outcome, Failure> {
        // Another may have written between the look and the lease.
        let found = place.read().await?;
        if let Some(token) = self.adopt(app, &found, replaced, refused).await {
            return Ok(Outcome::Token(token));
        }
        let now = place.clock.now();
        let known = found.record.as_ref();
        let mut replaced_at = known.and_then(|known| known.replaced_at);
        let (mut forced_at, mut forced_today) =
            known.map_or((None, 0), |known| (known.forced_at, known.forced_today));
        if reason == Reason::Refused {
            let since = |time: Option<Timestamp>| time.map(|time| now.duration_since(time));
            if since(replaced_at).is_some_and(|since| since < BETWEEN_REPLACEMENTS) {
                return Ok(Outcome::NotNow);
            }
            replaced_at = Some(now);
        }
        let mut fetched = self.ask(app, false).await?;
        if is_same(refused, &fetched.token) {
            if forced_at.is_none_or(|time| day(time) != day(now)) {
                forced_today = 0;
            }
            if forced_today < self.shared.settings.forced_refreshes_per_day
                && self.shared.settings.token_mode == TokenMode::Stable
            {
                (forced_at, forced_today) = (Some(now), forced_today + 1);
                tracing::warn!(
                    appid = app.appid,
                    forced_today,
                    "a refused access token is refreshed by force"
                );
                fetched = self.ask(app, true).await?;
            }
        }
        let Fetched { token, expires_at } = fetched;
        let useless = is_same(refused, &token);
        let record = Record {
            token: token.clone(),
            expires_at,
            fence: grant.token,
            replaced_at,
            forced_at,
            forced_today,
        };
        if !place.write(&found, &record).await? {
            return Ok(Outcome::Late);
        }
        tracing::info!(appid = app.appid, fence = grant.token, "an access token was fetched");
        let token = self.keep(app, token, grant.token, expires_at).await;
        Ok(if useless { Outcome::NotNow } else { Outcome::Token(token) })
    }

    /// Refreshes by force, whatever is stored; whether the token is another afterwards.
    pub(super) async fn replace(&self, app: &App, before: &Token) -> Result<bool, Error> {
        let place = self.place(app);
        let started = tokio::time::Instant::now();
        let grant = loop {
            match place.acquire(self.shared.settings.token_lease).await? {
                Leased::Yours(grant) => break grant,
                Leased::Held { .. } if started.elapsed() > PATIENCE => {
                    return Err(Error::TokenPending { after: PATIENCE });
                }
                Leased::Held { .. } => tokio::time::sleep(POLL).await,
            }
        };
        let outcome = self.replace_leased(app, &place, &grant).await;
        place.release(&grant).await;
        Ok(outcome?.is_some_and(|token| token.expose() != before.expose()))
    }

    async fn replace_leased(
        &self,
        app: &App,
        place: &Place<'_>,
        grant: &Grant,
    ) -> Result<Option<Arc<Token>>, Error> {
        let found = place.read().await?;
        let now = place.clock.now();
        let today =
            found.record.as_ref().filter(|known| known.forced_at.is_some_and(|at| day(at) == day(now)));
        let forced_today = today.map_or(0, |known| known.forced_today).saturating_add(1);
        let Fetched { token, expires_at } = self.ask(app, true).await?;
        let record = Record {
            token: token.clone(),
            expires_at,
            fence: grant.token,
            replaced_at: Some(now),
            forced_at: Some(now),
            forced_today,
        };
        let written = place.write(&found, &record).await?;
        Ok(if written { Some(self.keep(app, token, grant.token, expires_at).await) } else { None })
    }

    /// The stored token, if it is newer than the one to be replaced, another than the refused one, and usable.
    async fn adopt(
        &self,
        app: &App,
        found: &Found,
        replaced: u64,
        refused: Option<&SecretString>,
    ) -> Option<Arc<Token>> {
        let record = found.record.as_ref()?;
        let now = self.shared.settings.clock.now();
        if record.fence <= replaced || is_same(refused, &record.token) {
            return None;
        }
        let token = self.token_of(record.token.clone(), record.fence, record.expires_at);
        if !token.is_usable(now) {
            return None;
        }
        let token = Arc::new(token);
        Some(self.newest(app, token).await)
    }

    async fn keep(&self, app: &App, token: SecretString, fence: u64, expires_at: Timestamp) -> Arc<Token> {
        self.newest(app, Arc::new(self.token_of(token, fence, expires_at))).await
    }

    /// Keeps a token in this process, unless a newer one is kept already.
    async fn newest(&self, app: &App, token: Arc<Token>) -> Arc<Token> {
        let entry = self.shared.tokens.newest.entry_by_ref(&app.appid);
        let newer = async |kept: Option<moka::Entry<String, Arc<Token>>>| match kept {
            Some(kept) if kept.value().fence >= token.fence => kept.into_value(),
            _ => token.clone(),
        };
        entry.and_upsert_with(newer).await.into_value()
    }

    fn token_of(&self, token: SecretString, fence: u64, expires_at: Timestamp) -> Token {
        let settings = &self.shared.settings;
        Token::new(token, fence, expires_at, settings.clock.now(), settings.token_margin)
    }

    /// One exchange with WeChat.
    async fn ask(&self, app: &App, force_refresh: bool) -> Result<Fetched, Error> {
        const GRANT: &str = "client_credential";
        let settings = &self.shared.settings;
        let asked_at = settings.clock.now();
        let secret = app.secret.expose_secret();
        let stable = settings.token_mode == TokenMode::Stable;
        let operation = if stable { Operation::GetStableAccessToken } else { Operation::GetAccessToken };
        let question = Question { grant_type: GRANT, appid: &app.appid, secret, force_refresh };
        let answer = self
            .send_for_answer(Call {
                operation,
                // A second ordinary token costs nothing: the first was never used.
                idempotent: !force_refresh,
                secrets: &[secret],
                wanted: Wanted::Answer,
                request: |http, server| {
                    let url = format!("{server}{}", operation.path());
                    match stable {
                        true => http.post(url).json(&question),
                        false => http.get(url).query(&[
                            ("grant_type", GRANT),
                            ("appid", &app.appid),
                            ("secret", secret),
                        ]),
                    }
                },
            })
            .await?;
        let expected = "access_token and expires_in";
        let Body { access_token, expires_in } = answer.into(expected)?;
        if access_token.expose_secret().is_empty() || expires_in == 0 {
            let found = "an empty or expired token".into();
            return Err(Error::Unexpected { operation, status: 200, expected, found });
        }
        let life = SignedDuration::from_secs(expires_in.into());
        let expires_at = asked_at.checked_add(life).unwrap_or(Timestamp::MAX);
        Ok(Fetched { token: access_token, expires_at })
    }
}

enum Outcome {
    Token(Arc<Token>),
    /// A refused token is not replaced again so soon.
    NotNow,
    /// The lease ended meanwhile, and another wrote.
    Late,
}

fn is_same(refused: Option<&SecretString>, token: &SecretString) -> bool {
    refused.is_some_and(|refused| refused.expose_secret() == token.expose_secret())
}
