//! Message push against WeChat's own known answers, and against everything that is not WeChat's.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::time::Duration;

use jiff::{Timestamp, ToSpan};
use queqiao_wechat::push::{
    EncodingAesKey, Fields, Format, Kind, Limits, Mode, Query, Receiver, Refused, Seal, Sender, Text, Token,
    message_signature, signature,
};
use serde_json::Value;

/// The entries of one topic of the known answers.
fn vectors() -> Vec<Value> {
    let mut file: Value = serde_json::from_str(include_str!("vectors/push.json")).unwrap();
    serde_json::from_value(file["vectors"].take()).unwrap()
}

fn vector(id: &str) -> Value {
    vectors().into_iter().find(|vector| vector["id"] == id).unwrap()
}

fn text<'v>(vector: &'v Value, part: &str, name: &str) -> Option<&'v str> {
    vector[part][name].as_str()
}

/// A value of `input`, which is a text or a number.
fn input(vector: &Value, name: &str) -> String {
    match &vector["input"][name] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn key(text: &str) -> EncodingAesKey {
    EncodingAesKey::new(&text.into()).unwrap()
}

fn at(seconds: &str) -> Timestamp {
    Timestamp::from_second(seconds.parse().unwrap()).unwrap()
}

/// Each known answer is looked at by exactly one of the tests below.
#[test]
fn every_vector_of_the_topic_is_known_here() {
    let known = [
        "push-url-verify-1",
        "push-aes-decrypt-json-1",
        "push-aes-encrypt-json-1",
        "push-aes-encrypt-utf8-1",
        "push-msg-signature-1",
        "push-aes-decrypt-xml-4",
        "push-aes-decrypt-xml-5",
        "push-neg-1",
        "push-neg-2",
    ];
    assert_eq!(vectors().iter().map(|vector| vector["id"].as_str().unwrap()).collect::<Vec<_>>(), known);
}

#[test]
fn the_address_is_verified() {
    let vector = vector("push-url-verify-1");
    let query = Query {
        signature: text(&vector, "expected", "signature").map(Into::into),
        timestamp: text(&vector, "input", "timestamp").map(Into::into),
        nonce: text(&vector, "input", "nonce").map(Into::into),
        echostr: text(&vector, "input", "echostr").map(Into::into),
        ..Query::default()
    };
    let receiver = Receiver::new("wx0", Token::new(input(&vector, "token")), Mode::Plain);
    let now = at(&input(&vector, "timestamp"));
    assert_eq!(receiver.verify(&query, now), Ok(text(&vector, "expected", "reply_body").unwrap()));
    let other = Receiver::new("wx0", Token::new("BBBBB"), Mode::Plain);
    assert_eq!(other.verify(&query, now), Err(Refused::Signature));
    let late = receiver.verify(&query, now + 301.seconds());
    assert_eq!(late, Err(Refused::OutOfWindow { seconds: 301, window: 300 }));
    let takes: [fn(&mut Query); 4] = [
        |query| query.signature = None,
        |query| query.timestamp = None,
        |query| query.nonce = None,
        |query| query.echostr = None,
    ];
    for take in takes {
        let mut query = query.clone();
        take(&mut query);
        assert!(matches!(receiver.verify(&query, now), Err(Refused::Missing(_))));
    }
}

/// The query and the body of a delivery of a vector, in the format of its message.
fn delivery(vector: &Value) -> (Query, String) {
    let query = Query {
        timestamp: Some(input(vector, "timestamp")),
        nonce: Some(input(vector, "nonce")),
        encrypt_type: Some("aes".into()),
        msg_signature: text(vector, "expected", "msg_signature").map(Into::into),
        ..Query::default()
    };
    let encrypt = input(vector, "encrypt");
    let body = match text(vector, "expected", "msg").unwrap().starts_with('<') {
        true => format!("<xml><ToUserName>gh_1</ToUserName><Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>"),
        false => format!(r#"{{"ToUserName":"gh_1","Encrypt":"{encrypt}"}}"#),
    };
    (query, body)
}

fn receiver(vector: &Value) -> Receiver {
    let key = key(&input(vector, "encoding_aes_key"));
    Receiver::new(input(vector, "appid"), Token::new(input(vector, "token")), Mode::Safe(key))
}

#[test]
fn deliveries_of_the_safe_mode_are_opened() {
    for id in ["push-aes-decrypt-json-1", "push-aes-decrypt-xml-4", "push-aes-decrypt-xml-5"] {
        let vector = vector(id);
        let plain = text(&vector, "expected", "msg").unwrap();
        let encrypt = input(&vector, "encrypt");
        let appid = input(&vector, "appid");
        let key = key(&input(&vector, "encoding_aes_key"));
        assert_eq!(key.open(&appid, &encrypt).unwrap(), plain.as_bytes(), "{id}");
        if let Some(random) = text(&vector, "expected", "random16") {
            assert_eq!(key.seal(&appid, random.as_bytes().try_into().unwrap(), plain), encrypt, "{id}");
        }
        let (query, body) = delivery(&vector);
        let now = at(&input(&vector, "timestamp"));
        let (message, format) = receiver(&vector).open(&query, body.as_bytes(), now).unwrap();
        let expected = if plain.starts_with('<') { Format::Xml } else { Format::Json };
        assert_eq!(format, expected, "{id}");
        assert_eq!(message.fields(), &Fields::read(plain.as_bytes(), &Limits::default()).unwrap().0, "{id}");
    }
    let (query, body) = delivery(&vector("push-aes-decrypt-xml-5"));
    let receiver = receiver(&vector("push-aes-decrypt-xml-5"));
    let (message, _) = receiver.open(&query, body.as_bytes(), at("1623301925")).unwrap();
    assert_eq!(message.kind(), Kind::Message("text"));
    assert_eq!(message.payload::<Text>().unwrap().content, "密文测试");
    assert_eq!((message.from(), message.created()), ("WangChaoYi", 1_623_301_925));
}

#[test]
fn texts_are_encrypted_as_wechat_does() {
    for id in ["push-aes-encrypt-json-1", "push-aes-encrypt-utf8-1"] {
        let vector = vector(id);
        let key = key(&input(&vector, "encoding_aes_key"));
        let (appid, random, message) =
            (input(&vector, "appid"), input(&vector, "random16"), input(&vector, "msg"));
        let sealed = key.seal(&appid, random.as_bytes().try_into().unwrap(), &message);
        assert_eq!(Some(sealed.as_str()), text(&vector, "expected", "Encrypt"), "{id}");
        assert_eq!(key.open(&appid, &sealed).unwrap(), message.as_bytes(), "{id}");
    }
}

#[test]
fn a_reply_is_encrypted_and_signed() {
    let vector = vector("push-aes-encrypt-json-1");
    let (nonce, timestamp) = (input(&vector, "nonce"), input(&vector, "timestamp"));
    let random = input(&vector, "random16").as_bytes().try_into().unwrap();
    let seal = Seal { now: at(&timestamp), nonce: &nonce, random };
    let reply = Fields::from_json(input(&vector, "msg").as_bytes(), &Limits::default()).unwrap();
    let sent = receiver(&vector).reply(&reply, Format::Json, &seal);
    let sent: Value = serde_json::from_str(&sent).unwrap();
    assert_eq!(sent["Encrypt"], vector["expected"]["Encrypt"]);
    assert_eq!(sent["MsgSignature"], vector["expected"]["MsgSignature"]);
    assert_eq!((sent["TimeStamp"].as_i64(), sent["Nonce"].as_str()), (timestamp.parse().ok(), Some(&*nonce)));
    for format in [Format::Json, Format::Xml] {
        let sender = Sender::new(
            input(&vector, "appid"),
            Token::new(input(&vector, "token")),
            Mode::Safe(key(&input(&vector, "encoding_aes_key"))),
            format,
        );
        let sent = receiver(&vector).reply(&reply, format, &seal);
        assert_eq!(sender.open_reply(sent.as_bytes()).unwrap(), reply);
    }
}

#[test]
fn signatures_cover_what_they_say() {
    let vector = vector("push-msg-signature-1");
    let token = Token::new(input(&vector, "token"));
    let (timestamp, nonce) = (input(&vector, "timestamp"), input(&vector, "nonce"));
    let expected = text(&vector, "expected", "msg_signature").unwrap();
    assert_eq!(message_signature(&token, &timestamp, &nonce, &input(&vector, "encrypt")), expected);
    assert_ne!(signature(&token, &timestamp, &nonce), expected);
}

/// `push-neg-1`: signed rightly, for another app.
#[test]
fn a_message_for_another_app_is_refused() {
    let change = vector("push-neg-1");
    let base = vector(text(&change, "input", "base").unwrap());
    let key = key(&input(&base, "encoding_aes_key"));
    let other = Receiver::new("wx0000000000000000", Token::new(input(&base, "token")), Mode::Safe(key));
    let (query, body) = delivery(&base);
    let opened = other.open(&query, body.as_bytes(), at(&input(&base, "timestamp")));
    assert_eq!(opened.unwrap_err(), Refused::Undecipherable);
}

/// `push-neg-2`: `signature` is right whatever the body is.
#[test]
fn the_signature_that_does_not_cover_the_body_is_not_enough() {
    let change = vector("push-neg-2");
    let base = vector(text(&change, "input", "base").unwrap());
    let now = at(&input(&base, "timestamp"));
    let (mut query, body) = delivery(&base);
    query.signature = text(&base, "input", "signature_param_do_not_use").map(Into::into);
    assert!(receiver(&base).open(&query, body.as_bytes(), now).is_ok());
    let tampered = body.replace("+qdx1OKCy", "+qdx1OKCz");
    assert_ne!(tampered, body);
    assert_eq!(receiver(&base).open(&query, tampered.as_bytes(), now).unwrap_err(), Refused::Signature);
    // As if it were the one that covers the body, or the only one.
    query.msg_signature = query.signature.clone();
    assert_eq!(receiver(&base).open(&query, tampered.as_bytes(), now).unwrap_err(), Refused::Signature);
    query.msg_signature = None;
    assert!(matches!(receiver(&base).open(&query, body.as_bytes(), now), Err(Refused::Mode { .. })));
}

const APPID: &str = "wx0123456789abcdef";
const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

fn now() -> Timestamp {
    at("1795766400")
}

fn seal() -> Seal<'static> {
    Seal { now: now(), nonce: "415670741", random: *b"0123456789abcdef" }
}

fn modes() -> [Mode; 3] {
    [Mode::Plain, Mode::Compatible(key(KEY)), Mode::Safe(key(KEY))]
}

fn message() -> Fields {
    let text = r#"{"ToUserName":"gh_1","FromUserName":"oABC","CreateTime":1795766400,"MsgType":"text",
                   "Content":"a <b> ]]> & 鹊桥","MsgId":18446744073709551615}"#;
    Fields::from_json(text.as_bytes(), &Limits::default()).unwrap()
}

