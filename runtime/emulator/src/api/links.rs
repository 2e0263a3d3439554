//! Schemes, URL links and short links.

use std::collections::{HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;

use super::{Answer, Call};
use crate::errcode::{self, Errcode, Refusal};
use crate::identity;
use crate::time::{beijing_day, later};
use crate::verdict::{Suggest, Verdict};

/// Links remembered at most; the oldest are forgotten first.
const REMEMBERED: usize = 10_000;
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);
const SHORTEST_LIFE: SignedDuration = SignedDuration::from_mins(1);

/// Where a link leads.
#[derive(Debug, Clone)]
struct Link {
    appid: String,
    path: String,
    query: String,
    env_version: String,
    created: Timestamp,
    expires: Timestamp,
}

/// The links that were made, and how often they were opened.
#[derive(Debug, Default)]
pub(crate) struct Links {
    known: HashMap<String, Link>,
    order: VecDeque<String>,
    /// By app, the day of the last openings and how many there were.
    visits: HashMap<String, (i64, u32)>,
}

impl Links {
    fn remember(&mut self, text: String, link: Link) {
        if self.order.len() >= REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.order.push_back(text.clone());
        self.known.insert(text, link);
    }

    fn visits(&self, appid: &str, now: Timestamp) -> u32 {
        self.visits.get(appid).filter(|(day, _)| *day == beijing_day(now)).map_or(0, |(_, visits)| *visits)
    }

    /// Opens a link as a user does, and says where it leads: `path?query` in the app.
    pub(crate) fn open(&mut self, text: &str, most: u32, now: Timestamp) -> Result<String, &'static str> {
        let link = self.known.get(text).ok_or("there is no such link, or it is forgotten")?;
        if link.expires <= now {
            return Err("the link has expired");
        }
        let visits = self.visits(&link.appid, now);
        if visits >= most {
            return Err("the links of this app were opened too often today");
        }
        self.visits.insert(link.appid.clone(), (beijing_day(now), visits + 1));
        Ok(if link.query.is_empty() { link.path.clone() } else { format!("{}?{}", link.path, link.query) })
    }
}

#[derive(Default, Deserialize)]
struct Target {
    #[serde(default)]
    path: String,
    #[serde(default)]
    query: String,
    env_version: Option<String>,
}

#[derive(Deserialize)]
struct Expiry {
    #[serde(default)]
    is_expire: bool,
    #[serde(default)]
    expire_type: i64,
    expire_time: Option<i64>,
    expire_interval: Option<i64>,
}

#[derive(Deserialize)]
struct SchemeQuestion {
    #[serde(default)]
    jump_wxa: Target,
    #[serde(flatten)]
    expiry: Expiry,
}

#[derive(Deserialize)]
struct UrlQuestion {
    #[serde(flatten)]
    target: Target,
    #[serde(flatten)]
    expiry: Expiry,
}

pub(super) fn scheme(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let SchemeQuestion { jump_wxa, expiry } = call.body()?;
    let link = link(call, jump_wxa, &expiry)?;
    let text = format!("weixin://dl/business/?t={}", identity::alphanumeric(call.rng(), 10));
    call.state.links.remember(text.clone(), link);
    Ok(Answer::ok(json!({ "openlink": text })))
}

pub(super) fn url_link(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let UrlQuestion { target, expiry } = call.body()?;
    let link = link(call, target, &expiry)?;
    let text = format!("https://wxaurl.cn/{}", identity::alphanumeric(call.rng(), 11));
    call.state.links.remember(text.clone(), link);
    Ok(Answer::ok(json!({ "url_link": text })))
}

