//! A document as YAML, for readers of 1.1 and 1.2 alike.

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;

use crate::json;

/// What a reader looks for first, first.
const FIRST: [&str; 9] =
    ["openapi", "info", "externalDocs", "servers", "security", "tags", "paths", "webhooks", "components"];

/// An OpenAPI document as YAML: the parts in the order in which one reads them, all other keys sorted.
pub fn yaml(document: &Value) -> String {
    // Texts that a reader of YAML 1.1 takes for something else (`no`, `1_000`, a date) are quoted.
    let options = serde_saphyr::ser_options! { yaml_12: false };
    // Nothing of a JSON value is beyond YAML, and JSON is YAML too.
    let mut text = String::new();
    match serde_saphyr::to_fmt_writer_with_options(&mut text, &Ordered(document, true), options) {
        Ok(()) => text,
        Err(_) => json::pretty(document),
    }
}

struct Ordered<'a>(&'a Value, bool);

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(members) => {
                let place = |key: &str| FIRST.iter().position(|first| *first == key).unwrap_or(FIRST.len());
                let mut members: Vec<_> = members.iter().collect();
                members.sort_by(|(a, _), (b, _)| {
                    let by_place = if self.1 { place(a).cmp(&place(b)) } else { std::cmp::Ordering::Equal };
                    by_place.then_with(|| a.cmp(b))
                });
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (key, value) in members {
                    map.serialize_entry(key, &Ordered(value, false))?;
                }
                map.end()
            }
            Value::Array(items) => serializer.collect_seq(items.iter().map(|item| Ordered(item, false))),
            scalar => scalar.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Texts that some reader of YAML takes for something else, or that are hard to write.
    fn awkward() -> Vec<Value> {
        let texts = [
            "no",
            "No",
            "y",
            "Yes",
            "on",
            "off",
            "true",
            "null",
            "~",
            "",
            "1.0",
            "3.1.0",
            "1e3",
            "0x1F",
            "0o17",
            "017",
            "1_000",
            "-",
            "- a",
            "? b",
            "a: b",
            "a #b",
            "#b",
            "&a",
            "*a",
            "!t",
            "%d",
            "@a",
            "`a`",
            "{a}",
            "[a]",
            "'a'",
            "\"a\"",
            "a\\b",
            "2026-11-26",
            "2026-11-26T08:00:00Z",
            "12:30:45",
            ".inf",
            ".nan",
            "-.5",
            "<<",
            "=",
            "---",
            "...",
            " a",
            "a ",
            "a\n",
            "a\n\n",
            "\na",
            "a\nb",
            "  a\nb",
            "a\n  b\n",
            "tab\tx",
            "\r\n",
            "\u{85}\u{2028}",
            "\u{0}",
            "\u{7f}",
            "\u{feff}",
            "鹊桥",
            "😀",
            "a word that is much longer than the eighty characters after which long texts are folded, and more so",
        ];
        texts
            .into_iter()
            .map(Value::from)
            .chain([
                json!(1),
                json!(1.5),
                json!(-0.25),
                json!(u64::MAX),
                json!(1e300),
                json!(true),
                json!(null),
                json!({}),
                json!([]),
            ])
            .collect()
    }

    #[test]
    fn every_text_stays_a_text() {
        let values = awkward();
        let keys =
            values.iter().filter_map(Value::as_str).map(|key| (key.to_owned(), json!([[key], { "a": key }])));
        let document =
            json!({ "openapi": "3.1.0", "values": values, "keys": keys.collect::<serde_json::Map<_, _>>() });
        let text = yaml(&document);
        for strict in [true, false] {
            let options = serde_saphyr::options! { strict_booleans: strict };
            let read: Value = serde_saphyr::from_str_with_options(&text, options).expect("readable");
            assert_eq!(read, document);
        }
    }

    #[test]
    fn parts_come_as_one_reads_them() {
        let document = json!({ "components": {}, "openapi": "3.1.0", "x-a": 1, "paths": { "/b": {}, "/a": {} }, "info": {} });
        let text = yaml(&document);
        let keys: Vec<_> = text.lines().filter_map(|line| line.split(':').next()).collect();
        assert_eq!(keys, ["openapi", "info", "paths", "  /a", "  /b", "components", "x-a"]);
    }
}
