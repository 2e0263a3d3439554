//! Content security (内容安全): text at once, media later by message push.
//!
//! errcode 0 means "judged" and not "safe": what counts is [`Judgement::suggest`].

mod media;
mod text;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

pub use media::{MediaCheck, MediaCheckResult, MediaKind};
pub use text::{TextCheck, TextVerdict};

/// A check in the second version of its API.
#[derive(Serialize)]
struct Versioned<'a, T> {
    version: u8,
    #[serde(flatten)]
    check: &'a T,
}

impl<'a, T> Versioned<'a, T> {
    fn new(check: &'a T) -> Self {
        Self { version: 2, check }
    }
}

/// Where the content will stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scene {
    /// A profile (资料).
    Profile = 1,
    /// A comment (评论).
    Comment = 2,
    /// A forum (论坛).
    Forum = 3,
    /// A social log (社交日志).
    SocialLog = 4,
}

impl Serialize for Scene {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(*self as u8)
    }
}

/// What to do with the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Suggest {
    /// Publish it.
    Pass,
    /// Refuse it.
    Risky,
    /// Let a person look at it. Also what a word means that WeChat's documentation does not know.
    #[serde(other)]
    Review,
}

/// What the content was taken for.
///
/// <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/sec-center/sec-check/msgSecCheck.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Label(pub u32);

impl Label {
    /// Its meaning, if it is a known one.
    pub const fn meaning(self) -> Option<&'static str> {
        Some(match self.0 {
            100 => "normal",
            10001 => "advertisement",
            20001 => "politics",
            20002 => "pornography",
            20003 => "abuse",
            20006 => "crime",
            20008 => "fraud",
            20012 => "vulgarity",
            20013 => "copyright",
            21000 => "other",
            _ => return None,
        })
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.meaning() {
            Some(meaning) => f.write_str(meaning),
            None => write!(f, "label {}", self.0),
        }
    }
}

/// Events carry it as a text at times.
impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        number(deserializer)
            .and_then(|label| u32::try_from(label).map_err(serde::de::Error::custom))
            .map(Self)
    }
}

/// A number, also one that comes as a text, as all do in XML.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(i64),
        Text(String),
    }
    match Either::deserialize(deserializer)? {
        Either::Number(number) => Ok(number),
        Either::Text(text) => text.trim().parse().map_err(serde::de::Error::custom),
    }
}

/// [`number`], where it may be missing.
fn number_or_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    number(deserializer)
}

/// [`number`], where it may be missing.
fn some_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    number(deserializer).map(Some)
}

/// The whole judgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// What to do.
    pub suggest: Suggest,
    /// Why.
    pub label: Label,
}

/// One strategy's part in a judgement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// The strategy, such as `content_model` or `keyword`.
    #[serde(default)]
    pub strategy: String,
    /// Whether the strategy worked. The rest counts only if this is 0.
    #[serde(default, deserialize_with = "number_or_zero")]
    pub errcode: i64,
    /// What this strategy suggests.
    #[serde(default)]
    pub suggest: Option<Suggest>,
    /// What this strategy takes it for.
    #[serde(default)]
    pub label: Option<Label>,
    /// The keyword that was found, for the strategy `keyword`.
    #[serde(default)]
    pub keyword: Option<String>,
    /// How sure the strategy is, from 0 to 100.
    #[serde(default, deserialize_with = "some_number")]
    pub prob: Option<i64>,
}

impl Detail {
    /// Whether the detail counts.
    pub fn counts(&self) -> bool {
        self.errcode == 0
    }
}
