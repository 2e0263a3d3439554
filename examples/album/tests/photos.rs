//! The album over its router.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::io::Cursor;
use std::time::{Duration, Instant};

use album::{Album, api};
use futures_util::TryStreamExt;
use image::{DynamicImage, ImageFormat};
use queqiao::emulator::{DEFAULT_APPID, Damage, Fault};
use queqiao::serde_json::{Value, json};
use queqiao::wechat::push::{Fields, Format, Limits, Mode, Seal, Sender, Token};
use queqiao::{TestApp, TestUser};

fn app() -> TestApp {
    TestApp::with(api(), Album::connect)
}

fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    DynamicImage::new_rgb8(width, height).write_to(&mut Cursor::new(&mut bytes), ImageFormat::Jpeg).unwrap();
    bytes
}

fn form(fields: &[(String, String)], file: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part = format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    body.extend_from_slice(
        b"--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n",
    );
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--B--\r\n");
    body
}

const MEDIA: (&str, &str) = ("content-type", "multipart/form-data; boundary=B");

async fn through(user: &TestUser, file: &[u8]) -> queqiao::TestResponse {
    user.post("/photos").header(MEDIA.0, MEDIA.1).body(form(&[], file)).await
}

/// In the bucket, and not told of yet.
async fn sent(app: &TestApp, user: &TestUser, file: &[u8]) -> Value {
    let new = json!({ "operation": "addOriginal", "extension": "jpg", "size": file.len() });
    let begun: Value = user.post("/uploads").json(&new).await.json();
    let fields = begun["fields"].as_object().unwrap();
    let fields: Vec<_> =
        fields.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
    let sent =
        app.post(begun["url"].as_str().unwrap()).header(MEDIA.0, MEDIA.1).body(form(&fields, file)).await;
    assert_eq!(sent.status, 200, "{}", sent.text());
    json!({ "upload": begun["upload"] })
}

async fn tell(user: &TestUser, upload: &Value, key: &str) -> queqiao::TestResponse {
    user.post("/originals").header("idempotency-key", key).json(upload).await
}

async fn objects(app: &TestApp) -> usize {
    let objects = app.boot().await.objects().clone();
    objects.list("private/").await.unwrap().try_collect::<Vec<_>>().await.unwrap().len()
}

fn path(url: &Value) -> String {
    let rest = url["url"].as_str().unwrap().split_once("://").unwrap().1;
    format!("/{}", rest.split_once('/').unwrap().1)
}

#[tokio::test]
async fn photos_come_in_both_ways_and_go_whole() {
    let app = app();
    let (alice, bob) = (app.user("alice"), app.user("bob"));
    let first: Value = through(&alice, &jpeg(900, 300)).await.json();
    app.advance(Duration::from_millis(5));
    let second: Value =
        tell(&alice, &sent(&app, &alice, &jpeg(30, 60)).await, "fedcba9876543210").await.json();
    assert_eq!([&first["width"], &first["height"], &second["width"]], [&json!(900), &json!(300), &json!(30)]);

    let page: Value = alice.get("/photos?limit=1").await.json();
    assert_eq!(page["items"][0]["id"], second["id"]);
    let next = page["next"].as_str().unwrap();
    let page: Value = alice.get(format!("/photos?limit=1&cursor={next}")).await.json();
    assert_eq!((&page["items"][0]["id"], &page["next"]), (&first["id"], &Value::Null));
    assert_eq!(bob.get("/photos").await.json::<Value>()["items"], json!([]));

    let picture = app.get(path(&first["picture"])).await;
    assert_eq!(image::load_from_memory(&picture.body).unwrap().width(), 900);
    let thumbnail = app.get(path(&first["thumbnail"])).await;
    let thumbnail = image::load_from_memory(&thumbnail.body).unwrap();
    assert_eq!((thumbnail.width(), thumbnail.height()), (320, 107));
    // Nobody makes up a link, and none is for ever.
    let url = path(&first["picture"]);
    assert_eq!(app.get(url.split_once('?').unwrap().0).await.status, 403);
    app.advance(Duration::from_secs(3 * 60 * 60));
    assert_eq!(app.get(url).await.code(), "upload.link_expired");

    // Tokens have ended too.
    let (alice, bob) = (app.user("alice"), app.user("bob"));
    assert_eq!(objects(&app).await, 4);
    let id = first["id"].as_str().unwrap();
    assert_eq!(bob.delete(format!("/photos/{id}")).await.code(), "photo.not_found");
    assert_eq!(alice.delete(format!("/photos/{id}")).await.status, 204);
    assert_eq!(alice.delete(format!("/photos/{id}")).await.code(), "photo.not_found");
    assert_eq!(objects(&app).await, 2);
}

