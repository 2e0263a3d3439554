//! What a mini-program gets from WeChat to hand on to its server: encrypted with the user's session_key.
//! <https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/signature.html>

use std::collections::VecDeque;

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeEncrypt, KeyIvInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use sha1::{Digest, Sha1};
use sha2::Sha256;

use crate::identity;

/// Data for the server, as `wx.getUserInfo` and its like give it.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EncryptedData {
    /// The data, base64 of its encryption with the user's session_key.
    pub encrypted_data: String,
    /// The initialisation vector, base64.
    pub iv: String,
    /// The data that is not encrypted, as text (rawData).
    pub raw_data: String,
    /// `hex(sha1(rawData + session_key))`.
    pub signature: String,
}

impl std::fmt::Debug for EncryptedData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EncryptedData").finish_non_exhaustive()
    }
}

/// Encrypts data with a session_key; `None` if that is not base64 of 16 bytes.
pub(crate) fn encrypt(
    session_key: &str,
    iv: [u8; 16],
    data: &str,
    raw_data: String,
) -> Option<EncryptedData> {
    let key: [u8; 16] = STANDARD.decode(session_key).ok()?.try_into().ok()?;
    let cipher = cbc::Encryptor::<aes::Aes128>::new(&key.into(), &iv.into());
    let encrypted = cipher.encrypt_padded_vec::<Pkcs7>(data.as_bytes());
    let signature = identity::hex(&Sha1::new().chain_update(&raw_data).chain_update(session_key).finalize());
    Some(EncryptedData {
        encrypted_data: STANDARD.encode(encrypted),
        iv: STANDARD.encode(iv),
        raw_data,
        signature,
    })
}

/// How long checkEncryptedData knows what was encrypted.
const LIFE: SignedDuration = SignedDuration::from_hours(3 * 24);
/// Encrypted data remembered at most.
const REMEMBERED: usize = 10_000;

/// What was encrypted lately, by the SHA-256 of its base64 text.
#[derive(Debug, Default)]
pub(crate) struct Encrypted(VecDeque<(String, String, Timestamp)>);

impl Encrypted {
    pub(crate) fn remember(&mut self, appid: &str, encrypted_data: &str, now: Timestamp) {
        if self.0.len() >= REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back((identity::hex(&Sha256::digest(encrypted_data)), appid.into(), now));
    }

    /// When it was made, if it was, in this app and lately.
    pub(crate) fn made_at(&self, appid: &str, hash: &str, now: Timestamp) -> Option<Timestamp> {
        let (_, _, at) =
            self.0.iter().find(|(known, of, _)| known.eq_ignore_ascii_case(hash) && of == appid)?;
        (now.duration_since(*at) < LIFE).then_some(*at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vector rawdata-signature-1.
    #[test]
    fn raw_data_is_signed_as_in_wechats_documentation() {
        let raw = r#"{"nickName":"Band","gender":1,"language":"zh_CN","city":"Guangzhou","province":"Guangdong","country":"CN","avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/1vZvI39NWFQ9XM4LtQpFrQJ1xlgZxx3w7bQxKARol6503Iuswjjn6nIGBiaycAjAtpujxyzYsrztuuICqIM5ibXQ/0"}"#;
        let made = encrypt("HyVFkGl5F5OQWJZZaNzBBg==", [0; 16], "{}", raw.into()).unwrap();
        assert_eq!(made.signature, "75e81ceda165f4ffa64f4068af58c64b8f54b88c");
        assert!(encrypt("short", [0; 16], "{}", String::new()).is_none());
        assert!(!format!("{made:?}").contains(&made.encrypted_data));
    }

    #[test]
    fn what_was_encrypted_is_known_for_three_days() {
        let mut encrypted = Encrypted::default();
        let time = |days: i64| Timestamp::from_second(days * 86_400).unwrap();
        encrypted.remember("wx1", "abc", time(0));
        let hash = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD";
        assert_eq!(encrypted.made_at("wx1", hash, time(2)), Some(time(0)));
        assert_eq!(encrypted.made_at("wx2", hash, time(2)), None);
        assert_eq!(encrypted.made_at("wx1", hash, time(3)), None);
        for _ in 0..2 * REMEMBERED {
            encrypted.remember("wx1", "x", time(0));
        }
        assert_eq!(encrypted.0.len(), REMEMBERED);
    }
}
