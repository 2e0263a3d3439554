//! `flatten`: members of another type beside one's own.

use std::collections::{BTreeMap, HashMap};

use arbitrary::Arbitrary;
use queqiao::model;
use queqiao::serde_json::{Map, Value};

use crate::cases::cases;

#[model]
#[derive(Arbitrary)]
struct Totals {
    count: u32,
    #[serde(default)]
    more: bool,
}

#[model]
#[derive(Arbitrary)]
struct OfStruct {
    name: String,
    #[serde(flatten)]
    totals: Totals,
}

#[model]
#[derive(Arbitrary)]
struct OfOption {
    name: String,
    #[serde(flatten)]
    totals: Option<Totals>,
}

#[model]
#[derive(Arbitrary)]
struct Middle {
    middle: u8,
    #[serde(flatten)]
    totals: Totals,
}

#[model]
#[derive(Arbitrary)]
struct OfNested {
    outer: u8,
    #[serde(flatten)]
    middle: Middle,
}

#[model]
#[derive(Arbitrary)]
struct OfTwo {
    #[serde(flatten)]
    totals: Totals,
    #[serde(flatten)]
    other: Other,
}

#[model]
#[derive(Arbitrary)]
struct Other {
    other: Option<String>,
}

#[model]
#[derive(Arbitrary)]
struct OfMap {
    name: String,
    #[serde(flatten)]
    #[arbitrary(with = |u: &mut arbitrary::Unstructured<'_>| crate::values::keyed(u, free_key))]
    rest: BTreeMap<String, u8>,
}

/// A key that no member of the type has.
fn free_key(u: &mut arbitrary::Unstructured<'_>) -> arbitrary::Result<String> {
    Ok(format!("x-{}", u.arbitrary::<u8>()?))
}

#[model]
#[derive(Arbitrary)]
struct OfHashMap {
    name: String,
    #[serde(flatten)]
    #[arbitrary(with = |u: &mut arbitrary::Unstructured<'_>| crate::values::keyed(u, free_key))]
    rest: HashMap<String, Vec<String>>,
}

#[model]
#[derive(Arbitrary)]
struct OfValues {
    name: String,
    #[serde(flatten)]
    #[arbitrary(value = Map::new())]
    rest: Map<String, Value>,
}

#[model]
#[derive(Arbitrary)]
struct OfModels {
    name: String,
    #[serde(flatten)]
    #[arbitrary(with = |u: &mut arbitrary::Unstructured<'_>| crate::values::keyed(u, free_key))]
    rest: BTreeMap<String, Totals>,
}

#[model]
#[derive(Arbitrary)]
#[serde(tag = "kind")]
enum Shape {
    Circle { radius: u8 },
    Square { side: u8, round: Option<bool> },
    Point,
}

#[model]
#[derive(Arbitrary)]
struct OfTagged {
    name: String,
    #[serde(flatten)]
    shape: Shape,
}

#[model]
#[derive(Arbitrary)]
#[serde(tag = "kind", content = "data")]
enum AdjacentShape {
    Circle { radius: u8 },
    Text(String),
}

#[model]
#[derive(Arbitrary)]
struct OfAdjacent {
    name: String,
    #[serde(flatten)]
    shape: AdjacentShape,
}

#[model]
#[derive(Arbitrary)]
enum ExternalShape {
    Circle { radius: u8 },
    Text(String),
}

#[model]
#[derive(Arbitrary)]
struct OfExternal {
    name: String,
    #[serde(flatten)]
    shape: ExternalShape,
}

#[model]
#[derive(Arbitrary)]
#[serde(untagged)]
enum UntaggedShape {
    Circle { radius: u8 },
    Square { side: u8 },
}

#[model]
#[derive(Arbitrary)]
struct OfUntagged {
    name: String,
    #[serde(flatten)]
    shape: UntaggedShape,
}

#[model]
#[derive(Arbitrary)]
#[serde(tag = "kind")]
enum InVariant {
    A {
        a: u8,
        #[serde(flatten)]
        totals: Totals,
    },
    B(OfStruct),
}

#[model]
#[derive(Arbitrary)]
struct OfBox {
    name: String,
    #[serde(flatten)]
    totals: Box<Totals>,
}

#[model]
#[derive(Arbitrary, Default)]
struct OfSkipped {
    name: String,
    #[serde(flatten, skip_deserializing)]
    written: Other2,
}

#[model]
#[derive(Arbitrary, Default)]
struct Other2 {
    note: Option<String>,
    size: u8,
}

cases! {
    flatten_struct: OfStruct,
    flatten_option: OfOption,
    flatten_nested: OfNested,
    flatten_two: OfTwo,
    flatten_map: OfMap,
    flatten_hash_map: OfHashMap,
    flatten_values: OfValues,
    flatten_models: OfModels,
    flatten_tagged: OfTagged,
    flatten_adjacent: OfAdjacent,
    flatten_external: OfExternal,
    flatten_untagged: OfUntagged,
    flatten_in_variant: InVariant,
    flatten_box: OfBox,
    flatten_skipped: OfSkipped,
    flatten_list: Vec<OfStruct>,
}
