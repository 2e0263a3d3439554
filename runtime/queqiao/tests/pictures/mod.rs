//! Pictures and forms, whole and hostile.

#![allow(dead_code, reason = "each test takes what it needs")]

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

/// A picture that looks like no other, in a format.
pub(crate) fn picture(format: ImageFormat, width: u32, height: u32) -> Vec<u8> {
    let pixels = RgbImage::from_fn(width, height, |x, y| {
        let at = x.wrapping_mul(31) ^ y.wrapping_mul(17);
        Rgb([at as u8, (at >> 3) as u8, (x + y) as u8])
    });
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(pixels).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

pub(crate) fn png() -> Vec<u8> {
    picture(ImageFormat::Png, 40, 30)
}

pub(crate) fn jpeg() -> Vec<u8> {
    picture(ImageFormat::Jpeg, 40, 30)
}

/// The words that a cleaned picture must not have.
pub(crate) const SECRET: &str = "31.2304N 121.4737E";

/// A JPEG with EXIF: turned by a quarter, and with a place.
pub(crate) fn jpeg_with_exif() -> Vec<u8> {
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
    exif.extend_from_slice(SECRET.as_bytes());
    segment(&jpeg(), 0xE1, &exif)
}

/// A JPEG with a segment behind its start.
pub(crate) fn segment(jpeg: &[u8], marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xFF, marker], &length, content, &jpeg[2..]].concat()
}

/// A PNG of a few bytes that says it has so many pixels.
pub(crate) fn bomb(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = png();
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    // The header's checksum, of its name and data.
    let mut crc = !0_u32;
    for byte in &bytes[12..29] {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    bytes[29..33].copy_from_slice(&(!crc).to_be_bytes());
    bytes
}

/// A GIF of one pixel that is a program to JavaScript: `GIF89a/*…*/=1;alert(1)`.
pub(crate) fn gif_that_is_javascript() -> Vec<u8> {
    let mut bytes =
        b"GIF89a/*\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;".to_vec();
    bytes.extend_from_slice(b"*/=1;alert(1)//");
    bytes
}

pub(crate) const BOUNDARY: &str = "----WebKitFormBoundary7MA4YWxkTrZu0gW";

/// One part of a form.
pub(crate) struct Part<'a> {
    pub(crate) name: &'a str,
    pub(crate) file_name: Option<&'a str>,
    pub(crate) content_type: Option<&'a str>,
    pub(crate) bytes: &'a [u8],
}

pub(crate) fn text<'a>(name: &'a str, text: &'a str) -> Part<'a> {
    Part { name, file_name: None, content_type: None, bytes: text.as_bytes() }
}

pub(crate) fn file<'a>(file_name: &'a str, content_type: &'a str, bytes: &'a [u8]) -> Part<'a> {
    Part { name: "file", file_name: Some(file_name), content_type: Some(content_type), bytes }
}

/// A form as `wx.uploadFile` sends it: texts first, then the file.
pub(crate) fn form(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for part in parts {
        body.extend_from_slice(format!("--{BOUNDARY}\r\n").as_bytes());
        body.extend_from_slice(format!("Content-Disposition: form-data; name=\"{}\"", part.name).as_bytes());
        if let Some(name) = part.file_name {
            body.extend_from_slice(format!("; filename=\"{name}\"").as_bytes());
        }
        body.extend_from_slice(b"\r\n");
        if let Some(content_type) = part.content_type {
            body.extend_from_slice(format!("Content-Type: {content_type}\r\n").as_bytes());
        }
        body.extend_from_slice(b"\r\n");
        body.extend_from_slice(part.bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

pub(crate) fn content_type() -> String {
    format!("multipart/form-data; boundary={BOUNDARY}")
}
