//! Reads typed values and collects every mistake before it gives up.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use secrecy::SecretString;
use serde::de::DeserializeOwned;

/// What is wrong with the configuration, all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    mistakes: Vec<String>,
}

impl ConfigError {
    pub(crate) fn new(mistakes: Vec<String>) -> Self {
        Self { mistakes }
    }

    pub(crate) fn one(mistake: String) -> Self {
        Self { mistakes: vec![mistake] }
    }

    /// Each mistake with its remedy.
    pub fn mistakes(&self) -> &[String] {
        &self.mistakes
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration is wrong:")?;
        self.mistakes.iter().try_for_each(|mistake| write!(f, "\n  - {mistake}"))
    }
}

impl std::error::Error for ConfigError {}

/// Variables that platforms set under their own names.
const PLATFORM: [(&str, &str); 3] =
    [("PORT", "server.port"), ("HOST", "server.host"), ("EMULATOR_PORT", "emulator.port")];
const PREFIX: &str = "QUEQIAO";
const SEPARATOR: &str = "__";

/// The full names of all values, at any depth.
fn leaves(name: &str, value: &toml::Value, given: &mut Vec<String>) {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                leaves(&format!("{name}.{key}"), value, given);
            }
        }
        _ => given.push(name.to_owned()),
    }
}

pub(super) struct Reader {
    config: config::Config,
    /// Where a value came from, for messages.
    origins: BTreeMap<String, String>,
    given: Vec<String>,
    known: BTreeSet<String>,
    ignored: Vec<&'static str>,
    mistakes: Vec<String>,
}

impl Reader {
    pub(super) fn new(text: &str, environment: &BTreeMap<String, String>) -> Result<Self, ConfigError> {
        let file: toml::Table = toml::from_str(text).map_err(|error| {
            // The parser's own text shows the line, which may hold a secret.
            let before = text.get(..error.span().map_or(0, |span| span.start)).unwrap_or(text);
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().map_or(0, |start| start.chars().count()) + 1;
            let what = error.message().lines().next().unwrap_or_default();
            ConfigError::one(format!("queqiao.toml is no TOML: line {line}, column {column}: {what}"))
        })?;
        let mut given = Vec::new();
        for (section, value) in &file {
            leaves(section, value, &mut given);
        }
        let mut origins: BTreeMap<String, String> =
            given.iter().map(|key| (key.clone(), format!("{key} in queqiao.toml"))).collect();
        let mut builder =
            config::Config::builder().add_source(config::File::from_str(text, config::FileFormat::Toml));
        let start = format!("{PREFIX}{SEPARATOR}");
        for (name, value) in environment {
            let key = if let Some(rest) = name.strip_prefix(&start) {
                rest.to_ascii_lowercase().replace(SEPARATOR, ".")
            } else if let Some((_, key)) = PLATFORM.iter().find(|(platform, _)| platform == name) {
                // Compose files and panels pass on a variable that nobody set as an empty one.
                if value.trim().is_empty() {
                    continue;
                }
                if environment
                    .contains_key(&format!("{start}{}", key.to_ascii_uppercase().replace('.', SEPARATOR)))
                {
                    continue;
                }
                (*key).to_owned()
            } else {
                continue;
            };
            origins.insert(key.clone(), format!("{name} in the environment"));
            given.push(key.clone());
            builder = builder.set_override(&key, value.as_str()).map_err(|error| {
                ConfigError::one(format!("{name} in the environment names no setting: {error}"))
            })?;
        }
        let config = builder.build().map_err(|error| ConfigError::one(error.to_string()))?;
        Ok(Self { config, origins, given, known: BTreeSet::new(), ignored: Vec::new(), mistakes: Vec::new() })
    }

    pub(super) fn mistake(&mut self, mistake: impl Into<String>) {
        self.mistakes.push(mistake.into());
    }

