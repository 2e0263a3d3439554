//! Grants of subscribe messages (订阅消息): what users said yes to, and what became of it.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::StoreError;

/// How far apart the page and WeChat may date one answer of a user.
pub const PAIRING: SignedDuration = SignedDuration::from_mins(10);

/// How long whoever sends has a user alone: others of that user wait.
pub const SENDING: SignedDuration = SignedDuration::from_secs(60);

/// How long nobody uses a grant of which it is unknown whether a message used it up.
pub const UNCERTAIN: SignedDuration = SignedDuration::from_mins(10);

/// How long it is remembered what became of a grant: reports that are older do not count.
pub const REMEMBERED_GRANT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Unused grants that a user may have of one template; what comes above is not counted. As many void ones are remembered.
pub const MOST_GRANTS: u32 = 100;

/// What a user subscribes to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct GrantKey<'a> {
    /// The AppID of the mini-program.
    pub app: &'a str,
    /// The user in it.
    pub openid: &'a str,
    /// The id of the template (priTmplId).
    pub template: &'a str,
}

impl fmt::Debug for GrantKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrantKey")
            .field("app", &self.app)
            .field("template", &self.template)
            .finish_non_exhaustive()
    }
}

impl GrantKey<'_> {
    /// What stands for the user in the store.
    pub(crate) fn owner(&self) -> [u8; 32] {
        digest(self.app, self.openid)
    }
}

fn digest(first: &str, second: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    // The length keeps ("ab", "c") and ("a", "bc") apart.
    hash.update((first.len() as u64).to_be_bytes());
    hash.update(first);
    hash.update(second);
    hash.finalize().into()
}

/// Who tells of an answer: both tell of the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Witness {
    /// The page, with the result of `wx.requestSubscribeMessage`.
    Page,
    /// WeChat, with a push: `subscribe_msg_popup_event`.
    Push,
}

/// One telling of an answer.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// Who tells.
    pub witness: Witness,
    /// The same when it is told again by the same witness, and at no other time.
    pub id: &'a str,
    /// When the user answered.
    pub at: Timestamp,
}

impl Report<'_> {
    pub(crate) fn digest(&self, key: &GrantKey<'_>) -> [u8; 32] {
        digest(key.template, self.id)
    }
}

/// What a report that a user said yes came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// One grant more.
    Yes,
    /// It was known from the other witness.
    Paired,
    /// It was told before.
    Known,
    /// It is older than a withdrawal, or than [`REMEMBERED_GRANT`].
    TooOld,
    /// The user has [`MOST_GRANTS`].
    TooMany,
}

/// A grant that is being used, by one sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub(crate) id: Uuid,
    /// Of each taking another: who comes back after [`UNCERTAIN`] changes nothing.
    pub(crate) token: Uuid,
    pub(crate) owner: [u8; 32],
    pub(crate) template: String,
    pub(crate) at: Timestamp,
}

/// What a sender who asks for a grant is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Take {
    /// It is the caller's: send, and [`settle`](SubscriptionGrants::settle).
    Yours(Taken),
    /// There is none, nor one under way that could come back.
    None,
    /// Another message to this user is under way, beside which WeChat would refuse this one (43108): ask again.
    Busy,
}

/// How sending ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// WeChat took the message: the grant is used up.
    Sent,
    /// WeChat did not take it, for a reason of another kind: the grant is as before.
    Unused,
    /// Nobody knows: the grant rests for [`UNCERTAIN`], unless WeChat tells of the message before.
    Uncertain,
    /// WeChat knows of no grant (43101): nor does the store, of what was granted until then.
    NotGranted,
}

/// What WeChat tells of a message that it took (`subscribe_msg_sent_event`).
#[derive(Debug, Clone, Copy)]
pub struct Receipt<'a> {
    /// The number of the message at WeChat.
    pub message: &'a str,
    /// When.
    pub at: Timestamp,
    /// Why it did not arrive, if it did not.
    pub failure: Option<&'a str>,
}

/// The grants of a user for a template.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GrantCounts {
    /// For one message each.
    pub unused: u32,
    /// With a message under way, or of an unknown end.
    pub uncertain: u32,
}

/// A message that WeChat took and did not deliver.
#[derive(Clone, PartialEq, Eq)]
pub struct FailedDelivery {
    /// The AppID of the mini-program.
    pub app: String,
    /// The user in it.
    pub openid: String,
    /// The id of the template.
    pub template: String,
    /// The number of the message at WeChat.
    pub message: String,
    /// When, to the millisecond.
    pub at: Timestamp,
    /// WeChat's words.
    pub failure: String,
}

impl fmt::Debug for FailedDelivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FailedDelivery")
            .field("app", &self.app)
            .field("template", &self.template)
            .field("message", &self.message)
            .field("at", &self.at)
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}

/// The ledger of grants: each yes of a user to a one-time subscription (一次性订阅) buys one message.
///
/// WeChat does not tell how many there are, so they are counted: a yes is told by the page and by a push, and
/// counts once, in whatever order the two come and however often. Of two answers of one user within
/// [`PAIRING`], of which each lost one of its witnesses, one is counted: too few, never too many.
///
/// Every method is one transaction, for all instances together.
#[async_trait::async_trait]
pub trait SubscriptionGrants: Send + Sync {
    /// Counts a yes, unless it is counted.
    ///
    /// Each call also forgets some of what was used long ago, so that the store does not grow.
    async fn grant(
        &self,
        key: &GrantKey<'_>,
        report: &Report<'_>,
        now: Timestamp,
    ) -> Result<Counted, StoreError>;

    /// The user cancelled the subscription: what was granted until then is void. Returns how many were.
    async fn withdraw(&self, key: &GrantKey<'_>, at: Timestamp, now: Timestamp) -> Result<u64, StoreError>;

    /// Takes one grant for one message. Of concurrent callers each gets another, and of one user's one alone
    /// sends at a time.
    async fn take_grant(&self, key: &GrantKey<'_>, now: Timestamp) -> Result<Take, StoreError>;

    /// Writes down how sending ended. False if that was known better by then: from WeChat's receipt, or
    /// because it took so long that another took the grant.
    async fn settle(&self, taken: &Taken, settled: Settled, now: Timestamp) -> Result<bool, StoreError>;

    /// Writes down what WeChat tells of a message. False if no message is known of which it could tell.
    async fn note_receipt(
        &self,
        key: &GrantKey<'_>,
        receipt: &Receipt<'_>,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// How many grants there are.
    async fn grants(&self, key: &GrantKey<'_>, now: Timestamp) -> Result<GrantCounts, StoreError>;

    /// The newest messages that did not arrive, of those that are remembered.
    async fn failed_deliveries(&self, most: u32) -> Result<Vec<FailedDelivery>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_openid() {
        let key = GrantKey { app: "wx1", openid: "secret", template: "t1" };
        let failed = FailedDelivery {
            app: key.app.to_owned(),
            openid: key.openid.to_owned(),
            template: key.template.to_owned(),
            message: "m1".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            failure: "user refused".to_owned(),
        };
        for shown in [format!("{key:?}"), format!("{failed:?}")] {
            assert!(shown.contains("wx1") && shown.contains("t1") && !shown.contains("secret"), "{shown}");
        }
    }
}
