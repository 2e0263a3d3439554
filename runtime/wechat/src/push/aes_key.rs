//! The envelope: AES-256-CBC, padded to 32 bytes, with the length in front and the appid at the end.

use std::fmt;

use aes::Aes256;
use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use base64::Engine;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use subtle::{Choice, ConstantTimeEq, ConstantTimeGreater};

use super::Refused;

/// PKCS#7, but to 32 bytes and not to the 16 of AES.
const BLOCK: usize = 32;
/// Random bytes in front, so that equal messages do not look alike.
const RANDOM: usize = 16;
/// The random bytes and the length of the message.
const HEAD: usize = RANDOM + 4;

/// The last character of an EncodingAESKey bears two bits that belong to no byte; WeChat does not care what
/// they are (`push-aes-encrypt-utf8-1`).
const KEY_TEXT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// The EncodingAESKey (消息加解密密钥) of an app's message push.
pub struct EncodingAesKey(SecretBox<[u8; 32]>);

/// A text that is no EncodingAESKey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "an EncodingAESKey has 43 letters and digits: copy it from the app's console, 开发管理, 消息推送配置"
)]
pub struct EncodingAesKeyError;

impl EncodingAesKey {
    /// Reads the 43 characters of the console.
    ///
    /// # Errors
    ///
    /// Any other length, and characters that are not base64's.
    pub fn new(text: &SecretString) -> Result<Self, EncodingAesKeyError> {
        let text = text.expose_secret().trim();
        let mut key = Box::new([0; 32]);
        match (text.len(), KEY_TEXT.decode_slice(text, key.as_mut())) {
            (43, Ok(32)) => Ok(Self(SecretBox::new(key))),
            _ => Err(EncodingAesKeyError),
        }
    }

    /// Encrypts: `random ‖ length (4 bytes, big-endian) ‖ message ‖ appid`, padded, in base64.
    ///
    /// `random` comes from a source that nobody can guess, and is new each time.
    pub fn seal(&self, appid: &str, random: [u8; 16], message: &str) -> String {
        let length = HEAD + message.len() + appid.len();
        let padding = BLOCK - length % BLOCK;
        let mut bytes = Vec::with_capacity(length + padding);
        bytes.extend_from_slice(&random);
        bytes.extend_from_slice(&u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(message.as_bytes());
        bytes.extend_from_slice(appid.as_bytes());
        #[allow(clippy::cast_possible_truncation, reason = "1 to 32")]
        bytes.resize(length + padding, padding as u8);
        let (key, iv) = self.parts();
        let length = bytes.len();
        let sealed = cbc::Encryptor::<Aes256>::new(key.into(), iv.into())
            .encrypt_padded::<NoPadding>(&mut bytes, length);
        STANDARD.encode(sealed.expect("the length is a multiple of the block"))
    }

    /// Decrypts what [`seal`](Self::seal) encrypts, and gives the message.
    ///
    /// # Errors
    ///
    /// [`Refused::Undecipherable`], whatever does not fit: base64, size, padding, length, appid. The answer
    /// is the same, and takes the same time, so that nobody learns the message by asking.
    pub fn open(&self, appid: &str, encrypted: &str) -> Result<Vec<u8>, Refused> {
        let mut bytes = STANDARD.decode(encrypted).map_err(|_| Refused::Undecipherable)?;
        if bytes.is_empty() || !bytes.len().is_multiple_of(BLOCK) {
            return Err(Refused::Undecipherable);
        }
        let (key, iv) = self.parts();
        cbc::Decryptor::<Aes256>::new(key.into(), iv.into())
            .decrypt_padded::<NoPadding>(&mut bytes)
            .map_err(|_| Refused::Undecipherable)?;
        let message = message(&bytes, appid.as_bytes()).ok_or(Refused::Undecipherable)?;
        bytes.truncate(HEAD + message);
        bytes.drain(..HEAD);
        Ok(bytes)
    }

    fn parts(&self) -> (&[u8; 32], &[u8; 16]) {
        let key = self.0.expose_secret();
        let (iv, _) = key.split_first_chunk().expect("32 are more than 16");
        (key, iv)
    }
}

/// The message's length, if padding, length and appid are right; each is looked at whatever the others are.
fn message(bytes: &[u8], appid: &[u8]) -> Option<usize> {
    let last = *bytes.last()?;
    let mut right = last.ct_gt(&0) & !last.ct_gt(&(BLOCK as u8));
    let tail = bytes.last_chunk::<BLOCK>()?;
    for (back, byte) in (1_u8..).zip(tail.iter().rev()) {
        // A byte that is farther back than the padding reaches may be anything.
        right &= byte.ct_eq(&last) | back.ct_gt(&last);
    }
    let length = u32::from_be_bytes(*bytes.get(RANDOM..)?.first_chunk()?);
    // Wide enough that nothing wraps, whatever stands there.
    let (length, padding) = (u64::from(length), u64::from(last));
    let (total, head, own) = (bytes.len() as u64, HEAD as u64, appid.len() as u64);
    right &= (head + length + own + padding).ct_eq(&total);
    // Where the length does not fit, some place that exists is compared, to no avail.
    let fits = Choice::from(u8::from(head + length + own <= total));
    let start = if fits.into() { head + length } else { 0 };
    let start = usize::try_from(start).ok()?;
    let end = start.checked_add(appid.len()).filter(|end| *end <= bytes.len())?;
    right &= bytes.get(start..end)?.ct_eq(appid) & fits;
    bool::from(right).then(|| start - HEAD)
}

impl fmt::Debug for EncodingAesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncodingAesKey(…)")
    }
}

impl Clone for EncodingAesKey {
    fn clone(&self) -> Self {
        Self(SecretBox::new(Box::new(*self.0.expose_secret())))
    }
}
