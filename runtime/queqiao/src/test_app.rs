//! The test kit: an API with its own database, a movable clock and users, without a socket.

use std::collections::BTreeMap;
use std::future::IntoFuture;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use queqiao_storage::{Clock, Leases};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::OnceCell;
use tower::ServiceExt;
use uuid::Uuid;

use crate::api::Api;
use crate::apps::Apps;
use crate::auth::LoginService;
use crate::message::MessageService;
use crate::serve::{Boot, Connect, Emulated, Mode, Result, Settings, Wired, emulate, wire};

type Start = Box<dyn FnOnce(Settings, Clock) -> BoxFuture<'static, Result<Running>> + Send>;

/// An API under test.
///
/// ```
/// use queqiao::TestApp;
/// use queqiao::prelude::*;
///
/// /// Greets.
/// #[get("/hello")]
/// async fn hello(_user: User) -> String {
///     "你好".to_owned()
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let app = TestApp::new(Api::<()>::new("greetings", "1.0.0").routes(routes![hello]));
/// assert_eq!(app.get("/hello").await.code(), "auth.required");
/// assert_eq!(app.user("alice").get("/hello").await.json::<String>(), "你好");
/// # }
/// ```
///
/// It starts with the first call: configuration, migrations, `connect`, emulated WeChat, all as in a development
/// build. Each has its own folder and database, which go with it, and a clock that only [`TestApp::advance`] moves.
///
/// Its methods panic where a test could only fail: if the API cannot be built or `connect` fails.
#[derive(Clone)]
pub struct TestApp {
    inner: Arc<Inner>,
}

struct Inner {
    start: Mutex<Option<Start>>,
    running: OnceCell<Running>,
    folder: tempfile::TempDir,
    configuration: Mutex<String>,
    clock: Clock,
}

struct Running {
    router: Router,
    boot: Boot,
    login: Arc<LoginService>,
    apps: Arc<Apps>,
    messages: MessageService,
    leases: Arc<dyn Leases>,
    emulated: Emulated,
    settings: Settings,
}

