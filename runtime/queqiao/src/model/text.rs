//! Constraints on texts: patterns, e-mail addresses and URLs.
//!
//! All three are patterns of ECMA-262, which the schema carries, so that every reader of the document can check
//! them with the same outcome. (`format` alone is an annotation, and each validator has its own idea of it.)

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use regex::Regex;
use serde_json::{Map, Value, json};

use super::Checker;
use super::constraint::{Constraint, through};
use crate::problem::{Text as Told, both};

/// A text, directly or in `Option`, `Box` or `Arc`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a text",
    label = "`pattern`, `email`, `url` and `content_security` are for texts",
    note = "for a newtype put the constraint on its field; for the items of a sequence use `each(…)`"
)]
pub trait Text {
    /// The text; `None` where there is no value.
    fn text(&self) -> Option<&str>;
}

impl Text for str {
    fn text(&self) -> Option<&str> {
        Some(self)
    }
}

impl Text for String {
    fn text(&self) -> Option<&str> {
        Some(self)
    }
}

impl Text for Cow<'_, str> {
    fn text(&self) -> Option<&str> {
        Some(self)
    }
}

through!(Text [] [] fn text -> &str);

/// A pattern of ECMA-262, and the same in the words of the regex crate; compiled at its first use.
#[derive(Debug)]
pub struct Pattern {
    source: &'static str,
    translated: &'static str,
    compiled: OnceLock<Regex>,
}

impl Pattern {
    /// Both must mean the same; `#[check(pattern = …)]` translates and compiles them while the program is built.
    pub const fn new(source: &'static str, translated: &'static str) -> Self {
        Self { source, translated, compiled: OnceLock::new() }
    }

    fn is_match(&self, text: &str) -> bool {
        self.compiled
            .get_or_init(|| {
                Regex::new(self.translated).expect("the pattern was compiled while the program was built")
            })
            .is_match(text)
    }
}

struct PatternOf(&'static Pattern);

/// `pattern = "…"`
pub fn pattern<T: Text + ?Sized>(pattern: &'static Pattern) -> impl Constraint<T> {
    PatternOf(pattern)
}

impl<T: Text + ?Sized> Constraint<T> for PatternOf {
    fn describe(&self, schema: &mut Map<String, Value>) {
        add_pattern(schema, self.0.source);
    }

    fn check(&self, value: &T, at: &mut Checker<'_>) {
        if value.text().is_some_and(|text| !self.0.is_match(text)) {
            let source = self.0.source;
            let message =
                Told::both(format!("须匹配模式 {source}"), format!("must match the pattern {source}"));
            at.fail("pattern", message);
        }
    }
}

/// A schema has room for one `pattern`; further ones go into `allOf`.
fn add_pattern(schema: &mut Map<String, Value>, source: &str) {
    if !schema.contains_key("pattern") {
        schema.insert("pattern".into(), source.into());
    } else if let Value::Array(all) = schema.entry("allOf").or_insert_with(|| json!([])) {
        all.push(json!({ "pattern": source }));
    }
}

struct Format {
    pattern: Pattern,
    name: &'static str,
    code: &'static str,
    message: Told,
}

impl<T: Text + ?Sized> Constraint<T> for &'static Format {
    fn describe(&self, schema: &mut Map<String, Value>) {
        schema.insert("format".into(), self.name.into());
        add_pattern(schema, self.pattern.source);
    }

    fn check(&self, value: &T, at: &mut Checker<'_>) {
        if value.text().is_some_and(|text| !self.pattern.is_match(text)) {
            at.fail(self.code, self.message.clone());
        }
    }
}

/// What browsers accept in `<input type=email>`
/// (<https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address>), without the stray dots that
/// RFC 5321 refuses. No quoted local parts, no address literals, ASCII only.
const EMAIL_PATTERN: &str = r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$";

/// An absolute http or https URL of RFC 3986 with a host name or an IPv4 address; everything else in it
/// percent-encoded, as `wx.request` and an `<image>` need it.
const URL_PATTERN: &str = r"^https?://[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::[0-9]{1,5})?(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)?(?:\?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?(?:#(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?$";

/// `email`
pub fn email<T: Text + ?Sized>() -> impl Constraint<T> {
    static EMAIL: Format = Format {
        pattern: Pattern::new(EMAIL_PATTERN, EMAIL_PATTERN),
        name: "email",
        code: "email",
        message: both("须为电子邮件地址", "must be an e-mail address"),
    };
    &EMAIL
}

/// `url`
pub fn url<T: Text + ?Sized>() -> impl Constraint<T> {
    static URL: Format = Format {
        pattern: Pattern::new(URL_PATTERN, URL_PATTERN),
        name: "uri",
        code: "url",
        message: both("须为完整的 http 或 https 网址", "must be an absolute http or https URL"),
    };
    &URL
}

/// The keyword of a text that content security (内容安全) judges.
pub(crate) const CONTENT_SECURITY: &str = "x-queqiao-content-security";

struct ContentSecurity;

/// `content_security`
pub fn content_security<T: Text + ?Sized>() -> impl Constraint<T> {
    ContentSecurity
}

/// Nothing is broken here: `Checked` and `Judged` have the text judged.
impl<T: Text + ?Sized> Constraint<T> for ContentSecurity {
    fn describe(&self, schema: &mut Map<String, Value>) {
        schema.insert(CONTENT_SECURITY.into(), true.into());
    }

    fn check(&self, value: &T, at: &mut Checker<'_>) {
        if let Some(text) = value.text() {
            at.user_text(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(constraint: impl Constraint<str>, text: &str) -> bool {
        let mut errors = Vec::new();
        constraint.check(text, &mut Checker::root(&mut errors));
        errors.is_empty()
    }

    #[test]
    fn emails() {
        for good in ["a@b", "zhang.san+x@mail.example.com", "!def!xyz%abc@example.com", "a@127.0.0.1"] {
            assert!(holds(email(), good), "{good}");
        }
        for bad in [
            "",
            "a",
            "a@",
            "@b",
            "a b@c",
            "a@b\n",
            "a@-b",
            "a@b-.c",
            "a..b@c",
            ".a@b",
            "a@[127.0.0.1]",
            "张@b",
            "a@b_c",
        ] {
            assert!(!holds(email(), bad), "{bad}");
        }
    }

    #[test]
    fn urls() {
        for good in
            ["http://a", "https://example.com:8443/%E6%B1%89?a=b&c#d", "http://127.0.0.1/", "https://a.b?x"]
        {
            assert!(holds(url(), good), "{good}");
        }
        for bad in [
            "",
            "a",
            "//a",
            "ftp://a",
            "http://",
            "http:///a",
            "https://a b",
            "https://汉.cn",
            "http://a/\n",
            "http://a/%zz",
            "javascript:alert(1)",
        ] {
            assert!(!holds(url(), bad), "{bad}");
        }
    }

    #[test]
    fn a_second_pattern_joins_the_first() {
        static DIGITS: Pattern = Pattern::new("^[0-9]*$", "^[0-9]*$");
        let mut schema = Map::new();
        Constraint::<str>::describe(&email(), &mut schema);
        Constraint::<str>::describe(&pattern(&DIGITS), &mut schema);
        assert_eq!(
            Value::Object(schema),
            json!({
                "format": "email", "pattern": EMAIL_PATTERN, "allOf": [{ "pattern": "^[0-9]*$" }]
            })
        );
    }
}
