//! Access tokens: kept, fetched once for many, replaced in time and after a refusal.

use std::sync::Arc;
use std::time::Duration;

use crate::server::{SECRET, Server, app, assert_silent, reply, text};
use queqiao_wechat::{App, Class, Clock, Error, Settings, WeChat};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::sync::{Barrier, Semaphore};

async fn body(request: axum::extract::Request) -> Value {
    let bytes = axum::body::to_bytes(request.into_body(), 10_000).await.unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

fn client_with(server: &Server, clock: Clock) -> WeChat {
    WeChat::new(Settings { clock, ..server.settings() }).unwrap()
}

async fn token(client: &WeChat) -> String {
    client.access_token(&app()).await.unwrap().expose_secret().to_owned()
}

/// Answers the n-th call with the token `token-n`.
async fn counting(expires_in: u32) -> Server {
    Server::start(move |n, _| async move {
        text(format!(r#"{{"access_token":"token-{n}","expires_in":{expires_in}}}"#))
    })
    .await
}

#[tokio::test]
async fn the_request_is_the_documented_one() {
    let server = Server::start(|_, request| async move {
        assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/cgi-bin/stable_token"));
        assert_eq!(request.uri().query(), None);
        let expected = json!({
            "grant_type": "client_credential", "appid": "wx0123456789abcdef", "secret": SECRET, "force_refresh": false
        });
        assert_eq!(body(request).await, expected);
        text(r#"{"access_token":"t","expires_in":7200}"#)
    })
    .await;
    assert_eq!(token(&server.client()).await, "t");
}

#[tokio::test]
async fn a_token_is_replaced_in_its_last_five_minutes() {
    let server = counting(7200).await;
    let clock = Clock::movable();
    let client = client_with(&server, clock.clone());
    assert_eq!(token(&client).await, "token-1");
    clock.advance(Duration::from_secs(6920)).unwrap();
    assert_eq!(token(&client.clone()).await, "token-1");
    clock.advance(Duration::from_secs(140)).unwrap();
    assert_eq!(token(&client).await, "token-2");
    assert_eq!(server.calls(), 2);
}

#[tokio::test]
async fn a_token_near_its_end_is_used_for_half_of_the_rest() {
    let server = counting(200).await;
    let clock = Clock::fixed("2026-01-01T00:00:00Z".parse().unwrap());
    let client = client_with(&server, clock.clone());
    assert_eq!(token(&client).await, "token-1");
    clock.advance(Duration::from_secs(109)).unwrap();
    assert_eq!(token(&client).await, "token-1");
    clock.advance(Duration::from_secs(42)).unwrap();
    assert_eq!(token(&client).await, "token-2");
}

#[tokio::test]
async fn each_app_has_its_own() {
    let server = counting(7200).await;
    let client = server.client();
    assert_eq!(token(&client).await, "token-1");
    let other = App::new("wx2", SECRET);
    assert_eq!(client.access_token(&other).await.unwrap().expose_secret(), "token-2");
    assert_eq!(token(&client).await, "token-1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_callers_make_one_call() {
    let server = counting(7200).await;
    let clock = Clock::movable();
    let client = client_with(&server, clock.clone());
    for window in 1..=3 {
        let start = Arc::new(Barrier::new(100));
        let callers: Vec<_> = (0..100)
            .map(|_| {
                let (client, start) = (client.clone(), start.clone());
                tokio::spawn(async move {
                    start.wait().await;
                    token(&client).await
                })
            })
            .collect();
        for caller in callers {
            assert_eq!(caller.await.unwrap(), format!("token-{window}"));
        }
        assert_eq!(server.calls(), window);
        clock.advance(Duration::from_secs(7200)).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn waiting_callers_share_a_failure_which_is_not_kept() {
    let open = Arc::new(Semaphore::new(0));
    let gate = open.clone();
    let server = Server::start(move |n, _| {
        let gate = gate.clone();
        async move {
            if n > 1 {
                return text(r#"{"access_token":"t","expires_in":7200}"#);
            }
            gate.acquire().await.unwrap().forget();
            text(format!(r#"{{"errcode":40125,"errmsg":"invalid appsecret {SECRET}, rid: 1-2"}}"#))
        }
    })
    .await;
    let client = server.client();
    let callers: Vec<_> = (0..20)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.access_token(&app()).await })
        })
        .collect();
    while server.calls() == 0 {
        tokio::task::yield_now().await;
    }
    open.add_permits(1);
    let mut failures = 0;
    for caller in callers {
        match caller.await.unwrap() {
            Ok(token) => assert_eq!(token.expose_secret(), "t"),
            Err(error) => {
                assert_eq!(error.class(), Some(Class::Configuration), "{error:?}");
                assert_silent(&error, &[]);
                failures += 1;
            }
        }
    }
    assert!(failures >= 1);
    assert!(server.calls() <= 2, "{} calls", server.calls());
    assert_eq!(token(&client).await, "t");
}

#[tokio::test]
async fn time_outs_are_asked_again_because_that_does_no_harm() {
    let server = Server::start(|n, _| async move {
        if n == 1 {
            tokio::time::sleep(Duration::from_secs(3600)).await;
        }
        text(r#"{"access_token":"t","expires_in":7200}"#)
    })
    .await;
    assert_eq!(token(&server.impatient_client()).await, "t");
    assert_eq!(server.calls(), 2);
}

#[tokio::test]
async fn answers_without_a_token_are_told() {
    for answer in [
        r#"{"access_token":"","expires_in":7200}"#,
        r#"{"access_token":"hush-hush","expires_in":0}"#,
        r#"{"access_token":"hush-hush","expires_in":-1}"#,
        r#"{"access_token":"hush-hush"}"#,
        r#"{"access_token":"hush-hush","expires_in":72"#,
    ] {
        let server = Server::start(move |_, _| async move { text(answer) }).await;
        let error = server.client().access_token(&app()).await.unwrap_err();
        assert!(matches!(error, Error::Unexpected { .. }), "{error:?}");
        assert_silent(&error, &["hush-hush"]);
    }
}

/// A server with one API. It refuses the tokens that `refuses` says, with the errcode.
async fn api(errcode: i64, refuses: impl Fn(&str) -> bool + Clone + Send + Sync + 'static) -> Server {
    let tokens = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    Server::start(move |_, request| {
        let (tokens, refuses) = (tokens.clone(), refuses.clone());
        async move {
            if request.uri().path() == "/cgi-bin/stable_token" {
                let n = tokens.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
                return text(format!(r#"{{"access_token":"token-{n}","expires_in":7200}}"#));
            }
            assert_eq!(request.uri().path(), "/wxa/msg_sec_check");
            let token = request.uri().query().unwrap().trim_start_matches("access_token=").to_owned();
            match refuses(&token) {
                true => text(format!(r#"{{"errcode":{errcode},"errmsg":"invalid {token}, rid: 1-2"}}"#)),
                false => reply(200, "application/json", body(request).await.to_string()),
            }
        }
    })
    .await
}

#[tokio::test]
async fn a_refused_token_is_fetched_anew_once() {
    for errcode in [40001, 40014, 42001] {
        let server = api(errcode, |token| token == "token-1").await;
        let client = server.client();
        let echo: Value =
            client.post(&app(), "/wxa/msg_sec_check", &json!({"content": "你好"})).await.unwrap();
        assert_eq!(echo, json!({"content": "你好"}));
        assert_eq!(server.calls(), 4, "token, refused, token, answered");
        let _: Value = client.post(&app(), "/wxa/msg_sec_check", &json!({})).await.unwrap();
        assert_eq!(server.calls(), 5);

        let server = api(errcode, |_| true).await;
        let error =
            server.client().post::<Value>(&app(), "/wxa/msg_sec_check", &json!({})).await.unwrap_err();
        assert_eq!(error.class(), Some(Class::Token), "{error:?}");
        assert_silent(&error, &["token-1", "token-2"]);
        assert_eq!(server.calls(), 4);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_calls_with_one_refused_token_fetch_one_new() {
    let server = api(42001, |token| token == "token-1").await;
    let client = server.client();
    assert_eq!(token(&client).await, "token-1");
    let start = Arc::new(Barrier::new(50));
    let calls: Vec<_> = (0..50)
        .map(|_| {
            let (client, start) = (client.clone(), start.clone());
            tokio::spawn(async move {
                start.wait().await;
                client.post::<Value>(&app(), "/wxa/msg_sec_check", &json!({})).await
            })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(token(&client).await, "token-2");
}

#[tokio::test]
async fn another_refusal_is_not_repeated() {
    let server = api(45009, |_| true).await;
    let error = server.client().post::<Value>(&app(), "/wxa/msg_sec_check", &json!({})).await.unwrap_err();
    assert_eq!(error.class(), Some(Class::QuotaUsedUp), "{error:?}");
    assert_eq!(server.calls(), 2);
}
