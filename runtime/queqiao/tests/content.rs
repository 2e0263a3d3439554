//! Content security: which texts are judged, how, and what becomes of them.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use queqiao::content::{Checked, Judged, Verdict, scene};
use queqiao::emulator::{Damage, Fault, Rule, Settings, Suggest};
use queqiao::prelude::*;
use queqiao::{Boot, Encrypted, TestApp};
use serde_json::{Value, json};

/// A new post.
#[model]
struct NewPost {
    #[check(length = 1..=100, content_security)]
    title: String,
    #[check(content_security)]
    body: Option<String>,
    #[check(each(content_security))]
    tags: Vec<String>,
    author: Author,
    /// Whatever a machine wrote.
    reference: String,
}

/// Who wrote.
#[model]
struct Author {
    #[check(content_security)]
    name: String,
}

/// What handlers stored.
#[derive(Clone, Default)]
struct Stored(Arc<AtomicU32>);

impl Stored {
    fn one(&self) -> u32 {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }
}

/// Post.
#[post("/posts")]
async fn add_post(State(stored): State<Stored>, post: Checked<NewPost, scene::Forum>) -> u32 {
    let _: String = post.into_inner().title;
    stored.one()
}

/// Post, perhaps hidden.
#[post("/drafts")]
async fn add_draft(_user: User, State(stored): State<Stored>, post: Judged<NewPost, scene::Comment>) -> bool {
    assert!(!post.value.title.is_empty());
    stored.one();
    post.verdict == Verdict::Review
}

fn api() -> Api<Stored> {
    Api::new("posts", "1.0.0").routes(routes![add_post, add_draft])
}

fn app() -> (TestApp, Stored) {
    let stored = Stored::default();
    let kept = stored.clone();
    (TestApp::with(api(), async move |_: &Boot| Ok(kept)), stored)
}

fn post() -> Value {
    json!({ "title": "春天", "body": "来了", "tags": ["花", "草"], "author": { "name": "小明" }, "reference": "a1" })
}

fn with(pointer: &str, text: &str) -> Value {
    let mut post = post();
    *post.pointer_mut(pointer).unwrap() = text.into();
    post
}

/// How often WeChat was asked so far.
async fn asked(app: &TestApp) -> u64 {
    app.wechat().await.calls().counts.get("/wxa/msg_sec_check").copied().unwrap_or_default()
}

async fn set_rules(app: &TestApp, rules: Vec<Rule>) {
    let wechat = app.wechat().await;
    wechat.set_settings(Settings { rules, ..wechat.settings() }).unwrap();
}

