//! Sends pushes: five seconds for an answer, three attempts.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use reqwest::redirect::Policy;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

use super::envelope;
use super::event::Event;
use super::log::{Attempt, Delivery, Outcome};
use super::settings::{Format, Mode, Push};
use super::xml;
use crate::emulator::{Emulator, EmulatorError};
use crate::identity;
use crate::inbox::Kind;

/// "Three in all": whether the first counts is not said; here it does.
const ATTEMPTS: u32 = 3;
/// The longest answer that is read.
const LONGEST_ANSWER: usize = 64 * 1024;
/// How much of an answer is remembered.
const SHOWN: usize = 500;

/// Carries pushes to the developer's server.
#[derive(Debug, Default)]
pub(crate) struct Courier(OnceLock<reqwest::Client>);

/// What a server made of a push.
enum Reply {
    Nothing,
    Message(Map<String, Value>),
    Invalid(&'static str),
}

impl Courier {
    /// The HTTP client, made when it is first needed: most emulators push nothing.
    fn http(&self) -> Result<&reqwest::Client, EmulatorError> {
        if let Some(http) = self.0.get() {
            return Ok(http);
        }
        let http = reqwest::Client::builder()
            .user_agent("Mozilla/4.0")
            .redirect(Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| EmulatorError::Push(error.to_string()))?;
        Ok(self.0.get_or_init(|| http))
    }

    /// Delivers an event, and tells how it went.
    pub(crate) async fn deliver(&self, emulator: &Emulator, event: Event) -> Result<Delivery, EmulatorError> {
        let push = emulator.push_of(&event.appid)?;
        let http = self.http()?;
        let number = emulator.state().pushes.begin(&event, emulator.now());
        let mut outcome = Outcome::GivenUp;
        for attempt in 0..ATTEMPTS {
            let url = &push.urls[attempt as usize % push.urls.len()];
            let (record, reply) = attempt_at(http, emulator, &push, url, &event).await;
            let mut state = emulator.state();
            if let Some(delivery) = state.pushes.get(number) {
                delivery.attempts.push(record);
            }
            drop(state);
            let Some(reply) = reply else { continue };
            // The first answer counts.
            if outcome == Outcome::GivenUp {
                outcome = emulator.take_reply(&event, reply);
            }
            if attempt + 1 >= push.deliveries {
                break;
            }
        }
        let mut state = emulator.state();
        let delivery = state.pushes.get(number).map(|delivery| {
            delivery.outcome = outcome;
            delivery.clone()
        });
        delivery
            .ok_or_else(|| EmulatorError::Push("more than 200 pushes at once; this one is forgotten".into()))
    }

    /// Asks the server to prove that it knows the Token (URL 验证), as WeChat's console does when settings are saved.
    pub(crate) async fn verify(&self, emulator: &Emulator, appid: &str) -> Result<(), EmulatorError> {
        let push = emulator.push_of(appid)?;
        let time_out = Duration::from_millis(emulator.settings().push_timeout_ms);
        for url in &push.urls {
            let (timestamp, nonce, echo) = {
                let now = emulator.now();
                let mut state = emulator.state();
                let echo = state.rng.u64(1_000_000_000_000_000_000..).to_string();
                (now.as_second().to_string(), nonce(&mut state.rng), echo)
            };
            let signature = envelope::signature(&[push.token.expose_secret(), &timestamp, &nonce]);
            let query =
                [("signature", &signature), ("timestamp", &timestamp), ("nonce", &nonce), ("echostr", &echo)];
            let failed = |reason: String| EmulatorError::Push(format!("{url} does not verify: {reason}"));
            let answer = tokio::time::timeout(time_out, answer_of(self.http()?.get(url).query(&query))).await;
            let (status, text) =
                answer.map_err(|_| failed(format!("no answer within {time_out:?}")))?.map_err(failed)?;
            if status != 200 || text != echo {
                return Err(failed(format!(
                    "it answered HTTP {status} and {:?}; expected was the echostr as it is; is the Token the same on both sides?",
                    text.chars().take(100).collect::<String>()
                )));
            }
        }
        Ok(())
    }
}

/// One attempt, and what was answered if something was.
async fn attempt_at(
    http: &reqwest::Client,
    emulator: &Emulator,
    push: &Push,
    url: &str,
    event: &Event,
) -> (Attempt, Option<Reply>) {
    let began = Instant::now();
    let time_out = Duration::from_millis(emulator.settings().push_timeout_ms);
    let (query, media_type, body) = written(emulator, push, event);
    let request = http.post(url).query(&query).header("content-type", media_type).body(body);
    let answer = tokio::time::timeout(time_out, answer_of(request)).await;
    let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let mut attempt =
        Attempt { url: url.into(), milliseconds, status: None, answer: String::new(), error: None };
    let (status, text) = match answer {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            attempt.error = Some(error);
            return (attempt, None);
        }
        Err(_) => {
            attempt.error = Some(format!("no answer within {time_out:?}"));
            return (attempt, None);
        }
    };
    attempt.status = Some(status);
    attempt.answer = text.chars().take(SHOWN).collect();
    // The pages speak of time-outs only; another status than 2xx is taken for one.
    if !(200..300).contains(&status) {
        attempt.error = Some(format!("HTTP status {status}"));
        return (attempt, None);
    }
    let reply = read_reply(push, &event.appid, &text);
    if let Reply::Invalid(reason) = &reply {
        attempt.error = Some((*reason).into());
    }
    (attempt, Some(reply))
}

