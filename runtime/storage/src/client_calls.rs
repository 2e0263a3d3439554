//! Which clients call: counts by contract and operation, from which an operator sees what old versions still do.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};

use crate::StoreError;

/// How many packages are kept for each client, the most recently seen ones.
pub const KEPT_PACKAGES: usize = 16;

/// After how long without a call an unknown contract is counted among the others, which frees its place.
pub const FORGOTTEN: SignedDuration = SignedDuration::from_hours(90 * 24);

/// The id of a contract: 16 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContractId(u64);

impl ContractId {
    /// Reads the digits as they stand in a header; anything else is `None`.
    pub fn parse(digits: &[u8]) -> Option<Self> {
        let digits: &[u8; 16] = digits.try_into().ok()?;
        let mut id = 0;
        for digit in digits {
            let value = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' => digit - b'a' + 10,
                _ => return None,
            };
            id = id << 4 | u64::from(value);
        }
        Some(Self(id))
    }
}

impl fmt::Display for ContractId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for ContractId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no contract id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a contract id is 16 digits of 0 to 9 and a to f, as the first line of a generated client has it")]
pub struct BadContractId;

impl FromStr for ContractId {
    type Err = BadContractId;

    fn from_str(text: &str) -> Result<Self, BadContractId> {
        Self::parse(text.as_bytes()).ok_or(BadContractId)
    }
}

/// Whom a call is counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClientId {
    /// A client that was generated from this contract.
    Contract(ContractId),
    /// What says to be a client and is not told apart: no contract id, or one too many.
    Other,
    /// What does not say to be a client, such as curl.
    Absent,
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contract(id) => id.fmt(f),
            Self::Other => f.write_str("other"),
            Self::Absent => f.write_str("absent"),
        }
    }
}

impl FromStr for ClientId {
    type Err = BadContractId;

    fn from_str(text: &str) -> Result<Self, BadContractId> {
        match text {
            "other" => Ok(Self::Other),
            "absent" => Ok(Self::Absent),
            id => id.parse().map(Self::Contract),
        }
    }
}

/// The calls of one operation by one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallCount {
    /// Who called.
    pub client: ClientId,
    /// The operation's id.
    pub operation: String,
    /// All calls, the refused ones among them.
    pub calls: u64,
    /// Calls that were refused because of the client's version.
    pub refused: u64,
    /// The time of the last call, to the millisecond.
    pub last_seen: Timestamp,
}

/// A package of a mini-program that a client said to be in. Anyone can say so: a hint, never identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageSeen {
    /// Who said so.
    pub client: ClientId,
    /// The AppID.
    pub appid: String,
    /// WeChat's counter of the package; `0` for versions under development, `devtools` for DevTools.
    pub package: String,
    /// When it was said last, to the millisecond.
    pub last_seen: Timestamp,
}

/// What was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientFigures {
    /// Calls, sorted by client and operation when they come from the store.
    pub calls: Vec<CallCount>,
    /// Packages, the most recently seen one of a client first when they come from the store.
    pub packages: Vec<PackageSeen>,
}

/// Bounds what strangers can make the store keep.
#[derive(Clone, Copy, Debug)]
pub struct ClientBounds<'a> {
    /// Contracts that are always counted apart.
    pub known: &'a [ContractId],
    /// How many contracts beside those are; calls of any further one are counted for [`ClientId::Other`].
    pub unknown: usize,
}

/// Counts calls by contract and operation, over restarts and for all instances together.
#[async_trait::async_trait]
pub trait ClientCalls: Send + Sync {
    /// Adds what was counted since the last time, all of it or nothing.
    ///
    /// An unknown contract without a call for [`FORGOTTEN`] is counted among the others from then on.
    async fn add_calls(
        &self,
        counted: &ClientFigures,
        bounds: ClientBounds<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// All that was ever counted.
    async fn client_figures(&self) -> Result<ClientFigures, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_and_written_digit_by_digit() {
        for text in ["0123456789abcdef", "0000000000000000", "ffffffffffffffff", "00000000000000a0"] {
            assert_eq!(text.parse::<ContractId>().unwrap().to_string(), text);
        }
        for text in
            ["", "0123456789abcde", "0123456789abcdef0", "0123456789ABCDEF", "0123456789abcdeg", "other"]
        {
            assert_eq!(text.parse::<ContractId>(), Err(BadContractId), "{text}");
        }
    }

    #[test]
    fn clients_are_read_as_they_are_written() {
        let contract = ClientId::Contract("0123456789abcdef".parse().unwrap());
        for client in [contract, ClientId::Other, ClientId::Absent] {
            assert_eq!(client.to_string().parse(), Ok(client));
        }
    }
}
