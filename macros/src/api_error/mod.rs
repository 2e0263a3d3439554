//! `#[derive(ApiError)]`: the ways in which an operation fails, as an enum.

mod variant;

use std::collections::HashMap;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Attribute, Data, DeriveInput, LitStr, Path, Type, Variant};

use self::variant::{Case, RESERVED, is_code, of, read_variant};

use crate::docs::Docs;
use crate::mistakes::{Mistakes, did_you_mean};
use crate::names::{snake, unraw};
use crate::root::respan;

/// `impl ApiError`, `Display`, and `From` for the sources that are listed.
pub(crate) fn expand(item: TokenStream, root: &Path) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let Some(input) = mistakes.take(syn::parse2::<DeriveInput>(item)) else { return mistakes.into_tokens() };
    let ident = &input.ident;
    let Data::Enum(data) = &input.data else {
        mistakes.on(
            ident,
            format!("`ApiError` is derived for an enum, one variant for each way to fail; write `enum {ident} {{ … }}`"),
        );
        return mistakes.into_tokens();
    };
    if !input.generics.params.is_empty() {
        mistakes.on(
            &input.generics,
            format!("error `{ident}` must not be generic: its codes are one part of the contract; leave the parameters out"),
        );
    }
    let prefix = read_prefix(&input, &mut mistakes);
    let mut codes = HashMap::new();
    let cases: Vec<(&Variant, Case)> = data
        .variants
        .iter()
        .filter_map(|variant| Some((variant, read_variant(variant, &prefix, &mut codes, &mut mistakes)?)))
        .collect();
    let implementation = implementation(&input, &cases, cases.len() < data.variants.len(), root);
    let sources = refuse_double_sources(&cases, &mut mistakes);
    let from = sources.iter().map(|(variant, source)| from(&input, variant, source, root));
    let mistakes = mistakes.into_tokens();
    quote!(#implementation #(#from)* #mistakes)
}

fn read_prefix(input: &DeriveInput, mistakes: &mut Mistakes) -> String {
    let mut prefix = None;
    for attribute in of(&input.attrs) {
        let read = attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("prefix") {
                let word = meta.path.to_token_stream().to_string();
                return Err(meta.error(format!(
                    "on the type `#[error]` has no option `{word}`{}",
                    did_you_mean(&word, &["prefix"])
                )));
            }
            let text: LitStr = meta.value()?.parse()?;
            if !is_code(&text.value()) || text.value().contains('.') {
                return Err(syn::Error::new(
                    text.span(),
                    "a prefix is one word of lower-case letters, digits and `_`, as in `prefix = \"todo\"`",
                ));
            }
            prefix = Some(text);
            Ok(())
        });
        mistakes.take(read);
    }
    let name = unraw(&input.ident);
    let (prefix, span) = match prefix {
        Some(text) => (text.value(), text.span()),
        None => (
            snake(name.strip_suffix("Error").filter(|rest| !rest.is_empty()).unwrap_or(&name)),
            input.ident.span(),
        ),
    };
    if RESERVED.contains(&prefix.as_str()) {
        mistakes.at(
            span,
            format!(
                "codes that start with `{prefix}.` are the framework's own; rename the type, or write `#[error(prefix = \"my_{prefix}\")]`"
            ),
        );
    }
    prefix
}

