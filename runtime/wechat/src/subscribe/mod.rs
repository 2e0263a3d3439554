//! Subscribe messages (订阅消息): one message for each time that a user says yes.

mod template;
mod value;

use std::collections::BTreeMap;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

pub use template::{
    Category, EnumValues, Keyword, NewTemplate, PublicTemplate, PublicTemplates, Template, TemplateKind,
};
pub use value::{ValueKey, ValueKind};

use crate::{App, Error, Invalid, Operation, WeChat, limit};

/// Which version of the mini-program a message opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MiniprogramState {
    /// A developer's version.
    Developer,
    /// The trial version.
    Trial,
    /// The published one.
    #[default]
    Formal,
}

/// The language of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Language {
    #[default]
    #[serde(rename = "zh_CN")]
    ChineseChina,
    #[serde(rename = "en_US")]
    English,
    #[serde(rename = "zh_HK")]
    ChineseHongKong,
    #[serde(rename = "zh_TW")]
    ChineseTaiwan,
}

/// A message to one user.
///
/// ```
/// use queqiao_wechat::SubscribeMessage;
///
/// let message = SubscribeMessage::new("oGZUI0egBJY1zhBYw2KhdUfwVJJE", "template-id")
///     .value("thing1", "两杯拿铁")
///     .value("date2", "2026年5月1日 15:01")
///     .page("pages/orders/order?id=7");
/// message.check()?;
///
/// let told = message.value("phrase3", "shipped").check().unwrap_err();
/// assert_eq!(told.to_string(), "data.phrase3 takes 1 to 5 Chinese characters");
/// # Ok::<(), queqiao_wechat::Invalid>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubscribeMessage {
    /// To whom: an openid of this app.
    pub touser: String,
    /// The template, of the app's own (priTmplId).
    pub template_id: String,
    /// The page that the message opens, with its query; none if it opens nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// Which version it opens.
    pub miniprogram_state: MiniprogramState,
    /// Its language.
    pub lang: Language,
    /// The values by their keys in the template.
    #[serde(serialize_with = "values")]
    pub data: BTreeMap<String, String>,
}

/// `{"thing1": {"value": "…"}}`
fn values<S: Serializer>(data: &BTreeMap<String, String>, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Value<'a> {
        value: &'a str,
    }
    let mut map = serializer.serialize_map(Some(data.len()))?;
    for (key, value) in data {
        map.serialize_entry(key, &Value { value })?;
    }
    map.end()
}

impl SubscribeMessage {
    /// A message without values, for the published version, in Chinese.
    pub fn new(touser: impl Into<String>, template_id: impl Into<String>) -> Self {
        Self {
            touser: touser.into(),
            template_id: template_id.into(),
            page: None,
            miniprogram_state: MiniprogramState::default(),
            lang: Language::default(),
            data: BTreeMap::new(),
        }
    }

    /// With a value.
    #[must_use]
    pub fn value(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.data.insert(key.into(), value.into());
        self
    }

    /// With a page that it opens.
    #[must_use]
    pub fn page(mut self, page: impl Into<String>) -> Self {
        self.page = Some(page.into());
        self
    }

    /// Whether every parameter is what WeChat takes, and every value of its kind.
    ///
    /// With the template at hand, [`Template::check`] also knows which keys there have to be.
    ///
    /// # Errors
    ///
    /// [`Invalid`] for the first that is not.
    pub fn check(&self) -> Result<(), Invalid> {
        limit::openid("touser", &self.touser)?;
        limit::characters("template_id", &self.template_id, 1..=128)?;
        self.page.as_deref().map_or(Ok(()), |page| limit::page("page", page, 1024, true))?;
        if self.data.is_empty() {
            return Err(Invalid::new("data", "has no values: give one for each key of the template"));
        }
        for (key, value) in &self.data {
            let kind = key.parse::<ValueKey>()?.kind();
            kind.check(value).map_err(|rule| Invalid::new(format!("data.{key}"), rule))?;
        }
        Ok(())
    }
}

impl WeChat {
    /// Sends a subscribe message (sendMessage).
    ///
    /// WeChat knows no key of idempotency: after a time-out the call is not repeated, for it may send twice, or
    /// use up a second subscription.
    /// <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-message-management/subscribe-message/sendMessage.html>
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a message that is not sent. 43101 ([`Class::User`](crate::Class::User)) when the
    /// user has not subscribed, or the one-time subscription is used: a normal outcome. 43108
    /// ([`Class::SlowDown`](crate::Class::SlowDown)) when another message to the user is under way. The others
    /// of [`Error`].
    pub async fn send_subscribe_message(&self, app: &App, message: &SubscribeMessage) -> Result<(), Error> {
        message.check()?;
        self.post_json(app, Operation::SendSubscribeMessage, false, message).await?;
        Ok(())
    }
}
