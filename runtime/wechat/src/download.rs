//! Bytes that WeChat sends where it might as well have sent a JSON error, told apart by their content.

use bytes::{Bytes, BytesMut};
use reqwest::Response;

use crate::{Error, Operation};

/// What bytes are, by how they begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// JSON: an error, or an answer in words.
    Json,
    /// A JPEG image.
    Jpeg,
    /// A PNG image.
    Png,
    /// A GIF image.
    Gif,
    /// Nothing of these.
    Other,
}

/// How the kinds begin.
const STARTS: [(&[u8], Content); 4] = [
    (b"\xff\xd8\xff", Content::Jpeg),
    (b"\x89PNG\r\n\x1a\n", Content::Png),
    (b"GIF87a", Content::Gif),
    (b"GIF89a", Content::Gif),
];

impl Content {
    /// What bytes with this beginning are; `None` if more of them are needed to tell.
    ///
    /// JSON may have a byte order mark and white space in front. Neither the HTTP status nor the Content-Type
    /// is of use: WeChat sends errors with 200, and JSON as `text/plain` or as an image.
    pub fn of(start: &[u8]) -> Option<Self> {
        if STARTS.iter().any(|(magic, _)| start.len() < magic.len() && magic.starts_with(start)) {
            return None;
        }
        if let Some((_, content)) = STARTS.iter().find(|(magic, _)| start.starts_with(magic)) {
            return Some(*content);
        }
        const BOM: &[u8] = b"\xef\xbb\xbf";
        if start.len() < BOM.len() && BOM.starts_with(start) {
            return None;
        }
        let text = start.strip_prefix(BOM).unwrap_or(start).trim_ascii_start();
        Some(match text.first()? {
            b'{' => Self::Json,
            _ => Self::Other,
        })
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::Other => "application/octet-stream",
        }
    }
}

/// Bytes on their way from WeChat: an image or another medium, never an error.
#[derive(Debug)]
pub struct Download {
    content: Content,
    operation: Operation,
    /// What was read to tell what it is.
    start: Bytes,
    response: Response,
    /// How many bytes may still come.
    left: usize,
    limit: usize,
}

impl Download {
    pub(crate) fn new(
        operation: Operation,
        (content, start): (Content, Bytes),
        response: Response,
        limit: usize,
    ) -> Self {
        Self { content, operation, left: limit, limit, start, response }
    }

    /// What it is.
    pub fn content(&self) -> Content {
        self.content
    }

    /// The length that WeChat announced, in bytes.
    pub fn announced_length(&self) -> Option<u64> {
        // Of the header: reqwest's own count is of what is left.
        self.response.headers().get(reqwest::header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    ///
    /// [`Error::Network`] and [`Error::TimedOut`] when it breaks off; [`Error::Unexpected`] when it is longer
    /// than [`Settings::download_limit`](crate::Settings::download_limit).
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        let chunk = match std::mem::take(&mut self.start) {
            start if !start.is_empty() => Some(start),
            _ => self.response.chunk().await.map_err(crate::client::broken_off)?,
        };
        let Some(chunk) = chunk else { return Ok(None) };
        self.left = self.left.checked_sub(chunk.len()).ok_or_else(|| Error::Unexpected {
            operation: self.operation,
            status: 200,
            expected: "bytes within download_limit",
            found: format!("more than {} bytes", self.limit),
        })?;
        Ok(Some(chunk))
    }

    /// All of it in memory.
    ///
    /// # Errors
    ///
    /// As [`chunk`](Self::chunk).
    pub async fn bytes(mut self) -> Result<Bytes, Error> {
        let mut all = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            all.extend_from_slice(&chunk);
        }
        Ok(all.freeze())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell() {
        for (start, content) in [
            (&b"\xff\xd8\xff\xe0"[..], Some(Content::Jpeg)),
            (b"\x89PNG\r\n\x1a\n....", Some(Content::Png)),
            (b"GIF89a", Some(Content::Gif)),
            (b"{\"errcode\":1}", Some(Content::Json)),
            (b"\xef\xbb\xbf \n{", Some(Content::Json)),
            (b" {", Some(Content::Json)),
            (b"<html>", Some(Content::Other)),
            (b"\xff\xd8\x00", Some(Content::Other)),
            (b"[1]", Some(Content::Other)),
            (b"", None),
            (b"\xff\xd8", None),
            (b"\x89PN", None),
            (b"\xef\xbb", None),
            (b"\xef\xbb\xbf", None),
            (b" \r\n", None),
        ] {
            assert_eq!(Content::of(start), content, "{start:?}");
        }
    }

    #[test]
    fn more_bytes_never_change_what_was_told() {
        let whole = b"\xef\xbb\xbf  {}";
        let told: Vec<_> = (0..whole.len()).filter_map(|end| Content::of(&whole[..end])).collect();
        assert!(told.iter().all(|content| *content == Content::Json), "{told:?}");
    }
}
