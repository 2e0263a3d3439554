//! The bucket that the server itself is where objects lie in a folder: it takes the same forms as S3 does and answers
//! like it, so that a mini-program under development goes the way that it will go.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use multer::{Field, Multipart};
use queqiao_storage::{ObjectError, ObjectKey, ObjectOptions, PostRefusal, PostRules};

use super::service::DirectUploads;
use crate::serve::Deadline;
use crate::upload::body::Pieces;

/// Where it stands.
pub(crate) const PATH: &str = "/uploads/bucket";

/// Texts of a form, and bytes of each.
const MOST_FIELDS: usize = 32;
const LONGEST_FIELD: usize = 8 * 1024;

/// Why an object was not taken: status, and S3's code and words for it.
struct Refusal(StatusCode, &'static str, String);

/// The route; nothing where a real bucket takes the files.
pub(crate) fn routes(service: Arc<DirectUploads>) -> Router {
    if !service.is_bucket() {
        return Router::new();
    }
    Router::new().route(PATH, post(answer)).with_state(service)
}

async fn answer(State(service): State<Arc<DirectUploads>>, request: Request) -> Response {
    let settings = service.files().settings();
    if let Some(deadline) = request.extensions().get::<Deadline>() {
        deadline.allow(settings.time);
    }
    let taken = tokio::time::timeout(settings.time, take(&service, request));
    let late = || Refusal(StatusCode::BAD_REQUEST, "RequestTimeout", "the form took too long".to_owned());
    match taken.await.unwrap_or_else(|_| Err(late())) {
        Ok(()) => StatusCode::OK.into_response(),
        Err(Refusal(status, code, message)) => {
            let message = message.replace('&', "&amp;").replace('<', "&lt;");
            let text = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
            );
            (status, [(CONTENT_TYPE, "application/xml")], text).into_response()
        }
    }
}

async fn take(service: &DirectUploads, request: Request) -> Result<(), Refusal> {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let boundary = multer::parse_boundary(content_type.unwrap_or_default()).map_err(broken)?;
    let (pieces, rest) = Pieces::new(request.into_body());
    let taken = read(service, Multipart::new(pieces, boundary)).await;
    if taken.is_err() {
        rest.linger();
    }
    taken
}

async fn read(service: &DirectUploads, mut form: Multipart<'static>) -> Result<(), Refusal> {
    let mut fields: Vec<(String, String)> = Vec::new();
    while let Some(mut part) = patiently(service, form.next_field()).await? {
        let name = part.name().unwrap_or_default().to_owned();
        if name == "file" {
            let rules = service.admit(&fields)?;
            return write(service, &rules, part).await;
        }
        let mut text = Vec::new();
        while let Some(bytes) = patiently(service, part.chunk()).await? {
            text.extend_from_slice(&bytes);
            if text.len() > LONGEST_FIELD || fields.len() == MOST_FIELDS {
                let message = format!("a form has at most {MOST_FIELDS} fields of {LONGEST_FIELD} bytes");
                return Err(Refusal(StatusCode::BAD_REQUEST, "MaxPostPreDataLengthExceeded", message));
            }
        }
        let text = String::from_utf8(text).map_err(|_| malformed("a field is not UTF-8"))?;
        fields.push((name, text));
    }
    Err(malformed("the form has no part `file`, which stands behind all fields"))
}

async fn write(service: &DirectUploads, rules: &PostRules, mut file: Field<'_>) -> Result<(), Refusal> {
    let key = ObjectKey::new(&rules.key).map_err(|error| malformed(error.to_string()))?;
    let options = ObjectOptions { content_type: &rules.content_type, content_disposition: None };
    // Dropped before it has finished, it leaves nothing.
    let mut writer = service.files().objects().put(&key, options).await?;
    let mut size = 0_u64;
    while let Some(bytes) = patiently(service, file.chunk()).await? {
        size = size.saturating_add(bytes.len() as u64);
        if size > *rules.size.end() {
            let message = format!("the form allows {} bytes", rules.size.end());
            return Err(Refusal(StatusCode::BAD_REQUEST, "EntityTooLarge", message));
        }
        writer.write(bytes).await?;
    }
    if size < *rules.size.start() {
        let message = format!("the form wants at least {} bytes", rules.size.start());
        return Err(Refusal(StatusCode::BAD_REQUEST, "EntityTooSmall", message));
    }
    Ok(writer.finish().await?)
}

fn malformed(message: impl Into<String>) -> Refusal {
    Refusal(StatusCode::BAD_REQUEST, "MalformedPOSTRequest", message.into())
}

fn broken(error: multer::Error) -> Refusal {
    malformed(error.to_string())
}

/// The next of a form, as long as bytes may be awaited.
async fn patiently<T>(
    service: &DirectUploads,
    next: impl Future<Output = multer::Result<Option<T>>>,
) -> Result<Option<T>, Refusal> {
    match tokio::time::timeout(service.files().settings().idle, next).await {
        Ok(next) => next.map_err(broken),
        Err(_) => {
            Err(Refusal(StatusCode::BAD_REQUEST, "RequestTimeout", "nothing came for too long".to_owned()))
        }
    }
}

impl From<PostRefusal> for Refusal {
    fn from(refusal: PostRefusal) -> Self {
        let code = match refusal {
            PostRefusal::Signature => "SignatureDoesNotMatch",
            _ => "AccessDenied",
        };
        Refusal(StatusCode::FORBIDDEN, code, refusal.to_string())
    }
}

impl From<ObjectError> for Refusal {
    fn from(error: ObjectError) -> Self {
        tracing::error!(%error, "an upload could not be kept");
        Refusal(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", "the object store failed".to_owned())
    }
}
