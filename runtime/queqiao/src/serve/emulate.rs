//! WeChat offline, in the same process and with the same clock.

use super::error::{Error, Result};
use super::settings::Settings;
use queqiao_storage::Clock;

#[cfg(feature = "emulator")]
pub(crate) use self::with::Emulated;
#[cfg(not(feature = "emulator"))]
pub(crate) use self::without::Emulated;

/// Starts the emulator that the settings ask for.
pub(super) async fn start(settings: &Settings, clock: Clock) -> Result<Emulated> {
    Emulated::start(settings, clock).await
}

#[cfg(feature = "emulator")]
mod with {
    use queqiao_emulator::{Emulator, Running};
    use queqiao_wechat::App;

    use super::*;

    /// DevTools names a project without an app so.
    const APPID: &str = "touristappid";
    const SECRET: &str = "the emulator's own secret";

    /// A running emulator.
    pub(crate) struct Emulated(Running);

    impl Emulated {
        pub(super) async fn start(settings: &Settings, clock: Clock) -> Result<Self> {
            let running = Emulator::builder()
                .clock(clock)
                .app(APPID, SECRET)
                .accept_unknown_codes(settings.emulator.accept_unknown_codes)
                .developer(settings.emulator.user.clone())
                .listen(settings.emulator.address)
                .start()
                .await
                .map_err(|error| {
                    Error::told(format!(
                        "the WeChat emulator cannot listen on {}: {error}; choose another port with EMULATOR_PORT=<number>",
                        settings.emulator.address
                    ))
                })?;
            Ok(Self(running))
        }

        pub(crate) fn url(&self) -> String {
            self.0.url()
        }

        pub(crate) fn app(&self) -> App {
            App::new(APPID, SECRET)
        }

        /// A login code as `wx.login` gives it to the user.
        pub(crate) fn login_code(&self, user: &str) -> String {
            self.0.login_code(APPID, user)
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
    }
}
