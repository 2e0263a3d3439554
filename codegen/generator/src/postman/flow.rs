//! The order in which a run works: log in, create, read, change, delete, log out; and what one request hands to the next.
//!
//! A document does not say which operation makes what another one needs. Paths do, as most APIs write them: what
//! `POST /todos` answers has the `id` of `/todos/{id}`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::operation::{Operation, Parameter, is_json};
use crate::error::GenerateError;
use crate::read::node::Node;

/// A folder of the collection.
pub(super) struct Folder {
    pub(super) name: String,
    pub(super) tag: String,
    /// Places of its operations.
    pub(super) operations: Vec<usize>,
}

/// The steps into an answer, such as `["data", "id"]`; `None` is the first item of a list.
type Way = Vec<Option<String>>;

/// A value of an answer that later requests need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Carried {
    pub(super) variable: String,
    /// Where it stands.
    pub(super) way: Way,
}

pub(super) struct Flow {
    pub(super) folders: Vec<Folder>,
    /// What each operation hands on.
    pub(super) carried: BTreeMap<usize, Vec<Carried>>,
    /// Of an operation and its path parameter: the variable that has the value.
    pub(super) supplied: BTreeMap<(usize, String), String>,
    /// Of an operation whose answer brings an `ETag`, or that asks for one: the variable that has it.
    pub(super) versions: BTreeMap<usize, String>,
}

/// The operations that open and close a session.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Session<'a> {
    pub(super) login: Option<&'a str>,
    pub(super) logout: Option<&'a str>,
}

/// What one path parameter stands for: the path up to it, with parameters without names.
type Resource = String;

pub(super) fn plan(
    root: &Node<'_>,
    operations: &[Operation<'_>],
    session: Session<'_>,
    taken: &[&str],
) -> Result<Flow, GenerateError> {
    let mut consumers: BTreeMap<Resource, Vec<(usize, &str)>> = BTreeMap::new();
    for (index, operation) in operations.iter().enumerate() {
        for (resource, name) in resources(operation.path) {
            consumers.entry(resource).or_default().push((index, name));
        }
    }
    let mut flow = Flow {
        folders: Vec::new(),
        carried: BTreeMap::new(),
        supplied: BTreeMap::new(),
        versions: BTreeMap::new(),
    };
    let mut producers: BTreeMap<Resource, usize> = BTreeMap::new();
    let mut variables: BTreeSet<String> = taken.iter().map(|name| (*name).to_owned()).collect();
    for (resource, users) in &consumers {
        let Some(name) = users.first().map(|(_, name)| *name) else { continue };
        let Some((producer, way)) = producer(root, operations, resource, name)? else { continue };
        let variable = variable(resource, name, &variables);
        variables.insert(variable.clone());
        producers.insert(resource.clone(), producer);
        flow.carried.entry(producer).or_default().push(Carried { variable: variable.clone(), way });
        for (user, name) in users {
            flow.supplied.insert((*user, (*name).to_owned()), variable.clone());
        }
    }
    flow.versions = versions(operations, &mut variables);
    let order = Order { root, operations, session, consumers: &consumers, producers: &producers };
    flow.folders = order.folders()?;
    Ok(flow)
}

/// Each parameter of a path with its resource.
fn resources(path: &str) -> Vec<(Resource, &str)> {
    let mut prefix = String::new();
    let mut found = Vec::new();
    for segment in path.split('/').skip(1) {
        match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) if !name.contains(['{', '}']) => {
                prefix.push_str("/{}");
                found.push((prefix.clone(), name));
            }
            _ => {
                prefix.push('/');
                prefix.push_str(segment);
            }
        }
    }
    found
}

