//! The signatures and the encryption of pushes, on WeChat's side. Written from the protocol and proved by its
//! vectors, apart from the client's code: a mistake there is not repeated here.

use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;

use crate::identity;

/// The padding goes to multiples of 32, not of the cipher's 16.
const BLOCK: usize = 32;

/// `hex(sha1(…))` of the parts, sorted bytewise and joined: `signature` of token, timestamp and nonce, and
/// `msg_signature` with the encrypted body as fourth.
pub(super) fn signature(parts: &[&str]) -> String {
    let mut sorted = parts.to_vec();
    sorted.sort_unstable();
    identity::hex(&Sha1::digest(sorted.concat()))
}

/// Whether a signature is that of the parts.
pub(super) fn is_signed(parts: &[&str], signed: &str) -> bool {
    bool::from(signature(parts).as_bytes().ct_eq(signed.as_bytes()))
}

/// Encrypts a message: `base64(AES-256-CBC(random16 ‖ length ‖ message ‖ appid))`.
pub(super) fn encrypt(key: &[u8; 32], random: [u8; 16], message: &str, appid: &str) -> String {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes();
    let mut plain = [&random[..], &length, message.as_bytes(), appid.as_bytes()].concat();
    let padding = BLOCK - plain.len() % BLOCK;
    plain.extend(std::iter::repeat_n(u8::try_from(padding).unwrap_or_default(), padding));
    let cipher = cbc::Encryptor::<aes::Aes256>::new(key.into(), &iv(key).into());
    STANDARD.encode(cipher.encrypt_padded_vec::<NoPadding>(&plain))
}

/// The message of an encrypted text for this app; `None` for anything else.
pub(super) fn decrypt(key: &[u8; 32], encrypted: &str, appid: &str) -> Option<String> {
    let bytes = STANDARD.decode(encrypted).ok()?;
    let cipher = cbc::Decryptor::<aes::Aes256>::new(key.into(), &iv(key).into());
    let plain = cipher.decrypt_padded_vec::<NoPadding>(&bytes).ok()?;
    let padding = usize::from(*plain.last()?);
    if !(1..=BLOCK).contains(&padding) || padding > plain.len() {
        return None;
    }
    let (plain, pad) = plain.split_at(plain.len() - padding);
    if pad.iter().any(|byte| usize::from(*byte) != padding) {
        return None;
    }
    let length = plain.get(16..20)?.try_into().ok().map(u32::from_be_bytes)?;
    let end = 20_usize.checked_add(usize::try_from(length).ok()?)?;
    (plain.get(end..)? == appid.as_bytes()).then(|| String::from_utf8(plain.get(20..end)?.to_vec()).ok())?
}

fn iv(key: &[u8; 32]) -> [u8; 16] {
    let mut iv = [0; 16];
    iv.copy_from_slice(&key[..16]);
    iv
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::push::Push;

    fn key(text: &str) -> [u8; 32] {
        Push::new("", "").aes_key(text).key().unwrap()
    }

    /// Vectors push-url-verify-1, push-aes-encrypt-json-1 and push-aes-encrypt-utf8-1.
    #[test]
    fn as_in_wechats_documentation() {
        let signed = "f464b24fc39322e44b38aa78f5edd27bd1441696";
        assert!(is_signed(&["AAAAA", "1714036504", "1514711492"], signed));
        assert!(!is_signed(&["AAAAB", "1714036504", "1514711492"], signed));

        let zeros = key("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        let message = r#"{"demo_resp":"good luck"}"#;
        let encrypted = encrypt(&zeros, *b"707722b803182950", message, "wxba5fad812f8e6fb9");
        assert_eq!(
            encrypted,
            "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
        );
        let parts = ["AAAAA", "1713424427", "415670741", &encrypted];
        assert_eq!(signature(&parts), "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1");
        assert_eq!(decrypt(&zeros, &encrypted, "wxba5fad812f8e6fb9").as_deref(), Some(message));
        assert_eq!(decrypt(&zeros, &encrypted, "wx0000000000000000"), None);
        assert_eq!(decrypt(&zeros, &encrypted[4..], "wxba5fad812f8e6fb9"), None);

        let other = key("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG");
        assert_eq!(
            encrypt(&other, *b"aaaabbbbccccdddd", "我是中文abcd123", "wxb11529c136998cb6"),
            "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg=="
        );
    }

    #[test]
    fn any_length_comes_back_and_rubbish_does_not() {
        let key = [7; 32];
        for length in 0..100 {
            let message = "x".repeat(length);
            let encrypted = encrypt(&key, [1; 16], &message, "wx1");
            assert_eq!(decrypt(&key, &encrypted, "wx1"), Some(message));
        }
        for rubbish in ["", "AAAA", "not base64", &STANDARD.encode([0; 64])] {
            assert_eq!(decrypt(&key, rubbish, "wx1"), None);
        }
    }
}
