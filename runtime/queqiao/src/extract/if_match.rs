//! The condition of a change: that nobody has changed the thing meanwhile.

use std::fmt;

use http::header::IF_MATCH;

use super::{Extract, Incoming};
use crate::context::Context;
use crate::document::Operation;
use crate::entity_tag::{Condition, EntityTag};
use crate::problem::{self, ApiError, ErrorSet, Location, Problem};

/// The header `If-Match`: the caller changes the version that it has seen, and no other.
///
/// As an argument it asks for the header: 428 `precondition.required` without it. `Option<IfMatch>` leaves it to the
/// caller. The handler compares, because it alone knows the version that there is:
///
/// ```
/// use queqiao::prelude::*;
/// use queqiao::{EntityTag, PreconditionFailed};
///
/// /// Rename the library.
/// #[put("/name")]
/// async fn rename(condition: IfMatch, Json(name): Json<String>) -> Result<Tagged<String>, PreconditionFailed> {
///     let version = 7;
///     condition.check(&EntityTag::of_version(version))?;
///     Ok(Tagged::by_version(name, version + 1))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let app = queqiao::TestApp::new(Api::<()>::new("library", "1.0.0").routes(routes![rename]));
/// let renamed = app.put("/name").header("if-match", "\"7\"").json("鲁迅图书馆").await;
/// assert_eq!(renamed.headers["etag"], "\"8\"");
/// let stale = app.put("/name").header("if-match", "\"6\"").json("x").await;
/// assert_eq!((stale.status.as_u16(), stale.code().as_str()), (412, "precondition.failed"));
/// assert_eq!(app.put("/name").json("x").await.code(), "precondition.required");
/// # }
/// ```
///
/// Comparing and changing must be one step: name the version that was compared in the `WHERE` of the `UPDATE`, or do both
/// in one transaction, and answer [`PreconditionFailed`] where the row was no longer there.
///
/// Tags are compared strongly, as [RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1) asks: a weak one
/// never matches. A header that is no list of tags matches nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfMatch(Condition);

impl IfMatch {
    /// Whether the version that there is is one of those that the caller names.
    ///
    /// # Errors
    /// [`PreconditionFailed`] if it is not.
    pub fn check(&self, current: &EntityTag) -> Result<(), PreconditionFailed> {
        if self.0.matches_strongly(current) { Ok(()) } else { Err(PreconditionFailed) }
    }
}

/// 412 `precondition.failed`: the thing is no longer what the caller has seen.
///
/// It is a whole error type, and in an enum a `#[error(transparent)]` variant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PreconditionFailed;

impl fmt::Display for PreconditionFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        problem::PRECONDITION_FAILED.title.fmt(f)
    }
}

impl std::error::Error for PreconditionFailed {}

impl ApiError for PreconditionFailed {
    fn describe(errors: &mut ErrorSet) {
        errors.case(problem::PRECONDITION_FAILED);
    }

    fn into_problem(self) -> Problem {
        Problem::from_case(&problem::PRECONDITION_FAILED)
    }
}

fn describe(operation: &mut Operation<'_>, required: bool) {
    if !operation.meta.method.takes_body() && operation.meta.method != crate::Method::Delete {
        operation.mistake("`IfMatch` is the condition of a change; for GET, answer `Tagged<_>`, which heeds `If-None-Match`");
    }
    operation.described_parameter(
        Location::Header,
        "If-Match",
        required,
        serde_json::json!({
            "type": "string",
            "description": "The `ETag` of the version that is to be changed, as it was received; several between commas, or `*`.",
        }),
    );
    operation.error(problem::PRECONDITION_FAILED);
}

impl<S: Send + Sync> Extract<S> for IfMatch {
    fn describe(operation: &mut Operation<'_>) {
        describe(operation, true);
        operation.error(problem::PRECONDITION_REQUIRED);
    }

    async fn extract(request: &mut Incoming, context: &Context<S>) -> Result<Self, Problem> {
        let condition = <Option<Self> as Extract<S>>::extract(request, context).await?;
        condition.ok_or_else(|| Problem::from_case(&problem::PRECONDITION_REQUIRED))
    }
}

impl<S: Send + Sync> Extract<S> for Option<IfMatch> {
    fn describe(operation: &mut Operation<'_>) {
        describe(operation, false);
    }

    async fn extract(request: &mut Incoming, _: &Context<S>) -> Result<Self, Problem> {
        Ok(Condition::of(&request.parts.headers, &IF_MATCH).map(IfMatch))
    }
}
