//! The names of objects.

use std::fmt;
use std::str::FromStr;

/// The name of an object: segments of lower- and upper-case letters, digits, `-`, `_` and `.`, between slashes,
/// for example `private/uploadAvatar/01890a5d-ac96-774b-bcce-b302099a8057.jpg`.
///
/// No segment begins with a dot, so that no key leads out of a folder or to what is hidden in it.
///
/// ```
/// use queqiao_storage::ObjectKey;
///
/// assert!(ObjectKey::new("public/avatar/1.png").is_ok());
/// for bad in ["", "/etc/passwd", "a/../b", "a//b", "a/", "a\\b", "a\0b", "头像.png", ".hidden"] {
///     assert!(ObjectKey::new(bad).is_err(), "{bad}");
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey(String);

/// A text that is no key of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "no key of an object: 1 to {LONGEST} letters, digits, `-`, `_` and `.`, in segments between single slashes, none of which begins with a dot"
)]
pub struct BadObjectKey;

/// As long as upload records allow.
const LONGEST: usize = crate::KEY_LIMIT;

impl ObjectKey {
    /// The key of a text.
    ///
    /// # Errors
    ///
    /// [`BadObjectKey`] for anything else than described above, or more than 250 bytes.
    pub fn new(text: impl Into<String>) -> Result<Self, BadObjectKey> {
        let text = text.into();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let segment =
            |segment: &str| !segment.is_empty() && !segment.starts_with('.') && segment.bytes().all(plain);
        if text.len() <= LONGEST && text.split('/').all(segment) { Ok(Self(text)) } else { Err(BadObjectKey) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ObjectKey {
    type Err = BadObjectKey;

    fn from_str(text: &str) -> Result<Self, BadObjectKey> {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_no_longer_than_upload_records_take() {
        assert!(ObjectKey::new("k".repeat(crate::KEY_LIMIT)).is_ok());
        assert_eq!(ObjectKey::new("k".repeat(crate::KEY_LIMIT + 1)), Err(BadObjectKey));
    }

    #[test]
    fn nothing_leads_out_of_a_folder() {
        for bad in [
            "..",
            ".",
            "../../etc/passwd",
            "a/..",
            "a/./b",
            "..\\a",
            "a\\..\\b",
            "C:/windows",
            "a\u{202e}gpj.exe",
            "a b",
            "%2e%2e/a",
            "a\n",
            "~/a",
            "a:b",
            "//a",
        ] {
            assert_eq!(ObjectKey::new(bad), Err(BadObjectKey), "{bad:?}");
        }
    }
}
