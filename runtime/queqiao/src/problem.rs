//! Failures as [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problem documents with a stable code.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use axum::body::Body;
use axum::response::Response;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;

/// The media type of every failure.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// Where a [`FieldError`] was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Location {
    /// In the body; the place that [`FieldError::pointer`] means where nothing else is said.
    #[default]
    Body,
    /// In the query string.
    Query,
    /// In a path segment.
    Path,
    /// In a header.
    Header,
}

impl Location {
    fn is_body(&self) -> bool {
        *self == Location::Body
    }
}

/// One broken constraint or wrong type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// Which part of the request is meant; absent on the wire for the body.
    #[serde(rename = "in", skip_serializing_if = "Location::is_body")]
    pub location: Location,
    /// JSON pointer ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)) with wire names, for example `/items/0/title`.
    pub pointer: String,
    /// Stable code of the constraint, for example `length`.
    pub code: Cow<'static, str>,
    /// For people, in English.
    pub message: Cow<'static, str>,
}

impl FieldError {
    /// An error in the body.
    pub fn new(
        pointer: impl Into<String>,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { location: Location::Body, pointer: pointer.into(), code: code.into(), message: message.into() }
    }
}

/// A failure on its way to the client.
///
/// Renders as `application/problem+json` with `title`, `status`, `code`, and where given `detail`,
/// `errors` and `request_id`. A source ([`Problem::internal`]) is logged and never sent.
pub struct Problem(Box<Parts>);

struct Parts {
    status: StatusCode,
    code: Cow<'static, str>,
    title: Cow<'static, str>,
    detail: Option<Cow<'static, str>>,
    errors: Vec<FieldError>,
    headers: HeaderMap,
    source: Option<Internal>,
}

#[derive(Serialize)]
struct Wire<'a> {
    title: &'a str,
    status: u16,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

impl Problem {
    /// A problem with a status of 400 to 599 (anything else becomes 500), a stable code and a title for people.
    pub fn new(status: u16, code: impl Into<Cow<'static, str>>, title: impl Into<Cow<'static, str>>) -> Self {
        let status = StatusCode::from_u16(status)
            .ok()
            .filter(|status| status.is_client_error() || status.is_server_error())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self(Box::new(Parts {
            status,
            code: code.into(),
            title: title.into(),
            detail: None,
            errors: Vec::new(),
            headers: HeaderMap::new(),
            source: None,
        }))
    }

    /// The 500 that stands for a failure of the server itself; `source` is logged and never sent.
    pub fn internal(source: impl Into<Internal>) -> Self {
        Self::from_case(&INTERNAL).with_source(source)
    }

    /// The 422 for a request that was understood and breaks constraints.
    pub fn validation(errors: Vec<FieldError>) -> Self {
        let mut problem = Self::from_case(&VALIDATION);
        problem.0.errors = errors;
        problem
    }

    /// The problem of a case of the contract.
    pub fn from_case(case: &ErrorCase) -> Self {
        let problem = Self::new(case.status, case.code, case.title);
        if case.detail.is_empty() { problem } else { problem.with_detail(case.detail) }
    }

    /// Adds an explanation of this occurrence; it reaches the client.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Adds a header to the response, for example `Retry-After`.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// Adds a cause for the log; it does not reach the client.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Internal>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Rewrites the pointers of the broken constraints.
    pub(crate) fn with_pointers(mut self, rewrite: impl Fn(&str) -> String) -> Self {
        for error in &mut self.0.errors {
            error.pointer = rewrite(&error.pointer);
        }
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The stable code.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// The broken constraints, if it is about those.
    pub fn errors(&self) -> &[FieldError] {
        &self.0.errors
    }

    /// Renders the problem, and logs its source if it has one.
    pub fn respond(self, request_id: Option<&str>) -> Response {
        let parts = *self.0;
        if let Some(source) = &parts.source {
            tracing::error!(code = %parts.code, request_id, error = %Chain(source), "request failed");
        }
        let wire = Wire {
            title: &parts.title,
            status: parts.status.as_u16(),
            code: &parts.code,
            detail: parts.detail.as_deref(),
            errors: &parts.errors,
            request_id,
        };
        let body = serde_json::to_vec(&wire).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = parts.status;
        *response.headers_mut() = parts.headers;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        response
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Problem")
            .field("status", &self.0.status.as_u16())
            .field("code", &self.0.code)
            .field("title", &self.0.title)
            .field("detail", &self.0.detail)
            .field("errors", &self.0.errors)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.0.status.as_u16(), self.0.code, self.0.title)
    }
}

impl StdError for Problem {}

/// A failure of the infrastructure, for the log only.
///
/// Every [`std::error::Error`] converts into it, so `?` works in a handler that returns `Result<_, Internal>`;
/// an error enum lists the sources it takes: `#[error(internal, from(StoreError))] Internal(Internal)`.
pub struct Internal(Box<dyn StdError + Send + Sync>);

impl Internal {
    /// An internal failure told by a sentence.
    pub fn message(message: impl Into<String>) -> Self {
        Self(message.into().into())
    }

