//! Messages that WeChat pushes, through the router: who is let in, what is answered, what becomes of each.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use queqiao::jiff;
use queqiao::message::{Answer, Attempt, Push};
use queqiao::prelude::*;
use queqiao::wechat::push::{
    EncodingAesKey, Fields, Format, Limits, Message, Mode, Query, Seal, Sender, SubscribeMsgSent, Text, Token,
};
use queqiao::{InboxCounts, MiniProgram, TestApp, TestResponse, message, messages};
use tokio::sync::Semaphore;

const APPID: &str = "wx00000000000000aa";
const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

/// What handlers did, and what holds them back.
#[derive(Clone)]
struct Desk {
    begun: Arc<AtomicU32>,
    done: Arc<AtomicU32>,
    gate: Arc<Semaphore>,
}

impl Default for Desk {
    fn default() -> Self {
        Self { begun: Arc::default(), done: Arc::default(), gate: Arc::new(Semaphore::new(0)) }
    }
}

impl Desk {
    fn counts(&self) -> (u32, u32) {
        (self.begun.load(Ordering::SeqCst), self.done.load(Ordering::SeqCst))
    }
}

/// A user writes: `gate …` waits, `fail …` fails, `panic …` panics; what begins with `!` is answered.
#[message(text)]
async fn on_text(State(desk): State<Desk>, Push(text): Push<Text>) -> Result<Option<Answer>, Internal> {
    desk.begun.fetch_add(1, Ordering::SeqCst);
    if text.content.starts_with("gate") {
        desk.gate.acquire().await?.forget();
    }
    if text.content.starts_with("fail") {
        return Err(Internal::message("the shop is closed"));
    }
    assert!(!text.content.starts_with("panic"), "as told");
    desk.done.fetch_add(1, Ordering::SeqCst);
    Ok(text.content.strip_prefix('!').map(|name| Answer::text(format!("你好, {name}"))))
}

/// A message was delivered.
#[message(event = "subscribe_msg_sent_event")]
async fn on_sent(State(desk): State<Desk>, Push(sent): Push<SubscribeMsgSent>) {
    desk.done.fetch_add(u32::try_from(sent.list.len()).unwrap(), Ordering::SeqCst);
}

/// Everything else.
#[message(any)]
async fn on_rest(program: MiniProgram, message: Message, attempt: Attempt) -> Answer {
    Answer::text(format!("{} {} {}", program.name(), message.kind().name(), attempt.number))
}

fn app(desk: &Desk, more: &str) -> TestApp {
    let desk = desk.clone();
    let api = Api::new("desk", "1.0.0").messages(messages![on_text, on_sent, on_rest]);
    TestApp::with(api, async move |_: &queqiao::Boot| Ok(desk)).configuration(format!(
        "[emulator]\nenabled = true\n[wechat]\nappid = \"{APPID}\"\nsecret = \"s\"\n\
         [wechat.push]\ntoken = \"token\"\nencoding_aes_key = \"{KEY}\"\n{more}"
    ))
}

fn key() -> EncodingAesKey {
    EncodingAesKey::new(&KEY.into()).unwrap()
}

fn sender(mode: Mode, format: Format) -> Sender {
    Sender::new(APPID, Token::new("token"), mode, format)
}

fn text(id: u64, content: &str) -> Fields {
    let json = serde_json::json!({
        "ToUserName": "gh_1", "FromUserName": "oA", "CreateTime": 1, "MsgType": "text", "Content": content, "MsgId": id
    });
    Fields::from_json(json.to_string().as_bytes(), &Limits::default()).unwrap()
}

fn query(query: &Query) -> String {
    let parts = [
        ("signature", &query.signature),
        ("timestamp", &query.timestamp),
        ("nonce", &query.nonce),
        ("echostr", &query.echostr),
        ("encrypt_type", &query.encrypt_type),
        ("msg_signature", &query.msg_signature),
    ];
    let parts: Vec<String> =
        parts.iter().filter_map(|(name, value)| Some(format!("{name}={}", value.as_ref()?))).collect();
    format!("/wechat/messages/{APPID}?{}", parts.join("&"))
}

/// Delivered as WeChat does: signed with the time of the app's clock, under a nonce of its own.
async fn deliver(app: &TestApp, sender: &Sender, message: &Fields) -> TestResponse {
    static NONCE: AtomicU32 = AtomicU32::new(1);
    let nonce = NONCE.fetch_add(1, Ordering::Relaxed);
    let seal = Seal { now: app.clock().now(), nonce: &nonce.to_string(), random: [nonce as u8; 16] };
    let delivery = sender.deliver(message, &seal);
    app.post(query(&delivery.query)).body(delivery.body).await
}

