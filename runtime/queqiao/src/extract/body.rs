//! The JSON body.

use axum::body::Body;
use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::Segment;

use super::objects::Objects;
use super::{Extract, Incoming, parameters};
use crate::context::Context;
use crate::document::Operation;
use crate::model::Model;
use crate::problem::{self, Internal, Location, Problem, Text};

/// The request's body as JSON, checked against the model's constraints at any depth.
///
/// It must be the handler's last argument: everything else is checked before the body is read.
///
/// # Errors
/// 415 `body.media_type`, 413 `body.too_large`, 400 `body.malformed`, `body.encoding`, `body.too_deep` or
/// `body.incomplete`, and 422 `validation` with one pointer for a wrong type and with all for broken constraints.
#[derive(Clone, Copy, Debug, Default)]
pub struct Json<T>(pub T);

impl<S, T> Extract<S> for Json<T>
where
    S: Send + Sync,
    T: Model + DeserializeOwned + Send,
{
    fn describe(operation: &mut Operation<'_>) {
        describe::<T>(operation, true);
    }

    async fn extract(request: &mut Incoming, context: &Context<S>) -> Result<Self, Problem> {
        if !is_json(&request.parts.headers) {
            return Err(Problem::from_case(&problem::BODY_MEDIA_TYPE));
        }
        let bytes = take(request, context).await?;
        read::<T>(&bytes).map(Self)
    }
}

/// `None` for a request without a body.
impl<S, T> Extract<S> for Option<Json<T>>
where
    S: Send + Sync,
    T: Model + DeserializeOwned + Send,
{
    fn describe(operation: &mut Operation<'_>) {
        describe::<T>(operation, false);
    }

    async fn extract(request: &mut Incoming, context: &Context<S>) -> Result<Self, Problem> {
        // `wx.request` names a content type even where it sends nothing.
        let bytes = take(request, context).await?;
        if bytes.is_empty() {
            return Ok(None);
        }
        if !is_json(&request.parts.headers) {
            return Err(Problem::from_case(&problem::BODY_MEDIA_TYPE));
        }
        read::<T>(&bytes).map(|value| Some(Json(value)))
    }
}

/// The members of a body that is a JSON object.
#[cfg(feature = "server")]
pub(crate) async fn json_object<S>(
    request: &mut Incoming,
    context: &Context<S>,
) -> Result<serde_json::Map<String, serde_json::Value>, Problem> {
    let bytes = take(request, context).await?;
    parse(&bytes)
}

fn read<T: Model + DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let value = parse(bytes)?;
    parameters::check(Location::Body, None, &value)?;
    Ok(value)
}

fn describe<T: Model>(operation: &mut Operation<'_>, required: bool) {
    operation.request_body::<T>("application/json", required);
    for case in [
        problem::BODY_MEDIA_TYPE,
        problem::BODY_TOO_LARGE,
        problem::BODY_MALFORMED,
        problem::BODY_ENCODING,
        problem::BODY_TOO_DEEP,
        problem::BODY_INCOMPLETE,
        problem::VALIDATION,
    ] {
        operation.error(case);
    }
}

async fn take<S>(request: &mut Incoming, context: &Context<S>) -> Result<Bytes, Problem> {
    let body = request
        .take_body()
        .ok_or_else(|| Problem::internal(Internal::message("two arguments read the body")))?;
    let bytes = collect(body, &request.parts.headers, context.services.limits.body).await?;
    #[cfg(feature = "server")]
    if let Some(repeat) = &request.repeat {
        repeat.is_json(&bytes);
    }
    Ok(bytes)
}

pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let Ok(media) = value.parse::<mime::Mime>() else { return false };
    let charset = media.get_param(mime::CHARSET).is_none_or(|charset| charset == mime::UTF_8);
    charset
        && media.type_() == mime::APPLICATION
        && (media.subtype() == mime::JSON || media.suffix() == Some(mime::JSON))
}