    fn origin(&self, key: &str) -> String {
        self.origins.get(key).cloned().unwrap_or_else(|| key.to_owned())
    }

    /// A value, or nothing where it is absent or wrong.
    pub(super) fn optional<T: DeserializeOwned>(&mut self, key: &str) -> Option<T> {
        self.known.insert(key.to_owned());
        match self.config.get::<T>(key) {
            Ok(value) => Some(value),
            Err(config::ConfigError::NotFound(_)) => None,
            Err(error) => {
                let mut text = error.to_string();
                if let Some(end) = text.find(" for key `") {
                    text.truncate(end);
                }
                let origin = self.origin(key);
                self.mistake(format!("{origin}: {text}"));
                None
            }
        }
    }

    pub(super) fn get<T: DeserializeOwned>(&mut self, key: &str, default: T) -> T {
        self.optional(key).unwrap_or(default)
    }

    /// A secret; a wrong type is told without the value.
    pub(super) fn secret(&mut self, key: &str) -> Option<SecretString> {
        self.known.insert(key.to_owned());
        match self.config.get_string(key) {
            Ok(text) if text.is_empty() => None,
            Ok(text) => Some(SecretString::from(text)),
            Err(config::ConfigError::NotFound(_)) => None,
            Err(_) => {
                let origin = self.origin(key);
                self.mistake(format!("{origin} must be a text"));
                None
            }
        }
    }

    /// A list of secrets; in the environment separated by commas.
    pub(super) fn secrets(&mut self, key: &str) -> Vec<SecretString> {
        self.list(key).unwrap_or_default().into_iter().map(SecretString::from).collect()
    }

    /// A list of texts; in the environment separated by commas.
    pub(super) fn list(&mut self, key: &str) -> Option<Vec<String>> {
        self.known.insert(key.to_owned());
        match self.config.get::<Vec<String>>(key) {
            Ok(texts) => Some(texts),
            Err(config::ConfigError::NotFound(_)) => None,
            Err(_) => match self.config.get_string(key) {
                Ok(text) => {
                    let parts = text.split(',').map(|part| part.trim().to_owned());
                    Some(parts.filter(|part| !part.is_empty()).collect())
                }
                Err(_) => {
                    let origin = self.origin(key);
                    self.mistake(format!("{origin} must be a list of texts"));
                    None
                }
            },
        }
    }

    /// One of a few words.
    pub(super) fn choice<T: Clone>(&mut self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.optional::<String>(key)?;
        let words = choices.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(" or ");
        let chosen = choices.iter().find_map(|(word, value)| (*word == text).then(|| value.clone()));
        if chosen.is_none() {
            let origin = self.origin(key);
            self.mistake(format!("{origin} is `{text}`; use {words}"));
        }
        chosen
    }

    /// An address to listen on: an IP address, with or without brackets, or `localhost`.
    pub(super) fn host(&mut self, key: &str, default: IpAddr) -> IpAddr {
        let Some(text) = self.optional::<String>(key) else { return default };
        let plain = text.trim().trim_start_matches('[').trim_end_matches(']');
        if plain.eq_ignore_ascii_case("localhost") {
            return IpAddr::V4(Ipv4Addr::LOCALHOST);
        }
        plain.parse().unwrap_or_else(|_| {
            let origin = self.origin(key);
            self.mistake(format!(
                "{origin}: `{text}` is no address to listen on; write 127.0.0.1 (this machine only), 0.0.0.0 (every \
                 network), or the IPv6 forms ::1 and ::"
            ));
            default
        })
    }

