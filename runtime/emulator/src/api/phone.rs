//! getPhoneNumber and checkEncryptedData.

use serde::Deserialize;
use serde_json::{Value, json};

use super::login::redeem;
use super::{Answer, Call};
use crate::codes::Kind;
use crate::errcode::{self, Refusal};
use crate::users::User;

#[derive(Deserialize)]
struct Question {
    #[serde(default)]
    code: String,
    openid: Option<String>,
}

pub(super) fn number(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let Question { code, openid } = call.body()?;
    let name = redeem(call, Kind::Phone, &code)?;
    let (now, appid) = (call.now, call.appid.clone());
    let as_number = call.settings().country_code_as_number;
    let user = call.state.users.enter(&appid, &name, now);
    if openid.is_some_and(|openid| openid != user.openid) {
        return Err(errcode::OPENID_INVALID.into());
    }
    let mut info = phone_info(user, now.as_second());
    if as_number {
        info["countryCode"] = user.settings.country_code.parse::<u64>().unwrap_or_default().into();
    }
    Ok(Answer::ok(json!({ "phone_info": info })))
}

/// A user's phone number as WeChat writes it.
pub(crate) fn phone_info(user: &User, timestamp: i64) -> Value {
    let (country, pure) = (&user.settings.country_code, user.phone_number());
    // "Carries the prefix for foreign numbers"; the page does not show one.
    let number = if country == "86" { pure.clone() } else { format!("+{country}{pure}") };
    json!({
        "phoneNumber": number, "purePhoneNumber": pure, "countryCode": country,
        "watermark": { "timestamp": timestamp, "appid": user.appid }
    })
}

#[derive(Deserialize)]
struct Hash {
    #[serde(default)]
    encrypted_msg_hash: String,
}

pub(super) fn check_encrypted(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let Hash { encrypted_msg_hash: hash } = call.body()?;
    if hash.len() != 64 || !hash.chars().all(|c| c.is_ascii_hexdigit()) {
        return Err(errcode::ARGUMENTS_INVALID.into());
    }
    let made = call.state.encrypted.made_at(&call.appid, &hash, call.now);
    let created = made.map_or(0, |at| at.as_second());
    // "vaild" is WeChat's spelling.
    Ok(Answer::ok(json!({ "vaild": made.is_some(), "create_time": created })))
}
