//! Leases: one of many instances does something, and a late one is noticed.

use jiff::Timestamp;

use crate::StoreError;

/// The right to do what a name stands for, until its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// What it is for.
    pub name: String,
    /// Greater than that of every grant of this name before. What the holder writes to should remember the
    /// greatest it has seen, and refuse smaller ones: a holder that slept past its end does not know it.
    pub token: u64,
    /// When another may have it, to the millisecond.
    pub until: Timestamp,
}

/// The answer to a wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leased {
    /// It is the caller's.
    Yours(Grant),
    /// Another has it.
    Held {
        /// When it ends, unless the other renews it.
        until: Timestamp,
    },
}

/// Leases with fencing tokens, for all instances together.
///
/// At any time, by the clock that the callers give, at most one grant of a name is valid. A store that
/// lost its data goes on with greater tokens still, as long as the clock did: they start at the time in
/// milliseconds.
///
/// # Errors
///
/// Each method: [`StoreError::Limit`] for a name that is no key (see
/// [`KeyValues`](crate::KeyValues)); otherwise as the database fails.
#[async_trait::async_trait]
pub trait Leases: Send + Sync {
    /// Asks for the lease of a name until `until`. Of concurrent callers exactly one gets it.
    ///
    /// Also whoever holds it already is told that it is held: to stay, [`renew`](Self::renew) it.
    /// Names are remembered for good; take few.
    async fn acquire(&self, name: &str, until: Timestamp, now: Timestamp) -> Result<Leased, StoreError>;

    /// Moves the end of a grant, and returns it; `None` if it has ended, even if no other has it yet.
    async fn renew(
        &self,
        grant: &Grant,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Grant>, StoreError>;

    /// Gives a grant back; nothing if the lease has gone to another.
    async fn release(&self, grant: &Grant) -> Result<(), StoreError>;
}

/// The token after `last`.
pub(crate) fn next_token(last: Option<u64>, now: Timestamp) -> u64 {
    let time = u64::try_from(now.as_millisecond()).unwrap_or(0).max(1);
    last.map_or(time, |last| time.max(last.saturating_add(1)))
}
