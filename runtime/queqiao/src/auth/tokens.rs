//! Tokens: JSON Web Tokens that only this API's keys sign.

use std::time::Duration;

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Key, Keys};
use crate::problem::{self, Internal, Problem};

/// How far the clocks of two instances may differ, in seconds.
const SKEW: i64 = 60;

/// How long tokens live.
#[derive(Clone, Debug)]
pub(crate) struct TokenSettings {
    pub(crate) issuer: String,
    pub(crate) audience: String,
    /// From signing to expiry.
    pub(crate) lifetime: Duration,
    /// From login to the end of the last renewed token.
    pub(crate) longest_session: Duration,
}

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) aud: String,
    /// The user.
    pub(crate) sub: Uuid,
    /// The mini-program in which the user logged in.
    pub(crate) app: String,
    /// The session, from login to logout.
    pub(crate) sid: Uuid,
    /// The user's epoch at the time of login.
    pub(crate) epoch: i64,
    pub(crate) iat: i64,
    pub(crate) nbf: i64,
    pub(crate) exp: i64,
    /// The time of login.
    pub(crate) auth_time: i64,
}

/// Signs and checks.
#[derive(Debug)]
pub(crate) struct Tokens {
    keys: Keys,
    settings: TokenSettings,
    /// What a token must say, for each algorithm that a key has.
    rules: Vec<(Algorithm, Validation)>,
}

impl Tokens {
    pub(crate) fn new(keys: Keys, settings: TokenSettings) -> Self {
        let mut rules: Vec<(Algorithm, Validation)> = Vec::new();
        for Key { algorithm, .. } in keys.iter() {
            if rules.iter().all(|(known, _)| known != algorithm) {
                rules.push((*algorithm, rule(*algorithm, &settings)));
            }
        }
        Self { keys, settings, rules }
    }

    /// A token for a new session; returns the claims too.
    pub(crate) fn start(
        &self,
        user: Uuid,
        appid: &str,
        epoch: i64,
        now: Timestamp,
    ) -> Result<(String, Claims), Problem> {
        let now = now.as_second();
        let claims = Claims {
            iss: self.settings.issuer.clone(),
            aud: self.settings.audience.clone(),
            sub: user,
            app: appid.to_owned(),
            sid: Uuid::now_v7(),
            epoch,
            iat: now,
            nbf: now,
            exp: now + seconds(self.settings.lifetime.min(self.settings.longest_session)),
            auth_time: now,
        };
        Ok((self.sign(&claims)?, claims))
    }

    /// A newer token of the same session, where the current one is past the middle of its life and the
    /// session may go on.
    pub(crate) fn renew(&self, claims: &Claims, now: Timestamp) -> Result<Option<String>, Problem> {
        let now = now.as_second();
        let lifetime = seconds(self.settings.lifetime);
        let last = claims.auth_time.saturating_add(seconds(self.settings.longest_session));
        let exp = now.saturating_add(lifetime).min(last);
        if now < claims.iat.saturating_add(lifetime / 2) || exp <= claims.exp {
            return Ok(None);
        }
        self.sign(&Claims { iat: now, nbf: now, exp, ..claims.clone() }).map(Some)
    }

    fn sign(&self, claims: &Claims) -> Result<String, Problem> {
        let key = self.keys.signing();
        let mut header = Header::new(key.algorithm);
        header.kid = Some(key.id.clone());
        jsonwebtoken::encode(&header, claims, key.encoding())
            .map_err(|_| Problem::internal(Internal::message("a token could not be signed")))
    }

    /// Checks signature, algorithm, issuer, audience and times.
    pub(crate) fn check(&self, token: &str, now: Timestamp) -> Result<Claims, Problem> {
        let invalid = || Problem::from_case(&problem::AUTH_INVALID);
        let header = jsonwebtoken::decode_header(token).map_err(|_| invalid())?;
        let key = header.kid.as_deref().and_then(|id| self.keys.find(id)).ok_or_else(invalid)?;
        // The key says which algorithm is right, never the token.
        let rule = self.rules.iter().find(|(algorithm, _)| *algorithm == key.algorithm).map(|(_, rule)| rule);
        let claims = jsonwebtoken::decode::<Claims>(token, key.decoding(), rule.ok_or_else(invalid)?)
            .map_err(|_| invalid())?
            .claims;
        let now = now.as_second();
        if claims.nbf > now.saturating_add(SKEW) {
            return Err(invalid());
        }
        if claims.exp <= now || now >= claims.auth_time.saturating_add(seconds(self.settings.longest_session))
        {
            return Err(Problem::from_case(&problem::AUTH_EXPIRED));
        }
        Ok(claims)
    }

    /// When the last token of any session of today has ended.
    pub(crate) fn session_end(&self, now: Timestamp) -> Timestamp {
        now.checked_add(jiff::SignedDuration::from_secs(seconds(self.settings.longest_session)))
            .unwrap_or(Timestamp::MAX)
    }

    /// Seconds from now to the token's end.
    pub(crate) fn seconds_left(claims: &Claims, now: Timestamp) -> u32 {
        u32::try_from(claims.exp.saturating_sub(now.as_second())).unwrap_or(0)
    }
}

