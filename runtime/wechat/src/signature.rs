//! What WeChat signs with a session_key, and what is signed for WeChat with it.
//!
//! In all of these the session_key is used as its text, not base64-decoded.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// The signature of `rawData`: lower-case hex of SHA-1 over the data and the session_key.
///
/// <https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/signature.html>
pub fn raw_data_signature(raw_data: &[u8], session_key: &SecretString) -> String {
    hex::encode(raw_data_digest(raw_data, session_key))
}

/// Whether `signature` is that of `rawData`, which has to be the bytes as they came: parsed and written again
/// they may differ.
///
/// `false` is also what an outdated session_key gives: let the user log in again.
pub fn verify_raw_data(raw_data: &[u8], signature: &str, session_key: &SecretString) -> bool {
    let mut given = [0; 20];
    hex::decode_to_slice(signature, &mut given).is_ok()
        && bool::from(raw_data_digest(raw_data, session_key).ct_eq(&given))
}

fn raw_data_digest(raw_data: &[u8], session_key: &SecretString) -> [u8; 20] {
    Sha1::new().chain_update(raw_data).chain_update(session_key.expose_secret()).finalize().into()
}

/// The user-state signature (用户登录态签名): lower-case hex of HMAC-SHA-256 over the exact body, empty for a GET.
///
/// WeChat's page "用户登录态签名"; `sig_method` is `hmac_sha256`.
pub fn user_state_signature(session_key: &SecretString, body: &[u8]) -> String {
    hex::encode(keyed(session_key, &[body]).finalize().into_bytes())
}

/// Whether `signature` is the user-state signature of the exact body.
pub fn verify_user_state(session_key: &SecretString, body: &[u8], signature: &str) -> bool {
    hex::decode(signature).is_ok_and(|given| keyed(session_key, &[body]).verify_slice(&given).is_ok())
}

/// The `pay_sig` of virtual payment (虚拟支付): the AppKey signs the path, without its query, and the exact body.
pub fn pay_signature(app_key: &SecretString, path: &str, body: &[u8]) -> String {
    hex::encode(keyed(app_key, &[path.as_bytes(), b"&", body]).finalize().into_bytes())
}

fn keyed(key: &SecretString, parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac =
        Hmac::new_from_slice(key.expose_secret().as_bytes()).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_changed_part_breaks_a_signature() {
        let key = SecretString::from("o0q0otL8aEzpcZL/FT9WsQ==");
        let other = SecretString::from("tiihtNczf5v6AKRyjwEUhQ==");
        let (raw, state) = (raw_data_signature(b"body", &key), user_state_signature(&key, b"body"));
        assert!(verify_raw_data(b"body", &raw, &key) && verify_user_state(&key, b"body", &state));
        assert!(!verify_raw_data(b"bodY", &raw, &key) && !verify_user_state(&key, b"bodY", &state));
        assert!(!verify_raw_data(b"body", &raw, &other) && !verify_user_state(&other, b"body", &state));
        for broken in ["", "zz", &raw[..38], &state[..62], &format!("{raw}00"), "签名"] {
            assert!(!verify_raw_data(b"body", broken, &key), "{broken}");
            assert!(!verify_user_state(&key, b"body", broken), "{broken}");
        }
    }

    #[test]
    fn a_payment_signature_covers_path_and_body() {
        let key = SecretString::from("key");
        let signed = pay_signature(&key, "/xpay/query_user_balance", b"{}");
        assert_eq!(signed, user_state_signature(&key, b"/xpay/query_user_balance&{}"));
    }
}
