//! Replies: the return types of handlers.

mod bytes;
mod status;
mod tagged;

use axum::body::Body;
use axum::response::Response;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde::Serialize;

pub use self::bytes::{File, MediaType};
pub use self::status::{Created, NoContent, Redirect};
pub use self::tagged::Tagged;

use crate::document::Operation;
use crate::extract::Incoming;
use crate::model::Model;
use crate::problem::{ApiError, Problem};

/// A type that a handler may return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a reply",
    label = "cannot be sent as an answer",
    note = "return a `#[model]`, `Vec` or `Option` of one, `Created<_>`, `NoContent`, `Redirect`, `File<_>`, `Result<_, E>` with `#[derive(ApiError)] enum E`, or `Raw<_>` for an axum response"
)]
pub trait Reply: Send {
    /// Adds the answers to the operation.
    fn describe(operation: &mut Operation<'_>);

    /// Makes the response.
    fn reply(self, request: &Incoming) -> Response;
}

/// 200 with the model as JSON; `None` is `null`.
impl<T: Model + Serialize + Send> Reply for T {
    fn describe(operation: &mut Operation<'_>) {
        operation.json_response::<T>(200, "OK");
    }

    fn reply(self, request: &Incoming) -> Response {
        json(StatusCode::OK, &self, request)
    }
}

/// 204.
impl Reply for () {
    fn describe(operation: &mut Operation<'_>) {
        <NoContent as Reply>::describe(operation);
    }

    fn reply(self, request: &Incoming) -> Response {
        NoContent.reply(request)
    }
}

/// The reply, or the error as a problem document.
impl<T: Reply, E: ApiError> Reply for Result<T, E> {
    fn describe(operation: &mut Operation<'_>) {
        T::describe(operation);
        operation.errors::<E>();
    }

    fn reply(self, request: &Incoming) -> Response {
        match self {
            Ok(reply) => reply.reply(request),
            Err(error) => error.into_problem().respond(request.audience()),
        }
    }
}

/// A response of a value as JSON; a value that serde refuses to write is a 500.
fn json<T: Serialize>(status: StatusCode, value: &T, request: &Incoming) -> Response {
    let text = match text(value) {
        Ok(text) => text,
        Err(error) => return Problem::internal(error).respond(request.audience()),
    };
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn text<T: Serialize>(value: &T) -> serde_json::Result<Vec<u8>> {
    // Most answers of an API fit; larger ones grow.
    let mut text = Vec::with_capacity(128);
    serde_json::to_writer(&mut text, value)?;
    Ok(text)
}
