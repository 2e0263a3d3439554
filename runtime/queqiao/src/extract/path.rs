//! The parameters of the path.

use axum::extract::{FromRequestParts, RawPathParams};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Extract, Incoming, parameters};
use crate::context::Context;
use crate::document::{Operation, PathShape};
use crate::model::Model;
use crate::problem::{self, Location, Problem};

/// The path's parameters: one value, a tuple in the order of the path, or a `#[model]` struct by name.
///
/// # Errors
/// 422 `validation` with `"in": "path"`, 400 `path.malformed` for bytes that are no UTF-8.
#[derive(Clone, Copy, Debug, Default)]
pub struct Path<T>(pub T);

impl<S, T> Extract<S> for Path<T>
where
    S: Send + Sync,
    T: Model + DeserializeOwned + Send + 'static,
{
    fn describe(operation: &mut Operation<'_>) {
        let shape = operation.path::<T>();
        operation.plan::<Self, PathShape>(shape);
        operation.error(problem::PATH_MALFORMED);
        operation.error(problem::VALIDATION);
    }

    async fn extract(request: &mut Incoming, context: &Context<S>) -> Result<Self, Problem> {
        let _ = context;
        let texts = RawPathParams::from_request_parts(&mut request.parts, &())
            .await
            .map_err(|_| Problem::from_case(&problem::PATH_MALFORMED))?;
        match request.plan::<Self, PathShape>()? {
            PathShape::One(name, kind) => {
                let text = texts.iter().next().map(|(_, text)| text).unwrap_or_default();
                parameters::read(Location::Path, &format!("/{name}"), kind.value(text))
            }
            PathShape::Tuple(kinds) => {
                let values = texts.iter().zip(kinds).map(|((_, text), (_, kind))| kind.value(text)).collect();
                parameters::read(Location::Path, "", Value::Array(values))
            }
            PathShape::Struct(plan) => {
                let object = plan.object(texts.iter().map(|(name, text)| (name.into(), text.into())));
                parameters::read(Location::Path, "", object.unwrap_or_default())
            }
        }
        .map(Self)
    }
}
