//! Access tokens (接口调用凭据): one per app, fetched by one caller, used by all.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use moka::future::Cache;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::App;
use crate::client::{Call, WeChat};
use crate::error::{Error, Operation};

/// Apps whose tokens are kept at most.
const APPS: u64 = 10_000;

/// How often a caller joins a fetch whose token turns out to be of no use, before it fetches alone.
const ROUNDS: usize = 3;

/// One fetched token.
#[derive(Debug)]
pub(crate) struct Token {
    /// Counts up; tells a token from its successors.
    number: u64,
    secret: SecretString,
    usable_until: Timestamp,
}

/// The newest token of each app, and the fetches under way.
pub(crate) struct Tokens {
    newest: Cache<String, Arc<Token>>,
    /// Keyed by the app and the number of the token to be replaced (0 for none), so that a caller
    /// who comes late does not throw away what another just fetched.
    fetches: Cache<(String, u64), Arc<Token>>,
    count: AtomicU64,
}

impl Default for Tokens {
    fn default() -> Self {
        Self { newest: Cache::new(APPS), fetches: Cache::new(APPS), count: AtomicU64::new(0) }
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

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

impl WeChat {
    /// The app's access token, in WeChat's stable mode.
    ///
    /// Kept until shortly before it expires, and fetched by one caller while the others wait for
    /// the same answer. Other systems may use stable tokens of the same app: they get the same one.
    /// <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-access-token/getStableAccessToken.html>
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] and the others of [`Error`] but `Code` and `HighRisk`. Failures are
    /// not kept: the next call asks again.
    pub async fn stable_token(&self, app: &App) -> Result<SecretString, Error> {
        Ok(self.token(app, None).await?.secret.clone())
    }

    /// Calls an API that takes an access token and JSON, for example `/wxa/msg_sec_check`.
    ///
    /// A token that WeChat refuses (40001, 40014, 42001) is fetched anew and the call repeated,
    /// once.
    ///
    /// # Errors
    ///
    /// [`Error::Token`] when the fresh token is refused too; the others of [`Error`].
    pub async fn post<A: DeserializeOwned>(
        &self,
        app: &App,
        path: &str,
        body: &(impl Serialize + Sync + ?Sized),
    ) -> Result<A, Error> {
        let token = self.token(app, None).await?;
        let answer = match self.post_with(&token, path, body).await {
            Err(Error::Token(refusal)) => {
                tracing::info!(appid = app.appid, %refusal, "the access token is fetched anew");
                let fresh = self.token(app, Some(token.number)).await?;
                self.post_with(&fresh, path, body).await
            }
            outcome => outcome,
        };
        answer?.into("the fields of this API's answer")
    }

    async fn post_with(
        &self,
        token: &Token,
        path: &str,
        body: &(impl Serialize + Sync + ?Sized),
    ) -> Result<crate::answer::Answer, Error> {
        let token = token.secret.expose_secret();
        self.send(Call {
            operation: Operation::Api,
            idempotent: false,
            secrets: &[token],
            request: |http, server| {
                http.post(format!("{server}{path}")).query(&[("access_token", token)]).json(body)
            },
        })
        .await
    }

    /// A token that is usable now and is not the one with the number `refused`.
    async fn token(&self, app: &App, refused: Option<u64>) -> Result<Arc<Token>, Error> {
        let tokens = &self.shared.tokens;
        for _ in 0..ROUNDS {
            let newest = tokens.newest.get(&app.appid).await;
            let replaced = match newest {
                Some(token) if self.is_usable(&token, refused) => return Ok(token),
                Some(token) => token.number,
                None => 0,
            };
            let fetch = (app.appid.clone(), replaced);
            let outcome = tokens
                .fetches
                .try_get_with_by_ref(&fetch, async {
                    // Another fetch for the same predecessor may have ended a moment ago.
                    match tokens.newest.get(&app.appid).await {
                        Some(token) if token.number != replaced => Ok(token),
                        _ => self.fetch_token(app).await,
                    }
                })
                .await;
            tokens.fetches.invalidate(&fetch).await;
            let token = outcome.map_err(|error| (*error).clone())?;
            // Only one that was fetched before this call began can be unusable by now.
            if self.is_usable(&token, refused) {
                return Ok(token);
            }
        }
        self.fetch_token(app).await
    }

    fn is_usable(&self, token: &Token, refused: Option<u64>) -> bool {
        refused.is_none_or(|refused| token.number > refused)
            && self.shared.settings.clock.now() < token.usable_until
    }

    async fn fetch_token(&self, app: &App) -> Result<Arc<Token>, Error> {
        let shared = &self.shared;
        let asked_at = shared.settings.clock.now();
        let secret = app.secret.expose_secret();
        // Never with force_refresh: that is for a leaked token, and is limited to 20 a day.
        let question =
            Question { grant_type: "client_credential", appid: &app.appid, secret, force_refresh: false };
        let answer = self
            .send(Call {
                operation: Operation::Token,
                idempotent: true,
                secrets: &[secret],
                request: |http, server| http.post(format!("{server}/cgi-bin/stable_token")).json(&question),
            })
            .await?;
        let expected = "access_token and expires_in";
        let Body { access_token, expires_in } = answer.into(expected)?;
        if access_token.expose_secret().is_empty() || expires_in == 0 {
            return Err(Error::Unexpected {
                operation: Operation::Token,
                status: 200,
                expected,
                found: "an empty or expired token".into(),
            });
        }
        let lifetime = Duration::from_secs(expires_in.into());
        // Close to the end WeChat may still answer with the old token: half of the rest is used.
        let usable = lifetime - shared.settings.token_margin.min(lifetime / 2);
        let token = Arc::new(Token {
            number: shared.tokens.count.fetch_add(1, Ordering::Relaxed) + 1,
            secret: access_token,
            usable_until: asked_at.checked_add(usable).unwrap_or(Timestamp::MAX),
        });
        shared.tokens.newest.insert(app.appid.clone(), token.clone()).await;
        Ok(token)
    }
}
