//! What cannot work in a mini-program is refused when the document is written.

use serde_json::{Map, Value};

use crate::model::example::MISTAKE;

/// The largest integer that a JavaScript number holds exactly, 2^53 − 1.
const SAFE_INTEGER: u64 = 9_007_199_254_740_991;
const SAFE: f64 = SAFE_INTEGER as f64;

/// Members of `Object.prototype` that a JSON name can hide behind, but `__proto__`.
const OF_EVERY_OBJECT: [&str; 11] = [
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "toString",
    "valueOf",
    "__defineGetter__",
    "__defineSetter__",
    "__lookupGetter__",
    "__lookupSetter__",
];

/// Checks a schema; `place` says where it stands.
pub(crate) fn check(place: &str, schema: &Value, mistakes: &mut Vec<String>) {
    Lint { place: place.to_owned(), path: Vec::new(), mistakes }.schema(schema);
}

/// Checks a schema that stands below a place.
pub(crate) fn check_at(place: &str, below: &str, schema: &Value, mistakes: &mut Vec<String>) {
    Lint { place: place.to_owned(), path: vec![below.to_owned()], mistakes }.schema(schema);
}

struct Lint<'a> {
    place: String,
    path: Vec<String>,
    mistakes: &'a mut Vec<String>,
}

impl Lint<'_> {
    /// `remedies`: the best one first.
    fn report(&mut self, what: &str, remedies: &[&str]) {
        let place = if self.path.is_empty() {
            format!("`{}`", self.place)
        } else {
            format!("`{}`, at `{}`", self.place, self.path.join("."))
        };
        self.mistakes.push(format!("{place}: {what}; {}", ranked(remedies)));
    }

    fn schema(&mut self, schema: &Value) {
        let Value::Object(map) = schema else { return };
        if let Some(mistake) = map.get(MISTAKE).and_then(Value::as_str) {
            self.report(mistake, &["another example", "another type or constraint of the field"]);
        }
        match two_integers(map) {
            Some(Time::Duration) => {
                self.report(
                    "a `Duration` is an object with a 64-bit integer, which loses digits in JavaScript beyond 2^53 − 1",
                    &["a number of seconds or milliseconds as `u32`, with the unit in the field's name"],
                );
                return;
            }
            Some(Time::Instant) => {
                self.report(
                    "a `SystemTime` is an object with a 64-bit integer, which loses digits in JavaScript beyond 2^53 − 1",
                    &["an instant with RFC 3339 text (`jiff::Timestamp`), which `new Date()` reads"],
                );
                return;
            }
            None => {}
        }
        self.written_numbers(map);
        if types(map).any(|name| name == "integer") {
            self.integer(map);
        }
        if types(map).any(|name| name == "number") {
            self.decimal(map);
        }
        if types(map).any(|name| name == "string") {
            self.date(map);
        }
        self.names(map);
        for (key, value) in map {
            match (key.as_str(), value) {
                ("properties" | "patternProperties" | "$defs", Value::Object(members)) => {
                    for (name, member) in members {
                        self.below(name, member);
                    }
                }
                ("items" | "contains" | "unevaluatedItems", Value::Object(_)) => self.below("[]", value),
                ("additionalProperties" | "unevaluatedProperties", Value::Object(_)) => {
                    self.below("*", value)
                }
                ("prefixItems", Value::Array(items)) => {
                    for (index, item) in items.iter().enumerate() {
                        self.below(&index.to_string(), item);
                    }
                }
                ("allOf" | "anyOf" | "oneOf", Value::Array(branches)) => {
                    branches.iter().for_each(|branch| self.schema(branch));
                }
                ("not" | "if" | "then" | "else", Value::Object(_)) => self.schema(value),
                _ => {}
            }
        }
    }

    fn below(&mut self, name: &str, schema: &Value) {
        self.path.push(name.to_owned());
        self.schema(schema);
        self.path.pop();
    }

    /// JSON numbers become doubles in JavaScript: beyond 2^53 − 1 they lose digits.
    fn integer(&mut self, map: &Map<String, Value>) {
        if map.contains_key("const") || map.contains_key("enum") {
            return;
        }
        let bound = |inclusive: &str, exclusive: &str| {
            map.get(inclusive).or_else(|| map.get(exclusive)).and_then(Value::as_f64)
        };
        let least = bound("minimum", "exclusiveMinimum");
        let most = bound("maximum", "exclusiveMaximum");
        if least.is_some_and(|least| least >= -SAFE) && most.is_some_and(|most| most <= SAFE) {
            return;
        }
        let name = match map.get("format").and_then(Value::as_str) {
            Some("int64") => "a 64-bit integer (`i64`)",
            Some("uint64") => "a 64-bit integer (`u64`)",
            Some("int128") => "a 128-bit integer (`i128`)",
            Some("uint128") => "a 128-bit integer (`u128`)",
            Some("int") => "a pointer-sized integer (`isize`)",
            Some("uint") => "a pointer-sized integer (`usize`)",
            _ => "an integer without bounds",
        };
        self.report(
            &format!("{name} as a JSON number loses digits in JavaScript beyond 2^53 − 1"),
            &[
                "`queqiao::types::U64` or `I64`, which travel as strings",
                "`u32` or `i32`, if they are wide enough",
                "the same type, bounded by `#[check(range = 0..=9007199254740991)]`",
            ],
        );
    }

    /// The values that a schema lists: each must be one that a double holds.
    fn written_numbers(&mut self, map: &Map<String, Value>) {
        let listed = map.get("enum").and_then(Value::as_array).into_iter().flatten();
        let lost = listed.chain(map.get("const")).find(|value| {
            value.as_i64().is_some_and(|value| value.unsigned_abs() > SAFE_INTEGER)
                || value.as_u64().is_some_and(|value| value > SAFE_INTEGER)
        });
        if let Some(value) = lost {
            self.report(
                &format!("{value} is another number in JavaScript, which holds integers up to 2^53 − 1"),
                &["the value as a string, as in `#[serde(rename = \"…\")]`", "a smaller number"],
            );
        }
    }

    /// A decimal is exact; a double is not, and 0.1 + 0.2 is no price.
    fn decimal(&mut self, map: &Map<String, Value>) {
        if map.get("format").and_then(Value::as_str).is_some_and(|format| format.starts_with("decimal")) {
            self.report(
                "a decimal as a JSON number becomes a double in JavaScript, which rounds it",
                &[
                    "`queqiao::types::Decimal` (feature `decimal`), which travels as a string",
                    "whole units of the smallest coin (分) as `u32`",
                ],
            );
        }
    }

    /// Member names that JavaScript gives a meaning of their own.
    fn names(&mut self, map: &Map<String, Value>) {
        let Some(Value::Object(members)) = map.get("properties") else { return };
        let required: Vec<&str> = map
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        for name in members.keys() {
            let what = match name.as_str() {
                "__proto__" => {
                    "a member `__proto__` never arrives: `{ __proto__: … }` sets the prototype of an object in JavaScript"
                        .to_owned()
                }
                own if OF_EVERY_OBJECT.contains(&own) && !required.contains(&own) => format!(
                    "every object has `{own}` in JavaScript, so that a page cannot see that this member is absent"
                ),
                _ => continue,
            };
            self.report(&what, &["another name: rename the field, or `#[serde(rename = \"…\")]`"]);
        }
    }

    fn date(&mut self, map: &Map<String, Value>) {
        let what = match map.get("format").and_then(Value::as_str) {
            Some("duration") => {
                return self.report(
                    "JavaScript has nothing that reads a duration such as `PT1H30M`",
                    &["a number of seconds or milliseconds as `u32`, with the unit in the field's name"],
                );
            }
            Some("partial-date-time") => {
                "a date-time without an offset means another instant on every phone, and `new Date()` refuses it on iOS"
            }
            Some("zoned-date-time") => "`new Date()` cannot read a date-time with the name of a zone",
            _ => return,
        };
        self.report(
            what,
            &[
                "an instant with RFC 3339 text (`jiff::Timestamp`)",
                "a date and a time as two fields (`jiff::civil::Date` and `Time`)",
            ],
        );
    }
}

