//! The variants of an error enum: what `#[error(...)]` and the doc comments say.

use std::collections::HashMap;

use proc_macro2::Span;
use quote::ToTokens;
use syn::meta::ParseNestedMeta;
use syn::parse::Parse as _;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Attribute, Field, Fields, Ident, LitInt, LitStr, Token, Type, Variant};

use super::template::{Other, Texts, Translation};
use crate::docs::Docs;
use crate::mistakes::{Mistakes, did_you_mean};
use crate::names::{camel, snake, unraw};

/// Codes under these prefixes are the framework's own.
pub(super) const RESERVED: [&str; 10] =
    ["auth", "body", "header", "idempotency", "path", "query", "raw", "route", "upload", "wechat"];
/// Further codes that are the framework's own.
const RESERVED_CODES: [&str; 4] = ["internal", "validation", "timed_out", "store.unavailable"];
/// The words of `#[error(…)]` on a variant.
const KNOWN: [&str; 7] = ["status", "code", "zh", "en", "transparent", "internal", "from"];

/// What one variant stands for.
pub(super) enum Case<'a> {
    Stated(Stated<'a>),
    Internal {
        ty: Type,
        sources: Vec<Type>,
    },
    /// All cases of another error.
    Transparent {
        ty: Type,
    },
}

pub(super) struct Stated<'a> {
    pub(super) status: u16,
    pub(super) code: String,
    pub(super) texts: Texts,
    pub(super) details: Vec<Detail<'a>>,
}

/// A field, which is told to the client.
pub(super) struct Detail<'a> {
    pub(super) ident: &'a Ident,
    pub(super) ty: &'a Type,
    /// In Rust, without `r#`.
    pub(super) name: String,
    pub(super) wire: String,
    pub(super) description: String,
}

pub(super) fn of(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("error"))
}

#[derive(Default)]
struct Words {
    status: Option<(u16, Span)>,
    code: Option<LitStr>,
    translation: Option<(Translation, Span)>,
    transparent: Option<Span>,
    internal: Option<Span>,
    sources: Vec<Type>,
    from: Option<Span>,
    seen: Vec<String>,
}

impl Words {
    fn read(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let word = meta.path.to_token_stream().to_string();
        if self.seen.contains(&word) {
            return Err(meta.error(format!("`{word}` is given twice; leave one out")));
        }
        self.seen.push(word.clone());
        match word.as_str() {
            "status" => {
                let literal: LitInt = meta.value()?.parse().map_err(|error| {
                    syn::Error::new(
                        error.span(),
                        "`status` takes a number from 400 to 599, as in `status = 404`",
                    )
                })?;
                let status = literal.base10_parse::<u16>().ok().filter(|status| (400..=599).contains(status));
                let status = status.ok_or_else(|| {
                    syn::Error::new(
                        literal.span(),
                        format!(
                            "`{literal}` is not the status of a failure; choose one from 400 to 599, for example 404 (not there), 409 (conflict), 403 (not allowed)"
                        ),
                    )
                })?;
                self.status = Some((status, meta.path.span()));
            }
            "code" => {
                let literal: LitStr = meta.value()?.parse()?;
                let code = literal.value();
                if !is_code(&code) || !code.contains('.') {
                    return Err(syn::Error::new(
                        literal.span(),
                        format!(
                            "`{code}` is no code; write lower-case words with a dot between, as in `todo.taken`"
                        ),
                    ));
                }
                if let Some(reserved) = code.split('.').next().filter(|first| RESERVED.contains(first)) {
                    return Err(syn::Error::new(
                        literal.span(),
                        format!(
                            "codes that start with `{reserved}.` are the framework's own; choose another first word"
                        ),
                    ));
                }
                self.code = Some(literal);
            }
            "zh" | "en" => {
                let literal: LitStr = meta.value()?.parse()?;
                if self.translation.is_some() {
                    return Err(syn::Error::new(
                        meta.path.span(),
                        "one language is the doc comment's, and the attribute gives the other; leave out `zh` or `en`, whichever the doc comment says",
                    ));
                }
                let other = if word == "zh" { Other::Zh } else { Other::En };
                let docs = Docs::of_text(&literal.value());
                self.translation = Some(((other, docs), literal.span()));
            }
            "transparent" => self.transparent = Some(meta.path.span()),
            "internal" => self.internal = Some(meta.path.span()),
            "from" => {
                self.from = Some(meta.path.span());
                let content;
                syn::parenthesized!(content in meta.input);
                self.sources
                    .extend(Punctuated::<Type, Token![,]>::parse_terminated_with(&content, Type::parse)?);
            }
            "title" | "detail" | "message" => {
                return Err(meta.error("the title is the first paragraph of the variant's doc comment, the detail is the rest: `/// No such todo.`"));
            }
            _ => {
                return Err(
                    meta.error(format!("`#[error]` has no option `{word}`{}", did_you_mean(&word, &KNOWN)))
                );
            }
        }
        Ok(())
    }
}

