//! code2Session against servers that behave, and against those that do not.

use std::time::Duration;

use crate::server::{CODE, SECRET, Server, app, assert_silent, reply, text};
use queqiao_wechat::{Class, ErrCode, Error, Session, Settings, WeChat};
use secrecy::ExposeSecret;

const KEY: &str = "c2Vzc2lvbi1rZXktMTIzNA==";

/// What a server that always answers with `body` makes of a login, and how often it was asked.
async fn login(status: u16, media_type: &'static str, body: String) -> (Result<Session, Error>, usize) {
    let server = Server::start(move |_, _| {
        let body = body.clone();
        async move { reply(status, media_type, body) }
    })
    .await;
    let outcome = server.client().code_to_session(&app(), &CODE.into()).await;
    if let Err(error) = &outcome {
        assert_silent(error, &[KEY]);
    }
    (outcome, server.calls())
}

async fn refused(errcode: i64) -> (Error, usize) {
    let body = format!(r#"{{"errcode":{errcode},"errmsg":"no, {SECRET} {CODE}, rid: 66f0-1a2b"}}"#);
    let (outcome, calls) = login(200, "text/plain", body).await;
    let error = outcome.expect_err("a refusal");
    assert_eq!(error.rid(), Some("66f0-1a2b"));
    assert_eq!(error.refusal().map(|refusal| refusal.code), Some(ErrCode(errcode)));
    (error, calls)
}

#[tokio::test]
async fn the_request_is_the_documented_one() {
    let server = Server::start(|_, request| async move {
        let uri = request.uri();
        assert_eq!(request.method(), "GET");
        assert_eq!(uri.path(), "/sns/jscode2session");
        let query = format!(
            "appid=wx0123456789abcdef&secret={SECRET}&js_code=a%26b+c%2F&grant_type=authorization_code"
        );
        assert_eq!(uri.query(), Some(query.as_str()));
        text(format!(r#"{{"session_key":"{KEY}","openid":"o1","unionid":"u1"}}"#))
    })
    .await;
    let session = server.client().code_to_session(&app(), &"a&b c/".into()).await.unwrap();
    assert_eq!((session.openid.as_str(), session.unionid.as_deref()), ("o1", Some("u1")));
    assert_eq!(session.session_key.expose_secret(), KEY);
    assert!(!format!("{session:?}").contains(KEY));
    assert!(!format!("{:?} {:?}", app(), server.client()).contains(SECRET));
}

#[tokio::test]
async fn content_decides_and_neither_header_nor_status() {
    let good = format!(r#"{{"session_key":"{KEY}","openid":"o1","errcode":0}}"#);
    for (status, media_type, body) in [
        (200, "application/json", good.clone()),
        (200, "text/html", good.clone()),
        (500, "text/plain", good.clone()),
        (200, "text/plain", format!("\u{feff} {good}")),
        (200, "text/plain", format!(r#"{{"session_key":"{KEY}","openid":"o1","unionid":""}}"#)),
    ] {
        let (outcome, _) = login(status, media_type, body).await;
        let session = outcome.unwrap();
        assert_eq!((session.openid.as_str(), session.unionid), ("o1", None));
    }
    let (outcome, _) = login(404, "text/html", r#"{"errcode":40029,"errmsg":"invalid code"}"#.into()).await;
    assert_eq!(outcome.unwrap_err().class(), Some(Class::NewCode));
}

#[tokio::test]
async fn refusals_are_sorted_by_what_to_do() {
    for (class, errcodes) in [
        (Class::NewCode, &[40029, 40163, 41008][..]),
        (Class::SlowDown, &[45011]),
        (Class::QuotaUsedUp, &[45009]),
        (Class::User, &[40226]),
        (Class::Configuration, &[40001, 40013, 40125, 40164, 40243, 41002, 41004, 89503]),
        (Class::Unknown, &[12345]),
    ] {
        for errcode in errcodes {
            let (error, calls) = refused(*errcode).await;
            assert_eq!((error.class(), calls), (Some(class), 1), "{error:?}");
        }
    }
}

#[tokio::test]
async fn busy_is_asked_again_then_told() {
    let (error, calls) = refused(-1).await;
    assert_eq!((error.class(), calls), (Some(Class::Busy), 3));
    let server = Server::start(|n, _| async move {
        match n {
            1 => text(r#"{"errcode":-1,"errmsg":"system error"}"#),
            2 => reply(503, "text/html", "<html>503 Service Unavailable</html>"),
            _ => text(format!(r#"{{"session_key":"{KEY}","openid":"o1"}}"#)),
        }
    })
    .await;
    assert_eq!(server.client().code_to_session(&app(), &CODE.into()).await.unwrap().openid, "o1");
    assert_eq!(server.calls(), 3);
}

#[tokio::test]
async fn what_is_not_an_answer_is_described_and_not_quoted() {
    let whole = format!(r#"{{"session_key":"{KEY}","openid":"o1"}}"#);
    for (status, body, says, calls) in [
        (200, format!("<html>{SECRET}</html>"), "HTML or XML", 1),
        (502, "<html>Bad Gateway</html>".into(), "HTML or XML", 1),
        (503, "<html>Service Unavailable</html>".into(), "HTML or XML", 3),
        (200, whole[..whole.len() - 3].to_owned(), "cut off", 1),
        (200, String::new(), "an empty body", 1),
        (200, format!("oops {SECRET}"), "not JSON", 1),
        (200, format!("[\"{KEY}\"]"), "JSON of another kind", 1),
        (200, "null".into(), "JSON of another kind", 1),
        (200, format!(r#"{{"session_key":"{KEY}"}}"#), "[session_key]", 1),
        (200, format!(r#"{{"session_key":"{KEY}","openid":7}}"#), "[openid, session_key]", 1),
        (200, r#"{"session_key":"","openid":"o1"}"#.into(), "empty openid or session_key", 1),
        (200, format!(r#"{{"errcode":"{SECRET}"}}"#), "errcode that is no integer", 1),
        (200, format!("{{\"openid\":\"{}\"}}", "x".repeat(2_000_000)), "more than 1048576 bytes", 1),
    ] {
        let (outcome, asked) = login(status, "application/json", body).await;
        let error = outcome.unwrap_err();
        assert!(matches!(error, Error::Unexpected { .. }), "{error:?}");
        assert!(error.to_string().contains(says), "{error} should say {says}");
        assert_eq!(asked, calls, "{error}");
    }
}

#[tokio::test]
async fn slow_answers_time_out_and_are_not_asked_again() {
    // The code may be used up already.
    let server = Server::start(|_, _| async {
        tokio::time::sleep(Duration::from_secs(3600)).await;
        text("{}")
    })
    .await;
    let error = server.impatient_client().code_to_session(&app(), &CODE.into()).await.unwrap_err();
    assert!(matches!(error, Error::TimedOut { .. }), "{error:?}");
    assert!(error.is_transient());
    assert_silent(&error, &[]);
    assert_eq!(server.calls(), 1);
}

#[tokio::test]
async fn nobody_there_is_a_network_error_without_the_url() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let settings = Settings {
        base_url: format!("http://{free}"),
        back_off: Duration::from_millis(1),
        ..Settings::default()
    };
    let error = WeChat::new(settings).unwrap().code_to_session(&app(), &CODE.into()).await.unwrap_err();
    assert!(matches!(error, Error::Network { before_sending: true, .. }), "{error:?}");
    assert!(error.to_string().contains("refused"), "{error}");
    assert_silent(&error, &["jscode2session", "grant_type"]);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = Server::start(|_, _| async { text(r#"{"session_key":"k","openid":"o1"}"#) }).await;
    let target = format!("http://{}/", elsewhere.address);
    let server = Server::start(move |_, _| {
        let target = target.clone();
        async move {
            let mut response = reply(302, "text/html", "<a>moved</a>");
            response.headers_mut().insert("location", target.parse().unwrap());
            response
        }
    })
    .await;
    let error = server.client().code_to_session(&app(), &CODE.into()).await.unwrap_err();
    assert!(matches!(error, Error::Unexpected { status: 302, .. }), "{error:?}");
    assert_eq!(elsewhere.calls(), 0);
}

#[tokio::test]
async fn what_cannot_be_a_code_is_not_sent() {
    let server = Server::start(|_, _| async { text("{}") }).await;
    for code in ["", "a\nb", &"x".repeat(513)] {
        let error = server.client().code_to_session(&app(), &code.into()).await.unwrap_err();
        assert_eq!(error.class(), Some(Class::NewCode), "{error:?}");
    }
    assert_eq!(server.calls(), 0);
}
