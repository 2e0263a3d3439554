//! Text that is safe inside the emitted files.

use crate::contract::Documentation;
use crate::names::is_identifier;

/// A string literal in single quotes, valid in ECMAScript 5.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for c in text.chars() {
        match c {
            '\'' => quoted.push_str("\\'"),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            // U+2028 and U+2029 end a line in ECMAScript 5, in strings too.
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('\'');
    quoted
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

/// A JSDoc comment, or nothing if there is nothing to say.
pub(crate) fn comment(documentation: &Documentation, indent: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for paragraph in &documentation.text {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.extend(paragraph.trim().lines().map(|line| line.trim_end().to_owned()));
    }
    if !lines.is_empty() && !documentation.tags.is_empty() {
        lines.push(String::new());
    }
    lines.extend(documentation.tags.iter().map(|tag| format!("@{}", one_line(tag))));
    let lines: Vec<String> = lines.into_iter().map(|line| safe(&line)).collect();
    match lines.as_slice() {
        [] => String::new(),
        [line] => format!("{indent}/** {line} */\n"),
        lines => {
            let mut text = format!("{indent}/**\n");
            for line in lines {
                text.push_str(format!("{indent} * {line}").trim_end());
                text.push('\n');
            }
            text.push_str(&format!("{indent} */\n"));
            text
        }
    }
}

fn safe(line: &str) -> String {
    line.replace("*/", "*\\/").replace(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'), " ")
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
        assert_eq!(comment(&documentation, ""), "/**\n * a *\\/ b\n * c\n *\n * @pattern *\\/\n */\n");
    }
}
