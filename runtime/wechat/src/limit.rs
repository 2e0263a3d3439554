//! The limits of single parameters, checked before anything is sent.

use std::ops::RangeInclusive;

use crate::Invalid;

/// A text of so many characters (not bytes), none of them a control character.
pub(crate) fn characters(field: &str, text: &str, range: RangeInclusive<usize>) -> Result<(), Invalid> {
    let length = text.chars().count();
    if !range.contains(&length) {
        let (least, most) = (range.start(), range.end());
        return Err(Invalid::new(field, format!("has {length} characters: give {least} to {most}")));
    }
    one_line(field, text)
}

/// A text without control characters.
pub(crate) fn one_line(field: &str, text: &str) -> Result<(), Invalid> {
    match text.chars().position(char::is_control) {
        Some(at) => Err(Invalid::new(
            field,
            format!("has a control character or line break at character {}: take it out", at + 1),
        )),
        None => Ok(()),
    }
}

/// Any text of so many characters; line breaks are allowed.
pub(crate) fn text(field: &str, text: &str, range: RangeInclusive<usize>) -> Result<(), Invalid> {
    let length = text.chars().count();
    if range.contains(&length) {
        return Ok(());
    }
    let (least, most) = (range.start(), range.end());
    Err(Invalid::new(field, format!("has {length} characters: give {least} to {most}")))
}

/// An openid: 28 characters today, of which WeChat promises nothing but that they are few and plain.
pub(crate) fn openid(field: &str, openid: &str) -> Result<(), Invalid> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    match (1..=128).contains(&openid.len()) && openid.bytes().all(plain) {
        true => Ok(()),
        false => Err(Invalid::new(field, "is no openid: use the one that code2Session gave, of this app")),
    }
}

/// The path of a page: without a leading slash, and without a query where that is another parameter.
pub(crate) fn page(field: &str, path: &str, most: usize, query: bool) -> Result<(), Invalid> {
    characters(field, path, 1..=most)?;
    if path.starts_with('/') {
        return Err(Invalid::new(field, "begins with a slash: write it as pages/index/index"));
    }
    if !query && path.contains(['?', '#']) {
        return Err(Invalid::new(field, "has a query: give the path alone"));
    }
    Ok(())
}

/// A number within a range.
pub(crate) fn number(field: &str, number: u32, range: RangeInclusive<u32>) -> Result<(), Invalid> {
    match range.contains(&number) {
        true => Ok(()),
        false => Err(Invalid::new(field, format!("is {number}: give {} to {}", range.start(), range.end()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_and_not_bytes() {
        assert!(characters("x", "二十个汉字二十个汉字二十个汉字二十个汉字", 1..=20).is_ok());
        let told = characters("title", &"字".repeat(21), 1..=20).unwrap_err().to_string();
        assert_eq!(told, "title has 21 characters: give 1 to 20");
        let told = characters("title", "a\nb", 1..=20).unwrap_err().to_string();
        assert_eq!(told, "title has a control character or line break at character 2: take it out");
        assert!(text("content", "a\nb", 1..=3).is_ok() && text("content", "abcd", 1..=3).is_err());
    }

    #[test]
    fn openids_and_pages() {
        assert!(openid("openid", "oGZUI0egBJY1zhBYw2KhdUfwVJJE").is_ok());
        for wrong in ["", "o 1", "ö1", "o1\n", &"o".repeat(129)] {
            assert!(openid("openid", wrong).is_err(), "{wrong}");
        }
        assert!(page("page", "pages/index/index", 1024, false).is_ok());
        assert!(page("path", "pages/index/index?a=1", 1024, true).is_ok());
        for wrong in ["", "/pages/index", "pages/index?a=1", "pages\n"] {
            assert!(page("page", wrong, 1024, false).is_err(), "{wrong}");
        }
        assert!(number("width", 280, 280..=1280).is_ok() && number("width", 279, 280..=1280).is_err());
    }
}
