//! What cannot work in a mini-program is refused when the document is written.

use serde_json::{Map, Value};

/// The largest integer that a JavaScript number holds exactly, 2^53 − 1.
const SAFE: f64 = 9_007_199_254_740_991.0;

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
    fn report(&mut self, what: &str, remedy: &str) {
        let place = if self.path.is_empty() {
            format!("`{}`", self.place)
        } else {
            format!("`{}`, at `{}`", self.place, self.path.join("."))
        };
        self.mistakes.push(format!("{place}: {what}; {remedy}"));
    }

    fn schema(&mut self, schema: &Value) {
        let Value::Object(map) = schema else { return };
        if is_duration(map) {
            self.report(
                "a `Duration` is an object with a 64-bit integer, which loses digits in JavaScript beyond 2^53 − 1",
                "take a number of seconds or milliseconds as `u32` and name the unit in the field",
            );
            return;
        }
        if types(map).any(|name| name == "integer") {
            self.integer(map);
        }
        if types(map).any(|name| name == "string") {
            self.date(map);
        }
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
            "use `queqiao::types::U64` or `I64`, which travel as strings, or `u32`/`i32`, or bound it with \
             `#[check(range = 0..=9007199254740991)]`",
        );
    }

    fn date(&mut self, map: &Map<String, Value>) {
        let what = match map.get("format").and_then(Value::as_str) {
            Some("duration") => {
                return self.report(
                    "JavaScript has nothing that reads a duration such as `PT1H30M`",
                    "take a number of seconds or milliseconds as `u32` and name the unit in the field",
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
            "use an instant with RFC 3339 text (`jiff::Timestamp`), or a date and a time as two fields",
        );
    }
}

/// `std::time::Duration`, as serde writes it.
fn is_duration(map: &Map<String, Value>) -> bool {
    let Some(Value::Object(members)) = map.get("properties") else { return false };
    let wide =
        members.get("secs").and_then(|secs| secs.get("format")).and_then(Value::as_str) == Some("uint64");
    members.len() == 2 && members.contains_key("nanos") && wide
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
