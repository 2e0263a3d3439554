//! `encryptedData` (加密数据): what the user's WeChat encrypts with the session_key.

use std::fmt;
use std::time::Duration;

use queqiao_storage::StoreError;
use queqiao_wechat::{self as wechat, Decrypted};
use serde_json::Value;

use super::WeChatUser;
use crate::auth::challenged;
use crate::context::Context;
use crate::document::Operation;
use crate::extract::{Extract, Incoming, Json};
use crate::model;
use crate::model::{Checker, Model};
use crate::problem::{self, ApiError, ErrorCase, ErrorSet, Internal, Problem};

/// What an API of the mini-program answers with `encryptedData` and `iv`, as it was encrypted there.
///
/// [`Encrypted`] is a body of this shape that is decrypted before the handler runs. As a member of a model it is
/// decrypted by [`WeChatUser::decrypt`].
#[model]
#[derive(Clone)]
pub struct EncryptedData {
    /// Base64, as it came.
    #[check(length = 1..=wechat::LONGEST_ENCRYPTED_DATA)]
    pub encrypted_data: String,
    /// Base64 of 16 bytes, as it came.
    #[check(length = 24)]
    pub iv: String,
}

impl fmt::Debug for EncryptedData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptedData")
            .field("characters", &self.encrypted_data.len())
            .finish_non_exhaustive()
    }
}

/// A body `{"encryptedData": "…", "iv": "…"}`, decrypted into `T` with one of the user's newest session_keys.
///
/// The watermark must be of this mini-program, and at most `SECONDS` old. What the body holds is only as true as the
/// session_key is secret, which is why it never leaves the server. `T` stands in no document: it is what WeChat's page on
/// the API of the mini-program says.
///
/// It must be the handler's last argument.
///
/// ```
/// use queqiao::prelude::*;
/// use queqiao::Encrypted;
///
/// /// What `wx.getWeRunData` encrypts.
/// #[model]
/// struct WeRunData {
///     step_info_list: Vec<Steps>,
/// }
///
/// /// A day.
/// #[model]
/// struct Steps {
///     timestamp: u32,
///     step: u32,
/// }
///
/// /// Bring the steps of the last days.
/// #[post("/steps")]
/// async fn add_steps(_user: User, run: Encrypted<WeRunData>) -> u32 {
///     run.data.step_info_list.iter().map(|day| day.step).sum()
/// }
/// # let _ = routes![add_steps] as queqiao::Routes<()>;
/// ```
///
/// # Errors
/// Those of a login and of [`Json`]; 401 `auth.session_stale` if none of the kept session_keys fits, on which the
/// generated client logs in once and repeats; 422 `encrypted.shape` for data of another API, and `encrypted.too_old`.
#[derive(Clone, Debug)]
pub struct Encrypted<T, const SECONDS: u64 = 300> {
    /// The data.
    pub data: T,
    /// When the user's WeChat made it, in Unix seconds.
    pub encrypted_at: i64,
}

/// Why data was not decrypted.
#[derive(Debug)]
#[non_exhaustive]
pub enum DecryptError {
    /// 401 `auth.session_stale`: none of the kept session_keys fits.
    SessionStale,
    /// 422 `encrypted.shape`: it decrypts, and is not what is expected.
    Shape,
    /// 422 `encrypted.too_old`: it was made too long ago.
    TooOld,
    /// 500 `internal`.
    Internal(Internal),
}

const CASES: [ErrorCase; 3] =
    [problem::AUTH_SESSION_STALE, problem::ENCRYPTED_SHAPE, problem::ENCRYPTED_TOO_OLD];

impl ApiError for DecryptError {
    fn describe(errors: &mut ErrorSet) {
        CASES.into_iter().for_each(|case| errors.case(case));
        Internal::describe(errors);
    }

    fn into_problem(self) -> Problem {
        match self {
            DecryptError::SessionStale => challenged(Problem::from_case(&problem::AUTH_SESSION_STALE)),
            DecryptError::Shape => Problem::from_case(&problem::ENCRYPTED_SHAPE),
            DecryptError::TooOld => Problem::from_case(&problem::ENCRYPTED_TOO_OLD),
            DecryptError::Internal(source) => Problem::internal(source),
        }
    }
}

impl fmt::Display for DecryptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecryptError::SessionStale => problem::AUTH_SESSION_STALE.title.fmt(f),
            DecryptError::Shape => problem::ENCRYPTED_SHAPE.title.fmt(f),
            DecryptError::TooOld => problem::ENCRYPTED_TOO_OLD.title.fmt(f),
            DecryptError::Internal(source) => source.fmt(f),
        }
    }
}

impl std::error::Error for DecryptError {}

impl From<StoreError> for DecryptError {
    fn from(error: StoreError) -> Self {
        DecryptError::Internal(error.into())
    }
}

impl From<wechat::DecryptError> for DecryptError {
    fn from(error: wechat::DecryptError) -> Self {
        match error {
            wechat::DecryptError::Shape => DecryptError::Shape,
            wechat::DecryptError::TooOld => DecryptError::TooOld,
            // Whatever else there will be: a login and new data mend it.
            _ => DecryptError::SessionStale,
        }
    }
}

impl WeChatUser {
    /// Decrypts data with the newest of the user's kept session_keys that fits, checks that it is of this mini-program
    /// and at most `age` old, and that it is a valid `T`.
    ///
    /// # Errors
    /// Ready for an `#[error(transparent)]` variant of the handler's own error: see [`DecryptError`].
    pub async fn decrypt<T: Model>(
        &self,
        data: &EncryptedData,
        age: Duration,
    ) -> Result<Decrypted<T>, DecryptError> {
        let appid = self.program.appid();
        let keys = self.users.session_keys.newest(appid, &self.openid).await?;
        let sealed =
            wechat::EncryptedData { encrypted_data: data.encrypted_data.clone(), iv: data.iv.clone() };
        let opened = sealed.decrypt_with_any::<Value>(keys.iter().map(|key| &key.key), appid)?;
        let Decrypted { data, watermark } = opened.no_older_than(age, self.users.clock.now())?;
        let data = T::deserialize(data).map_err(|_| DecryptError::Shape)?;
        let mut broken = Vec::new();
        data.check(&mut Checker::root(&mut broken));
        match broken.is_empty() {
            true => Ok(Decrypted { data, watermark }),
            false => Err(DecryptError::Shape),
        }
    }
}

impl<S, T, const SECONDS: u64> Extract<S> for Encrypted<T, SECONDS>
where
    S: Send + Sync,
    T: Model + Send,
{
    fn describe(operation: &mut Operation<'_>) {
        <WeChatUser as Extract<S>>::describe(operation);
        <Json<EncryptedData> as Extract<S>>::describe(operation);
        CASES.into_iter().for_each(|case| operation.error(case));
        operation.nothing_to_judge::<T>();
    }

    async fn extract(request: &mut Incoming, context: &Context<S>) -> Result<Self, Problem> {
        let user = <WeChatUser as Extract<S>>::extract(request, context).await?;
        let Json(data) = <Json<EncryptedData> as Extract<S>>::extract(request, context).await?;
        let age = Duration::from_secs(SECONDS);
        let Decrypted { data, watermark } = user.decrypt(&data, age).await.map_err(ApiError::into_problem)?;
        Ok(Self { data, encrypted_at: watermark.timestamp })
    }
}
