//! Writes the document for `cargo queqiao`, before anything else happens.

use std::path::Path;

use super::error::{Error, Result};
use crate::api::Api;

pub(super) fn write<S: Clone + Send + Sync + 'static>(api: Api<S>, file: &Path) -> Result {
    let built = api.build_to_serve()?;
    std::fs::write(file, built.document().text()).map_err(|source| {
        Error::told(format!("QUEQIAO_EXPORT: the document cannot be written to {}: {source}", file.display()))
    })
}
