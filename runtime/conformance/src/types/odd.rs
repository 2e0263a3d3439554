//! Names, nestings and attributes that are seldom met together.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::net::Ipv4Addr;
use std::num::{NonZeroU8, Wrapping};

use arbitrary::{Arbitrary, Unstructured};
use queqiao::model;
// schemars names it where a member has both a default and `serialize_with`.
use queqiao::serde;
use queqiao::serde::{Deserialize, Deserializer};
use queqiao::serde_json::Value;

use crate::cases::cases;

#[model]
#[derive(Arbitrary)]
struct OddInner {
    a: u8,
    #[serde(default)]
    b: Option<String>,
}

/// Members with the names of JSON Schema's keywords.
#[model]
#[derive(Arbitrary)]
struct Keywords {
    r#type: String,
    r#enum: Vec<u8>,
    r#const: u8,
    properties: BTreeMap<String, u8>,
    required: bool,
    items: OddInner,
    default: Option<u8>,
    examples: Option<OddInner>,
    #[serde(rename = "$ref")]
    reference: String,
    #[serde(rename = "$defs")]
    definitions: OddInner,
    #[serde(rename = "additionalProperties")]
    rest: bool,
    #[serde(rename = "x-rust-type")]
    extension: u8,
    not: Option<bool>,
}

#[model]
#[derive(Arbitrary)]
#[allow(non_snake_case)]
struct OddNames {
    #[serde(rename = "标题")]
    chinese: u8,
    #[serde(rename = "")]
    empty: u8,
    #[serde(rename = "a/b~c")]
    pointer: u8,
    #[serde(rename = "a b\"c\\d\n")]
    quoted: Option<u8>,
    #[serde(rename = "😀")]
    emoji: u8,
    constructor: u8,
    #[serde(rename = "toString")]
    to_string: u8,
    #[serde(rename = "1st")]
    first: u8,
    größe: u8,
    标题二: u8,
    _hidden: u8,
    a__b: u8,
    a1_b2c_3: u8,
}

#[model]
#[derive(Arbitrary)]
enum OddVariants {
    #[serde(rename = "")]
    Empty,
    #[serde(rename = "a/b~c")]
    Pointer(u8),
    #[serde(rename = "中文")]
    Chinese {
        a: u8,
    },
    HTTPServer,
    A1B2,
    #[allow(non_camel_case_types)]
    类型,
}

#[model]
#[derive(Arbitrary)]
#[serde(tag = "$type", content = "")]
enum OddTags {
    A(u8),
    B { a: u8 },
}

#[model]
#[derive(Arbitrary)]
struct Thrice {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    maybe: Option<Option<Option<u8>>>,
    #[serde(default, deserialize_with = "queqiao::types::present", skip_serializing_if = "Option::is_none")]
    present: Option<Option<Option<OddInner>>>,
    list: Vec<Option<Option<u8>>>,
}

#[model]
#[derive(Arbitrary)]
struct DefaultWith {
    #[serde(default, deserialize_with = "length")]
    #[schemars(with = "String")]
    #[serde(serialize_with = "stars")]
    length: u8,
    #[serde(default = "seven")]
    seven: u8,
    #[serde(default = "seven", skip_serializing_if = "is_seven")]
    eight: u8,
}

fn length<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    Ok(u8::try_from(String::deserialize(deserializer)?.len()).unwrap_or(u8::MAX))
}

fn stars<S: serde::Serializer>(length: &u8, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&"*".repeat(usize::from(*length)))
}

fn seven() -> u8 {
    7
}

fn is_seven(number: &u8) -> bool {
    *number == 7
}

#[model]
#[derive(Arbitrary)]
struct UnitStruct;

#[model]
#[derive(Arbitrary)]
struct NoMembers {}

/// A tag beside what is of no kind by itself.
#[model]
#[derive(Arbitrary)]
#[serde(tag = "kind")]
enum TaggedNewtypes {
    Map(BTreeMap<String, OddInner>),
    Boxed(Box<OddInner>),
    Nothing(NoMembers),
    Unit(UnitStruct),
    Nested(TaggedOther),
}

#[model]
#[derive(Arbitrary)]
#[serde(tag = "other")]
enum TaggedOther {
    A,
    B { b: u8 },
}

