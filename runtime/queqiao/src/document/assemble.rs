//! From the drafts of all operations to one OpenAPI document.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::encoding::EncodingBuilder;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, ParameterStyle, PathItem,
    PathsBuilder,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{Object, Schema, SchemaType};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ComponentsBuilder, ContactBuilder, Deprecated, HeaderBuilder, InfoBuilder, LicenseBuilder,
    OpenApiBuilder, RefOr, Required, ServerBuilder,
};

use super::decode::{STYLE, Style};
use super::operation::{Security, name_of};
use super::schemas::{Components, RUST_TYPE, Schemas, Side, references, walk};
use super::{Document, Draft, lint};
use crate::auth::{LOGIN_SCHEME, RENEWAL_HEADER};
use crate::endpoint::{self, Meta, Method};
use crate::model::example::MISTAKE;
use crate::problem::{self, ErrorCase, Location, PROBLEM_JSON, Text};
#[cfg(feature = "server")]
use crate::subscribe::{Declared, REPORT};

/// How a reader of the document comes to a token.
const LOGIN_TEXT: &str = "The `token` that `POST /auth/login` gives for a code of `wx.login`.\n\nIn development the \
                          emulator gives a code to everyone who asks: `POST /emulator/login-codes` at its address, which \
                          the server prints at start.";

/// What stands above the operations.
pub(crate) struct Header {
    pub(crate) title: String,
    pub(crate) version: String,
    pub(crate) description: Option<String>,
    /// An SPDX expression.
    pub(crate) licence: Option<String>,
    /// A name and a page.
    pub(crate) contact: Option<(String, String)>,
    /// The tags in use, with what is said of them.
    pub(crate) tags: BTreeMap<String, Option<String>>,
    /// The operation ids of login and logout, if the Api has them.
    pub(crate) login: Option<(&'static str, &'static str)>,
    /// The subscribe messages.
    #[cfg(feature = "server")]
    pub(crate) templates: Vec<Declared>,
}

/// One operation at its place.
pub(crate) struct Placed<'a> {
    pub(crate) meta: &'a Meta,
    pub(crate) path: &'a str,
    pub(crate) tag: &'a str,
    pub(crate) draft: Draft,
}

/// Writes the document, or says what cannot be written.
pub(crate) fn assemble(
    header: Header,
    placed: Vec<Placed<'_>>,
    schemas: Schemas,
) -> Result<Document, Vec<String>> {
    let mut components = schemas.finish();
    let roots: Vec<Value> = placed
        .iter()
        .flat_map(|operation| operation.draft.schemas())
        .map(|(side, schema)| components.place(side, schema))
        .collect();
    components.keep_reachable(roots.into_iter());
    let mut mistakes = components.mistakes.clone();
    for (name, schema) in &components.components {
        lint::check(&place_of(&components, name, schema), schema, &mut mistakes);
    }
    if let Some(own) = components.components.get("Problem") {
        let own = own.get(RUST_TYPE).and_then(Value::as_str).unwrap_or("Problem");
        mistakes.push(format!(
            "`{own}` has the schema name `Problem`, which is the one of every failure; give it another with \
             `#[model(name = \"…\")]`"
        ));
    }
    let mut paths = PathsBuilder::new();
    for operation in placed {
        let path = operation.path.to_owned();
        let method = operation.meta.method;
        let written = Writer { components: &components, mistakes: &mut mistakes }.operation(operation);
        paths = paths.path(path, PathItem::new(http_method(method), written));
    }
    mistakes.sort();
    mistakes.dedup();
    if !mistakes.is_empty() {
        return Err(mistakes);
    }

    let mut parts = ComponentsBuilder::new();
    for (name, schema) in components.components {
        parts = parts.schema(name, lossless(printable(schema)));
    }
    parts = parts.schema("Problem", lossless(problem_schema()));
    if header.login.is_some() {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.bearer_format = Some("JWT".to_owned());
        scheme.description = Some(LOGIN_TEXT.to_owned());
        parts = parts.security_scheme(LOGIN_SCHEME, SecurityScheme::Http(scheme));
    }
    let info = InfoBuilder::new()
        .title(header.title)
        .version(header.version)
        .description(header.description)
        .license(header.licence.map(|spdx| LicenseBuilder::new().name(&spdx).identifier(Some(spdx)).build()))
        .contact(
            header.contact.map(|(name, url)| ContactBuilder::new().name(Some(name)).url(Some(url)).build()),
        )
        .build();
    let document = OpenApiBuilder::new()
        .info(info)
        .servers(Some([ServerBuilder::new().url("/").build()]))
        .paths(paths)
        .components(Some(parts.build()))
        .tags(Some(
            header
                .tags
                .into_iter()
                .map(|(name, text)| TagBuilder::new().name(name).description(text).build()),
        ))
        .build();
    let mut value = serde_json::to_value(document)
        .map_err(|error| vec![format!("the document cannot be written: {error}")])?;
    if let Some((login, logout)) = header.login
        && let Some(Value::Object(scheme)) = value.pointer_mut("/components/securitySchemes/login")
    {
        let facts = json!({ "login": login, "logout": logout, "renewalHeader": RENEWAL_HEADER });
        scheme.insert("x-queqiao-login".to_owned(), facts);
    }
    #[cfg(feature = "server")]
    if !header.templates.is_empty()
        && let Value::Object(root) = &mut value
    {
        let templates = header.templates.iter().map(|one| (one.name.to_owned(), one.summary.into()));
        let facts = json!({ "report": REPORT, "templates": templates.collect::<Map<String, Value>>() });
        root.insert("x-queqiao-subscribe".to_owned(), facts);
    }
    Ok(Document::finish(value))
}

