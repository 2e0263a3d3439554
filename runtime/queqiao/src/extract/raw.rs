//! Any axum extractor or response, at the price that the contract does not know it.

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http_body_util::{BodyExt, Limited};

use super::{Extract, Incoming};
use crate::context::Context;
use crate::document::Operation;
use crate::problem::{self, Internal, Problem};
use crate::reply::Reply;

/// Takes an axum extractor of the request's head as an argument, or gives an axum response as the answer.
///
/// What it reads or writes does not stand in the document. A refusal of the extractor with 400 to 499 keeps its status
/// and becomes a problem with the code `raw.refused`; any other is a 500. For an extractor of the body use [`RawBody`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Raw<E>(pub E);

/// Takes an axum extractor that reads the body, for example `RawBody<bytes::Bytes>`.
#[derive(Clone, Copy, Debug, Default)]
pub struct RawBody<E>(pub E);

impl<S, E> Extract<S> for Raw<E>
where
    S: Send + Sync,
    E: FromRequestParts<()> + Send,
{
    fn describe(operation: &mut Operation<'_>) {
        operation.error(problem::RAW_REFUSED);
    }

    async fn extract(request: &mut Incoming, _: &Context<S>) -> Result<Self, Problem> {
        let taken = E::from_request_parts(&mut request.parts, &()).await.map_err(IntoResponse::into_response);
        match taken {
            Ok(value) => Ok(Self(value)),
            Err(response) => Err(refused(response).await),
        }
    }
}

impl<S, E> Extract<S> for RawBody<E>
where
    S: Send + Sync,
    E: FromRequest<()> + Send,
{
    fn describe(operation: &mut Operation<'_>) {
        operation.raw_request_body();
        operation.error(problem::RAW_REFUSED);
        operation.error(problem::BODY_TOO_LARGE);
    }

    async fn extract(request: &mut Incoming, context: &Context<S>) -> Result<Self, Problem> {
        let body = request.take_body().unwrap_or_else(Body::empty);
        let body = Body::new(Limited::new(body, context.services.limits.body));
        let mut whole = axum::extract::Request::from_parts(request.parts.clone(), body);
        // The configured limit is the one that counts.
        axum::extract::DefaultBodyLimit::disable().apply(&mut whole);
        let taken = E::from_request(whole, &()).await.map_err(IntoResponse::into_response);
        match taken {
            Ok(value) => Ok(Self(value)),
            Err(response) if response.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(Problem::from_case(&problem::BODY_TOO_LARGE))
            }
            Err(response) => Err(refused(response).await),
        }
    }
}

async fn refused(response: Response) -> Problem {
    let status = response.status();
    let text = response.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    if !status.is_client_error() {
        // Such as an extension that nobody has added: nothing that the caller could mend, or should read.
        return Problem::internal(Internal::message(format!("an axum extractor answers {status}: {text}")));
    }
    let problem = Problem::new(status.as_u16(), problem::RAW_REFUSED.code, problem::RAW_REFUSED.title);
    if text.is_empty() { problem } else { problem.with_detail(text) }
}

impl<R: IntoResponse + Send> Reply for Raw<R> {
    fn describe(operation: &mut Operation<'_>) {
        operation.raw_response(200, "An answer that the contract does not describe.");
    }

    fn reply(self, _: &Incoming) -> Response {
        self.0.into_response()
    }
}
