//! Requests under a key: carried out once, whatever happens between the first and the next.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use queqiao::prelude::*;
use queqiao::{Boot, Context, Database, Services, StoreError, TestApp, TestResponse, Tx, values};
use serde_json::json;
use tokio::sync::Semaphore;

#[derive(Clone)]
struct App {
    sql: Database,
    /// How often a handler ran.
    runs: Arc<AtomicU32>,
    /// Lets handlers that wait go on, one for each permit.
    gate: Arc<Semaphore>,
}

async fn connect(boot: &Boot) -> queqiao::Result<App> {
    boot.sql().execute("CREATE TABLE orders (article TEXT NOT NULL)", &[]).await?;
    Ok(App { sql: boot.sql().clone(), runs: Arc::default(), gate: Arc::new(Semaphore::new(0)) })
}

impl App {
    fn ran(&self) -> u32 {
        self.runs.fetch_add(1, Ordering::SeqCst) + 1
    }

    async fn wait(&self) {
        self.gate.acquire().await.expect("the gate is never closed").forget();
    }
}

#[model]
struct Order {
    article: String,
    #[serde(default)]
    count: u32,
    /// What happens to it.
    #[serde(default)]
    fate: Fate,
}

#[model]
#[derive(Clone, Copy, Default, PartialEq)]
enum Fate {
    #[default]
    Fine,
    /// The handler waits at the gate.
    Waits,
    SoldOut,
    TooMany,
    Broken,
    Panics,
    /// The answer is beyond what is kept.
    Long,
    /// The transaction outlives the handler.
    Lost,
}

#[model]
struct Placed {
    run: u32,
    text: String,
}

#[derive(Debug, ApiError)]
enum OrderError {
    /// Sold out.
    #[error(status = 409)]
    SoldOut,
    /// Too many orders.
    #[error(status = 429)]
    TooMany,
    #[error(internal, from(StoreError))]
    Internal(Internal),
}

const INSERT: &str = "INSERT INTO orders (article) VALUES ($1)";

async fn meet(app: &App, order: Order) -> Result<Tagged<Placed>, OrderError> {
    let run = app.ran();
    let text = match order.fate {
        Fate::Waits => {
            app.wait().await;
            String::new()
        }
        Fate::SoldOut => return Err(OrderError::SoldOut),
        Fate::TooMany => return Err(OrderError::TooMany),
        Fate::Broken => return Err(OrderError::Internal(Internal::message("a disk broke"))),
        Fate::Panics => panic!("a mistake"),
        Fate::Long => "x".repeat(1024 * 1024),
        Fate::Fine | Fate::Lost => order.article,
    };
    Ok(Tagged::by_version(Placed { run, text }, run))
}

/// Order by hand.
#[post("/orders", idempotent)]
async fn order(
    user: User,
    State(app): State<App>,
    Json(order): Json<Order>,
) -> Result<Tagged<Placed>, OrderError> {
    let _ = user;
    app.sql.execute(INSERT, &values![order.article.as_str()]).await?;
    meet(&app, order).await
}

/// Order in the transaction.
#[post("/safe-orders", idempotent)]
async fn order_safely(
    user: User,
    mut tx: Tx,
    State(app): State<App>,
    Json(order): Json<Order>,
) -> Result<Tagged<Placed>, OrderError> {
    let _ = user;
    tx.begin().await?.execute(INSERT, &values![order.article.as_str()]).await?;
    meet(&app, order).await
}

/// Order in the transaction, without a key.
#[post("/plain-orders")]
async fn order_plainly(
    mut tx: Tx,
    State(app): State<App>,
    Json(order): Json<Order>,
) -> Result<Tagged<Placed>, OrderError> {
    tx.begin().await?.execute(INSERT, &values![order.article.as_str()]).await?;
    if order.fate == Fate::Lost {
        tokio::spawn(async move {
            let _tx = tx;
            std::future::pending::<()>().await;
        });
    }
    meet(&app, order).await
}

struct Shop;

impl HeaderField for Shop {
    const NAME: &'static str = "x-shop";
    type Value = Option<String>;
}

#[model]
struct Note {
    note: Option<String>,
}

/// Count a visit; anyone may.
#[put("/visits/{place}", idempotent)]
async fn visit(
    Path(place): Path<String>,
    Query(note): Query<Note>,
    Header(shop): Header<Shop>,
    State(app): State<App>,
) -> String {
    format!("{place} {:?} {shop:?} {}", note.note, app.ran())
}

