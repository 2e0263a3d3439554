//! `#[derive(SubscribeMessage)]`: a subscribe message by the keys of its template.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Attribute, Data, DeriveInput, Field, Fields, LitStr, Path};

use crate::docs::Docs;
use crate::mistakes::{Mistakes, did_you_mean};
use crate::names::{snake, unraw};

/// What the names of keys begin with, from WeChat's page on subscribe messages (参数值限制说明).
const KINDS: [&str; 13] = [
    "thing",
    "number",
    "letter",
    "symbol",
    "character_string",
    "time",
    "date",
    "amount",
    "phone_number",
    "car_number",
    "name",
    "phrase",
    "enum",
];
/// A template has at most this many keys.
const MOST_KEYS: usize = 5;

/// `impl SubscribeMessage`.
pub(crate) fn expand(item: TokenStream, root: &Path) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let Some(input) = mistakes.take(syn::parse2::<DeriveInput>(item)) else { return mistakes.into_tokens() };
    let ident = &input.ident;
    let Data::Struct(data) = &input.data else {
        mistakes.on(ident, format!("`SubscribeMessage` is derived for a struct, one field for each key of the template; write `struct {ident} {{ … }}`"));
        return mistakes.into_tokens();
    };
    let Fields::Named(fields) = &data.fields else {
        mistakes.on(
            ident,
            "the fields of a subscribe message have the names of the template's keys, as in `thing1: String`",
        );
        return mistakes.into_tokens();
    };
    if !input.generics.params.is_empty() {
        mistakes.on(&input.generics, format!("message `{ident}` must not be generic: its name stands in the contract; leave the parameters out"));
    }
    let name = name(&input.attrs, &mut mistakes).unwrap_or_else(|| snake(&unraw(ident)));
    let mut keys: Vec<(String, &Field)> = Vec::new();
    let mut pages: Vec<&Field> = Vec::new();
    for field in &fields.named {
        let Some(field_name) = field.ident.as_ref().map(unraw) else { continue };
        if is_page(&field.attrs, &mut mistakes) {
            if !pages.is_empty() {
                mistakes.on(&field.ident, "a message opens one page; leave `#[subscribe(page)]` out here");
            }
            pages.push(field);
        } else {
            if let Some(told) = wrong_key(&field_name) {
                mistakes.on(&field.ident, told);
            }
            keys.push((field_name, field));
        }
    }
    if !(1..=MOST_KEYS).contains(&keys.len()) {
        let found = keys.len();
        mistakes.on(ident, format!("a template has 1 to {MOST_KEYS} keys, and `{ident}` has {found}; write a field for each key of the template in the app's console, 订阅消息"));
    }
    if !mistakes.is_empty() {
        return mistakes.into_tokens();
    }
    let summary = Docs::of(&input.attrs).summary;
    let names = keys.iter().map(|(name, _)| name);
    let values = keys.iter().map(|(name, field)| {
        let ident = &field.ident;
        quote_spanned!(field.ty.span()=> (#name, ::std::string::ToString::to_string(&self.#ident)))
    });
    let page = pages.first().map_or(quote!(::core::option::Option::None), |field| {
        let ident = &field.ident;
        quote_spanned!(field.ty.span()=> ::core::convert::Into::into(::core::clone::Clone::clone(&self.#ident)))
    });
    quote! {
        #[automatically_derived]
        impl #root::subscribe::SubscribeMessage for #ident {
            const NAME: &'static str = #name;
            const SUMMARY: &'static str = #summary;
            const KEYS: &'static [&'static str] = &[#(#names),*];

            fn values(&self) -> ::std::vec::Vec<(&'static str, ::std::string::String)> {
                ::std::vec![#(#values),*]
            }

            fn page(&self) -> ::core::option::Option<::std::string::String> {
                #page
            }
        }
    }
}

fn of(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("subscribe"))
}

/// `#[subscribe(name = "…")]` on the type.
fn name(attributes: &[Attribute], mistakes: &mut Mistakes) -> Option<String> {
    let mut name = None;
    for attribute in of(attributes) {
        let read = attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("name") {
                return Err(meta.error("on the type, `#[subscribe]` has the option `name` alone, as in `#[subscribe(name = \"commented\")]`"));
            }
            let text: LitStr = meta.value()?.parse()?;
            let value = text.value();
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            if !value.starts_with(|c: char| c.is_ascii_lowercase()) || !value.chars().all(plain) {
                return Err(syn::Error::new(text.span(), "a name has lower-case letters, digits and `_`, as in `commented`"));
            }
            name = Some(value);
            Ok(())
        });
        mistakes.take(read);
    }
    name
}

/// `#[subscribe(page)]` on a field.
fn is_page(attributes: &[Attribute], mistakes: &mut Mistakes) -> bool {
    let mut page = false;
    for attribute in of(attributes) {
        let read = attribute.parse_nested_meta(|meta| {
            page = true;
            match meta.path.is_ident("page") {
                true => Ok(()),
                false => Err(meta.error(
                    "on a field, `#[subscribe]` has the option `page` alone: the page that the message opens",
                )),
            }
        });
        mistakes.take(read);
    }
    page
}

/// What is wrong with the name of a key.
fn wrong_key(name: &str) -> Option<String> {
    let kind = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = name.len() - kind.len();
    if !KINDS.contains(&kind) {
        return Some(format!(
            "`{name}` is no key of a template: a key is a kind and a number, as in `thing1`{}; the page that the message opens is \
             marked `#[subscribe(page)]`",
            did_you_mean(kind, &KINDS)
        ));
    }
    (digits == 0 || digits > 4)
        .then(|| format!("the key `{name}` needs its number in the template, as in `{kind}1`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    fn expanded(item: TokenStream) -> String {
        expand(item, &parse_quote!(::queqiao)).to_string()
    }

    #[test]
    fn a_message_is_its_keys_and_its_page() {
        let text = expanded(quote! {
            /// Somebody commented.
            struct PhotoCommented {
                thing1: String,
                character_string12: u32,
                #[subscribe(page)]
                page: String,
            }
        });
        assert!(text.contains("\"photo_commented\"") && text.contains("\"Somebody commented.\""), "{text}");
        assert!(text.contains("& [\"thing1\" , \"character_string12\"]"), "{text}");
        assert!(!text.contains("compile_error"), "{text}");
        let named = expanded(quote!(
            #[subscribe(name = "told")]
            struct A {
                thing1: String,
            }
        ));
        assert!(named.contains("\"told\"") && named.contains("Option :: None"), "{named}");
    }

    #[test]
    fn what_no_template_has_is_told() {
        for (item, told) in [
            (
                quote!(
                    struct A {
                        thong1: String,
                    }
                ),
                "did you mean `thing`",
            ),
            (
                quote!(
                    struct A {
                        thing: String,
                    }
                ),
                "`thing1`",
            ),
            (
                quote!(
                    struct A {
                        page: String,
                    }
                ),
                "#[subscribe(page)]",
            ),
            (
                quote!(
                    struct A {
                        thing1: u8,
                        thing2: u8,
                        thing3: u8,
                        thing4: u8,
                        thing5: u8,
                        thing6: u8,
                    }
                ),
                "has 6",
            ),
            (
                quote!(
                    struct A {}
                ),
                "has 0",
            ),
            (
                quote!(
                    struct A(String);
                ),
                "names of the template's keys",
            ),
            (
                quote!(
                    enum A {}
                ),
                "for a struct",
            ),
            (
                quote!(
                    struct A<T> {
                        thing1: T,
                    }
                ),
                "must not be generic",
            ),
            (
                quote!(
                    #[subscribe(name = "Told")]
                    struct A {
                        thing1: u8,
                    }
                ),
                "lower-case",
            ),
            (
                quote!(
                    #[subscribe(title = "t")]
                    struct A {
                        thing1: u8,
                    }
                ),
                "option `name` alone",
            ),
            (
                quote!(
                    struct A {
                        thing1: u8,
                        #[subscribe(link)]
                        a: u8,
                    }
                ),
                "option `page` alone",
            ),
            (
                quote!(
                    struct A {
                        thing1: u8,
                        #[subscribe(page)]
                        a: u8,
                        #[subscribe(page)]
                        b: u8,
                    }
                ),
                "opens one page",
            ),
        ] {
            let text = expanded(item.clone());
            assert!(text.contains("compile_error") && text.contains(told), "{item}: {text}");
            assert!(!text.contains("impl"), "{text}");
        }
    }
}
