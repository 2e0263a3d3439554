//! The emulator's own paths, without a socket, and its start and end.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use queqiao_emulator::{Clock, DEFAULT_APPID, DEFAULT_SECRET, Emulator, EmulatorError, Settings};
use serde_json::{Value, json};
use tower::ServiceExt;

fn emulator() -> Emulator {
    Emulator::builder().clock(Clock::fixed("2026-06-01T04:00:00Z".parse().unwrap())).build().unwrap()
}

async fn send(emulator: &Emulator, request: Request<Body>) -> (StatusCode, HeaderMap, String) {
    let response = emulator.router().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    (parts.status, parts.headers, text)
}

async fn call(emulator: &Emulator, method: &str, path: &str, body: &str) -> (StatusCode, Value) {
    let request = Request::builder().method(method).uri(path).body(body.to_owned().into()).unwrap();
    let (status, _, text) = send(emulator, request).await;
    (status, serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}")))
}

async fn login(emulator: &Emulator, appid: &str, code: &str) -> Value {
    let query = format!("appid={appid}&secret={DEFAULT_SECRET}&grant_type=authorization_code");
    let code = code.replace(' ', "+");
    call(emulator, "GET", &format!("/sns/jscode2session?{query}&js_code={code}"), "").await.1
}

#[tokio::test]
async fn a_code_for_whom_it_was_asked() {
    let emulator = emulator();
    for (body, appid, user) in [
        ("", DEFAULT_APPID, "alice"),
        ("{}", DEFAULT_APPID, "alice"),
        (r#"{"user":"张三"}"#, DEFAULT_APPID, "张三"),
        (r#"{"appid":"touristappid","user":"bob"}"#, "touristappid", "bob"),
    ] {
        let (status, answer) = call(&emulator, "POST", "/emulator/login-codes", body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let answer = login(&emulator, appid, answer["code"].as_str().unwrap()).await;
        assert_eq!(answer["openid"], emulator.openid(appid, user), "{body}");
    }
}

#[tokio::test]
async fn bad_input_is_told_and_changes_nothing() {
    let emulator = emulator();
    for (path, body, says) in [
        (
            "/emulator/login-codes",
            r#"{"appid":"wx9"}"#,
            "does not know the appid \"wx9\": use one of wx0000000000000000, touristappid",
        ),
        ("/emulator/login-codes", r#"{"user":""}"#, "1 to 64 characters"),
        ("/emulator/login-codes", r#"{"users":"alice"}"#, "unknown field `users`"),
        ("/emulator/login-codes", "alice", "not the JSON object"),
        ("/emulator/clock", "{}", "missing field `advance`"),
        ("/emulator/clock", r#"{"advance":-1}"#, "moves forward only"),
        ("/emulator/clock", r#"{"advance":1e300}"#, "moves forward only"),
        ("/emulator/clock", r#"{"advance":"1h"}"#, "expected f64"),
        ("/emulator/settings", r#"{"reused_code":1}"#, "40029 or 40163"),
        ("/emulator/settings", r#"{"developer_user":""}"#, "1 to 64 characters"),
        ("/emulator/settings", r#"{"speed":1}"#, "unknown field `speed`"),
    ] {
        let (status, answer) = call(&emulator, "POST", path, body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path} {body}");
        assert!(answer["error"].as_str().unwrap().contains(says), "{answer}");
    }
    assert_eq!(emulator.settings(), Settings::default());
    assert_eq!(emulator.clock().now().to_string(), "2026-06-01T04:00:00Z");
    let long = format!(r#"{{"user":"{}"}}"#, "x".repeat(300_000));
    let (status, _) = call(&emulator, "POST", "/emulator/login-codes", &long).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn the_clock_is_moved() {
    let emulator = emulator();
    let (_, answer) = call(&emulator, "GET", "/emulator/clock", "").await;
    assert_eq!(answer, json!({"now": "2026-06-01T04:00:00Z", "movable": true}));
    let (_, answer) = call(&emulator, "POST", "/emulator/clock", r#"{"advance": 90.5}"#).await;
    assert_eq!(answer, json!({"now": "2026-06-01T04:01:30.5Z"}));

    let (status, answer) = call(&emulator, "POST", "/emulator/clock", r#"{"advance": 1e18}"#).await;
    assert_eq!(status, StatusCode::CONFLICT, "{answer}");
    let unmovable = Emulator::builder().clock(Clock::system()).build().unwrap();
    let (status, answer) = call(&unmovable, "POST", "/emulator/clock", r#"{"advance": 1}"#).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(answer["error"].as_str().unwrap().contains("Clock::movable()"), "{answer}");
}

#[tokio::test]
async fn settings_are_changed_one_by_one() {
    let emulator = emulator();
    let change = r#"{"developer_user":"me","reused_code":40029}"#;
    let (_, answer) = call(&emulator, "POST", "/emulator/settings", change).await;
    let expected = json!({
        "accept_unknown_codes": true, "developer_user": "me", "reused_code": 40029,
        "unionid": false, "new_session_key": true
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&answer[name], value, "{name}");
    }
    assert_eq!(call(&emulator, "GET", "/emulator/settings", "").await.1, answer);
    let answer = login(&emulator, DEFAULT_APPID, "the code is a mock one").await;
    assert_eq!(answer["openid"], emulator.openid(DEFAULT_APPID, "me"));
}

#[tokio::test]
async fn calls_are_counted_and_shown_without_secrets() {
    let emulator = emulator();
    let code = emulator.login_code(DEFAULT_APPID, "alice").unwrap();
    let answer = login(&emulator, DEFAULT_APPID, &code).await;
    login(&emulator, DEFAULT_APPID, &code).await;
    call(&emulator, "GET", "/wxa/other?secret=abc", "").await;
    let body = format!(
        r#"{{"grant_type":"client_credential","appid":"{DEFAULT_APPID}","secret":"{DEFAULT_SECRET}"}}"#
    );
    let (_, token) = call(&emulator, "POST", "/cgi-bin/stable_token", &body).await;

    let (_, report) = call(&emulator, "GET", "/emulator/calls", "").await;
    let counts = json!({"/sns/jscode2session": 2, "/cgi-bin/stable_token": 1, "(others)": 1});
    assert_eq!(report["counts"], counts);
    let recent = report["recent"].as_array().unwrap();
    let numbers: Vec<_> = recent.iter().map(|exchange| exchange["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [4, 3, 2, 1]);
    assert_eq!((&recent[3]["user"], &recent[2]["answer"]["errcode"]), (&json!("alice"), &json!(40163)));
    let shown = report.to_string();
    let key = answer["session_key"].as_str().unwrap();
    for secret in [DEFAULT_SECRET, key, code.as_str(), token["access_token"].as_str().unwrap(), "abc"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    assert!(!format!("{emulator:?}").contains(DEFAULT_SECRET));
}

#[tokio::test]
async fn pages_of_any_origin_may_call_the_console_and_not_wechat() {
    let emulator = emulator();
    let preflight = |path: &str| {
        Request::builder()
            .method("OPTIONS")
            .uri(path)
            .header("origin", "http://127.0.0.1:5000")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type")
            .body(Body::empty())
            .unwrap()
    };
    let (status, headers, _) = send(&emulator, preflight("/emulator/login-codes")).await;
    assert_eq!((status, &headers["access-control-allow-origin"]), (StatusCode::OK, &"*".parse().unwrap()));
    let (_, headers, _) = send(&emulator, preflight("/sns/jscode2session")).await;
    assert!(!headers.contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn the_page_loads_nothing_from_elsewhere() {
    let emulator = emulator();
    let request = Request::get("/emulator").body(Body::empty()).unwrap();
    let (status, headers, page) = send(&emulator, request).await;
    assert_eq!(status, StatusCode::OK);
    assert!(headers["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    for outside in ["http://", "https://", "src=", "@import", "<link"] {
        assert!(!page.contains(outside), "the page contains {outside}");
    }
    let (status, headers, _) = send(&emulator, Request::get("/").body(Body::empty()).unwrap()).await;
    assert_eq!((status.as_u16(), &headers["location"]), (307, &"/emulator".parse().unwrap()));
}

#[tokio::test]
async fn only_loopback_unless_allowed() {
    let everywhere = "0.0.0.0:0".parse().unwrap();
    let error = Emulator::builder().listen(everywhere).start().await.unwrap_err();
    assert_eq!(error, EmulatorError::NotLoopback(everywhere));
    assert!(error.to_string().contains("allow_lan()"));
    Emulator::builder().listen(everywhere).allow_lan().start().await.unwrap().shutdown().await;
}

#[tokio::test]
async fn a_taken_port_is_told_and_a_stopped_emulator_frees_its_own() {
    let first = Emulator::builder().start().await.unwrap();
    let address = first.address();
    assert_eq!(first.url(), format!("http://{address}"));
    let error = Emulator::builder().listen(address).start().await.unwrap_err();
    assert!(matches!(error, EmulatorError::Listen { .. }), "{error:?}");
    assert!(error.to_string().contains(&address.to_string()), "{error}");
    // A client that keeps its connection open does not hold the end up.
    let client = reqwest::Client::new();
    client.get(first.url()).send().await.unwrap();
    first.shutdown().await;
    Emulator::builder().listen(address).start().await.unwrap().shutdown().await;
}

#[tokio::test]
async fn names_are_checked_when_it_is_built() {
    assert!(Emulator::builder().app("", "secret").build().is_err());
    let settings = Settings { developer_user: "\n".into(), ..Settings::default() };
    assert!(Emulator::builder().settings(settings).build().is_err());
}
