//! Generic types, each use a component of its own.

use std::collections::BTreeMap;

use arbitrary::Arbitrary;
use queqiao::model;

use crate::cases::cases;

#[model]
#[derive(Arbitrary)]
struct Leaf {
    a: Option<u8>,
}

#[model]
#[derive(Arbitrary)]
struct Other {
    b: String,
    #[serde(default)]
    c: bool,
}

#[model]
#[derive(Arbitrary)]
struct Page<T> {
    items: Vec<T>,
    next: Option<String>,
}

#[model]
#[derive(Arbitrary)]
struct Two<A, B> {
    a: A,
    b: Option<B>,
}

#[model]
#[derive(Arbitrary)]
struct Fixed<const N: usize> {
    number: u8,
}

#[model]
#[derive(Arbitrary)]
struct Wrapper<T>(T);

#[model]
#[derive(Arbitrary)]
#[serde(tag = "kind", content = "value")]
enum Either<A, B> {
    Left(A),
    Right(B),
}

#[model]
#[derive(Arbitrary)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

#[model]
#[derive(Arbitrary)]
struct Flat<T> {
    id: u32,
    #[serde(flatten)]
    rest: T,
}

#[model]
#[derive(Arbitrary)]
struct Bounded<T: Clone> {
    value: T,
}

#[model(name = "Envelope_of_{T}")]
#[derive(Arbitrary)]
struct Envelope<T> {
    data: T,
}

cases! {
    generic_page_leaf: Page<Leaf>,
    generic_page_other: Page<Other>,
    generic_page_number: Page<u8>,
    generic_page_page: Page<Page<Leaf>>,
    generic_page_optional: Page<Option<Leaf>>,
    generic_two: Two<Leaf, Other>,
    generic_two_swapped: Two<Other, Leaf>,
    generic_two_scalars: Two<String, u8>,
    generic_fixed_three: Fixed<3>,
    generic_fixed_four: Fixed<4>,
    generic_wrapper: Wrapper<Leaf>,
    generic_wrapper_list: Wrapper<Vec<Leaf>>,
    generic_either: Either<Leaf, Other>,
    generic_either_scalars: Either<u8, String>,
    generic_one_or_many: OneOrMany<Leaf>,
    generic_one_or_many_numbers: OneOrMany<u8>,
    generic_flat: Flat<Leaf>,
    generic_flat_other: Flat<Other>,
    generic_bounded: Bounded<String>,
    generic_envelope: Envelope<Leaf>,
    generic_map: Page<BTreeMap<String, Leaf>>,
}
