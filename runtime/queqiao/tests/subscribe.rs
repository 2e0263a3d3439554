//! Subscribe messages from the page's yes to WeChat's receipt, with the emulator on a socket.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::time::{Duration, Instant};

use queqiao::emulator::{Damage, Fault, Kind, Message, WeChatUser};
use queqiao::message::{Answer, Push};
use queqiao::prelude::*;
use queqiao::subscribe::{Recipient, SendError, Sent, Subscriptions};
use queqiao::wechat::push::Text;
use queqiao::{GrantCounts, Identity, MiniProgram, SubscribeMessage, TestApp, TestUser, message, messages};
use serde_json::{Value, json};

const APPID: &str = "wx00000000000000aa";
const SEND: &str = "/cgi-bin/message/subscribe/send";
/// The id that the emulator gives to a template without one.
const TEMPLATE: &str = "emulated-commented";

/// Somebody commented on your photo.
#[derive(SubscribeMessage)]
struct Commented {
    thing1: String,
    time2: &'static str,
    #[subscribe(page)]
    page: Option<String>,
}

/// Your order is on its way.
#[derive(SubscribeMessage)]
#[subscribe(name = "order_sent")]
struct Order {
    character_string1: u32,
}

fn commented(text: &str) -> Commented {
    Commented {
        thing1: text.to_owned(),
        time2: "2026年5月1日 15:01",
        page: Some("pages/album/index?id=7".to_owned()),
    }
}

/// Comment on a photo of somebody.
#[post("/people/{person}/comments")]
async fn comment(Path(person): Path<Uuid>, subscriptions: Subscriptions, Json(text): Json<String>) -> String {
    let text = queqiao::subscribe::thing(&text);
    format!("{:?}", subscriptions.send(person, &commented(&text)).await.unwrap())
}

/// `slow` is answered late; `tell me` with a subscribe message.
#[message(text)]
async fn on_text(
    Push(text): Push<Text>,
    subscriptions: Subscriptions,
    program: MiniProgram,
    message: queqiao::wechat::push::Message,
) -> Answer {
    if text.content == "slow" {
        tokio::time::sleep(Duration::from_millis(600)).await;
    }
    if text.content == "tell me" {
        let to = Recipient::in_app(&program, message.from());
        return Answer::text(format!("{:?}", subscriptions.send(to, &commented("you asked")).await.unwrap()));
    }
    Answer::text(format!("heard: {}", text.content))
}

fn api() -> Api<()> {
    Api::new("album", "1.0.0")
        .routes(routes![comment])
        .messages(messages![on_text])
        .template::<Commented>()
        .template::<Order>()
}

fn app() -> TestApp {
    TestApp::new(api()).configuration(format!(
        "[emulator]\nenabled = true\n[wechat]\nappid = \"{APPID}\"\nsecret = \"s\"\n\
         templates = {{ order_sent = \"tOrder\" }}\n[messages]\nanswer_within = \"300ms\"\n"
    ))
}

/// A user with a session, who is known to WeChat, and an app that hears WeChat's pushes.
async fn alice() -> (TestApp, TestUser, WeChatUser, Uuid) {
    let app = app();
    app.listen().await;
    let user = app.user("alice");
    let id = user.id().await;
    let at_wechat = app.wechat().await.user(APPID, "alice").unwrap();
    (app, user, at_wechat, id)
}

async fn counts(app: &TestApp, of: Uuid) -> (u32, u32) {
    let GrantCounts { unused, uncertain } =
        app.boot().await.subscriptions().grants::<Commented>(of).await.unwrap();
    (unused, uncertain)
}

