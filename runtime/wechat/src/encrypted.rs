//! `encryptedData`: what the user's WeChat encrypts with the session_key.
//!
//! AES-128-CBC with PKCS#7 padding to 16 bytes; the plain text is a JSON object with a watermark.
//! <https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/signature.html>

use std::fmt;
use std::time::Duration;

use aes::Aes128;
use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, ConstantTimeLess};

const BLOCK: usize = 16;

/// The longest `encryptedData` that is decrypted, in characters of base64. Real ones have a few hundred.
pub const LONGEST_ENCRYPTED_DATA: usize = 64 * 1024;

/// What a mini-program hands over from an API that answers with `encryptedData` and `iv`.
///
/// It comes and goes as JSON. In a form body every `+` would have become a space, and nothing would decrypt.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EncryptedData {
    /// Base64 of whole blocks of 16 bytes.
    pub encrypted_data: String,
    /// Base64 of 16 bytes.
    pub iv: String,
}

/// Decrypted data, and where and when WeChat made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decrypted<T> {
    /// The data.
    pub data: T,
    /// Its watermark (水印). Its appid was compared.
    pub watermark: Watermark,
}

/// The mark that WeChat puts on what it encrypts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watermark {
    /// The app for which it was made.
    pub appid: String,
    /// When, in Unix seconds.
    pub timestamp: i64,
}

/// The data cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecryptError {
    /// Wrong key, wrong size, wrong padding, no JSON, another app: all look alike, so that nobody learns from an
    /// answer how far a forged text came.
    ///
    /// Nearly always the session_key is not the one of that time, because the mini-program called `wx.login`
    /// after it took the data.
    #[error(
        "the data does not decrypt with this session_key for this app: let the mini-program call wx.login, and take the data again"
    )]
    Stale,
    /// It is from WeChat and for this app, and has not the fields of the wanted type.
    #[error(
        "the data decrypts, but has not the fields of the expected type: decrypt it as what the API of the mini-program returns"
    )]
    Shape,
    /// It was made too long ago.
    #[error("the data was encrypted longer ago than is accepted: take it again in the mini-program")]
    TooOld,
}

impl EncryptedData {
    /// Decrypts with a session_key (base64, as code2Session gives it) and checks that the data is for `appid`.
    ///
    /// ```
    /// use queqiao_wechat::{DecryptError, EncryptedData};
    /// use serde_json::{Value, json};
    ///
    /// let key = "tiihtNczf5v6AKRyjwEUhQ==".into();
    /// let plain = json!({"openId": "o1", "watermark": {"appid": "wx1", "timestamp": 1477314187}});
    /// let data = EncryptedData::seal(plain.to_string().as_bytes(), &key, [7; 16])?;
    ///
    /// let decrypted = data.decrypt::<Value>(&key, "wx1")?;
    /// assert_eq!(decrypted.data["openId"], "o1");
    /// assert_eq!(data.decrypt::<Value>(&key, "wx2"), Err(DecryptError::Stale));
    /// # Ok::<(), DecryptError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`DecryptError::Stale`] and [`DecryptError::Shape`].
    pub fn decrypt<T: DeserializeOwned>(
        &self,
        session_key: &SecretString,
        appid: &str,
    ) -> Result<Decrypted<T>, DecryptError> {
        let plain = self.plain(session_key).ok_or(DecryptError::Stale)?;
        let plain: Value = serde_json::from_slice(&plain).map_err(|_| DecryptError::Stale)?;
        let watermark = Watermark::deserialize(&plain["watermark"]).map_err(|_| DecryptError::Stale)?;
        if !bool::from(watermark.appid.as_bytes().ct_eq(appid.as_bytes())) {
            return Err(DecryptError::Stale);
        }
        let data = T::deserialize(plain).map_err(|_| DecryptError::Shape)?;
        Ok(Decrypted { data, watermark })
    }

