//! The variants of an error enum: what `#[error(...)]` and the doc comments say.

use std::collections::HashMap;

use proc_macro2::Span;
use quote::ToTokens;
use syn::meta::ParseNestedMeta;
use syn::parse::Parse as _;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Attribute, Fields, LitInt, LitStr, Token, Type, Variant};

use crate::docs::Docs;
use crate::mistakes::{Mistakes, did_you_mean};
use crate::names::{snake, unraw};

/// Codes under these prefixes are the framework's own.
pub(super) const RESERVED: [&str; 7] = ["auth", "body", "query", "path", "header", "route", "wechat"];
/// Codes without a prefix that are the framework's own.
const RESERVED_CODES: [&str; 3] = ["internal", "validation", "timed_out"];

/// What one variant stands for.
pub(super) enum Case {
    Stated { status: u16, code: String, docs: Docs },
    Internal { ty: Type, sources: Vec<Type> },
}

pub(super) fn of(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("error"))
}

#[derive(Default)]
struct Words {
    status: Option<(u16, Span)>,
    code: Option<LitStr>,
    internal: Option<Span>,
    sources: Vec<Type>,
    from: Option<Span>,
}

impl Words {
    fn read(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let word = meta.path.to_token_stream().to_string();
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
            "transparent" => {
                return Err(meta.error("`transparent` belongs to thiserror; a source of the infrastructure is listed as in `#[error(internal, from(StoreError))] Internal(Internal)`"));
            }
            _ => {
                return Err(meta.error(format!(
                    "`#[error]` has no option `{word}`{}",
                    did_you_mean(&word, &["status", "code", "internal", "from"])
                )));
            }
        }
        Ok(())
    }
}

pub(super) fn read_variant(
    variant: &Variant,
    prefix: &str,
    codes: &mut HashMap<String, String>,
    mistakes: &mut Mistakes,
) -> Option<Case> {
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
            format!("variant `{name}` has no status; write `#[error(status = 404)]` above it, or `#[error(internal)]` for `{name}(Internal)`"),
        );
        return None;
    }
    match words.internal {
        Some(internal) => read_internal(variant, words, internal, mistakes),
        None => read_stated(variant, &name, words, prefix, codes, mistakes),
    }
}

fn read_internal(variant: &Variant, words: Words, internal: Span, mistakes: &mut Mistakes) -> Option<Case> {
    if let Some((_, span)) = words.status {
        mistakes.at(span, "an internal failure is always 500; leave `status` out");
    }
    if let Some(code) = &words.code {
        mistakes.on(code, "an internal failure always has the code `internal`; leave `code` out");
    }
    let field = match &variant.fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => fields.unnamed.first(),
        _ => None,
    };
    let is_internal = |ty: &Type| matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Internal"));
    match field {
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

fn read_stated(
    variant: &Variant,
    name: &str,
    words: Words,
    prefix: &str,
    codes: &mut HashMap<String, String>,
    mistakes: &mut Mistakes,
) -> Option<Case> {
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
    if !matches!(variant.fields, Fields::Unit) {
        refuse(
            mistakes,
            variant.fields.span(),
            format!(
                "variant `{name}` carries data, which the client would not get; leave it out, or use `{name}(Internal)` with `#[error(internal)]` for a source that is only logged"
            ),
        );
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
    good.then_some(Case::Stated { status, code, docs })
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
