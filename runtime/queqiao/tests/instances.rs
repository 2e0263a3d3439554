//! Two instances as an operator runs them: two processes on one database, one WeChat, and one that is killed.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use queqiao::wechat::push::{EncodingAesKey, Fields, Format, Limits, Mode, Query, Seal, Sender, Token};
use queqiao::{Clock, Database};
use queqiao_emulator::{DEFAULT_APPID, DEFAULT_SECRET, Emulator, Running};
use queqiao_storage::PoolOptions;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const TOKEN: &str = "token of the test";

/// `examples/instance.rs`, which cargo builds beside the tests.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().and_then(Path::parent).unwrap().join("examples").join("instance")
}

struct Instance {
    child: Child,
    port: u16,
}

impl Instance {
    async fn start(database: &str, wechat: &str, folder: &Path) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(program())
            .env_clear()
            .current_dir(folder)
            .envs([
                ("PORT", port.to_string().as_str()),
                ("QUEQIAO__SERVER__DATA", folder.to_str().unwrap()),
                ("QUEQIAO__DATABASE__URL", database),
                ("QUEQIAO__AUTH__SECRET", &"s".repeat(40)),
                ("QUEQIAO__AUTH__ENCRYPTION_KEY", "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="),
                ("QUEQIAO__WECHAT__APPID", DEFAULT_APPID),
                ("QUEQIAO__WECHAT__SECRET", DEFAULT_SECRET),
                ("QUEQIAO__WECHAT__BASE_URL", wechat),
                ("QUEQIAO__WECHAT__PUSH__TOKEN", TOKEN),
                ("QUEQIAO__WECHAT__PUSH__ENCODING_AES_KEY", KEY),
                ("QUEQIAO__MESSAGES__LEASE", "3s"),
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(started.elapsed() < Duration::from_secs(60), "the instance does not listen");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Self { child, port }
    }

    /// Without a word to the process.
    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Status and body.
async fn post(port: u16, path: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// A database of its own: a file, or with `QUEQIAO_TEST_POSTGRES` on that server.
async fn database(folder: &Path) -> String {
    let file = format!("sqlite:{}/shared.db", folder.display());
    #[cfg(feature = "postgres")]
    if let Ok(server) = std::env::var("QUEQIAO_TEST_POSTGRES") {
        let name =
            format!("queqiao_instances_{}_{}", std::process::id(), queqiao::uuid::Uuid::new_v4().simple());
        let all = Database::open(&format!("{server}/postgres"), &PoolOptions::default()).await.unwrap();
        all.execute(queqiao::sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")), &[]).await.unwrap();
        return format!("{server}/{name}");
    }
    file
}

async fn wechat() -> Running {
    Emulator::builder().clock(Clock::system()).start().await.unwrap()
}

/// A thousand logins with a hundred codes, over two instances: a hundred exchanges, and for each code one user.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_exchanged_once_whoever_asks() {
    let (folder, wechat) = (tempfile::tempdir().unwrap(), wechat().await);
    let database = database(folder.path()).await;
    let one = Instance::start(&database, &wechat.url(), folder.path()).await;
    let other = Instance::start(&database, &wechat.url(), folder.path()).await;
    let codes: Vec<String> = (0..100)
        .map(|user| wechat.emulator().login_code(DEFAULT_APPID, &format!("user{user}")).unwrap())
        .collect();
    let start = Arc::new(tokio::sync::Barrier::new(1000));
    let logins: Vec<_> = (0..1000)
        .map(|n| {
            let (code, start) = (codes[n % 100].clone(), Arc::clone(&start));
            let port = if n / 100 % 2 == 0 { one.port } else { other.port };
            tokio::spawn(async move {
                start.wait().await;
                let (status, body) = post(port, "/auth/login", &json!({ "code": code }).to_string()).await;
                assert_eq!(status, 200, "{body}");
                let session: Value = serde_json::from_str(&body).unwrap();
                (code, user_of(session["token"].as_str().unwrap()), session["expiresIn"].clone())
            })
        })
        .collect();
    let mut users: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut answers = 0;
    for login in logins {
        let (code, user, expires_in) = login.await.unwrap();
        assert_eq!(expires_in, 7200);
        users.entry(code).or_default().insert(user);
        answers += 1;
    }
    assert_eq!((answers, users.len()), (1000, 100));
    assert!(users.values().all(|users| users.len() == 1), "two users for one code");
    assert_eq!(users.values().flatten().collect::<BTreeSet<_>>().len(), 100);
    assert_eq!(wechat.emulator().calls().counts["/sns/jscode2session"], 100);
}

/// The user in a token's claims.
fn user_of(token: &str) -> String {
    use base64::Engine as _;
    let claims = token.split('.').nth(1).unwrap();
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).unwrap();
    serde_json::from_slice::<Value>(&claims).unwrap()["sub"].as_str().unwrap().to_owned()
}

/// A text of a user, signed and encrypted with the time of now.
fn delivery(id: u64, content: &str, nonce: &str) -> (String, String) {
    let key = EncodingAesKey::new(&KEY.into()).unwrap();
    let sender = Sender::new(DEFAULT_APPID, Token::new(TOKEN), Mode::Safe(key), Format::Xml);
    let message = json!({
        "ToUserName": "gh_1", "FromUserName": "oA", "CreateTime": 1, "MsgType": "text", "Content": content, "MsgId": id
    });
    let message = Fields::from_json(message.to_string().as_bytes(), &Limits::default()).unwrap();
    let seal = Seal { now: Clock::system().now(), nonce, random: [7; 16] };
    let delivery = sender.deliver(&message, &seal);
    let Query { timestamp, msg_signature, .. } = delivery.query;
    let path = format!(
        "/wechat/messages/{DEFAULT_APPID}?timestamp={}&nonce={nonce}&encrypt_type=aes&msg_signature={}",
        timestamp.unwrap(),
        msg_signature.unwrap()
    );
    (path, delivery.body)
}

async fn attempts(database: &Database) -> Vec<(i64, i64)> {
    let rows = database.rows("SELECT process, done FROM attempts ORDER BY done", &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0).unwrap(), row.get(1).unwrap())).collect()
}

