//! The differences between document and server that stay, with their reasons.

use queqiao::serde_json::{Value, json};

use crate::judge::{Answer, Schema};

/// A difference that is known.
#[derive(Clone, Copy, Debug)]
pub struct Allowed {
    /// What it is.
    pub name: &'static str,
    /// Why it stays.
    pub reason: &'static str,
    /// How it is told from others.
    pub recognise: Recognise,
}

/// How a difference is told from others.
#[derive(Clone, Copy, Debug)]
pub enum Recognise {
    /// Schema and server agree on the value after this change.
    Rewrite(fn(&Value) -> Value),
    /// The server takes it, and so does the schema once every part of the first kind is put as the answer puts it, in
    /// the second.
    Spelled(fn(&Value) -> bool, fn(&Value) -> bool),
    /// The server takes it, and so does the schema without `format`.
    Formats,
    /// The server takes it, in one of these types.
    Taken(&'static [&'static str]),
    /// The server refuses it, in one of these types.
    Refused(&'static [&'static str]),
}

/// All of them.
pub const ALLOWED: &[Allowed] = &[
    Allowed {
        name: "integral floats",
        reason: "JSON Schema counts `1.0` as an integer, serde does not. `JSON.stringify` never writes it.",
        recognise: Recognise::Rewrite(integral),
    },
    Allowed {
        name: "aliases",
        reason: "`#[serde(alias)]` is for clients of an older contract; today's names the member once.",
        recognise: Recognise::Rewrite(without_aliases),
    },
    Allowed {
        name: "repeated items of a set",
        reason: "A set takes an item that comes twice once; the schema says `uniqueItems`.",
        recognise: Recognise::Rewrite(without_repeats),
    },
    Allowed {
        name: "other spellings of formats",
        reason: "Ids and times are read in more spellings than RFC 3339 and RFC 9562 have (`20260501`, an id without \
                 hyphens), and always written in theirs.",
        recognise: Recognise::Formats,
    },
    Allowed {
        name: "lists for structs",
        reason: "Where serde looks twice (`tag`, `flatten`, `untagged`), it reads a struct from the list of its members too; \
                 the document tells the object only.",
        recognise: Recognise::Spelled(Value::is_array, Value::is_object),
    },
    Allowed {
        name: "objects for variants without data",
        reason: "serde reads `{\"first\": null}` as `\"first\"`; the document tells the text only.",
        recognise: Recognise::Spelled(is_null_variant, Value::is_string),
    },
    Allowed {
        name: "numbers for variants",
        reason: "Under `tag`, and where serde looks twice (`flatten`, `untagged`), it reads a variant's place in the enum for \
                 its name; the document tells the name only.",
        recognise: Recognise::Spelled(Value::is_u64, Value::is_string),
    },
    Allowed {
        name: "members beside a variant without data",
        reason: "Under `tag`, serde keeps `deny_unknown_fields` for variants with members only; the document for all.",
        recognise: Recognise::Taken(&["enum_internal_strict"]),
    },
    Allowed {
        name: "optional flattened structs",
        reason: "An `Option` under `#[serde(flatten)]` is `None` where the members do not fit; the document tells their \
                 types.",
        recognise: Recognise::Taken(&["flatten_option"]),
    },
    Allowed {
        name: "absent content",
        reason: "Under `tag` and `content`, a variant of an `Option` may leave the content out; the document asks for it.",
        recognise: Recognise::Taken(&["enum_adjacent_more", "odd_adjacent_newtypes"]),
    },
    Allowed {
        name: "content of a variant without data",
        reason: "Under `tag` and `content`, a variant without data takes no content but `null`; the document does not \
                 speak of it.",
        recognise: Recognise::Refused(&[
            "enum_adjacent",
            "enum_adjacent_units",
            "enum_adjacent_renamed",
            "enum_holder",
            "odd_adjacent_newtypes",
        ]),
    },
    Allowed {
        name: "members beside a unit struct",
        reason: "Under `tag`, a variant of a unit struct takes no other members; the document does not speak of them.",
        recognise: Recognise::Refused(&["odd_tagged_newtypes"]),
    },
    Allowed {
        name: "other variants",
        reason: "`#[serde(other)]` takes any tag; the document tells those that the server writes.",
        recognise: Recognise::Taken(&["enum_other_variant"]),
    },
    Allowed {
        name: "defaults in tuples",
        reason: "A member of a tuple struct with a default may be left out at the end; the document asks for it.",
        recognise: Recognise::Taken(&["struct_defaulted_tuple"]),
    },
    Allowed {
        name: "conversions",
        reason: "What `#[serde(try_from)]`, or a `Deserialize` of your own, refuses, no schema can say; state it with \
                 `#[schemars(…)]` where a keyword can.",
        recognise: Recognise::Refused(&["converted_try"]),
    },
    Allowed {
        name: "keys of maps",
        reason: "Keys that are integers, booleans, enums or ids are told as texts of any kind or size.",
        recognise: Recognise::Refused(KEYED),
    },
];

