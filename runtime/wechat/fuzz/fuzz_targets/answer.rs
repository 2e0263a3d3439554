//! Answers of the server API: no panic, and nothing of the body in an error but what WeChat says in errmsg.

#![no_main]

use libfuzzer_sys::fuzz_target;
use queqiao_wechat::{Error, Operation, PhoneNumber, Template, TextVerdict, decode_answer};
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let status = if data.len() % 2 == 0 { 200 } else { 502 };
    let told = decode_answer::<Value>(Operation::MsgSecCheck, status, data);
    if let Err(Error::Refused(refusal)) = &told {
        assert_ne!(refusal.code.0, 0);
        assert!(refusal.errmsg.chars().count() <= 200 && !refusal.errmsg.chars().any(char::is_control));
    }
    if let Err(error) = told {
        let _ = (error.to_string(), error.class(), error.is_transient());
    }
    let _ = decode_answer::<TextVerdict>(Operation::MsgSecCheck, status, data);
    let _ = decode_answer::<PhoneNumber>(Operation::GetPhoneNumber, status, data);
    if let Ok(template) = decode_answer::<Template>(Operation::GetMessageTemplateList, status, data) {
        let _ = template.keys();
    }
});
