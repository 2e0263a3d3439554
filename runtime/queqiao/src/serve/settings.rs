//! The configuration: `queqiao.toml` and the environment, checked as a whole.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;

use super::client_settings::ClientSettings;
use super::keys::encryption_key;
use super::message_settings;
use super::object_settings::{ObjectSettings, UploadSettings};
use super::reader::{ConfigError, Reader};
use super::store_settings::{DatabaseSettings, RedisSettings, StorageSettings};
use super::wechat_settings::WeChatSettings;
use crate::auth::Key;
use crate::idempotency::IdempotencySettings;
use crate::message::MessageSettings;

/// How the process was built, which decides the defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A debug build: everything on loopback, random keys, WeChat emulated.
    Development,
    /// A release build: nothing secret has a default.
    Production,
}

impl Mode {
    pub(crate) const fn of_this_build() -> Self {
        if cfg!(debug_assertions) { Mode::Development } else { Mode::Production }
    }
}

/// `[server]`
#[derive(Clone, Debug)]
pub(crate) struct ServerSettings {
    pub(crate) address: SocketAddr,
    /// How the world reaches the server; needed where URLs of its own are given out.
    pub(crate) url: Option<String>,
    pub(crate) body_limit: usize,
    pub(crate) request_timeout: Duration,
    pub(crate) shutdown_timeout: Duration,
    pub(crate) cors_origins: Vec<String>,
    pub(crate) compression: bool,
    pub(crate) docs: bool,
}

/// `[auth]`
#[derive(Clone, Debug)]
pub(crate) struct AuthSettings {
    pub(crate) secret: Option<SecretString>,
    pub(crate) previous_secrets: Vec<SecretString>,
    pub(crate) encryption_key: Option<SecretString>,
    pub(crate) previous_encryption_keys: Vec<SecretString>,
    pub(crate) token_lifetime: Duration,
    pub(crate) longest_session: Duration,
    pub(crate) roles: BTreeMap<String, Vec<String>>,
}

/// `[emulator]`
#[derive(Clone, Debug)]
#[cfg_attr(
    not(feature = "emulator"),
    expect(dead_code, reason = "read all the same, so that mistakes are told")
)]
pub(crate) struct EmulatorSettings {
    /// `true` asks for it, `false` forbids it, nothing leaves it to the mode.
    pub(crate) enabled: Option<bool>,
    pub(crate) address: SocketAddr,
    pub(crate) accept_unknown_codes: bool,
    pub(crate) lan: bool,
    pub(crate) user: String,
}

/// `[log]`
#[derive(Clone, Debug)]
pub(crate) struct LogSettings {
    pub(crate) filter: String,
    pub(crate) json: Option<bool>,
}

/// Everything.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) mode: Mode,
    /// Relative paths of the file start here.
    pub(crate) folder: PathBuf,
    /// What the server writes beside its database.
    pub(crate) data: PathBuf,
    pub(crate) server: ServerSettings,
    pub(crate) database: DatabaseSettings,
    #[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "a program without the client refuses it"))]
    pub(crate) redis: Option<RedisSettings>,
    pub(crate) storage: StorageSettings,
    pub(crate) idempotency: IdempotencySettings,
    pub(crate) wechat: WeChatSettings,
    pub(crate) auth: AuthSettings,
    pub(crate) emulator: EmulatorSettings,
    pub(crate) log: LogSettings,
    pub(crate) objects: ObjectSettings,
    pub(crate) uploads: UploadSettings,
    pub(crate) clients: ClientSettings,
    pub(crate) messages: MessageSettings,
    /// Folder of the checked-in client.
    pub(crate) client: Option<PathBuf>,
    /// `[app]`, which the application reads itself.
    pub(crate) app: config::Map<String, config::Value>,
}

/// Finds the file: `$QUEQIAO_CONFIG`, `./queqiao.toml`, and in development beside the package's manifest.
pub(crate) fn find(
    environment: &BTreeMap<String, String>,
    mode: Mode,
) -> Result<(PathBuf, Option<PathBuf>), ConfigError> {
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    if let Some(named) = environment.get("QUEQIAO_CONFIG") {
        let file = here.join(named);
        if !file.is_file() {
            return Err(ConfigError::one(format!(
                "QUEQIAO_CONFIG names {}, which is no file",
                file.display()
            )));
        }
        return Ok((file.parent().map_or(here, Path::to_owned), Some(file)));
    }
    let package =
        environment.get("CARGO_MANIFEST_DIR").filter(|_| mode == Mode::Development).map(PathBuf::from);
    for folder in [Some(here.clone()), package.clone()].into_iter().flatten() {
        let file = folder.join("queqiao.toml");
        if file.is_file() {
            return Ok((folder, Some(file)));
        }
    }
    Ok((package.unwrap_or(here), None))
}

