//! The generated client and encrypted data that no kept session_key decrypts: one login, one repeat, and then the page
//! takes the data again.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use queqiao::emulator::{DEFAULT_APPID, Settings};
use queqiao::prelude::*;
use queqiao::serde_json::{Value, json};
use queqiao::{Encrypted, TestApp};
use queqiao_codegen::{Options, generate};
use queqiao_quickjs_host::Host;

/// What is encrypted.
#[model]
struct Walk {
    steps: u32,
}

/// Bring the steps.
#[post("/steps")]
async fn add_steps(_user: User, walk: Encrypted<Walk>) -> u32 {
    walk.data.steps
}

fn api() -> Api<()> {
    Api::new("walks", "1.0.0").routes(routes![add_steps])
}

/// A phone and its server; whether a login brings another session_key.
async fn phone(new_session_key: bool) -> (TestApp, Host) {
    let app = TestApp::new(api());
    let settings = Settings { new_session_key, ..app.wechat().await.settings() };
    app.wechat().await.set_settings(settings).unwrap();
    let router = app.router().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { queqiao::axum::serve(listener, router).await });
    let client = generate(api().build().unwrap().document().value(), &Options::default()).unwrap();
    assert!(client.files["index.d.ts"].contains("'auth.session_stale'"));
    let wechat = app.clone();
    let host = Host::new(client.files).login(move || {
        let wechat = wechat.clone();
        async move { Ok(wechat.login_code("alice").await) }
    });
    let host = host.start().unwrap();
    host.eval_async(&format!("api.configure({{ baseUrl: 'http://{address}' }})")).await.unwrap();
    (app, host)
}

async fn taken(app: &TestApp, steps: u32) -> Value {
    let alice = app.wechat().await.user(DEFAULT_APPID, "alice").unwrap();
    let made = alice.encrypt(json!({ "steps": steps }).as_object().unwrap().clone()).unwrap();
    json!({ "encryptedData": made.encrypted_data, "iv": made.iv })
}

/// How a call with this data ends, and how many logins there have been.
async fn send(host: &Host, data: &Value) -> (Value, usize) {
    let script = format!("return await api.addSteps({data}).then(String, function (e) {{ return e.code }})");
    let ended = host.eval_async(&script).await.unwrap();
    (ended, host.counts().logins)
}

/// The server loses every session_key.
async fn forget_keys(app: &TestApp) {
    app.boot().await.sql().execute("DELETE FROM queqiao_session_keys", &[]).await.unwrap();
}

#[tokio::test]
async fn a_login_that_brings_the_key_is_enough() {
    let (app, host) = phone(false).await;
    host.eval_async("await api.addSteps({ encryptedData: 'x', iv: 'x' }).catch(String)").await.unwrap();
    let data = taken(&app, 7).await;
    assert_eq!(send(&host, &data).await, (json!("7"), 1));
    forget_keys(&app).await;
    assert_eq!(send(&host, &data).await, (json!("7"), 2));
}

#[tokio::test]
async fn a_login_that_brings_another_key_is_told_and_the_page_takes_the_data_again() {
    let (app, host) = phone(true).await;
    host.eval_async("await api.addSteps({ encryptedData: 'x', iv: 'x' }).catch(String)").await.unwrap();
    let data = taken(&app, 7).await;
    forget_keys(&app).await;
    assert_eq!(send(&host, &data).await, (json!("auth.session_stale"), 2));
    // The login has been: what is taken now decrypts.
    assert_eq!(send(&host, &taken(&app, 8).await).await, (json!("8"), 2));
}
