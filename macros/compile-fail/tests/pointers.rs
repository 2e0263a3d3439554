//! Where a broken constraint is reported: the exact place on the wire, however deep and by whatever way serde puts it
//! there. Each pointer is also followed into the JSON that the value came from. This crate depends on queqiao alone.
#![allow(dead_code)] // fields that only serde writes and only the walk reads

use std::collections::{BTreeMap, BTreeSet, HashMap};

use queqiao::serde::de::DeserializeOwned;
use queqiao::serde_json::{self, Value, json};
use queqiao::{Checker, Model, Violation, model};

/// Breaks its constraint if it is not empty, so that a test sees where it stands.
#[model]
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Mark(#[check(length = 0..=0)] String);

/// The pointers of what is broken in this JSON, read as `T`; each must lead to a text.
fn pointers<T: Model + DeserializeOwned>(json: Value) -> Vec<String> {
    let value: T = serde_json::from_value(json.clone()).expect("JSON of the model");
    let mut errors = Vec::new();
    value.check(&mut Checker::root(&mut errors));
    errors
        .into_iter()
        .map(|error| {
            let found = json.pointer(&error.pointer);
            assert!(found.is_some_and(Value::is_string), "{} leads to {found:?} in {json}", error.pointer);
            error.pointer
        })
        .collect()
}

#[model]
struct Leaf {
    the_mark: Mark,
    #[serde(rename = "a/b~c")]
    renamed: Option<Mark>,
    #[serde(rename(serialize = "out", deserialize = "in"), default)]
    sided: Option<Mark>,
    #[serde(skip)]
    skipped: Option<Mark>,
    #[serde(skip_deserializing)]
    given: Option<Mark>,
    r#type: Option<Mark>,
}

#[test]
fn members_have_their_wire_names() {
    assert_eq!(
        pointers::<Leaf>(json!({ "theMark": "x", "a/b~c": "x", "in": "x", "type": "x" })),
        ["/theMark", "/a~1b~0c", "/in", "/type"]
    );
    assert!(pointers::<Leaf>(json!({ "theMark": "" })).is_empty());
}

#[test]
fn what_does_not_come_from_the_wire_is_not_checked() {
    let broken = || Some(Mark(String::from("x")));
    let leaf = Leaf {
        the_mark: Mark::default(),
        renamed: None,
        sided: None,
        skipped: broken(),
        given: broken(),
        r#type: None,
    };
    let mut errors = Vec::new();
    leaf.check(&mut Checker::root(&mut errors));
    assert_eq!(errors, []);
}

#[model]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
struct Loud {
    the_mark: Mark,
}

#[model]
#[serde(rename_all(serialize = "snake_case", deserialize = "PascalCase"))]
struct Sided {
    the_mark: Mark,
}

#[test]
fn rename_all_is_followed() {
    assert_eq!(pointers::<Loud>(json!({ "THE-MARK": "x" })), ["/THE-MARK"]);
    assert_eq!(pointers::<Sided>(json!({ "TheMark": "x" })), ["/TheMark"]);
}

#[model]
struct Containers {
    list: Option<Vec<Option<Leaf>>>,
    map: BTreeMap<String, Vec<Leaf>>,
    by_number: HashMap<u32, Box<Leaf>>,
    pair: (Mark, [Mark; 2]),
}

#[test]
fn containers_at_any_depth() {
    assert_eq!(
        pointers::<Containers>(json!({
            "list": [null, { "theMark": "x" }],
            "map": { "a/b": [{ "theMark": "" }, { "theMark": "x" }], "~": [{ "theMark": "x" }] },
            "byNumber": { "7": { "theMark": "x" } },
            "pair": ["x", ["", "x"]],
        })),
        [
            "/list/1/theMark",
            "/map/a~1b/1/theMark",
            "/map/~0/0/theMark",
            "/byNumber/7/theMark",
            "/pair/0",
            "/pair/1/1"
        ]
    );
}

#[test]
fn a_broken_key_is_reported_at_its_entry() {
    let map: BTreeMap<Mark, u8> = serde_json::from_value(json!({ "x": 1 })).expect("JSON of the map");
    let mut errors = Vec::new();
    map.check(&mut Checker::root(&mut errors));
    assert_eq!(errors[0].pointer, "/x");
}

#[model]
struct Sets {
    marks: BTreeSet<Mark>,
}

#[test]
fn items_of_a_set_are_reported_at_the_set() {
    let sets: Sets = serde_json::from_value(json!({ "marks": ["b", "a"] })).expect("JSON of the model");
    let mut errors = Vec::new();
    sets.check(&mut Checker::root(&mut errors));
    assert_eq!(errors.iter().map(|error| error.pointer.as_str()).collect::<Vec<_>>(), ["/marks", "/marks"]);
}

#[model]
struct Flat {
    own: Mark,
    #[serde(flatten)]
    middle: Middle,
}

#[model]
struct Middle {
    #[serde(flatten)]
    leaf: Option<Leaf>,
    #[serde(flatten)]
    shape: Internal,
}

#[model]
struct Open {
    own: Mark,
    #[serde(flatten)]
    rest: BTreeMap<String, Mark>,
}

#[test]
fn flatten_adds_no_step() {
    assert_eq!(
        pointers::<Flat>(json!({ "own": "x", "theMark": "x", "kind": "deep", "innerMark": "x" })),
        ["/own", "/theMark", "/innerMark"]
    );
    assert_eq!(pointers::<Open>(json!({ "own": "", "e/f": "x" })), ["/e~1f"]);
}

#[model]
enum External {
    BigNews {
        the_mark: Mark,
    },
    Wrapped(Leaf),
    Pair(u8, Mark),
    Partly(#[serde(skip)] u8, Mark, Mark),
    #[serde(rename = "a/b")]
    Renamed(Mark),
    #[serde(rename_all = "snake_case")]
    Own {
        the_mark: Mark,
    },
    Unit,
}

#[test]
fn externally_tagged_variants_are_a_step() {
    assert_eq!(pointers::<External>(json!({ "bigNews": { "theMark": "x" } })), ["/bigNews/theMark"]);
    assert_eq!(pointers::<External>(json!({ "wrapped": { "theMark": "x" } })), ["/wrapped/theMark"]);
    assert_eq!(pointers::<External>(json!({ "pair": [1, "x"] })), ["/pair/1"]);
    assert_eq!(pointers::<External>(json!({ "partly": ["", "x"] })), ["/partly/1"]);
    assert_eq!(pointers::<External>(json!({ "a/b": "x" })), ["/a~1b"]);
    assert_eq!(pointers::<External>(json!({ "own": { "the_mark": "x" } })), ["/own/the_mark"]);
    assert!(pointers::<External>(json!("unit")).is_empty());
}

#[model]
#[serde(tag = "kind")]
enum Internal {
    Deep { inner_mark: Mark },
    Whole(Leaf),
}

#[model]
#[serde(tag = "kind", content = "the content")]
enum Adjacent {
    Deep { inner_mark: Mark },
    Whole(Leaf),
    Pair(Mark, Mark),
}

#[model]
#[serde(untagged)]
enum Untagged {
    Deep { inner_mark: Mark },
    Pair(Mark, Mark),
    Whole(Mark),
}

#[model]
#[serde(rename_all = "kebab-case", rename_all_fields = "UPPERCASE")]
enum Ruled {
    BigNews {
        mark: Mark,
    },
    #[serde(untagged)]
    Loose {
        mark: Mark,
    },
}

#[test]
fn other_representations() {
    assert_eq!(pointers::<Internal>(json!({ "kind": "deep", "innerMark": "x" })), ["/innerMark"]);
    assert_eq!(pointers::<Internal>(json!({ "kind": "whole", "theMark": "x" })), ["/theMark"]);
    assert_eq!(
        pointers::<Adjacent>(json!({ "kind": "deep", "the content": { "innerMark": "x" } })),
        ["/the content/innerMark"]
    );
    assert_eq!(
        pointers::<Adjacent>(json!({ "kind": "whole", "the content": { "theMark": "x" } })),
        ["/the content/theMark"]
    );
    assert_eq!(pointers::<Adjacent>(json!({ "kind": "pair", "the content": ["", "x"] })), ["/the content/1"]);
    assert_eq!(pointers::<Untagged>(json!({ "innerMark": "x" })), ["/innerMark"]);
    assert_eq!(pointers::<Untagged>(json!(["", "x"])), ["/1"]);
    assert_eq!(pointers::<Untagged>(json!("x")), [""]);
    assert_eq!(pointers::<Ruled>(json!({ "big-news": { "MARK": "x" } })), ["/big-news/MARK"]);
    assert_eq!(pointers::<Ruled>(json!({ "MARK": "x" })), ["/MARK"]);
}

#[model]
#[serde(transparent)]
struct Transparent {
    inner: Leaf,
    #[serde(skip)]
    note: String,
}

#[model]
struct Newtype(Leaf);

#[model]
struct Page<T> {
    items: Vec<T>,
    next: Option<String>,
}

#[test]
fn newtypes_and_generics() {
    assert_eq!(pointers::<Transparent>(json!({ "theMark": "x" })), ["/theMark"]);
    assert_eq!(pointers::<Newtype>(json!({ "theMark": "x" })), ["/theMark"]);
    assert_eq!(
        pointers::<Page<Page<Newtype>>>(json!({ "items": [{ "items": [{ "theMark": "x" }] }] })),
        ["/items/0/items/0/theMark"]
    );
}

#[model]
#[derive(Clone)]
#[serde(try_from = "Wire", into = "Wire")]
struct Converted(Mark);

#[model]
struct Wire {
    #[check(length = 0..=0)]
    on_wire: String,
}

impl TryFrom<Wire> for Converted {
    type Error = String;

    fn try_from(wire: Wire) -> Result<Self, String> {
        Ok(Self(Mark(wire.on_wire)))
    }
}

impl From<Converted> for Wire {
    fn from(converted: Converted) -> Self {
        Self { on_wire: converted.0.0 }
    }
}

#[test]
fn a_converted_model_is_checked_as_what_was_on_the_wire() {
    assert_eq!(pointers::<Vec<Converted>>(json!([{ "onWire": "x" }])), ["/0/onWire"]);
}

#[model]
#[check(custom = ends_after_start)]
struct Span {
    starts_at: String,
    ends_at: String,
}

fn ends_after_start(span: &Span) -> Result<(), Violation> {
    if span.starts_at < span.ends_at {
        return Ok(());
    }
    Err(Violation::new("order", "must be after the start").at("endsAt"))
}

#[test]
fn a_check_of_the_whole_value_may_point_at_a_field() {
    assert_eq!(pointers::<Vec<Span>>(json!([{ "startsAt": "b", "endsAt": "a" }])), ["/0/endsAt"]);
}

#[model]
struct Tree {
    mark: Mark,
    #[serde(default)]
    children: Vec<Tree>,
}

#[test]
fn recursive_models() {
    assert_eq!(
        pointers::<Tree>(json!({ "mark": "", "children": [{ "mark": "", "children": [{ "mark": "x" }] }] })),
        ["/children/0/children/0/mark"]
    );
}
