//! Turning texts of the path, the query and headers into values of the schema's types.

use std::borrow::Cow;

use serde_json::{Map, Number, Value};

/// What a text in a URL or a header is meant to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    /// A text that is never empty: one of a list, or an id or a time.
    Token,
    Integer,
    /// An integer from the first to the second, beside other types.
    Within(i64, i64),
    Number,
    /// A number that `f32` holds.
    Single,
    Boolean,
    /// Repeated under one name.
    Many(Box<Kind>),
    /// A list in one text, between commas.
    Joined(Box<Kind>),
    /// Members with names of their own, as `name[member]`.
    Deep(Plan),
    /// Not a text: `None` for an empty one.
    Optional(Box<Kind>),
    /// Several types are possible: the narrowest that fits.
    OneOf(Vec<Kind>),
    /// Any type at all.
    Any,
}

/// The keyword by which a type says that a query does not write it in the usual way; printing removes it.
pub(crate) const STYLE: &str = "x-query-style";

/// A way in which a query writes lists and objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// `name=a,b`
    Joined,
    /// `name[member]=a`
    Deep,
}

/// `name` and `member` of `name[member]`.
pub(super) fn deep_name(name: &str) -> Option<(&str, &str)> {
    name.strip_suffix(']')?.split_once('[')
}

impl Kind {
    /// The kind that a schema asks for; `resolve` follows references. `None` where no text can carry it.
    pub(crate) fn of(schema: &Value, resolve: &mut impl FnMut(&Value) -> Value) -> Option<Kind> {
        let schema = resolve(schema);
        let Value::Object(map) = &schema else { return Some(Kind::Any) };
        if let Some(branches) =
            ["anyOf", "oneOf"].iter().find_map(|key| map.get(*key)).and_then(Value::as_array)
        {
            let mut kinds = Vec::new();
            let mut null = false;
            for branch in branches {
                if branch.get("type").and_then(Value::as_str) == Some("null") {
                    null = true;
                    continue;
                }
                let kind = match Kind::of(branch, resolve)? {
                    Kind::Integer => within(&resolve(branch)),
                    kind => kind,
                };
                if !kinds.contains(&kind) {
                    kinds.push(kind);
                }
            }
            let kind = match <[Kind; 1]>::try_from(kinds) {
                Ok([Kind::Within(..)]) => Kind::Integer,
                Ok([one]) => one,
                Err(kinds) => Kind::OneOf(kinds),
            };
            return Some(if null { kind.optional() } else { kind });
        }
        let types: Vec<&str> = match map.get("type") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let null = types.contains(&"null");
        let mut named = types.into_iter().filter(|name| *name != "null");
        let kind = match (named.next(), named.next()) {
            (Some("string"), None) => text(map),
            (Some("integer"), None) => Kind::Integer,
            (Some("number"), None) if map.get("format").and_then(Value::as_str) == Some("float") => {
                Kind::Single
            }
            (Some("number"), None) => Kind::Number,
            (Some("boolean"), None) => Kind::Boolean,
            (Some("array"), None) => {
                let items = map.get("items").cloned().unwrap_or(Value::Bool(true));
                match Kind::of(&items, resolve)? {
                    Kind::Many(_) | Kind::Joined(_) | Kind::Deep(_) => return None,
                    kind if map.get(STYLE).is_some() => Kind::Joined(Box::new(Kind::Many(Box::new(kind)))),
                    kind => Kind::Many(Box::new(kind)),
                }
            }
            (Some("object"), None) if map.get(STYLE).is_some() => {
                let members = map.get("properties").and_then(Value::as_object).into_iter().flatten();
                let mut fields = Vec::new();
                for (name, member) in members {
                    match Kind::of(member, resolve)? {
                        Kind::Deep(_) => return None,
                        kind => fields.push((name.clone(), kind)),
                    }
                }
                Kind::Deep(Plan::new(fields))
            }
            (Some("object"), None) => return None,
            (Some(_), None) => Kind::Any,
            (None, _) if map.contains_key("format") => text(map),
            (None, _) => match map.get("const").or_else(|| map.get("enum").and_then(|e| e.get(0))) {
                Some(Value::String(_)) => text(map),
                _ => Kind::Any,
            },
            (Some(one), Some(two)) => {
                let named = [one, two].into_iter().chain(named);
                let of = |name: &str| Kind::of(&serde_json::json!({ "type": name }), resolve);
                Kind::OneOf(named.map(of).collect::<Option<Vec<_>>>()?)
            }
        };
        Some(if null { kind.optional() } else { kind })
    }

