//! Answers that are kept, and given again.

use axum::body::{Body, HttpBody};
use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode};
use http_body_util::BodyExt;
use queqiao_storage::{ANSWER_LIMIT, Answer};

use crate::problem::{self, Audience, Internal, Problem};

/// Says that an answer is one that was given before.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Headers that belong to one message and not to the answer. What layers and the server add, such as the compression,
/// the request's id and a renewed token, is added to each answer anew, and never stored.
const OF_ONE_MESSAGE: [&str; 9] = [
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Splits a response into itself and what is kept of it.
///
/// A body whose length is not known, such as a stream of events, is passed on as it comes and not kept, and so is one
/// that is too long: a repeat is told that it was carried out.
pub(super) async fn kept(response: Response, audience: Audience<'_>) -> (Response, Answer) {
    let (head, body) = response.into_parts();
    let headers = head.headers.iter().filter(|(name, _)| !OF_ONE_MESSAGE.contains(&name.as_str()));
    let headers =
        headers.map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect();
    let mut answer = Answer { status: head.status.as_u16(), headers, body: Vec::new() };
    let room = ANSWER_LIMIT.checked_sub(answer.length());
    let fits = body.size_hint().exact().is_some_and(|length| {
        room.is_some_and(|room| usize::try_from(length).is_ok_and(|length| length <= room))
    });
    if !fits {
        let told = Problem::from_case(&problem::IDEMPOTENCY_ANSWER_NOT_KEPT).respond(audience);
        return (Response::from_parts(head, body), Box::pin(kept(told, audience)).await.1);
    }
    match body.collect().await {
        Ok(body) => {
            let body = body.to_bytes();
            answer.body = body.to_vec();
            (Response::from_parts(head, Body::from(body)), answer)
        }
        // It was carried out all the same.
        Err(error) => {
            let told = Problem::from_case(&problem::IDEMPOTENCY_ANSWER_NOT_KEPT).respond(audience);
            let broken =
                Problem::internal(Internal::message(format!("the body of an answer ends early: {error}")));
            (broken.respond(audience), Box::pin(kept(told, audience)).await.1)
        }
    }
}

/// An answer once more.
pub(super) fn again(answer: Answer) -> Result<Response, Problem> {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).map_err(Problem::internal)?;
    let headers = response.headers_mut();
    for (name, value) in answer.headers {
        let name = HeaderName::try_from(name).map_err(Problem::internal)?;
        headers.append(name, HeaderValue::from_bytes(&value).map_err(Problem::internal)?);
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use http::header::{CONTENT_TYPE, DATE, ETAG, SET_COOKIE, VARY};

    use super::*;
    use crate::Language;

    fn response(body: Body) -> Response {
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::CREATED;
        for (name, value) in [
            (CONTENT_TYPE, "application/json"),
            (ETAG, "\"7\""),
            (VARY, "accept"),
            (VARY, "origin"),
            (DATE, "Fri, 27 Nov 2026 00:00:00 GMT"),
            (SET_COOKIE, "a=b"),
        ] {
            response.headers_mut().append(name, HeaderValue::from_static(value));
        }
        response
    }

    async fn keep(body: Body) -> (Response, Answer) {
        kept(response(body), Audience::of(&http::HeaderMap::new(), Language::English)).await
    }

    #[tokio::test]
    async fn status_headers_and_body_come_again() {
        let (first, answer) = keep(Body::from("{}")).await;
        assert_eq!(first.headers()[SET_COOKIE], "a=b", "the first answer is whole");
        let again = again(answer).unwrap();
        assert_eq!(
            (again.status(), &again.headers()[ETAG]),
            (StatusCode::CREATED, &HeaderValue::from_static("\"7\""))
        );
        assert_eq!(again.headers().get_all(VARY).iter().collect::<Vec<_>>(), ["accept", "origin"]);
        assert!(!again.headers().contains_key(DATE) && !again.headers().contains_key(SET_COOKIE));
        assert_eq!(again.headers()[REPLAYED], "true");
        assert_eq!(again.into_body().collect().await.unwrap().to_bytes(), "{}");
    }

    #[tokio::test]
    async fn what_is_too_long_or_has_no_end_is_passed_on_and_not_kept() {
        let long = Body::from(vec![b'x'; ANSWER_LIMIT]);
        let endless = futures_util::stream::iter([Ok::<_, std::io::Error>("data: 1\n\n")]);
        for (body, length) in [(long, ANSWER_LIMIT), (Body::from_stream(endless), 9)] {
            let (first, answer) = keep(body).await;
            assert_eq!(first.status(), StatusCode::CREATED);
            assert_eq!(first.into_body().collect().await.unwrap().to_bytes().len(), length);
            let again = again(answer).unwrap();
            assert_eq!(again.status(), StatusCode::CONFLICT);
            let told = again.into_body().collect().await.unwrap().to_bytes();
            assert!(String::from_utf8_lossy(&told).contains("idempotency.answer_not_kept"));
        }
    }
}
