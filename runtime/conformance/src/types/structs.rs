//! Structs: names, defaults, members that go one way only.

use arbitrary::Arbitrary;
use queqiao::model;

use crate::cases::cases;

#[model]
#[derive(Arbitrary)]
struct Plain {
    first_name: String,
    age: u8,
    admin: bool,
}

#[model]
#[derive(Arbitrary)]
struct Renamed {
    #[serde(rename = "the-one")]
    one: u8,
    #[serde(rename(serialize = "written", deserialize = "read"))]
    two: u8,
    #[serde(rename(serialize = "only"))]
    three: u8,
    r#type: String,
}

macro_rules! renamed_all {
    ($($name:ident $rule:literal)*) => { $(
        #[model]
        #[derive(Arbitrary)]
        #[serde(rename_all = $rule)]
        struct $name {
            first_one: u8,
            second2: Option<u8>,
            r#type: bool,
        }
    )* };
}

renamed_all! {
    Lower "lowercase"
    Upper "UPPERCASE"
    Pascal "PascalCase"
    Camel "camelCase"
    Snake "snake_case"
    Screaming "SCREAMING_SNAKE_CASE"
    Kebab "kebab-case"
    ScreamingKebab "SCREAMING-KEBAB-CASE"
}

#[model]
#[derive(Arbitrary)]
#[serde(rename_all(serialize = "snake_case", deserialize = "kebab-case"))]
struct TwoRules {
    first_one: u8,
    second_one: Option<String>,
}

#[model]
#[derive(Arbitrary)]
#[serde(rename = "Renamed_Type")]
struct RenamedType {
    a: u8,
}

#[model(name = "Another_Name")]
#[derive(Arbitrary)]
struct NamedByModel {
    a: u8,
}

#[model]
#[derive(Arbitrary)]
struct Aliased {
    #[serde(alias = "oldName")]
    new_name: String,
    #[serde(alias = "oldCount", default)]
    count: u8,
}

#[model]
#[derive(Arbitrary)]
#[serde(deny_unknown_fields)]
struct AliasedStrict {
    #[serde(alias = "oldName")]
    new_name: String,
}

#[model]
#[derive(Arbitrary)]
struct Defaulted {
    #[serde(default)]
    on: bool,
    #[serde(default = "seven")]
    count: u8,
    #[serde(default)]
    list: Vec<String>,
    required: u8,
}

fn seven() -> u8 {
    7
}

#[model]
#[derive(Arbitrary, Default)]
#[serde(default)]
struct AllDefaulted {
    a: u8,
    b: String,
    c: Option<bool>,
}

#[model]
#[derive(Arbitrary, Default)]
#[serde(default = "preset")]
struct Preset {
    a: u8,
    b: String,
}

fn preset() -> Preset {
    Preset { a: 9, b: "nine".to_owned() }
}

#[model]
#[derive(Arbitrary)]
struct SkippedIf {
    #[serde(skip_serializing_if = "Option::is_none")]
    a: Option<u8>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    b: Vec<u8>,
    #[serde(skip_serializing_if = "String::is_empty")]
    c: String,
}

#[model]
#[derive(Arbitrary)]
struct WriteOnly {
    #[serde(skip_serializing)]
    password: String,
    name: String,
}

#[model]
#[derive(Arbitrary)]
struct ReadOnly {
    #[serde(skip_deserializing)]
    id: u32,
    #[serde(skip_deserializing)]
    note: Option<String>,
    name: String,
}

#[model]
#[derive(Arbitrary)]
struct Skipped {
    #[serde(skip)]
    #[allow(dead_code)] // neither comes nor goes
    secret: u64,
    name: String,
}

#[model]
#[derive(Arbitrary)]
#[serde(deny_unknown_fields)]
struct SkippedStrict {
    #[serde(skip)]
    #[allow(dead_code)] // neither comes nor goes
    secret: u8,
    name: String,
}

#[model]
#[derive(Arbitrary)]
#[serde(deny_unknown_fields)]
struct Strict {
    a: u8,
    b: Option<String>,
}

#[model]
#[derive(Arbitrary)]
#[serde(deny_unknown_fields)]
struct StrictNested {
    inner: Strict,
    list: Vec<Strict>,
}

#[model]
#[derive(Arbitrary)]
#[serde(transparent)]
struct Transparent {
    inner: Plain,
}

#[model]
#[derive(Arbitrary)]
#[serde(transparent)]
struct TransparentList(Vec<u8>);

#[model]
#[derive(Arbitrary)]
struct Newtype(Plain);

#[model]
#[derive(Arbitrary)]
struct Pair(u8, String);

#[model]
#[derive(Arbitrary)]
struct Triple(u8, Option<String>, Plain);

#[model]
#[derive(Arbitrary)]
#[allow(dead_code)] // one neither comes nor goes
struct SkippedInTuple(u8, #[serde(skip)] u8, String);

#[model]
#[derive(Arbitrary)]
struct DefaultedTuple(u8, #[serde(default)] u8);

#[model]
#[derive(Arbitrary)]
struct Unit;

#[model]
#[derive(Arbitrary)]
struct Empty {}

#[model]
#[derive(Arbitrary)]
#[serde(deny_unknown_fields)]
struct EmptyStrict {}

#[model]
#[derive(Arbitrary)]
struct EmptyTuple();

#[model]
#[derive(Arbitrary)]
struct Nested {
    plain: Plain,
    pair: Pair,
    unit: Unit,
    empty: Empty,
}

#[model]
#[derive(Arbitrary)]
#[serde(tag = "kind")]
struct Tagged {
    a: u8,
}

/// A type with words.
#[model]
#[derive(Arbitrary)]
struct Documented {
    /// A member with words.
    plain: Plain,
    /// Another.
    #[schemars(title = "Count", example = 3)]
    count: u8,
    #[serde(default)]
    old: Option<u8>,
}

cases! {
    struct_plain: Plain,
    struct_renamed: Renamed,
    struct_lower: Lower,
    struct_upper: Upper,
    struct_pascal: Pascal,
    struct_camel: Camel,
    struct_snake: Snake,
    struct_screaming: Screaming,
    struct_kebab: Kebab,
    struct_screaming_kebab: ScreamingKebab,
    struct_two_rules: TwoRules,
    struct_renamed_type: RenamedType,
    struct_named_by_model: NamedByModel,
    struct_aliased: Aliased,
    struct_aliased_strict: AliasedStrict,
    struct_defaulted: Defaulted,
    struct_all_defaulted: AllDefaulted,
    struct_preset: Preset,
    struct_skipped_if: SkippedIf,
    struct_write_only: WriteOnly,
    struct_read_only: ReadOnly,
    struct_skipped: Skipped,
    struct_skipped_strict: SkippedStrict,
    struct_strict: Strict,
    struct_strict_nested: StrictNested,
    struct_transparent: Transparent,
    struct_transparent_list: TransparentList,
    struct_newtype: Newtype,
    struct_pair: Pair,
    struct_triple: Triple,
    struct_skipped_in_tuple: SkippedInTuple,
    struct_defaulted_tuple: DefaultedTuple,
    struct_unit: Unit,
    struct_empty: Empty,
    struct_empty_strict: EmptyStrict,
    struct_empty_tuple: EmptyTuple,
    struct_nested: Nested,
    struct_tagged: Tagged,
    struct_documented: Documented,
}
