//! One operation of a document.

use serde_json::Value;

use super::failures::Known;
use super::node::Node;
use super::schema::Schemas;
use super::security::Security;
use super::{answer, body, impossible, parameter, server, settle};
use crate::Options;
use crate::contract::{Answer, Body, Documentation, Form, Method, Operation, Parameter, Place, Type};
use crate::error::GenerateError;
use crate::names::operation_name;

pub(crate) struct OperationReader<'a> {
    root: &'a Value,
    options: &'a Options,
    pub(crate) schemas: Schemas<'a>,
    pub(crate) security: Security<'a>,
    known: Known<'a>,
}

impl<'a> OperationReader<'a> {
    pub(crate) fn new(
        root: &'a Value,
        options: &'a Options,
        schemas: Schemas<'a>,
    ) -> Result<Self, GenerateError> {
        Ok(Self { root, options, schemas, security: Security::new(root)?, known: Known::new() })
    }

    /// Reads one member of a path item; `None` if it is no operation, or one that is left out.
    pub(crate) fn read(
        &mut self,
        path: &str,
        item: &Node<'a>,
        method: &str,
        node: &Node<'a>,
    ) -> Result<Option<Operation>, GenerateError> {
        if !["get", "head", "options", "delete", "post", "put", "patch", "trace", "query"].contains(&method) {
            return Ok(None);
        }
        node.members()?;
        if !path.starts_with('/') {
            return Err(GenerateError::Malformed {
                pointer: item.pointer().into_owned(),
                expected: "a path that begins with \"/\"".into(),
                found: format!("\"{path}\""),
            });
        }
        let mark = self.schemas.findings.mark();
        match self.operation(path, item, method, node) {
            Ok(operation) => Ok(Some(operation)),
            Err(error) => {
                self.schemas.findings.back_to(mark);
                self.schemas.findings.leave_out(format!("{} {path}", method.to_uppercase()), error)?;
                Ok(None)
            }
        }
    }

    fn operation(
        &mut self,
        path: &str,
        item: &Node<'a>,
        method: &str,
        node: &Node<'a>,
    ) -> Result<Operation, GenerateError> {
        let method = self.method(path, method, node)?;
        if path.contains(" >") {
            return Err(impossible(
                node,
                "the client takes \" >\" for the end of a path",
                "Write it as %20%3E",
            ));
        }
        let id = node.text("operationId");
        let (access, schemes) = self.security.of(id, node, &mut self.schemas.findings)?;
        let mut parameters = parameter::read_all(path, method, item, node, self.root, &mut self.schemas)?;
        let body = body::read(path, method, node, self.root, &mut self.schemas)?;
        if self.options.container.is_some()
            && let Some(Body { form: Form::Multipart { file: Some(_), .. }, .. }) = &body
        {
            return Err(impossible(
                node,
                "wx.cloud.callContainer sends no files",
                "Let the mini-program store the file with wx.cloud.uploadFile, and take its fileID",
            ));
        }
        let mut responses = answer::read(node, self.root, &mut self.schemas, &mut self.known)?;
        if method == Method::Head {
            // Whatever the document says: such an answer has no body.
            (responses.result, responses.answer) = (Type::Nothing, Answer::Empty);
        }
        let own_key = |parameter: &Parameter| {
            parameter.place == Place::Header && parameter.name.eq_ignore_ascii_case("Idempotency-Key")
        };
        let idempotent = node.flag("x-queqiao-idempotent") || parameters.iter().any(own_key);
        for parameter in parameters.iter_mut().filter(|parameter| own_key(parameter)) {
            // The client makes one.
            parameter.required = false;
        }
        let server = match server::of(node)? {
            None => server::of(item)?,
            own => own,
        };
        let text = [node.text("summary"), node.text("description")];
        let text = text.into_iter().flatten().map(str::to_owned).collect();
        let tags = node.flag("deprecated").then(|| "deprecated".to_owned()).into_iter().collect();
        let name = operation_name(id, method.as_str(), path);
        let name = settle(&mut self.schemas.findings, node, "the operation", id.unwrap_or_default(), name)?;
        Ok(Operation {
            name,
            method,
            server: server
                .filter(|server| server::of(&Node::root(self.root)).ok().flatten().as_ref() != Some(server)),
            tag: node.list("tags")?.first().and_then(|tag| tag.value.as_str()).map(str::to_owned),
            // A fragment tells operations of a document apart and is never sent.
            path: path.split('#').next().unwrap_or_default().to_owned(),
            documentation: Documentation { text, tags },
            parameters,
            body,
            result: responses.result,
            answer: responses.answer,
            not_modified: responses.not_modified,
            idempotent: idempotent && !matches!(method, Method::Get | Method::Head | Method::Options),
            codes: responses.failures.codes.into_iter().map(str::to_owned).collect(),
            details: responses.failures.details,
            access,
            schemes,
        })
    }

    fn method(&self, path: &str, method: &str, node: &Node<'a>) -> Result<Method, GenerateError> {
        let remedy = match method {
            "get" => return Ok(Method::Get),
            "head" => return Ok(Method::Head),
            "options" => return Ok(Method::Options),
            "delete" => return Ok(Method::Delete),
            "post" => return Ok(Method::Post),
            "put" => return Ok(Method::Put),
            "patch" if self.options.method_override => return Ok(Method::Patch),
            "patch" => {
                "Declare the operation as PUT or POST; if the server takes X-HTTP-Method-Override, generate with \
                 --method-override"
            }
            _ => "Declare the operation as PUT or POST",
        };
        Err(impossible(node, format!("wx.request cannot send {} {path}", method.to_uppercase()), remedy))
    }
}
