//! One operation of a document.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::failures::Failures;
use super::node::Node;
use super::schema::{Schemas, documentation};
use super::settle;
use crate::contract::{Access, Answer, Body, Documentation, Method, Operation, Parameter, Place, Type};
use crate::error::GenerateError;
use crate::names::operation_name;

/// The scheme that carries `x-queqiao-login`.
struct Login {
    scheme: String,
    pointer: String,
    login: String,
    logout: Option<String>,
    renewal_header: String,
}

pub(crate) struct OperationReader<'a> {
    root: &'a Value,
    pub(crate) schemas: Schemas<'a>,
    login: Option<Login>,
    /// Security schemes whose tokens would travel as a cookie, with their pointers.
    cookies: BTreeMap<String, String>,
}

impl<'a> OperationReader<'a> {
    pub(crate) fn new(root: &'a Value, schemas: Schemas<'a>) -> Result<Self, GenerateError> {
        let mut login = None;
        let mut cookies = BTreeMap::new();
        if let Some(value) = root.pointer("/components/securitySchemes") {
            for (name, scheme) in
                (Node { value, pointer: "/components/securitySchemes".into() }).children()?
            {
                let scheme = scheme.resolve(root)?;
                if scheme.text("in") == Some("cookie") {
                    cookies.insert(name.to_owned(), scheme.pointer.clone());
                }
                if let Some(particulars) = scheme.object("x-queqiao-login")? {
                    login = Some(Login {
                        scheme: name.to_owned(),
                        login: particulars.required_text("login")?.to_owned(),
                        logout: particulars.text("logout").map(str::to_owned),
                        renewal_header: particulars
                            .text("renewalHeader")
                            .unwrap_or("X-Queqiao-Token")
                            .to_owned(),
                        pointer: particulars.pointer,
                    });
                }
            }
        }
        Ok(Self { root, schemas, login, cookies })
    }

    pub(crate) fn renewal_header(&self) -> String {
        self.login.as_ref().map_or_else(String::new, |login| login.renewal_header.to_lowercase())
    }

    /// A session needs the operation that opens it.
    pub(crate) fn check_login(&self, operations: &[Operation]) -> Result<(), GenerateError> {
        let Some(login) = &self.login else { return Ok(()) };
        let found = operations.iter().find(|operation| operation.access == Access::Login);
        if found.is_some_and(|operation| operation.method == Method::Post && !operation.path.contains('{')) {
            return Ok(());
        }
        Err(GenerateError::Malformed {
            pointer: format!("{}/login", login.pointer),
            expected: "the operationId of a POST operation without path parameters".into(),
            found: format!("\"{}\"", login.login),
        })
    }

    /// Reads one member of a path item; `None` if it is no operation.
    pub(crate) fn read(
        &mut self,
        path: &str,
        item: &Node<'a>,
        method: &str,
        node: &Node<'a>,
    ) -> Result<Option<Operation>, GenerateError> {
        let method = match method {
            "get" => Method::Get,
            "head" => Method::Head,
            "options" => Method::Options,
            "delete" => Method::Delete,
            "post" => Method::Post,
            "put" => Method::Put,
            "patch" | "trace" | "query" => {
                return Err(impossible(
                    node,
                    format!("wx.request cannot send {} {path}", method.to_uppercase()),
                    "Declare the operation as PUT or POST",
                ));
            }
            _ => return Ok(None),
        };
        node.members()?;
        if !path.starts_with('/') {
            return Err(GenerateError::Malformed {
                pointer: item.pointer.clone(),
                expected: "a path that begins with \"/\"".into(),
                found: format!("\"{path}\""),
            });
        }
        let id = node.text("operationId");
        let access = self.access(id, node)?;
        let parameters = self.parameters(path, method, item, node)?;
        let body = self.body(method, node)?;
        let mut responses = self.responses(node)?;
        if method == Method::Head {
            // Whatever the document says: such an answer has no body.
            (responses.result, responses.answer) = (Type::Nothing, Answer::Empty);
        }
        let text = [node.text("summary"), node.text("description")];
        let text = text.into_iter().flatten().map(str::to_owned).collect();
        let tags = node.flag("deprecated").then(|| "deprecated".to_owned()).into_iter().collect();
        let name = operation_name(id, method.as_str(), path);
        let notes = &mut self.schemas.notes;
        let name = settle(self.root, node, "the operation", id.unwrap_or_default(), name, notes)?;
        Ok(Some(Operation {
            name,
            method,
            path: path.to_owned(),
            documentation: Documentation { text, tags },
            parameters,
            body,
            result: responses.result,
            answer: responses.answer,
            codes: responses.failures.codes,
            details: responses.failures.details,
            access,
        }))
    }

