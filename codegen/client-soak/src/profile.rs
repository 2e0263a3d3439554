//! What kind of phone, host and server one run has.

use crate::dice::Dice;

/// What a host does when a request is aborted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Abort {
    /// `fail` is called a little later.
    FailsLater,
    /// `fail` is called before `abort` returns.
    FailsAtOnce,
    /// No callback is ever called.
    Silent,
    /// The answer comes all the same.
    AnswersAllTheSame,
    /// The call gives no task.
    NoTask,
}

/// How storage behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Storage {
    Fine,
    /// There are no such functions.
    Missing,
    /// Every function throws.
    Throws,
    /// Nothing more can be written.
    Full,
    /// Something else stands there under every key.
    Garbage,
}

/// How header names of answers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    AsSent,
    Lower,
    Upper,
}

/// All words of [`Profile::words`].
pub(crate) const WORDS: [&str; 29] = [
    "two copies",
    "one copy",
    "promises of iOS 15",
    "frozen host object",
    "eleventh request fails",
    "fewer than ten at once",
    "status and headers (Alipay)",
    "statuses from 400 go to fail (Mpx, Alipay)",
    "host parses JSON",
    "callbacks come twice",
    "tokens of seconds",
    "tokens are renewed",
    "timers stand still in the background",
    "no account information, no app events",
    "wx.cloud.callContainer",
    "codes from a provider",
    "abort: fail comes later",
    "abort: fail comes at once",
    "abort: no callback",
    "abort: the answer comes all the same",
    "abort: no task",
    "storage: fine",
    "storage: missing",
    "storage: throws",
    "storage: full",
    "storage: something else is there",
    "header names as sent",
    "header names in small letters",
    "header names in capitals",
];

/// The kind of one run.
#[derive(Debug, Clone)]
pub(crate) struct Profile {
    /// Copies of the client in the mini-program: independent sub-packages.
    pub(crate) copies: usize,
    /// Promises of iOS 15 and before.
    pub(crate) late_promises: bool,
    /// The host object takes no further members; then there is one copy.
    pub(crate) frozen: bool,
    /// An eleventh request fails; on newer hosts it waits inside the host.
    pub(crate) eleventh_fails: bool,
    pub(crate) concurrency: u64,
    pub(crate) abort: Abort,
    /// `status` and `headers` in place of `statusCode` and `header`.
    pub(crate) alipay: bool,
    pub(crate) case: Case,
    /// Statuses of 400 and above go to `fail`.
    pub(crate) errors_fail: bool,
    /// The host parses JSON although it is told not to.
    pub(crate) parses: bool,
    /// `complete` and `success` or `fail` come a second time.
    pub(crate) twice: bool,
    pub(crate) storage: Storage,
    /// Of a thousand requests and logins, so many meet a failure.
    pub(crate) trouble: u64,
    /// Milliseconds that a token lives.
    pub(crate) token_life: u64,
    pub(crate) renews: bool,
    /// Timers stand still in the background.
    pub(crate) sleeps: bool,
    /// `getAccountInfoSync`, `getAppBaseInfo`, `onAppShow` and `onAppHide` are not there.
    pub(crate) old: bool,
    /// Requests go to a container, with `wx.cloud.callContainer`.
    pub(crate) container: bool,
    /// Login codes come from `configure({ loginCode })`, and there is no `wx.login`.
    pub(crate) provider: bool,
}

impl Profile {
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed, "profile");
        let frozen = dice.chance(60);
        Self {
            copies: if frozen || dice.chance(500) { 1 } else { 2 },
            late_promises: dice.chance(250),
            frozen,
            eleventh_fails: dice.chance(500),
            concurrency: dice.weighted(&[(8, 10), (1, 1), (1, 3)]),
            abort: dice.weighted(&[
                (6, Abort::FailsLater),
                (2, Abort::FailsAtOnce),
                (2, Abort::Silent),
                (2, Abort::AnswersAllTheSame),
                (1, Abort::NoTask),
            ]),
            alipay: dice.chance(200),
            case: dice.of(&[Case::AsSent, Case::AsSent, Case::Lower, Case::Upper]),
            errors_fail: dice.chance(200),
            parses: dice.chance(150),
            twice: dice.chance(120),
            storage: dice.weighted(&[
                (12, Storage::Fine),
                (1, Storage::Missing),
                (1, Storage::Throws),
                (1, Storage::Full),
                (1, Storage::Garbage),
            ]),
            trouble: dice.weighted(&[(2, 0), (3, 40), (3, 150), (2, 400)]),
            token_life: dice.weighted(&[(2, 2_000), (3, 20_000), (3, 7_200_000)]),
            renews: dice.chance(600),
            sleeps: dice.chance(500),
            old: dice.chance(150),
            container: dice.chance(150),
            provider: dice.chance(150),
        }
    }

    /// In words, for traces and counts.
    pub(crate) fn words(&self) -> Vec<&'static str> {
        let mut words = vec![if self.copies > 1 { "two copies" } else { "one copy" }];
        let flags = [
            (self.late_promises, "promises of iOS 15"),
            (self.frozen, "frozen host object"),
            (self.eleventh_fails, "eleventh request fails"),
            (self.concurrency < 10, "fewer than ten at once"),
            (self.alipay, "status and headers (Alipay)"),
            (self.errors_fail, "statuses from 400 go to fail (Mpx, Alipay)"),
            (self.parses, "host parses JSON"),
            (self.twice, "callbacks come twice"),
            (self.token_life < 60_000, "tokens of seconds"),
            (self.renews, "tokens are renewed"),
            (self.sleeps, "timers stand still in the background"),
            (self.old, "no account information, no app events"),
            (self.container, "wx.cloud.callContainer"),
            (self.provider, "codes from a provider"),
        ];
        words.extend(flags.into_iter().filter(|(flag, _)| *flag).map(|(_, word)| word));
        words.push(match self.abort {
            Abort::FailsLater => "abort: fail comes later",
            Abort::FailsAtOnce => "abort: fail comes at once",
            Abort::Silent => "abort: no callback",
            Abort::AnswersAllTheSame => "abort: the answer comes all the same",
            Abort::NoTask => "abort: no task",
        });
        words.push(match self.storage {
            Storage::Fine => "storage: fine",
            Storage::Missing => "storage: missing",
            Storage::Throws => "storage: throws",
            Storage::Full => "storage: full",
            Storage::Garbage => "storage: something else is there",
        });
        words.push(match self.case {
            Case::AsSent => "header names as sent",
            Case::Lower => "header names in small letters",
            Case::Upper => "header names in capitals",
        });
        words
    }
}
