//! What a call to WeChat can end in, sorted by what to do about it.

use std::fmt;
use std::time::Duration;

use crate::Refusal;

/// What was being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// code2Session.
    Login,
    /// getStableAccessToken.
    Token,
    /// Any call that carries an access token.
    Api,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Login => "code2Session",
            Self::Token => "getStableAccessToken",
            Self::Api => "a server API",
        })
    }
}

/// A call to WeChat that did not succeed.
///
/// | variant | who acts | repeat the call? |
/// | --- | --- | --- |
/// | `Code` | the mini-program: a new `wx.login` | no |
/// | `Busy`, `Network`, `TimedOut` | nobody | later; it was already repeated where that is safe |
/// | `RateLimited` | the caller | after a pause |
/// | `QuotaUsedUp` | the operator | after the quota's reset |
/// | `HighRisk` | nobody: WeChat blocks this user | no |
/// | `Configuration` | the operator, as the text says | no |
/// | `Token` | nobody: a fresh token was tried as well | no |
/// | `Refused`, `Unexpected` | the developer | no |
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The login code is unknown, expired, used, or of another app (40029, 40163, 41008).
    #[error(
        "WeChat does not accept the login code ({0}): call wx.login again; a code works once, for five minutes, for one app"
    )]
    Code(Refusal),
    /// WeChat is busy (-1), also after repeating.
    #[error("WeChat is busy ({0}): try again in a moment")]
    Busy(Refusal),
    /// Too many calls in a short time (45011).
    #[error("too many calls in a short time ({0}): slow down, and try again in a minute")]
    RateLimited(Refusal),
    /// The quota of the day is used up (45009).
    #[error(
        "the daily quota of this call is used up ({0}): it is reset at midnight, Beijing time, or by clear_quota"
    )]
    QuotaUsedUp(Refusal),
    /// WeChat takes this user for a risk and blocks the login (40226).
    #[error("WeChat blocks this user as high-risk ({0}): the login cannot be completed")]
    HighRisk(Refusal),
    /// The app is not set up for this call. Repeating is of no use.
    #[error("the app is not set up for this call: {advice} ({refusal})")]
    Configuration {
        /// What the operator has to do.
        advice: &'static str,
        /// WeChat's words.
        refusal: Refusal,
    },
    /// WeChat refuses the access token, a freshly fetched one too.
    #[error(
        "WeChat refuses the access token, and a fresh one as well ({0}): does another system force-refresh the tokens of this app?"
    )]
    Token(Refusal),
    /// Any other errcode.
    #[error("WeChat refuses {operation} ({refusal})", operation = .0, refusal = .1)]
    Refused(Operation, Refusal),
    /// No answer came: the connection could not be made, or broke.
    #[error("WeChat's server cannot be reached: {detail}; check DNS, proxy and firewall of this machine")]
    Network {
        /// The cause, without the URL.
        detail: String,
        /// Whether the connection failed before anything was sent.
        before_sending: bool,
    },
    /// No answer came in time. Whether WeChat acted on the request is unknown.
    #[error("WeChat's server did not answer within {after:?}: try again, or raise the time-out")]
    TimedOut {
        /// The time-out of one attempt.
        after: Duration,
    },
    /// The answer is not what WeChat's documentation says.
    #[error(
        "{operation} was answered with {found} instead of {expected} (HTTP {status}): if this is not WeChat's server but a proxy or an intercepting network, fix that"
    )]
    Unexpected {
        /// What was being done.
        operation: Operation,
        /// The HTTP status.
        status: u16,
        /// What should have come.
        expected: &'static str,
        /// What came, described and not quoted: it may hold a secret.
        found: String,
    },
}

impl Error {
    /// WeChat's own words, if WeChat said something.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Code(refusal)
            | Self::Busy(refusal)
            | Self::RateLimited(refusal)
            | Self::QuotaUsedUp(refusal)
            | Self::HighRisk(refusal)
            | Self::Configuration { refusal, .. }
            | Self::Token(refusal)
            | Self::Refused(_, refusal) => Some(refusal),
            Self::Network { .. } | Self::TimedOut { .. } | Self::Unexpected { .. } => None,
        }
    }

    /// WeChat's id of the request, for the log.
    pub fn rid(&self) -> Option<&str> {
        self.refusal()?.rid.as_deref()
    }

    /// Whether the same call may succeed in a moment, without anyone changing anything.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Busy(_)
                | Self::RateLimited(_)
                | Self::Network { .. }
                | Self::TimedOut { .. }
                | Self::Unexpected { status: 500..=599, .. }
        )
    }

    /// Whether the client may repeat the call by itself. A request that may have been acted upon
    /// is repeated only if that does no harm (`idempotent`).
    pub(crate) fn is_worth_repeating(&self, idempotent: bool) -> bool {
        match self {
            Self::Busy(_) => true,
            Self::Network { before_sending, .. } => *before_sending || idempotent,
            Self::TimedOut { .. } => idempotent,
            // A gateway in front of WeChat; WeChat itself answers in JSON.
            Self::Unexpected { status, .. } => matches!(status, 502..=504),
            _ => false,
        }
    }
}
