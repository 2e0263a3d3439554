//! Values that a schema should take, boundaries first.
//!
//! A value is made keyword by keyword without looking back, so some break a keyword that was not thought of: who
//! uses them asks the schema once more.

use std::collections::BTreeMap;

use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use queqiao::serde_json::{Map, Value, json};

use crate::random::Random;

/// How deep values go before they take the shortest way out.
const DEEP: usize = 5;
/// How deep they may get on it.
const DEEPEST: usize = 16;

/// Makes values of one schema.
pub struct Instances<'a> {
    root: &'a Value,
    random: Random,
    runner: TestRunner,
    patterns: BTreeMap<String, Option<BoxedStrategy<String>>>,
}

impl<'a> Instances<'a> {
    /// `root` has its components in itself.
    pub fn new(root: &'a Value, mut random: Random) -> Self {
        let seed: [u8; 32] = std::array::from_fn(|_| random.bits() as u8);
        let config = Config { failure_persistence: None, ..Config::default() };
        let runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
        Self { root, random, runner, patterns: BTreeMap::new() }
    }

    /// The next value.
    pub fn instance(&mut self) -> Value {
        let root = self.root;
        self.value(root, 0)
    }

    fn value(&mut self, schema: &Value, depth: usize) -> Value {
        if depth > DEEPEST {
            return Value::Null;
        }
        let Value::Object(schema) = schema else { return self.anything(depth) };
        let schema = self.plain(schema.clone(), depth);
        if let Some(one) = schema.get("const") {
            return one.clone();
        }
        if let Some(Value::Array(values)) = schema.get("enum") {
            return self.random.one_of(values).cloned().unwrap_or_default();
        }
        let kind = match schema.get("type") {
            Some(Value::String(kind)) => kind.clone(),
            Some(Value::Array(kinds)) => {
                let null = json!("null");
                if depth > DEEP && kinds.contains(&null) {
                    return Value::Null;
                }
                self.random.one_of(kinds).and_then(Value::as_str).unwrap_or_default().to_owned()
            }
            _ if schema.contains_key("properties") || schema.contains_key("required") => "object".to_owned(),
            _ if schema.contains_key("pattern") || schema.contains_key("minLength") => "string".to_owned(),
            _ => return self.anything(depth),
        };
        match kind.as_str() {
            "null" => Value::Null,
            "boolean" => self.random.once_in(2).into(),
            "integer" => self.integer(&schema),
            "number" => self.number(&schema),
            "string" => self.text(&schema).into(),
            "array" => self.array(&schema, depth),
            "object" => self.object(&schema, depth),
            _ => Value::Null,
        }
    }

    /// The schema with its references followed, its `allOf` merged and one branch of each choice taken.
    fn plain(&mut self, mut schema: Map<String, Value>, depth: usize) -> Map<String, Value> {
        for _ in 0..32 {
            if let Some(Value::String(reference)) = schema.remove("$ref") {
                let pointer = reference.strip_prefix('#').unwrap_or_default();
                merge(&mut schema, self.root.pointer(pointer).unwrap_or(&Value::Null));
            } else if let Some(Value::Array(all)) = schema.remove("allOf") {
                all.iter().for_each(|one| merge(&mut schema, one));
            } else if let Some(Value::Array(any)) = schema.remove("oneOf").or_else(|| schema.remove("anyOf"))
            {
                let shortest = (depth > DEEP)
                    .then(|| any.iter().min_by_key(|one| one.to_string().matches("$ref").count()));
                match shortest.flatten().or_else(|| self.random.one_of(&any)) {
                    Some(one) => merge(&mut schema, one),
                    None => return schema,
                }
            } else {
                break;
            }
        }
        schema
    }

    fn anything(&mut self, depth: usize) -> Value {
        let text = self.text(&Map::new());
        match self.random.below(if depth > DEEP { 5 } else { 7 }) {
            0 => Value::Null,
            1 => true.into(),
            2 => (self.random.bits() as i32).into(),
            3 => 0.5.into(),
            4 => text.into(),
            5 => json!([self.anything(depth + 1)]),
            _ => json!({ text: self.anything(depth + 1) }),
        }
    }

    fn integer(&mut self, schema: &Map<String, Value>) -> Value {
        let bound = |keyword: &str| schema.get(keyword).and_then(Value::as_f64);
        let least = bound("minimum")
            .map(|min| min.ceil() as i64)
            .or(bound("exclusiveMinimum").map(|min| min as i64 + 1));
        let most = bound("maximum")
            .map(|max| max.floor() as i64)
            .or(bound("exclusiveMaximum").map(|max| max as i64 - 1));
        let least = least.unwrap_or(-9_007_199_254_740_991);
        let most = most.unwrap_or(9_007_199_254_740_991).max(least);
        let within =
            least.saturating_add((self.random.bits() >> 11) as i64 % (most - least).saturating_add(1).max(1));
        let number = match self.random.below(6) {
            0 => least,
            1 => most,
            2 => 0.clamp(least, most),
            3 => (least + 1).min(most),
            _ => within,
        };
        match schema.get("multipleOf").and_then(Value::as_i64) {
            Some(step) if step > 0 => (number / step * step).into(),
            _ => number.into(),
        }
    }