    /// A length of time, as `30s`, `2h` or `7d`.
    pub(super) fn duration(&mut self, key: &str, default: Duration) -> Duration {
        let Some(text) = self.optional::<String>(key) else { return default };
        let days = text.trim().strip_suffix('d').and_then(|days| days.trim().parse::<u64>().ok());
        let parsed = match days {
            Some(days) => days.checked_mul(24 * 60 * 60).map(Duration::from_secs),
            None => text
                .parse::<jiff::SignedDuration>()
                .ok()
                .and_then(|duration| Duration::try_from(duration).ok()),
        };
        match parsed.filter(|duration| !duration.is_zero()) {
            Some(duration) => duration,
            None => {
                let origin = self.origin(key);
                self.mistake(format!(
                    "{origin}: `{text}` is no length of time; write it as `30s`, `5m`, `2h` or `7d`"
                ));
                default
            }
        }
    }

    /// A number of bytes, as `1048576`, `512KiB` or `1MiB`.
    pub(super) fn size(&mut self, key: &str, default: usize) -> usize {
        let Some(text) = self.optional::<String>(key) else { return default };
        let digits = text.trim().trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let factor = match text.trim().trim_start_matches(|c: char| c.is_ascii_digit()).trim() {
            "" | "B" => Some(1_usize),
            "KiB" => Some(1024),
            "MiB" => Some(1024 * 1024),
            "GiB" => Some(1024 * 1024 * 1024),
            _ => None,
        };
        match factor
            .and_then(|factor| digits.trim().parse::<usize>().ok()?.checked_mul(factor))
            .filter(|size| *size > 0)
        {
            Some(size) => size,
            None => {
                let origin = self.origin(key);
                self.mistake(format!(
                    "{origin}: `{text}` is no size; write it as `1048576`, `512KiB` or `1MiB`"
                ));
                default
            }
        }
    }

    /// The names of what stands under a section.
    pub(super) fn names(&mut self, section: &str) -> Vec<String> {
        match self.config.get_table(section) {
            Ok(table) => table.into_keys().collect::<BTreeSet<_>>().into_iter().collect(),
            Err(config::ConfigError::NotFound(_)) => Vec::new(),
            Err(_) => {
                self.known.insert(section.to_owned());
                self.mistake(format!("{section} must hold sections, as in `[{section}.shop]`"));
                Vec::new()
            }
        }
    }

    /// What URLs begin with, without a slash at the end.
    pub(super) fn url(&mut self, key: &str) -> Option<String> {
        let text = self.optional::<String>(key).filter(|text| !text.is_empty())?;
        let whole = text.parse::<http::Uri>().is_ok_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.authority().is_some()
                && uri.query().is_none()
        });
        if !whole {
            let origin = self.origin(key);
            self.mistake(format!("{origin}: `{text}` is no address; write it as `https://api.example.com`"));
        }
        Some(text.trim_end_matches('/').to_owned())
    }

    /// A section that someone else reads.
    pub(super) fn table(&mut self, section: &'static str) -> config::Map<String, config::Value> {
        self.ignore(section);
        self.config.get_table(section).unwrap_or_default()
    }

    pub(super) fn ignore(&mut self, section: &'static str) {
        self.ignored.push(section);
    }

    /// Ends the reading: names that nobody asked for are mistakes too.
    pub(super) fn finish(mut self) -> Result<(), ConfigError> {
        let mut unknown = BTreeSet::new();
        for key in &self.given {
            let section = key.split('.').next().unwrap_or_default();
            if self.ignored.contains(&section)
                || self.known.iter().any(|known| key == known || key.starts_with(&format!("{known}.")))
            {
                continue;
            }
            let nearest = self.known.iter().map(|known| (strsim::levenshtein(known, key), known)).min();
            let origin = self.origin(key);
            unknown.insert(match nearest {
                Some((far, known)) if far <= 3 && 2 * far <= key.rsplit('.').next().map_or(0, str::len) => {
                    format!("{origin} is no setting; did you mean `{known}`?")
                }
                _ => format!("{origin} is no setting; your own belong into the section [app]"),
            });
        }
        self.mistakes.extend(unknown);
        if self.mistakes.is_empty() { Ok(()) } else { Err(ConfigError { mistakes: self.mistakes }) }
    }
}
