//! What may be set while the emulator runs.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::verdict::Rule;

/// How the emulator behaves where WeChat, or the developer, has a choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Takes codes that it did not issue for the developer's own: WeChat DevTools and real phones
    /// get theirs from WeChat. Off: they are refused with 40029, as WeChat does.
    pub accept_unknown_codes: bool,
    /// The user whom such codes stand for.
    pub developer_user: String,
    /// Takes openids that it has not seen for users of an earlier run, whose database still knows them.
    /// Off: they are refused with 40003.
    pub accept_unknown_openids: bool,
    /// Takes a template that it does not know for one of the app, as soon as a user is asked about it or a
    /// message is sent by it. Off: it is refused with 40037.
    pub accept_unknown_templates: bool,
    /// The errcode for a code that was used before.
    pub reused_code: ReusedCode,
    /// Whether answers carry a unionid, as for apps that are bound to an Open Platform account.
    pub unionid: bool,
    /// Whether each login brings a new session_key. WeChat may do so, and may not.
    pub new_session_key: bool,
    /// After how many seconds without a sign of the user a content check is refused with 61010.
    pub inactive_after: u32,
    /// After how many seconds of the emulator's clock the result of a media check is pushed. WeChat
    /// promises 30 minutes at most.
    pub media_check_seconds: u32,
    /// Whether getPhoneNumber answers the country code as a number, as it was seen to, instead of a text.
    pub country_code_as_number: bool,
    /// Milliseconds of real time in which a push must be answered.
    pub push_timeout_ms: u64,
    /// What content checks find, by the first rule that matches. Without one, content passes.
    pub rules: Vec<Rule>,
    /// Other limits than WeChat's for calls of one path, such as `/wxa/msg_sec_check`.
    pub limits: BTreeMap<String, Limit>,
    /// The limits that are not of one path.
    pub caps: Caps,
}

/// The limits of one path for each app.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limit {
    /// Calls in a minute; of schemes and URL links, in a second.
    pub rate: Option<u32>,
    /// Calls on a day of Beijing.
    pub daily: Option<u32>,
}

/// The limits that are not of one path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Caps {
    /// Logins and phone codes of one user in a minute (45011).
    pub user_per_minute: u32,
    /// Codes of getQRCode and createQRCode, for ever and together (45029).
    pub codes: u32,
    /// Permanent short links, for ever (85400).
    pub permanent_links: u32,
    /// Openings of schemes and URL links on a day (85406).
    pub visits_per_day: u32,
    /// Checks of one URL for one user in a minute (87020). WeChat does not publish its figure.
    pub media_repeats: u32,
    /// clear_quota in a month (48006).
    pub clearings_per_month: u32,
    /// clearApiQuota in a month (48006).
    pub api_clearings_per_month: u32,
    /// Templates of an app (200012).
    pub templates: u32,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            user_per_minute: 100,
            codes: 100_000,
            permanent_links: 100_000,
            visits_per_day: 3_000_000,
            media_repeats: 10,
            clearings_per_month: 10,
            api_clearings_per_month: 50,
            templates: 50,
        }
    }
}

/// What WeChat's console (微信公众平台) and its administration say of one app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AppSettings {
    /// The addresses that may ask for access tokens (IP 白名单); empty: all (40164).
    pub ip_allow_list: Vec<IpAddr>,
    /// 89503, 89506 or 89507, for calls that the administrator has not confirmed or has refused.
    pub ip_verdict: Option<i64>,
    /// The AppSecret is frozen (40243).
    pub secret_frozen: bool,
    /// 50004 (no tokens) or 50007 (frozen).
    pub account_verdict: Option<i64>,
    /// Paths that the app may not call (48001).
    pub unauthorized: BTreeSet<String>,
    /// Whether a version is online (85079).
    pub released: bool,
    /// The pages of the published version; `None`: any page exists (41030, 40165, 40066).
    pub pages: Option<BTreeSet<String>>,
    /// 40002, 40013, 85407 or 85408, for apps that may not make schemes and URL links.
    pub link_verdict: Option<i64>,
    /// Whether the app may make short links (43104).
    pub short_links: bool,
    /// Subscribe messages are banned (43107, 200011).
    pub subscriptions_banned: bool,
    /// Titles of the public template library that are banned (200013).
    pub banned_titles: BTreeSet<u64>,
}

impl Default for AppSettings {
    fn default() -> Self {
        Self {
            ip_allow_list: Vec::new(),
            ip_verdict: None,
            secret_frozen: false,
            account_verdict: None,
            unauthorized: BTreeSet::new(),
            released: true,
            pages: None,
            link_verdict: None,
            short_links: true,
            subscriptions_banned: false,
            banned_titles: BTreeSet::new(),
        }
    }
}

impl AppSettings {
    /// Whether the published version has this page, which is given without a slash at its beginning.
    pub(crate) fn has_page(&self, page: &str) -> bool {
        let there = self.pages.as_ref().is_none_or(|pages| pages.contains(page));
        there && !page.is_empty() && !page.starts_with('/')
    }

