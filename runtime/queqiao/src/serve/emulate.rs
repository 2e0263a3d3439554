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
    use queqiao_emulator::{DEFAULT_APPID, DEFAULT_SECRET, Emulator, Running};
    use queqiao_wechat::App;

    use super::*;

    /// A running emulator.
    pub(crate) struct Emulated(Running);

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
            Ok(Self(running))
        }

        pub(crate) fn url(&self) -> String {
            self.0.url()
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
            self.0.emulator()
        }

        /// A login code as `wx.login` gives it to the user.
        #[cfg(feature = "test")]
        pub(crate) fn login_code(&self, appid: &str, user: &str) -> Result<String> {
            Ok(self.0.emulator().login_code(appid, user)?)
        }

        /// What WeChat was asked so far.
        #[cfg(feature = "test")]
        pub(crate) fn logins(&self) -> u64 {
            self.0.emulator().calls().counts.get("/sns/jscode2session").copied().unwrap_or_default()
        }
    }
}

#[cfg(not(feature = "emulator"))]
mod without {
    use queqiao_wechat::App;

    use super::*;

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
    }
}
