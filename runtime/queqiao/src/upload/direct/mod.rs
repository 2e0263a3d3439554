//! Uploads past the server (直传): the phone puts its file into the bucket by a form that the server has signed, and
//! then tells of it.

mod begin;
mod bucket;
mod confirm;
mod service;

use std::ops::{Deref, DerefMut};

use serde_json::json;

pub(crate) use self::begin::routes;
pub(crate) use self::bucket::{PATH as BUCKET, routes as bucket_routes};
pub(crate) use self::service::{DirectUploads, Target};

use super::{FileKind, FormFields, SizeLimit, Upload};
use crate::context::Context;
use crate::document::{Operation, Security};
use crate::extract::{Extract, Incoming, is_json};
use crate::problem::{self, Problem};

/// An [`Upload`] whose file goes to the bucket past the server: the same argument as without it, and the same call in
/// the client.
///
/// With a bucket of S3, OSS or COS the phone sends the file there; with a local folder the server is the bucket itself,
/// and nothing changes for the client. What has arrived is read from the bucket and passes every check before the
/// handler runs. A phone that knows nothing of this, and sends the file to the operation itself, is served too.
///
/// The operation needs a [`User`](crate::User) or a [`Role`](crate::Role).
///
/// ```
/// use queqiao::prelude::*;
/// use queqiao::StoreError;
/// use queqiao::upload::{Direct, Image, Max, Upload};
///
/// #[derive(ApiError)]
/// enum PhotoError {
///     #[error(internal, from(StoreError))]
///     Internal(Internal),
/// }
///
/// /// Add a photo.
/// #[post("/photos")]
/// async fn add_photo(_user: User, Direct(photo): Direct<Upload<Image, Max<20>>>) -> Result<String, PhotoError> {
///     Ok(photo.keep().await?.key().to_string())
/// }
///
/// let built = Api::<()>::new("album", "1.0.0").routes(routes![add_photo]).build().unwrap();
/// let paths = &built.document().value()["paths"];
/// assert_eq!(paths["/photos"]["post"]["requestBody"]["x-queqiao-direct"]["begin"], "beginUpload");
/// assert_eq!(paths["/uploads"]["post"]["operationId"], "beginUpload");
/// ```
///
/// # Errors
/// Those of [`Upload`]; 404 `upload.unknown` for an upload that was not begun, not by this user, not for this
/// operation, or too long ago; 409 `upload.missing` when nothing has arrived in the bucket. `POST /uploads` answers
/// those of a file's size and kind before anything is sent, 404 `upload.operation`, and 403 `auth.forbidden`.
#[derive(Debug)]
pub struct Direct<U>(pub U);

impl<U> Deref for Direct<U> {
    type Target = U;

    fn deref(&self) -> &U {
        &self.0
    }
}

impl<U> DerefMut for Direct<U> {
    fn deref_mut(&mut self) -> &mut U {
        &mut self.0
    }
}

/// The id of the operation that signs forms.
pub(crate) const BEGIN: &str = "beginUpload";
/// The member of the JSON body that takes the upload's id.
const UPLOAD: &str = "upload";

impl<S, K, M, F> Extract<S> for Direct<Upload<K, M, F>>
where
    S: Send + Sync,
    K: FileKind,
    M: SizeLimit,
    F: FormFields + 'static,
{
    const DIRECT: bool = true;

    fn describe(operation: &mut Operation<'_>) {
        <Upload<K, M, F> as Extract<S>>::describe(operation);
        if operation.draft.security != Security::Required {
            operation
                .mistake("`Direct<_>` must know whose upload it is; take a `User` or a `Role<_>` before it");
        }
        operation.past_the_server(
            Target { most: M::BYTES, formats: K::FORMATS, roles: Vec::new() },
            UPLOAD,
            json!({ "type": "string", "format": "uuid", "description": "The id that `beginUpload` gave for the file." }),
        );
        for case in [
            problem::UPLOAD_UNKNOWN,
            problem::UPLOAD_MISSING,
            problem::UPLOAD_OPERATION,
            problem::AUTH_FORBIDDEN,
            problem::BODY_TOO_LARGE,
            problem::BODY_MALFORMED,
            problem::BODY_ENCODING,
            problem::BODY_TOO_DEEP,
            problem::BODY_INCOMPLETE,
        ] {
            operation.error(case);
        }
    }

    async fn extract(request: &mut Incoming, context: &Context<S>) -> Result<Self, Problem> {
        if is_json(&request.parts.headers) {
            confirm::confirm(request, context).await.map(Self)
        } else {
            <Upload<K, M, F> as Extract<S>>::extract(request, context).await.map(Self)
        }
    }
}
