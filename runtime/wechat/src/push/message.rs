//! A message: who sent what to whom, when, and which it is.

use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::{Fields, PayloadError, Refused};

/// Which message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind<'a> {
    /// A message of a user in the customer-service chat (客服消息), by its `MsgType`: `text`, `image`,
    /// `miniprogrampage`.
    Message(&'a str),
    /// An event, by its `Event`.
    Event(&'a str),
}

impl Kind<'_> {
    /// The `MsgType` or `Event`.
    pub fn name(&self) -> &str {
        match self {
            Self::Message(name) | Self::Event(name) => name,
        }
    }
}

impl std::fmt::Display for Kind<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Message(name) => write!(f, "the message `{name}`"),
            Self::Event(name) => write!(f, "the event `{name}`"),
        }
    }
}

/// The fields that belong to one kind of message.
pub trait Payload: DeserializeOwned {
    /// The kind whose fields these are.
    const KIND: Kind<'static>;
}

/// A message from WeChat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    fields: Fields,
    msg_type: String,
    event: Option<String>,
    to: String,
    from: String,
    created: i64,
}

impl Message {
    /// Reads the fields that every message has.
    ///
    /// # Errors
    ///
    /// [`Refused::Unreadable`] where `MsgType` is missing, or `Event` of an event, or `CreateTime` is no number
    /// of seconds.
    pub fn new(fields: Fields) -> Result<Self, Refused> {
        let msg_type = fields.text("MsgType").filter(|name| !name.is_empty());
        let msg_type = msg_type.ok_or(Refused::Unreadable("it has no MsgType"))?;
        let event = match msg_type == "event" {
            true => Some(fields.text("Event").filter(|name| !name.is_empty()))
                .map(|event| event.ok_or(Refused::Unreadable("it is an event without a name in Event")))
                .transpose()?,
            false => None,
        };
        let created = match fields.text("CreateTime") {
            Some(text) => text
                .trim()
                .parse()
                .map_err(|_| Refused::Unreadable("its CreateTime is no whole number of seconds"))?,
            None => 0,
        };
        let to = fields.text("ToUserName").unwrap_or_default();
        let from = fields.text("FromUserName").unwrap_or_default();
        Ok(Self { fields, msg_type, event, to, from, created })
    }

    /// Which message it is.
    pub fn kind(&self) -> Kind<'_> {
        match &self.event {
            Some(event) => Kind::Event(event),
            None => Kind::Message(&self.msg_type),
        }
    }

    /// To whom: the app's original id (原始ID), `gh_…`.
    pub fn to(&self) -> &str {
        &self.to
    }

    /// From whom: the user's openid; empty where WeChat names none.
    pub fn from(&self) -> &str {
        &self.from
    }

    /// `CreateTime`, in seconds since 1970; 0 where WeChat gives none.
    pub fn created(&self) -> i64 {
        self.created
    }

    /// All fields as they came.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// The fields of a kind.
    ///
    /// # Errors
    ///
    /// Where the message is of another kind, or a field is missing or of another type.
    pub fn payload<T: Payload>(&self) -> Result<T, PayloadError> {
        if self.kind() != T::KIND {
            let what = format!("{} is, and this is {}", T::KIND, self.kind());
            return Err(PayloadError { name: std::any::type_name::<T>(), what });
        }
        self.fields.decode()
    }

    /// What is the same for each delivery of this message, and for no other message of the app.
    ///
    /// `MsgId` where there is one; else sender, time, event and all the other fields, for WeChat's own advice,
    /// FromUserName and CreateTime, takes two events of one second for the same. 64 hex digits: no content
    /// shows.
    pub fn identity(&self) -> String {
        let mut sha256 = Sha256::new();
        let mut part = |text: &str| {
            sha256.update((text.len() as u64).to_be_bytes());
            sha256.update(text);
        };
        match self.fields.text("MsgId").filter(|id| !id.is_empty() && id != "0") {
            Some(id) => {
                part("MsgId");
                part(&id);
            }
            None => {
                part("fields");
                part(&self.from);
                part(&self.created.to_string());
                // Sorted by name at every depth, since serde_json's map is.
                part(&self.fields.write(super::Format::Json));
            }
        }
        hex::encode(sha256.finalize())
    }
}
