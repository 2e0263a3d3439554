//! Bounds of a value.

use crate::model;

/// Bounds of a value, each of which may be absent: the query parameters `price[gte]`, `price[lt]` and so on for a field
/// `price` of the filter.
///
/// It is one parameter of the style `deepObject` in the document, and an object in the client:
/// `api.listBooks({ price: { gte: 10, lt: 20 } })`. Bounds that contradict each other are no mistake: nothing lies within.
///
/// ```
/// use queqiao::{model, list::Range};
///
/// /// Which books to list.
/// #[model]
/// struct BookFilter {
///     /// Published in these years.
///     #[serde(default)]
///     year: Range<u16>,
/// }
///
/// let filter: BookFilter = queqiao::serde_json::from_str(r#"{ "year": { "gte": 1947, "lt": 1950 } }"#).unwrap();
/// assert!(filter.year.contains(&1947) && !filter.year.contains(&1950));
/// let conditions: Vec<_> = filter.year.bounds().map(|(operator, year)| format!("year {operator} {year}")).collect();
/// assert_eq!(conditions, ["year >= 1947", "year < 1950"]);
/// ```
#[model]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
#[schemars(
    inline,
    extend("x-query-style" = "deepObject"),
    description = "Bounds of a value, each of which may be absent."
)]
pub struct Range<T> {
    /// Greater than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gt: Option<T>,
    /// This or greater.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gte: Option<T>,
    /// Less than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lt: Option<T>,
    /// This or less.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lte: Option<T>,
}

/// Without bounds.
impl<T> Default for Range<T> {
    fn default() -> Self {
        Self { gt: None, gte: None, lt: None, lte: None }
    }
}

impl<T> Range<T> {
    /// The bounds that are there, each with the operator of SQL that a value stands to the left of.
    pub fn bounds(&self) -> impl Iterator<Item = (&'static str, &T)> {
        let all = [(">", &self.gt), (">=", &self.gte), ("<", &self.lt), ("<=", &self.lte)];
        all.into_iter().filter_map(|(operator, bound)| Some((operator, bound.as_ref()?)))
    }

    /// Whether a value is within all bounds.
    pub fn contains(&self, value: &T) -> bool
    where
        T: PartialOrd,
    {
        self.bounds().all(|(operator, bound)| match operator {
            ">" => value > bound,
            ">=" => value >= bound,
            "<" => value < bound,
            _ => value <= bound,
        })
    }
}
