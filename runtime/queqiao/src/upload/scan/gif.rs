//! GIF: blocks of sub-blocks. <https://www.w3.org/Graphics/GIF/spec-gif89a.txt>

use super::{Flaw, Next, Size, Structure, le16};

#[derive(Debug, Default)]
pub(super) struct Gif {
    at: At,
    size: Option<Size>,
    pixels: bool,
}

#[derive(Clone, Copy, Debug, Default)]
enum At {
    #[default]
    Header,
    /// Behind a table of colours.
    Colours,
    Block,
    Image,
    /// Behind the table of colours of an image.
    ImageColours,
    /// The first byte of an image's data or the label of an extension.
    Label,
    Length,
    SubBlock,
}

/// The bytes of a table of colours, as its flags tell.
fn colours(flags: u8) -> u64 {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

impl Structure for Gif {
    const FIRST: Next = Next::Take(13);

    fn next(&mut self, taken: &[u8]) -> Result<Next, Flaw> {
        let first = taken.first().copied().unwrap_or_default();
        let (at, next) = match self.at {
            At::Header if taken.starts_with(b"GIF87a") || taken.starts_with(b"GIF89a") => {
                self.size = Some((le16(taken, 6), le16(taken, 8)));
                (At::Colours, Next::Skip(colours(taken.get(10).copied().unwrap_or_default())))
            }
            At::Header => return Err(Flaw("it does not begin as a GIF")),
            At::Colours => (At::Block, Next::Take(1)),
            At::Block => match first {
                0x2C => (At::Image, Next::Take(9)),
                0x21 => (At::Label, Next::Take(1)),
                0x3B if self.pixels => (At::Block, Next::End),
                0x3B => return Err(Flaw("it ends without pixels")),
                _ => return Err(Flaw("a block is none of GIF's")),
            },
            At::Image => {
                let (width, height) = self.size.unwrap_or_default();
                let right = le16(taken, 0) + le16(taken, 4);
                let bottom = le16(taken, 2) + le16(taken, 6);
                self.size = Some((width.max(right), height.max(bottom)));
                self.pixels = true;
                (At::ImageColours, Next::Skip(colours(taken.get(8).copied().unwrap_or_default())))
            }
            At::ImageColours => (At::Label, Next::Take(1)),
            At::Label | At::SubBlock => (At::Length, Next::Take(1)),
            At::Length if first == 0 => (At::Block, Next::Take(1)),
            At::Length => (At::SubBlock, Next::Skip(u64::from(first))),
        };
        self.at = at;
        Ok(next)
    }

    fn size(&self) -> Option<Size> {
        self.size
    }
}