    fn access(&mut self, id: Option<&str>, node: &Node<'a>) -> Result<Access, GenerateError> {
        let requirements = match node.get("security") {
            Some(own) => own.items()?,
            None => Node::root(self.root).list("security")?,
        };
        for requirement in &requirements {
            for (name, scheme) in requirement.children()? {
                if let Some(pointer) = self.cookies.get(name) {
                    return Err(GenerateError::Impossible {
                        pointer: pointer.clone(),
                        what: format!("a mini-program keeps no cookies, and {} needs one", scheme.pointer),
                        remedy: "Use a bearer token or an API key in a header".into(),
                    });
                }
                if self.login.as_ref().is_none_or(|login| login.scheme != name) {
                    self.schemas.notes.insert(format!(
                        "/components/securitySchemes/{name}: the client does not log in by itself; \
                         pass its header with configure({{ header }})"
                    ));
                }
            }
        }
        let Some(login) = &self.login else { return Ok(Access::Everybody) };
        if id == Some(login.login.as_str()) {
            return Ok(Access::Login);
        }
        let names_login = |requirement: &&Node<'a>| requirement.get(&login.scheme).is_some();
        Ok(match requirements.iter().find(names_login) {
            None => Access::Everybody,
            Some(_) if id.is_some() && id == login.logout.as_deref() => Access::Logout,
            Some(_) if requirements.iter().all(|requirement| names_login(&requirement)) => Access::User,
            Some(_) => Access::Optional,
        })
    }

    fn parameters(
        &mut self,
        path: &str,
        method: Method,
        item: &Node<'a>,
        node: &Node<'a>,
    ) -> Result<Vec<Parameter>, GenerateError> {
        let mut found: BTreeMap<(Place, String), (Node<'a>, Parameter)> = BTreeMap::new();
        for node in item.list("parameters")?.into_iter().chain(node.list("parameters")?) {
            let node = node.resolve(self.root)?;
            if let Some(parameter) = self.parameter(&node)? {
                found.insert((parameter.place, parameter.name.clone()), (node, parameter));
            }
        }
        let names: BTreeSet<&str> =
            path.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name).collect();
        for name in &names {
            if !found.contains_key(&(Place::Path, (*name).to_owned())) {
                return Err(GenerateError::Malformed {
                    pointer: node.pointer.clone(),
                    expected: format!("a parameter \"{name}\" with \"in\": \"path\", which {path} names"),
                    found: "none".into(),
                });
            }
        }
        for (node, parameter) in found.values() {
            let query_twin = (Place::Query, parameter.name.clone());
            match parameter.place {
                Place::Path if !names.contains(parameter.name.as_str()) => {
                    return Err(GenerateError::Malformed {
                        pointer: node.pointer.clone(),
                        expected: format!("a path with {{{}}}", parameter.name),
                        found: format!("\"{path}\""),
                    });
                }
                Place::Path if !method.sends_body() && found.contains_key(&query_twin) => {
                    return Err(GenerateError::Duplicate {
                        pointer: found
                            .get(&query_twin)
                            .map_or_else(String::new, |(node, _)| node.pointer.clone()),
                        what: "the parameter name",
                        name: parameter.name.clone(),
                        other: node.pointer.clone(),
                    });
                }
                _ => {}
            }
        }
        Ok(found.into_values().map(|(_, parameter)| parameter).collect())
    }

    fn parameter(&mut self, node: &Node<'a>) -> Result<Option<Parameter>, GenerateError> {
        let name = node.required_text("name")?;
        let place = match node.required_text("in")? {
            "path" => Place::Path,
            "query" => Place::Query,
            // OpenAPI: these three are said elsewhere and are to be ignored here.
            "header"
                if ["accept", "content-type", "authorization"].contains(&name.to_lowercase().as_str()) =>
            {
                return Ok(None);
            }
            "header" if name.eq_ignore_ascii_case("referer") => {
                return Err(impossible(
                    node,
                    "WeChat sets the header Referer itself",
                    "Use a header of your own",
                ));
            }
            "header" => Place::Header,
            "cookie" => {
                return Err(impossible(
                    node,
                    format!("a mini-program keeps no cookies, so it cannot send \"{name}\""),
                    "Make it a header or a query parameter",
                ));
            }
            _ => {
                return Err(GenerateError::Malformed {
                    pointer: format!("{}/in", node.pointer),
                    expected: "path, query or header".into(),
                    found: format!("\"{}\"", node.text("in").unwrap_or_default()),
                });
            }
        };
        let (schema, shape) = match node.get("schema") {
            Some(schema) => {
                let shape = self.schemas.read(&schema)?;
                (Some(schema.resolve(self.root).unwrap_or(schema)), shape)
            }
            None => (None, Type::String),
        };
        let is_object = schema.as_ref().is_some_and(|s| s.text("type") == Some("object"));
        if is_object || node.get("content").is_some() {
            return Err(impossible(
                node,
                format!("\"{name}\" is an object, and there is no one way to write objects into a URL"),
                "Make its members parameters of their own, or send it in a JSON body",
            ));
        }
        let is_list = matches!(shape, Type::Array(_) | Type::Tuple(..));
        let explodes = node.get("explode").and_then(|n| n.value.as_bool());
        let style = node.text("style").unwrap_or("form");
        if is_list && (place != Place::Query || explodes == Some(false) || style != "form") {
            return Err(impossible(
                node,
                format!(
                    "\"{name}\" is a list, and the client writes lists as repeated keys of the query only"
                ),
                "Use \"in\": \"query\", \"style\": \"form\", \"explode\": true",
            ));
        }
        let mut documentation = schema.as_ref().map(documentation).unwrap_or_default();
        if let Some(text) = node.text("description") {
            documentation.text = vec![text.to_owned()];
        }
        if node.flag("deprecated") {
            documentation.tags.push("deprecated".into());
        }
        let required = place == Place::Path || node.flag("required");
        Ok(Some(Parameter { place, name: name.to_owned(), required, documentation, shape }))
    }

