//! What serde's attributes say about the wire, as far as pointers need it.
//!
//! The attributes themselves are passed on to serde and schemars, which judge them; here only names and shapes are
//! read, on the side of deserialization, since only what came in is checked.

use proc_macro2::Span;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned as _;
use syn::{Attribute, LitStr, Token, Type};

use crate::names::Rule;

/// `rename = "…"`, `rename(deserialize = "…")`
#[derive(Default)]
pub(super) struct Renamed {
    /// Given in any form.
    pub(super) given: bool,
    pub(super) deserialize: Option<String>,
}

impl Renamed {
    fn read(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        self.given = true;
        if meta.input.peek(Token![=]) {
            self.deserialize = Some(text(meta)?.value());
            return Ok(());
        }
        meta.parse_nested_meta(|side| {
            let name = text(&side)?.value();
            if side.path.is_ident("deserialize") {
                self.deserialize = Some(name);
            }
            Ok(())
        })
    }

    pub(super) fn rule(&self) -> Option<Rule> {
        self.deserialize.as_deref().and_then(Rule::parse)
    }
}

/// On the type.
#[derive(Default)]
pub(super) struct OnType {
    pub(super) rename: Renamed,
    pub(super) rename_all: Renamed,
    pub(super) rename_all_fields: Renamed,
    pub(super) content: Option<String>,
    pub(super) tag: Option<String>,
    pub(super) untagged: bool,
    pub(super) transparent: bool,
    /// `from` or `try_from`
    pub(super) from: Option<(Span, Type)>,
    pub(super) into: Option<Type>,
    /// `crate` and `remote`
    pub(super) refused: Vec<(Span, &'static str)>,
    /// `#[schemars(rename = …)]`
    pub(super) schema_renamed: bool,
}

/// On a variant.
#[derive(Default)]
pub(super) struct OnVariant {
    pub(super) rename: Renamed,
    pub(super) rename_all: Renamed,
    pub(super) skipped: bool,
    pub(super) untagged: bool,
    /// `with` or `deserialize_with`: the wire form is somebody else's.
    pub(super) foreign: bool,
}

/// On a field.
#[derive(Default)]
pub(super) struct OnField {
    pub(super) rename: Renamed,
    pub(super) skipped: bool,
    pub(super) flatten: Option<Span>,
    /// The function that reads the field: of `deserialize_with`, or in the module of `with`.
    pub(super) reader: Option<syn::Path>,
}

impl OnType {
    pub(super) fn read(attributes: &[Attribute]) -> Self {
        let mut on = OnType::default();
        each(attributes, "serde", |meta| {
            let name = name(meta);
            match name.as_str() {
                "rename" => on.rename.read(meta)?,
                "rename_all" => on.rename_all.read(meta)?,
                "rename_all_fields" => on.rename_all_fields.read(meta)?,
                "tag" => on.tag = Some(text(meta)?.value()),
                "content" => on.content = Some(text(meta)?.value()),
                "untagged" => on.untagged = true,
                "transparent" => on.transparent = true,
                "from" | "try_from" => on.from = Some((meta.path.span(), text(meta)?.parse()?)),
                "into" => on.into = Some(text(meta)?.parse()?),
                "crate" => {
                    on.refused
                        .push((meta.path.span(), "`#[model]` sets serde's `crate` itself; leave it out"));
                    rest(meta)?;
                }
                "remote" => {
                    on.refused.push((
                        meta.path.span(),
                        "a `remote` definition is no model; wrap the foreign type in a newtype with `#[model]`",
                    ));
                    rest(meta)?;
                }
                _ => rest(meta)?,
            }
            Ok(())
        });
        each(attributes, "schemars", |meta| {
            on.schema_renamed |= meta.path.is_ident("rename");
            rest(meta)
        });
        on
    }
}

impl OnVariant {
    pub(super) fn read(attributes: &[Attribute]) -> Self {
        let mut on = OnVariant::default();
        each(attributes, "serde", |meta| {
            match name(meta).as_str() {
                "rename" => on.rename.read(meta)?,
                "rename_all" => on.rename_all.read(meta)?,
                "skip" | "skip_deserializing" => on.skipped = true,
                "untagged" => on.untagged = true,
                "with" | "deserialize_with" => {
                    on.foreign = true;
                    rest(meta)?;
                }
                _ => rest(meta)?,
            }
            Ok(())
        });
        on
    }
}

impl OnField {
    pub(super) fn read(attributes: &[Attribute]) -> Self {
        let mut on = OnField::default();
        each(attributes, "serde", |meta| {
            match name(meta).as_str() {
                "rename" => on.rename.read(meta)?,
                "skip" | "skip_deserializing" => on.skipped = true,
                "flatten" => on.flatten = Some(meta.path.span()),
                "deserialize_with" => on.reader = Some(text(meta)?.parse()?),
                "with" => {
                    let module: syn::Path = text(meta)?.parse()?;
                    on.reader = Some(syn::parse_quote!(#module::deserialize));
                }
                _ => rest(meta)?,
            }
            Ok(())
        });
        on
    }
}

/// Visits each word of the attributes of this name; what cannot be read is left to serde, which tells it better.
fn each(
    attributes: &[Attribute],
    path: &str,
    mut visit: impl FnMut(&ParseNestedMeta<'_>) -> syn::Result<()>,
) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(path)) {
        let _ = attribute.parse_nested_meta(|meta| visit(&meta));
    }
}

/// Empty for what is no single word; then nothing asks for its segments.
fn name(meta: &ParseNestedMeta<'_>) -> String {
    meta.path.get_ident().map(ToString::to_string).unwrap_or_default()
}

fn text(meta: &ParseNestedMeta<'_>) -> syn::Result<LitStr> {
    meta.value()?.parse()
}

/// Skips the value of a word that is not needed.
fn rest(meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    if meta.input.peek(Token![=]) {
        meta.value()?.parse::<syn::Expr>()?;
    } else if meta.input.peek(syn::token::Paren) {
        let content;
        syn::parenthesized!(content in meta.input);
        content.parse::<proc_macro2::TokenStream>()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn only_the_deserialized_side_counts() {
        let item: syn::DeriveInput = parse_quote! {
            #[serde(tag = "kind", content = "value", rename_all(serialize = "lowercase", deserialize = "kebab-case"))]
            #[serde(bound(serialize = "T: X"), deny_unknown_fields, rename_all_fields = "snake_case")]
            enum E {}
        };
        let on = OnType::read(&item.attrs);
        assert_eq!(on.tag.as_deref(), Some("kind"));
        assert_eq!(on.content.as_deref(), Some("value"));
        assert_eq!(on.rename_all.rule(), Some(Rule::Kebab));
        assert_eq!(on.rename_all_fields.rule(), Some(Rule::Snake));

        let field: syn::Field =
            parse_quote!(#[serde(default = "x", rename(serialize = "a"), alias = "b")] c: u8);
        let on = OnField::read(&field.attrs);
        assert!(on.rename.given && on.rename.deserialize.is_none());
        let field: syn::Field = parse_quote!(#[serde(flatten)] c: C);
        assert!(OnField::read(&field.attrs).flatten.is_some());
    }
}
