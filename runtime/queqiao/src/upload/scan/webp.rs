//! WebP: chunks in a RIFF container. <https://developers.google.com/speed/webp/docs/riff_container>

use super::{Flaw, Next, Size, Structure, le16, le32};

#[derive(Debug, Default)]
pub(super) struct WebP {
    at: At,
    /// Bytes of the container that are still to come.
    left: u64,
    size: Option<Size>,
    pixels: bool,
}

#[derive(Clone, Copy, Debug, Default)]
enum At {
    #[default]
    Container,
    Chunk,
    /// The head of a chunk that tells the size, and what is left of it.
    Lossy(u64),
    Lossless(u64),
    Extended(u64),
    Passed,
}

impl WebP {
    fn chunk_or_end(&mut self) -> Result<(At, Next), Flaw> {
        match self.left {
            0 if self.pixels && self.size.is_some() => Ok((At::Passed, Next::End)),
            0 => Err(Flaw("it ends without pixels")),
            left => {
                self.left = left.checked_sub(8).ok_or(Flaw("a chunk leads out of the container"))?;
                Ok((At::Chunk, Next::Take(8)))
            }
        }
    }

    /// The larger one counts: a container may say less than the picture in it has.
    fn grow(&mut self, (width, height): Size) {
        let (before_width, before_height) = self.size.unwrap_or_default();
        self.size = Some((width.max(before_width), height.max(before_height)));
    }
}

impl Structure for WebP {
    const FIRST: Next = Next::Take(12);

    fn next(&mut self, taken: &[u8]) -> Result<Next, Flaw> {
        let (at, next) = match self.at {
            At::Container if taken.starts_with(b"RIFF") && taken.ends_with(b"WEBP") => {
                let size = u64::from(le32(taken, 4));
                self.left = size.checked_sub(4).ok_or(Flaw("its container is too short"))?;
                self.chunk_or_end()?
            }
            At::Container => return Err(Flaw("it does not begin as a WebP")),
            At::Chunk => {
                let length = u64::from(le32(taken, 4));
                // Chunks have an even length; the last one may lack its filler.
                let padded = (length + length % 2).min(self.left.max(length));
                self.left =
                    self.left.checked_sub(padded).ok_or(Flaw("a chunk leads out of the container"))?;
                let inside = |head: u64| padded.checked_sub(head).ok_or(Flaw("a chunk is too short"));
                match taken.get(..4) {
                    Some(b"VP8 ") => (At::Lossy(inside(10)?), Next::Take(10)),
                    Some(b"VP8L") => (At::Lossless(inside(5)?), Next::Take(5)),
                    Some(b"VP8X") => (At::Extended(inside(10)?), Next::Take(10)),
                    Some(name) => {
                        self.pixels |= name == b"ANMF";
                        (At::Passed, Next::Skip(padded))
                    }
                    None => return Err(Flaw("a chunk has no name")),
                }
            }
            At::Lossy(left) => {
                if taken.get(3..6) != Some(&[0x9D, 0x01, 0x2A]) {
                    return Err(Flaw("its pixels do not begin with a key frame"));
                }
                self.pixels = true;
                self.grow((le16(taken, 6) & 0x3FFF, le16(taken, 8) & 0x3FFF));
                (At::Passed, Next::Skip(left))
            }
            At::Lossless(left) => {
                if taken.first() != Some(&0x2F) {
                    return Err(Flaw("its lossless pixels do not begin as such"));
                }
                self.pixels = true;
                let bits = le32(taken, 1);
                self.grow(((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1));
                (At::Passed, Next::Skip(left))
            }
            At::Extended(left) => {
                let of = |at| (le32(taken, at) & 0x00FF_FFFF) + 1;
                self.grow((
                    of(4),
                    le16(taken, 7) + (u32::from(taken.get(9).copied().unwrap_or_default()) << 16) + 1,
                ));
                (At::Passed, Next::Skip(left))
            }
            At::Passed => self.chunk_or_end()?,
        };
        self.at = at;
        Ok(next)
    }

    fn size(&self) -> Option<Size> {
        self.size
    }
}
