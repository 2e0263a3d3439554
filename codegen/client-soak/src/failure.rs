//! The failures of the host: what `fail` is called with.

use serde_json::{Value, json};

use crate::dice::Dice;

/// A failure as WeChat tells it: `errMsg` and `errno`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failure {
    /// For counts and traces.
    pub(crate) name: &'static str,
    message: &'static str,
    errno: i64,
}

const fn failure(name: &'static str, message: &'static str, errno: i64) -> Failure {
    Failure { name, message, errno }
}

pub(crate) const ABORTED: Failure = failure("abort", "request:fail abort", 600_000);
pub(crate) const TIMEOUT: Failure = failure("timeout", "request:fail timeout", 5);
pub(crate) const INTERRUPTED: Failure =
    failure("interrupted in the background", "request:fail interrupted", 600_003);
pub(crate) const REFUSED: Failure = failure("refused in the background", "request:fail interrupted", 600_003);
pub(crate) const OFFLINE: Failure = failure(
    "offline",
    "request:fail errcode:-106 cronet_error_code:-106 error_msg:net::ERR_INTERNET_DISCONNECTED",
    600_001,
);
pub(crate) const ELEVENTH: Failure =
    failure("eleventh request", "request:fail exceed max task count", 600_004);
pub(crate) const LOGIN: Failure = failure("wx.login fails", "login:fail system error", 600_000);
pub(crate) const DROPPED_BEFORE: Failure = failure(
    "dropped before the server",
    "request:fail errcode:-118 cronet_error_code:-118 error_msg:net::ERR_CONNECTION_TIMED_OUT",
    600_001,
);
pub(crate) const DROPPED_AFTER: Failure = failure(
    "answer lost after execution",
    "request:fail errcode:-101 cronet_error_code:-101 error_msg:net::ERR_CONNECTION_RESET",
    600_001,
);
pub(crate) const DOMAIN: Failure =
    failure("not in domain list", "request:fail url not in domain list", 600_002);
pub(crate) const AT_ONCE: Failure = failure("fails before it returns", "request:fail invalid url", 600_009);

/// All of them.
pub(crate) const ALL: [Failure; 11] = [
    ABORTED,
    TIMEOUT,
    INTERRUPTED,
    REFUSED,
    OFFLINE,
    LOGIN,
    DROPPED_BEFORE,
    DROPPED_AFTER,
    DOMAIN,
    AT_ONCE,
    // Comes only if the client starts an eleventh.
    ELEVENTH,
];

/// How a failure is told on this platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    Full,
    /// Before base library 2.24.0.
    WithoutErrno,
    ErrnoAsText,
    UnknownMessage,
    UnknownMessageWithoutErrno,
    WithoutMessage,
    /// `fail()`: nothing at all.
    Nothing,
}

impl Manner {
    pub(crate) const ALL: [Self; 7] = [
        Self::Full,
        Self::WithoutErrno,
        Self::ErrnoAsText,
        Self::UnknownMessage,
        Self::UnknownMessageWithoutErrno,
        Self::WithoutMessage,
        Self::Nothing,
    ];

    pub(crate) fn draw(dice: &mut Dice) -> Self {
        dice.weighted(&[
            (4, Self::Full),
            (3, Self::WithoutErrno),
            (1, Self::ErrnoAsText),
            (2, Self::UnknownMessage),
            (2, Self::UnknownMessageWithoutErrno),
            (1, Self::WithoutMessage),
            (1, Self::Nothing),
        ])
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Full => "errno and errMsg",
            Self::WithoutErrno => "without errno",
            Self::ErrnoAsText => "errno as text",
            Self::UnknownMessage => "unknown errMsg",
            Self::UnknownMessageWithoutErrno => "unknown errMsg, without errno",
            Self::WithoutMessage => "without errMsg",
            Self::Nothing => "nothing at all",
        }
    }
}

impl Failure {
    /// What `fail` gets; null for nothing.
    pub(crate) fn result(self, manner: Manner) -> Value {
        const UNKNOWN: &str = "出错了";
        match manner {
            Manner::Full => json!({ "errMsg": self.message, "errno": self.errno }),
            Manner::WithoutErrno => json!({ "errMsg": self.message }),
            Manner::ErrnoAsText => json!({ "errMsg": self.message, "errno": self.errno.to_string() }),
            Manner::UnknownMessage => json!({ "errMsg": UNKNOWN, "errno": self.errno }),
            Manner::UnknownMessageWithoutErrno => json!({ "errMsg": UNKNOWN }),
            Manner::WithoutMessage => json!({ "errno": self.errno }),
            Manner::Nothing => Value::Null,
        }
    }
}
