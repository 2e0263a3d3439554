//! Lists in their standard form: pages that follow a cursor, an order that the caller chooses, ranges.

mod cursor;
mod keyset;
mod page;
mod paging;
mod range;
mod sort;

pub use self::cursor::Cursor;
pub use self::keyset::{Keyset, SqlPart};
pub use self::page::Page;
pub use self::paging::Paging;
pub use self::range::Range;
pub use self::sort::{By, Sort};