/// Until the ledger says so: pushes come when they come.
async fn until(app: &TestApp, of: Uuid, wanted: (u32, u32)) {
    let started = Instant::now();
    while counts(app, of).await != wanted {
        assert!(started.elapsed() < Duration::from_secs(20), "{:?} is not {wanted:?}", counts(app, of).await);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn send(app: &TestApp, to: Uuid) -> Sent {
    app.boot().await.subscriptions().send(to, &commented("好看")).await.unwrap()
}

async fn report(user: &TestUser, id: &str, body: Value) -> Value {
    user.put(format!("/auth/subscriptions/{id}")).json(&body).await.json()
}

async fn sends(app: &TestApp) -> u64 {
    app.wechat().await.calls().counts.get(SEND).copied().unwrap_or_default()
}

fn got(user: &WeChatUser, kind: Kind) -> Vec<Message> {
    user.messages().into_iter().filter(|message| message.kind == kind).collect()
}

async fn until_got(user: &WeChatUser, kind: Kind, count: usize) -> Vec<Message> {
    let started = Instant::now();
    while got(user, kind).len() < count {
        assert!(started.elapsed() < Duration::from_secs(20), "{:?}", user.messages());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    got(user, kind)
}

#[tokio::test]
async fn the_document_names_the_templates_and_the_login_their_ids() {
    let built = api().build().unwrap();
    let document = built.document().value();
    assert_eq!(
        document["x-queqiao-subscribe"],
        json!({ "report": "reportSubscription", "templates": {
            "commented": "Somebody commented on your photo.", "order_sent": "Your order is on its way." } })
    );
    assert_eq!(document["paths"]["/auth/subscriptions/{report}"]["put"]["operationId"], "reportSubscription");
    assert_eq!(document["paths"]["/auth/login"]["post"]["operationId"], "login");
    let plain = Api::<()>::new("album", "1.0.0").build().unwrap();
    assert_eq!(plain.document().value().get("x-queqiao-subscribe"), None);

    let app = app();
    let code = app.login_code("alice").await;
    let session: Value = app.post("/auth/login").json(&json!({ "code": code })).await.json();
    assert_eq!(session["templates"], json!({ "commented": TEMPLATE, "order_sent": "tOrder" }));
    let known = app.wechat().await.templates(APPID);
    let keys: Vec<&str> = known[0].keys.iter().map(|key| key.key.as_str()).collect();
    assert_eq!((known[0].id.as_str(), keys), (TEMPLATE, vec!["thing1", "time2"]));
}

#[tokio::test]
async fn a_yes_that_page_and_push_tell_is_for_one_message() {
    let (app, user, at_wechat, id) = alice().await;
    assert_eq!(send(&app, id).await, Sent::NotGranted);
    at_wechat.answer_subscriptions(&[(TEMPLATE, true)]).await;
    until(&app, id, (1, 0)).await;
    let accept = json!({ "answers": { "commented": "accept", "order_sent": "reject", "unknown": "accept" }, "age": 1200 });
    for _ in 0..2 {
        let told = report(&user, "r1", accept.clone()).await;
        assert_eq!(told["templates"]["commented"], TEMPLATE);
    }
    assert_eq!(counts(&app, id).await, (1, 0));

    let said =
        app.post(format!("/people/{id}/comments")).json("一个很长很长很长很长很长很长很长很长的评论").await;
    assert_eq!(said.json::<String>(), "Sent");
    let message = until_got(&at_wechat, Kind::Subscribe, 1).await.remove(0);
    assert_eq!(message.content["page"], "pages/album/index?id=7");
    assert_eq!(message.content["data"]["time2"]["value"], "2026年5月1日 15:01");
    assert_eq!(send(&app, id).await, Sent::NotGranted);
    assert_eq!(sends(&app).await, 1, "nothing is asked of WeChat without a grant");
    // WeChat's receipt for it.
    let receipts = "SELECT message FROM queqiao_grants WHERE message IS NOT NULL";
    let started = Instant::now();
    while app.boot().await.sql().rows(receipts, &[]).await.unwrap().is_empty() {
        assert!(started.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(app.boot().await.grants().failed_deliveries(10).await.unwrap().is_empty());
    let nobody = app.boot().await.subscriptions().send(Uuid::nil(), &commented("a")).await.unwrap();
    assert_eq!(nobody, Sent::NotGranted);
}

#[tokio::test]
async fn what_the_user_cancels_is_no_grant() {
    let (app, user, at_wechat, id) = alice().await;
    at_wechat.answer_subscriptions(&[(TEMPLATE, true)]).await;
    until(&app, id, (1, 0)).await;
    app.advance(Duration::from_secs(5));
    at_wechat.cancel_subscriptions(&[TEMPLATE]).await;
    until(&app, id, (0, 0)).await;
    assert_eq!(send(&app, id).await, Sent::NotGranted);
    // The page tells late of what was cancelled meanwhile.
    report(&user, "r1", json!({ "answers": { "commented": "accept" }, "age": 5000 })).await;
    assert_eq!(counts(&app, id).await, (0, 0));
    assert_eq!(sends(&app).await, 0);
}

#[tokio::test]
async fn wechat_knows_better_and_the_ledger_is_set_right() {
    let (app, user, _, id) = alice().await;
    for n in 0..3 {
        report(&user, &n.to_string(), json!({ "answers": { "commented": "acceptWithAudio" } })).await;
    }
    assert_eq!(counts(&app, id).await, (3, 0));
    assert_eq!(send(&app, id).await, Sent::NotGranted);
    assert_eq!((counts(&app, id).await, sends(&app).await), ((0, 0), 1));
}

#[tokio::test]
async fn a_message_of_unknown_end_is_told_as_such() {
    let (app, _, at_wechat, id) = alice().await;
    at_wechat.answer_subscriptions(&[(TEMPLATE, true)]).await;
    until(&app, id, (1, 0)).await;
    let reset = || Fault::new(Damage::Reset).path(SEND).times(1);
    app.wechat().await.inject(reset().acts(false)).unwrap();
    assert_eq!(send(&app, id).await, Sent::Uncertain);
    assert_eq!(counts(&app, id).await, (0, 1));
    assert_eq!(send(&app, id).await, Sent::NotGranted, "the grant rests");
    app.advance(Duration::from_secs(600));
    // It is not lost; this time WeChat acts, and its receipt tells.
    app.wechat().await.inject(reset().acts(true)).unwrap();
    assert_eq!(send(&app, id).await, Sent::Uncertain);
    until(&app, id, (0, 0)).await;
    assert_eq!(until_got(&at_wechat, Kind::Subscribe, 1).await.len(), 1);
    app.advance(Duration::from_secs(600));
    assert_eq!(send(&app, id).await, Sent::NotGranted);
    assert_eq!(sends(&app).await, 2);
}

#[tokio::test]
async fn messages_to_one_user_go_one_after_the_other() {
    let (app, user, at_wechat, id) = alice().await;
    for n in 0..4 {
        at_wechat.answer_subscriptions(&[(TEMPLATE, true)]).await;
        report(&user, &n.to_string(), json!({ "answers": { "commented": "accept" } })).await;
        until(&app, id, (n + 1, 0)).await;
        app.advance(Duration::from_secs(1200));
    }
    // WeChat is busy with others' messages to the user, twice.
    app.wechat().await.inject(Fault::new(Damage::Errcode(43108)).path(SEND).times(2)).unwrap();
    app.wechat().await.inject(Fault::new(Damage::Delay(30)).path(SEND)).unwrap();
    let sending = (0..12).map(|_| {
        let subscriptions = app.boot();
        async move { subscriptions.await.subscriptions().send(id, &commented("好看")).await.unwrap() }
    });
    let sent = futures_util::future::join_all(sending).await;
    let of = |outcome| sent.iter().filter(|sent| **sent == outcome).count();
    assert_eq!((of(Sent::Sent), of(Sent::NotGranted)), (4, 8), "{sent:?}");
    assert_eq!(sends(&app).await, 6);
    assert_eq!(until_got(&at_wechat, Kind::Subscribe, 4).await.len(), 4);
}

#[tokio::test]
async fn what_breaks_a_rule_is_not_sent_and_costs_nothing() {
    let (app, user, _, id) = alice().await;
    report(&user, "r", json!({ "answers": { "commented": "accept" } })).await;
    let boot = app.boot().await;
    let told = boot.subscriptions().send(id, &commented(&"长".repeat(21))).await.unwrap_err();
    assert!(told.to_string().contains("data.thing1 takes at most 20 characters"), "{told}");
    app.wechat().await.inject(Fault::new(Damage::Errcode(43107)).path(SEND).times(1)).unwrap();
    let told = boot.subscriptions().send(id, &commented("a")).await.unwrap_err();
    assert!(matches!(&told, SendError::WeChat(_)) && told.to_string().contains("43107"), "{told}");
    assert_eq!(counts(&app, id).await, (1, 0));

    /// Not in the API.
    #[derive(SubscribeMessage)]
    struct Other {
        thing1: &'static str,
    }
    let told = boot.subscriptions().send(id, &Other { thing1: "a" }).await.unwrap_err();
    assert!(told.to_string().contains(".template::<_>()"), "{told}");
}

#[tokio::test]
async fn a_mini_program_that_fails_is_no_reason_not_to_try_the_others() {
    let other = "wx00000000000000bb";
    let app = TestApp::new(api()).configuration(format!(
        "[emulator]\nenabled = true\n[wechat.apps.shop]\nappid = \"{APPID}\"\nsecret = \"s1\"\n\
         [wechat.apps.staff]\nappid = \"{other}\"\nsecret = \"s2\"\n"
    ));
    app.listen().await;
    let (boot, now) = (app.boot().await, queqiao::jiff::Timestamp::now());
    let mut id = Uuid::nil();
    for appid in [APPID, other] {
        let at_wechat = app.wechat().await.user(appid, "alice").unwrap();
        let alice = Identity::new(appid, at_wechat.openid()).with_unionid("u");
        id = boot.accounts().sign_in(&alice, now).await.unwrap().id.0;
        at_wechat.answer_subscriptions(&[(TEMPLATE, true)]).await;
    }
    until(&app, id, (2, 0)).await;
    // The first has a wrong secret.
    let broken = || Fault::new(Damage::Errcode(40125)).path("/cgi-bin/stable_token").times(1);
    app.wechat().await.inject(broken()).unwrap();
    assert_eq!(send(&app, id).await, Sent::Sent);
    assert_eq!(counts(&app, id).await, (1, 0));
    // The other has no grant any more: so it is told what is wrong.
    app.wechat().await.inject(broken()).unwrap();
    let told = boot.subscriptions().send(id, &commented("a")).await.unwrap_err();
    assert!(told.to_string().contains("40125"), "{told}");
    assert_eq!(send(&app, id).await, Sent::Sent);
    assert_eq!((send(&app, id).await, counts(&app, id).await), (Sent::NotGranted, (0, 0)));
}

#[tokio::test]
async fn a_reply_that_comes_late_goes_as_a_customer_message() {
    let (app, user, at_wechat, id) = alice().await;
    at_wechat.write("hello").await.unwrap();
    let reply = until_got(&at_wechat, Kind::Reply, 1).await;
    assert_eq!(reply[0].content["Content"], "heard: hello");
    at_wechat.write("slow").await.unwrap();
    let sent = until_got(&at_wechat, Kind::Custom, 1).await;
    assert_eq!(sent[0].content["text"]["content"], "heard: slow");
    assert_eq!(got(&at_wechat, Kind::Reply).len(), 1, "it is said once");
    // A message has neither token nor session, and yet its sender can be sent to.
    at_wechat.answer_subscriptions(&[(TEMPLATE, true)]).await;
    report(&user, "r", json!({ "answers": { "commented": "accept" } })).await;
    until(&app, id, (1, 0)).await;
    at_wechat.write("tell me").await.unwrap();
    let told = until_got(&at_wechat, Kind::Subscribe, 1).await;
    assert_eq!(told[0].content["data"]["thing1"]["value"], "you asked");
}

#[test]
fn debug_shows_no_openid() {
    let to = Recipient::InApp { appid: APPID.to_owned(), openid: "secret".to_owned() };
    let shown = format!("{to:?}");
    assert!(shown.contains(APPID) && !shown.contains("secret"), "{shown}");
}

#[tokio::test]
async fn names_are_unique_and_belong_to_users() {
    /// The same again.
    #[derive(SubscribeMessage)]
    #[subscribe(name = "commented")]
    struct Again {
        thing1: String,
    }
    let told = api().template::<Again>().build().unwrap_err();
    assert!(told.to_string().contains("two subscribe messages have the name `commented`"), "{told}");
    let told = Api::<()>::new("album", "1.0.0").without_login().template::<Order>().build().unwrap_err();
    assert!(told.to_string().contains("without_login"), "{told}");
}
