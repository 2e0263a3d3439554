//! The address that stands in the app's console: `<messages.path>/<AppID>`.

use axum::Router;
use axum::extract::{Path, Query as AxumQuery, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt, Limited};
use queqiao_wechat::push::{Format, Query};

use super::MessageService;
use super::service::{Answered, NotTaken};
use crate::problem::{self, Audience, Language, Problem};

#[derive(Clone)]
struct Shared {
    service: MessageService,
    language: Language,
}

/// GET verifies the address, POST delivers.
pub(crate) fn routes(service: MessageService, language: Language) -> Router {
    let path = format!("{}/{{appid}}", service.path());
    Router::new().route(&path, get(verify).post(deliver)).with_state(Shared { service, language })
}

/// Answers the echostr as it came, if WeChat asks.
async fn verify(
    State(Shared { service, language }): State<Shared>,
    Path(appid): Path<String>,
    AxumQuery(query): AxumQuery<Query>,
    request: Request,
) -> Response {
    match service.verify(&appid, &query) {
        Ok(echostr) => text(echostr),
        Err(not_taken) => refuse(&appid, not_taken, &request, language),
    }
}

async fn deliver(
    State(Shared { service, language }): State<Shared>,
    Path(appid): Path<String>,
    AxumQuery(query): AxumQuery<Query>,
    mut request: Request,
) -> Response {
    let limit = MessageService::body_limit();
    let body = std::mem::take(request.body_mut());
    let Ok(body) = Limited::new(body, limit).collect().await else {
        let what = queqiao_wechat::push::Refused::TooLarge { what: "bytes", limit };
        return refuse(&appid, NotTaken::Refused(what), &request, language);
    };
    // A task of its own: what was begun for WeChat is ended, also if WeChat hangs up.
    let delivered = {
        let (service, appid, body) = (service.clone(), appid.clone(), body.to_bytes());
        tokio::spawn(async move { service.deliver(&appid, &query, &body).await })
    };
    match delivered.await {
        Ok(Ok(Answered::Success)) => text("success".to_owned()),
        Ok(Ok(Answered::Reply(body, Format::Json))) => {
            ([(CONTENT_TYPE, "application/json; charset=utf-8")], body).into_response()
        }
        Ok(Ok(Answered::Reply(body, Format::Xml))) => {
            ([(CONTENT_TYPE, "text/xml; charset=utf-8")], body).into_response()
        }
        Ok(Err(not_taken)) => refuse(&appid, not_taken, &request, language),
        Err(_) => refuse(&appid, NotTaken::Busy, &request, language),
    }
}

fn text(body: String) -> Response {
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response()
}

/// The log is told why; whoever asked is not.
fn refuse(appid: &str, not_taken: NotTaken, request: &Request, language: Language) -> Response {
    let case = match not_taken {
        NotTaken::Unknown => {
            tracing::warn!("a message for a mini-program without push settings; give it `push.token`");
            problem::ROUTE_NOT_FOUND
        }
        NotTaken::Refused(refused) => {
            tracing::warn!(appid, %refused, "a request to the address for messages is refused");
            problem::MESSAGE_REFUSED
        }
        NotTaken::Busy => problem::MESSAGE_NOT_KEPT,
    };
    Problem::from_case(&case).respond(Audience::of(request.headers(), language))
}
