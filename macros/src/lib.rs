//! Attributes and derives of the [queqiao](https://docs.rs/queqiao) framework; use them through that crate.
//!
//! | macro | stands on | states |
//! | --- | --- | --- |
//! | [`get`], [`post`], [`put`], [`delete`] | `async fn` | method and path of a handler |
//! | [`routes!`](routes!) | | which handlers an API has |
//! | [`macro@message`] | `async fn` | which messages of WeChat's a handler takes |
//! | [`messages!`](messages!) | | which of these an API has |
//! | [`model`] | struct, enum | a type of the contract, with its constraints |
//! | [`derive@ApiError`] | enum | the ways in which an operation fails |
//! | [`derive@SubscribeMessage`] | struct | a message to users who subscribed |
//! | [`migrations!`](migrations!) | | SQL files as data of the program |
//! | [`releases!`](releases!) | | the stored releases of the mini-program |
//!
//! Each parses, checks and points at mistakes (all of one item at once, each on its token), and emits little: a table
//! of constants, and calls of the framework.

mod api_error;
mod docs;
#[cfg(test)]
mod golden;
mod handler;
mod message;
mod migrations;
mod mistakes;
mod model;
mod names;
mod releases;
mod root;
mod routes;
mod subscribe;

use proc_macro::TokenStream;

use crate::handler::Method;

/// A handler that answers `GET`: it reads, and takes no body.
///
/// ```
/// use queqiao::prelude::*;
/// use queqiao::{get, model};
///
/// #[model]
/// struct Greeting {
///     text: String,
/// }
///
/// #[model]
/// struct Name {
///     name: Option<String>,
/// }
///
/// /// Say hello.
/// ///
/// /// Whoever gives no name is the world.
/// #[get("/hello")]
/// async fn hello(Query(Name { name }): Query<Name>) -> Greeting {
///     Greeting { text: format!("Hello, {}!", name.as_deref().unwrap_or("world")) }
/// }
/// # let _ = queqiao::routes![hello] as queqiao::Routes<()>;
/// ```
///
/// # The attribute
///
/// `#[get("/path/{parameter}", operation_id = "…", tag = "…", sunset = "…")]`, and on the other methods `idempotent`
///
/// - The path starts with a slash, does not end with one, and holds parameters in braces that fill a whole segment.
///   `Path<_>` takes them. What comes after `?` is taken by `Query<_>`.
/// - `operation_id` is the name of the client's function; without it, the handler's name in camelCase
///   (`list_todos` becomes `listTodos`).
/// - `tag` groups operations in the document; without it, the handler's module.
/// - `idempotent` (not on GET, which only reads): a request that comes again under its `Idempotency-Key` is answered as the
///   first was, and not carried out again. The generated client makes the keys and repeats such calls by itself.
/// - `sunset` is the day on which a deprecated operation ends, as in `2027-06-30`: its answers say so.
///
/// # What follows from the rest
///
/// - The first paragraph of the doc comment is the operation's summary, the rest its description. `#[deprecated]` is
///   carried over; its `since` is a day, as in `2026-11-01`, which answers tell.
/// - Each argument (up to eight) is an extractor, which says what the operation reads and who may call it:
///   `Path<_>`, `Query<_>`, `Json<_>`, `Header<_>`, `State<_>`, `User`, `Option<User>`, `Role<_>`, `Raw<_>`, or a type
///   of your own with `Extract`.
/// - The return type says what it answers: a model, `Vec` or `Option` of one, `Created<_>`, `NoContent`, `Redirect`,
///   `File<_>`, `Raw<_>`, or `Result<_, E>` of one with `#[derive(ApiError)] enum E`. No return type is 204.
///
/// The function stays as it is, so that a test can call it. A handler is not generic and not a method: one handler
/// is one operation of the contract. Its future must be `Send`: do not hold an `Rc`, or the guard of a
/// `std::sync::Mutex`, over an `.await`.
///
/// A private handler that no [`routes!`](routes!) names is reported by rustc as a struct that is never constructed.
#[proc_macro_attribute]
pub fn get(options: TokenStream, item: TokenStream) -> TokenStream {
    handler::expand(Method::Get, options.into(), item.into(), &root::root()).into()
}