async fn counts(app: &TestApp) -> InboxCounts {
    app.boot().await.inbox().inbox_counts().await.unwrap()
}

/// Until what is under way has ended.
async fn settle(app: &TestApp, open: u64) {
    let started = Instant::now();
    while counts(app).await.open != open {
        assert!(started.elapsed() < Duration::from_secs(20), "{:?}", counts(app).await);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn the_address_is_verified() {
    let app = app(&Desk::default(), "");
    let seal = |now| Seal { now, nonce: "1", random: [0; 16] };
    app.boot().await;
    let now = app.clock().now();
    let asked = sender(Mode::Plain, Format::Json).verification("4375120948345356249", &seal(now));
    let told = app.get(query(&asked)).await;
    assert_eq!((told.status.as_u16(), told.text().as_str()), (200, "4375120948345356249"));
    assert!(told.headers["content-type"].to_str().unwrap().starts_with("text/plain"));
    let late = sender(Mode::Plain, Format::Json)
        .verification("1", &seal(now - jiff::SignedDuration::from_secs(301)));
    assert_eq!(app.get(query(&late)).await.code(), "message.refused");
    let forged = Query { signature: Some("0".repeat(40)), ..asked };
    assert_eq!(app.get(query(&forged)).await.code(), "message.refused");
    assert_eq!(app.get(query(&forged).replace(APPID, "wx1")).await.code(), "route.not_found");
    assert_eq!(app.get(format!("/wechat/messages/{APPID}")).await.code(), "message.refused");
}

#[tokio::test]
async fn tampering_replay_and_downgrade_are_refused() {
    let desk = Desk::default();
    let app = app(&desk, "");
    app.boot().await;
    let safe = sender(Mode::Safe(key()), Format::Json);
    let seal = Seal { now: app.clock().now(), nonce: "1", random: [1; 16] };
    let delivery = safe.deliver(&text(1, "hello"), &seal);
    let post = |path: String, body: String| app.post(path).body(body);
    let refused = async |told: queqiao::TestRequest| {
        let told = told.await;
        assert_eq!((told.status.as_u16(), told.code().as_str()), (403, "message.refused"));
    };
    // Tampering: in the body, and with each part of the query.
    let other = safe.deliver(&text(2, "hello"), &seal);
    refused(post(query(&delivery.query), other.body.clone())).await;
    for change in [
        |query: &mut Query| {
            query.timestamp =
                Some((query.timestamp.as_deref().unwrap().parse::<i64>().unwrap() + 1).to_string())
        },
        |query: &mut Query| query.nonce = Some("2".into()),
        |query: &mut Query| query.msg_signature = query.signature.clone(),
        |query: &mut Query| query.msg_signature = None,
        |query: &mut Query| query.timestamp = None,
    ] {
        let mut changed = delivery.query.clone();
        change(&mut changed);
        refused(post(query(&changed), delivery.body.clone())).await;
    }
    // Another app's message, and one under another key.
    let token = || Token::new("token");
    let foreign = Sender::new("wx00000000000000bb", token(), Mode::Safe(key()), Format::Json);
    let foreign = foreign.deliver(&text(3, "hello"), &seal);
    refused(post(query(&foreign.query), foreign.body)).await;
    let stolen = Sender::new(APPID, Token::new("guess"), Mode::Safe(key()), Format::Json);
    let stolen = stolen.deliver(&text(4, "hello"), &seal);
    refused(post(query(&stolen.query), stolen.body)).await;
    // Downgrade: rightly signed, and plain.
    for format in [Format::Json, Format::Xml] {
        let plain = sender(Mode::Plain, format).deliver(&text(5, "hello"), &seal);
        refused(post(query(&plain.query), plain.body.clone())).await;
        let dressed = Query {
            encrypt_type: Some("aes".into()),
            msg_signature: plain.query.signature.clone(),
            ..plain.query
        };
        refused(post(query(&dressed), plain.body)).await;
    }
    // Nothing at all, and too much.
    refused(post(query(&delivery.query), String::new())).await;
    refused(post(query(&delivery.query), "x".repeat(300_000))).await;
    assert_eq!((desk.counts(), counts(&app).await.open), ((0, 0), 0));
    // Replay: within the window it is known, outside of it refused.
    for _ in 0..2 {
        assert_eq!(post(query(&delivery.query), delivery.body.clone()).await.text(), "success");
    }
    app.advance(Duration::from_secs(301));
    refused(post(query(&delivery.query), delivery.body.clone())).await;
    assert_eq!(desk.counts(), (1, 1));
}

#[tokio::test]
async fn a_text_in_time_is_the_answer_encrypted() {
    for (mode, configured) in
        [(Mode::Safe(key()), "mode = \"safe\""), (Mode::Compatible(key()), "mode = \"compatible\"")]
    {
        for format in [Format::Json, Format::Xml] {
            let desk = Desk::default();
            let app = app(&desk, configured);
            app.boot().await;
            let sender = sender(mode.clone(), format);
            let told = deliver(&app, &sender, &text(1, "!Alice")).await;
            assert!(!told.text().contains("Alice"), "{}", told.text());
            let reply = sender.open_reply(told.text().as_bytes()).unwrap();
            assert_eq!(reply.text("Content").as_deref(), Some("你好, Alice"));
            assert_eq!(
                (reply.text("ToUserName"), reply.text("FromUserName")),
                (Some("oA".into()), Some("gh_1".into()))
            );
            // The answer was lost on the way: the next delivery gets it, and the handler is not asked again.
            let again = deliver(&app, &sender, &text(1, "!Alice")).await;
            assert_eq!(
                sender.open_reply(again.text().as_bytes()).unwrap().text("Content"),
                reply.text("Content")
            );
            assert_eq!(desk.counts(), (1, 1));
        }
    }
}

#[tokio::test]
async fn every_message_finds_its_handler() {
    let desk = Desk::default();
    let app = app(&desk, "");
    app.boot().await;
    let sender = sender(Mode::Safe(key()), Format::Xml);
    let event = |json: &str| Fields::from_json(json.as_bytes(), &Limits::default()).unwrap();
    let sent = r#"{"ToUserName":"gh_1","FromUserName":"oA","CreateTime":1,"MsgType":"event",
        "Event":"subscribe_msg_sent_event","SubscribeMsgSentEvent":{"List":[
        {"TemplateId":"a","MsgID":"1","ErrorCode":"0","ErrorStatus":"success"},
        {"TemplateId":"b","MsgID":"2","ErrorCode":"1","ErrorStatus":"x"}]}}"#;
    assert_eq!(deliver(&app, &sender, &event(sent)).await.text(), "success");
    assert_eq!(desk.counts().1, 2);
    let unknown =
        r#"{"ToUserName":"gh_1","FromUserName":"oA","CreateTime":1,"MsgType":"event","Event":"news"}"#;
    let told = deliver(&app, &sender, &event(unknown)).await;
    let reply = sender.open_reply(told.text().as_bytes()).unwrap();
    assert_eq!(reply.text("Content").as_deref(), Some("default news 1"));
    // Without its fields it can never be dealt with: a dead letter at once.
    let broken =
        r#"{"FromUserName":"oA","CreateTime":2,"MsgType":"event","Event":"subscribe_msg_sent_event"}"#;
    assert_eq!(deliver(&app, &sender, &event(broken)).await.text(), "success");
    let letters = app.boot().await.inbox().dead_letters(10).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert!(letters[0].failure.contains("List"), "{}", letters[0].failure);
    assert_eq!((letters[0].kind.as_str(), letters[0].app.as_str()), ("subscribe_msg_sent_event", APPID));
}

#[tokio::test]
async fn without_a_handler_a_message_is_acknowledged_and_forgotten() {
    let api = Api::<()>::new("deaf", "1.0.0");
    let app = TestApp::new(api).configuration(format!(
        "[emulator]\nenabled = true\n[wechat]\nappid = \"{APPID}\"\nsecret = \"s\"\n\
         [wechat.push]\ntoken = \"token\"\nmode = \"plain\"\n"
    ));
    app.boot().await;
    let plain = sender(Mode::Plain, Format::Json);
    assert_eq!(deliver(&app, &plain, &text(1, "hello")).await.text(), "success");
    assert_eq!(counts(&app).await, InboxCounts::default());
    let encrypted = sender(Mode::Safe(key()), Format::Json);
    assert_eq!(deliver(&app, &encrypted, &text(2, "hello")).await.code(), "message.refused");
}

#[tokio::test]
async fn a_slow_handler_goes_on_behind_the_answer() {
    let desk = Desk::default();
    let app = app(&desk, "[messages]\nanswer_within = \"50ms\"\n");
    app.boot().await;
    let sender = sender(Mode::Safe(key()), Format::Json);
    let started = Instant::now();
    assert_eq!(deliver(&app, &sender, &text(1, "gate")).await.text(), "success");
    assert!(started.elapsed() < Duration::from_secs(5));
    // Delivered again while it runs: known, and answered at once.
    for _ in 0..2 {
        assert_eq!(deliver(&app, &sender, &text(1, "gate")).await.text(), "success");
    }
    assert_eq!((desk.counts(), counts(&app).await.open), ((1, 0), 1));
    desk.gate.add_permits(1);
    settle(&app, 0).await;
    assert_eq!(desk.counts(), (1, 1));
}

#[tokio::test]
async fn a_failure_is_tried_again_later_and_later_and_then_laid_aside() {
    let desk = Desk::default();
    let app = app(&desk, "[messages]\nattempts = 3\nretry_after = \"5s\"\nretry_at_most = \"8s\"\n");
    app.boot().await;
    let sender = sender(Mode::Safe(key()), Format::Json);
    for (id, content) in [(1, "fail"), (2, "panic")] {
        let before = desk.counts().0;
        assert_eq!(deliver(&app, &sender, &text(id, content)).await.text(), "success");
        for (pause, begun) in [(4, 1), (1, 2), (7, 2), (1, 3), (100, 3)] {
            settle_attempts(&app, &desk, before).await;
            app.advance(Duration::from_secs(pause));
            app.work_on_messages().await;
            wait_for(|| desk.counts().0 - before == begun).await;
            settle_attempts(&app, &desk, before).await;
        }
        settle(&app, 0).await;
    }
    let inbox = app.boot().await.inbox();
    let letters = inbox.dead_letters(10).await.unwrap();
    assert_eq!(letters.len(), 2);
    assert!(letters.iter().all(|letter| letter.attempts == 3));
    assert!(letters.iter().any(|letter| letter.failure == "the shop is closed"));
    assert!(
        letters
            .iter()
            .any(|letter| letter.failure.contains("on_text") && letter.failure.contains("panicked"))
    );
    // Revived, it is tried anew.
    assert!(inbox.revive(&letters[0].key, app.clock().now()).await.unwrap());
    app.work_on_messages().await;
    wait_for(|| desk.counts().0 == 7).await;
}

/// Until no attempt is under way: each failure is written down.
async fn settle_attempts(app: &TestApp, desk: &Desk, before: u32) {
    let sql = "SELECT count(*) FROM queqiao_inbox WHERE state = 'running'";
    wait_for(|| desk.counts().0 > before).await;
    let started = Instant::now();
    while app.boot().await.sql().row(sql, &[]).await.unwrap().unwrap().get::<i64>(0).unwrap() > 0 {
        assert!(started.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn wait_for(mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Two instances on one database: three deliveries at once, and a holder that never comes back.
#[tokio::test]
async fn two_instances_deal_with_a_message_once() {
    let folder = tempfile::tempdir().unwrap();
    let shared = format!(
        "[database]\nurl = \"sqlite:{}/shared.db\"\n[auth]\nsecret = \"{}\"\n\
         encryption_key = \"a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=\"\n[messages]\nanswer_within = \"200ms\"\n",
        folder.path().display(),
        "s".repeat(40)
    );
    let (left, right) = (Desk::default(), Desk::default());
    let (one, other) = (app(&left, &shared), app(&right, &shared));
    one.boot().await;
    other.boot().await;
    let sender = sender(Mode::Safe(key()), Format::Json);
    for id in 0..20 {
        let message = text(id, "!Bob");
        let told = tokio::join!(
            deliver(&one, &sender, &message),
            deliver(&other, &sender, &message),
            deliver(&other, &sender, &message)
        );
        assert!([told.0, told.1, told.2].iter().all(|told| told.status.is_success()));
    }
    settle(&one, 0).await;
    assert_eq!(left.counts().1 + right.counts().1, 20);
    // One begins, and sleeps: by the other's clock its lease has ended.
    assert_eq!(deliver(&one, &sender, &text(100, "gate")).await.text(), "success");
    wait_for(|| left.counts().0 + right.counts().0 == 21).await;
    other.advance(Duration::from_secs(31));
    right.gate.add_permits(1);
    other.work_on_messages().await;
    settle(&other, 0).await;
    // When it wakes it is told, by the store, that the message is another's; the clock of `one` stands still.
    left.gate.add_permits(1);
    wait_for(|| left.counts().1 + right.counts().1 == 22).await;
    let rows =
        one.boot().await.sql().rows("SELECT state, attempts FROM queqiao_inbox WHERE attempts > 1", &[]);
    let rows = rows.await.unwrap();
    assert_eq!((rows.len(), rows[0].get::<String>(0).unwrap().as_str()), (1, "done"));
}

#[test]
fn two_handlers_of_one_kind_are_a_mistake() {
    /// Also texts.
    #[message(text)]
    async fn on_text_too(_text: Message) {}
    let api = Api::<Desk>::new("desk", "1.0.0").messages(messages![on_text, on_text_too]);
    let told = api.build().unwrap_err().to_string();
    assert!(told.contains("on_text") && told.contains("on_text_too") && told.contains("`text`"), "{told}");
}