    fn number(&mut self, schema: &Map<String, Value>) -> Value {
        let bound = |keyword: &str| schema.get(keyword).and_then(Value::as_f64);
        let least = bound("minimum").or(bound("exclusiveMinimum")).unwrap_or(-1e300);
        let most = bound("maximum").or(bound("exclusiveMaximum")).unwrap_or(1e300);
        let share = (self.random.bits() >> 11) as f64 / (1_u64 << 53) as f64;
        let number = match self.random.below(7) {
            0 => least,
            1 => most,
            2 => 0_f64.clamp(least, most),
            3 => 1_f64.clamp(least, most),
            4 => 0.1_f64.clamp(least, most),
            _ => least + (most / 2.0 - least / 2.0) * share * 2.0,
        };
        if number == number.trunc() && number.abs() < 1e15 && self.random.once_in(2) {
            json!(number as i64)
        } else {
            json!(number)
        }
    }

    fn text(&mut self, schema: &Map<String, Value>) -> String {
        if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
            // Several in `allOf`: one after the other, as a prefix and a suffix go together.
            let first = self.matching(pattern);
            let more: Vec<String> = match schema.get("patterns") {
                Some(Value::Array(more)) => {
                    more.iter().filter_map(Value::as_str).map(|pattern| self.matching(pattern)).collect()
                }
                _ => Vec::new(),
            };
            return first + &more.concat();
        }
        if let Some(text) =
            schema.get("format").and_then(Value::as_str).and_then(|format| self.formatted(format))
        {
            return text;
        }
        let bound = |keyword: &str| schema.get(keyword).and_then(Value::as_u64).map(|bound| bound as usize);
        let least = bound("minLength").unwrap_or(0);
        let most = bound("maxLength").unwrap_or(least + 6).max(least);
        let length = match self.random.below(4) {
            0 => least,
            1 => most,
            _ => least + self.random.below(most - least + 1),
        };
        (0..length).map(|_| self.random.one_of(&CHARACTERS).copied().unwrap_or('a')).collect()
    }

    /// A text that the pattern matches.
    fn matching(&mut self, pattern: &str) -> String {
        let strategy = self.patterns.entry(pattern.to_owned()).or_insert_with(|| {
            // Anchors of a text that is all: the strategy knows none.
            let inner = pattern.trim_start_matches('^').trim_end_matches('$');
            let inner = inner.replace("\\d", "[0-9]");
            proptest::string::string_regex(&inner).ok().map(Strategy::boxed)
        });
        let tree = strategy.as_ref().and_then(|strategy| strategy.new_tree(&mut self.runner).ok());
        tree.map(|tree| tree.current()).unwrap_or_default()
    }

    fn formatted(&mut self, format: &str) -> Option<String> {
        let of =
            |random: &mut Random, samples: &[&str]| random.one_of(samples).map(|text| (*text).to_owned());
        let random = &mut self.random;
        match format {
            "uuid" => {
                let (high, low) = (random.bits(), random.bits());
                let text = format!("{high:016x}{low:016x}");
                let parts = [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]];
                let text = parts.join("-");
                Some(if random.once_in(4) { text.to_uppercase() } else { text })
            }
            "date-time" => of(random, &DATE_TIMES),
            "date" => of(random, &["2024-02-29", "1999-12-31", "0001-01-01", "9999-12-31", "1970-01-01"]),
            "time" | "partial-time" => {
                of(random, &["00:00:00", "23:59:59", "08:30:00.5", "12:00:00.123456789"])
            }
            "uri" => {
                of(random, &["https://example.com/", "http://a.b:80/c?d=e#f", "mailto:a@b.cn", "urn:isbn:1"])
            }
            "email" => of(random, &["a@b.cn", "zhang.san+x@mail.example.com"]),
            "ipv4" => of(random, &["0.0.0.0", "127.0.0.1", "255.255.255.255"]),
            "ipv6" => of(random, &["::", "::1", "2001:db8::8a2e:370:7334", "::ffff:1.2.3.4"]),
            "ip" => of(random, &["127.0.0.1", "::1"]),
            _ => None,
        }
    }

    fn array(&mut self, schema: &Map<String, Value>, depth: usize) -> Value {
        let bound = |keyword: &str| schema.get(keyword).and_then(Value::as_u64).map(|bound| bound as usize);
        let first: &[Value] = match schema.get("prefixItems") {
            Some(Value::Array(first)) => first,
            _ => &[],
        };
        let least = bound("minItems").unwrap_or(0);
        let closed = schema.get("items") == Some(&json!(false));
        let open = if closed { first.len() } else { least.max(first.len()) + 3 };
        let most = bound("maxItems").unwrap_or(open).max(least);
        let length = match self.random.below(4) {
            _ if depth > DEEP => least,
            0 => least,
            1 => most.min(least + 8),
            _ => least + self.random.below(most.min(least + 3) - least + 1),
        };
        let mut items: Vec<Value> = Vec::new();
        let unique = schema.get("uniqueItems") == Some(&json!(true));
        for index in 0..length {
            let of = first.get(index).or_else(|| schema.get("items")).cloned().unwrap_or(json!(true));
            let item = self.value(&of, depth + 1);
            if !unique || !items.contains(&item) {
                items.push(item);
            }
        }
        items.into()
    }

    fn object(&mut self, schema: &Map<String, Value>, depth: usize) -> Value {
        let mut object = Map::new();
        let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        let properties = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        let most = schema.get("maxProperties").and_then(Value::as_u64).unwrap_or(u64::MAX) as usize;
        let least = schema.get("minProperties").and_then(Value::as_u64).unwrap_or(0) as usize;
        for (name, member) in &properties {
            let needed = required.iter().any(|required| required == name);
            if needed || depth <= DEEP && self.random.once_in(2) {
                let value = self.value(member, depth + 1);
                object.insert(name.clone(), value);
            }
        }
        let patterns =
            schema.get("patternProperties").and_then(Value::as_object).cloned().unwrap_or_default();
        let rest = schema.get("additionalProperties");
        let tries = if depth > DEEP { 0 } else { self.random.below(4) }.max(least * 3);
        for _ in 0..tries {
            if object.len() >= most {
                break;
            }
            let name = match schema.get("propertyNames") {
                Some(names) => self.value(names, depth + 1).as_str().unwrap_or_default().to_owned(),
                None => String::new(),
            };
            if !patterns.is_empty() {
                for (pattern, member) in &patterns {
                    let name = if name.is_empty() { self.matching(pattern) } else { name.clone() };
                    let value = self.value(member, depth + 1);
                    object.insert(name, value);
                }
            } else if rest != Some(&json!(false))
                && schema.get("unevaluatedProperties") != Some(&json!(false))
            {
                let name = if schema.contains_key("propertyNames") { name } else { self.text(&Map::new()) };
                let member =
                    rest.or_else(|| schema.get("unevaluatedProperties")).cloned().unwrap_or(json!(true));
                if !properties.contains_key(&name) {
                    let value = self.value(&member, depth + 1);
                    object.insert(name, value);
                }
            }
        }
        object.into()
    }
}

