//! stub
mod docs;
#[cfg(test)]
mod golden;
mod handler;
mod mistakes;
mod model;
mod names;
mod root;
mod routes;

use proc_macro::TokenStream;

#[proc_macro_attribute]
pub fn get(options: TokenStream, item: TokenStream) -> TokenStream {
    handler::expand(handler::Method::Get, options.into(), item.into(), &root::root()).into()
}
#[proc_macro_attribute]
pub fn model(options: TokenStream, item: TokenStream) -> TokenStream {
    model::expand(options.into(), item.into(), &root::root()).into()
}
#[proc_macro]
pub fn routes(input: TokenStream) -> TokenStream {
    routes::expand(input.into(), &root::root()).into()
}
