//! `each(…)`: a constraint on the items of a sequence or set, or on the values of a map.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::marker::PhantomData;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Checker;
use super::constraint::Constraint;

/// A sequence, set or map, whose items or values can be constrained one by one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no items",
    label = "`each` is for sequences and sets (items) and maps (values)"
)]
pub trait Each {
    /// The type of an item, or of a map's value.
    type Item;
    /// The schema keyword under which the items are described.
    const KEYWORD: &'static str;

    /// Calls `visit` for each item, at its place.
    fn each(&self, at: &mut Checker<'_>, visit: &mut dyn FnMut(&Self::Item, &mut Checker<'_>));
}

macro_rules! sequences {
    ($(($($generics:tt)*) $type:ty),* $(,)?) => { $(
        impl<$($generics)*> Each for $type {
            type Item = T;
            const KEYWORD: &'static str = "items";

            fn each(&self, at: &mut Checker<'_>, visit: &mut dyn FnMut(&T, &mut Checker<'_>)) {
                for (index, item) in self.iter().enumerate() {
                    if at.is_full() {
                        return;
                    }
                    visit(item, &mut at.index(index));
                }
            }
        }
    )* };
}

sequences!((T) Vec<T>, (T) VecDeque<T>, (T, const N: usize) [T; N]);

macro_rules! sets {
    ($(($($generics:tt)*) $type:ty),* $(,)?) => { $(
        impl<$($generics)*> Each for $type {
            type Item = T;
            const KEYWORD: &'static str = "items";

            /// At the set's own place: the order of its items on the wire is not kept.
            fn each(&self, at: &mut Checker<'_>, visit: &mut dyn FnMut(&T, &mut Checker<'_>)) {
                self.iter().for_each(|item| visit(item, at));
            }
        }
    )* };
}

sets!((T, S) HashSet<T, S>, (T) BTreeSet<T>);

macro_rules! maps {
    ($(($($generics:tt)*) $type:ty),* $(,)?) => { $(
        impl<$($generics)*> Each for $type {
            type Item = V;
            const KEYWORD: &'static str = "additionalProperties";

            fn each(&self, at: &mut Checker<'_>, visit: &mut dyn FnMut(&V, &mut Checker<'_>)) {
                for (key, value) in self {
                    if at.is_full() {
                        return;
                    }
                    visit(value, &mut at.key(key));
                }
            }
        }
    )* };
}

maps!((K: Serialize, V, S) HashMap<K, V, S>, (K: Serialize, V) BTreeMap<K, V>);

impl<T: Each> Each for Option<T> {
    type Item = T::Item;
    const KEYWORD: &'static str = T::KEYWORD;

    fn each(&self, at: &mut Checker<'_>, visit: &mut dyn FnMut(&T::Item, &mut Checker<'_>)) {
        if let Some(value) = self {
            value.each(at, visit);
        }
    }
}

impl<T: Each> Each for Box<T> {
    type Item = T::Item;
    const KEYWORD: &'static str = T::KEYWORD;

    fn each(&self, at: &mut Checker<'_>, visit: &mut dyn FnMut(&T::Item, &mut Checker<'_>)) {
        (**self).each(at, visit);
    }
}

struct EachOf<T, C>(C, PhantomData<fn(&T)>);

/// `each(…)` with one constraint
pub fn each<T: Each, C: Constraint<T::Item>>(constraint: C) -> impl Constraint<T> {
    EachOf(constraint, PhantomData)
}

impl<T: Each, C: Constraint<T::Item>> Constraint<T> for EachOf<T, C> {
    fn describe(&self, schema: &mut Map<String, Value>) {
        // Maps with keys of other types than strings: schemars writes their values under `patternProperties`.
        if T::KEYWORD == "additionalProperties"
            && let Some(Value::Object(patterns)) = schema.get_mut("patternProperties")
        {
            for values in patterns.values_mut() {
                self.describe_items(values);
            }
        } else {
            self.describe_items(schema.entry(T::KEYWORD).or_insert_with(|| json!({})));
        }
    }

    fn check(&self, value: &T, at: &mut Checker<'_>) {
        value.each(at, &mut |item, at| self.0.check(item, at));
    }
}

impl<T: Each, C: Constraint<T::Item>> EachOf<T, C> {
    fn describe_items(&self, items: &mut Value) {
        if !items.is_object() {
            // `true` is the schema of a `serde_json::Value`
            *items = json!({});
        }
        if let Value::Object(items) = items {
            self.0.describe(items);
        }
    }
}