impl std::fmt::Debug for Instances<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Instances").field("random", &self.random).finish_non_exhaustive()
    }
}

/// Characters of one to four bytes, and such as need care in JSON, pointers and patterns.
const CHARACTERS: [char; 20] = [
    'a', 'b', 'Z', '0', '7', ' ', '"', '\\', '/', '~', '\n', '\0', '$', 'é', '汉', '字', '\u{2028}',
    '\u{feff}', '😀', '𠮷',
];

const DATE_TIMES: [&str; 8] = [
    "1970-01-01T00:00:00Z",
    "2026-05-01T08:00:00+08:00",
    "2024-02-29T23:59:59.999999999Z",
    "0001-01-01T00:00:00Z",
    "9999-12-30T21:59:59Z",
    "2026-05-01t08:00:00z",
    "2026-05-01T08:00:00.1-05:30",
    "1969-12-31T23:59:59.5Z",
];

fn merge(into: &mut Map<String, Value>, from: &Value) {
    let Value::Object(from) = from else { return };
    for (keyword, value) in from {
        match (keyword.as_str(), into.get_mut(keyword), value) {
            ("properties" | "patternProperties", Some(Value::Object(known)), Value::Object(more)) => {
                for (name, member) in more {
                    match known.get_mut(name) {
                        Some(known) if known != member => {
                            *known = json!({ "allOf": [known.clone(), member] })
                        }
                        _ => drop(known.insert(name.clone(), member.clone())),
                    }
                }
            }
            ("required" | "allOf", Some(Value::Array(known)), Value::Array(more)) => {
                known.extend(more.iter().cloned())
            }
            ("pattern", Some(known), more) if known != more => {
                if let Value::Array(patterns) = into.entry("patterns").or_insert_with(|| json!([])) {
                    patterns.push(more.clone());
                }
            }
            ("additionalProperties", Some(known), more) => {
                if *known == json!(true) || *more == json!(false) {
                    *known = more.clone();
                }
            }
            _ => drop(into.insert(keyword.clone(), value.clone())),
        }
    }
}
