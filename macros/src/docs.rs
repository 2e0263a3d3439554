//! Doc comments as data.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The first paragraph in one line, and the rest as Markdown.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Docs {
    pub(crate) summary: String,
    pub(crate) description: String,
}

impl Docs {
    pub(crate) fn of(attributes: &[Attribute]) -> Self {
        let text: Vec<String> = attributes.iter().filter_map(text).collect();
        // One attribute a line for `///`, one for all lines for `/** */` (with its stars).
        let lines: Vec<String> =
            text.iter().flat_map(|text| text.split('\n')).map(|line| strip_star(line).to_owned()).collect();
        Self::from_lines(&lines)
    }

    /// A text that is written as a doc comment would be.
    pub(crate) fn of_text(text: &str) -> Self {
        let lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
        Self::from_lines(&lines)
    }

    fn from_lines(lines: &[String]) -> Self {
        // `///` leaves one space; Markdown needs the deeper indents.
        let indent = lines
            .iter()
            .filter(|line| !line.trim().is_empty())
            .map(|line| line.len() - line.trim_start().len())
            .min()
            .unwrap_or(0);
        let lines: Vec<&str> = lines.iter().map(|line| line.get(indent..).unwrap_or("").trim_end()).collect();
        let mut rest = lines.iter().skip_while(|line| line.is_empty());
        let summary: Vec<&str> =
            rest.by_ref().take_while(|line| !line.is_empty()).map(|line| line.trim()).collect();
        let description: Vec<&str> = rest.copied().collect();
        Self { summary: summary.join(" "), description: description.join("\n").trim_matches('\n').to_owned() }
    }
}

fn text(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

fn strip_star(line: &str) -> &str {
    match line.trim_start().strip_prefix('*') {
        // `* item` of a list in a `///` comment stays: there the line starts with one space and a star follows it.
        Some(rest) if line.starts_with("     *") || line.starts_with("\t*") => rest,
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn the_first_paragraph_is_one_line_and_the_rest_keeps_its_shape() {
        let item: syn::ItemFn = parse_quote! {
            /// Marks one
            /// todo as done.
            ///
            /// - once
            ///   only
            ///
            /// Bye.
            fn f() {}
        };
        assert_eq!(
            Docs::of(&item.attrs),
            Docs { summary: "Marks one todo as done.".into(), description: "- once\n  only\n\nBye.".into() }
        );
        assert_eq!(Docs::of(&[]), Docs::default());
    }
}
