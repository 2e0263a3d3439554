//! The clock, the settings, verdicts and faults, and what was called.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Refused, Sent, read};
use crate::calls::Report;
use crate::emulator::Emulator;
use crate::errcode::{ERRCODES, Errcode};
use crate::fault::Fault;
use crate::settings::Settings;
use crate::verdict::Rule;

pub(super) async fn clock(State(emulator): State<Emulator>) -> Json<Value> {
    Json(json!({ "now": emulator.now(), "movable": emulator.clock().is_movable() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HowFar {
    advance: f64,
}

pub(super) async fn move_clock(State(emulator): State<Emulator>, body: Sent) -> Answer<Value> {
    let HowFar { advance } = read(body)?;
    let by = Duration::try_from_secs_f64(advance).map_err(|_| {
        let reason = "\"advance\" is a number of seconds, 0 or more: the clock moves forward only";
        Refused(StatusCode::BAD_REQUEST, reason.into())
    })?;
    Ok(Json(json!({ "now": emulator.advance(by)? })))
}

pub(super) async fn settings(State(emulator): State<Emulator>) -> Json<Settings> {
    Json(emulator.settings())
}

pub(super) async fn change_settings(State(emulator): State<Emulator>, body: Sent) -> Answer<Settings> {
    let change: Map<String, Value> = read(body)?;
    Ok(Json(emulator.change_settings(change)?))
}

/// Puts a rule before the others: the next check of a user fails.
pub(super) async fn add_verdict(State(emulator): State<Emulator>, body: Sent) -> Answer<Vec<Rule>> {
    let rule: Rule = read(body)?;
    emulator.add_rule(rule)?;
    Ok(Json(emulator.settings().rules))
}

pub(super) async fn faults(State(emulator): State<Emulator>) -> Json<Vec<Fault>> {
    Json(emulator.faults())
}

pub(super) async fn inject(State(emulator): State<Emulator>, body: Sent) -> Answer<Vec<Fault>> {
    let fault: Fault = read(body)?;
    emulator.inject(fault)?;
    Ok(Json(emulator.faults()))
}

pub(super) async fn clear_faults(State(emulator): State<Emulator>) -> Json<Vec<Fault>> {
    emulator.clear_faults();
    Json(emulator.faults())
}

pub(super) async fn calls(State(emulator): State<Emulator>) -> Json<Report> {
    Json(emulator.calls())
}

pub(super) async fn errcodes() -> Json<&'static [Errcode]> {
    Json(ERRCODES)
}