fn rule(algorithm: Algorithm, settings: &TokenSettings) -> Validation {
    let mut rule = Validation::new(algorithm);
    rule.set_issuer(&[&settings.issuer]);
    rule.set_audience(&[&settings.audience]);
    rule.set_required_spec_claims(&["iss", "aud", "exp", "nbf", "sub"]);
    // The times are checked against the injected clock.
    rule.validate_exp = false;
    rule.validate_nbf = false;
    rule
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jsonwebtoken::EncodingKey;
    use secrecy::SecretString;

    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn key(id: &str, secret: &str) -> Key {
        Key::hmac(id, "HS256", &SecretString::from(secret)).unwrap()
    }

    fn settings() -> TokenSettings {
        TokenSettings {
            issuer: "todo".into(),
            audience: "todo".into(),
            lifetime: Duration::from_secs(7200),
            longest_session: Duration::from_secs(10_000),
        }
    }

    fn tokens() -> Tokens {
        Tokens::new(Keys::new(key("a", SECRET), vec![]), settings())
    }

    fn now() -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    fn code(result: Result<Claims, Problem>) -> String {
        result.unwrap_err().code().to_owned()
    }

    #[test]
    fn a_token_is_good_until_the_second_of_its_expiry() {
        let tokens = tokens();
        let (token, claims) = tokens.start(Uuid::nil(), "wx1", 1, now()).unwrap();
        assert_eq!(tokens.check(&token, now() + 7199.seconds()).unwrap(), claims);
        assert_eq!(code(tokens.check(&token, now() + 7200.seconds())), "auth.expired");
        assert_eq!(code(tokens.check(&token, now() - 61.seconds())), "auth.invalid");
    }

    #[test]
    fn a_retired_key_still_verifies_and_an_unknown_one_does_not() {
        let (token, _) = tokens().start(Uuid::nil(), "wx1", 1, now()).unwrap();
        let rotated = Tokens::new(
            Keys::new(key("b", "fedcba9876543210fedcba9876543210"), vec![key("a", SECRET)]),
            settings(),
        );
        assert!(rotated.check(&token, now()).is_ok());
        let gone = Tokens::new(Keys::new(key("b", SECRET), vec![]), settings());
        assert_eq!(code(gone.check(&token, now())), "auth.invalid");
    }

    /// The documented order: at each step, two servers of which one is restarted already take each other's tokens, and
    /// the server that signs anew renews with the new key.
    #[test]
    fn secrets_change_places_without_a_void_token() {
        let new = "fedcba9876543210fedcba9876543210";
        let server = |signing: &str, others: &[&str]| {
            let key = |id: &&str| key(id, if *id == "a" { SECRET } else { new });
            Tokens::new(Keys::new(key(&signing), others.iter().map(key).collect()), settings())
        };
        let steps = [server("a", &[]), server("a", &["b"]), server("b", &["a"]), server("b", &[])];
        for (before, after) in [(0, 1), (1, 2)] {
            for (signs, checks) in [(before, after), (after, before)] {
                let (token, claims) = steps[signs].start(Uuid::nil(), "wx1", 1, now()).unwrap();
                assert!(steps[checks].check(&token, now()).is_ok(), "step {signs} and step {checks}");
                let later = now() + 4000.seconds();
                let renewed = steps[2].renew(&claims, later).unwrap().unwrap();
                assert!(steps[3].check(&renewed, later).is_ok());
            }
        }
        let (left, _) = steps[1].start(Uuid::nil(), "wx1", 1, now()).unwrap();
        assert_eq!(code(steps[3].check(&left, now() + 7200.seconds())), "auth.invalid");
    }

    #[test]
    fn foreign_tokens_are_refused() {
        let ours = tokens();
        let (token, claims) = ours.start(Uuid::nil(), "wx1", 1, now()).unwrap();
        let forge = |change: fn(&mut Header, &mut Claims), secret: &str| {
            let (mut header, mut claims) = (Header::new(Algorithm::HS256), claims.clone());
            header.kid = Some("a".into());
            change(&mut header, &mut claims);
            jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
        };
        assert!(ours.check(&forge(|_, _| {}, SECRET), now()).is_ok());
        for forged in [
            forge(|_, claims| claims.iss = "other".into(), SECRET),
            forge(|_, claims| claims.aud = "other".into(), SECRET),
            forge(|header, _| header.kid = None, SECRET),
            forge(|header, _| header.alg = Algorithm::HS512, SECRET),
            forge(|_, _| {}, "another secret of thirty-two bytes"),
            token[..token.len() - 2].to_owned(),
            "garbled".to_owned(),
            String::new(),
            // {"alg":"none","kid":"a"}
            format!("eyJhbGciOiJub25lIiwia2lkIjoiYSJ9.{}.", token.split('.').nth(1).unwrap()),
        ] {
            assert_eq!(code(ours.check(&forged, now())), "auth.invalid", "{forged}");
        }
    }

    #[test]
    fn renewal_starts_at_half_life_keeps_the_login_and_ends_with_the_session() {
        let tokens = tokens();
        let (_, claims) = tokens.start(Uuid::nil(), "wx1", 7, now()).unwrap();
        assert!(tokens.renew(&claims, now() + 3599.seconds()).unwrap().is_none());
        let renewed = tokens.renew(&claims, now() + 3600.seconds()).unwrap().unwrap();
        let renewed = tokens.check(&renewed, now() + 3600.seconds()).unwrap();
        assert_eq!((renewed.sid, renewed.epoch, renewed.auth_time), (claims.sid, 7, claims.auth_time));
        // 3600 + 7200 would be past the longest session of 10,000 seconds.
        assert_eq!(renewed.exp, claims.auth_time + 10_000);
        assert!(tokens.renew(&renewed, now() + 9000.seconds()).unwrap().is_none());
    }
}
