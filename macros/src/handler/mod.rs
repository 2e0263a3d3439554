//! `#[get]`, `#[post]`, `#[put]`, `#[delete]`: a handler and, beside it, its `Endpoint`.
//!
//! The function stays as it is, so that tests call it; only its signature is parsed, the body is passed through as
//! tokens, so that editors keep completing in a body that does not parse yet. The marker is a *braced* struct of
//! the same name: it lives in the type namespace only, so one `use` brings both.

mod arguments;
mod deprecation;
mod options;
mod path;

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned as _;
use syn::{Attribute, Ident, Path, ReturnType, Signature, Type, Visibility};

use self::arguments::Argument;
pub(crate) use self::arguments::SLOTS;
use self::deprecation::Deprecation;
use self::options::Options;
use crate::docs::Docs;
use crate::mistakes::Mistakes;
use crate::names::{camel, unraw};
use crate::root::respan;

/// The methods that a handler may answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Put,
    Delete,
}

impl Method {
    fn attribute(self) -> &'static str {
        match self {
            Method::Get => "get",
            Method::Post => "post",
            Method::Put => "put",
            Method::Delete => "delete",
        }
    }

    fn variant(self) -> Ident {
        let name = match self {
            Method::Get => "Get",
            Method::Post => "Post",
            Method::Put => "Put",
            Method::Delete => "Delete",
        };
        Ident::new(name, Span::call_site())
    }

    fn takes_body(self) -> bool {
        matches!(self, Method::Post | Method::Put)
    }
}

/// A function whose body nobody looks into.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let function = Self {
            attributes: input.call(Attribute::parse_outer)?,
            visibility: input.parse()?,
            signature: input.parse().map_err(|error| {
                syn::Error::new(
                    error.span(),
                    format!("a handler is an `async fn` with a body outside of any trait or impl: {error}"),
                )
            })?,
        };
        // The body stays tokens.
        input.parse::<TokenStream>()?;
        Ok(function)
    }
}

