//! The last step of an upload past the server: the operation is told of it, and takes the file from the bucket.

use std::marker::PhantomData;

use serde_json::Value;
use uuid::Uuid;

use super::super::receive::receive_object;
use super::super::{FileKind, FormFields, FormPlan, SizeLimit, Upload};
use super::{UPLOAD, begin};
use crate::auth::User;
use crate::context::Context;
use crate::extract::{Extract, Incoming, json_object};
use crate::problem::{FieldError, Problem, Text};
use crate::serve::Deadline;

/// What has arrived, checked and kept like a file that came to the server.
pub(super) async fn confirm<S, K, M, F>(
    request: &mut Incoming,
    context: &Context<S>,
) -> Result<Upload<K, M, F>, Problem>
where
    S: Send + Sync,
    K: FileKind,
    M: SizeLimit,
    F: FormFields + 'static,
{
    let service = begin::of(context)?;
    let user = <User as Extract<S>>::extract(request, context).await?;
    let mut told = json_object(request, context).await?;
    let id = upload_id(told.remove(UPLOAD).as_ref())?;
    let fields = F::read_members(told)?;
    let rules = request.plan::<Upload<K, M, F>, FormPlan>()?.rules;
    let deadline = request.parts.extensions.get::<Deadline>().cloned();
    if let Some(deadline) = &deadline {
        deadline.allow(service.files().settings().time);
    }
    let (record, object) = service.arrived(&user, rules.operation, id).await?;
    let file = receive_object(service.files(), &rules, object, &record.upload).await?;
    if let Some(deadline) = &deadline {
        deadline.start_again();
    }
    Ok(Upload { fields, file, rules: PhantomData })
}

fn upload_id(value: Option<&Value>) -> Result<Uuid, Problem> {
    let pointer = format!("/{UPLOAD}");
    let wrong = |code: &'static str, message: Text| {
        Problem::validation(vec![FieldError::new(pointer, code, message)])
    };
    match value {
        None => Err(wrong("required", Text::both("缺少", "is missing"))),
        Some(value) => value.as_str().and_then(|text| text.parse().ok()).ok_or_else(|| {
            wrong(
                "type",
                Text::both("须为 `beginUpload` 给出的编号", "must be the id that `beginUpload` gave"),
            )
        }),
    }
}
