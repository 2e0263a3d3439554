//! `[wechat]`: the mini-programs, their secrets, templates and pushes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use queqiao_wechat::MiniprogramState;
use queqiao_wechat::push::{EncodingAesKey, Mode, Receiver, Token};
use secrecy::SecretString;

use super::reader::Reader;

/// What the one of `wechat.appid` is called.
const ALONE: &str = "default";
/// A wider window would need a longer memory of what has come.
const WIDEST_WINDOW: Duration = Duration::from_secs(60 * 60);

/// One mini-program: `[wechat]` itself, or `[wechat.apps.<name>]`.
#[derive(Clone, Debug)]
pub(crate) struct AppSettings {
    pub(crate) name: String,
    pub(crate) appid: String,
    pub(crate) secret: SecretString,
    pub(crate) templates: BTreeMap<String, String>,
    pub(crate) state: MiniprogramState,
    pub(crate) push: Option<PushSettings>,
}

/// What the console says under 消息推送配置.
#[derive(Clone, Debug)]
pub(crate) struct PushSettings {
    pub(crate) token: SecretString,
    /// With what the bodies are encrypted, if they are.
    #[cfg_attr(
        not(feature = "emulator"),
        expect(dead_code, reason = "`mode` has it too; the emulator is given its text")
    )]
    pub(crate) aes_key: Option<SecretString>,
    pub(crate) mode: Mode,
    pub(crate) window: Duration,
}

impl PushSettings {
    /// Who takes the messages of an app.
    pub(crate) fn receiver(&self, appid: &str) -> Receiver {
        Receiver::new(appid, Token::new(self.token.clone()), self.mode.clone()).with_window(self.window)
    }
}

/// `[wechat]`
#[derive(Clone, Debug)]
pub(crate) struct WeChatSettings {
    /// None where WeChat is emulated and no mini-program is named.
    pub(crate) apps: Vec<AppSettings>,
    pub(crate) base_url: Option<String>,
}

impl WeChatSettings {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let base_url = reader.optional("wechat.base_url");
        let alone = app(reader, ALONE, "wechat");
        let mut apps = Vec::new();
        for name in reader.names("wechat.apps") {
            if !is_name(&name) {
                reader.mistake(format!(
                    "wechat.apps.{name}: the name of a mini-program begins with a letter and has small letters, digits and \
                     single `_`, so that its secret can come as QUEQIAO__WECHAT__APPS__<NAME>__SECRET"
                ));
            }
            let section = format!("wechat.apps.{name}");
            match app(reader, &name, &section) {
                Some(app) => apps.push(app),
                None => {
                    reader.mistake(format!("{section}.appid is missing; give the AppID of the mini-program"))
                }
            }
        }
        if alone.is_some() && !apps.is_empty() {
            reader.mistake(
                "wechat.appid and [wechat.apps] are both set; one mini-program stands in [wechat], several each in \
                 [wechat.apps.<name>]: move the one there too",
            );
        }
        apps.extend(alone);
        let mut appids = BTreeSet::new();
        for app in &apps {
            if !appids.insert(&app.appid) {
                reader.mistake(format!("two mini-programs have the AppID {}; remove one", app.appid));
            }
        }
        Self { apps, base_url }
    }
}

/// `wechat.secret` as QUEQIAO__WECHAT__SECRET.
fn variable(key: &str) -> String {
    format!("QUEQIAO__{}", key.to_ascii_uppercase().replace('.', "__"))
}

fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(plain)
        && !name.contains("__")
        && !name.ends_with('_')
}

