//! Failures as [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problem documents with a stable code.

mod case;
mod cases;
mod internal;
mod text;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use axum::body::Body;
use axum::response::Response;
use http::header::{ACCEPT_LANGUAGE, CONTENT_LANGUAGE, CONTENT_TYPE, HeaderName, RETRY_AFTER, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};

pub(crate) use self::case::ambiguous;
pub use self::case::{ApiError, Detail, DetailOf, Details, ErrorCase, ErrorSet};
pub(crate) use self::cases::*;
pub use self::internal::Internal;
pub(crate) use self::text::Listener;
pub use self::text::{Audience, Language, Text, both, plain};

use self::internal::Chain;

/// The media type of every failure.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// Seconds after which a store that did not answer may be asked again.
const STORE_PAUSE: &str = "2";

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Which part of the request is meant; `in` on the wire, and absent for the body.
    pub location: Location,
    /// JSON pointer ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)) with wire names, for example `/items/0/title`.
    pub pointer: String,
    /// Stable code of the constraint, for example `length`.
    pub code: Cow<'static, str>,
    /// For people.
    pub message: Text,
}

impl FieldError {
    /// An error in the body.
    pub fn new(
        pointer: impl Into<String>,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Text>,
    ) -> Self {
        Self { location: Location::Body, pointer: pointer.into(), code: code.into(), message: message.into() }
    }
}

/// A failure on its way to the client.
///
/// Renders as `application/problem+json` with `title`, `status`, `code`, and where given `detail`,
/// `details`, `errors` and `request_id`, in the language that the request asks for. A source
/// ([`Problem::internal`]) is logged and never sent.
pub struct Problem(Box<Parts>);

struct Parts {
    status: StatusCode,
    code: Cow<'static, str>,
    title: Text,
    detail: Option<Text>,
    details: Map<String, Value>,
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
    #[serde(skip_serializing_if = "Map::is_empty")]
    details: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<WireError<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

#[derive(Serialize)]
struct WireError<'a> {
    #[serde(rename = "in", skip_serializing_if = "Location::is_body")]
    location: Location,
    pointer: &'a str,
    code: &'a str,
    message: &'a str,
}

impl Problem {
    /// A problem with a status of 400 to 599 (anything else becomes 500), a stable code and a title for people.
    pub fn new(status: u16, code: impl Into<Cow<'static, str>>, title: impl Into<Text>) -> Self {
        let status = StatusCode::from_u16(status)
            .ok()
            .filter(|status| status.is_client_error() || status.is_server_error())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self(Box::new(Parts {
            status,
            code: code.into(),
            title: title.into(),
            detail: None,
            details: Map::new(),
            errors: Vec::new(),
            headers: HeaderMap::new(),
            source: None,
        }))
    }

    /// The 500 that stands for a failure of the server itself, or 503 `store.unavailable` for a store that does not
    /// answer; `source` is logged and never sent.
    pub fn internal(source: impl Into<Internal>) -> Self {
        let source = source.into();
        if source.is_absent_store() {
            return Self::from_case(&STORE_UNAVAILABLE)
                .with_header(RETRY_AFTER, HeaderValue::from_static(STORE_PAUSE))
                .with_source(source);
        }
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
        let mut problem = Self::new(case.status, case.code, case.title.clone());
        problem.0.detail.clone_from(&case.detail);
        problem
    }

    /// Replaces the title.
    #[must_use]
    pub fn with_title(mut self, title: impl Into<Text>) -> Self {
        self.0.title = title.into();
        self
    }

    /// Adds an explanation of this occurrence; it reaches the client.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<Text>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Adds what programs are told; values that serde refuses to write make it a 500.
    #[doc(hidden)]
    #[must_use]
    pub fn with_details(mut self, details: Details) -> Self {
        match details.into_members() {
            Ok(members) => {
                self.0.details = members;
                self
            }
            Err(error) => Self::internal(error),
        }
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

    /// Adds the places that it is about.
    #[cfg(feature = "server")]
    pub(crate) fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.0.errors = errors;
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

    /// Renders the problem in the language of its audience, and logs its source if it has one.
    pub fn respond(self, audience: Audience<'_>) -> Response {
        let parts = *self.0;
        let request_id = audience.request_id();
        if let Some(source) = &parts.source {
            tracing::error!(code = %parts.code, request_id, error = %Chain(source), "request failed");
        }
        let language = audience.language();
        let errors = parts.errors.iter().map(|error| WireError {
            location: error.location,
            pointer: &error.pointer,
            code: &error.code,
            message: error.message.told_in(language),
        });
        let wire = Wire {
            title: parts.title.told_in(language),
            status: parts.status.as_u16(),
            code: &parts.code,
            detail: parts.detail.as_ref().map(|detail| detail.told_in(language)),
            details: &parts.details,
            errors: errors.collect(),
            request_id,
        };
        let body = serde_json::to_vec(&wire).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = parts.status;
        *response.headers_mut() = parts.headers;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        // A plain text may be in any language.
        if matches!(parts.title, Text::Both { .. }) {
            headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
        }
        headers.append(VARY, HeaderValue::from(ACCEPT_LANGUAGE));
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
            .field("details", &self.0.details)
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
