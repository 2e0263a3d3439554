//! One page of a list.

use super::Cursor;
use crate::model;

/// Some items of a list, and where the next ones begin; made by [`Paging::page`](super::Paging::page).
///
/// In the document, `Page<Todo>` is the component `Page_Todo`.
#[model]
#[derive(Clone, Debug, PartialEq)]
#[schemars(description = "Some items of a list, and where the next ones begin.")]
pub struct Page<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// The `cursor` of the next page; `null` on the last one.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// A page of other items, with the same continuation.
    ///
    /// ```
    /// use queqiao::Page;
    ///
    /// let rows = Page { items: vec![1_u32, 2], next: None };
    /// assert_eq!(rows.map(|row| row.to_string()).items, ["1", "2"]);
    /// ```
    pub fn map<U>(self, other: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(other).collect(), next: self.next }
    }
}