    fn optional(self) -> Kind {
        match self {
            Kind::Optional(_) => self,
            other => Kind::Optional(Box::new(other)),
        }
    }

    /// The value of one text. A text that does not fit stays a string, so that serde names the type it wanted.
    pub(crate) fn value(&self, text: &str) -> Value {
        let string = || Value::String(text.to_owned());
        match self {
            Kind::Text | Kind::Token => string(),
            Kind::Within(least, most) => integer(text)
                .filter(|value| value.as_i64().is_some_and(|number| (*least..=*most).contains(&number)))
                .unwrap_or_else(string),
            Kind::Integer => integer(text).unwrap_or_else(string),
            Kind::Number => number(text).unwrap_or_else(string),
            // serde would make it infinite, which no answer can carry.
            Kind::Single => number(text)
                .filter(|value| value.as_f64().is_some_and(|number| (number as f32).is_finite()))
                .unwrap_or_else(string),
            Kind::Boolean => boolean(text).unwrap_or_else(string),
            Kind::Many(one) => one.value(text),
            Kind::Joined(many) => many.list(text.split(',')),
            // Its members come under names of their own.
            Kind::Deep(_) => string(),
            Kind::Optional(one) if text.is_empty() && !one.takes_empty() => Value::Null,
            Kind::Optional(one) => one.value(text),
            Kind::OneOf(kinds) => {
                // A text is anything, so it comes last.
                kinds
                    .iter()
                    .map(|kind| kind.value(text))
                    .find(|value| !value.is_string())
                    .unwrap_or_else(string)
            }
            Kind::Any => {
                integer(text).or_else(|| boolean(text)).or_else(|| number(text)).unwrap_or_else(string)
            }
        }
    }

    /// How OpenAPI names the way in which a query writes it, where it is not the usual one.
    pub(crate) fn style(&self) -> Option<Style> {
        match self {
            Kind::Joined(_) => Some(Style::Joined),
            Kind::Deep(_) => Some(Style::Deep),
            Kind::Optional(inner) => inner.style(),
            _ => None,
        }
    }

    /// The members, where each comes under a name of its own.
    fn members(&self) -> Option<&Plan> {
        match self {
            Kind::Deep(members) => Some(members),
            Kind::Optional(inner) => inner.members(),
            _ => None,
        }
    }

    /// The kind of the items, where one name may come several times.
    pub(crate) fn items(&self) -> Option<&Kind> {
        match self {
            Kind::Many(items) => Some(items),
            Kind::Optional(inner) => inner.items(),
            _ => None,
        }
    }

    /// The list of these texts. An empty text is no item, unless the items are any texts: `?ids=` is the empty list.
    pub(crate) fn list<'a>(&self, texts: impl Iterator<Item = &'a str>) -> Value {
        let items = self.items().unwrap_or(self);
        texts.filter(|text| items.takes_empty() || !text.is_empty()).map(|text| items.value(text)).collect()
    }

    /// Whether an empty text stands for no value: for `None`, or for a list without items.
    pub(crate) fn empty_is_absent(&self) -> bool {
        match self {
            Kind::Joined(many) => many.empty_is_absent(),
            Kind::Optional(one) | Kind::Many(one) => match &**one {
                Kind::Many(_) => one.empty_is_absent(),
                one => !one.takes_empty(),
            },
            _ => false,
        }
    }

    fn takes_empty(&self) -> bool {
        match self {
            Kind::Text | Kind::Any => true,
            Kind::OneOf(kinds) => kinds.iter().any(Kind::takes_empty),
            _ => false,
        }
    }
}

/// The texts of these formats are never empty.
const TOKENS: [&str; 4] = ["uuid", "date-time", "date", "time"];

fn text(map: &Map<String, Value>) -> Kind {
    let format = map.get("format").and_then(Value::as_str);
    let listed = match (map.get("const"), map.get("enum")) {
        (Some(one), _) => one != "",
        (None, Some(Value::Array(values))) => values.iter().all(|value| value != ""),
        _ => false,
    };
    if listed || format.is_some_and(|format| TOKENS.contains(&format)) { Kind::Token } else { Kind::Text }
}

