//! Who sent this: SHA-1 over the sorted parts, one of which only WeChat and the app know.

use secrecy::ExposeSecret;
use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;

use super::Token;

/// `hex(sha1(concat(sort[token, timestamp, nonce])))`: covers the query, never the body.
///
/// <https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html>
pub fn signature(token: &Token, timestamp: &str, nonce: &str) -> String {
    of([token.0.expose_secret(), timestamp, nonce])
}

/// `hex(sha1(concat(sort[token, timestamp, nonce, Encrypt])))`, the one that covers the body.
pub fn message_signature(token: &Token, timestamp: &str, nonce: &str, encrypt: &str) -> String {
    of([token.0.expose_secret(), timestamp, nonce, encrypt])
}

fn of<const N: usize>(mut parts: [&str; N]) -> String {
    // `str` is compared by its bytes, as WeChat sorts.
    parts.sort_unstable();
    let mut sha1 = Sha1::new();
    for part in parts {
        sha1.update(part);
    }
    hex::encode(sha1.finalize())
}

/// Compares without telling by the time it takes how much was right.
pub(super) fn agrees(expected: &str, given: &str) -> bool {
    expected.as_bytes().ct_eq(given.as_bytes()).into()
}
