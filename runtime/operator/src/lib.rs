//! What an operator can say to a program that calls `queqiao::serve`.
//!
//! The program takes it behind the word `queqiao`, so that one binary is enough on a server: `todo queqiao db status`.
//! `cargo queqiao db status -p todo` builds the program and says the same to it. The words stand here, once for both.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// The word in front of a task, as the first argument of the program.
pub const WORD: &str = "queqiao";

/// Something to do instead of serving.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum Task {
    /// Look after the database: migrations, and the keys that encrypt what is in it.
    #[command(subcommand)]
    Db(Db),
    /// Move users out and in, as NDJSON.
    #[command(subcommand)]
    Users(Users),
}

/// Tasks of the database.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum Db {
    /// List the migrations of the framework and of the application, and how far each is. Changes nothing.
    #[command(after_help = "\
A migration is applied, pending, interrupted (MySQL only; the next start goes on behind its last statement), changed (its
text was edited after it was applied: restore it, and put the change into a new file) or unknown (this program does not
have it: it is older than the database).

Exit code 0: all are applied. 1: some are pending or interrupted. 3: some are changed or unknown, and the server would
refuse to start. 2: it could not be found out.")]
    Status(Status),
    /// Apply the migrations that the database does not have yet.
    #[command(after_help = "\
A server does the same when it starts. Several may do it at once: one applies, the others wait. What was interrupted is
continued by starting it again.

Exit code 0: all are applied. 3: a migration was edited after it had been applied, or this program does not have one that
was. 2: it failed; the message says what was done.")]
    Migrate(Migrate),
    /// Encrypt stored secrets anew, under the newest key, while the servers run.
    #[command(after_help = "\
The order, without downtime:
    1. Make a key: openssl rand -base64 32. Add it to auth.previous_encryption_keys of every server, and restart them one
       after the other: now all can read it.
    2. Make it auth.encryption_key, the old one goes to auth.previous_encryption_keys; restart them again: now all write
       under it.
    3. Run this, with the same settings. Interrupted, run it again.
    4. When it says that nothing is left, remove the old key from auth.previous_encryption_keys.

Exit code 0: everything is under the newest key. 1: some is not, and it says why. 2: it failed; run it again.")]
    RotateKeys(RotateKeys),
}

/// Tasks of users.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum Users {
    /// Write all users to a file, one a line.
    #[command(after_help = "\
Each line has id, appid, openid, unionid, roles, epoch, created_at, the sessions that were logged out one by one, and with
--table the columns of your own table under `own`. Session keys and login codes are not in it: they are secrets of one
server, and the next login brings new ones. The file names persons: it can be read by its owner alone.

It is written to FILE.part, which becomes FILE when it is whole. Interrupted, it goes on with --resume.

Example:
    todo queqiao users export --out users.ndjson --table members:user_id")]
    Export(Export),
    /// Read users from a file, one a line.
    #[command(after_help = "\
Only `openid` must be in a line; the others are appid, unionid, identities, id, roles, epoch, created_at,
revoked_sessions, own. A name that is none of these is an error that tells the line.

Lines are imported in batches, each as a whole, and how far it is stands in the database: interrupted, say the same again
and it goes on there. The tables are made first, if they are not there.

Examples:
    todo queqiao users import users.ndjson --existing refuse --table members:user_id
    todo queqiao users import from-elsewhere.ndjson --existing update --appid wx0123456789abcdef")]
    Import(Import),
}

/// See [`Db::Status`].
#[derive(Debug, Clone, PartialEq, Default, Args)]
pub struct Status {
    /// Print the result as JSON on stdout.
    #[arg(long)]
    pub json: bool,
}

/// See [`Db::Migrate`].
#[derive(Debug, Clone, PartialEq, Default, Args)]
pub struct Migrate {
    /// Print the result as JSON on stdout.
    #[arg(long)]
    pub json: bool,
}

/// See [`Db::RotateKeys`].
#[derive(Debug, Clone, PartialEq, Args)]
pub struct RotateKeys {
    /// How many secrets one transaction encrypts anew.
    #[arg(long, value_name = "COUNT", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub batch: u32,
    /// Milliseconds to wait between two transactions, to leave the database to its users.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0)]
    pub pause: u64,
    /// Print the result as JSON on stdout.
    #[arg(long)]
    pub json: bool,
}

/// See [`Users::Export`].
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Export {
    /// File to write to; stdout by default.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Your own table about users and its column with the user's id, as members:user_id.
    #[arg(long, value_name = "TABLE:COLUMN", value_parser = table)]
    pub table: Option<(String, String)>,
    /// Go on with an export that was interrupted.
    #[arg(long, requires = "out", conflicts_with = "restart")]
    pub resume: bool,
    /// Begin anew, over what is there.
    #[arg(long, requires = "out")]
    pub restart: bool,
    /// Print the result as JSON on stdout; needs --out.
    #[arg(long, requires = "out")]
    pub json: bool,
}

/// See [`Users::Import`].
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Import {
    /// The file.
    pub file: PathBuf,
    /// What happens to a line whose user is there already.
    #[arg(long, value_enum)]
    pub existing: Existing,
    /// The appid of lines that name none; wechat.appid of the configuration by default.
    #[arg(long)]
    pub appid: Option<String>,
    /// Your own table about users and its column with the user's id, as members:user_id.
    #[arg(long, value_name = "TABLE:COLUMN", value_parser = table)]
    pub table: Option<(String, String)>,
    /// How many lines one transaction takes.
    #[arg(long, value_name = "COUNT", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    pub batch: u32,
    /// Begin anew, even if this import was interrupted.
    #[arg(long)]
    pub restart: bool,
    /// Print the result as JSON on stdout.
    #[arg(long)]
    pub json: bool,
}

