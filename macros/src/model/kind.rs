//! What a type as written is known to be, so that a constraint that cannot fit is refused where it stands.

use syn::{GenericArgument, PathArguments, Type};

/// What constraints can know of a type without resolving names; an alias or another crate's type is
/// [`Kind::Unknown`], and the compiler judges it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    Text,
    Integer {
        signed: bool,
    },
    Float,
    /// Has neither length nor range: `bool`, ids, times.
    Plain,
    Sequence(Option<&'a Type>),
    Array(Option<&'a Type>),
    Set(Option<&'a Type>),
    Map(Option<&'a Type>),
    Unknown,
}

impl<'a> Kind<'a> {
    /// Looks through `Option`, `Box` and `Arc`, as the constraints do.
    pub(super) fn of(ty: &'a Type) -> Self {
        match ty {
            Type::Paren(inner) => Kind::of(&inner.elem),
            Type::Group(inner) => Kind::of(&inner.elem),
            Type::Array(array) => Kind::Array(Some(&array.elem)),
            Type::Slice(slice) => Kind::Sequence(Some(&slice.elem)),
            Type::Tuple(_) => Kind::Plain,
            Type::Path(path) if path.qself.is_none() => {
                let Some(last) = path.path.segments.last() else { return Kind::Unknown };
                let arguments = arguments(&last.arguments);
                match last.ident.to_string().as_str() {
                    "Option" | "Box" | "Arc" => {
                        arguments.last().map_or(Kind::Unknown, |inner| Kind::of(inner))
                    }
                    "String" | "str" => Kind::Text,
                    "Cow" if arguments.last().is_some_and(|inner| Kind::of(inner) == Kind::Text) => {
                        Kind::Text
                    }
                    "u8" | "u16" | "u32" | "u64" | "u128" | "usize" => Kind::Integer { signed: false },
                    "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => Kind::Integer { signed: true },
                    "f32" | "f64" => Kind::Float,
                    "bool" | "char" | "Uuid" | "Timestamp" => Kind::Plain,
                    "Vec" | "VecDeque" => Kind::Sequence(arguments.first().copied()),
                    "HashSet" | "BTreeSet" => Kind::Set(arguments.first().copied()),
                    "HashMap" | "BTreeMap" => Kind::Map(arguments.get(1).copied()),
                    _ => Kind::Unknown,
                }
            }
            _ => Kind::Unknown,
        }
    }

    /// The type of the items, or of a map's values.
    pub(super) fn item(self) -> Option<&'a Type> {
        match self {
            Kind::Sequence(item) | Kind::Array(item) | Kind::Set(item) | Kind::Map(item) => item,
            _ => None,
        }
    }
}

/// `Option<T>`: a layer through which a check of the developer's own is called.
#[derive(Clone, Copy)]
pub(super) enum Layer {
    Option,
    Pointer,
}

/// The layers around a type as written, outermost first, and the type inside.
pub(super) fn layers(ty: &Type) -> (Vec<Layer>, &Type) {
    let mut layers = Vec::new();
    let mut ty = ty;
    while let Type::Path(path) = ty
        && let Some(last) = path.path.segments.last()
        && let Some(inner) = arguments(&last.arguments).first()
    {
        match last.ident.to_string().as_str() {
            "Option" => layers.push(Layer::Option),
            "Box" | "Arc" => layers.push(Layer::Pointer),
            _ => break,
        }
        ty = inner;
    }
    (layers, ty)
}

fn arguments(arguments: &PathArguments) -> Vec<&Type> {
    let PathArguments::AngleBracketed(arguments) = arguments else { return Vec::new() };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.collect()
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn layers_are_looked_through() {
        assert_eq!(Kind::of(&parse_quote!(Option<Box<str>>)), Kind::Text);
        assert_eq!(Kind::of(&parse_quote!(std::borrow::Cow<'static, str>)), Kind::Text);
        assert_eq!(Kind::of(&parse_quote!(Option<u8>)), Kind::Integer { signed: false });
        assert_eq!(Kind::of(&parse_quote!(Title)), Kind::Unknown);
        let map: Type = parse_quote!(HashMap<String, Vec<f64>>);
        assert_eq!(Kind::of(&map).item().map(Kind::of), Some(Kind::Sequence(Some(&parse_quote!(f64)))));
        let optional: Type = parse_quote!(Option<Box<Title>>);
        let (found, inner) = layers(&optional);
        assert_eq!((found.len(), inner), (2, &parse_quote!(Title)));
    }
}
