//! A small server that keeps the contract of `data/todo.json` as far as the client can notice, and counts.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, Method, Response, Uri};
use axum::routing::{any, get, post};
use serde_json::{Value, json};

#[derive(Default)]
pub(crate) struct Book {
    /// Log-outs of all devices that were carried out.
    pub(crate) everywhere: usize,
    /// Requests by "METHOD /path".
    pub(crate) requests: BTreeMap<String, usize>,
    /// Valid tokens.
    pub(crate) tokens: HashSet<String>,
    /// Codes that were exchanged, in their order.
    pub(crate) codes: Vec<String>,
    /// Titles of the todos that were added.
    pub(crate) added: Vec<String>,
    /// Each answer to a valid token renews it to this one.
    pub(crate) renew: Option<String>,
    /// Whether every client is too old.
    pub(crate) too_old: bool,
    /// The next logins fail with 503.
    pub(crate) failing_logins: usize,
    /// Answers that come before all others, by "METHOD /path".
    pub(crate) answers: BTreeMap<String, VecDeque<Answer>>,
    /// Bodies and headers of what got such an answer, and of what was echoed.
    pub(crate) seen: Vec<Value>,
    /// The ids of templates of subscribe messages, which logins and reports tell; none: logins tell nothing.
    pub(crate) templates: Option<Value>,
    /// The next reports of subscriptions are answered so.
    pub(crate) failing_reports: VecDeque<u16>,
    /// What was reported: the report's id, and its body.
    pub(crate) reports: Vec<(String, Value)>,
    /// How many tokens were given out.
    issued: usize,
}

/// A status, headers and a body.
pub(crate) type Answer = (u16, &'static [(&'static str, &'static str)], &'static str);

#[derive(Clone, Default)]
pub(crate) struct Server {
    pub(crate) book: Arc<Mutex<Book>>,
    pub(crate) address: Option<SocketAddr>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let mut server = Self::default();
        let app = Router::new()
            .route("/auth/login", post(login))
            .route("/auth/logout", post(logout))
            .route("/todos", get(list).post(add))
            .route("/todos/{id}", get(one))
            .route("/todos/{id}/done", any(already_done))
            .route("/echo", any(echo))
            .route("/echo/{*rest}", any(echo))
            .route("/subscriptions/{report}", axum::routing::put(report))
            .route("/text", get(|| async { "文字 \u{1f600}" }))
            .route("/bytes", get(bytes))
            .route("/nothing", any(|| async { answer(204, None, "") }))
            .route("/empty", get(|| async { answer(200, None, "") }))
            .route("/broken", get(|| async { answer(200, Some("application/json"), "{\"children\": [") }))
            .route("/moved", get(|| async { axum::response::Redirect::to("/text") }))
            .route("/status/{status}", get(status))
            .layer(axum::middleware::from_fn_with_state(server.clone(), planned))
            .with_state(server.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        server.address = listener.local_addr().ok();
        tokio::spawn(async move { axum::serve(listener, app).await });
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address.expect("started"))
    }

    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().expect("no test panics while it holds the book")
    }

    pub(crate) fn total(&self) -> usize {
        self.book().requests.values().sum()
    }

    fn count(&self, method: &Method, uri: &Uri) {
        *self.book().requests.entry(format!("{method} {}", uri.path())).or_default() += 1;
    }

    /// Counts the request; then the renewed token, or the 401.
    #[expect(clippy::result_large_err, reason = "the error is the answer")]
    fn admit(
        &self,
        method: &Method,
        uri: &Uri,
        header: &HeaderMap,
    ) -> Result<Option<String>, Response<Body>> {
        self.count(method, uri);
        let book = self.book();
        if book.too_old {
            return Err(too_old(header));
        }
        let token = header.get("authorization").and_then(|value| value.to_str().ok());
        match token.and_then(|token| token.strip_prefix("Bearer ")) {
            None => Err(problem(401, "auth.required", None)),
            Some(token) if book.tokens.contains(token) => Ok(book.renew.clone()),
            Some(_) => Err(problem(401, "auth.expired", None)),
        }
    }
}