#[test]
fn what_is_sent_in_a_mode_is_taken_in_that_mode_alone() {
    for format in [Format::Json, Format::Xml] {
        for (sent, mode) in modes().into_iter().enumerate() {
            let delivery = Sender::new(APPID, Token::new("token"), mode, format).deliver(&message(), &seal());
            for (configured, mode) in modes().into_iter().enumerate() {
                let receiver = Receiver::new(APPID, Token::new("token"), mode);
                let opened = receiver.open(&delivery.query, delivery.body.as_bytes(), now());
                match (sent, configured) {
                    // Compatible and safe differ in what else the body holds, which is not read.
                    (0, 0) | (1..=2, 1..=2) => {
                        let (message, came) = opened.unwrap();
                        assert_eq!(came, format);
                        assert_eq!(message.payload::<Text>().unwrap().content, "a <b> ]]> & 鹊桥");
                        assert_eq!(message.fields().text("MsgId").unwrap(), u64::MAX.to_string());
                    }
                    _ => {
                        assert!(matches!(opened, Err(Refused::Mode { .. })), "{sent} {configured} {opened:?}")
                    }
                }
            }
        }
    }
}

#[test]
fn the_plain_copy_of_the_compatible_mode_is_not_used() {
    let sender = Sender::new(APPID, Token::new("token"), Mode::Compatible(key(KEY)), Format::Json);
    let delivery = sender.deliver(&message(), &seal());
    let forged = delivery.body.replace("oABC", "oEVE");
    assert_ne!(forged, delivery.body);
    let receiver = Receiver::new(APPID, Token::new("token"), Mode::Compatible(key(KEY)));
    let (message, _) = receiver.open(&delivery.query, forged.as_bytes(), now()).unwrap();
    assert_eq!(message.from(), "oABC");
}

