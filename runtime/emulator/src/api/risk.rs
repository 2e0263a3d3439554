//! getUserRiskRank.

use std::net::IpAddr;

use serde::Deserialize;
use serde_json::json;

use super::{Answer, Call};
use crate::errcode::{self, Refusal};

#[derive(Deserialize)]
struct Question {
    appid: Option<String>,
    #[serde(default)]
    openid: String,
    scene: Option<i64>,
    client_ip: Option<String>,
    #[serde(default)]
    is_test: bool,
}

pub(super) fn rank(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let question: Question = call.body()?;
    if question.appid.as_deref() != Some(&call.appid) {
        return Err(errcode::OPENID_OF_ANOTHER_APP.into());
    }
    if !question.scene.is_some_and(|scene| (0..=2).contains(&scene)) {
        return Err(errcode::SCENE_INVALID.into());
    }
    if question.client_ip.is_none_or(|ip| ip.parse::<IpAddr>().is_err()) {
        return Err(errcode::BODY_INVALID.saying("data format error, client_ip is missing or no address"));
    }
    let rank = call.active_user(&question.openid)?.settings.risk_rank;
    // A test is not counted, and answers the same. "unoin_id" is WeChat's spelling.
    let number = if question.is_test { 0 } else { call.rng().u32(1..) };
    Ok(Answer::ok(json!({ "risk_rank": rank, "unoin_id": number })))
}
