//! Text that is safe inside the emitted files.

use std::borrow::Cow;

use crate::contract::Documentation;
use crate::names::is_identifier;

/// A string literal in single quotes, valid in ECMAScript 5.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    write_quoted(&mut quoted, text);
    quoted
}

/// Writes the same.
pub(crate) fn write_quoted(quoted: &mut String, text: &str) {
    quoted.push('\'');
    let plain = |byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'\'' | b'\\');
    let mut rest = text;
    while !rest.bytes().all(plain)
        && let Some((before, special)) = rest.find(is_special).and_then(|place| rest.split_at_checked(place))
    {
        quoted.push_str(before);
        let mut chars = special.chars();
        match chars.next() {
            Some('\'') => quoted.push_str("\\'"),
            Some('\\') => quoted.push_str("\\\\"),
            Some('\n') => quoted.push_str("\\n"),
            other => quoted.extend(other.map(|c| format!("\\u{:04x}", u32::from(c)))),
        }
        rest = chars.as_str();
    }
    quoted.push_str(rest);
    quoted.push('\'');
}

/// What `encodeURIComponent` makes of a text.
pub(crate) fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => encoded.push(char::from(byte)),
            b'-' | b'_' | b'.' | b'!' | b'~' | b'*' | b'\'' | b'(' | b')' => encoded.push(char::from(byte)),
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// What cannot stand in a string as it is. U+2028 and U+2029 end a line in ECMAScript 5, in strings too.
fn is_special(c: char) -> bool {
    c.is_control() || matches!(c, '\'' | '\\' | '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// A property name, quoted where it must be.
pub(crate) fn key(name: &str) -> String {
    if is_identifier(name) { name.to_owned() } else { quote(name) }
}

/// Text on one line that cannot end a `//` comment.
pub(crate) fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Writes a JSDoc comment, or nothing if there is nothing to say.
pub(crate) fn comment(text: &mut String, documentation: &Documentation, indent: &str) {
    // Most say one line or nothing.
    match (documentation.text.as_slice(), documentation.tags.as_slice()) {
        ([], []) => return,
        ([one], []) if !one.contains(['\r', '\n']) && !one.trim().is_empty() => {
            return text.extend([indent, "/** ", &safe(Cow::Borrowed(one.trim())), " */\n"]);
        }
        _ => {}
    }
    let mut lines: Vec<Cow<'_, str>> = Vec::new();
    for paragraph in &documentation.text {
        if !lines.is_empty() {
            lines.push(Cow::Borrowed(""));
        }
        lines.extend(paragraph.trim().lines().map(|line| safe(Cow::Borrowed(line.trim_end()))));
    }
    if !lines.is_empty() && !documentation.tags.is_empty() {
        lines.push(Cow::Borrowed(""));
    }
    lines.extend(documentation.tags.iter().map(|tag| safe(Cow::Owned(format!("@{}", one_line(tag))))));
    match lines.as_slice() {
        [] => {}
        [line] => text.extend([indent, "/** ", line, " */\n"]),
        lines => {
            text.extend([indent, "/**\n"]);
            for line in lines {
                match line.trim_end() {
                    "" => text.extend([indent, " *\n"]),
                    line => text.extend([indent, " * ", line, "\n"]),
                }
            }
            text.extend([indent, " */\n"]);
        }
    }
}

fn safe(line: Cow<'_, str>) -> Cow<'_, str> {
    let ends = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    match line.contains(|c| c == '*' || ends(c)) {
        true => Cow::Owned(line.replace("*/", "*\\/").replace(ends, " ")),
        false => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_stay_strings() {
        assert_eq!(quote("it's\\\n\u{2028}"), r"'it\'s\\\n\u2028'");
    }

    #[test]
    fn a_name_in_an_address() {
        assert_eq!(percent_encode("api key[&=汉]"), "api%20key%5B%26%3D%E6%B1%89%5D");
        assert_eq!(percent_encode("aZ09-_.!~*'()"), "aZ09-_.!~*'()");
    }

    #[test]
    fn comments_cannot_be_closed_from_inside() {
        let documentation =
            Documentation { text: vec!["a */ b\r\nc".into()], tags: vec!["pattern */".into()] };
        let mut text = String::new();
        comment(&mut text, &documentation, "");
        assert_eq!(text, "/**\n * a *\\/ b\n * c\n *\n * @pattern *\\/\n */\n");
    }
}
