//! The messages that every app meets, with their fields.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::{Kind, Payload};
use crate::MediaCheckResult;

macro_rules! payloads {
    ($($payload:ident = $variant:ident $name:literal;)*) => {$(
        impl Payload for $payload {
            const KIND: Kind<'static> = Kind::$variant($name);
        }
    )*};
}

payloads! {
    Text = Message "text";
    Image = Message "image";
    MiniProgramPage = Message "miniprogrampage";
    UserEnterTempsession = Event "user_enter_tempsession";
    SubscribeMsgPopup = Event "subscribe_msg_popup_event";
    SubscribeMsgChange = Event "subscribe_msg_change_event";
    SubscribeMsgSent = Event "subscribe_msg_sent_event";
    MediaCheckResult = Event "wxa_media_check";
    UserInfoModified = Event "user_info_modified";
    UserAuthorizationRevoke = Event "user_authorization_revoke";
    UserAuthorizationCancellation = Event "user_authorization_cancellation";
    Punish = Event "wxa_punish_event";
}

/// A text that a user wrote in the customer-service chat.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Text {
    /// What they wrote.
    #[serde(rename = "Content")]
    pub content: String,
}

/// A picture that a user sent in the customer-service chat.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Image {
    /// Where it lies, for some days.
    #[serde(rename = "PicUrl", default)]
    pub pic_url: String,
    /// Its id in the temporary media (临时素材).
    #[serde(rename = "MediaId")]
    pub media_id: String,
}

/// A card of a page that a user sent in the customer-service chat.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MiniProgramPage {
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// The app whose page it is.
    #[serde(default)]
    pub app_id: String,
    /// The page and its query.
    #[serde(default)]
    pub page_path: String,
    /// Where its picture lies.
    #[serde(default)]
    pub thumb_url: String,
    /// The picture in the temporary media.
    #[serde(default)]
    pub thumb_media_id: String,
}

/// A user has opened the customer-service chat by a contact button.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct UserEnterTempsession {
    /// What the button's `session-from` says.
    #[serde(rename = "SessionFrom", default)]
    pub session_from: String,
}

/// What a user answered when asked for a subscription (订阅消息).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubscribeStatus {
    /// Yes: one message for a one-time template.
    Accept,
    /// No.
    Reject,
    /// Anything else that WeChat may say.
    #[serde(other)]
    Other,
}

/// One template in [`SubscribeMsgPopup`] and [`SubscribeMsgChange`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SubscribeItem {
    /// The template.
    #[serde(rename = "TemplateId")]
    pub template_id: String,
    /// The user's answer.
    #[serde(rename = "SubscribeStatusString")]
    pub status: SubscribeStatus,
    /// Where they were asked.
    #[serde(rename = "PopupScene", default)]
    pub popup_scene: Option<String>,
}

/// One message in [`SubscribeMsgSent`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SentItem {
    /// The template.
    #[serde(rename = "TemplateId")]
    pub template_id: String,
    /// The message's number at WeChat.
    #[serde(rename = "MsgID", default)]
    pub msg_id: Option<String>,
    /// 0, or why it was not delivered.
    #[serde(rename = "ErrorCode", default)]
    pub error_code: i64,
    /// The same in a word.
    #[serde(rename = "ErrorStatus", default)]
    pub error_status: String,
}

/// In JSON the list is a field of the message, in XML one of an element named for the event.
macro_rules! listed {
    ($(#[$docs:meta])* $name:ident, $item:ident, $element:literal) => {
        $(#[$docs])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            /// One item for each template.
            pub list: Vec<$item>,
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                #[derive(Deserialize)]
                struct Fields {
                    #[serde(rename = "List")]
                    list: Option<Vec<$item>>,
                    #[serde(rename = $element)]
                    element: Option<Element>,
                }
                #[derive(Deserialize)]
                struct Element {
                    #[serde(rename = "List")]
                    list: Vec<$item>,
                }
                let fields = Fields::deserialize(deserializer)?;
                let list = fields.list.or(fields.element.map(|element| element.list));
                Ok(Self { list: list.ok_or_else(|| D::Error::missing_field("List"))? })
            }
        }
    };
}

listed! {
    /// A user answered the question for subscriptions. The mini-program hears of it too: count it once.
    SubscribeMsgPopup, SubscribeItem, "SubscribeMsgPopupEvent"
}

listed! {
    /// A user took subscriptions back, in the app's settings in WeChat.
    SubscribeMsgChange, SubscribeItem, "SubscribeMsgChangeEvent"
}

listed! {
    /// A subscribe message was delivered, or was not.
    SubscribeMsgSent, SentItem, "SubscribeMsgSentEvent"
}

macro_rules! authorization {
    ($(#[$docs:meta])* $name:ident) => {
        $(#[$docs])*
        ///
        /// WeChat asks for the deletion of the data concerned.
        #[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
        pub struct $name {
            /// The user within the app.
            #[serde(rename = "OpenID")]
            pub openid: String,
            /// The user across apps.
            #[serde(rename = "UnionID", default)]
            pub unionid: Option<String>,
            /// The app.
            #[serde(rename = "AppID", default)]
            pub appid: Option<String>,
            /// Which data, as numbers: 6 nickname and avatar, 8 phone number, 13 location, …
            #[serde(rename = "RevokeInfo", default)]
            pub revoke_info: String,
            /// The plugin that asked for them.
            #[serde(rename = "PluginID", default)]
            pub plugin_id: Option<String>,
            /// The user within the plugin.
            #[serde(rename = "OpenPID", default)]
            pub openpid: Option<String>,
        }
    };
}

authorization! {
    /// A user changed what they had shown to the app.
    UserInfoModified
}

authorization! {
    /// A user took back what the app may see.
    UserAuthorizationRevoke
}

authorization! {
    /// A user closed their account with the app.
    UserAuthorizationCancellation
}

/// WeChat warns or punishes the app.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Punish {
    /// 1 a warning, 2 a function is banned, 3 taken down, 4 the account is banned, 10 a page is banned.
    pub event_type: i64,
    /// More, as a JSON text.
    #[serde(default)]
    pub detail: String,
}
