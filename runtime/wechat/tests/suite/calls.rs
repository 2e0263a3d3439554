//! Each call as it is documented: method, path, query, body, and what becomes of the answer.

use std::sync::{Arc, Mutex};

use axum::extract::Request;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use queqiao_wechat::*;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::server::{SECRET, Server, app, assert_silent, reply, text};

/// What came: method, path, query without the token, body.
type Seen = (String, String, String, Value);

/// A server that gives a token, and answers one API by `answer`.
async fn api(answer: Value) -> (Server, Arc<Mutex<Vec<Seen>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let server = Server::start(move |_, request: Request| {
        let (log, answer) = (log.clone(), answer.clone());
        async move {
            let uri = request.uri().clone();
            if uri.path() == "/cgi-bin/stable_token" {
                return text(r#"{"access_token":"the-token","expires_in":7200}"#);
            }
            let method = request.method().to_string();
            let query = uri.query().unwrap_or_default().to_owned();
            let body = axum::body::to_bytes(request.into_body(), 1_000_000).await.unwrap();
            let body =
                serde_json::from_slice(&body).unwrap_or_else(|_| json!(String::from_utf8_lossy(&body)));
            assert!(query.contains("access_token=the-token") || uri.path().ends_with("/v2"), "{uri}");
            let query = query.replace("access_token=the-token", "");
            let query = query.trim_matches('&').to_owned();
            log.lock().unwrap().push((method, uri.path().to_owned(), query, body));
            text(answer.to_string())
        }
    })
    .await;
    (server, seen)
}

/// The one call that came.
fn only(seen: &Mutex<Vec<Seen>>) -> Seen {
    let mut seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 1, "{seen:?}");
    seen.remove(0)
}

fn post(operation: Operation, body: Value) -> Seen {
    ("POST".into(), operation.path().into(), String::new(), body)
}

fn get(operation: Operation, query: &str) -> Seen {
    ("GET".into(), operation.path().into(), query.into(), json!(""))
}

#[tokio::test]
async fn phone_numbers() {
    let (server, seen) = api(json!({"errcode": 0, "errmsg": "ok", "phone_info": {
        "phoneNumber": "13800138000", "purePhoneNumber": "13800138000", "countryCode": 86,
        "watermark": {"timestamp": 1637744274, "appid": "wx0123456789abcdef"}
    }}))
    .await;
    let number = server.client().phone_number(&app(), &"the-code".into(), Some("o1")).await.unwrap();
    assert_eq!((number.pure_phone_number.as_str(), number.country_code.as_str()), ("13800138000", "86"));
    assert_eq!(only(&seen), post(Operation::GetPhoneNumber, json!({"code": "the-code", "openid": "o1"})));

    let (server, _) = api(json!({"errcode": 40029, "errmsg": "invalid code the-code"})).await;
    let error = server.client().phone_number(&app(), &"the-code".into(), None).await.unwrap_err();
    assert_eq!(error.class(), Some(Class::NewCode));
    assert_silent(&error, &["the-code"]);
}