#[test]
fn a_query_that_names_another_mode_is_refused() {
    let safe = Receiver::new(APPID, Token::new("token"), Mode::Safe(key(KEY)));
    let plain = Receiver::new(APPID, Token::new("token"), Mode::Plain);
    let delivered =
        |mode| Sender::new(APPID, Token::new("token"), mode, Format::Json).deliver(&message(), &seal());
    let mut downgraded = delivered(Mode::Safe(key(KEY)));
    downgraded.query.encrypt_type = Some("raw".into());
    let opened = safe.open(&downgraded.query, downgraded.body.as_bytes(), now());
    assert!(matches!(opened, Err(Refused::Mode { .. })), "{opened:?}");
    // The plain body under a right signature, with the query of the safe mode.
    let mut bare = delivered(Mode::Plain);
    bare.query.encrypt_type = Some("aes".into());
    bare.query.msg_signature = bare.query.signature.clone();
    let opened = safe.open(&bare.query, bare.body.as_bytes(), now());
    assert!(matches!(opened, Err(Refused::Mode { .. })), "{opened:?}");
    // The encrypted body with the query of the plain mode.
    let mut stripped = delivered(Mode::Safe(key(KEY)));
    (stripped.query.encrypt_type, stripped.query.msg_signature) = (None, None);
    let opened = plain.open(&stripped.query, stripped.body.as_bytes(), now());
    assert!(matches!(opened, Err(Refused::Mode { .. })), "{opened:?}");
}

