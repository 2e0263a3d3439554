//! Decrypting what a client sent: no panic, and one error for all that is wrong.
//!
//! The first byte chooses: text as it came, or raw bytes under the right key, so that what lies behind the
//! decryption is reached too.

#![no_main]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use libfuzzer_sys::fuzz_target;
use queqiao_wechat::{DecryptError, EncryptedData};
use secrecy::SecretString;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = data.split_first() else { return };
    let key = SecretString::from("tiihtNczf5v6AKRyjwEUhQ==");
    match choice % 3 {
        0 => {
            let text = String::from_utf8_lossy(rest);
            let mut parts = text.splitn(3, '\n').map(str::to_owned);
            let mut part = || parts.next().unwrap_or_default();
            let (key, iv, encrypted_data) = (SecretString::from(part()), part(), part());
            let outcome = EncryptedData { encrypted_data, iv }.decrypt::<Value>(&key, "wx1");
            assert!(!matches!(outcome, Err(DecryptError::Shape | DecryptError::TooOld)));
        }
        1 => {
            let data = EncryptedData { encrypted_data: STANDARD.encode(rest), iv: STANDARD.encode([0; 16]) };
            if let Err(error) = data.decrypt::<Value>(&key, "wx1") {
                assert_eq!(error, DecryptError::Stale);
            }
        }
        _ => {
            let Ok(sealed) = EncryptedData::seal(rest, &key, [0; 16]) else { return };
            let right = |value: &Value| value["watermark"]["appid"] == "wx1";
            match sealed.decrypt::<Value>(&key, "wx1") {
                Ok(decrypted) => assert!(right(&decrypted.data)),
                Err(error) => assert_eq!(error, DecryptError::Stale),
            }
        }
    }
});
