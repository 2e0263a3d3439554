//! Access tokens of both families, with the rules of getStableAccessToken
//! (<https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-access-token/api_getstableaccesstoken.html>)
//! and getAccessToken
//! (<https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-access-token/api_getaccesstoken.html>).
//! Neither family touches the tokens of the other.

use std::collections::{HashMap, VecDeque};

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};

use crate::identity;
use crate::time::{beijing_day, later};

const LIFE: SignedDuration = SignedDuration::from_secs(7200);
/// How long a token works beside its successor: a stable one, which is followed by another in its last
/// five minutes, and an ordinary one, which the next call replaces.
const OVERLAP: SignedDuration = SignedDuration::from_mins(5);
const FORCED_APART: SignedDuration = SignedDuration::from_secs(30);
const FORCED_PER_DAY: u32 = 20;
/// Tokens of the past that each app remembers, to tell an expired one from an invented one.
const PAST: usize = 1_000;
/// Ordinary tokens that work beside the newest; further ones are killed early.
const BESIDE: usize = 100;

/// The tokens of all apps.
#[derive(Debug, Default)]
pub(crate) struct Tokens(HashMap<String, OfApp>);

#[derive(Debug, Default)]
struct OfApp {
    stable: Family,
    ordinary: Family,
    forced_at: Option<Timestamp>,
    /// The day of the last forced refresh, and how many there were on it.
    forced_on: (i64, u32),
    past: VecDeque<Past>,
}

#[derive(Debug, Default)]
struct Family {
    newest: Option<Token>,
    /// Those before, while they work.
    previous: VecDeque<Token>,
}

#[derive(Debug, Clone)]
struct Token {
    text: String,
    until: Timestamp,
}

/// A token that works no more.
#[derive(Debug)]
struct Past {
    text: String,
    killed: bool,
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadToken {
    /// It does not look like one (40014).
    Malformed,
    /// It was never issued, or was killed (40001).
    Invalid,
    /// It is past its time (42001).
    Expired,
}

impl Token {
    fn new(rng: &mut Rng, now: Timestamp) -> Self {
        Self { text: identity::access_token(rng), until: later(now, LIFE) }
    }

    fn rest(&self, now: Timestamp) -> SignedDuration {
        self.until.duration_since(now)
    }

    fn works(&self, now: Timestamp) -> bool {
        self.rest(now).is_positive()
    }
}

impl Tokens {
    /// The stable token to answer with, and the seconds it still lives.
    pub(crate) fn stable(
        &mut self,
        rng: &mut Rng,
        appid: &str,
        force_refresh: bool,
        now: Timestamp,
    ) -> (String, i64) {
        let app = self.0.entry(appid.to_owned()).or_default();
        if force_refresh && app.may_be_forced(now) {
            app.kill_stable();
        }
        let fresh = app.stable.newest.as_ref().is_some_and(|token| token.rest(now) > OVERLAP);
        if !fresh {
            app.follow(now, |app| &mut app.stable, Token::new(rng, now));
        }
        app.stable
            .newest
            .as_ref()
            .map(|token| (token.text.clone(), token.rest(now).as_secs()))
            .unwrap_or_default()
    }

    /// A new ordinary token; the one before lives five minutes more.
    pub(crate) fn ordinary(&mut self, rng: &mut Rng, appid: &str, now: Timestamp) -> (String, i64) {
        let app = self.0.entry(appid.to_owned()).or_default();
        if let Some(replaced) = &mut app.ordinary.newest {
            replaced.until = replaced.until.min(later(now, OVERLAP));
        }
        let token = Token::new(rng, now);
        let answer = (token.text.clone(), LIFE.as_secs());
        app.follow(now, |app| &mut app.ordinary, token);
        answer
    }