impl Settings {
    /// Reads and checks; all mistakes come at once.
    pub(crate) fn load(environment: &BTreeMap<String, String>, mode: Mode) -> Result<Self, ConfigError> {
        let (folder, file) = find(environment, mode)?;
        let text = match &file {
            Some(file) => std::fs::read_to_string(file)
                .map_err(|error| ConfigError::one(format!("{} cannot be read: {error}", file.display())))?,
            None => String::new(),
        };
        Self::read(&text, environment, mode, folder)
    }

    /// The settings of a text and an environment.
    pub(crate) fn read(
        text: &str,
        environment: &BTreeMap<String, String>,
        mode: Mode,
        folder: PathBuf,
    ) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(text, environment)?;
        let development = mode == Mode::Development;
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let anywhere = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

        let host = reader.host("server.host", if development { loopback } else { anywhere });
        let port = reader.get("server.port", 8080_u16);
        let server = ServerSettings {
            address: SocketAddr::new(host, port),
            url: reader.url("server.url"),
            body_limit: reader.size("server.body_limit", 1024 * 1024),
            request_timeout: reader.duration("server.request_timeout", Duration::from_secs(30)),
            shutdown_timeout: reader.duration("server.shutdown_timeout", Duration::from_secs(30)),
            cors_origins: reader
                .list("server.cors_origins")
                .unwrap_or_else(|| if development { vec!["*".to_owned()] } else { Vec::new() }),
            compression: reader.get("server.compression", true),
            docs: reader.get("server.docs", development),
        };
        for origin in &server.cors_origins {
            if !is_origin(origin) {
                reader.mistake(format!(
                    "server.cors_origins: `{origin}` is no origin, so no browser sends it; write scheme, host and port \
                     alone, as in `https://example.com` or `http://localhost:5173`"
                ));
            }
        }
        let data =
            folder.join(reader.get("server.data", if development { ".queqiao" } else { "data" }.to_owned()));

        let database = DatabaseSettings::read(&mut reader, &folder, &data);
        let redis = RedisSettings::read(&mut reader);
        let storage = StorageSettings::read(&mut reader, redis.as_ref());
        let idempotency = IdempotencySettings::read(&mut reader, server.request_timeout);

        let wechat = WeChatSettings::read(&mut reader);

        let auth = AuthSettings {
            secret: reader.secret("auth.secret"),
            previous_secrets: reader.secrets("auth.previous_secrets"),
            encryption_key: reader.secret("auth.encryption_key"),
            previous_encryption_keys: reader.secrets("auth.previous_encryption_keys"),
            token_lifetime: reader.duration("auth.token_lifetime", Duration::from_secs(2 * 60 * 60)),
            longest_session: reader.duration("auth.longest_session", Duration::from_secs(30 * 24 * 60 * 60)),
            roles: reader.get("auth.roles", BTreeMap::new()),
        };
        for (name, secrets) in [
            ("auth.secret", auth.secret.as_slice()),
            ("auth.previous_secrets", auth.previous_secrets.as_slice()),
        ] {
            for secret in secrets {
                if let Err(what) = Key::hmac("", "HS256", secret) {
                    reader.mistake(format!("{name}: {what}"));
                }
            }
        }
        for (name, secrets) in [
            ("auth.encryption_key", auth.encryption_key.as_slice()),
            ("auth.previous_encryption_keys", auth.previous_encryption_keys.as_slice()),
        ] {
            if secrets.iter().any(|secret| encryption_key(secret).is_none()) {
                reader.mistake(format!(
                    "{name} must be 32 bytes in base64; `openssl rand -base64 32` makes one"
                ));
            }
        }
        if !development {
            for (value, key) in
                [(&auth.secret, "AUTH__SECRET"), (&auth.encryption_key, "AUTH__ENCRYPTION_KEY")]
            {
                if value.is_none() {
                    reader.mistake(format!(
                        "a release build needs its keys: set QUEQIAO__{key} (`openssl rand -base64 32` makes one) and keep it secret"
                    ));
                }
            }
        }
        for (name, value) in
            [("auth.token_lifetime", auth.token_lifetime), ("auth.longest_session", auth.longest_session)]
        {
            if value < Duration::from_secs(60) || value > Duration::from_secs(3650 * 24 * 60 * 60) {
                reader.mistake(format!("{name} must be between one minute and ten years"));
            }
        }

