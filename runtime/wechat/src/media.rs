//! Temporary media (临时素材): images for customer-service messages, kept for three days.

use bytes::Bytes;
use reqwest::multipart::{Form, Part};
use serde::Deserialize;

use crate::api::Api;
use crate::client::{Received, Wanted};
use crate::{App, Content, Download, Error, Invalid, Operation, WeChat, limit};

/// The largest image, in bytes.
pub const LARGEST_MEDIUM: usize = 10 * 1024 * 1024;

/// A medium at WeChat.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct UploadedMedia {
    /// Its id, for messages and for [`WeChat::download_media`].
    pub media_id: String,
    /// When it was uploaded, in Unix seconds; it is kept for three days.
    pub created_at: i64,
}

impl WeChat {
    /// Uploads an image of at most 10 MB (uploadTempMedia).
    ///
    /// <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/kf-mgnt/kf-message/uploadTempMedia.html>
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for what is no JPEG, PNG or GIF by its content, is too large, or has a file name with
    /// control characters; the others of [`Error`].
    pub async fn upload_media(
        &self,
        app: &App,
        file_name: &str,
        image: Bytes,
    ) -> Result<UploadedMedia, Error> {
        limit::characters("filename", file_name, 1..=128)?;
        if image.len() > LARGEST_MEDIUM {
            let problem = format!("has {} bytes: give at most {LARGEST_MEDIUM}", image.len());
            return Err(Invalid::new("media", problem).into());
        }
        let content = match Content::of(&image) {
            Some(content @ (Content::Jpeg | Content::Png | Content::Gif)) => content,
            _ => return Err(Invalid::new("media", "is no image: give a JPEG, PNG or GIF file").into()),
        };
        let request = |http: &reqwest::Client, url: String| {
            let length = u64::try_from(image.len()).unwrap_or(u64::MAX);
            let part = Part::stream_with_length(image.clone(), length).file_name(file_name.to_owned());
            match part.mime_str(content.media_type()) {
                Ok(part) => {
                    http.post(url).query(&[("type", "image")]).multipart(Form::new().part("media", part))
                }
                // The media types are constants.
                Err(_) => http.post(url),
            }
        };
        let operation = Operation::UploadTempMedia;
        // A second copy does no harm, and neither lasts.
        let api = Api { operation, idempotent: true, secrets: &[], wanted: Wanted::AnswerToFile, request };
        self.answer(app, api).await?.into("media_id and created_at")
    }

    /// Downloads a medium, as bytes that are still arriving (getTempMedia).
    ///
    /// <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/kf-mgnt/kf-message/getTempMedia.html>
    ///
    /// # Errors
    ///
    /// [`Error`], also for what WeChat answers in words instead.
    pub async fn download_media(&self, app: &App, media_id: &str) -> Result<Download, Error> {
        limit::characters("media_id", media_id, 1..=256)?;
        let operation = Operation::GetTempMedia;
        let request = |http: &reqwest::Client, url: String| http.get(url).query(&[("media_id", media_id)]);
        let api = Api { operation, idempotent: true, secrets: &[], wanted: Wanted::Bytes, request };
        match self.call(app, api).await? {
            Received::Bytes(medium) => Ok(medium),
            Received::Answer(_) => Err(Error::Unexpected {
                operation,
                status: 200,
                expected: "a medium",
                found: "a JSON object without an error".into(),
            }),
        }
    }
}
