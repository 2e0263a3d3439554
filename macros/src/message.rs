//! `#[message(…)]`: a handler of messages that WeChat pushes and, beside it, its `MessageHandler`; `messages![…]`.
//!
//! As with the handlers of operations, the function stays as it is, and the marker is a braced struct of its name.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::parse::Parser as _;
use syn::spanned::Spanned as _;
use syn::{Expr, ExprLit, FnArg, Ident, Lit, Path, ReturnType, Type};

use crate::handler::{Function, SLOTS, conditions, judge_signature, marker};
use crate::mistakes::Mistakes;
use crate::names::unraw;
use crate::root::respan;

/// Which messages a handler takes.
enum Wanted {
    Message(String),
    Event(String),
    Rest,
}

const USAGE: &str = "write `#[message(text)]` for a message by its MsgType, `#[message(event = \"subscribe_msg_sent_event\")]` \
                     for an event, or `#[message(any)]` for what no other handler takes";

/// The function, its marker and the marker's `MessageHandler`.
pub(crate) fn expand(options: TokenStream, item: TokenStream, root: &Path) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let function = match syn::parse2::<Function>(item.clone()) {
        Ok(function) => function,
        Err(mistake) => {
            mistakes.add(mistake);
            let mistakes = mistakes.into_tokens();
            return quote!(#item #mistakes);
        }
    };
    let wanted = wanted(options, &mut mistakes);
    let name = unraw(&function.signature.ident);
    let generic = judge_signature(&function.signature, &name, &mut mistakes);
    let arguments = arguments(function.signature.inputs.iter(), &name, &mut mistakes);
    let right = mistakes.is_empty() && !generic;
    let (arguments, reply) = match right {
        true => (arguments, &function.signature.output),
        // So that `messages![]` does not tell the same mistake a second time.
        false => (Vec::new(), &ReturnType::Default),
    };
    let handler = handler(&function, &wanted, &arguments, reply, right, root);
    let marker = marker(&function);
    let quiet = (!right).then(|| quote!(#[allow(unused)]));
    let beside = function.signature.receiver().is_none().then(|| quote!(#marker #handler));
    let mistakes = mistakes.into_tokens();
    quote!(#quiet #item #beside #mistakes)
}

fn wanted(options: TokenStream, mistakes: &mut Mistakes) -> Wanted {
    if options.is_empty() {
        mistakes.at(Span::call_site(), format!("which messages does this handler take? {USAGE}"));
        return Wanted::Rest;
    }
    let word = match Expr::parse_without_eager_brace.parse2(options) {
        Ok(word) => word,
        Err(mistake) => {
            mistakes.at(mistake.span(), USAGE);
            return Wanted::Rest;
        }
    };
    match &word {
        Expr::Path(path) if path.path.get_ident().is_some_and(|name| name == "any") => return Wanted::Rest,
        Expr::Path(path) => {
            if let Some(name) = path.path.get_ident() {
                let name = unraw(name);
                if name != "event" {
                    return Wanted::Message(name);
                }
                mistakes.on(&word, "which event? Write `#[message(event = \"subscribe_msg_sent_event\")]`");
                return Wanted::Rest;
            }
        }
        Expr::Assign(assign) => {
            let event = matches!(&*assign.left, Expr::Path(path) if path.path.is_ident("event"));
            if let (true, Expr::Lit(ExprLit { lit: Lit::Str(name), .. })) = (event, &*assign.right) {
                let text = name.value();
                let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
                if text.is_empty() || !text.chars().all(plain) {
                    mistakes.on(
                        name,
                        format!("`{text}` is no event of WeChat's: it has letters, digits and `_` alone, as in `wxa_media_check`"),
                    );
                }
                return Wanted::Event(text);
            }
        }
        _ => {}
    }
    mistakes.on(&word, USAGE);
    Wanted::Rest
}

/// The types of the arguments; each that can be none is told.
fn arguments<'a>(
    inputs: impl Iterator<Item = &'a FnArg>,
    handler: &str,
    mistakes: &mut Mistakes,
) -> Vec<Type> {
    let mut types = Vec::new();
    for (index, input) in inputs.enumerate() {
        let typed = match input {
            FnArg::Receiver(receiver) => {
                mistakes.on(
                    receiver,
                    format!(
                        "handler `{handler}` must be a free function; take the shared value through `State<_>` instead of `self`"
                    ),
                );
                continue;
            }
            FnArg::Typed(typed) => typed,
        };
        if index == SLOTS {
            mistakes.on(typed, format!("handler `{handler}` has more than {SLOTS} arguments"));
        }
        let told = match &*typed.ty {
            Type::Reference(_) => Some("takes a reference, but nothing lives longer than the call; take it owned".to_owned()),
            Type::ImplTrait(_) => Some("takes `impl Trait`, which is generic; name the type".to_owned()),
            ty => {
                of_a_request(ty).map(|name| {
                    format!(
                        "takes `{name}`, which a message does not have: WeChat sends it, and no user's request; take \
                         `Push<_>` or `Message`, whose `from()` is the user's openid"
                    )
                })
            }
        };
        if let Some(told) = told {
            mistakes.on(&typed.ty, format!("handler `{handler}` {told}"));
        } else if index < SLOTS {
            types.push((*typed.ty).clone());
        }
    }
    types
}

fn last_name(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        _ => None,
    }
}

/// The framework's extractors that read a request.
fn of_a_request(ty: &Type) -> Option<String> {
    last_name(ty).filter(|name| {
        matches!(name.as_str(), "Path" | "Query" | "Json" | "Header" | "User" | "Role" | "Raw" | "IfMatch")
    })
}

fn handler(
    function: &Function,
    wanted: &Wanted,
    arguments: &[Type],
    reply: &ReturnType,
    right: bool,
    root: &Path,
) -> TokenStream {
    let ident = &function.signature.ident;
    let state = format_ident!("__QueqiaoState");
    let conditions: Vec<_> = conditions(function).collect();
    let parameters: Vec<Ident> =
        (0..arguments.len()).map(|index| Ident::new(&format!("a{index}"), Span::mixed_site())).collect();
    let slots = (0..SLOTS).map(|index| {
        let slot = format_ident!("A{index}");
        match arguments.get(index) {
            Some(ty) => quote_spanned!(ty.span()=> type #slot = #ty;),
            None => quote!(type #slot = ();),
        }
    });
    let slots: Vec<TokenStream> = slots.collect();
    // Those of the framework are there for every state; a where-clause would tell a mistake twice.
    let foreign = |ty: &&Type| {
        !matches!(last_name(ty).as_deref(), Some("Push" | "Message" | "MiniProgram" | "Attempt"))
    };
    let bounds = arguments.iter().filter(foreign).map(|ty| {
        let root = respan(root, ty.span());
        quote_spanned!(ty.span()=> #ty: #root::message::FromMessage<#state>,)
    });
    let types = (0..SLOTS).map(|index| {
        let slot = format_ident!("A{index}");
        match parameters.get(index) {
            Some(parameter) => quote!(#parameter: Self::#slot),
            None => quote!(_: Self::#slot),
        }
    });
    let types: Vec<TokenStream> = types.collect();
    let reply = match reply {
        ReturnType::Default => quote!(
            type Reply = ();
        ),
        ReturnType::Type(_, ty) => quote_spanned!(ty.span()=> type Reply = #ty;),
    };
    let kind = match wanted {
        Wanted::Message(name) => {
            quote!(::core::option::Option::Some(#root::wechat::push::Kind::Message(#name)))
        }
        Wanted::Event(name) => quote!(::core::option::Option::Some(#root::wechat::push::Kind::Event(#name))),
        Wanted::Rest => quote!(::core::option::Option::None),
    };
    // Evaluated by the compiler: fields of another kind than the attribute's are a mistake on the argument.
    let checks = arguments.iter().filter(|ty| last_name(ty).as_deref() == Some("Push")).map(|ty| {
        let root = respan(root, ty.span());
        let kind = respan(&kind, ty.span());
        let conditions = &conditions;
        quote_spanned! {ty.span()=>
            #(#conditions)*
            const _: () = #root::message::fits(<#ty as #root::message::FromMessage<()>>::KIND, #kind);
        }
    });
    let name = unraw(ident);
    let body = match right {
        true => {
            let call = quote_spanned!(ident.span()=> #ident(#(#parameters),*));
            let future = quote_spanned! {ident.span()=>
                impl ::core::future::Future<Output = Self::Reply> + ::core::marker::Send
            };
            quote! {
                #[allow(clippy::too_many_arguments)]
                fn call(#(#types),*) -> #future {
                    #call
                }
            }
        }
        false => quote!(async fn call(#(#types),*) -> Self::Reply {}),
    };
    quote! {
        #(#conditions)*
        #[automatically_derived]
        #[allow(deprecated)]
        impl<#state> #root::message::MessageHandler<#state> for #ident
        where
            #state: ::core::marker::Send + ::core::marker::Sync + 'static,
            #(#bounds)*
        {
            #(#slots)*
            #reply

            const META: #root::message::MessageMeta = #root::message::MessageMeta {
                kind: #kind,
                module: ::core::module_path!(),
                name: #name,
                file: ::core::file!(),
                line: ::core::line!(),
            };

            #body
        }
        #(#checks)*
    }
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    fn mistakes_of(options: TokenStream, item: TokenStream) -> Vec<String> {
        crate::golden::mistakes(&expand(options, item, &parse_quote!(::queqiao)))
    }

    #[test]
    fn each_way_to_name_messages_is_read() {
        for (options, kind) in [
            (quote!(text), "Kind :: Message (\"text\")"),
            (quote!(r#type), "Kind :: Message (\"type\")"),
            (quote!(event = "wxa_media_check"), "Kind :: Event (\"wxa_media_check\")"),
            (quote!(any), "Option :: None"),
        ] {
            let expanded = expand(
                options,
                quote!(
                    async fn f(m: Message) {}
                ),
                &parse_quote!(::queqiao),
            );
            assert!(crate::golden::mistakes(&expanded).is_empty());
            assert!(expanded.to_string().contains(kind), "{kind}: {expanded}");
        }
    }

    #[test]
    fn what_is_no_handler_of_messages_is_told_at_once() {
        let handler = quote!(
            async fn f(m: Message) {}
        );
        for options in
            [quote!(), quote!(event), quote!(event = 1), quote!("text"), quote!(a::b), quote!(event = "a b")]
        {
            assert_eq!(mistakes_of(options.clone(), handler.clone()).len(), 1, "{options}");
        }
        let told = mistakes_of(
            quote!(),
            quote!(
                fn f<T>(user: User, json: &Json<u8>) {}
            ),
        );
        assert_eq!(told.len(), 5, "{told:#?}");
    }
}