fn link(call: &mut Call<'_>, target: Target, expiry: &Expiry) -> Result<Link, Refusal> {
    let settings = call.app_settings();
    if let Some(verdict) = settings.link_verdict.and_then(Errcode::of) {
        return Err(verdict.into());
    }
    if !settings.released {
        return Err(errcode::NOT_RELEASED.into());
    }
    if !target.path.is_empty()
        && (target.path.contains('?') || !settings.has_page(target.path.trim_start_matches('/')))
    {
        return Err(errcode::PAGE_PATH_INVALID.into());
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "!#$&'()*+,/:;=?@-._~%`".contains(c);
    if target.query.chars().count() > 1024 || !target.query.chars().all(allowed) {
        return Err(errcode::QUERY_INVALID.into());
    }
    let env_version = target.env_version.unwrap_or_else(|| "release".into());
    if !matches!(env_version.as_str(), "release" | "trial" | "develop") {
        return Err(errcode::ENV_VERSION_INVALID.into());
    }
    let expires = expires(expiry, call.now)?;
    let most = call.settings().caps.visits_per_day;
    if call.state.links.visits(&call.appid, call.now) >= most {
        return Err(errcode::VISITS_PER_DAY.into());
    }
    let Target { path, query, .. } = target;
    Ok(Link { appid: call.appid.clone(), path, query, env_version, created: call.now, expires })
}

fn expires(expiry: &Expiry, now: Timestamp) -> Result<Timestamp, Refusal> {
    if !expiry.is_expire {
        return Ok(later(now, LONGEST_LIFE));
    }
    let until = match expiry.expire_type {
        0 => expiry.expire_time.and_then(|second| Timestamp::from_second(second).ok()),
        1 => expiry
            .expire_interval
            .filter(|days| (1..=30).contains(days))
            .map(|days| later(now, SignedDuration::from_hours(24 * days))),
        _ => None,
    };
    let life = |until: &Timestamp| until.duration_since(now);
    let until = until.filter(|until| life(until) >= SHORTEST_LIFE && life(until) <= LONGEST_LIFE);
    Ok(until.ok_or(errcode::EXPIRY_INVALID)?)
}

#[derive(Deserialize)]
struct LinkQuestion {
    #[serde(default, alias = "url_link")]
    scheme: String,
    #[serde(default)]
    query_type: i64,
}

pub(super) fn query_scheme(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    query(call, "scheme_info")
}

pub(super) fn query_url_link(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    query(call, "url_link_info")
}

fn query(call: &mut Call<'_>, name: &str) -> Result<Answer, Refusal> {
    let LinkQuestion { scheme, query_type } = call.body()?;
    let most = call.settings().caps.visits_per_day;
    let rest = most.saturating_sub(call.state.links.visits(&call.appid, call.now));
    let quota = json!({ "quota_info": { "remain_visit_quota": rest } });
    match query_type {
        1 => return Ok(Answer::ok(quota)),
        0 => {}
        _ => return Err(errcode::ARGUMENTS_INVALID.into()),
    }
    let link = call.state.links.known.get(&scheme).filter(|link| link.appid == call.appid);
    let link = link.ok_or(errcode::LINK_NOT_FOUND)?;
    let mut answer = quota;
    answer[name] = json!({
        "appid": link.appid, "path": link.path, "query": link.query, "env_version": link.env_version,
        "create_time": link.created.as_second(), "expire_time": link.expires.as_second()
    });
    Ok(Answer::ok(answer))
}

#[derive(Deserialize)]
struct ShortQuestion {
    #[serde(default)]
    page_url: String,
    #[serde(default)]
    page_title: String,
    #[serde(default)]
    is_permanent: bool,
}

pub(super) fn short(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let question: ShortQuestion = call.body()?;
    let settings = call.app_settings();
    if !settings.short_links {
        return Err(errcode::OPENID_OF_ANOTHER_APP.saying("this appid does not have permission"));
    }
    let (path, query) = question.page_url.split_once('?').unwrap_or((&question.page_url, ""));
    if question.page_url.chars().count() > 1024 || !settings.has_page(path.trim_start_matches('/')) {
        return Err(errcode::URL_INVALID.into());
    }
    let verdict = Verdict::of(&mut call.state.settings.rules, &[&question.page_title], None, "");
    if question.page_title.chars().count() > 20 || verdict.suggest == Suggest::Risky {
        return Err(errcode::TITLE_INVALID.into());
    }
    let most = call.settings().caps.permanent_links;
    let app = call.of_app();
    if question.is_permanent && app.permanent_links >= most {
        return Err(errcode::PERMANENT_USED_UP.into());
    }
    app.permanent_links += u32::from(question.is_permanent);
    let link = Link {
        appid: call.appid.clone(),
        path: path.into(),
        query: query.into(),
        env_version: "release".into(),
        created: call.now,
        expires: if question.is_permanent { Timestamp::MAX } else { later(call.now, LONGEST_LIFE) },
    };
    let text = format!("#小程序://{}/{}", question.page_title, identity::alphanumeric(call.rng(), 15));
    call.state.links.remember(text.clone(), link);
    Ok(Answer::ok(json!({ "link": text })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded() {
        let mut links = Links::default();
        let link = Link {
            appid: "wx1".into(),
            path: "p".into(),
            query: String::new(),
            env_version: "release".into(),
            created: Timestamp::UNIX_EPOCH,
            expires: Timestamp::MAX,
        };
        for n in 0..REMEMBERED + 5 {
            links.remember(n.to_string(), link.clone());
        }
        assert_eq!((links.known.len(), links.order.len()), (REMEMBERED, REMEMBERED));
        assert!(links.open("0", 9, Timestamp::UNIX_EPOCH).is_err());
        assert_eq!(links.open("9999", 1, Timestamp::UNIX_EPOCH), Ok("p".into()));
        assert!(links.open("9999", 1, Timestamp::UNIX_EPOCH).is_err(), "more often than the limit");
    }
}
