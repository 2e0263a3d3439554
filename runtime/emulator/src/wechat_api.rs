//! WeChat's own paths.

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{any, get};
use queqiao_wechat::App;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use subtle::ConstantTimeEq;

use crate::calls::Record;
use crate::codes::BadCode;
use crate::emulator::Emulator;
use crate::identity;

const LOGIN: &str = "/sns/jscode2session";
const STABLE_TOKEN: &str = "/cgi-bin/stable_token";
const OTHERS: &str = "(others)";

const LONGEST_BODY: usize = 64 * 1024;

pub(crate) fn router(emulator: Emulator) -> Router {
    Router::new()
        .route("/", get(|| async { Redirect::temporary("/emulator") }))
        .route(LOGIN, any(login))
        .route(STABLE_TOKEN, any(stable_token))
        .fallback(unknown)
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .with_state(emulator)
}

/// An errcode and the beginning of its errmsg. Numbers and texts: WeChat's global list,
/// <https://developers.weixin.qq.com/miniprogram/dev/framework/usability/PublicErrno.html>, and the
/// pages of the two calls.
type Refusal = (i64, &'static str);

const APPID_MISSING: Refusal = (41002, "appid missing");
const APPID_INVALID: Refusal = (40013, "invalid appid");
const SECRET_MISSING: Refusal = (41004, "appsecret missing");
const SECRET_INVALID: Refusal = (40125, "invalid appsecret");
const GRANT_TYPE_INVALID: Refusal = (40002, "invalid grant_type");
const CODE_MISSING: Refusal = (41008, "missing code");
const CODE_INVALID: Refusal = (40029, "invalid code");
const CODE_USED: Refusal = (40163, "code been used");
const GET_REQUIRED: Refusal = (43001, "require GET method");
const POST_REQUIRED: Refusal = (43002, "require POST method");
const BODY_INVALID: Refusal = (47001, "data format error");
const URL_INVALID: Refusal = (40066, "invalid url");

fn refuse((errcode, errmsg): Refusal) -> Map<String, Value> {
    let errmsg = format!("{errmsg}, rid: {}", identity::random_rid());
    Map::from_iter([("errcode".into(), errcode.into()), ("errmsg".into(), errmsg.into())])
}

/// Checks appid, secret and grant_type. WeChat's pages give no order: what is missing is reported
/// before what is wrong, as its servers were seen to do.
fn caller<'a>(
    emulator: &'a Emulator,
    request: &Map<String, Value>,
    grant_type: &str,
    missing: Option<Refusal>,
) -> Result<&'a App, Refusal> {
    let appid = text(request, "appid").ok_or(APPID_MISSING)?;
    let secret = text(request, "secret").ok_or(SECRET_MISSING)?;
    if text(request, "grant_type") != Some(grant_type) {
        return Err(GRANT_TYPE_INVALID);
    }
    if let Some(missing) = missing {
        return Err(missing);
    }
    let app = emulator.app(appid).ok_or(APPID_INVALID)?;
    let same = app.secret.expose_secret().as_bytes().ct_eq(secret.as_bytes());
    if bool::from(same) { Ok(app) } else { Err(SECRET_INVALID) }
}

fn text<'a>(request: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    request.get(name)?.as_str().filter(|text| !text.is_empty())
}

async fn login(
    State(emulator): State<Emulator>,
    method: Method,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    let request: Map<String, Value> =
        query.into_iter().rev().map(|(name, value)| (name, value.into())).collect();
    let mut user = None;
    let answer = if method == Method::GET {
        exchange(&emulator, &request, &mut user).unwrap_or_else(refuse)
    } else {
        refuse(GET_REQUIRED)
    };
    record(&emulator, LOGIN, &method, LOGIN, &request, &answer, user);
    // WeChat sends this JSON as text; clients that go by the header fail here as they would there.
    reply(StatusCode::OK, "text/plain", &answer)
}

fn exchange(
    emulator: &Emulator,
    request: &Map<String, Value>,
    user_of_code: &mut Option<String>,
) -> Result<Map<String, Value>, Refusal> {
    let code = text(request, "js_code");
    let missing = code.is_none().then_some(CODE_MISSING);
    let app = caller(emulator, request, "authorization_code", missing)?;
    let now = emulator.now();
    let mut state = emulator.state();
    let settings = state.settings.clone();
    let user =
        state.codes.exchange(&app.appid, code.unwrap_or_default(), &settings, now).map_err(
            |bad| match bad {
                BadCode::Invalid => CODE_INVALID,
                BadCode::Reused(crate::ReusedCode::Invalid) => CODE_INVALID,
                BadCode::Reused(crate::ReusedCode::Used) => CODE_USED,
            },
        )?;
    drop(state);
    let session_key = match settings.new_session_key {
        true => identity::random_session_key(),
        false => identity::lasting_session_key(emulator.shared.seed, &app.appid, &user),
    };
    let mut answer = Map::new();
    answer.insert("session_key".into(), session_key.into());
    answer.insert("openid".into(), identity::openid(&app.appid, &user).into());
    if settings.unionid {
        answer.insert("unionid".into(), identity::unionid(&user).into());
    }
    *user_of_code = Some(user);
    Ok(answer)
}

async fn stable_token(
    State(emulator): State<Emulator>,
    method: Method,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let request = match body.map(|body| serde_json::from_slice::<Value>(&body)) {
        Ok(Ok(Value::Object(request))) => Ok(request),
        _ => Err(BODY_INVALID),
    };
    let answer = match (&method, &request) {
        (&Method::POST, Ok(request)) => token(&emulator, request),
        (&Method::POST, Err(refusal)) => Err(*refusal),
        _ => Err(POST_REQUIRED),
    };
    let answer = answer.unwrap_or_else(refuse);
    record(&emulator, STABLE_TOKEN, &method, STABLE_TOKEN, &request.unwrap_or_default(), &answer, None);
    reply(StatusCode::OK, "application/json; encoding=utf-8", &answer)
}

fn token(emulator: &Emulator, request: &Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
    let not_text = |name: &str| request.get(name).is_some_and(|value| !value.is_string());
    if ["appid", "secret", "grant_type"].into_iter().any(not_text) {
        return Err(BODY_INVALID);
    }
    let force_refresh = match request.get("force_refresh") {
        None => false,
        Some(Value::Bool(force)) => *force,
        Some(_) => return Err(BODY_INVALID),
    };
    let app = caller(emulator, request, "client_credential", None)?;
    let now = emulator.now();
    let (token, expires_in) = emulator.state().tokens.get(&app.appid, force_refresh, now);
    Ok(Map::from_iter([("access_token".into(), token.into()), ("expires_in".into(), expires_in.into())]))
}

/// Any other path: an API that is not emulated, or a slip.
async fn unknown(State(emulator): State<Emulator>, method: Method, uri: Uri) -> Response {
    let answer = refuse(URL_INVALID);
    record(&emulator, OTHERS, &method, uri.path(), &Map::new(), &answer, None);
    reply(StatusCode::NOT_FOUND, "application/json; encoding=utf-8", &answer)
}

fn record(
    emulator: &Emulator,
    counted_as: &'static str,
    method: &Method,
    path: &str,
    request: &Map<String, Value>,
    answer: &Map<String, Value>,
    user: Option<String>,
) {
    let at = emulator.now();
    let method = method.as_str();
    emulator.state().calls.record(Record { counted_as, at, method, path, request, answer, user });
}

fn reply(status: StatusCode, media_type: &'static str, answer: &Map<String, Value>) -> Response {
    (status, [(header::CONTENT_TYPE, media_type)], json!(answer).to_string()).into_response()
}
