//! What the values of a subscribe message may be, by the kind that stands in their key.
//!
//! <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-message-management/subscribe-message/sendMessage.html>

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use regex::Regex;

use crate::Invalid;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)+) => {
        /// The kind of a value: the letters of its key, `thing` in `thing1`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum ValueKind {
            $($(#[$doc])* $variant,)+
        }

        impl ValueKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// As it stands in keys.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

kinds! {
    /// At most 20 characters.
    Thing = "thing";
    /// At most 32 digits, with decimals if need be.
    Number = "number";
    /// At most 32 letters of ASCII.
    Letter = "letter";
    /// At most 5 symbols.
    Symbol = "symbol";
    /// At most 32 letters, digits and symbols.
    CharacterString = "character_string";
    /// A time of day by the 24-hour clock, with a date if need be; two with `~` between them for a range.
    Time = "time";
    /// A date (`2026年5月1日`), with a time if need be; two with `~` between them for a range.
    Date = "date";
    /// A currency symbol if need be, at most 10 digits, with decimals and 元 if need be.
    Amount = "amount";
    /// At most 17 digits and symbols.
    PhoneNumber = "phone_number";
    /// At most 8 characters.
    CarNumber = "car_number";
    /// At most 10 Chinese characters, or 20 letters or symbols.
    Name = "name";
    /// At most 5 Chinese characters.
    Phrase = "phrase";
    /// A value out of the template's list.
    Enum = "enum";
}

/// The key of a value in a template: its kind and a number, `date2`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueKey {
    kind: ValueKind,
    text: String,
}

impl ValueKey {
    /// Its kind.
    pub fn kind(&self) -> ValueKind {
        self.kind
    }

    /// As it stands in the template.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for ValueKey {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let kind = text.trim_end_matches(|c: char| c.is_ascii_digit());
        let number = text.len() - kind.len();
        let kind = ValueKind::ALL.iter().find(|known| known.name() == kind);
        match kind {
            Some(kind) if (1..=4).contains(&number) => Ok(Self { kind: *kind, text: text.to_owned() }),
            _ => {
                let names: Vec<_> = ValueKind::ALL.iter().map(|kind| kind.name()).collect();
                let shown: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
                let problem = format!(
                    "is no key of a template: write a kind and a number, as in thing1; the kinds are {}",
                    names.join(", ")
                );
                Err(Invalid::new(format!("data.{shown}"), problem))
            }
        }
    }
}

impl fmt::Display for ValueKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

const CLOCK: &str = r"(?:[01]?\d|2[0-3])[::][0-5]\d(?:[::][0-5]\d)?";
const DAY: &str = r"(?:\d{4}年\d{1,2}月\d{1,2}日|\d{4}[-/.]\d{1,2}[-/.]\d{1,2})";

fn pattern(text: &str) -> Regex {
    Regex::new(&format!("^(?:{text})$")).expect("the pattern is right")
}

static NUMBER: LazyLock<Regex> = LazyLock::new(|| pattern(r"-?\d+(?:\.\d+)?"));
static AMOUNT: LazyLock<Regex> = LazyLock::new(|| pattern(r"\p{Sc}?(\d+)(?:\.\d+)?元?"));
static TIME: LazyLock<Regex> = LazyLock::new(|| pattern(&format!(r"(?:({DAY}) ?)?{CLOCK}")));
static DATE: LazyLock<Regex> = LazyLock::new(|| pattern(&format!(r"({DAY})(?: ?{CLOCK})?")));

/// A Chinese character.
fn is_han(c: char) -> bool {
    static HAN: LazyLock<Regex> = LazyLock::new(|| pattern(r"\p{Han}"));
    HAN.is_match(c.encode_utf8(&mut [0; 4]))
}

/// Neither letter nor digit, of any script, nor a space.
fn is_symbol(c: char) -> bool {
    !c.is_alphanumeric() && !c.is_whitespace() && !c.is_control()
}

/// Whether a day is in the calendar.
fn exists(day: &str) -> bool {
    let parts: Vec<i16> =
        day.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect();
    match parts[..] {
        [year, month, day] => match (i8::try_from(month), i8::try_from(day)) {
            (Ok(month), Ok(day)) => jiff::civil::Date::new(year, month, day).is_ok(),
            _ => false,
        },
        _ => false,
    }
}

/// One or two of a pattern, whose first group is a day, if it has one.
fn is_moment_or_range(pattern: &Regex, text: &str) -> bool {
    let parts: Vec<&str> = text.split(['~', '～']).collect();
    parts.len() <= 2
        && parts.iter().all(|part| {
            pattern
                .captures(part.trim_matches(' '))
                .is_some_and(|found| found.get(1).is_none_or(|day| exists(day.as_str())))
        })
}

