//! Who may call, and with what.

use std::collections::BTreeMap;

use serde_json::Value;

use super::findings::Findings;
use super::node::Node;
use crate::contract::{Access, Method, Operation, Scheme};
use crate::error::GenerateError;

/// The scheme that carries `x-queqiao-login`.
struct Login {
    scheme: String,
    pointer: String,
    login: String,
    logout: Option<String>,
    renewal_header: String,
}

/// A scheme of the document.
enum Known {
    Usable(Scheme),
    Unusable { pointer: String, what: String },
}

/// The security schemes of a document.
pub(super) struct Security<'a> {
    root: &'a Value,
    login: Option<Login>,
    schemes: BTreeMap<String, Known>,
}

impl<'a> Security<'a> {
    pub(super) fn new(root: &'a Value) -> Result<Self, GenerateError> {
        let mut security = Self { root, login: None, schemes: BTreeMap::new() };
        let pointer = "/components/securitySchemes";
        let Some(value) = root.pointer(pointer) else { return Ok(security) };
        for (name, scheme) in Node::at(pointer.into(), value).children()? {
            let scheme = scheme.resolve(root)?;
            scheme.members()?;
            match scheme.object("x-queqiao-login")? {
                Some(particulars) => {
                    security.login = Some(Login {
                        scheme: name.to_owned(),
                        login: particulars.required_text("login")?.to_owned(),
                        logout: particulars.text("logout").map(str::to_owned),
                        renewal_header: particulars
                            .text("renewalHeader")
                            .unwrap_or("X-Queqiao-Token")
                            .to_owned(),
                        pointer: particulars.pointer().into_owned(),
                    });
                }
                None => drop(security.schemes.insert(name.to_owned(), known(&scheme)?)),
            }
        }
        Ok(security)
    }

    pub(super) fn renewal_header(&self) -> String {
        self.login.as_ref().map_or_else(String::new, |login| login.renewal_header.to_lowercase())
    }

    /// A session needs the operation that opens it.
    pub(super) fn check_login(&self, operations: &[Operation]) -> Result<(), GenerateError> {
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

    /// What one operation needs: the session, and other schemes by their names.
    pub(super) fn of(
        &self,
        id: Option<&str>,
        node: &Node<'a>,
        findings: &mut Findings,
    ) -> Result<(Access, BTreeMap<String, Scheme>), GenerateError> {
        let requirements = match node.get("security") {
            Some(own) => own.items()?,
            None => Node::root(self.root).list("security")?,
        };
        let mut schemes = BTreeMap::new();
        // Each requirement is an alternative.
        let (mut possible, mut refusal) = (requirements.is_empty(), None);
        for requirement in &requirements {
            let mut wanted = BTreeMap::new();
            let mut usable = true;
            for (name, place) in requirement.children()? {
                match self.schemes.get(name) {
                    _ if self.login.as_ref().is_some_and(|login| login.scheme == name) => {}
                    Some(Known::Usable(scheme)) => drop(wanted.insert(name.to_owned(), scheme.clone())),
                    Some(Known::Unusable { pointer, what }) => {
                        usable = false;
                        refusal.get_or_insert_with(|| GenerateError::Impossible {
                            pointer: pointer.clone(),
                            what: format!("{what}, and {} needs it", place.pointer()),
                            remedy: "Use a bearer token or an API key in a header".into(),
                        });
                    }
                    None => findings.note(format!(
                        "{}: no scheme of this name is in /components/securitySchemes; pass its header with \
                         configure({{ header }})",
                        place.pointer()
                    )),
                }
            }
            if usable {
                possible = true;
                schemes.extend(wanted);
            }
        }
        if let Some(refusal) = refusal.filter(|_| !possible) {
            return Err(refusal);
        }
        Ok((self.access(id, &requirements), schemes))
    }

    fn access(&self, id: Option<&str>, requirements: &[Node<'a>]) -> Access {
        let Some(login) = &self.login else { return Access::Everybody };
        if id == Some(login.login.as_str()) {
            return Access::Login;
        }
        let names_login = |requirement: &&Node<'a>| requirement.get(&login.scheme).is_some();
        match requirements.iter().find(names_login) {
            None => Access::Everybody,
            Some(_) if id.is_some() && id == login.logout.as_deref() => Access::Logout,
            Some(_) if requirements.iter().all(|requirement| names_login(&requirement)) => Access::User,
            Some(_) => Access::Optional,
        }
    }
}

fn known(scheme: &Node<'_>) -> Result<Known, GenerateError> {
    let unusable = |what: String| Known::Unusable { pointer: scheme.pointer().into_owned(), what };
    Ok(match scheme.required_text("type")? {
        "http" => match scheme.required_text("scheme")?.to_lowercase().as_str() {
            "bearer" => Known::Usable(Scheme::Bearer),
            "basic" => Known::Usable(Scheme::Basic),
            other => unusable(format!("the client does not speak HTTP {other} authentication")),
        },
        "oauth2" | "openIdConnect" => Known::Usable(Scheme::Bearer),
        "apiKey" => {
            let name = scheme.required_text("name")?.to_owned();
            match scheme.required_text("in")? {
                "header" => Known::Usable(Scheme::Header(name)),
                "query" => Known::Usable(Scheme::Query(name)),
                "cookie" => unusable("a mini-program keeps no cookies".into()),
                _ => return Err(place_of_key(scheme)),
            }
        }
        "mutualTLS" => unusable("a mini-program has no client certificates".into()),
        _ => {
            return Err(scheme.get("type").map_or_else(
                || scheme.malformed("a security scheme"),
                |kind| kind.malformed("apiKey, http, mutualTLS, oauth2 or openIdConnect"),
            ));
        }
    })
}

fn place_of_key(scheme: &Node<'_>) -> GenerateError {
    scheme.get("in").map_or_else(
        || scheme.malformed("a security scheme"),
        |place| place.malformed("query, header or cookie"),
    )
}
