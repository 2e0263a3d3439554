//! The intermediate representation: what a client must know of an API, as plain data.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde::Serialize;

/// One API as a client sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Contract {
    /// Name of the API (`info.title`).
    pub name: String,
    /// Version of the API (`info.version`).
    pub version: String,
    /// The contract id: 16 hexadecimal digits.
    pub id: String,
    /// The first absolute `servers` entry.
    pub server: Option<String>,
    /// Whether a queqiao server wrote the document (`x-queqiao`).
    pub own: bool,
    /// Header in which the server renews tokens; `None` if nothing logs in.
    pub renewal_header: Option<String>,
    /// The subscribe messages of the server, if it has any (`x-queqiao-subscribe`).
    pub subscribe: Option<Subscribe>,
    /// Whether values are dates or times.
    pub dates: bool,
    /// The named schemas, sorted by name.
    pub models: Vec<Model>,
    /// The operations, sorted by name.
    pub operations: Vec<Operation>,
    /// What the person who generates should know.
    pub notes: Vec<String>,
    /// What the document has and the client has not.
    pub left_out: Vec<LeftOut>,
}

/// What `requestSubscribe` needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscribe {
    /// The path of the operation by which the page tells what the user answered.
    pub path: String,
    /// The templates by their names, with what each tells the user.
    pub templates: BTreeMap<String, String>,
}

/// An operation, or a part of one, that a mini-program cannot express.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// What it is, such as `GET /pets` or `GET /pets: the parameter session`.
    pub what: String,
    /// Its place in the document, as a JSON pointer.
    pub pointer: String,
    /// Why it cannot be expressed.
    pub reason: String,
    /// The way out.
    pub remedy: String,
}

/// How a security scheme wants its credential.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scheme {
    /// `Authorization: Bearer …`.
    Bearer,
    /// `Authorization: Basic …`, of a name and a password.
    Basic,
    /// In the header of this name.
    Header(String),
    /// In the query parameter of this name.
    Query(String),
}

/// A named schema.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// TypeScript name.
    pub name: String,
    /// Its documentation.
    pub documentation: Documentation,
    /// Its shape.
    pub shape: Type,
}

/// What a person should know of a thing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Documentation {
    /// Paragraphs of text.
    pub text: Vec<String>,
    /// JSDoc tags without the `@`, such as `minLength 1`.
    pub tags: Vec<String>,
}

/// The HTTP methods that a mini-program can send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Method {
    Get,
    Head,
    Options,
    Delete,
    Post,
    Put,
    /// Sent as POST, with `X-HTTP-Method-Override: PATCH`.
    Patch,
}

impl Method {
    /// The method of the contract, in upper case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Delete => "DELETE",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
        }
    }

    /// Whether calls with this method have a body argument.
    pub fn sends_body(self) -> bool {
        matches!(self, Self::Post | Self::Put | Self::Patch)
    }
}

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// Name of the function in the client.
    pub name: String,
    /// Method.
    pub method: Method,
    /// The server of this operation alone, without a slash at its end.
    pub server: Option<String>,
    /// The first of its tags.
    pub tag: Option<String>,
    /// Path template.
    pub path: String,
    /// Its documentation.
    pub documentation: Documentation,
    /// Parameters, sorted by place and name.
    pub parameters: Vec<Parameter>,
    /// Request body.
    pub body: Option<Body>,
    /// What a successful call gives, but for a 304.
    pub result: Type,
    /// How the answer is read.
    pub answer: Answer,
    /// Whether 304 (nothing has changed) is among the answers.
    pub not_modified: bool,
    /// Whether a call may be repeated although its method does not say so (`x-queqiao-idempotent`): the client then makes
    /// an `Idempotency-Key` and keeps it.
    pub idempotent: bool,
    /// Stable codes of the errors that the contract lists.
    pub codes: BTreeSet<String>,
    /// What some of the codes carry in `details`.
    pub details: BTreeMap<String, Details>,
    /// Who may call, and the part in logging in.
    pub access: Access,
    /// The security schemes that it takes, by their names, besides the client's own login.
    pub schemes: BTreeMap<String, Scheme>,
}

impl Operation {
    /// Whether the answer can also go to a file.
    pub fn downloads(&self) -> bool {
        self.method == Method::Get && self.answer == Answer::Binary
    }
}

/// What a failure with one code carries in `details`.
#[derive(Debug, Clone, PartialEq)]
pub struct Details {
    /// Whether it is always there.
    pub required: bool,
    /// Its type.
    pub shape: Type,
}

/// A parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Where it stands.
    pub place: Place,
    /// Name on the wire, and in the call.
    pub name: String,
    /// Whether a call must give it.
    pub required: bool,
    /// Its documentation.
    pub documentation: Documentation,
    /// Its type.
    pub shape: Type,
    /// How its value is written.
    pub style: Style,
}

/// How a value is written into a URL or a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// As text, a list as one pair for each item.
    Plain,
    /// As one text, with commas between the items of a list, and between the names and values of an object.
    Comma,
    /// The same with spaces.
    Space,
    /// The same with `|`.
    Pipe,
    /// An object with one pair for each member.
    Members,
    /// As one pair for each value inside: `name[member]=value`.
    Deep,
    /// As JSON text.
    Json,
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Place {
    Path,
    Query,
    Header,
}

