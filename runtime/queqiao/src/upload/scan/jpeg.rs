//! JPEG: segments between markers, and compressed data behind each start of scan. ITU-T T.81, annex B.

use super::{Flaw, Next, Size, Structure, be16};

#[derive(Debug, Default)]
pub(super) struct Jpeg {
    at: At,
    size: Option<Size>,
    pixels: bool,
}

#[derive(Clone, Copy, Debug, Default)]
enum At {
    #[default]
    Start,
    Marker,
    /// The second byte of a marker, where bytes that only fill stand before it.
    Fill,
    /// The length of the segment of this marker.
    Length(u8),
    /// The frame header, and what is left of its segment.
    Frame(u64),
    Passed,
    /// Behind the header of a scan.
    Scan,
    Data,
}

impl Jpeg {
    fn marker(&mut self, marker: u8) -> Result<(At, Next), Flaw> {
        match marker {
            0xD9 if self.pixels && self.size.is_some() => Ok((At::Marker, Next::End)),
            0xD9 => Err(Flaw("it ends without pixels")),
            // Stand by themselves.
            0x01 | 0xD0..=0xD7 => Ok((At::Marker, Next::Take(2))),
            0x00 | 0xD8 => Err(Flaw("a marker stands where none can")),
            marker => Ok((At::Length(marker), Next::Take(2))),
        }
    }
}

impl Structure for Jpeg {
    const FIRST: Next = Next::Take(2);

    fn next(&mut self, taken: &[u8]) -> Result<Next, Flaw> {
        let (at, next) = match (self.at, taken) {
            (At::Start, [0xFF, 0xD8]) => (At::Marker, Next::Take(2)),
            (At::Start, _) => return Err(Flaw("it does not begin as a JPEG")),
            (At::Marker, [0xFF, 0xFF]) | (At::Fill, [0xFF]) => (At::Fill, Next::Take(1)),
            (At::Marker | At::Data, [0xFF, marker]) | (At::Fill, [marker]) => self.marker(*marker)?,
            (At::Marker | At::Data | At::Fill, _) => {
                return Err(Flaw("a segment is not followed by a marker"));
            }
            (At::Length(marker), _) => {
                let length = u64::from(be16(taken, 0));
                let Some(inside) = length.checked_sub(2) else { return Err(Flaw("a segment is too short")) };
                match marker {
                    0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                        if self.size.is_some() || inside < 6 {
                            return Err(Flaw("its frame header is not one"));
                        }
                        (At::Frame(inside - 5), Next::Take(5))
                    }
                    0xDA => (At::Scan, Next::Skip(inside)),
                    _ => (At::Passed, Next::Skip(inside)),
                }
            }
            (At::Frame(left), _) => {
                self.size = Some((be16(taken, 3), be16(taken, 1)));
                (At::Passed, Next::Skip(left))
            }
            (At::Passed, _) => (At::Marker, Next::Take(2)),
            (At::Scan, _) if self.size.is_none() => return Err(Flaw("its pixels come before its size")),
            (At::Scan, _) => {
                self.pixels = true;
                (At::Data, Next::Marker)
            }
        };
        self.at = at;
        Ok(next)
    }

    fn size(&self) -> Option<Size> {
        self.size
    }
}