/// Status and text of an answer, the errors without the URL: signatures are in it.
async fn answer_of(request: reqwest::RequestBuilder) -> Result<(u16, String), String> {
    let told = |error: reqwest::Error| {
        let error = error.without_url();
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        format!("{error}{cause}")
    };
    let mut response = request.send().await.map_err(told)?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(told)? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_ANSWER {
            return Err(format!("an answer of more than {LONGEST_ANSWER} bytes"));
        }
    }
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

fn nonce(rng: &mut fastrand::Rng) -> String {
    rng.u32(100_000_000..).to_string()
}

/// The query, media type and body of one attempt, freshly signed.
fn written(
    emulator: &Emulator,
    push: &Push,
    event: &Event,
) -> (Vec<(&'static str, String)>, &'static str, String) {
    let timestamp = emulator.now().as_second().to_string();
    let (nonce, random) = {
        let mut state = emulator.state();
        (nonce(&mut state.rng), identity::bytes::<16>(&mut state.rng))
    };
    let token = push.token.expose_secret();
    let mut query = vec![
        ("signature", envelope::signature(&[token, &timestamp, &nonce])),
        ("timestamp", timestamp.clone()),
        ("nonce", nonce.clone()),
        ("openid", event.openid.clone()),
    ];
    let render = |fields: &Map<String, Value>| match push.format {
        Format::Json => Value::Object(fields.clone()).to_string(),
        Format::Xml => xml::render(fields),
    };
    let media_type = match push.format {
        Format::Json => "application/json",
        Format::Xml => "text/xml",
    };
    let mut fields = match push.format {
        Format::Json => event.json.clone(),
        Format::Xml => event.xml.clone(),
    };
    if push.mode != Mode::Plain
        && let Some(key) = push.key()
    {
        let encrypted = envelope::encrypt(&key, random, &render(&fields), &event.appid);
        query.push(("encrypt_type", "aes".into()));
        query.push(("msg_signature", envelope::signature(&[token, &timestamp, &nonce, &encrypted])));
        if push.mode == Mode::Safe {
            fields.retain(|name, _| name == "ToUserName");
        }
        fields.insert("Encrypt".into(), encrypted.into());
    }
    (query, media_type, render(&fields))
}

/// Reads an answer: nothing, `success`, or a message, encrypted where the mode wants that.
fn read_reply(push: &Push, appid: &str, text: &str) -> Reply {
    let text = text.trim();
    if text.is_empty() || text == "success" {
        return Reply::Nothing;
    }
    let Some(fields) = fields_of(text) else {
        return Reply::Invalid("the answer is neither `success` nor a message");
    };
    let message = match (fields.contains_key("Encrypt"), push.key()) {
        (true, Some(key)) if push.mode != Mode::Plain => {
            let part = |name: &str| match fields.get(name) {
                Some(Value::String(text)) => text.clone(),
                Some(Value::Number(number)) => number.to_string(),
                _ => String::new(),
            };
            let (timestamp, nonce, encrypted) = (part("TimeStamp"), part("Nonce"), part("Encrypt"));
            let parts = [push.token.expose_secret(), &timestamp, &nonce, &encrypted];
            if !envelope::is_signed(&parts, &part("MsgSignature")) {
                return Reply::Invalid("the MsgSignature of the answer is wrong");
            }
            envelope::decrypt(&key, &encrypted, appid).as_deref().and_then(fields_of)
        }
        (false, _) if push.mode != Mode::Safe => Some(fields),
        _ => return Reply::Invalid("the answer is encrypted where it should not be, or the other way round"),
    };
    match message {
        Some(message) if message.get("MsgType").is_some_and(Value::is_string) => Reply::Message(message),
        _ => Reply::Invalid("the answer is no message: it cannot be decrypted, or has no MsgType"),
    }
}

fn fields_of(text: &str) -> Option<Map<String, Value>> {
    match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => Some(fields),
        _ => xml::parse(text),
    }
}