#[tokio::test]
async fn an_original_that_is_told_of_again_is_one_photo() {
    let app = app();
    let alice = app.user("alice");
    let upload = sent(&app, &alice, &jpeg(30, 60)).await;
    let first: Value = tell(&alice, &upload, "0123456789abcdef").await.json();
    let again = tell(&alice, &upload, "0123456789abcdef").await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.json::<Value>(), first);
    let listed: Value = alice.get("/photos").await.json();
    assert_eq!((listed["items"].as_array().unwrap().len(), &listed["items"][0]["id"]), (1, &first["id"]));
}

#[tokio::test]
async fn what_cannot_be_drawn_is_no_photo() {
    let app = app();
    let alice = app.user("alice");
    // Whole by its structure, and nothing that a decoder understands.
    let mut broken = jpeg(64, 64);
    let scan = broken.windows(2).position(|pair| pair == [0xff, 0xda]).unwrap();
    let tables = broken.windows(2).position(|pair| pair == [0xff, 0xc4]).unwrap();
    broken[tables + 4..scan].fill(0xee);
    let refused = through(&alice, &broken).await;
    assert_eq!(refused.status, 422, "{}", refused.text());
    assert_eq!(objects(&app).await, 0);
    assert_eq!(alice.get("/photos").await.json::<Value>()["items"], json!([]));
}

#[tokio::test]
async fn comments_pass_content_security_and_go_with_their_photo() {
    let app = app();
    let (alice, bob) = (app.user("alice"), app.user("bob"));
    let photo: Value = through(&alice, &jpeg(30, 30)).await.json();
    let path = format!("/photos/{}/comments", photo["id"].as_str().unwrap());
    assert_eq!(alice.post(&path).json(&json!({ "text": "海边" })).await.status, 201);
    assert_eq!(bob.post(&path).json(&json!({ "text": "好看" })).await.json::<Value>()["own"], true);
    for doubtful in ["【违规】", "【疑似】"] {
        let refused = bob.post(&path).json(&json!({ "text": doubtful })).await;
        assert_eq!(refused.status, 422);
        assert_eq!(refused.problem()["errors"][0]["pointer"], "/text");
    }
    let told = |comments: Value| -> Vec<(String, bool)> {
        let comments = comments.as_array().unwrap().iter();
        comments.map(|one| (one["text"].as_str().unwrap().to_owned(), one["own"] == true)).collect()
    };
    let seen = told(alice.get(&path).await.json());
    assert_eq!(seen, [("海边".to_owned(), true), ("好看".to_owned(), false)]);
    alice.delete(path.trim_end_matches("/comments")).await;
    assert_eq!(bob.get(&path).await.code(), "photo.not_found");
    assert_eq!(bob.post(&path).json(&json!({ "text": "好看" })).await.code(), "photo.not_found");
}

#[tokio::test]
async fn a_phone_number_is_kept_and_shown_masked() {
    let app = app();
    let person = app.wechat().await.user(DEFAULT_APPID, "alice").unwrap();
    let alice = app.user("alice");
    for _ in 0..2 {
        let phone: Value = alice.post("/me/phone").json(&person.phone_code()).await.json();
        let masked = phone["masked"].as_str().unwrap();
        assert_eq!((masked.len(), masked.matches('*').count()), (11, 6), "{masked}");
    }
    let used = person.phone_code();
    alice.post("/me/phone").json(&used).await;
    assert_eq!(alice.post("/me/phone").json(&used).await.code(), "phone.code_invalid");
}