    fn body(&mut self, method: Method, node: &Node<'a>) -> Result<Option<Body>, GenerateError> {
        let Some(body) = node.get("requestBody") else { return Ok(None) };
        if !method.sends_body() {
            return Err(impossible(
                &body,
                format!("a mini-program does not send a body with {}", method.as_str()),
                "Use query parameters, or declare the operation as POST or PUT",
            ));
        }
        let body = body.resolve(self.root)?;
        let required = body.flag("required");
        let Some(content) = body.object("content")? else {
            return Err(body.malformed("a body with \"content\""));
        };
        let media = content.children()?;
        let json =
            media.iter().find(|(name, _)| matches!(essence(name).as_str(), "application/json" | "*/*"));
        let Some((_, json)) = json else {
            let found: Vec<_> = media.iter().map(|(name, _)| *name).collect();
            return Err(impossible(
                &content,
                format!("the client sends JSON bodies only, and this operation takes {}", found.join(", ")),
                "Let the operation take application/json as well",
            ));
        };
        let shape = json.get("schema").map_or(Ok(Type::Unknown), |schema| self.schemas.read(&schema))?;
        Ok(Some(Body { required, shape }))
    }

    fn responses(&mut self, node: &Node<'a>) -> Result<Responses, GenerateError> {
        let mut answers: Vec<(Answer, Type)> = Vec::new();
        let mut failures = Failures::default();
        let mut redirects = false;
        let Some(responses) = node.object("responses")? else {
            return Ok(Responses { result: Type::Unknown, answer: Answer::Json, failures });
        };
        for (status, response) in responses.children()? {
            if status.starts_with("x-") {
                continue;
            }
            let response = response.resolve(self.root)?;
            response.members()?;
            match status.chars().next() {
                Some('1') => {}
                Some('2') => answers.push(self.answer(status, &response)?),
                Some('3') => redirects = true,
                _ => failures.read(&response, self.root, &mut self.schemas)?,
            }
        }
        // The host follows redirects: what comes at their end is not in the contract.
        if answers.is_empty() && redirects {
            return Ok(Responses { result: Type::String, answer: Answer::Text, failures });
        }
        let mut kinds: Vec<Answer> = Vec::new();
        for (kind, _) in &answers {
            if *kind != Answer::Empty && !kinds.contains(kind) {
                kinds.push(*kind);
            }
        }
        if kinds.len() > 1 {
            return Err(impossible(
                &responses,
                "the successful answers are of different kinds (JSON, text, bytes), and the kind must be known \
                 before the request is sent",
                "Make an operation of each kind",
            ));
        }
        let result = match answers.is_empty() {
            true => Type::Unknown,
            false => Type::union(answers.into_iter().map(|(_, shape)| shape).collect()),
        };
        let answer = match kinds.first() {
            Some(kind) => *kind,
            // An answer without content may still bring a body from a gateway: leave it unread.
            None if result == Type::Nothing => Answer::Empty,
            None => Answer::Json,
        };
        Ok(Responses { result, answer, failures })
    }

    fn answer(&mut self, status: &str, response: &Node<'a>) -> Result<(Answer, Type), GenerateError> {
        let media = match response.object("content")? {
            Some(content) if !matches!(status, "204" | "205") => content.children()?,
            _ => Vec::new(),
        };
        let kind = |name: &str| match essence(name).as_str() {
            "*/*" => Answer::Json,
            name if name.ends_with("/json") || name.ends_with("+json") => Answer::Json,
            name if name.starts_with("text/") || name.ends_with("xml") => Answer::Text,
            _ => Answer::Binary,
        };
        for wanted in [Answer::Json, Answer::Text, Answer::Binary] {
            if let Some((_, node)) = media.iter().find(|(name, _)| kind(name) == wanted) {
                return Ok(match wanted {
                    Answer::Json => {
                        let schema = node.get("schema");
                        (wanted, schema.map_or(Ok(Type::Unknown), |schema| self.schemas.read(&schema))?)
                    }
                    Answer::Text => (wanted, Type::String),
                    _ => (wanted, Type::Binary),
                });
            }
        }
        Ok((Answer::Empty, Type::Nothing))
    }
}

struct Responses {
    result: Type,
    answer: Answer,
    failures: Failures,
}

/// A media type without its parameters, in lower case.
fn essence(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_lowercase()
}

fn impossible(node: &Node<'_>, what: impl Into<String>, remedy: &str) -> GenerateError {
    GenerateError::Impossible { pointer: node.pointer.clone(), what: what.into(), remedy: remedy.into() }
}
