//! Telling images from JSON: what was told of a beginning stays true when more comes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use queqiao_wechat::Content;

fuzz_target!(|data: &[u8]| {
    let whole = Content::of(data);
    for end in 0..data.len().min(64) {
        if let Some(told) = Content::of(&data[..end]) {
            assert_eq!(Some(told), whole);
        }
    }
    if data.starts_with(b"\xff\xd8\xff") {
        assert_eq!(whole, Some(Content::Jpeg));
    }
});
