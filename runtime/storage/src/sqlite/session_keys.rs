//! session_keys in SQLite, encrypted.

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{FromRow, Row};

use super::{SqliteStore, stored_time};
use crate::{KEPT_KEYS, Sealed, SessionKey, SessionKeys, StoreError};

struct KeyRow {
    id: i64,
    issued_at: i64,
    sealed: Sealed,
}

impl FromRow<'_, SqliteRow> for KeyRow {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let nonce: Vec<u8> = row.try_get("nonce")?;
        Ok(Self {
            id: row.try_get("id")?,
            issued_at: row.try_get("issued_at")?,
            sealed: Sealed {
                key_version: row.try_get("key_version")?,
                // One of another length was altered; decryption finds that out.
                nonce: nonce.try_into().unwrap_or_default(),
                data: row.try_get("data")?,
            },
        })
    }
}

const OF_OWNER: &str = "
    SELECT id, issued_at, key_version, nonce, data FROM queqiao_session_keys
    WHERE appid = ?1 AND openid = ?2 ORDER BY issued_at DESC, id DESC";

/// Binds a key to its row: one moved to another user does not decrypt.
fn context(appid: &str, openid: &str) -> Vec<u8> {
    // The length keeps ("a|b", "c") and ("a", "b|c") apart.
    format!("session_key|{}|{appid}|{openid}", appid.len()).into_bytes()
}

impl SqliteStore {
    async fn key_rows(
        &self,
        connection: &mut SqliteConnection,
        appid: &str,
        openid: &str,
    ) -> Result<Vec<(KeyRow, Option<SecretString>)>, StoreError> {
        let rows: Vec<KeyRow> =
            sqlx::query_as(OF_OWNER).bind(appid).bind(openid).fetch_all(connection).await?;
        let context = context(appid, openid);
        let open = |row: KeyRow| {
            let key = match self.cipher.open(&row.sealed, &context) {
                Ok(plain) => String::from_utf8(plain.expose_secret().to_vec()).ok().map(SecretString::from),
                Err(error) => {
                    tracing::warn!(appid, %error, "a stored session_key is left out");
                    None
                }
            };
            (row, key)
        };
        Ok(rows.into_iter().map(open).collect())
    }
}

#[async_trait::async_trait]
impl SessionKeys for SqliteStore {
    async fn put(
        &self,
        appid: &str,
        openid: &str,
        key: &SecretString,
        issued_at: Timestamp,
    ) -> Result<(), StoreError> {
        let sealed = self.cipher.seal(key.expose_secret().as_bytes(), &context(appid, openid))?;
        let mut transaction = self.write().await?;
        let mut issued_at = issued_at.as_millisecond();
        for (row, known) in self.key_rows(&mut transaction, appid, openid).await? {
            if known.is_some_and(|known| known.expose_secret() == key.expose_secret()) {
                issued_at = issued_at.max(row.issued_at);
                sqlx::query("DELETE FROM queqiao_session_keys WHERE id = ?1")
                    .bind(row.id)
                    .execute(&mut *transaction)
                    .await?;
            }
        }
        sqlx::query(
            "INSERT INTO queqiao_session_keys (appid, openid, issued_at, key_version, nonce, data)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .bind(appid)
        .bind(openid)
        .bind(issued_at)
        .bind(sealed.key_version)
        .bind(sealed.nonce.as_slice())
        .bind(sealed.data)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "DELETE FROM queqiao_session_keys WHERE id IN
             (SELECT id FROM queqiao_session_keys WHERE appid = ?1 AND openid = ?2
              ORDER BY issued_at DESC, id DESC LIMIT -1 OFFSET ?3)",
        )
        .bind(appid)
        .bind(openid)
        .bind(KEPT_KEYS as i64)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    async fn newest(&self, appid: &str, openid: &str) -> Result<Vec<SessionKey>, StoreError> {
        let mut connection = self.pool.acquire().await?;
        let rows = self.key_rows(&mut connection, appid, openid).await?;
        rows.into_iter()
            .filter_map(|(row, key)| Some((row.issued_at, key?)))
            .map(|(issued_at, key)| Ok(SessionKey { key, issued_at: stored_time(issued_at)? }))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cipher;
    use crate::sqlite::tests::fresh;

    #[tokio::test]
    async fn nothing_readable_lies_in_the_files() {
        let (store, _folder) = fresh().await;
        let key = "tiihtNczf5v6AKRyjwEUhQ==";
        store.put("wx1", "o1", &key.into(), Timestamp::now()).await.unwrap();
        let path = store.pool().connect_options().get_filename().to_owned();
        let mut found_openid = false;
        for file in std::fs::read_dir(path.parent().unwrap()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            assert!(!bytes.windows(key.len()).any(|window| window == key.as_bytes()));
            found_openid |= bytes.windows(2).any(|window| window == b"o1");
        }
        assert!(found_openid, "the right files were read");
    }

    #[tokio::test]
    async fn a_key_moved_to_another_user_is_left_out() {
        let (store, _folder) = fresh().await;
        store.put("wx1", "o1", &"key".into(), Timestamp::now()).await.unwrap();
        sqlx::query("UPDATE queqiao_session_keys SET openid = 'o2'").execute(store.pool()).await.unwrap();
        assert!(store.newest("wx1", "o2").await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn keys_survive_a_new_encryption_key_and_a_lost_one_only_hides_them() {
        let (store, _folder) = fresh().await;
        let now = Timestamp::now();
        store.put("wx1", "o1", &"old".into(), now).await.unwrap();
        let with = |keys: &[(u32, [u8; 32])]| {
            let cipher = Cipher::new(keys.iter().copied()).unwrap();
            SqliteStore::new(store.pool().clone(), cipher)
        };
        let both = with(&[(2, [8; 32]), (1, [7; 32])]).await.unwrap();
        both.put("wx1", "o1", &"new".into(), now).await.unwrap();
        let keys = both.newest("wx1", "o1").await.unwrap();
        assert_eq!(keys.iter().map(|k| k.key.expose_secret()).collect::<Vec<_>>(), ["new", "old"]);

        let new_only = with(&[(2, [8; 32])]).await.unwrap();
        let keys = new_only.newest("wx1", "o1").await.unwrap();
        assert_eq!(keys.iter().map(|k| k.key.expose_secret()).collect::<Vec<_>>(), ["new"]);
        new_only.put("wx1", "o1", &"newer".into(), now).await.unwrap();
    }
}