pub(super) fn read_variant<'a>(
    variant: &'a Variant,
    prefix: &str,
    codes: &mut HashMap<String, String>,
    mistakes: &mut Mistakes,
) -> Option<Case<'a>> {
    let name = unraw(&variant.ident);
    let mut words = Words::default();
    let mut given = false;
    for attribute in of(&variant.attrs) {
        given = true;
        if let syn::Meta::List(list) = &attribute.meta
            && list.parse_args::<LitStr>().is_ok()
        {
            mistakes.on(attribute, "the words are the variant's doc comment, not the attribute; write `/// …` and `#[error(status = 404)]`");
            return None;
        }
        mistakes.take(attribute.parse_nested_meta(|meta| words.read(&meta)))?;
    }
    if !given {
        mistakes.on(
            &variant.ident,
            format!("variant `{name}` has no status; write `#[error(status = 404)]` above it, `#[error(transparent)]` for another error inside, or `#[error(internal)]` for `{name}(Internal)`"),
        );
        return None;
    }
    match (words.transparent, words.internal) {
        (Some(transparent), _) => read_transparent(variant, &words, transparent, mistakes),
        (None, Some(internal)) => read_internal(variant, words, internal, mistakes),
        (None, None) => read_stated(variant, &name, words, prefix, codes, mistakes),
    }
}

fn only_field(variant: &Variant) -> Option<&Field> {
    match &variant.fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => fields.unnamed.first(),
        _ => None,
    }
}

fn is_internal(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Internal"))
}

fn read_transparent<'a>(
    variant: &Variant,
    words: &Words,
    transparent: Span,
    mistakes: &mut Mistakes,
) -> Option<Case<'a>> {
    let name = &variant.ident;
    if let Some(other) = words.seen.iter().find(|word| *word != "transparent") {
        mistakes.at(
            transparent,
            format!("a transparent variant is the error that it holds, with its statuses, codes and texts; leave `{other}` out"),
        );
        return None;
    }
    match only_field(variant) {
        Some(field) if is_internal(&field.ty) => {
            mistakes.at(
                transparent,
                format!("a failure of the infrastructure is `#[error(internal)] {name}(Internal)`"),
            );
            None
        }
        Some(field) => Some(Case::Transparent { ty: field.ty.clone() }),
        None => {
            mistakes.at(
                transparent,
                format!(
                    "a transparent variant holds one other error and nothing else; write `{name}(OtherError)`"
                ),
            );
            None
        }
    }
}

fn read_internal<'a>(
    variant: &Variant,
    words: Words,
    internal: Span,
    mistakes: &mut Mistakes,
) -> Option<Case<'a>> {
    if let Some((_, span)) = words.status {
        mistakes.at(span, "an internal failure is always 500; leave `status` out");
    }
    if let Some(code) = &words.code {
        mistakes.on(code, "an internal failure always has the code `internal`; leave `code` out");
    }
    if let Some((_, span)) = words.translation {
        mistakes.at(span, "an internal failure has the framework's own texts; leave the translation out");
    }
    match only_field(variant) {
        Some(field) if is_internal(&field.ty) => {
            Some(Case::Internal { ty: field.ty.clone(), sources: words.sources })
        }
        _ => {
            mistakes.at(
                internal,
                format!("an internal failure carries its source for the log; write `{}(Internal)` with `queqiao::Internal`", variant.ident),
            );
            None
        }
    }
}