/// How messages name a component: by its Rust type, and one of another crate by who uses it too.
fn place_of(components: &Components, name: &str, schema: &Value) -> String {
    let rust = |schema: &Value| schema.get(RUST_TYPE).and_then(Value::as_str).map(str::to_owned);
    if let Some(own) = rust(schema) {
        return own;
    }
    let user = components
        .components
        .iter()
        .find(|(user, schema)| *user != name && references(schema).iter().any(|used| used == name));
    match user {
        Some((user, schema)) => format!("{name}` in `{}", rust(schema).unwrap_or_else(|| user.clone())),
        None => name.to_owned(),
    }
}

/// Says that the client may repeat the operation, under a key that it makes.
const IDEMPOTENT: &str = "x-queqiao-idempotent";

struct Writer<'a> {
    components: &'a Components,
    mistakes: &'a mut Vec<String>,
}

impl Writer<'_> {
    fn operation(&mut self, placed: Placed<'_>) -> utoipa::openapi::path::Operation {
        let Placed { meta, tag, draft, .. } = placed;
        let mut builder = OperationBuilder::new()
            .operation_id(Some(meta.operation_id))
            .tag(tag)
            .summary(Some(if meta.summary.is_empty() { meta.operation_id } else { meta.summary }));
        let mut description = meta.description.to_owned();
        for role in &draft.roles {
            if !description.is_empty() {
                description.push_str("\n\n");
            }
            description.push_str(&format!("Needs the role `{role}`."));
        }
        if !description.is_empty() {
            builder = builder.description(Some(description));
        }
        if meta.deprecated.is_some() {
            builder = builder.deprecated(Some(Deprecated::True));
        }
        for parameter in draft.parameters {
            builder = builder.parameter(self.parameter(meta, parameter));
        }
        if let Some(body) = draft.body {
            let schema = self.schema(meta, Side::Request, body.schema);
            let mut content = ContentBuilder::new().schema(Some(schema));
            for (name, media_types) in body.parts {
                let encoding = EncodingBuilder::new().content_type(Some(media_types)).build();
                content = content.encoding(name, encoding);
            }
            let content = content.build();
            let required = if body.required { Required::True } else { Required::False };
            #[allow(unused_mut, reason = "without a server, no file goes past it")]
            let mut request =
                RequestBodyBuilder::new().content(body.media_type, content).required(Some(required));
            #[cfg(feature = "server")]
            if let Some(direct) = draft.direct {
                let schema = self.schema(meta, Side::Request, direct.schema);
                let told = ContentBuilder::new().schema(Some(schema)).build();
                let facts = json!({ "begin": crate::upload::BEGIN, "upload": direct.member });
                request = request
                    .content("application/json", told)
                    .extensions(Some(Extensions::from_iter([("x-queqiao-direct".to_owned(), facts)])));
            }
            builder = builder.request_body(Some(request.build()));
        }
        for (status, response) in draft.responses {
            let mut answer = ResponseBuilder::new().description(response.description);
            if let Some((media_type, schema)) = response.content {
                let schema = self.schema(meta, Side::Response, schema);
                answer = answer.content(media_type, ContentBuilder::new().schema(Some(schema)).build());
            }
            for (name, description) in response.headers {
                answer = answer.header(name, text_header(description));
            }
            builder = builder.response(status.to_string(), deprecated(meta, answer.build()));
        }
        let refused = [&problem::RAW_REFUSED];
        let raw = draft.errors.cases().contains(&problem::RAW_REFUSED);
        for (status, mut cases) in by_status(draft.errors.cases()) {
            // An axum extractor refuses with whatever status of the caller's fault.
            if raw && status < 500 && !cases.contains(&refused[0]) {
                cases.push(refused[0]);
            }
            let response = self.error_response(&cases, &draft.details);
            builder = builder.response(status.to_string(), deprecated(meta, response));
        }
        if raw {
            let response = self.error_response(&refused, &draft.details);
            builder = builder.response("4XX", deprecated(meta, response));
        }
        let login = || SecurityRequirement::new::<_, [&str; 0], &str>(LOGIN_SCHEME, []);
        builder = match draft.security {
            // Said, not left out, so that no reader takes it for forgotten.
            Security::None => builder.securities(Some([])),
            Security::Optional => builder.securities(Some([SecurityRequirement::default(), login()])),
            Security::Required => builder.securities(Some([login()])),
        };
        if meta.idempotent {
            let fact = Extensions::from_iter([(IDEMPOTENT.to_owned(), Value::Bool(true))]);
            builder = builder.extensions(Some(fact));
        }
        builder.build()
    }

    fn parameter(&mut self, meta: &Meta, parameter: super::operation::Parameter) -> Parameter {
        let location = match parameter.location {
            Location::Path => ParameterIn::Path,
            Location::Header => ParameterIn::Header,
            Location::Query | Location::Body => ParameterIn::Query,
        };
        let empty_is_absent = parameter.empty_is_absent;
        let mut schema = parameter.schema;
        let description = schema.get("description").and_then(Value::as_str).map(str::to_owned);
        // An optional parameter is absent, not `null`: no URL can carry a null.
        without_null(&mut schema);
        if parameter.style == Some(Style::Deep)
            && let Some(Value::Object(members)) = schema.get_mut("properties")
        {
            members.values_mut().for_each(without_null);
        }
        let name = parameter.name.clone();
        let mut builder = ParameterBuilder::new().name(parameter.name).parameter_in(location);
        if schema.get("$ref").is_none()
            && let Value::Object(map) = &mut schema
        {
            map.remove("description");
        }
        let schema = self.components.place(Side::Request, schema);
        if schema.get("$ref").is_none() {
            let place = format!("{}::{}", meta.module, meta.name);
            lint::check_at(
                &place,
                &format!("{} {}", name_of(parameter.location), name),
                &schema,
                self.mistakes,
            );
        }
        builder = builder
            .required(if parameter.required { Required::True } else { Required::False })
            .description(description)
            .schema(Some(lossless(printable(schema))));
        builder = match parameter.style {
            None => builder,
            Some(Style::Joined) => builder.style(Some(ParameterStyle::Form)).explode(Some(false)),
            Some(Style::Deep) => builder.style(Some(ParameterStyle::DeepObject)).explode(Some(true)),
        };
        let mut parameter = builder.build();
        if empty_is_absent {
            parameter.extensions = Some(Extensions::from_iter([("allowEmptyValue".to_owned(), true)]));
        }
        parameter
    }

    /// The answer of one status: any of its codes, each with what it carries.
    ///
    /// Codes are told by `enum`, one or many alike: of the two ways to say one value, every tool shows this one.
    fn error_response(
        &mut self,
        cases: &[&ErrorCase],
        details: &BTreeMap<&'static str, Value>,
    ) -> utoipa::openapi::Response {
        let lines: Vec<String> =
            cases.iter().map(|case| format!("`{}`: {}", case.code, in_all_languages(&case.title))).collect();
        let with_codes = |codes: &[&str]| json!({ "type": "object", "properties": { "code": { "type": "string", "enum": codes } }, "required": ["code"] });
        let (detailed, plain): (Vec<&ErrorCase>, Vec<&ErrorCase>) =
            cases.iter().partition(|case| details.contains_key(case.code));
        let mut branches = Vec::new();
        if !plain.is_empty() {
            branches.push(with_codes(&plain.iter().map(|case| case.code).collect::<Vec<_>>()));
        }
        for case in detailed {
            let schema = details.get(case.code).cloned().unwrap_or_default();
            let schema = self.components.place(Side::Response, schema);
            lint::check_at(case.origin, "details", &schema, self.mistakes);
            let mut branch = with_codes(&[case.code]);
            if let Some(properties) = branch.get_mut("properties") {
                properties["details"] = printable(schema);
            }
            branch["required"] = json!(["code", "details"]);
            branches.push(branch);
        }
        let codes = match branches.len() {
            1 => branches.remove(0),
            _ => json!({ "oneOf": branches }),
        };
        let schema = json!({ "allOf": [{ "$ref": "#/components/schemas/Problem" }, codes] });
        let content = ContentBuilder::new().schema(Some(lossless(schema))).build();
        ResponseBuilder::new().description(lines.join("\n")).content(PROBLEM_JSON, content).build()
    }

    fn schema(&mut self, meta: &Meta, side: Side, schema: Value) -> RefOr<Schema> {
        let schema = self.components.place(side, schema);
        if schema.get("$ref").is_none() {
            lint::check(&format!("{}::{}", meta.module, meta.name), &schema, self.mistakes);
        }
        lossless(printable(schema))
    }
}

