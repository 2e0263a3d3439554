//! AWS Signature Version 4.

use jiff::Timestamp;
use secrecy::ExposeSecret;

use super::PostRules;
use super::policy::{self, Fields};
use crate::Bucket;

pub(super) fn fields(bucket: &Bucket, rules: &PostRules, now: Timestamp) -> Fields {
    let (day, time) = policy::day_and_time(now);
    let mut fields: Fields = vec![
        ("key", rules.key.clone()),
        ("Content-Type", rules.content_type.clone()),
        // The 204 of S3 is no success to every host.
        ("success_action_status", "200".to_owned()),
        ("x-amz-algorithm", "AWS4-HMAC-SHA256".to_owned()),
        ("x-amz-credential", format!("{}/{day}/{}/s3/aws4_request", bucket.access_key_id, bucket.region)),
        ("x-amz-date", time),
    ];
    let policy = policy::base64(policy::write(&bucket.name, rules, &fields, &[]).as_bytes());
    let signature = sign(bucket.access_key_secret.expose_secret(), &day, &bucket.region, &policy);
    fields.extend([("policy", policy), ("x-amz-signature", signature)]);
    fields
}

/// Signs the Base64 text of a policy.
pub(super) fn sign(secret: &str, day: &str, region: &str, policy: &str) -> String {
    let key = policy::signing_key(format!("AWS4{secret}"), [day, region, "s3", "aws4_request"]);
    policy::hex(policy::hmac_sha256(key.as_ref(), policy.as_bytes()).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Service;

    /// The example of AWS' "Browser-Based Upload using HTTP POST (Using AWS Signature Version 4)".
    const PUBLISHED: &str = "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1Y2tldCI6ICJzaWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVuY3J5cHRpb24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9";
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    #[test]
    fn the_published_policy_has_the_published_signature() {
        let published = "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e";
        assert_eq!(sign(SECRET, "20151229", "us-east-1", PUBLISHED), published);
        for (secret, day, region, policy) in [
            ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEZ", "20151229", "us-east-1", PUBLISHED),
            (SECRET, "20151230", "us-east-1", PUBLISHED),
            (SECRET, "20151229", "us-east-2", PUBLISHED),
            (SECRET, "20151229", "us-east-1", PUBLISHED.trim_end_matches('9')),
        ] {
            assert_ne!(sign(secret, day, region, policy), published, "{day} {region}");
        }
    }

    #[test]
    fn every_field_is_under_a_condition() {
        let bucket = Bucket {
            service: Service::S3,
            name: "photos".into(),
            endpoint: "https://s3.us-east-1.amazonaws.com".into(),
            path_style: false,
            region: "us-east-1".into(),
            access_key_id: "AKIAIOSFODNN7EXAMPLE".into(),
            access_key_secret: SECRET.into(),
        };
        let rules = PostRules {
            key: "incoming/a \"quoted\" 汉".into(),
            content_type: "image/jpeg".into(),
            size: 1..=5,
            expires_at: "2026-11-27T08:15:00.75Z".parse().unwrap(),
        };
        let form = bucket.post_form(&rules, "2026-11-27T08:00:00.999Z".parse().unwrap());
        let policy = form.field("policy").unwrap();
        let text = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, policy).unwrap();
        let policy_value: serde_json::Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(
            policy_value,
            serde_json::json!({
                "expiration": "2026-11-27T08:15:00.000Z",
                "conditions": [
                    { "bucket": "photos" },
                    ["eq", "$key", "incoming/a \"quoted\" 汉"],
                    ["eq", "$Content-Type", "image/jpeg"],
                    ["eq", "$success_action_status", "200"],
                    ["eq", "$x-amz-algorithm", "AWS4-HMAC-SHA256"],
                    ["eq", "$x-amz-credential", "AKIAIOSFODNN7EXAMPLE/20261127/us-east-1/s3/aws4_request"],
                    ["eq", "$x-amz-date", "20261127T080000Z"],
                    ["content-length-range", 1, 5],
                ],
            })
        );
        assert_eq!(
            form.field("x-amz-signature"),
            Some(sign(SECRET, "20261127", "us-east-1", policy).as_str())
        );
    }
}