/// Count a visit of whoever comes.
#[post("/greetings", idempotent)]
async fn greet(user: Option<User>, State(app): State<App>) -> String {
    format!("{} {}", user.is_some(), app.ran())
}

/// How many orders there are.
#[get("/orders/count")]
async fn count(State(app): State<App>) -> Result<i32, OrderError> {
    let row = app.sql.row("SELECT count(*) FROM orders", &[]).await?;
    Ok(row.map_or(Ok(0), |row| row.get(0))?)
}

fn api() -> Api<App> {
    Api::new("shop", "1.0.0").routes(routes![order, order_safely, order_plainly, visit, greet, count])
}

fn app() -> TestApp {
    TestApp::with(api(), connect)
}

const KEY: &str = "8e03978e-40d5-43e1-bc93-6894a57f9324";

fn of(fate: &str) -> serde_json::Value {
    json!({ "article": "tea", "fate": fate })
}

async fn send(app: &TestApp, path: &str, key: &str, body: &serde_json::Value) -> TestResponse {
    app.user("alice").post(path).header("idempotency-key", key).json(body).await
}

async fn orders(app: &TestApp) -> i32 {
    app.get("/orders/count").await.json()
}

fn replayed(response: &TestResponse) -> bool {
    response.headers.contains_key("idempotent-replayed")
}

#[tokio::test]
async fn a_repeat_gets_the_answer_of_the_first() {
    let app = app();
    for path in ["/orders", "/safe-orders"] {
        let before = orders(&app).await;
        let first = send(&app, path, KEY, &of("fine")).await;
        assert!(!replayed(&first));
        let again = send(&app, path, KEY, &of("fine")).await;
        assert!(replayed(&again));
        assert_eq!((again.status, &again.body), (first.status, &first.body));
        for header in ["etag", "content-type"] {
            assert_eq!(again.headers[header], first.headers[header]);
        }
        assert_ne!(
            again.headers["x-request-id"], first.headers["x-request-id"],
            "an id belongs to one message"
        );
        assert_eq!(orders(&app).await, before + 1);
        let next = send(&app, path, "another-key-0123456789", &of("fine")).await;
        assert_ne!(next.body, first.body);
        assert_eq!(orders(&app).await, before + 2);
    }
}

#[tokio::test]
async fn another_request_under_a_key_is_refused() {
    let app = app();
    send(&app, "/orders", KEY, &json!({ "article": "tea", "count": 2 })).await.json::<Placed>();
    let other = send(&app, "/orders", KEY, &json!({ "article": "tea", "count": 3 })).await;
    assert_eq!((other.status.as_u16(), other.code().as_str()), (422, "idempotency.key_reused"));
    // The same in other words.
    let same = app.user("alice").post("/orders").header("idempotency-key", KEY);
    let same = same.header("content-type", "application/json; charset=utf-8");
    assert!(replayed(&same.body("{ \"count\":2,\n \"article\" : \"t\\u0065a\" }").await));

    let visit = async |path: &str, shop: &str| {
        app.put(path).header("idempotency-key", KEY).header("x-shop", shop).await
    };
    let first = visit("/visits/here?note=a", "one").await.json::<String>();
    assert_eq!(visit("/visits/here?note=a", "one").await.json::<String>(), first);
    for (path, shop) in
        [("/visits/there?note=a", "one"), ("/visits/here?note=b", "one"), ("/visits/here?note=a", "two")]
    {
        assert_eq!(visit(path, shop).await.code(), "idempotency.key_reused", "{path} {shop}");
    }
    // A header that no argument takes says nothing of the request.
    let traced = app.put("/visits/here?note=a").header("idempotency-key", KEY).header("x-shop", "one");
    assert_eq!(traced.header("x-trace", "7").await.json::<String>(), first);
}

#[tokio::test]
async fn refusals_come_again_and_invitations_to_come_again_do_not() {
    let app = app();
    for path in ["/orders", "/safe-orders"] {
        let refused = send(&app, path, KEY, &of("soldOut")).await;
        assert_eq!(refused.code(), "order.sold_out");
        let again = send(&app, path, KEY, &of("soldOut")).await;
        assert!(replayed(&again) && again.body == refused.body, "{again:?}");
        let key = "too-many-0123456789";
        for _ in 0..2 {
            let many = send(&app, path, key, &of("tooMany")).await;
            assert!(!replayed(&many));
            assert_eq!(many.code(), "order.too_many");
        }
    }
    // By hand, the effects of the three that ran stayed.
    assert_eq!(orders(&app).await, 3);
}

