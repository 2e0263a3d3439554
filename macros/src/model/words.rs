//! The words of `#[check(...)]`, judged against the type as written.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Expr, ExprLit, ExprUnary, Lit, LitStr, Meta, Path, RangeLimits, Token, Type, UnOp};

use super::check::{Bound, Constraint, ConstraintKind};
use super::kind::Kind;
use super::pattern;
use crate::mistakes::{Mistakes, did_you_mean};

const KNOWN: [&str; 12] = [
    "length",
    "range",
    "above",
    "pattern",
    "email",
    "url",
    "unique",
    "content_security",
    "each",
    "custom",
    "message",
    "skip",
];

/// One word of the attribute, as the constraints that it means.
pub(super) fn read(word: &Meta, name: &str, ty: &Type, mistakes: &mut Mistakes) -> Vec<Constraint> {
    let kind = Kind::of(ty);
    let one = |kind: Option<ConstraintKind>| -> Vec<Constraint> {
        kind.map(|kind| Constraint { kind, span: word.path().span(), message: None }).into_iter().collect()
    };
    match (name, word) {
        ("length", Meta::NameValue(pair)) => {
            match kind {
                Kind::Integer { .. } | Kind::Float => {
                    mistakes.on(word.path(), "a number has no length; use `range = …`");
                    return Vec::new();
                }
                Kind::Plain => {
                    mistakes.on(
                        word.path(),
                        "`length` is for texts (characters), sequences and sets (items) and maps (entries); leave it out",
                    );
                    return Vec::new();
                }
                Kind::Array(_) => {
                    mistakes.on(word.path(), "the length of an array stands in its type; leave `length` out");
                    return Vec::new();
                }
                _ => {}
            }
            one(read_length(&pair.value, mistakes))
        }
        ("range", Meta::NameValue(pair)) => {
            if !is_number(kind, word.path(), "range", mistakes) {
                return Vec::new();
            }
            one(read_range(&pair.value, kind, mistakes))
        }
        ("above", Meta::NameValue(pair)) => {
            if !is_number(kind, word.path(), "above", mistakes) {
                return Vec::new();
            }
            let bound = fit(pair.value.clone(), kind, mistakes);
            one(bound.map(|min| ConstraintKind::Range { min: Bound::Excluded(min), max: Bound::Unbounded }))
        }
        ("pattern", Meta::NameValue(pair)) => {
            if !is_text(kind, word.path(), "pattern", mistakes) {
                return Vec::new();
            }
            let Some(source) = text(&pair.value) else {
                mistakes.on(&pair.value, "`pattern` takes a string literal: `pattern = r\"^[0-9]{6}$\"`");
                return Vec::new();
            };
            match pattern::translate(&source.value()) {
                Ok(translated) => one(Some(ConstraintKind::Pattern { source, translated })),
                Err(mistake) => {
                    mistakes.on(&source, mistake);
                    Vec::new()
                }
            }
        }
        ("email", Meta::Path(path)) if is_text(kind, path, "email", mistakes) => {
            one(Some(ConstraintKind::Email))
        }
        ("url", Meta::Path(path)) if is_text(kind, path, "url", mistakes) => one(Some(ConstraintKind::Url)),
        ("content_security", Meta::Path(path)) if is_text(kind, path, "content_security", mistakes) => {
            one(Some(ConstraintKind::ContentSecurity))
        }
        ("unique", Meta::Path(path)) => {
            match kind {
                Kind::Sequence(_) | Kind::Array(_) | Kind::Unknown => {
                    return one(Some(ConstraintKind::Unique));
                }
                Kind::Set(_) | Kind::Map(_) => {
                    mistakes.on(path, "a set or map has nothing twice already; leave `unique` out");
                }
                _ => mistakes.on(path, "`unique` is for the items of a sequence; leave it out"),
            }
            Vec::new()
        }
        ("each", Meta::List(list)) => {
            if matches!(kind, Kind::Text | Kind::Integer { .. } | Kind::Float | Kind::Plain) {
                mistakes.on(&list.path, "`each` is for sequences and sets (items) and maps (values); put the constraint beside it instead");
                return Vec::new();
            }
            let words = match list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated) {
                Ok(words) => words,
                Err(mistake) => {
                    mistakes.at(
                        mistake.span(),
                        format!("write the constraints of an item as in `each(length = 1..=20)`: {mistake}"),
                    );
                    return Vec::new();
                }
            };
            if words.is_empty() {
                mistakes.on(
                    list,
                    "`each()` says nothing; write the constraints of an item as in `each(length = 1..=20)`",
                );
            }
            let unknown: Type = syn::parse_quote!(_);
            let item = kind.item().unwrap_or(&unknown);
            let mut constraints = Vec::new();
            for word in words {
                let name = word.path().get_ident().map(ToString::to_string).unwrap_or_default();
                if name == "message" || name == "skip" {
                    mistakes.on(word.path(), format!("`{name}` stands beside `each(…)`, not in it"));
                    continue;
                }
                constraints.extend(read(&word, &name, item, mistakes).into_iter().map(|inner| Constraint {
                    span: inner.span,
                    kind: ConstraintKind::Each(Box::new(inner)),
                    message: None,
                }));
            }
            constraints
        }
        ("custom", Meta::NameValue(pair)) => match &pair.value {
            Expr::Path(path) => one(Some(ConstraintKind::Custom(path.path.clone()))),
            other => {
                mistakes.on(
                    other,
                    "`custom` takes the path of a function `fn(&T) -> Result<(), impl Into<queqiao::Violation>>`: `custom = not_reserved`",
                );
                Vec::new()
            }
        },
        ("email" | "url" | "content_security", Meta::Path(_)) => Vec::new(),
        _ if KNOWN.contains(&name) => {
            mistakes.on(word, format!("write `{}`", usage(name)));
            Vec::new()
        }
        _ => {
            let word = word.path();
            let mistake = match name {
                "min" | "max" | "minimum" | "maximum" => {
                    String::from("; write `range = min..=max` for a number, `length = min..=max` for a text")
                }
                "min_length" | "max_length" | "len" => String::from("; write `length = min..=max`"),
                "regex" => String::from("; write `pattern = \"…\"`"),
                "required" => String::from("; a field is required unless its type is `Option<_>`"),
                "dive" | "nested" => String::from("; models inside are checked by themselves, leave it out"),
                "uri" => String::from("; write `url`"),
                "content" | "msg_sec_check" | "security" => String::from("; write `content_security`"),
                _ => did_you_mean(name, &KNOWN),
            };
            mistakes.on(word, format!("there is no constraint `{name}`{mistake}"));
            Vec::new()
        }
    }
}