/// Three deliveries to two instances; the handler takes ten seconds, and is killed in the middle.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_finished_although_its_process_is_killed() {
    let (folder, wechat) = (tempfile::tempdir().unwrap(), wechat().await);
    let url = database(folder.path()).await;
    let mut instances = [
        Instance::start(&url, &wechat.url(), folder.path()).await,
        Instance::start(&url, &wechat.url(), folder.path()).await,
    ];
    let [one, other] = [instances[0].port, instances[1].port];
    let deliver = async |port: u16, nonce: &str| {
        let started = Instant::now();
        let (path, body) = delivery(1, "10 -", nonce);
        let (status, body) = post(port, &path, &body).await;
        assert_eq!((status, body.as_str()), (200, "success"));
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    };
    let began = Instant::now();
    tokio::join!(deliver(one, "1"), deliver(other, "2"), deliver(one, "3"));
    let database = Database::open(&url, &PoolOptions::default()).await.unwrap();
    let begun = attempts(&database).await;
    assert_eq!((begun.len(), begun[0].1), (1, 0), "one has begun, and none has ended");
    // In the middle of the handler.
    assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
    let holder = instances.iter_mut().find(|instance| i64::from(instance.child.id()) == begun[0].0).unwrap();
    holder.kill();
    // The other takes it over when the lease of three seconds has ended, and needs its own ten seconds.
    let killed = Instant::now();
    loop {
        let row = database.row("SELECT state, attempts FROM queqiao_inbox", &[]).await.unwrap().unwrap();
        if row.get::<String>(0).unwrap() == "done" {
            assert_eq!(row.get::<i64>(1).unwrap(), 2);
            assert_eq!(attempts(&database).await.iter().map(|(_, done)| done).sum::<i64>(), 1);
            break;
        }
        assert!(killed.elapsed() < Duration::from_secs(40), "nobody took it over");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    println!("finished {:?} after the kill", killed.elapsed());
    // Delivered once more, to the one that is left: nothing is begun.
    let left = instances.iter().find(|instance| i64::from(instance.child.id()) != begun[0].0).unwrap().port;
    deliver(left, "4").await;
    assert_eq!(attempts(&database).await.len(), 2);
}
