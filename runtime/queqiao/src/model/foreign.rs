//! Models of the standard library, and of the crates whose types speak JSON in every contract.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, Hash};
use std::marker::PhantomData;

use serde_json::{Map, Value};

use super::{Checker, Model};
use crate::problem::Text;

/// Types in whose values nothing can be broken.
macro_rules! plain {
    ($($type:ty),* $(,)?) => { $(
        impl Model for $type {
            fn check(&self, _: &mut Checker<'_>) {}
        }
    )* };
}

// The 64- and 128-bit integers are here too: the document refuses them by name, with the remedy, wherever they hide.
plain!(bool, char, u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f64);
plain!(String, Value, Map<String, Value>);
plain!(std::num::NonZeroU8, std::num::NonZeroU16, std::num::NonZeroU32, std::num::NonZeroU64);
plain!(std::num::NonZeroI8, std::num::NonZeroI16, std::num::NonZeroI32, std::num::NonZeroI64);
plain!(std::net::IpAddr, std::net::Ipv4Addr, std::net::Ipv6Addr, std::time::Duration);
plain!(uuid::Uuid, jiff::Timestamp, jiff::Zoned, jiff::civil::Date, jiff::civil::Time, jiff::civil::DateTime);
plain!(jiff::Span, jiff::SignedDuration);

// `NaiveDateTime` and the like are here so that the document refuses them by name.
#[cfg(feature = "chrono")]
plain!(
    chrono::DateTime<chrono::Utc>,
    chrono::DateTime<chrono::FixedOffset>,
    chrono::NaiveDate,
    chrono::NaiveTime,
    chrono::NaiveDateTime,
    chrono::Weekday,
);

/// serde reads a number that no `f32` holds as an infinite one, which no answer could carry.
impl Model for f32 {
    fn check(&self, at: &mut Checker<'_>) {
        if !self.is_finite() {
            at.fail(
                "range",
                Text::both("须为单精度浮点数能表示的数", "must be a number that a 32-bit float can hold"),
            );
        }
    }
}

impl<T: ?Sized> Model for PhantomData<T> {
    fn check(&self, _: &mut Checker<'_>) {}
}

impl<T: Model> Model for Option<T> {
    fn check(&self, at: &mut Checker<'_>) {
        if let Some(value) = self {
            value.check(at);
        }
    }
}

impl<T: Model> Model for Box<T> {
    fn check(&self, at: &mut Checker<'_>) {
        (**self).check(at);
    }
}

plain!(Box<str>, Cow<'static, str>);

impl<T: Model> Model for Vec<T> {
    fn check(&self, at: &mut Checker<'_>) {
        items(self, at);
    }
}

impl<T: Model> Model for Box<[T]> {
    fn check(&self, at: &mut Checker<'_>) {
        items(self, at);
    }
}

impl<T: Model> Model for VecDeque<T> {
    fn check(&self, at: &mut Checker<'_>) {
        items(self, at);
    }
}

fn items<'a, T: Model + 'a>(items: impl IntoIterator<Item = &'a T>, at: &mut Checker<'_>) {
    for (index, item) in items.into_iter().enumerate() {
        if at.is_full() {
            return;
        }
        item.check(&mut at.index(index));
    }
}

macro_rules! arrays {
    ($($length:literal)*) => { $(
        impl<T: Model> Model for [T; $length] {
            fn check(&self, at: &mut Checker<'_>) {
                items(self, at);
            }
        }
    )* };
}

// The lengths for which serde and schemars have implementations.
arrays!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32);

/// Items of a set are reported at the set itself: the order in which they came is not kept.
macro_rules! sets {
    ($(($($generics:tt)*) $type:ty),*) => { $(
        impl<$($generics)*> Model for $type {
            fn check(&self, at: &mut Checker<'_>) {
                self.iter().for_each(|item| item.check(at));
            }
        }
    )* };
}

sets!((T: Model + Eq + Hash, S: BuildHasher + Default) HashSet<T, S>, (T: Model + Ord) BTreeSet<T>);

macro_rules! maps {
    ($(($($generics:tt)*) $type:ty),*) => { $(
        impl<$($generics)*> Model for $type {
            fn check(&self, at: &mut Checker<'_>) {
                for (key, value) in self {
                    if at.is_full() {
                        return;
                    }
                    let mut at = at.key(key);
                    key.check(&mut at);
                    value.check(&mut at);
                }
            }
        }
    )* };
}

maps!(
    (K: Model + Eq + Hash, V: Model, S: BuildHasher + Default) HashMap<K, V, S>,
    (K: Model + Ord, V: Model) BTreeMap<K, V>
);

macro_rules! tuples {
    ($(($($name:ident $index:tt)*))*) => { $(
        impl<$($name: Model),*> Model for ($($name,)*) {
            fn check(&self, at: &mut Checker<'_>) {
                $(self.$index.check(&mut at.index($index));)*
            }
        }
    )* };
}

tuples! {
    (A 0)
    (A 0 B 1)
    (A 0 B 1 C 2)
    (A 0 B 1 C 2 D 3)
    (A 0 B 1 C 2 D 3 E 4)
    (A 0 B 1 C 2 D 3 E 4 F 5)
}
