//! The framework for WeChat mini-program (微信小程序) backends.
//!
//! Handlers are written in Rust; routes, OpenAPI document, typed client for the mini-program, login and validation follow
//! from their signatures.
//!
//! ```no_run
//! use queqiao::prelude::*;
//!
//! /// A book.
//! #[model]
//! struct Book {
//!     #[check(length = 1..=200)]
//!     title: String,
//! }
//!
//! /// Recommend a book.
//! #[get("/recommendation")]
//! async fn recommendation(_reader: User) -> Book {
//!     Book { title: "围城".to_owned() }
//! }
//!
//! #[tokio::main]
//! async fn main() -> queqiao::Result {
//!     let api = Api::new("library", env!("CARGO_PKG_VERSION")).routes(routes![recommendation]);
//!     queqiao::serve(api, async |_: &queqiao::Boot| Ok(())).await
//! }
//! ```
//!
//! # Where to look
//!
//! | for | see |
//! | --- | --- |
//! | handlers and their path | [`get`], [`post`], [`put`](macro@put), [`delete`], [`routes!`](routes!) |
//! | types of the contract and their constraints | [`model`] |
//! | the ways to fail | [`derive@ApiError`], [`Internal`], [`Problem`] |
//! | lists | [`Page`], [`Paging`], [`Sort`], [`list`] |
//! | arguments | [`Path`], [`Query`], [`Json`], [`Header`], [`State`], [`User`], [`Role`], [`Raw`], [`extract`] |
//! | repeats that do no harm | `idempotent` of [`post`], `Tx` (feature `server`) |
//! | versions of one thing | [`Tagged`], [`IfMatch`], [`EntityTag`] |
//! | files that users send | `upload` (feature `server`) |
//! | messages of WeChat's, and to users who subscribed | `message`, `subscribe` (feature `server`) |
//! | content security | `content` (feature `server`) |
//! | phone numbers, encrypted data | `WeChatUser`, `PhoneCode`, `Encrypted` (feature `server`) |
//! | answers | [`Reply`], [`Created`], [`NoContent`], [`Redirect`], [`File`] |
//! | the whole | [`Api`]; [`releases!`](releases!) for the versions that went out |
//! | running it | `serve`, `Boot` (feature `server`) |
//! | testing it | `TestApp` (feature `test`) |
//!
//! # Features
//!
//! | feature | default | brings |
//! | --- | --- | --- |
//! | `server` | yes | `serve`, configuration, login, storage, the documentation page |
//! | `postgres`, `mysql` | no | databases for those who outgrow one file |
//! | `redis` | no | what may live there: key-values, leases, login codes, idempotency records |
//! | `emulator` | yes | WeChat offline, for development |
//! | `s3`, `oss`, `cos` | no | uploaded files in a bucket of Amazon S3 (or a store of its API), Aliyun OSS, Tencent COS |
//! | `decimal` | no | [`types`]: `Decimal`, exact, over the crate `rust_decimal` |
//! | `chrono` | no | the types of this crate in models |
//! | `test` | no | the test kit; for dev-dependencies |
//!
//! Without `server`, [`Api::into_router`] mounts the handlers in an existing axum application.

extern crate self as queqiao;

mod api;
#[cfg(feature = "server")]
mod apps;
mod auth;
#[cfg(doctest)]
mod book;
#[cfg(feature = "server")]
mod clients;
#[cfg(feature = "server")]
pub mod content;
mod context;
mod document;
mod endpoint;
mod entity_tag;
pub mod extract;
mod idempotency;
pub mod list;
#[cfg(feature = "server")]
pub mod message;
mod model;
mod problem;
mod reply;
#[cfg(feature = "server")]
mod serve;
#[cfg(feature = "server")]
pub mod subscribe;
#[cfg(feature = "test")]
mod test_app;
pub mod types;
#[cfg(feature = "server")]
pub mod upload;
#[cfg(feature = "server")]
mod wechat_user;

pub use axum;
#[cfg(feature = "chrono")]
pub use chrono;
pub use jiff;
#[cfg(feature = "decimal")]
pub use rust_decimal;
pub use schemars;
pub use serde;
pub use serde_json;
pub use uuid;

pub use queqiao_macros::{
    ApiError, SubscribeMessage, delete, get, message, messages, migrations, model, patch, post, put,
    releases, routes,
};
#[cfg(feature = "server")]
pub use queqiao_storage::{
    Account, Accounts, BadObjectKey, Clock, Database, DeadLetter, Engine, Entry, Expected, FailedDelivery,
    Grant, GrantCounts, Identity, Inbox, InboxCounts, KeyValues, Leased, Leases, MessageKey, Migration,
    ObjectError, ObjectKey, ObjectStore, Row, StoreError, SubscriptionGrants, Transaction, UserId, sqlx,
    values,
};
/// WeChat's server API.
#[cfg(feature = "server")]
pub use queqiao_wechat as wechat;

pub use crate::api::{Api, BuildError, Built, Routes};
#[cfg(feature = "server")]
pub use crate::apps::MiniProgram;
pub use crate::auth::{Authenticate, Caller, Role, RoleName, User};
pub use crate::context::{Context, FromRef, Limits, Services};
pub use crate::document::{Document, Operation, Security};
pub use crate::endpoint::{Deprecated, Endpoint, Meta, Method};
pub use crate::entity_tag::EntityTag;
#[cfg(feature = "server")]
pub use crate::extract::Tx;
pub use crate::extract::{
    Extract, Header, HeaderField, IfMatch, Incoming, Json, Path, PreconditionFailed, Query, Raw, RawBody,
    State,
};
pub use crate::list::{Page, Paging, Sort};
pub use crate::model::{Checker, Model, Violation};
pub use crate::problem::{
    ApiError, Audience, Detail, ErrorCase, ErrorSet, FieldError, Internal, Language, Location, Problem, Text,
};
pub use crate::reply::{Created, File, MediaType, NoContent, Redirect, Reply, Tagged};
#[cfg(feature = "server")]
pub use crate::serve::{Boot, ConfigError, Connect, Error, Result, serve};
#[cfg(feature = "server")]
pub use crate::subscribe::SubscribeMessage;
#[cfg(feature = "test")]
pub use crate::test_app::{TestApp, TestRequest, TestResponse, TestUser};
#[cfg(feature = "server")]
pub use crate::wechat_user::{DecryptError, Encrypted, EncryptedData, PhoneCode, PhoneError, WeChatUser};
/// The emulator that stands in for WeChat in a [`TestApp`].
#[cfg(feature = "test")]
pub use queqiao_emulator as emulator;

/// What a file with handlers and models needs.
pub mod prelude {
    pub use uuid::Uuid;

    pub use crate::{
        Api, ApiError, Created, File, FromRef, Header, HeaderField, IfMatch, Internal, Json, Language,
        MediaType, NoContent, Page, Paging, Path, Query, Raw, Redirect, Role, RoleName, Sort, State, Tagged,
        User, delete, get, model, patch, post, put, routes,
    };

    #[cfg(feature = "server")]
    pub use crate::Tx;
}

/// For the macros; not for users.
#[doc(hidden)]
pub mod __private {
    pub use schemars;
    pub use serde;

    pub use crate::model::constraints;
    pub use crate::problem::{DetailOf, Details, both, plain};
}
