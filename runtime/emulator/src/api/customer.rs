//! Customer messages (客服消息): to users who wrote lately.

use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answer, Call};
use crate::errcode::{self, Refusal};
use crate::inbox::Kind;
use crate::state::State as World;
use crate::time::later;

/// After a message of the user, so long…
const WINDOW: SignedDuration = SignedDuration::from_hours(48);
/// …and so many. (Older documents; the rules were revised in 2021.)
const REPLIES: u32 = 5;
/// After the contact button, so long, and one.
const GREETING: SignedDuration = SignedDuration::from_mins(1);
/// Typing wants a message, either way, within this time.
const TYPING_AFTER: SignedDuration = SignedDuration::from_secs(30);
/// How long "typing" is shown.
const TYPING: SignedDuration = SignedDuration::from_secs(15);

#[derive(Deserialize)]
struct Question {
    #[serde(default)]
    touser: String,
    #[serde(default)]
    msgtype: String,
    #[serde(flatten)]
    contents: Map<String, Value>,
}

pub(super) fn send(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let question: Question = call.body()?;
    let now = call.now;
    let wanted: &[&str] = match question.msgtype.as_str() {
        "text" => &["content"],
        "image" => &["media_id"],
        "link" => &["title", "description", "url", "thumb_url"],
        "miniprogrampage" => &["title", "pagepath", "thumb_media_id"],
        _ => return Err(errcode::BODY_INVALID.saying("data format error, msgtype is unknown")),
    };
    let content = question.contents.get(&question.msgtype).cloned().unwrap_or_default();
    let part = |name: &str| content.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    if let Some(missing) = wanted.iter().find(|name| part(name).is_none()) {
        return Err(errcode::BODY_INVALID.saying(format!("data format error, {missing} is missing")));
    }
    call.user(&question.touser, errcode::OPENID_INVALID)?;
    let media = part("media_id").or(part("thumb_media_id"));
    if media.is_some_and(|id| call.state.media.get(&call.appid, id, now).is_none()) {
        return Err(errcode::MEDIA_ID_INVALID.into());
    }
    let World { users, inbox, .. } = &mut *call.state;
    let user = users.get(&question.touser).ok_or(errcode::OPENID_INVALID)?;
    if user.settings.minor {
        return Err(errcode::MINOR.into());
    }
    let within = |at: Option<jiff::Timestamp>, time| at.is_some_and(|at| now.duration_since(at) < time);
    let conversation = &mut user.conversation;
    let most = match (within(conversation.wrote_at, WINDOW), within(conversation.entered_at, GREETING)) {
        (true, _) => REPLIES,
        (false, true) => 1,
        (false, false) => return Err(errcode::REPLY_WINDOW_OVER.into()),
    };
    if conversation.replies >= most {
        return Err(errcode::REPLIES_USED_UP.into());
    }
    conversation.replies += 1;
    conversation.last_message_at = Some(now);
    conversation.typing_until = None;
    inbox.add(now, user, Kind::Custom, json!({ "msgtype": question.msgtype, (question.msgtype): content }));
    Ok(Answer::ok(Value::Null))
}

#[derive(Deserialize)]
struct TypingQuestion {
    #[serde(default)]
    touser: String,
    #[serde(default)]
    command: String,
}

pub(super) fn typing(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let TypingQuestion { touser, command } = call.body()?;
    let now = call.now;
    let conversation = &mut call.user(&touser, errcode::OPENID_INVALID)?.conversation;
    match command.as_str() {
        "CancelTyping" => conversation.typing_until = None,
        "Typing" => {
            if conversation.last_message_at.is_none_or(|at| now.duration_since(at) > TYPING_AFTER) {
                return Err(errcode::TYPING_NEEDS_MESSAGE.into());
            }
            if conversation.typing_until.is_some_and(|until| until > now) {
                return Err(errcode::TYPING_ALREADY.into());
            }
            conversation.typing_until = Some(later(now, TYPING));
        }
        _ => return Err(errcode::COMMAND_INVALID.into()),
    }
    Ok(Answer::ok(Value::Null))
}