#[tokio::test]
async fn what_was_refused_before_the_handler_is_not_kept() {
    let app = app();
    let wrong = send(&app, "/orders", KEY, &json!({ "article": 7 })).await;
    assert_eq!(wrong.code(), "validation");
    assert!(!replayed(&send(&app, "/orders", KEY, &of("fine")).await));
    assert_eq!(
        app.post("/orders").header("idempotency-key", KEY).json(&of("fine")).await.code(),
        "auth.required"
    );
    let keyless = app.user("alice").post("/orders").body("no JSON at all").await;
    assert_eq!((keyless.status.as_u16(), keyless.code().as_str()), (400, "idempotency.key_required"));
    assert_eq!(send(&app, "/orders", "short", &of("fine")).await.code(), "idempotency.key_invalid");
}

#[tokio::test]
async fn after_a_failure_nobody_knows_but_for_what_the_transaction_did() {
    let app = app();
    for (fate, key) in [("broken", "broken-0123456789"), ("panics", "panics-0123456789")] {
        assert_eq!(send(&app, "/orders", key, &of(fate)).await.code(), "internal");
        for _ in 0..2 {
            let unknown = send(&app, "/orders", key, &of(fate)).await;
            assert_eq!((unknown.status.as_u16(), unknown.code().as_str()), (409, "idempotency.unknown"));
        }
    }
    assert_eq!(orders(&app).await, 2);
    for (fate, key) in [("broken", "broken-0123456789"), ("panics", "panics-0123456789")] {
        for _ in 0..2 {
            assert_eq!(send(&app, "/safe-orders", key, &of(fate)).await.code(), "internal", "{fate}");
        }
        assert_eq!(orders(&app).await, 2, "{fate}");
    }
}

#[tokio::test]
async fn a_transaction_is_kept_with_a_success_only() {
    let app = app();
    app.post("/plain-orders").json(&of("fine")).await.json::<Placed>();
    assert_eq!(app.post("/plain-orders").json(&of("soldOut")).await.code(), "order.sold_out");
    assert_eq!(app.post("/plain-orders").json(&of("panics")).await.code(), "internal");
    assert_eq!(orders(&app).await, 1);
    assert_eq!(app.post("/plain-orders").json(&of("lost")).await.code(), "internal");
}

#[tokio::test]
async fn users_have_keys_of_their_own_and_the_anonymous_share_theirs() {
    let app = app();
    let greet = async |user: Option<&str>| {
        let request = match user {
            Some(user) => app.user(user).post("/greetings"),
            None => app.post("/greetings"),
        };
        request.header("idempotency-key", KEY).await.json::<String>()
    };
    let (alice, bob, nobody) = (greet(Some("alice")).await, greet(Some("bob")).await, greet(None).await);
    assert_eq!([alice.as_str(), &bob, &nobody], ["true 1", "true 2", "false 3"]);
    assert_eq!(
        [greet(Some("alice")).await, greet(Some("bob")).await, greet(None).await],
        [alice, bob, nobody]
    );
}

#[tokio::test]
async fn a_key_is_forgotten_when_its_time_is_over() {
    let app = app().configuration("[idempotency]\nremembered = \"1h\"");
    let first = send(&app, "/orders", KEY, &of("fine")).await.json::<Placed>();
    app.advance(Duration::from_secs(3599));
    assert_eq!(send(&app, "/orders", KEY, &of("fine")).await.json::<Placed>().run, first.run);
    app.advance(Duration::from_secs(1));
    assert_eq!(send(&app, "/orders", KEY, &of("fine")).await.json::<Placed>().run, first.run + 1);
}

#[tokio::test]
async fn an_answer_beyond_the_limit_is_given_once() {
    let app = app();
    for path in ["/orders", "/safe-orders"] {
        assert_eq!(send(&app, path, KEY, &of("long")).await.json::<Placed>().text.len(), 1024 * 1024);
        let again = send(&app, path, KEY, &of("long")).await;
        assert_eq!((again.status.as_u16(), again.code().as_str()), (409, "idempotency.answer_not_kept"));
    }
    assert_eq!(orders(&app).await, 2);
}

