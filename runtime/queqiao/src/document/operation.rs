//! One operation while its arguments and its reply describe themselves.

use std::any::{Any, TypeId};
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::{Value, json};

use super::decode::{Kind, Plan, Style, deep_name};
use super::schemas::{Schemas, Side};
use crate::endpoint::Meta;
use crate::idempotency;
use crate::model::{CONTENT_SECURITY, Model};
use crate::problem::{self, ApiError, ErrorCase, ErrorSet, Location};

/// Who may call an operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Security {
    /// Anyone; a token is not looked at.
    #[default]
    None,
    /// Anyone; a token is read if there is one.
    Optional,
    /// A logged-in user.
    Required,
}

/// What an operation will look like in the document.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<RequestBody>,
    pub(crate) responses: BTreeMap<u16, Response>,
    pub(crate) errors: ErrorSet,
    /// The schemas of `details`, by the code that carries them.
    pub(crate) details: BTreeMap<&'static str, Value>,
    pub(crate) security: Security,
    pub(crate) roles: Vec<&'static str>,
    #[cfg(feature = "server")]
    pub(crate) direct: Option<Direct>,
    /// Whether an argument has the texts of the body judged.
    judged: bool,
}

/// How the file of a body goes past the server.
#[cfg(feature = "server")]
#[derive(Debug)]
pub(crate) struct Direct {
    target: crate::upload::Target,
    /// The body that tells of the file, in JSON.
    pub(crate) schema: Value,
    /// The member of it that takes the upload's id.
    pub(crate) member: &'static str,
}

impl Draft {
    /// What it takes past the server, and from whom.
    #[cfg(feature = "server")]
    pub(crate) fn direct_target(&self) -> Option<crate::upload::Target> {
        let direct = self.direct.as_ref()?;
        Some(crate::upload::Target { roles: self.roles.clone(), ..direct.target.clone() })
    }

    /// Every schema that the operation speaks of.
    pub(crate) fn schemas(&self) -> Vec<(Side, Value)> {
        let parameters = self.parameters.iter().map(|parameter| (Side::Request, parameter.schema.clone()));
        let body = self.body.iter().map(|body| (Side::Request, body.schema.clone()));
        let responses = self.responses.values().filter_map(|response| response.content.as_ref());
        let responses = responses.map(|(_, schema)| (Side::Response, schema.clone()));
        let details = self.details.values().map(|schema| (Side::Response, schema.clone()));
        parameters.chain(body).chain(responses).chain(details).collect()
    }
}

#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) location: Location,
    pub(crate) name: String,
    pub(crate) required: bool,
    /// An empty text is taken for no value.
    pub(crate) empty_is_absent: bool,
    pub(crate) schema: Value,
    /// How it is written, if not as OpenAPI has it by default.
    pub(crate) style: Option<Style>,
}

#[derive(Debug)]
pub(crate) struct RequestBody {
    pub(crate) media_type: &'static str,
    pub(crate) schema: Value,
    pub(crate) required: bool,
    /// The media types of the parts of a form that are no texts.
    pub(crate) parts: Vec<(String, String)>,
}

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) description: &'static str,
    pub(crate) content: Option<(String, Value)>,
    pub(crate) headers: Vec<(&'static str, &'static str)>,
}

/// How the arguments of one route decode texts.
#[derive(Default)]
pub(crate) struct Plans {
    /// By the argument's type: eight at most, so a look at each.
    arguments: Vec<(TypeId, Box<dyn Any + Send + Sync>)>,
    /// The names of all query parameters.
    query: Vec<String>,
    /// The names of all header parameters, in lower case.
    #[cfg(feature = "server")]
    headers: Vec<String>,
}

impl Plans {
    fn insert<T: 'static, P: Send + Sync + 'static>(&mut self, plan: P) {
        let id = TypeId::of::<T>();
        self.arguments.retain(|(known, _)| *known != id);
        self.arguments.push((id, Box::new(plan)));
    }

