//! Encryption of secrets at rest, with keys that can be replaced one after the other.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use secrecy::SecretSlice;

/// AES-256-GCM under versioned keys: the first key encrypts, all of them decrypt.
///
/// To replace a key, put the new one in front with a higher version, and drop the old one when
/// nothing is stored under it any more.
///
/// ```
/// use queqiao_storage::Cipher;
/// use secrecy::ExposeSecret;
///
/// let old = Cipher::new([(1, [1; 32])])?;
/// let sealed = old.seal(b"secret", b"what it belongs to")?;
///
/// let new = Cipher::new([(2, [2; 32]), (1, [1; 32])])?;
/// assert_eq!(new.open(&sealed, b"what it belongs to")?.expose_secret(), b"secret");
/// assert!(new.open(&sealed, b"something else").is_err());
/// # Ok::<(), queqiao_storage::CipherError>(())
/// ```
#[derive(Clone)]
pub struct Cipher {
    newest: u32,
    keys: Arc<[(u32, RandomizedNonceKey)]>,
}

/// An encrypted value and what is needed, besides the key, to read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The version of the key.
    pub key_version: u32,
    /// The nonce, random for each value.
    pub nonce: [u8; 12],
    /// The encrypted bytes with the tag behind them.
    pub data: Vec<u8>,
}

/// Why a cipher could not be made or used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CipherError {
    /// There is no key.
    #[error("no key for encryption at rest is given: configure one of 32 random bytes")]
    NoKey,
    /// Two keys share a version.
    #[error("two keys for encryption at rest have the version {0}: give each key its own")]
    TwoOfOneVersion(u32),
    /// The value was encrypted under a key that is not given.
    #[error(
        "a stored value is encrypted under key version {0}, which is not configured: add that key behind the newest one"
    )]
    UnknownKey(u32),
    /// The value is not what was stored: it was changed, moved to another row, or belongs to another key.
    #[error(
        "a stored value cannot be decrypted with key version {0}: the value was altered, or the key is not the one it was written with"
    )]
    Altered(u32),
    /// The operating system gave no random numbers, or the cipher is not available.
    #[error("encryption failed: the system's source of random numbers does not work")]
    Failed,
}

impl Cipher {
    /// A cipher of `(version, key)` pairs, newest first.
    ///
    /// # Errors
    ///
    /// [`CipherError::NoKey`] without any, [`CipherError::TwoOfOneVersion`].
    pub fn new(keys: impl IntoIterator<Item = (u32, [u8; 32])>) -> Result<Self, CipherError> {
        let mut usable: Vec<(u32, RandomizedNonceKey)> = Vec::new();
        for (version, mut bytes) in keys {
            let key = RandomizedNonceKey::new(&AES_256_GCM, &bytes).map_err(|_| CipherError::Failed);
            secrecy::zeroize::Zeroize::zeroize(&mut bytes);
            if usable.iter().any(|(known, _)| *known == version) {
                return Err(CipherError::TwoOfOneVersion(version));
            }
            usable.push((version, key?));
        }
        let newest = usable.first().ok_or(CipherError::NoKey)?.0;
        Ok(Self { newest, keys: usable.into() })
    }

    /// Encrypts `plain` under the newest key, bound to `context`: it opens with the same only.
    ///
    /// # Errors
    ///
    /// [`CipherError::Failed`] when the system has no random numbers.
    pub fn seal(&self, plain: &[u8], context: &[u8]) -> Result<Sealed, CipherError> {
        let mut data = plain.to_vec();
        let nonce = self
            .key(self.newest)?
            .seal_in_place_append_tag(Aad::from(context), &mut data)
            .map_err(|_| CipherError::Failed)?;
        Ok(Sealed { key_version: self.newest, nonce: *nonce.as_ref(), data })
    }

    /// Decrypts what [`seal`](Self::seal) made.
    ///
    /// # Errors
    ///
    /// [`CipherError::UnknownKey`], [`CipherError::Altered`].
    pub fn open(&self, sealed: &Sealed, context: &[u8]) -> Result<SecretSlice<u8>, CipherError> {
        let mut data = sealed.data.clone();
        let plain = self
            .key(sealed.key_version)?
            .open_in_place(Nonce::from(&sealed.nonce), Aad::from(context), &mut data)
            .map_err(|_| CipherError::Altered(sealed.key_version))?
            .len();
        data.truncate(plain);
        Ok(data.into())
    }

    /// The version of the key that encrypts.
    pub fn newest(&self) -> u32 {
        self.newest
    }

    /// The versions of all keys, newest first.
    pub fn versions(&self) -> Vec<u32> {
        self.keys.iter().map(|(version, _)| *version).collect()
    }

    fn key(&self, version: u32) -> Result<&RandomizedNonceKey, CipherError> {
        self.keys
            .iter()
            .find(|(known, _)| *known == version)
            .map(|(_, key)| key)
            .ok_or(CipherError::UnknownKey(version))
    }
}

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cipher").field("versions", &self.versions()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn each_value_has_its_own_nonce() {
        let cipher = Cipher::new([(1, [9; 32])]).unwrap();
        let one = cipher.seal(b"same", b"").unwrap();
        let two = cipher.seal(b"same", b"").unwrap();
        assert_ne!(one.nonce, two.nonce);
        assert_ne!(one.data, two.data);
    }

    #[test]
    fn the_first_key_encrypts_and_all_decrypt() {
        let old = Cipher::new([(1, [1; 32])]).unwrap().seal(b"x", b"c").unwrap();
        let both = Cipher::new([(2, [2; 32]), (1, [1; 32])]).unwrap();
        assert_eq!(both.seal(b"x", b"c").unwrap().key_version, 2);
        assert_eq!(both.open(&old, b"c").unwrap().expose_secret(), b"x");
        let new = Cipher::new([(2, [2; 32])]).unwrap();
        assert_eq!(new.open(&old, b"c").unwrap_err(), CipherError::UnknownKey(1));
    }

    #[test]
    fn a_changed_byte_and_another_key_are_noticed() {
        let cipher = Cipher::new([(1, [1; 32])]).unwrap();
        let mut sealed = cipher.seal(b"x", b"c").unwrap();
        let other = Cipher::new([(1, [2; 32])]).unwrap();
        assert_eq!(other.open(&sealed, b"c").unwrap_err(), CipherError::Altered(1));
        sealed.data[0] ^= 1;
        assert_eq!(cipher.open(&sealed, b"c").unwrap_err(), CipherError::Altered(1));
        sealed.data.clear();
        assert_eq!(cipher.open(&sealed, b"c").unwrap_err(), CipherError::Altered(1));
    }

    #[test]
    fn keys_are_checked_and_not_shown() {
        assert_eq!(Cipher::new([]).unwrap_err(), CipherError::NoKey);
        assert_eq!(Cipher::new([(1, [1; 32]), (1, [2; 32])]).unwrap_err(), CipherError::TwoOfOneVersion(1));
        let shown = format!("{:?}", Cipher::new([(3, [171; 32])]).unwrap());
        assert_eq!(shown, "Cipher { versions: [3], .. }");
    }
}
