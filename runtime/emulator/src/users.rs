//! The users of the apps, as WeChat knows them: sessions, grants, conversations.

use std::collections::{BTreeMap, HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::identity;
use crate::settings::check_user;

/// Users remembered at most; those who were away longest are forgotten first.
const REMEMBERED: usize = 10_000;

/// What is set for a user of an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UserSettings {
    /// WeChat takes the user for a risk and blocks logins (40226).
    pub high_risk: bool,
    /// The user is a minor, to whom no customer message is sent (70000).
    pub minor: bool,
    /// The rank that getUserRiskRank answers, 0 to 4.
    pub risk_rank: u8,
    /// The phone number without its country's prefix; `None`: one that belongs to the name.
    pub phone_number: Option<String>,
    /// The country's prefix, without `+`.
    pub country_code: String,
}

impl Default for UserSettings {
    fn default() -> Self {
        Self { high_risk: false, minor: false, risk_rank: 0, phone_number: None, country_code: "86".into() }
    }
}

impl UserSettings {
    /// Says what cannot be, if something cannot.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let digits = |text: &str, most: usize| {
            (1..=most).contains(&text.len()) && text.chars().all(|c| c.is_ascii_digit())
        };
        if self.risk_rank > 4 {
            return Err("risk_rank is 0 to 4");
        }
        if !digits(&self.country_code, 4) {
            return Err("country_code is 1 to 4 digits, such as 86");
        }
        match self.phone_number.as_deref().is_none_or(|number| digits(number, 15)) {
            true => Ok(()),
            false => Err("phone_number is 1 to 15 digits, without the country's prefix"),
        }
    }
}

/// What a user agreed to receive by one template.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Grant {
    /// Messages that may still be sent, one for each acceptance (一次性订阅).
    pub once: u32,
    /// Whether any number may be sent (长期订阅).
    pub always: bool,
}

/// One of the keys of getUserEncryptKey.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct EncryptKey {
    pub(crate) encrypt_key: String,
    pub(crate) iv: String,
    pub(crate) version: u32,
    #[serde(skip)]
    pub(crate) created: Timestamp,
}

/// A payment, after which the unionid can be asked for.
#[derive(Debug, Clone)]
pub(crate) struct Payment {
    pub(crate) transaction_id: String,
    pub(crate) mch_id: String,
    pub(crate) out_trade_no: String,
    pub(crate) at: Timestamp,
}

/// What went to and fro between the user and customer service.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    pub(crate) wrote_at: Option<Timestamp>,
    pub(crate) replies: u32,
    pub(crate) entered_at: Option<Timestamp>,
    pub(crate) last_message_at: Option<Timestamp>,
    pub(crate) typing_until: Option<Timestamp>,
}

/// A user in an app.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) appid: String,
    pub(crate) openid: String,
    pub(crate) settings: UserSettings,
    pub(crate) session_key: Option<String>,
    pub(crate) active_at: Timestamp,
    pub(crate) grants: BTreeMap<String, Grant>,
    pub(crate) encrypt_keys: VecDeque<EncryptKey>,
    pub(crate) conversation: Conversation,
    pub(crate) payments: VecDeque<Payment>,
    /// The minute of the last logins, and how many there were in it.
    pub(crate) logins: (i64, u32),
    /// The minute of the last media checks, and how many there were in it of each URL.
    pub(crate) media_checks: (i64, HashMap<String, u32>),
}

impl User {
    fn new(appid: &str, name: &str, openid: String, now: Timestamp) -> Self {
        Self {
            name: name.into(),
            appid: appid.into(),
            openid,
            settings: UserSettings::default(),
            session_key: None,
            active_at: now,
            grants: BTreeMap::new(),
            encrypt_keys: VecDeque::new(),
            conversation: Conversation::default(),
            payments: VecDeque::new(),
            logins: (0, 0),
            media_checks: (0, HashMap::new()),
        }
    }

    /// The user's phone number without prefix.
    pub(crate) fn phone_number(&self) -> String {
        self.settings.phone_number.clone().unwrap_or_else(|| identity::phone_number(&self.name))
    }

    /// Whether the user gave no sign for that long; 0 is never.
    pub(crate) fn is_inactive(&self, after: u32, now: Timestamp) -> bool {
        after > 0 && now.duration_since(self.active_at) >= SignedDuration::from_secs(after.into())
    }

    /// Counts a login or phone code of this minute, and returns how many there are.
    pub(crate) fn count_login(&mut self, now: Timestamp) -> u32 {
        let minute = now.as_second().div_euclid(60);
        let before = if self.logins.0 == minute { self.logins.1 } else { 0 };
        self.logins = (minute, before.saturating_add(1));
        self.logins.1
    }
}

/// The users of all apps.
#[derive(Debug)]
pub(crate) struct Users {
    by_openid: HashMap<String, User>,
    room: usize,
}

impl Default for Users {
    fn default() -> Self {
        Self { by_openid: HashMap::new(), room: REMEMBERED }
    }
}

impl Users {
    /// A user who shows up in an app now.
    pub(crate) fn enter(&mut self, appid: &str, name: &str, now: Timestamp) -> &mut User {
        let openid = identity::openid(appid, name);
        self.enter_as(appid, name, openid, now)
    }

    /// A user of an earlier run, of whom only the openid is known.
    pub(crate) fn enter_unknown(&mut self, appid: &str, openid: &str, now: Timestamp) -> &mut User {
        self.enter_as(appid, openid, openid.to_owned(), now)
    }

    fn enter_as(&mut self, appid: &str, name: &str, openid: String, now: Timestamp) -> &mut User {
        debug_assert!(check_user(name).is_ok(), "names are checked where they come in");
        if !self.by_openid.contains_key(&openid) && self.by_openid.len() >= self.room {
            let away_longest =
                self.by_openid.values().min_by_key(|user| user.active_at).map(|user| user.openid.clone());
            away_longest.and_then(|openid| self.by_openid.remove(&openid));
        }
        let user = self
            .by_openid
            .entry(openid)
            .or_insert_with_key(|openid| User::new(appid, name, openid.clone(), now));
        user.active_at = now;
        user
    }

    /// The user of an openid, in whichever app.
    pub(crate) fn get(&mut self, openid: &str) -> Option<&mut User> {
        self.by_openid.get_mut(openid)
    }

    /// All of them, the last active first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &User> {
        let mut users: Vec<&User> = self.by_openid.values().collect();
        users.sort_by(|a, b| b.active_at.cmp(&a.active_at).then_with(|| a.openid.cmp(&b.openid)));
        users.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded_and_those_away_longest_are_forgotten() {
        let mut users = Users { room: 2, ..Users::default() };
        let time = |second| Timestamp::from_second(second).unwrap();
        users.enter("wx1", "alice", time(1));
        users.enter("wx1", "bob", time(2));
        users.enter("wx1", "alice", time(3));
        users.enter("wx2", "alice", time(4));
        let known: Vec<_> = users.iter().map(|user| (user.appid.as_str(), user.name.as_str())).collect();
        assert_eq!(known, [("wx2", "alice"), ("wx1", "alice")]);
    }

    #[test]
    fn what_cannot_be_is_told() {
        assert!(UserSettings::default().check().is_ok());
        assert!(UserSettings { risk_rank: 5, ..UserSettings::default() }.check().is_err());
        assert!(UserSettings { country_code: "+86".into(), ..UserSettings::default() }.check().is_err());
        assert!(
            UserSettings { phone_number: Some("1-2".into()), ..UserSettings::default() }.check().is_err()
        );
    }
}