    /// The plan of the argument `T`.
    pub(crate) fn get<T: 'static, P: 'static>(&self) -> Option<&P> {
        self.arguments.iter().find(|(id, _)| *id == TypeId::of::<T>())?.1.downcast_ref()
    }

    /// The names of the headers that arguments take, in lower case.
    #[cfg(feature = "server")]
    pub(crate) fn headers(&self) -> &[String] {
        &self.headers
    }

    /// Whether an argument takes the query parameter of this name.
    pub(crate) fn takes(&self, name: &str) -> bool {
        let whole = deep_name(name).map_or(name, |(whole, _)| whole);
        self.query.iter().any(|known| known == whole)
    }
}

impl std::fmt::Debug for Plans {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plans").field("arguments", &self.arguments.len()).finish()
    }
}

/// An operation that is being described; extractors and replies add their part to it.
pub struct Operation<'a> {
    pub(crate) meta: &'a Meta,
    /// The names in the whole path, prefixes included.
    pub(crate) path_names: &'a [String],
    pub(crate) draft: Draft,
    pub(crate) schemas: &'a mut Schemas,
    pub(crate) plans: &'a mut Plans,
    pub(crate) mistakes: &'a mut Vec<String>,
    pub(crate) path_taken: bool,
    #[cfg(feature = "server")]
    pub(crate) transaction_taken: bool,
}

