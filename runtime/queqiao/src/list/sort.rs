//! The order that a caller asks for.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{DeserializeOwned, IntoDeserializer, value};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use super::Keyset;
use crate::model::{Checker, Model};
use crate::problem::Text;

/// One field of an order; `-` before its name in the query means descending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct By<F> {
    /// The field.
    pub field: F,
    /// From the greatest to the least.
    pub descending: bool,
}

impl<F> By<F> {
    /// From the least to the greatest.
    pub const fn ascending(field: F) -> Self {
        Self { field, descending: false }
    }

    /// From the greatest to the least.
    pub const fn descending(field: F) -> Self {
        Self { field, descending: true }
    }
}

/// An order by fields of an enum: `?sort=-createdAt,title` is newest first, and those of one time by title.
///
/// `F` is a `#[model]` enum of variants without data. The document lists exactly the values that are taken; a field that is
/// none of them, or that comes twice, is refused. What counts where the caller says nothing is a default of serde, which
/// the document then shows.
///
/// ```
/// use queqiao::list::{By, Sort};
/// use queqiao::prelude::*;
///
/// /// What todos are ordered by.
/// #[model]
/// #[derive(Clone, Copy, Debug, PartialEq)]
/// enum TodoField {
///     CreatedAt,
///     Title,
/// }
///
/// #[model]
/// struct TodoFilter {
///     #[serde(default = "newest_first")]
///     sort: Sort<TodoField>,
/// }
///
/// fn newest_first() -> Sort<TodoField> {
///     [By::descending(TodoField::CreatedAt)].into()
/// }
///
/// /// Tells the order.
/// #[get("/todos/order")]
/// async fn order(Query(filter): Query<TodoFilter>) -> Vec<TodoField> {
///     filter.sort.iter().map(|by| by.field).collect()
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let app = queqiao::TestApp::new(Api::<()>::new("todo", "1.0.0").routes(routes![order]));
/// assert_eq!(app.get("/todos/order").await.json::<Vec<TodoField>>(), [TodoField::CreatedAt]);
/// let two = app.get("/todos/order?sort=title,-createdAt").await.json::<Vec<TodoField>>();
/// assert_eq!(two, [TodoField::Title, TodoField::CreatedAt]);
/// let twice = app.get("/todos/order?sort=title,-title").await.problem();
/// assert_eq!((&twice["errors"][0]["pointer"], &twice["errors"][0]["code"]), (&"/sort/1".into(), &"unique".into()));
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sort<F>(Vec<By<F>>);

impl<F> Sort<F> {
    /// The fields, the most significant one first.
    pub fn iter(&self) -> std::slice::Iter<'_, By<F>> {
        self.0.iter()
    }

    /// Whether no field is named.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same order in SQL; `column` names the column of a field, and `id` the one that makes rows unique.
    pub fn keyset(&self, id: &'static str, column: impl Fn(F) -> &'static str) -> Keyset<F>
    where
        F: Copy,
    {
        Keyset::new(self.iter().map(|by| (*by, column(by.field))), id)
    }
}

impl<F> Default for Sort<F> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<F, const N: usize> From<[By<F>; N]> for Sort<F> {
    fn from(fields: [By<F>; N]) -> Self {
        Self(fields.into())
    }
}

impl<'a, F> IntoIterator for &'a Sort<F> {
    type Item = &'a By<F>;
    type IntoIter = std::slice::Iter<'a, By<F>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<F: Serialize> By<F> {
    fn name(&self) -> Result<String, serde_json::Error> {
        match serde_json::to_value(&self.field)? {
            Value::String(name) => Ok(name),
            other => {
                Err(serde::ser::Error::custom(format!("a field of an order is a text, and not {other}")))
            }
        }
    }
}

impl<F: Serialize> Serialize for By<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let name = self.name().map_err(serde::ser::Error::custom)?;
        serializer.collect_str(&format_args!("{}{name}", if self.descending { "-" } else { "" }))
    }
}

impl<'de, F: DeserializeOwned> Deserialize<'de> for By<F> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let (name, descending) = text.strip_prefix('-').map_or((&*text, false), |name| (name, true));
        let field: Result<F, value::Error> = F::deserialize(name.into_deserializer());
        field.map(|field| Self { field, descending }).map_err(|error| {
            serde::de::Error::custom(format_args!("{error}, with a `-` before it for the descending order"))
        })
    }
}

impl<F: Serialize> Serialize for Sort<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, F: DeserializeOwned> Deserialize<'de> for Sort<F> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self)
    }
}

impl<F: JsonSchema> JsonSchema for Sort<F> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Sort_{}", F::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let field = F::json_schema(generator).to_value();
        let mut schema = json!({ "type": "array", "x-query-style": "form" });
        match names(&field) {
            Some(names) => {
                let both = names.iter().flat_map(|name| [name.clone(), format!("-{name}")]);
                schema["items"] = json!({ "type": "string", "enum": both.collect::<Vec<_>>() });
                schema["uniqueItems"] = json!(true);
                // No field in both directions. `maxContains` would be shorter, and is known to few tools.
                let once = names.iter().map(|name| {
                    let descending = format!("-{name}");
                    json!({ "not": { "allOf": [{ "contains": { "const": name } }, { "contains": { "const": descending } }] } })
                });
                schema["allOf"] = once.collect();
            }
            // The document then tells that no text can carry it.
            None => schema["items"] = field,
        }
        Schema::try_from(schema).unwrap_or_default()
    }
}

/// The texts that an enum's schema lists.
fn names(schema: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    if let Some(Value::Array(values)) = schema.get("enum") {
        return values.iter().map(text).collect();
    }
    if let Some(one) = schema.get("const") {
        return Some(vec![text(one)?]);
    }
    let branches = schema.get("oneOf").or_else(|| schema.get("anyOf"))?.as_array()?;
    Some(branches.iter().map(names).collect::<Option<Vec<_>>>()?.concat())
}

impl<F: JsonSchema + Serialize + DeserializeOwned> Model for Sort<F> {
    fn check(&self, at: &mut Checker<'_>) {
        let mut known = Vec::with_capacity(self.0.len());
        for (index, by) in self.0.iter().enumerate() {
            let Ok(name) = by.name() else { continue };
            if known.contains(&name) {
                let told = Text::both(
                    format!("按 `{name}` 排序只能出现一次"),
                    format!("orders by `{name}` a second time"),
                );
                at.index(index).fail("unique", told);
            }
            known.push(name);
        }
    }
}
