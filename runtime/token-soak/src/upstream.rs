//! WeChat's side: stable tokens with an overlap of five minutes, calls that fail, and an API that looks at tokens.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, bail};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use jiff::{SignedDuration, Timestamp};
use queqiao_storage::Clock;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Notify;

/// How long a member waits for an answer, in real time.
pub(crate) const PATIENCE: Duration = Duration::from_millis(800);

const LIFE: SignedDuration = SignedDuration::from_secs(7200);
const OVERLAP: SignedDuration = SignedDuration::from_mins(5);

/// What the API answers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// The number of the token that came.
    pub(crate) token: u64,
}

/// What was seen so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Window {
    /// For each token: how often it was given.
    pub(crate) given: Vec<u64>,
    pub(crate) token_calls: u64,
    pub(crate) faults: BTreeMap<&'static str, u64>,
    pub(crate) api_calls: u64,
    pub(crate) stale: u64,
}

struct Seen {
    /// The end of each token; the n-th has the number n + 1.
    ends: Vec<Timestamp>,
    window: Window,
    /// The next call for a token is held back.
    hold: bool,
}

struct Shared {
    clock: Clock,
    seed: u64,
    faults: u64,
    seen: Mutex<Seen>,
    arrived: Notify,
    go_on: Notify,
}

/// A server in WeChat's place.
pub(crate) struct Upstream {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Upstream {
    pub(crate) async fn start(clock: Clock, seed: u64, faults: u64) -> Result<Self> {
        let seen = Seen { ends: Vec::new(), window: Window::default(), hold: false };
        let shared = Arc::new(Shared {
            clock,
            seed,
            faults,
            seen: Mutex::new(seen),
            arrived: Notify::new(),
            go_on: Notify::new(),
        });
        let router = Router::new()
            .route("/{member}/cgi-bin/stable_token", post(stable_token))
            .route("/{member}/wxa/soak", post(api))
            .with_state(Arc::clone(&shared));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, shared })
    }

    pub(crate) fn url(&self, member: usize) -> String {
        format!("http://{}/{member}", self.address)
    }

    pub(crate) fn windows(&self) -> Window {
        self.shared.seen().window.clone()
    }

    /// Holds the next call for a token back.
    pub(crate) fn hold(&self) {
        self.shared.seen().hold = true;
    }

    /// Waits until a call is held back.
    pub(crate) async fn held(&self) -> Result<()> {
        match tokio::time::timeout(Duration::from_secs(30), self.shared.arrived.notified()).await {
            Ok(()) => Ok(()),
            Err(_) => bail!("no call for a token came within 30 seconds"),
        }
    }

    /// Answers the call that was held back, and returns the number of its token.
    pub(crate) fn let_go(&self) -> u64 {
        let (number, _) = self.shared.token(self.shared.clock.now());
        self.shared.go_on.notify_one();
        number
    }
}

impl Shared {
    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The token of the moment and its end: in the last five minutes of one the next.
    fn token(&self, now: Timestamp) -> (u64, Timestamp) {
        let mut seen = self.seen();
        let newest = seen.ends.last().copied();
        let end = match newest {
            Some(end) if end.duration_since(now) > OVERLAP => end,
            _ => {
                let end = now + LIFE;
                seen.ends.push(end);
                seen.window.given.push(0);
                end
            }
        };
        (seen.ends.len() as u64, end)
    }

    /// The number of a token that works.
    fn accepted(&self, token: &str) -> Option<u64> {
        let number: usize = token.strip_prefix("token-")?.parse().ok()?;
        let seen = self.seen();
        // The one before works to its own end; those before that have ended by then.
        let end = seen.ends.get(number.checked_sub(1)?)?;
        (*end > self.clock.now()).then_some(number as u64)
    }

    /// How the n-th call for a token goes wrong, if it does.
    fn fault(&self, n: u64) -> Option<&'static str> {
        const FAULTS: [&str; 7] =
            ["busy", "quota", "bad gateway", "no answer", "lost answer", "half an answer", "slow bytes"];
        let mut dice = self.seed.wrapping_add(n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        dice = (dice ^ (dice >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        dice = (dice ^ (dice >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        dice ^= dice >> 31;
        // Without the first token nobody could do anything.
        (n > 1 && dice % 100 < self.faults).then(|| FAULTS[usize::try_from((dice >> 32) % 7).unwrap_or(0)])
    }
}

async fn stable_token(State(shared): State<Arc<Shared>>) -> Response {
    let (n, hold) = {
        let mut seen = shared.seen();
        seen.window.token_calls += 1;
        (seen.window.token_calls, std::mem::take(&mut seen.hold))
    };
    if hold {
        shared.arrived.notify_one();
        shared.go_on.notified().await;
    }
    let fault = shared.fault(n);
    if let Some(fault) = fault {
        *shared.seen().window.faults.entry(fault).or_default() += 1;
    }
    match fault {
        Some("busy") => return json_text(json!({"errcode": -1, "errmsg": "system error"}).to_string()),
        Some("quota") => {
            return json_text(
                json!({"errcode": 45009, "errmsg": "reach max api daily quota limit"}).to_string(),
            );
        }
        Some("bad gateway") => {
            return (axum::http::StatusCode::BAD_GATEWAY, "<html>502</html>").into_response();
        }
        Some("no answer") => {
            tokio::time::sleep(PATIENCE * 2).await;
            return json_text(String::new());
        }
        _ => {}
    }
    let now = shared.clock.now();
    let (number, end) = shared.token(now);
    let seconds = end.duration_since(now).as_secs();
    let text = json!({"access_token": format!("token-{number}"), "expires_in": seconds}).to_string();
    match fault {
        Some("lost answer") => {
            tokio::time::sleep(PATIENCE * 2).await;
            return json_text(text);
        }
        Some("half an answer") => return json_text(text[..text.len() / 2].to_owned()),
        _ => {}
    }
    if let Some(times) = shared.seen().window.given.last_mut() {
        *times += 1;
    }
    match fault {
        Some("slow bytes") => slowly(text),
        _ => json_text(text),
    }
}

/// In time, in three pieces.
fn slowly(text: String) -> Response {
    let third = text.len() / 3;
    let pieces = [text[..third].to_owned(), text[third..2 * third].to_owned(), text[2 * third..].to_owned()];
    let (sender, receiver) = tokio::sync::mpsc::channel::<Bytes>(1);
    tokio::spawn(async move {
        for piece in pieces {
            tokio::time::sleep(PATIENCE / 10).await;
            if sender.send(piece.into()).await.is_err() {
                return;
            }
        }
    });
    Response::new(Body::from_stream(Pieces(receiver)))
}

struct Pieces(tokio::sync::mpsc::Receiver<Bytes>);

impl futures_util::Stream for Pieces {
    type Item = Result<Bytes, std::convert::Infallible>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        self.0.poll_recv(context).map(|piece| piece.map(Ok))
    }
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
}

async fn api(State(shared): State<Arc<Shared>>, Query(token): Query<Token>) -> Response {
    shared.seen().window.api_calls += 1;
    match shared.accepted(&token.access_token) {
        Some(token) => json_text(json!(Answer { token }).to_string()),
        None => {
            shared.seen().window.stale += 1;
            json_text(json!({"errcode": 42001, "errmsg": "access_token expired"}).to_string())
        }
    }
}

fn json_text(text: String) -> Response {
    ([(axum::http::header::CONTENT_TYPE, "text/plain")], text).into_response()
}
