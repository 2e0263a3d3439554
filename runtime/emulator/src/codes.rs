//! Login codes: issued for one user in one app, good for five minutes, once.

use std::collections::{HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use crate::identity::random_code;
use crate::settings::{ReusedCode, Settings};

/// The code that WeChat DevTools hands out in a project without an appid, each time the same.
pub const MOCK_CODE: &str = "the code is a mock one";

/// The life of a code. <https://developers.weixin.qq.com/miniprogram/dev/api/open-api/login/wx.login.html>
const LIFE: SignedDuration = SignedDuration::from_mins(5);

/// Codes remembered at most; the oldest are forgotten first.
const REMEMBERED: usize = 100_000;

/// The codes that were issued, and the foreign ones that were used.
#[derive(Debug)]
pub(crate) struct Codes {
    known: HashMap<String, Code>,
    order: VecDeque<String>,
    room: usize,
}

impl Default for Codes {
    fn default() -> Self {
        Self::with_room(REMEMBERED)
    }
}

#[derive(Debug)]
enum Code {
    Issued { appid: String, user: String, until: Timestamp, used: bool },
    ForeignAndUsed,
}

/// Why a code is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadCode {
    /// Unknown, expired, or of another app.
    Invalid,
    /// Used before.
    Reused(ReusedCode),
}

impl Codes {
    fn with_room(room: usize) -> Self {
        Self { known: HashMap::new(), order: VecDeque::new(), room }
    }

    /// A new code for a user in an app.
    pub(crate) fn issue(&mut self, appid: &str, user: &str, now: Timestamp) -> String {
        let code = random_code();
        let until = now.checked_add(LIFE).unwrap_or(Timestamp::MAX);
        let issued = Code::Issued { appid: appid.into(), user: user.into(), until, used: false };
        self.remember(code.clone(), issued);
        code
    }

    /// The user of a code, which is used up by that.
    pub(crate) fn exchange(
        &mut self,
        appid: &str,
        code: &str,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<String, BadCode> {
        match self.known.get_mut(code) {
            Some(Code::Issued { appid: of, user, until, used }) => {
                if of != appid || *until <= now {
                    return Err(BadCode::Invalid);
                }
                if *used {
                    return Err(BadCode::Reused(settings.reused_code));
                }
                *used = true;
                Ok(user.clone())
            }
            _ if !settings.accept_unknown_codes => Err(BadCode::Invalid),
            Some(Code::ForeignAndUsed) => Err(BadCode::Reused(settings.reused_code)),
            None => {
                if code != MOCK_CODE {
                    self.remember(code.to_owned(), Code::ForeignAndUsed);
                }
                Ok(settings.developer_user.clone())
            }
        }
    }

    fn remember(&mut self, text: String, code: Code) {
        if self.order.len() >= self.room
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.order.push_back(text.clone());
        self.known.insert(text, code);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).unwrap()
    }

    fn strict() -> Settings {
        Settings { accept_unknown_codes: false, ..Settings::default() }
    }

    #[test]
    fn once_within_five_minutes_for_its_app() {
        let mut codes = Codes::default();
        let code = codes.issue("wx1", "alice", time(0));
        assert_eq!(codes.exchange("wx2", &code, &strict(), time(1)), Err(BadCode::Invalid));
        assert_eq!(codes.exchange("wx1", &code, &strict(), time(299)), Ok("alice".into()));
        for reused in [ReusedCode::Used, ReusedCode::Invalid] {
            let settings = Settings { reused_code: reused, ..strict() };
            assert_eq!(codes.exchange("wx1", &code, &settings, time(299)), Err(BadCode::Reused(reused)));
        }
    }

    #[test]
    fn not_after_five_minutes_even_where_unknown_codes_are_accepted() {
        let mut codes = Codes::default();
        let code = codes.issue("wx1", "alice", time(0));
        assert_eq!(codes.exchange("wx1", &code, &Settings::default(), time(300)), Err(BadCode::Invalid));
    }

    #[test]
    fn unknown_codes_are_the_developers_and_work_once() {
        let mut codes = Codes::default();
        assert_eq!(codes.exchange("wx1", "0a3", &strict(), time(0)), Err(BadCode::Invalid));
        let settings = Settings { developer_user: "me".into(), ..Settings::default() };
        assert_eq!(codes.exchange("wx1", "0a3", &settings, time(0)), Ok("me".into()));
        let reused = Err(BadCode::Reused(ReusedCode::Used));
        assert_eq!(codes.exchange("wx1", "0a3", &settings, time(0)), reused);
        assert_eq!(codes.exchange("wx1", "0a3", &strict(), time(0)), Err(BadCode::Invalid));
    }

    #[test]
    fn the_mock_code_works_any_number_of_times_unless_unknown_codes_are_refused() {
        let mut codes = Codes::default();
        for minute in 0..3 {
            let now = time(minute * 600);
            assert_eq!(codes.exchange("wx1", MOCK_CODE, &Settings::default(), now), Ok("developer".into()));
        }
        assert_eq!(codes.exchange("wx1", MOCK_CODE, &strict(), time(0)), Err(BadCode::Invalid));
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_are_forgotten() {
        let mut codes = Codes::with_room(3);
        let issued: Vec<String> = (0..5).map(|_| codes.issue("wx1", "alice", time(0))).collect();
        assert_eq!((codes.known.len(), codes.order.len()), (3, 3));
        let known = issued.iter().map(|code| codes.exchange("wx1", code, &strict(), time(0)).is_ok());
        assert_eq!(known.collect::<Vec<_>>(), [false, false, true, true, true]);
    }
}
