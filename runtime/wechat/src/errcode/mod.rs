//! errcodes: what each means, what to do about it, and whether repeating is of use.

mod table;

use std::fmt;

pub use table::MEANINGS;

use crate::Operation;

/// The number with which WeChat refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ErrCode(pub i64);

/// What an errcode means where it occurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Meaning {
    /// The number.
    pub code: ErrCode,
    /// The calls of which this holds; of all for which no other row stands, if empty.
    pub on: &'static [Operation],
    /// What happened.
    pub meaning: &'static str,
    /// What to do, and who has to.
    pub remedy: &'static str,
    /// Whether and when to repeat.
    pub class: Class,
}

/// Refusals sorted by what is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// WeChat is busy. The client repeats by itself, with growing pauses.
    Busy,
    /// The access token is not accepted. The client fetches another and repeats, once.
    Token,
    /// Too many calls in a short time: pause, then repeat.
    SlowDown,
    /// A quota is used up: stop until it is reset or raised.
    QuotaUsedUp,
    /// A one-time code is of no use: the mini-program has to fetch a new one.
    NewCode,
    /// The session_key is of no use any more: the user has to log in again.
    LogInAgain,
    /// A normal outcome that lies with this user. Repeating is of no use.
    User,
    /// The content is refused. Repeating is of no use.
    Content,
    /// The app or the account is not set up for this: an operator has to act.
    Configuration,
    /// The call is wrong: a developer has to act.
    Request,
    /// This crate does not know the number.
    Unknown,
}

impl Class {
    /// All, in the order of the book.
    pub const ALL: [Self; 11] = [
        Self::Busy,
        Self::Token,
        Self::SlowDown,
        Self::QuotaUsedUp,
        Self::NewCode,
        Self::LogInAgain,
        Self::User,
        Self::Content,
        Self::Configuration,
        Self::Request,
        Self::Unknown,
    ];

    /// Its name and what to do, in a few words.
    pub const fn advice(self) -> (&'static str, &'static str) {
        match self {
            Self::Busy => ("Busy", "repeated by the client, with growing pauses"),
            Self::Token => ("Token", "repeated by the client once, with another token"),
            Self::SlowDown => ("SlowDown", "pause, then repeat"),
            Self::QuotaUsedUp => ("QuotaUsedUp", "stop until the quota is reset"),
            Self::NewCode => ("NewCode", "the mini-program fetches a new code"),
            Self::LogInAgain => ("LogInAgain", "the user logs in again"),
            Self::User => ("User", "a normal outcome; do not repeat"),
            Self::Content => ("Content", "the content is refused; do not repeat"),
            Self::Configuration => ("Configuration", "an operator acts; do not repeat"),
            Self::Request => ("Request", "a developer acts; do not repeat"),
            Self::Unknown => ("Unknown", "look the number up at WeChat; do not repeat"),
        }
    }
}

impl ErrCode {
    /// What the number means as the answer to an operation.
    ///
    /// ```
    /// use queqiao_wechat::{Class, ErrCode, Operation};
    ///
    /// let code = ErrCode(40001);
    /// assert_eq!(code.class(Operation::MsgSecCheck), Class::Token);
    /// assert_eq!(code.class(Operation::GetStableAccessToken), Class::Configuration);
    /// println!("{}", code.meaning(Operation::MsgSecCheck).unwrap().remedy);
    /// ```
    pub fn meaning(self, operation: Operation) -> Option<&'static Meaning> {
        let of_code = || MEANINGS.iter().filter(|meaning| meaning.code == self);
        of_code()
            .find(|meaning| meaning.on.contains(&operation))
            .or_else(|| of_code().find(|meaning| meaning.on.is_empty()))
    }

    /// What is to be done about it.
    pub fn class(self, operation: Operation) -> Class {
        self.meaning(operation).map_or(Class::Unknown, |meaning| meaning.class)
    }
}

impl fmt::Display for ErrCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "errcode {}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    #[test]
    fn no_two_rows_answer_one_question() {
        for (at, row) in MEANINGS.iter().enumerate() {
            for other in &MEANINGS[..at] {
                let clash = row.code == other.code
                    && (row.on.is_empty() && other.on.is_empty()
                        || row.on.iter().any(|on| other.on.contains(on)));
                assert!(!clash, "{row:?} and {other:?}");
            }
            assert!(!row.meaning.ends_with('.') && !row.remedy.is_empty(), "{row:?}");
        }
        assert!(MEANINGS.is_sorted_by_key(|row| row.code), "the table is kept in the order of the numbers");
    }

    #[test]
    fn one_number_means_different_things() {
        let class = |code, operation| ErrCode(code).class(operation);
        assert_eq!(class(40029, Operation::CodeToSession), Class::NewCode);
        assert_eq!(class(40001, Operation::GetStableAccessToken), Class::Configuration);
        assert_eq!(class(40001, Operation::Other), Class::Token);
        assert_eq!(class(43101, Operation::SendSubscribeMessage), Class::User);
        assert_eq!(class(123_456_789, Operation::Other), Class::Unknown);
    }

    /// `UPDATE_EXPECT=1 cargo test -p queqiao-wechat` writes it.
    #[test]
    fn the_page_of_the_book_is_this_table() {
        let mut page = String::from(
            "# WeChat's errcodes\n\n\
             What WeChat's server API refuses with, as [`ErrCode`](wechat.md#errors) knows it. This page is written from the\n\
             table in `runtime/wechat/src/errcode/table.rs`.\n\n\
             | class | what to do |\n| --- | --- |\n",
        );
        for class in Class::ALL {
            let (name, advice) = class.advice();
            writeln!(page, "| `{name}` | {advice} |").unwrap();
        }
        page.push_str("\n| errcode | of | meaning | remedy | class |\n| --- | --- | --- | --- | --- |\n");
        for Meaning { code: ErrCode(number), on, meaning, remedy, class } in MEANINGS {
            let of: Vec<_> = on.iter().map(|on| format!("[{on}]({})", on.page())).collect();
            let of = if of.is_empty() { "any call".into() } else { of.join(", ") };
            writeln!(page, "| {number} | {of} | {meaning} | {remedy} | `{}` |", class.advice().0).unwrap();
        }
        expect_test::expect_file!["../../../../book/src/wechat-errors.md"].assert_eq(&page);
    }
}
