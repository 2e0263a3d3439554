//! Looks through an image while it passes: where it ends, how large a picture it is, whether it is whole.
//!
//! Nothing is decoded and nothing kept. What follows the end of an image belongs to something else, such as an
//! archive or a page that somebody appended, and is cut off.

mod gif;
mod jpeg;
mod png;
#[cfg(test)]
mod tests;
mod webp;

use self::gif::Gif;
use self::jpeg::Jpeg;
use self::png::Png;
use self::webp::WebP;

/// Width and height in pixels.
pub(crate) type Size = (u32, u32);

/// Why bytes are no image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flaw(pub(crate) &'static str);

/// What a format wants of the next bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// This many, together.
    Take(usize),
    /// That this many pass.
    Skip(u64),
    /// That all pass up to a marker, which it takes: 0xFF and a byte that is neither 0 nor of a restart.
    Marker,
    /// None: the image is whole.
    End,
}

/// The structure of one format.
trait Structure {
    /// What comes first.
    const FIRST: Next;

    /// Says what comes after the bytes that were taken; none after those that passed.
    fn next(&mut self, taken: &[u8]) -> Result<Next, Flaw>;

    /// The size of the picture, once it was told.
    fn size(&self) -> Option<Size>;
}

/// An image that passes piece by piece.
#[derive(Debug)]
struct Walk<S> {
    structure: S,
    next: Next,
    /// What was taken so far; no more than a few dozen bytes.
    taken: Vec<u8>,
}

impl<S: Structure> Walk<S> {
    fn new(structure: S) -> Self {
        Self { structure, next: S::FIRST, taken: Vec::new() }
    }

    fn push(&mut self, bytes: &[u8]) -> Result<usize, Flaw> {
        let mut rest = bytes;
        loop {
            match self.next {
                Next::End => return Ok(bytes.len() - rest.len()),
                Next::Skip(0) => self.next = self.structure.next(&[])?,
                _ if rest.is_empty() => return Ok(bytes.len()),
                Next::Skip(left) => {
                    let passed = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
                    rest = rest.get(passed..).unwrap_or_default();
                    self.next = Next::Skip(left - passed as u64);
                }
                Next::Take(wanted) => {
                    let (some, more) = rest.split_at((wanted - self.taken.len()).min(rest.len()));
                    self.taken.extend_from_slice(some);
                    rest = more;
                    if self.taken.len() == wanted {
                        self.next = self.structure.next(&self.taken)?;
                        self.taken.clear();
                    }
                }
                Next::Marker => rest = self.until_marker(rest)?,
            }
        }
    }

    fn until_marker<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], Flaw> {
        let mut rest = bytes;
        if self.taken.is_empty() {
            let Some(at) = rest.iter().position(|byte| *byte == 0xFF) else { return Ok(&[]) };
            rest = rest.get(at + 1..).unwrap_or_default();
            self.taken.push(0xFF);
        }
        match rest.split_first() {
            None => Ok(&[]),
            // Fill bytes.
            Some((0xFF, more)) => Ok(more),
            Some((0x00 | 0xD0..=0xD7, more)) => {
                self.taken.clear();
                Ok(more)
            }
            Some((marker, more)) => {
                self.taken.clear();
                self.next = self.structure.next(&[0xFF, *marker])?;
                Ok(more)
            }
        }
    }
}

/// An image of one of the formats, or anything else, which passes as it is.
#[derive(Debug)]
pub(crate) enum Scan {
    /// Not looked into.
    Opaque,
    #[allow(private_interfaces, reason = "only this module takes them apart")]
    Png(Walk<Png>),
    #[allow(private_interfaces, reason = "only this module takes them apart")]
    Jpeg(Walk<Jpeg>),
    #[allow(private_interfaces, reason = "only this module takes them apart")]
    Gif(Walk<Gif>),
    #[allow(private_interfaces, reason = "only this module takes them apart")]
    WebP(Walk<WebP>),
}

impl Scan {
    /// The scan of a media type.
    pub(crate) fn of(media_type: &str) -> Self {
        match media_type {
            "image/png" => Self::Png(Walk::new(Png::default())),
            "image/jpeg" => Self::Jpeg(Walk::new(Jpeg::default())),
            "image/gif" => Self::Gif(Walk::new(Gif::default())),
            "image/webp" => Self::WebP(Walk::new(WebP::default())),
            _ => Self::Opaque,
        }
    }

    /// Takes the next bytes and says how many of them belong to the image.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<usize, Flaw> {
        match self {
            Self::Opaque => Ok(bytes.len()),
            Self::Png(walk) => walk.push(bytes),
            Self::Jpeg(walk) => walk.push(bytes),
            Self::Gif(walk) => walk.push(bytes),
            Self::WebP(walk) => walk.push(bytes),
        }
    }

    /// Whether the image is whole.
    pub(crate) fn whole(&self) -> bool {
        match self {
            Self::Opaque => true,
            Self::Png(walk) => walk.next == Next::End,
            Self::Jpeg(walk) => walk.next == Next::End,
            Self::Gif(walk) => walk.next == Next::End,
            Self::WebP(walk) => walk.next == Next::End,
        }
    }

    /// The size of a whole picture.
    pub(crate) fn size_of(mut self, bytes: &[u8]) -> Option<Size> {
        self.push(bytes).ok()?;
        self.size()
    }

    /// The size of the picture, as soon as it was told.
    pub(crate) fn size(&self) -> Option<Size> {
        match self {
            Self::Opaque => None,
            Self::Png(walk) => walk.structure.size(),
            Self::Jpeg(walk) => walk.structure.size(),
            Self::Gif(walk) => walk.structure.size(),
            Self::WebP(walk) => walk.structure.size(),
        }
    }
}

fn be16(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 2).map_or(0, |two| u32::from(two[0]) << 8 | u32::from(two[1]))
}

fn le16(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 2).map_or(0, |two| u32::from(two[1]) << 8 | u32::from(two[0]))
}

fn be32(bytes: &[u8], at: usize) -> u32 {
    be16(bytes, at) << 16 | be16(bytes, at + 2)
}

fn le32(bytes: &[u8], at: usize) -> u32 {
    le16(bytes, at + 2) << 16 | le16(bytes, at)
}