impl Operation<'_> {
    /// Reports a use that cannot work; the Api then refuses to build with this sentence.
    pub fn mistake(&mut self, what: impl std::fmt::Display) {
        self.mistakes.push(format!("handler {}: {what}", self.meta.handler()));
    }

    /// Adds a way to fail.
    pub fn error(&mut self, case: ErrorCase) {
        self.draft.errors.case(case);
    }

    /// Adds all cases of an error type.
    pub fn errors<E: ApiError>(&mut self) {
        E::describe(&mut self.draft.errors);
    }

    /// Asks for a login, or raises what was asked before.
    pub fn security(&mut self, security: Security) {
        self.draft.security = match (self.draft.security, security) {
            (Security::Required, _) | (_, Security::Required) => Security::Required,
            (Security::Optional, _) | (_, Security::Optional) => Security::Optional,
            _ => Security::None,
        };
    }

    /// Notes that an argument has the texts of the body judged by content security.
    #[cfg(feature = "server")]
    pub(crate) fn content_is_judged(&mut self) {
        self.draft.judged = true;
    }

    /// Refuses marks of content security in a type that no judge sees, because it stands in no document.
    #[cfg(feature = "server")]
    pub(crate) fn nothing_to_judge<T: Model>(&mut self) {
        let schema = schemars::schema_for!(T).to_value();
        if self.schemas.mentions(Side::Request, &schema, CONTENT_SECURITY) {
            self.mistake(format_args!(
                "`{}` is decrypted, and its texts with `#[check(content_security)]` are judged by nobody; let the page send \
                 them in a body of their own",
                std::any::type_name::<T>()
            ));
        }
    }

    /// Notes a role that the caller must have.
    pub fn role(&mut self, name: &'static str) {
        self.draft.roles.push(name);
    }

    /// Adds the body of the request.
    pub fn request_body<T: Model>(&mut self, media_type: &'static str, required: bool) {
        if !self.meta.method.takes_body() {
            self.mistake(format_args!(
                "{} has no body in a mini-program; take the values with `Query<_>`, or use `#[post]` or `#[put]`",
                self.meta.method.as_str()
            ));
        }
        if self.draft.body.is_some() {
            self.mistake("two arguments read the body; join their types into one model");
            return;
        }
        let schema = self.schemas.schema::<T>(Side::Request);
        self.draft.body = Some(RequestBody { media_type, schema, required, parts: Vec::new() });
    }

    /// Adds a body of any media type, which the contract does not describe.
    pub fn raw_request_body(&mut self) {
        if self.draft.body.is_some() {
            self.mistake("two arguments read the body; keep one of them");
            return;
        }
        self.draft.body =
            Some(RequestBody { media_type: "*/*", schema: json!({}), required: false, parts: Vec::new() });
    }

    /// The members of `T` as texts of a form: name, whether it is required, schema.
    #[cfg(feature = "server")]
    pub(crate) fn form_members<T: JsonSchema>(&mut self) -> Vec<(String, bool, Value)> {
        let reference = self.schemas.schema::<T>(Side::Request);
        let mut members = Vec::new();
        self.collect(&reference, true, &mut members);
        members
    }

    /// Adds a form with one file beside texts, and returns how to decode the texts.
    #[cfg(feature = "server")]
    pub(crate) fn form_body(
        &mut self,
        texts: Vec<(String, bool, Value)>,
        file: &str,
        file_schema: Value,
        content_type: String,
    ) -> Plan {
        if self.draft.body.is_some() {
            self.mistake("two arguments read the body; keep one of them");
            return Plan::default();
        }
        let mut properties = serde_json::Map::new();
        let mut required = vec![json!(file)];
        let mut fields = Vec::new();
        for (name, needed, schema) in texts {
            let schemas = &mut *self.schemas;
            let kind = Kind::of(&schema, &mut |schema| schemas.resolve(Side::Request, schema));
            match kind {
                Some(kind) if kind.items().is_none() && kind.style().is_none() && name != file => {
                    if needed {
                        required.push(json!(name));
                    }
                    fields.push((name.clone(), kind));
                    properties.insert(name, schema);
                }
                _ if name == file => self.mistake(format_args!(
                    "a text of the form is named `{file}`, as the file itself is; rename it"
                )),
                _ => self.mistake(format_args!(
                    "`{name}` is a list or an object, and `wx.uploadFile` sends one text under each name; take it as JSON in \
                     one text, or in an operation of its own"
                )),
            }
        }
        properties.insert(file.to_owned(), file_schema);
        let schema = json!({ "type": "object", "properties": properties, "required": required });
        let parts = vec![(file.to_owned(), content_type)];
        self.draft.body =
            Some(RequestBody { media_type: "multipart/form-data", schema, required: true, parts });
        Plan::new(fields)
    }

    /// Lets the file of the form, which is described already, go past the server: the operation is then told of it in a
    /// JSON body, which has the texts of the form and, in place of the file, `member`.
    #[cfg(feature = "server")]
    pub(crate) fn past_the_server(
        &mut self,
        target: crate::upload::Target,
        member: &'static str,
        member_schema: Value,
    ) {
        let Some(body) = &self.draft.body else { return };
        let mut schema = body.schema.clone();
        let mut taken = false;
        for (file, _) in &body.parts {
            if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
                required.retain(|name| name != file);
                required.push(json!(member));
            }
            if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
                properties.remove(file);
                taken |= properties.insert(member.to_owned(), member_schema.clone()).is_some();
            }
        }
        if taken {
            self.mistake(format_args!(
                "a text of the form is named `{member}`, as the upload of `Direct<_>` is; rename it"
            ));
        }
        self.draft.direct = Some(Direct { target, schema, member });
    }

    /// Adds an answer of any media type, which the contract does not describe.
    pub fn raw_response(&mut self, status: u16, description: &'static str) {
        let content = Some(("*/*".to_owned(), json!({})));
        self.answer(status, Response { description, content, headers: Vec::new() });
    }

    /// Adds an answer without a body.
    pub fn response(&mut self, status: u16, description: &'static str) {
        self.answer(status, Response { description, content: None, headers: Vec::new() });
    }

    /// Adds an answer that is a model in JSON.
    pub fn json_response<T: Model>(&mut self, status: u16, description: &'static str) {
        let schema = self.schemas.schema::<T>(Side::Response);
        let content = Some(("application/json".to_owned(), schema));
        self.answer(status, Response { description, content, headers: Vec::new() });
    }

    /// Adds an answer of bytes in a media type.
    pub fn bytes_response(&mut self, status: u16, media_type: &str, description: &'static str) {
        let text = media_type.starts_with("text/");
        let schema =
            if text { json!({ "type": "string" }) } else { json!({ "type": "string", "format": "binary" }) };
        let content = Some((media_type.to_owned(), schema));
        self.answer(status, Response { description, content, headers: Vec::new() });
    }

    /// Names a header that an answer carries.
    pub fn response_header(&mut self, status: u16, name: &'static str, description: &'static str) {
        if let Some(response) = self.draft.responses.get_mut(&status) {
            response.headers.push((name, description));
        }
    }

    fn answer(&mut self, status: u16, response: Response) {
        if self.draft.responses.insert(status, response).is_some() {
            self.mistake(format_args!("describes its answer with status {status} twice"));
        }
    }

    /// Adds one parameter of the type `T` under a fixed name.
    pub fn parameter<T: JsonSchema>(&mut self, location: Location, name: &str, required: bool) -> bool {
        let schema = self.schemas.schema::<T>(Side::Request);
        self.push_parameter(location, name.to_owned(), required, schema).is_some()
    }

    /// Adds one parameter of this schema under a fixed name.
    pub(crate) fn described_parameter(
        &mut self,
        location: Location,
        name: &str,
        required: bool,
        schema: Value,
    ) {
        self.push_parameter(location, name.to_owned(), required, schema);
    }

    fn push_parameter(
        &mut self,
        location: Location,
        name: String,
        required: bool,
        schema: Value,
    ) -> Option<Kind> {
        let schemas = &mut *self.schemas;
        let kind = Kind::of(&schema, &mut |schema| schemas.resolve(Side::Request, schema));
        if kind.is_none() {
            self.mistake(format_args!(
                "`{name}` is an object or nested list, which no {} parameter can carry; flatten it, or send it in a body",
                name_of(location)
            ));
        }
        if name == "__proto__" {
            self.mistake(
                "a parameter `__proto__` never arrives: in JavaScript, `{ __proto__: … }` sets the prototype; rename it",
            );
        }
        if location == Location::Path && kind.as_ref().is_some_and(|kind| kind.items().is_some()) {
            self.mistake(format_args!(
                "`{name}` is a list, which no path parameter can carry; take it with `Query<_>`, where a name may be repeated"
            ));
        }
        if self.draft.parameters.iter().any(|p| p.location == location && p.name == name) {
            self.mistake(format_args!("two arguments take the {} parameter `{name}`", name_of(location)));
            return kind;
        }
        let in_query = kind.as_ref().filter(|_| location == Location::Query);
        let empty_is_absent = in_query.is_some_and(Kind::empty_is_absent);
        let style = in_query.and_then(Kind::style);
        self.draft.parameters.push(Parameter { location, name, required, empty_is_absent, schema, style });
        kind
    }

    /// Adds a parameter for each member of `T` and returns how to decode them.
    pub(crate) fn members<T: JsonSchema>(&mut self, location: Location) -> Plan {
        let reference = self.schemas.schema::<T>(Side::Request);
        let mut members = Vec::new();
        let before = self.mistakes.len();
        self.collect(&reference, true, &mut members);
        if members.is_empty() && self.mistakes.len() == before && location == Location::Query {
            self.mistake("`Query<_>` takes a `#[model]` struct; its fields become the query parameters");
        }
        let mut fields = Vec::new();
        for (name, required, schema) in members {
            if let Some(kind) = self.push_parameter(location, name.clone(), required, schema) {
                fields.push((name, kind));
            }
        }
        Plan::new(fields)
    }

    fn collect(&mut self, schema: &Value, surely: bool, members: &mut Vec<(String, bool, Value)>) {
        let schema = self.schemas.resolve(Side::Request, schema);
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        for (name, member) in properties(&schema) {
            let needed = surely && required.contains(&name.as_str());
            add(members, name.clone(), needed, member.clone());
        }
        for branch in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.collect(branch, surely, members);
        }
        for key in ["anyOf", "oneOf"] {
            let Some(branches) = schema.get(key).and_then(Value::as_array) else { continue };
            // What every variant needs is needed, as the tag of an enum is.
            let mut needed: Option<Vec<String>> = None;
            for branch in branches {
                let mut own = Vec::new();
                self.collect(branch, surely, &mut own);
                let here = own.iter().filter(|(_, required, _)| *required).map(|(name, ..)| name);
                needed = Some(match needed {
                    None => here.cloned().collect(),
                    Some(before) => here.filter(|name| before.contains(name)).cloned().collect(),
                });
                for (name, _, member) in own {
                    add(members, name, false, member);
                }
            }
            for (name, required, _) in members.iter_mut() {
                *required |= needed.as_ref().is_some_and(|needed| needed.contains(name));
            }
        }
        if schema.get("additionalProperties").is_some_and(|rest| !matches!(rest, Value::Bool(false))) {
            self.mistake("a map in `Query<_>` takes names that no contract can list; name each field");
        }
    }

    /// Binds the path's parameters to `T`: one value, a tuple in order, or a struct by name.
    pub(crate) fn path<T: JsonSchema>(&mut self) -> PathShape {
        if std::mem::replace(&mut self.path_taken, true) {
            self.mistake("two `Path<_>` arguments; take all parameters with one, as a tuple or a struct");
            return PathShape::default();
        }
        let schema = self.schemas.schema::<T>(Side::Request);
        let resolved = self.schemas.resolve(Side::Request, &schema);
        let names: Vec<String> = self.path_names.to_vec();
        if let Some(Value::Array(items)) = resolved.get("prefixItems") {
            if items.len() != names.len() {
                self.mistake(format_args!(
                    "`Path<_>` takes {} values, and the path has {}",
                    items.len(),
                    listed(&names)
                ));
            }
            let kinds = names
                .into_iter()
                .zip(items.clone())
                .filter_map(|(name, item)| {
                    let kind = self.push_parameter(Location::Path, name.clone(), true, item)?;
                    Some((name, kind))
                })
                .collect();
            return PathShape::Tuple(kinds);
        }
        if resolved.get("type").and_then(Value::as_str) == Some("object") {
            let fields: Vec<(String, Value)> = properties(&resolved)
                .into_iter()
                .map(|(name, schema)| (name.clone(), schema.clone()))
                .collect();
            let mut kinds = Vec::new();
            for (name, schema) in fields {
                if !names.contains(&name) {
                    self.mistake(format_args!(
                        "`Path<_>` has the field `{name}`, and the path has {}; rename one of them",
                        listed(&names)
                    ));
                    continue;
                }
                if let Some(kind) = self.push_parameter(Location::Path, name.clone(), true, schema) {
                    kinds.push((name, kind));
                }
            }
            return PathShape::Struct(Plan::new(kinds));
        }
        match <[String; 1]>::try_from(names) {
            Ok([name]) => match self.push_parameter(Location::Path, name.clone(), true, schema) {
                Some(kind) => PathShape::One(name, kind),
                None => PathShape::default(),
            },
            Err(names) => {
                self.mistake(format_args!(
                    "`Path<_>` takes one value, and the path has {}; take them as a tuple or a struct",
                    listed(&names)
                ));
                PathShape::default()
            }
        }
    }

    /// Keeps how the argument `T` is decoded, for the time of the request.
    pub(crate) fn plan<T: 'static, P: Send + Sync + 'static>(&mut self, plan: P) {
        self.plans.insert::<T, P>(plan);
    }

    /// A text is for content security if and only if an argument has it judged.
    fn look_for_content(&mut self) {
        let schemas = &mut *self.schemas;
        let mut marked = |schema: &Value| schemas.mentions(Side::Request, schema, CONTENT_SECURITY);
        let in_parameter = self.draft.parameters.iter().find(|parameter| marked(&parameter.schema));
        let in_parameter = in_parameter.map(|parameter| parameter.name.clone());
        let in_body = self.draft.body.iter().any(|body| marked(&body.schema));
        if let Some(name) = in_parameter {
            self.mistake(format_args!(
                "the parameter `{name}` has `#[check(content_security)]`, and only the texts of a body are judged; take it in \
                 the body",
            ));
        }
        match (in_body, self.draft.judged) {
            (true, false) => self.mistake(
                "a text of the body has `#[check(content_security)]`, and nobody has it judged; take the body as \
                 `Checked<_, _>` or `Judged<_, _>` of `queqiao::content`",
            ),
            (false, true) => self.mistake(
                "no text of the body has `#[check(content_security)]`, so that nothing would be judged; mark the texts that \
                 users write, or take the body as `Json<_>`",
            ),
            _ => {}
        }
    }

    /// Closes the description: every path parameter must have been taken.
    pub(crate) fn finish(mut self) -> Draft {
        let untaken: Vec<String> = self
            .path_names
            .iter()
            .filter(|name| {
                !self.draft.parameters.iter().any(|p| p.location == Location::Path && p.name == **name)
            })
            .cloned()
            .collect();
        if !untaken.is_empty()
            && (!self.path_taken || self.draft.parameters.iter().any(|p| p.location == Location::Path))
        {
            let text = untaken.iter().map(|name| format!("`{{{name}}}`")).collect::<Vec<_>>().join(", ");
            self.mistake(format_args!(
                "no argument takes the path parameter {text}; add `Path(..): Path<..>`, or remove it from the path"
            ));
        }
        let query = self.draft.parameters.iter().filter(|p| p.location == Location::Query);
        self.plans.query = query.map(|parameter| parameter.name.clone()).collect();
        #[cfg(feature = "server")]
        {
            let headers = self.draft.parameters.iter().filter(|p| p.location == Location::Header);
            self.plans.headers = headers.map(|parameter| parameter.name.to_ascii_lowercase()).collect();
        }
        if self.meta.idempotent {
            idempotency::describe(&mut self);
        }
        self.look_for_content();
        for case in problem::ANYWHERE {
            self.draft.errors.case(case);
        }
        for case in self.draft.errors.cases().iter().filter(|case| !case.details.is_empty()) {
            self.draft.details.insert(case.code, self.schemas.details(case.details));
        }
        self.draft
    }
}

