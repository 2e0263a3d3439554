//! msgSecCheck.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Call};
use crate::errcode::{self, Refusal};
use crate::identity;
use crate::state::State as World;
use crate::verdict::{Suggest, Verdict};

/// The longest content, in characters.
const LONGEST: usize = 2_500;

#[derive(Deserialize)]
struct Question {
    #[serde(default)]
    content: String,
    version: Option<i64>,
    scene: Option<i64>,
    #[serde(default)]
    openid: String,
    title: Option<String>,
    nickname: Option<String>,
    signature: Option<String>,
}

pub(super) fn check(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let question: Question = call.body()?;
    if question.content.is_empty() {
        return Err(errcode::BODY_EMPTY.into());
    }
    if question.content.chars().count() > LONGEST {
        return Err(errcode::BODY_INVALID.saying("data format error, content is longer than 2500 characters"));
    }
    if question.version.unwrap_or(1) != 2 {
        return first_version(call, &question);
    }
    if !question.scene.is_some_and(|scene| (1..=4).contains(&scene)) {
        return Err(errcode::SCENE_INVALID.into());
    }
    if question.signature.is_some() && question.scene != Some(1) {
        return Err(errcode::ARGUMENTS_INVALID.saying("invalid args, signature is for scene 1 only"));
    }
    let name = call.active_user(&question.openid)?.name.clone();
    let texts = [
        Some(question.content.as_str()),
        question.title.as_deref(),
        question.nickname.as_deref(),
        question.signature.as_deref(),
    ];
    let texts: Vec<&str> = texts.into_iter().flatten().collect();
    let World { settings, rng, .. } = &mut *call.state;
    let verdict = Verdict::of(&mut settings.rules, &texts, question.scene, &name);
    let trace_id = identity::name(rng, 32);
    Ok(Answer::ok(json!({ "trace_id": trace_id, "result": verdict.result(), "detail": verdict.detail() })))
}

/// Version 1 knows neither user nor scene, and says its verdict by errcode.
fn first_version(call: &mut Call<'_>, question: &Question) -> Result<Answer, Refusal> {
    let verdict = Verdict::of(&mut call.state.settings.rules, &[&question.content], None, "");
    match verdict.suggest {
        Suggest::Risky => Err(errcode::RISKY_CONTENT.into()),
        Suggest::Pass | Suggest::Review => Ok(Answer::ok(Value::Null)),
    }
}