#[tokio::test]
async fn session_keys() {
    let key = SecretString::from("o0q0otL8aEzpcZL/FT9WsQ==");
    let signature = "46e043c5525c2d817c44be603d30837a808a1d930d038f6fdc3e62a201fed128";
    let query = format!("openid=o1&signature={signature}&sig_method=hmac_sha256");
    let (server, seen) = api(json!({"errcode": 0, "errmsg": "ok"})).await;
    assert!(server.client().session_key_is_valid(&app(), "o1", &key).await.unwrap());
    assert_eq!(only(&seen), get(Operation::CheckSessionKey, &query));
    for errcode in [87007, 87009] {
        let (server, _) = api(json!({"errcode": errcode, "errmsg": "invalid signature"})).await;
        assert!(!server.client().session_key_is_valid(&app(), "o1", &key).await.unwrap());
        let error = server.client().reset_session_key(&app(), "o1", &key).await.unwrap_err();
        assert_eq!(error.class(), Some(Class::LogInAgain));
    }
    let (server, seen) = api(json!({"errcode": 0, "openid": "o1", "session_key": "new=="})).await;
    let new = server.client().reset_session_key(&app(), "o1", &key).await.unwrap();
    assert_eq!(new.expose_secret(), "new==");
    assert_eq!(only(&seen), get(Operation::ResetUserSessionKey, &query));
    assert!(server.client().reset_session_key(&app(), "o2", &key).await.is_err(), "another's");

    let (server, seen) = api(json!({"errcode": 0, "key_info_list": [
        {"encrypt_key": "k==", "iv": "i==", "version": 10, "expire_in": 3597, "create_time": 1616572301}
    ]}))
    .await;
    let keys = server.client().user_encrypt_keys(&app(), "o1", &key).await.unwrap();
    assert_eq!((keys[0].version, keys[0].encrypt_key.expose_secret()), (10, "k=="));
    assert!(!format!("{keys:?}").contains("k=="));
    let (method, path, asked, body) = only(&seen);
    assert_eq!((method.as_str(), path.as_str()), ("POST", "/wxa/business/getuserencryptkey"));
    assert_eq!((asked, body), (query, json!("")));
}

#[tokio::test]
async fn content_security() {
    let (server, seen) = api(json!({
        "errcode": 0, "errmsg": "ok", "trace_id": "t1", "result": {"suggest": "risky", "label": 20001},
        "detail": [{"strategy": "keyword", "errcode": 0, "suggest": "risky", "label": 20006, "keyword": "x"},
                   {"strategy": "content_model", "errcode": 300}]
    }))
    .await;
    let text = TextCheck { nickname: Some("Ann".into()), ..TextCheck::new(Scene::Comment, "o1", "你好") };
    let verdict = server.client().check_text(&app(), &text).await.unwrap();
    assert_eq!((verdict.result.suggest, verdict.result.label), (Suggest::Risky, Label(20001)));
    assert_eq!(verdict.detail.iter().filter(|detail| detail.counts()).count(), 1);
    let body = json!({"content": "你好", "version": 2, "scene": 2, "openid": "o1", "nickname": "Ann"});
    assert_eq!(only(&seen), post(Operation::MsgSecCheck, body));

    for wrong in [
        TextCheck::new(Scene::Comment, "o1", "字".repeat(2501)),
        TextCheck::new(Scene::Comment, "o1", ""),
        TextCheck::new(Scene::Comment, "", "x"),
        TextCheck { signature: Some("x".into()), ..TextCheck::new(Scene::Forum, "o1", "x") },
    ] {
        let error = server.client().check_text(&app(), &wrong).await.unwrap_err();
        assert!(matches!(error, Error::Invalid(_)), "{error:?}");
    }
    assert!(TextCheck::new(Scene::Comment, "o1", "字".repeat(2500)).check().is_ok());
    assert!(seen.lock().unwrap().is_empty(), "nothing wrong is sent");

    let (server, seen) = api(json!({"errcode": 0, "trace_id": "t2"})).await;
    let media = MediaCheck::new(MediaKind::Image, Scene::Profile, "o1", "https://example.com/a.png");
    assert_eq!(server.client().check_media(&app(), &media).await.unwrap(), "t2");
    let body = json!({
        "media_url": "https://example.com/a.png", "media_type": 2, "version": 2, "scene": 1, "openid": "o1"
    });
    assert_eq!(only(&seen), post(Operation::MediaCheckAsync, body));

    let (server, seen) = api(json!({"errcode": 0, "risk_rank": 4, "unoin_id": 123456})).await;
    let question = RiskQuestion::new(RiskScene::Register, "o1", [127, 0, 0, 1].into());
    let risk = server.client().risk_rank(&app(), &question).await.unwrap();
    assert_eq!((risk.risk_rank.number(), risk.union_id), (4, 123_456));
    let body = json!({
        "appid": "wx0123456789abcdef", "openid": "o1", "scene": 0, "client_ip": "127.0.0.1", "is_test": false
    });
    assert_eq!(only(&seen), post(Operation::GetUserRiskRank, body));
    let (server, _) = api(json!({"errcode": 0, "risk_rank": 5})).await;
    assert!(server.client().risk_rank(&app(), &question).await.is_err());
}

