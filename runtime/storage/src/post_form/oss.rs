//! Aliyun OSS, Signature Version 4.

use jiff::Timestamp;
use secrecy::ExposeSecret;

use super::PostRules;
use super::policy::{self, Fields};
use crate::Bucket;

pub(super) fn fields(bucket: &Bucket, rules: &PostRules, now: Timestamp) -> Fields {
    let (day, time) = policy::day_and_time(now);
    let mut fields: Fields = vec![
        ("key", rules.key.clone()),
        // It goes before the media type that the phone writes into the file's part.
        ("x-oss-content-type", rules.content_type.clone()),
        ("success_action_status", "200".to_owned()),
        ("x-oss-signature-version", "OSS4-HMAC-SHA256".to_owned()),
        ("x-oss-credential", format!("{}/{}", bucket.access_key_id, scope(&day, &bucket.region))),
        ("x-oss-date", time),
    ];
    let policy = policy::base64(policy::write(&bucket.name, rules, &fields, &[]).as_bytes());
    let signature = sign(bucket.access_key_secret.expose_secret(), &day, &bucket.region, &policy);
    fields.extend([("policy", policy), ("x-oss-signature", signature)]);
    fields
}

fn scope(day: &str, region: &str) -> String {
    format!("{day}/{region}/oss/aliyun_v4_request")
}

/// Signs the Base64 text of a policy.
fn sign(secret: &str, day: &str, region: &str, policy: &str) -> String {
    let key = policy::signing_key(format!("aliyun_v4{secret}"), [day, region, "oss", "aliyun_v4_request"]);
    policy::hex(policy::hmac_sha256(key.as_ref(), policy.as_bytes()).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Service;

    /// What the Go SDK's `TestV4AuthHeader` signs; the chain of keys is the one of forms.
    const HEADERS: &str = "OSS4-HMAC-SHA256\n20231216T162057Z\n20231216/cn-hangzhou/oss/aliyun_v4_request\nf4613657f1b108998e8dbd10a1aa5da621dc2c6e02c9ddec0f163664848704c4";
    const POLICY: &str = "{\"expiration\":\"2030-01-01T00:00:00.000Z\",\"conditions\":[{\"bucket\":\"example-bucket\"},{\"x-oss-signature-version\":\"OSS4-HMAC-SHA256\"},{\"x-oss-credential\":\"ak/20231216/cn-hangzhou/oss/aliyun_v4_request\"},{\"x-oss-date\":\"20231216T162057Z\"},[\"content-length-range\",1,10485760],[\"starts-with\",\"$key\",\"uploads/u1/\"]]}";

    #[test]
    fn known_signatures() {
        let (day, region) = ("20231216", "cn-hangzhou");
        assert_eq!(
            sign("sk", day, region, HEADERS),
            "e21d18daa82167720f9b1047ae7e7f1ce7cb77a31e8203a7d5f4624fa0284afe"
        );
        let encoded = policy::base64(POLICY.as_bytes());
        let expected = "e9f6025b05ba9d33b7485b528b16dc06b57d32878d556eca67cafbc68cc0acb8";
        assert_eq!(sign("sk", day, region, &encoded), expected);
        assert_eq!(scope(day, region), "20231216/cn-hangzhou/oss/aliyun_v4_request");
        for (secret, day, region, policy) in [
            ("sl", day, region, encoded.as_str()),
            ("sk", "20231217", region, &encoded),
            ("sk", day, "oss-cn-hangzhou", &encoded),
            ("sk", day, region, POLICY),
        ] {
            assert_ne!(sign(secret, day, region, policy), expected, "{day} {region}");
        }
    }

    #[test]
    fn a_form_has_the_fields_of_oss() {
        let bucket = Bucket {
            service: Service::Oss,
            name: "photos".into(),
            endpoint: "https://oss-cn-hangzhou.aliyuncs.com".into(),
            path_style: false,
            region: "cn-hangzhou".into(),
            access_key_id: "ak".into(),
            access_key_secret: "sk".into(),
        };
        let rules = PostRules {
            key: "incoming/1".into(),
            content_type: "image/png".into(),
            size: 1..=10,
            expires_at: "2023-12-16T16:35:57Z".parse().unwrap(),
        };
        let form = bucket.post_form(&rules, "2023-12-16T16:20:57Z".parse().unwrap());
        let text = "{\"expiration\":\"2023-12-16T16:35:57.000Z\",\"conditions\":[{\"bucket\":\"photos\"},[\"eq\",\"$key\",\"incoming/1\"],[\"eq\",\"$x-oss-content-type\",\"image/png\"],[\"eq\",\"$success_action_status\",\"200\"],[\"eq\",\"$x-oss-signature-version\",\"OSS4-HMAC-SHA256\"],[\"eq\",\"$x-oss-credential\",\"ak/20231216/cn-hangzhou/oss/aliyun_v4_request\"],[\"eq\",\"$x-oss-date\",\"20231216T162057Z\"],[\"content-length-range\",1,10]]}";
        let encoded = policy::base64(text.as_bytes());
        assert_eq!(form.field("policy"), Some(encoded.as_str()));
        assert_eq!(
            form.field("x-oss-signature"),
            Some(sign("sk", "20231216", "cn-hangzhou", &encoded).as_str())
        );
        assert_eq!(form.field("x-oss-credential"), Some("ak/20231216/cn-hangzhou/oss/aliyun_v4_request"));
    }
}
