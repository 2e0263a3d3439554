//! Tencent COS.

use aws_lc_rs::{digest, hmac};
use jiff::Timestamp;
use secrecy::ExposeSecret;

use super::PostRules;
use super::policy::{self, Fields};
use crate::Bucket;

pub(super) fn fields(bucket: &Bucket, rules: &PostRules, now: Timestamp) -> Fields {
    let key_time = format!("{};{}", now.as_second(), rules.expires_at.as_second());
    let mut fields: Fields = vec![
        ("key", rules.key.clone()),
        ("Content-Type", rules.content_type.clone()),
        ("success_action_status", "200".to_owned()),
    ];
    // The policy speaks of the time by another name than the form.
    let named =
        [("q-sign-algorithm", "sha1"), ("q-ak", bucket.access_key_id.as_str()), ("q-sign-time", &key_time)];
    let policy = policy::write(&bucket.name, rules, &fields, &named);
    let signature = sign(bucket.access_key_secret.expose_secret(), &key_time, &policy);
    fields.extend([
        ("q-sign-algorithm", "sha1".to_owned()),
        ("q-ak", bucket.access_key_id.clone()),
        ("q-key-time", key_time),
        ("q-signature", signature),
        ("policy", policy::base64(policy.as_bytes())),
    ]);
    fields
}

/// Signs the text of a policy itself, not its Base64.
fn sign(secret: &str, key_time: &str, policy: &str) -> String {
    let key = sign_key(secret, key_time);
    // The key is the hexadecimal text, not the bytes.
    policy::hex(hmac_sha1(key.as_bytes(), string_to_sign(policy).as_bytes()).as_ref())
}

fn sign_key(secret: &str, key_time: &str) -> String {
    policy::hex(hmac_sha1(secret.as_bytes(), key_time.as_bytes()).as_ref())
}

fn string_to_sign(policy: &str) -> String {
    policy::hex(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, policy.as_bytes()).as_ref())
}

fn hmac_sha1(key: &[u8], data: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key), data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Service;

    /// The example of Tencent's page on POST Object.
    const SECRET: &str = "BQYIM75p8x0iWVFSIgqEKwFprpRSVHlz";
    const KEY_TIME: &str = "1567150692;1567157892";
    const POLICY: &str = r#"{
    "expiration": "2019-08-30T09:38:12.414Z",
    "conditions": [
        { "acl": "default" },
        { "bucket": "examplebucket-1250000000" },
        [ "starts-with", "$key", "folder/subfolder/" ],
        [ "starts-with", "$Content-Type", "image/" ],
        [ "starts-with", "$success_action_redirect", "https://my.website/" ],
        [ "eq", "$x-cos-server-side-encryption", "AES256" ],
        { "q-sign-algorithm": "sha1" },
        { "q-ak": "AKIDQjz3ltompVjBni5LitkWHFlFpwkn9U5q" },
        { "q-sign-time": "1567150692;1567157892" }
    ]
}"#;

    #[test]
    fn the_published_policy_has_the_published_signature() {
        assert_eq!(sign_key(SECRET, KEY_TIME), "39acc8c9f34ba5b19bce4e965b370cd3f62d2fba");
        assert_eq!(string_to_sign(POLICY), "d5d903b8360468bc81c1311f134989bc8c8b5b89");
        let published = "7758dc9a832e9d301dca704cacbf9d9f8172fdef";
        assert_eq!(sign(SECRET, KEY_TIME, POLICY), published);
        for (secret, key_time, policy) in [
            ("BQYIM75p8x0iWVFSIgqEKwFprpRSVHlZ", KEY_TIME, POLICY.to_owned()),
            (SECRET, "1567150692;1567157893", POLICY.to_owned()),
            (SECRET, KEY_TIME, POLICY.replace("image/", "")),
            (SECRET, KEY_TIME, policy::base64(POLICY.as_bytes())),
        ] {
            assert_ne!(sign(secret, key_time, &policy), published, "{key_time}");
        }
    }

    #[test]
    fn a_form_has_the_fields_of_cos() {
        let bucket = Bucket {
            service: Service::Cos,
            name: "photos-1250000000".into(),
            endpoint: "https://cos.ap-guangzhou.myqcloud.com".into(),
            path_style: false,
            region: "ap-guangzhou".into(),
            access_key_id: "AKID".into(),
            access_key_secret: SECRET.into(),
        };
        let rules = PostRules {
            key: "incoming/1".into(),
            content_type: "image/png".into(),
            size: 1..=10,
            expires_at: Timestamp::from_second(1_567_157_892).unwrap(),
        };
        let form = bucket.post_form(&rules, Timestamp::from_second(1_567_150_692).unwrap());
        let text = "{\"expiration\":\"2019-08-30T09:38:12.000Z\",\"conditions\":[{\"bucket\":\"photos-1250000000\"},[\"eq\",\"$key\",\"incoming/1\"],[\"eq\",\"$Content-Type\",\"image/png\"],[\"eq\",\"$success_action_status\",\"200\"],{\"q-sign-algorithm\":\"sha1\"},{\"q-ak\":\"AKID\"},{\"q-sign-time\":\"1567150692;1567157892\"},[\"content-length-range\",1,10]]}";
        assert_eq!(form.field("policy"), Some(policy::base64(text.as_bytes()).as_str()));
        assert_eq!(form.field("q-signature"), Some(sign(SECRET, KEY_TIME, text).as_str()));
        assert_eq!(form.field("q-key-time"), Some(KEY_TIME));
        assert_eq!(form.field("q-sign-algorithm"), Some("sha1"));
    }
}
