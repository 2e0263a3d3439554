//! What tests of expansions need.

use proc_macro2::{TokenStream, TokenTree};

/// The expansion as rustfmt would print it.
pub(crate) fn pretty(expanded: TokenStream) -> String {
    prettyplease::unparse(&syn::parse2(expanded).expect("an expansion is a list of items"))
}

/// The messages of all `compile_error!`s.
pub(crate) fn mistakes(expanded: &TokenStream) -> Vec<String> {
    let mut found = Vec::new();
    let mut previous = String::new();
    for token in expanded.clone() {
        if let TokenTree::Group(group) = &token {
            if previous == "compile_error!" {
                found.push(group.stream().to_string());
            } else {
                found.extend(mistakes(&group.stream()));
            }
        }
        previous = match &token {
            TokenTree::Ident(name) => name.to_string(),
            TokenTree::Punct(mark) if mark.as_char() == '!' => previous + "!",
            _ => String::new(),
        };
    }
    found
}
