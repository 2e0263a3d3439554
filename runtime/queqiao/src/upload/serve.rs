//! Serves files: with ranges and conditions for players and caches, and with headers that let no file do anything.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::get;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH, IF_RANGE, RANGE, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_range_header::{EndPosition, StartPosition, parse_range_header};
use queqiao_storage::{ObjectKey, ObjectMeta};

use super::files::{Files, PUBLIC, ROUTE};
use super::kind::disposition;
use super::link::{Refused, Signed};
use super::receive::{object, record};
use crate::entity_tag::{Condition, EntityTag};
use crate::problem::{self, Audience, Language, Problem};

/// Nothing in a file runs, and nothing is loaded for it.
const POLICY: &str = "default-src 'none'; sandbox";
const CROSS_ORIGIN: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

struct Serving {
    files: Files,
    language: Language,
}

/// The route of files.
pub(crate) fn routes(files: Files, language: Language) -> Router {
    let serving = Arc::new(Serving { files, language });
    Router::new().route(&format!("{ROUTE}{{*key}}"), get(serve)).with_state(serving)
}

async fn serve(State(serving): State<Arc<Serving>>, Path(key): Path<String>, request: Request) -> Response {
    let (request, _) = request.into_parts();
    match file(&serving.files, &key, &request).await {
        Ok(response) => response,
        Err(problem) => problem.respond(Audience::of(&request.headers, serving.language)),
    }
}

