//! Pushes as a server sees them that knows nothing of this crate's types: signatures and encryption are checked here
//! from the protocol.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockModeDecrypt, KeyIvInit};
use axum::Router;
use axum::extract::{Query, State};
use axum::routing::get;
use base64::Engine;
use queqiao_emulator::{Outcome, WeChatUser};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use support::{ONE, World};

const TOKEN: &str = "AAAAA";
const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

type Pushed = (Vec<(String, String)>, String);

/// A server that keeps what is pushed to it, and answers as it is told.
#[derive(Clone, Default)]
struct Server {
    pushed: Arc<Mutex<Vec<Pushed>>>,
    answer: Arc<Mutex<String>>,
    /// How many pushes it leaves without an answer first.
    silent: Arc<Mutex<u32>>,
}

impl Server {
    async fn start(answer: &str) -> (Self, String) {
        let server = Self::default();
        *server.answer.lock().unwrap() = answer.into();
        let router = Router::new().route("/push", get(echo).post(take)).with_state(server.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/push", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (server, url)
    }

    fn pushed(&self) -> Vec<Pushed> {
        self.pushed.lock().unwrap().clone()
    }
}

async fn echo(Query(query): Query<Vec<(String, String)>>) -> String {
    let signed =
        part(&query, "signature") == signature(&[TOKEN, part(&query, "timestamp"), part(&query, "nonce")]);
    if signed { part(&query, "echostr").to_owned() } else { "no".into() }
}

async fn take(
    State(server): State<Server>,
    Query(query): Query<Vec<(String, String)>>,
    body: String,
) -> String {
    server.pushed.lock().unwrap().push((query, body));
    let silent = {
        let mut silent = server.silent.lock().unwrap();
        let now = *silent > 0;
        *silent = silent.saturating_sub(1);
        now
    };
    if silent {
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    server.answer.lock().unwrap().clone()
}

fn part<'a>(query: &'a [(String, String)], name: &str) -> &'a str {
    query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).unwrap_or_default()
}

fn signature(parts: &[&str]) -> String {
    let mut parts = parts.to_vec();
    parts.sort_unstable();
    Sha1::digest(parts.concat()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Decrypts with the key of zeros that [`KEY`] is.
fn decrypted(encrypted: &str) -> String {
    let bytes = base64::engine::general_purpose::STANDARD.decode(encrypted).unwrap();
    let cipher = cbc::Decryptor::<aes::Aes256>::new(&[0; 32].into(), &[0; 16].into());
    let plain = cipher.decrypt_padded_vec::<NoPadding>(&bytes).unwrap();
    let length = u32::from_be_bytes(plain[16..20].try_into().unwrap()) as usize;
    let padding = usize::from(*plain.last().unwrap());
    assert!((1..=32).contains(&padding) && plain.len() % 32 == 0);
    assert_eq!(&plain[20 + length..plain.len() - padding], ONE.as_bytes());
    String::from_utf8(plain[20..20 + length].to_vec()).unwrap()
}

async fn set_push(world: &World, urls: &[&str], mode: &str, format: &str) {
    let push = json!({"urls": urls, "token": TOKEN, "aes_key": KEY, "mode": mode, "format": format});
    let answer = world.console(&format!("apps/{ONE}/push"), push).await;
    assert!(!answer.to_string().contains(KEY), "{answer}");
}

fn alice(world: &World) -> WeChatUser {
    world.emulator.user(ONE, "alice").unwrap()
}

#[tokio::test]
async fn plain_messages_are_signed() {
    let world = World::new().await;
    let (server, url) = Server::start("success").await;
    set_push(&world, &[&url], "plain", "json").await;
    let delivery = alice(&world).write("你好").await.unwrap().unwrap();
    assert_eq!((delivery.outcome, delivery.attempts.len()), (Outcome::Answered, 1));
    let (query, body) = server.pushed().remove(0);
    assert_eq!(
        part(&query, "signature"),
        signature(&[TOKEN, part(&query, "timestamp"), part(&query, "nonce")])
    );
    let openid = world.emulator.openid(ONE, "alice");
    assert_eq!((part(&query, "openid"), part(&query, "msg_signature")), (openid.as_str(), ""));
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&body["MsgType"], &body["Content"]), (&json!("text"), &json!("你好")));
    assert_eq!(body["FromUserName"], openid);
    assert!(body["MsgId"].as_u64().unwrap() > 1 << 53);
}

