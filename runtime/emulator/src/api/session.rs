//! checkSessionKey, resetUserSessionKey, getUserEncryptKey, getPaidUnionId.

use hmac::{Hmac, KeyInit, Mac};
use jiff::SignedDuration;
use serde_json::{Value, json};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::{Answer, Call};
use crate::errcode::{self, Refusal};
use crate::identity;
use crate::time::later;
use crate::users::{EncryptKey, User};

/// The life of an encryption key.
const KEY_LIFE: SignedDuration = SignedDuration::from_hours(1);
/// Keys that a user has at the same time.
const KEYS: usize = 3;
/// How long after a payment the unionid can be asked for.
const AFTER_PAYMENT: SignedDuration = SignedDuration::from_mins(5);

/// The user-state signature (用户登录态签名): the key is the text of the session_key.
pub(crate) fn signature(session_key: &str, body: &[u8]) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(session_key.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(body);
    identity::hex(&mac.finalize().into_bytes())
}

/// Whether the call is signed by the session_key of its user, over an empty text.
fn is_signed(call: &Call<'_>, session_key: &str) -> bool {
    let signed = call.parameter("signature").unwrap_or_default();
    bool::from(signature(session_key, b"").as_bytes().ct_eq(signed.as_bytes()))
}

pub(super) fn check(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let openid = call.parameter("openid").unwrap_or_default().to_owned();
    let session_key = call.user(&openid, errcode::OPENID_INVALID)?.session_key.clone();
    let right_method = call.parameter("sig_method") == Some("hmac_sha256");
    match session_key {
        Some(key) if right_method && is_signed(call, &key) => Ok(Answer::ok(Value::Null)),
        // The page knows this number only.
        _ => Err(errcode::SIGNATURE_INVALID.into()),
    }
}

/// The user of a call that is signed by the session_key.
fn signed_user<'a>(call: &'a mut Call<'_>) -> Result<&'a mut User, Refusal> {
    let openid = call.parameter("openid").unwrap_or_default().to_owned();
    if openid.is_empty() || call.parameter("signature").is_none() {
        return Err(errcode::ARGUMENTS_INVALID.into());
    }
    if call.parameter("sig_method") != Some("hmac_sha256") {
        return Err(errcode::SIG_METHOD_INVALID.into());
    }
    let key = call.user(&openid, errcode::OPENID_INVALID)?.session_key.clone();
    let key = key.ok_or(errcode::SESSION_KEY_EXPIRED)?;
    if !is_signed(call, &key) {
        return Err(errcode::SIGNATURE_INVALID.into());
    }
    call.user(&openid, errcode::OPENID_INVALID)
}

pub(super) fn reset(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let new = identity::key16(call.rng());
    let user = signed_user(call)?;
    user.session_key = Some(new.clone());
    Ok(Answer::ok(json!({ "openid": user.openid, "session_key": new })))
}

pub(super) fn encrypt_keys(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let now = call.now;
    let (key, iv) = (identity::key16(call.rng()), identity::key16(call.rng()));
    let user = signed_user(call)?;
    let keys: Vec<Value> = latest_keys(user, key, iv, now)
        .map(|key| {
            let rest = later(key.created, KEY_LIFE).duration_since(now).as_secs().max(0);
            json!({
                "encrypt_key": key.encrypt_key, "iv": key.iv, "version": key.version, "expire_in": rest,
                "create_time": key.created.as_second()
            })
        })
        .collect();
    Ok(Answer::ok(json!({ "key_info_list": keys })))
}

/// The user's keys, newest first; the newest is made of `key` and `iv` if the one before is over.
pub(crate) fn latest_keys(
    user: &mut User,
    encrypt_key: String,
    iv: String,
    now: jiff::Timestamp,
) -> impl Iterator<Item = &EncryptKey> {
    let newest = user.encrypt_keys.front();
    if newest.is_none_or(|key| later(key.created, KEY_LIFE) <= now) {
        let version = newest.map_or(0, |key| key.version) + 1;
        user.encrypt_keys.push_front(EncryptKey { encrypt_key, iv, version, created: now });
        user.encrypt_keys.truncate(KEYS);
    }
    user.encrypt_keys.iter()
}

pub(super) fn paid_unionid(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let now = call.now;
    let text = |name: &str| call.parameter(name).unwrap_or_default().to_owned();
    let (openid, transaction) = (text("openid"), text("transaction_id"));
    let (merchant, trade) = (text("mch_id"), text("out_trade_no"));
    let bound = call.settings().unionid;
    let user = call.user(&openid, errcode::OPENID_INVALID)?;
    if !bound {
        return Err(errcode::NOT_BOUND.into());
    }
    let paid = user.payments.iter().any(|payment| {
        let by_number = !transaction.is_empty() && payment.transaction_id == transaction;
        let by_trade = !trade.is_empty() && payment.mch_id == merchant && payment.out_trade_no == trade;
        (by_number || by_trade) && now.duration_since(payment.at) < AFTER_PAYMENT
    });
    match paid {
        true => Ok(Answer::ok(json!({ "unionid": identity::unionid(&user.name) }))),
        false => Err(errcode::TRADE_INVALID.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors user-state-signature-1, -empty and -3.
    #[test]
    fn signatures_are_those_of_wechats_documentation() {
        for (key, body, signed) in [
            (
                "o0q0otL8aEzpcZL/FT9WsQ==",
                r#"{"foo":"bar"}"#,
                "654571f79995b2ce1e149e53c0a33dc39c0a74090db514261454e8dbe432aa0b",
            ),
            (
                "o0q0otL8aEzpcZL/FT9WsQ==",
                "",
                "46e043c5525c2d817c44be603d30837a808a1d930d038f6fdc3e62a201fed128",
            ),
            (
                "9hAb/NEYUlkaMBEsmFgzig==",
                r#"{"offer_id":"12345678","zone_id":"1","openid":"oUrsfxxxxxxxxxx","env":0,"ts":1668136271}"#,
                "7ec6d737f118b0c898de39ef1b6b199c48290e699495364fe9d069597a7da125",
            ),
        ] {
            assert_eq!(signature(key, body.as_bytes()), signed);
        }
    }
}
