//! mediaCheckAsync, version 2: asked now, answered within half an hour by message push.

use reqwest::Url;
use serde::{Deserialize, Deserializer, Serialize};

use super::{Detail, Judgement, Scene, Versioned, number_or_zero, some_number};
use crate::{App, ErrCode, Error, Invalid, Operation, WeChat, limit};

/// What a medium is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// mp3, aac, ac3, wma, flac, vorbis, opus, wav.
    Audio = 1,
    /// jpg, jpeg, png, bmp, gif (its first frame).
    Image = 2,
}

impl Serialize for MediaKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(*self as u8)
    }
}

/// A medium to be judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MediaCheck {
    /// Where WeChat fetches it, without a login; at most 10 MB.
    pub media_url: String,
    /// What it is.
    pub media_type: MediaKind,
    /// Where it will stand.
    pub scene: Scene,
    /// Who uploaded it, and has been in the app within the last two hours.
    pub openid: String,
}

impl MediaCheck {
    /// A medium at a URL.
    pub fn new(
        kind: MediaKind,
        scene: Scene,
        openid: impl Into<String>,
        media_url: impl Into<String>,
    ) -> Self {
        Self { media_url: media_url.into(), media_type: kind, scene, openid: openid.into() }
    }

    /// Whether WeChat would take it.
    ///
    /// # Errors
    ///
    /// [`Invalid`], which names the parameter.
    pub fn check(&self) -> Result<(), Invalid> {
        limit::openid("openid", &self.openid)?;
        let url = Url::parse(&self.media_url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        match url.is_some_and(|url| url.host_str().is_some()) {
            true => Ok(()),
            false => {
                Err(Invalid::new("media_url", "is no URL that WeChat can fetch: give a full https:// one"))
            }
        }
    }
}

#[derive(Deserialize)]
struct Asked {
    trace_id: String,
}

/// The event `wxa_media_check`, which tells how a medium was judged.
///
/// It can come before the call that asked has returned to its transaction: find the medium by
/// [`trace_id`](Self::trace_id), and keep what does not find its medium yet.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct MediaCheckResult {
    /// The app whose medium it is.
    #[serde(default)]
    pub appid: String,
    /// The id that [`WeChat::check_media`] returned. Cloud hosting spells it `traceId`.
    #[serde(alias = "traceId")]
    pub trace_id: String,
    /// When the event was made, in Unix seconds.
    #[serde(default, rename = "CreateTime", deserialize_with = "some_number")]
    pub created_at: Option<i64>,
    /// What the strategies said. In XML it is one element or several.
    #[serde(default, deserialize_with = "one_or_many")]
    pub detail: Vec<Detail>,
    // It may be missing, and is a text in XML.
    #[serde(default, deserialize_with = "number_or_zero")]
    errcode: i64,
    #[serde(default)]
    errmsg: String,
    #[serde(default)]
    result: Option<Judgement>,
}

impl MediaCheckResult {
    /// The judgement; the errcode and WeChat's words where WeChat could not judge, as when it could not fetch
    /// the medium: then hold or refuse it.
    ///
    /// # Errors
    ///
    /// The errcode of the event. 0 stands for an event without a result.
    pub fn judgement(&self) -> Result<Judgement, (ErrCode, &str)> {
        match self.result {
            Some(judgement) if self.errcode == 0 => Ok(judgement),
            _ => Err((ErrCode(self.errcode), &self.errmsg)),
        }
    }
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Detail>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Many(Vec<Detail>),
        One(Box<Detail>),
    }
    Ok(match Either::deserialize(deserializer)? {
        Either::Many(details) => details,
        Either::One(detail) => vec![*detail],
    })
}

impl WeChat {
    /// Has a medium judged later (mediaCheckAsync); the answer is the `trace_id` of the
    /// [`MediaCheckResult`] to come.
    ///
    /// <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/sec-center/sec-check/mediaCheckAsync.html>
    ///
    /// # Errors
    ///
    /// As [`check_text`](Self::check_text).
    pub async fn check_media(&self, app: &App, media: &MediaCheck) -> Result<String, Error> {
        media.check()?;
        // Repeated checks of one medium are refused (87020).
        let answer = self.post_json(app, Operation::MediaCheckAsync, false, &Versioned::new(media)).await?;
        let Asked { trace_id } = answer.into("trace_id")?;
        Ok(trace_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Label, Suggest};
    use serde_json::{Value, json};

    fn result(event: Value) -> MediaCheckResult {
        serde_json::from_value(event).unwrap()
    }

    #[test]
    fn the_documented_event() {
        let event = result(json!({
            "ToUserName": "gh_1", "FromUserName": "o1", "CreateTime": 1626959646, "MsgType": "event",
            "Event": "wxa_media_check", "appid": "wx1", "trace_id": "t1", "version": 2,
            "detail": [{"strategy": "content_model", "errcode": 0, "suggest": "pass", "label": 100, "prob": 90}],
            "errcode": 0, "errmsg": "ok", "result": {"suggest": "pass", "label": 100}
        }));
        assert_eq!(event.judgement(), Ok(Judgement { suggest: Suggest::Pass, label: Label(100) }));
        assert_eq!((event.trace_id.as_str(), event.created_at), ("t1", Some(1_626_959_646)));
        assert!(event.detail[0].counts() && event.detail[0].prob == Some(90));
    }

    #[test]
    fn its_other_forms() {
        let event = result(json!({
            "traceId": "t1", "CreateTime": "1626959646", "detail": {"strategy": "x", "errcode": "-1"},
            "result": {"suggest": "risky", "label": "20002"}
        }));
        assert_eq!(event.judgement(), Ok(Judgement { suggest: Suggest::Risky, label: Label(20002) }));
        assert!(!event.detail[0].counts());
    }

    #[test]
    fn what_is_not_judged_is_not_safe() {
        let event = json!({"trace_id": "t", "errcode": -1008, "errmsg": "no image", "result": {"suggest": "pass", "label": 100}});
        assert_eq!(result(event).judgement(), Err((ErrCode(-1008), "no image")));
        assert_eq!(result(json!({"trace_id": "t"})).judgement(), Err((ErrCode(0), "")));
        let unknown = json!({"trace_id": "t", "errcode": 0, "result": {"suggest": "fine", "label": 100}});
        assert_eq!(result(unknown).judgement().unwrap().suggest, Suggest::Review);
    }

    #[test]
    fn only_fetchable_urls_are_sent() {
        for (url, good) in [
            ("https://cdn.example.com/a.png", true),
            ("/a.png", false),
            ("ftp://x/a", false),
            ("wxfile://tmp", false),
        ] {
            let check = MediaCheck::new(MediaKind::Image, Scene::Forum, "o1", url);
            assert_eq!(check.check().is_ok(), good, "{url}");
        }
    }
}
