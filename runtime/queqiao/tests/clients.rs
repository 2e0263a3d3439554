//! Which versions of the mini-program call what: counted, shown, and refused.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::time::Duration;

use queqiao::prelude::*;
use queqiao::serde_json::{Value, json};
use queqiao::{TestApp, TestRequest};

#[model]
struct Name {
    #[check(length = 1..=5)]
    name: String,
}

/// Greet.
#[get("/hello")]
async fn hello() -> String {
    "你好".to_owned()
}

/// Take a name.
#[post("/names")]
async fn add_name(_user: User, Json(name): Json<Name>) -> Name {
    name
}

const OLD: &str = "00000000000000aa";
const NEW: &str = "00000000000000bb";
const STRANGER: &str = "00000000000000cc";
const RELEASES: &str = r#"{"releases":[
    {"label":"1.0.0","contract":"00000000000000aa","released":"2026-11-01"},
    {"label":"1.1.0","contract":"00000000000000bb","released":"2026-11-20"}]}"#;

fn api() -> Api<()> {
    Api::new("clients", "1.0.0").routes(routes![hello, add_name]).releases(RELEASES)
}

fn app(settings: &str) -> TestApp {
    TestApp::new(api()).configuration(format!("[clients]\n{settings}"))
}

fn by(request: TestRequest, contract: &str) -> TestRequest {
    request.header("x-queqiao-client", contract)
}

async fn figures(app: &TestApp) -> Value {
    app.get("/clientz").await.json()
}

fn client<'a>(figures: &'a Value, contract: &str) -> &'a Value {
    let clients = figures["clients"].as_array().unwrap();
    clients.iter().find(|c| c["contract"] == contract || c["kind"] == contract).unwrap()
}

#[tokio::test]
async fn calls_are_counted_by_contract_and_operation() {
    let app = app("");
    for (contract, calls) in [(OLD, 3), (NEW, 2), (STRANGER, 1), ("no id", 1)] {
        for _ in 0..calls {
            assert_eq!(by(app.get("/hello"), contract).await.status, 200);
        }
    }
    app.advance(Duration::from_secs(60));
    assert_eq!(by(app.post("/names"), OLD).json(&json!({ "name": "李" })).await.code(), "auth.required");
    assert_eq!(by(app.get("/gone"), OLD).await.code(), "route.not_found");
    assert_eq!(by(app.put("/hello"), OLD).await.code(), "route.method_not_allowed");
    app.get("/hello").await;
    app.user("alice").token().await;

    let figures = figures(&app).await;
    let old = client(&figures, OLD);
    assert_eq!(
        (&old["kind"], &old["labels"], &old["calls"]),
        (&json!("released"), &json!(["1.0.0"]), &json!(6))
    );
    assert_eq!(old["operations"]["hello"]["calls"], 3);
    assert_eq!(old["operations"]["addName"]["calls"], 1);
    assert_eq!(old["operations"]["route.not_found"]["calls"], 2);
    let now = app.clock().now();
    let seen =
        |value: &Value| value["lastSeen"].as_str().unwrap().parse::<queqiao::jiff::Timestamp>().unwrap();
    assert_eq!(now.duration_since(seen(old)).as_secs(), 0);
    assert_eq!(now.duration_since(seen(&old["operations"]["hello"])).as_secs(), 60);
    assert_eq!(client(&figures, NEW)["calls"], 2);
    assert_eq!(
        (&client(&figures, STRANGER)["kind"], &client(&figures, STRANGER)["calls"]),
        (&json!("unknown"), &json!(1))
    );
    assert_eq!(client(&figures, "other")["calls"], 1);
    assert_eq!(client(&figures, "absent")["operations"]["login"]["calls"], 1);
    assert_eq!(client(&figures, "absent")["operations"]["hello"]["calls"], 1);
    let own = figures["contract"].as_str().unwrap();
    assert_eq!(
        (&client(&figures, own)["kind"], &client(&figures, own)["lastSeen"]),
        (&json!("current"), &Value::Null)
    );
    let order: Vec<&Value> = figures["clients"].as_array().unwrap().iter().map(|c| &c["kind"]).collect();
    assert_eq!(order, ["current", "released", "released", "unknown", "other", "absent"]);
    assert_eq!(figures["clients"][1]["labels"], json!(["1.1.0"]), "the newest release on top");
}