/// Every answer of a deprecated operation says that it is.
fn deprecated(meta: &Meta, mut response: utoipa::openapi::Response) -> utoipa::openapi::Response {
    for (name, _, description) in meta.deprecated.into_iter().flat_map(endpoint::Deprecated::headers) {
        response.headers.insert(name.to_owned(), RefOr::T(text_header(description)));
    }
    response
}

fn text_header(description: &str) -> utoipa::openapi::Header {
    HeaderBuilder::new()
        .description(Some(description))
        .schema(Some(lossless(json!({ "type": "string" }))))
        .build()
}

fn http_method(method: Method) -> HttpMethod {
    match method {
        Method::Get => HttpMethod::Get,
        Method::Post => HttpMethod::Post,
        Method::Put => HttpMethod::Put,
        Method::Delete => HttpMethod::Delete,
    }
}

fn by_status(cases: &[ErrorCase]) -> BTreeMap<u16, Vec<&ErrorCase>> {
    let mut statuses: BTreeMap<u16, Vec<&ErrorCase>> = BTreeMap::new();
    for case in cases {
        statuses.entry(case.status).or_default().push(case);
    }
    for cases in statuses.values_mut() {
        cases.sort_by_key(|case| case.code);
    }
    statuses
}

fn in_all_languages(text: &Text) -> String {
    match text {
        Text::Plain(text) => text.to_string(),
        Text::Both { zh, en } => format!("{en} {zh}"),
    }
}

