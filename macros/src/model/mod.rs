//! `#[model]`: serde, JSON Schema and checks from one declaration.

mod check;
mod deprecation;
mod example;
mod kind;
mod message;
mod pattern;
mod serde_attributes;
mod walk;
mod words;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt as _;
use syn::parse::Parser as _;
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Data, DeriveInput, Expr, ExprLit, Fields, GenericParam, Lit, LitStr, Meta, Path, Token,
};

use self::check::Checks;
use self::serde_attributes::{OnField, OnType, OnVariant, Renamed};
use crate::mistakes::{Mistakes, did_you_mean};
use crate::names::Rule;

/// The type with its derives, and its `Model`.
pub(crate) fn expand(options: TokenStream, item: TokenStream, root: &Path) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let mut input = match syn::parse2::<DeriveInput>(item.clone()) {
        Ok(input) => input,
        Err(mistake) => {
            mistakes.at(mistake.span(), format!("`#[model]` stands on a struct or an enum: {mistake}"));
            let mistakes = mistakes.into_tokens();
            return quote!(#item #mistakes);
        }
    };
    let Options { name, examples } = read_options(options, &mut mistakes);
    if !can_be_a_model(&input, &mut mistakes) {
        strip(&mut input);
        // Without these the derives' own attributes would be unknown, one error for each.
        remove(&mut input.attrs, &["serde", "schemars"]);
        let mistakes = mistakes.into_tokens();
        return quote!(#input #mistakes);
    }
    refuse_own_derives(&mut input.attrs, &mut mistakes);
    let on_type = OnType::read(&input.attrs);
    for (span, refusal) in &on_type.refused {
        mistakes.at(*span, refusal);
    }
    let model = walk::model(&input, &on_type, root, &mut mistakes);
    describe_fields(&mut input, root, &mut mistakes);
    name_outside_of_ascii(&mut input, &on_type);
    strip(&mut input);
    let mut attributes = type_attributes(&input, &on_type, name.as_ref(), root);
    let own =
        examples.iter().filter_map(|value| example::of_type(value, &input.generics, root, &mut mistakes));
    attributes.extend(own);
    let mistakes = mistakes.into_tokens();
    // The walk comes first: of a field that is no model, the compiler then tells this before what serde and
    // schemars miss in it.
    quote! {
        #model
        #(#attributes)*
        #input
        // schemars' derive calls these traits' methods without naming the traits.
        #[allow(unused_imports)]
        use ::core::{convert::From as _, convert::Into as _, default::Default as _};
        #mistakes
    }
}

/// `#[model(name = "…", example = …)]`
#[derive(Default)]
struct Options {
    name: Option<LitStr>,
    examples: Vec<Expr>,
}

fn read_options(options: TokenStream, mistakes: &mut Mistakes) -> Options {
    let mut read = Options::default();
    let parsed = mistakes.take(Punctuated::<Meta, Token![,]>::parse_terminated.parse2(options));
    for option in parsed.into_iter().flatten() {
        match &option {
            Meta::NameValue(pair) if pair.path.is_ident("example") => read.examples.push(pair.value.clone()),
            Meta::NameValue(pair) if pair.path.is_ident("name") => match &pair.value {
                Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if is_component(&text.value()) => read.name = Some(text.clone()),
                other => mistakes.on(
                    other,
                    "`name` takes a string of letters, digits, `_`, `-` and `.`, the component's name in the document: `name = \"TodoItem\"`",
                ),
            },
            option => {
                let word = option.path().to_token_stream().to_string();
                let hint = match word.as_str() {
                    "rename" => String::from("; write `name = \"…\"` for the component's name"),
                    "rename_all" => String::from("; write `#[serde(rename_all = \"…\")]`"),
                    "check" | "validate" => String::from("; write `#[check(custom = …)]` below it"),
                    "examples" => String::from("; write `example = …`, once for each"),
                    word => did_you_mean(word, &["name", "example"]),
                };
                mistakes.on(option.path(), format!("`#[model]` has no option `{word}`{hint}"));
            }
        }
    }
    read
}

/// As OpenAPI allows it: `^[a-zA-Z0-9.\-_]+$`, and braces for type parameters.
fn is_component(name: &str) -> bool {
    !name.is_empty()
        && name.chars().all(|character| character.is_ascii_alphanumeric() || "._-{}".contains(character))
}

fn can_be_a_model(input: &DeriveInput, mistakes: &mut Mistakes) -> bool {
    let name = &input.ident;
    if let Data::Union(union) = &input.data {
        mistakes.on(
            union.union_token,
            format!("model `{name}` is a union, of which nobody knows which field holds; use an enum"),
        );
        return false;
    }
    if let Some(lifetime) = input.generics.lifetimes().next() {
        mistakes.on(
            lifetime,
            format!(
                "model `{name}` borrows, but a request is gone when its handler answers; own the data: `String` for `&str`, \
                 `Vec<T>` for `&[T]`"
            ),
        );
        return false;
    }
    let mut good = true;
    for field in fields(input).flat_map(Fields::iter) {
        if let syn::Type::Reference(reference) = &field.ty {
            mistakes.on(
                reference,
                format!("model `{name}` borrows, but a request is gone when its handler answers; own the data: `String` for `&str`, `Vec<T>` for `&[T]`"),
            );
            good = false;
        }
    }
    good
}

fn fields(input: &DeriveInput) -> Box<dyn Iterator<Item = &Fields> + '_> {
    match &input.data {
        Data::Struct(data) => Box::new(std::iter::once(&data.fields)),
        Data::Enum(data) => Box::new(data.variants.iter().map(|variant| &variant.fields)),
        Data::Union(_) => Box::new(std::iter::empty()),
    }
}

