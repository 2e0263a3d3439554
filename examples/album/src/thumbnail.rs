//! Small pictures of large ones.

use std::io::Cursor;

use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits};
use queqiao::upload::Files;
use queqiao::{ObjectError, ObjectKey};

/// Width and height, at most.
const SIDE: u32 = 320;
/// Of 100.
const QUALITY: u8 = 80;
/// Bytes that a decoder may take, whatever a file says of itself.
const ROOM: u64 = 512 * 1024 * 1024;

/// Why there is no thumbnail.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Undrawable {
    #[error("the picture cannot be decoded")]
    Picture,
    #[error(transparent)]
    Store(#[from] ObjectError),
}

/// A JPEG of a picture in the object store, upright, that fits into a square of 320 pixels.
pub(crate) async fn draw(files: &Files, key: &ObjectKey) -> Result<Bytes, Undrawable> {
    let mut bytes = BytesMut::new();
    let mut pieces = files.objects().get(key, None).await?;
    while let Some(piece) = pieces.try_next().await? {
        bytes.extend_from_slice(&piece);
    }
    // Decoding takes its time, which is not the one of other requests.
    let drawn = tokio::task::spawn_blocking(move || shrink(&bytes)).await;
    drawn.ok().flatten().ok_or(Undrawable::Picture)
}

fn shrink(bytes: &[u8]) -> Option<Bytes> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(ROOM);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    let orientation = decoder.orientation().ok()?;
    let mut picture = DynamicImage::from_decoder(decoder).ok()?.thumbnail(SIDE, SIDE);
    picture.apply_orientation(orientation);
    let mut written = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut written, QUALITY);
    DynamicImage::ImageRgb8(picture.into_rgb8()).write_with_encoder(encoder).ok()?;
    Some(written.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_shrunk_and_keeps_its_shape() {
        let mut png = Vec::new();
        let wide = DynamicImage::new_rgba8(1000, 500);
        wide.write_to(&mut Cursor::new(&mut png), image::ImageFormat::Png).unwrap();
        let small = image::load_from_memory(&shrink(&png).unwrap()).unwrap();
        assert_eq!((small.width(), small.height()), (320, 160));
        assert_eq!(shrink(&png[..png.len() / 2]), None);
        assert_eq!(shrink(b"no picture"), None);
    }
}
