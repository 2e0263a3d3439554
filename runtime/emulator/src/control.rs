//! The hands of a test, or of the console, on the emulator: settings, apps, pushes, faults.

use std::sync::{Arc, Weak};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::api::{APIS, Template};
use crate::emulator::{Emulator, EmulatorError, Shared};
use crate::fault::Fault;
use crate::identity;
use crate::inbox::Message;
use crate::limits::QuotaReport;
use crate::push::{Delivery, Event, Push, Recipient};
use crate::settings::{AppSettings, Settings, merged};
use crate::user::{UserReport, WeChatUser};
use crate::verdict::Rule;

/// How often a planned event looks at the clock, which may be moved by others.
const LOOK: Duration = Duration::from_millis(10);

impl Emulator {
    /// A user of an app, to act for; any name is one.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::UnknownApp`], [`EmulatorError::BadName`].
    pub fn user(&self, appid: &str, name: &str) -> Result<WeChatUser, EmulatorError> {
        WeChatUser::new(self, appid, name)
    }

    /// A login code, as `wx.login` gives it to `user` in the app `appid`.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::UnknownApp`], [`EmulatorError::BadName`].
    pub fn login_code(&self, appid: &str, user: &str) -> Result<String, EmulatorError> {
        Ok(self.user(appid, user)?.login_code())
    }

    /// The openid that `user` has in the app `appid`.
    pub fn openid(&self, appid: &str, user: &str) -> String {
        identity::openid(appid, user)
    }

    /// The users who showed up, the last active first.
    pub fn users(&self) -> Vec<UserReport> {
        self.state().users.iter().map(UserReport::of).collect()
    }

    /// The messages that users got and wrote, newest first.
    pub fn messages(&self) -> Vec<Message> {
        self.state().inbox.iter().cloned().collect()
    }

    /// The pushes so far, newest first.
    pub fn pushes(&self) -> Vec<Delivery> {
        self.state().pushes.iter().cloned().collect()
    }

    /// Whether WeChat would accept an access token for this app now.
    pub fn accepts_token(&self, appid: &str, token: &str) -> bool {
        self.state().tokens.app_of(token, self.now()) == Ok(appid)
    }

    /// Ends the app's access tokens as if their time were over (42001).
    pub fn expire_tokens(&self, appid: &str) {
        self.state().tokens.expire(appid);
    }

    /// Kills the app's access tokens, as a reset of the AppSecret does (40001).
    pub fn kill_tokens(&self, appid: &str) {
        self.state().tokens.kill(appid);
    }

    /// What is used and left of the app's quotas, of each path that was called or is limited by WeChat.
    pub fn quotas(&self, appid: &str) -> Vec<QuotaReport> {
        let state = self.state();
        let now = self.now();
        APIS.iter()
            .filter(|api| api.counted_as == api.path)
            .map(|api| {
                let limit = state.settings.limits.get(api.counted_as);
                state.usage.report(appid, api.counted_as, api.quota, limit, now)
            })
            .collect()
    }

    /// The settings as they are.
    pub fn settings(&self) -> Settings {
        self.state().settings.clone()
    }

    /// Changes the settings.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::Invalid`] for settings that cannot be; nothing is changed then.
    pub fn set_settings(&self, settings: Settings) -> Result<(), EmulatorError> {
        settings.check().map_err(|reason| EmulatorError::Invalid(reason.into()))?;
        self.state().settings = settings;
        Ok(())
    }

    /// Changes what is named, in one step, and returns the new settings.
    pub(crate) fn change_settings(&self, change: Map<String, Value>) -> Result<Settings, EmulatorError> {
        let mut state = self.state();
        let settings = merged(&state.settings, change).map_err(EmulatorError::Invalid)?;
        settings.check().map_err(|reason| EmulatorError::Invalid(reason.into()))?;
        state.settings = settings.clone();
        Ok(settings)
    }

    /// Puts a content rule before the others, for example for the next check of one user.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::Invalid`] where there are too many rules.
    pub fn add_rule(&self, rule: Rule) -> Result<(), EmulatorError> {
        let mut state = self.state();
        let mut settings = state.settings.clone();
        settings.rules.insert(0, rule);
        settings.check().map_err(|reason| EmulatorError::Invalid(reason.into()))?;
        state.settings = settings;
        Ok(())
    }

    /// What is set for an app.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::UnknownApp`].
    pub fn app_settings(&self, appid: &str) -> Result<AppSettings, EmulatorError> {
        self.known_app(appid)?;
        Ok(self.state().apps.get(appid).map(|app| app.settings.clone()).unwrap_or_default())
    }

    /// Changes what is set for an app.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::UnknownApp`], [`EmulatorError::Invalid`].
    pub fn set_app_settings(&self, appid: &str, settings: AppSettings) -> Result<(), EmulatorError> {
        self.known_app(appid)?;
        settings.check().map_err(|reason| EmulatorError::Invalid(reason.into()))?;
        self.state().apps.entry(appid.into()).or_default().settings = settings;
        Ok(())
    }

