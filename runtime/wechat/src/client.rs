//! The client: one request, its retries, and the way back.

use std::sync::Arc;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use reqwest::{RequestBuilder, Response};
use tokio::time::Instant;

use crate::answer::Answer;
use crate::error::{Error, Operation};
use crate::settings::{Settings, SettingsError};
use crate::token::Tokens;

/// WeChat's server, as seen from here. Clones share connections and access tokens.
#[derive(Debug, Clone)]
pub struct WeChat {
    pub(crate) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    http: reqwest::Client,
    server: String,
    pub(crate) settings: Settings,
    pub(crate) tokens: Tokens,
}

/// A request that can be made again for each attempt.
pub(crate) struct Call<'a, F: Fn(&reqwest::Client, &str) -> RequestBuilder> {
    pub(crate) operation: Operation,
    /// Whether repeating it after an unknown outcome does no harm.
    pub(crate) idempotent: bool,
    /// What must not appear in an error text.
    pub(crate) secrets: &'a [&'a str],
    /// Makes the request from the client and the server's base URL.
    pub(crate) request: F,
}

impl WeChat {
    /// A client.
    ///
    /// # Errors
    ///
    /// [`SettingsError`], when the base URL cannot be used or a limit is zero.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        let (server, local) = settings.server()?;
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("queqiao/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(settings.connect_timeout)
            .timeout(settings.timeout)
            // Following one would carry the secret in the query to wherever it points.
            .redirect(reqwest::redirect::Policy::none());
        if local {
            // A proxy for the world outside cannot reach this machine's loopback.
            http = http.no_proxy();
        }
        let http = http.build().map_err(|error| SettingsError::Client(causes(error)))?;
        Ok(Self { shared: Arc::new(Shared { http, server, settings, tokens: Tokens::default() }) })
    }

    /// Sends a request, repeats it where that is safe, and decodes the answer.
    pub(crate) async fn send<F>(&self, call: Call<'_, F>) -> Result<Answer, Error>
    where
        F: Fn(&reqwest::Client, &str) -> RequestBuilder,
    {
        let settings = &self.shared.settings;
        let pauses = ExponentialBuilder::default()
            .with_min_delay(settings.back_off)
            .with_max_delay(settings.back_off.saturating_mul(8))
            .with_max_times(settings.retries)
            .with_jitter();
        (|| self.attempt(&call))
            .retry(pauses)
            .when(|error| error.is_worth_repeating(call.idempotent))
            .notify(|error: &Error, pause: Duration| {
                tracing::warn!(operation = %call.operation, ?pause, %error, "WeChat is asked again");
            })
            .await
    }

    async fn attempt<F>(&self, call: &Call<'_, F>) -> Result<Answer, Error>
    where
        F: Fn(&reqwest::Client, &str) -> RequestBuilder,
    {
        let started = Instant::now();
        let outcome = self.exchange(call).await;
        let elapsed = started.elapsed();
        match &outcome {
            Ok(_) => tracing::debug!(operation = %call.operation, ?elapsed, "WeChat answered"),
            Err(error) => {
                let refusal = error.refusal();
                tracing::debug!(
                    operation = %call.operation,
                    ?elapsed,
                    errcode = refusal.map(|refusal| refusal.errcode),
                    rid = error.rid(),
                    %error,
                    "WeChat did not answer as hoped"
                );
            }
        }
        outcome
    }

    async fn exchange<F>(&self, call: &Call<'_, F>) -> Result<Answer, Error>
    where
        F: Fn(&reqwest::Client, &str) -> RequestBuilder,
    {
        let shared = &*self.shared;
        let failed = |error: reqwest::Error| {
            let before_sending = error.is_connect() || error.is_builder();
            match error.is_timeout() && !before_sending {
                true => Error::TimedOut { after: shared.settings.timeout },
                false => Error::Network { detail: causes(error), before_sending },
            }
        };
        let request = (call.request)(&shared.http, &shared.server);
        let response = request.send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let body = read(response, shared.settings.answer_limit).await.map_err(failed)?;
        let Some(body) = body else {
            return Err(Error::Unexpected {
                operation: call.operation,
                status,
                expected: "a JSON object",
                found: format!("more than {} bytes", shared.settings.answer_limit),
            });
        };
        Answer::decode(call.operation, status, &body, call.secrets)
    }
}

/// The body, or `None` if it is longer than the limit.
async fn read(mut response: Response, limit: usize) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > limit {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

/// The error and its causes in one line, without the URL: the secret is in its query.
fn causes(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