fn app(reader: &mut Reader, name: &str, section: &str) -> Option<AppSettings> {
    let key = |name: &str| format!("{section}.{name}");
    let appid = reader.optional::<String>(&key("appid")).filter(|appid| !appid.is_empty());
    let secret = reader.secret(&key("secret"));
    let templates = reader.get(&key("templates"), BTreeMap::new());
    let states = [
        ("developer", MiniprogramState::Developer),
        ("trial", MiniprogramState::Trial),
        ("formal", MiniprogramState::Formal),
    ];
    let state = reader.choice(&key("miniprogram_state"), &states).unwrap_or_default();
    let push = push(reader, &key("push"));
    let (appid, secret) = match (appid, secret) {
        (Some(appid), Some(secret)) => (appid, secret),
        (Some(appid), None) => {
            reader.mistake(format!(
                "{section}.appid is set and {section}.secret is not; give the AppSecret (小程序密钥) as {}",
                variable(&key("secret"))
            ));
            (appid, SecretString::from(""))
        }
        (None, Some(_)) => {
            reader
                .mistake(format!("{section}.secret is set and {section}.appid is not; give both or neither"));
            return None;
        }
        (None, None) => return None,
    };
    Some(AppSettings { name: name.to_owned(), appid, secret, templates, state, push })
}

