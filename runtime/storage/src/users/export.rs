//! Users out of the database, page by page.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{OwnTable, UserRecord};
use crate::{Identity, SqlStore, StoreError, UserId, values};

/// The last user of a page.
pub(super) const LAST: &str =
    "SELECT max(id) FROM (SELECT id FROM queqiao_users WHERE id > $1 ORDER BY id LIMIT $2) page";

/// All that a page has, in one statement and so of one moment: the users, their identities, roles and revoked sessions.
/// By ranges, which every engine reads by its index; a join with the page makes some read whole tables.
pub(super) const PAGE: &str = "
    SELECT 0 AS kind, id, '' AS a, '' AS b, NULL AS c, epoch AS d, created_at AS e FROM queqiao_users
    WHERE id > $1 AND id <= $2
    UNION ALL SELECT 1, user_id, appid, openid, unionid, 0, 0 FROM queqiao_identities
    WHERE user_id > $1 AND user_id <= $2
    UNION ALL SELECT 2, user_id, role, '', NULL, 0, 0 FROM queqiao_roles
    WHERE user_id > $1 AND user_id <= $2
    UNION ALL SELECT 3, user_id, session, '', NULL, until, 0 FROM queqiao_revoked_sessions
    WHERE user_id > $1 AND user_id <= $2 AND until > $3";

impl SqlStore {
    /// The users behind `after` in the order of their ids, about `limit`; none at the end.
    ///
    /// A page is of one moment, the rows of the own table of one soon after. Who signs in for the first time while pages
    /// are read comes last, since ids grow with time.
    ///
    /// # Errors
    ///
    /// As the database fails, in the kinds of [`StoreError`].
    pub async fn export_users(
        &self,
        after: Option<UserId>,
        limit: u32,
        own: Option<&OwnTable>,
        now: Timestamp,
    ) -> Result<Vec<UserRecord>, StoreError> {
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let last = self.database().row(LAST, &values![&after, limit]).await?;
        let Some(last) = last.map_or(Ok(None), |row| row.get::<Option<UserId>>(0))? else {
            return Ok(Vec::new());
        };
        let rows = self.database().rows(PAGE, &values![&after, last, now]).await?;
        let mut users: BTreeMap<UserId, UserRecord> = BTreeMap::new();
        for row in &rows {
            let id: UserId = row.get(1)?;
            let user = users.entry(id).or_default();
            match row.get::<i64>(0)? {
                0 => {
                    user.id = Some(id);
                    user.epoch = Some(row.get(5)?);
                    user.created_at = Some(row.get(6)?);
                    user.roles.get_or_insert_default();
                }
                1 => user.identities.push(Identity {
                    appid: row.get(2)?,
                    openid: row.get(3)?,
                    unionid: row.get(4)?,
                }),
                2 => _ = user.roles.get_or_insert_default().insert(row.get(2)?),
                _ => _ = user.revoked_sessions.insert(row.get(2)?, row.get(5)?),
            }
        }
        if let (Some(own), Some((first, _)), Some((last, _))) =
            (own, users.first_key_value(), users.last_key_value())
        {
            for row in self.database().rows(own.select(), &values![*first, *last]).await? {
                // One without a user is the application's own affair.
                if let Some(user) = users.get_mut(&row.get(0)?) {
                    user.own = Some(own.read(&row)?);
                }
            }
        }
        users
            .into_values()
            .map(|mut user| {
                user.identities.sort_by(|a, b| (&a.appid, &a.openid).cmp(&(&b.appid, &b.openid)));
                Ok(user)
            })
            .collect()
    }
}
