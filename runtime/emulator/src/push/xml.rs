//! Messages as WeChat's XML, and answers in XML.

use quick_xml::events::{BytesCData, BytesEnd, BytesStart, BytesText, Event};
use quick_xml::{Reader, Writer};
use serde_json::{Map, Value};

/// The fields as `<xml>…</xml>`: texts as CDATA, lists as repeated elements.
pub(super) fn render(fields: &Map<String, Value>) -> String {
    let mut writer = Writer::new(Vec::new());
    element(&mut writer, "xml", &Value::Object(fields.clone()));
    String::from_utf8(writer.into_inner()).unwrap_or_default()
}

fn element(writer: &mut Writer<Vec<u8>>, name: &str, value: &Value) {
    // Writing to memory does not fail.
    let mut write = |event: Event<'_>| drop(writer.write_event(event));
    if let Value::Array(items) = value {
        for item in items {
            element(writer, name, item);
        }
        return;
    }
    write(Event::Start(BytesStart::new(name)));
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                element(writer, name, value);
            }
        }
        Value::String(text) => {
            for part in BytesCData::escaped(text) {
                write(Event::CData(part));
            }
        }
        other => write(Event::Text(BytesText::new(&other.to_string()))),
    }
    drop(writer.write_event(Event::End(BytesEnd::new(name))));
}

/// The texts of the elements below the root of an answer; `None` for what is no XML.
pub(super) fn parse(text: &str) -> Option<Map<String, Value>> {
    let mut reader = Reader::from_str(text);
    let mut path: Vec<String> = Vec::new();
    let mut fields = Map::new();
    let mut add = |path: &[String], text: &str| {
        if let [_, name] = path {
            let entry = fields.entry(name.clone()).or_insert_with(|| Value::String(String::new()));
            if let Value::String(so_far) = entry {
                so_far.push_str(text);
            }
        }
    };
    let mut elements = 0;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                path.push(start.name().as_ref().to_owned());
                elements += 1;
                add(&path, "");
            }
            Event::Empty(_) => elements += 1,
            Event::End(_) => drop(path.pop()),
            Event::Text(part) => add(&path, &part.xml10_content()),
            Event::CData(part) => add(&path, &part.xml10_content()),
            Event::GeneralRef(part) => match part.resolve_char_ref() {
                Ok(Some(character)) => add(&path, &character.to_string()),
                _ => {
                    let known = quick_xml::escape::resolve_predefined_entity(&part.xml10_content())?;
                    add(&path, known);
                }
            },
            Event::Eof => break,
            _ => {}
        }
    }
    (path.is_empty() && elements > 0).then_some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_are_cdata_and_lists_repeat() {
        let fields = json!({"Content": "a]]>b & <c>", "CreateTime": 7, "detail": [{"x": 1}, {"x": 2}]});
        let text = render(fields.as_object().unwrap());
        assert_eq!(
            text,
            "<xml><Content><![CDATA[a]]]]><![CDATA[>b & <c>]]></Content><CreateTime>7</CreateTime>\
             <detail><x>1</x></detail><detail><x>2</x></detail></xml>"
        );
        let back = parse(&text).unwrap();
        assert_eq!((&back["Content"], &back["CreateTime"]), (&json!("a]]>b & <c>"), &json!("7")));
    }

    #[test]
    fn answers_are_read() {
        let fields =
            parse("<xml><MsgType><![CDATA[text]]></MsgType><A>1 &lt; 2 &#65;</A><B/></xml>").unwrap();
        assert_eq!(Value::Object(fields), json!({"MsgType": "text", "A": "1 < 2 A"}));
        for rubbish in ["", "success", "<xml><a></xml>", "<xml>", "<a>&nothing;</a>"] {
            assert_eq!(parse(rubbish), None, "{rubbish}");
        }
    }
}