/// "use a", or "use, best first: 1. a; 2. b".
fn ranked(remedies: &[&str]) -> String {
    match remedies {
        [only] => format!("use {only}"),
        many => {
            let many: Vec<String> =
                many.iter().enumerate().map(|(index, remedy)| format!("{}. {remedy}", index + 1)).collect();
            format!("use, best first: {}", many.join("; "))
        }
    }
}

enum Time {
    Duration,
    Instant,
}

/// `std::time::Duration` and `SystemTime`, as serde writes them.
fn two_integers(map: &Map<String, Value>) -> Option<Time> {
    let Some(Value::Object(members)) = map.get("properties") else { return None };
    let wide = |name: &str| members.get(name)?.get("format")?.as_str().filter(|format| *format == "uint64");
    if members.len() != 2 {
        None
    } else if members.contains_key("nanos") && wide("secs").is_some() {
        Some(Time::Duration)
    } else if members.contains_key("nanos_since_epoch") && wide("secs_since_epoch").is_some() {
        Some(Time::Instant)
    } else {
        None
    }
}

fn types(map: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let one = map.get("type").and_then(Value::as_str);
    let many = map.get("type").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    one.into_iter().chain(many)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mistakes(schema: Value) -> Vec<String> {
        let mut mistakes = Vec::new();
        check("Thing", &schema, &mut mistakes);
        mistakes
    }

    #[test]
    fn a_wide_integer_is_found_wherever_it_hides() {
        let wide = json!({ "type": ["integer", "null"], "format": "uint64", "minimum": 0 });
        for schema in [
            wide.clone(),
            json!({ "type": "array", "items": wide }),
            json!({ "type": "object", "additionalProperties": wide }),
            json!({ "type": "object", "properties": { "id": { "anyOf": [wide, { "type": "null" }] } } }),
            json!({ "prefixItems": [wide] }),
        ] {
            let found = mistakes(schema.clone());
            assert_eq!(found.len(), 1, "{schema}");
            assert!(found[0].contains("queqiao::types::U64"), "{}", found[0]);
        }
    }

    #[test]
    fn what_javascript_changes_is_found_wherever_it_hides() {
        let required =
            json!({ "properties": { "toString": { "type": "string" } }, "required": ["toString"] });
        assert!(mistakes(required).is_empty(), "a member that is always there hides nothing");
        let time = |secs: &str, nanos: &str| json!({ "properties": { secs: { "type": "integer", "format": "uint64" }, nanos: { "type": "integer" } } });
        for (schema, part) in [
            (json!({ "properties": { "toString": { "type": "string" } } }), "`toString`"),
            (json!({ "properties": { "__proto__": {} }, "required": ["__proto__"] }), "`__proto__`"),
            (json!({ "type": ["number", "null"], "format": "decimal128" }), "types::Decimal"),
            (json!({ "const": -9_007_199_254_740_993_i64 }), "-9007199254740993"),
            (json!({ "enum": [1, u64::MAX] }), "18446744073709551615"),
            (time("secs", "nanos"), "`u32`"),
            (time("secs_since_epoch", "nanos_since_epoch"), "jiff::Timestamp"),
        ] {
            for schema in [schema.clone(), json!({ "items": { "anyOf": [schema, { "type": "null" }] } })] {
                let found = mistakes(schema.clone());
                assert_eq!(found.len(), 1, "{schema}: {found:?}");
                assert!(found[0].contains(part), "{}", found[0]);
            }
        }
    }

    #[test]
    fn bounds_within_the_safe_range_make_it_good() {
        assert!(mistakes(json!({ "type": "integer", "format": "int64", "minimum": 0, "maximum": 9_007_199_254_740_991_u64 })).is_empty());
        assert_eq!(mistakes(json!({ "type": "integer", "format": "int64", "minimum": 0, "maximum": 9_007_199_254_740_993_u64 })).len(), 1);
        assert_eq!(mistakes(json!({ "type": "integer", "format": "int64", "maximum": 5 })).len(), 1);
    }

    #[test]
    fn the_place_is_named() {
        let found = mistakes(
            json!({ "properties": { "lines": { "type": "array", "items": { "type": "integer", "format": "int64" } } } }),
        );
        assert!(found[0].starts_with("`Thing`, at `lines.[]`: a 64-bit integer"), "{}", found[0]);
    }

    #[test]
    fn a_naive_date_time_is_refused() {
        assert_eq!(mistakes(json!({ "type": "string", "format": "partial-date-time" })).len(), 1);
        assert_eq!(mistakes(json!({ "type": "string", "format": "zoned-date-time" })).len(), 1);
        assert_eq!(mistakes(json!({ "type": "string", "format": "duration" })).len(), 1);
        assert!(mistakes(json!({ "type": "string", "format": "date-time" })).is_empty());
    }
}
