//! What is pushed: the messages and events, in the two shapes that JSON and XML give them.

use fastrand::Rng;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::identity;
use crate::users::User;
use crate::verdict::Verdict;

/// A message or event for an app's server.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) appid: String,
    pub(crate) openid: String,
    pub(crate) user: Option<String>,
    /// In a word: the event's name, or the message's type.
    pub(crate) name: String,
    pub(crate) json: Map<String, Value>,
    pub(crate) xml: Map<String, Value>,
}

/// Whom an event is about, and when.
pub(crate) struct Recipient<'a> {
    pub(crate) appid: &'a str,
    pub(crate) openid: &'a str,
    pub(crate) user: Option<&'a str>,
    pub(crate) now: Timestamp,
}

impl<'a> Recipient<'a> {
    pub(crate) fn of(user: &'a User, now: Timestamp) -> Self {
        Self { appid: &user.appid, openid: &user.openid, user: Some(&user.name), now }
    }

    /// An event or message with these fields, alike in both formats.
    pub(crate) fn event(&self, fields: Value) -> Event {
        let mut all = Map::from_iter([
            ("ToUserName".into(), identity::original_id(self.appid).into()),
            ("FromUserName".into(), self.openid.into()),
            ("CreateTime".into(), self.now.as_second().into()),
            ("MsgType".into(), "event".into()),
        ]);
        if let Value::Object(fields) = fields {
            all.extend(fields);
        }
        let word = |name: &str| all.get(name).and_then(Value::as_str).map(str::to_owned);
        let name = word("Event").or_else(|| word("MsgType")).unwrap_or_default();
        Event {
            appid: self.appid.into(),
            openid: self.openid.into(),
            user: self.user.map(str::to_owned),
            name,
            xml: all.clone(),
            json: all,
        }
    }

    /// A message of the user (text, image, miniprogrampage), with its MsgId: 64 bits, more than a
    /// floating-point number holds.
    pub(crate) fn message(&self, rng: &mut Rng, kind: &str, fields: Value) -> Event {
        let mut event = self.event(fields);
        let id: u64 = rng.u64(20_000_000_000_000_000..90_000_000_000_000_000);
        for format in [&mut event.json, &mut event.xml] {
            format.insert("MsgType".into(), kind.into());
            format.insert("MsgId".into(), id.into());
        }
        Event { name: kind.into(), ..event }
    }

    /// The result of a media check.
    pub(crate) fn media_checked(&self, trace_id: &str, verdict: &Verdict) -> Event {
        self.event(json!({
            "Event": "wxa_media_check", "appid": self.appid, "trace_id": trace_id, "version": 2,
            "detail": verdict.detail(), "errcode": 0, "errmsg": "ok", "result": verdict.result()
        }))
    }

    /// The user answered the question of `wx.requestSubscribeMessage`.
    pub(crate) fn subscribe_popup(&self, answers: &[(String, bool)]) -> Event {
        let items = answers.iter().map(|(template, accepted)| {
            json!({ "TemplateId": template, "SubscribeStatusString": status(*accepted), "PopupScene": "0" })
        });
        self.listing("subscribe_msg_popup_event", "SubscribeMsgPopupEvent", items.collect())
    }

    /// The user cancelled subscriptions in the mini-program's settings.
    pub(crate) fn subscribe_change(&self, templates: &[String]) -> Event {
        let items = templates
            .iter()
            .map(|template| json!({ "TemplateId": template, "SubscribeStatusString": status(false) }));
        self.listing("subscribe_msg_change_event", "SubscribeMsgChangeEvent", items.collect())
    }

    /// A subscribe message arrived.
    pub(crate) fn subscribe_sent(&self, template: &str, message: u64) -> Event {
        let item = json!({
            "TemplateId": template, "MsgID": message.to_string(), "ErrorCode": "0", "ErrorStatus": "success"
        });
        self.listing("subscribe_msg_sent_event", "SubscribeMsgSentEvent", vec![item])
    }

    /// In JSON, `List` is an array or, with one item, that item, and numbers are texts; in XML, it is
    /// repeated below an element of its own.
    fn listing(&self, name: &str, element: &str, items: Vec<Value>) -> Event {
        let mut event = self.event(json!({ "Event": name }));
        let list = if let [only] = &items[..] { only.clone() } else { items.clone().into() };
        event.json.insert("CreateTime".into(), self.now.as_second().to_string().into());
        event.json.insert("List".into(), list);
        event.xml.insert(element.into(), json!({ "List": items }));
        event
    }
}

fn status(accepted: bool) -> &'static str {
    if accepted { "accept" } else { "reject" }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: Recipient<'_> =
        Recipient { appid: "wx1", openid: "o1", user: Some("alice"), now: Timestamp::UNIX_EPOCH };

    #[test]
    fn lists_differ_between_the_formats() {
        let one = ALICE.subscribe_popup(&[("t1".into(), true)]);
        assert_eq!(one.json["List"]["SubscribeStatusString"], "accept");
        assert_eq!(one.json["CreateTime"], "0");
        assert_eq!(one.xml["SubscribeMsgPopupEvent"]["List"][0]["TemplateId"], "t1");
        assert_eq!(one.xml["CreateTime"], 0);
        let two = ALICE.subscribe_popup(&[("t1".into(), true), ("t2".into(), false)]);
        assert_eq!(two.json["List"][1]["SubscribeStatusString"], "reject");
        assert_eq!(two.name, "subscribe_msg_popup_event");
    }

    #[test]
    fn messages_have_an_id_beyond_floating_point() {
        let text = ALICE.message(&mut Rng::with_seed(1), "text", json!({ "Content": "你好" }));
        assert_eq!((&text.json["MsgType"], text.name.as_str()), (&json!("text"), "text"));
        assert!(text.json["MsgId"].as_u64().is_some_and(|id| id > 1 << 53));
        assert_eq!(text.json, text.xml);
    }
}