fn read_stated<'a>(
    variant: &'a Variant,
    name: &str,
    words: Words,
    prefix: &str,
    codes: &mut HashMap<String, String>,
    mistakes: &mut Mistakes,
) -> Option<Case<'a>> {
    let mut good = true;
    let mut refuse = |mistakes: &mut Mistakes, span: Span, message: String| {
        mistakes.at(span, message);
        good = false;
    };
    if let Some(from) = words.from {
        refuse(
            mistakes,
            from,
            String::from(
                "only an internal variant takes sources; write `#[error(internal, from(…))]`, or map the error in the handler",
            ),
        );
    }
    if let Some(attribute) = variant.fields.iter().find_map(|field| of(&field.attrs).next()) {
        refuse(
            mistakes,
            attribute.span(),
            format!(
                "`#[error]` stands on variants; every named field of `{name}` reaches the client, so leave the attribute out, or the field"
            ),
        );
    }
    let mut details = Vec::new();
    match &variant.fields {
        Fields::Unit => {}
        Fields::Unnamed(fields) => refuse(
            mistakes,
            fields.span(),
            format!(
                "variant `{name}` carries data without a name; for the client name it, `{name} {{ left: u32 }}`; for another error inside write `#[error(transparent)]`, for a source that is only logged `#[error(internal)]` and `{name}(Internal)`"
            ),
        ),
        Fields::Named(fields) => details.extend(fields.named.iter().filter_map(detail)),
    }
    let Some((status, _)) = words.status else {
        mistakes
            .on(&variant.ident, format!("variant `{name}` has no status; write `#[error(status = 404)]`"));
        return None;
    };
    let docs = Docs::of(&variant.attrs);
    if docs.summary.is_empty() {
        refuse(
            mistakes,
            variant.ident.span(),
            format!(
                "variant `{name}` has no title, which is what people read; write a doc comment above it: `/// No such todo.`"
            ),
        );
    }
    let (code, span) = match &words.code {
        Some(code) => (code.value(), code.span()),
        None => (format!("{prefix}.{}", snake(name)), variant.ident.span()),
    };
    if RESERVED_CODES.contains(&code.as_str()) {
        refuse(mistakes, span, format!("the code `{code}` is the framework's own; choose another"));
    }
    if let Some(other) = codes.insert(code.clone(), name.to_owned()) {
        refuse(
            mistakes,
            span,
            format!(
                "variants `{other}` and `{name}` have the same code `{code}`; a client could not tell them apart: write `code = \"…\"` on one"
            ),
        );
    }
    let translation = words.translation.as_ref();
    let texts = match Texts::new(&docs, translation.map(|(translation, _)| translation)) {
        Ok(texts) => texts,
        Err(what) => {
            mistakes.at(translation.map_or_else(|| variant.ident.span(), |(_, span)| *span), what);
            return None;
        }
    };
    for unknown in texts.names() {
        if details.iter().any(|detail| detail.name == unknown) {
            continue;
        }
        let known: Vec<&str> = details.iter().map(|detail| detail.name.as_str()).collect();
        let remedy = match known.as_slice() {
            [] => format!("; give it one, `{name} {{ {unknown}: … }}`"),
            known => did_you_mean(unknown, known),
        };
        refuse(
            mistakes,
            variant.ident.span(),
            format!(
                "the text tells `{{{unknown}}}`, and variant `{name}` has no such field{remedy}; for braces as such write `{{{{{unknown}}}}}`"
            ),
        );
    }
    good.then_some(Case::Stated(Stated { status, code, texts, details }))
}

fn detail(field: &Field) -> Option<Detail<'_>> {
    let ident = field.ident.as_ref()?;
    let name = unraw(ident);
    let Docs { summary, description } = Docs::of(&field.attrs);
    let description = if description.is_empty() { summary } else { format!("{summary}\n\n{description}") };
    Some(Detail { ident, ty: &field.ty, wire: camel(&name), name, description })
}

/// Lower-case words of letters, digits and `_`, with dots between.
pub(super) fn is_code(code: &str) -> bool {
    code.split('.').all(|word| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word.chars().all(|character| {
                character.is_ascii_lowercase() || character.is_ascii_digit() || character == '_'
            })
    })
}
