//! The parameters of the path.

use axum::extract::{FromRequestParts, RawPathParams};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Extract, Incoming, parameters};
use crate::context::Context;
use crate::document::{Kind, Operation, PathShape};
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
        // By name: an application that this API is mounted in may have parameters of its own before these.
        let text = |wanted: &str| texts.iter().find(|(name, _)| *name == wanted).map_or("", |(_, text)| text);
        match request.plan::<Self, PathShape>()? {
            PathShape::One(name, kind) => {
                parameters::read(Location::Path, Some(name), kind.value(text(name)))
            }
            PathShape::Tuple(kinds) => {
                let values = kinds.iter().map(|(name, kind)| kind.value(text(name))).collect();
                parameters::read(Location::Path, None, Value::Array(values))
                    .map_err(|problem| problem.with_pointers(|pointer| named(pointer, kinds)))
            }
            PathShape::Struct(plan) => {
                let object =
                    plan.object(texts.iter().map(|(name, text)| (name.into(), text.into())), &Kind::Text);
                parameters::read(Location::Path, None, object.unwrap_or_default())
            }
        }
        .map(Self)
    }
}

/// The pointer with the name of a parameter in place of its number in the tuple.
fn named(pointer: &str, kinds: &[(String, Kind)]) -> String {
    let Some(rest) = pointer.strip_prefix('/') else { return pointer.to_owned() };
    let (number, below) = rest.find('/').map_or((rest, ""), |end| rest.split_at(end));
    match number.parse::<usize>().ok().and_then(|number| kinds.get(number)) {
        Some((name, _)) => format!("/{name}{below}"),
        None => pointer.to_owned(),
    }
}
