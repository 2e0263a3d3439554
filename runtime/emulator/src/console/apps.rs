//! What the developer does in WeChat's console: apps, their pushes, templates and quotas.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Refused, Sent, read};
use crate::api::Template;
use crate::emulator::{Emulator, EmulatorError};
use crate::limits::QuotaReport;
use crate::push::{Delivery, Push};
use crate::settings::{AppSettings, merged};

pub(super) async fn apps(State(emulator): State<Emulator>) -> Json<Vec<String>> {
    Json(emulator.appids().map(str::to_owned).collect())
}

pub(super) async fn app(State(emulator): State<Emulator>, Path(appid): Path<String>) -> Answer<Value> {
    let settings = emulator.app_settings(&appid)?;
    // Token and key stay where they are.
    let push = emulator.push_of(&appid).ok().map(|push| {
        json!({ "urls": push.urls, "mode": push.mode, "format": push.format, "deliveries": push.deliveries })
    });
    let templates = emulator.templates(&appid);
    Ok(Json(json!({ "appid": appid, "settings": settings, "push": push, "templates": templates })))
}

pub(super) async fn change_app(
    State(emulator): State<Emulator>,
    Path(appid): Path<String>,
    body: Sent,
) -> Answer<AppSettings> {
    let change: Map<String, Value> = read(body)?;
    let changed = merged(&emulator.app_settings(&appid)?, change).map_err(EmulatorError::Invalid)?;
    emulator.set_app_settings(&appid, changed.clone())?;
    Ok(Json(changed))
}

pub(super) async fn set_push(
    State(emulator): State<Emulator>,
    Path(appid): Path<String>,
    body: Sent,
) -> Answer<Value> {
    let push: Push = read(body)?;
    emulator.set_push(&appid, push)?;
    app(State(emulator), Path(appid)).await
}

pub(super) async fn verify_push(
    State(emulator): State<Emulator>,
    Path(appid): Path<String>,
) -> Answer<Value> {
    emulator.verify_push(&appid).await?;
    Ok(Json(json!({ "verified": true })))
}

pub(super) async fn add_template(
    State(emulator): State<Emulator>,
    Path(appid): Path<String>,
    body: Sent,
) -> Answer<Vec<Template>> {
    let template: Template = read(body)?;
    emulator.add_template(&appid, template)?;
    Ok(Json(emulator.templates(&appid)))
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum End {
    Expire,
    Kill,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ending {
    end: End,
}

pub(super) async fn end_tokens(
    State(emulator): State<Emulator>,
    Path(appid): Path<String>,
    body: Sent,
) -> Answer<Value> {
    let Ending { end } = read(body)?;
    emulator.known_app(&appid)?;
    match end {
        End::Expire => emulator.expire_tokens(&appid),
        End::Kill => emulator.kill_tokens(&appid),
    }
    Ok(Json(json!({})))
}

pub(super) async fn quotas(
    State(emulator): State<Emulator>,
    Path(appid): Path<String>,
) -> Answer<Vec<QuotaReport>> {
    emulator.known_app(&appid)?;
    Ok(Json(emulator.quotas(&appid)))
}

pub(super) async fn pushes(State(emulator): State<Emulator>) -> Json<Vec<Delivery>> {
    Json(emulator.pushes())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pushing {
    appid: Option<String>,
    user: Option<String>,
    fields: Map<String, Value>,
}

pub(super) async fn push_event(
    State(emulator): State<Emulator>,
    body: Sent,
) -> Result<Json<Delivery>, Refused> {
    let Pushing { appid, user, fields } = read(body)?;
    let appid = appid.as_deref().or(emulator.appids().next()).unwrap_or_default().to_owned();
    let user = user.as_deref().unwrap_or("alice");
    Ok(Json(emulator.push_event(&appid, user, fields.into()).await?))
}
