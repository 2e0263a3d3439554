//! Logins and encrypted data in every order: nothing fails that need not.
//!
//! A phone calls `wx.login`, which may give it another session_key at WeChat, and takes data that is encrypted with
//! whichever key it has then. Codes and data arrive at two instances on one database, late, twice, and in another
//! order than they were made; WeChat's answers are held back. What a run does follows from its seed.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use axum::extract::{Query, State};
use axum::{Json, Router};
use queqiao_storage::{Cipher, Clock, Database, KEPT_KEYS, PoolOptions, SessionKeys, SqlStore};
use queqiao_wechat::{App, DecryptError, EncryptedData, WeChat};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::login::LoginError;
use super::{Key, Keys, LoginService, LoginSettings, LoginStores, TokenSettings};
use crate::apps::{Apps, MiniProgram, Registered};

const APPID: &str = "wx00000000000000aa";
/// Runs of the suite; `cargo xtask soak sessions` asks for more.
const RUNS: u64 = 150;
const STEPS: usize = 24;

/// splitmix64
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most.max(1) as u64).unwrap()
    }

    fn key(&mut self) -> String {
        use base64::Engine as _;
        let bytes = [self.next().to_be_bytes(), self.next().to_be_bytes()].concat();
        base64::engine::general_purpose::STANDARD.encode(bytes)
    }
}

/// WeChat as far as it matters here: one key for each user, codes that work once.
#[derive(Default)]
struct Upstream {
    keys: BTreeMap<String, String>,
    codes: BTreeMap<String, String>,
    exchanges: u64,
    /// The keys in the order in which they were handed out.
    given: Vec<(String, String)>,
    gates: BTreeMap<String, Arc<Semaphore>>,
}

type Shared = Arc<Mutex<Upstream>>;

async fn exchange(
    State(shared): State<Shared>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Json<Value> {
    let code = query["js_code"].clone();
    let (answer, gate) = {
        let mut upstream = shared.lock().unwrap();
        let gate =
            Arc::clone(upstream.gates.entry(code.clone()).or_insert_with(|| Arc::new(Semaphore::new(0))));
        upstream.exchanges += 1;
        let answer = match upstream.codes.remove(&code) {
            Some(openid) => {
                let key = upstream.keys[&openid].clone();
                upstream.given.push((openid.clone(), key.clone()));
                json!({ "openid": openid, "session_key": key })
            }
            None => json!({ "errcode": 40163, "errmsg": "code been used" }),
        };
        (answer, gate)
    };
    gate.acquire().await.unwrap().forget();
    Json(answer)
}

struct Instance {
    service: Arc<LoginService>,
    program: MiniProgram,
}

struct World {
    shared: Shared,
    store: Arc<SqlStore>,
    instances: [Instance; 2],
    clock: Clock,
    _folder: tempfile::TempDir,
}

async fn world() -> World {
    let shared = Shared::default();
    let router = Router::new()
        .route("/sns/jscode2session", axum::routing::get(exchange))
        .with_state(Arc::clone(&shared));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}/shared.db", folder.path().display());
    let clock = Clock::fixed(jiff::Timestamp::now());
    let mut instances = Vec::new();
    let mut store = None;
    for _ in 0..2 {
        let database = Database::open(&url, &PoolOptions::default()).await.unwrap();
        let own = Arc::new(SqlStore::new(database, Cipher::new([(1, [7; 32])]).unwrap()).await.unwrap());
        let stores = LoginStores { accounts: own.clone(), session_keys: own.clone(), codes: own.clone() };
        // Held back for as long as the run likes.
        let timeout = std::time::Duration::from_secs(600);
        let settings = queqiao_wechat::Settings { base_url: base_url.clone(), timeout, ..Default::default() };
        let app = Registered {
            name: "default".into(),
            app: App::new(APPID, "secret"),
            templates: BTreeMap::new(),
            state: Default::default(),
            push: None,
        };
        let apps = Arc::new(Apps::new([app], WeChat::new(settings).unwrap(), false));
        let key = Key::hmac("a", "HS256", &SecretString::from("s".repeat(40))).unwrap();
        let settings = LoginSettings {
            keys: Keys::new(key, Vec::new()),
            tokens: TokenSettings {
                issuer: "x".into(),
                audience: "x".into(),
                lifetime: std::time::Duration::from_secs(7200),
                longest_session: std::time::Duration::from_secs(86400),
            },
            roles: BTreeMap::new(),
            mock_code: None,
        };
        let program = apps.of(APPID).unwrap();
        let service = Arc::new(LoginService::new(settings, stores, apps, clock.clone()));
        instances.push(Instance { service, program });
        store.get_or_insert(own);
    }
    let instances = instances.try_into().unwrap_or_else(|_| panic!("two"));
    World { shared, store: store.unwrap(), instances, clock, _folder: folder }
}

