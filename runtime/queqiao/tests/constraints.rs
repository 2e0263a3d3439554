//! One declaration, one meaning: for arbitrary values, the schema's keyword (judged by the jsonschema crate) and the
//! server's check agree.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use jsonschema::Validator;
use proptest::prelude::*;
use queqiao::schemars::generate::SchemaSettings;
use queqiao::{Checker, FieldError, Model, model};
use serde::Serialize;
use serde_json::{Value, json};

fn schema<T: Model>() -> Value {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value()
}

fn errors<T: Model>(value: &T) -> Vec<FieldError> {
    let mut errors = Vec::new();
    value.check(&mut Checker::root(&mut errors));
    errors
}

/// Runs arbitrary values through both; each outcome must occur, so that a constraint that never or always holds fails.
fn agree<T: Model + Serialize + Debug>(values: impl Strategy<Value = T>) {
    let schema = schema::<T>();
    let validator: Validator =
        jsonschema::options().should_validate_formats(false).build(&schema).expect("a schema");
    let mut outcomes = [0, 0];
    // Seeds of failures are not kept in files: the values are small, and a failure prints its own.
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1500) };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let outcomes_seen = std::cell::RefCell::new(&mut outcomes);
    let result = runner.run(&values, |value| {
        let json = serde_json::to_value(&value).expect("JSON");
        let valid = validator.is_valid(&json);
        let errors = errors(&value);
        outcomes_seen.borrow_mut()[usize::from(valid)] += 1;
        prop_assert_eq!(valid, errors.is_empty(), "{} by {}: {:?}", json, schema, errors);
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
    assert!(outcomes.iter().all(|count| *count > 20), "both outcomes must occur: {outcomes:?}");
}

/// Characters whose count differs in bytes, UTF-16 and graphemes.
fn texts() -> impl Strategy<Value = String> {
    "[a汉𝄞\u{301}👩\u{200D}]{0,7}"
}

#[model]
#[derive(Debug)]
struct Text {
    #[check(length = 2..=4)]
    value: String,
    #[check(length = ..3)]
    optional: Option<Box<str>>,
}

#[test]
fn length_of_texts_is_in_characters() {
    agree(
        (texts(), proptest::option::of(texts()))
            .prop_map(|(value, optional)| Text { value, optional: optional.map(String::into_boxed_str) }),
    );
    assert_eq!(errors(&Text { value: "汉汉汉汉".into(), optional: None }), []);
    assert_eq!(
        schema::<Text>()["properties"]["value"],
        json!({ "type": "string", "minLength": 2, "maxLength": 4 })
    );
}

const MOST: usize = 3;

#[model]
#[derive(Debug)]
struct Items {
    #[check(length = 1..=MOST)]
    list: Vec<u8>,
    #[check(length = 2)]
    set: BTreeSet<u8>,
    #[check(length = 1..)]
    map: Option<BTreeMap<String, u8>>,
}

#[test]
fn length_of_sequences_sets_and_maps() {
    use proptest::collection::{btree_map, btree_set, vec};
    let maps = btree_map("[ab]", any::<u8>(), 0..3);
    agree(
        (vec(any::<u8>(), 0..5), btree_set(any::<u8>(), 0..4), proptest::option::of(maps))
            .prop_map(|(list, set, map)| Items { list, set, map }),
    );
    assert_eq!(
        errors(&Items { list: vec![], set: BTreeSet::new(), map: None })[1].message.to_string(),
        "must have exactly 2 items"
    );
}

#[model]
#[derive(Debug)]
struct Numbers {
    #[check(range = -5..=10)]
    signed: i32,
    #[check(range = 3..)]
    least: Option<u8>,
    #[check(range = ..100)]
    most: u64,
}

#[test]
fn range_of_integers() {
    let numbers = (-8..14_i32, proptest::option::of(0..9_u8), 90..104_u64);
    agree(numbers.prop_map(|(signed, least, most)| Numbers { signed, least, most }));
}

#[model]
#[derive(Debug)]
struct Floats {
    #[check(range = 0.0..1.0)]
    half_open: f64,
    #[check(above = 0, range = ..=0.5)]
    above: f64,
    #[check(range = 0..=1)]
    whole: Option<f64>,
}

#[test]
fn range_of_floats() {
    let edge = || prop_oneof![Just(0.0), Just(-0.0), Just(1.0), Just(0.5), -0.5..1.5_f64];
    agree((edge(), edge(), proptest::option::of(edge())).prop_map(|(half_open, above, whole)| Floats {
        half_open,
        above,
        whole,
    }));
    assert_eq!(schema::<Floats>()["properties"]["halfOpen"]["exclusiveMaximum"], json!(1.0));
    assert_eq!(schema::<Floats>()["properties"]["above"]["exclusiveMinimum"], json!(0.0));
}

macro_rules! patterns {
    ($($test:ident: $pattern:literal over $texts:literal;)*) => { $(
        #[test]
        fn $test() {
            #[model]
            #[derive(Debug)]
            struct Matched {
                #[check(pattern = $pattern)]
                text: Option<String>,
            }
            agree(proptest::option::weighted(0.95, $texts).prop_map(|text| Matched { text }));
        }
    )* };
}

patterns! {
    pattern_digits_are_ascii: r"^\d{1,3}$" over "[0-9٣３]{0,4}\n?";
    pattern_words_are_ascii: r"^\w+$" over "[a_é汉0]{0,2}";
    pattern_spaces_are_javascripts: r"^\s$" over "[ \t\u{A0}\u{85}\u{FEFF}\u{2028}\u{180E}\u{200B}a]";
    pattern_no_spaces: r"^\S+$" over "[ \u{85}\u{FEFF}a]{1,2}";
    pattern_dot_stops_at_line_ends: r"^a.b$" over "a[\n\r\u{2028}\u{85}x𝄞]b";
    pattern_is_searched: "b" over "[abc]{0,3}";
    pattern_scripts: r"^\p{Script=Han}+$" over "[汉字a]{1,2}";
    pattern_classes: r"^[\w.\-/\]]+$" over "[a./\\]é-]{1,2}";
    pattern_negated_class: r"^[^\d\s]$" over "[0a \u{FEFF}٣]";
    pattern_dollar_is_the_end: "^a$" over "a\n?";
    pattern_escapes: r"^\u{6C49}\x41[\t\n]?$" over "汉A[\t\n ]?";
    pattern_groups: "^(?<year>[0-9]{2})(?:-[0-9]{1,2}){0,2}?$" over "[0-9]{2}(-[0-9]{1,3}){0,3}";
}

#[model]
#[derive(Debug)]
struct Addresses {
    #[check(email)]
    mail: Option<String>,
    #[check(url, length = ..=30)]
    link: Option<String>,
}

#[test]
fn emails_and_urls() {
    let mails = prop_oneof!["[a.+é\"]{0,3}@[a.\\-b]{0,4}", "[a-z]{1,8}@[a-z]{1,8}\\.com"];
    let links = prop_oneof![
        "(https?|ftp):/?/[a.\\-汉]{0,4}(:[0-9]{1,6})?(/[a%2 ]{0,4})?(\\?[a=&]{0,3})?(#a?)?",
        "https://[a-z]{1,9}\\.com/[a-z]{0,20}"
    ];
    agree(
        (proptest::option::of(mails), proptest::option::of(links))
            .prop_map(|(mail, link)| Addresses { mail, link }),
    );
}

/// What `email` and `url` let through, the formats of JSON Schema do too, so that `format` does not lie.
#[test]
fn the_formats_are_kept() {
    let validator =
        jsonschema::options().should_validate_formats(true).build(&schema::<Addresses>()).expect("a schema");
    proptest!(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1500) }, |(
        // No two hyphens at the third place of a label: jsonschema reserves them for internationalized names.
        mail in "[a-zA-Z0-9+_'-]{1,10}(\\.[a-z]{1,3})?@[a-z](-?[a-z0-9]){0,5}\\.[a-z]{1,5}",
        link in "https?://[a-z](-?[a-z0-9]){0,5}(:[0-9]{1,5})?(/[a-z~!$&'()*+,;=:@-]{0,5}(%[0-9A-F]{2})?)?(\\?[a-z/?]{0,3})?(#[a-z/?]{0,3})?",
    )| {
        let value = Addresses { mail: Some(mail), link: Some(link) };
        if errors(&value).is_empty() {
            let json = serde_json::to_value(&value).expect("JSON");
            prop_assert!(validator.is_valid(&json), "{}", json);
        }
    });
}

