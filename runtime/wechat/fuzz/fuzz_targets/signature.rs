//! Signatures and values that come from outside: no panic, and nothing verifies but what was signed.

#![no_main]

use libfuzzer_sys::fuzz_target;
use queqiao_wechat::{
    ValueKey, ValueKind, raw_data_signature, user_state_signature, verify_raw_data, verify_user_state,
};
use secrecy::SecretString;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let (signature, body) = text.split_once('\n').unwrap_or((&text, ""));
    let key = SecretString::from("o0q0otL8aEzpcZL/FT9WsQ==");
    let same = |right: String| signature.eq_ignore_ascii_case(&right);
    let raw = verify_raw_data(body.as_bytes(), signature, &key);
    assert_eq!(raw, same(raw_data_signature(body.as_bytes(), &key)));
    let state = verify_user_state(&key, body.as_bytes(), signature);
    assert_eq!(state, same(user_state_signature(&key, body.as_bytes())));
    for kind in ValueKind::ALL {
        let _ = kind.check(&text);
    }
    if let Ok(key) = text.parse::<ValueKey>() {
        assert_eq!(key.as_str(), text);
    }
});