fn implementation(
    input: &DeriveInput,
    cases: &[(&Variant, Case)],
    partial: bool,
    root: &Path,
) -> TokenStream {
    let ident = &input.ident;
    let (impl_generics, ty_generics, where_clause) = input.generics.split_for_impl();
    let errors = quote!(errors);
    let mut describe = Vec::new();
    let mut into_problem = Vec::new();
    let mut display = Vec::new();
    for (variant, case) in cases {
        let name = &variant.ident;
        let conditions: Vec<&Attribute> =
            variant.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")).collect();
        match case {
            Case::Stated { status, code, docs: Docs { summary, description } } => {
                let case = quote! {
                    #root::ErrorCase { status: #status, code: #code, title: #summary, detail: #description }
                };
                describe.push(quote!(#(#conditions)* #root::ErrorSet::case(#errors, #case);));
                into_problem.push(quote!(#(#conditions)* Self::#name => #root::Problem::from_case(&#case),));
                display.push(quote!(#(#conditions)* Self::#name => f.write_str(#summary),));
            }
            Case::Internal { ty, .. } => {
                describe.push(quote!(#(#conditions)* <#ty as #root::ApiError>::describe(#errors);));
                into_problem.push(quote! {
                    #(#conditions)* Self::#name(source) => <#ty as #root::ApiError>::into_problem(source),
                });
                display.push(quote! {
                    #(#conditions)* Self::#name(source) => ::core::fmt::Display::fmt(source, f),
                });
            }
        }
    }
    // Variants that are refused have no arm.
    let rest = partial.then(|| quote!(#[allow(unreachable_patterns)] _ => ::core::unreachable!(),));
    let value = if cases.is_empty() && !partial { quote!(*self) } else { quote!(self) };
    quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        impl #impl_generics #root::ApiError for #ident #ty_generics #where_clause {
            fn describe(#errors: &mut #root::ErrorSet) {
                let _ = &#errors;
                #(#describe)*
            }

            fn into_problem(self) -> #root::Problem {
                match self { #(#into_problem)* #rest }
            }
        }

        #[automatically_derived]
        #[allow(deprecated)]
        impl #impl_generics ::core::fmt::Display for #ident #ty_generics #where_clause {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                match #value { #(#display)* #rest }
            }
        }
    }
}

fn refuse_double_sources<'a>(
    cases: &'a [(&'a Variant, Case)],
    mistakes: &mut Mistakes,
) -> Vec<(&'a Variant, &'a Type)> {
    let mut sources: Vec<(&Variant, &Type)> = Vec::new();
    for (variant, case) in cases {
        let Case::Internal { sources: listed, .. } = case else { continue };
        for source in listed {
            if sources.iter().any(|(_, known)| *known == source) {
                mistakes.on(
                    source,
                    "this source is listed twice, so `?` would not know which variant to make; leave one out",
                );
            } else {
                sources.push((variant, source));
            }
        }
    }
    sources
}

fn from(input: &DeriveInput, variant: &Variant, source: &Type, root: &Path) -> TokenStream {
    let ident = &input.ident;
    let name = &variant.ident;
    let (impl_generics, ty_generics, where_clause) = input.generics.split_for_impl();
    // The error for a source that is no `std::error::Error` lands on the source.
    let at = respan(root, source.span());
    let convert =
        quote_spanned!(source.span()=> <#at::Internal as ::core::convert::From<#source>>::from(source));
    quote! {
        #[automatically_derived]
        impl #impl_generics ::core::convert::From<#source> for #ident #ty_generics #where_clause {
            fn from(source: #source) -> Self {
                Self::#name(#convert)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use syn::parse_quote;

    use super::*;
    use crate::golden::{mistakes, pretty};

    #[test]
    fn an_error_expands_to_its_cases() {
        let expanded = expand(
            quote! {
                enum TodoError {
                    /// No such todo.
                    ///
                    /// It may have been deleted.
                    #[error(status = 404)]
                    NotFound,
                    /// Taken.
                    #[error(status = 409, code = "todo.taken")]
                    SomebodyElseHasIt,
                    #[error(internal, from(StoreError, io::Error))]
                    Internal(Internal),
                }
            },
            &parse_quote!(::queqiao),
        );
        expect![[r##"
            #[automatically_derived]
            #[allow(deprecated)]
            impl ::queqiao::ApiError for TodoError {
                fn describe(errors: &mut ::queqiao::ErrorSet) {
                    let _ = &errors;
                    ::queqiao::ErrorSet::case(
                        errors,
                        ::queqiao::ErrorCase {
                            status: 404u16,
                            code: "todo.not_found",
                            title: "No such todo.",
                            detail: "It may have been deleted.",
                        },
                    );
                    ::queqiao::ErrorSet::case(
                        errors,
                        ::queqiao::ErrorCase {
                            status: 409u16,
                            code: "todo.taken",
                            title: "Taken.",
                            detail: "",
                        },
                    );
                    <Internal as ::queqiao::ApiError>::describe(errors);
                }
                fn into_problem(self) -> ::queqiao::Problem {
                    match self {
                        Self::NotFound => {
                            ::queqiao::Problem::from_case(
                                &::queqiao::ErrorCase {
                                    status: 404u16,
                                    code: "todo.not_found",
                                    title: "No such todo.",
                                    detail: "It may have been deleted.",
                                },
                            )
                        }
                        Self::SomebodyElseHasIt => {
                            ::queqiao::Problem::from_case(
                                &::queqiao::ErrorCase {
                                    status: 409u16,
                                    code: "todo.taken",
                                    title: "Taken.",
                                    detail: "",
                                },
                            )
                        }
                        Self::Internal(source) => {
                            <Internal as ::queqiao::ApiError>::into_problem(source)
                        }
                    }
                }
            }
            #[automatically_derived]
            #[allow(deprecated)]
            impl ::core::fmt::Display for TodoError {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    match self {
                        Self::NotFound => f.write_str("No such todo."),
                        Self::SomebodyElseHasIt => f.write_str("Taken."),
                        Self::Internal(source) => ::core::fmt::Display::fmt(source, f),
                    }
                }
            }
            #[automatically_derived]
            impl ::core::convert::From<StoreError> for TodoError {
                fn from(source: StoreError) -> Self {
                    Self::Internal(
                        <::queqiao::Internal as ::core::convert::From<StoreError>>::from(source),
                    )
                }
            }
            #[automatically_derived]
            impl ::core::convert::From<io::Error> for TodoError {
                fn from(source: io::Error) -> Self {
                    Self::Internal(
                        <::queqiao::Internal as ::core::convert::From<io::Error>>::from(source),
                    )
                }
            }
        "##]]
        .assert_eq(&pretty(expanded));
    }

    #[test]
    fn each_mistake_is_told_once() {
        for (item, remedy) in [
            (
                quote!(
                    struct E;
                ),
                "enum E",
            ),
            (
                quote!(
                    enum E {
                        #[error(status = 404)]
                        A,
                    }
                ),
                "/// No such todo.",
            ),
            (
                quote!(
                    enum E {
                        /** A. */
                        A,
                    }
                ),
                "#[error(status = 404)]",
            ),
            (
                quote!(
                    enum E {
                        /** A. */
                        #[error(status = 200)]
                        A,
                    }
                ),
                "400 to 599",
            ),
            (
                quote!(
                    enum E {
                        /** A. */
                        #[error(status = "404")]
                        A,
                    }
                ),
                "400 to 599",
            ),
            (
                quote!(
                    enum E {
                        /** A. */
                        #[error(statsu = 404)]
                        A,
                    }
                ),
                "did you mean `status`",
            ),
            (
                quote!(
                    enum E {
                        /** A. */
                        #[error(status = 404)]
                        A(u8),
                    }
                ),
                "leave it out",
            ),
            (
                quote!(
                    enum E {
                        /** A. */
                        #[error(status = 404, from(X))]
                        A,
                    }
                ),
                "#[error(internal, from(…))]",
            ),
            (
                quote!(
                    enum E {
                        #[error(internal)]
                        A,
                    }
                ),
                "A(Internal)",
            ),
            (
                quote!(
                    enum E {
                        #[error(internal, status = 502)]
                        A(Internal),
                    }
                ),
                "leave `status` out",
            ),
            (
                quote!(
                    enum E {
                        /** A. */
                        #[error(status = 404, code = "Not Found")]
                        A,
                    }
                ),
                "todo.taken",
            ),
            (
                quote!(
                    enum E {
                        /** A. */
                        #[error(status = 401, code = "auth.nope")]
                        A,
                    }
                ),
                "another first word",
            ),
            (
                quote!(
                    enum E {
                        /** A. */
                        #[error("not found")]
                        A,
                    }
                ),
                "doc comment",
            ),
            (
                quote!(
                    enum AuthError {
                        /** A. */
                        #[error(status = 401)]
                        A,
                    }
                ),
                "rename the type",
            ),
            (
                quote!(
                    enum E {
                        /** A. */
                        #[error(status = 404)]
                        A,
                        /** B. */
                        #[error(status = 409, code = "e.a")]
                        B,
                    }
                ),
                "same code `e.a`",
            ),
            (
                quote!(
                    enum E {
                        #[error(internal, from(X, X))]
                        A(Internal),
                    }
                ),
                "listed twice",
            ),
            (
                quote!(
                    enum E<T> {
                        /** A. */
                        #[error(status = 404)]
                        A,
                    }
                ),
                "leave the parameters out",
            ),
            (
                quote!(
                    #[error(prefx = "x")]
                    enum E {
                        /** A. */
                        #[error(status = 404)]
                        A,
                    }
                ),
                "did you mean `prefix`",
            ),
        ] {
            let told = mistakes(&expand(item.clone(), &parse_quote!(::queqiao)));
            assert_eq!(told.len(), 1, "{item}: {told:#?}");
            assert!(told[0].contains(remedy), "{item}: {told:#?}");
        }
    }
}