#[tokio::test]
async fn links() {
    let clock = Clock::fixed(Timestamp::from_second(1_800_000_000).unwrap());
    let target = LinkTarget { query: "a=1".into(), ..LinkTarget::page("pages/index") };
    let (server, seen) = api(json!({"errcode": 0, "openlink": "weixin://dl/business/?t=T"})).await;
    let client = WeChat::new(Settings { clock, ..server.settings() }).unwrap();
    let end = LinkEnd::At(Timestamp::from_second(1_800_000_600).unwrap());
    let link = client.url_scheme(&app(), &target, end).await.unwrap();
    assert_eq!(link, "weixin://dl/business/?t=T");
    let body = json!({
        "jump_wxa": {"path": "pages/index", "query": "a=1", "env_version": "release"},
        "is_expire": true, "expire_type": 0, "expire_time": 1_800_000_600
    });
    assert_eq!(only(&seen), post(Operation::GenerateScheme, body));
    let late = LinkEnd::At(Timestamp::from_second(1_800_000_000).unwrap() + SignedDuration::from_hours(721));
    assert!(matches!(client.url_scheme(&app(), &target, late).await, Err(Error::Invalid(_))));

    let (server, seen) = api(json!({"errcode": 0, "url_link": "https://wxaurl.cn/x"})).await;
    let link = server.client().url_link(&app(), &target, LinkEnd::Days(30), None).await.unwrap();
    assert_eq!(link, "https://wxaurl.cn/x");
    assert_eq!(only(&seen).3["expire_interval"], 30);

    let (server, seen) = api(json!({"errcode": 0, "link": "#小程序://x/y"})).await;
    assert_eq!(
        server.client().short_link(&app(), "pages/a?b=1", "标题", false).await.unwrap(),
        "#小程序://x/y"
    );
    let body = json!({"page_url": "pages/a?b=1", "page_title": "标题", "is_permanent": false});
    assert_eq!(only(&seen), post(Operation::GenerateShortLink, body));
    assert!(server.client().short_link(&app(), "pages/a", &"字".repeat(21), false).await.is_err());

    let (server, seen) = api(json!({
        "errcode": 0, "scheme_info": {"appid": "wx1", "path": "p", "query": "", "create_time": 1, "expire_time": 2,
        "env_version": "release"}, "quota_info": {"remain_visit_quota": 999}
    }))
    .await;
    let state = server.client().query_url_scheme(&app(), "weixin://x").await.unwrap();
    assert_eq!((state.info.unwrap().expire_time, state.remaining_visits), (2, Some(999)));
    assert_eq!(only(&seen), post(Operation::QueryScheme, json!({"scheme": "weixin://x", "query_type": 0})));
}

#[tokio::test]
async fn subscribe_messages() {
    let (server, seen) = api(json!({"errcode": 0, "errmsg": "ok"})).await;
    let message = SubscribeMessage::new("o1", "t1").value("thing1", "拿铁").page("pages/a?b=1");
    server.client().send_subscribe_message(&app(), &message).await.unwrap();
    let body = json!({
        "touser": "o1", "template_id": "t1", "page": "pages/a?b=1", "miniprogram_state": "formal",
        "lang": "zh_CN", "data": {"thing1": {"value": "拿铁"}}
    });
    assert_eq!(only(&seen), post(Operation::SendSubscribeMessage, body));
    for wrong in [
        message.clone().value("thing2", "字".repeat(21)),
        message.clone().value("thing2", "a\nb"),
        message.clone().value("word1", "x"),
        SubscribeMessage::new("o1", "t1"),
        message.clone().page("/pages/a"),
    ] {
        let error = server.client().send_subscribe_message(&app(), &wrong).await.unwrap_err();
        assert!(matches!(error, Error::Invalid(_)), "{error:?}");
    }
    assert!(seen.lock().unwrap().is_empty());
    for (errcode, class) in [(43101, Class::User), (43108, Class::SlowDown), (47003, Class::Request)] {
        let (server, seen) = api(json!({"errcode": errcode, "errmsg": "no"})).await;
        let error = server.client().send_subscribe_message(&app(), &message).await.unwrap_err();
        assert_eq!(error.class(), Some(class));
        only(&seen);
    }
}