impl ValueKind {
    /// Whether a value is of this kind, with the rule it breaks as the error.
    ///
    /// An [`Enum`](Self::Enum) is checked with its template only, see [`Template`](crate::Template); here it
    /// has to be a line that is not empty.
    ///
    /// ```
    /// use queqiao_wechat::ValueKind;
    ///
    /// assert_eq!(ValueKind::Phrase.check("已发货"), Ok(()));
    /// assert_eq!(ValueKind::Phrase.check("shipped"), Err("takes 1 to 5 Chinese characters"));
    /// ```
    ///
    /// # Errors
    ///
    /// The rule.
    pub fn check(self, value: &str) -> Result<(), &'static str> {
        if value.chars().any(char::is_control) {
            return Err("takes one line without control characters");
        }
        if value.trim().is_empty() {
            return Err("takes a value that is not empty");
        }
        let length = value.chars().count();
        let (holds, rule) = match self {
            Self::Thing => (length <= 20, "takes at most 20 characters"),
            Self::Number => {
                (length <= 32 && NUMBER.is_match(value), "takes at most 32 digits, with decimals if need be")
            }
            Self::Letter => {
                (length <= 32 && value.bytes().all(|b| b.is_ascii_alphabetic()), "takes at most 32 letters")
            }
            Self::Symbol => (length <= 5 && value.chars().all(is_symbol), "takes at most 5 symbols"),
            Self::CharacterString => {
                let allowed = |c: char| c.is_ascii_alphanumeric() || c == ' ' || is_symbol(c);
                (length <= 32 && value.chars().all(allowed), "takes at most 32 letters, digits and symbols")
            }
            Self::Time => (
                is_moment_or_range(&TIME, value),
                "takes a time by the 24-hour clock, such as 15:01 or 2026年5月1日 15:01, or two with ~ between them",
            ),
            Self::Date => (
                is_moment_or_range(&DATE, value),
                "takes a date, such as 2026年5月1日 or 2026年5月1日 15:01, or two with ~ between them",
            ),
            Self::Amount => {
                let digits = AMOUNT.captures(value).and_then(|found| Some(found.get(1)?.len()));
                (
                    digits.is_some_and(|digits| digits <= 10),
                    "takes a currency symbol if need be and at most 10 digits, with decimals and 元 if need be",
                )
            }
            Self::PhoneNumber => {
                let allowed = |c: char| c.is_ascii_digit() || is_symbol(c);
                (length <= 17 && value.chars().all(allowed), "takes at most 17 digits and symbols")
            }
            Self::CarNumber => (length <= 8, "takes at most 8 characters"),
            Self::Name => {
                let most = if value.chars().any(is_han) { 10 } else { 20 };
                let allowed = |c: char| c.is_alphabetic() || c == ' ' || is_symbol(c);
                let rule = "takes at most 10 Chinese characters, or 20 letters or symbols";
                (length <= most && value.chars().all(allowed), rule)
            }
            Self::Phrase => (length <= 5 && value.chars().all(is_han), "takes 1 to 5 Chinese characters"),
            Self::Enum => (true, ""),
        };
        if holds { Ok(()) } else { Err(rule) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_takes_and_refuses() {
        use ValueKind::*;
        let long = |text: &str, times| text.repeat(times);
        for (kind, taken, refused) in [
            (
                Thing,
                vec!["二十个字，随便写", &long("字", 20)],
                vec![long("字", 21), "a\nb".into(), "\t".into()],
            ),
            (
                Number,
                vec!["12", "3.14", &long("9", 32)],
                vec![long("9", 33), "1,5".into(), "一".into(), "1.".into()],
            ),
            (Letter, vec!["Abc", &long("a", 32)], vec![long("a", 33), "a1".into(), "中".into()]),
            (Symbol, vec!["+-*/", "￥"], vec!["++++++".into(), "a".into(), "1".into()]),
            (CharacterString, vec!["A-1/b", &long("x", 32)], vec![long("x", 33), "编号1".into()]),
            (
                Time,
                vec!["15:01", "2026年5月1日 15:01", "09:00~18:00", "2026-05-01 9:00"],
                vec!["24:00".into(), "15".into(), "2026年13月1日 15:01".into(), "1:00~2:00~3:00".into()],
            ),
            (
                Date,
                vec!["2026年5月1日", "2026-05-01", "2026年5月1日 15:01", "2026年5月1日~2026年5月3日"],
                vec!["5月".into(), "2026年2月30日".into(), "tomorrow".into(), "15:01".into()],
            ),
            (
                Amount,
                vec!["￥100", "100元", "¥12.50", "$1234567890.5"],
                vec!["12345678901".into(), "￥￥1".into(), "十元".into()],
            ),
            (PhoneNumber, vec!["+86-0766-66888866"], vec!["+86-0766-668888661".into(), "abc".into()]),
            (CarNumber, vec!["粤A8Z888挂"], vec!["粤A8Z88888".into()]),
            (
                Name,
                vec!["张三", "Ludwig van B.", &long("王", 10), &long("a", 20)],
                vec![long("王", 11), long("a", 21), "张3".into()],
            ),
            (Phrase, vec!["配送中", "已发货成功"], vec!["已经发货成功".into(), "ok".into(), "好!".into()]),
            (Enum, vec!["任意"], vec![" ".into()]),
        ] {
            for value in taken {
                assert_eq!(kind.check(value), Ok(()), "{} takes {value}", kind.name());
            }
            for value in refused.iter().map(String::as_str).chain(["", "a\u{7}"]) {
                assert!(kind.check(value).is_err(), "{} refuses {value}", kind.name());
            }
        }
    }

    #[test]
    fn keys() {
        for (text, kind) in [
            ("thing1", ValueKind::Thing),
            ("character_string12", ValueKind::CharacterString),
            ("phone_number3", ValueKind::PhoneNumber),
            ("car_number4", ValueKind::CarNumber),
        ] {
            let key: ValueKey = text.parse().unwrap();
            assert_eq!((key.kind(), key.as_str()), (kind, text));
        }
        for wrong in ["", "thing", "1", "things1", "thing1a", "thing12345", "thing１"] {
            assert!(wrong.parse::<ValueKey>().is_err(), "{wrong}");
        }
    }
}
