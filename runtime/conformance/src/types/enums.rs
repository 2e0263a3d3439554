//! Enums in the four representations.

use arbitrary::Arbitrary;
use queqiao::model;

use crate::cases::cases;

#[model]
#[derive(Arbitrary)]
struct Inner {
    a: u8,
    long_name: Option<String>,
}

#[model]
#[derive(Arbitrary)]
enum Units {
    First,
    SecondOne,
    #[serde(rename = "3rd")]
    Third,
}

/// With words at each.
#[model]
#[derive(Arbitrary)]
enum DocumentedUnits {
    /// The first.
    First,
    /// The second.
    Second,
}

#[model]
#[derive(Arbitrary)]
enum HalfDocumented {
    /// The first.
    First,
    Second,
    Third,
}

macro_rules! all_shapes {
    ($($(#[$attribute:meta])* $name:ident)*) => { $(
        #[model]
        #[derive(Arbitrary)]
        $(#[$attribute])*
        enum $name {
            Nothing,
            OneText { the_text: String },
            OfModel(Inner),
            Many { a: u8, b: Option<bool>, c: Vec<u8> },
        }
    )* };
}

all_shapes! {
    External
    #[serde(tag = "kind")]
    Internal
    #[serde(tag = "kind", content = "data")]
    Adjacent
    #[serde(untagged)]
    Untagged
    #[serde(deny_unknown_fields)]
    ExternalStrict
    #[serde(tag = "kind", deny_unknown_fields)]
    InternalStrict
    #[serde(tag = "kind", content = "data", deny_unknown_fields)]
    AdjacentStrict
    #[serde(rename_all = "SCREAMING_SNAKE_CASE", rename_all_fields = "kebab-case")]
    ExternalRenamed
    #[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "PascalCase")]
    InternalRenamed
    #[serde(tag = "k-d", content = "d~a/t", rename_all(serialize = "lowercase", deserialize = "UPPERCASE"))]
    AdjacentRenamed
}

#[model]
#[derive(Arbitrary)]
enum ExternalMore {
    Pair(u8, String),
    Newtype(u32),
    List(Vec<Inner>),
    #[serde(rename_all = "snake_case")]
    Own {
        long_name: u8,
    },
    Maybe(Option<u8>),
    Empty {},
    EmptyTuple(),
}

#[model]
#[derive(Arbitrary)]
#[serde(tag = "t", content = "c")]
enum AdjacentMore {
    Pair(u8, String),
    Newtype(u32),
    List(Vec<Inner>),
    Maybe(Option<u8>),
    Empty {},
}

#[model]
#[derive(Arbitrary)]
#[serde(tag = "t")]
enum InternalMore {
    Empty {},
    Map(std::collections::BTreeMap<String, u8>),
    Other(External2),
}

#[model]
#[derive(Arbitrary)]
#[serde(tag = "second")]
enum External2 {
    A { a: u8 },
    B { b: u8 },
}

#[model]
#[derive(Arbitrary)]
#[serde(untagged)]
enum UntaggedScalars {
    Flag(bool),
    Number(i32),
    Text(String),
    List(Vec<u8>),
}

#[model]
#[derive(Arbitrary)]
#[serde(untagged)]
enum UntaggedNumberOrText {
    Number(u8),
    Text(String),
}

#[model]
#[derive(Arbitrary)]
enum WithUntagged {
    Known,
    Other {
        a: u8,
    },
    #[serde(untagged)]
    Free {
        b: String,
    },
}

#[model]
#[derive(Arbitrary)]
enum SkippedVariants {
    Both,
    Other {
        a: u8,
    },
    #[serde(skip_deserializing)]
    OnlyWritten {
        b: u8,
    },
    #[serde(skip)]
    #[arbitrary(skip)]
    #[allow(dead_code)] // neither comes nor goes
    Never(u8),
}

#[model]
#[derive(Arbitrary)]
enum AliasedVariants {
    #[serde(alias = "oldName")]
    NewName,
    Other(u8),
}

#[model]
#[derive(Arbitrary)]
#[serde(tag = "kind")]
enum OtherVariant {
    Known {
        a: u8,
    },
    #[serde(other)]
    Unknown,
}

#[model]
#[derive(Arbitrary)]
enum One {
    Only { a: u8 },
}

#[model]
#[derive(Arbitrary)]
enum OneUnit {
    Only,
}

#[model]
#[derive(Arbitrary)]
#[serde(tag = "kind")]
enum InternalUnits {
    First,
    Second,
}

#[model]
#[derive(Arbitrary)]
#[serde(tag = "kind", content = "data")]
enum AdjacentUnits {
    First,
    Second,
}

#[model]
#[derive(Arbitrary)]
#[serde(tag = "kind")]
enum InternalDefaults {
    A {
        #[serde(default)]
        on: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    B {
        #[serde(rename = "other")]
        one: u8,
        #[serde(skip)]
        hidden: u8,
    },
}

#[model]
#[derive(Arbitrary)]
struct Holder {
    state: Units,
    shape: Internal,
    other: Option<External>,
    all: Vec<Adjacent>,
}

cases! {
    enum_units: Units,
    enum_documented_units: DocumentedUnits,
    enum_half_documented: HalfDocumented,
    enum_external: External,
    enum_internal: Internal,
    enum_adjacent: Adjacent,
    enum_untagged: Untagged,
    enum_external_strict: ExternalStrict,
    enum_internal_strict: InternalStrict,
    enum_adjacent_strict: AdjacentStrict,
    enum_external_renamed: ExternalRenamed,
    enum_internal_renamed: InternalRenamed,
    enum_adjacent_renamed: AdjacentRenamed,
    enum_external_more: ExternalMore,
    enum_adjacent_more: AdjacentMore,
    enum_internal_more: InternalMore,
    enum_untagged_scalars: UntaggedScalars,
    enum_untagged_number_or_text: UntaggedNumberOrText,
    enum_with_untagged: WithUntagged,
    enum_skipped_variants: SkippedVariants,
    enum_aliased_variants: AliasedVariants,
    enum_other_variant: OtherVariant,
    enum_one: One,
    enum_one_unit: OneUnit,
    enum_internal_units: InternalUnits,
    enum_adjacent_units: AdjacentUnits,
    enum_internal_defaults: InternalDefaults,
    enum_holder: Holder,
    enum_list: Vec<Units>,
    enum_optional: Option<Units>,
}
