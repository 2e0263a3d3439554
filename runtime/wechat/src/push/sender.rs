//! Writes messages as WeChat sends them, and replies as WeChat takes them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::signature::{agrees, message_signature, signature};
use super::{Fields, Format, Limits, Mode, Query, Receiver, Refused, Token};

/// What is new for each envelope.
#[derive(Debug, Clone, Copy)]
pub struct Seal<'a> {
    /// The time that is signed.
    pub now: Timestamp,
    /// A number as text, new each time.
    pub nonce: &'a str,
    /// From a source that nobody can guess.
    pub random: [u8; 16],
}

/// A request as WeChat makes it.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The query, without `openid`.
    pub query: Query,
    /// The body.
    pub body: String,
}

/// WeChat's side, for tests and for its emulator: signs and encrypts what is delivered.
#[derive(Debug, Clone)]
pub struct Sender {
    appid: String,
    token: Token,
    mode: Mode,
    format: Format,
}

impl Sender {
    /// A sender to one app, with what stands in its console.
    pub fn new(appid: impl Into<String>, token: Token, mode: Mode, format: Format) -> Self {
        Self { appid: appid.into(), token, mode, format }
    }

    /// The query of the GET that verifies an address.
    pub fn verification(&self, echostr: &str, seal: &Seal<'_>) -> Query {
        Query { echostr: Some(echostr.to_owned()), ..self.query(seal) }
    }

    /// The POST that delivers a message.
    pub fn deliver(&self, message: &Fields, seal: &Seal<'_>) -> Delivery {
        let mut query = self.query(seal);
        let Some(key) = self.mode.key() else {
            return Delivery { query, body: message.write(self.format) };
        };
        let encrypt = key.seal(&self.appid, seal.random, &message.write(self.format));
        let timestamp = seal.now.as_second().to_string();
        query.msg_signature = Some(message_signature(&self.token, &timestamp, seal.nonce, &encrypt));
        query.encrypt_type = Some("aes".to_owned());
        let mut envelope = match &self.mode {
            Mode::Compatible(_) => message.0.clone(),
            _ => message.0.iter().filter(|(name, _)| *name == "ToUserName").map(owned).collect(),
        };
        envelope.insert("Encrypt".to_owned(), Value::String(encrypt));
        Delivery { query, body: Fields(envelope).write(self.format) }
    }

    /// Opens a reply to a delivery, as WeChat does.
    ///
    /// # Errors
    ///
    /// [`Refused`], as each says.
    pub fn open_reply(&self, body: &[u8]) -> Result<Fields, Refused> {
        let limits = Limits::default();
        let (envelope, _) = Fields::read(body, &limits)?;
        let Some(key) = self.mode.key() else { return Ok(envelope) };
        let part = |name| envelope.text(name).ok_or(Refused::Missing(name));
        let (encrypt, nonce) = (part("Encrypt")?, part("Nonce")?);
        let expected = message_signature(&self.token, &part("TimeStamp")?, &nonce, &encrypt);
        if !agrees(&expected, &part("MsgSignature")?) {
            return Err(Refused::Signature);
        }
        Ok(Fields::read(&key.open(&self.appid, &encrypt)?, &limits)?.0)
    }

    fn query(&self, seal: &Seal<'_>) -> Query {
        let timestamp = seal.now.as_second().to_string();
        Query {
            signature: Some(signature(&self.token, &timestamp, seal.nonce)),
            timestamp: Some(timestamp),
            nonce: Some(seal.nonce.to_owned()),
            ..Query::default()
        }
    }
}

fn owned((name, value): (&String, &Value)) -> (String, Value) {
    (name.clone(), value.clone())
}

impl Receiver {
    /// Writes a reply as the answer to a delivery: bare in the plain mode, else encrypted and signed.
    pub fn reply(&self, reply: &Fields, format: Format, seal: &Seal<'_>) -> String {
        let text = reply.write(format);
        let Some(key) = self.mode.key() else { return text };
        let encrypt = key.seal(&self.appid, seal.random, &text);
        let seconds = seal.now.as_second();
        let signature = message_signature(&self.token, &seconds.to_string(), seal.nonce, &encrypt);
        let envelope = json!({
            "Encrypt": encrypt,
            "MsgSignature": signature,
            "TimeStamp": seconds,
            "Nonce": seal.nonce,
        });
        match envelope {
            Value::Object(fields) => Fields(fields).write(format),
            other => other.to_string(),
        }
    }
}