#[model]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Tag {
    name: String,
}

#[model]
#[derive(Debug)]
struct Unique {
    #[check(unique)]
    numbers: Vec<i8>,
    #[check(unique)]
    tags: Option<Vec<Tag>>,
}

#[test]
fn unique_items() {
    use proptest::collection::vec;
    let tags = vec("[ab]{1,2}".prop_map(|name| Tag { name }), 0..4);
    agree(
        (vec(0..10_i8, 0..4), proptest::option::of(tags))
            .prop_map(|(numbers, tags)| Unique { numbers, tags }),
    );
}

#[model]
#[derive(Debug)]
struct Each {
    #[check(length = ..=3, each(length = 1..=2, pattern = "^[a-c]*$"))]
    list: Vec<String>,
    #[check(each(range = 0..=5))]
    map: Option<BTreeMap<String, i8>>,
    #[check(each(range = 1..))]
    by_number: BTreeMap<u8, Option<i8>>,
    #[check(each(each(range = ..=3)))]
    nested: Vec<Vec<u8>>,
    #[check(each(length = 1..))]
    set: BTreeSet<String>,
}

#[test]
fn each_item_and_value() {
    use proptest::collection::{btree_map, btree_set, vec};
    let values = (
        vec("[a-d]{0,2}", 0..3),
        proptest::option::of(btree_map("[ab]", -1..6_i8, 0..2)),
        btree_map(any::<u8>(), proptest::option::of(0..9_i8), 0..2),
        vec(vec(0..5_u8, 0..2), 0..2),
        btree_set("a{0,3}", 0..2),
    );
    agree(values.prop_map(|(list, map, by_number, nested, set)| Each { list, map, by_number, nested, set }));
    let broken = Each {
        list: vec!["a".into(), "dddd".into()],
        map: Some(BTreeMap::from([("a/b".into(), 9)])),
        by_number: BTreeMap::from([(7, Some(0))]),
        nested: vec![vec![], vec![0, 9]],
        set: BTreeSet::new(),
    };
    let found: Vec<_> = errors(&broken).into_iter().map(|error| (error.pointer, error.code)).collect();
    assert_eq!(
        found,
        [
            ("/list/1".into(), "length".into()),
            ("/list/1".into(), "pattern".into()),
            ("/map/a~1b".into(), "range".into()),
            ("/byNumber/7".into(), "range".into()),
            ("/nested/1/1".into(), "range".into()),
        ]
    );
}

