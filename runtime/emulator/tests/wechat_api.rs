//! WeChat's paths as a client sees them that knows nothing of this crate's types: raw HTTP.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::time::Duration;

use queqiao_emulator::{Clock, DEFAULT_APPID, DEFAULT_SECRET, Emulator, Running, Settings, TOURIST_APPID};
use serde_json::{Value, json};

async fn start(settings: Settings) -> (Running, Clock) {
    let clock = Clock::fixed("2026-06-01T04:00:00Z".parse().unwrap());
    let emulator = Emulator::builder()
        .clock(clock.clone())
        .settings(settings)
        .app("wx1111111111111111", "secret-one")
        .app("wx2222222222222222", "secret-two")
        .start()
        .await
        .unwrap();
    (emulator, clock)
}

fn strict() -> Settings {
    Settings { accept_unknown_codes: false, ..Settings::default() }
}

async fn json_of(response: reqwest::Response) -> Value {
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}

async fn get(emulator: &Running, path_and_query: &str) -> Value {
    json_of(reqwest::get(format!("{}{path_and_query}", emulator.url())).await.unwrap()).await
}

async fn login(emulator: &Running, appid: &str, secret: &str, code: &str) -> Value {
    let query =
        [("appid", appid), ("secret", secret), ("js_code", code), ("grant_type", "authorization_code")];
    let request = reqwest::Client::new().get(format!("{}/sns/jscode2session", emulator.url())).query(&query);
    json_of(request.send().await.unwrap()).await
}

async fn login_one(emulator: &Running, code: &str) -> Value {
    login(emulator, "wx1111111111111111", "secret-one", code).await
}

async fn token(emulator: &Running, body: impl Into<reqwest::Body>) -> Value {
    let request = reqwest::Client::new().post(format!("{}/cgi-bin/stable_token", emulator.url())).body(body);
    json_of(request.send().await.unwrap()).await
}

async fn token_of(emulator: &Running, force: bool) -> (String, i64) {
    let body = json!({
        "grant_type": "client_credential", "appid": "wx1111111111111111", "secret": "secret-one", "force_refresh": force
    });
    let answer = token(emulator, body.to_string()).await;
    (answer["access_token"].as_str().unwrap().to_owned(), answer["expires_in"].as_i64().unwrap())
}

#[track_caller]
fn assert_refused(answer: &Value, errcode: i64, errmsg: &str) {
    assert_eq!(answer["errcode"], errcode, "{answer}");
    let text = answer["errmsg"].as_str().unwrap();
    let rid = text
        .strip_prefix(errmsg)
        .and_then(|rest| rest.strip_prefix(", rid: "))
        .unwrap_or_else(|| panic!("{text}"));
    assert!(rid.len() == 26 && rid.chars().all(|c| c.is_ascii_hexdigit() || c == '-'), "{rid}");
    assert_eq!(answer.as_object().unwrap().len(), 2, "{answer}");
}

#[tokio::test]
async fn a_login_answers_openid_and_session_key_without_errcode() {
    let (emulator, _) = start(strict()).await;
    let code = emulator.login_code("wx1111111111111111", "alice").unwrap();
    let answer = login_one(&emulator, &code).await;
    let openid = answer["openid"].as_str().unwrap();
    assert!(openid.starts_with('o') && openid.len() == 28);
    assert!(answer["session_key"].as_str().is_some_and(|key| key.len() == 24 && key.ends_with("==")));
    assert_eq!(answer.as_object().unwrap().len(), 2, "{answer}");

    // The same user again: the same openid, another key. Another user, another app: another openid.
    let code = emulator.login_code("wx1111111111111111", "alice").unwrap();
    let again = login_one(&emulator, &code).await;
    assert_eq!(again["openid"], answer["openid"]);
    assert_ne!(again["session_key"], answer["session_key"]);
    let code = emulator.login_code("wx1111111111111111", "bob").unwrap();
    assert_ne!(login_one(&emulator, &code).await["openid"], answer["openid"]);
    let code = emulator.login_code("wx2222222222222222", "alice").unwrap();
    let other = login(&emulator, "wx2222222222222222", "secret-two", &code).await;
    assert!(other["openid"].is_string() && other["openid"] != answer["openid"]);
}

