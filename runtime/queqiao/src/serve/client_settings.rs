//! `[clients]`

use secrecy::{ExposeSecret, SecretString};

use super::reader::Reader;

/// What happens to a kind of clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Rule {
    #[default]
    Allow,
    /// Answered with 410 `client.too_old`.
    Refuse,
}

/// Who is counted, refused, and shown to whom.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClientSettings {
    /// Asks for itself at `/clientz`.
    pub(crate) token: Option<SecretString>,
    /// The label of the oldest release that is served.
    pub(crate) floor: Option<String>,
    /// Labels and contract ids.
    pub(crate) refused: Vec<String>,
    pub(crate) retired: Rule,
    pub(crate) unknown: Rule,
    pub(crate) missing: Rule,
    /// How many unknown contracts are told apart.
    pub(crate) limit: usize,
}

/// A shorter token can be guessed.
const SHORTEST_TOKEN: usize = 16;
/// Each takes up to a hundred bytes for every operation, in memory and on disk.
const LARGEST_LIMIT: usize = 10_000;

impl ClientSettings {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let rules = [("allow", Rule::Allow), ("refuse", Rule::Refuse)];
        let settings = Self {
            token: reader.secret("clients.token"),
            floor: reader.optional("clients.floor"),
            refused: reader.list("clients.refused").unwrap_or_default(),
            retired: reader.choice("clients.retired", &rules).unwrap_or_default(),
            unknown: reader.choice("clients.unknown", &rules).unwrap_or_default(),
            missing: reader.choice("clients.missing", &rules).unwrap_or_default(),
            limit: reader.get("clients.limit", 100),
        };
        if settings.token.as_ref().is_some_and(|token| token.expose_secret().len() < SHORTEST_TOKEN) {
            reader.mistake(format!(
                "clients.token is shorter than {SHORTEST_TOKEN} characters; `openssl rand -base64 32` makes one"
            ));
        }
        if settings.limit > LARGEST_LIMIT {
            reader.mistake(format!("clients.limit is {}; give at most {LARGEST_LIMIT}", settings.limit));
        }
        settings
    }
}
