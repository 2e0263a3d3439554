//! The server's secrets: configured, or in development random ones that stay in a private file.

use std::io::{ErrorKind, Write};
use std::path::Path;

use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use queqiao_storage::Cipher;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::error::{Error, Result};
use super::settings::{Mode, Settings};

/// Signs tokens and encrypts what is kept.
pub(super) struct ServerKeys {
    secret: SecretString,
    encryption_key: SecretString,
}

#[derive(Deserialize)]
struct File {
    secret: SecretString,
    encryption_key: SecretString,
}

impl ServerKeys {
    /// The configured keys; in development what is missing comes from `.queqiao/keys.toml`.
    pub(super) fn load(settings: &Settings) -> Result<Self> {
        if let (Some(secret), Some(encryption_key)) = (&settings.auth.secret, &settings.auth.encryption_key) {
            return Ok(Self { secret: secret.clone(), encryption_key: encryption_key.clone() });
        }
        if settings.mode == Mode::Production {
            return Err(Error::told("a release build needs auth.secret and auth.encryption_key"));
        }
        let file = settings.data.join("keys.toml");
        let kept = match std::fs::read_to_string(&file) {
            Ok(text) => toml::from_str(&text).map_err(|_| {
                Error::told(format!("{} is damaged; remove it to get new keys", file.display()))
            })?,
            Err(error) if error.kind() == ErrorKind::NotFound => make(&file)?,
            Err(error) => return Err(Error::told(format!("{} cannot be read: {error}", file.display()))),
        };
        Ok(Self {
            secret: settings.auth.secret.clone().unwrap_or(kept.secret),
            encryption_key: settings.auth.encryption_key.clone().unwrap_or(kept.encryption_key),
        })
    }

    /// Signs and verifies tokens.
    pub(super) fn secret(&self) -> &SecretString {
        &self.secret
    }

    /// Encrypts with the current key, decrypts with the previous ones too.
    pub(super) fn cipher(&self, settings: &Settings) -> Result<Cipher> {
        let keys = std::iter::once(&self.encryption_key)
            .chain(&settings.auth.previous_encryption_keys)
            .map(encryption_key)
            .collect::<Result<Vec<_>>>()?;
        Ok(Cipher::new(keys)?)
    }
}

/// A key's public name, from its content: nobody has to number keys.
pub(super) fn id(secret: &SecretString) -> String {
    digest(secret).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn digest(secret: &SecretString) -> [u8; 32] {
    // The prefix keeps the name apart from any other hash of the secret.
    let mut hash = Sha256::new();
    hash.update(b"queqiao key id\0");
    hash.update(secret.expose_secret());
    hash.finalize().into()
}

fn encryption_key(text: &SecretString) -> Result<(u32, [u8; 32])> {
    let bytes = STANDARD.decode(text.expose_secret().trim()).unwrap_or_default();
    let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| {
        Error::told("auth.encryption_key must be 32 bytes in base64; `openssl rand -base64 32` makes one")
    })?;
    let [a, b, c, d, ..] = digest(text);
    Ok((u32::from_be_bytes([a, b, c, d]), key))
}

fn make(file: &Path) -> Result<File> {
    let text = || -> Result<String> {
        let mut bytes = [0_u8; 32];
        rand::fill(&mut bytes).map_err(|_| Error::told("the system gives no random numbers"))?;
        Ok(STANDARD.encode(bytes))
    };
    let (secret, encryption_key) = (text()?, text()?);
    let folder = file.parent().unwrap_or(Path::new("."));
    let fail = |error: std::io::Error| {
        Error::told(format!("the development keys cannot be written to {}: {error}", file.display()))
    };
    std::fs::create_dir_all(folder).map_err(fail)?;
    let ignore = folder.join(".gitignore");
    if !ignore.exists() {
        std::fs::write(&ignore, "*\n").map_err(fail)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let written = format!(
        "# Random keys of this development folder. Not for a release build.\nsecret = \"{secret}\"\nencryption_key = \"{encryption_key}\"\n"
    );
    match options.open(file) {
        Ok(mut open) => open.write_all(written.as_bytes()).map_err(fail)?,
        // Another process of the same folder was faster: its keys count.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let text = std::fs::read_to_string(file).map_err(fail)?;
            return toml::from_str(&text).map_err(|_| {
                Error::told(format!("{} is damaged; remove it to get new keys", file.display()))
            });
        }
        Err(error) => return Err(fail(error)),
    }
    Ok(File { secret: secret.into(), encryption_key: encryption_key.into() })
}