#[tokio::test]
async fn a_comment_of_another_is_told_to_who_said_yes() {
    let app = app();
    app.listen().await;
    let (owner, other) = (app.user("owner"), app.user("other"));
    let photo: Value = through(&owner, &jpeg(8, 8)).await.json();
    let comments = format!("/photos/{}/comments", photo["id"].as_str().unwrap());
    let at_wechat = app.wechat().await.user(DEFAULT_APPID, "owner").unwrap();
    at_wechat.answer_subscriptions(&[("emulated-commented", true)]).await;
    let yes = json!({ "answers": { "commented": "accept" } });
    owner.put("/auth/subscriptions/r").json(&yes).await.json::<Value>();
    // Who comments does not wait for WeChat.
    let slow = Duration::from_secs(3);
    let send = Fault::new(Damage::Delay(3000)).path("/cgi-bin/message/subscribe/send");
    app.wechat().await.inject(send).unwrap();
    for (user, text) in [(&owner, "mine"), (&other, "好看"), (&other, "again")] {
        let started = Instant::now();
        assert_eq!(user.post(&comments).json(&json!({ "text": text })).await.status, 201);
        assert!(started.elapsed() < slow, "{text}");
    }
    let started = Instant::now();
    while at_wechat.messages().is_empty() {
        assert!(started.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let told: Vec<_> = at_wechat.messages().into_iter().map(|message| message.content).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["data"]["thing1"]["value"], "好看");
    let delivery = at_wechat.write("?").await.unwrap().unwrap();
    assert_eq!(delivery.outcome, queqiao::emulator::Outcome::Replied, "{delivery:?}");
    assert_eq!(at_wechat.messages()[0].content["Content"], "你的相册里有 1 张照片。");
    let stranger = app.wechat().await.user(DEFAULT_APPID, "stranger").unwrap();
    stranger.write("?").await.unwrap();
    assert_eq!(stranger.messages()[0].content["Content"], "你的相册里有 0 张照片。");
}

#[tokio::test]
async fn what_wechat_refuses_is_hidden_and_what_it_cannot_be_asked_about_is_not_kept() {
    let app = app().configuration(
        "[emulator]\nenabled = true\n[wechat]\nappid = \"wx00000000000000aa\"\nsecret = \"s\"\n\
         [wechat.push]\ntoken = \"token\"\nmode = \"plain\"\n",
    );
    let alice = app.user("alice");
    let mut photos = Vec::new();
    for suggest in ["pass", "risky"] {
        let photo: Value = through(&alice, &jpeg(30, 30)).await.json();
        let calls = app.wechat().await.calls().recent;
        let asked = calls.iter().find(|call| call.path == "/wxa/media_check_async").unwrap();
        assert_eq!(asked.request["media_url"], photo["picture"]["url"]);
        judge(&app, asked.answer["trace_id"].as_str().unwrap(), suggest).await;
        photos.push(photo["id"].clone());
    }
    let page: Value = alice.get("/photos").await.json();
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    assert_eq!(page["items"][0]["id"], photos[0]);
    let hidden = format!("/photos/{}/comments", photos[1].as_str().unwrap());
    assert_eq!(alice.get(hidden).await.code(), "photo.not_found");
    let before = objects(&app).await;
    let fault = Fault::new(Damage::Errcode(45009)).path("/wxa/media_check_async");
    app.wechat().await.inject(fault).unwrap();
    let refused = through(&alice, &jpeg(30, 30)).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (503, "content.unavailable"));
    assert_eq!(objects(&app).await, before);
}

/// WeChat tells its verdict.
async fn judge(app: &TestApp, trace: &str, suggest: &str) {
    let event = json!({
        "ToUserName": "gh_1", "FromUserName": "oA", "CreateTime": 1, "MsgType": "event",
        "Event": "wxa_media_check", "trace_id": trace, "errcode": 0,
        "result": { "suggest": suggest, "label": 20002 }
    });
    let fields = Fields::from_json(event.to_string().as_bytes(), &Limits::default()).unwrap();
    let sender = Sender::new("wx00000000000000aa", Token::new("token"), Mode::Plain, Format::Json);
    let seal = Seal { now: app.clock().now(), nonce: trace, random: [0; 16] };
    let delivery = sender.deliver(&fields, &seal);
    let path = format!(
        "/wechat/messages/wx00000000000000aa?signature={}&timestamp={}&nonce={trace}",
        delivery.query.signature.unwrap(),
        delivery.query.timestamp.unwrap()
    );
    assert_eq!(app.post(path).body(delivery.body).await.text(), "success");
}