fn within(schema: &Value) -> Kind {
    let bound = |name| schema.get(name).and_then(Value::as_i64);
    match (bound("minimum"), bound("maximum")) {
        (Some(least), Some(most)) => Kind::Within(least, most),
        _ => Kind::Integer,
    }
}

fn integer(text: &str) -> Option<Value> {
    // A leading plus or zeros are no JSON number.
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.starts_with(|first: char| first.is_ascii_digit()) || (digits.starts_with('0') && text != "0") {
        return None;
    }
    let number = text.parse::<i64>().map(Number::from).or_else(|_| text.parse::<u64>().map(Number::from));
    number.ok().map(Value::Number)
}

fn number(text: &str) -> Option<Value> {
    match serde_json::from_str(text) {
        Ok(Value::Number(number)) => Some(Value::Number(number)),
        _ => None,
    }
}

fn boolean(text: &str) -> Option<Value> {
    match text {
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        _ => None,
    }
}

/// The named texts that one argument reads, with their kinds; made once, when the Api is built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    fields: Vec<(String, Kind)>,
}

/// Why a set of pairs does not fit a plan.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Repeated {
    pub(crate) name: String,
}

impl Plan {
    pub(crate) fn new(fields: Vec<(String, Kind)>) -> Self {
        Self { fields }
    }

