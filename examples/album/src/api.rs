//! The operations.

use queqiao::prelude::*;

use crate::service::Album;

/// The API: everything else, document and client included, follows from this value.
pub fn api() -> Api<Album> {
    Api::new("album", env!("CARGO_PKG_VERSION"))
        .description("Photos of every WeChat user.")
        .licence(env!("CARGO_PKG_LICENSE"))
        .contact("Queqiao", "https://example.com/queqiao")
        .tag("photos", "A user's photos.")
        .tag("uploads", "Files that go to the bucket past the server.")
        .releases(queqiao::releases!())
        .migrations(queqiao::migrations!("migrations"))
        .routes(photos::routes())
}

mod photos {
    use queqiao::Routes;
    use queqiao::prelude::*;
    use queqiao::upload::{Direct, Image, Max, Upload};

    use crate::model::Photo;
    use crate::repository::PhotoKey;
    use crate::service::{AddPhotoError, Album, PhotoError};

    pub(super) fn routes() -> Routes<Album> {
        routes![list_photos, add_photo, add_original, delete_photo]
    }

    /// List the user's photos.
    ///
    /// Page by page, newest first.
    #[get("/photos")]
    async fn list_photos(
        user: User,
        paging: Paging<PhotoKey>,
        State(album): State<Album>,
    ) -> Result<Page<Photo>, PhotoError> {
        album.list(&user, &paging).await
    }

    /// Add a photo.
    ///
    /// It goes through the server, which suits files that WeChat has compressed.
    #[post("/photos")]
    async fn add_photo(
        user: User,
        State(album): State<Album>,
        photo: Upload<Image, Max<5>>,
    ) -> Result<Created<Photo>, AddPhotoError> {
        album.add(&user, photo.keep().await?).await.map(Created)
    }

    /// Add a photo as the camera took it.
    ///
    /// It goes to the bucket past the server, which suits large files and slow networks.
    #[post("/originals")]
    async fn add_original(
        user: User,
        State(album): State<Album>,
        Direct(photo): Direct<Upload<Image, Max<20>>>,
    ) -> Result<Created<Photo>, AddPhotoError> {
        album.add(&user, photo.keep().await?).await.map(Created)
    }

    /// Delete one photo.
    ///
    /// It is gone for good, with its thumbnail. Photos of other users are not found.
    #[delete("/photos/{id}")]
    async fn delete_photo(
        user: User,
        Path(id): Path<Uuid>,
        State(album): State<Album>,
    ) -> Result<NoContent, PhotoError> {
        album.delete(&user, id).await?;
        Ok(NoContent)
    }
}
