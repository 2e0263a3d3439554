//! `cargo queqiao emulator`: WeChat offline, as a process of its own.

use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use miette::{IntoDiagnostic as _, WrapErr as _, miette};
use queqiao_emulator::{
    AppSettings, DEFAULT_APPID, DEFAULT_SECRET, Emulator, Fault, Format, Mode, Push, Running, Settings,
    Template,
};
use serde::Deserialize;

#[derive(Debug, Args)]
pub(crate) struct Command {
    /// The port to listen on; 0 for any free one.
    #[arg(long, default_value_t = 8081)]
    port: u16,
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
    /// Allow an address that other machines reach, and pushes to other machines. Whoever reaches it can log in as
    /// anyone.
    #[arg(long)]
    lan: bool,
    /// An app and its secret, each as an option of its own; the first is meant where none is named. Without any:
    /// wx0000000000000000, whose secret is 32 zeros.
    #[arg(long, value_name = "APPID:SECRET")]
    app: Vec<String>,
    /// Where the pushes of the first app go.
    #[arg(long, value_name = "URL")]
    push_url: Option<String>,
    /// The Token of pushes (令牌).
    #[arg(long, env = "WECHAT_PUSH_TOKEN", hide_env_values = true, requires = "push_url")]
    push_token: Option<String>,
    /// The EncodingAESKey of pushes, 43 letters and digits.
    #[arg(long, env = "WECHAT_PUSH_AES_KEY", hide_env_values = true, value_name = "KEY")]
    push_aes_key: Option<String>,
    /// How pushes are encrypted.
    #[arg(long, value_enum, default_value_t = PushMode::Safe)]
    push_mode: PushMode,
    /// The format of pushes.
    #[arg(long, value_enum, default_value_t = PushFormat::Json)]
    push_format: PushFormat,
    /// A TOML file with settings, content rules, apps, templates and faults.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// As strict as WeChat: no unknown codes, openids or templates.
    #[arg(long)]
    strict: bool,
    /// The seed of codes, tokens and faults; a random one by default.
    #[arg(long)]
    seed: Option<u64>,
    /// Print one line of JSON on stdout as soon as it listens.
    #[arg(long)]
    pub(crate) json: bool,
}

/// 加解密方式
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PushMode {
    /// 明文模式
    Plain,
    /// 兼容模式
    Compatible,
    /// 安全模式
    Safe,
}

/// 数据格式
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PushFormat {
    Json,
    Xml,
}

/// What a file may say.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    settings: Option<Settings>,
    apps: Vec<App>,
    faults: Vec<Fault>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct App {
    appid: String,
    /// That of the emulator's own apps where none is named.
    secret: Option<String>,
    #[serde(default)]
    settings: AppSettings,
    #[serde(default)]
    templates: Vec<Template>,
    push: Option<Push>,
}

/// Runs until Ctrl-C.
pub(crate) fn run(command: &Command, out: &mut impl Write) -> miette::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().into_diagnostic()?;
    runtime.block_on(async {
        let running = start(command).await?;
        announce(&running, command.json, out)?;
        tokio::signal::ctrl_c().await.into_diagnostic()?;
        running.shutdown().await;
        Ok(())
    })
}

async fn start(command: &Command) -> miette::Result<Running> {
    let file = command.file.as_deref().map(read).transpose()?.unwrap_or_default();
    let settings = match (file.settings, command.strict) {
        (None, false) => Settings::default(),
        (None, true) => Settings::strict(),
        (Some(settings), false) => settings,
        (Some(settings), true) => Settings {
            accept_unknown_codes: false,
            accept_unknown_openids: false,
            accept_unknown_templates: false,
            ..settings
        },
    };
    let mut builder =
        Emulator::builder().listen(SocketAddr::new(command.host, command.port)).settings(settings);
    if command.lan {
        builder = builder.allow_lan();
    }
    if let Some(seed) = command.seed {
        builder = builder.seed(seed);
    }
    let mut first = None;
    for text in &command.app {
        let (appid, secret) = text.split_once(':').ok_or_else(|| {
            miette!(
                help = "for example --app wx0123456789abcdef:its-secret",
                "--app is APPID:SECRET, with a colon between them"
            )
        })?;
        first.get_or_insert_with(|| appid.to_owned());
        builder = builder.app(appid, secret);
    }
    for app in &file.apps {
        first.get_or_insert_with(|| app.appid.clone());
        builder = builder.app(app.appid.as_str(), app.secret.as_deref().unwrap_or(DEFAULT_SECRET));
    }
    if let Some(push) = push(command)? {
        builder = builder.push(first.as_deref().unwrap_or(DEFAULT_APPID), push);
    }
    for app in &file.apps {
        if let Some(push) = &app.push {
            builder = builder.push(app.appid.as_str(), push.clone());
        }
        for template in &app.templates {
            builder = builder.template(app.appid.as_str(), template.clone());
        }
    }
    for fault in file.faults {
        builder = builder.fault(fault);
    }
    let running = builder.start().await.into_diagnostic()?;
    for app in file.apps {
        running.set_app_settings(&app.appid, app.settings).into_diagnostic()?;
    }
    Ok(running)
}