#[tokio::test]
async fn json_comes_as_text_as_from_wechat() {
    let (emulator, _) = start(strict()).await;
    let response = reqwest::get(format!("{}/sns/jscode2session", emulator.url())).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (200, &"text/plain".parse().unwrap())
    );
}

#[tokio::test]
async fn unionid_and_lasting_keys_by_setting() {
    let settings = Settings { unionid: true, new_session_key: false, ..strict() };
    let (emulator, _) = start(settings).await;
    let code = |appid: &str| emulator.login_code(appid, "alice").unwrap();
    let one = login_one(&emulator, &code("wx1111111111111111")).await;
    let again = login_one(&emulator, &code("wx1111111111111111")).await;
    let two = login(&emulator, "wx2222222222222222", "secret-two", &code("wx2222222222222222")).await;
    assert_eq!(one, again);
    assert!(one["unionid"].is_string());
    assert_eq!(one["unionid"], two["unionid"]);
    assert_ne!(one["session_key"], two["session_key"]);
}

#[tokio::test]
async fn codes_work_once_for_five_minutes_in_their_app() {
    for (reused, errcode, errmsg) in [(40029, 40029, "invalid code"), (40163, 40163, "code been used")] {
        let settings = Settings { reused_code: reused.try_into().unwrap(), ..strict() };
        let (emulator, clock) = start(settings).await;
        let code = emulator.login_code("wx1111111111111111", "alice").unwrap();
        let elsewhere = login(&emulator, "wx2222222222222222", "secret-two", &code).await;
        assert_refused(&elsewhere, 40029, "invalid code");
        clock.advance(Duration::from_secs(299)).unwrap();
        assert!(login_one(&emulator, &code).await["openid"].is_string());
        assert_refused(&login_one(&emulator, &code).await, errcode, errmsg);
        let code = emulator.login_code("wx1111111111111111", "alice").unwrap();
        clock.advance(Duration::from_secs(300)).unwrap();
        assert_refused(&login_one(&emulator, &code).await, 40029, "invalid code");
        assert_refused(&login_one(&emulator, "0a3invented").await, 40029, "invalid code");
    }
}

#[tokio::test]
async fn a_wrong_secret_does_not_use_the_code_up() {
    let (emulator, _) = start(strict()).await;
    let code = emulator.login_code("wx1111111111111111", "alice").unwrap();
    let answer = login(&emulator, "wx1111111111111111", "secret-two", &code).await;
    assert_refused(&answer, 40125, "invalid appsecret");
    assert!(login_one(&emulator, &code).await["openid"].is_string());
}

#[tokio::test]
async fn of_concurrent_exchanges_of_one_code_one_succeeds() {
    let (emulator, _) = start(strict()).await;
    let emulator = std::sync::Arc::new(emulator);
    let code = emulator.login_code("wx1111111111111111", "alice").unwrap();
    let logins: Vec<_> = (0..20)
        .map(|_| {
            let (emulator, code) = (emulator.clone(), code.clone());
            tokio::spawn(async move { login_one(&emulator, &code).await["openid"].is_string() })
        })
        .collect();
    let mut successes = 0;
    for login in logins {
        successes += usize::from(login.await.unwrap());
    }
    assert_eq!(successes, 1);
}

#[tokio::test]
async fn three_mock_logins_ten_minutes_apart_are_one_user() {
    let (emulator, clock) = start(Settings::default()).await;
    let mut openids = std::collections::BTreeSet::new();
    for _ in 0..3 {
        let answer = login_one(&emulator, "the code is a mock one").await;
        openids.insert(answer["openid"].as_str().unwrap().to_owned());
        clock.advance(Duration::from_secs(600)).unwrap();
    }
    assert_eq!(openids.len(), 1);
    emulator.set_settings(strict()).unwrap();
    assert_refused(&login_one(&emulator, "the code is a mock one").await, 40029, "invalid code");
}

