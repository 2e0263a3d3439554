//! A user of a mini-program, to act for.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::api::{latest_keys, phone_info, signature};
use crate::codes::Kind;
use crate::emulator::{Emulator, EmulatorError};
use crate::identity;
use crate::inbox::{self, Message};
use crate::push::{Delivery, Recipient};
use crate::settings::check_user;
use crate::state::State;
use crate::userdata::{EncryptedData, encrypt};
use crate::users::{Grant, Payment, User, UserSettings};

/// Payments of a user that are remembered.
const PAYMENTS: usize = 20;
/// Templates about which a user can have been asked; those asked first are forgotten.
const GRANTS: usize = 100;

/// A user in an app: what the person does on the phone, and what WeChat then gives to the mini-program.
#[derive(Debug, Clone)]
pub struct WeChatUser {
    emulator: Emulator,
    appid: String,
    name: String,
}

/// The key of `getUserCryptoManager().getLatestUserKey`.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserKey {
    /// Base64 of 16 bytes.
    pub encrypt_key: String,
    /// Base64 of 16 bytes.
    pub iv: String,
    /// Counts up.
    pub version: u32,
}

impl std::fmt::Debug for UserKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserKey").field("version", &self.version).finish_non_exhaustive()
    }
}

impl WeChatUser {
    pub(crate) fn new(emulator: &Emulator, appid: &str, name: &str) -> Result<Self, EmulatorError> {
        check_user(name).map_err(EmulatorError::BadName)?;
        emulator.known_app(appid)?;
        Ok(Self { emulator: emulator.clone(), appid: appid.into(), name: name.into() })
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The openid in this app.
    pub fn openid(&self) -> String {
        identity::openid(&self.appid, &self.name)
    }

    /// Does something with the user, who shows a sign of life by it.
    fn with<T>(&self, act: impl FnOnce(&mut State, &str, Timestamp) -> T) -> T {
        let now = self.emulator.now();
        let mut state = self.emulator.state();
        let openid = state.users.enter(&self.appid, &self.name, now).openid.clone();
        act(&mut state, &openid, now)
    }

    fn with_user<T>(&self, act: impl FnOnce(&mut User, Timestamp) -> T) -> T {
        let now = self.emulator.now();
        act(self.emulator.state().users.enter(&self.appid, &self.name, now), now)
    }

    /// A code as `wx.login` gives it.
    pub fn login_code(&self) -> String {
        self.code(Kind::Login)
    }

    /// A code as the button with `open-type="getPhoneNumber"` gives it.
    pub fn phone_code(&self) -> String {
        self.code(Kind::Phone)
    }

    fn code(&self, kind: Kind) -> String {
        self.with(|state, _, now| state.codes.issue(&mut state.rng, kind, &self.appid, &self.name, now))
    }

    /// The session_key of the last login, as only WeChat and the server know it.
    pub fn session_key(&self) -> Option<String> {
        self.with_user(|user, _| user.session_key.clone())
    }

    /// Ends the session: `wx.checkSession` fails from now on, and so does what the server signs with the key.
    pub fn expire_session(&self) {
        self.with_user(|user, _| user.session_key = None);
    }

    /// `wx.checkSession`.
    pub fn has_session(&self) -> bool {
        self.session_key().is_some()
    }

    fn need_session(&self) -> Result<String, EmulatorError> {
        self.session_key().ok_or_else(|| EmulatorError::NoSession(self.name.clone()))
    }

    /// Data for the server, encrypted with the session_key; its `watermark` is added.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::NoSession`].
    pub fn encrypt(&self, data: Map<String, Value>) -> Result<EncryptedData, EmulatorError> {
        let key = self.need_session()?;
        self.with(|state, _, now| {
            let raw_data = Value::Object(data.clone()).to_string();
            let mut data = data;
            data.insert("watermark".into(), json!({ "timestamp": now.as_second(), "appid": self.appid }));
            let iv = identity::bytes::<16>(&mut state.rng);
            let made = encrypt(&key, iv, &Value::Object(data).to_string(), raw_data)
                .ok_or_else(|| EmulatorError::NoSession(self.name.clone()))?;
            state.encrypted.remember(&self.appid, &made.encrypted_data, now);
            Ok(made)
        })
    }

    /// The user's profile as `wx.getUserInfo` gives it: rawData with its signature, and encrypted with the openid.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::NoSession`].
    pub fn profile(&self) -> Result<EncryptedData, EmulatorError> {
        let profile = json!({
            "nickName": self.name, "gender": 0, "language": "zh_CN", "city": "", "province": "", "country": "",
            "avatarUrl": ""
        });
        let Value::Object(mut data) = profile.clone() else {
            return Err(EmulatorError::NoSession(self.name.clone()));
        };
        data.insert("openId".into(), self.openid().into());
        if self.emulator.settings().unionid {
            data.insert("unionId".into(), identity::unionid(&self.name).into());
        }
        let made = self.encrypt(data)?;
        let raw_data = profile.to_string();
        let signature = encrypt(&self.need_session()?, [0; 16], "", raw_data.clone())
            .map(|signed| signed.signature)
            .unwrap_or_default();
        Ok(EncryptedData { raw_data, signature, ..made })
    }

    /// The user's phone number as the button gave it to old versions: encrypted.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::NoSession`].
    pub fn phone_data(&self) -> Result<EncryptedData, EmulatorError> {
        let info = self.with_user(|user, now| phone_info(user, now.as_second()));
        self.encrypt(info.as_object().cloned().unwrap_or_default())
    }

    /// The user-state signature (用户登录态签名) of a body.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::NoSession`].
    pub fn sign(&self, body: &[u8]) -> Result<String, EmulatorError> {
        Ok(signature(&self.need_session()?, body))
    }

    /// The newest key of `wx.getUserCryptoManager()`.
    pub fn latest_key(&self) -> UserKey {
        self.with(|state, openid, now| {
            let (key, iv) = (identity::key16(&mut state.rng), identity::key16(&mut state.rng));
            let newest =
                state.users.get(openid).and_then(|user| latest_keys(user, key, iv, now).next().cloned());
            newest.map(|key| UserKey { encrypt_key: key.encrypt_key, iv: key.iv, version: key.version })
        })
        .unwrap_or(UserKey { encrypt_key: String::new(), iv: String::new(), version: 0 })
    }

    /// What is set for the user.
    pub fn settings(&self) -> UserSettings {
        self.with_user(|user, _| user.settings.clone())
    }

    /// Changes what is set for the user.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::Invalid`].
    pub fn set(&self, settings: UserSettings) -> Result<(), EmulatorError> {
        settings.check().map_err(|reason| EmulatorError::Invalid(reason.into()))?;
        self.with_user(|user, _| user.settings = settings);
        Ok(())
    }

    /// Answers the question of `wx.requestSubscribeMessage`, for each template yes or no, and returns its result:
    /// `accept`, `reject` or, for a template that the app does not have, `filter`. The app is told by a push.
    pub async fn answer_subscriptions(&self, answers: &[(&str, bool)]) -> BTreeMap<String, &'static str> {
        let mut result = BTreeMap::new();
        self.with(|state, openid, now| {
            let accepts = state.settings.accept_unknown_templates;
            let mut told = Vec::new();
            for (id, accepted) in answers {
                let app = state.apps.entry(self.appid.clone()).or_default();
                let known = app.templates.iter().find(|template| template.id == *id);
                let template = match known {
                    Some(template) => Some(template),
                    None if accepts => app.learn(id),
                    None => None,
                };
                let Some(template) = template.filter(|template| !template.banned) else {
                    result.insert((*id).to_owned(), "filter");
                    continue;
                };
                result.insert((*id).to_owned(), if *accepted { "accept" } else { "reject" });
                told.push(((*id).to_owned(), *accepted));
                if let Some(user) = state.users.get(openid).filter(|_| *accepted) {
                    if !user.grants.contains_key(*id) && user.grants.len() >= GRANTS {
                        user.grants.pop_first();
                    }
                    let grant = user.grants.entry((*id).to_owned()).or_default();
                    grant.always |= template.long_term;
                    grant.once = grant.once.saturating_add(u32::from(!template.long_term));
                }
            }
            if let Some(user) = state.users.get(openid).filter(|_| !told.is_empty()) {
                let event = Recipient::of(user, now).subscribe_popup(&told);
                state.push(now, event);
            }
        });
        self.emulator.deliver_queued();
        result
    }

