//! What a bucket does with a form, for buckets that are folders of our own: in the dialect of S3.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::Value;

use super::{PostRules, s3};
use crate::Bucket;

/// Why a form was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PostRefusal {
    /// A field that every signed form has.
    #[error("the form has no field `{0}`")]
    Missing(&'static str),
    /// Signed by another key, or changed since.
    #[error("the form's signature is not of its policy and this bucket's key")]
    Signature,
    /// Its time is over.
    #[error("the form has expired; ask for a new one")]
    Expired,
    /// A field is not what the policy says, or not in the policy.
    #[error("the form's field `{0}` is not what its policy says")]
    Condition(String),
    /// The policy is none that this bucket has signed.
    #[error("the form's policy cannot be read")]
    Policy,
}

#[derive(Deserialize)]
struct Policy {
    expiration: Timestamp,
    conditions: Vec<Value>,
}

/// The fields that no condition need cover.
const UNCOVERED: [&str; 2] = ["policy", "x-amz-signature"];

impl Bucket {
    /// Checks the fields of a form as S3 does, all that stand before its file, and tells what the file may be. Its size
    /// is for the caller to count.
    ///
    /// # Errors
    ///
    /// As [`PostRefusal`] says.
    pub fn admit(&self, fields: &[(String, String)], now: Timestamp) -> Result<PostRules, PostRefusal> {
        let field = |name: &'static str| {
            let found = fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.as_str()).ok_or(PostRefusal::Missing(name))
        };
        let (policy, credential) = (field("policy")?, field("x-amz-credential")?);
        let mut parts = credential.split('/');
        let (id, day) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let signature = s3::sign(self.access_key_secret.expose_secret(), day, &self.region, policy);
        let given = field("x-amz-signature")?;
        // A text of another key, day or region has another signature; the id is not in it.
        if verify_slices_are_equal(signature.as_bytes(), given.as_bytes()).is_err()
            || id != self.access_key_id
        {
            return Err(PostRefusal::Signature);
        }
        let text = STANDARD.decode(policy).map_err(|_| PostRefusal::Policy)?;
        let policy: Policy = serde_json::from_slice(&text).map_err(|_| PostRefusal::Policy)?;
        if policy.expiration <= now {
            return Err(PostRefusal::Expired);
        }
        let mut size = None;
        let mut covered = Vec::new();
        for condition in &policy.conditions {
            match read(condition).ok_or(PostRefusal::Policy)? {
                Read::Size(from, to) => size = Some(from..=to),
                Read::Equal("bucket", value) if value == self.name => {}
                Read::Equal(name, value) => {
                    let same = |(known, given): &&(String, String)| {
                        known.eq_ignore_ascii_case(name) && given == value
                    };
                    if fields.iter().find(same).is_none() {
                        return Err(PostRefusal::Condition(name.to_owned()));
                    }
                    covered.push(name);
                }
            }
        }
        let mut seen: Vec<&str> = Vec::new();
        for (name, _) in fields {
            let known = |list: &[&str]| list.iter().any(|other| other.eq_ignore_ascii_case(name));
            // Of two fields of one name only one would be checked.
            if known(&seen) || !known(&covered) && !known(&UNCOVERED) {
                return Err(PostRefusal::Condition(name.clone()));
            }
            seen.push(name);
        }
        Ok(PostRules {
            key: field("key")?.to_owned(),
            content_type: field("Content-Type")?.to_owned(),
            size: size.ok_or(PostRefusal::Policy)?,
            expires_at: policy.expiration,
        })
    }
}

enum Read<'a> {
    Size(u64, u64),
    Equal(&'a str, &'a str),
}

/// One of the conditions that our own forms have.
fn read(condition: &Value) -> Option<Read<'_>> {
    match condition {
        Value::Object(members) => {
            let (name, value) = members.iter().next()?;
            (members.len() == 1).then_some(Read::Equal(name, value.as_str()?))
        }
        Value::Array(parts) => match parts.as_slice() {
            [Value::String(kind), from, to] if kind == "content-length-range" => {
                Some(Read::Size(from.as_u64()?, to.as_u64()?))
            }
            [Value::String(kind), Value::String(name), Value::String(value)] if kind == "eq" => {
                Some(Read::Equal(name.strip_prefix('$')?, value))
            }
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PostForm, Service};

    fn bucket(secret: &str) -> Bucket {
        Bucket {
            service: Service::S3,
            name: "local".into(),
            endpoint: "/uploads".into(),
            path_style: true,
            region: "local".into(),
            access_key_id: "own".into(),
            access_key_secret: secret.into(),
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn form() -> (PostForm, PostRules) {
        let rules = PostRules {
            key: "incoming/1".into(),
            content_type: "image/png".into(),
            size: 1..=100,
            expires_at: at("2026-11-27T08:15:00Z"),
        };
        (bucket("secret").post_form(&rules, at("2026-11-27T08:00:00Z")), rules)
    }

    #[test]
    fn a_form_is_admitted_until_it_expires() {
        let (form, rules) = form();
        assert_eq!(bucket("secret").admit(&form.fields, at("2026-11-27T08:14:59.999Z")), Ok(rules));
        assert_eq!(
            bucket("secret").admit(&form.fields, at("2026-11-27T08:15:00Z")),
            Err(PostRefusal::Expired)
        );
    }

    #[test]
    fn whatever_is_changed_is_refused() {
        let (form, _) = form();
        let now = at("2026-11-27T08:01:00Z");
        let refusal = |fields: &[(String, String)]| bucket("secret").admit(fields, now).unwrap_err();
        for (index, (name, value)) in form.fields.iter().enumerate() {
            let mut changed = form.fields.clone();
            changed[index].1 = format!("{value}x");
            refusal(&changed);
            changed.remove(index);
            refusal(&changed);
            changed = form.fields.clone();
            changed.push((name.to_uppercase(), value.clone()));
            assert_eq!(refusal(&changed), PostRefusal::Condition(name.to_uppercase()), "{name} twice");
        }
        let mut more = form.fields.clone();
        more.push(("acl".into(), "public-read".into()));
        assert_eq!(refusal(&more), PostRefusal::Condition("acl".into()));
        let key = form.fields.iter().position(|(name, _)| name == "key").unwrap();
        let mut other = form.fields.clone();
        other[key].1 = "incoming/2".into();
        assert_eq!(refusal(&other), PostRefusal::Condition("key".into()));
        assert_eq!(bucket("other").admit(&form.fields, now), Err(PostRefusal::Signature));
        let named = Bucket { name: "other".into(), ..bucket("secret") };
        assert_eq!(named.admit(&form.fields, now), Err(PostRefusal::Condition("bucket".into())));
        assert_eq!(bucket("secret").admit(&[], now), Err(PostRefusal::Missing("policy")));
    }

    #[test]
    fn a_policy_of_another_kind_is_not_read() {
        let (form, _) = form();
        for text in [
            "",
            "[]",
            "{\"expiration\":\"2030-01-01T00:00:00.000Z\",\"conditions\":[[\"starts-with\",\"$key\",\"\"]]}",
        ] {
            let mut fields = form.fields.clone();
            let policy = STANDARD.encode(text);
            for (name, value) in &mut fields {
                match name.as_str() {
                    "x-amz-signature" => *value = s3::sign("secret", "20261127", "local", &policy),
                    "policy" => *value = policy.clone(),
                    _ => {}
                }
            }
            let refusal = bucket("secret").admit(&fields, at("2026-11-27T08:01:00Z"));
            assert_eq!(refusal, Err(PostRefusal::Policy), "{text}");
        }
    }
}