    /// The cause.
    pub fn source(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.0
    }
}

impl<E: StdError + Send + Sync + 'static> From<E> for Internal {
    fn from(source: E) -> Self {
        Self(Box::new(source))
    }
}

impl fmt::Debug for Internal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Internal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl ApiError for Internal {
    fn describe(errors: &mut ErrorSet) {
        errors.case(INTERNAL);
    }

    fn into_problem(self) -> Problem {
        Problem::internal(self)
    }
}

/// An error with its causes, in one line.
struct Chain<'a>(&'a Internal);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut told = self.0.to_string();
        let mut cause = self.0.source().source();
        while let Some(error) = cause {
            let text = error.to_string();
            // Many errors repeat their cause in their own sentence.
            if !told.contains(&text) {
                write!(f, ": {text}")?;
            }
            told = text;
            cause = error.source();
        }
        Ok(())
    }
}

/// One way in which an operation fails, as the contract states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ErrorCase {
    /// HTTP status, 400 to 599.
    pub status: u16,
    /// Stable code, for example `todo.not_found`.
    pub code: &'static str,
    /// One sentence for people.
    pub title: &'static str,
    /// More, or nothing.
    pub detail: &'static str,
}

/// The cases of an operation, collected from its error type and its extractors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorSet(Vec<ErrorCase>);

impl ErrorSet {
    /// Adds a case; adding it twice is adding it once.
    pub fn case(&mut self, case: ErrorCase) {
        if !self.0.contains(&case) {
            self.0.push(case);
        }
    }

    /// The cases in the order in which they were added.
    pub fn cases(&self) -> &[ErrorCase] {
        &self.0
    }
}

/// A handler's error type; derived by `#[derive(ApiError)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an error of a contract",
    label = "has no statuses and codes",
    note = "derive it: `#[derive(ApiError)] enum MyError {{ /** Title. */ #[error(status = 404)] NotFound }}`, or use `queqiao::Internal`"
)]
pub trait ApiError: Sized + Send + 'static {
    /// Lists the cases.
    fn describe(errors: &mut ErrorSet);

    /// The problem document of this value.
    fn into_problem(self) -> Problem;
}

macro_rules! cases {
    ($($(#[$doc:meta])* $name:ident = $status:literal $code:literal $title:literal $detail:literal;)*) => {
        $($(#[$doc])* pub(crate) const $name: ErrorCase =
            ErrorCase { status: $status, code: $code, title: $title, detail: $detail };)*
    };
}

cases! {
    /// The server failed; the cause is in its log.
    INTERNAL = 500 "internal" "The server failed." "The cause stands in the server's log under the request id.";
    /// The request was understood and breaks constraints.
    VALIDATION = 422 "validation" "The request breaks constraints." "See `errors` for each place.";
    /// The body is no JSON.
    BODY_MALFORMED = 400 "body.malformed" "The body is not valid JSON." "";
    /// The body is no UTF-8.
    BODY_ENCODING = 400 "body.encoding" "The body is not valid UTF-8." "";
    /// The JSON is nested beyond the parser's limit.
    BODY_TOO_DEEP = 400 "body.too_deep" "The JSON body is nested too deeply." "At most 128 levels are read.";
    /// The body broke off.
    BODY_INCOMPLETE = 400 "body.incomplete" "The body ended before it was complete." "";
    /// The body is larger than the limit.
    BODY_TOO_LARGE = 413 "body.too_large" "The body is too large." "";
    /// The body is not of the media type that the operation reads.
    BODY_MEDIA_TYPE = 415 "body.media_type" "The body has the wrong media type." "Send `Content-Type: application/json`.";
    /// The query string cannot be decoded.
    QUERY_MALFORMED = 400 "query.malformed" "The query string cannot be decoded." "";
    /// The path cannot be decoded.
    PATH_MALFORMED = 400 "path.malformed" "The path cannot be decoded." "";
    /// No such route.
    ROUTE_NOT_FOUND = 404 "route.not_found" "There is no such path." "";
    /// The path exists with other methods.
    METHOD_NOT_ALLOWED = 405 "route.method_not_allowed" "The path does not take this method." "";
    /// The client's contract is refused; every operation may say so.
    CLIENT_TOO_OLD = 410 "client.too_old" "This version of the mini-program is too old." "Update the mini-program.";
    /// No token where one is needed.
    AUTH_REQUIRED = 401 "auth.required" "This operation needs a login." "Send `Authorization: Bearer <token>` from `POST /auth/login`.";
    /// A token that this server did not sign for this API.
    AUTH_INVALID = 401 "auth.invalid" "The token is not valid." "Log in again.";
    /// A token past its end.
    AUTH_EXPIRED = 401 "auth.expired" "The token has expired." "Log in again.";
    /// A token of a session that was logged out.
    AUTH_REVOKED = 401 "auth.revoked" "The session was logged out." "Log in again.";
    /// The user lacks the role.
    AUTH_FORBIDDEN = 403 "auth.forbidden" "The user lacks the role for this operation." "";
}
