//! code2Session.

use serde_json::json;

use super::{Answer, Call};
use crate::codes::{BadCode, Kind};
use crate::errcode::{self, Refusal};
use crate::identity;
use crate::settings::ReusedCode;

pub(super) fn code_to_session(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let text = |name: &str| call.parameter(name).map(str::to_owned);
    let (appid, secret, code) = (text("appid"), text("secret"), text("js_code"));
    let others = match text("grant_type").as_deref() {
        Some("authorization_code") if code.is_some() => Ok(()),
        Some("authorization_code") => Err(errcode::CODE_MISSING.into()),
        _ => Err(errcode::GRANT_TYPE_INVALID.into()),
    };
    call.by_secret(appid.as_deref(), secret.as_deref(), others)?;
    call.count()?;
    let user = redeem(call, Kind::Login, &code.unwrap_or_default())?;
    let (appid, now) = (call.appid.clone(), call.now);
    let new_key = identity::key16(call.rng());
    let settings = call.settings();
    let (changes, with_unionid) = (settings.new_session_key, settings.unionid);
    let known = call.state.users.enter(&appid, &user, now);
    if known.settings.high_risk {
        return Err(errcode::CODE_BLOCKED.into());
    }
    if changes || known.session_key.is_none() {
        known.session_key = Some(new_key);
    }
    let mut answer = json!({ "session_key": known.session_key, "openid": known.openid });
    if with_unionid {
        answer["unionid"] = identity::unionid(&user).into();
    }
    Ok(Answer::bare(answer))
}

/// The user of a code, which is used up by that, unless there were too many in this minute.
pub(super) fn redeem(call: &mut Call<'_>, kind: Kind, code: &str) -> Result<String, Refusal> {
    let now = call.now;
    let state = &mut *call.state;
    if let Some(owner) = state.codes.owner(&call.appid, code) {
        call.user = Some(owner.to_owned());
        if state.users.enter(&call.appid, owner, now).count_login(now) > state.settings.caps.user_per_minute {
            return Err(errcode::TOO_FREQUENT.into());
        }
    }
    let user = state.codes.exchange(kind, &call.appid, code, &state.settings, now);
    let user = user.map_err(|bad| match bad {
        // The page of getPhoneNumber names 40013 for this.
        BadCode::OfAnotherApp if kind == Kind::Phone => errcode::APPID_INVALID,
        BadCode::Invalid | BadCode::OfAnotherApp | BadCode::Reused(ReusedCode::Invalid) => {
            errcode::CODE_INVALID
        }
        BadCode::Reused(ReusedCode::Used) => errcode::CODE_USED,
    })?;
    call.user = Some(user.clone());
    Ok(user)
}