fn push(reader: &mut Reader, section: &str) -> Option<PushSettings> {
    #[derive(Clone)]
    enum Wanted {
        Plain,
        Compatible,
        Safe,
    }
    let key = |name: &str| format!("{section}.{name}");
    let token = reader.secret(&key("token"));
    let aes_key = reader.secret(&key("encoding_aes_key"));
    let modes = [("plain", Wanted::Plain), ("compatible", Wanted::Compatible), ("safe", Wanted::Safe)];
    let mode = reader.choice(&key("mode"), &modes);
    let window = reader.duration(&key("window"), Receiver::WINDOW);
    if window > WIDEST_WINDOW {
        reader.mistake(format!("{section}.window is longer than one hour; requests that old are refused"));
    }
    let Some(token) = token else {
        if aes_key.is_some() || mode.is_some() {
            reader.mistake(format!(
                "{section}.token is missing; give the Token of the app's console, 消息推送配置, as {}",
                variable(&key("token"))
            ));
        }
        return None;
    };
    let mode = match (mode.unwrap_or(Wanted::Safe), aes_key.clone()) {
        (Wanted::Plain, None) => Mode::Plain,
        (Wanted::Plain, Some(_)) => {
            reader.mistake(format!(
                "{section}.mode is plain and {section}.encoding_aes_key is set; use `safe` or `compatible`, or remove the key"
            ));
            return None;
        }
        (wanted, Some(aes_key)) => match EncodingAesKey::new(&aes_key) {
            Ok(key) if matches!(wanted, Wanted::Compatible) => Mode::Compatible(key),
            Ok(key) => Mode::Safe(key),
            Err(error) => {
                reader.mistake(format!("{section}.encoding_aes_key: {error}"));
                return None;
            }
        },
        (_, None) => {
            reader.mistake(format!(
                "{section}.encoding_aes_key is missing; give the EncodingAESKey of the app's console, 消息推送配置, as {}, \
                 or {section}.mode = \"plain\" if the console says 明文模式",
                variable(&key("encoding_aes_key"))
            ));
            return None;
        }
    };
    Some(PushSettings { token, aes_key, mode, window })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::settings::{Mode as Build, Settings};

    fn read(text: &str, environment: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
        let environment: BTreeMap<String, String> =
            environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Settings::read(text, &environment, Build::Development, "/srv".into())
            .map_err(|error| error.mistakes().to_vec())
    }

    const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

    #[test]
    fn one_is_written_shortly_and_several_by_name() {
        let one = "[wechat]\nappid = \"wx1\"\nsecret = \"s\"\ntemplates = { paid = \"t\" }";
        let apps = read(one, &[]).unwrap().wechat.apps;
        assert_eq!((apps[0].name.as_str(), apps[0].templates["paid"].as_str()), ("default", "t"));
        let several = "[wechat.apps.shop]\nappid = \"wx1\"\n[wechat.apps.staff_2]\nappid = \"wx2\"\n\
                       [wechat.apps.staff_2.push]\nmode = \"compatible\"\nwindow = \"1m\"";
        let secrets = [
            ("QUEQIAO__WECHAT__APPS__SHOP__SECRET", "s1"),
            ("QUEQIAO__WECHAT__APPS__STAFF_2__SECRET", "s2"),
            ("QUEQIAO__WECHAT__APPS__STAFF_2__PUSH__TOKEN", "t"),
            ("QUEQIAO__WECHAT__APPS__STAFF_2__PUSH__ENCODING_AES_KEY", KEY),
        ];
        let apps = read(several, &secrets).unwrap().wechat.apps;
        let names: Vec<&str> = apps.iter().map(|app| app.name.as_str()).collect();
        assert_eq!(names, ["shop", "staff_2"]);
        assert!(apps[0].push.is_none());
        assert_eq!(apps[1].push.as_ref().unwrap().receiver("wx2").window().as_secs(), 60);
        let shown = format!("{apps:?}");
        assert!(!shown.contains("s2") && !shown.contains(KEY), "{shown}");
    }

    #[test]
    fn what_is_missing_or_too_much_is_told() {
        let app = "[wechat]\nappid = \"wx1\"\nsecret = \"s\"\n";
        for (text, told) in [
            ("[wechat]\nappid = \"wx1\"".to_owned(), "QUEQIAO__WECHAT__SECRET"),
            (format!("{app}[wechat.apps.shop]\nappid = \"wx2\"\nsecret = \"s\""), "both set"),
            ("[wechat.apps.shop]\nsecret = \"s\"".into(), "give both or neither"),
            ("[wechat.apps.Shop]\nappid = \"wx1\"\nsecret = \"s\"".into(), "small letters"),
            ("[wechat.apps.shop]\nappid = \"wx1\"".into(), "QUEQIAO__WECHAT__APPS__SHOP__SECRET"),
            ("[wechat.apps.a]\nappid = \"wx1\"\nsecret = \"s\"\n[wechat.apps.b]\nappid = \"wx1\"\nsecret = \"s\"".into(), "AppID wx1"),
            ("[wechat.apps.a]\nappid = \"wx1\"\nsecret = \"s\"\nsceret = 1".into(), "wechat.apps.a.sceret"),
            ("[wechat]\napps = 1".into(), "must hold sections"),
            (format!("{app}[wechat.push]\nmode = \"safe\""), "QUEQIAO__WECHAT__PUSH__TOKEN"),
            (format!("{app}[wechat.push]\ntoken = \"t\""), "QUEQIAO__WECHAT__PUSH__ENCODING_AES_KEY"),
            (format!("{app}[wechat.push]\ntoken = \"t\"\nencoding_aes_key = \"short\""), "43 letters"),
            (format!("{app}[wechat.push]\ntoken = \"t\"\nmode = \"plain\"\nencoding_aes_key = \"{KEY}\""), "is plain and"),
            (format!("{app}[wechat.push]\ntoken = \"t\"\nmode = \"open\"\nencoding_aes_key = \"{KEY}\""), "`safe`"),
            (format!("{app}[wechat.push]\ntoken = \"t\"\nencoding_aes_key = \"{KEY}\"\nwindow = \"2h\""), "one hour"),
            ("[messages]\npath = \"x/\"".into(), "messages.path"),
            ("[messages]\nanswer_within = \"5s\"".into(), "less than 5s"),
            ("[messages]\nattempts = 0".into(), "messages.attempts"),
            ("[messages]\nlease = \"1ms\"".into(), "messages.lease"),
        ] {
            let mistakes = read(&text, &[]).unwrap_err();
            assert!(mistakes.iter().any(|mistake| mistake.contains(told)), "{told}: {mistakes:#?}");
            assert!(!mistakes.iter().any(|mistake| mistake.contains("abcdefghij")), "{mistakes:#?}");
        }
    }
}
