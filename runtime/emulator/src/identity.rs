//! Ids and secrets that look like WeChat's.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The openid of a user in an app: `o` and 27 characters, always the same for the same two.
pub(crate) fn openid(appid: &str, user: &str) -> String {
    look_like_an_id(&digest(b"openid", &[appid, user]))
}

/// The unionid of a user: the same in all apps, as if one Open Platform account had them all.
pub(crate) fn unionid(user: &str) -> String {
    look_like_an_id(&digest(b"unionid", &[user]))
}

fn look_like_an_id(digest: &[u8; 32]) -> String {
    let text = URL_SAFE_NO_PAD.encode(digest);
    format!("o{}", text.get(..27).unwrap_or(&text))
}

/// A session_key: base64 of 16 bytes.
pub(crate) fn random_session_key() -> String {
    STANDARD.encode(Uuid::new_v4().as_bytes())
}

/// The session_key of a user who keeps it from login to login.
pub(crate) fn lasting_session_key(seed: Uuid, appid: &str, user: &str) -> String {
    STANDARD.encode(&digest(seed.as_bytes(), &[appid, user])[..16])
}

/// A login code: `0` and 31 letters and digits.
pub(crate) fn random_code() -> String {
    let text: String =
        URL_SAFE_NO_PAD.encode(random_bytes()).chars().filter(char::is_ascii_alphanumeric).collect();
    format!("0{:0<31}", text.get(..31).unwrap_or(&text))
}

/// An access token: a number, an underscore and 136 characters.
pub(crate) fn random_token() -> String {
    let bytes: Vec<u8> = (0..4).flat_map(|_| random_bytes()).collect();
    let text = URL_SAFE_NO_PAD.encode(bytes);
    format!("88_{}", text.get(..136).unwrap_or(&text))
}

/// The id of a request, as it stands at the end of an errmsg.
pub(crate) fn random_rid() -> String {
    let hex = Uuid::new_v4().simple().to_string();
    format!("{}-{}-{}", &hex[..8], &hex[8..16], &hex[16..24])
}

/// 32 bytes out of two random UUIDs (244 random bits).
fn random_bytes() -> [u8; 32] {
    Sha256::new().chain_update(Uuid::new_v4()).chain_update(Uuid::new_v4()).finalize().into()
}

fn digest(key: &[u8], parts: &[&str]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openids_are_stable_and_distinct() {
        let id = openid("wx1", "alice");
        assert_eq!(id, openid("wx1", "alice"));
        assert_eq!(id.len(), 28);
        assert!(id.starts_with('o'));
        assert!(id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'));
        assert_ne!(id, openid("wx2", "alice"));
        assert_ne!(id, openid("wx1", "bob"));
        assert_ne!(openid("wx1a", "b"), openid("wx1", "ab"));
        assert_ne!(unionid("alice"), unionid("bob"));
        assert_ne!(unionid("alice"), id);
    }

    #[test]
    fn secrets_have_their_shape_and_differ() {
        for _ in 0..1000 {
            let code = random_code();
            assert_eq!(code.len(), 32);
            assert!(code.chars().all(|c| c.is_ascii_alphanumeric()), "{code}");
        }
        assert_ne!(random_code(), random_code());
        assert_ne!(random_token(), random_token());
        assert_eq!(random_token().len(), 139);
        assert_eq!(STANDARD.decode(random_session_key()).map(|key| key.len()), Ok(16));
        let seed = Uuid::new_v4();
        assert_eq!(lasting_session_key(seed, "a", "b"), lasting_session_key(seed, "a", "b"));
        assert_ne!(lasting_session_key(seed, "a", "b"), lasting_session_key(Uuid::new_v4(), "a", "b"));
    }
}