/// The variables for the versions of things: one for each path where an answer brings an `ETag` and a change asks for it.
fn versions(operations: &[Operation<'_>], variables: &mut BTreeSet<String>) -> BTreeMap<usize, String> {
    let mut by_path: BTreeMap<String, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for (index, operation) in operations.iter().enumerate() {
        let (brings, asks) = by_path.entry(nameless(operation.path)).or_default();
        if operation.answers.iter().any(|answer| answer.status.starts_with('2') && answer.tagged) {
            brings.push(index);
        }
        if operation.parameter("header", "If-Match").is_some() {
            asks.push(index);
        }
    }
    let mut versions = BTreeMap::new();
    for (path, (brings, asks)) in by_path {
        if brings.is_empty() || asks.is_empty() {
            continue;
        }
        let variable = variable(&path, "version", variables);
        variables.insert(variable.clone());
        versions.extend(brings.into_iter().chain(asks).map(|index| (index, variable.clone())));
    }
    versions
}

/// The path with parameters without names.
fn nameless(path: &str) -> String {
    let segment = |segment: &str| if segment.starts_with('{') { "{}".to_owned() } else { segment.to_owned() };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// The operation that makes, or else lists, what a parameter names, and the way to the name in its answer.
fn producer(
    root: &Node<'_>,
    operations: &[Operation<'_>],
    resource: &str,
    name: &str,
) -> Result<Option<(usize, Way)>, GenerateError> {
    let Some(collection) = resource.strip_suffix("/{}") else { return Ok(None) };
    for method in ["post", "put", "get"] {
        for (index, operation) in operations.iter().enumerate() {
            if operation.method != method || nameless(operation.path) != collection {
                continue;
            }
            let Some(schema) = success(operation) else { continue };
            let way = match method {
                "get" => listed(root, &schema, name)?,
                _ => made(root, &schema, name)?,
            };
            if let Some(way) = way {
                return Ok(Some((index, way)));
            }
        }
    }
    Ok(None)
}

/// The schema of the first successful answer in JSON.
fn success<'a>(operation: &Operation<'a>) -> Option<Node<'a>> {
    let answer = operation.answers.iter().find(|answer| answer.status.starts_with('2'))?;
    answer.content.iter().find(|(media, _)| is_json(media)).and_then(|(_, media)| media.get("schema"))
}

/// The way to the name of a new thing: in the answer, or in a part of it.
fn made(root: &Node<'_>, schema: &Node<'_>, name: &str) -> Result<Option<Way>, GenerateError> {
    let members = members(root, schema, 8)?;
    if let Some(id) = id_of(&members, name) {
        return Ok(Some(vec![Some(id)]));
    }
    for (outer, member) in &members {
        if let Some(id) = id_of(&self::members(root, member, 8)?, name) {
            return Ok(Some(vec![Some((*outer).to_owned()), Some(id)]));
        }
    }
    Ok(None)
}

/// The way to the name of the first thing of a list.
fn listed(root: &Node<'_>, schema: &Node<'_>, name: &str) -> Result<Option<Way>, GenerateError> {
    let item = |list: &Node<'_>| -> Result<Option<String>, GenerateError> {
        let list = list.resolve(root.value)?;
        let Some(item) = list.get("items") else { return Ok(None) };
        Ok(id_of(&members(root, &item, 8)?, name))
    };
    if let Some(id) = item(schema)? {
        return Ok(Some(vec![None, Some(id)]));
    }
    for (outer, member) in members(root, schema, 8)? {
        if let Some(id) = item(&member)? {
            return Ok(Some(vec![Some(outer.to_owned()), None, Some(id)]));
        }
    }
    Ok(None)
}

/// The properties of an object, those of its parts included.
fn members<'a>(
    root: &Node<'a>,
    schema: &Node<'a>,
    depth: usize,
) -> Result<Vec<(&'a str, Node<'a>)>, GenerateError> {
    let Some(depth) = depth.checked_sub(1) else { return Ok(Vec::new()) };
    let schema = schema.resolve(root.value)?;
    let mut all = schema.object("properties")?.map_or(Ok(Vec::new()), |properties| properties.children())?;
    for part in schema.list("allOf")? {
        all.extend(members(root, &part, depth)?);
    }
    Ok(all)
}