/// The answer that a test has planned, if there is one.
async fn planned(
    State(server): State<Server>,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response<Body> {
    let key = format!("{} {}", request.method(), request.uri().path());
    let answer = server.book().answers.get_mut(&key).and_then(VecDeque::pop_front);
    let Some((status, headers, body)) = answer else { return next.run(request).await };
    server.count(request.method(), request.uri());
    let header: BTreeMap<String, String> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
        .collect();
    server.book().seen.push(json!({ "header": header }));
    let mut response = Response::builder().status(status).header("content-type", "application/json");
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(Body::from(body)).expect("a response")
}

fn answer(status: u16, media_type: Option<&str>, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::builder().status(status).header("X-Request-Id", "request-7");
    if let Some(media_type) = media_type {
        response = response.header("content-type", media_type);
    }
    response.body(body.into()).expect("a response")
}

fn problem(status: u16, code: &str, errors: Option<Value>) -> Response<Body> {
    let body =
        json!({"title": "没有", "status": status, "code": code, "detail": "in words", "errors": errors});
    answer(status, Some("application/problem+json"), body.to_string())
}

/// In the language of the phone.
fn too_old(header: &HeaderMap) -> Response<Body> {
    let chinese =
        header.get("accept-language").is_some_and(|language| language.as_bytes().starts_with(b"zh"));
    let (title, detail) =
        if chinese { ("版本过旧", "请重新打开") } else { ("Too old", "Open it again") };
    let body = json!({ "title": title, "detail": detail, "status": 410, "code": "client.too_old" });
    answer(410, Some("application/problem+json"), body.to_string())
}

fn json(status: u16, value: &Value, renewed: Option<String>) -> Response<Body> {
    let mut response = answer(status, Some("application/json"), value.to_string());
    if let Some(token) = renewed {
        response.headers_mut().insert("x-queqiao-token", token.parse().expect("a header"));
    }
    response
}

fn todo(title: &str) -> Value {
    json!({"id": "1", "title": title, "note": null, "done": false, "createdAt": "2026-01-01T00:00:00Z"})
}

async fn login(
    State(server): State<Server>,
    method: Method,
    uri: Uri,
    header: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    server.count(&method, &uri);
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let code = body["code"].as_str().unwrap_or_default().to_owned();
    let mut book = server.book();
    if book.too_old {
        return too_old(&header);
    }
    if book.codes.contains(&code) {
        return problem(401, "auth.code_invalid", None);
    }
    book.codes.push(code);
    if book.failing_logins > 0 {
        book.failing_logins -= 1;
        return problem(503, "wechat.busy", None);
    }
    book.issued += 1;
    let token = format!("token-{}", book.issued);
    book.tokens.insert(token.clone());
    let mut session = json!({"token": token, "expiresIn": 7200});
    if let Some(templates) = &book.templates {
        session["templates"] = templates.clone();
    }
    json(200, &session, None)
}

async fn report(State(server): State<Server>, Path(report): Path<String>, body: Bytes) -> Response<Body> {
    let mut book = server.book();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    book.reports.push((report, body));
    match book.failing_reports.pop_front() {
        Some(status) => problem(status, "subscription.failed", None),
        None => json(200, &json!({ "templates": book.templates.clone().unwrap_or(json!({})) }), None),
    }
}

async fn logout(
    State(server): State<Server>,
    method: Method,
    uri: Uri,
    header: HeaderMap,
    body: String,
) -> Response<Body> {
    if let Err(refused) = server.admit(&method, &uri, &header) {
        return refused;
    }
    server.book().everywhere += usize::from(body.contains("true"));
    server.book().tokens.clear();
    answer(204, None, "")
}

async fn list(State(server): State<Server>, method: Method, uri: Uri, header: HeaderMap) -> Response<Body> {
    match server.admit(&method, &uri, &header) {
        Ok(renewed) => json(200, &json!({"items": [todo("苹果")], "next": uri.query()}), renewed),
        Err(refused) => refused,
    }
}

async fn add(
    State(server): State<Server>,
    method: Method,
    uri: Uri,
    header: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    match server.admit(&method, &uri, &header) {
        Ok(renewed) => {
            let body: Value = serde_json::from_slice(&body).unwrap_or_default();
            let title = body["title"].as_str().unwrap_or_default().to_owned();
            server.book().added.push(title.clone());
            json(201, &todo(&title), renewed)
        }
        Err(refused) => refused,
    }
}

async fn one(
    State(server): State<Server>,
    Path(id): Path<String>,
    method: Method,
    uri: Uri,
    header: HeaderMap,
) -> Response<Body> {
    match server.admit(&method, &uri, &header) {
        Ok(_) if id == "missing" => problem(404, "todo.not_found", None),
        Ok(_) if id == "never" => problem(401, "auth.revoked", None),
        Ok(renewed) => json(200, &todo(&id), renewed),
        Err(refused) => refused,
    }
}

async fn already_done() -> Response<Body> {
    problem(409, "todo.already_done", None)
}

async fn echo(
    State(server): State<Server>,
    method: Method,
    uri: Uri,
    RawQuery(query): RawQuery,
    header: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    server.count(&method, &uri);
    let header: BTreeMap<_, _> =
        header.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default())).collect();
    let body = String::from_utf8_lossy(&body);
    let value = json!({"method": method.as_str(), "path": uri.path(), "query": query, "header": header, "body": body});
    server.book().seen.push(value.clone());
    json(200, &value, None)
}

async fn bytes(RawQuery(query): RawQuery) -> Response<Body> {
    match query {
        Some(_) => problem(404, "bytes.none", None),
        None => answer(200, Some("image/png"), vec![0x89, b'P', 0xff, 0x00]),
    }
}

async fn status(Path(status): Path<u16>) -> Response<Body> {
    match status {
        418 => problem(418, "tea.pot", None),
        422 => problem(
            422,
            "validation",
            Some(json!([{"pointer": "/title", "code": "length", "message": "1..=100"}])),
        ),
        502 => answer(502, Some("text/html"), "<html>Bad gateway</html>"),
        500 => answer(500, Some("application/json"), "\"just a string\""),
        status => problem(status, "some.code", None),
    }
}
