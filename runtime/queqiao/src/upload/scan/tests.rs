use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use proptest::prelude::*;

use super::*;

const FORMATS: [(ImageFormat, &str); 4] = [
    (ImageFormat::Png, "image/png"),
    (ImageFormat::Jpeg, "image/jpeg"),
    (ImageFormat::Gif, "image/gif"),
    (ImageFormat::WebP, "image/webp"),
];

fn picture(format: ImageFormat) -> Vec<u8> {
    let pixels = RgbImage::from_fn(33, 21, |x, y| Rgb([x as u8 * 7, y as u8 * 11, (x ^ y) as u8]));
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(pixels).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// How many bytes belong to it, and whether it is whole, where it comes in pieces of this size.
fn scanned(media_type: &str, bytes: &[u8], piece: usize) -> Result<(usize, bool, Option<Size>), Flaw> {
    let mut scan = Scan::of(media_type);
    let mut taken = 0;
    for piece in bytes.chunks(piece) {
        taken += scan.push(piece)?;
    }
    Ok((taken, scan.whole(), scan.size()))
}

#[test]
fn whole_pictures_in_pieces_of_any_size() {
    for (format, media_type) in FORMATS {
        let bytes = picture(format);
        for piece in [1, 2, 3, 7, 64, bytes.len()] {
            let found = scanned(media_type, &bytes, piece);
            assert_eq!(found, Ok((bytes.len(), true, Some((33, 21)))), "{media_type} in pieces of {piece}");
        }
    }
}

#[test]
fn what_follows_does_not_belong_to_it() {
    for (format, media_type) in FORMATS {
        let bytes = picture(format);
        for tail in [&b"PK\x03\x04"[..], b"<html>", b"\xff\xd8\xff\xe0", &[0; 1000]] {
            let both = [&bytes[..], tail].concat();
            for piece in [1, 5, both.len()] {
                let (taken, whole, _) = scanned(media_type, &both, piece).unwrap();
                assert_eq!((taken, whole), (bytes.len(), true), "{media_type} in pieces of {piece}");
            }
        }
    }
}

#[test]
fn a_part_is_never_whole() {
    for (format, media_type) in FORMATS {
        let bytes = picture(format);
        for end in 0..bytes.len() {
            let found = scanned(media_type, &bytes[..end], 64);
            assert!(found.is_err() || found.is_ok_and(|(_, whole, _)| !whole), "{media_type} up to {end}");
        }
    }
}

#[test]
fn odd_ways_to_write_a_jpeg_are_read() {
    let plain = picture(ImageFormat::Jpeg);
    // Bytes that only fill may stand before any marker.
    let filled = [&plain[..2], b"\xff\xff\xff", &plain[2..]].concat();
    // A thumbnail inside a segment is no end.
    let thumbnail = [b"\xff\xe1\x00\x06", &b"\xff\xd9\xff\xd8"[..]].concat();
    let with_thumbnail = [&plain[..2], &thumbnail, &plain[2..]].concat();
    for bytes in [filled, with_thumbnail] {
        assert_eq!(scanned("image/jpeg", &bytes, 3), Ok((bytes.len(), true, Some((33, 21)))));
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(
        format in 0..4_usize,
        damage in prop::collection::vec((0..400_usize, any::<u8>()), 0..8),
        piece in 1..50_usize,
    ) {
        let (format, media_type) = FORMATS[format];
        let mut bytes = picture(format);
        for (at, byte) in damage {
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
        }
        let found = scanned(media_type, &bytes, piece);
        // However the pieces are cut, it is the same.
        prop_assert_eq!(found.is_ok(), scanned(media_type, &bytes, bytes.len()).is_ok());
        if let Ok((taken, ..)) = found {
            prop_assert!(taken <= bytes.len());
        }
    }
}
