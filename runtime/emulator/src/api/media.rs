//! Temporary media (临时素材): images for customer messages, kept three days.

use std::collections::{HashMap, VecDeque};

use axum::body::Bytes;
use futures_util::{FutureExt, stream};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{Answer, Call};
use crate::errcode::{self, Refusal};
use crate::identity;
use crate::time::later;

const LIFE: SignedDuration = SignedDuration::from_hours(3 * 24);
/// The largest image.
const LARGEST: usize = 10 * 1024 * 1024;
/// Bytes of all media together; the oldest go first.
const ROOM: usize = 64 * 1024 * 1024;

/// An uploaded image.
#[derive(Debug)]
pub(crate) struct Image {
    appid: String,
    media_type: &'static str,
    bytes: Bytes,
    until: Timestamp,
}

/// The media of all apps.
#[derive(Debug, Default)]
pub(crate) struct Media {
    known: HashMap<String, Image>,
    order: VecDeque<String>,
    size: usize,
}

impl Media {
    fn add(&mut self, id: String, image: Image) {
        self.size += image.bytes.len();
        self.order.push_back(id.clone());
        self.known.insert(id, image);
        while self.size > ROOM
            && let Some(oldest) = self.order.pop_front()
        {
            self.size -= self.known.remove(&oldest).map_or(0, |image| image.bytes.len());
        }
    }

    pub(crate) fn get(&self, appid: &str, id: &str, now: Timestamp) -> Option<&Image> {
        self.known.get(id).filter(|image| image.appid == appid && image.until > now)
    }
}

pub(super) fn upload(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    if call.parameter("type") != Some("image") {
        return Err(errcode::MEDIA_TYPE_INVALID.into());
    }
    let bytes = part_named_media(call.content_type, call.raw.clone()).ok_or(errcode::MEDIA_MISSING)?;
    if bytes.len() > LARGEST {
        return Err(errcode::MEDIA_SIZE_INVALID.into());
    }
    let format = image::guess_format(&bytes).ok().ok_or(errcode::MEDIA_TYPE_INVALID)?;
    let id = identity::name(call.rng(), 64);
    let image = Image {
        appid: call.appid.clone(),
        media_type: format.to_mime_type(),
        bytes,
        until: later(call.now, LIFE),
    };
    call.state.media.add(id.clone(), image);
    Ok(Answer::bare(json!({ "type": "image", "media_id": id, "created_at": call.now.as_second() })))
}

/// The part of the form that is named media. The whole body is here, so nothing is waited for.
fn part_named_media(content_type: &str, body: Bytes) -> Option<Bytes> {
    let boundary = multer::parse_boundary(content_type).ok()?;
    let read = async {
        let body = stream::iter([Ok::<_, std::io::Error>(body)]);
        let mut form = multer::Multipart::new(body, boundary);
        while let Some(field) = form.next_field().await.ok()? {
            if field.name() == Some("media") {
                return field.bytes().await.ok();
            }
        }
        None
    };
    read.now_or_never()?
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let id = call.parameter("media_id").unwrap_or_default();
    let image = call.state.media.get(&call.appid, id, call.now).ok_or(errcode::MEDIA_ID_INVALID)?;
    let mut answer = Answer::file(image.media_type, image.bytes.clone());
    let extension = image.media_type.trim_start_matches("image/");
    answer.headers.push(("content-disposition", format!("attachment; filename=\"media.{extension}\"")));
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded() {
        let mut media = Media::default();
        let bytes = Bytes::from(vec![0; ROOM / 4]);
        for n in 0..6 {
            let image = Image {
                appid: "wx1".into(),
                media_type: "image/png",
                bytes: bytes.clone(),
                until: Timestamp::MAX,
            };
            media.add(n.to_string(), image);
        }
        assert_eq!((media.size, media.known.len(), media.order.len()), (ROOM, 4, 4));
        assert!(media.get("wx1", "1", Timestamp::UNIX_EPOCH).is_none());
        assert!(media.get("wx1", "5", Timestamp::UNIX_EPOCH).is_some());
        assert!(media.get("wx2", "5", Timestamp::UNIX_EPOCH).is_none());
    }
}