    /// Takes back what was agreed to, as in the settings of the mini-program. The app is told by a push.
    pub async fn cancel_subscriptions(&self, templates: &[&str]) {
        self.with(|state, openid, now| {
            let Some(user) = state.users.get(openid) else { return };
            let taken: Vec<String> = templates
                .iter()
                .filter(|id| user.grants.remove(**id).is_some())
                .map(|id| (*id).to_owned())
                .collect();
            if !taken.is_empty() {
                let event = Recipient::of(user, now).subscribe_change(&taken);
                state.push(now, event);
            }
        });
        self.emulator.deliver_queued();
    }

    /// What the user agreed to receive, by template.
    pub fn grants(&self) -> BTreeMap<String, Grant> {
        self.with_user(|user, _| user.grants.clone())
    }

    /// Writes a text to customer service. Returns how its push went, if the app has pushes.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::Push`].
    pub async fn write(&self, text: &str) -> Result<Option<Delivery>, EmulatorError> {
        self.send("text", json!({ "Content": text })).await
    }

    /// Sends customer service a message of a type, with its fields: `image` with `PicUrl` and `MediaId`,
    /// `miniprogrampage` with `Title`, `PagePath`…
    ///
    /// # Errors
    ///
    /// [`EmulatorError::Push`].
    pub async fn send(&self, kind: &str, fields: Value) -> Result<Option<Delivery>, EmulatorError> {
        let event = self.with(|state, openid, now| {
            let State { users, inbox, rng, .. } = state;
            let user = users.get(openid)?;
            user.conversation.wrote_at = Some(now);
            user.conversation.last_message_at = Some(now);
            user.conversation.replies = 0;
            let mut content = fields.clone();
            content["MsgType"] = kind.into();
            inbox.add(now, user, inbox::Kind::FromUser, content);
            Some(Recipient::of(user, now).message(rng, kind, fields))
        });
        self.push(event).await
    }