#[tokio::test]
async fn templates() {
    let (server, seen) = api(json!({"errcode": 0, "data": [{
        "priTmplId": "t1", "title": "订单", "content": "名称:{{thing1.DATA}}", "example": "", "type": 3
    }]}))
    .await;
    let templates = server.client().templates(&app()).await.unwrap();
    assert_eq!(
        (templates[0].kind, templates[0].keys().unwrap()[0].as_str()),
        (TemplateKind::LongTerm, "thing1")
    );
    assert_eq!(only(&seen), get(Operation::GetMessageTemplateList, ""));

    let (server, seen) = api(json!({"errcode": 0, "priTmplId": "t2"})).await;
    let new = NewTemplate { tid: "99".into(), kid_list: vec![1, 2], scene_desc: "下单".into() };
    assert_eq!(server.client().add_template(&app(), &new).await.unwrap(), "t2");
    let body = json!({"tid": "99", "kidList": [1, 2], "sceneDesc": "下单"});
    assert_eq!(only(&seen), post(Operation::AddMessageTemplate, body));
    server.client().delete_template(&app(), "t2").await.unwrap();
    assert_eq!(only(&seen), post(Operation::DeleteMessageTemplate, json!({"priTmplId": "t2"})));

    let (server, seen) =
        api(json!({"errcode": 0, "count": 1, "data": [{"tid": 99, "title": "x", "type": 2}]})).await;
    let page = server.client().public_templates(&app(), &[2, 616], 0, 30).await.unwrap();
    assert_eq!((page.count, page.data[0].tid), (1, 99));
    assert_eq!(only(&seen), get(Operation::GetPubTemplateTitleList, "ids=2%2C616&start=0&limit=30"));
    assert!(server.client().public_templates(&app(), &[2], 0, 31).await.is_err());
}

#[tokio::test]
async fn customer_service() {
    let (server, seen) = api(json!({"errcode": 0})).await;
    let client = server.client();
    client.send_custom_message(&app(), "o1", &CustomMessage::Text("你好".into())).await.unwrap();
    let body = json!({"touser": "o1", "msgtype": "text", "text": {"content": "你好"}});
    assert_eq!(only(&seen), post(Operation::SendCustomMessage, body));
    client.set_typing(&app(), "o1", true).await.unwrap();
    assert_eq!(only(&seen), post(Operation::SetTyping, json!({"touser": "o1", "command": "Typing"})));

    let (server, seen) = api(json!({"type": "image", "media_id": "m1", "created_at": 1_700_000_000})).await;
    let png = Bytes::from_static(b"\x89PNG\r\n\x1a\nrest");
    let media = server.client().upload_media(&app(), "图.png", png).await.unwrap();
    assert_eq!((media.media_id.as_str(), media.created_at), ("m1", 1_700_000_000));
    let (method, path, query, body) = only(&seen);
    assert_eq!(
        (method.as_str(), path.as_str(), query.as_str()),
        ("POST", "/cgi-bin/media/upload", "type=image")
    );
    let body = body.as_str().unwrap();
    assert!(body.contains("name=\"media\"") && body.contains("image/png"), "{body}");
    let large = Bytes::from([b"\xff\xd8\xff".as_slice(), &vec![0; LARGEST_MEDIUM]].concat());
    for wrong in [Bytes::from_static(b"<svg/>"), Bytes::new(), large] {
        assert!(matches!(server.client().upload_media(&app(), "x", wrong).await, Err(Error::Invalid(_))));
    }
}

