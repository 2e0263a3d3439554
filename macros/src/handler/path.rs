//! The path of a handler: `/todos/{id}/done`.

use proc_macro2::Span;
use syn::LitStr;

use crate::mistakes::Mistakes;

/// Reports everything that is wrong with the path.
pub(super) fn check(literal: &LitStr, mistakes: &mut Mistakes) {
    let path = literal.value();
    let span = literal.span();
    for mistake in judge(&path) {
        mistakes.at(span, mistake);
    }
}

/// The mistakes of a path, each with its remedy.
fn judge(path: &str) -> Vec<String> {
    let mut mistakes = Vec::new();
    let mut add = |mistake: String| {
        if !mistakes.contains(&mistake) {
            mistakes.push(mistake);
        }
    };
    if path.is_empty() {
        return vec![String::from("the path is empty; write `\"/\"` for the root")];
    }
    if let Some((before, query)) = path.split_once('?') {
        let name = query.split(['=', '&']).next().unwrap_or_default();
        let name = if name.is_empty() { "name" } else { name };
        add(format!(
            "the path must not hold a query; write `{before:?}` and take `{name}` through `Query<_>`, a `#[model]` struct \
             with a field for each parameter"
        ));
        // What is wrong after the question mark is gone with it.
        for mistake in if before.is_empty() { Vec::new() } else { judge(before) } {
            add(mistake);
        }
        return mistakes;
    }
    if path.contains('#') {
        add(String::from("the path must not hold a fragment (`#…`): a client does not send it"));
    }
    if !path.starts_with('/') {
        add(format!("the path must start with a slash; write `{:?}`", format!("/{path}")));
    }
    if path.len() > 1 && path.ends_with('/') && !path.ends_with("//") {
        add(format!(
            "the path must not end with a slash, or it would be another one than `{:?}`; leave the slash out",
            path.trim_end_matches('/')
        ));
    }
    if path.contains("//") {
        add(String::from("the path has an empty segment (`//`); leave one slash out"));
    }
    let mut parameters: Vec<&str> = Vec::new();
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        if let Some(mistake) = judge_segment(segment, &mut parameters) {
            add(mistake);
        }
    }
    mistakes
}

fn judge_segment<'a>(segment: &'a str, parameters: &mut Vec<&'a str>) -> Option<String> {
    if let Some(name) = segment.strip_prefix(':') {
        let name = if name.is_empty() { "id" } else { name };
        return Some(format!("`{segment}` is the spelling of old axum versions; write `{{{name}}}`"));
    }
    if segment.starts_with('*') || segment.starts_with("{*") {
        return Some(format!(
            "`{segment}` would catch several segments, which OpenAPI and so the client cannot express; take the rest as \
             a query parameter, or merge an axum router that has this route"
        ));
    }
    if segment == "." || segment == ".." {
        return Some(format!("`{segment}` is removed by clients before they send the path; leave it out"));
    }
    if segment.contains(['{', '}']) {
        let Some(name) = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
            return Some(if segment.matches('{').count() == segment.matches('}').count() {
                format!(
                    "a parameter fills a whole segment, unlike in `{segment}`; write `{{name}}` between slashes"
                )
            } else {
                format!("the braces of `{segment}` do not match; write `{{name}}`")
            });
        };
        if name.contains("}{") {
            return Some(format!(
                "a parameter fills a whole segment, unlike in `{segment}`; write `{{name}}` between slashes"
            ));
        }
        if name.contains(['{', '}']) {
            return Some(format!("the braces of `{segment}` do not match; write `{{name}}`"));
        }
        if name.is_empty() {
            return Some(String::from("the parameter has no name; write `{id}`"));
        }
        if let Some((bare, _)) = name.split_once(':') {
            return Some(format!(
                "the type of a parameter stands in the argument, not in the path; write `{{{bare}}}` and `Path<_>`"
            ));
        }
        let plain = |character: char| character.is_ascii_alphanumeric() || character == '_';
        if !name.chars().all(plain) || name.starts_with(|character: char| character.is_ascii_digit()) {
            return Some(format!(
                "`{name}` cannot be the name of a parameter; use letters, digits and `_`, as in `{{todo_id}}`"
            ));
        }
        if parameters.contains(&name) {
            return Some(format!("the parameter `{name}` occurs twice; each needs a name of its own"));
        }
        parameters.push(name);
        return None;
    }
    let wrong =
        |character: &char| !(character.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@".contains(*character));
    match segment.chars().find(|character| *character != '#' && wrong(character)) {
        Some(character) if character.is_whitespace() => {
            Some(String::from("the path must not hold white space; use `-`"))
        }
        Some('%') => {
            Some(String::from("the path is written decoded, without `%`; use unreserved ASCII characters"))
        }
        Some(character) => Some(format!(
            "`{character}` cannot stand in a path without encoding; use ASCII letters, digits, `-`, `_`, `.` and `~`"
        )),
        None => None,
    }
}

/// A span to report at where there is no literal.
pub(super) fn missing(span: Span, method: &str) -> syn::Error {
    syn::Error::new(span, format!("`#[{method}]` needs a path; write `#[{method}(\"/todos/{{id}}\")]`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_paths() {
        for path in
            ["/", "/todos", "/todos/{id}", "/a/{b}/c/{d_2}", "/v1.0/~me/a-b", "/todos/{id}/items:batch"]
        {
            assert_eq!(judge(path), Vec::<String>::new(), "{path}");
        }
    }

    #[test]
    fn each_mistake_names_its_remedy() {
        for (path, remedy) in [
            ("", "write `\"/\"`"),
            ("todos", "write `\"/todos\"`"),
            ("/todos/", "leave the slash out"),
            ("/a//b", "leave one slash out"),
            ("//", "leave one slash out"),
            ("/todos/:id", "write `{id}`"),
            ("/todos/{*rest}", "query parameter"),
            ("/todos/*rest", "query parameter"),
            ("/a/../b", "leave it out"),
            ("/{id", "do not match"),
            ("/id}", "do not match"),
            ("/{{id}}", "do not match"),
            ("/{id}.json", "whole segment"),
            ("/{a}{b}", "whole segment"),
            ("/{}", "has no name"),
            ("/{id:u32}", "Path<_>"),
            ("/{todo-id}", "letters, digits"),
            ("/{1}", "letters, digits"),
            ("/{id}/x/{id}", "occurs twice"),
            ("/todos?done=true", "take `done` through `Query<_>`"),
            ("/todos#top", "fragment"),
            ("/my todos", "white space"),
            ("/%20", "without `%`"),
            ("/待办", "ASCII"),
        ] {
            let mistakes = judge(path);
            assert_eq!(mistakes.len(), 1, "{path}: {mistakes:?}");
            assert!(mistakes[0].contains(remedy), "{path}: {mistakes:?}");
        }
    }

    #[test]
    fn several_mistakes_are_told_together() {
        assert_eq!(judge("todos/:id/").len(), 3);
    }
}
