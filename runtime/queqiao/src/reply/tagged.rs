//! Answers with their version.

use std::fmt;

use axum::body::Body;
use axum::response::Response;
use http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;

use super::{Reply, text};
use crate::document::Operation;
use crate::endpoint::Method;
use crate::entity_tag::{Condition, EntityTag};
use crate::extract::Incoming;
use crate::model::Model;
use crate::problem::{Location, Problem};

/// 200 with the model as JSON and its version in `ETag`; on GET, 304 without a body for a caller who names that version in
/// `If-None-Match`.
///
/// ```
/// use queqiao::prelude::*;
///
/// /// The opening hours.
/// #[get("/hours")]
/// async fn hours() -> Tagged<String> {
///     Tagged::of("8:00 to 20:00".to_owned())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let app = queqiao::TestApp::new(Api::<()>::new("library", "1.0.0").routes(routes![hours]));
/// let first = app.get("/hours").await;
/// let tag = first.headers["etag"].to_str().unwrap().to_owned();
/// let again = app.get("/hours").header("if-none-match", &tag).await;
/// assert_eq!((again.status.as_u16(), again.text().as_str()), (304, ""));
/// # }
/// ```
///
/// A version that the database keeps beside the row is the better tag: one number names what [`IfMatch`](crate::IfMatch)
/// compares when the thing is changed. Where each caller sees something else under one path, put what it depends on into
/// the version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tagged<T> {
    value: T,
    tag: Option<EntityTag>,
}

impl<T> Tagged<T> {
    /// A value and its tag.
    pub fn new(value: T, tag: EntityTag) -> Self {
        Self { value, tag: Some(tag) }
    }

    /// A value and its version: a number that grows with every change, or the instant of the last one.
    pub fn by_version(value: T, version: impl fmt::Display) -> Self {
        Self::new(value, EntityTag::of_version(version))
    }

    /// A value whose tag is made of the bytes of the answer.
    pub fn of(value: T) -> Self {
        Self { value, tag: None }
    }

    /// The value.
    pub fn into_value(self) -> T {
        self.value
    }
}

impl<T: Model + Serialize + Send> Reply for Tagged<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.json_response::<T>(200, "OK");
        operation.response_header(200, "ETag", "The version of what is answered.");
        if operation.meta.method == Method::Get {
            operation.described_parameter(
                Location::Header,
                "If-None-Match",
                false,
                serde_json::json!({
                    "type": "string",
                    "description": "The `ETag` of a version that the caller has; several between commas, or `*`. If it is still that \
                                    one, the answer is 304 and has no body.",
                }),
            );
            operation.response(304, "Still the version that `If-None-Match` names");
            operation.response_header(304, "ETag", "The version of what would be answered.");
        }
    }

    fn reply(self, request: &Incoming) -> Response {
        let condition = match request.parts.method {
            http::Method::GET | http::Method::HEAD => Condition::of(&request.parts.headers, &IF_NONE_MATCH),
            _ => None,
        };
        let had = |tag: &EntityTag| condition.as_ref().is_some_and(|condition| condition.matches_weakly(tag));
        // A version that the caller has need not be written.
        if let Some(tag) = self.tag.as_ref().filter(|tag| had(tag)) {
            return unchanged(tag);
        }
        let text = match text(&self.value) {
            Ok(text) => text,
            Err(error) => return Problem::internal(error).respond(request.audience()),
        };
        let tag = self.tag.unwrap_or_else(|| EntityTag::of_bytes(&text));
        if had(&tag) {
            return unchanged(&tag);
        }
        let mut response = Response::new(Body::from(text));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        add(response.headers_mut(), &tag);
        response
    }
}

fn unchanged(tag: &EntityTag) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    add(response.headers_mut(), tag);
    response
}

fn add(headers: &mut HeaderMap, tag: &EntityTag) {
    if let Some(tag) = tag.header() {
        headers.insert(ETAG, tag);
    }
}