impl TestApp {
    /// An API whose state has a default, such as `()`; for any other state see [`TestApp::with`].
    pub fn new<S: Clone + Default + Send + Sync + 'static>(api: Api<S>) -> Self {
        async fn default<S: Default>(_: &Boot) -> Result<S> {
            Ok(S::default())
        }
        Self::with(api, default::<S>)
    }

    /// An API with the `connect` function that `serve` would get.
    pub fn with<S, F>(api: Api<S>, connect: F) -> Self
    where
        S: Clone + Send + Sync + 'static,
        F: for<'a> Connect<'a, S>,
    {
        let start: Start = Box::new(move |settings, clock| {
            async move {
                let built = api.build_to_serve()?;
                let emulated = emulate::start(&settings, clock.clone()).await?;
                let Wired { router, boot, login, apps, messages, leases, .. } =
                    wire(built, connect, &settings, clock, Some(&emulated)).await?;
                Ok(Running { router, boot, login, apps, messages, leases, emulated, settings })
            }
            .boxed()
        });
        Self {
            inner: Arc::new(Inner {
                start: Mutex::new(Some(start)),
                running: OnceCell::new(),
                folder: tempfile::tempdir().expect("a folder for temporary files"),
                configuration: Mutex::new(String::new()),
                clock: Clock::fixed(jiff::Timestamp::now()),
            }),
        }
    }

    /// The text of a `queqiao.toml` to start with, instead of an empty one.
    #[must_use]
    pub fn configuration(self, text: impl Into<String>) -> Self {
        *self.inner.configuration.lock().unwrap_or_else(PoisonError::into_inner) = text.into();
        self
    }

    async fn running(&self) -> &Running {
        let started = self.inner.running.get_or_try_init(|| async {
            let start = self.inner.start.lock().unwrap_or_else(PoisonError::into_inner).take();
            let start =
                start.ok_or_else(|| crate::Error::told("the app under test did not start the first time"))?;
            let text = self.inner.configuration.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let folder = self.inner.folder.path().to_owned();
            let settings = Settings::read(&text, &BTreeMap::new(), Mode::Development, folder)?;
            start(settings, self.inner.clock.clone()).await
        });
        match started.await {
            Ok(running) => running,
            Err(error) => panic!("the app under test does not start: {error}"),
        }
    }

    /// The clock of the app.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// Moves the clock.
    pub fn advance(&self, by: Duration) {
        self.inner.clock.advance(by).expect("the clock of a test can be moved");
    }

    /// What `connect` got: the database, for preparing and looking.
    pub async fn boot(&self) -> &Boot {
        &self.running().await.boot
    }

    /// The router, for a socket of your own or for axum's tools.
    pub async fn router(&self) -> Router {
        self.running().await.router.clone()
    }

    /// Serves on a free port of this machine, as long as the runtime of the test runs, and lets the emulator push there:
    /// what its users write and answer arrives.
    pub async fn listen(&self) -> SocketAddr {
        let running = self.running().await;
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("this machine has a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let router = running.router.clone();
        tokio::spawn(async move { axum::serve(listener, router).await });
        running.emulated.push_to(address, &running.settings).expect("the emulator pushes to this machine");
        address
    }

    /// Removes the uploads that were abandoned, as a server does when it starts and every ten minutes. How many there
    /// were.
    pub async fn sweep_files(&self) -> u64 {
        let running = self.running().await;
        let swept = running.boot.files().sweep(&*running.leases).await;
        swept.unwrap_or_else(|error| panic!("abandoned uploads cannot be removed: {error}"))
    }

    /// A code as `wx.login` gives it to this user: good for five minutes, once. In the first mini-program, where
    /// several are configured.
    pub async fn login_code(&self, user: &str) -> String {
        let first = self.running().await.apps.iter().next().expect("an app under test has a mini-program");
        self.login_code_in(first.appid(), user).await
    }

    /// A code as `wx.login` gives it to this user in a mini-program of the configuration.
    pub async fn login_code_in(&self, appid: &str, user: &str) -> String {
        let code = self.running().await.emulated.login_code(appid, user);
        code.expect("the emulator gives codes to every user of a configured mini-program")
    }

    /// The emulator that stands in for WeChat: users to act for, faults to inject, messages to look at. It shares the
    /// app's clock.
    pub async fn wechat(&self) -> &queqiao_emulator::Emulator {
        self.running().await.emulated.emulator()
    }

    /// How many codes WeChat was asked to exchange so far.
    pub async fn upstream_logins(&self) -> u64 {
        self.running().await.emulated.logins()
    }

    /// Deals with the messages that are due, as `serve` does every second: begins each in a task of its own. Media
    /// checks that WeChat has left without a verdict for thirty minutes are among them.
    pub async fn work_on_messages(&self) {
        let messages = &self.running().await.messages;
        messages.look_for_unanswered().await;
        messages.take_due().await;
    }

    /// A user, who logs in with the first call.
    pub fn user(&self, name: impl Into<String>) -> TestUser {
        TestUser { app: self.clone(), name: name.into(), roles: Vec::new(), token: Arc::new(OnceCell::new()) }
    }

    /// A GET without a token.
    pub fn get(&self, path: impl Into<String>) -> TestRequest {
        self.request(Method::GET, path)
    }

    /// A POST without a token.
    pub fn post(&self, path: impl Into<String>) -> TestRequest {
        self.request(Method::POST, path)
    }

    /// A PUT without a token.
    pub fn put(&self, path: impl Into<String>) -> TestRequest {
        self.request(Method::PUT, path)
    }

    /// A DELETE without a token.
    pub fn delete(&self, path: impl Into<String>) -> TestRequest {
        self.request(Method::DELETE, path)
    }

    /// Any request without a token.
    pub fn request(&self, method: Method, path: impl Into<String>) -> TestRequest {
        TestRequest {
            app: self.clone(),
            user: None,
            builder: Request::builder().method(method).uri(path.into()),
            body: Bytes::new(),
        }
    }
}

impl std::fmt::Debug for TestApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestApp").field("folder", &self.inner.folder.path()).finish_non_exhaustive()
    }
}

/// A logged-in user of a [`TestApp`].
#[derive(Clone)]
pub struct TestUser {
    app: TestApp,
    name: String,
    roles: Vec<String>,
    token: Arc<OnceCell<String>>,
}

