//! What a successful call gives, and how it fails.

use serde_json::Value;

use super::failures::{Failures, Known};
use super::node::Node;
use super::schema::Schemas;
use super::{essence, impossible};
use crate::contract::{Answer, Type};
use crate::error::GenerateError;

pub(super) struct Responses<'a> {
    pub(super) result: Type,
    pub(super) answer: Answer,
    pub(super) not_modified: bool,
    pub(super) failures: Failures<'a>,
}

pub(super) fn read<'a>(
    operation: &Node<'a>,
    root: &'a Value,
    schemas: &mut Schemas<'a>,
    known: &mut Known<'a>,
) -> Result<Responses<'a>, GenerateError> {
    let mut answers: Vec<(Answer, Type)> = Vec::new();
    let mut failures = Failures::default();
    let (mut redirects, mut not_modified, mut otherwise) = (false, false, None);
    let Some(responses) = operation.object("responses")? else {
        return Ok(Responses { result: Type::Unknown, answer: Answer::Json, not_modified: false, failures });
    };
    for (status, response) in responses.children()? {
        if status.starts_with("x-") {
            continue;
        }
        let response = if response.text("$ref").is_some() { response.resolve(root)? } else { response };
        response.members()?;
        match status.chars().next() {
            Some('1') => {}
            Some('2') => {
                answers.push(answer(status, &response, schemas)?);
            }
            Some('3') if status == "304" => not_modified = true,
            Some('3') => redirects = true,
            Some('d') => otherwise = Some(response),
            _ => failures.read(status, &response, root, schemas, known)?,
        }
    }
    match otherwise {
        // Some documents describe the success by nothing else.
        Some(response) if answers.is_empty() && !redirects => {
            answers.push(answer("default", &response, schemas)?);
        }
        Some(response) => failures.read("default", &response, root, schemas, known)?,
        None => {}
    }
    // The host follows redirects: what comes at their end is not in the contract.
    if answers.is_empty() && redirects {
        return Ok(Responses { result: Type::String, answer: Answer::Text, not_modified, failures });
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
            "the successful answers are of different kinds (JSON, text, bytes), and the kind must be known before the \
             request is sent",
            "Make an operation of each kind",
        ));
    }
    let result = match answers.is_empty() {
        true => Type::Unknown,
        false => Type::union(answers.into_iter().map(|(_, shape)| shape).collect()),
    };
    let answer = match kinds.first() {
        Some(kind) => *kind,
        None if result == Type::Nothing => Answer::Empty,
        None => Answer::Json,
    };
    Ok(Responses { result, answer, not_modified, failures })
}

fn answer<'a>(
    status: &str,
    response: &Node<'a>,
    schemas: &mut Schemas<'a>,
) -> Result<(Answer, Type), GenerateError> {
    let (kind, schema) = content(status, response)?;
    let shape = match kind {
        Answer::Json => schema.map_or(Ok(Type::Unknown), |schema| schemas.read(&schema))?,
        Answer::Text => Type::String,
        Answer::Binary => Type::Binary,
        Answer::Empty => Type::Nothing,
    };
    Ok((kind, shape))
}

/// How the client reads an answer, and the schema of what it reads.
pub(crate) fn content<'a>(
    status: &str,
    response: &Node<'a>,
) -> Result<(Answer, Option<Node<'a>>), GenerateError> {
    let media = match response.object("content")? {
        Some(content) if !matches!(status, "204" | "205") => content.children()?,
        _ => Vec::new(),
    };
    for wanted in [Answer::Json, Answer::Text, Answer::Binary] {
        if let Some((_, node)) = media.iter().find(|(name, _)| kind(name) == wanted) {
            node.members()?;
            return Ok((wanted, node.get("schema")));
        }
    }
    Ok((Answer::Empty, None))
}

fn kind(media_type: &str) -> Answer {
    match essence(media_type).as_str() {
        "*/*" | "application/*" => Answer::Json,
        name if name.ends_with("/json") || name.ends_with("+json") => Answer::Json,
        name if name.starts_with("text/") || name.ends_with("xml") || name.ends_with("yaml") => Answer::Text,
        // One JSON text a line is no JSON text.
        name if name.ends_with("jsonl") || name.ends_with("ndjson") || name.ends_with("json-seq") => {
            Answer::Text
        }
        _ => Answer::Binary,
    }
}
