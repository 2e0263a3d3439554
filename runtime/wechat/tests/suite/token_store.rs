//! Access tokens that several processes share: each a client of its own here, with one store.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::server::{SECRET, Server, app, text};
use jiff::Timestamp;
use queqiao_storage::{Cipher, Entry, Expected, Grant, KeyValues, Leased, Leases, MemoryStore, StoreError};
use queqiao_wechat::{Class, Clock, Error, Settings, TokenMode, TokenStore, WeChat};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use uuid::Uuid;

fn store() -> TokenStore {
    TokenStore::shared(Arc::new(MemoryStore::new()), Cipher::new([(1, [3; 32])]).unwrap())
}

fn client(server: &Server, store: &TokenStore, clock: &Clock) -> WeChat {
    let settings = Settings { token_store: store.clone(), clock: clock.clone(), ..server.settings() };
    WeChat::new(settings).unwrap()
}

async fn token(client: &WeChat) -> String {
    client.access_token(&app()).await.unwrap().expose_secret().to_owned()
}

fn fixed() -> Clock {
    Clock::fixed("2026-05-01T08:00:00Z".parse().unwrap())
}

async fn counting() -> Server {
    Server::start(|n, _| async move { text(format!(r#"{{"access_token":"token-{n}","expires_in":7200}}"#)) })
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_fetch_each_token_once() {
    let (server, store, clock) = (counting().await, store(), fixed());
    let clients: Vec<_> = (0..8).map(|_| client(&server, &store, &clock)).collect();
    for window in 1..=3 {
        let calls: Vec<_> = (0..200)
            .map(|n| {
                let client = clients[n % 8].clone();
                tokio::spawn(async move { token(&client).await })
            })
            .collect();
        for call in calls {
            assert_eq!(call.await.unwrap(), format!("token-{window}"));
        }
        assert_eq!(server.calls(), window);
        clock.advance(Duration::from_secs(7200)).unwrap();
    }
}

#[tokio::test]
async fn one_process_refreshes_and_the_others_find_it() {
    let (server, store, clock) = (counting().await, store(), fixed());
    let clients: Vec<_> = (0..4).map(|_| client(&server, &store, &clock)).collect();
    for client in &clients {
        assert_eq!(token(client).await, "token-1");
    }
    // All are past their time of refresh, and the token still works.
    clock.advance(Duration::from_secs(7060)).unwrap();
    for client in &clients {
        assert_eq!(token(client).await, "token-2");
    }
    assert_eq!(server.calls(), 2);
}

#[tokio::test]
async fn a_process_that_wakes_late_changes_nothing() {
    let open = Arc::new(Semaphore::new(0));
    let gate = open.clone();
    let server = Server::start(move |n, _| {
        let gate = gate.clone();
        async move {
            if n == 1 {
                gate.acquire().await.unwrap().forget();
            }
            text(format!(r#"{{"access_token":"token-{n}","expires_in":7200}}"#))
        }
    })
    .await;
    let (store, clock) = (store(), fixed());
    let (sleeper, other) = (client(&server, &store, &clock), client(&server, &store, &clock));
    let asleep = {
        let sleeper = sleeper.clone();
        tokio::spawn(async move { token(&sleeper).await })
    };
    while server.calls() == 0 {
        tokio::task::yield_now().await;
    }
    // Its lease ends while it waits for WeChat.
    clock.advance(Duration::from_secs(61)).unwrap();
    assert_eq!(token(&other).await, "token-2");
    open.add_permits(1);
    assert_eq!(asleep.await.unwrap(), "token-2", "what came late is not used");
    assert_eq!(token(&client(&server, &store, &clock)).await, "token-2", "nor stored");
    assert_eq!(server.calls(), 2);
}

#[tokio::test]
async fn a_failing_refresh_leaves_the_old_token_in_use() {
    let server = Server::start(|n, _| async move {
        match n {
            2..=10 => text(r#"{"errcode":45009,"errmsg":"reach max api daily quota limit"}"#),
            _ => text(format!(r#"{{"access_token":"token-{n}","expires_in":7200}}"#)),
        }
    })
    .await;
    let clock = fixed();
    let client = client(&server, &store(), &clock);
    assert_eq!(token(&client).await, "token-1");
    clock.advance(Duration::from_secs(7060)).unwrap();
    for _ in 0..20 {
        assert_eq!(token(&client).await, "token-1");
    }
    assert_eq!(server.calls(), 2, "not with each call");
    clock.advance(Duration::from_secs(11)).unwrap();
    assert_eq!(token(&client).await, "token-1");
    assert_eq!(server.calls(), 3);
    clock.advance(Duration::from_secs(140)).unwrap();
    assert_eq!(client.access_token(&app()).await.unwrap_err().class(), Some(Class::QuotaUsedUp));
}

/// A stable WeChat: the same token until it is refreshed by force; the API refuses the tokens of `refused`.
async fn stubborn(refused: &'static [&'static str]) -> (Server, Arc<Mutex<Vec<bool>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let forced = Arc::new(AtomicUsize::new(1));
    let log = asked.clone();
    let server = Server::start(move |_, request| {
        let (asked, forced) = (log.clone(), forced.clone());
        async move {
            if request.uri().path() != "/cgi-bin/stable_token" {
                let query = request.uri().query().unwrap();
                let is_refused = refused.iter().any(|token| query.ends_with(token));
                return text(if is_refused { r#"{"errcode":40001,"errmsg":"invalid"}"# } else { "{}" });
            }
            let body = axum::body::to_bytes(request.into_body(), 1000).await.unwrap();
            let force = serde_json::from_slice::<Value>(&body).unwrap()["force_refresh"] == true;
            asked.lock().unwrap().push(force);
            let n =
                if force { forced.fetch_add(1, Ordering::SeqCst) + 1 } else { forced.load(Ordering::SeqCst) };
            text(format!(r#"{{"access_token":"token-{n}","expires_in":7200}}"#))
        }
    })
    .await;
    (server, asked)
}

async fn call(client: &WeChat) -> Result<Value, Error> {
    client.post(&app(), "/wxa/business/x", &json!({})).await
}

#[tokio::test]
async fn a_refused_token_that_comes_again_is_forced_once() {
    let (server, asked) = stubborn(&["token-1"]).await;
    let (store, clock) = (store(), fixed());
    let (one, other) = (client(&server, &store, &clock), client(&server, &store, &clock));
    assert_eq!((token(&one).await, token(&other).await), ("token-1".into(), "token-1".into()));
    call(&one).await.unwrap();
    // The other process is refused as well, and finds the new token in the store.
    call(&other).await.unwrap();
    assert_eq!(*asked.lock().unwrap(), [false, false, true]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_api_that_refuses_every_token_makes_no_storm() {
    let (server, asked) =
        stubborn(&["token-1", "token-2", "token-3", "token-4", "token-5", "token-6", "token-7"]).await;
    let (store, clock) = (store(), fixed());
    let clients: Vec<_> = (0..4).map(|_| client(&server, &store, &clock)).collect();
    for _ in 0..3 {
        let calls: Vec<_> = (0..40)
            .map(|n| {
                let client = clients[n % 4].clone();
                tokio::spawn(async move { call(&client).await })
            })
            .collect();
        for call in calls {
            assert_eq!(call.await.unwrap().unwrap_err().class(), Some(Class::Token));
        }
    }
    assert_eq!(*asked.lock().unwrap(), [false, false, true], "one replacement in thirty seconds");
    for _ in 0..10 {
        clock.advance(Duration::from_secs(31)).unwrap();
        call(&clients[0]).await.unwrap_err();
    }
    let forced = asked.lock().unwrap().iter().filter(|forced| **forced).count();
    assert_eq!(forced, 5, "the day's forced refreshes are counted");
}

#[tokio::test]
async fn a_leaked_token_is_replaced_at_once() {
    let (server, asked) = stubborn(&[]).await;
    let client = client(&server, &store(), &fixed());
    assert_eq!(token(&client).await, "token-1");
    assert!(client.replace_leaked_token(&app()).await.unwrap());
    assert_eq!(token(&client).await, "token-2");
    assert_eq!(*asked.lock().unwrap(), [false, true]);
}

#[tokio::test]
async fn ordinary_tokens_are_asked_for_as_documented_and_kept_apart() {
    let server = Server::start(|n, request| async move {
        if request.uri().path() == "/cgi-bin/token" {
            let query = format!("grant_type=client_credential&appid=wx0123456789abcdef&secret={SECRET}");
            assert_eq!((request.method().as_str(), request.uri().query()), ("GET", Some(query.as_str())));
        }
        text(format!(r#"{{"access_token":"token-{n}","expires_in":7200}}"#))
    })
    .await;
    let (store, clock) = (store(), fixed());
    assert_eq!(token(&client(&server, &store, &clock)).await, "token-1");
    let settings = Settings {
        token_store: store.clone(),
        token_mode: TokenMode::Ordinary,
        clock: clock.clone(),
        ..server.settings()
    };
    assert_eq!(token(&WeChat::new(settings).unwrap()).await, "token-2");
}

/// A store that can be switched off.
struct Switched {
    store: MemoryStore,
    off: AtomicBool,
}

impl Switched {
    fn on(&self) -> Result<&MemoryStore, StoreError> {
        match self.off.load(Ordering::SeqCst) {
            true => Err(StoreError::Unavailable { detail: "switched off".into() }),
            false => Ok(&self.store),
        }
    }
}

#[async_trait::async_trait]
impl KeyValues for Switched {
    async fn get(&self, key: &str, now: Timestamp) -> Result<Option<Entry>, StoreError> {
        self.on()?.get(key, now).await
    }
    async fn put(
        &self,
        key: &str,
        value: &[u8],
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Uuid, StoreError> {
        self.on()?.put(key, value, expires_at, now).await
    }
    async fn compare_and_set(
        &self,
        key: &str,
        expected: Expected,
        value: &[u8],
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Option<Uuid>, StoreError> {
        self.on()?.compare_and_set(key, expected, value, expires_at, now).await
    }
    async fn take(&self, key: &str, now: Timestamp) -> Result<Option<Entry>, StoreError> {
        self.on()?.take(key, now).await
    }
}

#[async_trait::async_trait]
impl Leases for Switched {
    async fn acquire(&self, name: &str, until: Timestamp, now: Timestamp) -> Result<Leased, StoreError> {
        self.on()?.acquire(name, until, now).await
    }
    async fn renew(
        &self,
        grant: &Grant,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Grant>, StoreError> {
        self.on()?.renew(grant, until, now).await
    }
    async fn release(&self, grant: &Grant) -> Result<(), StoreError> {
        self.on()?.release(grant).await
    }
}

#[tokio::test]
async fn without_its_store_a_process_fetches_for_itself() {
    let switched = Arc::new(Switched { store: MemoryStore::new(), off: AtomicBool::new(true) });
    let store = TokenStore::shared(switched.clone(), Cipher::new([(1, [3; 32])]).unwrap());
    let (server, clock) = (counting().await, fixed());
    let one = client(&server, &store, &clock);
    assert_eq!((token(&one).await, token(&one).await), ("token-1".into(), "token-1".into()));
    let ordinary = Settings {
        token_store: store.clone(),
        token_mode: TokenMode::Ordinary,
        clock: clock.clone(),
        ..server.settings()
    };
    // An ordinary token of its own would end those of the others.
    let error = WeChat::new(ordinary).unwrap().access_token(&app()).await.unwrap_err();
    assert!(matches!(error, Error::Store(_)), "{error:?}");

    switched.off.store(false, Ordering::SeqCst);
    clock.advance(Duration::from_secs(7200)).unwrap();
    assert_eq!(token(&one).await, "token-2");
    assert_eq!(token(&client(&server, &store, &clock)).await, "token-2", "stored again");
}
