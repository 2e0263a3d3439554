//! The constraints of `#[check(...)]`: each one value that adds its keyword to a schema and checks a value, so
//! that the document and the server cannot mean different things.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt::Display;
use std::hash::Hash;
use std::marker::PhantomData;
use std::ops::Bound;
use std::sync::Arc;

use schemars::Schema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Checker, Violation};
use crate::problem::Text;

/// A constraint on values of `T`.
pub trait Constraint<T: ?Sized> {
    /// Adds the keyword. JSON Schema applies a keyword only to the kind of value that it speaks of, so it may stand
    /// beside `$ref`, `anyOf` or `"type": ["string", "null"]` alike.
    fn describe(&self, schema: &mut Map<String, Value>);

    /// Reports if the value breaks it.
    fn check(&self, value: &T, at: &mut Checker<'_>);
}

/// The constraint as a schemars transform.
pub fn refine<T: ?Sized, C: Constraint<T>>(constraint: C) -> impl FnMut(&mut Schema) {
    move |schema: &mut Schema| constraint.describe(schema.ensure_object())
}

/// Adds the note of `#[deprecated]` to what people read.
pub fn deprecated(note: &'static str) -> impl FnMut(&mut Schema) {
    move |schema: &mut Schema| {
        let keywords = schema.ensure_object();
        let note = format!("Deprecated: {note}");
        let text = match keywords.get("description").and_then(Value::as_str) {
            Some(description) => format!("{description}\n\n{note}"),
            None => note,
        };
        keywords.insert("description".to_owned(), text.into());
    }
}

/// Names the Rust type of a component, for the checks of the document; it does not reach the published one.
pub fn rust_type<T: ?Sized>(schema: &mut Schema) {
    schema.ensure_object().insert("x-rust-type".into(), std::any::type_name::<T>().into());
}

// ---- length

/// A type that has a length: characters of a text, items of a sequence or set, entries of a map.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no length",
    label = "`length` is for texts (characters), sequences and sets (items), and maps (entries)",
    note = "for numbers use `range`; for a newtype put the constraint on its field"
)]
pub trait Length {
    /// The schema keywords for the least and the greatest length.
    const KEYWORDS: [&'static str; 2];
    /// What is counted, in the singular and plural, and with the measure word of Chinese: `character`, `characters`,
    /// `个字符`.
    const UNITS: [&'static str; 3];

    /// The length; `None` where there is no value.
    fn length(&self) -> Option<usize>;
}

impl Length for str {
    const KEYWORDS: [&'static str; 2] = ["minLength", "maxLength"];
    const UNITS: [&'static str; 3] = ["character", "characters", "个字符"];

    fn length(&self) -> Option<usize> {
        Some(self.chars().count())
    }
}

impl Length for String {
    const KEYWORDS: [&'static str; 2] = str::KEYWORDS;
    const UNITS: [&'static str; 3] = str::UNITS;

    fn length(&self) -> Option<usize> {
        self.as_str().length()
    }
}

impl Length for std::borrow::Cow<'_, str> {
    const KEYWORDS: [&'static str; 2] = str::KEYWORDS;
    const UNITS: [&'static str; 3] = str::UNITS;

    fn length(&self) -> Option<usize> {
        str::length(self)
    }
}

macro_rules! counted {
    ($keywords:expr, $units:expr; $(($($generics:tt)*) $type:ty),* $(,)?) => { $(
        impl<$($generics)*> Length for $type {
            const KEYWORDS: [&'static str; 2] = $keywords;
            const UNITS: [&'static str; 3] = $units;

            fn length(&self) -> Option<usize> {
                Some(self.len())
            }
        }
    )* };
}

counted!(["minItems", "maxItems"], ["item", "items", "项"];
    (T) [T], (T) Vec<T>, (T) VecDeque<T>, (T, S) HashSet<T, S>, (T) BTreeSet<T>, (T, const N: usize) [T; N]);
counted!(["minProperties", "maxProperties"], ["entry", "entries", "个条目"];
    (K, V, S) HashMap<K, V, S>, (K, V) BTreeMap<K, V>, () Map<String, Value>);

/// Lets a constraint apply through `Option`, `Box` and `Arc`.
macro_rules! through {
    ($trait:ident [$($constant:ident: $type:ty),*] [$($assoc:ident)?] fn $method:ident -> $result:ty) => {
        impl<T: $trait> $trait for Option<T> {
            $(const $constant: $type = T::$constant;)*
            $(type $assoc = T::$assoc;)?
            fn $method(&self) -> Option<$result> {
                self.as_ref()?.$method()
            }
        }
        impl<T: $trait + ?Sized> $trait for Box<T> {
            $(const $constant: $type = T::$constant;)*
            $(type $assoc = T::$assoc;)?
            fn $method(&self) -> Option<$result> {
                (**self).$method()
            }
        }
        impl<T: $trait + ?Sized> $trait for Arc<T> {
            $(const $constant: $type = T::$constant;)*
            $(type $assoc = T::$assoc;)?
            fn $method(&self) -> Option<$result> {
                (**self).$method()
            }
        }
    };
}
pub(super) use through;

through!(Length [KEYWORDS: [&'static str; 2], UNITS: [&'static str; 3]] [] fn length -> usize);

struct LengthOf<T: ?Sized>(Option<usize>, Option<usize>, PhantomData<fn(&T)>);

/// `length = min..=max`
pub fn length<T: Length + ?Sized>(min: Option<usize>, max: Option<usize>) -> impl Constraint<T> {
    LengthOf(min, max, PhantomData)
}

impl<T: Length + ?Sized> Constraint<T> for LengthOf<T> {
    fn describe(&self, schema: &mut Map<String, Value>) {
        for (keyword, bound) in T::KEYWORDS.into_iter().zip([self.0, self.1]) {
            if let Some(bound) = bound {
                schema.insert(keyword.into(), bound.into());
            }
        }
    }

    fn check(&self, value: &T, at: &mut Checker<'_>) {
        let Some(length) = value.length() else { return };
        if self.0.is_some_and(|min| length < min) || self.1.is_some_and(|max| length > max) {
            let [one, many, measure] = T::UNITS;
            let unit = |count: usize| if count == 1 { one } else { many };
            let (amount, zh) = match (self.0, self.1) {
                (Some(min), Some(max)) if min == max => {
                    (format!("exactly {min} {}", unit(min)), format!("须恰有 {min} {measure}"))
                }
                (Some(min), Some(max)) => {
                    (format!("{min} to {max} {}", unit(max)), format!("须有 {min} 到 {max} {measure}"))
                }
                (Some(min), None) => {
                    (format!("at least {min} {}", unit(min)), format!("至少须有 {min} {measure}"))
                }
                (None, Some(max)) => {
                    (format!("at most {max} {}", unit(max)), format!("最多可有 {max} {measure}"))
                }
                (None, None) => return,
            };
            let en = if T::KEYWORDS[0] == "minLength" {
                format!("must be {amount} long")
            } else {
                format!("must have {amount}")
            };
            at.fail("length", Text::both(zh, en));
        }
    }
}

// ---- range

/// A number, directly or in `Option`, `Box` or `Arc`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number",
    label = "`range` is for integers and floats",
    note = "for texts, sequences and maps use `length`; for a newtype put the constraint on its field"
)]
pub trait Range {
    /// The number's type.
    type Number: PartialOrd + Display + Serialize + Copy;

    /// The number; `None` where there is no value.
    fn number(&self) -> Option<Self::Number>;
}

macro_rules! numbers {
    ($($type:ty)*) => { $(
        impl Range for $type {
            type Number = $type;

            fn number(&self) -> Option<$type> {
                Some(*self)
            }
        }
    )* };
}

numbers!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64);
through!(Range [] [Number] fn number -> Self::Number);

struct RangeOf<T: Range + ?Sized>(Bound<T::Number>, Bound<T::Number>);

/// `range = min..=max`, `range = min..max`, `above = min`
pub fn range<T: Range + ?Sized>(min: Bound<T::Number>, max: Bound<T::Number>) -> impl Constraint<T> {
    RangeOf::<T>(min, max)
}

impl<T: Range + ?Sized> Constraint<T> for RangeOf<T> {
    fn describe(&self, schema: &mut Map<String, Value>) {
        let bounds = [("minimum", "exclusiveMinimum", self.0), ("maximum", "exclusiveMaximum", self.1)];
        for (inclusive, exclusive, bound) in bounds {
            let (keyword, number) = match bound {
                Bound::Included(number) => (inclusive, number),
                Bound::Excluded(number) => (exclusive, number),
                Bound::Unbounded => continue,
            };
            // Through the text: as a value, the `f32` 0.1 would be 0.10000000149011612. (128-bit numbers may have no JSON
            // form; the document refuses such types anyway.)
            if let Ok(number) = serde_json::to_string(&number).and_then(|text| serde_json::from_str(&text)) {
                schema.insert(keyword.into(), number);
            }
        }
    }

    fn check(&self, value: &T, at: &mut Checker<'_>) {
        let Some(number) = value.number() else { return };
        // NaN is inside of no range.
        let above = match self.0 {
            Bound::Included(min) => number >= min,
            Bound::Excluded(min) => number > min,
            Bound::Unbounded => true,
        };
        let below = match self.1 {
            Bound::Included(max) => number <= max,
            Bound::Excluded(max) => number < max,
            Bound::Unbounded => true,
        };
        if !(above && below) {
            let message = match (self.0, self.1) {
                (Bound::Included(min), Bound::Included(max)) => {
                    Text::both(format!("须为 {min} 到 {max}"), format!("must be {min} to {max}"))
                }
                (min, max) => {
                    let (min_zh, min) = match min {
                        Bound::Included(min) => (format!("不小于 {min}"), format!("at least {min}")),
                        Bound::Excluded(min) => (format!("大于 {min}"), format!("greater than {min}")),
                        Bound::Unbounded => Default::default(),
                    };
                    let (max_zh, max) = match max {
                        Bound::Included(max) => (format!("不大于 {max}"), format!("at most {max}")),
                        Bound::Excluded(max) => (format!("小于 {max}"), format!("less than {max}")),
                        Bound::Unbounded => Default::default(),
                    };
                    let one = min.is_empty() || max.is_empty();
                    let (and_zh, and) = if one { ("", "") } else { ("且", " and ") };
                    Text::both(format!("须{min_zh}{and_zh}{max_zh}"), format!("must be {min}{and}{max}"))
                }
            };
            at.fail("range", message);
        }
    }
}

// ---- unique

/// A sequence whose items can be compared.
#[diagnostic::on_unimplemented(
    message = "`unique` cannot compare the items of `{Self}`",
    label = "`unique` is for sequences of items with `Eq` and `Hash`",
    note = "derive `PartialEq, Eq, Hash` on the item's type"
)]
pub trait Unique {
    /// The places of two equal items, if there are any.
    fn twins(&self) -> Option<(usize, usize)>;
}

impl<T: Eq + Hash> Unique for [T] {
    fn twins(&self) -> Option<(usize, usize)> {
        let mut seen = HashMap::with_capacity(self.len());
        self.iter().enumerate().find_map(|(index, item)| seen.insert(item, index).map(|first| (first, index)))
    }
}

impl<T: Eq + Hash> Unique for Vec<T> {
    fn twins(&self) -> Option<(usize, usize)> {
        self.as_slice().twins()
    }
}

impl<T: Eq + Hash, const N: usize> Unique for [T; N] {
    fn twins(&self) -> Option<(usize, usize)> {
        self.as_slice().twins()
    }
}

through!(Unique [] [] fn twins -> (usize, usize));

struct UniqueOf;

/// `unique`
pub fn unique<T: Unique + ?Sized>() -> impl Constraint<T> {
    UniqueOf
}

impl<T: Unique + ?Sized> Constraint<T> for UniqueOf {
    fn describe(&self, schema: &mut Map<String, Value>) {
        schema.insert("uniqueItems".into(), true.into());
    }

    fn check(&self, value: &T, at: &mut Checker<'_>) {
        if let Some((first, second)) = value.twins() {
            at.fail(
                "unique",
                Text::both(
                    format!("不可有重复的项；第 {first} 项与第 {second} 项相同"),
                    format!("must not have an item twice; items {first} and {second} are equal"),
                ),
            );
        }
    }
}

// ---- custom

struct CustomOf<F>(F);

/// `custom = path`; it has no keyword, the document cannot say it.
pub fn custom<T: ?Sized, F, E>(check: F) -> impl Constraint<T>
where
    F: Fn(&T) -> Result<(), E>,
    E: Into<Violation>,
{
    CustomOf(move |value: &T| check(value).map_err(Into::into))
}

impl<T: ?Sized, F: Fn(&T) -> Result<(), Violation>> Constraint<T> for CustomOf<F> {
    fn describe(&self, _: &mut Map<String, Value>) {}

    fn check(&self, value: &T, at: &mut Checker<'_>) {
        if let Err(violation) = (self.0)(value) {
            at.violation(violation);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::each::each;
    use super::*;

    fn told<T: ?Sized>(constraint: impl Constraint<T>, value: &T) -> String {
        let mut errors = Vec::new();
        constraint.check(value, &mut Checker::root(&mut errors));
        errors
            .into_iter()
            .map(|error| format!("{} {}: {}", error.pointer, error.code, error.message))
            .collect()
    }

    #[test]
    fn messages_say_what_is_allowed() {
        assert_eq!(told(length(Some(1), Some(100)), ""), " length: must be 1 to 100 characters long");
        assert_eq!(told(length(Some(1), None), ""), " length: must be at least 1 character long");
        assert_eq!(told(length(Some(6), Some(6)), "汉"), " length: must be exactly 6 characters long");
        assert_eq!(told(length(None, Some(1)), &vec![1, 2]), " length: must have at most 1 item");
        assert_eq!(
            told(length(Some(1), None), &BTreeMap::<u8, u8>::new()),
            " length: must have at least 1 entry"
        );
        assert_eq!(told(range(Bound::Included(0), Bound::Included(10)), &11), " range: must be 0 to 10");
        assert_eq!(told(range(Bound::Unbounded, Bound::Excluded(10)), &10), " range: must be less than 10");
        assert_eq!(
            told(range(Bound::Excluded(0.0), Bound::Included(0.5)), &f64::NAN),
            " range: must be greater than 0 and at most 0.5"
        );
        assert_eq!(
            told(unique(), &vec![7, 8, 7]),
            " unique: must not have an item twice; items 0 and 2 are equal"
        );
    }

    #[test]
    fn nothing_is_told_where_nothing_is() {
        assert_eq!(told(length(Some(1), None), &None::<String>), "");
        assert_eq!(
            told(range(Bound::Included(1), Bound::Unbounded), &Some(Box::new(0))),
            " range: must be at least 1"
        );
    }

    #[test]
    fn each_is_told_at_its_place() {
        let long = |constraint| told::<Vec<&'static str>>(each(constraint), &vec!["a", ""]);
        let check =
            |value: &&str| if value.is_empty() { Err(("empty", "must not be empty")) } else { Ok(()) };
        assert_eq!(
            long(CustomOf(move |value: &&'static str| check(value).map_err(Into::into))),
            "/1 empty: must not be empty"
        );
    }
}