    /// Says what cannot be, if something cannot.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let one_of = |verdict: Option<i64>, known: &[i64]| verdict.is_none_or(|code| known.contains(&code));
        if !one_of(self.ip_verdict, &[89503, 89506, 89507]) {
            return Err("ip_verdict is null, 89503, 89506 or 89507");
        }
        if !one_of(self.account_verdict, &[50004, 50007]) {
            return Err("account_verdict is null, 50004 or 50007");
        }
        match one_of(self.link_verdict, &[40002, 40013, 85407, 85408]) {
            true => Ok(()),
            false => Err("link_verdict is null, 40002, 40013, 85407 or 85408"),
        }
    }
}

/// The errcode for a code that was used before. WeChat's page of code2Session names 40029 only;
/// developers report 40163 too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub enum ReusedCode {
    /// `invalid code` (40029).
    Invalid,
    /// `code been used` (40163).
    Used,
}

impl From<ReusedCode> for i64 {
    fn from(code: ReusedCode) -> Self {
        match code {
            ReusedCode::Invalid => 40029,
            ReusedCode::Used => 40163,
        }
    }
}

impl TryFrom<i64> for ReusedCode {
    type Error = &'static str;

    fn try_from(errcode: i64) -> Result<Self, Self::Error> {
        match errcode {
            40029 => Ok(Self::Invalid),
            40163 => Ok(Self::Used),
            _ => Err("reused_code is 40029 or 40163"),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            accept_unknown_codes: true,
            developer_user: "developer".into(),
            accept_unknown_openids: true,
            accept_unknown_templates: true,
            reused_code: ReusedCode::Used,
            unionid: false,
            new_session_key: true,
            inactive_after: 7200,
            media_check_seconds: 0,
            country_code_as_number: false,
            push_timeout_ms: 5000,
            rules: Rule::defaults(),
            limits: BTreeMap::new(),
            caps: Caps::default(),
        }
    }
}

impl Settings {
    /// As WeChat is: without anything that makes development easier.
    pub fn strict() -> Self {
        Self {
            accept_unknown_codes: false,
            accept_unknown_openids: false,
            accept_unknown_templates: false,
            ..Self::default()
        }
    }

    /// Says what cannot be, if something cannot.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        check_user(&self.developer_user)?;
        if self.rules.len() > RULES {
            return Err("there are 1000 content rules at most");
        }
        if !(1..=600_000).contains(&self.push_timeout_ms) {
            return Err("push_timeout_ms is 1 to 600000");
        }
        match self.limits.keys().find(|path| crate::api::find(path).is_none()) {
            None => Ok(()),
            Some(_) => Err("limits are for paths of WeChat's API, such as /wxa/msg_sec_check"),
        }
    }
}

/// Content rules at most.
const RULES: usize = 1_000;

/// The value with a change applied to it, as JSON Merge Patch (RFC 7386) does: what is absent stays, null is the
/// default.
pub(crate) fn merged<T: Serialize + DeserializeOwned>(
    value: &T,
    change: Map<String, Value>,
) -> Result<T, String> {
    let mut merged = serde_json::to_value(value).map_err(|error| error.to_string())?;
    merge(&mut merged, change.into());
    serde_json::from_value(merged).map_err(|error| error.to_string())
}

fn merge(target: &mut Value, change: Value) {
    match (target, change) {
        (Value::Object(target), Value::Object(change)) => {
            for (name, change) in change {
                match change {
                    Value::Null => drop(target.remove(&name)),
                    change => merge(target.entry(name).or_insert(Value::Null), change),
                }
            }
        }
        (target, change) => *target = change,
    }
}

/// Says why a text cannot be a user's name, if it cannot.
pub(crate) fn check_user(user: &str) -> Result<(), &'static str> {
    let fits = (1..=64).contains(&user.chars().count());
    match fits && !user.chars().any(char::is_control) && user.trim() == user {
        true => Ok(()),
        false => {
            Err("a user is named by 1 to 64 characters, without line breaks and without spaces at the ends")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_of_users() {
        assert!(check_user("alice").is_ok());
        assert!(check_user("张 三").is_ok());
        for bad in ["", " ", "a ", "a\nb", &"a".repeat(65)] {
            assert!(check_user(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_change_leaves_the_rest() {
        let settings = Settings { unionid: true, ..Settings::default() };
        let object = |value: Value| value.as_object().cloned().unwrap();
        let change = json!({"reused_code": 40029, "unionid": null, "caps": {"codes": 3}});
        let expected = Settings {
            reused_code: ReusedCode::Invalid,
            caps: Caps { codes: 3, ..Caps::default() },
            ..Settings::default()
        };
        assert_eq!(merged(&settings, object(change)), Ok(expected));
        for bad in [json!({"reused_code": 1}), json!({"unknown": 1}), json!({"caps": {"codes": -1}})] {
            assert!(merged(&settings, object(bad.clone())).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_cannot_be_is_told() {
        let limits = [("/wxa/msg_sec_chek".to_owned(), Limit::default())].into();
        assert!(Settings { limits, ..Settings::default() }.check().is_err());
        assert!(Settings { push_timeout_ms: 0, ..Settings::default() }.check().is_err());
        assert!(Settings::strict().check().is_ok());
        for wrong in
            [json!({"ip_verdict": 1}), json!({"account_verdict": 89503}), json!({"link_verdict": 40014})]
        {
            let settings: AppSettings = serde_json::from_value(wrong.clone()).unwrap();
            assert!(settings.check().is_err(), "{wrong}");
        }
    }
}
