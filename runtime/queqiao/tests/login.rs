//! Login, logout, renewal and roles, through the router, against the emulated WeChat.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::future::IntoFuture;
use std::time::Duration;

use queqiao::TestApp;
use queqiao::prelude::*;
use queqiao::serde_json::{Value, json};

struct Admin;

impl RoleName for Admin {
    const NAME: &'static str = "admin";
}

/// Who am I?
#[get("/me")]
async fn me(user: User) -> Uuid {
    user.id
}

/// Who am I, if anyone?
#[get("/maybe")]
async fn maybe(user: Option<User>) -> Option<Uuid> {
    user.map(|user| user.id)
}

/// For admins.
#[get("/admin")]
async fn admin(admin: Role<Admin>) -> Uuid {
    admin.id
}

fn app() -> TestApp {
    TestApp::new(Api::<()>::new("login", "1.0.0").routes(routes![me, maybe, admin]))
}

const HOUR: Duration = Duration::from_secs(3600);
const MOCK: &str = "the code is a mock one";

async fn log_in(app: &TestApp, code: &str) -> String {
    let session: Value = app.post("/auth/login").json(&json!({ "code": code })).await.json();
    session["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn no_cache_keeps_a_token() {
    let app = app();
    let answer = app.post("/auth/login").json(&json!({ "code": app.login_code("alice").await })).await;
    assert_eq!(answer.headers["cache-control"], "no-store");
}

async fn who(app: &TestApp, token: &str) -> Uuid {
    app.get("/me").bearer(token).await.json()
}

#[tokio::test]
async fn each_bad_token_has_its_own_code() {
    let app = app();
    assert_eq!(app.get("/me").await.code(), "auth.required");
    for garbled in ["x", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "ünicode"] {
        assert_eq!(app.get("/me").bearer(garbled).await.code(), "auth.invalid", "{garbled}");
    }
    let basic = app.get("/me").header("authorization", "Basic YTpi").await;
    assert_eq!((basic.status.as_u16(), basic.code().as_str()), (401, "auth.invalid"));
    let alice = app.user("alice");
    let token = alice.log_in().await;
    app.advance(2 * HOUR);
    assert_eq!(app.get("/me").bearer(&token).await.code(), "auth.expired");
    let token = alice.log_in().await;
    app.post("/auth/logout").bearer(&token).json(&json!({})).await;
    assert_eq!(app.get("/me").bearer(&token).await.code(), "auth.revoked");
}

#[tokio::test]
async fn a_header_is_taken_in_every_right_spelling_and_in_no_other() {
    let app = app();
    let token = app.user("alice").log_in().await;
    for scheme in ["Bearer", "bearer", "BEARER", "Bearer  "] {
        let answer = app.get("/me").header("authorization", &format!("{scheme} {token}")).await;
        assert_eq!(answer.status, 200, "{scheme}");
    }
    let huge = "a".repeat(100_000);
    for wrong in [
        "Bearer",
        "Bearer ",
        &token,
        &format!("Token {token}"),
        &format!("Bearer {token} {token}"),
        &format!("Bearer {huge}"),
        &format!("Bearer {token}.{token}"),
    ] {
        let answer = app.get("/me").header("authorization", wrong).await;
        assert_eq!(answer.code(), "auth.invalid");
        assert_eq!(answer.headers["www-authenticate"], "Bearer error=\"invalid_token\"");
    }
    // Two headers: whoever checked the first one and whoever reads the second must not differ.
    let twice = app.get("/me").bearer(&token).bearer(&token).await;
    assert_eq!(twice.code(), "auth.invalid");
    app.advance(2 * HOUR);
    assert!(app.get("/me").bearer(&token).await.headers.contains_key("www-authenticate"));
}

#[tokio::test]
async fn odd_codes_are_refused_or_taken_and_never_a_500() {
    let app = app();
    let nul = app.post("/auth/login").json(&json!({ "code": "a\0b" })).await;
    assert!(nul.status.as_u16() < 500, "{}", nul.text());
    for code in ["x".repeat(10_000), String::new()] {
        assert_eq!(app.post("/auth/login").json(&json!({ "code": code })).await.code(), "validation");
    }
    for code in ["' OR 1=1 --", "&js_code=other&secret=", "中文 \u{202e}", "%00%ff"] {
        let answer = app.post("/auth/login").json(&json!({ "code": code })).await;
        assert!(answer.status.as_u16() < 500, "{code}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_caller_who_hangs_up_in_the_middle_of_a_login_gets_the_session_with_the_same_code() {
    let app = app();
    app.user("warm").log_in().await;
    for polls in 1..40 {
        let code = app.login_code("alice").await;
        let log_in = || app.post("/auth/login").json(&json!({ "code": code })).into_future();
        let mut hung_up = log_in();
        for _ in 0..polls {
            if futures_util::poll!(&mut hung_up).is_ready() {
                hung_up = log_in();
                break;
            }
            tokio::time::sleep(Duration::from_micros(300)).await;
        }
        drop(hung_up);
        let again = tokio::time::timeout(Duration::from_secs(10), log_in()).await;
        assert_eq!(again.expect("nobody waits for a lease to end").status, 200, "after {polls} polls");
    }
    assert_eq!(app.upstream_logins().await, 40);
}

/// Two instances on one database file, as two processes of one machine are.
fn instances() -> (tempfile::TempDir, [TestApp; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let url = folder.path().join("shared.db");
    let keys = "secret = \"0123456789abcdef0123456789abcdef\"\nencryption_key = \"a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=\"";
    let text = format!("[database]\nurl = \"sqlite:{}\"\n[auth]\n{keys}", url.display());
    (folder, [app().configuration(text.clone()), app().configuration(text)])
}

#[tokio::test]
async fn two_instances_exchange_a_code_once_and_see_each_others_logouts() {
    let (_folder, [one, two]) = instances();
    let code = "the same code for both";
    let (first, second) = futures_util::future::join(
        futures_util::future::join_all((0..10).map(|_| log_in(&one, code))),
        futures_util::future::join_all((0..10).map(|_| log_in(&two, code))),
    )
    .await;
    assert_eq!(one.upstream_logins().await + two.upstream_logins().await, 1);
    let user = who(&one, &first[0]).await;
    for token in first.iter().chain(&second) {
        assert_eq!(who(&two, token).await, user);
    }
    one.post("/auth/logout").bearer(&first[0]).json(&json!({ "everywhere": true })).await;
    let started = std::time::Instant::now();
    while two.get("/me").bearer(&second[0]).await.status == 200 {
        assert!(started.elapsed() < Duration::from_secs(5), "the other instance does not see the logout");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(two.get("/me").bearer(&second[0]).await.code(), "auth.revoked");
}

#[tokio::test]
async fn a_database_that_fails_is_a_problem_and_heals() {
    let app = app().configuration("[database]\nacquire_timeout = \"1s\"");
    let token = app.user("alice").log_in().await;
    let pool = app.boot().await.sql().clone();
    pool.execute("ALTER TABLE queqiao_users RENAME TO gone", &[]).await.expect("the table of users");
    // The cache forgets within five seconds of the clock.
    app.advance(Duration::from_secs(6));
    for answer in [
        app.get("/me").bearer(&token).await,
        app.post("/auth/login").json(&json!({ "code": "another" })).await,
        app.post("/auth/logout").bearer(&token).json(&json!({})).await,
    ] {
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (500, "internal"), "{}", answer.text());
        assert!(!answer.text().contains("users"), "{}", answer.text());
    }
    pool.execute("ALTER TABLE gone RENAME TO queqiao_users", &[]).await.unwrap();
    who(&app, &token).await;
    // WeChat has taken the code of the failed login; the client asks for a new one.
    log_in(&app, "a third").await;
}

#[tokio::test]
async fn an_optional_user_is_none_without_a_token_and_refused_with_a_bad_one() {
    let app = app();
    assert_eq!(app.get("/maybe").await.json::<Option<Uuid>>(), None);
    assert!(app.user("alice").get("/maybe").await.json::<Option<Uuid>>().is_some());
    assert_eq!(app.get("/maybe").bearer("x").await.code(), "auth.invalid");
}

#[tokio::test]
async fn a_code_gives_the_same_user_for_five_minutes_with_one_exchange() {
    let app = app();
    let code = app.login_code("alice").await;
    let logins = futures_util::future::join_all((0..20).map(|_| log_in(&app, &code))).await;
    let first = who(&app, &logins[0]).await;
    for token in &logins {
        assert_eq!(who(&app, token).await, first);
    }
    app.advance(Duration::from_secs(299));
    assert_eq!(who(&app, &log_in(&app, &code).await).await, first);
    assert_eq!(app.upstream_logins().await, 1);
    app.advance(Duration::from_secs(2));
    // Who comes within a millisecond of another shares that one's exchange, whatever the app's clock says.
    tokio::time::sleep(Duration::from_millis(5)).await;
    let late = app.post("/auth/login").json(&json!({ "code": code })).await;
    assert_eq!((late.status.as_u16(), late.code().as_str()), (401, "login.code_invalid"));
}

#[tokio::test]
async fn the_mock_code_is_the_same_user_every_time() {
    let app = app();
    let mut users = Vec::new();
    for _ in 0..3 {
        users.push(who(&app, &log_in(&app, MOCK).await).await);
        app.advance(Duration::from_secs(600));
    }
    assert_eq!(users[0], users[1]);
    assert_eq!(users[1], users[2]);
    assert_eq!(app.upstream_logins().await, 3);
}

#[tokio::test]
async fn unknown_codes_are_refused_where_the_emulator_is_strict() {
    let app = app().configuration("[emulator]\naccept_unknown_codes = false");
    for code in [MOCK, "0a1b2c3d"] {
        let refused = app.post("/auth/login").json(&json!({ "code": code })).await;
        assert_eq!(refused.code(), "login.code_invalid", "{code}");
    }
}

#[tokio::test]
async fn logging_out_ends_this_session_or_all() {
    let app = app();
    let alice = app.user("alice");
    let (phone, tablet, desk) = (alice.log_in().await, alice.log_in().await, alice.log_in().await);
    assert_eq!(
        app.post("/auth/logout").bearer(&phone).json(&json!({ "everywhere": false })).await.status,
        204
    );
    assert_eq!(app.get("/me").bearer(&phone).await.code(), "auth.revoked");
    who(&app, &tablet).await;
    assert_eq!(
        app.post("/auth/logout").bearer(&tablet).json(&json!({ "everywhere": true })).await.status,
        204
    );
    for token in [&phone, &tablet, &desk] {
        assert_eq!(app.get("/me").bearer(token).await.code(), "auth.revoked");
    }
    who(&app, &alice.log_in().await).await;
}

#[tokio::test]
async fn an_active_user_gets_a_newer_token_before_the_old_one_ends() {
    let app = app();
    let token = app.user("alice").log_in().await;
    assert!(!app.get("/me").bearer(&token).await.headers.contains_key("x-queqiao-token"));
    app.advance(HOUR);
    let answer = app.get("/me").bearer(&token).await;
    let renewed = answer.headers["x-queqiao-token"].to_str().unwrap().to_owned();
    app.advance(HOUR);
    assert_eq!(app.get("/me").bearer(&token).await.code(), "auth.expired");
    assert_eq!(who(&app, &renewed).await, answer.json::<Uuid>());
    // A renewed token dies with its session.
    app.post("/auth/logout").bearer(&renewed).json(&json!({ "everywhere": true })).await;
    assert_eq!(app.get("/me").bearer(&renewed).await.code(), "auth.revoked");
}

#[tokio::test]
async fn no_renewal_outlives_the_longest_session() {
    let app = app().configuration("[auth]\ntoken_lifetime = \"2h\"\nlongest_session = \"3h\"");
    let mut token = app.user("alice").log_in().await;
    for _ in 0..2 {
        app.advance(HOUR);
        let answer = app.get("/me").bearer(&token).await;
        assert_eq!(answer.status, 200);
        if let Some(renewed) = answer.headers.get("x-queqiao-token") {
            token = renewed.to_str().unwrap().to_owned();
        }
    }
    app.advance(HOUR);
    assert_eq!(app.get("/me").bearer(&token).await.code(), "auth.expired");
}

#[tokio::test]
async fn roles_open_doors_at_once() {
    let app = app();
    assert_eq!(app.get("/admin").await.code(), "auth.required");
    let alice = app.user("alice");
    let refused = alice.get("/admin").await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (403, "auth.forbidden"));
    let root = app.user("root").role("admin");
    assert_eq!(root.get("/admin").await.status, 200);
}

#[tokio::test]
async fn the_document_tells_who_may_call() {
    let api: Api = Api::new("login", "1.0.0").routes(routes![me, maybe, admin]);
    let built = api.build().unwrap();
    let document = built.document().value();
    let operation = |path: &str| &document["paths"][path]["get"];
    assert_eq!(operation("/me")["security"], json!([{ "login": [] }]));
    assert_eq!(operation("/maybe")["security"], json!([{}, { "login": [] }]));
    let codes = |path: &str, status: &str| {
        let schema = &operation(path)["responses"][status]["content"]["application/problem+json"]["schema"];
        schema["allOf"][1]["properties"]["code"]["enum"].clone()
    };
    assert_eq!(codes("/admin", "403"), json!(["auth.forbidden"]));
    assert_eq!(codes("/me", "401"), json!(["auth.expired", "auth.invalid", "auth.required", "auth.revoked"]));
    assert_eq!(codes("/maybe", "401"), json!(["auth.expired", "auth.invalid", "auth.revoked"]));
    let scheme = &document["components"]["securitySchemes"]["login"];
    assert_eq!(scheme["x-queqiao-login"]["login"], "login");
    assert_eq!(scheme["scheme"], "bearer");
}

#[tokio::test]
async fn roles_are_given_and_withdrawn_through_the_accounts() {
    let app = app();
    let alice = app.user("alice");
    assert_eq!(alice.get("/admin").await.code(), "auth.forbidden");
    let id = queqiao::UserId(alice.id().await);
    let accounts = app.boot().await.accounts().clone();
    accounts.grant_role(id, "admin").await.unwrap();
    app.advance(Duration::from_secs(5));
    assert_eq!(alice.get("/admin").await.status, 200);
    accounts.withdraw_role(id, "admin").await.unwrap();
    app.advance(Duration::from_secs(5));
    assert_eq!(alice.get("/admin").await.code(), "auth.forbidden");
}
