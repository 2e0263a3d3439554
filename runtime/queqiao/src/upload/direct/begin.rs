//! `POST /uploads`: the first step of an upload past the server.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use queqiao_macros::{model, post, routes};
use uuid::Uuid;

use super::service::DirectUploads;
use crate::api::Routes;
use crate::auth::User;
use crate::context::Context;
use crate::document::Operation;
use crate::extract::{Extract, Incoming, Json};
use crate::problem::{self, ApiError, ErrorSet, Internal, Problem};
use crate::reply::Created;

/// A file that is about to be uploaded.
#[model]
#[derive(Debug)]
pub(crate) struct NewUpload {
    /// The id of the operation that it is for.
    #[check(length = 1..=200)]
    #[example("addPhoto")]
    pub(crate) operation: String,
    /// The ending of its name, without the dot.
    #[check(length = 1..=16)]
    #[example("jpg")]
    pub(crate) extension: Option<String>,
    /// Its size in bytes, if that is known.
    #[check(range = 1..)]
    pub(crate) size: Option<u32>,
}

/// A form that puts the file into the bucket, once, before it expires: `wx.uploadFile({ url, formData: fields, name:
/// file, filePath })`.
#[model]
pub(crate) struct UploadForm {
    /// The upload's id, for the operation that it is for.
    pub(crate) upload: Uuid,
    /// Where the form is sent; on this server, if it begins with a slash.
    #[example("https://photos.s3.cn-north-1.amazonaws.com.cn/")]
    pub(crate) url: String,
    /// The texts of the form, which stand before the file.
    pub(crate) fields: BTreeMap<String, String>,
    /// The name of the file's part.
    #[example("file")]
    pub(crate) file: String,
    /// From when on the form is refused.
    pub(crate) expires_at: Timestamp,
}

/// Why no form was given.
pub(crate) struct BeginError(pub(crate) Problem);

impl From<Problem> for BeginError {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl ApiError for BeginError {
    fn describe(errors: &mut ErrorSet) {
        for case in [
            problem::UPLOAD_OPERATION,
            problem::AUTH_FORBIDDEN,
            problem::UPLOAD_TOO_LARGE,
            problem::UPLOAD_KIND,
            problem::UPLOAD_UNAVAILABLE,
        ] {
            errors.case(case);
        }
    }

    fn into_problem(self) -> Problem {
        self.0
    }
}

/// The service as an argument.
pub(crate) struct Service(pub(crate) Arc<DirectUploads>);

impl<S: Send + Sync> Extract<S> for Service {
    fn describe(_: &mut Operation<'_>) {}

    async fn extract(_: &mut Incoming, context: &Context<S>) -> Result<Self, Problem> {
        of(context).map(Self)
    }
}

pub(crate) fn of<S>(context: &Context<S>) -> Result<Arc<DirectUploads>, Problem> {
    context.services.direct.clone().ok_or_else(|| {
        Problem::internal(Internal::message(
            "an operation takes files past the server, and the services have no object store: use `serve`",
        ))
    })
}

/// Begin an upload past the server.
///
/// It answers a form, which takes the file to the bucket; then the operation is called with the upload's id. The
/// generated client does all three by itself.
#[post("/uploads", tag = "uploads")]
async fn begin_upload(
    user: User,
    Service(service): Service,
    Json(new): Json<NewUpload>,
) -> Result<Created<UploadForm>, BeginError> {
    Ok(Created(service.begin(&user, &new).await?))
}

/// The operation that APIs have in which a file goes past the server.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Routes<S> {
    routes![begin_upload]
}
