//! `message = "…"` of `#[check]`: the developer's words instead of a constraint's own.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{LitStr, Meta, Path};

use super::words::text;

/// In one text for all readers, or in one for each language.
#[derive(Clone)]
pub(super) enum Message {
    Plain(LitStr),
    Both { zh: LitStr, en: LitStr },
}

impl Message {
    pub(super) fn read(word: &Meta) -> syn::Result<Self> {
        match word {
            Meta::NameValue(pair) => text(&pair.value).map(Message::Plain).ok_or_else(|| {
                syn::Error::new_spanned(
                    &pair.value,
                    "`message` takes a string literal: `message = \"must be …\"`",
                )
            }),
            Meta::List(list) => {
                let (mut zh, mut en) = (None, None);
                list.parse_nested_meta(|meta| {
                    let slot = match () {
                        () if meta.path.is_ident("zh") => &mut zh,
                        () if meta.path.is_ident("en") => &mut en,
                        () => return Err(meta.error("the languages of a message are `zh` and `en`")),
                    };
                    *slot = Some(meta.value()?.parse::<LitStr>()?);
                    Ok(())
                })?;
                match (zh, en) {
                    (Some(zh), Some(en)) => Ok(Message::Both { zh, en }),
                    _ => Err(syn::Error::new_spanned(
                        list,
                        "give the message in both languages, `message(zh = \"…\", en = \"…\")`, or in one for all: `message = \"…\"`",
                    )),
                }
            }
            Meta::Path(path) => Err(syn::Error::new_spanned(path, "write `message = \"must be …\"`")),
        }
    }

    /// The literal at which a mistake about the message is told.
    pub(super) fn text(&self) -> &LitStr {
        match self {
            Message::Plain(text) | Message::Both { en: text, .. } => text,
        }
    }

    pub(super) fn tokens(&self, root: &Path) -> TokenStream {
        match self {
            Message::Plain(text) => quote!(#root::__private::plain(#text)),
            Message::Both { zh, en } => quote!(#root::__private::both(#zh, #en)),
        }
    }
}
