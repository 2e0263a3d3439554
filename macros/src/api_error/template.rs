//! The texts of a variant: in which languages they are, and which fields they tell.

use std::collections::HashSet;

use proc_macro2::TokenStream;
use quote::quote;
use syn::Path;

use crate::docs::Docs;

/// What people read of a variant.
pub(super) struct Texts {
    pub(super) title: Template,
    pub(super) detail: Option<Template>,
}

/// A text with `{field}` in it, in the language of the doc comment or in both.
pub(super) struct Template {
    doc: Pieces,
    other: Option<(Other, Pieces)>,
}

/// The language of the attribute; the doc comment is in the other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Other {
    Zh,
    En,
}

/// A text cut at its fields.
struct Pieces(Vec<Piece>);

enum Piece {
    Text(String),
    Field(String),
}

/// A translation: the language, its first paragraph and the rest.
pub(super) type Translation = (Other, Docs);

impl Texts {
    /// `Err` is a sentence about what does not fit.
    pub(super) fn new(docs: &Docs, translation: Option<&Translation>) -> Result<Self, String> {
        if let Some((other, text)) = translation {
            in_their_languages(docs, *other, text)?;
        }
        let template = |doc: &str, other: fn(&Docs) -> &String| Template {
            doc: Pieces::cut(doc),
            other: translation.map(|(language, text)| (*language, Pieces::cut(other(text)))),
        };
        let title = template(&docs.summary, |docs| &docs.summary);
        let detail =
            (!docs.description.is_empty()).then(|| template(&docs.description, |docs| &docs.description));
        Ok(Self { title, detail })
    }

    /// The names between braces, each once.
    pub(super) fn names(&self) -> Vec<&str> {
        let templates = std::iter::once(&self.title).chain(&self.detail);
        let pieces = templates.flat_map(|template| {
            std::iter::once(&template.doc).chain(template.other.iter().map(|(_, other)| other))
        });
        let mut names: Vec<&str> = pieces.flat_map(Pieces::names).collect();
        let mut seen = HashSet::new();
        names.retain(|name| seen.insert(*name));
        names
    }
}

fn in_their_languages(docs: &Docs, other: Other, text: &Docs) -> Result<(), String> {
    let ((zh, zh_place), (en, en_place)) = match other {
        Other::Zh => ((text, "`zh`"), (docs, "the doc comment")),
        Other::En => ((docs, "the doc comment"), (text, "`en`")),
    };
    let word = if other == Other::Zh { "zh" } else { "en" };
    if !zh.summary.chars().any(is_han) {
        return Err(format!(
            "`{word}` stands beside a doc comment of the other language, and {zh_place} has no Chinese character; write {zh_place} in Chinese"
        ));
    }
    if !en.summary.chars().any(|character| character.is_ascii_alphabetic()) {
        return Err(format!(
            "`{word}` stands beside a doc comment of the other language, and {en_place} has no Latin letter; write {en_place} in English"
        ));
    }
    if docs.description.is_empty() != text.description.is_empty() {
        let (has, lacks) = match docs.description.is_empty() {
            true => (format!("`{word}`"), "the doc comment".to_owned()),
            false => ("the doc comment".to_owned(), format!("`{word}`")),
        };
        return Err(format!(
            "{has} has a detail after its first paragraph, and {lacks} has none; add one after an empty line (`\\n\\n`)"
        ));
    }
    Ok(())
}

/// The CJK Unified Ideographs of the basic plane.
fn is_han(character: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&character)
}

