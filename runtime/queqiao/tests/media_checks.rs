//! Media checks: asked now, told later by a message, each to its handler once.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use queqiao::content::{CheckMediaError, MediaChecked, MediaKind, MediaVerdict, scene};
use queqiao::emulator::{Damage, Fault};
use queqiao::prelude::*;
use queqiao::wechat::push::{Fields, Format, Limits, Mode, Seal, Sender, Token};
use queqiao::{Boot, TestApp, WeChatUser, message, messages};
use serde_json::{Value, json};

const APPID: &str = "wx00000000000000aa";

/// What the handler was told, and whether it fails at first.
#[derive(Clone, Default)]
struct Desk {
    told: Arc<Mutex<Vec<(String, MediaVerdict)>>>,
    fails: Arc<AtomicBool>,
}

impl Desk {
    fn told(&self) -> Vec<(String, MediaVerdict)> {
        self.told.lock().unwrap().clone()
    }
}

/// Add a photo.
#[post("/photos")]
async fn add_photo(user: WeChatUser, Json(name): Json<String>) -> Result<NoContent, CheckMediaError> {
    let url = format!("https://cdn.example.com/{name}.jpg");
    user.check_media(MediaKind::Image, scene::Forum, &url, name).await?;
    Ok(NoContent)
}

/// WeChat has looked at it.
#[message(event = "wxa_media_check")]
async fn on_checked(State(desk): State<Desk>, checked: MediaChecked) -> Result<(), Internal> {
    assert!(!checked.user.openid().is_empty());
    if desk.fails.swap(false, Ordering::SeqCst) {
        return Err(Internal::message("not yet"));
    }
    desk.told.lock().unwrap().push((checked.subject, checked.verdict));
    Ok(())
}

fn app() -> (TestApp, Desk) {
    let desk = Desk::default();
    let kept = desk.clone();
    let api = Api::new("photos", "1.0.0").routes(routes![add_photo]).messages(messages![on_checked]);
    let app = TestApp::with(api, async move |_: &Boot| Ok(kept)).configuration(format!(
        "[emulator]\nenabled = true\n[wechat]\nappid = \"{APPID}\"\nsecret = \"s\"\n\
         [wechat.push]\ntoken = \"token\"\nmode = \"plain\"\n"
    ));
    (app, desk)
}

/// Adds a photo; WeChat's id of its check.
async fn add(app: &TestApp, name: &str) -> String {
    assert_eq!(app.user("alice").post("/photos").json(name).await.status, 204);
    let calls = app.wechat().await.calls().recent;
    let asked = calls.iter().find(|call| call.path == "/wxa/media_check_async").unwrap();
    asked.answer["trace_id"].as_str().unwrap().to_owned()
}

/// WeChat's message, made at another second each time.
async fn push(app: &TestApp, trace: &str, more: Value) {
    static COUNT: AtomicU32 = AtomicU32::new(1);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut event = json!({
        "ToUserName": "gh_1", "FromUserName": "oA", "CreateTime": number, "MsgType": "event",
        "Event": "wxa_media_check", "appid": APPID, "trace_id": trace, "version": 2
    });
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let fields = Fields::from_json(event.to_string().as_bytes(), &Limits::default()).unwrap();
    let seal = Seal { now: app.clock().now(), nonce: &number.to_string(), random: [0; 16] };
    let delivery = Sender::new(APPID, Token::new("token"), Mode::Plain, Format::Json).deliver(&fields, &seal);
    let query = delivery.query;
    let path = format!(
        "/wechat/messages/{APPID}?signature={}&timestamp={}&nonce={}",
        query.signature.unwrap(),
        query.timestamp.unwrap(),
        query.nonce.unwrap()
    );
    assert_eq!(app.post(path).body(delivery.body).await.text(), "success");
}

fn judged(suggest: &str) -> Value {
    json!({ "errcode": 0, "errmsg": "ok", "result": { "suggest": suggest, "label": 100 }, "detail": [] })
}

