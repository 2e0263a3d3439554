//! `#[check(...)]`: what stands on a field, and the calls of `constraints` that it becomes.
//!
//! Each constraint becomes one expression, which stands twice: in a schemars transform that adds the keyword, and
//! in `Model::check`. So the two cannot say different numbers.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Attribute, Expr, Ident, LitStr, Meta, Path, Token, Type};

use super::kind::{Layer, layers};
use super::message::Message;
use super::words::{number, read};
use crate::mistakes::Mistakes;
use crate::root::respan;

/// What stands on one field.
#[derive(Default)]
pub(super) struct Checks {
    constraints: Vec<Constraint>,
    /// `skip`: the field's own type is not walked; the constraints beside it stand for themselves.
    pub(super) skip: bool,
}

pub(super) struct Constraint {
    pub(super) kind: ConstraintKind,
    /// The constraint's own word, where a type that it does not fit is told.
    pub(super) span: Span,
    pub(super) message: Option<Message>,
}

pub(super) enum ConstraintKind {
    Length { min: Option<Expr>, max: Option<Expr> },
    Range { min: Bound, max: Bound },
    Pattern { source: LitStr, translated: String },
    Email,
    Url,
    Unique,
    ContentSecurity,
    Each(Box<Constraint>),
    Custom(Path),
}

#[derive(Clone)]
pub(super) enum Bound {
    Included(Expr),
    Excluded(Expr),
    Unbounded,
}