fn usage(name: &str) -> &'static str {
    match name {
        "length" => "length = 1..=100",
        "range" => "range = 0..=10",
        "above" => "above = 0.0",
        "pattern" => "pattern = r\"^[0-9]{6}$\"",
        "email" => "email",
        "url" => "url",
        "unique" => "unique",
        "content_security" => "content_security",
        "each" => "each(length = 1..=20)",
        "custom" => "custom = path::to::function",
        "message" => "message = \"must be …\"",
        _ => "skip",
    }
}

fn is_number(kind: Kind<'_>, at: &Path, name: &str, mistakes: &mut Mistakes) -> bool {
    match kind {
        Kind::Integer { .. } | Kind::Float | Kind::Unknown => true,
        Kind::Text | Kind::Sequence(_) | Kind::Set(_) | Kind::Map(_) => {
            mistakes.on(at, format!("`{name}` is for numbers; use `length = …`"));
            false
        }
        Kind::Plain | Kind::Array(_) => {
            mistakes.on(at, format!("`{name}` is for integers and floats; leave it out"));
            false
        }
    }
}

fn is_text(kind: Kind<'_>, at: &Path, name: &str, mistakes: &mut Mistakes) -> bool {
    match kind {
        Kind::Text | Kind::Unknown => true,
        Kind::Sequence(_) | Kind::Array(_) | Kind::Set(_) | Kind::Map(_) => {
            mistakes
                .on(at, format!("`{name}` is for texts; for the items inside write `each({})`", usage(name)));
            false
        }
        _ => {
            mistakes.on(at, format!("`{name}` is for texts; leave it out"));
            false
        }
    }
}

