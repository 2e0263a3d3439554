//! What a handler replies to the user who wrote.

use queqiao_wechat::push::{Fields, Message};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A reply to the user whose message it was.
///
/// A text goes back as the answer to WeChat's request if the handler ends in time (`messages.answer_within`), in
/// the safe mode encrypted. Everything else, and a text that comes later, goes by the customer-message API
/// (客服消息): five messages within 48 hours of the user's.
/// Source: WeChat's page on message push, and 客服消息, 发送客服消息.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "msgtype", rename_all = "lowercase")]
pub enum Answer {
    /// A text.
    Text {
        /// It.
        text: AnswerText,
    },
    /// A picture of the temporary media (临时素材).
    Image {
        /// Which.
        image: AnswerImage,
    },
    /// A link with a picture.
    Link {
        /// It.
        link: AnswerLink,
    },
    /// A page of the mini-program, as a card.
    MiniProgramPage {
        /// It.
        miniprogrampage: AnswerPage,
    },
}

/// See [`Answer::text`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerText {
    /// The text.
    pub content: String,
}

/// See [`Answer::image`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerImage {
    /// The id of the picture.
    pub media_id: String,
}

/// See [`Answer::link`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerLink {
    /// Its title.
    pub title: String,
    /// A sentence about it.
    pub description: String,
    /// Where it leads.
    pub url: String,
    /// The URL of its picture.
    pub thumb_url: String,
}

/// See [`Answer::page`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerPage {
    /// Its title.
    pub title: String,
    /// The page, with its query.
    pub pagepath: String,
    /// The id of its picture in the temporary media.
    pub thumb_media_id: String,
}

impl Answer {
    /// A text.
    pub fn text(content: impl Into<String>) -> Self {
        Self::Text { text: AnswerText { content: content.into() } }
    }

    /// A picture of the temporary media.
    pub fn image(media_id: impl Into<String>) -> Self {
        Self::Image { image: AnswerImage { media_id: media_id.into() } }
    }

    /// A link with a picture.
    pub fn link(link: AnswerLink) -> Self {
        Self::Link { link }
    }

    /// A page of the mini-program, as a card.
    pub fn page(page: AnswerPage) -> Self {
        Self::MiniProgramPage { miniprogrampage: page }
    }

    /// As the answer to the delivery of a message, if it can be one.
    pub(super) fn passive(&self, message: &Message, now: jiff::Timestamp) -> Option<Fields> {
        let Self::Text { text } = self else { return None };
        let fields = json!({
            "ToUserName": message.from(),
            "FromUserName": message.to(),
            "CreateTime": now.as_second(),
            "MsgType": "text",
            "Content": text.content,
        });
        match fields {
            Value::Object(fields) => Some(Fields::from(fields)),
            _ => None,
        }
    }

    /// As the body of the customer-message API.
    pub(super) fn sent_to(&self, openid: &str) -> Value {
        let mut body = match serde_json::to_value(self) {
            Ok(Value::Object(body)) => body,
            _ => Map::new(),
        };
        body.insert("touser".to_owned(), openid.into());
        Value::Object(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_what_the_api_reads() {
        assert_eq!(
            Answer::text("你好").sent_to("oA"),
            json!({"touser": "oA", "msgtype": "text", "text": {"content": "你好"}})
        );
        assert_eq!(
            Answer::image("m").sent_to("oA"),
            json!({"touser": "oA", "msgtype": "image", "image": {"media_id": "m"}})
        );
        let page = AnswerPage { title: "t".into(), pagepath: "p".into(), thumb_media_id: "m".into() };
        assert_eq!(
            Answer::page(page).sent_to("oA"),
            json!({"touser": "oA", "msgtype": "miniprogrampage",
                   "miniprogrampage": {"title": "t", "pagepath": "p", "thumb_media_id": "m"}})
        );
    }
}
