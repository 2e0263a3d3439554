//! Uploads (上传): one file in a form, from the phone through this server into the object store.

mod body;
mod derived;
mod direct;
mod files;
mod kind;
mod link;
mod name;
mod receive;
mod redraw;
mod scan;
mod serve;

use std::marker::PhantomData;

use queqiao_storage::StoreError;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

pub use self::direct::Direct;
pub(crate) use self::direct::{BEGIN, BUCKET, DirectUploads, Target, bucket_routes, routes as begin_routes};
pub(crate) use self::files::{FileSettings, ROUTE};
pub use self::files::{FileUrl, Files, StoredFile};
pub use self::kind::{Audio, Clean, FileKind, Format, Image, Max, Pdf, Public, SizeLimit, Video};
pub(crate) use self::link::Links;
pub(crate) use self::serve::routes;

use self::files::PRIVATE;
use self::receive::{Arrived, FILE, Received, Rules, receive};
use crate::context::Context;
use crate::document::{Operation, Plan};
use crate::endpoint::Method;
use crate::extract::{Extract, Incoming, form_fields, form_members};
use crate::model::Model;
use crate::problem::{self, Internal, Problem};
use crate::serve::Deadline;

/// One uploaded file, checked and in the store; with the texts that came with it.
///
/// `K` says what it may be, `M` how large, and `F`, a model, which texts (`formData` of `wx.uploadFile`) come with
/// it. The file is streamed into the store while it comes; memory holds a piece of it.
///
/// ```
/// use queqiao::prelude::*;
/// use queqiao::StoreError;
/// use queqiao::upload::{Clean, FileUrl, Files, Image, Max, Public, Upload};
///
/// #[derive(ApiError)]
/// enum AvatarError {
///     #[error(internal, from(StoreError, queqiao::ObjectError))]
///     Internal(Internal),
/// }
///
/// /// Replace one's avatar.
/// #[post("/me/avatar")]
/// async fn upload_avatar(
///     _user: User,
///     files: Files,
///     avatar: Upload<Public<Clean<Image>>, Max<5>>,
/// ) -> Result<FileUrl, AvatarError> {
///     let file = avatar.keep().await?;
///     // A real handler writes `file.key()` into the user's row, and removes the file that stood there.
///     Ok(files.url(file.key()).await?)
/// }
///
/// let built = Api::<()>::new("people", "1.0.0").routes(routes![upload_avatar]).build().unwrap();
/// let body = &built.document().value()["paths"]["/me/avatar"]["post"]["requestBody"]["content"];
/// let file = &body["multipart/form-data"]["schema"]["properties"]["file"];
/// assert_eq!(file["x-queqiao-upload"]["maxBytes"], 5 * 1024 * 1024);
/// ```
///
/// It must be the handler's last argument. A file that the handler does not [`keep`](Upload::keep) is removed, also
/// when the handler panics or the caller hangs up.
///
/// # Errors
/// 413 `upload.too_large`, 415 `upload.kind`, 422 `upload.dimensions` and `upload.damaged`, 400 `upload.form` and
/// `upload.incomplete`, 422 `validation` for the texts, 503 `upload.busy` and `upload.unavailable`. Nothing of a
/// refused file is left.
#[must_use = "a file that is not kept is removed"]
#[derive(Debug)]
pub struct Upload<K, M, F = ()> {
    /// The texts that came with the file.
    pub fields: F,
    file: Arrived,
    /// Whatever may be in `K` and `M`, it is sent and shared.
    rules: PhantomData<fn() -> (K, M)>,
}

impl<K, M, F> Upload<K, M, F> {
    /// Makes the file count, with its record: from now on it has URLs and nobody sweeps it.
    ///
    /// # Errors
    /// As the database fails; [`StoreError::Conflict`] if the handler took so long that the file was given up.
    pub async fn keep(self) -> Result<StoredFile, StoreError> {
        let Arrived { pending, size, format, dimensions, .. } = self.file;
        pending.keep(size, format.media_type(), dimensions).await
    }

    /// Its size in bytes, as it is stored.
    pub fn size(&self) -> u64 {
        self.file.size
    }

    /// Its format, as its bytes are.
    pub fn format(&self) -> Format {
        self.file.format
    }

    /// Width and height in pixels, of a picture.
    pub fn dimensions(&self) -> Option<(u32, u32)> {
        self.file.dimensions
    }

    /// The name under which it came, for people: without folders and without characters that do harm to a screen,
    /// at most 100 characters. Nothing is stored under it.
    pub fn name(&self) -> Option<&str> {
        self.file.name.as_deref()
    }
}