/// A handler that answers `POST`: it creates, or does anything that is not the same when done twice.
///
/// ```
/// use queqiao::prelude::*;
/// use queqiao::{model, post};
///
/// #[model]
/// struct NewTodo {
///     #[check(length = 1..=100)]
///     title: String,
/// }
///
/// #[model]
/// struct Todo {
///     id: Uuid,
///     title: String,
/// }
///
/// /// Add a todo.
/// #[post("/todos")]
/// async fn add_todo(Json(new): Json<NewTodo>) -> Created<Todo> {
///     Created(Todo { id: Uuid::nil(), title: new.title })
/// }
/// # let _ = queqiao::routes![add_todo] as queqiao::Routes<()>;
/// ```
///
/// The body is checked before the handler runs: a title of 101 characters is answered by 422 with
/// `{"pointer": "/title", "code": "length"}`. Everything else is as with [`get`].
#[proc_macro_attribute]
pub fn post(options: TokenStream, item: TokenStream) -> TokenStream {
    handler::expand(Method::Post, options.into(), item.into(), &root::root()).into()
}

/// A handler that answers `PUT`: it replaces a thing, or brings it into a state.
///
/// ```
/// use queqiao::prelude::*;
/// use queqiao::put;
///
/// /// Mark one todo as done.
/// #[put("/todos/{id}/done", tag = "todos")]
/// async fn finish_todo(Path(id): Path<Uuid>) -> NoContent {
///     NoContent
/// }
/// # let _ = queqiao::routes![finish_todo] as queqiao::Routes<()>;
/// ```
///
/// There is no `PATCH` in a mini-program, so this is also the method for a change of some fields.
/// Everything else is as with [`get`].
#[proc_macro_attribute]
pub fn put(options: TokenStream, item: TokenStream) -> TokenStream {
    handler::expand(Method::Put, options.into(), item.into(), &root::root()).into()
}

/// A handler that answers `DELETE`: it removes, and takes no body.
///
/// ```
/// use queqiao::prelude::*;
/// use queqiao::delete;
///
/// /// Delete one todo.
/// #[delete("/todos/{id}")]
/// async fn delete_todo(Path(id): Path<Uuid>) {}
/// # let _ = queqiao::routes![delete_todo] as queqiao::Routes<()>;
/// ```
///
/// Everything else is as with [`get`].
#[proc_macro_attribute]
pub fn delete(options: TokenStream, item: TokenStream) -> TokenStream {
    handler::expand(Method::Delete, options.into(), item.into(), &root::root()).into()
}

/// Refuses: [`wx.request`](https://developers.weixin.qq.com/miniprogram/dev/api/network/request/wx.request.html) cannot
/// send `PATCH`. Use [`put`] or [`post`].
#[proc_macro_attribute]
pub fn patch(_options: TokenStream, item: TokenStream) -> TokenStream {
    handler::refuse_patch(item.into(), &root::root()).into()
}

/// The handlers of an API, by their names: `routes![list_todos, admin::statistics]`.
///
/// ```
/// use queqiao::{Api, get, routes};
///
/// mod admin {
///     /// Delete everything.
///     #[queqiao::delete("/everything")]
///     pub async fn purge() {}
/// }
///
/// /// Do nothing.
/// #[get("/nothing")]
/// async fn nothing() {}
///
/// fn api() -> Api<()> {
///     Api::new("example", "1.0.0").routes(routes![nothing, admin::purge])
/// }
/// # let _ = api();
/// ```
///
/// A function without `#[get]`, `#[post]`, `#[put]` or `#[delete]` is no handler; rustc says of it that a struct was
/// expected and a function found, at its name.
#[proc_macro]
pub fn routes(input: TokenStream) -> TokenStream {
    routes::expand(&routes::List::Routes, input.into(), &root::root()).into()
}

