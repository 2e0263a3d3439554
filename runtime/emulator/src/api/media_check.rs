//! mediaCheckAsync: answered at once, judged later, and the verdict is pushed.

use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::json;

use super::{Answer, Call};
use crate::errcode::{self, Refusal};
use crate::identity;
use crate::push::Recipient;
use crate::state::State as World;
use crate::time::later;
use crate::verdict::Verdict;

/// URLs of one user that are counted in a minute.
const COUNTED: usize = 1_000;

#[derive(Deserialize)]
struct Question {
    #[serde(default)]
    media_url: String,
    media_type: Option<i64>,
    version: Option<i64>,
    scene: Option<i64>,
    #[serde(default)]
    openid: String,
}

pub(super) fn check(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let question: Question = call.body()?;
    if !matches!(question.media_type, Some(1 | 2)) {
        return Err(errcode::MEDIA_TYPE_INVALID.into());
    }
    if question.version != Some(2) {
        return Err(errcode::BODY_INVALID.saying("data format error, version is 2"));
    }
    if !question.scene.is_some_and(|scene| (1..=4).contains(&scene)) {
        return Err(errcode::SCENE_INVALID.into());
    }
    if !reqwest::Url::parse(&question.media_url).is_ok_and(|url| matches!(url.scheme(), "http" | "https")) {
        return Err(errcode::BODY_INVALID.saying("data format error, media_url is no URL"));
    }
    let (now, most) = (call.now, call.settings().caps.media_repeats);
    let user = call.active_user(&question.openid)?;
    let minute = now.as_second().div_euclid(60);
    if user.media_checks.0 != minute || user.media_checks.1.len() >= COUNTED {
        user.media_checks = (minute, Default::default());
    }
    let checks = user.media_checks.1.entry(question.media_url.clone()).or_default();
    *checks += 1;
    if *checks > most {
        return Err(errcode::REPEATED_TOO_OFTEN.into());
    }
    let name = user.name.clone();
    let World { settings, rng, users, .. } = &mut *call.state;
    let verdict = Verdict::of(&mut settings.rules, &[&question.media_url], question.scene, &name);
    let trace_id = identity::name(rng, 32);
    let due = later(now, SignedDuration::from_secs(settings.media_check_seconds.into()));
    let event =
        users.get(&question.openid).map(|user| Recipient::of(user, due).media_checked(&trace_id, &verdict));
    if let Some(event) = event {
        call.state.push(due, event);
    }
    Ok(Answer::ok(json!({ "trace_id": trace_id })))
}
