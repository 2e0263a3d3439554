//! The phone: foreground and background, accounts, storage.

use serde_json::{Value, json};

use super::{Event, Held, World};
use crate::failure;
use crate::profile::Storage;

/// After so many milliseconds in the background, what is in flight is interrupted.
const BACKGROUND: u64 = 5_000;

impl World {
    pub(crate) fn hide(&mut self) {
        self.hidden = Some(self.sequence);
        self.schedule(BACKGROUND, Event::Cut(self.sequence));
    }

    pub(crate) fn show(&mut self) {
        self.hidden = None;
        for (launch, id) in std::mem::take(&mut self.asleep) {
            self.schedule(0, Event::Timer { launch, id });
        }
    }

    /// Everything in flight fails, if the mini-program is hidden since.
    pub(crate) fn cut(&mut self, since: u64) {
        if self.hidden != Some(since) {
            return;
        }
        for index in 0..self.requests.len() {
            let open = &self.requests[index];
            if open.launch == self.launch && !open.ended && open.aborted.is_none() {
                let manner = open.manner;
                self.schedule(0, Event::Fail(index, failure::INTERRUPTED, manner));
            }
        }
    }

    pub(crate) fn clear_storage(&mut self) {
        self.storage.remove(&self.account);
    }

    /// A new launch: what was in flight has nobody left who waits for it.
    pub(crate) fn restart(&mut self, other: bool) {
        self.launch += 1;
        if other {
            self.account += 1;
            self.user = self.account * 3;
            self.era += 1;
            self.book.left = self.era;
        }
        self.held = Held::Unsure;
        self.hidden = None;
        self.asleep.clear();
        self.book.forget_launch();
    }

    pub(crate) fn new_era(&mut self) {
        self.era += 1;
        self.held = Held::Unsure;
    }

    /// Another person takes the phone, and the client is told so: what comes from here on is theirs.
    pub(crate) fn switch_user(&mut self) {
        self.new_era();
        self.user = self.account * 3 + (self.user + 1) % 3;
        self.held = Held::Nothing;
        self.book.left = self.era;
    }

    pub(crate) fn storage(&mut self, name: &str, key: &str, value: &str) -> String {
        let manner = self.profile.storage;
        if manner == Storage::Throws {
            self.counts.failure("storage throws");
            return json!({ "throws": format!("{name}StorageSync:fail") }).to_string();
        }
        let stored = self.storage.entry(self.account).or_default();
        match name {
            "get" if manner == Storage::Garbage => {
                self.counts.failure("something else in storage");
                let garbage = [json!(42), json!({ "token": 1 }), json!("garbage"), json!(true), Value::Null];
                let value = garbage[(self.sequence % 5) as usize].clone();
                return json!({ "value": value }).to_string();
            }
            "get" => {
                let value = stored.get(key).and_then(|text| serde_json::from_str(text).ok());
                return json!({ "value": value.unwrap_or(json!("")) }).to_string();
            }
            "set" if manner == Storage::Full => {
                self.counts.failure("storage full");
                return json!({ "throws": "setStorageSync:fail exceed storage max size" }).to_string();
            }
            "set" => drop(stored.insert(key.to_owned(), value.to_owned())),
            _ => drop(stored.remove(key)),
        }
        "{}".to_owned()
    }
}