fn push(command: &Command) -> miette::Result<Option<Push>> {
    let Some(url) = &command.push_url else { return Ok(None) };
    let token = command.push_token.as_ref().ok_or_else(|| {
        miette!(
            help = "add --push-token or WECHAT_PUSH_TOKEN, as the server has it",
            "pushes are signed with a Token, and none is given"
        )
    })?;
    let mode = match command.push_mode {
        PushMode::Plain => Mode::Plain,
        PushMode::Compatible => Mode::Compatible,
        PushMode::Safe => Mode::Safe,
    };
    let format = match command.push_format {
        PushFormat::Json => Format::Json,
        PushFormat::Xml => Format::Xml,
    };
    let push = Push::new(url.as_str(), token.as_str()).mode(mode).format(format);
    Ok(Some(match &command.push_aes_key {
        Some(key) => push.aes_key(key.as_str()),
        None => push,
    }))
}

fn read(path: &Path) -> miette::Result<File> {
    let text = std::fs::read_to_string(path)
        .into_diagnostic()
        .wrap_err_with(|| format!("{} cannot be read", path.display()))?;
    toml::from_str(&text).into_diagnostic().wrap_err_with(|| format!("{} is not understood", path.display()))
}

fn announce(running: &Running, json: bool, out: &mut impl Write) -> miette::Result<()> {
    let url = running.url();
    let appids: Vec<&str> = running.appids().collect();
    let seed = running.seed();
    if json {
        let line = serde_json::json!({
            "ready": true, "url": url, "console": format!("{url}/emulator"), "appids": appids, "seed": seed
        });
        writeln!(out, "{line}").into_diagnostic()?;
    } else {
        writeln!(out, "WeChat emulator   {url}   as the base URL of the server's WeChat client")
            .into_diagnostic()?;
        writeln!(out, "console           {url}/emulator").into_diagnostic()?;
        writeln!(out, "apps              {}", appids.join(", ")).into_diagnostic()?;
        writeln!(out, "seed              {seed}").into_diagnostic()?;
        writeln!(out, "Ctrl-C stops it.").into_diagnostic()?;
    }
    out.flush().into_diagnostic()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        command: Command,
    }

    fn command(words: &[&str]) -> Command {
        let words = ["emulator", "--port", "0"].iter().chain(words);
        Line::try_parse_from(words).unwrap().command
    }

    fn on_loopback<T>(act: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(act)
    }

    #[test]
    fn a_file_says_what_the_emulator_does() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("emulator.toml");
        let text = r#"
            [settings]
            unionid = true
            rules = [{ contains = "卖", suggest = "review" }]

            [[apps]]
            appid = "wx1111111111111111"
            secret = "s3cret"
            settings = { released = false }
            templates = [{ id = "due", title = "归还提醒", keys = [{ key = "thing1", name = "书名" }] }]
            push = { urls = ["http://127.0.0.1:1/push"], token = "t", mode = "plain" }

            [[faults]]
            path = "/wxa/*"
            damage = { errcode = -1 }
            times = 2
        "#;
        std::fs::write(&file, text).unwrap();
        let command = command(&["--file", &file.to_string_lossy(), "--strict", "--seed", "7", "--json"]);
        let mut line = Vec::new();
        on_loopback(async {
            let running = start(&command).await.unwrap();
            announce(&running, command.json, &mut line).unwrap();
            assert!(running.settings().unionid && !running.settings().accept_unknown_codes);
            assert_eq!(running.templates("wx1111111111111111").len(), 1);
            assert!(!running.app_settings("wx1111111111111111").unwrap().released);
            assert_eq!(running.faults().len(), 1);
            running.shutdown().await;
        });
        let line: serde_json::Value = serde_json::from_slice(&line).unwrap();
        assert_eq!((&line["ready"], &line["seed"]), (&serde_json::json!(true), &serde_json::json!(7)));
        assert_eq!(line["appids"][0], "wx1111111111111111");
        assert!(!line.to_string().contains("s3cret"));
    }

    #[test]
    fn what_cannot_be_is_told() {
        for (words, told) in [
            (&["--app", "wx1"][..], "APPID:SECRET"),
            (&["--push-url", "http://127.0.0.1/"], "none is given"),
            (&["--push-url", "http://127.0.0.1/", "--push-token", "t"], "EncodingAESKey"),
            (&["--host", "0.0.0.0"], "allow_lan()"),
            (&["--file", "nowhere.toml"], "nowhere.toml cannot be read"),
        ] {
            let error = on_loopback(start(&command(words))).unwrap_err();
            assert!(format!("{error:?}").contains(told), "{words:?}: {error:?}");
        }
    }
}
