//! Scalars, alone and in newtypes.

use arbitrary::Arbitrary;
use queqiao::model;

use crate::cases::cases;
use crate::values::{double, single};

#[model]
#[derive(Arbitrary)]
struct Text(String);

#[model]
#[derive(Arbitrary)]
struct Count(u32);

#[model]
#[derive(Arbitrary)]
struct Small {
    a: u8,
    b: i8,
    c: u16,
    d: i16,
    e: u32,
    f: i32,
}

#[model]
#[derive(Arbitrary)]
struct Wide {
    #[check(range = 0..=9007199254740991)]
    #[arbitrary(with = |u: &mut arbitrary::Unstructured<'_>| u.int_in_range(0..=9_007_199_254_740_991))]
    a: u64,
    #[check(range = -9007199254740991..=9007199254740991)]
    #[arbitrary(with = |u: &mut arbitrary::Unstructured<'_>| u.int_in_range(-9_007_199_254_740_991..=0))]
    b: i64,
    #[check(range = ..=9)]
    #[arbitrary(with = |u: &mut arbitrary::Unstructured<'_>| u.int_in_range(0..=9))]
    c: u16,
    #[check(range = -3..)]
    d: i16,
}

#[model]
#[derive(Arbitrary)]
struct Doubles {
    #[arbitrary(with = double)]
    a: f64,
    #[arbitrary(with = |u: &mut arbitrary::Unstructured<'_>| crate::values::maybe(u, double))]
    b: Option<f64>,
}

#[model]
#[derive(Arbitrary)]
struct Singles {
    #[arbitrary(with = single)]
    a: f32,
    #[arbitrary(with = |u: &mut arbitrary::Unstructured<'_>| crate::values::many(u, single))]
    b: Vec<f32>,
}

#[model]
#[derive(Arbitrary)]
struct Single(#[arbitrary(with = single)] f32);

#[model]
#[derive(Arbitrary)]
struct Flag(bool);

#[model]
#[derive(Arbitrary)]
struct Letter {
    letter: char,
    letters: Vec<char>,
}

#[model]
#[derive(Arbitrary)]
struct NonZero {
    a: std::num::NonZeroU8,
    b: std::num::NonZeroU16,
    c: std::num::NonZeroU32,
    d: std::num::NonZeroI8,
    e: std::num::NonZeroI32,
}

#[model]
#[derive(Arbitrary)]
struct Addresses {
    any: std::net::IpAddr,
    four: std::net::Ipv4Addr,
    six: std::net::Ipv6Addr,
}

#[model]
#[derive(Arbitrary)]
struct Boxed {
    text: Box<str>,
    #[arbitrary(with = |u: &mut arbitrary::Unstructured<'_>| u.arbitrary::<String>().map(Into::into))]
    cow: std::borrow::Cow<'static, str>,
    number: Box<u8>,
    list: Box<[u8]>,
}

cases! {
    scalar_bool: bool,
    scalar_char: char,
    scalar_u8: u8,
    scalar_i8: i8,
    scalar_u16: u16,
    scalar_i16: i16,
    scalar_u32: u32,
    scalar_i32: i32,
    scalar_string: String,
    scalar_text: Text,
    scalar_count: Count,
    scalar_small: Small,
    scalar_wide: Wide,
    scalar_doubles: Doubles,
    scalar_singles: Singles,
    scalar_single: Single,
    scalar_flag: Flag,
    scalar_letter: Letter,
    scalar_non_zero: NonZero,
    scalar_addresses: Addresses,
    scalar_boxed: Boxed,
}
