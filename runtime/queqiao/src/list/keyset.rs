//! An order of rows in SQL, and where a page begins in it.

use super::By;

/// An order of rows in SQL; made by [`Sort::keyset`](super::Sort::keyset).
///
/// It ends with a column that makes rows unique, in the direction of the one before. No column of it may be `NULL`, which
/// SQL compares with nothing.
///
/// ```
/// use queqiao::list::{By, Sort, SqlPart};
///
/// #[derive(Clone, Copy)]
/// enum Field {
///     Year,
///     Title,
/// }
///
/// let sort: Sort<Field> = [By::descending(Field::Year), By::ascending(Field::Title)].into();
/// let keyset = sort.keyset("id", |field| match field {
///     Field::Year => "year",
///     Field::Title => "title",
/// });
/// assert_eq!(keyset.order_by(), "year DESC, title ASC, id ASC");
///
/// // The values of `paging.after()` are bound, here by name.
/// let mut sql = String::new();
/// for part in keyset.after() {
///     match part {
///         SqlPart::Text(text) => sql.push_str(&text),
///         SqlPart::Field(Field::Year) => sql.push_str(":year"),
///         SqlPart::Field(Field::Title) => sql.push_str(":title"),
///         SqlPart::Id => sql.push_str(":id"),
///     }
/// }
/// assert_eq!(sql, "(year < :year OR (year = :year AND (title > :title OR (title = :title AND id > :id))))");
/// ```
#[derive(Clone, Debug)]
pub struct Keyset<F> {
    columns: Vec<(&'static str, bool, SqlPart<F>)>,
}

/// A piece of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SqlPart<F> {
    /// Text as it stands.
    Text(String),
    /// The value that the last row had in the column of this field.
    Field(F),
    /// The value that the last row had in the column that makes rows unique.
    Id,
}

impl<F: Copy> Keyset<F> {
    pub(super) fn new(fields: impl Iterator<Item = (By<F>, &'static str)>, id: &'static str) -> Self {
        let mut columns: Vec<_> =
            fields.map(|(by, column)| (column, by.descending, SqlPart::Field(by.field))).collect();
        let descending = columns.last().is_some_and(|(_, descending, _)| *descending);
        columns.push((id, descending, SqlPart::Id));
        Self { columns }
    }

    /// What stands behind `ORDER BY`.
    pub fn order_by(&self) -> String {
        let columns = self
            .columns
            .iter()
            .map(|(column, descending, _)| format!("{column} {}", if *descending { "DESC" } else { "ASC" }));
        columns.collect::<Vec<_>>().join(", ")
    }

    /// The condition that a row stands behind the last one of the page before.
    pub fn after(&self) -> Vec<SqlPart<F>> {
        let mut parts = Vec::new();
        let first = self.columns.first().is_some_and(|(_, descending, _)| *descending);
        if self.columns.iter().all(|(_, descending, _)| *descending == first) {
            // Databases walk an index along a comparison of rows.
            let names: Vec<&str> = self.columns.iter().map(|(column, ..)| *column).collect();
            let mut text = format!("({}) {} (", names.join(", "), sign(first));
            for (_, _, value) in &self.columns {
                parts.push(SqlPart::Text(std::mem::replace(&mut text, ", ".to_owned())));
                parts.push(value.clone());
            }
            parts.push(SqlPart::Text(")".to_owned()));
            return parts;
        }
        let mut text = String::new();
        for (index, (column, descending, value)) in self.columns.iter().enumerate() {
            let last = index + 1 == self.columns.len();
            let open = if last { "" } else { "(" };
            parts.push(SqlPart::Text(format!("{text}{open}{column} {} ", sign(*descending))));
            parts.push(value.clone());
            if !last {
                parts.push(SqlPart::Text(format!(" OR ({column} = ")));
                parts.push(value.clone());
                text = " AND ".to_owned();
            }
        }
        parts.push(SqlPart::Text("))".repeat(self.columns.len().saturating_sub(1))));
        parts
    }
}

fn sign(descending: bool) -> &'static str {
    if descending { "<" } else { ">" }
}
