//! The envelope of a safe push: no panic, and one error for padding, length and appid.

#![no_main]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use queqiao_wechat::push::{EncodingAesKey, Mode, Query, Receiver, Token, message_signature};

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = data.split_first() else { return };
    let Ok(key) = EncodingAesKey::new(&"abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG".into()) else { return };
    match choice % 3 {
        // Whatever the base64 holds, the errors do not differ.
        0 => {
            let wrong = key.open("wx1", &STANDARD.encode(rest));
            let reference = key.open("wx1", &STANDARD.encode([0; 32]));
            if wrong.is_err() {
                assert_eq!(wrong, reference);
            }
        }
        1 => {
            let _ = key.open("wx1", &String::from_utf8_lossy(rest));
        }
        // A whole request, with a signature that is right for what stands as Encrypt.
        _ => {
            let token = Token::new("AAAAA");
            let encrypt = STANDARD.encode(rest);
            let now = Timestamp::UNIX_EPOCH;
            let query = Query {
                timestamp: Some("0".into()),
                nonce: Some("1".into()),
                msg_signature: Some(message_signature(&token, "0", "1", &encrypt)),
                encrypt_type: Some("aes".into()),
                ..Query::default()
            };
            let receiver = Receiver::new("wx1", token, Mode::Safe(key));
            for body in [
                format!("{{\"Encrypt\":\"{encrypt}\"}}").into_bytes(),
                format!("<xml><Encrypt>{encrypt}</Encrypt></xml>").into_bytes(),
                rest.to_vec(),
            ] {
                let _ = receiver.open(&query, &body, now);
            }
        }
    }
});
