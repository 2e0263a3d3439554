//! `#[derive(ApiError)]`: the ways in which an operation fails, as an enum.

mod template;
mod variant;

use std::collections::HashMap;

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Fields, Ident, LitStr, Path, Type, Variant};

use self::variant::{Case, Detail, RESERVED, Stated, is_code, of, read_variant};
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
    let sources = sources(&cases, &mut mistakes);
    let from = sources.iter().map(|source| from(&input, source, root));
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

/// One variant's part of the implementations.
struct Parts {
    /// The constants of the variant: its case, and its details with their types.
    constants: TokenStream,
    describe: TokenStream,
    into_problem: TokenStream,
    display: TokenStream,
}

fn implementation(
    input: &DeriveInput,
    cases: &[(&Variant, Case)],
    partial: bool,
    root: &Path,
) -> TokenStream {
    let ident = &input.ident;
    let (impl_generics, ty_generics, where_clause) = input.generics.split_for_impl();
    let parts: Vec<Parts> = cases
        .iter()
        .enumerate()
        .map(|(index, (variant, case))| match case {
            Case::Stated(stated) => stated_parts(ident, index, variant, stated, root),
            Case::Internal { ty, .. } | Case::Transparent { ty } => handed_on(variant, ty, root),
        })
        .collect();
    let constants = parts.iter().map(|parts| &parts.constants);
    let describe = parts.iter().map(|parts| &parts.describe);
    let into_problem = parts.iter().map(|parts| &parts.into_problem);
    let display = parts.iter().map(|parts| &parts.display);
    // Variants that are refused have no arm.
    let rest = partial.then(|| quote!(#[allow(unreachable_patterns)] _ => ::core::unreachable!(),));
    let value = if cases.is_empty() && !partial { quote!(*self) } else { quote!(self) };
    quote! {
        const _: () = {
            #(#constants)*

            #[automatically_derived]
            #[allow(deprecated)]
            impl #impl_generics #root::ApiError for #ident #ty_generics #where_clause {
                fn describe(errors: &mut #root::ErrorSet) {
                    let _ = &errors;
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
        };
    }
}

fn conditions(variant: &Variant) -> TokenStream {
    let conditions = variant.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    quote!(#(#conditions)*)
}

fn stated_parts(ident: &Ident, index: usize, variant: &Variant, stated: &Stated, root: &Path) -> Parts {
    let conditions = conditions(variant);
    let name = &variant.ident;
    let Stated { status, code, texts, details } = stated;
    let case = format_ident!("CASE_{index}");
    let constant = |detail: &Detail| format_ident!("CASE_{index}_{}", detail.name.to_uppercase());
    let binding = |detail: &Detail| format_ident!("field_{}", detail.name);
    let told = texts.names();
    let declared = details.iter().map(|detail| {
        let Detail { wire, description, ty, .. } = detail;
        let typed = constant(detail);
        // A type that is no model, or that cannot be told, is an error there, and once.
        let at = respan(root, ty.span());
        let new = if told.contains(&detail.name.as_str()) { "told" } else { "new" };
        let new = Ident::new(new, ty.span());
        let value = quote_spanned!(ty.span()=> <#at::__private::DetailOf<#ty>>::#new(#wire, #description));
        quote! {
            #conditions
            const #typed: #root::__private::DetailOf<#ty> = #value;
        }
    });
    let typed: Vec<Ident> = details.iter().map(constant).collect();
    let title = texts.title.constant(root);
    let detail = match &texts.detail {
        Some(detail) => {
            let detail = detail.constant(root);
            quote!(::core::option::Option::Some(#detail))
        }
        None => quote!(::core::option::Option::None),
    };
    let origin = format!("::{}::{}", unraw(ident), unraw(name));
    let constants = quote! {
        #(#declared)*
        #conditions
        const #case: #root::ErrorCase = #root::ErrorCase {
            status: #status,
            code: #code,
            title: #title,
            detail: #detail,
            details: &[#(#typed.detail()),*],
            origin: ::core::concat!(::core::module_path!(), #origin),
        };
    };

    let fields: Vec<&Ident> = details.iter().map(|detail| detail.ident).collect();
    let bindings: Vec<Ident> = details.iter().map(binding).collect();
    let of = |name: &str| details.iter().find(|detail| detail.name == name);
    let owned = |name: &str| {
        let (typed, value) = (of(name).map(constant), of(name).map(binding));
        quote!(#typed.shown(&#value))
    };
    let mut problem = quote!(#root::Problem::from_case(&#case));
    for (template, method) in [(Some(&texts.title), "with_title"), (texts.detail.as_ref(), "with_detail")] {
        if let Some(text) = template.and_then(|template| template.occurrence(root, &owned)) {
            let method = format_ident!("{method}");
            problem = quote!(#root::Problem::#method(#problem, #text));
        }
    }
    if !details.is_empty() {
        let values = typed.iter().zip(&bindings).map(|(typed, value)| quote!(.with(&#typed, &#value)));
        problem = quote! {
            #root::Problem::with_details(#problem, #root::__private::Details::new() #(#values)*)
        };
    }
    let pattern = match &variant.fields {
        Fields::Unit => quote!(Self::#name),
        _ => quote!(Self::#name { #(#fields: #bindings),* }),
    };
    let shown = texts.title.shown().into_iter().filter_map(of).map(|detail| {
        let (ident, binding) = (detail.ident, binding(detail));
        quote!(#ident: #binding,)
    });
    let sentence = texts.title.display(&|name| {
        let (typed, value) = (of(name).map(constant), of(name).map(binding));
        quote!(#typed.shown(#value))
    });
    Parts {
        constants,
        describe: quote!(#conditions #root::ErrorSet::case(errors, #case);),
        into_problem: quote!(#conditions #pattern => #problem,),
        display: quote!(#conditions Self::#name { #(#shown)* .. } => #sentence,),
    }
}

/// The variant is what it holds.
fn handed_on(variant: &Variant, ty: &Type, root: &Path) -> Parts {
    let conditions = conditions(variant);
    let name = &variant.ident;
    Parts {
        constants: TokenStream::new(),
        describe: quote!(#conditions <#ty as #root::ApiError>::describe(errors);),
        into_problem: quote!(#conditions Self::#name(inner) => <#ty as #root::ApiError>::into_problem(inner),),
        display: quote!(#conditions Self::#name(inner) => ::core::fmt::Display::fmt(inner, f),),
    }
}

/// A type that becomes this error by `?`, and how.
struct Source<'a> {
    variant: &'a Variant,
    ty: &'a Type,
    /// It is wrapped for the log first.
    internal: bool,
}

fn sources<'a>(cases: &'a [(&'a Variant, Case)], mistakes: &mut Mistakes) -> Vec<Source<'a>> {
    let mut sources: Vec<Source<'_>> = Vec::new();
    for (variant, case) in cases {
        let (listed, internal): (Vec<&Type>, bool) = match case {
            Case::Internal { sources, .. } => (sources.iter().collect(), true),
            Case::Transparent { ty } => (vec![ty], false),
            Case::Stated(_) => continue,
        };
        for ty in listed {
            if sources.iter().any(|known| known.ty == ty) {
                mistakes.on(
                    ty,
                    "this source is listed twice, so `?` would not know which variant to make; leave one out",
                );
            } else {
                sources.push(Source { variant, ty, internal });
            }
        }
    }
    sources
}

fn from(input: &DeriveInput, source: &Source<'_>, root: &Path) -> TokenStream {
    let ident = &input.ident;
    let Source { variant, ty, internal } = source;
    let name = &variant.ident;
    let conditions = conditions(variant);
    let (impl_generics, ty_generics, where_clause) = input.generics.split_for_impl();
    let value = if *internal {
        // The error for a source that is no `std::error::Error` lands on the source.
        let at = respan(root, ty.span());
        quote_spanned!(ty.span()=> <#at::Internal as ::core::convert::From<#ty>>::from(source))
    } else {
        quote!(source)
    };
    quote! {
        #conditions
        #[automatically_derived]
        impl #impl_generics ::core::convert::From<#ty> for #ident #ty_generics #where_clause {
            fn from(source: #ty) -> Self {
                Self::#name(#value)
            }
        }
    }
}

#[cfg(test)]
mod tests;