impl Checks {
    /// Reads the attributes of a field of this type.
    pub(super) fn read(attributes: &[Attribute], ty: &Type, mistakes: &mut Mistakes) -> Self {
        let mut checks = Checks::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("check")) {
            let words = match attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated) {
                Ok(words) => words,
                Err(mistake) => {
                    mistakes.at(
                        mistake.span(),
                        format!("write constraints as in `#[check(length = 1..=100)]`: {mistake}"),
                    );
                    continue;
                }
            };
            if words.is_empty() {
                mistakes.on(
                    attribute,
                    "`#[check]` says nothing; write constraints as in `#[check(length = 1..=100)]`",
                );
            }
            checks.read_words(words, ty, mistakes);
        }
        checks
    }

    fn read_words(&mut self, words: Punctuated<Meta, Token![,]>, ty: &Type, mistakes: &mut Mistakes) {
        let first = self.constraints.len();
        let mut message = None;
        let mut seen: Vec<String> = Vec::new();
        for word in words {
            let name = word.path().get_ident().map(ToString::to_string).unwrap_or_default();
            if seen.contains(&name) && name != "custom" && name != "each" && name != "pattern" {
                mistakes.on(word.path(), format!("`{name}` is given twice; leave one out"));
                continue;
            }
            match (name.as_str(), &word) {
                ("skip", Meta::Path(_)) => self.skip = true,
                ("message", word) => message = mistakes.take(Message::read(word)),
                _ => self.constraints.extend(read(&word, &name, ty, mistakes)),
            }
            seen.push(name);
        }
        if let Some(message) = message {
            let constraints = self.constraints.get_mut(first..).unwrap_or_default();
            if constraints.is_empty() && mistakes.is_empty() {
                mistakes.on(
                    message.text(),
                    "`message` replaces the words of the constraints beside it; there is none",
                );
            }
            for constraint in constraints {
                constraint.message = Some(message.clone());
            }
        }
    }

    pub(super) fn constrains(&self) -> bool {
        !self.constraints.is_empty()
    }

    /// `#[schemars(transform = …)]`, one for each constraint that has a keyword.
    pub(super) fn schema_attributes(&self, ty: &Type, root: &Path) -> Vec<Attribute> {
        let described = self.constraints.iter().filter(|constraint| constraint.has_keyword());
        described
            .map(|constraint| {
                let ty = respan(ty, constraint.span);
                let root = respan(root, constraint.span);
                let expression = constraint.expression(&ty, &root);
                let refined =
                    quote_spanned!(constraint.span=> #root::__private::constraints::refine::<#ty, _>(#expression));
                syn::parse_quote!(#[schemars(transform = #refined)])
            })
            .collect()
    }

    /// Statements that check `value: &ty` at `at`.
    pub(super) fn statements(&self, ty: &Type, value: &Ident, at: &Ident, root: &Path) -> TokenStream {
        let statements = self.constraints.iter().map(|constraint| {
            let at = match &constraint.message {
                Some(message) => {
                    let message = message.tokens(root);
                    quote!(&mut #root::Checker::saying(#at, &#message))
                }
                None => quote!(#at),
            };
            match &constraint.kind {
                ConstraintKind::Custom(_) => {
                    let (layers, inner) = layers(ty);
                    let call = constraint.call(&inner.to_token_stream(), value, &at, root);
                    layers.iter().rev().fold(call, |call, layer| match layer {
                        Layer::Option => {
                            quote!(if let ::core::option::Option::Some(#value) = #value { #call })
                        }
                        Layer::Pointer => quote!({ let #value = &**#value; #call }),
                    })
                }
                _ => constraint.call(&ty.to_token_stream(), value, &at, root),
            }
        });
        quote!(#(#statements)*)
    }
}

impl Constraint {
    fn call(&self, ty: &TokenStream, value: &Ident, at: &TokenStream, root: &Path) -> TokenStream {
        let ty = respan(ty, self.span);
        let root = respan(root, self.span);
        let expression = self.expression(&ty, &root);
        let sane = self.assertion();
        quote_spanned! {self.span=>
            #sane #root::__private::constraints::Constraint::<#ty>::check(&#expression, #value, #at);
        }
    }

    fn has_keyword(&self) -> bool {
        match &self.kind {
            ConstraintKind::Custom(_) => false,
            ConstraintKind::Each(inner) => inner.has_keyword(),
            _ => true,
        }
    }

    fn expression(&self, ty: &TokenStream, root: &TokenStream) -> TokenStream {
        let span = self.span;
        let constraints = quote_spanned!(span=> #root::__private::constraints);
        match &self.kind {
            ConstraintKind::Length { min, max } => {
                let option = |bound: &Option<Expr>| match bound {
                    Some(bound) => quote_spanned!(span=> ::core::option::Option::Some(#bound)),
                    None => quote_spanned!(span=> ::core::option::Option::None),
                };
                let (min, max) = (option(min), option(max));
                quote_spanned!(span=> #constraints::length::<#ty>(#min, #max))
            }
            ConstraintKind::Range { min, max } => {
                quote_spanned!(span=> #constraints::range::<#ty>(#min, #max))
            }
            ConstraintKind::Pattern { source, translated } => quote_spanned!(span=> {
                static PATTERN: #constraints::Pattern = #constraints::Pattern::new(#source, #translated);
                #constraints::pattern::<#ty>(&PATTERN)
            }),
            ConstraintKind::Email => quote_spanned!(span=> #constraints::email::<#ty>()),
            ConstraintKind::Url => quote_spanned!(span=> #constraints::url::<#ty>()),
            ConstraintKind::Unique => quote_spanned!(span=> #constraints::unique::<#ty>()),
            ConstraintKind::ContentSecurity => {
                quote_spanned!(span=> #constraints::content_security::<#ty>())
            }
            ConstraintKind::Each(inner) => {
                let inner = inner.expression(&quote_spanned!(span=> <#ty as #constraints::Each>::Item), root);
                quote_spanned!(span=> #constraints::each::<#ty, _>(#inner))
            }
            // A closure, so that `fn(&str)` fits a `String`.
            ConstraintKind::Custom(path) => {
                quote_spanned!(path.span()=> #constraints::custom::<#ty, _, _>(|value| #path(value)))
            }
        }
    }

    /// For bounds that are constants and not literals: the compiler compares them.
    fn assertion(&self) -> TokenStream {
        let (min, max) = match &self.kind {
            ConstraintKind::Length { min: Some(min), max: Some(max) } => (min, max),
            ConstraintKind::Range {
                min: Bound::Included(min) | Bound::Excluded(min),
                max: Bound::Included(max) | Bound::Excluded(max),
            } => (min, max),
            ConstraintKind::Each(inner) => return inner.assertion(),
            _ => return TokenStream::new(),
        };
        if number(min).is_some() && number(max).is_some() {
            return TokenStream::new();
        }
        // `Self` cannot be named in an item; in an inline constant it is compared where the value is checked.
        let of_type = [min, max].iter().any(|bound| quote!(#bound).to_string().contains("Self"));
        let assertion = quote_spanned! {max.span()=>
            ::core::assert!(#min <= #max, "the range of `#[check]` is empty: nothing could ever be valid")
        };
        if of_type {
            quote_spanned!(max.span()=> const { #assertion })
        } else {
            quote_spanned!(max.span()=> const _: () = #assertion;)
        }
    }
}

impl ToTokens for Bound {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(match self {
            Bound::Included(bound) => quote!(::core::ops::Bound::Included(#bound)),
            Bound::Excluded(bound) => quote!(::core::ops::Bound::Excluded(#bound)),
            Bound::Unbounded => quote!(::core::ops::Bound::Unbounded),
        });
    }
}

/// Checks of the whole value: `#[check(custom = …)]` on the type.
pub(super) fn on_type(attributes: &[Attribute], mistakes: &mut Mistakes) -> Vec<Path> {
    let mut paths = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("check")) {
        match attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated) {
            Ok(words) => {
                for word in words {
                    match &word {
                        Meta::NameValue(pair) if pair.path.is_ident("custom") => match &pair.value {
                            Expr::Path(path) => paths.push(path.path.clone()),
                            other => mistakes.on(other, "`custom` takes the path of a function: `custom = ends_after_start`"),
                        },
                        _ => mistakes.on(
                            word.path(),
                            "on a whole type only `custom = path::to::function` makes sense; the other constraints stand on fields",
                        ),
                    }
                }
            }
            Err(mistake) => mistakes.add(mistake),
        }
    }
    paths
}

/// `fn`s of the whole value as statements.
pub(super) fn custom_statements(paths: &[Path], value: &TokenStream, at: &Ident, root: &Path) -> TokenStream {
    let statements = paths.iter().map(|path| {
        let constraints = quote!(#root::__private::constraints);
        quote_spanned! {path.span()=>
            #constraints::Constraint::<Self>::check(&#constraints::custom::<Self, _, _>(|value| #path(value)), #value, #at);
        }
    });
    quote!(#(#statements)*)
}

/// A local name that the developer's code cannot see.
pub(super) fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}
