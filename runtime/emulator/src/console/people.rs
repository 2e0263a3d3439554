//! What the developer does as a user.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Refused, Sent, read};
use crate::emulator::{Emulator, EmulatorError};
use crate::inbox::Message;
use crate::settings::merged;
use crate::user::{UserKey, UserReport, WeChatUser};
use crate::userdata::EncryptedData;
use crate::users::UserSettings;

/// The user where none is named.
const SOMEONE: &str = "alice";

/// Which user of which app; the first app unless another is named.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Who {
    appid: Option<String>,
    user: Option<String>,
}

fn who(
    emulator: &Emulator,
    appid: Option<String>,
    user: Option<String>,
) -> Result<WeChatUser, EmulatorError> {
    let appid = appid.as_deref().or(emulator.appids().next()).unwrap_or_default().to_owned();
    emulator.user(&appid, user.as_deref().unwrap_or(SOMEONE))
}

pub(super) async fn login_code(State(emulator): State<Emulator>, body: Sent) -> Answer<Value> {
    let Who { appid, user } = read(body)?;
    Ok(Json(json!({ "code": who(&emulator, appid, user)?.login_code() })))
}

pub(super) async fn phone_code(State(emulator): State<Emulator>, body: Sent) -> Answer<Value> {
    let Who { appid, user } = read(body)?;
    Ok(Json(json!({ "code": who(&emulator, appid, user)?.phone_code() })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    appid: Option<String>,
    user: Option<String>,
    #[serde(default)]
    what: What,
    data: Option<Map<String, Value>>,
}

/// What is to be encrypted where no data are given.
#[derive(Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum What {
    #[default]
    Profile,
    Phone,
}

pub(super) async fn encrypted_data(State(emulator): State<Emulator>, body: Sent) -> Answer<EncryptedData> {
    let Wanted { appid, user, what, data } = read(body)?;
    let user = who(&emulator, appid, user)?;
    Ok(Json(match (data, what) {
        (Some(data), _) => user.encrypt(data)?,
        (None, What::Profile) => user.profile()?,
        (None, What::Phone) => user.phone_data()?,
    }))
}

pub(super) async fn user_key(State(emulator): State<Emulator>, body: Sent) -> Answer<UserKey> {
    let Who { appid, user } = read(body)?;
    Ok(Json(who(&emulator, appid, user)?.latest_key()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Session {
    appid: Option<String>,
    user: Option<String>,
    #[serde(default)]
    expire: bool,
}

pub(super) async fn session(State(emulator): State<Emulator>, body: Sent) -> Answer<Value> {
    let Session { appid, user, expire } = read(body)?;
    let user = who(&emulator, appid, user)?;
    if expire {
        user.expire_session();
    }
    Ok(Json(json!({ "valid": user.has_session() })))
}

pub(super) async fn users(State(emulator): State<Emulator>) -> Json<Vec<UserReport>> {
    Json(emulator.users())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    appid: Option<String>,
    user: Option<String>,
    #[serde(default)]
    settings: Map<String, Value>,
}

pub(super) async fn change_user(State(emulator): State<Emulator>, body: Sent) -> Answer<UserSettings> {
    let Change { appid, user, settings } = read(body)?;
    let user = who(&emulator, appid, user)?;
    let changed = merged(&user.settings(), settings).map_err(EmulatorError::Invalid)?;
    user.set(changed)?;
    Ok(Json(user.settings()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Subscriptions {
    appid: Option<String>,
    user: Option<String>,
    /// By template, whether the user accepts.
    #[serde(default)]
    templates: BTreeMap<String, bool>,
    /// What the user cancels.
    #[serde(default)]
    cancel: Vec<String>,
}

pub(super) async fn subscriptions(
    State(emulator): State<Emulator>,
    body: Sent,
) -> Answer<BTreeMap<String, &'static str>> {
    let Subscriptions { appid, user, templates, cancel } = read(body)?;
    let user = who(&emulator, appid, user)?;
    let cancelled: Vec<&str> = cancel.iter().map(String::as_str).collect();
    user.cancel_subscriptions(&cancelled).await;
    let answers: Vec<(&str, bool)> = templates.iter().map(|(id, accepts)| (id.as_str(), *accepts)).collect();
    Ok(Json(user.answer_subscriptions(&answers).await))
}

pub(super) async fn messages(State(emulator): State<Emulator>) -> Json<Vec<Message>> {
    Json(emulator.messages())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    appid: Option<String>,
    user: Option<String>,
    text: Option<String>,
    kind: Option<String>,
    #[serde(default)]
    fields: Map<String, Value>,
}

pub(super) async fn write(State(emulator): State<Emulator>, body: Sent) -> Answer<Value> {
    let Written { appid, user, text, kind, fields } = read(body)?;
    let user = who(&emulator, appid, user)?;
    let push = match (text, kind) {
        (Some(text), None) => user.write(&text).await?,
        (None, Some(kind)) => user.send(&kind, fields.into()).await?,
        _ => {
            let reason = "a message has a \"text\", or a \"kind\" such as image with its \"fields\"";
            return Err(EmulatorError::Invalid(reason.into()).into());
        }
    };
    Ok(Json(json!({ "push": push })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entering {
    appid: Option<String>,
    user: Option<String>,
    #[serde(default)]
    session_from: String,
}

pub(super) async fn enter_conversation(State(emulator): State<Emulator>, body: Sent) -> Answer<Value> {
    let Entering { appid, user, session_from } = read(body)?;
    let push = who(&emulator, appid, user)?.enter_conversation(&session_from).await?;
    Ok(Json(json!({ "push": push })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Paying {
    appid: Option<String>,
    user: Option<String>,
    #[serde(default)]
    transaction_id: String,
    #[serde(default)]
    mch_id: String,
    #[serde(default)]
    out_trade_no: String,
}

pub(super) async fn pay(State(emulator): State<Emulator>, body: Sent) -> Result<Json<Value>, Refused> {
    let Paying { appid, user, transaction_id, mch_id, out_trade_no } = read(body)?;
    who(&emulator, appid, user)?.pay(&transaction_id, &mch_id, &out_trade_no);
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Visit {
    link: String,
}

pub(super) async fn visit(State(emulator): State<Emulator>, body: Sent) -> Answer<Value> {
    let Visit { link } = read(body)?;
    Ok(Json(json!({ "page": emulator.open_link(&link)? })))
}
