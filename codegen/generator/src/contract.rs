//! The intermediate representation: what a client must know of an API, as plain data.

use std::collections::{BTreeMap, BTreeSet};

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
    /// Header in which the server renews tokens; `None` if nothing logs in.
    pub renewal_header: Option<String>,
    /// The named schemas, sorted by name.
    pub models: Vec<Model>,
    /// The operations, sorted by name.
    pub operations: Vec<Operation>,
    /// What could be read but not be expressed fully, for the person who generates.
    pub notes: Vec<String>,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Method {
    Get,
    Head,
    Options,
    Delete,
    Post,
    Put,
}

impl Method {
    /// The method as `wx.request` wants it: in upper case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Delete => "DELETE",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }

    /// Whether calls with this method have a body argument.
    pub fn sends_body(self) -> bool {
        matches!(self, Self::Post | Self::Put)
    }
}

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// Name of the function in the client.
    pub name: String,
    /// Method.
    pub method: Method,
    /// Path template.
    pub path: String,
    /// Its documentation.
    pub documentation: Documentation,
    /// Parameters, sorted by place and name.
    pub parameters: Vec<Parameter>,
    /// JSON body.
    pub body: Option<Body>,
    /// What a successful call gives.
    pub result: Type,
    /// How the answer is read.
    pub answer: Answer,
    /// Stable codes of the errors that the contract lists.
    pub codes: BTreeSet<String>,
    /// What some of the codes carry in `details`.
    pub details: BTreeMap<String, Details>,
    /// Who may call, and the part in logging in.
    pub access: Access,
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
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Place {
    Path,
    Query,
    Header,
}

/// A JSON request body.
#[derive(Debug, Clone, PartialEq)]
pub struct Body {
    /// Whether a call must give it.
    pub required: bool,
    /// Its type.
    pub shape: Type,
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
    /// Not at all.
    Empty,
}

/// Who may call an operation, and which part it has in logging in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
        for part in types {
            let inner = match part {
                Type::Union(inner) => inner,
                other => vec![other],
            };
            for part in inner {
                if !parts.contains(&part) {
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