#[tokio::test]
async fn quotas() {
    let (server, seen) = api(json!({
        "errcode": 0, "quota": {"daily_limit": 100, "used": 1, "remain": 99},
        "rate_limit": {"call_count": 5, "refresh_second": 60}
    }))
    .await;
    let quota = server.client().api_quota(&app(), "/wxa/msg_sec_check").await.unwrap();
    assert_eq!((quota.quota.remain, quota.rate_limit.unwrap().call_count), (99, 5));
    assert_eq!(only(&seen), post(Operation::GetApiQuota, json!({"cgi_path": "/wxa/msg_sec_check"})));
    for wrong in ["", "wxa/x", "/sns/jscode2session", "/wxa/x?access_token=1"] {
        assert!(matches!(server.client().api_quota(&app(), wrong).await, Err(Error::Invalid(_))), "{wrong}");
    }
    let (server, seen) = api(json!({"errcode": 0})).await;
    server.client().clear_quota(&app()).await.unwrap();
    assert_eq!(only(&seen), post(Operation::ClearQuota, json!({"appid": "wx0123456789abcdef"})));
    server.client().clear_quota_by_secret(&app()).await.unwrap();
    let body = json!({"appid": "wx0123456789abcdef", "appsecret": SECRET});
    assert_eq!(only(&seen), post(Operation::ClearQuotaByAppSecret, body));

    let (server, seen) = api(json!({"ip_list": ["101.226.103.0/25", "10.0.0.1"]})).await;
    assert_eq!(server.client().callback_ips(&app()).await.unwrap().len(), 2);
    assert_eq!(only(&seen), get(Operation::GetCallbackIp, ""));

    let (server, seen) = api(json!({"errcode": 0, "request": {
        "invoke_time": 1635156704, "cost_in_ms": 30, "request_url": "access_token=t", "request_body": "",
        "response_body": "{}", "client_ip": "113.0.0.1"
    }}))
    .await;
    let info = server.client().rid_info(&app(), "61725984-6126f6f9").await.unwrap();
    assert_eq!((info.cost_in_ms, info.client_ip.as_str()), (30, "113.0.0.1"));
    assert!(!format!("{info:?}").contains("access_token"));
    assert_eq!(only(&seen), post(Operation::GetRidInfo, json!({"rid": "61725984-6126f6f9"})));
}

#[tokio::test]
async fn unionids_and_encrypted_data() {
    let (server, seen) = api(json!({"errcode": 0, "unionid": "u1"})).await;
    let order = Payment::Order { mch_id: "1".into(), out_trade_no: "2".into() };
    assert_eq!(server.client().paid_unionid(&app(), "o1", &order).await.unwrap(), "u1");
    assert_eq!(only(&seen), get(Operation::GetPaidUnionId, "openid=o1&mch_id=1&out_trade_no=2"));

    let (server, seen) = api(json!({"errcode": 0, "vaild": true, "create_time": 1_629_121_902})).await;
    let data = EncryptedData { encrypted_data: "abc".into(), iv: String::new() };
    assert!(server.client().check_encrypted_data(&app(), &data).await.unwrap().valid);
    let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(only(&seen), post(Operation::CheckEncryptedData, json!({"encrypted_msg_hash": hash})));
}

/// Whether a gateway had asked WeChat before it gave up, nobody knows: a message would go out twice.
#[tokio::test]
async fn a_gateways_failure_is_repeated_where_that_does_no_harm() {
    for (status, sent, listed) in [(502, 1, 3), (503, 3, 3), (504, 1, 3), (500, 1, 1)] {
        let server = Server::start(move |_, request: Request| async move {
            match request.uri().path() {
                "/cgi-bin/stable_token" => text(r#"{"access_token":"the-token","expires_in":7200}"#),
                _ => reply(status, "text/html", "<html>"),
            }
        })
        .await;
        let client = server.client();
        let message = SubscribeMessage::new("oA", "template").value("thing1", "牛奶");
        client.send_subscribe_message(&app(), &message).await.unwrap_err();
        assert_eq!(server.calls(), 1 + sent, "{status}");
        client.templates(&app()).await.unwrap_err();
        assert_eq!(server.calls(), 1 + sent + listed, "{status}");
    }
}