        let emulator_host = reader.host("emulator.host", loopback);
        let emulator_port = reader.get("emulator.port", 0_u16);
        let emulator = EmulatorSettings {
            enabled: reader.optional("emulator.enabled"),
            address: SocketAddr::new(emulator_host, emulator_port),
            accept_unknown_codes: reader.get("emulator.accept_unknown_codes", true),
            lan: reader.get("emulator.lan", false),
            user: reader.get("emulator.user", "developer".to_owned()),
        };

        let log = LogSettings {
            filter: reader.get("log.filter", "info".to_owned()),
            json: reader.choice("log.format", &[("json", true), ("pretty", false)]),
        };
        let objects = ObjectSettings::read(&mut reader, &folder, &data);
        let uploads = UploadSettings::read(&mut reader);
        let clients = ClientSettings::read(&mut reader);
        let messages = message_settings::read(&mut reader);
        let client = reader.optional::<String>("client.out").map(|out| folder.join(out));
        reader.ignore("client");
        let app = reader.table("app");

        let mut settings = Self {
            mode,
            folder,
            data,
            server,
            database,
            redis,
            storage,
            idempotency,
            wechat,
            auth,
            emulator,
            log,
            objects,
            uploads,
            clients,
            messages,
            client,
            app,
        };
        match settings.decide_emulator() {
            Ok(enabled) => settings.emulator.enabled = Some(enabled),
            Err(error) => error.mistakes().iter().for_each(|mistake| reader.mistake(mistake.clone())),
        }
        reader.finish()?;
        Ok(settings)
    }

    /// The emulator runs by itself only where nobody else can reach it and no real app is meant.
    fn decide_emulator(&self) -> Result<bool, ConfigError> {
        let wanted = self.emulator.enabled;
        let real = !self.wechat.apps.is_empty();
        if real && wanted != Some(true) {
            return Ok(false);
        }
        if wanted == Some(true) && self.wechat.base_url.is_some() {
            return Err(ConfigError::one(
                "emulator.enabled and wechat.base_url are both set, and WeChat is in one place only: remove one".into(),
            ));
        }
        if wanted == Some(false) {
            return Err(ConfigError::one(
                "wechat.appid is missing and emulator.enabled is false; logins need one of them: set QUEQIAO__WECHAT__APPID and QUEQIAO__WECHAT__SECRET".into(),
            ));
        }
        let mut mistakes = Vec::new();
        if self.mode == Mode::Production {
            mistakes.push(
                "a release build does not emulate WeChat; set QUEQIAO__WECHAT__APPID and QUEQIAO__WECHAT__SECRET".to_owned(),
            );
        }
        if !self.emulator.lan {
            for (name, address) in
                [("server.host", self.server.address), ("emulator.host", self.emulator.address)]
            {
                if !address.ip().is_loopback() {
                    mistakes.push(format!(
                        "the WeChat emulator logs anyone in as anyone, and {name} is {}, which others can reach; use 127.0.0.1, \
                         or set emulator.lan = true if only people whom you trust are in that network",
                        address.ip()
                    ));
                }
            }
        }
        if mistakes.is_empty() { Ok(true) } else { Err(ConfigError::new(mistakes)) }
    }

    /// Whether WeChat is emulated.
    pub(crate) fn emulated(&self) -> bool {
        self.emulator.enabled == Some(true)
    }
}

