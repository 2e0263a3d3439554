//! The arguments of a handler, judged by their types as written.
//!
//! A macro sees names and not types. So it refuses only what cannot be an extractor under any alias, and leaves
//! the rest to the compiler, which is asked in such a way that it gives one error, on the argument.

use syn::{FnArg, GenericArgument, PathArguments, Type};

use crate::mistakes::Mistakes;

/// The slots of `Endpoint`.
pub(crate) const SLOTS: usize = 8;

/// An argument of a handler.
pub(super) struct Argument {
    pub(super) ty: Type,
    /// Whether the type is named like one of the framework's extractors. Those implement `Extract` for every state
    /// if their inner type is right, so the associated type alone gives the error, on the inner type; a
    /// where-clause would give a second one.
    pub(super) known: bool,
}

/// Reads the arguments, and reports each that cannot be one.
pub(super) fn read<'a>(
    inputs: impl Iterator<Item = &'a FnArg>,
    handler: &str,
    takes_body: bool,
    mistakes: &mut Mistakes,
) -> Vec<Argument> {
    let mut arguments = Vec::new();
    let mut bodies = 0;
    // The body's argument, until another one behind it is told.
    let mut last: Option<&Type> = None;
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
            mistakes.on(
                typed,
                format!(
                    "handler `{handler}` has more than {SLOTS} arguments; take several parameters through one `Query<_>` \
                     or `Path<_>` of a `#[model]` struct"
                ),
            );
        }
        if let Some(attribute) = typed.attrs.iter().find(|attribute| attribute.path().is_ident("cfg")) {
            mistakes.on(
                attribute,
                format!("an argument of handler `{handler}` cannot be conditional; put `#[cfg]` on two whole handlers"),
            );
        }
        if let Some(mistake) = judge(&typed.ty, handler) {
            mistakes.on(&typed.ty, mistake);
            continue;
        }
        if reads_body(&typed.ty) {
            bodies += 1;
            last = Some(&typed.ty);
            if !takes_body {
                mistakes.on(
                    &typed.ty,
                    format!(
                        "handler `{handler}`: GET and DELETE have no body in a mini-program (`wx.request` puts `data` \
                         into the query); take `Query<_>`, or use `#[post]` or `#[put]`"
                    ),
                );
            } else if bodies == 2 {
                mistakes.on(
                    &typed.ty,
                    format!("handler `{handler}` reads the body twice; put both into one `#[model]` struct"),
                );
            }
        } else if let Some(body) = last.take() {
            mistakes.on(
                body,
                format!(
                    "handler `{handler}`: the body must be the last argument, so that a request that is refused for another \
                     reason is refused before its body is read; move it to the end"
                ),
            );
        }
        if index < SLOTS {
            arguments.push(Argument { ty: (*typed.ty).clone(), known: is_known(&typed.ty) });
        }
    }
    arguments
}

/// What is wrong with a type that can be no extractor whatever is in scope.
fn judge(ty: &Type, handler: &str) -> Option<String> {
    let extractors = "`Path<_>` (of the path), `Query<_>`, `Json<_>` (the body), `Header<_>`, or `State<_>`";
    match ty {
        Type::Paren(inner) => judge(&inner.elem, handler),
        Type::Group(inner) => judge(&inner.elem, handler),
        Type::ImplTrait(_) => Some(format!(
            "handler `{handler}` takes `impl Trait`, which is generic; name the type, so that the contract can describe it"
        )),
        Type::Reference(_) => Some(format!(
            "handler `{handler}` takes a reference, but nothing lives longer than the call; take an owned value through {extractors}"
        )),
        Type::Tuple(tuple) if tuple.elems.is_empty() => {
            Some(format!("handler `{handler}` takes `()`, which carries nothing; leave the argument out"))
        }
        Type::Tuple(_) | Type::Array(_) | Type::Slice(_) => Some(format!(
            "handler `{handler}` takes a plain value and does not say from where; take it through {extractors}"
        )),
        Type::FnPtr(_) | Type::Ptr(_) | Type::TraitObject(_) | Type::Never(_) => {
            Some(format!("handler `{handler}` takes a value that no request carries; take {extractors}"))
        }
        Type::Infer(_) => Some(format!("handler `{handler}` must name the type of its argument")),
        Type::Path(path) if path.qself.is_none() => {
            let last = path.path.segments.last()?;
            let plain = match last.ident.to_string().as_str() {
                "String" | "str" | "char" | "bool" | "u8" | "u16" | "u32" | "u64" | "u128" | "usize"
                | "i8" | "i16" | "i32" | "i64" | "i128" | "isize" | "f32" | "f64" | "Uuid" | "Timestamp" => {
                    true
                }
                "Vec" | "HashMap" | "BTreeMap" | "HashSet" | "BTreeSet" | "VecDeque" => {
                    matches!(last.arguments, PathArguments::AngleBracketed(_))
                }
                "Box" | "Arc" | "Rc" => {
                    return Some(format!(
                        "handler `{handler}` takes a shared or boxed value; the application's own values come through `State<_>`"
                    ));
                }
                "Option" => {
                    let inner = inner(ty)?;
                    return judge(inner, handler).map(|mistake| {
                        mistake.replacen("takes a plain value", "takes an optional plain value", 1)
                    });
                }
                _ => false,
            };
            plain.then(|| {
                let name = &last.ident;
                format!(
                    "handler `{handler}` takes a plain `{name}` and does not say from where; take it through {extractors}"
                )
            })
        }
        _ => None,
    }
}

fn inner(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(inner) => Some(inner),
        _ => None,
    }
}

fn last_name(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        Type::Paren(inner) => last_name(&inner.elem),
        Type::Group(inner) => last_name(&inner.elem),
        _ => None,
    }
}

fn reads_body(ty: &Type) -> bool {
    match last_name(ty).as_deref() {
        Some("Json") => true,
        Some("Option") => inner(ty).is_some_and(reads_body),
        _ => false,
    }
}

fn is_known(ty: &Type) -> bool {
    match last_name(ty).as_deref() {
        Some("Path" | "Query" | "Json" | "Header" | "User" | "Role" | "Raw") => true,
        Some("Option") => inner(ty).is_some_and(is_known),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn plain_values_are_refused_with_the_way_in() {
        let hopeless: [Type; 8] = [
            parse_quote!(String),
            parse_quote!(&str),
            parse_quote!(std::string::String),
            parse_quote!(Vec<u8>),
            parse_quote!(Option<i32>),
            parse_quote!((Path<u8>, u8)),
            parse_quote!(impl Into<String>),
            parse_quote!(Arc<Db>),
        ];
        for ty in &hopeless {
            assert!(judge(ty, "f").is_some(), "{}", quote::quote!(#ty));
        }
    }

    #[test]
    fn whatever_may_be_an_extractor_is_left_to_the_compiler() {
        let possible: [Type; 5] = [
            parse_quote!(State<Todos>),
            parse_quote!(NewTodo),
            parse_quote!(Option<User>),
            parse_quote!(crate::Paging),
            parse_quote!(<A as B>::C),
        ];
        for ty in &possible {
            assert!(judge(ty, "f").is_none(), "{}", quote::quote!(#ty));
        }
        assert!(is_known(&parse_quote!(queqiao::Json<X>)) && is_known(&parse_quote!(Option<User>)));
        assert!(!is_known(&parse_quote!(State<X>)) && !is_known(&parse_quote!(Option<Tenant>)));
    }
}
