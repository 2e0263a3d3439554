//! The query string.

use std::borrow::Cow;

use serde::de::DeserializeOwned;

use super::{Extract, Incoming, parameters};
use crate::context::Context;
use crate::document::{Kind, Operation, Plan};
use crate::model::Model;
use crate::problem::{self, FieldError, Location, Problem, Text};

/// The query string, decoded as the model's types ask: numbers and booleans from their texts, repeated names
/// into lists, an empty value into `None` where the field is an optional number or boolean.
///
/// # Errors
/// 422 `validation` with `"in": "query"`, 400 `query.malformed` for bytes that are no UTF-8.
#[derive(Clone, Copy, Debug, Default)]
pub struct Query<T>(pub T);

impl<S, T> Extract<S> for Query<T>
where
    S: Send + Sync,
    T: Model + DeserializeOwned + Send + 'static,
{
    fn describe(operation: &mut Operation<'_>) {
        let plan = operation.members::<T>(Location::Query);
        operation.plan::<Self, Plan>(plan);
        operation.error(problem::QUERY_MALFORMED);
        operation.error(problem::VALIDATION);
    }

    async fn extract(request: &mut Incoming, _: &Context<S>) -> Result<Self, Problem> {
        let mut pairs = pairs(request.parts.uri.query().unwrap_or_default())?;
        let plan = request.plan::<Self, Plan>()?;
        // What another argument takes is no unknown name to a type that refuses those.
        pairs.retain(|(name, _)| plan.knows(name) || !request.takes(name));
        let read = |unknown: &Kind| {
            let pairs = pairs.iter().map(|(name, text)| (Cow::Borrowed(&**name), Cow::Borrowed(&**text)));
            let value = plan.object(pairs, unknown).map_err(|repeated| {
                Problem::validation(vec![FieldError {
                    location: Location::Query,
                    pointer: format!("/{}", repeated.name),
                    code: "repeated".into(),
                    message: Text::both("不能给出多次", "is given more than once"),
                }])
            })?;
            parameters::read(Location::Query, None, value)
        };
        let problem = match read(&Kind::Text) {
            Err(problem) if pairs.iter().any(|(name, _)| !plan.knows(name)) => problem,
            result => return result.map(Self),
        };
        // An alias, which no schema knows, may stand for a number.
        read(&Kind::Any).map(Self).map_err(|again| {
            let place = problem.errors().first().and_then(|error| error.pointer.strip_prefix('/'));
            if place.is_some_and(|name| plan.knows(name)) { problem } else { again }
        })
    }
}

/// A name and its value.
pub(crate) type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

/// The decoded names and values of a query string.
///
/// # Errors
/// 400 `query.malformed` for bytes that are no UTF-8.
pub(crate) fn pairs(query: &str) -> Result<Vec<Pair<'_>>, Problem> {
    let mut malformed = false;
    let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name, &mut malformed), decode(value, &mut malformed))
    });
    let pairs = pairs.collect();
    if malformed { Err(Problem::from_case(&problem::QUERY_MALFORMED)) } else { Ok(pairs) }
}

fn decode<'a>(text: &'a str, malformed: &mut bool) -> Cow<'a, str> {
    let spaced: Cow<'a, str> = if text.contains('+') { text.replace('+', " ").into() } else { text.into() };
    if !spaced.contains('%') {
        return spaced;
    }
    match percent_encoding::percent_decode_str(&spaced).decode_utf8() {
        Ok(decoded) => Cow::Owned(decoded.into_owned()),
        Err(_) => {
            *malformed = true;
            Cow::Borrowed("")
        }
    }
}
