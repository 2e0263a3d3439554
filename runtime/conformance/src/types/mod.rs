//! The types, by what serde is asked to do.

mod checked;
mod collections;
mod conversions;
mod enums;
mod flattened;
mod foreign;
mod generics;
mod keys;
mod odd;
mod optional;
mod recursive;
mod scalars;
mod structs;

use crate::cases::Case;

/// All types that are judged.
pub fn all() -> Vec<Case> {
    [
        scalars::cases(),
        structs::cases(),
        optional::cases(),
        enums::cases(),
        flattened::cases(),
        collections::cases(),
        keys::cases(),
        conversions::cases(),
        generics::cases(),
        recursive::cases(),
        foreign::cases(),
        checked::cases(),
        odd::cases(),
    ]
    .concat()
}