/// A type of the contract: it has a schema, travels as JSON, and is checked at every depth when it comes in.
///
/// ```
/// use queqiao::model;
///
/// /// Something to do.
/// #[model]
/// #[derive(Debug, Clone)]
/// struct NewTodo {
///     /// In a few words.
///     #[check(length = 1..=100)]
///     title: String,
///     #[check(range = 1..=5)]
///     priority: Option<u8>,
///     #[check(length = ..=10, unique, each(length = 1..=20))]
///     tags: Vec<String>,
/// }
/// # use queqiao::{Checker, Model};
/// # let todo = NewTodo { title: "汉".repeat(101), priority: Some(6), tags: vec!["a".into(), "".into()] };
/// # let mut errors = Vec::new();
/// # todo.check(&mut Checker::root(&mut errors));
/// # let pointers: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
/// # assert_eq!(pointers, ["/title", "/priority", "/tags/1"]);
/// ```
///
/// It derives serde's `Serialize` and `Deserialize` and schemars' `JsonSchema` (a crate needs neither as a dependency),
/// and implements `Model`. Names on the wire are camelCase, unless `#[serde(rename_all = "…")]` says otherwise. The
/// doc comments of the type and its fields become descriptions. Attributes of serde and schemars are passed on.
///
/// Structs and enums can be models, with serde's tags and type parameters (`Page<Todo>` is the component `Page_Todo`);
/// borrowed data cannot. `#[model(name = "TodoItem")]` names the component, where two types have the same name.
///
/// # Constraints
///
/// One declaration gives the keyword in the document and the check on the server. They apply through `Option` and
/// `Box`; several stand in one `#[check(…)]` or in several.
///
/// | `#[check(…)]` | for | meaning | code |
/// | --- | --- | --- | --- |
/// | `length = 1..=100`, `length = 6`, `length = ..=10` | texts | characters (never bytes) | `length` |
/// | the same | sequences, sets; maps | items; entries | `length` |
/// | `range = 0..=10`, `range = 1..`, `range = 0.0..1.0` | numbers | as Rust's ranges | `range` |
/// | `above = 0.0` | numbers | greater than | `range` |
/// | `pattern = r"^1[3-9][0-9]{9}$"` | texts | matches somewhere, so anchor it; JavaScript's and Rust's common ground, anything else is refused | `pattern` |
/// | `email` | texts | as browsers understand it | `email` |
/// | `url` | texts | an absolute http or https URL | `url` |
/// | `unique` | sequences | no two items are equal (`Eq`, `Hash`) | `unique` |
/// | `content_security` | texts | WeChat passes it, in a body taken as `content::Checked` or `content::Judged` | `risky`, `review` |
/// | `each(…)` | sequences, sets, maps | the constraints hold for each item or value | |
/// | `custom = path::to::function` | anything | a check of your own | its own |
/// | `message = "must be a mobile number"` | | replaces the words of the constraints beside it | |
/// | `message(zh = "须为手机号", en = "must be a mobile number")` | | the same, in the language of the reader | |
/// | `skip` | | the field's type need not be a model, and is not walked | |
///
/// Bounds may be constants: `length = 1..=MAX_TITLE`.
///
/// A check of your own takes a reference and returns a code and a message. On the type it sees the whole value, and
/// may point at a field by its wire name:
///
/// ```
/// use queqiao::{Violation, model};
///
/// #[model]
/// #[check(custom = ends_after_start)]
/// struct Span {
///     starts_at: u32,
///     #[check(custom = even)]
///     ends_at: u32,
/// }
///
/// fn even(number: &u32) -> Result<(), (&'static str, &'static str)> {
///     if number.is_multiple_of(2) { Ok(()) } else { Err(("even", "must be even")) }
/// }
///
/// fn ends_after_start(span: &Span) -> Result<(), Violation> {
///     if span.starts_at < span.ends_at {
///         return Ok(());
///     }
///     Err(Violation::new("order", "must be after the start").at("endsAt"))
/// }
/// # use queqiao::{Checker, Model};
/// # let mut errors = Vec::new();
/// # Span { starts_at: 5, ends_at: 3 }.check(&mut Checker::root(&mut errors));
/// # assert_eq!(errors.iter().map(|error| &*error.code).collect::<Vec<_>>(), ["even", "order"]);
/// ```
///
/// # Examples for readers
///
/// `#[example("买牛奶")]` on a field, with one or more values that serde can write, and `#[model(example = …)]` on the
/// type stand in the schema's `examples`. Building the `Api` tries each: serde must read it, and it must keep the
/// constraints.
///
/// # Where an error is
///
/// As a JSON pointer on the wire, with wire names: through `Option`, sequences (`/items/0`), maps (`/prices/a~1b`),
/// variants (`/circle/radius`, or as `tag` and `content` say), and without a step through newtypes and
/// `#[serde(flatten)]`. Items of a set are reported at the set, whose order is not kept.
///
/// A type that is converted by `#[serde(from = "Wire", into = "Wire")]` is checked as the `Wire` that it was.
#[proc_macro_attribute]
pub fn model(options: TokenStream, item: TokenStream) -> TokenStream {
    model::expand(options.into(), item.into(), &root::root()).into()
}

