//! Ids and secrets that look like WeChat's. They come from the emulator's seed: equal seeds and equal
//! calls give equal ones, and none of them guards anything but this emulator.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use fastrand::Rng;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The openid of a user in an app: `o` and 27 characters, always the same for the same two.
pub(crate) fn openid(appid: &str, user: &str) -> String {
    look_like_an_id(&digest(b"openid", &[appid, user]))
}

/// Whether a text has the shape of an openid.
pub(crate) fn is_openid(text: &str) -> bool {
    text.len() == 28
        && text.starts_with('o')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// The unionid of a user: the same in all apps, as if one Open Platform account had them all.
pub(crate) fn unionid(user: &str) -> String {
    look_like_an_id(&digest(b"unionid", &[user]))
}

/// The original id (原始 ID) of an app, the receiver of pushed messages.
pub(crate) fn original_id(appid: &str) -> String {
    let digest = digest(b"original", &[appid]);
    format!("gh_{}", hex(&digest[..6]))
}

/// The mobile number of a user who was given none: of the range 13900000000 to 13999999999.
pub(crate) fn phone_number(user: &str) -> String {
    let digest = digest(b"phone", &[user]);
    let number = digest.iter().take(4).fold(0_u64, |number, byte| number * 256 + u64::from(*byte));
    format!("139{:08}", number % 100_000_000)
}

fn look_like_an_id(digest: &[u8; 32]) -> String {
    let text = URL_SAFE_NO_PAD.encode(digest);
    format!("o{}", text.get(..27).unwrap_or(&text))
}

/// A key of 16 bytes, as base64: a session_key, an encrypt_key, an iv.
pub(crate) fn key16(rng: &mut Rng) -> String {
    STANDARD.encode(bytes::<16>(rng))
}

/// A one-time code: `0` and 31 letters and digits.
pub(crate) fn code(rng: &mut Rng) -> String {
    format!("0{}", alphanumeric(rng, 31))
}

/// An access token: a number, an underscore and 136 characters.
pub(crate) fn access_token(rng: &mut Rng) -> String {
    let text = URL_SAFE_NO_PAD.encode(bytes::<102>(rng));
    format!("88_{text}")
}

/// Whether a text has the shape of an access token.
pub(crate) fn is_access_token(text: &str) -> bool {
    text.split_once('_').is_some_and(|(number, rest)| {
        !number.is_empty()
            && number.chars().all(|c| c.is_ascii_digit())
            && (64..=509).contains(&rest.len())
            && rest.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    })
}

/// The id of a request, as it stands at the end of an errmsg.
pub(crate) fn rid(rng: &mut Rng) -> String {
    let text = hex(&bytes::<12>(rng));
    format!("{}-{}-{}", &text[..8], &text[8..16], &text[16..])
}

/// Whether a text has the shape of a rid.
pub(crate) fn is_rid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.len() == 3
        && parts.iter().all(|part| part.len() == 8 && part.chars().all(|c| c.is_ascii_hexdigit()))
}

/// A template's id, a media_id, a trace_id: letters, digits, `-` and `_`.
pub(crate) fn name(rng: &mut Rng, length: usize) -> String {
    const CHARACTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    (0..length).map(|_| char::from(CHARACTERS[rng.usize(..CHARACTERS.len())])).collect()
}

/// Letters and digits.
pub(crate) fn alphanumeric(rng: &mut Rng, length: usize) -> String {
    (0..length).map(|_| rng.alphanumeric()).collect()
}

/// Bytes of the seed's sequence.
pub(crate) fn bytes<const N: usize>(rng: &mut Rng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill(&mut bytes);
    bytes
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn digest(key: &[u8], parts: &[&str]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openids_are_stable_and_distinct() {
        let id = openid("wx1", "alice");
        assert_eq!(id, openid("wx1", "alice"));
        assert!(is_openid(&id), "{id}");
        assert!(!is_openid("o1") && !is_openid(&format!("x{}", &id[1..])));
        assert_ne!(id, openid("wx2", "alice"));
        assert_ne!(id, openid("wx1", "bob"));
        assert_ne!(openid("wx1a", "b"), openid("wx1", "ab"));
        assert_ne!(unionid("alice"), unionid("bob"));
        assert_ne!(unionid("alice"), id);
        assert_eq!(original_id("wx1").len(), 15);
        assert_eq!(phone_number("alice").len(), 11);
    }

    #[test]
    fn secrets_have_their_shape_and_follow_the_seed() {
        let mut rng = Rng::with_seed(7);
        let code_one = code(&mut rng);
        assert!(code_one.len() == 32 && code_one.chars().all(|c| c.is_ascii_alphanumeric()), "{code_one}");
        assert_ne!(code_one, code(&mut rng));
        assert_eq!(code_one, code(&mut Rng::with_seed(7)));
        let token = access_token(&mut rng);
        assert!(token.len() == 139 && is_access_token(&token), "{token}");
        assert!(!is_access_token("88_x") && !is_access_token("x_") && !is_access_token(""));
        assert_eq!(STANDARD.decode(key16(&mut rng)).map(|key| key.len()), Ok(16));
        assert!(is_rid(&rid(&mut rng)));
        assert!(!is_rid("6268c0f7-1234") && !is_rid(""));
        assert_eq!(name(&mut rng, 43).len(), 43);
    }
}
