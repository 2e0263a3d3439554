//! A backend that takes videos of up to 200 MiB; its memory is measured while it does.

use queqiao::prelude::*;
use queqiao::upload::{FileUrl, Files, Max, Upload, Video};
use queqiao::{ObjectError, StoreError};

#[derive(ApiError)]
enum VideoError {
    #[error(internal, from(StoreError, ObjectError))]
    Internal(Internal),
}

/// Add a video.
#[post("/videos")]
async fn add_video(files: Files, video: Upload<Video, Max<200>>) -> Result<FileUrl, VideoError> {
    Ok(files.url(video.keep().await?.key()).await?)
}

#[tokio::main]
async fn main() -> queqiao::Result {
    let api: Api = Api::new("videos", "1.0.0").routes(routes![add_video]);
    queqiao::serve(api, async |_: &queqiao::Boot| Ok(())).await
}