async fn file(files: &Files, key: &str, request: &Parts) -> Result<Response, Problem> {
    let not_found = || Problem::from_case(&problem::UPLOAD_NOT_FOUND);
    let key = ObjectKey::new(key).map_err(|_| not_found())?;
    let now = files.now();
    let cache = if key.as_str().starts_with(PUBLIC) {
        // Its key never has other bytes.
        "public, max-age=31536000, immutable".to_owned()
    } else {
        let signed = request.uri.query().and_then(Signed::read);
        let signed = signed.ok_or_else(|| Problem::from_case(&problem::UPLOAD_LINK))?;
        files.links().verify(&key, &signed, now).map_err(|refused| match refused {
            Refused::Forged => Problem::from_case(&problem::UPLOAD_LINK),
            Refused::Expired => Problem::from_case(&problem::UPLOAD_EXPIRED),
        })?;
        format!("private, max-age={}", signed.until.duration_since(now).as_secs())
    };
    let kept = files.records().upload(key.as_str()).await.map_err(record)?;
    let kept = kept.filter(|kept| kept.confirmed).ok_or_else(not_found)?;
    let meta = files.objects().head(&key).await.map_err(object)?.ok_or_else(not_found)?;

    let mut headers = safe(&kept.upload.content_type);
    let tag = tag(&key, &meta);
    let value = |text: String| HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
    headers.insert(CACHE_CONTROL, value(cache));
    headers.insert(ETAG, value(tag.to_string()));
    let asked = &request.headers;
    if Condition::of(asked, &IF_NONE_MATCH).is_some_and(|had| had.matches_weakly(&tag)) {
        return Ok(answer(StatusCode::NOT_MODIFIED, headers, Body::empty()));
    }
    let (status, range) = match part(asked, &tag, meta.size) {
        Part::Whole => (StatusCode::OK, 0..meta.size),
        Part::Range(first, last) => {
            headers.insert(CONTENT_RANGE, value(format!("bytes {first}-{last}/{}", meta.size)));
            (StatusCode::PARTIAL_CONTENT, first..last + 1)
        }
        Part::None => {
            headers.insert(CONTENT_RANGE, value(format!("bytes */{}", meta.size)));
            return Ok(answer(StatusCode::RANGE_NOT_SATISFIABLE, headers, Body::empty()));
        }
    };
    headers.insert(CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
    if request.method == Method::HEAD {
        return Ok(answer(status, headers, Body::empty()));
    }
    let bytes = files.objects().get(&key, Some(range)).await.map_err(object)?;
    Ok(answer(status, headers, Body::from_stream(bytes)))
}

fn answer(status: StatusCode, headers: HeaderMap, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// Headers under which a file does no harm, whatever is in it.
fn safe(content_type: &str) -> HeaderMap {
    let fixed = HeaderValue::from_static;
    let mut headers = HeaderMap::new();
    let media_type = HeaderValue::try_from(content_type).unwrap_or(fixed("application/octet-stream"));
    headers.insert(CONTENT_TYPE, media_type);
    headers.insert(CONTENT_DISPOSITION, fixed(disposition(content_type).unwrap_or("inline")));
    headers.insert(X_CONTENT_TYPE_OPTIONS, fixed("nosniff"));
    headers.insert(CONTENT_SECURITY_POLICY, fixed(POLICY));
    headers.insert(REFERRER_POLICY, fixed("no-referrer"));
    headers.insert(ACCEPT_RANGES, fixed("bytes"));
    // Pages of other origins, as an H5 sibling is one, may show it.
    headers.insert(CROSS_ORIGIN, fixed("cross-origin"));
    headers
}

/// The version of an object: what the store says of it.
fn tag(key: &ObjectKey, meta: &ObjectMeta) -> EntityTag {
    match &meta.etag {
        Some(etag) => EntityTag::of_bytes(etag.as_bytes()),
        None => EntityTag::of_bytes(format!("{key} {} {:?}", meta.size, meta.modified_at).as_bytes()),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Whole,
    /// From the first byte to the last.
    Range(u64, u64),
    /// None of what was asked for.
    None,
}

/// Which part a request asks for. A header that cannot be read, or asks for several, asks for the whole.
fn part(asked: &HeaderMap, tag: &EntityTag, size: u64) -> Part {
    let Some(range) = asked.get(RANGE).and_then(|range| range.to_str().ok()) else { return Part::Whole };
    // A date is no version to the second that could be trusted: the whole then.
    if let Some(had) = asked.get(IF_RANGE)
        && had.as_bytes() != tag.to_string().as_bytes()
    {
        return Part::Whole;
    }
    let Ok(parsed) = parse_range_header(range) else { return Part::Whole };
    let [one] = parsed.ranges.as_slice() else { return Part::Whole };
    let last = size.saturating_sub(1);
    let (first, last) = match (one.start, one.end) {
        (StartPosition::Index(first), EndPosition::Index(end)) if end < first => return Part::Whole,
        (StartPosition::Index(first), EndPosition::Index(end)) => (first, end.min(last)),
        (StartPosition::Index(first), EndPosition::LastByte) => (first, last),
        // More than there is are all that there are.
        (StartPosition::FromLast(count), _) => (size.saturating_sub(count), last),
    };
    if first < size { Part::Range(first, last) } else { Part::None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(range: &str, if_range: Option<&str>) -> Part {
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, HeaderValue::from_str(range).unwrap());
        if let Some(tag) = if_range {
            headers.insert(IF_RANGE, HeaderValue::from_str(tag).unwrap());
        }
        part(&headers, &EntityTag::of_version(7), 1000)
    }

    #[test]
    fn ranges_are_those_of_rfc_9110() {
        for (range, part) in [
            ("bytes=0-0", Part::Range(0, 0)),
            ("bytes=0-499", Part::Range(0, 499)),
            ("bytes=999-", Part::Range(999, 999)),
            ("bytes=500-9999", Part::Range(500, 999)),
            ("bytes=-1", Part::Range(999, 999)),
            ("bytes=-5000", Part::Range(0, 999)),
            ("bytes=1000-", Part::None),
            ("bytes=1000-2000", Part::None),
            ("bytes=0-1,5-6", Part::Whole),
            ("lines=0-1", Part::Whole),
            ("bytes=a-b", Part::Whole),
            ("bytes=5-4", Part::Whole),
            ("bytes=-0", Part::Whole),
        ] {
            assert_eq!(asked(range, None), part, "{range}");
        }
    }

    #[test]
    fn another_version_than_the_caller_has_comes_whole() {
        assert_eq!(asked("bytes=0-0", Some("\"7\"")), Part::Range(0, 0));
        for other in ["\"8\"", "W/\"7\"", "Fri, 27 Nov 2026 00:00:00 GMT"] {
            assert_eq!(asked("bytes=0-0", Some(other)), Part::Whole, "{other}");
        }
    }
}
