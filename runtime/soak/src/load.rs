//! Writes over HTTP, from several callers at once, and what became of each.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::ledger::Ledger;
use crate::random::Random;

/// Callers at once.
const CALLERS: u64 = 6;

/// What was asked for and what was acknowledged.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) attempted: BTreeSet<Uuid>,
    pub(crate) acknowledged: BTreeSet<Uuid>,
    /// Users whose login was acknowledged.
    pub(crate) users: BTreeSet<String>,
    /// Answers that are no success, by status; 0 for none at all.
    pub(crate) refused: BTreeMap<u16, u64>,
}

/// Callers that write until they are stopped.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    told: Arc<Mutex<Told>>,
    /// Counts what was acknowledged, for those who wait for the next.
    successes: Arc<AtomicU64>,
    callers: JoinSet<()>,
}

impl Load {
    pub(crate) fn begin(client: &reqwest::Client, ledger: &Ledger, seed: u64, round: u32) -> Self {
        let mut load = Self {
            stop: Arc::default(),
            told: Arc::default(),
            successes: Arc::default(),
            callers: JoinSet::new(),
        };
        for caller in 0..CALLERS {
            let random = Random::of(seed, u64::from(round) * 100 + caller + 1);
            let caller = Caller {
                client: client.clone(),
                address: ledger.address(),
                wechat: ledger.wechat(),
                round,
                stop: Arc::clone(&load.stop),
                told: Arc::clone(&load.told),
                successes: Arc::clone(&load.successes),
            };
            load.callers.spawn(caller.write(random));
        }
        load
    }

    pub(crate) fn successes(&self) -> u64 {
        self.successes.load(Ordering::Relaxed)
    }

    /// What became of all writes; every caller has ended by then.
    pub(crate) async fn end(mut self) -> Told {
        self.stop.store(true, Ordering::Relaxed);
        while self.callers.join_next().await.is_some() {}
        std::mem::take(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Caller {
    client: reqwest::Client,
    address: String,
    wechat: String,
    round: u32,
    stop: Arc<AtomicBool>,
    told: Arc<Mutex<Told>>,
    successes: Arc<AtomicU64>,
}

impl Caller {
    async fn write(self, mut random: Random) {
        while !self.stop.load(Ordering::Relaxed) {
            let refused = match random.percent(5) {
                true => self.log_in(&mut random).await,
                false => self.transfer(&mut random).await,
            };
            match refused {
                None => _ = self.successes.fetch_add(1, Ordering::Relaxed),
                Some(status) => {
                    self.note(|told| *told.refused.entry(status).or_default() += 1);
                    tokio::time::sleep(Duration::from_millis(4)).await;
                }
            }
        }
    }

    fn note(&self, note: impl FnOnce(&mut Told)) {
        note(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The status of a refusal; nothing after a success.
    async fn transfer(&self, random: &mut Random) -> Option<u16> {
        let id = random.uuid();
        let body = json!({ "id": id, "round": self.round, "from": random.below(16), "to": random.below(16),
            "amount": 1 + random.below(1000) });
        self.note(|told| _ = told.attempted.insert(id));
        let answer = self.client.post(format!("{}/transfers", self.address)).json(&body).send().await;
        match answer {
            Ok(answer) if answer.status().is_success() => {
                self.note(|told| _ = told.acknowledged.insert(id));
                None
            }
            Ok(answer) => Some(answer.status().as_u16()),
            Err(_) => Some(0),
        }
    }

    async fn log_in(&self, random: &mut Random) -> Option<u16> {
        let user = format!("user-{}", random.below(100_000));
        let codes = self.client.post(format!("{}/emulator/login-codes", self.wechat));
        let Ok(code) = codes.json(&json!({ "user": user })).send().await else { return Some(0) };
        let Ok(code) = code.json::<serde_json::Value>().await else { return Some(0) };
        let login = self.client.post(format!("{}/auth/login", self.address));
        match login.json(&json!({ "code": code["code"] })).send().await {
            Ok(answer) if answer.status().is_success() => {
                self.note(|told| _ = told.users.insert(user));
                None
            }
            Ok(answer) => Some(answer.status().as_u16()),
            Err(_) => Some(0),
        }
    }
}