#[tokio::test]
async fn safe_messages_are_encrypted_and_nothing_else() {
    for format in ["json", "xml"] {
        let world = World::new().await;
        let (server, url) = Server::start("").await;
        set_push(&world, &[&url], "safe", format).await;
        let sent = alice(&world).write("hi ]]> <b>").await.unwrap().unwrap();
        assert_eq!(sent.outcome, Outcome::Answered);
        let (query, body) = server.pushed().remove(0);
        let encrypted = match format {
            "json" => {
                let body: Value = serde_json::from_str(&body).unwrap();
                assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
                body["Encrypt"].as_str().unwrap().to_owned()
            }
            _ => {
                let inner = body.split("<Encrypt><![CDATA[").nth(1).unwrap();
                assert!(body.starts_with("<xml>") && !body.contains("Content"), "{body}");
                inner.split("]]>").next().unwrap().to_owned()
            }
        };
        let parts = [TOKEN, part(&query, "timestamp"), part(&query, "nonce"), &encrypted];
        assert_eq!(part(&query, "msg_signature"), signature(&parts));
        assert_eq!(part(&query, "encrypt_type"), "aes");
        let message = decrypted(&encrypted);
        let expected = if format == "json" {
            "\"hi ]]> <b>\""
        } else {
            "<Content><![CDATA[hi ]]]]><![CDATA[> <b>]]></Content>"
        };
        assert!(message.contains(expected), "{message}");
    }
}

#[tokio::test]
async fn compatible_messages_are_both() {
    let world = World::new().await;
    let (server, url) = Server::start("success").await;
    set_push(&world, &[&url], "compatible", "json").await;
    alice(&world).enter_conversation("page=1").await.unwrap().unwrap();
    let body: Value = serde_json::from_str(&server.pushed().remove(0).1).unwrap();
    assert_eq!(body["Event"], "user_enter_tempsession");
    let inner: Value = serde_json::from_str(&decrypted(body["Encrypt"].as_str().unwrap())).unwrap();
    assert_eq!(inner["SessionFrom"], "page=1");
}

#[tokio::test]
async fn urls_are_verified_by_the_token() {
    let world = World::new().await;
    let (_, url) = Server::start("").await;
    set_push(&world, &[&url], "safe", "json").await;
    world.console(&format!("apps/{ONE}/push/verify"), json!({})).await;
    let wrong = json!({"urls": [url], "token": "other", "mode": "plain"});
    world.console(&format!("apps/{ONE}/push"), wrong).await;
    let error = world.emulator.verify_push(ONE).await.unwrap_err().to_string();
    assert!(error.contains("the Token the same on both sides"), "{error}");
}

#[tokio::test]
async fn three_attempts_go_from_instance_to_instance() {
    let world = World::new().await;
    world.settings(json!({"push_timeout_ms": 150})).await;
    let (one, first) = Server::start("success").await;
    let (two, second) = Server::start("success").await;
    *one.silent.lock().unwrap() = 9;
    *two.silent.lock().unwrap() = 9;
    set_push(&world, &[&first, &second], "safe", "json").await;
    let delivery = alice(&world).write("hello").await.unwrap().unwrap();
    assert_eq!((delivery.outcome, delivery.attempts.len()), (Outcome::GivenUp, 3));
    assert_eq!((one.pushed().len(), two.pushed().len()), (2, 1));
    let ids: Vec<Value> = one
        .pushed()
        .iter()
        .chain(&two.pushed())
        .map(|(_, body)| {
            let body: Value = serde_json::from_str(body).unwrap();
            let inner: Value = serde_json::from_str(&decrypted(body["Encrypt"].as_str().unwrap())).unwrap();
            inner["MsgId"].clone()
        })
        .collect();
    assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "each attempt carries the same MsgId: {ids:?}");

    // The second attempt is answered, and is the last.
    *two.silent.lock().unwrap() = 0;
    let delivery = alice(&world).write("again").await.unwrap().unwrap();
    assert_eq!((delivery.outcome, delivery.attempts.len()), (Outcome::Answered, 2));
}

#[tokio::test]
async fn answered_messages_can_be_delivered_three_times() {
    let world = World::new().await;
    let (server, url) = Server::start("success").await;
    let push = json!({"urls": [url], "token": TOKEN, "aes_key": KEY, "deliveries": 3});
    world.console(&format!("apps/{ONE}/push"), push).await;
    let delivery = alice(&world).write("hello").await.unwrap().unwrap();
    assert_eq!((delivery.outcome, server.pushed().len()), (Outcome::Answered, 3));
}

