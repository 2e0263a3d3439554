//! Which page of a list is asked for.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Page;
use super::cursor::{Binding, Cursor};
use crate::context::Context;
use crate::document::Operation;
use crate::extract::{Extract, Incoming, Query, pairs};
use crate::model;
use crate::model::{Checker, Model};
use crate::problem::{FieldError, Location, Problem, Text};

/// The query parameters `cursor` and `limit` of a list: at most `MAX` items a page, `DEFAULT` where the caller says nothing.
///
/// Pages follow the key of their last row (keyset pagination) and never an offset: a row that is there all the time is on
/// exactly one page, whatever is added and removed meanwhile. `K` is that key: what the list is ordered by, and an id
/// behind it that makes it unique. Any serde type will do; it travels in the cursor, which is opaque to the caller, and
/// bound to the list, its filter and its order: the other query parameters and the path.
///
/// ```
/// use queqiao::prelude::*;
///
/// /// A book.
/// #[model]
/// #[derive(Clone)]
/// struct Book {
///     year: u16,
///     title: String,
/// }
///
/// /// List books, newest first.
/// #[get("/books")]
/// async fn list_books(State(books): State<Vec<Book>>, paging: Paging<(u16, String)>) -> Page<Book> {
///     let mut rows = books;
///     rows.sort_by(|a, b| (b.year, &b.title).cmp(&(a.year, &a.title)));
///     rows.retain(|book| paging.after().is_none_or(|(year, title)| (book.year, &book.title) < (*year, title)));
///     // In SQL: ORDER BY year DESC, title DESC LIMIT :rows
///     rows.truncate(paging.rows() as usize);
///     paging.page(rows, |book| (book.year, book.title.clone()))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let books = (1..=3).map(|year| Book { year, title: "围城".to_owned() }).collect::<Vec<_>>();
/// let app = queqiao::TestApp::with(
///     Api::new("library", "1.0.0").routes(routes![list_books]),
///     async move |_: &queqiao::Boot| Ok(books),
/// );
/// let first: Page<Book> = app.get("/books?limit=2").await.json();
/// assert_eq!(first.items[1].year, 2);
/// let second: Page<Book> = app.get(format!("/books?limit=2&cursor={}", first.next.unwrap())).await.json();
/// assert_eq!((second.items[0].year, second.next), (1, None));
/// # }
/// ```
///
/// # Errors
/// 422 `validation` with the code `cursor` at `/cursor`, for a text that is no cursor of this list in this order with this
/// filter; with `range` or `type` at `/limit`.
#[derive(Clone, Debug)]
pub struct Paging<K, const MAX: u32 = 50, const DEFAULT: u32 = 20> {
    after: Option<K>,
    limit: u32,
    binding: Binding,
}

impl<K, const MAX: u32, const DEFAULT: u32> Paging<K, MAX, DEFAULT> {
    /// The page after a key, or the first one, of `limit` items; for calls that come from no request.
    pub fn new(after: Option<K>, limit: u32) -> Self {
        Self { after, limit: limit.clamp(1, MAX.max(1)), binding: Binding::default() }
    }

    /// The key of the last row of the page before: this page has the rows behind it. `None` for the first page.
    pub fn after(&self) -> Option<&K> {
        self.after.as_ref()
    }

    /// How many items the page has at most.
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// How many rows to read: one more than the page has, which tells whether there is another.
    pub fn rows(&self) -> u32 {
        self.limit.saturating_add(1)
    }
}

impl<K: Serialize, const MAX: u32, const DEFAULT: u32> Paging<K, MAX, DEFAULT> {
    /// The page of up to [`rows`](Self::rows) rows in the order of the list; `key` of a row is what
    /// [`after`](Self::after) will be on the next page.
    ///
    /// A key that serde refuses to write, or that makes a cursor of more than 2048 characters, makes the answer a 500, whose
    /// cause is logged.
    pub fn page<T>(&self, mut rows: Vec<T>, key: impl FnOnce(&T) -> K) -> Page<T> {
        let more = rows.len() > self.limit as usize;
        rows.truncate(self.limit as usize);
        let next = rows.last().filter(|_| more).map(|last| Cursor::of(&key(last), &self.binding));
        Page { items: rows, next }
    }
}

/// The parameters as the document has them.
#[model]
struct Parameters<const MAX: u32, const DEFAULT: u32> {
    /// `next` of the page before, with all other parameters as they were; none for the first page.
    cursor: Option<Cursor>,
    /// How many items the page has at most.
    limit: Option<Limit<MAX, DEFAULT>>,
}

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Limit<const MAX: u32, const DEFAULT: u32>(u32);

impl<const MAX: u32, const DEFAULT: u32> JsonSchema for Limit<MAX, DEFAULT> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Limit_{MAX}_{DEFAULT}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 1, "maximum": MAX, "default": DEFAULT })
    }
}

impl<const MAX: u32, const DEFAULT: u32> Model for Limit<MAX, DEFAULT> {
    fn check(&self, at: &mut Checker<'_>) {
        if !(1..=MAX).contains(&self.0) {
            at.fail("range", Text::both(format!("须为 1 到 {MAX}"), format!("must be 1 to {MAX}")));
        }
    }
}

/// Items of a page that one answer should carry at most.
const REASONABLE: u32 = 1000;

impl<S, K, const MAX: u32, const DEFAULT: u32> Extract<S> for Paging<K, MAX, DEFAULT>
where
    S: Send + Sync,
    K: Serialize + DeserializeOwned + Send,
{
    fn describe(operation: &mut Operation<'_>) {
        if !(1..=REASONABLE).contains(&MAX) {
            operation.mistake(format_args!(
                "`Paging<_, {MAX}>`: a page has 1 to {REASONABLE} items at most; say so"
            ));
        } else if !(1..=MAX).contains(&DEFAULT) {
            operation.mistake(format_args!(
                "`Paging<_, {MAX}, {DEFAULT}>` has {DEFAULT} items a page unless told, which must be 1 to {MAX}; write \
                 `Paging<_, {MAX}, {MAX}>`"
            ));
        }
        <Query<Parameters<MAX, DEFAULT>> as Extract<S>>::describe(operation);
    }

    async fn extract(request: &mut Incoming, context: &Context<S>) -> Result<Self, Problem> {
        let Query(Parameters { cursor, limit }) =
            Query::<Parameters<MAX, DEFAULT>>::extract(request, context).await?;
        let limit = limit.map_or(DEFAULT, |Limit(limit)| limit);
        let mut bound = pairs(request.parts.uri.query().unwrap_or_default())?;
        // What the operation does not know changes nothing in the list, and may differ from call to call.
        bound.retain(|(name, _)| !matches!(&**name, "cursor" | "limit") && request.takes(name));
        let binding = Binding::of(request.parts.uri.path(), &mut bound);
        let after = cursor.map(|cursor| cursor.open(&binding)).transpose().map_err(|_| {
            Problem::validation(vec![FieldError {
                location: Location::Query,
                pointer: "/cursor".to_owned(),
                code: "cursor".into(),
                message: Text::both(
                    "不是这个列表在此排序和筛选条件下的游标；请从第一页重新开始",
                    "is no cursor of this list in this order with this filter; start again without it",
                ),
            }])
        })?;
        Ok(Self { after, limit, binding })
    }
}
