//! Where a bucket is and who we are to it.

use secrecy::SecretString;

/// The service that has a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Amazon S3, or any other store with its API (feature `s3`).
    S3,
    /// Aliyun OSS (阿里云对象存储, feature `oss`).
    Oss,
    /// Tencent COS (腾讯云对象存储, feature `cos`).
    Cos,
}

impl Service {
    /// Its name in configurations and features.
    pub const fn name(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Oss => "oss",
            Self::Cos => "cos",
        }
    }
}

/// A bucket, and the key that opens it.
#[derive(Debug, Clone)]
pub struct Bucket {
    /// Who has it.
    pub service: Service,
    /// Its name; in COS with the number of the account, as in `photos-1250000000`.
    pub name: String,
    /// Where the service is, without the bucket: `https://s3.eu-central-1.amazonaws.com`,
    /// `https://oss-cn-hangzhou.aliyuncs.com`, `https://cos.ap-guangzhou.myqcloud.com`, `http://127.0.0.1:9000`.
    pub endpoint: String,
    /// The region that signatures name: `eu-central-1`, `cn-hangzhou`, `ap-guangzhou`.
    pub region: String,
    /// The public half of the key: AccessKey ID, SecretId.
    pub access_key_id: String,
    /// The secret half.
    pub access_key_secret: SecretString,
    /// Whether the bucket stands in the path of the URL instead of before the host; for stores of the S3 API
    /// without names for buckets.
    pub path_style: bool,
}

impl Bucket {
    /// The address of the bucket itself, without a slash at its end: `https://photos.oss-cn-hangzhou.aliyuncs.com`,
    /// or in path style `http://127.0.0.1:9000/photos`.
    pub fn url(&self) -> String {
        let endpoint = self.endpoint.trim_end_matches('/');
        match endpoint.split_once("://") {
            Some((scheme, host)) if !self.path_style => format!("{scheme}://{}.{host}", self.name),
            _ => format!("{endpoint}/{}", self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bucket_stands_before_the_host_or_in_the_path_and_its_secret_nowhere() {
        let bucket = Bucket {
            service: Service::S3,
            name: "photos".into(),
            endpoint: "http://127.0.0.1:9000/".into(),
            region: "us-east-1".into(),
            access_key_id: "AKIA".into(),
            access_key_secret: "hush-hush".into(),
            path_style: true,
        };
        assert_eq!(bucket.url(), "http://127.0.0.1:9000/photos");
        let named =
            Bucket { path_style: false, endpoint: "https://oss-cn-hangzhou.aliyuncs.com".into(), ..bucket };
        assert_eq!(named.url(), "https://photos.oss-cn-hangzhou.aliyuncs.com");
        assert!(!format!("{named:?}").contains("hush"));
    }
}
