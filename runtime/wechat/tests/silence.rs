//! Nothing secret is logged, down to the level trace, by this crate or by those below it.
//!
//! In a process of its own: other tests, which gather no log, would switch the places off that log.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

#[allow(dead_code, reason = "the suite uses all of it")]
#[path = "suite/server.rs"]
mod server;

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, Mutex};

use queqiao_storage::{Cipher, MemoryStore};
use queqiao_wechat::{EncryptedData, Scene, Settings, TextCheck, TokenStore, WeChat};
use secrecy::SecretString;

use server::{CODE, SECRET, Server, app, reply, text};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

const SESSION_KEY: &str = "c2Vzc2lvbi1rZXktMTIzNA==";
const TOKEN: &str = "88_access-token-do-not-show";

// One thread, because what is logged is gathered for it alone.
#[tokio::test(flavor = "current_thread")]
async fn a_trace_log_has_no_secret() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    tracing_log::LogTracer::init().unwrap();
    let guard = tracing::subscriber::set_default(subscriber);

    // Everything goes wrong in turn, and secrets are repeated in what WeChat says.
    let calls = Arc::new(Mutex::new(HashMap::<String, u32>::new()));
    let answer = |n: u32, request: axum::extract::Request| async move {
        let path = request.uri().path().to_owned();
        let query = request.uri().query().unwrap_or_default().to_owned();
        let body = axum::body::to_bytes(request.into_body(), 10_000).await.unwrap();
        let body =
            if path.contains("msg_sec_check") { Cow::default() } else { String::from_utf8_lossy(&body) };
        match (path.as_str(), n % 4) {
            (_, 1) => {
                let errmsg = format!("busy {SECRET} {body} {query}, rid: 1-2");
                text(serde_json::json!({"errcode": -1, "errmsg": errmsg}).to_string())
            }
            (_, 2) => reply(502, "text/html", format!("<html>{SECRET} {TOKEN}</html>")),
            ("/sns/jscode2session", _) => text(format!(r#"{{"openid":"o1","session_key":"{SESSION_KEY}"}}"#)),
            ("/cgi-bin/stable_token", _) => {
                text(format!(r#"{{"access_token":"{TOKEN}","expires_in":7200}}"#))
            }
            ("/cgi-bin/clear_quota/v2", _) => text(r#"{"errcode":0}"#),
            (_, 0) => text(format!(r#"{{"errcode":40001,"errmsg":"invalid {TOKEN}, rid: 1-2"}}"#)),
            _ => text(r#"{"errcode":0,"trace_id":"t","result":{"suggest":"pass","label":100}}"#),
        }
    };
    let server = Server::start(move |_, request| {
        let n = *calls
            .lock()
            .unwrap()
            .entry(request.uri().path().to_owned())
            .and_modify(|n| *n += 1)
            .or_default();
        answer(n, request)
    })
    .await;
    let token_store = TokenStore::shared(Arc::new(MemoryStore::new()), Cipher::new([(1, [9; 32])]).unwrap());
    let client = WeChat::new(Settings { token_store, ..server.settings() }).unwrap();
    let key = SecretString::from(SESSION_KEY);
    for _ in 0..6 {
        let _ = client.code_to_session(&app(), &CODE.into()).await;
        let _ = client.phone_number(&app(), &CODE.into(), None).await;
        let _ = client.session_key_is_valid(&app(), "o1", &key).await;
        let _ = client.check_text(&app(), &TextCheck::new(Scene::Comment, "o1", "words-of-a-user")).await;
        let _ = client.clear_quota_by_secret(&app()).await;
    }
    let elsewhere = Settings { base_url: "http://127.0.0.1:1".into(), retries: 1, ..server.settings() };
    let _ = WeChat::new(elsewhere).unwrap().code_to_session(&app(), &CODE.into()).await;
    let sealed = EncryptedData::seal(b"{}", &key, [1; 16]).unwrap();
    tracing::trace!(?sealed, ?client, "what is shown of them");
    drop(guard);

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        log.contains("WeChat is asked again") && log.contains("the access token is fetched anew"),
        "{log}"
    );
    // The crates below are heard.
    assert!(log.contains("hyper") || log.contains("reqwest"), "{log}");
    let signature = queqiao_wechat::user_state_signature(&key, b"");
    for secret in [SECRET, CODE, TOKEN, SESSION_KEY, &signature, "words-of-a-user"] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} is logged");
    }
}