#[tokio::test]
async fn what_the_database_does_not_take_is_not_lost() {
    let app = app("");
    by(app.get("/hello"), OLD).await;
    let sql = app.boot().await.sql().clone();
    let rename = async |from: &str, to: &str| {
        let statement = queqiao::sqlx::AssertSqlSafe(format!("ALTER TABLE {from} RENAME TO {to}"));
        sql.execute(statement, &[]).await.unwrap();
    };
    rename("queqiao_client_calls", "elsewhere").await;
    assert_eq!(app.get("/clientz").await.code(), "internal");
    by(app.get("/hello"), OLD).await;
    by(app.get("/hello"), STRANGER).await;
    assert_eq!(app.get("/clientz").await.code(), "internal");
    rename("elsewhere", "queqiao_client_calls").await;
    let figures = figures(&app).await;
    assert_eq!(
        (&client(&figures, OLD)["calls"], &client(&figures, STRANGER)["calls"]),
        (&json!(2), &json!(1))
    );
}

#[tokio::test]
async fn the_referer_is_kept_as_a_hint() {
    let app = app("");
    for package in ["41", "42", "41", "<b>"] {
        let referer = format!("https://servicewechat.com/wx0123456789abcdef/{package}/page-frame.html");
        by(app.get("/hello"), OLD).header("referer", &referer).await;
    }
    let figures = figures(&app).await;
    let packages = client(&figures, OLD)["packages"].as_array().unwrap().clone();
    let mut counters: Vec<&str> = packages.iter().map(|seen| seen["package"].as_str().unwrap()).collect();
    counters.sort_unstable();
    assert_eq!(counters, ["41", "42"]);
    assert_eq!(packages[0]["appid"], "wx0123456789abcdef");
}

#[tokio::test]
async fn below_the_floor_nothing_of_a_request_is_looked_at() {
    let app = app("floor = \"1.1.0\"");
    let refused = by(app.get("/hello"), OLD).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (410, "client.too_old"));
    assert_eq!(refused.headers["cache-control"], "no-store");
    assert_eq!(refused.headers["content-type"], "application/problem+json");
    // Neither the token nor the body comes first, login is refused as everything else, and so is what is gone.
    let garbled = by(app.post("/names"), OLD).bearer("garbled").body("{");
    assert_eq!(garbled.await.code(), "client.too_old");
    let code = app.login_code("alice").await;
    assert_eq!(
        by(app.post("/auth/login"), OLD).json(&json!({ "code": code })).await.code(),
        "client.too_old"
    );
    assert_eq!(app.upstream_logins().await, 0);
    assert_eq!(by(app.get("/gone"), OLD).await.code(), "client.too_old");
    for other in [NEW, STRANGER, "no id"] {
        assert_eq!(by(app.get("/hello"), other).await.status, 200, "{other}");
    }
    assert_eq!(app.get("/hello").await.status, 200);

    let figures = figures(&app).await;
    let old = client(&figures, OLD);
    assert_eq!((&old["calls"], &old["refused"]), (&json!(4), &json!(4)));
    assert_eq!(old["refusedBy"], "clients.floor = \"1.1.0\"");
    assert_eq!(client(&figures, NEW)["refused"], 0);
}