impl TestUser {
    /// Gives the user a role, before the first call.
    #[must_use]
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.roles.push(role.into());
        self
    }

    /// The token that the calls carry; the first asks for it at `/auth/login`.
    pub async fn token(&self) -> &str {
        self.token.get_or_init(|| self.log_in()).await
    }

    /// The user's id in this app, as handlers see it in [`User::id`](crate::User::id).
    pub async fn id(&self) -> Uuid {
        let token = self.token().await;
        let caller = self.app.running().await.login.check(token).await;
        caller.expect("the user's session goes on").user.id
    }

    /// A fresh session; the calls of this value stay with theirs.
    pub async fn log_in(&self) -> String {
        let code = self.app.login_code(&self.name).await;
        let body = serde_json::json!({ "code": code });
        let session = self.app.post("/auth/login").json(&body).await.json::<Value>();
        let token = session["token"].as_str().expect("a login answers a token").to_owned();
        let running = self.app.running().await;
        for role in &self.roles {
            let caller = running.login.check(&token).await.expect("a new token is good");
            running.login.grant(&caller.user, role).await.expect("a user takes a role");
        }
        token
    }

    /// A GET as this user.
    pub fn get(&self, path: impl Into<String>) -> TestRequest {
        self.request(Method::GET, path)
    }

    /// A POST as this user.
    pub fn post(&self, path: impl Into<String>) -> TestRequest {
        self.request(Method::POST, path)
    }

    /// A PUT as this user.
    pub fn put(&self, path: impl Into<String>) -> TestRequest {
        self.request(Method::PUT, path)
    }

    /// A DELETE as this user.
    pub fn delete(&self, path: impl Into<String>) -> TestRequest {
        self.request(Method::DELETE, path)
    }

    /// Any request as this user.
    pub fn request(&self, method: Method, path: impl Into<String>) -> TestRequest {
        TestRequest { user: Some(self.clone()), ..self.app.request(method, path) }
    }
}

impl std::fmt::Debug for TestUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestUser").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A request; `.await` sends it.
#[must_use = "a request is sent by `.await`"]
pub struct TestRequest {
    app: TestApp,
    user: Option<TestUser>,
    builder: http::request::Builder,
    body: Bytes,
}

impl TestRequest {
    /// A header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    /// A token, instead of the user's own.
    pub fn bearer(self, token: &str) -> Self {
        let value = format!("Bearer {token}");
        self.header(AUTHORIZATION.as_str(), &value)
    }

    /// A JSON body.
    pub fn json<T: Serialize + ?Sized>(self, body: &T) -> Self {
        let bytes = serde_json::to_vec(body).expect("the body of a test is JSON");
        self.header(CONTENT_TYPE.as_str(), "application/json").body(bytes)
    }

    /// A body as it is.
    pub fn body(mut self, bytes: impl Into<Bytes>) -> Self {
        self.body = bytes.into();
        self
    }

    async fn send(self) -> TestResponse {
        let mut request = self.builder.body(Body::from(self.body)).expect("the request of a test is HTTP");
        if let Some(user) = &self.user
            && !request.headers().contains_key(AUTHORIZATION)
        {
            let value = format!("Bearer {}", user.token().await);
            request.headers_mut().insert(AUTHORIZATION, value.parse().expect("a token is visible text"));
        }
        let router = self.app.router().await;
        let response = router.oneshot(request).await.unwrap_or_else(|never| match never {});
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("the body of an answer ends").to_bytes();
        TestResponse { status: head.status, headers: head.headers, body }
    }
}

impl std::fmt::Debug for TestRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestRequest").field("user", &self.user).finish_non_exhaustive()
    }
}

impl IntoFuture for TestRequest {
    type Output = TestResponse;
    type IntoFuture = BoxFuture<'static, TestResponse>;

    fn into_future(self) -> Self::IntoFuture {
        self.send().boxed()
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct TestResponse {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl TestResponse {
    /// The body of a success, in its type.
    ///
    /// # Panics
    /// For an answer of 400 and above, and for a body of another type; the message shows the body.
    #[track_caller]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        assert!(self.status.as_u16() < 400, "{} {}", self.status, self.text());
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => panic!("{error}: {}", self.text()),
        }
    }

    /// The problem document of a failure.
    ///
    /// # Panics
    /// For a success.
    #[track_caller]
    pub fn problem(&self) -> Value {
        assert!(self.status.as_u16() >= 400, "{} {}", self.status, self.text());
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => panic!("{error}: {}", self.text()),
        }
    }

    /// The code of a failure.
    ///
    /// # Panics
    /// For a success.
    #[track_caller]
    pub fn code(&self) -> String {
        self.problem()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