/// The ways in which an operation fails, one variant each.
///
/// ```
/// use queqiao::{ApiError, Internal};
///
/// #[derive(ApiError)]
/// enum TodoError {
///     /// No such todo.
///     ///
///     /// It may have been deleted, or belong to somebody else.
///     #[error(status = 404)]
///     NotFound,
///     /// The todo is done already.
///     #[error(status = 409, code = "todo.done", zh = "这条待办已经完成了。")]
///     AlreadyDone,
///     /// At most {most} todos.
///     #[error(status = 409)]
///     TooMany {
///         /// How many a user may have.
///         most: u32,
///     },
///     #[error(transparent)]
///     Share(ShareError),
///     #[error(internal, from(std::io::Error))]
///     Internal(Internal),
/// }
///
/// #[derive(ApiError)]
/// enum ShareError {
///     /// The friend has left.
///     #[error(status = 410)]
///     Gone,
/// }
///
/// fn read() -> Result<String, TodoError> {
///     Ok(std::fs::read_to_string("no/such/file")?)
/// }
/// # assert_eq!(TodoError::NotFound.into_problem().code(), "todo.not_found");
/// # assert_eq!(TodoError::AlreadyDone.into_problem().code(), "todo.done");
/// # assert_eq!(read().unwrap_err().into_problem().code(), "internal");
/// # assert_eq!(TodoError::NotFound.to_string(), "No such todo.");
/// # assert_eq!(TodoError::TooMany { most: 5 }.to_string(), "At most 5 todos.");
/// # assert_eq!(TodoError::from(ShareError::Gone).into_problem().code(), "share.gone");
/// # impl std::fmt::Debug for TodoError {
/// #     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { write!(f, "{self}") }
/// # }
/// ```
///
/// - **status**: 400 to 599.
/// - **code**: what programs go by: the type's name without `Error` in snake_case, a dot, the variant's name in
///   snake_case. `code = "…"` on a variant and `#[error(prefix = "…")]` on the type override it. Changing a code breaks
///   clients.
/// - **title**: the first paragraph of the variant's doc comment; **detail**: the rest. `{field}` tells a field, which
///   must be `Display`; `{{` and `}}` are braces.
/// - **`zh`**, **`en`**: the same texts in the language that the doc comment is not in, an empty line (`\n\n`) between
///   title and detail. The request's `Accept-Language` chooses.
/// - **named fields**: sent as the problem's `details` under camelCase names, with their doc comments as descriptions. Each
///   type must be a `queqiao::Model`.
/// - **`transparent`**: the variant holds another error and is it, with all its cases; `?` converts.
/// - **`internal`**: a failure of the infrastructure, answered by 500 `internal`. The variant holds a
///   `queqiao::Internal`, which goes to the log and never to the client. `from(…)` lists the errors that `?` converts
///   into it; each must be a `std::error::Error`.
///
/// `Display` is implemented too (the title, or the source). For `std::error::Error`, add `#[derive(Debug)]` and
/// `impl std::error::Error for TodoError {}`.
#[proc_macro_derive(ApiError, attributes(error))]
pub fn api_error(item: TokenStream) -> TokenStream {
    api_error::expand(item.into(), &root::root()).into()
}

/// A subscribe message (订阅消息): one field for each key of its template.
///
/// ```
/// use queqiao::SubscribeMessage;
///
/// /// Somebody commented on your photo.
/// #[derive(SubscribeMessage)]
/// struct Commented {
///     /// 评论内容
///     thing1: String,
///     /// 评论时间
///     time2: String,
///     /// What a tap on the message opens.
///     #[subscribe(page)]
///     page: String,
/// }
///
/// assert_eq!(<Commented as queqiao::subscribe::SubscribeMessage>::NAME, "commented");
/// ```
///
/// - A field has the name of a key in the app's template (`thing1`, `time2`, `character_string3`); its type is anything
///   with `Display`. Each value is checked by the rule of its kind before it is sent.
/// - `#[subscribe(page)]` marks the field, a `String` or an `Option` of one, with the page that the message opens.
/// - The name, by which pages and the configuration (`wechat.templates`) know it, is the type's in `snake_case`, or what
///   `#[subscribe(name = "…")]` says.
#[proc_macro_derive(SubscribeMessage, attributes(subscribe))]
pub fn subscribe_message(item: TokenStream) -> TokenStream {
    subscribe::expand(item.into(), &root::root()).into()
}

/// The SQL files of a folder beside `Cargo.toml`, as `&'static [queqiao::Migration]`.
///
/// ```ignore
/// queqiao::migrations!("migrations")   // needs the folder: 0001_create_todos.sql, 0002_add_notes.sql, …
/// ```
///
/// A file is named by its number (from 1, unique), an underscore and words. The files are read when the program is
/// compiled, so that it needs none of them when it runs. Cargo sees that a file changes, but not that one is added; so
/// that it does, let a `build.rs` say:
///
/// ```
/// println!("cargo:rerun-if-changed=migrations");
/// ```
#[proc_macro]
pub fn migrations(input: TokenStream) -> TokenStream {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(std::path::PathBuf::from).unwrap_or_default();
    migrations::expand(input.into(), &package, &root::root()).into()
}

