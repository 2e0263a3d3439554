//! `releases!()`: the stored releases as text of the program.

use std::path::Path as FilePath;

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::Nothing;

use crate::mistakes::Mistakes;

/// Beside `Cargo.toml`; a path of this machine must not stand in the program.
const FILE: &str = "/contracts/releases.json";

/// `include_str!(…)`, or an empty text.
pub(crate) fn expand(input: TokenStream, package: &FilePath) -> TokenStream {
    if let Err(mistake) = syn::parse2::<Nothing>(input) {
        let mut mistakes = Mistakes::default();
        mistakes.at(
            mistake.span(),
            "`releases!` takes nothing: it reads `contracts/releases.json` beside Cargo.toml, which `cargo queqiao release` writes",
        );
        let mistakes = mistakes.into_tokens();
        return quote!({ #mistakes "" });
    }
    match package.join(FILE.trim_start_matches('/')).is_file() {
        true => quote!(::core::include_str!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), #FILE))),
        false => quote!(""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_included_by_its_place_in_the_package() {
        let package = tempfile::tempdir().expect("a temporary folder");
        assert_eq!(expand(TokenStream::new(), package.path()).to_string(), "\"\"");
        std::fs::create_dir(package.path().join("contracts")).expect("a folder in it");
        std::fs::write(package.path().join("contracts/releases.json"), "{}").expect("a file in it");
        let expanded = expand(TokenStream::new(), package.path()).to_string();
        assert!(expanded.contains("\"/contracts/releases.json\""), "{expanded}");
        assert!(!expanded.contains(&*package.path().to_string_lossy()), "{expanded}");
    }

    #[test]
    fn an_argument_is_refused_with_the_place_of_the_file() {
        let expanded = expand(quote!("elsewhere.json"), FilePath::new("/")).to_string();
        assert!(expanded.contains("contracts/releases.json"), "{expanded}");
    }
}
