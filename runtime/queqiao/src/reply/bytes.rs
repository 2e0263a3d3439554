//! Bytes in a media type.

use std::marker::PhantomData;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};

use super::Reply;
use crate::document::Operation;
use crate::extract::Incoming;

/// Names the media type of a [`File`].
///
/// ```
/// use queqiao::prelude::*;
///
/// /// Portable Network Graphics.
/// struct Png;
///
/// impl MediaType for Png {
///     const NAME: &'static str = "image/png";
/// }
///
/// /// A picture of one pixel.
/// #[get("/pixel")]
/// async fn pixel() -> File<Png> {
///     File::new(&b"\x89PNG"[..])
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name a media type",
    label = "not a media type",
    note = "write `impl MediaType for {Self} {{ const NAME: &'static str = \"image/png\"; }}`"
)]
pub trait MediaType: Send + Sync + 'static {
    /// The media type, for example `image/png`.
    const NAME: &'static str;
}

/// 200 with bytes in the media type `M`.
#[derive(Debug)]
pub struct File<M> {
    bytes: Bytes,
    name: Option<String>,
    media_type: PhantomData<M>,
}

impl<M: MediaType> File<M> {
    /// A file of these bytes.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        Self { bytes: bytes.into(), name: None, media_type: PhantomData }
    }

    /// A name under which browsers save it.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

impl<M: MediaType> Reply for File<M> {
    fn describe(operation: &mut Operation<'_>) {
        if M::NAME.parse::<mime::Mime>().is_err() {
            operation.mistake(format_args!("`{}` is no media type; write it as in `image/png`", M::NAME));
        }
        operation.bytes_response(200, M::NAME, "The file");
    }

    fn reply(self, _: &Incoming) -> Response {
        let mut response = Response::new(Body::from(self.bytes));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(M::NAME));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Some(name) = self.name {
            // RFC 6266: the encoded form carries any name.
            let encoded = percent_encoding::utf8_percent_encode(&name, percent_encoding::NON_ALPHANUMERIC);
            if let Ok(value) = HeaderValue::try_from(format!("attachment; filename*=UTF-8''{encoded}")) {
                headers.insert(CONTENT_DISPOSITION, value);
            }
        }
        response
    }
}