/// A request body.
#[derive(Debug, Clone, PartialEq)]
pub struct Body {
    /// Whether a call must give it.
    pub required: bool,
    /// Its type.
    pub shape: Type,
    /// Its media type.
    pub media: String,
    /// How it is written.
    pub form: Form,
}

impl Body {
    /// What the client sends as `Content-Type`, where that is not JSON: of a multipart body without a file up to its
    /// boundary; of one with a file, the host writes it.
    pub(crate) fn media_sent(&self) -> Option<&str> {
        match &self.form {
            Form::Multipart { direct: None, .. } => Some("multipart/form-data; boundary="),
            Form::Multipart { .. } => None,
            _ => (self.media != "application/json").then_some(self.media.as_str()),
        }
    }
}

/// How a body is written.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// As JSON.
    Json,
    /// As `application/x-www-form-urlencoded`, with the styles of the members that are not plain. Objects are JSON
    /// if no style is given.
    Pairs(BTreeMap<String, Style>),
    /// As it is given: text or bytes.
    Raw,
    /// As `multipart/form-data`.
    Multipart {
        /// The member that is a file, given by its path.
        file: Option<String>,
        /// Whether a call must give it.
        required: bool,
        /// The most bytes that the file may have.
        limit: Option<u64>,
        /// How the file can go past the server.
        direct: Option<Direct>,
    },
}

/// How a file goes to a bucket past the server (`x-queqiao-direct`): the server signs a form, the bucket takes the file,
/// and the operation is told of it in a JSON body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Direct {
    /// The path of the POST operation that signs the form.
    pub begin: String,
    /// The id of the operation that the file is for.
    pub operation: String,
    /// The member of the JSON body that takes the upload's id, in place of the file.
    pub member: String,
}

/// How an answer is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// As JSON; 204 and 205 as nothing.
    Json,
    /// As a string.
    Text,
    /// As an `ArrayBuffer`.
    Binary,
    /// Not at all: none is promised, and what comes is left unread, such as the JSON of a newer server.
    Empty,
}

/// Who may call an operation, and which part it has in logging in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Everybody.
    Everybody,
    /// Users only: the client logs in first.
    User,
    /// Users and others: the client sends a token if it has one.
    Optional,
    /// The operation that exchanges a code for a token.
    Login,
    /// The operation that ends the session.
    Logout,
}

/// The shape of a value, as far as TypeScript can say it.
#[derive(Debug, Clone, PartialEq)]
pub enum Type {
    /// Anything.
    Unknown,
    /// Nothing at all.
    Never,
    /// No answer.
    Nothing,
    /// `null`.
    Null,
    /// `boolean`.
    Boolean,
    /// `number`.
    Number,
    /// `string`.
    String,
    /// Bytes.
    Binary,
    /// The path of a file.
    File,
    /// One value: a string, number, boolean or null.
    Literal(serde_json::Value),
    /// A list.
    Array(Box<Type>),
    /// A list with a type for each place, and perhaps one for all that follow.
    Tuple(Vec<Type>, Option<Box<Type>>),
    /// An object with known members; `open` if it may have others.
    Object {
        /// The known members, sorted by name.
        members: Vec<Member>,
        /// Whether others may stand beside them.
        open: bool,
    },
    /// An object with any members of one type.
    Map(Box<Type>),
    /// One of several.
    Union(Vec<Type>),
    /// All of several.
    Intersection(Vec<Type>),
    /// A model by its name.
    Named(String),
}

/// A member of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Name on the wire.
    pub name: String,
    /// Whether it is always there.
    pub required: bool,
    /// Its documentation.
    pub documentation: Documentation,
    /// Its type.
    pub shape: Type,
}

impl Type {
    /// One of several types, simplified.
    pub(crate) fn union(types: Vec<Type>) -> Type {
        let mut parts: Vec<Type> = Vec::new();
        // Enumerations may be long.
        let mut literals = HashSet::new();
        for part in types {
            let inner = match part {
                Type::Union(inner) => inner,
                other => vec![other],
            };
            for part in inner {
                let new = match &part {
                    Type::Literal(value) => literals.insert(value.to_string()),
                    _ => !parts.contains(&part),
                };
                if new {
                    parts.push(part);
                }
            }
        }
        if parts.contains(&Type::Unknown) {
            return Type::Unknown;
        }
        parts.retain(|part| *part != Type::Never);
        match parts.len() {
            0 => Type::Never,
            1 => parts.remove(0),
            _ => Type::Union(parts),
        }
    }

    /// All of several types, simplified. Where no part says anything, `Unknown`.
    pub(crate) fn intersection(types: Vec<Type>) -> Type {
        let mut parts: Vec<Type> = Vec::new();
        for part in types {
            if part != Type::Unknown && !parts.contains(&part) {
                parts.push(part);
            }
        }
        match parts.len() {
            0 => Type::Unknown,
            1 => parts.remove(0),
            _ => Type::Intersection(parts),
        }
    }
}
