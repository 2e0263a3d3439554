//! One row for each errcode that the emulator serves, provoked over HTTP by a client that shares no types with
//! it; each cites the page of WeChat's documentation that names it.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod support;

use std::collections::BTreeMap;

use queqiao_emulator::ERRCODES;
use serde_json::{Value, json};
use support::{ONE, SECRET_ONE, SECRET_TWO, TWO, World, png};

/// The errcode, the page that names it below WeChat's documentation of server APIs (`all` is the global list),
/// and the call that is answered with it.
macro_rules! rows {
    ($world:ident; $($errcode:literal, $page:tt, $provoke:expr;)*) => {
        const ROWS: &[(i64, &str)] = &[$(($errcode, $page)),*];

        async fn provoke(errcode: i64, $world: &World) -> Value {
            match errcode {
                $($errcode => Box::pin(async move { $provoke }).await,)*
                _ => unreachable!("each row is called by its own number"),
            }
        }
    };
}

const CHECK: &str = "/wxa/msg_sec_check";
const MEDIA: &str = "/wxa/media_check_async";
const SEND: &str = "/cgi-bin/message/subscribe/send";
const CUSTOM: &str = "/cgi-bin/message/custom/send";
const TYPING: &str = "/cgi-bin/message/custom/business/typing";
const SCHEME: &str = "/wxa/generatescheme";
const SHORT: &str = "/wxa/genwxashortlink";
const UNLIMITED: &str = "/wxa/getwxacodeunlimit";
const CODE: &str = "/wxa/getwxacode";
const ADD: &str = "/wxaapi/newtmpl/addtemplate";

fn text(openid: &str, content: &str) -> Value {
    json!({"version": 2, "scene": 2, "openid": openid, "content": content})
}

fn image(openid: &str) -> Value {
    json!({"version": 2, "scene": 2, "openid": openid, "media_type": 2, "media_url": "https://example.com/a.png"})
}

fn custom(openid: &str) -> Value {
    json!({"touser": openid, "msgtype": "text", "text": {"content": "你好"}})
}

fn addition() -> Value {
    json!({"tid": "1001", "kidList": [1, 2], "sceneDesc": "还书提醒"})
}

fn short() -> Value {
    json!({"page_url": "pages/index/index?a=1", "page_title": "图书馆"})
}