    /// Decrypts with the first of several session_keys that fits: give the newest first.
    ///
    /// A new `wx.login` may replace the key while data encrypted under the one before is on its way.
    ///
    /// # Errors
    ///
    /// [`DecryptError::Stale`] if none fits; the others as soon as one does.
    pub fn decrypt_with_any<'a, T: DeserializeOwned>(
        &self,
        session_keys: impl IntoIterator<Item = &'a SecretString>,
        appid: &str,
    ) -> Result<Decrypted<T>, DecryptError> {
        session_keys
            .into_iter()
            .map(|key| self.decrypt(key, appid))
            .find(|outcome| {
                *outcome.as_ref().map_or_else(|error| error, |_| &DecryptError::Shape) != DecryptError::Stale
            })
            .unwrap_or(Err(DecryptError::Stale))
    }

    /// Encrypts as WeChat does; for tests and for the emulator.
    ///
    /// # Errors
    ///
    /// [`DecryptError::Stale`] if the session_key is not base64 of 16 bytes.
    pub fn seal(plain: &[u8], session_key: &SecretString, iv: [u8; BLOCK]) -> Result<Self, DecryptError> {
        let key = key(session_key).ok_or(DecryptError::Stale)?;
        let padding = BLOCK - plain.len() % BLOCK;
        let mut padded = plain.to_vec();
        padded.extend(std::iter::repeat_n(u8::try_from(padding).unwrap_or_default(), padding));
        let encrypted = cbc::Encryptor::<Aes128>::new(&(*key).into(), &iv.into())
            .encrypt_padded_vec::<NoPadding>(&padded);
        Ok(Self { encrypted_data: STANDARD.encode(encrypted), iv: STANDARD.encode(iv) })
    }

    /// The hash for checkEncryptedData: lower-case hex of SHA-256 over `encryptedData` as it stands.
    pub fn hash(&self) -> String {
        hex::encode(Sha256::digest(&self.encrypted_data))
    }

    fn plain(&self, session_key: &SecretString) -> Option<Zeroizing<Vec<u8>>> {
        if self.encrypted_data.len() > LONGEST_ENCRYPTED_DATA {
            return None;
        }
        let key = key(session_key)?;
        let iv: [u8; BLOCK] = STANDARD.decode(&self.iv).ok()?.try_into().ok()?;
        let mut data = Zeroizing::new(STANDARD.decode(&self.encrypted_data).ok()?);
        if data.is_empty() || data.len() % BLOCK != 0 {
            return None;
        }
        cbc::Decryptor::<Aes128>::new(&(*key).into(), &iv.into())
            .decrypt_padded::<NoPadding>(&mut data)
            .ok()?;
        let length = data.len() - padding(&data)?;
        data.truncate(length);
        Some(data)
    }
}

/// The length of the PKCS#7 padding, found in the same time wherever it is wrong.
fn padding(data: &[u8]) -> Option<usize> {
    let block = data.last_chunk::<BLOCK>()?;
    let length = block[BLOCK - 1];
    let mut right = !length.ct_eq(&0) & !(16_u8).ct_lt(&length);
    for (from_end, byte) in (0_u8..16).zip(block.iter().rev()) {
        right &= byte.ct_eq(&length) | !from_end.ct_lt(&length);
    }
    let length = u8::conditional_select(&0, &length, Choice::from(right.unwrap_u8()));
    (length != 0).then_some(usize::from(length))
}

fn key(session_key: &SecretString) -> Option<Zeroizing<[u8; BLOCK]>> {
    let decoded = Zeroizing::new(STANDARD.decode(session_key.expose_secret()).ok()?);
    decoded.as_slice().try_into().ok().map(Zeroizing::new)
}

impl<T> Decrypted<T> {
    /// The data, if it was encrypted at most `age` ago. WeChat sets no limit; five minutes are usual.
    ///
    /// # Errors
    ///
    /// [`DecryptError::TooOld`].
    pub fn no_older_than(self, age: Duration, now: Timestamp) -> Result<Self, DecryptError> {
        let oldest = i128::from(now.as_second()) - i128::from(age.as_secs());
        match i128::from(self.watermark.timestamp) < oldest {
            true => Err(DecryptError::TooOld),
            false => Ok(self),
        }
    }
}

