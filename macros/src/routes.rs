//! `routes![…]`, `messages![…]`: handlers by their names.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::parse::Parser as _;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Expr, Path, PathArguments, Token};

use crate::mistakes::Mistakes;

/// A list of handlers, by the macro that makes it.
pub(crate) enum List {
    Routes,
    Messages,
}

impl List {
    fn name(&self) -> &'static str {
        match self {
            Self::Routes => "routes!",
            Self::Messages => "messages!",
        }
    }

    fn example(&self) -> &'static str {
        match self {
            Self::Routes => "routes![list_todos, admin::statistics]",
            Self::Messages => "messages![on_text, shop::on_sent]",
        }
    }
}

/// `Routes::new().with(a {}).with(module::b {})`
pub(crate) fn expand(list: &List, input: TokenStream, root: &Path) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let paths = read(list, input, &mut mistakes);
    let with = paths.iter().map(|path| quote_spanned!(path.span()=> .with(#path {})));
    let mistakes = mistakes.into_tokens();
    let mistakes = (!mistakes.is_empty()).then(|| quote!({ #mistakes }));
    let empty = match list {
        List::Routes => quote!(#root::Routes::new()),
        List::Messages => quote!(#root::message::Messages::new()),
    };
    let routes = quote!(#empty #(#with)*);
    match mistakes {
        Some(mistakes) => quote!({ #mistakes #routes }),
        None => routes,
    }
}

fn read(list: &List, input: TokenStream, mistakes: &mut Mistakes) -> Vec<Path> {
    let (name, example) = (list.name(), list.example());
    // As expressions, so that what is no name is told by what it is, and all of it at once.
    let items = match Punctuated::<Expr, Token![,]>::parse_terminated.parse2(input) {
        Ok(items) => items,
        Err(mistake) => {
            mistakes.at(
                mistake.span(),
                format!(
                    "`{name}` takes the names of handlers, separated by commas, as in `{example}`: {mistake}"
                ),
            );
            return Vec::new();
        }
    };
    let mut paths: Vec<Path> = Vec::new();
    for item in items {
        match item {
            Expr::Path(path) if path.qself.is_none() => {
                let path = path.path;
                if path.segments.iter().any(|segment| !matches!(segment.arguments, PathArguments::None)) {
                    mistakes.on(path, "a handler is not generic; leave the `<…>` out");
                } else if paths.contains(&path) {
                    mistakes.on(path, "this handler is named twice; leave one out");
                } else {
                    paths.push(path);
                }
            }
            Expr::Call(call) => {
                mistakes.on(
                    &call,
                    format!(
                        "`{name}` takes the handler's name and calls it itself; leave the parentheses out"
                    ),
                );
            }
            other => mistakes.on(other, format!("`{name}` takes the names of handlers, as in `{example}`")),
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    fn expanded(input: TokenStream) -> String {
        expand(&List::Routes, input, &parse_quote!(::queqiao)).to_string()
    }

    #[test]
    fn each_handler_is_added() {
        assert_eq!(
            expanded(quote!(a, b::c,)),
            quote!(::queqiao::Routes::new().with(a {}).with(b::c {})).to_string()
        );
        assert_eq!(expanded(quote!()), quote!(::queqiao::Routes::new()).to_string());
    }

    #[test]
    fn all_that_is_no_name_is_told() {
        let expanded = expand(&List::Routes, quote!(a(), "b", c::<D>, e, e), &parse_quote!(::queqiao));
        assert_eq!(crate::golden::mistakes(&expanded).len(), 4);
    }
}