#[tokio::test]
async fn each_answer_is_compressed_for_who_gets_it() {
    let app = app();
    let long = json!({ "article": "茶".repeat(200) });
    let send = async |encoding: &str| {
        let request = app.user("alice").post("/orders").header("idempotency-key", KEY);
        request.header("accept-encoding", encoding).json(&long).await
    };
    let plain = send("identity").await;
    assert!(!plain.headers.contains_key("content-encoding"));
    let packed = send("gzip").await;
    assert!(replayed(&packed) && packed.headers["content-encoding"] == "gzip", "{packed:?}");
    assert_eq!(send("identity").await.body, plain.body);
}

/// An app whose handlers wait, and its state.
async fn with_gate(configuration: &str) -> (TestApp, App) {
    let shared: Arc<std::sync::Mutex<Option<App>>> = Arc::default();
    let kept = Arc::clone(&shared);
    let app = TestApp::with(api(), Connect(kept)).configuration(configuration);
    app.boot().await;
    let state = shared.lock().unwrap().clone().expect("the app has started");
    (app, state)
}

/// `connect`, which leaves the state here too.
struct Connect(Arc<std::sync::Mutex<Option<App>>>);

impl<'a> queqiao::Connect<'a, App> for Connect {
    type Connecting = std::pin::Pin<Box<dyn Future<Output = queqiao::Result<App>> + Send + 'a>>;

    fn connect(self, boot: &'a Boot) -> Self::Connecting {
        Box::pin(async move {
            let app = connect(boot).await?;
            *self.0.lock().unwrap() = Some(app.clone());
            Ok(app)
        })
    }
}