async fn collect(body: Body, headers: &HeaderMap, limit: usize) -> Result<Bytes, Problem> {
    let too_large = || {
        Problem::from_case(&problem::BODY_TOO_LARGE).with_detail(Text::both(
            format!("最多读取 {limit} 字节。"),
            format!("At most {limit} bytes are read."),
        ))
    };
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(_) => Err(Problem::from_case(&problem::BODY_INCOMPLETE)),
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    std::str::from_utf8(bytes).map_err(|error| {
        let byte = error.valid_up_to();
        Problem::from_case(&problem::BODY_ENCODING).with_detail(Text::both(
            format!("第 {byte} 字节不是有效的 UTF-8。"),
            format!("Byte {byte} is not valid UTF-8."),
        ))
    })?;
    if depth(bytes) > DEEPEST {
        return Err(Problem::from_case(&problem::BODY_TOO_DEEP));
    }
    // Not `from_str`: for a key that should be a boolean and is none, serde_json goes on in the midst of a character,
    // and takes what follows for UTF-8. Reading bytes, it looks at each text.
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    T::deserialize(Objects(&mut reader))
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|error| explain::<T>(bytes, &error))
}

/// Levels of lists and objects that a body may have; serde_json's own limit, which it does not keep for members
/// that the type ignores.
const DEEPEST: usize = 128;

/// How deep the lists and objects of a JSON text go; anything for a text that is no JSON.
fn depth(text: &[u8]) -> usize {
    let (mut now, mut most, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                now += 1;
                most = most.max(now);
            }
            b']' | b'}' => now = now.saturating_sub(1),
            _ => {}
        }
    }
    most
}

/// The slow path: says where and why a body was refused.
fn explain<T: DeserializeOwned>(text: &[u8], error: &serde_json::Error) -> Problem {
    // A number that the type cannot hold is good JSON all the same.
    let out_of_range = error.to_string().starts_with("number out of range");
    match error.classify() {
        category if category == Category::Data || out_of_range => {
            let mut reader = serde_json::Deserializer::from_slice(text);
            let value = serde_json::from_slice(text).unwrap_or_default();
            let (pointer, message) = match serde_path_to_error::deserialize::<_, T>(Objects(&mut reader)) {
                Err(traced) => (pointer(traced.path()), message(traced.inner())),
                Ok(_) => (String::new(), message(error)),
            };
            Problem::validation(vec![parameters::misfit::<T>(&value, pointer, message)])
        }
        _ => {
            let (line, column) = (error.line(), error.column());
            Problem::from_case(&problem::BODY_MALFORMED).with_detail(Text::both(
                format!("第 {line} 行，第 {column} 列。"),
                format!("Line {line}, column {column}."),
            ))
        }
    }
}

/// serde's sentence without the position, which the pointer replaces.
fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// A JSON pointer of serde's path.
pub(super) fn pointer(path: &serde_path_to_error::Path) -> String {
    let mut pointer = String::new();
    for segment in path.iter() {
        match segment {
            Segment::Seq { index } => {
                pointer.push('/');
                pointer.push_str(&index.to_string());
            }
            Segment::Map { key } => push_segment(&mut pointer, key),
            Segment::Enum { variant } => push_segment(&mut pointer, variant),
            Segment::Unknown => {}
        }
    }
    pointer
}

/// Adds a member's name, escaped as [RFC 6901](https://www.rfc-editor.org/rfc/rfc6901#section-3) says.
pub(super) fn push_segment(pointer: &mut String, name: &str) {
    pointer.push('/');
    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_outside_of_texts() {
        for (text, expected) in [
            ("1", 0),
            ("[]", 1),
            (r#"{"a":[{"b":1}]}"#, 3),
            (r#"["[[\"[["]"#, 1),
            ("[],[[]]", 2),
            ("]]]]", 0),
        ] {
            assert_eq!(depth(text.as_bytes()), expected, "{text}");
        }
    }
}