    fn kind(&self, name: &str) -> Option<&Kind> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, kind)| kind)
    }

    /// Whether the schema has this name; serde may know more, as aliases.
    pub(crate) fn knows(&self, name: &str) -> bool {
        let deep = || {
            deep_name(name)
                .is_some_and(|(whole, _)| self.kind(whole).is_some_and(|kind| kind.members().is_some()))
        };
        self.kind(name).is_some() || deep()
    }

    /// An object of the pairs; unknown names stay, as the given kind, for types that refuse them and for aliases.
    pub(crate) fn object<'a>(
        &self,
        pairs: impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)>,
        unknown: &Kind,
    ) -> Result<Value, Repeated> {
        let mut object = Map::new();
        for (name, text) in pairs {
            if let Some((whole, member)) = deep_name(&name)
                && let Some(members) = self.kind(whole).and_then(Kind::members)
            {
                let value = members.kind(member).unwrap_or(unknown).value(&text);
                let object = object.entry(whole).or_insert_with(|| Value::Object(Map::new()));
                let before = object.as_object_mut().map(|object| object.insert(member.to_owned(), value));
                if before.is_none() || before.is_some_and(|before| before.is_some() && members.knows(member))
                {
                    return Err(Repeated { name: name.into_owned() });
                }
                continue;
            }
            let kind = self.kind(&name);
            // No item at all: what the type has as its default counts.
            if text.is_empty() && kind.and_then(Kind::style) == Some(Style::Joined) {
                continue;
            }
            if let Some(items) = kind.and_then(Kind::items) {
                let list = object.entry(name.into_owned()).or_insert_with(|| Value::Array(Vec::new()));
                if let Value::Array(list) = list
                    && (items.takes_empty() || !text.is_empty())
                {
                    list.push(items.value(&text));
                }
            } else if object.contains_key(&*name) {
                if kind.is_some() {
                    return Err(Repeated { name: name.into_owned() });
                }
            } else {
                let value = kind.unwrap_or(unknown).value(&text);
                object.insert(name.into_owned(), value);
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kind(schema: Value) -> Option<Kind> {
        Kind::of(&schema, &mut |schema| schema.clone())
    }

    #[test]
    fn kinds_follow_schemas() {
        assert_eq!(kind(json!({ "type": "integer" })), Some(Kind::Integer));
        assert_eq!(
            kind(json!({ "type": ["boolean", "null"] })),
            Some(Kind::Optional(Box::new(Kind::Boolean)))
        );
        assert_eq!(
            kind(json!({ "type": "array", "items": { "type": "string" } })),
            Some(Kind::Many(Box::new(Kind::Text)))
        );
        assert_eq!(kind(json!({ "type": "string", "enum": ["a"] })), Some(Kind::Token));
        assert_eq!(kind(json!({ "type": "string", "enum": ["a", ""] })), Some(Kind::Text));
        assert_eq!(kind(json!({ "type": "string", "format": "uuid" })), Some(Kind::Token));
        assert_eq!(
            kind(
                json!({ "oneOf": [{ "const": "a", "type": "string" }, { "const": "b", "type": "string" }] })
            ),
            Some(Kind::Token)
        );
        assert_eq!(kind(json!({ "type": "object" })), None);
    }

    #[test]
    fn texts_become_values_and_misfits_stay_texts() {
        assert_eq!(Kind::Integer.value("12"), json!(12));
        assert_eq!(Kind::Integer.value("18446744073709551615"), json!(u64::MAX));
        assert_eq!((Kind::Integer.value("0"), Kind::Integer.value("-10")), (json!(0), json!(-10)));
        for text in
            ["", "1.5", "+1", "007", "1e3", " 1", "-", "-0", "-01", "--1", "00", "٣", "18446744073709551616"]
        {
            assert_eq!(Kind::Integer.value(text), json!(text));
        }
        assert_eq!(Kind::Number.value("1.5"), json!(1.5));
        assert_eq!(Kind::Boolean.value("yes"), json!("yes"));
        assert_eq!(Kind::Optional(Box::new(Kind::Integer)).value(""), json!(null));
        assert_eq!(Kind::Optional(Box::new(Kind::Text)).value(""), json!(""));
    }

    #[test]
    fn what_an_empty_text_stands_for_is_known() {
        for (schema, absent) in [
            (json!({ "type": ["integer", "null"] }), true),
            (json!({ "type": ["string", "null"], "format": "uuid" }), true),
            (json!({ "type": "array", "items": { "type": "integer" } }), true),
            (json!({ "type": ["array", "null"], "items": { "type": "boolean" } }), true),
            (json!({ "type": "integer" }), false),
            (json!({ "type": ["string", "null"] }), false),
            (json!({ "type": ["array", "null"], "items": { "type": "string" } }), false),
            (json!({ "type": "string", "format": "uuid" }), false),
        ] {
            assert_eq!(kind(schema.clone()).map(|kind| kind.empty_is_absent()), Some(absent), "{schema}");
        }
    }

    #[test]
    fn among_several_types_only_those_are_tried() {
        let of = |schema| kind(schema).expect("a text can carry it");
        let flag = of(json!({ "anyOf": [{ "type": "boolean" }, { "type": "string" }] }));
        assert_eq!(
            (flag.value("true"), flag.value("12"), flag.value("1e3")),
            (json!(true), json!("12"), json!("1e3"))
        );
        let small = json!({ "type": "integer", "minimum": -128, "maximum": 127 });
        let code = of(json!({ "anyOf": [small, { "type": "string" }] }));
        assert_eq!(
            (code.value("127"), code.value("128"), code.value("1.5")),
            (json!(127), json!("128"), json!("1.5"))
        );
        let number = of(json!({ "type": ["number", "string", "null"] }));
        assert_eq!(
            (number.value("1.5"), number.value("x"), number.value("")),
            (json!(1.5), json!("x"), json!(""))
        );
    }

    #[test]
    fn an_empty_text_is_no_item_of_numbers() {
        let plan = Plan::new(vec![
            ("ids".into(), Kind::Many(Box::new(Kind::Integer))),
            ("tags".into(), Kind::Many(Box::new(Kind::Text))),
        ]);
        let pairs = [("ids", ""), ("tags", ""), ("ids", "2")].map(|(a, b)| (a.into(), b.into()));
        assert_eq!(plan.object(pairs.into_iter(), &Kind::Text), Ok(json!({ "ids": [2], "tags": [""] })));
    }

    #[test]
    fn repeated_names_make_arrays_only_where_asked() {
        let plan = Plan::new(vec![
            ("tag".into(), Kind::Many(Box::new(Kind::Text))),
            ("limit".into(), Kind::Integer),
        ]);
        let pairs = |list: &'static [(&'static str, &'static str)]| {
            list.iter().map(|(a, b)| ((*a).into(), (*b).into()))
        };
        assert_eq!(
            plan.object(pairs(&[("tag", "a"), ("limit", "3"), ("tag", "b")]), &Kind::Text),
            Ok(json!({ "tag": ["a", "b"], "limit": 3 }))
        );
        assert_eq!(
            plan.object(pairs(&[("limit", "3"), ("limit", "4")]), &Kind::Text),
            Err(Repeated { name: "limit".into() })
        );
    }
}
