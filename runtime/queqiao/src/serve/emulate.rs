//! WeChat offline, in the same process and with the same clock.

use super::error::{Error, Result};
use super::settings::Settings;
use queqiao_storage::Clock;

#[cfg(feature = "emulator")]
pub(crate) use self::with::Emulated;
#[cfg(not(feature = "emulator"))]
pub(crate) use self::without::Emulated;

/// Starts the emulator that the settings ask for.
pub(crate) async fn start(settings: &Settings, clock: Clock) -> Result<Emulated> {
    Emulated::start(settings, clock).await
}

#[cfg(feature = "emulator")]
mod with {
    use std::collections::BTreeMap;
    use std::net::{IpAddr, Ipv4Addr, SocketAddr};

    use queqiao_emulator::{DEFAULT_APPID, DEFAULT_SECRET, Emulator, Push, Running, Template};
    use queqiao_wechat::App;
    use queqiao_wechat::push::{EncodingAesKey, Mode, Receiver};
    use secrecy::SecretString;

    use super::*;
    use crate::apps::Registered;
    use crate::serve::wechat_settings::PushSettings;
    use crate::subscribe::Declared;

    /// A running emulator.
    pub(crate) struct Emulated {
        running: Running,
        /// Of each app, how it pushes: as configured, or as it pleases.
        pushes: BTreeMap<String, PushSettings>,
    }

    /// For an app whose pushes nobody has configured: no secret to keep, in the safe mode as in the console.
    fn push() -> Result<PushSettings> {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let text = |length: usize| -> Result<SecretString> {
            let mut random = vec![0; length];
            aws_lc_rs::rand::fill(&mut random)
                .map_err(|_| Error::told("the system gives no random numbers"))?;
            let letter = |byte: &u8| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]);
            Ok(random.iter().map(letter).collect::<String>().into())
        };
        let (token, aes_key) = (text(32)?, text(43)?);
        let mode = Mode::Safe(EncodingAesKey::new(&aes_key)?);
        Ok(PushSettings { token, aes_key: Some(aes_key), mode, window: Receiver::WINDOW })
    }

    impl Emulated {
        pub(crate) async fn start(settings: &Settings, clock: Clock) -> Result<Self> {
            let mut builder = settings
                .wechat
                .apps
                .iter()
                .fold(Emulator::builder(), |builder, app| builder.app(&app.appid, app.secret.clone()));
            builder =
                builder.clock(clock).listen(settings.emulator.address).settings(queqiao_emulator::Settings {
                    accept_unknown_codes: settings.emulator.accept_unknown_codes,
                    developer_user: settings.emulator.user.clone(),
                    ..Default::default()
                });
            if settings.emulator.lan {
                builder = builder.allow_lan();
            }
            let running = builder.start().await.map_err(|error| {
                Error::told(format!(
                    "{error}; EMULATOR_PORT=<number> or emulator.port chooses the emulator's port"
                ))
            })?;
            let mut pushes = BTreeMap::from([(DEFAULT_APPID.to_owned(), push()?)]);
            for app in &settings.wechat.apps {
                let configured = app.push.clone().map_or_else(push, Ok)?;
                pushes.insert(app.appid.clone(), configured);
            }
            Ok(Self { running, pushes })
        }

        /// Tells an app what only the emulator can tell: who takes its pushes, and the ids of templates that nobody has
        /// configured.
        pub(crate) fn complete(&self, app: &mut Registered, templates: &[Declared]) -> Result<()> {
            let appid = app.app.appid.clone();
            if let Some(push) = self.pushes.get(&appid) {
                app.push = Some(push.receiver(&appid));
            }
            for one in templates {
                let id = app.templates.entry(one.name.to_owned());
                let id = id.or_insert_with(|| format!("emulated-{}", one.name));
                let mut template = Template::new(id.as_str(), one.keys.iter().copied());
                template.title = one.summary.to_owned();
                self.running.emulator().add_template(&appid, template)?;
            }
            Ok(())
        }

        /// Tells the emulator where the server is, so that its pushes arrive there.
        pub(crate) fn push_to(&self, server: SocketAddr, settings: &Settings) -> Result<()> {
            let ip = match server.ip() {
                ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
                ip => ip,
            };
            for (appid, push) in &self.pushes {
                if self.running.emulator().appids().all(|known| known != appid) {
                    continue;
                }
                let address = SocketAddr::new(ip, server.port());
                let to = Push::new(
                    format!("http://{address}{}/{appid}", settings.messages.path),
                    push.token.clone(),
                );
                let mode = match push.mode {
                    Mode::Plain => queqiao_emulator::Mode::Plain,
                    Mode::Compatible(_) => queqiao_emulator::Mode::Compatible,
                    Mode::Safe(_) => queqiao_emulator::Mode::Safe,
                };
                let to = push.aes_key.iter().fold(to.mode(mode), |to, key| to.aes_key(key.clone()));
                self.running.emulator().set_push(appid, to)?;
            }
            Ok(())
        }

        pub(crate) fn url(&self) -> String {
            self.running.url()
        }

        /// The app that the emulator knows where no other is configured.
        pub(crate) fn app(&self) -> App {
            App::new(DEFAULT_APPID, DEFAULT_SECRET)
        }

        /// The code that DevTools gives for a project without an app.
        pub(crate) fn mock_code(&self) -> &'static str {
            queqiao_emulator::MOCK_CODE
        }

        /// The emulator itself.
        #[cfg(feature = "test")]
        pub(crate) fn emulator(&self) -> &Emulator {
            self.running.emulator()
        }

        /// A login code as `wx.login` gives it to the user.
        #[cfg(feature = "test")]
        pub(crate) fn login_code(&self, appid: &str, user: &str) -> Result<String> {
            Ok(self.running.emulator().login_code(appid, user)?)
        }

        /// What WeChat was asked so far.
        #[cfg(feature = "test")]
        pub(crate) fn logins(&self) -> u64 {
            self.running.emulator().calls().counts.get("/sns/jscode2session").copied().unwrap_or_default()
        }
    }
}

#[cfg(not(feature = "emulator"))]
mod without {
    use std::net::SocketAddr;

    use queqiao_wechat::App;

    use super::*;
    use crate::apps::Registered;
    use crate::subscribe::Declared;

    /// Never made: this build has no emulator.
    pub(crate) enum Emulated {}

    impl Emulated {
        pub(super) async fn start(_: &Settings, _: Clock) -> Result<Self> {
            Err(Error::told(
                "wechat.appid is not set, and this build has no WeChat emulator; set QUEQIAO__WECHAT__APPID and \
                 QUEQIAO__WECHAT__SECRET, or build queqiao with the feature `emulator`",
            ))
        }

        pub(crate) fn url(&self) -> String {
            match *self {}
        }

        pub(crate) fn app(&self) -> App {
            match *self {}
        }

        pub(crate) fn mock_code(&self) -> &'static str {
            match *self {}
        }

        pub(crate) fn complete(&self, _: &mut Registered, _: &[Declared]) -> Result<()> {
            match *self {}
        }

        pub(crate) fn push_to(&self, _: SocketAddr, _: &Settings) -> Result<()> {
            match *self {}
        }
    }
}