const KEYED: &[&str] = &[
    "checked_eachs",
    "foreign_by_day",
    "keys_bool",
    "keys_char",
    "keys_deep",
    "keys_enum",
    "keys_integer",
    "keys_newtype",
    "keys_root_bool",
    "keys_root_integer",
    "keys_uuid",
    "odd_keys",
];

/// The table of `book/src/models.md`.
pub fn table() -> String {
    let rows = ALLOWED.iter().map(|allowed| format!("| {} | {} |\n", allowed.name, allowed.reason));
    format!("| difference | why |\n| --- | --- |\n{}", rows.collect::<String>())
}

/// The allowance under which this difference falls; `server` asks the server again.
pub async fn find(
    schema: &Schema,
    response: &Schema,
    case: &str,
    value: &Value,
    answer: &Answer,
    mut server: impl AsyncFnMut(&Value) -> bool,
) -> Option<&'static str> {
    for allowed in ALLOWED {
        let found = match allowed.recognise {
            Recognise::Rewrite(rewrite) => {
                let rewritten = rewrite(value);
                rewritten != *value && schema.takes(&rewritten) == server(&rewritten).await
            }
            Recognise::Spelled(from, to) => {
                let respelled = respelled(value, &answer.body, from, to);
                // Where the names differ between the sides, what is put as the answer puts it is one.
                answer.is_good()
                    && respelled != *value
                    && (schema.takes(&respelled) || response.takes(&respelled))
            }
            Recognise::Formats => answer.is_good() && schema.takes_without_formats(value),
            Recognise::Taken(names) => answer.is_good() && names.contains(&case),
            Recognise::Refused(names) => !answer.is_good() && names.contains(&case),
        };
        if found {
            return Some(allowed.name);
        }
    }
    None
}

fn map(value: &Value, change: &impl Fn(Value) -> Value) -> Value {
    change(match value {
        Value::Array(items) => items.iter().map(|item| map(item, change)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, member)| (name.clone(), map(member, change))).collect()
        }
        other => other.clone(),
    })
}

fn integral(value: &Value) -> Value {
    map(value, &|value| match value.as_f64() {
        Some(number) if value.is_f64() && number == number.trunc() && number.abs() < 1e16 => {
            json!(number as i64)
        }
        _ => value,
    })
}

/// The aliases that types here have.
const ALIASES: [(&str, &str); 2] = [("oldName", "newName"), ("oldCount", "count")];

fn without_aliases(value: &Value) -> Value {
    map(value, &|mut value| {
        for (old, new) in ALIASES {
            match &mut value {
                Value::String(text) if text == old => *text = new.to_owned(),
                Value::Object(members) => {
                    if let Some(member) = members.remove(old) {
                        members.insert(new.to_owned(), member);
                    }
                }
                _ => {}
            }
        }
        value
    })
}

fn without_repeats(value: &Value) -> Value {
    map(value, &|value| match value {
        Value::Array(items) => {
            let mut once: Vec<Value> = Vec::new();
            for item in items {
                if !once.contains(&item) {
                    once.push(item);
                }
            }
            once.into()
        }
        other => other,
    })
}

fn is_null_variant(value: &Value) -> bool {
    value.as_object().is_some_and(|members| members.len() == 1 && members.values().all(Value::is_null))
}

fn respelled(value: &Value, answer: &Value, from: fn(&Value) -> bool, to: fn(&Value) -> bool) -> Value {
    match (value, answer) {
        _ if from(value) && to(answer) => answer.clone(),
        (Value::Array(items), Value::Array(others)) if items.len() == others.len() => {
            items.iter().zip(others).map(|(item, other)| respelled(item, other, from, to)).collect()
        }
        (Value::Object(members), Value::Object(others)) => members
            .iter()
            .map(|(name, member)| {
                (
                    name.clone(),
                    match others.get(name) {
                        Some(other) => respelled(member, other, from, to),
                        None => member.clone(),
                    },
                )
            })
            .collect(),
        _ => value.clone(),
    }
}
