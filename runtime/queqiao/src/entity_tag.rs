//! Which version of a thing somebody has seen: entity tags of
//! [RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3), and the conditions that name them.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest, Sha256};

/// The version of a thing, as `ETag` tells it.
///
/// ```
/// use queqiao::EntityTag;
///
/// assert_eq!(EntityTag::of_version(7).to_string(), "\"7\"");
/// assert_eq!(EntityTag::of_version(7), EntityTag::of_version("7"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityTag {
    weak: bool,
    opaque: String,
}

impl EntityTag {
    /// A strong tag of a version: a number that grows with every change, or the instant of the last one.
    pub fn of_version(version: impl fmt::Display) -> Self {
        let version = version.to_string();
        // Another text than a tag may hold, or than JavaScript reads from a header, gives a tag all the same.
        match version.bytes().all(|byte| opaque(byte) && byte.is_ascii()) && !version.is_empty() {
            true => Self { weak: false, opaque: version },
            false => Self::of_bytes(version.as_bytes()),
        }
    }

    /// A strong tag of the bytes themselves.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let digest = Sha256::digest(bytes);
        Self { weak: false, opaque: URL_SAFE_NO_PAD.encode(&digest[..16]) }
    }

    /// The same as a weak tag: what it stands for means the same, and need not be the same bytes.
    ///
    /// A weak tag serves `If-None-Match`; no `If-Match` holds for it.
    #[must_use]
    pub fn weak(mut self) -> Self {
        self.weak = true;
        self
    }

    /// As a header carries it.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::try_from(self.to_string()).ok()
    }
}

/// `W/"7"`, or `"7"` where it is strong.
impl fmt::Display for EntityTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\"{}\"", if self.weak { "W/" } else { "" }, self.opaque)
    }
}

/// Whether a byte may stand between the quotes of a tag.
fn opaque(byte: u8) -> bool {
    byte == b'!' || (b'#'..=b'~').contains(&byte) || byte >= 0x80
}

/// The tags that `If-Match` or `If-None-Match` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// `*`: whatever is there.
    Any,
    /// One of these; none where the header cannot be read, so that a change is refused and an answer sent.
    Tags(Vec<Named>),
}

/// A tag as somebody else wrote it: any bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    weak: bool,
    opaque: Vec<u8>,
}

impl Condition {
    /// The condition that a request has under this name, or none.
    pub(crate) fn of(headers: &HeaderMap, name: &HeaderName) -> Option<Self> {
        let mut lines = headers.get_all(name).iter().map(HeaderValue::as_bytes);
        let mut whole = lines.next()?.to_vec();
        for line in lines {
            whole.push(b',');
            whole.extend_from_slice(line);
        }
        if whole.trim_ascii() == b"*" {
            return Some(Self::Any);
        }
        Some(Self::Tags(tags(&whole).unwrap_or_default()))
    }

    /// Whether the tag is named, and nobody says that either is weak: for changes.
    pub(crate) fn matches_strongly(&self, tag: &EntityTag) -> bool {
        self.matches(|named| !named.weak && !tag.weak && named.opaque == tag.opaque.as_bytes())
    }

    /// Whether the tag is named, weak or strong: for answers that somebody has already.
    pub(crate) fn matches_weakly(&self, tag: &EntityTag) -> bool {
        self.matches(|named| named.opaque == tag.opaque.as_bytes())
    }

    fn matches(&self, same: impl Fn(&Named) -> bool) -> bool {
        match self {
            Self::Any => true,
            Self::Tags(tags) => tags.iter().any(same),
        }
    }
}

/// The tags of a list; `None` if it is none.
fn tags(mut rest: &[u8]) -> Option<Vec<Named>> {
    let mut tags = Vec::new();
    loop {
        // Empty elements of a list are allowed, and mean nothing.
        while let [b' ' | b'\t' | b',', more @ ..] = rest {
            rest = more;
        }
        if rest.is_empty() {
            return Some(tags);
        }
        let (weak, quoted) = rest.strip_prefix(b"W/").map_or((false, rest), |quoted| (true, quoted));
        let quoted = quoted.strip_prefix(b"\"")?;
        let end = quoted.iter().position(|byte| !opaque(*byte))?;
        let (text, after) = quoted.split_at(end);
        rest = after.strip_prefix(b"\"")?.trim_ascii_start();
        tags.push(Named { weak, opaque: text.to_vec() });
        if !matches!(rest, [] | [b',', ..]) {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use http::header::IF_MATCH;

    use super::*;

    fn condition(lines: &[&str]) -> Condition {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(IF_MATCH, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        Condition::of(&headers, &IF_MATCH).unwrap()
    }

    #[test]
    fn the_comparisons_of_rfc_9110() {
        // https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3.2
        let (one, two) = (EntityTag::of_version(1), EntityTag::of_version(2));
        for (named, tag, strong, weak) in [
            ("W/\"1\"", one.clone().weak(), false, true),
            ("W/\"1\"", two.clone().weak(), false, false),
            ("W/\"1\"", one.clone(), false, true),
            ("\"1\"", one.clone().weak(), false, true),
            ("\"1\"", one.clone(), true, true),
        ] {
            let condition = condition(&[named]);
            assert_eq!(
                (condition.matches_strongly(&tag), condition.matches_weakly(&tag)),
                (strong, weak),
                "{named} {tag}"
            );
        }
    }

    #[test]
    fn lists_are_read_as_the_grammar_has_them_and_what_is_none_names_nothing() {
        let tag = EntityTag::of_version("xyz,zy");
        for lines in [
            &["\"xyz,zy\""][..],
            &["\"a\", \"xyz,zy\""],
            &["\"a\",\"xyz,zy\",\"c\""],
            &["\"a\"", "\"xyz,zy\""],
            &[",, \"a\" ,\t\"xyz,zy\" , "],
            &["W/\"a\", \"xyz,zy\""],
            &["*"],
            &[" * "],
        ] {
            assert!(condition(lines).matches_strongly(&tag), "{lines:?}");
        }
        for lines in [
            &[""][..],
            &["xyz,zy"],
            &["\"xyz,zy"],
            &["xyz,zy\""],
            &["'xyz,zy'"],
            &["w/\"xyz,zy\""],
            &["W/ \"xyz,zy\""],
            &["\"xyz,zy\"\"b\""],
            &["\"xyz,zy\" \"b\""],
            &["\"xyz,zy\", *"],
            &["\"xyz,zy\" x"],
            &["\"xyz,\\\"zy\""],
            &["\"xyz zy\""],
            &["**"],
        ] {
            assert!(!condition(lines).matches_weakly(&tag), "{lines:?}");
        }
        let foreign = EntityTag { weak: false, opaque: "é".to_owned() };
        assert!(condition(&["\"é\""]).matches_strongly(&foreign));
        assert_eq!(Condition::of(&HeaderMap::new(), &IF_MATCH), None);
    }

    #[test]
    fn any_version_makes_a_tag_that_a_header_carries() {
        for version in ["", "a b", "\"", "字", "x\ny", "2026-05-01T08:00:00Z"] {
            let tag = EntityTag::of_version(version);
            let header = tag.header().unwrap();
            assert!(condition(&[header.to_str().unwrap()]).matches_strongly(&tag), "{tag}");
        }
        assert_ne!(EntityTag::of_version("a b"), EntityTag::of_version("a c"));
    }
}
