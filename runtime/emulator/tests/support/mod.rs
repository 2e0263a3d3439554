//! A client of WeChat's API in raw HTTP and JSON. It knows addresses and parameters, and no type of the emulator's
//! calls; the clock moves and faults are injected by the console's HTTP API as well.

#![allow(dead_code, reason = "each test file uses its part")]

use std::sync::OnceLock;
use std::time::Duration;

use queqiao_emulator::{Clock, Emulator, Running, Settings};
use serde_json::{Value, json};

pub(crate) const ONE: &str = "wx1111111111111111";
pub(crate) const TWO: &str = "wx2222222222222222";
pub(crate) const SECRET_ONE: &str = "secret-one";
pub(crate) const SECRET_TWO: &str = "secret-two";

/// Reading the system's certificates takes longer than any test; connections are not shared.
static HTTP: OnceLock<reqwest::Client> = OnceLock::new();

/// An emulator with two apps that is as strict as WeChat, and a client.
pub(crate) struct World {
    pub(crate) emulator: Running,
    pub(crate) http: reqwest::Client,
}

impl World {
    pub(crate) async fn new() -> Self {
        let clock = Clock::fixed("2026-06-01T04:00:00Z".parse().unwrap());
        let builder = Emulator::builder().clock(clock).seed(7).settings(Settings::strict());
        let emulator = builder.app(ONE, SECRET_ONE).app(TWO, SECRET_TWO).start().await.unwrap();
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20));
        let http = HTTP.get_or_init(|| client.pool_max_idle_per_host(0).build().unwrap()).clone();
        Self { emulator, http }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.emulator.url())
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Value {
        let response = request.send().await.unwrap();
        let text = response.text().await.unwrap();
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"))
    }

    pub(crate) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Value {
        self.answer(self.http.get(self.url(path)).query(query)).await
    }

    /// A POST without a token.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        self.answer(self.http.post(self.url(path)).json(&body)).await
    }

    /// The console's API.
    pub(crate) async fn console(&self, path: &str, body: Value) -> Value {
        let answer = self.post(&format!("/emulator/{path}"), body).await;
        assert!(answer.get("error").is_none(), "{path}: {answer}");
        answer
    }

    pub(crate) async fn settings(&self, change: Value) {
        self.console("settings", change).await;
    }

    pub(crate) async fn app(&self, change: Value) {
        self.console(&format!("apps/{ONE}"), change).await;
    }

    pub(crate) async fn advance(&self, seconds: u64) {
        self.console("clock", json!({ "advance": seconds })).await;
    }

    pub(crate) async fn token_of(&self, appid: &str, secret: &str) -> String {
        let body = json!({ "grant_type": "client_credential", "appid": appid, "secret": secret });
        let answer = self.post("/cgi-bin/stable_token", body).await;
        answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    pub(crate) async fn token(&self) -> String {
        self.token_of(ONE, SECRET_ONE).await
    }

    /// A call of app one with its token and a JSON body.
    pub(crate) async fn call(&self, path: &str, body: Value) -> Value {
        let token = self.token().await;
        self.answer(self.http.post(self.url(path)).query(&[("access_token", &token)]).json(&body)).await
    }

    /// The same with the bytes of a body.
    pub(crate) async fn call_raw(&self, path: &str, body: &'static str) -> Value {
        let token = self.token().await;
        self.answer(self.http.post(self.url(path)).query(&[("access_token", &token)]).body(body)).await
    }

    /// A GET of app one with its token.
    pub(crate) async fn fetch(&self, path: &str, query: &[(&str, &str)]) -> Value {
        let token = self.token().await;
        let query: Vec<_> = query.iter().copied().chain([("access_token", token.as_str())]).collect();
        self.get(path, &query).await
    }

    pub(crate) async fn code(&self, appid: &str, user: &str) -> String {
        let answer = self.console("login-codes", json!({ "appid": appid, "user": user })).await;
        answer["code"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn phone_code(&self, appid: &str, user: &str) -> String {
        let answer = self.console("phone-codes", json!({ "appid": appid, "user": user })).await;
        answer["code"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn exchange(&self, code: &str) -> Value {
        let query =
            [("appid", ONE), ("secret", SECRET_ONE), ("js_code", code), ("grant_type", "authorization_code")];
        self.get("/sns/jscode2session", &query).await
    }

    /// Logs alice in to app one, and answers openid and session_key.
    pub(crate) async fn alice(&self) -> (String, String) {
        let answer = self.exchange(&self.code(ONE, "alice").await).await;
        let text = |name: &str| answer[name].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        (text("openid"), text("session_key"))
    }

    pub(crate) async fn openid(&self) -> String {
        self.alice().await.0
    }

    /// Uploads bytes as temporary media.
    pub(crate) async fn upload(&self, name: &'static str, kind: &str, bytes: Vec<u8>) -> Value {
        let token = self.token().await;
        let part = reqwest::multipart::Part::bytes(bytes).file_name("a.png");
        let form = reqwest::multipart::Form::new().part(name, part);
        let query = [("access_token", token.as_str()), ("type", kind)];
        self.answer(self.http.post(self.url("/cgi-bin/media/upload")).query(&query).multipart(form)).await
    }
}

/// A PNG of one pixel.
pub(crate) fn png() -> Vec<u8> {
    const PNG: [u8; 8] = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];
    PNG.into()
}
