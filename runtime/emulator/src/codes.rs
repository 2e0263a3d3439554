//! One-time codes, of logins and of phone numbers: for one user in one app, good for five minutes, once.

use std::collections::{HashMap, VecDeque};

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};

use crate::identity;
use crate::settings::{ReusedCode, Settings};

/// The code that WeChat DevTools hands out in a project without an appid, each time the same.
pub const MOCK_CODE: &str = "the code is a mock one";

/// The life of a code. <https://developers.weixin.qq.com/miniprogram/dev/api/open-api/login/wx.login.html>
const LIFE: SignedDuration = SignedDuration::from_mins(5);

/// Codes remembered at most; the oldest are forgotten first.
const REMEMBERED: usize = 100_000;

/// What a code is for. One is of no use for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `wx.login`.
    Login,
    /// The button with `open-type="getPhoneNumber"`.
    Phone,
}

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
    Issued { kind: Kind, appid: String, user: String, until: Timestamp, used: bool },
    ForeignAndUsed,
}

/// Why a code is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadCode {
    /// Unknown, expired, or of another kind.
    Invalid,
    /// Of another app.
    OfAnotherApp,
    /// Used before.
    Reused(ReusedCode),
}

impl Codes {
    fn with_room(room: usize) -> Self {
        Self { known: HashMap::new(), order: VecDeque::new(), room }
    }

    /// A new code for a user in an app.
    pub(crate) fn issue(
        &mut self,
        rng: &mut Rng,
        kind: Kind,
        appid: &str,
        user: &str,
        now: Timestamp,
    ) -> String {
        let code = identity::code(rng);
        let until = now.checked_add(LIFE).unwrap_or(Timestamp::MAX);
        let issued = Code::Issued { kind, appid: appid.into(), user: user.into(), until, used: false };
        self.remember(code.clone(), issued);
        code
    }

    /// The user of a code that was issued in this app, used or not.
    pub(crate) fn owner(&self, appid: &str, code: &str) -> Option<&str> {
        match self.known.get(code)? {
            Code::Issued { appid: of, user, .. } if of == appid => Some(user),
            _ => None,
        }
    }

    /// The user of a code, which is used up by that.
    pub(crate) fn exchange(
        &mut self,
        kind: Kind,
        appid: &str,
        code: &str,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<String, BadCode> {
        match self.known.get_mut(code) {
            Some(Code::Issued { kind: is, appid: of, user, until, used }) => {
                if *is != kind || *until <= now {
                    return Err(BadCode::Invalid);
                }
                if of != appid {
                    return Err(BadCode::OfAnotherApp);
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

    fn issue(codes: &mut Codes, kind: Kind) -> String {
        codes.issue(&mut Rng::new(), kind, "wx1", "alice", time(0))
    }

    #[test]
    fn once_within_five_minutes_for_its_app_and_its_purpose() {
        let mut codes = Codes::default();
        for (kind, other) in [(Kind::Login, Kind::Phone), (Kind::Phone, Kind::Login)] {
            let code = issue(&mut codes, kind);
            let mut exchange =
                |kind, appid, settings: &Settings| codes.exchange(kind, appid, &code, settings, time(299));
            assert_eq!(exchange(kind, "wx2", &strict()), Err(BadCode::OfAnotherApp));
            assert_eq!(exchange(other, "wx1", &Settings::default()), Err(BadCode::Invalid));
            assert_eq!(exchange(kind, "wx1", &strict()), Ok("alice".into()));
            for reused in [ReusedCode::Used, ReusedCode::Invalid] {
                let settings = Settings { reused_code: reused, ..strict() };
                assert_eq!(exchange(kind, "wx1", &settings), Err(BadCode::Reused(reused)));
            }
        }
    }

    #[test]
    fn not_after_five_minutes_even_where_unknown_codes_are_accepted() {
        let mut codes = Codes::default();
        let code = issue(&mut codes, Kind::Login);
        let late = codes.exchange(Kind::Login, "wx1", &code, &Settings::default(), time(300));
        assert_eq!(late, Err(BadCode::Invalid));
    }

    #[test]
    fn unknown_codes_are_the_developers_and_work_once() {
        let mut codes = Codes::default();
        let mut exchange = |settings: &Settings| codes.exchange(Kind::Login, "wx1", "0a3", settings, time(0));
        assert_eq!(exchange(&strict()), Err(BadCode::Invalid));
        let settings = Settings { developer_user: "me".into(), ..Settings::default() };
        assert_eq!(exchange(&settings), Ok("me".into()));
        assert_eq!(exchange(&settings), Err(BadCode::Reused(ReusedCode::Used)));
        assert_eq!(exchange(&strict()), Err(BadCode::Invalid));
    }

    #[test]
    fn the_mock_code_works_any_number_of_times_unless_unknown_codes_are_refused() {
        let mut codes = Codes::default();
        let mut exchange = |settings: &Settings, minute: i64| {
            codes.exchange(Kind::Login, "wx1", MOCK_CODE, settings, time(minute * 60))
        };
        for minute in 0..3 {
            assert_eq!(exchange(&Settings::default(), minute * 10), Ok("developer".into()));
        }
        assert_eq!(exchange(&strict(), 0), Err(BadCode::Invalid));
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_are_forgotten() {
        let mut codes = Codes::with_room(3);
        let issued: Vec<String> = (0..5).map(|_| issue(&mut codes, Kind::Login)).collect();
        assert_eq!((codes.known.len(), codes.order.len()), (3, 3));
        let known = issued
            .iter()
            .map(|code| codes.exchange(Kind::Login, "wx1", code, &strict(), time(0)).is_ok())
            .collect::<Vec<_>>();
        assert_eq!(known, [false, false, true, true, true]);
    }
}
