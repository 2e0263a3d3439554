//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use queqiao_codegen::{BaseUrl, Container, Part};
use queqiao_operator::{Db, Users};

use crate::budget::Budget;

/// Makes the JavaScript client of a WeChat mini-program from its Rust backend, and keeps the two together.
#[derive(Debug, Parser)]
#[command(name = "cargo queqiao", bin_name = "cargo queqiao", version, propagate_version = true)]
#[command(after_help = "\
Set once, beside the package's Cargo.toml, in queqiao.toml:

    [client]
    out = \"miniprogram/api\"           # folder of the generated client
    openapi = \"openapi.json\"          # the checked-in document
    npm = \"packages/todo-client\"     # or: folder of the client as an npm package
    base_url = { develop = \"http://127.0.0.1:8080\", release = \"https://api.example.com\" }

Then `cargo queqiao generate -p <package>` after each change of a handler, and
`cargo queqiao check -p <package>` in CI.")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write the client (and the OpenAPI document).
    #[command(after_help = "\
Examples:
    cargo queqiao generate -p todo
    cargo queqiao generate -p todo --out miniprogram/api --base-url https://api.example.com
    cargo queqiao generate --openapi petstore.json --out miniprogram/petstore
    cargo queqiao generate -p todo --npm packages/todo-client

Of a document that another framework wrote, the client has what a mini-program can express; what it leaves out is
listed, each with its reason and the remedy.

The package is built and asked for its contract (QUEQIAO_EXPORT); it needs no configuration, database or network
for that. Files that would not change are not touched.")]
    Generate(Generate),
    /// Tell whether the checked-in client is what the code would generate, and whether released ones still work.
    #[command(after_help = "\
Today's contract is compared with each that `cargo queqiao release` has stored and that is not retired.

Exit code 0: up to date, and nothing breaks (there may be warnings). 1: the client is not up to date. 2: it could not
be found out. 3: released versions break, whether the client is up to date or not.

Example:
    cargo queqiao check -p todo")]
    Check(Check),
    /// Store the contract that goes out with a version of the mini-program, or retire that version.
    #[command(after_help = "\
Examples:
    cargo queqiao release 1.2.0 -p todo
    cargo queqiao release --retire 1.0.0 -p todo

It is written to the folder contracts beside Cargo.toml: the label and the day to releases.json, the document to a
file with the id of the contract. `cargo queqiao check` compares with it, and the server knows the label by
`Api::releases(queqiao::releases!())`. Commit the folder. A retired version is not compared any more.")]
    Release(Release),
    /// Write the contract for other programs: OpenAPI as JSON or YAML, or a Postman collection.
    #[command(after_help = "\
Examples:
    cargo queqiao export -p todo --format openapi-yaml --out openapi.yaml
    cargo queqiao export -p todo --format postman --out todo.postman_collection.json \\
        --environment todo.postman_environment.json

Without --out it is written to stdout. The collection opens in Postman and Apifox and runs as it is, logged in:
    newman run todo.postman_collection.json -e todo.postman_environment.json \\
        --env-var emulator=http://127.0.0.1:8081")]
    Export(Export),
    /// Stand in for WeChat's servers, with a console in the browser.
    #[cfg(feature = "emulator")]
    #[command(after_help = "\
Examples:
    cargo queqiao emulator
    cargo queqiao emulator --port 9000 --app wx0123456789abcdef:its-secret --strict
    WECHAT_PUSH_TOKEN=… WECHAT_PUSH_AES_KEY=… cargo queqiao emulator --push-url http://127.0.0.1:8080/wechat/push
    cargo queqiao emulator --file emulator.toml --json

Any server may use it, of whatever language: put its address where https://api.weixin.qq.com stands. A browser
shows users, messages, quotas and each call at /emulator; there you log in as anyone, grant a subscription, write to
customer service, fail a content check, move the clock, and inject faults.

emulator.toml, all of it optional:
    [settings]                       # those of POST /emulator/settings
    rules = [{ contains = \"卖\", suggest = \"review\", scenes = [2] }]
    [[apps]]
    appid = \"wx0123456789abcdef\"
    secret = \"its-secret\"
    templates = [{ id = \"due\", keys = [{ key = \"thing1\" }, { key = \"date2\" }] }]
    push = { urls = [\"http://127.0.0.1:8080/wechat/push\"], token = \"…\", aes_key = \"…\" }
    [[faults]]
    path = \"/wxa/*\"
    damage = { errcode = -1 }
    probability = 0.1")]
    Emulator(crate::emulator::Command),
    /// Look after the database of a package: migrations, and the keys that encrypt what is in it.
    #[command(after_help = OPERATOR)]
    Db {
        #[command(flatten)]
        program: Program,
        #[command(subcommand)]
        task: Db,
    },
    /// Move users out of a package's database and into it, as NDJSON.
    #[command(after_help = OPERATOR)]
    Users {
        #[command(flatten)]
        program: Program,
        #[command(subcommand)]
        task: Users,
    },
}

/// What `db` and `users` have in common.
const OPERATOR: &str = "\
The package is built, and does it itself with its own settings: queqiao.toml and the environment. On a server, where there
is no cargo, say the same to the program: `library queqiao db status`.";

#[derive(Debug, Args)]
pub(crate) struct Generate {
    #[command(flatten)]
    pub(crate) source: Source,
    #[command(flatten)]
    pub(crate) target: Target,
    /// Also write over a client folder that something else has made.
    #[arg(long)]
    pub(crate) force: bool,
    /// Print the result as JSON on stdout.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) source: Source,
    #[command(flatten)]
    pub(crate) target: Target,
    /// Print the result as JSON on stdout.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Release {
    /// The version of the mini-program, as in 1.2.0.
    pub(crate) label: String,
    #[command(flatten)]
    pub(crate) source: Source,
    /// The day on which it went out, as in 2026-11-01; today by default.
    #[arg(long, value_name = "DAY", conflicts_with = "retire")]
    pub(crate) date: Option<String>,
    /// Mark the version as no longer in use, instead of storing it.
    #[arg(long)]
    pub(crate) retire: bool,
    /// Print the result as JSON on stdout.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    pub(crate) source: Source,
    /// What to write.
    #[arg(long, value_enum)]
    pub(crate) format: Format,
    /// File to write to; stdout by default.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// File for the environment of a Postman collection: where the server is, and the token.
    #[arg(long, value_name = "FILE")]
    pub(crate) environment: Option<PathBuf>,
    /// The version of the mini-program (`envVersion`) whose server the Postman collection calls.
    #[arg(long, value_enum, default_value_t = Version::Develop)]
    pub(crate) server: Version,
    /// Where the servers are: one URL, or `develop=URL`, `trial=URL`, `release=URL`, each as an option of its own;
    /// `base_url` of `[client]` in queqiao.toml by default.
    #[arg(long, value_name = "[VERSION=]URL")]
    pub(crate) base_url: Vec<String>,
    /// Where the emulator is, which gives the Postman collection its login codes.
    #[arg(long, value_name = "URL")]
    pub(crate) emulator: Option<String>,
    /// Print the result as JSON on stdout.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What a contract is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// The OpenAPI 3.1 document as JSON.
    OpenapiJson,
    /// The OpenAPI 3.1 document as YAML.
    OpenapiYaml,
    /// A Postman collection v2.1.
    Postman,
}

/// A version of the mini-program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Version {
    /// 开发版
    Develop,
    /// 体验版
    Trial,
    /// 正式版
    Release,
}

/// Where the contract comes from.
#[derive(Debug, Args, Default)]
pub(crate) struct Source {
    #[command(flatten)]
    pub(crate) program: Program,
    /// An OpenAPI 3 document (JSON or YAML) instead of a package.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["package", "bin", "features", "no_default_features", "release"])]
    pub(crate) openapi: Option<PathBuf>,
}

/// The program that is built and run.
#[derive(Debug, Args, Default)]
pub(crate) struct Program {
    /// The package whose main calls `queqiao::serve`; the one of this folder by default.
    #[arg(short, long, global = true)]
    pub(crate) package: Option<String>,
    /// The binary to run, if the package has several.
    #[arg(long, global = true)]
    pub(crate) bin: Option<String>,
    /// Features to build with, separated by commas.
    #[arg(short = 'F', long, global = true)]
    pub(crate) features: Vec<String>,
    /// Build without the default features.
    #[arg(long, global = true)]
    pub(crate) no_default_features: bool,
    /// Build in release mode.
    #[arg(long, global = true)]
    pub(crate) release: bool,
}

/// Where the files are.
#[derive(Debug, Args, Default)]
pub(crate) struct Target {
    /// Folder of the client; `out` of `[client]` in queqiao.toml by default.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// Folder of the client as an npm package, whose `miniprogram_dist` WeChat's "build npm" (构建 npm) takes; `npm` of
    /// `[client]` in queqiao.toml by default. Beside --out, or in its place.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) npm: Option<PathBuf>,
    /// Name of the npm package; `npm_name` of `[client]` in queqiao.toml by default, else `<name of the API>-client`.
    #[arg(long, value_name = "NAME")]
    pub(crate) npm_name: Option<String>,
    /// File of the OpenAPI document; `openapi` of `[client]` in queqiao.toml by default.
    #[arg(long, value_name = "FILE")]
    pub(crate) openapi_out: Option<PathBuf>,
    /// Where the server is: one URL, or `develop=URL`, `trial=URL`, `release=URL`, each as an option of its own.
    #[arg(long, value_name = "[VERSION=]URL")]
    pub(crate) base_url: Vec<String>,
    /// Send PATCH operations as POST with `X-HTTP-Method-Override: PATCH`: the server must take it. `wx.request` has no
    /// PATCH, and such operations are left out otherwise.
    #[arg(long)]
    pub(crate) method_override: bool,
    /// The service of WeChat Cloud Hosting (微信云托管) that the client calls with `wx.cloud.callContainer`, instead of a
    /// base URL.
    #[arg(long, value_name = "ENV/SERVICE")]
    pub(crate) container: Option<String>,
    /// Write a file for each tag of the document, for sub-packages (分包); `index.js` has what has no tag.
    #[arg(long)]
    pub(crate) split: bool,
    /// Write the JavaScript without comments and with short names, for tools that do not minify themselves.
    #[arg(long)]
    pub(crate) minify: bool,
    /// The most that the JavaScript of the client may have, such as `20KB`; more is an error.
    #[arg(long, value_name = "SIZE")]
    pub(crate) budget: Option<Budget>,
    /// Parts that the client is to do without, to be smaller: `retry`, `share`, `background`, `hooks`, `users`,
    /// `language`, `timer`, `subscribe`.
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    pub(crate) without: Vec<Part>,
    /// Fail if the client cannot have everything that the document describes.
    #[arg(long)]
    pub(crate) strict: bool,
}

impl Target {
    /// The container that was given, if one was.
    pub(crate) fn container(&self) -> miette::Result<Option<Container>> {
        let Some(text) = &self.container else { return Ok(None) };
        match text.split_once('/') {
            Some((env, service)) if !env.is_empty() && !service.is_empty() => {
                Ok(Some(Container { env: env.to_owned(), service: service.to_owned() }))
            }
            _ => Err(miette::miette!(
                help = "Give both as the console of WeChat Cloud Hosting shows them: --container prod-1a2b3c/api",
                "--container {text} is no environment and service"
            )),
        }
    }

    /// The base URL that was given, if one was.
    pub(crate) fn base_url(&self) -> miette::Result<Option<BaseUrl>> {
        base_url(&self.base_url)
    }
}

/// The base URL that `--base-url` gives.
pub(crate) fn base_url(given: &[String]) -> miette::Result<Option<BaseUrl>> {
    let (mut develop, mut trial, mut release) = (None, None, None);
    for text in given {
        let place = match text.split_once('=') {
            Some(("develop", url)) => (&mut develop, url),
            Some(("trial", url)) => (&mut trial, url),
            Some(("release", url)) => (&mut release, url),
            _ if given.len() == 1 => return Ok(Some(BaseUrl::One(text.clone()))),
            _ => {
                return Err(miette::miette!(
                    help = "Give one URL, or one each as develop=URL, trial=URL, release=URL",
                    "--base-url {text} stands beside another one and names no version"
                ));
            }
        };
        if place.0.replace(place.1.to_owned()).is_some() {
            return Err(miette::miette!(
                help = "Leave one of them out",
                "two --base-url for one version: {text}"
            ));
        }
    }
    if given.is_empty() {
        return Ok(None);
    }
    if release.is_none() {
        return Err(miette::miette!(
            help = "Add --base-url release=URL: users get it, and everything that is not known counts as release",
            "there is no base URL for the release version"
        ));
    }
    Ok(Some(BaseUrl::ByVersion { develop, trial, release }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    fn base_url(values: &[&str]) -> miette::Result<Option<BaseUrl>> {
        Target { base_url: values.iter().map(|value| (*value).to_owned()).collect(), ..Target::default() }
            .base_url()
    }

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn base_urls() {
        assert_eq!(base_url(&[]).expect("none"), None);
        let one = base_url(&["https://a.example/?x=1"]).expect("one");
        assert_eq!(one, Some(BaseUrl::One("https://a.example/?x=1".into())));
        let some = base_url(&["develop=http://d", "release=http://r"]).expect("two");
        let expected = BaseUrl::ByVersion {
            develop: Some("http://d".into()),
            trial: None,
            release: Some("http://r".into()),
        };
        assert_eq!(some, Some(expected));
        for wrong in
            [&["develop=http://d"][..], &["http://a", "http://b"], &["release=http://a", "release=http://b"]]
        {
            assert!(base_url(wrong).is_err(), "{wrong:?}");
        }
    }
}
