//! One call while it is handled: who calls, what came, and the state that it changes.

use std::net::IpAddr;

use axum::body::Bytes;
use fastrand::Rng;
use jiff::Timestamp;
use queqiao_wechat::App;
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use subtle::ConstantTimeEq;

use super::Api;
use crate::emulator::Emulator;
use crate::errcode::{self, Refusal};
use crate::identity;
use crate::push::{Event, Recipient};
use crate::settings::{AppSettings, Settings};
use crate::state::{OfApp, State as World};
use crate::users::User;

/// A call, with the lock on the state.
pub(crate) struct Call<'a> {
    pub(crate) emulator: &'a Emulator,
    pub(crate) state: &'a mut World,
    pub(crate) now: Timestamp,
    /// The app, once it is known.
    pub(crate) appid: String,
    pub(crate) query: &'a Map<String, Value>,
    /// The JSON body; null where there is none.
    pub(crate) body: &'a Value,
    /// The body as it came.
    pub(crate) raw: &'a Bytes,
    pub(crate) content_type: &'a str,
    pub(crate) caller: IpAddr,
    pub(crate) api: Option<&'static Api>,
    /// The user whom the call turned out to be about, for the list of exchanges.
    pub(crate) user: Option<String>,
    /// A user to whom a message goes until the call is answered.
    pub(crate) sending_to: Option<String>,
}

impl Call<'_> {
    /// The JSON body in its type.
    pub(crate) fn body<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        // serde's own text could quote the body.
        T::deserialize(self.body).map_err(|_| errcode::BODY_INVALID.into())
    }

    /// A text of the query; an empty one counts as none.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    pub(crate) fn rng(&mut self) -> &mut Rng {
        &mut self.state.rng
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.state.settings
    }

    /// The app's state.
    pub(crate) fn of_app(&mut self) -> &mut OfApp {
        self.state.apps.entry(self.appid.clone()).or_default()
    }

    /// What is set for the app.
    pub(crate) fn app_settings(&self) -> AppSettings {
        self.state.apps.get(&self.appid).map(|app| app.settings.clone()).unwrap_or_default()
    }

    /// Checks appid and secret, and takes the app as the caller. WeChat's pages give no order: what is
    /// missing is reported before what is wrong, as its servers were seen to do.
    pub(crate) fn by_secret(
        &mut self,
        appid: Option<&str>,
        secret: Option<&str>,
        others: Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let appid = appid.filter(|text| !text.is_empty()).ok_or(errcode::APPID_MISSING)?;
        let secret = secret.filter(|text| !text.is_empty()).ok_or(errcode::SECRET_MISSING)?;
        others?;
        let emulator = self.emulator;
        let app: &App = emulator.app(appid).ok_or(errcode::APPID_INVALID)?;
        self.appid.clone_from(&app.appid);
        if !bool::from(app.secret.expose_secret().as_bytes().ct_eq(secret.as_bytes())) {
            return Err(errcode::SECRET_INVALID.into());
        }
        match self.app_settings().secret_frozen {
            true => Err(errcode::SECRET_FROZEN.into()),
            false => Ok(()),
        }
    }

    /// Counts the call in its app's quota, if the app may make it at all.
    pub(crate) fn count(&mut self) -> Result<(), Refusal> {
        let Some(api) = self.api else { return Ok(()) };
        let World { apps, usage, settings, .. } = &mut *self.state;
        if apps.get(&self.appid).is_some_and(|app| app.settings.unauthorized.contains(api.path)) {
            return Err(errcode::API_UNAUTHORIZED.into());
        }
        let limit = settings.limits.get(api.counted_as);
        Ok(usage.count(&self.appid, api.counted_as, api.quota, limit, self.now)?)
    }

    /// The user of an openid in the calling app; `elsewhere` is the errcode for one of another app.
    pub(crate) fn user(&mut self, openid: &str, elsewhere: errcode::Errcode) -> Result<&mut User, Refusal> {
        let known = self.state.users.get(openid).map(|user| user.appid == self.appid);
        match known {
            Some(true) => {}
            Some(false) => return Err(elsewhere.into()),
            None if self.state.settings.accept_unknown_openids && identity::is_openid(openid) => {
                self.state.users.enter_unknown(&self.appid, openid, self.now);
            }
            None => return Err(errcode::OPENID_INVALID.into()),
        }
        let user = self.state.users.get(openid).ok_or(errcode::OPENID_INVALID)?;
        self.user = Some(user.name.clone());
        Ok(user)
    }

    /// The user of an openid who used the app lately, as content checks and risk ranks want it.
    pub(crate) fn active_user(&mut self, openid: &str) -> Result<&mut User, Refusal> {
        let (now, after) = (self.now, self.state.settings.inactive_after);
        let user = self.user(openid, errcode::OPENID_OF_ANOTHER_APP)?;
        match user.is_inactive(after, now) {
            true => Err(errcode::USER_INACTIVE.into()),
            false => Ok(user),
        }
    }

    /// Plans the push of an event about the user of the openid, at once.
    pub(crate) fn event(&mut self, openid: &str, make: impl FnOnce(Recipient<'_>) -> Event) {
        let now = self.now;
        let event = self.state.users.get(openid).map(|user| make(Recipient::of(user, now)));
        if let Some(event) = event {
            self.state.push(now, event);
        }
    }
}