fn problem_schema() -> Value {
    json!({
        "description": "A failure, as RFC 9457 writes it.",
        "type": "object",
        "properties": {
            "title": { "type": "string", "description": "One sentence for people." },
            "status": { "type": "integer", "minimum": 400, "maximum": 599, "description": "The HTTP status." },
            "code": { "type": "string", "description": "Stable and made for programs." },
            "detail": { "type": "string", "description": "More about this occurrence." },
            "request_id": { "type": "string", "description": "The id under which the server's log speaks of it." },
            "errors": {
                "type": "array",
                "description": "Each broken constraint.",
                "items": {
                    "type": "object",
                    "properties": {
                        "in": { "type": "string", "enum": ["query", "path", "header"], "description": "Absent for the body." },
                        "pointer": { "type": "string", "description": "JSON pointer with wire names." },
                        "code": { "type": "string", "description": "The constraint." },
                        "message": { "type": "string", "description": "For people." },
                    },
                    "required": ["pointer", "code", "message"],
                },
            },
        },
        "required": ["title", "status", "code"],
    })
}

fn without_null(schema: &mut Value) {
    let Value::Object(map) = schema else { return };
    if let Some(Value::Array(types)) = map.get_mut("type") {
        types.retain(|name| name.as_str() != Some("null"));
        if let [one] = types.as_slice() {
            let one = one.clone();
            map.insert("type".to_owned(), one);
        }
    }
    if let Some(Value::Array(values)) = map.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if map.get("default").is_some_and(Value::is_null) {
        map.remove("default");
    }
    for key in ["anyOf", "oneOf"] {
        let Some(Value::Array(branches)) = map.get_mut(key) else { continue };
        branches.retain(|branch| branch.get("type").and_then(Value::as_str) != Some("null"));
        if let [Value::Object(only)] = branches.as_slice() {
            let only = only.clone();
            map.remove(key);
            for (name, value) in only {
                map.entry(name).or_insert(value);
            }
        }
    }
}

fn printable(mut schema: Value) -> Value {
    walk(&mut schema, &mut |map| {
        map.remove(RUST_TYPE);
        map.remove(STYLE);
        map.remove(MISTAKE);
        // A tuple has no more items than those; linters ask for the keyword.
        if map.contains_key("prefixItems") && !map.contains_key("items") {
            map.insert("items".to_owned(), Value::Bool(false));
        }
        // `int64` and the like name Rust's width; the bounds say what may come.
        if types_integer(map)
            && map.get("format").and_then(Value::as_str).is_some_and(|format| format != "int32")
        {
            map.remove("format");
        }
    });
    schema
}

fn types_integer(map: &Map<String, Value>) -> bool {
    match map.get("type") {
        Some(Value::String(one)) => one == "integer",
        Some(Value::Array(many)) => many.iter().any(|name| name.as_str() == Some("integer")),
        _ => false,
    }
}

/// A schema in utoipa's document that keeps every keyword; utoipa's own `Schema` knows only some.
fn lossless(schema: Value) -> RefOr<Schema> {
    let map = match schema {
        Value::Object(map) => map,
        Value::Bool(false) => Map::from_iter([("not".to_owned(), json!({}))]),
        _ => Map::new(),
    };
    let mut object = Object::default();
    object.schema_type = SchemaType::AnyValue;
    object.extensions = Some(map.into_iter().collect::<Extensions>());
    RefOr::T(Schema::Object(object))
}
