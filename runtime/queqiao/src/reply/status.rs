//! Replies that are about their status.

use axum::body::Body;
use axum::response::Response;
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use super::{Reply, json};
use crate::document::Operation;
use crate::extract::Incoming;
use crate::model::Model;
use crate::problem::{Internal, Problem};

/// 201 with the created model as JSON.
#[derive(Clone, Copy, Debug, Default)]
pub struct Created<T>(pub T);

impl<T: Model + Serialize + Send> Reply for Created<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.json_response::<T>(201, "Created");
    }

    fn reply(self, request: &Incoming) -> Response {
        json(StatusCode::CREATED, &self.0, request)
    }
}

/// 204.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoContent;

impl Reply for NoContent {
    fn describe(operation: &mut Operation<'_>) {
        operation.response(204, "Done");
    }

    fn reply(self, _: &Incoming) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        response
    }
}

/// 303 to another address, which the phone then gets.
#[derive(Clone, Debug)]
pub struct Redirect(String);

impl Redirect {
    /// Sends the caller to a URL or path.
    pub fn to(url: impl Into<String>) -> Self {
        Self(url.into())
    }
}

impl Reply for Redirect {
    fn describe(operation: &mut Operation<'_>) {
        operation.response(303, "See the address in `Location`");
        operation.response_header(303, "Location", "Where to go.");
    }

    fn reply(self, request: &Incoming) -> Response {
        match HeaderValue::try_from(self.0) {
            Ok(location) => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::SEE_OTHER;
                response.headers_mut().insert(LOCATION, location);
                response
            }
            Err(_) => Problem::internal(Internal::message(
                "a redirect's address has characters that no header carries",
            ))
            .respond(request.audience()),
        }
    }
}
