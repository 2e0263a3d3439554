//! The ledger of subscriptions in SQL.

use jiff::{SignedDuration, Timestamp};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::SqlStore;
use crate::database::{Row, Transaction, retried};
use crate::subscription::{MOST_GRANTS, PAIRING, REMEMBERED_GRANT, SENDING, UNCERTAIN};
use crate::{
    Counted, FailedDelivery, GrantCounts, GrantKey, Receipt, Report, Settled, StoreError, SubscriptionGrants,
    Take, Taken, Witness, values,
};

/// Old grants forgotten with each report: enough to keep up, too few to be felt.
const SWEPT_PER_REPORT: u32 = 20;
/// The longest failure that is kept, in characters.
const LONGEST_FAILURE: usize = 500;
/// A receipt may be dated a little before the message it is for: two clocks.
const SKEW: SignedDuration = SignedDuration::from_secs(30);

/// The grants of one user for one template.
const OF_USER: &str = "owner = $1 AND template = $2";

fn after(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

fn before(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_sub(by).unwrap_or(Timestamp::MIN)
}

fn id(row: &Row) -> Result<Uuid, StoreError> {
    let text: String = row.get("id")?;
    text.parse().map_err(|_| StoreError::Corrupt { detail: "the id of a grant is no UUID".into() })
}

/// The columns of the one who tells, and of the other.
fn columns(witness: Witness) -> (&'static str, &'static str) {
    match witness {
        Witness::Page => ("page_report", "push_report"),
        Witness::Push => ("push_report", "page_report"),
    }
}

impl SqlStore {
    async fn grant_once(
        &self,
        key: &GrantKey<'_>,
        report: &Report<'_>,
        now: Timestamp,
    ) -> Result<Counted, StoreError> {
        let (owner, digest) = (key.owner(), report.digest(key));
        let (own, other) = columns(report.witness);
        let mut transaction = self.database.begin().await?;
        transaction.lock(&[&owner]).await?;
        let known = format!("SELECT id FROM queqiao_grants WHERE {OF_USER} AND {own} = $3");
        if transaction.row(AssertSqlSafe(known), &values![&owner, key.template, &digest]).await?.is_some() {
            return Ok(Counted::Known);
        }
        if report.at <= before(now, REMEMBERED_GRANT) {
            return Ok(Counted::TooOld);
        }
        if let Some(pair) = nearest(&mut transaction, key, report, (own, other)).await? {
            let update = format!("UPDATE queqiao_grants SET {own} = $2 WHERE id = $1");
            transaction.execute(AssertSqlSafe(update), &values![pair, &digest]).await?;
            transaction.commit().await?;
            return Ok(Counted::Paired);
        }
        let of_user = values![&owner, key.template];
        let withdrawn = "SELECT MAX(answered_at) FROM queqiao_grants
                         WHERE owner = $1 AND template = $2 AND state = 'withdrawal'";
        let withdrawn = transaction.row(withdrawn, &of_user).await?;
        let withdrawn = withdrawn.map(|row| row.get::<Option<Timestamp>>(0)).transpose()?.flatten();
        let void = withdrawn.is_some_and(|withdrawn| report.at < withdrawn);
        let state = if void { "void" } else { "unused" };
        let count = "SELECT COUNT(*) FROM queqiao_grants WHERE owner = $1 AND template = $2 AND state = $3";
        let values = values![&owner, key.template, state];
        let alike = transaction.row(count, &values).await?.map(|row| row.get::<u64>(0)).transpose()?;
        if alike.unwrap_or_default() >= u64::from(MOST_GRANTS) {
            return Ok(if void { Counted::TooOld } else { Counted::TooMany });
        }
        let (page, push) = match report.witness {
            Witness::Page => (Some(&digest[..]), None),
            Witness::Push => (None, Some(&digest[..])),
        };
        let forget = void.then(|| after(now, REMEMBERED_GRANT));
        insert(&mut transaction, key, state, (report.at, now), (page, push), forget).await?;
        transaction.commit().await?;
        Ok(if void { Counted::TooOld } else { Counted::Yes })
    }

    async fn withdraw_once(
        &self,
        key: &GrantKey<'_>,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let owner = key.owner();
        let mut transaction = self.database.begin().await?;
        transaction.lock(&[&owner]).await?;
        let forget = after(now, REMEMBERED_GRANT);
        let update = "UPDATE queqiao_grants SET state = 'void', forget_at = $4
                      WHERE owner = $1 AND template = $2 AND state IN ('taken', 'unused') AND answered_at <= $3";
        let void = transaction.execute(update, &values![&owner, key.template, at, forget]).await?;
        forget_void(&mut transaction, &owner, key.template).await?;
        let known = "SELECT id FROM queqiao_grants
                     WHERE owner = $1 AND template = $2 AND state = 'withdrawal' AND answered_at >= $3 LIMIT 1";
        if transaction.row(known, &values![&owner, key.template, at]).await?.is_none() {
            insert(&mut transaction, key, "withdrawal", (at, now), (None, None), Some(forget)).await?;
        }
        transaction.commit().await?;
        Ok(void)
    }

    async fn take_grant_once(&self, key: &GrantKey<'_>, now: Timestamp) -> Result<Take, StoreError> {
        let owner = key.owner();
        let mut transaction = self.database.begin().await?;
        transaction.lock(&[&owner]).await?;
        // Those of an unknown end come last: of them a message may have made use. One that is under way may come back.
        let select = "SELECT id FROM queqiao_grants WHERE owner = $1 AND template = $2
                      AND (state = 'unused' OR state = 'taken' AND taken_at <= $3 OR alone_until > $4)
                      ORDER BY CASE state WHEN 'unused' THEN 0 ELSE 1 END, answered_at, id LIMIT 1";
        let values = values![&owner, key.template, before(now, UNCERTAIN), now];
        let Some(row) = transaction.row(select, &values).await? else {
            return Ok(Take::None);
        };
        let busy = "SELECT id FROM queqiao_grants WHERE owner = $1 AND alone_until > $2 LIMIT 1";
        if transaction.row(busy, &values![&owner, now]).await?.is_some() {
            return Ok(Take::Busy);
        }
        let taken =
            Taken { id: id(&row)?, token: Uuid::new_v4(), owner, template: key.template.to_owned(), at: now };
        let update = "UPDATE queqiao_grants SET state = 'taken', token = $2, taken_at = $3, alone_until = $4,
                      message = NULL WHERE id = $1";
        let values = values![taken.id, taken.token, now, after(now, SENDING)];
        transaction.execute(update, &values).await?;
        transaction.commit().await?;
        Ok(Take::Yours(taken))
    }

    async fn settle_once(&self, taken: &Taken, settled: Settled, now: Timestamp) -> Result<bool, StoreError> {
        let mut transaction = self.database.begin().await?;
        transaction.lock(&[&taken.owner]).await?;
        let mine = values![taken.id, taken.token];
        // Others may send to the user, whatever became of the grant.
        let leave = "UPDATE queqiao_grants SET alone_until = NULL WHERE id = $1 AND token = $2";
        transaction.execute(leave, &mine).await?;
        let (state, forget) = match settled {
            Settled::Sent => ("used", Some(after(now, REMEMBERED_GRANT))),
            Settled::Unused => ("unused", None),
            Settled::Uncertain => ("taken", None),
            Settled::NotGranted => ("void", Some(after(now, REMEMBERED_GRANT))),
        };
        let select = "SELECT id FROM queqiao_grants WHERE id = $1 AND token = $2 AND state = 'taken'";
        let held = transaction.row(select, &mine).await?.is_some();
        if held {
            let update = "UPDATE queqiao_grants SET state = $2, forget_at = $3 WHERE id = $1";
            transaction.execute(update, &values![taken.id, state, forget]).await?;
        }
        if settled == Settled::NotGranted {
            // What was told before WeChat was asked, WeChat knew too.
            let update = "UPDATE queqiao_grants SET state = 'void', forget_at = $4
                          WHERE owner = $1 AND template = $2 AND state IN ('taken', 'unused') AND told_at <= $3";
            transaction.execute(update, &values![&taken.owner, &taken.template, taken.at, forget]).await?;
            forget_void(&mut transaction, &taken.owner, &taken.template).await?;
        }
        transaction.commit().await?;
        Ok(held)
    }

    async fn note_receipt_once(
        &self,
        key: &GrantKey<'_>,
        receipt: &Receipt<'_>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let owner = key.owner();
        let mut transaction = self.database.begin().await?;
        transaction.lock(&[&owner]).await?;
        let known = "SELECT id FROM queqiao_grants WHERE owner = $1 AND template = $2 AND message = $3";
        if transaction.row(known, &values![&owner, key.template, receipt.message]).await?.is_some() {
            return Ok(true);
        }
        // WeChat does not say which message it was when it takes one. Those of a known end are more likely;
        // if none is left, one of an unknown end did arrive.
        let select = "SELECT id FROM queqiao_grants WHERE owner = $1 AND template = $2
                      AND state IN ('taken', 'used') AND message IS NULL AND taken_at > $3 AND taken_at <= $4
                      ORDER BY CASE WHEN state = 'used' OR alone_until IS NOT NULL THEN 0 ELSE 1 END, taken_at
                      LIMIT 1";
        let (from, to) = (before(receipt.at, UNCERTAIN), after(receipt.at, SKEW));
        let Some(row) = transaction.row(select, &values![&owner, key.template, from, to]).await? else {
            return Ok(false);
        };
        let failure = receipt.failure.map(short);
        let failed_at = failure.as_ref().map(|_| receipt.at);
        let update = "UPDATE queqiao_grants SET state = 'used', forget_at = $2, message = $3,
                      failure = $4, failed_at = $5 WHERE id = $1";
        let forget = after(now, REMEMBERED_GRANT);
        let values = values![id(&row)?, forget, receipt.message, failure, failed_at];
        transaction.execute(update, &values).await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn sweep_grants(&self, now: Timestamp) -> Result<(), StoreError> {
        let select = "SELECT id FROM queqiao_grants WHERE forget_at <= $1 LIMIT $2";
        let old = self.database.rows(select, &values![now, SWEPT_PER_REPORT]).await?;
        for row in &old {
            let delete = "DELETE FROM queqiao_grants WHERE id = $1 AND forget_at <= $2";
            self.execute_retried(delete, &values![id(row)?, now]).await?;
        }
        Ok(())
    }
}

fn short(failure: &str) -> String {
    failure.chars().filter(|character| *character != '\0').take(LONGEST_FAILURE).collect()
}

/// The grant of which the other witness told, and this one has not: the nearest in time.
async fn nearest(
    transaction: &mut Transaction,
    key: &GrantKey<'_>,
    report: &Report<'_>,
    (own, other): (&str, &str),
) -> Result<Option<Uuid>, StoreError> {
    let (owner, mut found) = (key.owner(), None::<(SignedDuration, Uuid)>);
    // One row to each side, however many there are.
    for (bounds, order, edge) in [
        ("answered_at <= $3 AND answered_at >= $4", "DESC", before(report.at, PAIRING)),
        ("answered_at >= $3 AND answered_at <= $4", "ASC", after(report.at, PAIRING)),
    ] {
        let select = format!(
            "SELECT id, answered_at FROM queqiao_grants WHERE {OF_USER} AND {own} IS NULL AND {other} IS NOT NULL
             AND {bounds} ORDER BY answered_at {order} LIMIT 1"
        );
        let values = values![&owner, key.template, report.at, edge];
        let Some(row) = transaction.row(AssertSqlSafe(select), &values).await? else { continue };
        let apart = row.get::<Timestamp>("answered_at")?.duration_since(report.at).abs();
        if found.is_none_or(|(nearest, _)| apart < nearest) {
            found = Some((apart, id(&row)?));
        }
    }
    Ok(found.map(|(_, id)| id))
}

/// Keeps the newest void grants: they are remembered for their other witness only.
async fn forget_void(transaction: &mut Transaction, owner: &[u8], template: &str) -> Result<(), StoreError> {
    let select = "SELECT id FROM queqiao_grants WHERE owner = $1 AND template = $2 AND state = 'void'
                  ORDER BY answered_at DESC, id LIMIT $3 OFFSET $3";
    for row in &transaction.rows(select, &values![owner, template, MOST_GRANTS]).await? {
        transaction.execute("DELETE FROM queqiao_grants WHERE id = $1", &values![id(row)?]).await?;
    }
    Ok(())
}

async fn insert(
    transaction: &mut Transaction,
    key: &GrantKey<'_>,
    state: &str,
    (answered_at, told_at): (Timestamp, Timestamp),
    (page, push): (Option<&[u8]>, Option<&[u8]>),
    forget_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let insert = "INSERT INTO queqiao_grants
                  (id, owner, app, openid, template, state, answered_at, told_at, page_report, push_report, forget_at)
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let owner = key.owner();
    let (app, openid, template) = (key.app, key.openid, key.template);
    let values = values![
        Uuid::new_v4(),
        &owner,
        app,
        openid,
        template,
        state,
        answered_at,
        told_at,
        page,
        push,
        forget_at
    ];
    transaction.execute(insert, &values).await?;
    Ok(())
}

#[async_trait::async_trait]
impl SubscriptionGrants for SqlStore {
    async fn grant(
        &self,
        key: &GrantKey<'_>,
        report: &Report<'_>,
        now: Timestamp,
    ) -> Result<Counted, StoreError> {
        self.sweep_grants(now).await?;
        retried(|| self.grant_once(key, report, now)).await
    }

    async fn withdraw(&self, key: &GrantKey<'_>, at: Timestamp, now: Timestamp) -> Result<u64, StoreError> {
        retried(|| self.withdraw_once(key, at, now)).await
    }

    async fn take_grant(&self, key: &GrantKey<'_>, now: Timestamp) -> Result<Take, StoreError> {
        retried(|| self.take_grant_once(key, now)).await
    }

    async fn settle(&self, taken: &Taken, settled: Settled, now: Timestamp) -> Result<bool, StoreError> {
        retried(|| self.settle_once(taken, settled, now)).await
    }

    async fn note_receipt(
        &self,
        key: &GrantKey<'_>,
        receipt: &Receipt<'_>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        retried(|| self.note_receipt_once(key, receipt, now)).await
    }

    async fn grants(&self, key: &GrantKey<'_>, now: Timestamp) -> Result<GrantCounts, StoreError> {
        let select = "SELECT state, taken_at FROM queqiao_grants
                      WHERE owner = $1 AND template = $2 AND state IN ('taken', 'unused')";
        let owner = key.owner();
        let mut counts = GrantCounts::default();
        for row in self.database.rows(select, &values![&owner, key.template]).await? {
            let rests = row.get::<String>(0)? == "taken"
                && row.get::<Option<Timestamp>>(1)?.is_some_and(|taken| taken > before(now, UNCERTAIN));
            *(if rests { &mut counts.uncertain } else { &mut counts.unused }) += 1;
        }
        Ok(counts)
    }

    async fn failed_deliveries(&self, most: u32) -> Result<Vec<FailedDelivery>, StoreError> {
        let select = "SELECT app, openid, template, message, failed_at, failure FROM queqiao_grants
                      WHERE failed_at IS NOT NULL ORDER BY failed_at DESC LIMIT $1";
        let rows = self.database.rows(select, &values![most]).await?;
        let read = |row: &Row| {
            Ok(FailedDelivery {
                app: row.get(0)?,
                openid: row.get(1)?,
                template: row.get(2)?,
                message: row.get(3)?,
                at: row.get(4)?,
                failure: row.get(5)?,
            })
        };
        rows.iter().map(read).collect()
    }
}