/// Until the handler has begun.
async fn begun(state: &App, runs: u32) {
    while state.runs.load(Ordering::SeqCst) < runs {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn while_the_first_runs_repeats_are_told_so() {
    for path in ["/orders", "/safe-orders"] {
        // The handler of the second holds SQLite's lock for writing; repeats must not wait for it.
        let (app, state) = with_gate("[database]\nbusy_timeout = \"1s\"").await;
        let first = {
            let app = app.clone();
            tokio::spawn(async move { send(&app, path, KEY, &of("waits")).await })
        };
        begun(&state, 1).await;
        if path == "/orders" {
            let running = send(&app, path, KEY, &of("waits")).await;
            assert_eq!((running.status.as_u16(), running.code().as_str()), (409, "idempotency.running"));
            assert_eq!(running.headers["retry-after"], "1");
            assert_eq!(send(&app, path, KEY, &of("fine")).await.code(), "idempotency.key_reused");
        }
        state.gate.add_permits(1);
        let first = first.await.unwrap();
        assert_eq!(send(&app, path, KEY, &of("waits")).await.body, first.body);
        assert_eq!(state.runs.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn what_has_begun_goes_on_when_the_client_hangs_up() {
    for path in ["/orders", "/safe-orders"] {
        let (app, state) = with_gate("").await;
        let call = {
            let app = app.clone();
            tokio::spawn(async move { send(&app, path, KEY, &of("waits")).await })
        };
        begun(&state, 1).await;
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
        state.gate.add_permits(1);
        // The phone is back on the net, and asks again until it is told.
        let told = loop {
            let told = send(&app, path, KEY, &of("waits")).await;
            if told.status.is_success() {
                break told;
            }
            assert_eq!(told.code(), "idempotency.running");
            tokio::task::yield_now().await;
        };
        assert!(replayed(&told));
        assert_eq!((told.json::<Placed>().run, orders(&app).await), (1, 1));
    }
}

#[tokio::test]
async fn the_time_of_a_request_ends_before_that_of_its_handler() {
    let (app, state) = with_gate("[server]\nrequest_timeout = \"100ms\"").await;
    assert_eq!(send(&app, "/orders", KEY, &of("waits")).await.code(), "timed_out");
    state.gate.add_permits(1);
    while send(&app, "/orders", KEY, &of("waits")).await.status.as_u16() != 200 {
        tokio::task::yield_now().await;
    }
    assert_eq!(state.runs.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_handler_that_does_not_end_is_ended() {
    let configuration = "[server]\nrequest_timeout = \"1s\"\n[idempotency]\npatience = \"1s\"";
    for (path, next) in [("/orders", "idempotency.unknown"), ("/safe-orders", "timed_out")] {
        let (app, state) = with_gate(configuration).await;
        assert_eq!(send(&app, path, KEY, &of("waits")).await.code(), "timed_out");
        // Its end is being written down.
        let told = loop {
            let told = send(&app, path, KEY, &of("waits")).await.code();
            if told != "idempotency.running" {
                break told;
            }
            tokio::task::yield_now().await;
        };
        assert_eq!(told, next, "{path}");
        let runs = if path == "/orders" { 1 } else { 2 };
        assert_eq!(state.runs.load(Ordering::SeqCst), runs, "{path}");
        assert_eq!(orders(&app).await, if path == "/orders" { 1 } else { 0 });
    }
}

#[test]
fn the_document_says_it() {
    let built = api().build().unwrap();
    let operation = &built.document().value()["paths"]["/orders"]["post"];
    assert_eq!(operation["x-queqiao-idempotent"], true);
    let parameters = operation["parameters"].as_array().unwrap();
    let key = parameters.iter().find(|parameter| parameter["name"] == "Idempotency-Key").expect("the key");
    assert_eq!(
        (&key["in"], &key["required"], &key["schema"]["minLength"]),
        (&json!("header"), &json!(true), &json!(16))
    );
    for (status, code) in [
        ("400", "idempotency.key_required"),
        ("400", "idempotency.key_invalid"),
        ("409", "idempotency.running"),
        ("409", "idempotency.unknown"),
        ("409", "idempotency.answer_not_kept"),
        ("422", "idempotency.key_reused"),
        ("503", "store.unavailable"),
    ] {
        assert!(operation["responses"][status].to_string().contains(code), "{status} {code}");
    }
    assert!(operation["responses"]["200"]["headers"]["Idempotent-Replayed"].is_object());
    let plain = &built.document().value()["paths"]["/plain-orders"]["post"];
    assert!(plain["x-queqiao-idempotent"].is_null() && !plain.to_string().contains("idempotency."));
}

/// Reads in a transaction.
#[get("/read")]
async fn read(_: Tx) {}

/// Writes in two.
#[post("/twice")]
async fn twice(_: Tx, _: Tx) {}

struct Form;

impl<S: Send + Sync> queqiao::Extract<S> for Form {
    fn describe(operation: &mut queqiao::Operation<'_>) {
        operation.request_body::<Note>("multipart/form-data", true);
    }

    async fn extract(_: &mut queqiao::Incoming, _: &Context<S>) -> Result<Self, queqiao::Problem> {
        Ok(Self)
    }
}

/// Uploads once.
#[post("/upload", idempotent)]
async fn upload(_: Form) {}

#[test]
fn misuse_is_told_when_the_api_is_built() {
    let api: Api = Api::new("shop", "1").routes(routes![read, twice, upload]);
    let told = api.build().unwrap_err().to_string();
    assert!(told.contains("cannot be said of an upload"), "{told}");
    assert!(told.contains("GET reads") && told.contains("two arguments take the transaction"), "{told}");
    let app = App { sql: Database::clone(&sql()), runs: Arc::default(), gate: Arc::new(Semaphore::new(0)) };
    let told = self::api().into_router(Context::new(app, Services::new())).unwrap_err().to_string();
    assert!(told.contains("is idempotent") && told.contains("use `serve`"), "{told}");
}

fn sql() -> Database {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(Database::open("sqlite::memory:", &Default::default())).unwrap()
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_told_as_such() {
    let app = app();
    let token = app.user("alice").log_in().await;
    let code = app.login_code("alice").await;
    app.boot().await.sql().close().await;
    let unavailable = |response: TestResponse| {
        assert_eq!((response.status.as_u16(), response.code().as_str()), (503, "store.unavailable"));
        assert_eq!(response.headers["retry-after"], "2");
        assert!(!response.text().contains("pool"), "{}", response.text());
    };
    // From a handler, from the check of a token, from the login, from the record of a request, from a transaction.
    unavailable(app.get("/orders/count").await);
    let again = app.post("/orders").bearer(&token).header("idempotency-key", KEY);
    unavailable(again.json(&of("fine")).await);
    unavailable(app.post("/auth/login").json(&json!({ "code": code })).await);
    unavailable(app.post("/greetings").header("idempotency-key", KEY).await);
    unavailable(app.post("/plain-orders").json(&of("fine")).await);
    assert_eq!(app.get("/readyz").await.code(), "not_ready");
}
