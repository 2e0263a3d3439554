//! Calls that carry an access token.

use reqwest::RequestBuilder;
use secrecy::ExposeSecret;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::answer::Answer;
use crate::client::{Call, Received, Wanted, not_an_answer};
use crate::token::Token;
use crate::{App, Class, Error, Operation, WeChat};

/// A request without its token, that can be made again for each attempt.
pub(crate) struct Api<'a, F: Fn(&reqwest::Client, String) -> RequestBuilder> {
    pub(crate) operation: Operation,
    /// Whether repeating it after an unknown outcome does no harm.
    pub(crate) idempotent: bool,
    /// What must not appear in an error text, besides the token.
    pub(crate) secrets: &'a [&'a str],
    pub(crate) wanted: Wanted,
    /// Makes the request from the client and the URL.
    pub(crate) request: F,
}

impl WeChat {
    /// Calls an API for which this crate has no type: one that takes an access token and JSON.
    ///
    /// A token that WeChat refuses (40001, 40014, 42001) is fetched anew and the call repeated, once.
    ///
    /// # Errors
    ///
    /// [`Class::Token`] when the fresh token is refused too; the others of [`Error`].
    pub async fn post<A: DeserializeOwned>(
        &self,
        app: &App,
        path: &str,
        body: &(impl Serialize + Sync + ?Sized),
    ) -> Result<A, Error> {
        let api = Api {
            operation: Operation::Other,
            idempotent: false,
            secrets: &[],
            wanted: Wanted::Answer,
            request: |http: &reqwest::Client, url: String| http.post(format!("{url}{path}")).json(body),
        };
        self.answer(app, api).await?.into("the fields of this API's answer")
    }

    /// Posts JSON.
    pub(crate) async fn post_json(
        &self,
        app: &App,
        operation: Operation,
        idempotent: bool,
        body: &(impl Serialize + Sync + ?Sized),
    ) -> Result<Answer, Error> {
        let request = |http: &reqwest::Client, url: String| http.post(url).json(body);
        self.answer(app, Api { operation, idempotent, secrets: &[], wanted: Wanted::Answer, request }).await
    }

    /// Gets, which may always be repeated.
    pub(crate) async fn get_query(
        &self,
        app: &App,
        operation: Operation,
        query: &(impl Serialize + Sync + ?Sized),
        secrets: &[&str],
    ) -> Result<Answer, Error> {
        let request = |http: &reqwest::Client, url: String| http.get(url).query(query);
        self.answer(app, Api { operation, idempotent: true, secrets, wanted: Wanted::Answer, request }).await
    }

    /// Calls an API that answers in JSON.
    pub(crate) async fn answer<F>(&self, app: &App, api: Api<'_, F>) -> Result<Answer, Error>
    where
        F: Fn(&reqwest::Client, String) -> RequestBuilder,
    {
        let operation = api.operation;
        match self.call(app, api).await? {
            Received::Answer(answer) => Ok(answer),
            Received::Bytes(_) => Err(not_an_answer(operation)),
        }
    }

    /// Calls an API with a token, and once more with a fresh one if the first is refused.
    pub(crate) async fn call<F>(&self, app: &App, api: Api<'_, F>) -> Result<Received, Error>
    where
        F: Fn(&reqwest::Client, String) -> RequestBuilder,
    {
        let token = self.token(app).await?;
        match self.call_with(app, &token, &api).await {
            Err(Error::Refused(refusal)) if refusal.class() == Class::Token => {
                tracing::info!(appid = app.appid, %refusal, "the access token is fetched anew");
                match self.token_after(app, &token).await? {
                    Some(fresh) => self.call_with(app, &fresh, &api).await,
                    None => Err(Error::Refused(refusal)),
                }
            }
            outcome => outcome,
        }
    }

    async fn call_with<F>(&self, app: &App, token: &Token, api: &Api<'_, F>) -> Result<Received, Error>
    where
        F: Fn(&reqwest::Client, String) -> RequestBuilder,
    {
        let token = token.expose();
        let secrets: Vec<&str> =
            api.secrets.iter().copied().chain([token, app.secret.expose_secret()]).collect();
        self.send(Call {
            operation: api.operation,
            idempotent: api.idempotent,
            secrets: &secrets,
            wanted: api.wanted,
            request: |http, server| {
                let url = format!("{server}{}", api.operation.path());
                (api.request)(http, url).query(&[("access_token", token)])
            },
        })
        .await
    }
}