async fn template(world: &World) -> String {
    let answer = world.call(ADD, addition()).await;
    answer["priTmplId"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

fn message(openid: &str, template: &str) -> Value {
    let data = json!({"thing1": {"value": "围城"}, "date2": {"value": "2026年12月1日"}});
    json!({"touser": openid, "template_id": template, "data": data, "page": "pages/index/index?a=1"})
}

async fn accept(world: &World, template: &str) {
    world
        .console("subscriptions", json!({"appid": ONE, "user": "alice", "templates": {template: true}}))
        .await;
}

/// Logged in, subscribed, and the message to send.
async fn subscribed(world: &World) -> Value {
    let (openid, template) = (world.openid().await, template(world).await);
    accept(world, &template).await;
    message(&openid, &template)
}

async fn stable(world: &World, appid: &str, secret: &str) -> Value {
    let body = json!({"grant_type": "client_credential", "appid": appid, "secret": secret});
    world.post("/cgi-bin/stable_token", body).await
}

async fn with_token(world: &World, token: &str) -> Value {
    world.get("/wxaapi/newtmpl/gettemplate", &[("access_token", token)]).await
}

async fn signed(world: &World, path: &str, openid: &str, method: &str) -> Value {
    world.fetch(path, &[("openid", openid), ("signature", "00"), ("sig_method", method)]).await
}

/// The rid of a call of app one that fails.
async fn rid(world: &World) -> String {
    let answer = world.call(CHECK, json!({})).await;
    answer["errmsg"].as_str().unwrap().rsplit_once("rid: ").unwrap().1.to_owned()
}

async fn limited(world: &World, path: &str, limit: Value) {
    world.settings(json!({"limits": {path: limit}})).await;
}

rows! { world;
    -1, "user-login/api_code2session", {
        world.console("faults", json!({"path": "/sns/jscode2session", "damage": {"errcode": -1}})).await;
        world.exchange("any").await
    };
    40001, "mp-access-token/api_getaccesstoken", with_token(world, &format!("88_{}", "x".repeat(136))).await;
    40002, "mp-access-token/api_getstableaccesstoken",
        world.post("/cgi-bin/stable_token", json!({"grant_type": "x", "appid": ONE, "secret": SECRET_ONE})).await;
    40003, "mp-message-management/subscribe-message/api_sendmessage", {
        let template = template(world).await;
        world.call(SEND, message("onobody", &template)).await
    };
    40004, "sec-center/sec-check/api_mediacheckasync", {
        let mut body = image(&world.openid().await);
        body["media_type"] = 3.into();
        world.call(MEDIA, body).await
    };
    40007, "kf-mgnt/kf-message/api_getmedia", world.fetch("/cgi-bin/media/get", &[("media_id", "x")]).await;
    40009, "all", {
        let mut large = png();
        large.resize(10 * 1024 * 1024 + 1, 0);
        world.upload("media", "image", large).await
    };
    40013, "mp-access-token/api_getstableaccesstoken", stable(world, "wx9", "x").await;
    40014, "mp-message-management/subscribe-message/api_sendmessage", with_token(world, "token").await;
    40029, "user-login/api_code2session", world.exchange("0a3invented").await;
    40037, "mp-message-management/subscribe-message/api_sendmessage",
        world.call(SEND, message(&world.openid().await, "none")).await;
    40066, "qrcode-link/short-link/api_generateshortlink", {
        world.app(json!({"pages": ["pages/other/other"]})).await;
        world.call(SHORT, short()).await
    };
    40097, "qrcode-link/qr-code/api_getunlimitedqrcode",
        world.call(UNLIMITED, json!({"scene": "a=1", "width": 279})).await;
    40125, "mp-access-token/api_getstableaccesstoken", stable(world, ONE, SECRET_TWO).await;
    40129, "sec-center/sec-check/api_msgseccheck", {
        let mut body = text(&world.openid().await, "你好");
        body["scene"] = 5.into();
        world.call(CHECK, body).await
    };
    40159, "qrcode-link/qr-code/api_getqrcode", world.call(CODE, json!({"path": "p".repeat(1025)})).await;
    40163, "all", {
        let code = world.code(ONE, "alice").await;
        world.exchange(&code).await;
        world.exchange(&code).await
    };
    40164, "mp-access-token/api_getstableaccesstoken", {
        world.app(json!({"ip_allow_list": ["203.0.113.7"]})).await;
        stable(world, ONE, SECRET_ONE).await
    };
    40165, "qrcode-link/url-scheme/api_generatescheme",
        world.call(SCHEME, json!({"jump_wxa": {"path": "pages/index/index?a=1"}})).await;
    40169, "qrcode-link/qr-code/api_getunlimitedqrcode", world.call(UNLIMITED, json!({"scene": "s".repeat(33)})).await;
    40212, "qrcode-link/url-scheme/api_generatescheme",
        world.call(SCHEME, json!({"jump_wxa": {"path": "pages/index/index", "query": "a=书"}})).await;
    40225, "qrcode-link/short-link/api_generateshortlink", {
        let mut body = short();
        body["page_title"] = "二十个字".repeat(5).into();
        body["page_title"] = format!("{}！", body["page_title"].as_str().unwrap()).into();
        world.call(SHORT, body).await
    };
    40226, "user-login/api_code2session", {
        world.console("users", json!({"appid": ONE, "user": "alice", "settings": {"high_risk": true}})).await;
        world.exchange(&world.code(ONE, "alice").await).await
    };
    40243, "mp-access-token/api_getaccesstoken", {
        world.app(json!({"secret_frozen": true})).await;
        let query = [("grant_type", "client_credential"), ("appid", ONE), ("secret", SECRET_ONE)];
        world.get("/cgi-bin/token", &query).await
    };
    41001, "openApi-mgnt/api_clearapiquota", world.post("/cgi-bin/openapi/quota/clear", json!({})).await;
    41002, "mp-access-token/api_getstableaccesstoken",
        world.post("/cgi-bin/stable_token", json!({"grant_type": "client_credential", "secret": "x"})).await;
    41004, "mp-access-token/api_getstableaccesstoken",
        world.post("/cgi-bin/stable_token", json!({"grant_type": "client_credential", "appid": ONE})).await;
    41005, "all", world.upload("file", "image", png()).await;
    41008, "all", {
        let query = [("appid", ONE), ("secret", SECRET_ONE), ("grant_type", "authorization_code")];
        world.get("/sns/jscode2session", &query).await
    };
    41030, "qrcode-link/qr-code/api_getunlimitedqrcode",
        world.call(UNLIMITED, json!({"scene": "a=1", "page": "/pages/index/index"})).await;
    42001, "openApi-mgnt/api_clearapiquota", {
        let token = world.token().await;
        world.advance(7200).await;
        with_token(world, &token).await
    };
    43001, "all", world.post("/sns/jscode2session", json!({})).await;
    43002, "mp-access-token/api_getstableaccesstoken", world.get("/cgi-bin/stable_token", &[]).await;
    43101, "mp-message-management/subscribe-message/api_sendmessage", {
        // One acceptance is one message.
        let message = subscribed(world).await;
        assert_eq!(world.call(SEND, message.clone()).await["errcode"], 0);
        world.call(SEND, message).await
    };
    43104, "sec-center/sec-check/api_msgseccheck", {
        let code = world.code(TWO, "alice").await;
        let query =
            [("appid", TWO), ("secret", SECRET_TWO), ("js_code", &code), ("grant_type", "authorization_code")];
        let elsewhere = world.get("/sns/jscode2session", &query).await;
        world.call(CHECK, text(elsewhere["openid"].as_str().unwrap(), "你好")).await
    };
    43107, "mp-message-management/subscribe-message/api_sendmessage", {
        let message = subscribed(world).await;
        world.app(json!({"subscriptions_banned": true})).await;
        world.call(SEND, message).await
    };
    43108, "mp-message-management/subscribe-message/api_sendmessage", {
        let message = subscribed(world).await;
        world.console("faults", json!({"path": SEND, "damage": {"delay": 3000}, "times": 1})).await;
        let first = world.call(SEND, message.clone());
        let second = async {
            loop {
                let report = world.get("/emulator/calls", &[]).await;
                if report["counts"][SEND] == 1 {
                    return world.call(SEND, message.clone()).await;
                }
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        };
        tokio::select! { second = second => second, first = first => panic!("the first came before: {first}") }
    };
    44002, "sec-center/sec-check/api_msgseccheck", world.call_raw(CHECK, "").await;
    44990, "qrcode-link/url-scheme/api_generatescheme", {
        limited(world, SCHEME, json!({"rate": 1})).await;
        world.call("/wxa/generate_urllink", json!({"path": "pages/index/index"})).await;
        world.call(SCHEME, json!({"jump_wxa": {"path": "pages/index/index"}})).await
    };
    44991, "sec-center/sec-check/api_msgseccheck", {
        limited(world, CHECK, json!({"rate": 0})).await;
        world.call(CHECK, text(&world.openid().await, "你好")).await
    };
    44993, "qrcode-link/url-scheme/api_generatescheme", {
        limited(world, SCHEME, json!({"daily": 0})).await;
        world.call(SCHEME, json!({})).await
    };
    45009, "mp-access-token/api_getstableaccesstoken", {
        limited(world, "/cgi-bin/stable_token", json!({"daily": 1})).await;
        stable(world, ONE, SECRET_ONE).await;
        stable(world, ONE, SECRET_ONE).await
    };
    45011, "user-login/api_code2session", {
        world.settings(json!({"caps": {"user_per_minute": 1}})).await;
        world.exchange(&world.code(ONE, "alice").await).await;
        world.exchange(&world.code(ONE, "alice").await).await
    };
    45015, "all", {
        let openid = world.openid().await;
        world.console("messages", json!({"appid": ONE, "user": "alice", "text": "在吗"})).await;
        world.advance(48 * 3600).await;
        world.call(CUSTOM, custom(&openid)).await
    };
    45029, "qrcode-link/qr-code/api_getqrcode", {
        world.settings(json!({"caps": {"codes": 0}})).await;
        world.call(CODE, json!({"path": "pages/index/index"})).await
    };
    45047, "all", {
        let openid = world.openid().await;
        world.console("messages", json!({"appid": ONE, "user": "alice", "text": "在吗"})).await;
        for _ in 0..5 {
            assert_eq!(world.call(CUSTOM, custom(&openid)).await["errcode"], 0);
        }
        world.call(CUSTOM, custom(&openid)).await
    };
    45072, "kf-mgnt/kf-message/api_typing",
        world.call(TYPING, json!({"touser": world.openid().await, "command": "typing"})).await;
    45080, "kf-mgnt/kf-message/api_typing",
        world.call(TYPING, json!({"touser": world.openid().await, "command": "Typing"})).await;
    45081, "kf-mgnt/kf-message/api_typing", {
        let typing = json!({"touser": world.openid().await, "command": "Typing"});
        world.console("messages", json!({"appid": ONE, "user": "alice", "text": "在吗"})).await;
        assert_eq!(world.call(TYPING, typing.clone()).await["errcode"], 0);
        world.call(TYPING, typing).await
    };
    45168, "mp-message-management/subscribe-message/api_sendmessage", {
        let mut message = subscribed(world).await;
        message["data"]["thing1"]["value"] = "【违规】".into();
        world.call(SEND, message).await
    };
    47001, "sec-center/sec-check/api_msgseccheck", world.call_raw(CHECK, "content=x").await;
    47003, "mp-message-management/subscribe-message/api_sendmessage", {
        let mut message = subscribed(world).await;
        message["data"]["date2"]["value"] = "soon".into();
        let answer = world.call(SEND, message).await;
        assert!(answer["errmsg"].as_str().unwrap().contains("data.date2.value"), "{answer}");
        answer
    };
    48001, "sec-center/safety-control-capability/api_getuserriskrank", {
        world.app(json!({"unauthorized": ["/wxa/getuserriskrank"]})).await;
        world.call("/wxa/getuserriskrank", json!({})).await
    };
    48006, "openApi-mgnt/api_clearquota", {
        for _ in 0..9 {
            assert_eq!(world.call("/cgi-bin/clear_quota", json!({"appid": ONE})).await["errcode"], 0);
        }
        let by_secret = json!({"appid": ONE, "appsecret": SECRET_ONE});
        assert_eq!(world.post("/cgi-bin/clear_quota/v2", by_secret).await["errcode"], 0);
        world.call("/cgi-bin/clear_quota", json!({"appid": ONE})).await
    };
    50004, "mp-access-token/api_getaccesstoken", {
        world.app(json!({"account_verdict": 50004})).await;
        stable(world, ONE, SECRET_ONE).await
    };
    50007, "mp-access-token/api_getaccesstoken", {
        world.app(json!({"account_verdict": 50007})).await;
        stable(world, ONE, SECRET_ONE).await
    };
    61010, "sec-center/sec-check/api_msgseccheck", {
        let openid = world.openid().await;
        world.advance(2 * 3600).await;
        world.call(CHECK, text(&openid, "你好")).await
    };
    70000, "kf-mgnt/kf-message/api_sendcustommessage", {
        world.console("users", json!({"appid": ONE, "user": "alice", "settings": {"minor": true}})).await;
        world.call(CUSTOM, custom(&world.openid().await)).await
    };
    76001, "openApi-mgnt/api_getridinfo",
        world.call("/cgi-bin/openapi/rid/get", json!({"rid": "6268c0f7-12345678-12345678"})).await;
    76002, "openApi-mgnt/api_getridinfo", world.call("/cgi-bin/openapi/rid/get", json!({"rid": "1"})).await;
    76003, "openApi-mgnt/api_getridinfo", {
        let rid = rid(world).await;
        let token = world.token_of(TWO, SECRET_TWO).await;
        world.post(&format!("/cgi-bin/openapi/rid/get?access_token={token}"), json!({"rid": rid})).await
    };
    76004, "openApi-mgnt/api_getridinfo", {
        let rid = rid(world).await;
        world.advance(7 * 86_400).await;
        world.call("/cgi-bin/openapi/rid/get", json!({"rid": rid})).await
    };
    76021, "openApi-mgnt/api_getapiquota", world.call("/cgi-bin/openapi/quota/get", json!({"cgi_path": "/wxa/x"})).await;
    76022, "openApi-mgnt/api_getapiquota",
        world.call("/cgi-bin/openapi/quota/get", json!({"cgi_path": "/sns/jscode2session"})).await;
    85079, "qrcode-link/url-scheme/api_generatescheme", {
        world.app(json!({"released": false})).await;
        world.call(SCHEME, json!({"jump_wxa": {"path": "pages/index/index"}})).await
    };
    85096, "qrcode-link/qr-code/api_getunlimitedqrcode", world.call(UNLIMITED, json!({"scene": "scancode_time=1"})).await;
    85400, "qrcode-link/short-link/api_generateshortlink", {
        world.settings(json!({"caps": {"permanent_links": 0}})).await;
        let mut body = short();
        body["is_permanent"] = true.into();
        world.call(SHORT, body).await
    };
    85401, "qrcode-link/url-scheme/api_generatescheme",
        world.call(SCHEME, json!({"is_expire": true, "expire_type": 1, "expire_interval": 31})).await;
    85402, "qrcode-link/url-scheme/api_generatescheme",
        world.call(SCHEME, json!({"jump_wxa": {"env_version": "beta"}})).await;
    85403, "qrcode-link/url-scheme/api_queryscheme",
        world.call("/wxa/queryscheme", json!({"scheme": "weixin://dl/business/?t=x"})).await;
    85406, "qrcode-link/url-scheme/api_generatescheme", {
        world.settings(json!({"caps": {"visits_per_day": 1}})).await;
        let made = world.call(SCHEME, json!({"jump_wxa": {"path": "pages/index/index"}})).await;
        world.console("visits", json!({"link": made["openlink"]})).await;
        world.call(SCHEME, json!({})).await
    };
    85407, "qrcode-link/url-scheme/api_generatescheme", {
        world.app(json!({"link_verdict": 85407})).await;
        world.call(SCHEME, json!({})).await
    };
    85408, "qrcode-link/url-scheme/api_generatescheme", {
        world.app(json!({"link_verdict": 85408})).await;
        world.call(SCHEME, json!({})).await
    };
    87007, "user-login/api_resetusersessionkey", {
        let openid = world.openid().await;
        world.console("sessions", json!({"appid": ONE, "user": "alice", "expire": true})).await;
        signed(world, "/wxa/resetusersessionkey", &openid, "hmac_sha256").await
    };
    87008, "user-login/api_resetusersessionkey",
        signed(world, "/wxa/resetusersessionkey", &world.openid().await, "sha1").await;
    87009, "user-login/api_checksessionkey",
        signed(world, "/wxa/checksession", &world.openid().await, "hmac_sha256").await;
    87014, "all", world.call(CHECK, json!({"content": "emulator-risky"})).await;
    87020, "sec-center/sec-check/api_mediacheckasync", {
        world.settings(json!({"caps": {"media_repeats": 1}})).await;
        let body = image(&world.openid().await);
        assert_eq!(world.call(MEDIA, body.clone()).await["errcode"], 0);
        world.call(MEDIA, body).await
    };
    89002, "user-info/basic-info/api_getpaidunionid",
        world.fetch("/wxa/getpaidunionid", &[("openid", &world.openid().await), ("transaction_id", "1")]).await;
    89300, "user-info/basic-info/api_getpaidunionid", {
        world.settings(json!({"unionid": true})).await;
        let openid = world.openid().await;
        world.console("payments", json!({"appid": ONE, "user": "alice", "transaction_id": "1"})).await;
        let query = [("openid", openid.as_str()), ("transaction_id", "1")];
        assert_eq!(world.fetch("/wxa/getpaidunionid", &query).await["errcode"], 0);
        world.advance(300).await;
        world.fetch("/wxa/getpaidunionid", &query).await
    };
    89503, "mp-access-token/api_getstableaccesstoken", {
        world.app(json!({"ip_verdict": 89503})).await;
        stable(world, ONE, SECRET_ONE).await
    };
    89506, "mp-access-token/api_getstableaccesstoken", {
        world.app(json!({"ip_verdict": 89506})).await;
        stable(world, ONE, SECRET_ONE).await
    };
    89507, "mp-access-token/api_getstableaccesstoken", {
        world.app(json!({"ip_verdict": 89507})).await;
        stable(world, ONE, SECRET_ONE).await
    };
    200011, "mp-message-management/subscribe-message/api_addtemplate", {
        world.app(json!({"subscriptions_banned": true})).await;
        world.call(ADD, addition()).await
    };
    200012, "mp-message-management/subscribe-message/api_addtemplate", {
        world.settings(json!({"caps": {"templates": 0}})).await;
        world.call(ADD, addition()).await
    };
    200013, "mp-message-management/subscribe-message/api_addtemplate", {
        world.app(json!({"banned_titles": [1001]})).await;
        world.call(ADD, addition()).await
    };
    200014, "mp-message-management/subscribe-message/api_addtemplate",
        world.call(ADD, json!({"tid": "7", "kidList": [1, 2], "sceneDesc": "x"})).await;
    200017, "mp-message-management/subscribe-message/api_getpubtemplatetitles",
        world.fetch("/wxaapi/newtmpl/getpubtemplatetitles", &[("ids", "616"), ("start", "0"), ("limit", "31")]).await;
    200020, "mp-message-management/subscribe-message/api_addtemplate",
        world.call(ADD, json!({"tid": 1001, "kidList": [1], "sceneDesc": "x"})).await;
    200021, "mp-message-management/subscribe-message/api_addtemplate",
        world.call(ADD, json!({"tid": 1001, "kidList": [1, 2], "sceneDesc": "一二三四五六七八九十一二三四五六"})).await;
    200022, "mp-message-management/subscribe-message/api_addtemplate", {
        template(world).await;
        world.call(ADD, addition()).await
    };
}

fn page(short: &str) -> String {
    match short {
        "all" => "https://developers.weixin.qq.com/doc/oplatform/developers/errCode/".into(),
        page => format!("https://developers.weixin.qq.com/miniprogram/dev/server/API/{page}.html"),
    }
}

#[tokio::test]
async fn each_errcode_is_provoked_over_http() {
    for (errcode, _) in ROWS {
        let world = World::new().await;
        let answer = provoke(*errcode, &world).await;
        assert_eq!(answer["errcode"], *errcode, "{answer}");
        let text = answer["errmsg"].as_str().unwrap_or_else(|| panic!("{answer}"));
        assert!(text.contains(", rid: "), "{answer}");
        assert_eq!(answer.as_object().unwrap().len(), 2, "{answer}");
    }
}

#[test]
fn the_rows_are_the_errcodes_of_the_emulator_and_cite_the_same_pages() {
    let rows: BTreeMap<i64, String> = ROWS.iter().map(|(errcode, short)| (*errcode, page(short))).collect();
    let served: BTreeMap<i64, String> =
        ERRCODES.iter().map(|entry| (entry.errcode, entry.page.to_owned())).collect();
    assert_eq!(rows, served);
    assert_eq!(rows.len(), ROWS.len(), "one row for each");
}
