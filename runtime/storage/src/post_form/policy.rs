//! The policy that is signed, and what signing needs.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::PostRules;

/// Fields of a form with their texts.
pub(super) type Fields = Vec<(&'static str, String)>;

/// Text of a policy: an object store refuses a form that does not keep each of its conditions.
#[derive(Serialize)]
struct Policy<'a> {
    expiration: String,
    conditions: Vec<Condition<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Condition<'a> {
    Equal(&'static str, String, &'a str),
    Between(&'static str, u64, u64),
    Is(Is<'a>),
}

/// An object with one member.
struct Is<'a>(&'a str, &'a str);

impl Serialize for Is<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(self.0, self.1)])
    }
}

/// Writes a policy: the bucket, all of these fields as they are, and the size.
///
/// `named` are conditions on what is no field of the form.
pub(super) fn write(bucket: &str, rules: &PostRules, fields: &Fields, named: &[(&str, &str)]) -> String {
    let mut conditions = vec![Condition::Is(Is("bucket", bucket))];
    conditions.extend(fields.iter().map(|(name, value)| Condition::Equal("eq", format!("${name}"), value)));
    conditions.extend(named.iter().map(|(name, value)| Condition::Is(Is(name, value))));
    conditions.push(Condition::Between("content-length-range", *rules.size.start(), *rules.size.end()));
    let expiration = format(rules.expires_at, "%Y-%m-%dT%H:%M:%S.000Z");
    serde_json::to_string(&Policy { expiration, conditions }).expect("texts and numbers are JSON")
}

/// An instant in UTC.
pub(super) fn format(time: Timestamp, pattern: &str) -> String {
    time.to_zoned(TimeZone::UTC).strftime(pattern).to_string()
}

/// The day, and the instant, as Signature Version 4 writes them.
pub(super) fn day_and_time(now: Timestamp) -> (String, String) {
    (format(now, "%Y%m%d"), format(now, "%Y%m%dT%H%M%SZ"))
}

pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn hmac_sha256(key: &[u8], data: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), data)
}

/// The key of Signature Version 4: the secret, then day, region, service and the end, one HMAC after the other.
pub(super) fn signing_key(secret: String, parts: [&str; 4]) -> hmac::Tag {
    let [day, rest @ ..] = parts;
    let first = hmac_sha256(secret.as_bytes(), day.as_bytes());
    rest.into_iter().fold(first, |key, part| hmac_sha256(key.as_ref(), part.as_bytes()))
}
