//! Forms by which a phone puts one object into a bucket, without passing the server.
//!
//! A mini-program cannot PUT: `wx.uploadFile` sends a multipart form with the file last. Object stores take such a form
//! if it carries a signed policy that says what they let through.

mod check;
mod cos;
mod oss;
mod policy;
#[cfg(all(test, feature = "s3"))]
mod real;
mod s3;

use std::fmt;
use std::ops::RangeInclusive;

use jiff::Timestamp;

pub use self::check::PostRefusal;
use crate::{Bucket, Service};

/// What a form lets through: one object, of one type, within a size, for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostRules {
    /// The object's key.
    pub key: String,
    /// The object's media type.
    pub content_type: String,
    /// The object's size in bytes.
    pub size: RangeInclusive<u64>,
    /// From when on the form is refused, to the second.
    pub expires_at: Timestamp,
}

/// A form that is ready to be sent: `wx.uploadFile({ url, formData: fields, name: file_field, filePath })`.
///
/// Whoever has it may put that one object: it goes to the user for whom it was made, and into no log.
#[derive(Clone, PartialEq, Eq)]
pub struct PostForm {
    /// Where it is sent by POST, as `multipart/form-data`.
    pub url: String,
    /// The texts, which stand before the file.
    pub fields: Vec<(String, String)>,
    /// The name of the file's part, which must be the last.
    pub file_field: String,
    /// From when on it is refused.
    pub expires_at: Timestamp,
}

impl Bucket {
    /// Signs a form that puts one object here: as
    /// [AWS Signature Version 4](https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-post-example.html),
    /// [Aliyun OSS V4](https://help.aliyun.com/zh/oss/developer-reference/signature-version-4-recommend) or
    /// [Tencent COS](https://cloud.tencent.com/document/product/436/14690) has it. Nothing is asked of the bucket.
    ///
    /// ```
    /// use queqiao_storage::{Bucket, PostRules, Service};
    ///
    /// let bucket = Bucket {
    ///     service: Service::S3,
    ///     name: "photos".into(),
    ///     endpoint: "https://s3.cn-north-1.amazonaws.com.cn".into(),
    ///     region: "cn-north-1".into(),
    ///     access_key_id: "AKIAIOSFODNN7EXAMPLE".into(),
    ///     access_key_secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
    ///     path_style: false,
    /// };
    /// let rules = PostRules {
    ///     key: "incoming/0193".into(),
    ///     content_type: "image/jpeg".into(),
    ///     size: 1..=5_000_000,
    ///     expires_at: "2026-11-27T08:15:00Z".parse()?,
    /// };
    /// let form = bucket.post_form(&rules, "2026-11-27T08:00:00Z".parse()?);
    /// assert_eq!(form.url, "https://photos.s3.cn-north-1.amazonaws.com.cn");
    /// assert_eq!(form.field("key"), Some("incoming/0193"));
    /// assert_eq!(form.file_field, "file");
    /// # Ok::<(), jiff::Error>(())
    /// ```
    pub fn post_form(&self, rules: &PostRules, now: Timestamp) -> PostForm {
        let fields = match self.service {
            Service::S3 => s3::fields(self, rules, now),
            Service::Oss => oss::fields(self, rules, now),
            Service::Cos => cos::fields(self, rules, now),
        };
        PostForm {
            url: self.url(),
            fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            file_field: "file".to_owned(),
            expires_at: rules.expires_at,
        }
    }
}

impl PostForm {
    /// The text of one field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for PostForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostForm")
            .field("url", &self.url)
            .field("key", &self.field("key"))
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_signature_is_shown() {
        for service in [Service::S3, Service::Oss, Service::Cos] {
            let bucket = Bucket {
                service,
                name: "b".into(),
                endpoint: "https://b.example/".into(),
                region: "r".into(),
                access_key_id: "id".into(),
                access_key_secret: "hush".into(),
                path_style: false,
            };
            let rules = PostRules {
                key: "k".into(),
                content_type: "image/png".into(),
                size: 1..=2,
                expires_at: Timestamp::UNIX_EPOCH,
            };
            let form = bucket.post_form(&rules, Timestamp::UNIX_EPOCH);
            let signature = form.fields.iter().find(|(name, _)| name.ends_with("signature")).unwrap();
            let told = format!("{form:?}");
            assert!(!told.contains(&signature.1), "{told}");
        }
    }
}
