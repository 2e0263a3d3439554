//! Texts for people, and the language in which they are told.

use std::borrow::Cow;
use std::fmt;

use http::header::ACCEPT_LANGUAGE;
use http::{HeaderMap, HeaderValue};

/// A language in which failures are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Chinese (中文), `zh-CN`.
    Chinese,
    /// English, `en`.
    #[default]
    English,
}

impl Language {
    /// The tag for `Content-Language`.
    pub const fn tag(self) -> &'static str {
        match self {
            Language::Chinese => "zh-CN",
            Language::English => "en",
        }
    }

    /// What an `Accept-Language` ([RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#section-12.5.4)) asks for: the
    /// language of the greatest weight, and of the one that stands first where two weigh the same.
    ///
    /// A header that names neither language, or that is malformed, asks for `otherwise`.
    pub(crate) fn preferred(header: &str, otherwise: Language) -> Language {
        let mut chinese = None;
        let mut english = None;
        let mut others = None;
        for (place, item) in header.split(',').enumerate() {
            // A list may have empty items (RFC 9110, 5.6.1).
            if item.trim().is_empty() {
                continue;
            }
            let Some((range, weight)) = weighed(item) else { return otherwise };
            let primary = range.split('-').next().unwrap_or(range);
            let wish = Wish { weight, place };
            let slot = match primary {
                "*" => &mut others,
                _ if primary.eq_ignore_ascii_case("zh") => &mut chinese,
                _ if primary.eq_ignore_ascii_case("en") => &mut english,
                _ => continue,
            };
            // `zh-HK;q=0.2, zh;q=0.9`: one that is welcome makes the language welcome.
            if slot.is_none_or(|known: Wish| known.weight < wish.weight) {
                *slot = Some(wish);
            }
        }
        let welcome = |wish: Option<Wish>| wish.or(others).filter(|wish| wish.weight > 0);
        match (welcome(chinese), welcome(english)) {
            (Some(zh), Some(en)) if (zh.weight, en.place) > (en.weight, zh.place) => Language::Chinese,
            (Some(zh), Some(en)) if (zh.weight, en.place) < (en.weight, zh.place) => Language::English,
            (Some(_), None) => Language::Chinese,
            (None, Some(_)) => Language::English,
            (Some(_), Some(_)) | (None, None) => otherwise,
        }
    }
}

#[derive(Clone, Copy)]
struct Wish {
    /// Thousandths.
    weight: u16,
    place: usize,
}

/// `zh-CN;q=0.9` as the range and its weight in thousandths; `None` if it is no such item.
fn weighed(item: &str) -> Option<(&str, u16)> {
    let (range, weight) = match item.split_once(';') {
        Some((range, parameter)) => {
            let (name, value) = parameter.split_once('=')?;
            (range.trim(), name.trim().eq_ignore_ascii_case("q").then(|| thousandths(value.trim()))??)
        }
        None => (item.trim(), 1000),
    };
    let subtag =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (range == "*" || range.split('-').all(subtag)).then_some((range, weight))
}

/// `1`, `0.5`, `0.333`: a qvalue of RFC 9110, 12.4.2.
fn thousandths(value: &str) -> Option<u16> {
    let (whole, part) = value.split_once('.').unwrap_or((value, ""));
    if part.len() > 3 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut thousandths = 0;
    for index in 0..3 {
        let digit = part.as_bytes().get(index).map_or(0, |digit| digit - b'0');
        thousandths = thousandths * 10 + u16::from(digit);
    }
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

/// A text for people: one for all, or one in each language.
///
/// Wherever a text is taken, a plain one will do:
///
/// ```
/// use queqiao::{Text, Violation};
///
/// let plain = Violation::new("even", "must be even");
/// let told = Violation::new("even", Text::both("须为偶数", "must be even"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    /// The same for every reader.
    Plain(Cow<'static, str>),
    /// In each language.
    Both {
        /// In Chinese.
        zh: Cow<'static, str>,
        /// In English.
        en: Cow<'static, str>,
    },
}

impl Text {
    /// One meaning in both languages.
    pub fn both(zh: impl Into<Cow<'static, str>>, en: impl Into<Cow<'static, str>>) -> Self {
        Self::Both { zh: zh.into(), en: en.into() }
    }

    /// The text for a reader of this language.
    pub fn told_in(&self, language: Language) -> &str {
        match (self, language) {
            (Self::Plain(text), _) => text,
            (Self::Both { zh, .. }, Language::Chinese) => zh,
            (Self::Both { en, .. }, Language::English) => en,
        }
    }
}

/// A text where only constants may stand.
pub const fn plain(text: &'static str) -> Text {
    Text::Plain(Cow::Borrowed(text))
}

/// Both texts where only constants may stand.
pub const fn both(zh: &'static str, en: &'static str) -> Text {
    Text::Both { zh: Cow::Borrowed(zh), en: Cow::Borrowed(en) }
}

impl From<&'static str> for Text {
    fn from(text: &'static str) -> Self {
        Self::Plain(Cow::Borrowed(text))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::Plain(Cow::Owned(text))
    }
}