    /// Enters customer service by the contact button. Returns how its push went, if the app has pushes.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::Push`].
    pub async fn enter_conversation(&self, session_from: &str) -> Result<Option<Delivery>, EmulatorError> {
        let fields = json!({ "Event": "user_enter_tempsession", "SessionFrom": session_from });
        let event = self.with_user(|user, now| {
            user.conversation.entered_at = Some(now);
            Some(Recipient::of(user, now).event(fields))
        });
        self.push(event).await
    }

    async fn push(&self, event: Option<crate::push::Event>) -> Result<Option<Delivery>, EmulatorError> {
        let Some(event) = event else { return Ok(None) };
        match self.emulator.deliver(event).await {
            Ok(delivery) => Ok(Some(delivery)),
            Err(EmulatorError::NoPush(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Pays, so that the unionid can be asked for within five minutes.
    pub fn pay(&self, transaction_id: &str, mch_id: &str, out_trade_no: &str) {
        self.with_user(|user, now| {
            user.payments.truncate(PAYMENTS - 1);
            user.payments.push_front(Payment {
                transaction_id: transaction_id.into(),
                mch_id: mch_id.into(),
                out_trade_no: out_trade_no.into(),
                at: now,
            });
        });
    }

    /// The messages that the user got and wrote, newest first.
    pub fn messages(&self) -> Vec<Message> {
        let openid = self.openid();
        self.emulator.state().inbox.iter().filter(|message| message.openid == openid).cloned().collect()
    }
}

/// A user, for people and tests.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UserReport {
    /// The name.
    pub name: String,
    /// The app.
    pub appid: String,
    /// The openid in it.
    pub openid: String,
    /// The last sign of life.
    pub active_at: Timestamp,
    /// Whether there is a session_key.
    pub has_session: bool,
    /// What is set.
    pub settings: UserSettings,
    /// The phone number, set or not.
    pub phone_number: String,
    /// What the user agreed to receive, by template.
    pub grants: BTreeMap<String, Grant>,
    /// The last message to customer service.
    pub wrote_at: Option<Timestamp>,
    /// Customer messages sent since.
    pub replies: u32,
}

impl UserReport {
    pub(crate) fn of(user: &User) -> Self {
        Self {
            name: user.name.clone(),
            appid: user.appid.clone(),
            openid: user.openid.clone(),
            active_at: user.active_at,
            has_session: user.session_key.is_some(),
            settings: user.settings.clone(),
            phone_number: user.phone_number(),
            grants: user.grants.clone(),
            wrote_at: user.conversation.wrote_at,
            replies: user.conversation.replies,
        }
    }
}