#[test]
fn what_is_sent_again_later_is_refused() {
    for mode in modes() {
        let sender = Sender::new(APPID, Token::new("token"), mode.clone(), Format::Json);
        let delivery = sender.deliver(&message(), &seal());
        let receiver = Receiver::new(APPID, Token::new("token"), mode).with_window(Duration::from_secs(60));
        let open = |now| receiver.open(&delivery.query, delivery.body.as_bytes(), now).map(drop);
        assert_eq!(open(now() + 60.seconds()), Ok(()));
        assert_eq!(open(now() - 60.seconds()), Ok(()));
        let out = Err(Refused::OutOfWindow { seconds: 61, window: 60 });
        assert_eq!(open(now() + 61.seconds()), out);
        assert_eq!(open(now() - 61.seconds()), out);
        // With a fresh time the signature is not right any more.
        let mut query = delivery.query.clone();
        query.timestamp = Some("1795766461".into());
        let opened = receiver.open(&query, delivery.body.as_bytes(), now() + 61.seconds());
        assert_eq!(opened.unwrap_err(), Refused::Signature);
    }
}

/// Every byte of the envelope, every bit of what is in it: the same answer.
#[test]
fn whatever_is_changed_inside_the_envelope_is_one_error() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let key = key(KEY);
    let sealed = key.seal(APPID, *b"0123456789abcdef", "a message of some length, over two blocks");
    let bytes = STANDARD.decode(&sealed).unwrap();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            let opened = key.open(APPID, &STANDARD.encode(&changed));
            // A change in the message itself is the signature's to find, and within the first sixteen bytes
            // one of what is random.
            if let Err(refused) = opened {
                assert_eq!(refused, Refused::Undecipherable);
            } else {
                assert!(at < bytes.len() - 32, "{at} {bit}");
            }
        }
    }
    for end in 0..bytes.len() {
        let opened = key.open(APPID, &STANDARD.encode(&bytes[..end]));
        assert_eq!(opened.unwrap_err(), Refused::Undecipherable, "{end}");
    }
    for text in ["", "=", "not base64!", "AAAA", &"A".repeat(43), &"A".repeat(44), &"A".repeat(64)] {
        assert_eq!(key.open(APPID, text).unwrap_err(), Refused::Undecipherable, "{text}");
    }
}