#[tokio::test]
async fn unknown_and_missing_ids_are_refused_where_the_settings_say_so() {
    let app = app("unknown = \"refuse\"\nmissing = \"refuse\"\nrefused = [\"1.0.0\"]");
    for contract in [STRANGER, "no id", OLD] {
        assert_eq!(by(app.get("/hello"), contract).await.code(), "client.too_old", "{contract}");
    }
    let curl = app.get("/hello").await.problem();
    assert!(curl["detail"].as_str().unwrap().contains("X-Queqiao-Client"), "{curl}");
    let own = figures(&app).await["contract"].as_str().unwrap().to_owned();
    for contract in [NEW, &own] {
        assert_eq!(by(app.get("/hello"), contract).await.status, 200, "{contract}");
    }
    // Probes and pages of the server itself are nobody's client.
    assert_eq!(app.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn every_operation_says_that_it_may_refuse_the_client() {
    let built = api().build().unwrap();
    for (path, item) in built.document().value()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let codes = operation["responses"]["410"].to_string();
            assert!(codes.contains("client.too_old"), "{method} {path}: {operation}");
        }
    }
}

#[tokio::test]
async fn the_page_is_for_people_and_its_token_for_the_operator() {
    let app = app("token = \"0123456789abcdef\"");
    let told = app.get("/clientz").await;
    assert_eq!((told.status.as_u16(), told.code().as_str()), (401, "clients.token"));
    assert!(told.headers["www-authenticate"].to_str().unwrap().starts_with("Basic"));
    for wrong in
        ["Bearer 0123456789abcdeX", "Bearer", "Bearer ", "Basic !", "Basic Og==", "Token 0123456789abcdef"]
    {
        assert_eq!(app.get("/clientz").header("authorization", wrong).await.status, 401, "{wrong}");
    }
    // `me:0123456789abcdef` in base64, as a browser sends it.
    for right in ["Bearer 0123456789abcdef", "bearer 0123456789abcdef", "Basic bWU6MDEyMzQ1Njc4OWFiY2RlZg=="]
    {
        assert_eq!(app.get("/clientz").header("authorization", right).await.status, 200, "{right}");
    }
    by(app.get("/hello"), OLD).await;
    let page = app.get("/clientz").bearer("0123456789abcdef").header("accept", "text/html,*/*;q=0.8").await;
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(page.headers["cache-control"], "no-store");
    for part in ["1.0.0", OLD, "hello", "without a contract id"] {
        assert!(page.text().contains(part), "{part}: {}", page.text());
    }
}

#[tokio::test]
async fn labels_stand_on_the_page_as_text() {
    let releases = RELEASES.replace("1.0.0", "<script>");
    let app = TestApp::new(Api::<()>::new("clients", "1.0.0").routes(routes![hello]).releases(releases));
    let page = app.get("/clientz").header("accept", "text/html").await.text();
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script>"), "{page}");
}

#[test]
fn wrong_releases_are_mistakes_of_the_api() {
    let releases = RELEASES.replace(OLD, "aa");
    let told = api().releases(releases).build().unwrap_err();
    assert_eq!(told.mistakes().len(), 1, "{told}");
    assert!(told.mistakes()[0].contains("contracts/releases.json: release 1 (`1.0.0`)"), "{told}");
}

#[tokio::test]
#[should_panic(
    expected = "clients.floor is `9.0.0`, which no stored release has; the stored releases are `1.0.0`, `1.1.0`"
)]
async fn a_floor_that_no_release_has_stops_the_start() {
    app("floor = \"9.0.0\"").get("/hello").await;
}

#[tokio::test]
#[should_panic(expected = "clients.token is shorter")]
async fn a_token_that_can_be_guessed_is_refused() {
    app("token = \"short\"").get("/hello").await;
}

#[tokio::test]
#[should_panic(expected = "`allow` or `refuse`")]
async fn a_rule_is_one_of_two_words() {
    app("unknown = \"maybe\"").get("/hello").await;
}

#[test]
fn this_crate_has_no_releases() {
    assert_eq!(queqiao::releases!(), "");
}
