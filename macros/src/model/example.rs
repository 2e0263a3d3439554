//! `#[example(…)]` on a field, `#[model(example = …)]` on a type: values for readers, tried by the type itself.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Attribute, Expr, Field, Generics, Path, Token};

use super::check::{Checks, local};
use super::serde_attributes::OnField;
use crate::mistakes::Mistakes;

/// The attribute's name.
pub(super) const NAME: &str = "example";

/// What schemars reads in place of a field's `#[example(…)]`.
pub(super) fn of_field(
    field: &Field,
    checks: &Checks,
    generics: &Generics,
    root: &Path,
    mistakes: &mut Mistakes,
) -> Vec<Attribute> {
    let on_field = OnField::read(&field.attrs);
    let mut made = Vec::new();
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident(NAME)) {
        let values = match attribute.parse_args_with(Punctuated::<Expr, Token![,]>::parse_terminated) {
            Ok(values) if !values.is_empty() => values,
            Ok(_) => {
                mistakes.on(attribute, "write the value, as in `#[example(\"买牛奶\")]`");
                continue;
            }
            Err(mistake) => {
                mistakes.at(
                    mistake.span(),
                    format!("write the value, as in `#[example(\"买牛奶\")]`: {mistake}"),
                );
                continue;
            }
        };
        if on_field.flatten.is_some() {
            mistakes.on(
                attribute,
                "a flattened field has no place of its own on the wire; put the examples on the fields of its type",
            );
            continue;
        }
        if let Some(parameter) = parameter_in(&field.ty.to_token_stream(), generics) {
            mistakes.on(
                attribute,
                format!("an example cannot be tried for every `{parameter}`; put it on the types that stand for `{parameter}`"),
            );
            continue;
        }
        made.extend(values.iter().map(|value| one(value, field, checks, on_field.reader.as_ref(), root)));
    }
    made
}

fn one(value: &Expr, field: &Field, checks: &Checks, reader: Option<&Path>, root: &Path) -> Attribute {
    let ty = &field.ty;
    let (checked, at, read) = (local("value"), local("at"), local("read"));
    let statements = checks.statements(ty, &checked, &at, root);
    let nested =
        (!checks.skip).then(|| quote_spanned!(ty.span()=> <#ty as #root::Model>::check(#checked, #at);));
    let reading = match reader {
        None => quote!(#root::__private::constraints::read::<#ty>),
        Some(reader) => quote!(|#read| #root::__private::constraints::read_with::<#ty>(#read, #reader)),
    };
    let transform = quote_spanned! {value.span()=>
        #root::__private::constraints::example::<#ty>(&(#value), #reading, |#checked, #at| {
            let _ = (&#checked, &#at);
            #statements
            #nested
        })
    };
    syn::parse_quote!(#[schemars(transform = #transform)])
}

/// What schemars reads for `#[model(example = …)]`.
pub(super) fn of_type(
    value: &Expr,
    generics: &Generics,
    root: &Path,
    mistakes: &mut Mistakes,
) -> Option<Attribute> {
    if let Some(parameter) = generics.type_params().next() {
        let name = &parameter.ident;
        mistakes.on(
            value,
            format!(
                "an example cannot be tried for every `{name}`; put it on the types that stand for `{name}`"
            ),
        );
        return None;
    }
    let (checked, at) = (local("value"), local("at"));
    let constraints = quote!(#root::__private::constraints);
    let transform = quote_spanned! {value.span()=>
        #constraints::example::<Self>(&(#value), #constraints::read::<Self>, |#checked, #at| {
            <Self as #root::Model>::check(#checked, #at);
        })
    };
    Some(syn::parse_quote!(#[schemars(transform = #transform)]))
}

/// The type parameter that a type speaks of.
fn parameter_in(ty: &TokenStream, generics: &Generics) -> Option<String> {
    let names: Vec<String> = generics.type_params().map(|parameter| parameter.ident.to_string()).collect();
    fn find(tokens: TokenStream, names: &[String]) -> Option<String> {
        tokens.into_iter().find_map(|token| match token {
            proc_macro2::TokenTree::Ident(ident) => names.iter().find(|name| ident == name.as_str()).cloned(),
            proc_macro2::TokenTree::Group(group) => find(group.stream(), names),
            _ => None,
        })
    }
    find(ty.clone(), &names)
}
