//! The client: one request, its retries, and the way back.

use std::sync::Arc;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use bytes::{Bytes, BytesMut};
use reqwest::{RequestBuilder, Response};
use tokio::time::Instant;

use crate::answer::Answer;
use crate::download::{Content, Download};
use crate::settings::{Settings, SettingsError};
use crate::token::Tokens;
use crate::{Error, Operation};

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
    pub(crate) wanted: Wanted,
    /// Makes the request from the client and the server's base URL.
    pub(crate) request: F,
}

/// What a call is to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// JSON.
    Answer,
    /// JSON, after a file was sent.
    AnswerToFile,
    /// Other bytes; an error still comes as JSON.
    Bytes,
}

/// What a call gave.
pub(crate) enum Received {
    Answer(Answer),
    Bytes(Download),
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
    pub(crate) async fn send<F>(&self, call: Call<'_, F>) -> Result<Received, Error>
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

    /// Sends a request that is answered in JSON.
    pub(crate) async fn send_for_answer<F>(&self, call: Call<'_, F>) -> Result<Answer, Error>
    where
        F: Fn(&reqwest::Client, &str) -> RequestBuilder,
    {
        let operation = call.operation;
        match self.send(call).await? {
            Received::Answer(answer) => Ok(answer),
            Received::Bytes(_) => Err(not_an_answer(operation)),
        }
    }

    async fn attempt<F>(&self, call: &Call<'_, F>) -> Result<Received, Error>
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
                    errcode = refusal.map(|refusal| refusal.code.0),
                    rid = error.rid(),
                    %error,
                    "WeChat did not answer as hoped"
                );
            }
        }
        outcome
    }

    async fn exchange<F>(&self, call: &Call<'_, F>) -> Result<Received, Error>
    where
        F: Fn(&reqwest::Client, &str) -> RequestBuilder,
    {
        let shared = &*self.shared;
        let failed = |error: reqwest::Error| {
            let before_sending = error.is_connect() || error.is_builder();
            match error.is_timeout() && !before_sending {
                true => Error::TimedOut { after: shared.settings.patience(call.wanted) },
                false => Error::Network { detail: causes(error), before_sending },
            }
        };
        let request = (call.request)(&shared.http, &shared.server);
        let request = request.timeout(shared.settings.patience(call.wanted));
        let mut response = request.send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            body.extend_from_slice(&chunk);
            if let (Wanted::Bytes, Some(content)) = (call.wanted, Content::of(&body))
                && content != Content::Json
            {
                let start = body.freeze();
                return self.download(call, (content, start), response);
            }
            if body.len() > shared.settings.answer_limit {
                return Err(Error::Unexpected {
                    operation: call.operation,
                    status,
                    expected: "a JSON object",
                    found: format!("more than {} bytes", shared.settings.answer_limit),
                });
            }
        }
        Answer::decode(call.operation, status, &body, call.secrets).map(Received::Answer)
    }

    fn download<F>(
        &self,
        call: &Call<'_, F>,
        (content, start): (Content, Bytes),
        response: Response,
    ) -> Result<Received, Error>
    where
        F: Fn(&reqwest::Client, &str) -> RequestBuilder,
    {
        let status = response.status();
        if !status.is_success() || start.trim_ascii_start().starts_with(b"<") {
            return Err(Error::Unexpected {
                operation: call.operation,
                status: status.as_u16(),
                expected: "an image or another medium",
                found: match content {
                    Content::Other => "a page".into(),
                    content => content.media_type().into(),
                },
            });
        }
        let limit = self.shared.settings.download_limit;
        Ok(Received::Bytes(Download::new(call.operation, (content, start), response, limit)))
    }
}

/// Bytes where no call wanted any.
pub(crate) fn not_an_answer(operation: Operation) -> Error {
    Error::Unexpected { operation, status: 200, expected: "a JSON object", found: "other bytes".into() }
}

/// What ended a body in its middle.
pub(crate) fn broken_off(error: reqwest::Error) -> Error {
    Error::Network { detail: causes(error), before_sending: false }
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
