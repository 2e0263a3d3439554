//! From an HTTP request to a call, and from its outcome to an HTTP response, faults included.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use axum::Router;
use axum::body::{Body as HttpBody, Bytes};
use axum::extract::{Query, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use futures_util::stream;
use serde_json::{Map, Value, json};

use super::{Answer, Api, Body, Call, Credential, Verb, find};
use crate::calls::Record;
use crate::emulator::Emulator;
use crate::errcode::{self, Errcode, Refusal};
use crate::fault::{Damage, Happening};
use crate::identity;
use crate::server::{Caller, Cut};
use crate::state::State as World;
use crate::tokens::BadToken;

const OTHERS: &str = "(others)";

const LONGEST_BODY: usize = 64 * 1024;
/// WeChat takes 10 MB of a file; a form has some bytes around it.
const LONGEST_FORM: usize = 11 * 1024 * 1024;

/// How long a time-out lasts where the client waits for ever.
const TIME_OUT: Duration = Duration::from_secs(600);

pub(crate) fn router(emulator: Emulator) -> Router {
    Router::new()
        .route("/", get(|| async { Redirect::temporary("/emulator") }))
        .fallback(wechat)
        .with_state(emulator)
}

/// A request, read.
struct Asked {
    parts: Parts,
    query: Map<String, Value>,
    /// `None`: longer than the limit.
    raw: Option<Bytes>,
    /// The body if it is JSON.
    body: Option<Value>,
    caller: IpAddr,
}

impl Asked {
    async fn read(request: Request) -> Self {
        let (parts, body) = request.into_parts();
        let is_form = find(parts.uri.path()).is_some_and(|api| api.body == Body::Form);
        let limit = if is_form { LONGEST_FORM } else { LONGEST_BODY };
        let raw = axum::body::to_bytes(body, limit).await.ok();
        let pairs: Vec<(String, String)> =
            Query::try_from_uri(&parts.uri).map(|Query(pairs)| pairs).unwrap_or_default();
        // Of equal names the first counts.
        let query = pairs.into_iter().rev().map(|(name, value)| (name, value.into())).collect();
        let body = raw.as_deref().and_then(|raw| serde_json::from_slice(raw).ok());
        let caller =
            parts.extensions.get::<Caller>().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |caller| caller.0);
        Self { parts, query, raw, body, caller }
    }

    /// The app that the call seems to be for, to find its faults.
    fn appid(&self, world: &World, emulator: &Emulator) -> Option<String> {
        let named = |object: &Value| object.get("appid").and_then(Value::as_str).map(str::to_owned);
        let by_token = || {
            let token = self.query.get("access_token")?.as_str()?;
            world.tokens.app_of(token, emulator.now()).ok().map(str::to_owned)
        };
        let in_query = self.query.get("appid").and_then(Value::as_str).map(str::to_owned);
        let appid = by_token().or(in_query).or_else(|| self.body.as_ref().and_then(named))?;
        emulator.app(&appid).map(|app| app.appid.clone())
    }

    fn shown_body(&self, api: Option<&Api>) -> Value {
        match (&self.body, &self.raw) {
            (Some(body), _) => body.clone(),
            (None, Some(raw)) if raw.is_empty() => Value::Null,
            (None, Some(raw)) if api.is_some_and(|api| api.body == Body::Form) => {
                json!(format!("(a form of {} bytes)", raw.len()))
            }
            (None, Some(raw)) => json!(format!("({} bytes that are not JSON)", raw.len())),
            (None, None) => json!("(longer than the limit)"),
        }
    }
}

/// Ends the time in which a message to a user is on its way.
struct Sending {
    emulator: Emulator,
    openid: String,
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.emulator.state().sending.remove(&self.openid);
    }
}

async fn wechat(State(emulator): State<Emulator>, request: Request) -> Response {
    let asked = Asked::read(request).await;
    let api = find(asked.parts.uri.path());
    let (status, answer, fault, _sending) = answer(&emulator, &asked, api);
    emulator.deliver_queued();
    match fault {
        None => respond(status, answer),
        Some(fault) => damaged(status, answer, fault.damage).await,
    }
}

fn answer(
    emulator: &Emulator,
    asked: &Asked,
    api: Option<&'static Api>,
) -> (StatusCode, Answer, Option<Happening>, Option<Sending>) {
    let now = emulator.now();
    let path = asked.parts.uri.path();
    let mut state = emulator.state();
    let appid = asked.appid(&state, emulator);
    let fault = {
        let World { faults, fault_rng, .. } = &mut *state;
        faults.next(fault_rng, path, appid.as_deref())
    };
    let no_body = Bytes::new();
    let mut call = Call {
        emulator,
        now,
        appid: String::new(),
        query: &asked.query,
        body: asked.body.as_ref().unwrap_or(&Value::Null),
        raw: asked.raw.as_ref().unwrap_or(&no_body),
        content_type: asked
            .parts
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default(),
        caller: asked.caller,
        api,
        user: None,
        sending_to: None,
        state: &mut state,
    };
    let acts = fault.as_ref().is_none_or(|fault| fault.acts);
    let mut outcome = match api {
        None => Err(errcode::URL_INVALID.into()),
        Some(_) if !acts => Err(errcode::BUSY.into()),
        Some(api) => handle(&mut call, api, asked),
    };
    if let Some(Happening { damage: Damage::Errcode(injected), .. }) = &fault {
        let refusal = Errcode::of(*injected).map(Refusal::from);
        outcome = Err(refusal.unwrap_or_else(|| Refusal { errcode: *injected, errmsg: "injected".into() }));
    }
    let (user, sending_to) = (call.user, call.sending_to);
    let appid = Some(call.appid).filter(|appid| !appid.is_empty()).or(appid);
    let (answer, rid) = match outcome {
        Ok(answer) => (answer, None),
        Err(refusal) => {
            let rid = identity::rid(&mut state.rng);
            (Answer::refusal(&refusal, &rid), Some(rid))
        }
    };
    // code2Session is answered as text, refusals too.
    let answer = if api.is_some_and(|api| api.path == "/sns/jscode2session") {
        answer.labelled_text()
    } else {
        answer
    };
    let shown = match &fault {
        Some(Happening { damage: Damage::Errcode(_), .. }) | None => answer.shown(),
        Some(fault) if fault.acts => answer.shown(),
        Some(_) => Value::Null,
    };
    state.calls.record(Record {
        counted_as: api.map_or(OTHERS, |api| api.path),
        at: now,
        method: asked.parts.method.as_str(),
        path,
        appid,
        query: &asked.query,
        body: &asked.shown_body(api),
        answer: &shown,
        rid,
        user,
        fault: fault.as_ref().map(Happening::describe),
    });
    let sending = sending_to.map(|openid| {
        state.sending.insert(openid.clone());
        Sending { emulator: emulator.clone(), openid }
    });
    // Any other path: an API that is not emulated, or a slip.
    let status = if api.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    (status, answer, fault, sending)
}

