//! The rules of a template's values, by the type in their key: `thing1`, `date2`.
//! <https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-message-management/subscribe-message/api_sendmessage.html>

use std::sync::LazyLock;

use regex::Regex;

/// What a value may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Thing,
    Number,
    Letter,
    Symbol,
    CharacterString,
    Time,
    Date,
    Amount,
    PhoneNumber,
    CarNumber,
    Name,
    Phrase,
    Enum,
}

const TYPES: [(&str, Type); 13] = [
    ("thing", Type::Thing),
    ("number", Type::Number),
    ("letter", Type::Letter),
    ("symbol", Type::Symbol),
    ("character_string", Type::CharacterString),
    ("time", Type::Time),
    ("date", Type::Date),
    ("amount", Type::Amount),
    ("phone_number", Type::PhoneNumber),
    ("car_number", Type::CarNumber),
    ("name", Type::Name),
    ("phrase", Type::Phrase),
    ("enum", Type::Enum),
];

/// The type in a key, which ends with a number.
fn type_of(key: &str) -> Option<Type> {
    let name = key.trim_end_matches(|c: char| c.is_ascii_digit());
    let known = TYPES.iter().find(|(of, _)| *of == name)?;
    (name.len() < key.len()).then_some(known.1)
}

/// Whether a key could be one of a template's.
pub(crate) fn is_key(key: &str) -> bool {
    type_of(key).is_some()
}

/// Whether a value keeps the rule of its key. `choices` are those of an enum; none known: any.
pub(crate) fn fits(key: &str, value: &str, choices: &[String]) -> bool {
    let Some(kind) = type_of(key) else { return false };
    let length = value.chars().count();
    if length == 0 || value.chars().any(char::is_control) {
        return false;
    }
    let of = |most: usize, fits: fn(char) -> bool| length <= most && value.chars().all(fits);
    match kind {
        Type::Thing => length <= 20,
        Type::Number => NUMBER.is_match(value) && digits(value) <= 32,
        Type::Letter => of(32, |c| c.is_ascii_alphabetic()),
        Type::Symbol => of(5, |c| !c.is_alphanumeric()),
        Type::CharacterString => of(32, |c| c.is_ascii_alphanumeric() || !c.is_alphanumeric()),
        Type::Time => value.split('~').all(|time| is_time(time.trim())),
        Type::Date => value.split('~').all(|date| is_date(date.trim()) || is_time(date.trim())),
        Type::Amount => AMOUNT.is_match(value) && digits(value.split('.').next().unwrap_or(value)) <= 10,
        Type::PhoneNumber => of(17, |c| c.is_ascii_digit() || !c.is_alphanumeric()),
        Type::CarNumber => of(8, |c| c.is_ascii_alphanumeric() || is_chinese(c)),
        Type::Name => {
            let letters = of(20, |c| c.is_ascii_alphabetic() || matches!(c, ' ' | '·' | '.' | '-'));
            letters || of(10, |c| is_chinese(c) || c.is_ascii_alphabetic() || c == '·')
        }
        Type::Phrase => of(5, is_chinese),
        Type::Enum => choices.is_empty() || choices.iter().any(|choice| choice == value),
    }
}

fn digits(value: &str) -> usize {
    value.chars().filter(char::is_ascii_digit).count()
}

fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the patterns are tested")
}

static NUMBER: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[0-9]+(\.[0-9]+)?$"));
static AMOUNT: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\p{Sc}?[0-9]+(\.[0-9]+)?元?$"));
static DATE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:[0-9]{4}年([0-9]{1,2})月(?:([0-9]{1,2})日)?|([0-9]{1,2})月([0-9]{1,2})日|[0-9]{4}[-/.]([0-9]{1,2})(?:[-/.]([0-9]{1,2}))?)$",
    )
});
static TIME: LazyLock<Regex> = LazyLock::new(|| pattern(r"^([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?$"));

fn is_date(text: &str) -> bool {
    let Some(parts) = DATE.captures(text) else { return false };
    let within = |group: usize, most: u32| {
        parts.get(group).is_none_or(|part| part.as_str().parse().is_ok_and(|n: u32| (1..=most).contains(&n)))
    };
    [1, 3, 5].into_iter().all(|month| within(month, 12)) && [2, 4, 6].into_iter().all(|day| within(day, 31))
}

/// A time of the 24-hour clock, with a date before it or without.
fn is_time(text: &str) -> bool {
    let time = match text.rsplit_once([' ', '日']) {
        Some((_, time)) if is_date(text[..text.len() - time.len()].trim()) => time,
        Some(_) => return false,
        None => text,
    };
    let Some(parts) = TIME.captures(time) else { return false };
    let below = |group: usize, end: u32| {
        parts.get(group).is_none_or(|part| part.as_str().parse().is_ok_and(|n: u32| n < end))
    };
    below(1, 24) && below(2, 60) && below(3, 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_fit() {
        for (key, value) in [
            ("thing1", "《围城》，二十个字以内。12345678"),
            ("number2", "12345678901234567890123456789012"),
            ("number2", "3.50"),
            ("letter3", "abcXYZ"),
            ("symbol4", "！？"),
            ("character_string5", "NO.2026-11/27#A"),
            ("time6", "15:01"),
            ("time6", "2019年10月1日 15:01:59"),
            ("time6", "15:01~16:30"),
            ("date7", "2019年10月1日"),
            ("date7", "2019-12-25 09:42"),
            ("date7", "2019/10/1 ~ 2019/10/3"),
            ("date7", "10月1日"),
            ("amount8", "¥100.50"),
            ("amount8", "100元"),
            ("phone_number9", "+86-0766-66888866"),
            ("car_number10", "粤A8Z888挂"),
            ("name11", "张三"),
            ("name11", "Zhang San"),
            ("phrase12", "审核通过"),
            ("enum13", "书"),
        ] {
            assert!(fits(key, value, &["书".into()]), "{key} {value}");
        }
    }

    #[test]
    fn values_that_do_not() {
        for (key, value) in [
            ("thing1", ""),
            ("thing1", "一二三四五六七八九十一二三四五六七八九十一"),
            ("thing1", "two\nlines"),
            ("number2", "123456789012345678901234567890123"),
            ("number2", "1a"),
            ("letter3", "字"),
            ("letter3", "abcdefghijklmnopqrstuvwxyzabcdefg"),
            ("symbol4", "！！！！！！"),
            ("symbol4", "a"),
            ("character_string5", "编号1"),
            ("time6", "24:00"),
            ("time6", "15:60"),
            ("time6", "3 pm"),
            ("time6", "tomorrow 15:01"),
            ("date7", "2019年13月1日"),
            ("date7", "2019-10-32"),
            ("date7", "soon"),
            ("amount8", "¥12345678901"),
            ("amount8", "much"),
            ("phone_number9", "012345678901234567"),
            ("phone_number9", "电话"),
            ("car_number10", "粤A8Z888挂挂"),
            ("name11", "张三李四王五赵六孙七周"),
            ("name11", "张三2"),
            ("phrase12", "审核没有通过"),
            ("phrase12", "ok"),
            ("enum13", "画"),
            ("thing", "no number"),
            ("other1", "no type"),
        ] {
            assert!(!fits(key, value, &["书".into()]), "{key} {value}");
        }
    }
}