/// The property that a path parameter names: it has its name, or is the id.
fn id_of(members: &[(&str, Node<'_>)], name: &str) -> Option<String> {
    let plain = |text: &str| text.replace(['_', '-'], "").to_lowercase();
    let wanted = plain(name);
    let is_scalar = |node: &Node<'_>| !matches!(node.text("type"), Some("object" | "array"));
    let find = |fits: &dyn Fn(&str) -> bool| {
        members
            .iter()
            .find(|(member, node)| is_scalar(node) && fits(&plain(member)))
            .map(|(member, _)| (*member).to_owned())
    };
    let by_name = find(&|member| member == wanted);
    // `/todos/{todo}` and `/todos/{todoId}` mean the id of a todo.
    let by_end = || find(&|member| member.len() > 1 && wanted.ends_with(member) && wanted != member);
    by_name.or_else(by_end).or_else(|| find(&|member| member == "id"))
}

/// A name for a variable: the parameter's own if it says enough, else with what it names.
fn variable(resource: &str, name: &str, taken: &BTreeSet<String>) -> String {
    let words: Vec<&str> = resource.split('/').filter(|word| !word.is_empty() && *word != "{}").collect();
    let camel = |words: &[&str]| {
        let mut text = String::new();
        let pieces = words.iter().flat_map(|word| word.split(|c: char| !c.is_ascii_alphanumeric()));
        for piece in pieces.filter(|piece| !piece.is_empty()) {
            let (first, rest) = piece.split_at(1);
            text.push_str(&if text.is_empty() { first.to_lowercase() } else { first.to_uppercase() });
            text.push_str(rest);
        }
        text
    };
    let says_enough = name.len() > 4 && name.to_lowercase().ends_with("id");
    let last = words.last().copied().unwrap_or_default();
    let mut names = Vec::new();
    if says_enough {
        names.push(camel(&[name]));
    }
    names.push(camel(&[last, name]));
    let mut all = words;
    all.push(name);
    names.push(camel(&all));
    let whole = camel(&all);
    let numbered = (2..).map(move |number| format!("{whole}{number}"));
    names
        .into_iter()
        .filter(|name| !name.is_empty())
        .chain(numbered)
        .find(|name| !taken.contains(name))
        .unwrap_or_default()
}

struct Order<'a> {
    root: &'a Node<'a>,
    operations: &'a [Operation<'a>],
    session: Session<'a>,
    consumers: &'a BTreeMap<Resource, Vec<(usize, &'a str)>>,
    producers: &'a BTreeMap<Resource, usize>,
}