impl From<Cow<'static, str>> for Text {
    fn from(text: Cow<'static, str>) -> Self {
        Self::Plain(text)
    }
}

/// As the log has it: in English, where there is a choice.
impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.told_in(Language::English))
    }
}

/// To whom a problem is told: which languages are welcome, and the id under which the log speaks of the request.
#[derive(Clone, Copy, Debug)]
pub struct Audience<'a> {
    request_id: Option<&'a str>,
    wishes: Option<&'a HeaderValue>,
    otherwise: Language,
}

impl<'a> Audience<'a> {
    /// Who sent these headers; `otherwise` is for one who wishes no language.
    pub fn of(headers: &'a HeaderMap, otherwise: Language) -> Self {
        let request_id = headers.get("x-request-id").and_then(|id| id.to_str().ok());
        Self { request_id, wishes: headers.get(ACCEPT_LANGUAGE), otherwise }
    }

    /// As [`Audience::of`], from what was kept of the headers.
    #[cfg(feature = "server")]
    pub(crate) fn kept(request_id: &'a str, wishes: Option<&'a HeaderValue>, otherwise: Language) -> Self {
        Self { request_id: Some(request_id), wishes, otherwise }
    }

    pub(super) fn request_id(&self) -> Option<&'a str> {
        self.request_id
    }

    pub(super) fn language(&self) -> Language {
        match self.wishes.and_then(|header| header.to_str().ok()) {
            Some(header) => Language::preferred(header, self.otherwise),
            None => self.otherwise,
        }
    }
}

/// An [`Audience`] that outlives its request.
#[derive(Clone, Debug)]
pub(crate) struct Listener {
    request_id: Option<HeaderValue>,
    wishes: Option<HeaderValue>,
    otherwise: Language,
}

impl Listener {
    pub(crate) fn of(headers: &HeaderMap, otherwise: Language) -> Self {
        let kept = |name: &str| headers.get(name).cloned();
        Self { request_id: kept("x-request-id"), wishes: kept(ACCEPT_LANGUAGE.as_str()), otherwise }
    }

    pub(crate) fn audience(&self) -> Audience<'_> {
        Audience {
            request_id: self.request_id.as_ref().and_then(|id| id.to_str().ok()),
            wishes: self.wishes.as_ref(),
            otherwise: self.otherwise,
        }
    }
}

#[cfg(test)]
mod tests {
    use Language::{Chinese, English};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_greatest_weight_counts_then_the_first_place() {
        for (header, expected) in [
            ("zh-CN", Chinese),
            ("zh-CN,zh;q=0.9", Chinese),
            ("zh-Hans-CN", Chinese),
            ("ZH", Chinese),
            ("en-US,en;q=0.9,zh-CN;q=0.8", English),
            ("en-US,zh-CN", English),
            ("zh-CN,en-US", Chinese),
            ("en;q=0.5, zh;q=0.501", Chinese),
            ("en ; q=0.5 ,\tzh ; Q=0.4", English),
            ("fr-FR,zh;q=0.1", Chinese),
            ("zh-HK;q=0.2,en;q=0.5,zh;q=0.9", Chinese),
            ("en;q=0,*", Chinese),
            ("*,zh;q=0", English),
            ("zh;q=0.5,*", English),
            ("zh;q=1.000, en;q=1", Chinese),
            (",zh,,", Chinese),
        ] {
            for otherwise in [Chinese, English] {
                assert_eq!(Language::preferred(header, otherwise), expected, "{header}");
            }
        }
    }

    #[test]
    fn what_says_nothing_leaves_the_choice() {
        for header in [
            "",
            "*",
            "fr",
            "fr,*;q=0.5",
            "zh;q=0",
            "zh;q=0,en;q=0",
            "zhx",
            // malformed
            "zh;q=2",
            "zh;q=1.001",
            "zh;q=0.1234",
            "zh;q=",
            "zh;q",
            "zh;level=1",
            "zh CN",
            "zh_CN",
            "zh-",
            "zh,;;;",
            "zh;q=-1",
            "中文",
            "zh-toolongsubtag",
        ] {
            for otherwise in [Chinese, English] {
                assert_eq!(Language::preferred(header, otherwise), otherwise, "{header}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_header_is_an_error(header in ".{0,60}") {
            let _ = Language::preferred(&header, English);
        }

        #[test]
        fn headers_of_ranges_and_weights_are_read(
            zh in 0_u16..=1000, en in 0_u16..=1000, swapped: bool,
        ) {
            prop_assume!(zh != en);
            let item = |range: &str, weight: u16| {
                let text = if weight == 1000 { "1".to_owned() } else { format!("0.{weight:03}") };
                format!("{range};q={text}")
            };
            let (first, second) = (item("zh-CN", zh), item("en-GB", en));
            let header = if swapped { format!("{second}, {first}") } else { format!("{first}, {second}") };
            let expected = if zh > en { Chinese } else { English };
            prop_assert_eq!(Language::preferred(&header, Chinese), expected);
        }
    }
}