#[tokio::test]
async fn login_parameters_are_checked() {
    let (emulator, _) = start(strict()).await;
    let appid = "appid=wx1111111111111111";
    let good = "secret=secret-one&js_code=x&grant_type=authorization_code";
    for (query, errcode, errmsg) in [
        (String::new(), 41002, "appid missing"),
        ("appid=&secret=s".into(), 41002, "appid missing"),
        (appid.into(), 41004, "appsecret missing"),
        (format!("{appid}&secret=x&js_code=x"), 40002, "invalid grant_type"),
        (format!("{appid}&secret=x&js_code=x&grant_type=client_credential"), 40002, "invalid grant_type"),
        (format!("{appid}&secret=x&grant_type=authorization_code"), 41008, "missing code"),
        (format!("appid=wx9&{good}"), 40013, "invalid appid"),
        (format!("{appid}&{good}").replace("secret-one", "x"), 40125, "invalid appsecret"),
        (format!("{appid}&{good}"), 40029, "invalid code"),
        (format!("{appid}&{good}&secret=%ff%00&x=%"), 40029, "invalid code"),
    ] {
        assert_refused(&get(&emulator, &format!("/sns/jscode2session?{query}")).await, errcode, errmsg);
    }
    let posted = reqwest::Client::new().post(format!("{}/sns/jscode2session", emulator.url()));
    assert_refused(&json_of(posted.send().await.unwrap()).await, 43001, "require GET method");
}

#[tokio::test]
async fn token_parameters_are_checked() {
    let (emulator, _) = start(strict()).await;
    let url = "/cgi-bin/stable_token?grant_type=client_credential&appid=wx1111111111111111&secret=secret-one";
    assert_refused(&get(&emulator, url).await, 43002, "require POST method");
    let good =
        json!({"grant_type": "client_credential", "appid": "wx1111111111111111", "secret": "secret-one"});
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body.to_string()
    };
    for (body, errcode, errmsg) in [
        (String::new(), 47001, "data format error"),
        ("grant_type=client_credential".into(), 47001, "data format error"),
        ("[]".into(), 47001, "data format error"),
        (with("appid", json!(7)), 47001, "data format error"),
        (with("force_refresh", json!("yes")), 47001, "data format error"),
        (with("secret", json!("x".repeat(100_000))), 47001, "data format error"),
        (with("appid", json!("")), 41002, "appid missing"),
        (with("secret", json!("")), 41004, "appsecret missing"),
        (with("grant_type", json!("authorization_code")), 40002, "invalid grant_type"),
        (with("appid", json!("wx9")), 40013, "invalid appid"),
        (with("secret", json!("secret-two")), 40125, "invalid appsecret"),
    ] {
        assert_refused(&token(&emulator, body).await, errcode, errmsg);
    }
    assert_eq!(token(&emulator, good.to_string()).await["expires_in"], 7200);
}

#[tokio::test]
async fn tokens_follow_the_stable_mode() {
    let (emulator, clock) = start(strict()).await;
    let accepts = |token: &str| emulator.accepts_token("wx1111111111111111", token);
    let (first, _) = token_of(&emulator, false).await;
    clock.advance(Duration::from_secs(6000)).unwrap();
    assert_eq!(token_of(&emulator, false).await, (first.clone(), 1200));
    clock.advance(Duration::from_secs(1000)).unwrap();
    let (second, lifetime) = token_of(&emulator, false).await;
    assert!(second != first && lifetime == 7200 && accepts(&first) && accepts(&second));
    let (third, _) = token_of(&emulator, true).await;
    assert!(third != second && accepts(&third) && !accepts(&first) && !accepts(&second));
    assert_eq!(token_of(&emulator, true).await.0, third, "within 30 seconds nothing is refreshed");
}

#[tokio::test]
async fn other_paths_are_invalid_urls() {
    let (emulator, _) = start(strict()).await;
    for path in ["/sns/jscode2sessions", "/wxa/unknown?access_token=x", "/favicon.ico"] {
        assert_refused(&get(&emulator, path).await, 40066, "invalid url");
    }
}

#[tokio::test]
async fn default_apps_are_there_without_configuration() {
    let emulator = Emulator::builder().settings(strict()).start().await.unwrap();
    for appid in [DEFAULT_APPID, TOURIST_APPID] {
        let code = emulator.login_code(appid, "alice").unwrap();
        let answer = login(&emulator, appid, DEFAULT_SECRET, &code).await;
        assert_eq!(answer["openid"], emulator.openid(appid, "alice"));
    }
}