impl Order<'_> {
    fn folders(&self) -> Result<Vec<Folder>, GenerateError> {
        let mut by_tag: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, operation) in self.operations.iter().enumerate() {
            by_tag.entry(operation.tag).or_default().push(index);
        }
        let tags = self.tags(&by_tag)?;
        let place = |index: usize| tags.iter().position(|tag| *tag == self.operations[index].tag);
        let ends = |index: usize| {
            self.is_logout(index)
                || self.operations[index].method == "delete" && {
                    let own = nameless(self.operations[index].path);
                    let users = self.consumers.get(&own);
                    users.is_some_and(|users| users.iter().any(|(user, _)| place(*user) > place(index)))
                }
        };
        let (mut first, mut last) = (Vec::new(), Vec::new());
        for tag in &tags {
            let (mut ending, mut own): (Vec<usize>, Vec<usize>) =
                by_tag.remove(tag.as_str()).unwrap_or_default().into_iter().partition(|index| ends(*index));
            own.sort_by_key(|index| self.rank(*index));
            ending.sort_by_key(|index| self.rank(*index));
            let folder = |name: String, operations| Folder { name, tag: (*tag).to_owned(), operations };
            if !own.is_empty() {
                first.push(folder((*tag).to_owned(), own));
            }
            if !ending.is_empty() {
                last.push(folder(format!("{tag} (at the end)"), ending));
            }
        }
        // What was made first goes last, and the session at the very end.
        last.reverse();
        let has_logout = |folder: &Folder| folder.operations.iter().any(|index| self.is_logout(*index));
        last.sort_by_key(has_logout);
        first.extend(last);
        Ok(first)
    }

    fn is_login(&self, index: usize) -> bool {
        self.session.login.is_some_and(|id| self.operations[index].id() == id)
    }

    fn is_logout(&self, index: usize) -> bool {
        self.session.logout.is_some_and(|id| self.operations[index].id() == id)
    }

    /// The tags: that of the login, then what makes before what needs, then as the document lists them.
    fn tags(&self, by_tag: &BTreeMap<&str, Vec<usize>>) -> Result<Vec<String>, GenerateError> {
        let mut waiting: Vec<&str> = Vec::new();
        for tag in self.root.list("tags")? {
            if let Some(name) = tag.text("name").filter(|name| by_tag.contains_key(name))
                && !waiting.contains(&name)
            {
                waiting.push(name);
            }
        }
        for tag in by_tag.keys() {
            if !waiting.contains(tag) {
                waiting.push(tag);
            }
        }
        let logs_in =
            |tag: &&str| by_tag.get(tag).is_some_and(|all| all.iter().any(|index| self.is_login(*index)));
        if let Some(login) = waiting.iter().position(logs_in) {
            let login = waiting.remove(login);
            waiting.insert(0, login);
        }
        let mut needs: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (resource, producer) in self.producers {
            let made_in = self.operations[*producer].tag;
            for (user, _) in self.consumers.get(resource).into_iter().flatten() {
                let used_in = self.operations[*user].tag;
                if used_in != made_in {
                    needs.entry(used_in).or_default().insert(made_in);
                }
            }
        }
        let mut sorted: Vec<&str> = Vec::new();
        while !waiting.is_empty() {
            let ready = |tag: &&str| {
                needs.get(tag).is_none_or(|needed| needed.iter().all(|other| !waiting.contains(other)))
            };
            // Tags that need each other come as the document lists them.
            let next = waiting.iter().position(ready).unwrap_or(0);
            sorted.push(waiting.remove(next));
        }
        Ok(sorted.into_iter().map(str::to_owned).collect())
    }

    /// Where an operation stands in its folder.
    fn rank(&self, index: usize) -> (usize, isize, String, &str) {
        let operation = &self.operations[index];
        let depth = operation.path.split('/').count() as isize;
        let makes = self.producers.values().any(|producer| *producer == index);
        let phase = match operation.method {
            _ if self.is_login(index) => 0,
            "post" | "put" if makes => 1,
            "put" if self.puts_first(operation) => 1,
            "get" | "head" | "options" => 2,
            "delete" => 4,
            _ if self.is_logout(index) => 5,
            _ => 3,
        };
        let depth = if phase == 4 {
            -depth
        } else if phase == 1 {
            depth
        } else {
            0
        };
        (phase, depth, nameless(operation.path), operation.method)
    }

    /// A PUT that makes what its path names: nothing else does, and it does not ask for what is there already.
    fn puts_first(&self, operation: &Operation<'_>) -> bool {
        let path = nameless(operation.path);
        let asks = |parameter: &Parameter<'_>| parameter.required;
        if operation.parameter("header", "If-Match").is_some_and(asks) {
            return false;
        }
        let is_read =
            self.operations.iter().any(|other| other.method == "get" && nameless(other.path) == path);
        is_read && !(path.ends_with("/{}") && self.producers.contains_key(&path))
    }
}

/// The session of a document that a queqiao server wrote.
pub(super) fn session<'a>(schemes: &[(&'a str, Node<'a>)]) -> Session<'a> {
    let facts = schemes.iter().find_map(|(_, scheme)| scheme.value.get("x-queqiao-login"));
    let text = |key: &str| facts.and_then(|facts| facts.get(key)).and_then(Value::as_str);
    Session { login: text("login"), logout: text("logout") }
}