#[tokio::test]
async fn replies_reach_the_user_and_bad_answers_are_told() {
    let world = World::new().await;
    let (server, url) = Server::start(r#"{"MsgType":"text","Content":"收到"}"#).await;
    set_push(&world, &[&url], "plain", "json").await;
    let delivery = alice(&world).write("在吗").await.unwrap().unwrap();
    assert_eq!(delivery.outcome, Outcome::Replied);
    assert_eq!(alice(&world).messages()[0].content["Content"], "收到");

    *server.answer.lock().unwrap() = "<html>500</html>".into();
    let delivery = alice(&world).write("在吗").await.unwrap().unwrap();
    assert_eq!((delivery.outcome, delivery.attempts.len()), (Outcome::Invalid, 1));
    assert!(alice(&world).messages()[0].content["error"].is_string());

    // In safe mode, an answer that is not encrypted is none.
    *server.answer.lock().unwrap() = r#"{"MsgType":"text","Content":"收到"}"#.into();
    set_push(&world, &[&url], "safe", "json").await;
    assert_eq!(alice(&world).write("在吗").await.unwrap().unwrap().outcome, Outcome::Invalid);
}

#[tokio::test]
async fn media_verdicts_come_when_the_clock_says_so() {
    let world = World::new().await;
    let (server, url) = Server::start("success").await;
    set_push(&world, &[&url], "plain", "json").await;
    world.settings(json!({"media_check_seconds": 600})).await;
    let openid = world.openid().await;
    let body = json!({
        "media_url": "https://example.com/emulator-risky.png", "media_type": 2, "version": 2, "scene": 2, "openid": openid
    });
    let answer = world.call("/wxa/media_check_async", body).await;
    assert_eq!(answer["errcode"], 0, "{answer}");
    world.advance(599).await;
    assert!(server.pushed().is_empty());
    world.advance(1).await;
    while server.pushed().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let event: Value = serde_json::from_str(&server.pushed()[0].1).unwrap();
    assert_eq!(event["Event"], "wxa_media_check");
    assert_eq!(event["trace_id"], answer["trace_id"]);
    assert_eq!((&event["result"]["suggest"], &event["errcode"]), (&json!("risky"), &json!(0)));
}

#[tokio::test]
async fn subscriptions_are_told_in_the_shape_of_each_format() {
    let world = World::new().await;
    let (server, url) = Server::start("success").await;
    set_push(&world, &[&url], "plain", "json").await;
    world.settings(json!({"accept_unknown_templates": true})).await;
    let wait = |count: usize| {
        let server = server.clone();
        async move {
            while server.pushed().len() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            server.pushed()[count - 1].1.clone()
        }
    };
    let templates = json!({"appid": ONE, "user": "alice", "templates": {"t1": true}});
    assert_eq!(world.console("subscriptions", templates).await, json!({"t1": "accept"}));
    let popup: Value = serde_json::from_str(&wait(1).await).unwrap();
    assert_eq!(popup["List"]["SubscribeStatusString"], "accept");
    let message =
        json!({"touser": world.openid().await, "template_id": "t1", "data": {"thing1": {"value": "书"}}});
    assert_eq!(world.call("/cgi-bin/message/subscribe/send", message).await["errcode"], 0);
    let sent: Value = serde_json::from_str(&wait(2).await).unwrap();
    assert_eq!(
        (&sent["Event"], &sent["List"]["ErrorCode"]),
        (&json!("subscribe_msg_sent_event"), &json!("0"))
    );
    set_push(&world, &[&url], "plain", "xml").await;
    let templates = json!({"appid": ONE, "user": "alice", "templates": {"t1": true, "t2": false}});
    world.console("subscriptions", templates).await;
    let popup = wait(3).await;
    assert_eq!(popup.matches("<List>").count(), 2, "{popup}");
    assert!(popup.contains("<SubscribeMsgPopupEvent><List>"), "{popup}");
}

#[tokio::test]
async fn pushes_stay_on_this_machine() {
    let world = World::new().await;
    let push = json!({"urls": ["http://192.0.2.1/push"], "token": TOKEN, "mode": "plain"});
    let answer = world.post(&format!("/emulator/apps/{ONE}/push"), push).await;
    assert!(answer["error"].as_str().unwrap().contains("allow_lan()"), "{answer}");
}