/// Whether browsers may send this as their `Origin`, or it stands for all of them.
fn is_origin(text: &str) -> bool {
    if text == "*" {
        return true;
    }
    let Ok(uri) = text.parse::<http::Uri>() else { return false };
    let bare = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
    // The text itself is compared with the header: a path, even `/`, would never match.
    let exact = uri.scheme_str().zip(uri.authority()).is_some_and(|(scheme, host)| {
        text == format!("{scheme}://{host}") && text == text.to_ascii_lowercase()
    });
    bare && exact
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn read(text: &str, environment: &[(&str, &str)], mode: Mode) -> Result<Settings, ConfigError> {
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Settings::read(text, &environment, mode, PathBuf::from("/srv"))
    }

    fn mistakes(text: &str, environment: &[(&str, &str)], mode: Mode) -> Vec<String> {
        read(text, environment, mode).unwrap_err().mistakes().to_vec()
    }

    #[test]
    fn an_empty_development_configuration_is_whole() {
        let settings = read("", &[], Mode::Development).unwrap();
        assert_eq!(settings.server.address.to_string(), "127.0.0.1:8080");
        assert_eq!(settings.database.url.expose_secret(), "sqlite:/srv/.queqiao/app.db");
        assert!(settings.emulated());
        assert!(settings.server.docs);
    }

    #[test]
    fn the_environment_goes_before_the_file() {
        let text = "[server]\nport = 1\nhost = \"127.0.0.2\"\n[database]\nurl = \"sqlite:here.db\"";
        let settings =
            read(text, &[("PORT", "9000"), ("QUEQIAO__SERVER__BODY_LIMIT", "2MiB")], Mode::Development)
                .unwrap();
        assert_eq!(settings.server.address.to_string(), "127.0.0.2:9000");
        assert_eq!(settings.server.body_limit, 2 * 1024 * 1024);
        assert_eq!(settings.database.url.expose_secret(), "sqlite:/srv/here.db");
    }

    #[test]
    fn all_mistakes_come_at_once() {
        let text = "[server]\nport = \"many\"\nrequest_timeout = \"soon\"\nprot = 1\n[auth]\ntoken_lifetime = \"1s\"\n[loging]\nx = 1";
        let found = mistakes(text, &[("EMULATOR_PORT", "x")], Mode::Development);
        for part in [
            "server.port",
            "server.request_timeout",
            "server.prot",
            "did you mean `server.port`",
            "auth.token_lifetime",
            "loging",
            "EMULATOR_PORT",
        ] {
            assert!(found.iter().any(|mistake| mistake.contains(part)), "{part} is missing in {found:#?}");
        }
        assert_eq!(found.len(), 6, "{found:#?}");
    }

    #[test]
    fn a_release_build_without_keys_or_app_says_what_to_set() {
        let found = mistakes("", &[], Mode::Production);
        assert!(found.iter().any(|mistake| mistake.contains("QUEQIAO__AUTH__SECRET")), "{found:#?}");
        assert!(found.iter().any(|mistake| mistake.contains("QUEQIAO__AUTH__ENCRYPTION_KEY")), "{found:#?}");
        let keys = [
            ("QUEQIAO__AUTH__SECRET", "s".repeat(40)),
            ("QUEQIAO__AUTH__ENCRYPTION_KEY", "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=".to_owned()),
        ];
        let keys: Vec<_> = keys.iter().map(|(k, v)| (*k, v.as_str())).collect();
        let found = mistakes("", &keys, Mode::Production);
        assert!(found.iter().any(|mistake| mistake.contains("does not emulate")), "{found:#?}");
    }

    #[test]
    fn the_emulator_stays_on_loopback() {
        let found = mistakes("[server]\nhost = \"0.0.0.0\"", &[], Mode::Development);
        assert!(found[0].contains("emulator.lan = true"), "{found:#?}");
        let found = mistakes("", &[("QUEQIAO__EMULATOR__HOST", "0.0.0.0")], Mode::Development);
        assert!(found[0].contains("emulator.host is 0.0.0.0"), "{found:#?}");
        assert!(
            read("[server]\nhost = \"0.0.0.0\"\n[emulator]\nlan = true", &[], Mode::Development)
                .unwrap()
                .emulated()
        );
        let app = "[wechat]\nappid = \"wx1\"\nsecret = \"s\"\n";
        assert!(!read(app, &[], Mode::Development).unwrap().emulated());
        let emulated = format!("{app}[emulator]\nenabled = true");
        assert!(read(&emulated, &[], Mode::Development).unwrap().emulated());
        let found = mistakes(&emulated, &[], Mode::Production);
        assert!(found.iter().any(|mistake| mistake.contains("does not emulate")), "{found:#?}");
        let elsewhere = emulated.replace("[emulator]", "base_url = \"https://wx.example\"\n[emulator]");
        assert!(mistakes(&elsewhere, &[], Mode::Development)[0].contains("both set"));
    }

    #[test]
    fn hosts_and_lists_come_in_every_spelling() {
        for (host, address) in [
            ("::1", "[::1]:8080"),
            ("[::1]", "[::1]:8080"),
            ("localhost", "127.0.0.1:8080"),
            ("127.0.0.1", "127.0.0.1:8080"),
            ("", "127.0.0.1:8080"),
        ] {
            let settings = read("", &[("HOST", host), ("PORT", "")], Mode::Development).unwrap();
            assert_eq!(settings.server.address.to_string(), address, "{host}");
        }
        let found = mistakes("", &[("HOST", "my-laptop")], Mode::Development);
        assert!(
            found[0].contains("HOST in the environment: `my-laptop`") && found[0].contains("0.0.0.0"),
            "{found:?}"
        );
        let origins = [("QUEQIAO__SERVER__CORS_ORIGINS", "https://a.example, http://localhost:5173")];
        let settings = read("", &origins, Mode::Development).unwrap();
        assert_eq!(settings.server.cors_origins, ["https://a.example", "http://localhost:5173"]);
    }

    #[test]
    fn wrong_origins_and_keys_are_told_with_everything_else() {
        let text = "[server]\ncors_origins = [\"https://a.example/\", \"a.example\", \"https://A.example\"]\nport = -1\n[auth]\n\
                    secret = \"short\"\nprevious_secrets = [\"brief\"]\nencryption_key = \"no base64\"";
        let found = mistakes(text, &[], Mode::Development);
        assert_eq!(found.len(), 7, "{found:#?}");
        for part in [
            "`https://a.example/`",
            "`a.example`",
            "`https://A.example`",
            "server.port",
            "auth.secret",
            "auth.previous_secrets",
            "auth.encryption_key",
        ] {
            assert!(found.iter().any(|mistake| mistake.contains(part)), "{part}: {found:#?}");
        }
        for secret in ["short", "brief", "no base64"] {
            assert!(!found.iter().any(|mistake| mistake.contains(secret)), "{secret}: {found:#?}");
        }
    }

    #[test]
    fn urls_of_stores_are_secret() {
        let text = "[database]\nurl = \"postgres://me:hush-hush@db/shop\"\n[redis]\nurl = \"redis://:hush-hush@cache\"\n\
                    [storage]\nleases = \"redis\"\n";
        let told = match read(text, &[], Mode::Development) {
            Ok(settings) => format!("{settings:?}"),
            Err(without_redis) => format!("{without_redis} {without_redis:?}"),
        };
        assert!(!told.contains("hush-hush"), "{told}");
        let found =
            mistakes("[database]\nurl = [\"postgres://me:hush-hush@db/shop\"]", &[], Mode::Development);
        assert!(!format!("{found:?}").contains("hush-hush"), "{found:?}");
    }

    #[test]
    fn what_lives_in_redis_needs_one_and_one_needs_something() {
        let found = mistakes("[storage]\nidempotency = \"redis\"", &[], Mode::Development);
        assert!(found[0].contains("QUEQIAO__REDIS__URL"), "{found:?}");
        let url = [("QUEQIAO__REDIS__URL", "redis://localhost")];
        let found = mistakes("", &url, Mode::Development);
        assert!(found[0].contains("nothing is kept there"), "{found:?}");
        let found = mistakes("[storage]\nlogin_codes = \"memory\"", &[], Mode::Development);
        assert!(found[0].contains("`memory`") && found[0].contains("database"), "{found:?}");
        let settings = read("[storage]\nleases = \"redis\"", &url, Mode::Development);
        if cfg!(feature = "redis") {
            assert_eq!(settings.unwrap().storage.leases, crate::serve::store_settings::Place::Redis);
        } else {
            assert!(settings.unwrap_err().mistakes()[0].contains("without the feature `redis`"));
        }
    }

    #[test]
    fn a_key_is_known_longer_than_its_request_runs() {
        let found = mistakes("[idempotency]\nremembered = \"90s\"", &[], Mode::Development);
        assert!(found[0].contains("idempotency.remembered"), "{found:?}");
        let found = mistakes("[idempotency]\npatience = \"20s\"", &[], Mode::Development);
        assert!(found[0].contains("idempotency.patience"), "{found:?}");
        let slow = read("[server]\nrequest_timeout = \"5m\"", &[], Mode::Development).unwrap();
        assert_eq!(slow.idempotency.patience.as_secs(), 600);
    }

    #[test]
    fn secrets_are_not_shown() {
        let settings =
            read("[wechat]\nappid = \"wx1\"\nsecret = \"hush-hush\"", &[], Mode::Development).unwrap();
        assert!(!format!("{settings:?}").contains("hush-hush"));
        let found = mistakes("[wechat]\nappid = \"wx1\"\nsecret = \"hush-hush", &[], Mode::Development);
        assert!(found[0].contains("line 3, column ") && !found[0].contains("hush-hush"), "{found:?}");
        let found = mistakes("[wechat]\nappid = \"wx1\"\nsecret = [\"hush-hush\"]", &[], Mode::Development);
        assert!(!format!("{found:?}").contains("hush-hush"), "{found:?}");
    }
}
