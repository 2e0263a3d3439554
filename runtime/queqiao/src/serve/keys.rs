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
            Ok(text) => {
                keep_private(&file)?;
                parse(&text, &file)?
            }
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
            .map(|key| {
                encryption_key(key).ok_or_else(|| {
                    Error::told(
                        "an encryption key is not 32 bytes in base64; `openssl rand -base64 32` makes one",
                    )
                })
            })
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

/// A key with its number; `None` for a text that is not 32 bytes in base64.
pub(super) fn encryption_key(text: &SecretString) -> Option<(u32, [u8; 32])> {
    let bytes = STANDARD.decode(text.expose_secret().trim()).ok()?;
    let key = <[u8; 32]>::try_from(bytes.as_slice()).ok()?;
    let [a, b, c, d, ..] = digest(text);
    Some((u32::from_be_bytes([a, b, c, d]), key))
}

/// Keys that others can read are no secret: takes their rights away, and says so.
#[cfg(unix)]
fn keep_private(file: &Path) -> Result {
    use std::os::unix::fs::PermissionsExt;
    let rights = |error: std::io::Error| {
        let file = file.display();
        Error::told(format!(
            "{file} can be read by others, and its rights cannot be changed: {error}; run `chmod 600 {file}`"
        ))
    };
    let mode = std::fs::metadata(file).map_err(rights)?.permissions().mode();
    if mode & 0o077 != 0 {
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).map_err(rights)?;
        tracing::warn!(file = %file.display(), "others could read the development keys; only their owner can now");
    }
    Ok(())
}

#[cfg(not(unix))]
fn keep_private(_: &Path) -> Result {
    Ok(())
}

/// The keys of a file, which must be ones that [`make`] could have written.
fn parse(text: &str, file: &Path) -> Result<File> {
    let good = |kept: &File| {
        encryption_key(&kept.encryption_key).is_some() && encryption_key(&kept.secret).is_some()
    };
    // The parser's own message would show the line with the key.
    toml::from_str(text).ok().filter(good).ok_or_else(|| {
        Error::told(format!(
            "{} is damaged; remove it to get new keys, which ends all sessions",
            file.display()
        ))
    })
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
        Error::told(format!(
            "the development keys cannot be written to {}: {error}; make the folder writable, choose another with \
             QUEQIAO__SERVER__DATA, or set QUEQIAO__AUTH__SECRET and QUEQIAO__AUTH__ENCRYPTION_KEY",
            file.display()
        ))
    };
    std::fs::create_dir_all(folder).map_err(fail)?;
    let ignore = folder.join(".gitignore");
    if !ignore.exists() {
        std::fs::write(&ignore, "*\n").map_err(fail)?;
    }
    let written = format!(
        "# Random keys of this development folder. Not for a release build.\nsecret = \"{secret}\"\nencryption_key = \"{encryption_key}\"\n"
    );
    // Written beside and linked into place: no other process of this folder ever reads half a file.
    let beside = folder.join(format!("keys.{}.{}.new", std::process::id(), id(&secret.clone().into())));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let placed =
        options.open(&beside).and_then(|mut open| open.write_all(written.as_bytes())).and_then(|()| {
            match std::fs::hard_link(&beside, file) {
                // Some shared folders know no links.
                Err(error) if error.kind() != ErrorKind::AlreadyExists && !file.exists() => {
                    std::fs::rename(&beside, file)
                }
                linked => linked,
            }
        });
    let _ = std::fs::remove_file(&beside);
    match placed {
        Ok(()) => Ok(File { secret: secret.into(), encryption_key: encryption_key.into() }),
        // Another process of the same folder was faster: its keys count.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            parse(&std::fs::read_to_string(file).map_err(fail)?, file)
        }
        Err(error) => Err(fail(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(folder: &Path) -> Result<ServerKeys> {
        let settings = Settings::read("", &Default::default(), Mode::Development, folder.to_owned())?;
        ServerKeys::load(&settings)
    }

    #[test]
    fn many_processes_of_one_folder_agree_on_the_keys() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let secrets: Vec<String> = std::thread::scope(|scope| {
            let start = || load(path).unwrap().secret().expose_secret().to_owned();
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(start)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(secrets.iter().all(|secret| *secret == secrets[0]));
        let left = std::fs::read_dir(path.join(".queqiao")).unwrap().count();
        assert_eq!(left, 2, "keys.toml and .gitignore alone");
    }

    #[test]
    fn damaged_or_weak_keys_are_refused_without_showing_them() {
        let folder = tempfile::tempdir().unwrap();
        load(folder.path()).unwrap();
        let file = folder.path().join(".queqiao/keys.toml");
        for text in ["", "secret = \"hush", "secret = \"hush\"\nencryption_key = \"hush\"", "\u{0}hush"] {
            std::fs::write(&file, text).unwrap();
            let told = load(folder.path()).err().expect("damaged").to_string();
            assert!(told.contains("keys.toml is damaged; remove it") && !told.contains("hush"), "{told}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn keys_are_for_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        load(folder.path()).unwrap();
        let file = folder.path().join(".queqiao/keys.toml");
        let mode = || std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), 0o600);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        load(folder.path()).unwrap();
        assert_eq!(mode(), 0o600);
    }
}
