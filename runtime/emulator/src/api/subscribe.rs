//! subscribe/send (发送订阅消息).

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answer, Call, Template};
use crate::errcode::{self, Refusal};
use crate::inbox::Kind;
use crate::state::State as World;
use crate::verdict::{Suggest, Verdict};

#[derive(Deserialize)]
struct Question {
    #[serde(default)]
    touser: String,
    #[serde(default)]
    template_id: String,
    page: Option<String>,
    miniprogram_state: Option<String>,
    lang: Option<String>,
    #[serde(default)]
    data: Map<String, Value>,
}

pub(super) fn send(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let question: Question = call.body()?;
    let now = call.now;
    let name = call.user(&question.touser, errcode::OPENID_INVALID)?.name.clone();
    let template = template(call, &question.template_id)?;
    let settings = call.app_settings();
    if template.banned || settings.subscriptions_banned {
        return Err(errcode::SUBSCRIPTIONS_BANNED.into());
    }
    if let Some(page) = &question.page {
        // Here, a page may have a query.
        let path = page.split('?').next().unwrap_or_default();
        if !settings.has_page(path) {
            return Err(errcode::PAGE_INVALID.into());
        }
    }
    for (name, value, known) in [
        ("miniprogram_state", &question.miniprogram_state, &["developer", "trial", "formal"][..]),
        ("lang", &question.lang, &["zh_CN", "en_US", "zh_HK", "zh_TW"]),
    ] {
        if value.as_deref().is_some_and(|value| !known.contains(&value)) {
            return Err(errcode::DATA_INVALID.saying(format!("argument invalid! {name} invalid")));
        }
    }
    if let Some(key) = template.wrong(&question.data) {
        return Err(errcode::DATA_INVALID.saying(format!("argument invalid! data.{key}.value invalid")));
    }
    let values: Vec<&str> = question.data.values().filter_map(|item| item.get("value")?.as_str()).collect();
    let World { settings, users, sending, inbox, .. } = &mut *call.state;
    if Verdict::of(&mut settings.rules, &values, None, &name).suggest == Suggest::Risky {
        return Err(errcode::SENSITIVE_WORDS.into());
    }
    if sending.contains(&question.touser) {
        return Err(errcode::CONCURRENT_SEND.into());
    }
    let user = users.get(&question.touser).ok_or(errcode::OPENID_INVALID)?;
    let grant = user.grants.get_mut(&template.id).ok_or(errcode::NOT_SUBSCRIBED)?;
    if !grant.always {
        grant.once = grant.once.checked_sub(1).ok_or(errcode::NOT_SUBSCRIBED)?;
    }
    let content = json!({
        "template_id": template.id, "title": template.title, "page": question.page, "data": question.data
    });
    let number = inbox.add(now, user, Kind::Subscribe, content);
    call.event(&question.touser, |recipient| recipient.subscribe_sent(&template.id, number));
    call.sending_to = Some(question.touser);
    Ok(Answer::ok(Value::Null))
}

/// The app's template of this id.
fn template(call: &mut Call<'_>, id: &str) -> Result<Template, Refusal> {
    let accepts = call.settings().accept_unknown_templates;
    let app = call.of_app();
    match app.templates.iter().find(|template| template.id == id) {
        Some(template) => Ok(template.clone()),
        None if accepts && !id.is_empty() => Ok(app.learn(id).ok_or(errcode::TEMPLATE_INVALID)?.clone()),
        None => Err(errcode::TEMPLATE_INVALID.into()),
    }
}
