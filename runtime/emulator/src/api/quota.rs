//! The calls about calls: quotas, their clearing, failed requests, addresses.

use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Api, Call, find};
use crate::errcode::{self, Refusal};
use crate::identity;
use crate::time::beijing_month;

/// How long a failed request can be asked for.
const RID_LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);

#[derive(Deserialize)]
struct Clearing {
    appid: Option<String>,
    appsecret: Option<String>,
}

pub(super) fn clear(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let Clearing { appid, .. } = call.body()?;
    if appid.as_deref() != Some(&call.appid) {
        return Err(errcode::APPID_INVALID.into());
    }
    clear_all(call)
}

pub(super) fn clear_by_secret(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let Clearing { appid, appsecret } = call.body()?;
    call.by_secret(appid.as_deref(), appsecret.as_deref(), Ok(()))?;
    clear_all(call)
}

fn clear_all(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let (month, most) = (beijing_month(call.now), call.settings().caps.clearings_per_month);
    if !call.of_app().clearings.count(month, most) {
        return Err(errcode::CLEARED_TOO_OFTEN.into());
    }
    call.state.usage.clear(&call.appid, None);
    Ok(Answer::ok(Value::Null))
}

#[derive(Deserialize)]
struct OfPath {
    #[serde(default)]
    cgi_path: String,
}

/// The call of a `cgi_path`.
fn asked_for(path: &str) -> Result<&'static Api, Refusal> {
    if path.starts_with("/sns/") {
        return Err(errcode::CGI_PATH_NOT_ALLOWED.into());
    }
    Ok(find(path).ok_or(errcode::CGI_PATH_NOT_FOUND)?)
}

pub(super) fn clear_one(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let OfPath { cgi_path } = call.body()?;
    let api = asked_for(&cgi_path)?;
    let (month, most) = (beijing_month(call.now), call.settings().caps.api_clearings_per_month);
    if !call.of_app().api_clearings.count(month, most) {
        return Err(errcode::CLEARED_TOO_OFTEN.into());
    }
    call.state.usage.clear(&call.appid, Some(api.counted_as));
    Ok(Answer::ok(Value::Null))
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let OfPath { cgi_path } = call.body()?;
    let api = asked_for(&cgi_path)?;
    let limit = call.state.settings.limits.get(api.counted_as);
    let left = call.state.usage.report(&call.appid, api.counted_as, api.quota, limit, call.now);
    Ok(Answer::ok(json!({
        "quota": { "daily_limit": left.daily_limit, "used": left.used, "remain": left.remain },
        "rate_limit": { "call_count": left.rate, "refresh_second": left.window }
    })))
}

#[derive(Deserialize)]
struct OfRid {
    #[serde(default)]
    rid: String,
}

pub(super) fn rid(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let OfRid { rid } = call.body()?;
    if !identity::is_rid(&rid) {
        return Err(errcode::RID_INVALID.into());
    }
    let failure = call.state.calls.failure(&rid).ok_or(errcode::RID_NOT_FOUND)?;
    if failure.appid.as_deref() != Some(&call.appid) {
        return Err(errcode::RID_OF_ANOTHER_APP.into());
    }
    if call.now.duration_since(failure.at) >= RID_LIFE {
        return Err(errcode::RID_EXPIRED.into());
    }
    Ok(Answer::ok(json!({ "request": {
        "invoke_time": failure.at.as_second(), "cost_in_ms": 1, "request_url": "", "client_ip": call.caller,
        "request_body": failure.request.to_string(), "response_body": failure.answer.to_string()
    } })))
}

pub(super) fn addresses(_: &mut Call<'_>) -> Result<Answer, Refusal> {
    // Pushes come from this machine.
    Ok(Answer::bare(json!({ "ip_list": ["127.0.0.1"] })))
}