/// What is checked before each call, and the call.
fn handle(call: &mut Call<'_>, api: &Api, asked: &Asked) -> Result<Answer, Refusal> {
    match (api.verb, &asked.parts.method) {
        (Verb::Get, &Method::GET) | (Verb::Post, &Method::POST) => {}
        (Verb::Get, _) => return Err(errcode::GET_REQUIRED.into()),
        (Verb::Post, _) => return Err(errcode::POST_REQUIRED.into()),
    }
    if api.credential == Credential::Token {
        let token = call.parameter("access_token").ok_or(errcode::TOKEN_MISSING)?;
        call.appid = match call.state.tokens.app_of(token, call.now) {
            Ok(appid) => appid.to_owned(),
            Err(BadToken::Malformed) => return Err(errcode::TOKEN_INVALID.into()),
            Err(BadToken::Invalid) => return Err(errcode::CREDENTIAL_INVALID.into()),
            Err(BadToken::Expired) => return Err(errcode::TOKEN_EXPIRED.into()),
        };
        call.count()?;
    }
    if api.body == Body::Json {
        let empty = call.raw.iter().all(u8::is_ascii_whitespace) && asked.raw.is_some();
        if empty && api.credential == Credential::Token {
            return Err(errcode::BODY_EMPTY.into());
        }
        if !call.body.is_object() {
            return Err(errcode::BODY_INVALID.into());
        }
    }
    if api.body == Body::Form && asked.raw.is_none() {
        return Err(errcode::MEDIA_SIZE_INVALID.into());
    }
    (api.handler)(call)
}

fn respond(status: StatusCode, answer: Answer) -> Response {
    let media_type = answer.media_type;
    let headers = answer.headers.clone();
    let mut response = (status, [(header::CONTENT_TYPE, media_type)], answer.into_bytes()).into_response();
    for (name, value) in headers {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

async fn damaged(status: StatusCode, answer: Answer, damage: Damage) -> Response {
    match damage {
        Damage::Errcode(_) => respond(status, answer),
        Damage::TimeOut => {
            tokio::time::sleep(TIME_OUT).await;
            cut()
        }
        Damage::Delay(milliseconds) => {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            respond(status, answer)
        }
        Damage::Half => broken(status, answer),
        Damage::Slow(milliseconds) => slow(status, answer, Duration::from_millis(milliseconds)),
        Damage::Reset => cut(),
        Damage::Status(status) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            let page =
                "<html><head><title>Bad Gateway</title></head><body><center>stgw</center></body></html>";
            (status, [(header::CONTENT_TYPE, "text/html")], page).into_response()
        }
    }
}

fn broke() -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::ConnectionReset, "a fault was injected")
}

/// The server resets the connection when it sees the mark; without a socket the body breaks at once.
fn cut() -> Response {
    let nothing = stream::iter([Err::<Bytes, _>(broke())]);
    let mut response = HttpBody::from_stream(nothing).into_response();
    response.extensions_mut().insert(Cut);
    response
}

fn broken(status: StatusCode, answer: Answer) -> Response {
    let media_type = answer.media_type;
    let bytes = answer.into_bytes();
    let half = bytes.slice(..bytes.len() / 2);
    // The pause lets the half arrive before the connection ends.
    let parts = stream::unfold(0, move |part| {
        let half = half.clone();
        async move {
            match part {
                0 => Some((Ok(half), 1)),
                1 => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    Some((Err(broke()), 2))
                }
                _ => None,
            }
        }
    });
    let length = bytes.len().to_string();
    let headers = [(header::CONTENT_TYPE, media_type), (header::CONTENT_LENGTH, length.as_str())];
    (status, headers, HttpBody::from_stream(parts)).into_response()
}

fn slow(status: StatusCode, answer: Answer, pause: Duration) -> Response {
    let media_type = answer.media_type;
    let bytes = answer.into_bytes();
    let length = bytes.len().to_string();
    let drops = stream::unfold(0, move |at| {
        let byte = bytes.get(at..=at).map(Bytes::copy_from_slice);
        async move {
            let byte = byte?;
            tokio::time::sleep(pause).await;
            Some((Ok::<_, std::io::Error>(byte), at + 1))
        }
    });
    let headers = [(header::CONTENT_TYPE, media_type), (header::CONTENT_LENGTH, length.as_str())];
    (status, headers, HttpBody::from_stream(drops)).into_response()
}