#[model]
#[derive(Debug)]
struct Title(#[check(length = 1..=3)] String);

#[model]
#[derive(Debug)]
enum Shape {
    Named(#[check(length = 1..=3)] String),
    Circle {
        #[check(above = 0)]
        radius: f64,
    },
    Pair(#[check(range = 1..)] u8, Title),
}

#[model]
#[derive(Debug)]
struct Nested {
    title: Title,
    shapes: Vec<Shape>,
}

#[test]
fn newtypes_and_variants() {
    let shapes = prop_oneof![
        "a{0,4}".prop_map(Shape::Named),
        (-1.0..4.0_f64).prop_map(|radius| Shape::Circle { radius }),
        (0..4_u8, "a{0,4}").prop_map(|(number, title)| Shape::Pair(number, Title(title))),
    ];
    agree(
        ("a{0,4}", proptest::collection::vec(shapes, 0..3))
            .prop_map(|(title, shapes)| Nested { title: Title(title), shapes }),
    );
}

#[model]
struct Own {
    #[check(custom = even, message = "no odd ones")]
    optional: Option<Box<u32>>,
    #[check(custom = short)]
    text: Option<String>,
    #[check(each(custom = even))]
    list: Vec<u32>,
    #[check(length = 3.., pattern = "^a", message = "say a first")]
    both: String,
    #[check(skip)]
    foreign: Foreign,
}

/// Has a schema and is no model.
#[derive(serde::Serialize, serde::Deserialize, queqiao::schemars::JsonSchema)]
#[schemars(crate = "queqiao::schemars")]
struct Foreign(u8);

fn even(number: &u32) -> Result<(), (&'static str, String)> {
    if number.is_multiple_of(2) { Ok(()) } else { Err(("even", format!("{number} is odd"))) }
}

fn short(text: &str) -> Result<(), (&'static str, &'static str)> {
    if text.len() < 3 { Ok(()) } else { Err(("short", "must be short")) }
}

#[test]
fn own_checks_and_messages() {
    let own = Own {
        optional: Some(Box::new(1)),
        text: Some("long".into()),
        list: vec![2, 3],
        both: "b".into(),
        foreign: Foreign(0),
    };
    let told: Vec<_> = errors(&own)
        .into_iter()
        .map(|error| format!("{} {}: {}", error.pointer, error.code, error.message))
        .collect();
    assert_eq!(
        told,
        [
            "/optional even: no odd ones",
            "/text short: must be short",
            "/list/1 even: 3 is odd",
            "/both length: say a first",
            "/both pattern: say a first",
        ]
    );
}

#[model]
struct Page<T, const N: usize> {
    items: Vec<T>,
}

#[model(name = "Renamed")]
struct Named {
    #[check(pattern = "^a$")]
    #[schemars(example = &"a")]
    text: String,
}

#[test]
fn components_are_named() {
    use queqiao::schemars::JsonSchema;
    assert_eq!(Page::<Named, 3>::schema_name(), "Page_Renamed_3");
    assert_eq!(schema::<Named>()["x-rust-type"], std::any::type_name::<Named>());
    assert_eq!(schema::<Page<Named, 3>>()["x-rust-type"], std::any::type_name::<Page<Named, 3>>());
}
