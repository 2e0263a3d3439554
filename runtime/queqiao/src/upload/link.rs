//! URLs of private files: signed, with an end.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use queqiao_storage::ObjectKey;
use secrecy::{ExposeSecret, SecretString};

/// Signs and verifies URLs of files.
pub(crate) struct Links {
    /// The first signs, all verify.
    keys: Vec<hmac::Key>,
    lifetime: SignedDuration,
}

/// What the query of a link says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signed {
    pub(super) until: Timestamp,
    pub(super) signature: String,
}

/// Why a link opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// It was never ours, or was changed.
    Forged,
    /// It has ended.
    Expired,
}

impl Links {
    /// Links signed with the server's secret, and verified with its previous ones too.
    pub(crate) fn new<'a>(secrets: impl Iterator<Item = &'a SecretString>, lifetime: SignedDuration) -> Self {
        // A key of its own, so that no other signature of the secret is one of a link.
        let key = |secret: &SecretString| {
            let secret = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
            hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&secret, b"queqiao links of files").as_ref())
        };
        Self { keys: secrets.map(key).collect(), lifetime }
    }

    pub(super) fn lifetime(&self) -> SignedDuration {
        self.lifetime
    }

    /// A link that works for at least the lifetime, and at most twice as long: it is the same one for a while, so
    /// that phones find the file in their cache.
    pub(super) fn sign(&self, key: &ObjectKey, now: Timestamp) -> Option<Signed> {
        let lifetime = self.lifetime.as_secs().max(1);
        let until = Timestamp::from_second((now.as_second().div_euclid(lifetime) + 2) * lifetime).ok()?;
        let signing = self.keys.first()?;
        let signature = hmac::sign(signing, text(key, until).as_bytes());
        Some(Signed { until, signature: URL_SAFE_NO_PAD.encode(signature) })
    }

    pub(super) fn verify(&self, key: &ObjectKey, signed: &Signed, now: Timestamp) -> Result<(), Refused> {
        let signature = URL_SAFE_NO_PAD.decode(&signed.signature).map_err(|_| Refused::Forged)?;
        let text = text(key, signed.until);
        let ours = |signing: &hmac::Key| hmac::verify(signing, text.as_bytes(), &signature).is_ok();
        if !self.keys.iter().any(ours) {
            return Err(Refused::Forged);
        }
        if signed.until <= now { Err(Refused::Expired) } else { Ok(()) }
    }
}

fn text(key: &ObjectKey, until: Timestamp) -> String {
    format!("{}\n{key}", until.as_second())
}

impl Signed {
    pub(super) fn query(&self) -> String {
        format!("e={}&s={}", self.until.as_second(), self.signature)
    }

    pub(super) fn read(query: &str) -> Option<Self> {
        let value = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let until = Timestamp::from_second(value("e")?.parse().ok()?).ok()?;
        Some(Self { until, signature: value("s")?.to_owned() })
    }
}

impl std::fmt::Debug for Links {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Links").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(secrets: &[&str]) -> Links {
        let secrets: Vec<SecretString> = secrets.iter().map(|secret| (*secret).into()).collect();
        Links::new(secrets.iter(), SignedDuration::from_hours(1))
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_link_opens_its_file_until_its_end_and_no_other() {
        let (links, now) = (links(&["one"]), at("2026-05-01T08:30:00Z"));
        let key = ObjectKey::new("private/a/1.png").unwrap();
        let signed = links.sign(&key, now).unwrap();
        assert_eq!(signed.until, at("2026-05-01T10:00:00Z"));
        assert_eq!(
            links.sign(&key, at("2026-05-01T08:59:59Z")),
            Some(signed.clone()),
            "the same for a while"
        );
        assert_eq!(Signed::read(&signed.query()), Some(signed.clone()));
        assert_eq!(links.verify(&key, &signed, now), Ok(()));
        assert_eq!(links.verify(&key, &signed, at("2026-05-01T09:59:59Z")), Ok(()));
        assert_eq!(links.verify(&key, &signed, signed.until), Err(Refused::Expired));
        let other = ObjectKey::new("private/a/2.png").unwrap();
        assert_eq!(links.verify(&other, &signed, now), Err(Refused::Forged));
        let longer = Signed { until: at("2026-05-02T08:00:00Z"), ..signed.clone() };
        assert_eq!(links.verify(&key, &longer, now), Err(Refused::Forged));
        for signature in ["", "AAAA", "!", &signed.signature[1..]] {
            let forged = Signed { signature: signature.to_owned(), ..signed.clone() };
            assert_eq!(links.verify(&key, &forged, now), Err(Refused::Forged), "{signature}");
        }
    }

    #[test]
    fn links_of_the_secret_before_still_open() {
        let (now, key) = (at("2026-05-01T08:30:00Z"), ObjectKey::new("private/a/1.png").unwrap());
        let signed = links(&["old"]).sign(&key, now).unwrap();
        assert_eq!(links(&["new", "old"]).verify(&key, &signed, now), Ok(()));
        assert_eq!(links(&["new"]).verify(&key, &signed, now), Err(Refused::Forged));
    }
}
