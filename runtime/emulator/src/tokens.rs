//! Stable access tokens, with the rules of getStableAccessToken
//! (<https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-access-token/getStableAccessToken.html>).

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::identity::random_token;

const LIFE: SignedDuration = SignedDuration::from_secs(7200);
/// In its last five minutes a token is followed by a new one, and both work.
const OVERLAP: SignedDuration = SignedDuration::from_mins(5);
const FORCED_APART: SignedDuration = SignedDuration::from_secs(30);
const FORCED_PER_DAY: u32 = 20;
/// WeChat's days are Beijing's.
const BEIJING: SignedDuration = SignedDuration::from_hours(8);

/// The tokens of all apps.
#[derive(Debug, Default)]
pub(crate) struct Tokens(HashMap<String, OfApp>);

#[derive(Debug, Default)]
struct OfApp {
    newest: Option<Token>,
    /// The one before, while both work.
    previous: Option<Token>,
    forced_at: Option<Timestamp>,
    /// The day of the last forced refresh, and how many there were on it.
    forced_on: (i64, u32),
}

#[derive(Debug, Clone)]
struct Token {
    text: String,
    until: Timestamp,
}

impl Token {
    fn new(now: Timestamp) -> Self {
        Self { text: random_token(), until: later(now, LIFE) }
    }

    fn rest(&self, now: Timestamp) -> SignedDuration {
        self.until.duration_since(now)
    }
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

impl Tokens {
    /// The token to answer with, and the seconds it still lives.
    pub(crate) fn get(&mut self, appid: &str, force_refresh: bool, now: Timestamp) -> (String, i64) {
        let app = self.0.entry(appid.to_owned()).or_default();
        let token = if force_refresh && app.may_be_forced(now) {
            app.previous = None;
            app.newest.insert(Token::new(now)).clone()
        } else {
            match &app.newest {
                Some(token) if token.rest(now) > OVERLAP => token.clone(),
                _ => {
                    app.previous = app.newest.take();
                    app.newest.insert(Token::new(now)).clone()
                }
            }
        };
        let rest = token.rest(now).as_secs();
        (token.text, rest)
    }

    /// Whether a token works.
    pub(crate) fn accepts(&self, appid: &str, token: &str, now: Timestamp) -> bool {
        let Some(app) = self.0.get(appid) else { return false };
        [&app.newest, &app.previous]
            .into_iter()
            .flatten()
            .any(|known| known.text == token && known.rest(now).is_positive())
    }
}

impl OfApp {
    /// Counts a forced refresh, if it is allowed: 20 a day, 30 seconds apart. Otherwise no refresh
    /// happens and the answer is that of the normal mode.
    fn may_be_forced(&mut self, now: Timestamp) -> bool {
        let day = later(now, BEIJING).as_second().div_euclid(86_400);
        let today = if self.forced_on.0 == day { self.forced_on.1 } else { 0 };
        let too_soon = self.forced_at.is_some_and(|at| now.duration_since(at) < FORCED_APART);
        if too_soon || today >= FORCED_PER_DAY {
            return false;
        }
        self.forced_at = Some(now);
        self.forced_on = (day, today + 1);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds after midnight in Beijing.
    fn time(seconds: i64) -> Timestamp {
        "2026-03-01T00:00:00+08:00".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
    }

    #[test]
    fn the_same_token_until_its_last_five_minutes_then_both() {
        let mut tokens = Tokens::default();
        let (first, rest) = tokens.get("wx1", false, time(0));
        assert_eq!(rest, 7200);
        assert_eq!(tokens.get("wx1", false, time(6899)), (first.clone(), 301));
        let (second, rest) = tokens.get("wx1", false, time(6900));
        assert_ne!(second, first);
        assert_eq!(rest, 7200);
        assert!(tokens.accepts("wx1", &first, time(7199)) && tokens.accepts("wx1", &second, time(7199)));
        assert!(!tokens.accepts("wx1", &first, time(7200)));
        assert!(!tokens.accepts("wx2", &second, time(7199)));
        assert!(!tokens.accepts("wx1", "88_x", time(7199)));
    }

    #[test]
    fn apps_have_their_own_tokens() {
        let mut tokens = Tokens::default();
        assert_ne!(tokens.get("wx1", false, time(0)), tokens.get("wx2", false, time(0)));
    }

    #[test]
    fn force_kills_the_old_ones_at_once() {
        let mut tokens = Tokens::default();
        let (first, _) = tokens.get("wx1", false, time(0));
        let (second, _) = tokens.get("wx1", false, time(7000));
        let (third, rest) = tokens.get("wx1", true, time(7001));
        assert_eq!(rest, 7200);
        assert!(third != second && third != first);
        assert!(!tokens.accepts("wx1", &first, time(7001)) && !tokens.accepts("wx1", &second, time(7001)));
        assert!(tokens.accepts("wx1", &third, time(7001)));
    }

    #[test]
    fn force_within_thirty_seconds_refreshes_nothing() {
        let mut tokens = Tokens::default();
        let (first, _) = tokens.get("wx1", true, time(0));
        assert_eq!(tokens.get("wx1", true, time(29)), (first.clone(), 7171));
        assert_ne!(tokens.get("wx1", true, time(30)).0, first);
    }

    #[test]
    fn force_works_twenty_times_a_day() {
        let mut tokens = Tokens::default();
        let mut distinct = std::collections::HashSet::new();
        for n in 0..25 {
            distinct.insert(tokens.get("wx1", true, time(n * 60)).0);
        }
        assert_eq!(distinct.len(), 20);
        let last = tokens.get("wx1", false, time(1500)).0;
        assert_ne!(tokens.get("wx1", true, time(86_400)).0, last, "the next day counts anew");
    }
}
