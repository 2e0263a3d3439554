//! The attribute's own words: `("/path", idempotent, operation_id = "…", tag = "…", sunset = "…")`.

use proc_macro2::{Span, TokenStream};
use syn::parse::Parser as _;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Expr, ExprLit, Lit, LitStr, MetaNameValue, Token};

use super::deprecation::Deprecation;
use super::{Method, path};
use crate::mistakes::{Mistakes, did_you_mean};

const KNOWN: [&str; 4] = ["operation_id", "tag", "sunset", "idempotent"];

/// What the attribute says.
#[derive(Default)]
pub(super) struct Options {
    pub(super) path: String,
    pub(super) operation_id: Option<String>,
    pub(super) tag: Option<String>,
    /// The day on which it ends.
    pub(super) sunset: Option<LitStr>,
    /// A repeat under the same key is answered and not executed.
    pub(super) idempotent: bool,
    /// With what `#[deprecated]` says beside it.
    pub(super) deprecation: Option<Deprecation>,
}

impl Options {
    pub(super) fn read(method: Method, tokens: TokenStream, mistakes: &mut Mistakes) -> Self {
        let mut options = Options::default();
        let name = method.attribute();
        if tokens.is_empty() {
            mistakes.add(path::missing(Span::call_site(), name));
            return options;
        }
        let words = match Punctuated::<Expr, Token![,]>::parse_terminated.parse2(tokens) {
            Ok(words) => words,
            Err(mistake) => {
                mistakes.at(mistake.span(), format!("write `#[{name}(\"/path\", tag = \"…\")]`: {mistake}"));
                return options;
            }
        };
        let mut words = words.into_iter();
        match words.next() {
            Some(Expr::Lit(ExprLit { lit: Lit::Str(literal), .. })) => {
                path::check(&literal, mistakes);
                options.path = literal.value();
            }
            Some(first) => {
                mistakes.add(path::missing(first.span(), name));
                if matches!(first, Expr::Assign(_)) || is_idempotent(&first) {
                    options.read_option(method, first, mistakes);
                }
            }
            None => mistakes.add(path::missing(Span::call_site(), name)),
        }
        for word in words {
            options.read_option(method, word, mistakes);
        }
        options
    }

    fn read_option(&mut self, method: Method, word: Expr, mistakes: &mut Mistakes) {
        let attribute = method.attribute();
        if is_idempotent(&word) {
            if method == Method::Get {
                mistakes.on(
                    &word,
                    "GET only reads, so that it may always be repeated, and the client does; leave `idempotent` out, or use \
                     `#[post]` for what has an effect",
                );
            } else if self.idempotent {
                mistakes.on(&word, "`idempotent` is given twice; leave one out");
            }
            self.idempotent = true;
            return;
        }
        let option: MetaNameValue = match syn::parse2(quote::quote!(#word)) {
            Ok(option) => option,
            Err(_) => {
                mistakes.on(
                    &word,
                    format!(
                        "`#[{attribute}]` takes one path and then `idempotent`, `operation_id = \"…\"`, `tag = \"…\"` or `sunset = \"…\"`"
                    ),
                );
                return;
            }
        };
        let key = option.path.get_ident().map(ToString::to_string).unwrap_or_default();
        let slot = match key.as_str() {
            "operation_id" => &mut self.operation_id,
            "tag" => &mut self.tag,
            "sunset" => {
                match text(&option.value) {
                    None => mistakes.on(&option.value, "`sunset` takes a day: `sunset = \"2027-06-30\"`"),
                    Some(_) if self.sunset.is_some() => {
                        mistakes.on(&option.path, "`sunset` is given twice; leave one out");
                    }
                    day => self.sunset = day,
                }
                return;
            }
            "idempotent" => {
                mistakes.on(
                    &option,
                    format!(
                        "`idempotent` stands alone: `#[{attribute}(\"/path\", idempotent)]`, or is left out"
                    ),
                );
                return;
            }
            "path" => {
                mistakes.on(
                    &option.path,
                    format!("the path stands first and without a name: `#[{attribute}(\"/path\")]`"),
                );
                return;
            }
            "summary" | "description" => {
                mistakes.on(&option.path, format!("the {key} is the doc comment of the handler: `/// …`"));
                return;
            }
            "deprecated" => {
                mistakes.on(&option.path, "write `#[deprecated]` on the handler, which rustc heeds too");
                return;
            }
            "status" | "responses" | "security" => {
                mistakes.on(
                    &option.path,
                    format!("`{key}` follows from the types: replies from the return type, login from `User` or `Role<_>` among the arguments"),
                );
                return;
            }
            _ => {
                mistakes.on(
                    &option.path,
                    format!("`#[{attribute}]` has no option `{key}`{}", did_you_mean(&key, &KNOWN)),
                );
                return;
            }
        };
        let Some(value) = text(&option.value) else {
            mistakes.on(&option.value, format!("`{key}` takes a string literal: `{key} = \"…\"`"));
            return;
        };
        if slot.is_some() {
            mistakes.on(&option.path, format!("`{key}` is given twice; leave one out"));
            return;
        }
        let content = value.value();
        if key == "operation_id" && !is_identifier(&content) {
            mistakes.on(
                &value,
                format!(
                    "`{content}` cannot be an operation's id: it becomes a function of the client; use letters and digits as in `finishTodo`"
                ),
            );
        } else if content.trim().is_empty() {
            mistakes.on(&value, format!("`{key}` is empty; leave it out or name it"));
        }
        *slot = Some(content);
    }
}

fn is_idempotent(word: &Expr) -> bool {
    matches!(word, Expr::Path(path) if path.path.is_ident("idempotent"))
}

fn text(value: &Expr) -> Option<LitStr> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.clone()),
        _ => None,
    }
}

/// Of JavaScript, in ASCII.
fn is_identifier(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_' || first == '$')
        && characters
            .all(|character| character.is_ascii_alphanumeric() || character == '_' || character == '$')
}