/// The text of `contracts/releases.json` beside `Cargo.toml`, for `Api::releases`; an empty one where there is no such
/// file.
///
/// ```ignore
/// Api::new("library", env!("CARGO_PKG_VERSION")).releases(queqiao::releases!())
/// ```
///
/// `cargo queqiao release <label>` writes the file. Cargo sees that it changes, but not that it comes into being: after
/// the first release, compile anew (`cargo clean -p <package>`; the server warns at start until then), or let a `build.rs`
/// say:
///
/// ```
/// println!("cargo:rerun-if-changed=contracts");
/// ```
#[proc_macro]
pub fn releases(input: TokenStream) -> TokenStream {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(std::path::PathBuf::from).unwrap_or_default();
    releases::expand(input.into(), &package).into()
}

/// A handler of messages that WeChat pushes (消息推送).
///
/// ```
/// use queqiao::message::{Answer, Attempt, Push};
/// use queqiao::prelude::*;
/// use queqiao::wechat::push::{Message, SubscribeMsgSent, Text};
/// use queqiao::{MiniProgram, message, messages};
///
/// /// A user writes in the customer-service chat.
/// #[message(text)]
/// async fn on_text(message: Message, Push(text): Push<Text>) -> Answer {
///     Answer::text(format!("{}, you said: {}", message.from(), text.content))
/// }
///
/// /// A subscribe message was delivered, or was not.
/// #[message(event = "subscribe_msg_sent_event")]
/// async fn on_sent(program: MiniProgram, attempt: Attempt, Push(sent): Push<SubscribeMsgSent>) -> Result<(), Internal> {
///     println!("{} {} {:?}", program.name(), attempt.identity, sent.list);
///     Ok(())
/// }
///
/// /// Whatever else WeChat tells.
/// #[message(any)]
/// async fn on_rest(message: Message) {
///     println!("{}", message.kind());
/// }
///
/// let api: Api = Api::new("shop", "1.0.0").messages(messages![on_text, on_sent, on_rest]);
/// ```
///
/// # The attribute
///
/// - `#[message(text)]`: messages of a user by their `MsgType`, as `text`, `image`, `miniprogrampage`.
/// - `#[message(event = "…")]`: an event by its name.
/// - `#[message(any)]`: what no other handler takes.
///
/// # Arguments and answer
///
/// Up to eight arguments: `Push<_>` (the fields, in a type with `Payload`, whose kind must be the attribute's),
/// `Message` (all of it), `State<_>`, `MiniProgram`, `Attempt`, or a type of your own with `FromMessage`. It returns
/// nothing, an `Answer`, an `Option<Answer>`, or a `Result` of these; after an error the message is tried again.
///
/// # What does not compile
///
/// An argument that only a user's request has, told at the argument:
///
/// ```compile_fail
/// #[queqiao::message(text)]
/// async fn on_text(user: queqiao::User) {}
/// ```
///
/// Fields of another kind than the attribute names:
///
/// ```compile_fail
/// use queqiao::message::Push;
/// use queqiao::wechat::push::Text;
///
/// #[queqiao::message(image)]
/// async fn on_image(Push(text): Push<Text>) {}
/// ```
///
/// Fields that belong to no kind, and whatever else is no part of a message:
///
/// ```compile_fail
/// use queqiao::message::Push;
///
/// #[queqiao::message(text)]
/// async fn on_text(Push(text): Push<String>) {}
/// ```
///
/// An answer that WeChat cannot be given:
///
/// ```compile_fail
/// #[queqiao::message(text)]
/// async fn on_text() -> u32 {
///     1
/// }
/// ```
///
/// A handler without its kind of message:
///
/// ```compile_fail
/// #[queqiao::message]
/// async fn on_text() {}
/// ```
///
/// A handler of an operation among those of messages:
///
/// ```compile_fail
/// /// Greets.
/// #[queqiao::get("/hello")]
/// async fn hello() {}
///
/// let messages: queqiao::message::Messages<()> = queqiao::messages![hello];
/// ```
#[proc_macro_attribute]
pub fn message(options: TokenStream, item: TokenStream) -> TokenStream {
    message::expand(options.into(), item.into(), &root::root()).into()
}

/// Lists handlers of messages, for `Api::messages`: `messages![on_text, shop::on_sent]`. See [`macro@message`].
#[proc_macro]
pub fn messages(input: TokenStream) -> TokenStream {
    routes::expand(&routes::List::Messages, input.into(), &root::root()).into()
}
