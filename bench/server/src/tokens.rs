//! The tokens of both sides, checked by the same code.

use anyhow::Result;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
const NAME: &str = "library";
/// Seconds that a token lives.
const LIFETIME: u64 = 7200;

/// What a token says.
#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    sid: Uuid,
    iat: u64,
    nbf: u64,
    exp: u64,
}

/// Signs and checks.
pub(crate) struct Tokens {
    key: DecodingKey,
    validation: Validation,
}

impl Tokens {
    pub(crate) fn new() -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[NAME]);
        validation.set_audience(&[NAME]);
        validation.validate_nbf = true;
        Self { key: DecodingKey::from_secret(SECRET), validation }
    }

    /// A token of a new user.
    pub(crate) fn issue(&self) -> Result<String> {
        let now = jsonwebtoken::get_current_timestamp();
        let (iss, aud) = (NAME.to_owned(), NAME.to_owned());
        let (sub, sid) = (Uuid::now_v7(), Uuid::now_v7());
        let claims = Claims { iss, aud, sub, sid, iat: now, nbf: now, exp: now + LIFETIME };
        let header = Header::new(Algorithm::HS256);
        Ok(jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(SECRET))?)
    }

    /// The user and the session of a token that is good.
    pub(crate) fn check(&self, token: &str) -> Option<(Uuid, Uuid)> {
        let claims = jsonwebtoken::decode::<Claims>(token, &self.key, &self.validation).ok()?.claims;
        Some((claims.sub, claims.sid))
    }
}
