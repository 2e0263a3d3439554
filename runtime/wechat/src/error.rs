//! What a call to WeChat can end in.

use std::time::Duration;

use queqiao_storage::StoreError;

use crate::{Class, Operation, Refusal};

/// A call to WeChat that did not succeed.
///
/// | variant | who acts | repeat the call? |
/// | --- | --- | --- |
/// | `Refused` | as its [`Class`] says | as its class says |
/// | `Invalid` | the developer; nothing was sent | no |
/// | `Network`, `TimedOut` | nobody | later; it was already repeated where that is safe |
/// | `Store` | the operator | later |
/// | `TokenPending` | nobody | in a moment |
/// | `Unexpected` | the developer, or whoever put a proxy in between | no |
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// WeChat answered with an errcode. [`Refusal::class`] says what is to be done.
    #[error("{0}")]
    Refused(Refusal),
    /// A parameter is not what the call takes. Nothing was sent.
    #[error(transparent)]
    Invalid(#[from] Invalid),
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
    /// The store of access tokens fails.
    #[error("the store of access tokens fails: {0}")]
    Store(#[from] StoreError),
    /// No access token is to be had, because another process fetches one and does not come to an end.
    #[error(
        "another process has been fetching the access token of this app for {after:?}: try again in a moment"
    )]
    TokenPending {
        /// How long this one waited.
        after: Duration,
    },
}

/// A parameter that WeChat would refuse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct Invalid {
    /// The parameter, by WeChat's name.
    pub field: String,
    /// What is wrong, and what would be right; never the value.
    pub problem: String,
}

impl Invalid {
    pub(crate) fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into() }
    }
}

impl Error {
    /// WeChat's own words, if WeChat said something.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// What is to be done, if WeChat refused.
    pub fn class(&self) -> Option<Class> {
        self.refusal().map(Refusal::class)
    }

    /// WeChat's id of the request, for the log.
    pub fn rid(&self) -> Option<&str> {
        self.refusal()?.rid.as_deref()
    }

    /// Whether the same call may succeed in a moment, without anyone changing anything.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Refused(refusal) => matches!(refusal.class(), Class::Busy | Class::SlowDown),
            Self::Network { .. } | Self::TimedOut { .. } | Self::TokenPending { .. } => true,
            Self::Store(error) => error.is_transient(),
            Self::Unexpected { status, .. } => (500..=599).contains(status),
            Self::Invalid(_) => false,
        }
    }

    /// Whether the client may repeat the call by itself. A request that may have been acted upon
    /// is repeated only if that does no harm (`idempotent`).
    pub(crate) fn is_worth_repeating(&self, idempotent: bool) -> bool {
        match self {
            Self::Refused(refusal) => refusal.class() == Class::Busy,
            Self::Network { before_sending, .. } => *before_sending || idempotent,
            Self::TimedOut { .. } => idempotent,
            // A gateway in front of WeChat; WeChat itself answers in JSON. With 502 and 504 it may have asked WeChat.
            Self::Unexpected { status, .. } => *status == 503 || idempotent && matches!(status, 502 | 504),
            Self::Invalid(_) | Self::Store(_) | Self::TokenPending { .. } => false,
        }
    }
}
