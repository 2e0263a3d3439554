//! msgSecCheck, version 2.

use serde::{Deserialize, Serialize};

use super::{Detail, Judgement, Scene, Versioned};
use crate::{App, Error, Invalid, Operation, WeChat, limit};

/// A text to be judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TextCheck {
    /// The text, of 1 to 2,500 characters.
    pub content: String,
    /// Where it will stand.
    pub scene: Scene,
    /// Its writer, who has been in the app within the last two hours.
    pub openid: String,
    /// The title of the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The writer's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// The writer's signature (个性签名), in [`Scene::Profile`] only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// How a text was judged.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct TextVerdict {
    /// WeChat's id of the check.
    pub trace_id: String,
    /// What to do with the text.
    pub result: Judgement,
    /// What the strategies said.
    #[serde(default)]
    pub detail: Vec<Detail>,
}

impl TextCheck {
    /// The longest content, in characters.
    pub const LONGEST: usize = 2500;

    /// A text without title, nickname and signature.
    pub fn new(scene: Scene, openid: impl Into<String>, content: impl Into<String>) -> Self {
        Self {
            content: content.into(),
            scene,
            openid: openid.into(),
            title: None,
            nickname: None,
            signature: None,
        }
    }

    /// Whether WeChat would take it.
    ///
    /// # Errors
    ///
    /// [`Invalid`], which names the parameter.
    pub fn check(&self) -> Result<(), Invalid> {
        limit::text("content", &self.content, 1..=Self::LONGEST)?;
        limit::openid("openid", &self.openid)?;
        if self.signature.is_some() && self.scene != Scene::Profile {
            return Err(Invalid::new("signature", "is for scene 1 (profile) only: leave it out"));
        }
        Ok(())
    }
}

impl WeChat {
    /// Has a text judged (msgSecCheck). Decide on [`Judgement::suggest`]: publish, hold for a person, refuse.
    /// When the call fails, hold or refuse.
    ///
    /// <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/sec-center/sec-check/msgSecCheck.html>
    ///
    /// # Errors
    ///
    /// [`Class::User`](crate::Class::User) for 61010, when the writer has not been in the app for two hours;
    /// [`Error::Invalid`] for a text that is not sent; the others of [`Error`].
    pub async fn check_text(&self, app: &App, text: &TextCheck) -> Result<TextVerdict, Error> {
        text.check()?;
        let answer = self.post_json(app, Operation::MsgSecCheck, true, &Versioned::new(text)).await?;
        answer.into("trace_id and result")
    }
}