/// The function, its marker and the marker's `Endpoint`.
pub(crate) fn expand(method: Method, options: TokenStream, item: TokenStream, root: &Path) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let function = match syn::parse2::<Function>(item.clone()) {
        Ok(function) => function,
        Err(mistake) => {
            mistakes.add(mistake);
            let mistakes = mistakes.into_tokens();
            return quote!(#item #mistakes);
        }
    };
    let mut options = Options::read(method, options, &mut mistakes);
    options.deprecation = Deprecation::read(&function.attributes, options.sunset.as_ref(), &mut mistakes);
    let item = deprecation::without_since(item);
    let name = unraw(&function.signature.ident);
    let generic = judge_signature(&function.signature, &name, &mut mistakes);
    let arguments =
        arguments::read(function.signature.inputs.iter(), &name, method.takes_body(), &mut mistakes);
    let endpoint = if mistakes.is_empty() && !generic {
        endpoint(method, &options, &function, &arguments, root)
    } else {
        // So that `routes![]` does not tell the same mistake a second time.
        stand_in(method, &function, root)
    };
    let marker = marker(&function);
    // Warnings would only hide the mistakes.
    let quiet = (!mistakes.is_empty()).then(|| quote!(#[allow(unused)]));
    // In an `impl` a struct and its implementation would be two more mistakes.
    let beside = function.signature.receiver().is_none().then(|| quote!(#marker #endpoint));
    let mistakes = mistakes.into_tokens();
    quote!(#quiet #item #beside #mistakes)
}

/// Reports what a handler cannot be; whether an `Endpoint` can be written at all.
pub(crate) fn judge_signature(signature: &Signature, name: &str, mistakes: &mut Mistakes) -> bool {
    if signature.asyncness.is_none() {
        mistakes.on(signature.fn_token, format!("handler `{name}` must be `async`; write `async fn {name}`"));
    }
    if let Some(constness) = &signature.constness {
        mistakes.on(constness, format!("handler `{name}` cannot be `const`; leave it out"));
    }
    match &signature.safety {
        syn::Safety::Default => {}
        safety => mistakes.on(
            safety,
            format!("handler `{name}` is called by the framework for every request; it must be safe to call: leave it out"),
        ),
    }
    if let Some(abi) = &signature.abi {
        mistakes.on(abi, format!("handler `{name}` must be an ordinary function; leave `extern` out"));
    }
    if let Some(variadic) = &signature.variadic {
        mistakes.on(variadic, format!("handler `{name}` must name each argument"));
    }
    let generic = !signature.generics.params.is_empty();
    if generic {
        mistakes.on(
            &signature.generics.params,
            format!(
                "handler `{name}` must not be generic: one handler is one operation of the contract; name the types, and \
                 call a generic function from it"
            ),
        );
    } else if let Some(clause) = &signature.generics.where_clause {
        mistakes.on(
            clause,
            format!("handler `{name}` has nothing that a where-clause could speak of; leave it out"),
        );
    }
    if let ReturnType::Type(_, ty) = &signature.output
        && let Type::ImplTrait(_) = &**ty
    {
        mistakes.on(
            ty,
            format!("handler `{name}` returns `impl Trait`; name the type, so that the contract can describe the reply"),
        );
    }
    generic
}

pub(crate) fn conditions(function: &Function) -> impl Iterator<Item = &Attribute> {
    function.attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"))
}

pub(crate) fn marker(function: &Function) -> TokenStream {
    let conditions = conditions(function);
    let Function { visibility, signature: Signature { ident, .. }, .. } = function;
    quote! {
        #(#conditions)*
        #[allow(non_camel_case_types)]
        #[doc(hidden)]
        #visibility struct #ident {}
    }
}

fn endpoint(
    method: Method,
    options: &Options,
    function: &Function,
    arguments: &[Argument],
    root: &Path,
) -> TokenStream {
    let ident = &function.signature.ident;
    let state = format_ident!("__QueqiaoState");
    let conditions = conditions(function);
    let parameters: Vec<Ident> =
        (0..arguments.len()).map(|index| Ident::new(&format!("a{index}"), Span::mixed_site())).collect();
    let slots = (0..SLOTS).map(|index| {
        let slot = format_ident!("A{index}");
        match arguments.get(index) {
            Some(Argument { ty, .. }) => quote_spanned!(ty.span()=> type #slot = #ty;),
            None => quote!(type #slot = ();),
        }
    });
    let slots: Vec<TokenStream> = slots.collect();
    let bounds = arguments.iter().filter(|argument| !argument.known).map(|Argument { ty, .. }| {
        let root = respan(root, ty.span());
        quote_spanned!(ty.span()=> #ty: #root::Extract<#state>,)
    });
    let types: Vec<TokenStream> = (0..SLOTS)
        .map(|index| {
            let slot = format_ident!("A{index}");
            match parameters.get(index) {
                Some(parameter) => quote!(#parameter: Self::#slot),
                None => quote!(_: Self::#slot),
            }
        })
        .collect();
    let reply = match &function.signature.output {
        ReturnType::Default => quote!(
            type Reply = ();
        ),
        ReturnType::Type(_, ty) => quote_spanned!(ty.span()=> type Reply = #ty;),
    };
    let meta = meta(method, options, function, root);
    // A future that is not `Send` is told here: the handler is what must change, the compiler adds the await.
    let future = quote_spanned! {ident.span()=>
        impl ::core::future::Future<Output = Self::Reply> + ::core::marker::Send
    };
    let call = quote_spanned!(ident.span()=> #ident(#(#parameters),*));
    quote! {
        #(#conditions)*
        #[automatically_derived]
        #[allow(deprecated)]
        impl<#state> #root::Endpoint<#state> for #ident
        where
            #state: ::core::marker::Send + ::core::marker::Sync + 'static,
            #(#bounds)*
        {
            #(#slots)*
            #reply

            const META: #root::Meta = #meta;

            #[allow(clippy::too_many_arguments)]
            fn call(#(#types),*) -> #future {
                #call
            }
        }
    }
}

fn meta(method: Method, options: &Options, function: &Function, root: &Path) -> TokenStream {
    let method = method.variant();
    let path = &options.path;
    let name = unraw(&function.signature.ident);
    let operation_id = options.operation_id.clone().unwrap_or_else(|| camel(&name));
    let tag = match &options.tag {
        Some(tag) => quote!(::core::option::Option::Some(#tag)),
        None => quote!(::core::option::Option::None),
    };
    let Docs { summary, mut description } = Docs::of(&function.attributes);
    let deprecated = match &options.deprecation {
        Some(deprecation) => {
            if !description.is_empty() {
                description.push_str("\n\n");
            }
            description.push_str(&deprecation.sentence());
            let told = deprecation.tokens(root);
            quote!(::core::option::Option::Some(#told))
        }
        None => quote!(::core::option::Option::None),
    };
    let idempotent = options.idempotent;
    quote! {
        #root::Meta {
            method: #root::Method::#method,
            path: #path,
            operation_id: #operation_id,
            tag: #tag,
            module: ::core::module_path!(),
            name: #name,
            summary: #summary,
            description: #description,
            idempotent: #idempotent,
            deprecated: #deprecated,
            file: ::core::file!(),
            line: ::core::line!(),
        }
    }
}

/// An `Endpoint` for a handler that is already refused.
fn stand_in(method: Method, function: &Function, root: &Path) -> TokenStream {
    let options = Options::default();
    let meta = meta(method, &options, function, root);
    let ident = &function.signature.ident;
    let state = format_ident!("__QueqiaoState");
    let conditions = conditions(function);
    let slots: Vec<Ident> = (0..SLOTS).map(|index| format_ident!("A{index}")).collect();
    quote! {
        #(#conditions)*
        impl<#state: ::core::marker::Send + ::core::marker::Sync + 'static> #root::Endpoint<#state> for #ident {
            #(type #slots = ();)*
            type Reply = ();

            const META: #root::Meta = #meta;

            async fn call(#(_: Self::#slots),*) -> Self::Reply {}
        }
    }
}

/// `#[patch]`, which exists only to say why it does not.
pub(crate) fn refuse_patch(item: TokenStream, root: &Path) -> TokenStream {
    let mut mistakes = Mistakes::default();
    mistakes.at(
        Span::call_site(),
        "`wx.request` cannot send PATCH, so a mini-program could not call this; use `#[put(\"…\")]` for a change of the \
         whole thing, or `#[post(\"…\")]`",
    );
    let stand_in = syn::parse2::<Function>(item.clone())
        .map(|function| {
            let marker = marker(&function);
            let endpoint = stand_in(Method::Put, &function, root);
            quote!(#marker #endpoint)
        })
        .unwrap_or_default();
    let mistakes = mistakes.into_tokens();
    quote!(#[allow(unused)] #item #stand_in #mistakes)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use syn::parse_quote;

    use super::*;
    use crate::golden::pretty;

    fn mistakes_of(method: Method, options: TokenStream, item: TokenStream) -> Vec<String> {
        crate::golden::mistakes(&expand(method, options, item, &parse_quote!(::queqiao)))
    }

    #[test]
    fn a_handler_expands_to_itself_and_its_endpoint() {
        let expanded = expand(
            Method::Put,
            quote!("/todos/{id}/done", tag = "todos", sunset = "2027-06-30"),
            quote! {
                /// Mark one todo
                /// as done.
                ///
                /// Twice is an error.
                #[deprecated(since = "2026-11-01", note = "use `closeTodo`")]
                pub(crate) async fn finish_todo(user: User, Path(id): Path<Uuid>, State(todos): State<Todos>) -> Result<Todo, TodoError> {
                    todos.finish(&user, id).await
                }
            },
            &parse_quote!(::queqiao),
        );
        expect![[r#"
            /// Mark one todo
            /// as done.
            ///
            /// Twice is an error.
            #[deprecated(note = "use `closeTodo`")]
            pub(crate) async fn finish_todo(
                user: User,
                Path(id): Path<Uuid>,
                State(todos): State<Todos>,
            ) -> Result<Todo, TodoError> {
                todos.finish(&user, id).await
            }
            #[allow(non_camel_case_types)]
            #[doc(hidden)]
            pub(crate) struct finish_todo {}
            #[automatically_derived]
            #[allow(deprecated)]
            impl<__QueqiaoState> ::queqiao::Endpoint<__QueqiaoState> for finish_todo
            where
                __QueqiaoState: ::core::marker::Send + ::core::marker::Sync + 'static,
                State<Todos>: ::queqiao::Extract<__QueqiaoState>,
            {
                type A0 = User;
                type A1 = Path<Uuid>;
                type A2 = State<Todos>;
                type A3 = ();
                type A4 = ();
                type A5 = ();
                type A6 = ();
                type A7 = ();
                type Reply = Result<Todo, TodoError>;
                const META: ::queqiao::Meta = ::queqiao::Meta {
                    method: ::queqiao::Method::Put,
                    path: "/todos/{id}/done",
                    operation_id: "finishTodo",
                    tag: ::core::option::Option::Some("todos"),
                    module: ::core::module_path!(),
                    name: "finish_todo",
                    summary: "Mark one todo as done.",
                    description: "Twice is an error.\n\nDeprecated since 2026-11-01, ends on 2027-06-30: use `closeTodo`",
                    idempotent: false,
                    deprecated: ::core::option::Option::Some(::queqiao::Deprecated {
                        since: ::core::option::Option::Some("@1793491200"),
                        sunset: ::core::option::Option::Some("Wed, 30 Jun 2027 00:00:00 GMT"),
                    }),
                    file: ::core::file!(),
                    line: ::core::line!(),
                };
                #[allow(clippy::too_many_arguments)]
                fn call(
                    a0: Self::A0,
                    a1: Self::A1,
                    a2: Self::A2,
                    _: Self::A3,
                    _: Self::A4,
                    _: Self::A5,
                    _: Self::A6,
                    _: Self::A7,
                ) -> impl ::core::future::Future<Output = Self::Reply> + ::core::marker::Send {
                    finish_todo(a0, a1, a2)
                }
            }
        "#]]
        .assert_eq(&pretty(expanded));
    }

    #[test]
    fn mistakes_of_one_handler_are_told_side_by_side() {
        let told = mistakes_of(
            Method::Get,
            quote!("todos/:id", tagg = "x"),
            quote!(
                fn f<T>(self, a: String, Json(b): Json<T>) -> impl Reply {}
            ),
        );
        assert_eq!(told.len(), 9, "{told:#?}");
    }

    #[test]
    fn a_body_that_does_not_parse_yet_is_passed_through() {
        let expanded = expand(
            Method::Get,
            quote!("/"),
            quote!(
                async fn f() {
                    let x = todos.
                }
            ),
            &parse_quote!(::queqiao),
        );
        assert!(expanded.to_string().contains("todos ."));
        assert!(crate::golden::mistakes(&expanded).is_empty());
    }

    #[test]
    fn a_ninth_argument_is_refused() {
        let told = mistakes_of(
            Method::Get,
            quote!("/"),
            quote!(
                async fn f(a: A, b: A, c: A, d: A, e: A, f: A, g: A, h: A, i: A) {}
            ),
        );
        assert_eq!(told.len(), 1, "{told:#?}");
    }
}
