//! Customer-service messages (客服消息): answers to a user who has written.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::{App, Error, Invalid, Operation, WeChat, limit};

/// What is said.
///
/// Allowed are five messages within 48 hours of the user's last one, and one within a minute of pressing the
/// contact button.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CustomMessage {
    /// Text, of 1 to 2,048 bytes; it may hold links to pages of the mini-program.
    Text(String),
    /// An image that was uploaded, see [`WeChat::upload_media`].
    Image {
        /// Its id.
        media_id: String,
    },
    /// A link with a picture.
    Link {
        /// Its title.
        title: String,
        /// A description.
        description: String,
        /// Where it leads.
        url: String,
        /// The picture.
        thumb_url: String,
    },
    /// A card that opens a page of the mini-program.
    MiniProgramPage {
        /// Its title.
        title: String,
        /// The page with its query.
        pagepath: String,
        /// A picture that was uploaded.
        thumb_media_id: String,
    },
}

/// The longest text, in bytes of UTF-8. WeChat publishes no number for mini-programs; this is that of official
/// accounts, which have the same call.
const LONGEST_TEXT: usize = 2048;

impl CustomMessage {
    /// Whether WeChat would take it.
    ///
    /// # Errors
    ///
    /// [`Invalid`], which names the parameter.
    pub fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Text(content) => match content.len() {
                1..=LONGEST_TEXT => Ok(()),
                length => {
                    Err(Invalid::new("content", format!("has {length} bytes: give 1 to {LONGEST_TEXT}")))
                }
            },
            Self::Image { media_id } => limit::characters("media_id", media_id, 1..=256),
            Self::Link { title, description, url, thumb_url } => {
                limit::characters("title", title, 1..=256)?;
                limit::text("description", description, 0..=1024)?;
                for (field, text) in [("url", url), ("thumb_url", thumb_url)] {
                    if !(text.starts_with("https://") || text.starts_with("http://")) {
                        return Err(Invalid::new(field, "is no URL: write it as https://example.com/…"));
                    }
                    limit::characters(field, text, 1..=2048)?;
                }
                Ok(())
            }
            Self::MiniProgramPage { title, pagepath, thumb_media_id } => {
                limit::characters("title", title, 1..=256)?;
                limit::page("pagepath", pagepath, 1024, true)?;
                limit::characters("thumb_media_id", thumb_media_id, 1..=256)
            }
        }
    }
}

/// `"msgtype": "text", "text": {…}`
impl Serialize for CustomMessage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (kind, fields): (_, &[(&str, &str)]) = match self {
            Self::Text(content) => ("text", &[("content", content)]),
            Self::Image { media_id } => ("image", &[("media_id", media_id)]),
            Self::Link { title, description, url, thumb_url } => (
                "link",
                &[("title", title), ("description", description), ("url", url), ("thumb_url", thumb_url)],
            ),
            Self::MiniProgramPage { title, pagepath, thumb_media_id } => (
                "miniprogrampage",
                &[("title", title), ("pagepath", pagepath), ("thumb_media_id", thumb_media_id)],
            ),
        };
        let fields: std::collections::BTreeMap<_, _> = fields.iter().copied().collect();
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("msgtype", kind)?;
        map.serialize_entry(kind, &fields)?;
        map.end()
    }
}

#[derive(Serialize)]
struct Body<'a> {
    touser: &'a str,
    #[serde(flatten)]
    message: &'a CustomMessage,
}

#[derive(Serialize)]
struct Typing<'a> {
    touser: &'a str,
    command: &'static str,
}

impl WeChat {
    /// Says something to a user who has written (sendCustomMessage). After a time-out it is not repeated.
    ///
    /// <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/kf-mgnt/kf-message/sendCustomMessage.html>
    ///
    /// # Errors
    ///
    /// [`Class::User`](crate::Class::User) when the user wrote too long ago (45015) or was answered too often
    /// (45047); [`Error::Invalid`] for what is not sent; the others of [`Error`].
    pub async fn send_custom_message(
        &self,
        app: &App,
        openid: &str,
        message: &CustomMessage,
    ) -> Result<(), Error> {
        limit::openid("touser", openid)?;
        message.check()?;
        let body = Body { touser: openid, message };
        self.post_json(app, Operation::SendCustomMessage, false, &body).await?;
        Ok(())
    }

    /// Shows a user that an answer is being typed, or no longer (setTyping).
    ///
    /// <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/kf-mgnt/kf-message/setTyping.html>
    ///
    /// # Errors
    ///
    /// [`Class::User`](crate::Class::User) (45080) when the user has not written; the others of [`Error`].
    pub async fn set_typing(&self, app: &App, openid: &str, typing: bool) -> Result<(), Error> {
        limit::openid("touser", openid)?;
        let command = if typing { "Typing" } else { "CancelTyping" };
        self.post_json(app, Operation::SetTyping, true, &Typing { touser: openid, command }).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn bodies_are_the_documented_ones() {
        let body = |message: &CustomMessage| serde_json::to_value(Body { touser: "o1", message }).unwrap();
        assert_eq!(
            body(&CustomMessage::Text("你好".into())),
            json!({"touser": "o1", "msgtype": "text", "text": {"content": "你好"}})
        );
        let card = CustomMessage::MiniProgramPage {
            title: "t".into(),
            pagepath: "pages/a".into(),
            thumb_media_id: "m".into(),
        };
        assert_eq!(
            body(&card)["miniprogrampage"],
            json!({"title": "t", "pagepath": "pages/a", "thumb_media_id": "m"})
        );
    }

    #[test]
    fn limits() {
        assert!(CustomMessage::Text("字".repeat(682)).check().is_ok());
        assert!(CustomMessage::Text("字".repeat(683)).check().is_err());
        assert!(CustomMessage::Text(String::new()).check().is_err());
        let link = |url: &str| CustomMessage::Link {
            title: "t".into(),
            description: "two\nlines".into(),
            url: url.into(),
            thumb_url: "https://example.com/t.png".into(),
        };
        assert!(link("https://example.com").check().is_ok() && link("example.com").check().is_err());
    }
}