    /// The app of a token that works.
    pub(crate) fn app_of(&self, token: &str, now: Timestamp) -> Result<&str, BadToken> {
        let mut bad = BadToken::Invalid;
        for (appid, app) in &self.0 {
            for family in [&app.stable, &app.ordinary] {
                let known = family.newest.iter().chain(&family.previous).find(|known| known.text == token);
                if let Some(known) = known {
                    return if known.works(now) { Ok(appid) } else { Err(BadToken::Expired) };
                }
            }
            if app.past.iter().any(|past| past.text == token && !past.killed) {
                bad = BadToken::Expired;
            }
        }
        Err(if identity::is_access_token(token) { bad } else { BadToken::Malformed })
    }

    /// Ends all tokens of an app at once, as if they had expired.
    pub(crate) fn expire(&mut self, appid: &str) {
        self.end(appid, false);
    }

    /// Kills all tokens of an app at once, as a reset of its AppSecret does.
    pub(crate) fn kill(&mut self, appid: &str) {
        self.end(appid, true);
    }

    fn end(&mut self, appid: &str, killed: bool) {
        let Some(app) = self.0.get_mut(appid) else { return };
        for family in [std::mem::take(&mut app.stable), std::mem::take(&mut app.ordinary)] {
            for token in family.previous.into_iter().chain(family.newest) {
                app.bury(token, killed);
            }
        }
    }
}

impl OfApp {
    /// Counts a forced refresh, if it is allowed: 20 a day, 30 seconds apart. Otherwise no refresh
    /// happens and the answer is that of the normal mode.
    fn may_be_forced(&mut self, now: Timestamp) -> bool {
        let day = beijing_day(now);
        let today = if self.forced_on.0 == day { self.forced_on.1 } else { 0 };
        let too_soon = self.forced_at.is_some_and(|at| now.duration_since(at) < FORCED_APART);
        if too_soon || today >= FORCED_PER_DAY {
            return false;
        }
        self.forced_at = Some(now);
        self.forced_on = (day, today + 1);
        true
    }

    fn kill_stable(&mut self) {
        let family = std::mem::take(&mut self.stable);
        for token in family.previous.into_iter().chain(family.newest) {
            self.bury(token, true);
        }
    }

    /// Puts a new token in the place of the newest.
    fn follow(&mut self, now: Timestamp, family: impl Fn(&mut Self) -> &mut Family, token: Token) {
        let of = family(self);
        of.previous.extend(of.newest.replace(token));
        let (working, over): (VecDeque<_>, VecDeque<_>) =
            std::mem::take(&mut of.previous).into_iter().partition(|token| token.works(now));
        of.previous = working;
        let mut killed = Vec::new();
        while of.previous.len() > BESIDE {
            killed.extend(of.previous.pop_front());
        }
        for token in over {
            self.bury(token, false);
        }
        for token in killed {
            self.bury(token, true);
        }
    }

