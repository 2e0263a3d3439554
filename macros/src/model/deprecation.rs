//! `#[deprecated]` on fields and variants: schemars writes the keyword, and this the note.

use syn::punctuated::Punctuated;
use syn::{Attribute, Data, DeriveInput, Expr, ExprLit, Fields, Lit, LitStr, Meta, Path, Token};

/// Whether a field or variant is deprecated.
pub(super) fn is_in(input: &DeriveInput) -> bool {
    let fields = |fields: &Fields| fields.iter().any(|field| attribute(&field.attrs).is_some());
    match &input.data {
        Data::Struct(data) => fields(&data.fields),
        Data::Enum(data) => {
            data.variants.iter().any(|variant| attribute(&variant.attrs).is_some() || fields(&variant.fields))
        }
        Data::Union(_) => false,
    }
}

/// What lets schemars tell the note too.
pub(super) fn schema_attribute(attributes: &[Attribute], root: &Path) -> Option<Attribute> {
    let note = note(attribute(attributes)?)?;
    Some(syn::parse_quote!(#[schemars(transform = #root::__private::constraints::deprecated(#note))]))
}

fn attribute(attributes: &[Attribute]) -> Option<&Attribute> {
    attributes.iter().find(|attribute| attribute.path().is_ident("deprecated"))
}

fn note(attribute: &Attribute) -> Option<LitStr> {
    let text = |value: &Expr| match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.clone()),
        _ => None,
    };
    match &attribute.meta {
        Meta::NameValue(pair) => text(&pair.value),
        Meta::List(list) => {
            let pairs = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()?;
            pairs.iter().find_map(|pair| match pair {
                Meta::NameValue(pair) if pair.path.is_ident("note") => text(&pair.value),
                _ => None,
            })
        }
        Meta::Path(_) => None,
    }
}