impl Template {
    /// The text of the contract, with names in braces.
    pub(super) fn constant(&self, root: &Path) -> TokenStream {
        let doc = self.doc.as_written();
        match &self.other {
            None => quote!(#root::__private::plain(#doc)),
            Some((Other::Zh, other)) => {
                let other = other.as_written();
                quote!(#root::__private::both(#other, #doc))
            }
            Some((Other::En, other)) => {
                let other = other.as_written();
                quote!(#root::__private::both(#doc, #other))
            }
        }
    }

    /// The text of one occurrence, where `tell` gives what stands for a field; nothing if it is the contract's own.
    pub(super) fn occurrence(&self, root: &Path, tell: &dyn Fn(&str) -> TokenStream) -> Option<TokenStream> {
        let all = std::iter::once(&self.doc).chain(self.other.iter().map(|(_, pieces)| pieces));
        if all.into_iter().all(|pieces| pieces.names().is_empty()) {
            return None;
        }
        let format = |pieces: &Pieces| {
            let (format, fields) = pieces.format(tell);
            quote!(::std::format!(#format #(, #fields)*))
        };
        let doc = format(&self.doc);
        Some(match &self.other {
            None => quote!(#root::Text::from(#doc)),
            Some((Other::Zh, other)) => {
                let other = format(other);
                quote!(#root::Text::both(#other, #doc))
            }
            Some((Other::En, other)) => {
                let other = format(other);
                quote!(#root::Text::both(#doc, #other))
            }
        })
    }

    /// The doc comment's text as the arguments of `write!`.
    pub(super) fn display(&self, tell: &dyn Fn(&str) -> TokenStream) -> TokenStream {
        let (format, fields) = self.doc.format(tell);
        quote!(::core::write!(f, #format #(, #fields)*))
    }

    /// The fields that the doc comment's text tells.
    pub(super) fn shown(&self) -> Vec<&str> {
        self.doc.names()
    }
}

impl Pieces {
    /// `{word}` is a field, `{{` and `}}` are braces, as everywhere in Rust; other braces are texts.
    fn cut(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix("{{") {
                plain.push('{');
                rest = after;
            } else if let Some(after) = rest.strip_prefix("}}") {
                plain.push('}');
                rest = after;
            } else if let Some((name, after)) = field(rest) {
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                }
                pieces.push(Piece::Field(name.to_owned()));
                rest = after;
            } else {
                plain.push(first);
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Self(pieces)
    }

    /// The fields in it, each once.
    fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for piece in &self.0 {
            if let Piece::Field(name) = piece
                && !names.contains(&name.as_str())
            {
                names.push(name.as_str());
            }
        }
        names
    }

    fn as_written(&self) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Field(name) => format!("{{{name}}}"),
        };
        self.0.iter().map(piece).collect()
    }

    /// A format string with a `{}` for each field, and what stands for the fields.
    fn format(&self, tell: &dyn Fn(&str) -> TokenStream) -> (String, Vec<TokenStream>) {
        let mut format = String::new();
        let mut fields = Vec::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => format.push_str(&text.replace('{', "{{").replace('}', "}}")),
                Piece::Field(name) => {
                    format.push_str("{}");
                    fields.push(tell(name));
                }
            }
        }
        (format, fields)
    }
}

/// `{word}` at the start of a text.
fn field(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.strip_prefix('{')?.split_once('}')?;
    let word = name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
    word.then_some((name, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> (String, Vec<String>) {
        let (format, fields) = Pieces::cut(text).format(&|name| name.parse().expect("a name is a token"));
        (format, fields.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn braces_around_a_word_are_a_field_and_others_are_texts() {
        assert_eq!(
            written("Only {left} of {sku}."),
            ("Only {} of {}.".into(), vec!["left".into(), "sku".into()])
        );
        assert_eq!(written("As `{{left}}`."), ("As `{{left}}`.".into(), vec![]));
        assert_eq!(written(r#"{ "a": 1 } {} {A} {"#), (r#"{{ "a": 1 }} {{}} {{A}} {{"#.into(), vec![]));
        assert_eq!(Pieces::cut("还剩 {left} 件 {{x}}").as_written(), "还剩 {left} 件 {x}");
    }

    #[test]
    fn each_language_is_in_its_place() {
        let docs = |text: &str| Docs::of_text(text);
        let refusal = |doc: &str, other: Other, text: &str| {
            Texts::new(&docs(doc), Some(&(other, docs(text)))).err().unwrap_or_default()
        };
        assert_eq!(refusal("No such todo.", Other::Zh, "没有这条待办。"), "");
        assert_eq!(refusal("没有这条待办。", Other::En, "No such todo."), "");
        assert!(refusal("No such todo.", Other::Zh, "No such todo.").contains("no Chinese character"));
        assert!(refusal("没有这条待办。", Other::Zh, "没有这条待办。").contains("no Latin letter"));
        assert!(refusal("A.\n\nB.", Other::Zh, "甲。").contains("the doc comment has a detail"));
        assert!(refusal("A.", Other::Zh, "甲。\n\n乙。").contains("`zh` has a detail"));
    }
}
