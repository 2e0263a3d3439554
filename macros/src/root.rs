//! The path of the framework's crate in the code that is being compiled.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::Span;
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
