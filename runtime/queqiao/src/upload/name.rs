//! The name of a file as its sender had it.

/// The longest name that is kept, in characters.
const LONGEST: usize = 100;

/// A name that can be shown: the last part of a path, without what controls a terminal or turns a text around.
/// Nothing if nothing is left.
pub(super) fn shown(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let harmless = |c: &char| {
        !c.is_control()
            && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let name: String = last.chars().filter(harmless).collect();
    let name: String =
        name.trim_matches(|c: char| c.is_whitespace() || c == '.').chars().take(LONGEST).collect();
    (!name.is_empty()).then_some(name)
}

/// The extension of a name, in whatever case; nothing if it has none.
pub(super) fn extension(name: &str) -> Option<&str> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    last.rsplit_once('.').map(|(_, extension)| extension).filter(|extension| !extension.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_name_leads_anywhere() {
        for (name, kept) in [
            ("../../etc/passwd", Some("passwd")),
            ("..\\..\\windows\\system.ini", Some("system.ini")),
            ("a\0b.png", Some("ab.png")),
            ("photo\u{202e}gpj.exe", Some("photogpj.exe")),
            ("wxfile://tmp_1a2b.jpg", Some("tmp_1a2b.jpg")),
            ("头像.png", Some("头像.png")),
            ("..", None),
            ("a/", None),
            ("\r\n", None),
            (" .hidden ", Some("hidden")),
        ] {
            assert_eq!(shown(name).as_deref(), kept, "{name:?}");
        }
        assert_eq!(shown(&"字".repeat(500)).map(|name| name.chars().count()), Some(100));
    }

    #[test]
    fn the_extension_is_that_of_the_last_part() {
        for (name, found) in [
            ("a.JPG", Some("JPG")),
            ("a.tar.gz", Some("gz")),
            ("a.b/c", None),
            ("a.", None),
            ("blob", None),
            ("a.png\0.jpg", Some("jpg")),
        ] {
            assert_eq!(extension(name), found, "{name:?}");
        }
    }
}
