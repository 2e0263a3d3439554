//! session_keys in SQL, encrypted.

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::SqlStore;
use crate::database::{Row, retried};
use crate::{KEPT_KEYS, Sealed, SessionKey, SessionKeys, StoreError, values};

const OF_OWNER: &str = "
    SELECT id, issued_at, key_version, nonce, data FROM queqiao_session_keys
    WHERE appid = $1 AND openid = $2 ORDER BY issued_at DESC, id DESC";

/// Binds a key to its row: one moved to another user does not decrypt.
pub(super) fn context(appid: &str, openid: &str) -> Vec<u8> {
    // The length keeps ("a|b", "c") and ("a", "b|c") apart.
    format!("session_key|{}|{appid}|{openid}", appid.len()).into_bytes()
}

impl SqlStore {
    /// The key of a row, and when it was issued; no key if it cannot be decrypted.
    fn session_key(&self, row: &Row, appid: &str, openid: &str) -> Result<Option<SecretString>, StoreError> {
        let sealed = Sealed {
            key_version: row.get(2)?,
            // One of another length was altered; decryption finds that out.
            nonce: row.get::<Vec<u8>>(3)?.try_into().unwrap_or_default(),
            data: row.get(4)?,
        };
        Ok(match self.cipher.open(&sealed, &context(appid, openid)) {
            Ok(plain) => String::from_utf8(plain.expose_secret().to_vec()).ok().map(SecretString::from),
            Err(error) => {
                tracing::warn!(appid, %error, "a stored session_key is left out");
                None
            }
        })
    }

    async fn put_once(
        &self,
        appid: &str,
        openid: &str,
        key: &SecretString,
        issued_at: Timestamp,
    ) -> Result<(), StoreError> {
        let context = context(appid, openid);
        let sealed = self.cipher.seal(key.expose_secret().as_bytes(), &context)?;
        let mut transaction = self.database.begin().await?;
        transaction.lock(&[&context]).await?;
        let mut issued_at = issued_at.as_millisecond();
        let mut others = Vec::new();
        for row in transaction.rows(OF_OWNER, &values![appid, openid]).await? {
            let known = self.session_key(&row, appid, openid)?;
            let id: i64 = row.get(0)?;
            if known.is_some_and(|known| known.expose_secret() == key.expose_secret()) {
                issued_at = issued_at.max(row.get(1)?);
                transaction.execute("DELETE FROM queqiao_session_keys WHERE id = $1", &values![id]).await?;
            } else {
                others.push((id, row.get::<i64>(1)?));
            }
        }
        // Of equal age, the one that comes now is the newer. One that is older than all that are kept is not.
        let newer = others.iter().take_while(|(_, other)| *other > issued_at).count();
        if newer < KEPT_KEYS {
            transaction
                .execute(
                    "INSERT INTO queqiao_session_keys (appid, openid, issued_at, key_version, nonce, data)
                     VALUES ($1, $2, $3, $4, $5, $6)",
                    &values![
                        appid,
                        openid,
                        issued_at,
                        sealed.key_version,
                        sealed.nonce.as_slice(),
                        sealed.data.as_slice()
                    ],
                )
                .await?;
        }
        let kept = if newer < KEPT_KEYS { KEPT_KEYS - 1 } else { KEPT_KEYS };
        for (id, _) in others.iter().skip(kept) {
            transaction.execute("DELETE FROM queqiao_session_keys WHERE id = $1", &values![*id]).await?;
        }
        transaction.commit().await
    }
}

#[async_trait::async_trait]
impl SessionKeys for SqlStore {
    async fn put(
        &self,
        appid: &str,
        openid: &str,
        key: &SecretString,
        issued_at: Timestamp,
    ) -> Result<(), StoreError> {
        retried(|| self.put_once(appid, openid, key, issued_at)).await
    }

    async fn newest(&self, appid: &str, openid: &str) -> Result<Vec<SessionKey>, StoreError> {
        let mut keys = Vec::new();
        for row in self.database.rows(OF_OWNER, &values![appid, openid]).await? {
            if let Some(key) = self.session_key(&row, appid, openid)? {
                keys.push(SessionKey { key, issued_at: row.get(1)? });
            }
        }
        Ok(keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cipher;
    use crate::sql::tests::fresh;

    #[tokio::test]
    async fn nothing_readable_lies_in_the_files() {
        let (store, _folder) = fresh().await;
        let key = "tiihtNczf5v6AKRyjwEUhQ==";
        store.put("wx1", "o1", &key.into(), Timestamp::now()).await.unwrap();
        let path = store.database().sqlite().unwrap().connect_options().get_filename().to_owned();
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
        let moved = "UPDATE queqiao_session_keys SET openid = 'o2'";
        store.database().execute(moved, &[]).await.unwrap();
        assert!(store.newest("wx1", "o2").await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn keys_survive_a_new_encryption_key_and_a_lost_one_only_hides_them() {
        let (store, _folder) = fresh().await;
        let now = Timestamp::now();
        store.put("wx1", "o1", &"old".into(), now).await.unwrap();
        let with = |keys: &[(u32, [u8; 32])]| {
            let cipher = Cipher::new(keys.iter().copied()).unwrap();
            SqlStore::new(store.database().clone(), cipher)
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