/// A login that was sent and has not been answered.
struct Pending {
    code: String,
    tasks: Vec<JoinHandle<Result<(), LoginError>>>,
}

/// Data on its way, and the key that it was encrypted with.
struct Sent {
    data: EncryptedData,
    key: String,
    number: u64,
}

/// What one run counted.
#[derive(Default, Debug)]
struct Counts {
    logins: u64,
    decrypted: u64,
    stale: u64,
    recovered: u64,
}

struct Run<'w> {
    world: &'w World,
    dice: Dice,
    openid: String,
    codes: u64,
    unsent: VecDeque<String>,
    pending: Vec<Pending>,
    data: Vec<Sent>,
    counts: Counts,
}

impl Run<'_> {
    /// `wx.login`: a code, and perhaps another key.
    fn wx_login(&mut self) -> String {
        self.codes += 1;
        let code = format!("{}-{}", self.openid, self.codes);
        let fresh = self.dice.below(2) == 0;
        let key = self.dice.key();
        let mut upstream = self.world.shared.lock().unwrap();
        let known = upstream.keys.entry(self.openid.clone()).or_insert_with(|| key.clone());
        if fresh {
            *known = key;
        }
        upstream.codes.insert(code.clone(), self.openid.clone());
        code
    }

    /// To one instance or both, perhaps more than once; it has reached WeChat then, which does not answer yet.
    async fn send(&mut self, code: String) {
        let times = 1 + self.dice.below(3);
        let tasks = (0..times).map(|_| {
            let instance = &self.world.instances[self.dice.below(2)];
            let (service, program, code) =
                (Arc::clone(&instance.service), instance.program.clone(), code.clone());
            tokio::spawn(async move { service.log_in(program, code).await.map(drop) })
        });
        let tasks = tasks.collect();
        while !self.world.shared.lock().unwrap().gates.contains_key(&code) {
            tokio::task::yield_now().await;
        }
        // The next one is younger.
        self.world.clock.advance(std::time::Duration::from_millis(1)).unwrap();
        self.pending.push(Pending { code, tasks });
    }

    /// WeChat answers; all who asked with this code get a session.
    async fn answer(&mut self, pending: Pending) {
        let gate = Arc::clone(&self.world.shared.lock().unwrap().gates[&pending.code]);
        gate.add_permits(1);
        for task in pending.tasks {
            task.await.unwrap().unwrap_or_else(|error| panic!("a login failed: {error:?}"));
            self.counts.logins += 1;
        }
    }

    /// The mini-program takes data from WeChat.
    fn take(&mut self) {
        let number = self.dice.next();
        let key = self.world.shared.lock().unwrap().keys.get(&self.openid).cloned();
        let Some(key) = key else { return };
        let plain = json!({ "number": number.to_string(), "watermark": { "appid": APPID, "timestamp": 1 } });
        let iv = [u8::try_from(number % 256).unwrap(); 16];
        let data = EncryptedData::seal(plain.to_string().as_bytes(), &key.as_str().into(), iv).unwrap();
        self.data.push(Sent { data, key, number });
    }

    /// The data arrives; it opens if a login has brought its key, and no three others since.
    async fn arrive(&mut self, sent: Sent) {
        let keys = self.world.store.newest(APPID, &self.openid).await.unwrap();
        assert!(keys.len() <= KEPT_KEYS);
        let opened = sent.data.decrypt_with_any::<Value>(keys.iter().map(|key| &key.key), APPID);
        let known = keys.iter().any(|key| key.key.expose_secret() == sent.key);
        match opened {
            Ok(opened) => {
                assert_eq!(opened.data["number"], sent.number.to_string());
                self.counts.decrypted += 1;
            }
            Err(error) => {
                assert_eq!(error, DecryptError::Stale);
                assert!(!known, "it fails although its key is there");
                let brought = self.brought();
                let newest: Vec<&String> = brought.iter().rev().take(KEPT_KEYS).collect();
                assert!(
                    !newest.contains(&&sent.key),
                    "it fails although its key is among the newest {KEPT_KEYS} that ended logins brought"
                );
                self.counts.stale += 1;
                self.recover().await;
            }
        }
    }

    /// The different keys that WeChat gave, the one given last at the end; nothing is under way then.
    fn brought(&self) -> Vec<String> {
        if !self.pending.is_empty() {
            return Vec::new();
        }
        let upstream = self.world.shared.lock().unwrap();
        let mut keys: Vec<String> = Vec::new();
        for (_, key) in upstream.given.iter().filter(|(openid, _)| *openid == self.openid) {
            keys.retain(|known| known != key);
            keys.push(key.clone());
        }
        keys
    }

    /// What the client does on `auth.session_stale`: it logs in and takes the data again.
    async fn recover(&mut self) {
        let code = self.wx_login();
        self.send(code).await;
        let pending = self.pending.pop().unwrap();
        self.answer(pending).await;
        self.take();
        let sent = self.data.pop().unwrap();
        let keys = self.world.store.newest(APPID, &self.openid).await.unwrap();
        let opened = sent.data.decrypt_with_any::<Value>(keys.iter().map(|key| &key.key), APPID);
        assert!(opened.is_ok(), "it fails again after a login");
        self.counts.recovered += 1;
    }

    async fn step(&mut self) {
        match self.dice.below(7) {
            0 => {
                let code = self.wx_login();
                self.unsent.push_back(code);
            }
            1 => {
                let at = self.dice.below(self.unsent.len());
                if let Some(code) = self.unsent.remove(at) {
                    self.send(code).await;
                }
            }
            2 if !self.pending.is_empty() => {
                let at = self.dice.below(self.pending.len());
                let pending = self.pending.swap_remove(at);
                self.answer(pending).await;
            }
            3 | 4 => self.take(),
            5 | 6 if !self.data.is_empty() => {
                let at = self.dice.below(self.data.len());
                let sent = self.data.swap_remove(at);
                self.arrive(sent).await;
            }
            _ => drop(self.world.clock.advance(std::time::Duration::from_millis(self.dice.next() % 50))),
        }
    }
}