/// What happens to a line whose user is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Existing {
    /// The import stops there and tells the line.
    Refuse,
    /// The user stays as it is.
    Skip,
    /// The user gets what the line says; an epoch never falls, the first login never becomes later.
    Update,
}

fn table(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((table, column)) if !table.is_empty() && !column.is_empty() => Ok((table.into(), column.into())),
        _ => Err("name the table and its column with the user's id, as in members:user_id".into()),
    }
}

#[derive(Parser)]
#[command(about = "Tasks for the operator of this program.", disable_help_subcommand = true)]
struct Words {
    #[command(subcommand)]
    task: Task,
}

impl Task {
    /// Reads what stands behind [`WORD`]; `program` is named in the help.
    ///
    /// # Errors
    ///
    /// What clap says; also the help, if that was asked for. `exit()` prints it.
    pub fn parse(program: &str, arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let name = OsString::from(format!("{program} {WORD}"));
        Words::try_parse_from(std::iter::once(name).chain(arguments)).map(|words| words.task)
    }

    /// Whether the result is wanted as JSON.
    pub fn json(&self) -> bool {
        match self {
            Self::Db(Db::Status(Status { json }) | Db::Migrate(Migrate { json })) => *json,
            Self::Db(Db::RotateKeys(task)) => task.json,
            Self::Users(Users::Export(task)) => task.json,
            Self::Users(Users::Import(task)) => task.json,
        }
    }

    /// The words for it, [`WORD`] first: what [`parse`](Self::parse) makes the same task of. Files are named from this
    /// process's folder.
    pub fn arguments(&self) -> Vec<OsString> {
        let mut words: Vec<OsString> = vec![WORD.into()];
        let mut say = |word: &str, value: Option<OsString>| {
            words.push(word.into());
            words.extend(value);
        };
        let table = |table: &Option<(String, String)>| {
            table.as_ref().map(|(table, column)| OsString::from(format!("{table}:{column}")))
        };
        match self {
            Self::Db(task) => {
                say("db", None);
                match task {
                    Db::Status(_) => say("status", None),
                    Db::Migrate(_) => say("migrate", None),
                    Db::RotateKeys(task) => {
                        say("rotate-keys", None);
                        say("--batch", Some(task.batch.to_string().into()));
                        say("--pause", Some(task.pause.to_string().into()));
                    }
                }
            }
            Self::Users(task) => {
                say("users", None);
                match task {
                    Users::Export(task) => {
                        say("export", None);
                        task.out.iter().for_each(|out| say("--out", Some(absolute(out))));
                        table(&task.table).into_iter().for_each(|table| say("--table", Some(table)));
                        task.resume.then(|| say("--resume", None));
                        task.restart.then(|| say("--restart", None));
                    }
                    Users::Import(task) => {
                        say("import", None);
                        let existing = task.existing.to_possible_value();
                        let existing = existing.map(|value| value.get_name().into());
                        say("--existing", existing);
                        task.appid.iter().for_each(|appid| say("--appid", Some(appid.into())));
                        table(&task.table).into_iter().for_each(|table| say("--table", Some(table)));
                        say("--batch", Some(task.batch.to_string().into()));
                        task.restart.then(|| say("--restart", None));
                        say("--", Some(absolute(&task.file)));
                    }
                }
            }
        }
        if self.json() {
            // In front of what may stand behind `--`.
            words.insert(3, "--json".into());
        }
        words
    }
}

fn absolute(file: &std::path::Path) -> OsString {
    std::path::absolute(file).unwrap_or_else(|_| file.to_owned()).into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

    use clap::CommandFactory as _;

    use super::*;

    fn parse(text: &str) -> Task {
        Task::parse("todo", text.split_whitespace().map(OsString::from)).unwrap()
    }

    #[test]
    fn the_words_are_consistent() {
        Words::command().debug_assert();
    }

    #[test]
    fn what_is_said_to_cargo_is_said_to_the_program() {
        for text in [
            "db status",
            "db migrate --json",
            "db rotate-keys --batch 7 --pause 20 --json",
            "users export",
            "users export --out /tmp/a.ndjson --table members:user_id --resume --json",
            "users export --out /tmp/a.ndjson --restart",
            "users import /tmp/-a.ndjson --existing skip",
            "users import --existing update --appid wx1 --table t:c --batch 9 --restart --json -- /tmp/a.ndjson",
        ] {
            let task = parse(text);
            let words = task.arguments();
            assert_eq!(words[0], WORD);
            assert_eq!(Task::parse("todo", words.into_iter().skip(1)).unwrap(), task, "{text}");
        }
    }

    #[test]
    fn mistakes_are_told_with_the_way_out() {
        for (text, says) in [
            ("users import a.ndjson", "--existing"),
            ("users import a.ndjson --existing maybe", "refuse, skip, update"),
            ("users export --table members", "members:user_id"),
            ("users export --json", "--out"),
            ("db", "rotate-keys"),
            ("db status --help", "Exit code 0"),
        ] {
            let error = Task::parse("todo", text.split_whitespace().map(OsString::from)).unwrap_err();
            assert!(error.to_string().contains(says), "{text}: {error}");
        }
    }
}