    fn bury(&mut self, token: Token, killed: bool) {
        if self.past.len() >= PAST {
            self.past.pop_front();
        }
        self.past.push_back(Past { text: token.text, killed });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds after midnight in Beijing.
    fn time(seconds: i64) -> Timestamp {
        "2026-03-01T00:00:00+08:00".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
    }

    fn stable(tokens: &mut Tokens, appid: &str, force: bool, seconds: i64) -> (String, i64) {
        tokens.stable(&mut Rng::new(), appid, force, time(seconds))
    }

    #[test]
    fn the_same_token_until_its_last_five_minutes_then_both() {
        let mut tokens = Tokens::default();
        let (first, rest) = stable(&mut tokens, "wx1", false, 0);
        assert_eq!(rest, 7200);
        assert_eq!(stable(&mut tokens, "wx1", false, 6899), (first.clone(), 301));
        let (second, rest) = stable(&mut tokens, "wx1", false, 6900);
        assert_ne!(second, first);
        assert_eq!(rest, 7200);
        assert_eq!(tokens.app_of(&first, time(7199)), Ok("wx1"));
        assert_eq!(tokens.app_of(&second, time(7199)), Ok("wx1"));
        assert_eq!(tokens.app_of(&first, time(7200)), Err(BadToken::Expired));
        assert_eq!(tokens.app_of("88_x", time(0)), Err(BadToken::Malformed));
        let invented = identity::access_token(&mut Rng::new());
        assert_eq!(tokens.app_of(&invented, time(0)), Err(BadToken::Invalid));
    }

    #[test]
    fn apps_have_their_own_tokens() {
        let mut tokens = Tokens::default();
        let (one, _) = stable(&mut tokens, "wx1", false, 0);
        let (two, _) = stable(&mut tokens, "wx2", false, 0);
        assert_eq!((tokens.app_of(&one, time(0)), tokens.app_of(&two, time(0))), (Ok("wx1"), Ok("wx2")));
    }

    #[test]
    fn force_kills_the_old_ones_at_once() {
        let mut tokens = Tokens::default();
        let (first, _) = stable(&mut tokens, "wx1", false, 0);
        let (second, _) = stable(&mut tokens, "wx1", false, 7000);
        let (third, rest) = stable(&mut tokens, "wx1", true, 7001);
        assert_eq!(rest, 7200);
        assert!(third != second && third != first);
        assert_eq!(tokens.app_of(&first, time(7001)), Err(BadToken::Invalid));
        assert_eq!(tokens.app_of(&second, time(7001)), Err(BadToken::Invalid));
        assert_eq!(tokens.app_of(&third, time(7001)), Ok("wx1"));
    }

    #[test]
    fn force_within_thirty_seconds_refreshes_nothing() {
        let mut tokens = Tokens::default();
        let (first, _) = stable(&mut tokens, "wx1", true, 0);
        assert_eq!(stable(&mut tokens, "wx1", true, 29), (first.clone(), 7171));
        assert_ne!(stable(&mut tokens, "wx1", true, 30).0, first);
    }

    #[test]
    fn force_works_twenty_times_a_day() {
        let mut tokens = Tokens::default();
        let mut distinct = std::collections::HashSet::new();
        for n in 0..25 {
            distinct.insert(stable(&mut tokens, "wx1", true, n * 60).0);
        }
        assert_eq!(distinct.len(), 20);
        let last = stable(&mut tokens, "wx1", false, 1500).0;
        assert_ne!(stable(&mut tokens, "wx1", true, 86_400).0, last, "the next day counts anew");
    }

    #[test]
    fn ordinary_tokens_replace_each_other_and_leave_the_stable_one_alone() {
        let mut tokens = Tokens::default();
        let rng = &mut Rng::new();
        let (kept, _) = stable(&mut tokens, "wx1", false, 0);
        let (first, rest) = tokens.ordinary(rng, "wx1", time(0));
        assert_eq!(rest, 7200);
        let (second, _) = tokens.ordinary(rng, "wx1", time(1000));
        assert_ne!(first, second);
        assert_eq!(tokens.app_of(&first, time(1299)), Ok("wx1"));
        assert_eq!(tokens.app_of(&first, time(1300)), Err(BadToken::Expired));
        let (third, _) = tokens.ordinary(rng, "wx1", time(1400));
        assert_eq!(tokens.app_of(&second, time(1699)), Ok("wx1"));
        stable(&mut tokens, "wx1", true, 1500);
        assert_eq!(tokens.app_of(&third, time(1500)), Ok("wx1"), "a forced refresh is of the other family");
        assert_eq!(tokens.app_of(&kept, time(1500)), Err(BadToken::Invalid));
    }

    #[test]
    fn memory_is_bounded() {
        let mut tokens = Tokens::default();
        let rng = &mut Rng::new();
        for _ in 0..2 * PAST {
            tokens.ordinary(rng, "wx1", time(0));
        }
        let app = &tokens.0["wx1"];
        assert_eq!((app.ordinary.previous.len(), app.past.len()), (BESIDE, PAST));
        tokens.kill("wx1");
        assert_eq!(tokens.0["wx1"].past.len(), PAST);
    }
}