    /// Adds a template of subscribe messages, or replaces the one of the same id.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::UnknownApp`], [`EmulatorError::Invalid`].
    pub fn add_template(&self, appid: &str, template: Template) -> Result<(), EmulatorError> {
        self.known_app(appid)?;
        template.check().map_err(|reason| EmulatorError::Invalid(reason.into()))?;
        let mut state = self.state();
        let most = state.settings.caps.templates as usize;
        let templates = &mut state.apps.entry(appid.into()).or_default().templates;
        templates.retain(|known| known.id != template.id);
        if templates.len() >= most {
            return Err(EmulatorError::Invalid(format!(
                "an app has {most} templates at most (caps.templates)"
            )));
        }
        templates.push(template);
        Ok(())
    }

    /// The app's templates.
    pub fn templates(&self, appid: &str) -> Vec<Template> {
        self.state().apps.get(appid).map(|app| app.templates.clone()).unwrap_or_default()
    }

    /// Sets where the app's pushes go.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::UnknownApp`], [`EmulatorError::Invalid`].
    pub fn set_push(&self, appid: &str, push: Push) -> Result<(), EmulatorError> {
        self.known_app(appid)?;
        push.check(self.shared.anywhere).map_err(|reason| EmulatorError::Invalid(reason.into()))?;
        self.state().apps.entry(appid.into()).or_default().push = Some(push);
        Ok(())
    }

    pub(crate) fn push_of(&self, appid: &str) -> Result<Push, EmulatorError> {
        self.known_app(appid)?;
        let push = self.state().apps.get(appid).and_then(|app| app.push.clone());
        push.ok_or_else(|| EmulatorError::NoPush(appid.into()))
    }

    /// Asks the app's server to prove that it knows the Token, as WeChat's console does when settings are saved.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::NoPush`]; [`EmulatorError::Push`] with what was answered instead.
    pub async fn verify_push(&self, appid: &str) -> Result<(), EmulatorError> {
        self.shared.courier.verify(self, appid).await
    }

    /// Pushes an event with these fields, and tells how it went. `ToUserName`, `FromUserName`, `CreateTime` and
    /// `MsgType` are added where they are not named.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::NoPush`], [`EmulatorError::UnknownApp`], [`EmulatorError::BadName`].
    pub async fn push_event(
        &self,
        appid: &str,
        user: &str,
        fields: Value,
    ) -> Result<Delivery, EmulatorError> {
        let user = self.user(appid, user)?;
        let openid = user.openid();
        let recipient = Recipient { appid, openid: &openid, user: Some(user.name()), now: self.now() };
        self.deliver(recipient.event(fields)).await
    }

    pub(crate) async fn deliver(&self, event: Event) -> Result<Delivery, EmulatorError> {
        self.shared.courier.deliver(self, event).await
    }

    /// Opens a scheme, URL link or short link as a user does, and returns where it leads: `path?query`.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::Invalid`] for an unknown or expired link, and where links were opened too often today.
    pub fn open_link(&self, link: &str) -> Result<String, EmulatorError> {
        let now = self.now();
        let mut state = self.state();
        let most = state.settings.caps.visits_per_day;
        state.links.open(link, most, now).map_err(|reason| EmulatorError::Invalid(reason.into()))
    }

    /// Injects a fault, after those that are there.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::Invalid`].
    pub fn inject(&self, fault: Fault) -> Result<(), EmulatorError> {
        self.state().faults.add(fault).map_err(|reason| EmulatorError::Invalid(reason.into()))
    }

    /// The faults to come.
    pub fn faults(&self) -> Vec<Fault> {
        self.state().faults.list().to_vec()
    }

    /// Takes all faults away.
    pub fn clear_faults(&self) {
        self.state().faults.clear();
    }

    /// Sends what the last call queued on its way.
    pub(crate) fn deliver_queued(&self) {
        let mut state = self.state();
        let queue = std::mem::take(&mut state.queue);
        state.planned += queue.len();
        drop(state);
        for (due, event) in queue {
            tokio::spawn(deliver_at(Arc::downgrade(&self.shared), due, event));
        }
    }
}

/// Delivers an event when the emulator's clock says so, if the emulator is still there.
async fn deliver_at(shared: Weak<Shared>, due: Timestamp, event: Event) {
    loop {
        let Some(shared) = shared.upgrade() else { return };
        let wait = due.duration_since(shared.clock.now());
        if !wait.is_positive() {
            break;
        }
        drop(shared);
        tokio::time::sleep(LOOK).await;
    }
    let Some(shared) = shared.upgrade() else { return };
    let emulator = Emulator { shared };
    let name = event.name.clone();
    if let Err(error) = emulator.deliver(event).await {
        tracing::warn!(event = name, %error, "an event was not pushed");
    }
    let mut state = emulator.state();
    state.planned = state.planned.saturating_sub(1);
}