/// Padding, length and appid, each wrong alone, under the right key.
#[test]
fn padding_length_and_appid_are_not_told_apart() {
    use aes::cipher::{BlockModeEncrypt, KeyIvInit, block_padding::NoPadding};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let raw = STANDARD.decode(format!("{}A=", &KEY[..42])).unwrap();
    let raw_key: [u8; 32] = {
        let mut bytes = [0; 32];
        bytes[..raw.len()].copy_from_slice(&raw);
        bytes
    };
    let text = format!("{}A", &KEY[..42]);
    let key = EncodingAesKey::new(&text.as_str().into()).unwrap();
    let encrypt = |plain: &[u8]| {
        let iv: [u8; 16] = raw_key[..16].try_into().unwrap();
        let mut bytes = plain.to_vec();
        let length = bytes.len();
        let sealed = cbc::Encryptor::<aes::Aes256>::new(&raw_key.into(), &iv.into())
            .encrypt_padded::<NoPadding>(&mut bytes, length)
            .unwrap();
        STANDARD.encode(sealed)
    };
    // 16 + 4 + 6 + 18 = 44, and 20 of padding.
    let plain = |length: u32, appid: &str, padding: &[u8]| {
        let mut bytes = b"0123456789abcdef".to_vec();
        bytes.extend(length.to_be_bytes());
        bytes.extend(b"a text");
        bytes.extend(appid.as_bytes());
        bytes.extend(padding);
        bytes
    };
    let open = |plain: &[u8]| key.open(APPID, &encrypt(plain));
    assert_eq!(open(&plain(6, APPID, &[20; 20])).unwrap(), b"a text");
    let mut one_wrong = [20; 20];
    one_wrong[0] = 19;
    let wrong = [
        plain(6, APPID, &one_wrong),
        plain(6, APPID, &[[20; 19].as_slice(), &[0]].concat()),
        plain(6, APPID, &[[20; 19].as_slice(), &[33]].concat()),
        plain(6, APPID, &[[20; 19].as_slice(), &[255]].concat()),
        plain(6, APPID, &[[20; 19].as_slice(), &[1]].concat()),
        plain(5, APPID, &[20; 20]),
        plain(7, APPID, &[20; 20]),
        plain(0, APPID, &[20; 20]),
        plain(u32::MAX, APPID, &[20; 20]),
        plain(1 << 31, APPID, &[20; 20]),
        plain(6, "wx0123456789abcdee", &[20; 20]),
        plain(6, "Wx0123456789abcdef", &[20; 20]),
        vec![32; 32],
        vec![0; 32],
        vec![1; 64],
    ];
    for (number, plain) in wrong.iter().enumerate() {
        assert_eq!(open(plain).unwrap_err(), Refused::Undecipherable, "{number}");
    }
}

#[test]
fn keys_have_43_characters() {
    for text in ["", KEY[..42].into(), &format!("{KEY}="), &format!("{KEY}A"), &KEY.replace('a', "-")] {
        assert!(EncodingAesKey::new(&text.into()).is_err(), "{text}");
    }
    assert!(EncodingAesKey::new(&format!(" {KEY}\n").as_str().into()).is_ok());
}

#[test]
fn no_secret_shows() {
    let receiver = Receiver::new(APPID, Token::new("t0p-secret"), Mode::Safe(key(KEY)));
    let shown = format!("{receiver:?} {:?}", message());
    assert!(
        !shown.contains("t0p-secret") && !shown.contains("abcdef0") && !shown.contains("鹊桥"),
        "{shown}"
    );
}
