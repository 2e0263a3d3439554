//! The section `[client]` of queqiao.toml.

use std::path::{Path, PathBuf};

use miette::{IntoDiagnostic as _, WrapErr as _};
use queqiao_codegen::{BaseUrl, Container, Part};
use serde::Deserialize;

use crate::budget::Budget;

/// What `[client]` says.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Client {
    /// Folder of the client.
    pub(crate) out: Option<PathBuf>,
    /// Folder of the client as an npm package.
    pub(crate) npm: Option<PathBuf>,
    /// Name of that package.
    pub(crate) npm_name: Option<String>,
    /// File of the document.
    pub(crate) openapi: Option<PathBuf>,
    /// Where the server is.
    pub(crate) base_url: Option<BaseUrl>,
    /// The container that is called instead.
    pub(crate) container: Option<Container>,
    /// Whether there is a file for each tag.
    #[serde(default)]
    pub(crate) split: bool,
    /// Whether the JavaScript is minified.
    #[serde(default)]
    pub(crate) minify: bool,
    /// The folders of sub-packages that have files of their own; they need `split`.
    #[serde(default)]
    pub(crate) subpackages: Vec<Subpackage>,
    /// The most that the JavaScript may have.
    pub(crate) budget: Option<Budget>,
    /// What the client is to do without.
    #[serde(default)]
    pub(crate) without: Vec<Part>,
}

/// A sub-package (分包) that carries the operations of some tags.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Subpackage {
    /// Folder of its part of the client.
    pub(crate) out: PathBuf,
    /// The names of the files that it has, such as `orders` of the tag Orders.
    pub(crate) tags: Vec<String>,
    /// Whether it is loaded without the main package (独立分包), and so has all that its part needs.
    #[serde(default)]
    pub(crate) independent: bool,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    client: Option<toml::Value>,
}

/// Reads queqiao.toml in `folder`; paths in it are relative to the folder. Nothing if there is no such file.
pub(crate) fn read(folder: &Path) -> miette::Result<Client> {
    let path = folder.join("queqiao.toml");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Client::default()),
        Err(error) => {
            return Err(error).into_diagnostic().wrap_err_with(|| format!("cannot read {}", path.display()));
        }
    };
    let mut client = parse(&text).wrap_err_with(|| format!("{} is not right", path.display()))?;
    client.out = client.out.map(|out| folder.join(out));
    client.npm = client.npm.map(|npm| folder.join(npm));
    client.openapi = client.openapi.map(|file| folder.join(file));
    for one in &mut client.subpackages {
        one.out = folder.join(&one.out);
    }
    Ok(client)
}

fn parse(text: &str) -> miette::Result<Client> {
    let file: File = toml::from_str(text).into_diagnostic()?;
    let Some(client) = file.client else { return Ok(Client::default()) };
    client.try_into().map_err(|error| {
        miette::miette!(
            help = "[client] takes: out = \"folder\", npm = \"folder\", npm_name = \"name\", openapi = \"file\", base_url = \"https://…\" or \
                    { develop = \"…\", trial = \"…\", release = \"…\" }, container = { env = \"…\", service = \
                    \"…\" }, split = true, minify = true, subpackages = [{ \
                    out = \"folder\", tags = [\"tag\"], independent = true }], budget = \"20KB\", without = [\"retry\", \"share\", \"background\", \"hooks\", \"users\", \"language\", \"timer\"]",
            "[client]: {error}"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_the_base_url() {
        let one =
            parse("[server]\nport = 1\n[client]\nout = \"api\"\nbase_url = \"https://a\"").expect("valid");
        assert_eq!(one.base_url, Some(BaseUrl::One("https://a".into())));
        assert_eq!(one.out, Some("api".into()));
        let table =
            parse("[client]\nbase_url = { develop = \"http://d\", release = \"https://r\" }").expect("valid");
        let expected = BaseUrl::ByVersion {
            develop: Some("http://d".into()),
            trial: None,
            release: Some("https://r".into()),
        };
        assert_eq!(table.base_url, Some(expected));
        assert_eq!(parse("").expect("valid"), Client::default());
    }

    #[test]
    fn mistakes_come_with_the_form() {
        for wrong in
            ["[client]\nouts = \"a\"", "[client]\nbase_url = { relaese = \"https://r\" }", "client = 3"]
        {
            let error = parse(wrong).expect_err("invalid");
            assert!(error.help().is_some_and(|help| help.to_string().contains("[client] takes")), "{wrong}");
        }
    }
}
