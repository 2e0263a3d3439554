//! Maps whose keys are no texts in Rust.

use std::collections::{BTreeMap, HashMap};

use arbitrary::Arbitrary;
use queqiao::model;
use queqiao::types::{I64, U64};
use queqiao::uuid::Uuid;

use crate::cases::cases;
use crate::values::{keyed, signed, unsigned, uuid};

#[model]
#[derive(Arbitrary, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Colour {
    Red,
    DarkGreen,
    #[serde(rename = "blue!")]
    Blue,
}

#[model]
#[derive(Arbitrary, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Worded {
    /// Red.
    Red,
    /// Green.
    Green,
}

#[model]
#[derive(Arbitrary, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Name(String);

#[model]
#[derive(Arbitrary, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Code(u16);

#[model]
#[derive(Arbitrary)]
struct Value {
    a: u8,
    b: Option<bool>,
}

#[model]
#[derive(Arbitrary)]
struct ByInteger {
    a: HashMap<u8, u8>,
    b: BTreeMap<i8, Value>,
    c: BTreeMap<u16, u8>,
    d: BTreeMap<i16, u8>,
    e: BTreeMap<u32, u8>,
    f: BTreeMap<i32, Option<u8>>,
    g: BTreeMap<u64, u8>,
    h: BTreeMap<i64, u8>,
}

#[model]
#[derive(Arbitrary)]
struct ByUuid {
    #[arbitrary(with = |u: &mut arbitrary::Unstructured<'_>| keyed(u, uuid))]
    a: HashMap<Uuid, u8>,
    #[arbitrary(with = |u: &mut arbitrary::Unstructured<'_>| keyed(u, uuid))]
    b: BTreeMap<Uuid, Value>,
}

#[model]
#[derive(Arbitrary)]
struct ByEnum {
    a: BTreeMap<Colour, u8>,
    b: HashMap<Worded, Value>,
}

#[model]
#[derive(Arbitrary)]
struct ByBool {
    a: HashMap<bool, u8>,
    b: BTreeMap<bool, Value>,
}

#[model]
#[derive(Arbitrary)]
struct ByChar {
    a: BTreeMap<char, u8>,
}

#[model]
#[derive(Arbitrary)]
struct ByNewtype {
    a: BTreeMap<Name, u8>,
    b: BTreeMap<Code, u8>,
}

#[model]
#[derive(Arbitrary)]
struct ByWide {
    #[arbitrary(with = |u: &mut arbitrary::Unstructured<'_>| keyed(u, unsigned))]
    a: BTreeMap<U64, u8>,
    #[arbitrary(with = |u: &mut arbitrary::Unstructured<'_>| keyed(u, signed))]
    b: BTreeMap<I64, u8>,
}

#[model]
#[derive(Arbitrary)]
struct Deep {
    a: Vec<BTreeMap<u8, BTreeMap<bool, u8>>>,
    b: Option<(BTreeMap<Colour, Vec<u8>>, u8)>,
    c: BTreeMap<String, BTreeMap<i8, u8>>,
}

cases! {
    keys_integer: ByInteger,
    keys_uuid: ByUuid,
    keys_enum: ByEnum,
    keys_bool: ByBool,
    keys_char: ByChar,
    keys_newtype: ByNewtype,
    keys_wide: ByWide,
    keys_deep: Deep,
    keys_root_integer: BTreeMap<u8, u8>,
    keys_root_enum: BTreeMap<Colour, Value>,
    keys_root_bool: HashMap<bool, bool>,
}