fn pointers(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_passes_is_asked_once_and_stored() {
    let (app, stored) = app();
    let alice = app.user("alice");
    assert_eq!(alice.post("/posts").json(&post()).await.json::<u32>(), 1);
    assert_eq!(asked(&app).await, 1);
    assert!(!alice.post("/drafts").json(&post()).await.json::<bool>());
    // What breaks another constraint is not sent to WeChat, and neither is who has no login.
    assert_eq!(alice.post("/posts").json(&with("/title", "")).await.code(), "validation");
    assert_eq!(app.post("/posts").json(&post()).await.code(), "auth.required");
    // Nor is nothing.
    let empty = json!({ "title": " ", "tags": [], "author": { "name": "" }, "reference": "【违规】" });
    assert!(alice.post("/posts").json(&empty).await.status.is_success());
    assert_eq!(asked(&app).await, 2);
    assert_eq!(stored.0.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_risky_text_is_pointed_at_wherever_it_stands() {
    let (app, stored) = app();
    let alice = app.user("alice");
    for pointer in ["/title", "/body", "/tags/1", "/author/name"] {
        for path in ["/posts", "/drafts"] {
            let refused = alice.post(path).json(&with(pointer, "买【违规】")).await;
            assert_eq!((refused.status.as_u16(), refused.code().as_str()), (422, "content.risky"));
            assert_eq!(pointers(&refused.problem()), [pointer]);
            assert_eq!(refused.problem()["errors"][0]["code"], "risky");
        }
    }
    assert!(alice.post("/posts").json(&with("/reference", "【违规】")).await.status.is_success());
    assert_eq!(stored.0.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn review_is_refused_or_handed_over() {
    let (app, stored) = app();
    let alice = app.user("alice");
    let doubtful = with("/body", "【疑似】");
    let refused = alice.post("/posts").json(&doubtful).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (422, "content.review"));
    assert_eq!(pointers(&refused.problem()), ["/body"]);
    assert_eq!(stored.0.load(Ordering::SeqCst), 0);
    assert!(alice.post("/drafts").json(&doubtful).await.json::<bool>());
    // Risky beside it is refused all the same.
    let mut both = doubtful;
    both["title"] = "【违规】".into();
    assert_eq!(pointers(&alice.post("/drafts").json(&both).await.problem()), ["/title"]);
}

#[tokio::test]
async fn texts_that_are_risky_only_together_are_all_meant() {
    let (app, _) = app();
    set_rules(&app, vec![Rule::new("春天\n来了", Suggest::Risky)]).await;
    let refused = app.user("alice").post("/posts").json(&post()).await;
    assert_eq!(refused.code(), "content.risky");
    assert_eq!(pointers(&refused.problem()), ["/title", "/body", "/tags/0", "/tags/1", "/author/name"]);
}

#[tokio::test]
async fn scenes_and_long_texts() {
    let (app, _) = app();
    let alice = app.user("alice");
    let comments = Rule { scenes: vec![2], ..Rule::new("春天", Suggest::Risky) };
    set_rules(&app, vec![comments, Rule::new("末", Suggest::Risky)]).await;
    assert!(alice.post("/posts").json(&post()).await.status.is_success());
    assert_eq!(alice.post("/drafts").json(&post()).await.code(), "content.risky");
    let before = asked(&app).await;
    let long = with("/body", &"长".repeat(6000));
    assert!(alice.post("/posts").json(&long).await.status.is_success());
    assert_eq!(asked(&app).await - before, 3);
    let refused = alice.post("/posts").json(&with("/body", &("长".repeat(6000) + "末"))).await;
    assert_eq!(pointers(&refused.problem()), ["/body"]);
}

#[tokio::test]
async fn what_cannot_be_judged_is_not_taken() {
    let (app, stored) = app();
    let alice = app.user("alice");
    for (damage, expected) in [
        (Damage::Errcode(-1), (503, "content.unavailable")),
        (Damage::Errcode(45009), (503, "content.unavailable")),
        (Damage::Reset, (503, "content.unavailable")),
        (Damage::Half, (503, "content.unavailable")),
        (Damage::Errcode(48001), (500, "internal")),
    ] {
        app.wechat().await.inject(Fault::new(damage.clone()).path("/wxa/msg_sec_check")).unwrap();
        for path in ["/posts", "/drafts"] {
            let away = alice.post(path).json(&post()).await;
            assert_eq!((away.status.as_u16(), away.code().as_str()), expected, "{damage:?}");
            assert_eq!(away.headers.contains_key("retry-after"), expected.0 == 503, "{damage:?}");
        }
        app.wechat().await.clear_faults();
    }
    assert_eq!(stored.0.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_user_not_seen_for_two_hours_is_told_or_held() {
    let (app, stored) = app();
    let alice = app.user("alice");
    alice.token().await;
    app.advance(Duration::from_secs(7000));
    // The token is renewed meanwhile; WeChat has not seen the user since the login.
    let renewed =
        alice.post("/posts").json(&post()).await.headers["x-queqiao-token"].to_str().unwrap().to_owned();
    app.advance(Duration::from_secs(300));
    let refused = alice.post("/posts").bearer(&renewed).json(&post()).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (409, "content.user_inactive"));
    assert!(alice.post("/drafts").bearer(&renewed).json(&post()).await.json::<bool>());
    assert_eq!(stored.0.load(Ordering::SeqCst), 2);
}

/// Forgets to have it judged.
#[post("/forgotten")]
async fn forgotten(Json(post): Json<Vec<NewPost>>) -> u32 {
    u32::try_from(post.len()).unwrap_or_default()
}

/// Has nothing to be judged.
#[post("/nothing")]
async fn nothing(body: Checked<String, scene::Profile>) -> String {
    body.into_inner()
}

/// What to look for.
#[model]
struct Search {
    #[check(content_security)]
    title: String,
}

/// Has the body judged, and not the search.
#[post("/elsewhere")]
async fn elsewhere(Query(search): Query<Search>, body: Checked<NewPost, scene::Profile>) -> bool {
    body.into_inner().title == search.title
}

/// Takes the text where nobody judges it.
#[post("/hidden")]
async fn hidden(_user: User, post: Encrypted<NewPost>) -> String {
    post.data.title
}

#[test]
fn marks_that_no_judge_sees_are_mistakes() {
    let error = Api::<()>::new("wrong", "1.0.0").routes(routes![elsewhere, hidden]).build().unwrap_err();
    let [one, other] = error.mistakes() else { panic!("{error}") };
    assert!(one.contains("elsewhere") && one.contains("parameter `title`"), "{one}");
    assert!(other.contains("hidden") && other.contains("decrypted"), "{other}");
}

#[test]
fn a_mark_without_a_judge_and_a_judge_without_a_mark_are_mistakes() {
    let error = Api::<()>::new("wrong", "1.0.0").routes(routes![forgotten, nothing]).build().unwrap_err();
    let [one, other] = error.mistakes() else { panic!("{error}") };
    assert!(one.contains("forgotten") && one.contains("`Checked<_, _>` or `Judged<_, _>`"), "{one}");
    assert!(other.contains("nothing") && other.contains("#[check(content_security)]"), "{other}");
}

#[test]
fn the_document_tells_the_refusals() {
    let built = api().build().unwrap();
    let document = built.document().value();
    let responses = |path: &str| document["paths"][path]["post"]["responses"].to_string();
    for code in ["content.risky", "content.unavailable"] {
        assert!(responses("/posts").contains(code) && responses("/drafts").contains(code), "{code}");
    }
    for code in ["content.review", "content.user_inactive"] {
        assert!(responses("/posts").contains(code) && !responses("/drafts").contains(code), "{code}");
    }
    let body = &document["paths"]["/posts"]["post"]["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!(body["$ref"], "#/components/schemas/NewPost");
}