/// Deals with what is due in an hour, until so many messages are open.
async fn work(app: &TestApp, open: u64) {
    let started = Instant::now();
    loop {
        app.work_on_messages().await;
        let counts = app.boot().await.inbox().inbox_counts().await.unwrap();
        assert_eq!(counts.dead, 0);
        if counts.open == open {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{counts:?}");
        app.advance(Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn sql(app: &TestApp, statement: &'static str) -> u64 {
    app.boot().await.sql().execute(statement, &[]).await.unwrap()
}

#[tokio::test]
async fn each_verdict_reaches_its_photo_once() {
    let (app, desk) = app();
    let verdicts =
        [("pass", MediaVerdict::Pass), ("review", MediaVerdict::Review), ("risky", MediaVerdict::Risky)];
    let mut expected = Vec::new();
    for (suggest, verdict) in verdicts {
        let trace = add(&app, suggest).await;
        for _ in 0..2 {
            push(&app, &trace, judged(suggest)).await;
            work(&app, 0).await;
        }
        expected.push((suggest.to_owned(), verdict));
        assert_eq!(desk.told(), expected);
    }
    let trace = add(&app, "gone").await;
    push(&app, &trace, json!({ "errcode": -1008, "errmsg": "no image" })).await;
    work(&app, 0).await;
    expected.push(("gone".into(), MediaVerdict::NotJudged));
    assert_eq!(desk.told(), expected);
}

#[tokio::test]
async fn a_handler_that_fails_is_told_again() {
    let (app, desk) = app();
    let trace = add(&app, "p").await;
    desk.fails.store(true, Ordering::SeqCst);
    push(&app, &trace, judged("risky")).await;
    work(&app, 0).await;
    assert_eq!(desk.told(), [("p".to_owned(), MediaVerdict::Risky)]);
}

#[tokio::test]
async fn a_verdict_may_come_before_its_trace_is_noted() {
    let (app, desk) = app();
    let trace = add(&app, "p").await;
    sql(&app, "UPDATE queqiao_media_checks SET app = 'later'").await;
    push(&app, &trace, judged("risky")).await;
    work(&app, 1).await;
    assert!(desk.told().is_empty());
    sql(&app, "UPDATE queqiao_media_checks SET app = 'wx00000000000000aa'").await;
    work(&app, 0).await;
    assert_eq!(desk.told(), [("p".to_owned(), MediaVerdict::Risky)]);
    // What nobody here has asked about is left alone, and no dead letter.
    push(&app, "of another system", judged("risky")).await;
    work(&app, 0).await;
    assert_eq!(desk.told().len(), 1);
}

#[tokio::test]
async fn silence_is_told_once_and_a_late_verdict_all_the_same() {
    let (app, desk) = app();
    let trace = add(&app, "asked").await;
    add(&app, "lost").await;
    // The process ended before WeChat's answer was noted.
    sql(&app, "UPDATE queqiao_media_checks SET trace = NULL WHERE subject = 'lost'").await;
    app.advance(Duration::from_secs(29 * 60));
    work(&app, 0).await;
    assert!(desk.told().is_empty());
    app.advance(Duration::from_secs(61));
    for _ in 0..3 {
        app.work_on_messages().await;
        work(&app, 0).await;
    }
    let mut told = desk.told();
    told.sort_by(|a, b| a.0.cmp(&b.0));
    let silence = |name: &str| (name.to_owned(), MediaVerdict::Unanswered);
    assert_eq!(told, [silence("asked"), silence("lost")]);
    push(&app, &trace, judged("pass")).await;
    work(&app, 0).await;
    assert_eq!(desk.told()[2..], [("asked".to_owned(), MediaVerdict::Pass)]);
    app.advance(Duration::from_secs(7 * 24 * 60 * 60));
    app.work_on_messages().await;
    assert_eq!(sql(&app, "DELETE FROM queqiao_media_checks").await, 0);
}

#[tokio::test]
async fn what_wechat_does_not_take_is_not_waited_for() {
    let (app, _) = app();
    let alice = app.user("alice");
    alice.token().await;
    for (damage, expected) in [
        (Damage::Errcode(45009), (503, "content.unavailable")),
        (Damage::Errcode(61010), (409, "content.user_inactive")),
        (Damage::Errcode(48001), (500, "internal")),
    ] {
        app.wechat().await.inject(Fault::new(damage).path("/wxa/media_check_async")).unwrap();
        let refused = alice.post("/photos").json("p").await;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), expected);
        app.wechat().await.clear_faults();
    }
    let long = alice.post("/photos").json(&"x".repeat(513)).await;
    assert_eq!(long.status, 500);
    assert_eq!(sql(&app, "DELETE FROM queqiao_media_checks").await, 0);
}
