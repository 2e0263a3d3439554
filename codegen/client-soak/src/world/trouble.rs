//! What can go wrong between a request and its answer.

use super::World;
use crate::dice::Dice;

/// Failures that `fail` does not tell.
pub(crate) const INJECTED: [&str; 27] = [
    "410 client.too_old",
    "429 with Retry-After",
    "500",
    "500 after execution",
    "502 (HTML)",
    "503",
    "504 after execution",
    "JSON cut off",
    "answer after an abort",
    "byte order mark",
    "callback comes twice",
    "captive portal (HTML with 200)",
    "empty body",
    "no callback after an abort",
    "no data (Taro)",
    "request aborted",
    "request throws",
    "server down",
    "slow answer",
    "something else in storage",
    "storage full",
    "storage throws",
    "wx.login answers twice",
    "wx.login never answers",
    "wx.login slow",
    "wx.login throws",
    "wx.login without a code",
];

/// What comes between a request and its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    None,
    Throws,
    AtOnce,
    Domain,
    DroppedBefore,
    DroppedAfter,
    /// A page of the hotel's network in place of the answer.
    Portal,
    Truncated,
    NoData,
    Empty,
    ByteOrderMark,
    Slow,
    Status {
        status: u16,
        executed: bool,
    },
    TooOld,
}

impl Trouble {
    pub(super) fn word(self) -> Option<&'static str> {
        Some(match self {
            // Those that are counted as failures.
            Self::None | Self::AtOnce | Self::Domain | Self::DroppedBefore | Self::DroppedAfter => {
                return None;
            }
            Self::Throws => "request throws",
            Self::Portal => "captive portal (HTML with 200)",
            Self::Truncated => "JSON cut off",
            Self::NoData => "no data (Taro)",
            Self::Empty => "empty body",
            Self::ByteOrderMark => "byte order mark",
            Self::Slow => "slow answer",
            Self::Status { status: 429, .. } => "429 with Retry-After",
            Self::Status { status: 500, executed: true } => "500 after execution",
            Self::Status { status: 500, .. } => "500",
            Self::Status { status: 502, .. } => "502 (HTML)",
            Self::Status { status: 503, .. } => "503",
            Self::Status { .. } => "504 after execution",
            Self::TooOld => "410 client.too_old",
        })
    }
}

impl World {
    pub(super) fn draw_trouble(&self, dice: &mut Dice, binary: bool) -> Trouble {
        if self.calm || !dice.chance(self.profile.trouble) {
            return Trouble::None;
        }
        let trouble = dice.weighted(&[
            (2, Trouble::Throws),
            (2, Trouble::AtOnce),
            (2, Trouble::Domain),
            (6, Trouble::DroppedBefore),
            (8, Trouble::DroppedAfter),
            (2, Trouble::Portal),
            (2, Trouble::Truncated),
            (1, Trouble::NoData),
            (1, Trouble::Empty),
            (2, Trouble::ByteOrderMark),
            (4, Trouble::Slow),
            (3, Trouble::Status { status: 429, executed: false }),
            (2, Trouble::Status { status: 500, executed: true }),
            (1, Trouble::Status { status: 500, executed: false }),
            (3, Trouble::Status { status: 502, executed: false }),
            (3, Trouble::Status { status: 503, executed: false }),
            (3, Trouble::Status { status: 504, executed: true }),
            (1, Trouble::TooOld),
        ]);
        let bytes_lie = matches!(
            trouble,
            Trouble::Portal | Trouble::Truncated | Trouble::NoData | Trouble::Empty | Trouble::ByteOrderMark
        );
        // Nobody can see that bytes are the wrong ones.
        if binary && bytes_lie { Trouble::None } else { trouble }
    }
}
