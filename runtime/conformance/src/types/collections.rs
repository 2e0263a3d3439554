//! Lists, sets, maps with texts as keys, tuples and arrays.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use arbitrary::Arbitrary;
use queqiao::model;
use queqiao::serde_json::Value;

use crate::cases::cases;

#[model]
#[derive(Arbitrary)]
struct Item {
    a: u8,
    b: Option<String>,
}

#[model]
#[derive(Arbitrary, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Tag(String);

#[model]
#[derive(Arbitrary, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Colour {
    Red,
    Green,
}

#[model]
#[derive(Arbitrary)]
struct Lists {
    numbers: Vec<u8>,
    models: Vec<Item>,
    deque: VecDeque<String>,
    nested: Vec<Vec<u8>>,
    boxed: Box<[Item]>,
    maybe: Vec<Option<Item>>,
}

#[model]
#[derive(Arbitrary)]
struct Sets {
    numbers: HashSet<u8>,
    texts: BTreeSet<String>,
    tags: BTreeSet<Tag>,
    colours: HashSet<Colour>,
}

#[model]
#[derive(Arbitrary)]
struct Maps {
    numbers: HashMap<String, u8>,
    models: BTreeMap<String, Item>,
    lists: BTreeMap<String, Vec<u8>>,
    maybe: BTreeMap<String, Option<u8>>,
    nested: BTreeMap<String, BTreeMap<String, bool>>,
}

#[model]
#[derive(Arbitrary)]
struct Tuples {
    one: (u8,),
    two: (u8, String),
    three: (Option<u8>, Item, Vec<u8>),
    six: (u8, u8, u8, u8, u8, bool),
    nested: ((u8, u8), (bool,)),
}

#[model]
#[derive(Arbitrary)]
struct Arrays {
    none: [u8; 0],
    three: [u8; 3],
    models: [Item; 2],
    nested: [[u8; 2]; 2],
    many: [bool; 32],
}

#[model]
#[derive(Arbitrary)]
struct Anything {
    #[arbitrary(with = crate::values::json)]
    value: Value,
    #[arbitrary(with = |u: &mut arbitrary::Unstructured<'_>| crate::values::many(u, crate::values::json))]
    list: Vec<Value>,
    #[arbitrary(with = |u: &mut arbitrary::Unstructured<'_>| crate::values::maybe(u, not_null))]
    maybe: Option<Value>,
}

fn not_null(u: &mut arbitrary::Unstructured<'_>) -> arbitrary::Result<Value> {
    Ok(Value::from(u.arbitrary::<i32>()?))
}

#[model]
#[derive(Arbitrary)]
struct ListNewtype(Vec<Item>);

#[model]
#[derive(Arbitrary)]
struct MapNewtype(BTreeMap<String, Item>);

#[model]
#[derive(Arbitrary)]
struct WithGhost {
    a: u8,
    ghost: std::marker::PhantomData<u8>,
}

cases! {
    list_numbers: Vec<u8>,
    list_models: Vec<Item>,
    list_of_lists: Vec<Vec<Item>>,
    list_of_maps: Vec<BTreeMap<String, u8>>,
    lists: Lists,
    sets: Sets,
    set_numbers: BTreeSet<u8>,
    maps: Maps,
    map_numbers: BTreeMap<String, u8>,
    map_models: HashMap<String, Item>,
    tuples: Tuples,
    tuple_pair: (u8, String),
    tuple_models: (Item, Option<Item>),
    tuple_one: (u8,),
    tuple_list: Vec<(String, u8)>,
    arrays: Arrays,
    array_three: [u8; 3],
    array_models: [Item; 2],
    anything: Anything,
    list_newtype: ListNewtype,
    map_newtype: MapNewtype,
    with_ghost: WithGhost,
}
