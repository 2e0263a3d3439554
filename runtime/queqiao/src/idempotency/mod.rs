//! Requests under a key that the client made: however often one comes, it is carried out once.
//!
//! After [draft-ietf-httpapi-idempotency-key-header](https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/).

#[cfg(feature = "server")]
mod answer;
#[cfg(feature = "server")]
mod execution;
#[cfg(feature = "server")]
mod repeat;

use axum::response::Response;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::json;

use crate::context::Services;
use crate::document::Operation;
use crate::extract::Incoming;
use crate::problem::{self, Internal, Location, Problem};

#[cfg(feature = "server")]
pub(crate) use self::answer::REPLAYED;
#[cfg(feature = "server")]
pub(crate) use self::execution::{Idempotency, IdempotencySettings};
#[cfg(feature = "server")]
pub(crate) use self::repeat::Repeat;

/// Characters of a key. Whoever knows the key of a call without a user may be told its answer, so that it must be
/// beyond guessing.
const KEY_LENGTH: std::ops::RangeInclusive<usize> = 16..=255;

/// Calls the handler with its arguments, and makes the response.
type Handle = Box<dyn FnOnce(Incoming) -> BoxFuture<'static, Response> + Send>;

/// What being idempotent adds to an operation.
pub(crate) fn describe(operation: &mut Operation<'_>) {
    // Past the server the phone sends the same few words each time.
    #[cfg(feature = "server")]
    let direct = operation.draft.direct.is_some();
    #[cfg(not(feature = "server"))]
    let direct = false;
    let multipart =
        operation.draft.body.as_ref().is_some_and(|body| body.media_type.starts_with("multipart/"));
    if multipart && !direct {
        operation.mistake(
            "`idempotent` cannot be said of an upload through the server: the phone writes its body anew each time, with another \
             boundary between the parts, so that a repeat looks like another request; take `Direct<Upload<…>>`, or upload first \
             and name the file to a second, idempotent operation",
        );
    }
    operation.described_parameter(
        Location::Header,
        "Idempotency-Key",
        true,
        json!({
            "type": "string",
            "minLength": KEY_LENGTH.start(),
            "maxLength": KEY_LENGTH.end(),
            "pattern": "^[!-~]+$",
            "description": "Made by the caller: a new one for each thing to do, the same one with each repeat, which then gets the \
                            answer of the first.",
        }),
    );
    let statuses: Vec<u16> = operation.draft.responses.keys().copied().collect();
    for status in statuses {
        operation.response_header(status, "Idempotent-Replayed", "`true` if it was answered before.");
    }
    for case in [
        problem::IDEMPOTENCY_KEY_REQUIRED,
        problem::IDEMPOTENCY_KEY_INVALID,
        problem::IDEMPOTENCY_KEY_REUSED,
        problem::IDEMPOTENCY_RUNNING,
        problem::IDEMPOTENCY_UNKNOWN,
        problem::IDEMPOTENCY_ANSWER_NOT_KEPT,
    ] {
        operation.error(case);
    }
}

/// Carries a request out, or answers it as its first time.
pub(crate) fn answer(
    services: &Services,
    operation: &'static str,
    mut request: Incoming,
    handle: Handle,
) -> BoxFuture<'static, Response> {
    #[cfg(feature = "server")]
    let service = services.idempotency.clone();
    #[cfg(not(feature = "server"))]
    let _ = (services, operation, handle);
    async move {
        // Of this call and not of the answer: a renewed token.
        let headers = std::mem::take(&mut request.response_headers);
        let listener = request.listener();
        let absent = || {
            Problem::internal(Internal::message(
                "an operation is idempotent, and the services have no records of requests: use `serve`",
            ))
        };
        let refuse = |problem: Problem| problem.respond(listener.audience());
        #[cfg(feature = "server")]
        let mut response = match service {
            Some(service) => service.answer(operation, request, handle).await.unwrap_or_else(refuse),
            None => refuse(absent()),
        };
        #[cfg(not(feature = "server"))]
        let mut response = refuse(absent());
        response.headers_mut().extend(headers);
        response
    }
    .boxed()
}
