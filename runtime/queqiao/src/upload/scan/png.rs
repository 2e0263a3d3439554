//! PNG: chunks after a signature. <https://www.w3.org/TR/png-3/#5DataRep>

use super::{Flaw, Next, Size, Structure, be32};

#[derive(Debug, Default)]
pub(super) struct Png {
    at: At,
    size: Option<Size>,
    pixels: bool,
}

#[derive(Clone, Copy, Debug, Default)]
enum At {
    #[default]
    Signature,
    Header,
    HeaderData,
    Chunk,
    Passed,
    End,
}

impl Structure for Png {
    const FIRST: Next = Next::Take(8);

    fn next(&mut self, taken: &[u8]) -> Result<Next, Flaw> {
        let (at, next) = match self.at {
            At::Signature if taken == b"\x89PNG\r\n\x1a\n" => (At::Header, Next::Take(8)),
            At::Signature => return Err(Flaw("its signature is not PNG's")),
            At::Header if taken == b"\0\0\0\x0dIHDR" => (At::HeaderData, Next::Take(13 + 4)),
            At::Header => return Err(Flaw("its first chunk is not IHDR")),
            At::HeaderData => {
                self.size = Some((be32(taken, 0), be32(taken, 4)));
                (At::Chunk, Next::Take(8))
            }
            At::Chunk => {
                let length = be32(taken, 0);
                if length > i32::MAX as u32 {
                    return Err(Flaw("a chunk is longer than PNG allows"));
                }
                match taken.get(4..8) {
                    Some(b"IEND") if length == 0 && self.pixels => (At::End, Next::Take(4)),
                    Some(b"IEND") => return Err(Flaw("it ends without pixels")),
                    Some(b"IHDR") => return Err(Flaw("it has two headers")),
                    Some(name) if name.iter().all(u8::is_ascii_alphabetic) => {
                        self.pixels |= name == b"IDAT";
                        (At::Passed, Next::Skip(u64::from(length) + 4))
                    }
                    _ => return Err(Flaw("a chunk has no name")),
                }
            }
            At::Passed => (At::Chunk, Next::Take(8)),
            At::End => (At::End, Next::End),
        };
        self.at = at;
        Ok(next)
    }

    fn size(&self) -> Option<Size> {
        self.size
    }
}
