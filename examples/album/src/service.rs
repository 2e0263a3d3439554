//! The rules of an album.

use std::fmt;
use std::sync::Arc;

use queqiao::content::{CheckMediaError, MediaChecked, MediaKind, MediaVerdict, scene};
use queqiao::prelude::*;
use queqiao::subscribe::Subscriptions;
use queqiao::upload::{Files, Format, Image, SizeLimit, StoredFile, Upload};
use queqiao::wechat::PhoneNumber;
use queqiao::{
    Accounts, BadObjectKey, Boot, Clock, Identity, ObjectError, ObjectKey, PhoneError, StoreError, WeChatUser,
};

use tracing::Instrument as _;

use crate::comments::CommentRepository;
use crate::model::{Comment, NewComment, Phone, Photo};
use crate::notices::Commented;
use crate::phones::PhoneRepository;
use crate::repository::{Kept, PhotoKey, PhotoRepository};
use crate::thumbnail::{self, Undrawable};

/// Bytes of a picture that WeChat looks at as it is.
const JUDGED_WHOLE: u32 = 10_000_000;

/// Why a call about photos failed.
#[derive(Debug, ApiError)]
pub(crate) enum PhotoError {
    /// No such photo.
    #[error(status = 404, zh = "没有这张照片。")]
    NotFound,
    /// The server failed.
    #[error(internal, from(StoreError, ObjectError))]
    Internal(Internal),
}

/// Why a photo was not added.
#[derive(Debug, ApiError)]
#[error(prefix = "photo")]
pub(crate) enum AddPhotoError {
    /// The picture cannot be read.
    #[error(status = 422, zh = "无法读取这张图片。")]
    Unreadable,
    #[error(transparent)]
    Check(CheckMediaError),
    /// The server failed.
    #[error(internal, from(StoreError, ObjectError))]
    Internal(Internal),
}

/// Why there is no phone number.
#[derive(Debug, ApiError)]
pub(crate) enum AddPhoneError {
    #[error(transparent)]
    Phone(PhoneError),
    /// The server failed.
    #[error(internal, from(StoreError))]
    Internal(Internal),
}

/// The application's state.
#[derive(Clone)]
pub struct Album {
    repository: PhotoRepository,
    comments: CommentRepository,
    phones: PhoneRepository,
    files: Files,
    accounts: Arc<dyn Accounts>,
    subscriptions: Subscriptions,
    clock: Clock,
}

impl fmt::Debug for Album {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Album").finish_non_exhaustive()
    }
}

impl Album {
    /// Brings the database up to date and makes the state.
    ///
    /// # Errors
    /// A migration that fails.
    pub async fn connect(boot: &Boot) -> queqiao::Result<Album> {
        Ok(Album {
            repository: PhotoRepository::new(boot.sql().clone()),
            comments: CommentRepository::new(boot.sql().clone()),
            phones: PhoneRepository::new(boot.sql().clone()),
            files: boot.files().clone(),
            accounts: Arc::clone(boot.accounts()),
            subscriptions: boot.subscriptions().clone(),
            clock: boot.clock().clone(),
        })
    }

    pub(crate) async fn list(
        &self,
        user: &User,
        paging: &Paging<PhotoKey>,
    ) -> Result<Page<Photo>, PhotoError> {
        let page = paging.page(self.repository.list(user.id, paging).await?, |kept| PhotoKey(kept.id));
        let mut items = Vec::with_capacity(page.items.len());
        for kept in &page.items {
            items.push(self.show(kept).await.map_err(PhotoError::Internal)?);
        }
        Ok(Page { items, next: page.next })
    }

    /// Adds a photo: its file, its thumbnail and its row, or nothing.
    pub(crate) async fn add<M: SizeLimit>(
        &self,
        user: User,
        wechat: WeChatUser,
        photo: Upload<Image, M>,
    ) -> Result<Photo, AddPhotoError> {
        let album = self.clone();
        let adding = async move { album.add_whole(&user, &wechat, photo.keep().await?).await };
        // A phone that hangs up ends the handler. What has begun here goes on, so that no file is left without its row.
        tokio::spawn(adding).await.map_err(|ended| AddPhotoError::Internal(ended.into()))?
    }

    /// Adds a photo whose file counts already; without its row and its thumbnail it counts no longer.
    async fn add_whole(
        &self,
        user: &User,
        wechat: &WeChatUser,
        file: StoredFile,
    ) -> Result<Photo, AddPhotoError> {
        match self.add_row(user, &file).await {
            Ok(kept) => {
                self.have_judged(user, wechat, &kept).await?;
                self.show(&kept).await.map_err(AddPhotoError::Internal)
            }
            Err(error) => {
                self.files.remove(file.key()).await?;
                Err(error)
            }
        }
    }

    /// Has WeChat look at a new photo; one that it cannot be asked about is not kept.
    async fn have_judged(&self, user: &User, wechat: &WeChatUser, kept: &Kept) -> Result<(), AddPhotoError> {
        // WeChat fetches up to 10 MB; of a larger picture it sees the thumbnail.
        let key = if kept.size <= JUDGED_WHOLE { &kept.file_key } else { &kept.thumbnail_key };
        let key: ObjectKey =
            key.parse().map_err(|error: BadObjectKey| AddPhotoError::Internal(error.into()))?;
        let url = self.files.url(&key).await?.url;
        let asked = wechat.check_media(MediaKind::Image, scene::SocialLog, &url, kept.id.to_string()).await;
        if let Err(error) = asked {
            self.take_away(user, kept.id).await.map_err(AddPhotoError::Internal)?;
            return Err(error.into());
        }
        Ok(())
    }