impl Emulator {
    /// Shows a reply to the user.
    fn take_reply(&self, event: &Event, reply: Reply) -> Outcome {
        let now = self.now();
        let mut state = self.state();
        let state = &mut *state;
        let content = match reply {
            Reply::Nothing => return Outcome::Answered,
            Reply::Message(message) => Value::Object(message),
            Reply::Invalid(_) => json!({ "error": "该小程序客服暂时无法提供服务，请稍后再试" }),
        };
        let outcome = if content.get("error").is_some() { Outcome::Invalid } else { Outcome::Replied };
        // Only a message of the user has a place where an answer could be seen.
        if event.json.contains_key("MsgId")
            && let Some(user) = state.users.get(&event.openid)
        {
            state.inbox.add(now, user, Kind::Reply, content);
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

    fn is_message(push: &Push, text: &str) -> Option<bool> {
        match read_reply(push, "wx1", text) {
            Reply::Nothing => None,
            Reply::Message(_) => Some(true),
            Reply::Invalid(_) => Some(false),
        }
    }

    #[test]
    fn answers_are_read_by_mode() {
        let safe = Push::new("http://127.0.0.1/", "t").aes_key(KEY);
        let plain = safe.clone().mode(Mode::Plain);
        for push in [&safe, &plain] {
            assert_eq!((is_message(push, "success"), is_message(push, " ")), (None, None));
            assert_eq!(is_message(push, "ok"), Some(false));
        }
        let message = r#"{"MsgType":"text","Content":"hi"}"#;
        assert_eq!((is_message(&plain, message), is_message(&safe, message)), (Some(true), Some(false)));
        let xml = "<xml><MsgType><![CDATA[text]]></MsgType></xml>";
        assert_eq!(is_message(&plain, xml), Some(true));
        assert_eq!(is_message(&plain, r#"{"errcode":0}"#), Some(false));

        let key = safe.key().unwrap();
        let encrypted = envelope::encrypt(&key, [1; 16], message, "wx1");
        let signed = envelope::signature(&["t", "7", "n", &encrypted]);
        let sealed = |signed: &str, encrypted: &str| {
            json!({"Encrypt": encrypted, "MsgSignature": signed, "TimeStamp": 7, "Nonce": "n"}).to_string()
        };
        assert_eq!(is_message(&safe, &sealed(&signed, &encrypted)), Some(true));
        assert_eq!(is_message(&safe, &sealed("0", &encrypted)), Some(false));
        assert_eq!(is_message(&plain, &sealed(&signed, &encrypted)), Some(false));
        let of_another = envelope::encrypt(&key, [1; 16], message, "wx2");
        let signed = envelope::signature(&["t", "7", "n", &of_another]);
        assert_eq!(is_message(&safe, &sealed(&signed, &of_another)), Some(false));
    }
}
