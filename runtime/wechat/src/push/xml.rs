//! XML, as little of it as WeChat's messages need.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, Event};
use serde_json::{Map, Value};

use super::{Limits, Refused};

/// An element that is not closed yet.
#[derive(Default)]
struct Open {
    name: String,
    text: String,
    children: Map<String, Value>,
    /// Whether `text` came from CDATA, so that spaces in it mean something.
    meant: bool,
}

pub(super) fn read(body: &[u8], limits: &Limits) -> Result<Map<String, Value>, Refused> {
    let body = std::str::from_utf8(body).map_err(|_| Refused::Unreadable("it is not UTF-8"))?;
    let mut reader = Reader::from_str(body);
    let mut stack: Vec<Open> = Vec::new();
    let mut root = None;
    let mut count = 0;
    loop {
        let event = reader.read_event().map_err(|_| Refused::Unreadable("it is no well-formed XML"))?;
        match event {
            Event::Start(start) => {
                if root.is_some() {
                    return Err(Refused::Unreadable("it has more than one root"));
                }
                limits.depth(stack.len() + 1)?;
                limits.count(&mut count)?;
                stack.push(Open { name: name(start.name().as_ref())?, ..Open::default() });
            }
            Event::Empty(start) => {
                limits.depth(stack.len() + 1)?;
                limits.count(&mut count)?;
                let parent = stack.last_mut().ok_or(Refused::Unreadable("its root is empty"))?;
                add(&mut parent.children, name(start.name().as_ref())?, Value::String(String::new()));
            }
            // The reader has compared the names.
            Event::End(_) => {
                let Some(element) = stack.pop() else {
                    return Err(Refused::Unreadable("it is no well-formed XML"));
                };
                match stack.last_mut() {
                    Some(parent) => {
                        let name = element.name.clone();
                        add(&mut parent.children, name, element.close()?);
                    }
                    None => root = Some(element),
                }
            }
            Event::Text(text) => write_text(&mut stack, &text.xml10_content(), false)?,
            Event::CData(text) => write_text(&mut stack, &text.xml10_content(), true)?,
            Event::GeneralRef(reference) => {
                let character = resolve(&reference)?;
                write_text(&mut stack, character.encode_utf8(&mut [0; 4]), true)?;
            }
            Event::Comment(_) | Event::Decl(_) => {}
            Event::DocType(_) => return Err(Refused::Unreadable("it declares a document type")),
            Event::PI(_) => return Err(Refused::Unreadable("it has a processing instruction")),
            Event::Eof => break,
        }
    }
    match root {
        Some(root) if stack.is_empty() && root.name == "xml" => match root.close()? {
            Value::Object(fields) => Ok(fields),
            _ => Err(Refused::Unreadable("its root has no elements")),
        },
        Some(root) if root.name != "xml" => Err(Refused::Unreadable("its root is not <xml>")),
        _ => Err(Refused::Unreadable("it is cut off")),
    }
}

impl Open {
    /// The element as a value: its elements, or else its text.
    fn close(self) -> Result<Value, Refused> {
        if self.children.is_empty() {
            return Ok(Value::String(self.text));
        }
        match self.meant || !self.text.trim().is_empty() {
            true => Err(Refused::Unreadable("an element has both text and elements")),
            false => Ok(Value::Object(self.children)),
        }
    }
}

fn name(name: &str) -> Result<String, Refused> {
    match name.is_empty() || name.contains(':') {
        true => Err(Refused::Unreadable("an element's name has a prefix")),
        false => Ok(name.to_owned()),
    }
}

fn write_text(stack: &mut [Open], text: &str, meant: bool) -> Result<(), Refused> {
    match stack.last_mut() {
        Some(element) => {
            element.text.push_str(text);
            element.meant |= meant;
            Ok(())
        }
        None if !meant && text.trim().is_empty() => Ok(()),
        None => Err(Refused::Unreadable("it has text outside of its root")),
    }
}

/// A character by number, or one of the five that XML itself names. No other entity exists.
fn resolve(reference: &BytesRef<'_>) -> Result<char, Refused> {
    let unknown = Refused::Unreadable("it has an entity that XML does not define");
    if let Some(character) = reference.resolve_char_ref().map_err(|_| unknown.clone())? {
        return Ok(character);
    }
    Ok(match &*reference.xml10_content() {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => return Err(unknown),
    })
}

/// Adds a child; one that is there already becomes a list with it.
fn add(children: &mut Map<String, Value>, name: String, value: Value) {
    match children.get_mut(&name) {
        Some(Value::Array(items)) => items.push(value),
        Some(first) => {
            let one = first.take();
            *first = Value::Array(vec![one, value]);
        }
        None => drop(children.insert(name, value)),
    }
}

/// `<xml>` with the fields: texts as CDATA, numbers bare, a list as repeated elements.
pub(super) fn write(fields: &Map<String, Value>) -> String {
    let mut xml = String::from("<xml>");
    for (name, value) in fields {
        element(&mut xml, name, value);
    }
    xml.push_str("</xml>");
    xml
}

fn element(xml: &mut String, name: &str, value: &Value) {
    if let Value::Array(items) = value {
        items.iter().for_each(|item| element(xml, name, item));
        return;
    }
    xml.extend(["<", name, ">"]);
    match value {
        Value::String(text) => {
            // `]]>` cannot stand in CDATA: it is cut in two.
            xml.extend(["<![CDATA[", &text.replace("]]>", "]]]]><![CDATA[>"), "]]>"]);
        }
        Value::Object(fields) => fields.iter().for_each(|(name, value)| element(xml, name, value)),
        Value::Null => {}
        other => xml.push_str(&other.to_string()),
    }
    xml.extend(["</", name, ">"]);
}