async fn run(world: &World, seed: u64) -> Counts {
    let mut run = Run {
        world,
        dice: Dice(seed),
        openid: format!("o{seed}"),
        codes: 0,
        unsent: VecDeque::new(),
        pending: Vec::new(),
        data: Vec::new(),
        counts: Counts::default(),
    };
    for _ in 0..STEPS {
        run.step().await;
    }
    while let Some(pending) = run.pending.pop() {
        run.answer(pending).await;
    }
    run.counts
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_fails_that_need_not() {
    let number = |name: &str, default| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let (seed, runs) = (number("QUEQIAO_SESSIONS_SEED", 1), number("QUEQIAO_SESSIONS_RUNS", RUNS));
    let world = world().await;
    let mut all = Counts::default();
    for seed in seed..seed + runs {
        let counts = std::panic::AssertUnwindSafe(run(&world, seed));
        let counts = futures_util::FutureExt::catch_unwind(counts).await.unwrap_or_else(|_| {
            panic!("run {seed} failed: repeat it with QUEQIAO_SESSIONS_SEED={seed} QUEQIAO_SESSIONS_RUNS=1")
        });
        all.logins += counts.logins;
        all.decrypted += counts.decrypted;
        all.stale += counts.stale;
        all.recovered += counts.recovered;
    }
    let exchanges = world.shared.lock().unwrap().exchanges;
    println!("{runs} runs: {all:?}, {exchanges} exchanges");
    assert!(all.logins > exchanges && all.decrypted > 0 && all.stale > 0 && all.stale == all.recovered);
    if let Ok(file) = std::env::var("QUEQIAO_SESSIONS_RECORD") {
        let Counts { logins, decrypted, stale, recovered } = all;
        let record = json!({
            "seed": seed, "runs": runs, "steps": STEPS, "logins": logins, "exchanges": exchanges,
            "decrypted": decrypted, "stale": stale, "recovered": recovered, "wrongFailures": 0
        });
        std::fs::write(file, format!("{record:#}\n")).unwrap();
    }
}
