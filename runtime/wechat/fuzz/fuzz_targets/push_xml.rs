//! The fields of a push, in XML and in JSON, and the messages that are read from them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use queqiao_wechat::MediaCheckResult;
use queqiao_wechat::push::{Fields, Format, Limits, Message, SubscribeMsgPopup, SubscribeMsgSent, Text};

fuzz_target!(|data: &[u8]| {
    let limits = Limits::default();
    for fields in [Fields::read(data, &limits).map(|(fields, _)| fields), Fields::from_xml(data, &limits)] {
        let Ok(fields) = fields else { continue };
        let _ = fields.write(Format::Xml);
        let _ = fields.write(Format::Json);
        let _ = fields.decode::<MediaCheckResult>();
        if let Ok(message) = Message::new(fields) {
            let _ = message.identity();
            let _ = message.payload::<Text>();
            let _ = message.payload::<SubscribeMsgPopup>();
            let _ = message.payload::<SubscribeMsgSent>();
        }
    }
});