fn read_length(value: &Expr, mistakes: &mut Mistakes) -> Option<ConstraintKind> {
    let Expr::Range(range) = value else {
        if number(value).is_some_and(|number| number >= 0.0 && number.fract() == 0.0)
            || matches!(value, Expr::Path(_))
        {
            return Some(ConstraintKind::Length { min: Some(value.clone()), max: Some(value.clone()) });
        }
        mistakes.on(value, "`length` takes a range of counts, as in `length = 1..=100`, or one count");
        return None;
    };
    let (min, max) = (range.start.as_deref(), range.end.as_deref());
    if min.is_none() && max.is_none() {
        mistakes.on(value, "`..` bounds nothing; write `length = 1..=100`");
        return None;
    }
    for bound in [min, max].into_iter().flatten() {
        if number(bound).is_some_and(|number| number < 0.0 || !is_integer(bound)) {
            mistakes.on(bound, "a length is a whole number from 0");
            return None;
        }
    }
    let exclusive = matches!(range.limits, RangeLimits::HalfOpen(_));
    if let (Some(min), Some(max)) = (min.and_then(number), max.and_then(number))
        && (min > max || exclusive && min >= max)
    {
        mistakes
            .on(value, "the range is empty: no length could ever be valid; write the smaller bound first");
        return None;
    }
    if exclusive && max.and_then(number) == Some(0.0) {
        mistakes.on(value, "the range is empty: no length could ever be valid; write `..=0`");
        return None;
    }
    let max = match max {
        Some(max) if exclusive => Some(syn::parse_quote!(#max - 1)),
        max => max.cloned(),
    };
    Some(ConstraintKind::Length { min: min.cloned(), max })
}

fn read_range(value: &Expr, kind: Kind<'_>, mistakes: &mut Mistakes) -> Option<ConstraintKind> {
    let Expr::Range(range) = value else {
        mistakes
            .on(value, "`range` takes a range, as in `range = 0..=10`, `range = 1..` or `range = 0.0..1.0`");
        return None;
    };
    let (min, max) = (range.start.as_deref(), range.end.as_deref());
    if min.is_none() && max.is_none() {
        mistakes.on(value, "`..` bounds nothing; write `range = 0..=10`");
        return None;
    }
    let exclusive = matches!(range.limits, RangeLimits::HalfOpen(_));
    if let (Some(min), Some(max)) = (min.and_then(number), max.and_then(number))
        && (min > max || exclusive && min >= max)
    {
        mistakes
            .on(value, "the range is empty: no number could ever be valid; write the smaller bound first");
        return None;
    }
    let min = match min {
        Some(min) => Bound::Included(fit(min.clone(), kind, mistakes)?),
        None => Bound::Unbounded,
    };
    let max = match max {
        Some(max) if exclusive => Bound::Excluded(fit(max.clone(), kind, mistakes)?),
        Some(max) => Bound::Included(fit(max.clone(), kind, mistakes)?),
        None => Bound::Unbounded,
    };
    Some(ConstraintKind::Range { min, max })
}

/// A bound as a number of the field's kind.
fn fit(bound: Expr, kind: Kind<'_>, mistakes: &mut Mistakes) -> Option<Expr> {
    let Some(value) = number(&bound) else { return Some(bound) };
    match kind {
        Kind::Integer { .. } if !is_integer(&bound) => {
            mistakes.on(&bound, "the field is an integer; write a bound without a fraction");
            None
        }
        Kind::Integer { signed: false } if value < 0.0 => {
            mistakes.on(&bound, "the field's type has no negative numbers; write `0` or leave the bound out");
            None
        }
        Kind::Float if is_integer(&bound) => {
            // `range = 0..=1` reads well on a float too.
            let (sign, digits) = match &bound {
                Expr::Unary(ExprUnary { expr, .. }) => (quote!(-), expr.to_token_stream().to_string()),
                other => (TokenStream::new(), other.to_token_stream().to_string()),
            };
            let literal = syn::LitFloat::new(&format!("{}.0", digits.replace('_', "")), bound.span());
            Some(syn::parse_quote!(#sign #literal))
        }
        _ => Some(bound),
    }
}

/// The value of a literal, with its sign.
pub(super) fn number(bound: &Expr) -> Option<f64> {
    match bound {
        Expr::Lit(ExprLit { lit: Lit::Int(int), .. }) => int.base10_digits().parse().ok(),
        Expr::Lit(ExprLit { lit: Lit::Float(float), .. }) => float.base10_digits().parse().ok(),
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => number(expr).map(|number| -number),
        Expr::Paren(inner) => number(&inner.expr),
        Expr::Group(inner) => number(&inner.expr),
        _ => None,
    }
}

fn is_integer(bound: &Expr) -> bool {
    match bound {
        Expr::Lit(ExprLit { lit: Lit::Int(_), .. }) => true,
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => is_integer(expr),
        _ => false,
    }
}

pub(super) fn text(value: &Expr) -> Option<LitStr> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.clone()),
        _ => None,
    }
}
