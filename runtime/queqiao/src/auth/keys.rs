//! The keys that sign tokens.

use std::fmt;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use secrecy::{ExposeSecret, SecretString};

/// HMAC keys shorter than the hash weaken it (RFC 7518, section 3.2).
const LEAST_BYTES: usize = 32;

/// One key with its id and the one algorithm it is for.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) algorithm: Algorithm,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl Key {
    /// A key from its configured text.
    pub(crate) fn hmac(id: &str, algorithm: &str, secret: &SecretString) -> Result<Self, String> {
        let algorithm = match algorithm {
            "HS256" => Algorithm::HS256,
            "HS384" => Algorithm::HS384,
            "HS512" => Algorithm::HS512,
            other => return Err(format!("`{other}` is no supported algorithm; use HS256, HS384 or HS512")),
        };
        let bytes = secret.expose_secret().as_bytes();
        if bytes.len() < LEAST_BYTES {
            return Err(format!(
                "the secret has {} bytes and needs at least {LEAST_BYTES}; make one with `openssl rand -base64 48`",
                bytes.len()
            ));
        }
        Ok(Self {
            id: id.to_owned(),
            algorithm,
            encoding: EncodingKey::from_secret(bytes),
            decoding: DecodingKey::from_secret(bytes),
        })
    }

    pub(crate) fn encoding(&self) -> &EncodingKey {
        &self.encoding
    }

    pub(crate) fn decoding(&self) -> &DecodingKey {
        &self.decoding
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// All keys: the first signs, each verifies what names it.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    signing: Key,
    others: Vec<Key>,
}

impl Keys {
    pub(crate) fn new(signing: Key, others: Vec<Key>) -> Self {
        Self { signing, others }
    }

    pub(crate) fn signing(&self) -> &Key {
        &self.signing
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Key> {
        self.iter().find(|key| key.id == id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.signing).chain(&self.others)
    }
}
