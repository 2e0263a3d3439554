//! getAccessToken and getStableAccessToken.

use serde::Deserialize;
use serde_json::json;

use super::{Answer, Call};
use crate::errcode::{self, Errcode, Refusal};

pub(super) fn ordinary(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let text = |name: &str| call.parameter(name).map(str::to_owned);
    let (appid, secret, grant_type) = (text("appid"), text("secret"), text("grant_type"));
    may_have_tokens(call, appid.as_deref(), secret.as_deref(), grant_type.as_deref())?;
    let (appid, now) = (call.appid.clone(), call.now);
    let (token, expires_in) = call.state.tokens.ordinary(&mut call.state.rng, &appid, now);
    Ok(Answer::bare(json!({ "access_token": token, "expires_in": expires_in })))
}

#[derive(Deserialize)]
struct Question {
    appid: Option<String>,
    secret: Option<String>,
    grant_type: Option<String>,
    #[serde(default)]
    force_refresh: bool,
}

pub(super) fn stable(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let question: Question = call.body()?;
    let Question { appid, secret, grant_type, force_refresh } = &question;
    may_have_tokens(call, appid.as_deref(), secret.as_deref(), grant_type.as_deref())?;
    let (appid, now) = (call.appid.clone(), call.now);
    let (token, expires_in) = call.state.tokens.stable(&mut call.state.rng, &appid, *force_refresh, now);
    Ok(Answer::bare(json!({ "access_token": token, "expires_in": expires_in })))
}

fn may_have_tokens(
    call: &mut Call<'_>,
    appid: Option<&str>,
    secret: Option<&str>,
    grant_type: Option<&str>,
) -> Result<(), Refusal> {
    let others = match grant_type {
        Some("client_credential") => Ok(()),
        _ => Err(errcode::GRANT_TYPE_INVALID.into()),
    };
    call.by_secret(appid, secret, others)?;
    let settings = call.app_settings();
    if let Some(verdict) = settings.account_verdict.and_then(Errcode::of) {
        return Err(verdict.into());
    }
    if !settings.ip_allow_list.is_empty() && !settings.ip_allow_list.contains(&call.caller) {
        return Err(errcode::IP_INVALID.saying(format!("invalid ip {}, not in whitelist", call.caller)));
    }
    if let Some(verdict) = settings.ip_verdict.and_then(Errcode::of) {
        return Err(verdict.into());
    }
    call.count()
}
