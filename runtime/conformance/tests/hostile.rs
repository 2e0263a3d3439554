//! Bodies that no schema thinks of.

use queqiao_conformance::{Judge, types};

/// serde_json goes on in the midst of a key that should be a boolean and is none.
#[tokio::test]
async fn a_key_that_is_no_boolean_is_refused() {
    let cases = types::all();
    let judge = Judge::new(&cases);
    for case in cases.iter().filter(|case| case.name.starts_with("keys")) {
        for key in ["é", "汉", "😀", "\u{7f}", "", "t", "tru", "truex", "\\\"", "\\u0000", "a\\"] {
            for body in [
                format!(r#"{{"{key}":true}}"#),
                format!(r#"{{"a":{{"{key}":1}},"b":{{}}}}"#),
                format!(r#"[[[{{"{key}":1}}]]]"#),
            ] {
                let answer = judge.text(case, body.clone().into_bytes()).await;
                assert!((200..500).contains(&answer.status), "{} on {body}: {}", case.name, answer.status);
            }
        }
    }
}

#[tokio::test]
async fn bytes_that_are_no_text_are_refused() {
    let cases = types::all();
    let judge = Judge::new(&cases);
    for case in &cases {
        for body in [
            &b"\xff"[..],
            b"\"\xc3\"",
            b"{\"\xe6\xb1\":1}",
            b"{\"a\":",
            b"",
            b"nul",
            b"1e999",
            b"-",
            b"\"\\ud800\"",
        ] {
            let answer = judge.text(case, body.to_vec()).await;
            assert!((400..500).contains(&answer.status), "{} on {body:?}: {}", case.name, answer.status);
        }
    }
}
