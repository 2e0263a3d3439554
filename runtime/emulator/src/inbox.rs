//! The messages that users got and wrote.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::users::User;

/// Messages remembered.
const REMEMBERED: usize = 500;

/// Where a message comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A subscribe message (订阅消息).
    Subscribe,
    /// A customer message (客服消息).
    Custom,
    /// The answer to a push.
    Reply,
    /// Written by the user.
    FromUser,
}

/// A message that a user got or wrote.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Message {
    /// Counts up from 1.
    pub number: u64,
    /// The emulator's time.
    pub at: Timestamp,
    /// The app.
    pub appid: String,
    /// The user, by name.
    pub user: String,
    /// The user, by openid.
    pub openid: String,
    /// Where it comes from.
    pub kind: Kind,
    /// What it says.
    pub content: Value,
}

/// The latest messages of all users.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    total: u64,
    messages: VecDeque<Message>,
}

impl Inbox {
    /// Keeps a message, and numbers it.
    pub(crate) fn add(&mut self, at: Timestamp, user: &User, kind: Kind, content: Value) -> u64 {
        self.total += 1;
        if self.messages.len() >= REMEMBERED {
            self.messages.pop_back();
        }
        self.messages.push_front(Message {
            number: self.total,
            at,
            appid: user.appid.clone(),
            user: user.name.clone(),
            openid: user.openid.clone(),
            kind,
            content,
        });
        self.total
    }

    /// The messages, newest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Message> {
        self.messages.iter()
    }
}
