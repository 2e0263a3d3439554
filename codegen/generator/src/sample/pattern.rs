//! A text that a pattern matches.

use regex_syntax::hir::{Class, Hir, HirKind};

/// How often a repetition without an end is tried.
const MOST: usize = 64;
/// No text is made longer than this.
const LONGEST: usize = 4096;

/// A text of the given length that `pattern` matches, if one is found.
pub(super) fn matching(pattern: &str, min: usize, max: usize) -> Option<String> {
    let hir = regex_syntax::ParserBuilder::new().build().parse(pattern).ok()?;
    let fits = |text: &str| (min..=max).contains(&text.chars().count());
    for repetitions in 0..=MOST {
        let mut text = String::new();
        write(&hir, repetitions, &mut text)?;
        if fits(&text) {
            return Some(text);
        }
        // Where the pattern may stand anywhere, anything may stand around it.
        let missing = min.saturating_sub(text.chars().count());
        if missing > 0 && !hir.properties().look_set_suffix().contains_anchor() {
            let padded = text + &"a".repeat(missing.min(LONGEST));
            return fits(&padded).then_some(padded);
        }
    }
    None
}

fn write(hir: &Hir, repetitions: usize, text: &mut String) -> Option<()> {
    if text.len() > LONGEST {
        return None;
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(class) => text.push(character(class)?),
        HirKind::Capture(capture) => write(&capture.sub, repetitions, text)?,
        HirKind::Concat(parts) => {
            for part in parts {
                write(part, repetitions, text)?;
            }
        }
        HirKind::Alternation(branches) => write(branches.first()?, repetitions, text)?,
        HirKind::Repetition(repetition) => {
            let most = repetition.max.map_or(usize::MAX, |max| max as usize);
            for _ in 0..(repetition.min as usize).max(repetitions.min(most)) {
                write(&repetition.sub, repetitions, text)?;
            }
        }
    }
    Some(())
}

/// The plainest character of a class.
fn character(class: &Class) -> Option<char> {
    let ranges: Vec<(char, char)> = match class {
        Class::Unicode(class) => class.ranges().iter().map(|range| (range.start(), range.end())).collect(),
        Class::Bytes(class) => {
            class.ranges().iter().map(|range| (range.start().into(), range.end().into())).collect()
        }
    };
    let holds = |wanted: char| ranges.iter().any(|(start, end)| (*start..=*end).contains(&wanted));
    ['a', 'A', '1', '0'].into_iter().find(|plain| holds(*plain)).or_else(|| {
        let visible = ranges.iter().find(|(_, end)| *end > ' ').map(|(start, _)| (*start).max('!'));
        visible.or_else(|| ranges.first().map(|(start, _)| *start))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_match_their_patterns() {
        for (pattern, min, max) in [
            ("^[0-9]{6}$", 0, 100),
            ("^(?:0|[1-9][0-9]*)$", 0, 20),
            ("^[A-Z][a-z]+( [A-Z][a-z]+)*$", 12, 40),
            ("^1[3-9]\\d{9}$", 0, 100),
            ("^[\u{4e00}-\u{9fff}]{2,4}$", 3, 4),
            ("x", 8, 8),
            ("^$", 0, 0),
        ] {
            let text = matching(pattern, min, max).unwrap_or_else(|| panic!("nothing for {pattern}"));
            let found = matches(pattern, &text);
            assert!(found && (min..=max).contains(&text.chars().count()), "{pattern}: {text}");
        }
    }

    fn matches(pattern: &str, text: &str) -> bool {
        jsonschema::draft202012::is_valid(
            &serde_json::json!({ "pattern": pattern }),
            &serde_json::json!(text),
        )
    }

    #[test]
    fn what_no_text_can_match_gives_nothing() {
        assert_eq!(matching("^[0-9]{6}$", 7, 9), None);
        assert_eq!(matching("(?=a)b", 0, 9), None);
        assert_eq!(matching("(a{1000}){1000}", 0, usize::MAX), None);
    }
}
