//! Small changes of a value: most make it one that should be refused.

use queqiao::serde_json::{Number, Value, json};

use crate::random::Random;

/// Changes one place of the value.
pub fn mutate(value: &mut Value, random: &mut Random) {
    let inside = match value {
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
        _ => 0,
    };
    if inside > 0 && !random.once_in(3) {
        let chosen = random.below(inside);
        let child = match value {
            Value::Array(items) => items.get_mut(chosen),
            Value::Object(members) => members.values_mut().nth(chosen),
            _ => None,
        };
        return child.into_iter().for_each(|child| mutate(child, random));
    }
    if random.once_in(3) {
        *value = stranger(value, random);
        return;
    }
    match value {
        Value::Null => *value = stranger(value, random),
        Value::Bool(flag) => {
            *value = json!(if random.once_in(2) { json!(!*flag) } else { json!(u8::from(*flag)) })
        }
        Value::Number(number) => *value = other_number(number, random),
        // The place of a variant, for its name.
        Value::String(_) if random.once_in(8) => *value = json!(random.below(2)),
        Value::String(text) => other_text(text, random),
        Value::Array(items) => match random.below(5) {
            0 => drop(items.pop()),
            1 => items.extend(items.first().cloned()),
            2 => items.push(Value::Null),
            3 => items.push(json!(7)),
            _ => items.reverse(),
        },
        Value::Object(members) => {
            let chosen = members.keys().nth(random.below(members.len())).cloned();
            match (random.below(6), chosen) {
                (0 | 1, Some(name)) => drop(members.remove(&name)),
                (2, Some(name)) => {
                    if let Some(member) = members.remove(&name) {
                        members.insert(renamed(&name, random), member);
                    }
                }
                (3, Some(name)) => drop(members.insert(name, Value::Null)),
                (4, _) => drop(members.insert("unknown".to_owned(), stranger(&Value::Null, random))),
                _ => {
                    let name = random.one_of(&NAMES).copied().unwrap_or_default();
                    members.insert(name.to_owned(), stranger(&Value::Null, random));
                }
            }
        }
    }
}

/// Keys that some types know in some way: tags, contents, aliases, numbers, booleans, fields under Rust's own names.
const NAMES: [&str; 16] = [
    "oldName",
    "oldCount",
    "kind",
    "data",
    "first_name",
    "",
    "0",
    "007",
    "-0",
    "255",
    "256",
    "true",
    "false",
    "é",
    "a",
    "secret",
];

fn renamed(name: &str, random: &mut Random) -> String {
    match name {
        "newName" if random.once_in(2) => "oldName".to_owned(),
        "count" if random.once_in(2) => "oldCount".to_owned(),
        _ => match random.below(4) {
            0 => name.to_uppercase(),
            1 => format!("{name}2"),
            2 => format!("0{name}"),
            _ => random.one_of(&NAMES).map(|name| (*name).to_owned()).unwrap_or_default(),
        },
    }
}

/// A value that was not made for this place.
fn stranger(value: &Value, random: &mut Random) -> Value {
    match random.below(22) {
        0 | 1 => Value::Null,
        2 => json!(true),
        3 => json!(0),
        4 => json!(1.0),
        5 => json!(-1),
        6 => json!(1.5),
        7 => json!(256),
        8 => json!(4_294_967_296_u64),
        9 => json!(18_446_744_073_709_551_615_u64),
        10 => json!(1e39),
        11 => json!(""),
        12 => json!("x"),
        13 => json!([]),
        14 => json!({}),
        15 => json!([value]),
        16 => json!({ "a": 1 }),
        17 => json!(-129),
        // The members in order, as serde reads a struct from a list.
        18 => match value {
            Value::Object(members) => members.values().cloned().collect(),
            _ => json!([1, 2]),
        },
        // As serde reads a variant without data.
        19 => match value {
            Value::String(name) => json!({ name: null }),
            _ => json!({ "kind": "x" }),
        },
        20 => json!(value.to_string()),
        _ => json!("1"),
    }
}

fn other_number(number: &Number, random: &mut Random) -> Value {
    match (number.as_i64(), random.below(6)) {
        (Some(integer), 0) => json!(integer.saturating_add(1)),
        (Some(integer), 1) => json!(integer.saturating_sub(1)),
        (Some(integer), 2) => json!(integer as f64),
        (Some(integer), 3) => json!(integer as f64 + 0.5),
        (Some(integer), 4) => json!(integer.saturating_neg()),
        (Some(integer), _) => json!(integer.to_string()),
        (None, 0) => json!(number.as_f64().unwrap_or_default() * 2.0),
        (None, 1) => json!(-number.as_f64().unwrap_or_default()),
        (None, 2) => json!(number.to_string()),
        (None, _) => json!(number.as_f64().unwrap_or_default() + 1.0),
    }
}

fn other_text(text: &mut String, random: &mut Random) {
    match random.below(9) {
        0 => text.push('x'),
        1 => drop(text.pop()),
        2 => *text = text.to_uppercase(),
        3 => text.push('汉'),
        4 => text.push('😀'),
        5 => text.insert(0, ' '),
        6 => text.insert(0, '0'),
        7 => *text = text.to_lowercase(),
        _ => *text = text.replace('-', ""),
    }
}
