//! The operations.

use queqiao::prelude::*;

use crate::notices;
use crate::service::Album;

/// The API: everything else, document and client included, follows from this value.
pub fn api() -> Api<Album> {
    Api::new("album", env!("CARGO_PKG_VERSION"))
        .description("Photos of every WeChat user.")
        .licence(env!("CARGO_PKG_LICENSE"))
        .contact("Queqiao", "https://example.com/queqiao")
        .tag("comments", "What users say of photos.")
        .tag("me", "What a user tells of themselves.")
        .tag("photos", "A user's photos.")
        .tag("uploads", "Files that go to the bucket past the server.")
        .releases(queqiao::releases!())
        .migrations(queqiao::migrations!("migrations"))
        .routes(photos::routes())
        .routes(comments::routes())
        .routes(me::routes())
        .messages(pushes::messages())
        .messages(notices::messages())
        .template::<notices::Commented>()
}

mod photos {
    use queqiao::Routes;
    use queqiao::WeChatUser;
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
        wechat: WeChatUser,
        State(album): State<Album>,
        photo: Upload<Image, Max<5>>,
    ) -> Result<Created<Photo>, AddPhotoError> {
        album.add(user, wechat, photo).await.map(Created)
    }

    /// Add a photo as the camera took it.
    ///
    /// It goes to the bucket past the server, which suits large files and slow networks. A call that is repeated under its
    /// key adds one photo.
    #[post("/originals", idempotent)]
    async fn add_original(
        user: User,
        wechat: WeChatUser,
        State(album): State<Album>,
        Direct(photo): Direct<Upload<Image, Max<20>>>,
    ) -> Result<Created<Photo>, AddPhotoError> {
        album.add(user, wechat, photo).await.map(Created)
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

mod comments {
    use queqiao::Routes;
    use queqiao::content::{Checked, scene};
    use queqiao::prelude::*;

    use crate::model::{Comment, NewComment};
    use crate::service::{Album, PhotoError};

    pub(super) fn routes() -> Routes<Album> {
        routes![list_comments, add_comment]
    }

    /// List a photo's newest comments.
    ///
    /// Whoever was given the photo's id may read and write them.
    #[get("/photos/{id}/comments")]
    async fn list_comments(
        user: User,
        Path(id): Path<Uuid>,
        State(album): State<Album>,
    ) -> Result<Vec<Comment>, PhotoError> {
        album.list_comments(&user, id).await
    }

    /// Comment on a photo.
    ///
    /// WeChat's content security (内容安全) judges the text first.
    #[post("/photos/{id}/comments")]
    async fn add_comment(
        user: User,
        Path(id): Path<Uuid>,
        State(album): State<Album>,
        comment: Checked<NewComment, scene::Comment>,
    ) -> Result<Created<Comment>, PhotoError> {
        album.add_comment(&user, id, comment.into_inner()).await.map(Created)
    }
}

mod me {
    use queqiao::prelude::*;
    use queqiao::{PhoneCode, Routes, WeChatUser};

    use crate::model::Phone;
    use crate::service::{AddPhoneError, Album};

    pub(super) fn routes() -> Routes<Album> {
        routes![add_phone]
    }

    /// Fill in the phone number.
    ///
    /// The body is `e.detail.code` of the button `getPhoneNumber`.
    #[post("/me/phone")]
    async fn add_phone(
        user: User,
        wechat: WeChatUser,
        State(album): State<Album>,
        Json(code): Json<PhoneCode>,
    ) -> Result<Phone, AddPhoneError> {
        let phone = wechat.phone_number(&code).await?;
        Ok(album.set_phone(&user, &phone).await?)
    }
}

mod pushes {
    use queqiao::content::MediaChecked;
    use queqiao::message::Messages;
    use queqiao::prelude::*;
    use queqiao::{message, messages};

    use crate::service::Album;

    pub(super) fn messages() -> Messages<Album> {
        messages![on_media_checked]
    }

    /// WeChat has looked at a photo: what it refuses is hidden.
    #[message(event = "wxa_media_check")]
    async fn on_media_checked(State(album): State<Album>, checked: MediaChecked) -> Result<(), Internal> {
        album.judged(&checked).await
    }
}
