//! The path of the framework's crate in the code that is being compiled.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Ident, Path, parse_quote};

/// `::queqiao`, or the name under which the crate depends on it.
///
/// Inside of the crate itself it is `::queqiao` too (`extern crate self as queqiao`), which holds for its doc tests
/// and integration tests as well.
pub(crate) fn root() -> Path {
    match crate_name("queqiao") {
        Ok(FoundCrate::Name(name)) => {
            let name = Ident::new(&name, Span::call_site());
            parse_quote!(::#name)
        }
        Ok(FoundCrate::Itself) | Err(_) => parse_quote!(::queqiao),
    }
}

/// The tokens at another place: an error in what they say is told there.
pub(crate) fn respan(tokens: impl ToTokens, span: Span) -> TokenStream {
    let respanned = tokens.into_token_stream().into_iter().map(|mut token| {
        if let TokenTree::Group(group) = &token {
            token = TokenTree::Group(Group::new(group.delimiter(), respan(group.stream(), span)));
        }
        token.set_span(span);
        token
    });
    respanned.collect()
}