    /// WeChat has looked at a photo.
    pub(crate) async fn judged(&self, checked: &MediaChecked) -> Result<(), Internal> {
        if checked.verdict == MediaVerdict::Risky {
            self.repository.hide(checked.subject.parse()?).await?;
        }
        Ok(())
    }

    async fn add_row(&self, user: &User, file: &StoredFile) -> Result<Kept, AddPhotoError> {
        let thumbnail = match thumbnail::draw(&self.files, file.key()).await {
            Ok(bytes) => {
                let added = self.files.add("thumbnails", Format::JPEG, bytes).await;
                added.map_err(AddPhotoError::Internal)?
            }
            Err(Undrawable::Picture) => return Err(AddPhotoError::Unreadable),
            Err(Undrawable::Store(error)) => return Err(error.into()),
        };
        let (width, height) = file.dimensions().unwrap_or_default();
        let kept = Kept {
            id: Uuid::now_v7(),
            file_key: file.key().to_string(),
            thumbnail_key: thumbnail.key().to_string(),
            width,
            height,
            // No operation takes more than 20 MiB.
            size: u32::try_from(file.size()).unwrap_or(u32::MAX),
            created_at: self.clock.now(),
        };
        if let Err(error) = self.repository.add(user.id, &kept).await {
            self.files.remove(thumbnail.key()).await?;
            return Err(error.into());
        }
        Ok(kept)
    }

    pub(crate) async fn delete(&self, user: &User, id: Uuid) -> Result<(), PhotoError> {
        let there = self.take_away(user, id).await.map_err(PhotoError::Internal)?;
        there.then_some(()).ok_or(PhotoError::NotFound)
    }

    /// Whether there was such a photo.
    async fn take_away(&self, user: &User, id: Uuid) -> Result<bool, Internal> {
        let Some(kept) = self.repository.delete(user.id, id).await? else { return Ok(false) };
        for key in [&kept.file_key, &kept.thumbnail_key] {
            self.files.remove(&key.parse()?).await?;
        }
        Ok(true)
    }

    pub(crate) async fn list_comments(&self, user: &User, photo: Uuid) -> Result<Vec<Comment>, PhotoError> {
        self.known(photo).await?;
        Ok(self.comments.list(photo, user.id).await?)
    }

    pub(crate) async fn add_comment(
        &self,
        user: &User,
        photo: Uuid,
        new: NewComment,
    ) -> Result<Comment, PhotoError> {
        let owner = self.repository.owner(photo).await?.ok_or(PhotoError::NotFound)?;
        let created_at = self.clock.now();
        let comment = Comment { id: Uuid::now_v7(), text: new.text, own: true, created_at };
        self.comments.add(photo, user.id, &comment).await?;
        if owner != user.id {
            let (album, message) = (self.clone(), Commented::new(photo, &comment.text, created_at));
            // WeChat may take its time: who commented does not wait for it.
            tokio::spawn(async move { album.tell(owner, message).await }.in_current_span());
        }
        Ok(comment)
    }

    /// The comment stands, whether its owner hears of it or not.
    async fn tell(&self, owner: Uuid, message: Commented) {
        match self.subscriptions.send(owner, &message).await {
            Ok(sent) => tracing::info!(%owner, ?sent, "a comment"),
            Err(error) => {
                tracing::warn!(%owner, %error, "the owner of a photo could not be told of a comment")
            }
        }
    }

    /// How many photos somebody has who wrote in a mini-program, and may never have logged in.
    pub(crate) async fn count(&self, appid: &str, openid: &str) -> Result<u64, StoreError> {
        let account = self.accounts.sign_in(&Identity::new(appid, openid), self.clock.now()).await?;
        self.repository.count(account.id.0).await
    }

    async fn known(&self, photo: Uuid) -> Result<(), PhotoError> {
        self.repository.exists(photo).await?.then_some(()).ok_or(PhotoError::NotFound)
    }

    pub(crate) async fn set_phone(&self, user: &User, phone: &PhoneNumber) -> Result<Phone, StoreError> {
        self.phones.set(user.id, phone).await?;
        Ok(Phone { country_code: phone.country_code.clone(), masked: masked(&phone.pure_phone_number) })
    }

    async fn show(&self, kept: &Kept) -> Result<Photo, Internal> {
        Ok(Photo {
            id: kept.id,
            picture: self.files.url(&kept.file_key.parse()?).await?,
            thumbnail: self.files.url(&kept.thumbnail_key.parse()?).await?,
            width: kept.width,
            height: kept.height,
            size: kept.size,
            created_at: kept.created_at,
        })
    }
}

/// The first three and the last two digits, as WeChat's guide on security shows numbers.
fn masked(number: &str) -> String {
    let digits: Vec<char> = number.chars().collect();
    let hidden = 3..digits.len().saturating_sub(2);
    digits.iter().enumerate().map(|(at, digit)| if hidden.contains(&at) { '*' } else { *digit }).collect()
}
