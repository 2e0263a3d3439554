//! What an upload past the server goes through: begun, in the bucket, told of.

use std::collections::BTreeMap;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use queqiao_storage::{
    Bucket, ObjectBytes, ObjectKey, PostRefusal, PostRules, Service, Upload as Begun, UploadRecord, UserId,
};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::begin::{NewUpload, UploadForm};
use super::bucket;
use crate::auth::User;
use crate::problem::{self, Problem, Text};
use crate::upload::files::Files;
use crate::upload::kind::Format;
use crate::upload::receive::{object, record, too_large};

/// A form that was sent just before it expired is still to arrive and to be told of.
const GRACE: SignedDuration = SignedDuration::from_mins(15);

/// What an operation takes past the server; said when it describes itself.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// Bytes.
    pub(crate) most: u64,
    pub(crate) formats: &'static [Format],
    /// Roles of those who may call.
    pub(crate) roles: Vec<&'static str>,
}

/// Uploads past the server.
pub(crate) struct DirectUploads {
    files: Files,
    /// What signs the forms.
    bucket: Bucket,
    lifetime: SignedDuration,
    /// By the operation's id.
    targets: BTreeMap<&'static str, Target>,
}

impl DirectUploads {
    pub(crate) fn new(
        files: Files,
        bucket: Bucket,
        lifetime: SignedDuration,
        targets: BTreeMap<&'static str, Target>,
    ) -> Self {
        Self { files, bucket, lifetime, targets }
    }

    /// The bucket that this server itself is, for stores that serve nobody.
    pub(crate) fn own_bucket(secret: &SecretString) -> Bucket {
        // A key of its own, so that no other signature of the secret is one of a form.
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
        let key = STANDARD.encode(hmac::sign(&key, b"queqiao forms of the own bucket"));
        Bucket {
            service: Service::S3,
            name: "bucket".to_owned(),
            endpoint: "/uploads".to_owned(),
            region: "local".to_owned(),
            access_key_id: "queqiao".to_owned(),
            access_key_secret: key.into(),
            path_style: true,
        }
    }

    /// Whether this server takes the files itself.
    pub(super) fn is_bucket(&self) -> bool {
        self.bucket.url() == bucket::PATH
    }

    pub(super) fn admit(&self, fields: &[(String, String)]) -> Result<PostRules, PostRefusal> {
        self.bucket.admit(fields, self.files.now())
    }

    pub(super) fn files(&self) -> &Files {
        &self.files
    }

    /// Notes an upload and signs a form for it.
    pub(super) async fn begin(&self, user: &User, new: &NewUpload) -> Result<UploadForm, Problem> {
        let target = self.targets.get(new.operation.as_str());
        let target = target.ok_or_else(|| Problem::from_case(&problem::UPLOAD_OPERATION))?;
        if !target.roles.iter().all(|role| user.has_role(role)) {
            return Err(Problem::from_case(&problem::AUTH_FORBIDDEN));
        }
        if new.size.is_some_and(|size| u64::from(size) > target.most) {
            return Err(too_large(target.most));
        }
        let content_type = target.media_type(new.extension.as_deref().unwrap_or_default())?;
        let (id, now) = (Uuid::now_v7(), self.files.now());
        let later = |by: SignedDuration| now.checked_add(by).unwrap_or(Timestamp::MAX);
        let begun = Begun {
            key: incoming(id),
            owner: Some(UserId(user.id)),
            operation: new.operation.clone(),
            content_type: content_type.to_owned(),
            size: target.most,
        };
        // Whatever comes of it, the object is swept when nobody can send the form any more.
        let until = later(self.lifetime + GRACE);
        self.files.records().begin_upload(&begun, until, now).await.map_err(record)?;
        let rules = PostRules {
            key: begun.key,
            content_type: begun.content_type,
            size: 1..=target.most,
            expires_at: later(self.lifetime),
        };
        let form = self.bucket.post_form(&rules, now);
        Ok(UploadForm {
            upload: id,
            url: form.url,
            fields: form.fields.into_iter().collect(),
            file: form.file_field,
            expires_at: form.expires_at,
        })
    }

    /// The upload of this user for this operation, and its bytes in the bucket.
    ///
    /// Another user's is as unknown as none.
    pub(super) async fn arrived(
        &self,
        user: &User,
        operation: &str,
        id: Uuid,
    ) -> Result<(UploadRecord, ObjectBytes), Problem> {
        let unknown = || Problem::from_case(&problem::UPLOAD_UNKNOWN);
        let key = ObjectKey::new(incoming(id)).map_err(Problem::internal)?;
        let begun = self.files.records().upload(key.as_str()).await.map_err(record)?.ok_or_else(unknown)?;
        if begun.upload.owner != Some(UserId(user.id)) || begun.upload.operation != operation {
            return Err(unknown());
        }
        let objects = self.files.objects();
        let meta = objects.head(&key).await.map_err(object)?;
        let meta = meta.ok_or_else(|| Problem::from_case(&problem::UPLOAD_MISSING))?;
        // The form pins it, and a bucket may be told otherwise by who owns it.
        if meta.size > begun.upload.size {
            return Err(too_large(begun.upload.size));
        }
        Ok((begun, objects.get(&key, None).await.map_err(object)?))
    }
}

impl Target {
    /// The media type of files whose names end so.
    fn media_type(&self, extension: &str) -> Result<&'static str, Problem> {
        let goes =
            |format: &&Format| format.extensions().iter().any(|known| known.eq_ignore_ascii_case(extension));
        self.formats.iter().find(goes).map(Format::media_type).ok_or_else(|| {
            let known: Vec<&str> =
                self.formats.iter().flat_map(|format| format.extensions()).copied().collect();
            let known = known.join(", ");
            Problem::from_case(&problem::UPLOAD_KIND).with_detail(Text::both(
                format!("文件名须以下列之一结尾：{known}。"),
                format!("Its name must end with one of these: {known}."),
            ))
        })
    }
}

/// Where the phone's file lies until it is told of. What counts lies elsewhere, where no form can write.
fn incoming(id: Uuid) -> String {
    format!("incoming/{id}")
}

impl std::fmt::Debug for DirectUploads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DirectUploads").field("bucket", &self.bucket).finish_non_exhaustive()
    }
}
