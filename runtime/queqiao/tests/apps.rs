//! Several mini-programs on one backend: which one calls, and what each may.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use queqiao::prelude::*;
use queqiao::{MiniProgram, TestApp};
use serde_json::{Value, json};

/// Which mini-program calls, and its template.
#[get("/program")]
async fn program(program: MiniProgram) -> Vec<String> {
    let template = program.template("paid").unwrap_or("none");
    vec![program.name().to_owned(), program.appid().to_owned(), template.to_owned()]
}

/// Who calls, from where.
#[get("/me")]
async fn me(user: User) -> Vec<String> {
    vec![user.id.to_string(), user.appid().unwrap_or("none").to_owned()]
}

const SHOP: &str = "wx00000000000000aa";
const STAFF: &str = "wx00000000000000bb";

fn api() -> Api<()> {
    Api::new("shops", "1.0.0").routes(routes![program, me])
}

fn two() -> TestApp {
    TestApp::new(api()).configuration(format!(
        "[emulator]\nenabled = true\n\
         [wechat.apps.shop]\nappid = \"{SHOP}\"\nsecret = \"s1\"\n[wechat.apps.shop.templates]\npaid = \"tA\"\n\
         [wechat.apps.staff]\nappid = \"{STAFF}\"\nsecret = \"s2\"\ntemplates = {{ paid = \"tB\" }}\n"
    ))
}

async fn log_in(app: &TestApp, appid: &str, user: &str) -> String {
    let code = app.login_code_in(appid, user).await;
    let request = app.post("/auth/login").header("X-Queqiao-App", appid).json(&json!({ "code": code }));
    request.await.json::<Value>()["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_header_chooses_where_there_is_no_session() {
    let app = two();
    for (appid, expected) in [(SHOP, ["shop", SHOP, "tA"]), (STAFF, ["staff", STAFF, "tB"])] {
        let told = app.get("/program").header("X-Queqiao-App", appid).await;
        assert_eq!(told.json::<Vec<String>>(), expected);
    }
    let unnamed = app.get("/program").await;
    assert_eq!((unnamed.status.as_u16(), unnamed.code().as_str()), (400, "app.unknown"));
    assert!(unnamed.text().contains("X-Queqiao-App"), "{}", unnamed.text());
    assert_eq!(app.get("/program").header("X-Queqiao-App", "wx1").await.code(), "app.unknown");
    // WeChat's own header, which anybody can write, says nothing.
    let referer = format!("https://servicewechat.com/{SHOP}/1/page-frame.html");
    assert_eq!(app.get("/program").header("Referer", &referer).await.code(), "app.unknown");
    assert_eq!(app.post("/auth/login").json(&json!({ "code": "c" })).await.code(), "app.unknown");
}

#[tokio::test]
async fn the_session_says_which_one_it_is_of() {
    let app = two();
    let (shop, staff) = (log_in(&app, SHOP, "alice").await, log_in(&app, STAFF, "bob").await);
    for (token, name, appid) in [(&shop, "shop", SHOP), (&staff, "staff", STAFF)] {
        assert_eq!(app.get("/me").bearer(token).await.json::<Vec<String>>()[1], appid);
        assert_eq!(app.get("/program").bearer(token).await.json::<Vec<String>>()[0], name);
        // Whatever the header says.
        let other = if appid == SHOP { STAFF } else { SHOP };
        let told = app.get("/program").bearer(token).header("X-Queqiao-App", other).await;
        assert_eq!(told.json::<Vec<String>>()[0], name);
    }
    assert_eq!(app.get("/program").bearer("no token").await.code(), "auth.invalid");
}

#[tokio::test]
async fn a_code_of_one_is_no_code_of_the_other() {
    let app = two();
    let code = app.login_code_in(SHOP, "alice").await;
    let log_in =
        |appid| app.post("/auth/login").header("X-Queqiao-App", appid).json(&json!({ "code": code }));
    assert_eq!(log_in(STAFF).await.code(), "login.code_invalid");
    assert!(log_in(SHOP).await.status.is_success());
}

#[tokio::test]
async fn one_alone_needs_no_header_and_refuses_another() {
    let text = format!("[emulator]\nenabled = true\n[wechat]\nappid = \"{SHOP}\"\nsecret = \"s1\"\n");
    let app = TestApp::new(api()).configuration(text);
    assert_eq!(app.get("/program").await.json::<Vec<String>>(), ["default", SHOP, "none"]);
    assert_eq!(app.get("/program").header("X-Queqiao-App", STAFF).await.code(), "app.unknown");
    assert_eq!(app.user("alice").get("/me").await.json::<Vec<String>>()[1], SHOP);
    // Without any, in development, DevTools may name what it likes.
    let any = TestApp::new(api());
    assert!(any.get("/program").header("X-Queqiao-App", "touristappid").await.status.is_success());
}

#[tokio::test]
async fn sessions_end_with_their_mini_program() {
    let app = two();
    let token = log_in(&app, SHOP, "alice").await;
    let secret = "auth.secret of both, forty characters long";
    let with = |apps: &str| {
        TestApp::new(api())
            .configuration(format!("[emulator]\nenabled = true\n[auth]\nsecret = \"{secret}\"\n{apps}"))
    };
    let shop = format!("[wechat]\nappid = \"{SHOP}\"\nsecret = \"s1\"\n");
    let staff = format!("[wechat]\nappid = \"{STAFF}\"\nsecret = \"s2\"\n");
    let token_of_shop = with(&shop).user("alice").token().await.to_owned();
    assert_eq!(with(&staff).get("/me").bearer(&token_of_shop).await.code(), "auth.invalid");
    assert_eq!(with(&staff).get("/me").bearer(&token).await.code(), "auth.invalid");
}