#[model]
#[derive(Arbitrary)]
#[serde(tag = "kind", content = "data")]
enum AdjacentNewtypes {
    Nothing(NoMembers),
    Twice(Option<Option<u8>>),
    Free(Value2),
    None,
}

#[model]
#[derive(Arbitrary)]
struct Value2(#[arbitrary(with = crate::values::json)] Value);

/// Several variants take one value: the first wins.
#[model]
#[derive(Arbitrary)]
#[serde(untagged)]
enum Overlapping {
    Wide { a: u8, b: Option<u8> },
    Narrow { a: u8 },
    Other(OddInner),
    Text(String),
    Letter(char),
    Unit(OddUnits),
}

#[model]
#[derive(Arbitrary)]
enum OddUnits {
    First,
    Second,
}

#[model]
#[derive(Arbitrary)]
#[serde(untagged)]
enum UntaggedOfAll {
    Internal(TaggedOther),
    External(OddExternal),
    Pair(u8, bool),
    Maybe(Option<OddInner>),
}

#[model]
#[derive(Arbitrary)]
enum OddExternal {
    Some(u8),
    Other { c: bool },
}

#[model]
#[derive(Arbitrary)]
struct FlattenedEnumOption {
    name: String,
    #[serde(flatten)]
    kind: Option<TaggedOther>,
}

#[model]
#[derive(Arbitrary)]
struct FlattenedDefault {
    name: String,
    #[serde(flatten)]
    #[arbitrary(with = defaulted)]
    more: OddDefaulted,
    #[serde(flatten)]
    unit: NoMembers,
}

fn defaulted(u: &mut Unstructured<'_>) -> arbitrary::Result<OddDefaulted> {
    Ok(OddDefaulted { size: u.arbitrary()?, colour: u.arbitrary()? })
}

#[model]
#[derive(Default)]
#[serde(default)]
struct OddDefaulted {
    size: u8,
    colour: Option<String>,
}

#[model]
#[derive(Arbitrary)]
#[serde(tag = "kind")]
enum FlattenedMapInVariant {
    Free {
        id: u8,
        #[serde(flatten)]
        #[arbitrary(value = BTreeMap::new())]
        rest: BTreeMap<String, u8>,
    },
    Plain,
}

#[model]
#[derive(Arbitrary)]
struct Boxes {
    #[arbitrary(with = |u: &mut Unstructured<'_>| Ok(Cow::Owned(u.arbitrary()?)))]
    cow: Cow<'static, str>,
    boxes: Box<Option<Box<OddInner>>>,
}

/// Types of the standard library that are on the wire what is in them, or nothing.
#[model]
#[derive(Arbitrary)]
struct Standard {
    #[check(skip)]
    wrapping: Wrapping<u8>,
    nothing: std::marker::PhantomData<String>,
}

#[model]
#[derive(Arbitrary)]
struct ByNumbersAndAddresses {
    numbers: HashMap<NonZeroU8, u8>,
    addresses: BTreeMap<Ipv4Addr, OddInner>,
}

#[model]
#[derive(Arbitrary)]
#[serde(transparent)]
struct Clear<T> {
    inner: T,
    #[serde(skip)]
    #[arbitrary(default)]
    #[allow(dead_code)] // neither comes nor goes
    seen: bool,
}

#[model]
#[derive(Arbitrary)]
struct Matrix<T, const N: usize> {
    rows: Vec<T>,
    #[arbitrary(value = std::marker::PhantomData)]
    size: std::marker::PhantomData<[u8; N]>,
}

cases! {
    odd_keywords: Keywords,
    odd_names: OddNames,
    odd_variants: OddVariants,
    odd_tags: OddTags,
    odd_thrice: Thrice,
    odd_default_with: DefaultWith,
    odd_tagged_newtypes: TaggedNewtypes,
    odd_adjacent_newtypes: AdjacentNewtypes,
    odd_overlapping: Overlapping,
    odd_untagged_of_all: UntaggedOfAll,
    odd_flattened_enum_option: FlattenedEnumOption,
    odd_flattened_default: FlattenedDefault,
    odd_flattened_map_in_variant: FlattenedMapInVariant,
    odd_boxes: Boxes,
    odd_standard: Standard,
    odd_keys: ByNumbersAndAddresses,
    odd_clear: Clear<OddInner>,
    odd_clear_list: Clear<Vec<u8>>,
    odd_matrix: Matrix<OddInner, 3>,
}