impl fmt::Debug for EncryptedData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptedData")
            .field("characters", &self.encrypted_data.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn session_key() -> SecretString {
        "tiihtNczf5v6AKRyjwEUhQ==".into()
    }

    fn marked(appid: &str, more: &str) -> Vec<u8> {
        json!({"more": more, "watermark": {"appid": appid, "timestamp": 1000}}).to_string().into_bytes()
    }

    #[test]
    fn every_length_comes_back() {
        for length in 0..40 {
            let plain = marked("wx1", &"x".repeat(length));
            let data = EncryptedData::seal(&plain, &session_key(), [length as u8; 16]).unwrap();
            let decrypted = data.decrypt::<Value>(&session_key(), "wx1").unwrap();
            assert_eq!(serde_json::to_vec(&decrypted.data).unwrap(), plain);
        }
    }

    #[test]
    fn all_that_is_wrong_looks_alike() {
        let good = EncryptedData::seal(&marked("wx1", ""), &session_key(), [1; 16]).unwrap();
        let raw = |bytes: &[u8]| {
            // Without padding of its own.
            let mut sealed = EncryptedData::seal(bytes, &session_key(), [1; 16]).unwrap();
            let whole = STANDARD.decode(&sealed.encrypted_data).unwrap();
            sealed.encrypted_data = STANDARD.encode(&whole[..bytes.len()]);
            sealed
        };
        let no_unicode: Vec<u8> =
            marked("wx1", "?").into_iter().map(|byte| if byte == b'?' { 0xff } else { byte }).collect();
        let mut last_block = [b' '; 32];
        let mut cases = vec![
            raw(&last_block),
            EncryptedData::seal(b"no JSON", &session_key(), [1; 16]).unwrap(),
            EncryptedData::seal(b"[]", &session_key(), [1; 16]).unwrap(),
            EncryptedData::seal(br#"{"watermark":{"appid":7}}"#, &session_key(), [1; 16]).unwrap(),
            EncryptedData::seal(&marked("wx2", ""), &session_key(), [1; 16]).unwrap(),
            EncryptedData::seal(&no_unicode, &session_key(), [1; 16]).unwrap(),
            EncryptedData { iv: String::new(), ..good.clone() },
            EncryptedData { iv: STANDARD.encode([1; 15]), ..good.clone() },
            EncryptedData { encrypted_data: String::new(), ..good.clone() },
            EncryptedData { encrypted_data: STANDARD.encode([1; 17]), ..good.clone() },
            EncryptedData { encrypted_data: good.encrypted_data.replace('+', " ") + " ", ..good.clone() },
            EncryptedData { encrypted_data: "A".repeat(LONGEST_ENCRYPTED_DATA + 4), ..good.clone() },
        ];
        for padding in [0, 17, 32, 255] {
            last_block[31] = padding;
            cases.push(raw(&last_block));
        }
        last_block[31] = 2;
        cases.push(raw(&last_block));
        for case in cases {
            assert_eq!(case.decrypt::<Value>(&session_key(), "wx1"), Err(DecryptError::Stale));
        }
        for key in ["", "short", "tiihtNczf5v6AKRyjwEUhQ", "AAAAAAAAAAAAAAAAAAAAAA==", "密"] {
            assert_eq!(good.decrypt::<Value>(&key.into(), "wx1"), Err(DecryptError::Stale), "{key}");
        }
    }

    #[test]
    fn older_keys_are_tried_too() {
        let keys: Vec<SecretString> = (1..=3).map(|n| STANDARD.encode([n; 16]).into()).collect();
        for key in &keys {
            let data = EncryptedData::seal(&marked("wx1", ""), key, [1; 16]).unwrap();
            assert!(data.decrypt_with_any::<Value>(&keys, "wx1").is_ok());
        }
        let data = EncryptedData::seal(&marked("wx1", ""), &session_key(), [1; 16]).unwrap();
        assert_eq!(data.decrypt_with_any::<Value>(&keys, "wx1"), Err(DecryptError::Stale));
    }

    #[test]
    fn another_shape_is_the_developers_and_age_the_users() {
        let data = EncryptedData::seal(&marked("wx1", ""), &session_key(), [1; 16]).unwrap();
        assert_eq!(data.decrypt::<Vec<u8>>(&session_key(), "wx1"), Err(DecryptError::Shape));
        let decrypted = data.decrypt::<Value>(&session_key(), "wx1").unwrap();
        let at = |second| Timestamp::from_second(second).unwrap();
        let five_minutes = Duration::from_secs(300);
        assert!(decrypted.clone().no_older_than(five_minutes, at(1300)).is_ok());
        assert_eq!(decrypted.no_older_than(five_minutes, at(1301)), Err(DecryptError::TooOld));
        assert!(!format!("{data:?}").contains(&data.encrypted_data));
    }
}
