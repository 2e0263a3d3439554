//! Draws an image anew, so that nothing but the picture is kept.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{DynamicImage, ImageDecoder, ImageEncoder, ImageFormat, ImageReader, Limits};

use super::kind::Format;

/// Of 100; more is not seen.
const QUALITY: u8 = 90;

/// A picture of a file, in the format in which it is written.
///
/// # Errors
/// A sentence for the log: why it cannot be decoded.
pub(super) fn redraw(bytes: Vec<u8>, format: Format, pixels: u64) -> Result<(Vec<u8>, Format), String> {
    let read = match format.media_type() {
        "image/png" => ImageFormat::Png,
        "image/gif" => ImageFormat::Gif,
        "image/webp" => ImageFormat::WebP,
        _ => ImageFormat::Jpeg,
    };
    let told = |error: image::ImageError| error.to_string();
    let mut reader = ImageReader::with_format(Cursor::new(bytes), read);
    let mut limits = Limits::no_limits();
    // Sixteen bits of four colours.
    limits.max_alloc = Some(pixels.saturating_mul(8).saturating_add(16 * 1024 * 1024));
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(told)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > pixels {
        return Err(format!("it has {width} x {height} pixels"));
    }
    let orientation = decoder.orientation().map_err(told)?;
    let colours = decoder.icc_profile().map_err(told)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(told)?;
    picture.apply_orientation(orientation);

    let as_jpeg = read == ImageFormat::Jpeg || (read == ImageFormat::WebP && !picture.color().has_alpha());
    let mut written = Vec::new();
    if as_jpeg {
        // JPEG knows neither 16 bits nor transparency.
        let picture = match picture {
            DynamicImage::ImageLuma8(_) | DynamicImage::ImageRgb8(_) => picture,
            other if other.color().has_color() => DynamicImage::ImageRgb8(other.into_rgb8()),
            other => DynamicImage::ImageLuma8(other.into_luma8()),
        };
        let mut encoder = JpegEncoder::new_with_quality(&mut written, QUALITY);
        keep(&mut encoder, colours);
        picture.write_with_encoder(encoder).map_err(told)?;
        Ok((written, Format::JPEG))
    } else {
        let mut encoder = PngEncoder::new(&mut written);
        keep(&mut encoder, colours);
        picture.write_with_encoder(encoder).map_err(told)?;
        Ok((written, Format::PNG))
    }
}

/// A profile of colours tells nothing of a person, and without it a picture looks pale.
fn keep(encoder: &mut impl ImageEncoder, colours: Option<Vec<u8>>) {
    if let Some(colours) = colours {
        // An encoder that takes none writes the picture all the same.
        let _ = encoder.set_icc_profile(colours);
    }
}
