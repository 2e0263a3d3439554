//! What must hold in every run.

use serde::Serialize;

/// A rule; its name is what a failing run says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Rule {
    /// A promise settles once.
    SettlesOnce,
    /// No promise is open when all is quiet.
    NothingPending,
    /// No answer, and no execution, is another user's.
    OwnUser,
    /// No call is carried out, or answered, in a session that began after a later log-out, or that had ended before
    /// the call was made.
    OwnSession,
    /// An answer is that of the call.
    OwnAnswer,
    /// What is read after a write has ended shows the write.
    FreshRead,
    /// The repetitions of one call bear one key.
    OneKey,
    /// What may not be repeated is carried out once at most.
    ExecutedOnce,
    /// One login at a time.
    OneLogin,
    /// There is a login only where there is no token that the server still takes.
    NeededLogin,
    /// A login code is sent once.
    CodeOnce,
    /// Never more than ten requests in flight, or what `concurrency` says.
    TenInFlight,
    /// After `abort` nothing of the call is sent.
    AbortedUnsent,
    /// An aborted call ends at once.
    AbortSettles,
    /// An anonymous call is sent as soon as there is a place.
    AnonymousAtOnce,
    /// When all has recovered, new calls succeed.
    Recovers,
    /// At the end nothing runs and nothing waits.
    QueueEmpty,
    /// No token and no login code in a log or an error.
    NoSecret,
    /// Every failure is an `ApiError` of a known kind, and nothing is thrown past the caller.
    GoodErrors,
    /// The client comes to rest.
    Rests,
}

impl Rule {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::SettlesOnce,
        Self::NothingPending,
        Self::OwnUser,
        Self::OwnSession,
        Self::OwnAnswer,
        Self::FreshRead,
        Self::OneKey,
        Self::ExecutedOnce,
        Self::OneLogin,
        Self::NeededLogin,
        Self::CodeOnce,
        Self::TenInFlight,
        Self::AbortedUnsent,
        Self::AbortSettles,
        Self::AnonymousAtOnce,
        Self::Recovers,
        Self::QueueEmpty,
        Self::NoSecret,
        Self::GoodErrors,
        Self::Rests,
    ];
}

/// A rule that was broken.
#[derive(Debug, Clone, Serialize)]
pub struct Violation {
    /// Which.
    pub rule: Rule,
    /// What happened.
    pub text: String,
}