impl std::fmt::Debug for Operation<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operation")
            .field("meta", self.meta)
            .field("draft", &self.draft)
            .finish_non_exhaustive()
    }
}

/// The properties of a schema by name, whatever order `serde_json`'s features give the map.
fn properties(schema: &Value) -> Vec<(&String, &Value)> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let mut properties: Vec<_> = properties.into_iter().flatten().collect();
    properties.sort_by_key(|(name, _)| *name);
    properties
}

/// How the path's parameters reach `Path<T>`.
#[derive(Clone, Debug)]
pub(crate) enum PathShape {
    One(String, Kind),
    Tuple(Vec<(String, Kind)>),
    Struct(Plan),
}

impl Default for PathShape {
    fn default() -> Self {
        PathShape::Struct(Plan::default())
    }
}

/// Adds a member; the same name in several variants takes any of their values.
fn add(members: &mut Vec<(String, bool, Value)>, name: String, required: bool, member: Value) {
    match members.iter_mut().find(|(known, ..)| *known == name) {
        Some((_, needed, known)) => {
            *needed |= required;
            if *known != member {
                let mut branches = match known.get("anyOf").and_then(Value::as_array) {
                    Some(branches) => branches.clone(),
                    None => vec![known.clone()],
                };
                if !branches.contains(&member) {
                    branches.push(member);
                }
                *known = json!({ "anyOf": branches });
            }
        }
        None => members.push((name, required, member)),
    }
}

pub(super) fn name_of(location: Location) -> &'static str {
    match location {
        Location::Body => "body",
        Location::Query => "query",
        Location::Path => "path",
        Location::Header => "header",
    }
}

fn listed(names: &[String]) -> String {
    match names {
        [] => "no parameters".to_owned(),
        names => names.iter().map(|name| format!("`{{{name}}}`")).collect::<Vec<_>>().join(", "),
    }
}