/// The texts of a form: `()` for none, or a model whose fields are texts, numbers and the like.
pub trait FormFields: Sized + Send {
    #[doc(hidden)]
    fn describe(operation: &mut Operation<'_>, file: Value, content_type: String) -> FieldPlan;

    #[doc(hidden)]
    fn read(plan: &FieldPlan, texts: &[(String, String)]) -> Result<Self, Problem>;

    /// The same texts as members of a JSON body.
    #[doc(hidden)]
    fn read_members(members: Map<String, Value>) -> Result<Self, Problem>;
}

/// How the texts of a form are decoded.
#[doc(hidden)]
#[derive(Debug)]
pub struct FieldPlan(Plan);

/// What one operation does with its form; made once, when the Api is built.
struct FormPlan {
    fields: FieldPlan,
    rules: Rules,
}

impl FormFields for () {
    fn describe(operation: &mut Operation<'_>, file: Value, content_type: String) -> FieldPlan {
        operation.form_body(Vec::new(), FILE, file, content_type);
        FieldPlan(Plan::default())
    }

    fn read(_: &FieldPlan, _: &[(String, String)]) -> Result<Self, Problem> {
        Ok(())
    }

    fn read_members(_: Map<String, Value>) -> Result<Self, Problem> {
        Ok(())
    }
}

impl<T: Model + DeserializeOwned + Send> FormFields for T {
    fn describe(operation: &mut Operation<'_>, file: Value, content_type: String) -> FieldPlan {
        let members = operation.form_members::<T>();
        FieldPlan(operation.form_body(members, FILE, file, content_type))
    }

    fn read(plan: &FieldPlan, texts: &[(String, String)]) -> Result<Self, Problem> {
        form_fields(&plan.0, texts)
    }

    fn read_members(members: Map<String, Value>) -> Result<Self, Problem> {
        form_members(members)
    }
}

impl<S, K, M, F> Extract<S> for Upload<K, M, F>
where
    S: Send + Sync,
    K: FileKind,
    M: SizeLimit,
    F: FormFields + 'static,
{
    fn describe(operation: &mut Operation<'_>) {
        if operation.meta.method != Method::Post {
            operation.mistake("a file comes with POST alone, for so `wx.uploadFile` sends it; use `#[post]`");
        }
        if K::FORMATS.is_empty() || K::FORMATS.iter().any(|format| format.extensions().is_empty()) {
            operation.mistake("a kind of file needs formats, and each an extension");
        }
        let rules = rules::<K, M>(operation.meta.operation_id);
        let key = format!("{PRIVATE}{}/", rules.operation);
        if queqiao_storage::ObjectKey::new(format!("{key}{}.{}", uuid::Uuid::nil(), "extension")).is_err() {
            operation.mistake(format_args!(
                "its operation id `{}` cannot stand in the names of its files; use letters, digits and `_`, at most 150",
                rules.operation
            ));
        }
        let types: Vec<&str> = K::FORMATS.iter().map(Format::media_type).collect();
        let extensions: Vec<&str> =
            K::FORMATS.iter().flat_map(|format| format.extensions()).copied().collect();
        let mut limits = json!({ "maxBytes": rules.bytes, "extensions": extensions });
        if types.iter().any(|name| name.starts_with("image/")) {
            limits["maxPixels"] = json!(rules.pixels);
        }
        let file = json!({ "type": "string", "format": "binary", "x-queqiao-upload": limits });
        let fields = F::describe(operation, file, types.join(", "));
        operation.plan::<Self, FormPlan>(FormPlan { fields, rules });
        for case in [
            problem::UPLOAD_FORM,
            problem::UPLOAD_INCOMPLETE,
            problem::UPLOAD_TOO_LARGE,
            problem::UPLOAD_KIND,
            problem::UPLOAD_DIMENSIONS,
            problem::UPLOAD_DAMAGED,
            problem::UPLOAD_BUSY,
            problem::UPLOAD_UNAVAILABLE,
            problem::VALIDATION,
        ] {
            operation.error(case);
        }
    }

    async fn extract(request: &mut Incoming, context: &Context<S>) -> Result<Self, Problem> {
        let files = files::of(context)?;
        let body = request
            .take_body()
            .ok_or_else(|| Problem::internal(Internal::message("two arguments read the body")))?;
        let rules = request.plan::<Self, FormPlan>()?.rules;
        let owner = request.caller.as_ref().and_then(|caller| caller.user.id.to_string().parse().ok());
        let deadline = request.parts.extensions.get::<Deadline>().cloned();
        if let Some(deadline) = &deadline {
            deadline.allow(files.settings().time);
        }
        let Received { file, texts } = receive(&files, &rules, &request.parts.headers, body, owner).await?;
        if let Some(deadline) = &deadline {
            deadline.start_again();
        }
        match F::read(&request.plan::<Self, FormPlan>()?.fields, &texts) {
            Ok(fields) => Ok(Self { fields, file, rules: PhantomData }),
            Err(problem) => {
                file.pending.discard().await;
                Err(problem)
            }
        }
    }
}

fn rules<K: FileKind, M: SizeLimit>(operation: &'static str) -> Rules {
    Rules {
        operation,
        formats: K::FORMATS,
        bytes: M::BYTES,
        pixels: K::PIXELS,
        public: K::PUBLIC,
        clean: K::CLEAN,
    }
}