/// A second `Serialize` would be an error that names neither attribute.
fn refuse_own_derives(attributes: &mut [Attribute], mistakes: &mut Mistakes) {
    for attribute in attributes.iter_mut().filter(|attribute| attribute.path().is_ident("derive")) {
        let Ok(paths) = attribute.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated) else {
            continue;
        };
        let mut kept: Punctuated<Path, Token![,]> = Punctuated::new();
        for path in paths {
            let last = path.segments.last().map(|segment| segment.ident.to_string());
            match last.as_deref() {
                Some(name @ ("Serialize" | "Deserialize" | "JsonSchema")) => {
                    mistakes.on(&path, format!("`#[model]` derives `{name}` already; leave it out"));
                }
                _ => kept.push(path),
            }
        }
        *attribute = syn::parse_quote!(#[derive(#kept)]);
    }
}

/// serde's own camelCase cuts the first byte off, and with it a Chinese name in the midst of a character.
fn name_outside_of_ascii(input: &mut DeriveInput, on_type: &OnType) {
    let camel = |renamed: &Renamed| !renamed.given || renamed.rule() == Some(Rule::Camel);
    let cut = |name: &str| name.trim_start_matches('_').chars().next().is_some_and(|first| !first.is_ascii());
    let fields = |fields: &mut Fields| {
        for field in fields.iter_mut().filter(|field| !OnField::read(&field.attrs).rename.given) {
            let Some(name) = field.ident.as_ref().map(|name| name.unraw().to_string()) else { continue };
            if cut(&name) {
                let name = Rule::Camel.field(&name);
                field.attrs.push(syn::parse_quote!(#[serde(rename = #name)]));
            }
        }
    };
    match &mut input.data {
        Data::Struct(data) if camel(&on_type.rename_all) => fields(&mut data.fields),
        Data::Enum(data) => {
            for variant in &mut data.variants {
                let on_variant = OnVariant::read(&variant.attrs);
                let rule = if on_variant.rename_all.given {
                    &on_variant.rename_all
                } else {
                    &on_type.rename_all_fields
                };
                if camel(rule) {
                    fields(&mut variant.fields);
                }
                let name = variant.ident.unraw().to_string();
                if camel(&on_type.rename_all) && !on_variant.rename.given && cut(&name) {
                    let name = Rule::Camel.variant(&name);
                    variant.attrs.push(syn::parse_quote!(#[serde(rename = #name)]));
                }
            }
        }
        _ => {}
    }
}

fn type_attributes(
    input: &DeriveInput,
    on_type: &OnType,
    name: Option<&LitStr>,
    root: &Path,
) -> Vec<Attribute> {
    let serde = quote!(#root::__private::serde);
    let schemars = quote!(#root::__private::schemars);
    // As text without the spaces that `to_string` puts between tokens: some readers of the attribute are picky.
    let text = |path: &TokenStream| path.to_string().replace(' ', "");
    let (serde_path, schemars_path) = (text(&serde), text(&schemars));
    let mut attributes: Vec<Attribute> = vec![
        syn::parse_quote!(#[derive(#serde::Serialize, #serde::Deserialize, #schemars::JsonSchema)]),
        syn::parse_quote!(#[serde(crate = #serde_path)]),
        syn::parse_quote!(#[schemars(crate = #schemars_path)]),
        syn::parse_quote!(#[schemars(transform = #root::__private::constraints::rust_type::<Self>)]),
    ];
    if !on_type.rename_all.given {
        attributes.push(syn::parse_quote!(#[serde(rename_all = "camelCase")]));
    }
    if matches!(input.data, Data::Enum(_)) && !on_type.rename_all_fields.given {
        attributes.push(syn::parse_quote!(#[serde(rename_all_fields = "camelCase")]));
    }
    if let Some(name) = schema_name(input, on_type, name) {
        attributes.push(syn::parse_quote!(#[schemars(rename = #name)]));
    }
    attributes
}

/// `Page_{T}`: schemars would tell generics apart by numbers, in the order in which it meets them.
fn schema_name(input: &DeriveInput, on_type: &OnType, name: Option<&LitStr>) -> Option<String> {
    if on_type.schema_renamed {
        return None;
    }
    let parameters = input.generics.params.iter().filter_map(|parameter| match parameter {
        GenericParam::Type(parameter) => Some(format!("_{{{}}}", parameter.ident)),
        GenericParam::Const(parameter) => Some(format!("_{{{}}}", parameter.ident)),
        GenericParam::Lifetime(_) => None,
    });
    let parameters: String = parameters.collect();
    match name.map(LitStr::value) {
        Some(name) if name.contains('{') => Some(name),
        Some(name) => Some(name + &parameters),
        None if parameters.is_empty() => None,
        None => {
            let base =
                on_type.rename.deserialize.clone().unwrap_or_else(|| crate::names::unraw(&input.ident));
            Some(base + &parameters)
        }
    }
}

/// Turns `#[check]` and `#[example]` into what schemars reads; mistakes of the first are told by the walk, which reads
/// them too.
fn describe_fields(input: &mut DeriveInput, root: &Path, mistakes: &mut Mistakes) {
    let generics = input.generics.clone();
    let mut describe = |fields: &mut Fields| {
        for field in fields.iter_mut() {
            let checks = Checks::read(&field.attrs, &field.ty, &mut Mistakes::default());
            let examples = example::of_field(field, &checks, &generics, root, mistakes);
            field.attrs.extend(examples);
            // schemars ignores transforms on flattened fields, and the walk refuses constraints there.
            if OnField::read(&field.attrs).flatten.is_some() {
                continue;
            }
            field.attrs.extend(checks.schema_attributes(&field.ty, root));
            field.attrs.extend(also_read(&OnField::read(&field.attrs).aliases));
            field.attrs.extend(deprecation::schema_attribute(&field.attrs, root));
        }
    };
    match &mut input.data {
        Data::Struct(data) => describe(&mut data.fields),
        Data::Enum(data) => data.variants.iter_mut().for_each(|variant| {
            describe(&mut variant.fields);
            if matches!(variant.fields, Fields::Unit) {
                variant.attrs.extend(also_read(&OnVariant::read(&variant.attrs).aliases));
            }
            variant.attrs.extend(deprecation::schema_attribute(&variant.attrs, root));
        }),
        Data::Union(_) => {}
    }
}

/// What the document says of aliases: clients do not see them, and `cargo queqiao check` knows that they are read.
fn also_read(aliases: &[String]) -> Option<Attribute> {
    (!aliases.is_empty())
        .then(|| syn::parse_quote!(#[schemars(extend("x-queqiao-aliases" = [#(#aliases),*]))]))
}

/// Takes the attributes away that only `#[model]` knows.
fn strip(input: &mut DeriveInput) {
    let strip_fields = |fields: &mut Fields| {
        fields.iter_mut().for_each(|field| remove(&mut field.attrs, &["check", example::NAME]))
    };
    remove(&mut input.attrs, &["check"]);
    match &mut input.data {
        Data::Struct(data) => strip_fields(&mut data.fields),
        Data::Enum(data) => data.variants.iter_mut().for_each(|variant| {
            remove(&mut variant.attrs, &["check"]);
            strip_fields(&mut variant.fields);
        }),
        Data::Union(_) => {}
    }
}

fn remove(attributes: &mut Vec<Attribute>, names: &[&str]) {
    attributes.retain(|attribute| !names.iter().any(|name| attribute.path().is_ident(name)));
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use syn::parse_quote;

    use super::*;
    use crate::golden::{mistakes, pretty};

    #[test]
    fn a_model_expands_to_derives_keywords_and_a_walk() {
        let expanded = expand(
            TokenStream::new(),
            quote! {
                /// A page of a list.
                pub struct Page<T> {
                    #[check(length = 0..=50, each(custom = fresh))]
                    items: Vec<T>,
                    #[check(pattern = r"^\d+$", message = "must be a cursor")]
                    next: Option<String>,
                    #[serde(flatten)]
                    totals: Totals,
                }
            },
            &parse_quote!(::queqiao),
        );
        expect![[r##"
            #[automatically_derived]
            #[allow(clippy::redundant_closure)]
            impl<T> ::queqiao::Model for Page<T>
            where
                T: ::queqiao::Model,
            {
                fn check(&self, at: &mut ::queqiao::Checker<'_>) {
                    let _ = &at;
                    {
                        let value = &self.items;
                        let at = &mut ::queqiao::Checker::field(at, "items");
                        ::queqiao::__private::constraints::Constraint::<
                            Vec<T>,
                        >::check(
                            &::queqiao::__private::constraints::length::<
                                Vec<T>,
                            >(::core::option::Option::Some(0), ::core::option::Option::Some(50)),
                            value,
                            at,
                        );
                        ::queqiao::__private::constraints::Constraint::<
                            Vec<T>,
                        >::check(
                            &::queqiao::__private::constraints::each::<
                                Vec<T>,
                                _,
                            >(
                                ::queqiao::__private::constraints::custom::<
                                    <Vec<T> as ::queqiao::__private::constraints::Each>::Item,
                                    _,
                                    _,
                                >(|value| fresh(value)),
                            ),
                            value,
                            at,
                        );
                        <Vec<T> as ::queqiao::Model>::check(value, at);
                    }
                    {
                        let value = &self.next;
                        let at = &mut ::queqiao::Checker::field(at, "next");
                        ::queqiao::__private::constraints::Constraint::<
                            Option<String>,
                        >::check(
                            &{
                                static PATTERN: ::queqiao::__private::constraints::Pattern = ::queqiao::__private::constraints::Pattern::new(
                                    r"^\d+$",
                                    "^[0-9]+$",
                                );
                                ::queqiao::__private::constraints::pattern::<
                                    Option<String>,
                                >(&PATTERN)
                            },
                            value,
                            &mut ::queqiao::Checker::saying(
                                at,
                                &::queqiao::__private::plain("must be a cursor"),
                            ),
                        );
                        <Option<String> as ::queqiao::Model>::check(value, at);
                    }
                    {
                        let value = &self.totals;
                        let at = &mut *at;
                        <Totals as ::queqiao::Model>::check(value, at);
                    }
                }
            }
            #[derive(
                ::queqiao::__private::serde::Serialize,
                ::queqiao::__private::serde::Deserialize,
                ::queqiao::__private::schemars::JsonSchema
            )]
            #[serde(crate = "::queqiao::__private::serde")]
            #[schemars(crate = "::queqiao::__private::schemars")]
            #[schemars(transform = ::queqiao::__private::constraints::rust_type::<Self>)]
            #[serde(rename_all = "camelCase")]
            #[schemars(rename = "Page_{T}")]
            /// A page of a list.
            pub struct Page<T> {
                #[schemars(
                    transform = ::queqiao::__private::constraints::refine::<Vec<T>,
                    _>(
                        ::queqiao::__private::constraints::length::<Vec<T>>(
                            ::core::option::Option::Some(0),
                            ::core::option::Option::Some(50)
                        )
                    )
                )]
                items: Vec<T>,
                #[schemars(
                    transform = ::queqiao::__private::constraints::refine::<Option<String>,
                    _>(
                        {static
                        PATTERN:::queqiao::__private::constraints::Pattern = ::queqiao::__private::constraints::Pattern::new(
                            r"^\d+$",
                            "^[0-9]+$"
                        );::queqiao::__private::constraints::pattern::<Option<String>>(&PATTERN)}
                    )
                )]
                next: Option<String>,
                #[serde(flatten)]
                totals: Totals,
            }
            #[allow(unused_imports)]
            use ::core::{convert::From as _, convert::Into as _, default::Default as _};
        "##]].assert_eq(&pretty(expanded));
    }

    #[test]
    fn an_enum_is_walked_by_its_representation() {
        let expanded = expand(
            quote!(name = "Event"),
            quote! {
                #[serde(tag = "kind", content = "data")]
                enum E {
                    None,
                    Moved { from_place: Place },
                    Named(#[check(length = 1..)] String),
                }
            },
            &parse_quote!(::queqiao),
        );
        expect![[r##"
            #[automatically_derived]
            #[allow(clippy::redundant_closure)]
            impl ::queqiao::Model for E {
                fn check(&self, at: &mut ::queqiao::Checker<'_>) {
                    let _ = &at;
                    match self {
                        Self::None { .. } => {}
                        Self::Moved { from_place: field_0, .. } => {
                            let at = &mut ::queqiao::Checker::field(at, "data");
                            {
                                let value = field_0;
                                let at = &mut ::queqiao::Checker::field(at, "fromPlace");
                                <Place as ::queqiao::Model>::check(value, at);
                            }
                        }
                        Self::Named { 0: field_0, .. } => {
                            let at = &mut ::queqiao::Checker::field(at, "data");
                            {
                                let value = field_0;
                                let at = &mut *at;
                                ::queqiao::__private::constraints::Constraint::<
                                    String,
                                >::check(
                                    &::queqiao::__private::constraints::length::<
                                        String,
                                    >(::core::option::Option::Some(1), ::core::option::Option::None),
                                    value,
                                    at,
                                );
                                <String as ::queqiao::Model>::check(value, at);
                            }
                        }
                    }
                }
            }
            #[derive(
                ::queqiao::__private::serde::Serialize,
                ::queqiao::__private::serde::Deserialize,
                ::queqiao::__private::schemars::JsonSchema
            )]
            #[serde(crate = "::queqiao::__private::serde")]
            #[schemars(crate = "::queqiao::__private::schemars")]
            #[schemars(transform = ::queqiao::__private::constraints::rust_type::<Self>)]
            #[serde(rename_all = "camelCase")]
            #[serde(rename_all_fields = "camelCase")]
            #[schemars(rename = "Event")]
            #[serde(tag = "kind", content = "data")]
            enum E {
                None,
                Moved { from_place: Place },
                Named(
                    #[schemars(
                        transform = ::queqiao::__private::constraints::refine::<String,
                        _>(
                            ::queqiao::__private::constraints::length::<String>(
                                ::core::option::Option::Some(1),
                                ::core::option::Option::None
                            )
                        )
                    )]
                    String,
                ),
            }
            #[allow(unused_imports)]
            use ::core::{convert::From as _, convert::Into as _, default::Default as _};
        "##]]
        .assert_eq(&pretty(expanded));
    }

    #[test]
    fn all_mistakes_of_a_model_are_told_once() {
        let expanded = expand(
            quote!(title = "x"),
            quote! {
                #[derive(Debug, serde::Serialize)]
                struct S {
                    #[check(lenght = 1..)]
                    a: String,
                    #[check(length = 2..=1, pattern = "(")]
                    b: String,
                    #[check(range = -1..)]
                    c: Option<u8>,
                    #[check(length = 1..)]
                    d: bool,
                    #[check(each(email))]
                    e: Vec<u32>,
                    #[check(range = 0..=1)]
                    fine: f64,
                }
            },
            &parse_quote!(::queqiao),
        );
        let told = mistakes(&expanded);
        assert_eq!(told.len(), 8, "{told:#?}");
    }
}
